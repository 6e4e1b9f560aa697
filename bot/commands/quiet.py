"""Hours in which you hear of a P1 only; the rest comes in the morning as one card."""

from bot.core.card import Card
from bot.core.command import Command, Desk, Reply, reply
from bot.core.render.word import refusal_card
from bot.core.route import Quiet
from bot.core.words import Word
from engine.api import Value


class Args(Value, frozen=True):
    """From when to when in the desk's zone, or off."""

    hours: Word | None = None


async def run(args: Args, desk: Desk) -> Reply:
    """For your private chats; a room is never quiet."""
    if args.hours is not None:
        quiet = Quiet.read(args.hours)
        if quiet is None and args.hours.lower() != "off":
            return reply(refusal_card(f"Not done: {args.hours!r} is no time span; like 22:00-06:30, or off."))
        desk.alerts.set_quiet(quiet)
    found = desk.alerts.quiet()
    lines = ("P1 rings, P2 if you are on call; the rest comes after.",) if found else ("Set it: /quiet 22:00-06:30",)
    return reply(Card(title=f"QUIET {found or 'never'}", lines=lines))


COMMAND = Command(
    name="quiet",
    summary="Your quiet hours; P1 always rings",
    args=Args,
    run=run,
    family="Self",
    examples=("/quiet 22:00-06:30", "/quiet off", "/quiet"),
)
