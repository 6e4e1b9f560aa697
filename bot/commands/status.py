"""The first look: am I in sync, how far from trouble."""

from bot.core.access import Role, may
from bot.core.command import Command, Desk, Reply, reply
from bot.core.render.board import alerts_line, platforms_line, status_buttons
from bot.core.render.desk import status_card
from bot.core.words import Scope
from engine.api import Value


class Args(Value, frozen=True):
    """Which accounts; all when none is named."""

    scope: Scope = Scope("all")


async def run(args: Args, desk: Desk) -> Reply:
    """Show S1."""
    view = await desk.engine.status(args.scope)
    groups = desk.alerts.open()
    bot = platforms_line(desk.vitals() if desk.vitals is not None else None)
    card = status_card(view, desk.now, desk.zone, alerts=alerts_line(groups), bot=bot)
    is_acting = may(desk.person, desk.room, Role.TRADER, desk.now)
    return reply(card, buttons=status_buttons(args.scope, len(groups), is_acting=is_acting))


COMMAND = Command(
    name="status",
    summary="Am I in sync, how far from trouble",
    args=Args,
    run=run,
    aliases=("s", "?"),
    examples=("/status", "/status NQ-MAIN", "/status #funded"),
    is_hot=True,
)
