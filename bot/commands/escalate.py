"""Take an alert to the next people now."""

from bot.core.access import Role
from bot.core.command import Command, Desk, Reply, reply
from bot.core.render.alert import said_card
from bot.core.words import AlertId
from engine.api import Value


class Args(Value, frozen=True):
    """Which one."""

    alert: AlertId


async def run(args: Args, desk: Desk) -> Reply:
    """One line; the card itself shows it, in every chat."""
    return reply(said_card(desk.alerts.escalate(args.alert), desk.zone))


COMMAND = Command(
    name="escalate",
    summary="Call the next people now",
    args=Args,
    run=run,
    role=Role.TRADER,
    family="Respond",
    examples=("/escalate A-12", "/escalate 12", "/escalate ?"),
)
