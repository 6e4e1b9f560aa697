"""Sweeper: rows that nobody asks for any more go, at the start and each hour, so that a bot may run for years."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot.core.chat import Clock

EVERY_S = 3600.0


class Swept(Protocol):
    """Rows that grow old; how old is theirs to know."""

    def sweep(self, now: datetime) -> None: ...


class Sweeper:
    """Sweeps every kind of them."""

    def __init__(self, stores: Sequence[Swept], clock: Clock) -> None:
        """Over the bot's database."""
        self._stores = stores
        self._clock = clock

    async def run(self) -> None:
        """Sweep for ever."""
        while True:
            for store in self._stores:
                store.sweep(self._clock.now())
            await self._clock.sleep(EVERY_S)
