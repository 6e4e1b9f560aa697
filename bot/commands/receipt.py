"""The receipt of one order: what caused it, what was decided, what came of it."""

from bot.core.card import Card
from bot.core.command import Command, Desk, Reply, reply
from bot.core.words import Word
from engine.api import Value

LONGEST = 60


class Args(Value, frozen=True):
    """A client order id, a cause, or ``last``."""

    name: Word = Word("last")


async def run(args: Args, desk: Desk) -> Reply:
    """Show the engine's own text."""
    name: str = args.name
    if name.lower() == "last":
        newest = await desk.engine.copies(1)
        if not newest:
            return reply(Card(title="No copy yet, so no receipt."))
        name = newest[0].cause
    lines = (await desk.engine.receipt(name)).splitlines()
    more = (f"… {len(lines) - LONGEST} more lines",) if len(lines) > LONGEST else ()
    return reply(Card(title="RECEIPT", lines=(*lines[:LONGEST], *more)))


COMMAND = Command(
    name="receipt",
    summary="Why an order was sent and what came of it",
    args=Args,
    run=run,
    examples=("/receipt", "/receipt last", "/receipt LS1a2b…"),
)
