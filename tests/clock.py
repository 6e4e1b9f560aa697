"""A clock that tests turn by hand."""

import asyncio
import heapq
import time
from datetime import UTC, datetime, timedelta


class HandClock:
    """Stands still until ``turn``; sleepers wake in order of their due time."""

    def __init__(self, start: datetime = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)) -> None:
        self._start = start
        self._elapsed = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = 0

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._elapsed)

    def monotonic(self) -> float:
        return self._elapsed

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._count += 1
        heapq.heappush(self._sleepers, (self._elapsed + seconds, self._count, future))
        await future

    async def turn(self, seconds: float) -> None:
        """Advance by ``seconds``, waking each sleeper at its own time and letting it run."""
        end = self._elapsed + seconds
        while self._sleepers and self._sleepers[0][0] <= end:
            due, _, future = heapq.heappop(self._sleepers)
            self._elapsed = max(self._elapsed, due)
            if not future.done():
                future.set_result(None)
            for _ in range(5):
                await asyncio.sleep(0)
        self._elapsed = end
        for _ in range(5):
            await asyncio.sleep(0)

    def jump(self, seconds: float) -> None:
        """Change the wall time alone, as a user or NTP would."""
        self._start += timedelta(seconds=seconds)


class HastyClock:
    """The world's time of day; what is waited for, such as a platform's budget, goes by ``SPEED`` times as fast."""

    SPEED = 10.0
    shift = timedelta()  # later, where a test wants it

    def now(self) -> datetime:
        return datetime.now(UTC) + self.shift

    def monotonic(self) -> float:
        return time.monotonic() * self.SPEED

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self.SPEED)
