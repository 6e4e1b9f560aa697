"""Words that stay with an alert."""

from bot.core.access import Role
from bot.core.command import Command, Desk, Reply, reply
from bot.core.render.alert import said_card
from bot.core.words import AlertId, Rest
from engine.api import Value


class Args(Value, frozen=True):
    """Which one, and the words."""

    alert: AlertId
    text: Rest


async def run(args: Args, desk: Desk) -> Reply:
    """One line; the card itself shows it, in every chat."""
    return reply(said_card(desk.alerts.note(args.alert, args.text), desk.zone))


COMMAND = Command(
    name="note",
    summary="Write into an alert's history",
    args=Args,
    run=run,
    role=Role.VIEWER,
    family="Respond",
    examples=("/note A-12 called the firm", "/note 12 waiting", "/note ?"),
)
