"""All accounts of a scope in one table."""

from bot.core.command import Command, Desk, Reply, reply
from bot.core.render.desk import accounts_card
from bot.core.words import Scope
from engine.api import Value


class Args(Value, frozen=True):
    """Which accounts; all when none is named."""

    scope: Scope = Scope("all")


async def run(args: Args, desk: Desk) -> Reply:
    """Show S2."""
    return reply(accounts_card(await desk.engine.accounts(args.scope), desk.now, desk.zone))


COMMAND = Command(
    name="accounts",
    summary="One row for each account: state, size, profit",
    args=Args,
    run=run,
    aliases=("acc",),
    examples=("/accounts", "/accounts NQ-MAIN", "/accounts #funded"),
)
