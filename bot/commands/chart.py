"""A picture of profit or drawdown."""

import asyncio
from enum import StrEnum

from bot.core.card import Card
from bot.core.chat import File
from bot.core.command import Command, Desk, Reply, reply
from bot.core.render.chart import draw
from bot.core.words import Count, Scope
from engine.api import Value

MOST_DAYS = 400


class Kind(StrEnum):
    """What is drawn."""

    PNL = "pnl"
    DD = "dd"


class Args(Value, frozen=True):
    """Profit or drawdown, of whom, over how many days; today if nothing is said."""

    kind: Kind = Kind.PNL
    scope: Scope = Scope("all")
    days: Count = Count(1)


async def run(args: Args, desk: Desk) -> Reply:
    """Drawn in a thread: nobody waits for a picture."""
    days = min(args.days, MOST_DAYS)
    curves = await desk.engine.curve(days, args.scope)
    picture = await asyncio.to_thread(draw, curves, args.kind.value, desk.zone)
    span = "today" if days == 1 else f"{days} days"
    if not picture:
        return reply(Card(title=f"Nothing to draw yet of {args.scope}, {span}: a point every 5 minutes", brief=True))
    what = "Profit" if args.kind is Kind.PNL else "Drawdown"
    card = Card(title=f"{what} · {args.scope} · {span}")
    return Reply(cards=(card,), files=(File(name=f"{args.kind.value}.png", body=picture),))


COMMAND = Command(
    name="chart",
    summary="A picture of profit or drawdown",
    args=Args,
    run=run,
    examples=("/chart", "/chart dd ALPHA", "/chart pnl all 30"),
)
