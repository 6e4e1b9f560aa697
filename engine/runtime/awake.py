"""Awake: while the leader is at work the loop does not sleep, so that his next frame wakes nobody.

A processor that has gone to sleep needs some fifty microseconds to come back, and finds its caches cold: that costs a fan-out
to twenty followers more than the whole arithmetic does. For a few seconds after each move of the leader the loop therefore asks
its sockets again and again instead of waiting for them; it keeps one core busy for so long, and no longer.
Source: docs/speed.md, docs/adr/0005-awake-while-the-leader-trades.md
"""

import asyncio
import os
import time

from engine.ports import Clock


class Awake:
    """Keeps one event loop from sleeping for ``seconds`` after each ``stir``; 0 lets it sleep always."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._seconds = seconds
        self._until = 0.0
        self._is_turning = False

    def stir(self) -> None:
        """The leader has moved."""
        if not self._seconds:
            return
        self._until = self._clock.monotonic() + self._seconds
        if not self._is_turning:
            self._is_turning = True
            asyncio.get_running_loop().call_soon(self._turn)

    def _turn(self) -> None:
        """A callback that is always due: the loop looks at its sockets and comes back at once."""
        if self._clock.monotonic() < self._until:
            _give_way()
            asyncio.get_running_loop().call_soon(self._turn)
        else:
            self._is_turning = False


def _give_way() -> None:
    """Let whoever waits for this core have it: a loop that only looks must not be taken for one that works."""
    if hasattr(os, "sched_yield"):
        os.sched_yield()
    else:
        time.sleep(0)
