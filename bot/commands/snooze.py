"""Put an alert off until a time; it comes earlier when it gets worse."""

from bot.core.access import Role
from bot.core.command import Command, Desk, Reply, reply
from bot.core.render.alert import said_card
from bot.core.span import Span
from bot.core.words import AlertId
from engine.api import Value


class Args(Value, frozen=True):
    """Which one, and until when."""

    alert: AlertId
    span: Span


async def run(args: Args, desk: Desk) -> Reply:
    """One line; the card itself shows it, in every chat."""
    return reply(said_card(desk.alerts.snooze(args.alert, args.span.until), desk.zone))


COMMAND = Command(
    name="snooze",
    summary="Put an alert off; worse breaks it",
    args=Args,
    run=run,
    role=Role.TRADER,
    family="Respond",
    examples=("/snooze A-12 30m", "/snooze 12 until 14:45", "/snooze 12 1h"),
)
