"""What each account earned today, this week and this month."""

from bot.core.command import Command, Desk, Reply, reply
from bot.core.dialogue import Button, Run
from bot.core.render.pnl import pnl_card
from bot.core.words import Scope
from engine.api import Value


class Args(Value, frozen=True):
    """Which accounts."""

    scope: Scope = Scope("all")


async def run(args: Args, desk: Desk) -> Reply:
    """Show S5."""
    card = pnl_card(await desk.engine.pnl(args.scope))
    chart = Button(label="Chart", key="1", payload=Run(line=f"/chart pnl {args.scope}"))
    month = Button(label="Month", key="2", payload=Run(line=f"/chart pnl {args.scope} 30"))
    return reply(card, buttons=(chart, month))


COMMAND = Command(
    name="pnl",
    summary="Profit today, this week, this month",
    args=Args,
    run=run,
    examples=("/pnl", "/pnl ALPHA", "/pnl NQ-MAIN"),
)
