"""Say that an alert is over, where the desk cannot tell by itself."""

from bot.core.access import Role
from bot.core.command import Command, Desk, Reply, reply
from bot.core.render.alert import said_card
from bot.core.words import AlertId, Rest
from engine.api import Value


class Args(Value, frozen=True):
    """Which one, and why."""

    alert: AlertId
    reason: Rest


async def run(args: Args, desk: Desk) -> Reply:
    """One line; the card itself shows it, in every chat."""
    return reply(said_card(desk.alerts.resolve(args.alert, args.reason), desk.zone))


COMMAND = Command(
    name="resolve",
    summary="End an alert that the desk cannot",
    args=Args,
    run=run,
    role=Role.TRADER,
    family="Respond",
    examples=("/resolve A-12 closed it by hand", "/resolve 12 done", "/resolve ?"),
)
