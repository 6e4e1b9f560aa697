"""How far every account is from its limits."""

from bot.core.command import Command, Desk, Reply, reply
from bot.core.render.risk import risk_card
from bot.core.words import Scope
from engine.api import Value


class Args(Value, frozen=True):
    """Which accounts; all when none is named."""

    scope: Scope = Scope("all")


async def run(args: Args, desk: Desk) -> Reply:
    """Show S6."""
    return reply(risk_card(await desk.engine.risk(args.scope)))


COMMAND = Command(
    name="risk",
    summary="Distance to every limit, nearest first",
    args=Args,
    run=run,
    aliases=("r",),
    examples=("/risk", "/risk NQ-MAIN", "/risk #funded"),
    is_hot=True,
)
