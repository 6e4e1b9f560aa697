"""Working orders."""

from bot.core.command import Command, Desk, Reply, reply
from bot.core.render.desk import orders_card
from bot.core.words import Scope
from engine.api import Value


class Args(Value, frozen=True):
    """Which accounts; all when none is named."""

    scope: Scope = Scope("all")


async def run(args: Args, desk: Desk) -> Reply:
    """Show the orders that work at the brokers."""
    return reply(orders_card(await desk.engine.orders(args.scope)))


COMMAND = Command(
    name="orders",
    summary="Working orders, ours and others",
    args=Args,
    run=run,
    aliases=("o",),
    examples=("/orders", "/orders ALPHA", "/o #funded"),
)
