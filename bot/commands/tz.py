"""The time zone that you read in."""

from bot.core.card import Card
from bot.core.command import Command, Desk, Reply, reply
from bot.core.words import Word
from engine.api import Value


class Args(Value, frozen=True):
    """A zone such as America/Chicago; ``desk`` is the desk's own."""

    zone: Word | None = None


async def run(args: Args, desk: Desk) -> Reply:
    """Set it, or say which it is."""
    if args.zone is not None:
        desk.people.set_zone(desk.person, "" if args.zone == "desk" else args.zone)
        return reply(Card(title=f"You read times in: {args.zone}", brief=True))
    return reply(Card(title=f"You read times in: {desk.zone}", brief=True))


COMMAND = Command(
    name="tz",
    summary="The time zone that you read in",
    args=Args,
    run=run,
    family="Self",
    examples=("/tz", "/tz America/Chicago", "/tz desk"),
)
