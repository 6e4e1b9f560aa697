"""The newest copies: leader event, followers, lag, slippage."""

from bot.core.command import Command, Desk, Reply, reply
from bot.core.dialogue import Button, Run
from bot.core.render.trade import copies_card
from bot.core.words import Count, Scope
from engine.api import Value

MOST = 50


class Args(Value, frozen=True):
    """How many, for which accounts, only those with trouble?"""

    limit: Count = Count(5)
    scope: Scope = Scope("all")
    failed: bool = False


async def run(args: Args, desk: Desk) -> Reply:
    """Show S7."""
    limit = min(args.limit, MOST)
    views = await desk.engine.copies(limit, args.scope, args.failed)
    older = Run(line=f"/copies {min(limit * 2, MOST)} {args.scope}{' failed' if args.failed else ''}")
    only = Run(line=f"/copies {limit} {args.scope} failed")
    buttons = (Button(label="failed only", key="1", payload=only),) if not args.failed else ()
    if len(views) == limit < MOST:
        buttons = (*buttons, Button(label="▼ older", key="2", payload=older))
    return reply(copies_card(views, desk.zone, args.failed), buttons=buttons if views else ())


COMMAND = Command(
    name="copies",
    summary="Newest copies: who filled, how late, how far off",
    args=Args,
    run=run,
    aliases=("last", "c"),
    examples=("/copies", "/copies 20 failed", "/copies 5 ALPHA"),
)
