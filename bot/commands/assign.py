"""Ask somebody to take an alert."""

from bot.core.access import Role
from bot.core.command import Command, Desk, Reply, reply
from bot.core.render.alert import said_card
from bot.core.words import AlertId, Word
from engine.api import Value


class Args(Value, frozen=True):
    """Which one, and who."""

    alert: AlertId
    who: Word


async def run(args: Args, desk: Desk) -> Reply:
    """One line; the card itself shows it, in every chat."""
    return reply(said_card(desk.alerts.assign(args.alert, desk.people.named(args.who).person), desk.zone))


COMMAND = Command(
    name="assign",
    summary="Ask somebody to take an alert",
    args=Args,
    run=run,
    role=Role.TRADER,
    family="Respond",
    examples=("/assign A-12 Ana", "/assign 12 ben", "/assign ?"),
)
