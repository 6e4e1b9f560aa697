"""The scripted leader of the interactive demo: a day of trading in miniature, again and again."""

import asyncio
import itertools

from engine.cli.demo.venue import Venue
from engine.errors import LockstepError

FIRST_S = 2.0  # the console is up by then and shows it
ROUND: tuple[tuple[float, int | None], ...] = (  # seconds to wait, contracts to trade; None goes flat
    (FIRST_S, 2),
    (9, 1),  # scale in
    (10, -1),  # partial exit
    (8, 2),
    (12, None),
    (10, -2),
    (9, -1),
    (10, 5),  # flip
    (10, -1),
    (12, None),
)


async def lead(venue: Venue, symbol: str) -> None:
    """Trade for ever; a venue that says no is asked again at the next step."""
    for wait_s, quantity in itertools.cycle(ROUND):
        await asyncio.sleep(wait_s)
        try:
            if quantity is None:
                await venue.flat()
            else:
                await venue.trade(symbol, quantity)
        except LockstepError:
            continue
