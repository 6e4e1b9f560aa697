"""All accounts of a scope in one table."""

from bot.core.command import Command, Desk, Reply, reply
from bot.core.dialogue import Button, Run
from bot.core.render.desk import accounts_card
from bot.core.words import Scope
from engine.api import Value


class Args(Value, frozen=True):
    """Which accounts, all when none is named; those first that are nearest to their day's stop?"""

    scope: Scope = Scope("all")
    stop: bool = False


async def run(args: Args, desk: Desk) -> Reply:
    """Show S2."""
    views = await desk.engine.accounts(args.scope)
    buttons: tuple[Button, ...] = ()
    if not args.stop and any(view.day_stop_pct is not None for view in views):
        buttons = (Button(label="by stop", key="1", payload=Run(line=f"/accounts {args.scope} stop")),)
    return reply(accounts_card(views, desk.now, desk.zone, by_stop=args.stop), buttons=buttons)


COMMAND = Command(
    name="accounts",
    summary="One row for each account: state, size, profit",
    args=Args,
    run=run,
    aliases=("acc",),
    examples=("/accounts", "/accounts NQ-MAIN", "/accounts #funded stop"),
)
