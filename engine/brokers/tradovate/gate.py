"""The door through which every login of this process connects: few at a time, and never in a crowd."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakKeyDictionary

from engine.ports import Clock


class Gate:
    """At most two logins connect at once, each some time after the one before."""

    def __init__(self, at_once: int = 2) -> None:
        self._slots = asyncio.Semaphore(at_once)
        self._next = float("-inf")

    @asynccontextmanager
    async def passing(self, clock: Clock, spacing_s: float) -> AsyncIterator[None]:
        """Hold a place while connecting."""
        async with self._slots:
            now = clock.monotonic()
            start = max(now, self._next)
            self._next = start + spacing_s
            if start > now:
                await clock.sleep(start - now)
            yield


_gates: WeakKeyDictionary[asyncio.AbstractEventLoop, Gate] = WeakKeyDictionary()


def gate() -> Gate:
    """Return the gate of the running loop: a burst of upgrades from one address is answered with 429."""
    return _gates.setdefault(asyncio.get_running_loop(), Gate())
