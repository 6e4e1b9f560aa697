"""Who holds what, beside what the leader holds."""

from bot.core.command import Command, Desk, Reply, reply
from bot.core.render.desk import positions_card
from bot.core.words import Instrument, Scope
from engine.api import Value


class Args(Value, frozen=True):
    """Which accounts and which symbol; everything when none is named."""

    scope: Scope = Scope("all")
    symbol: Instrument | None = None


async def run(args: Args, desk: Desk) -> Reply:
    """Show S4."""
    return reply(positions_card(await desk.engine.accounts(args.scope), args.symbol or ""))


COMMAND = Command(
    name="positions",
    summary="What leader and followers hold, and who is off",
    args=Args,
    run=run,
    aliases=("pos", "p"),
    examples=("/positions", "/positions NQ", "/p NQ-MAIN NQ"),
    is_hot=True,
)
