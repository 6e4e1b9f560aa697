"""An event loop that leaps over waiting: work takes its time on the processor, and a wait for nothing but time takes none.

For stories within one process, its sockets included: what one end has written is readable at the other before the loop looks
again, so that a loop with nothing to read and nothing to run waits for a timer alone. Minutes then pass in seconds, each figure
still holds the processor's own time, and neither a busy machine nor a lost core makes anything late.
"""

import asyncio
import selectors
import time
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

START = datetime(2026, 11, 23, 14, 30, 5, tzinfo=UTC)  # a Monday in the session, early in its minute
GRACE_S = 0.0002  # for what a thread may still bring

T = TypeVar("T")


class _Selector(selectors.DefaultSelector):
    """Looks once more, then lets the loop leap."""

    skipped = 0.0

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            return super().select(None)
        ready = super().select(min(timeout, GRACE_S))
        if not ready:
            self.skipped += timeout
        return ready


class LeapLoop(asyncio.SelectorEventLoop):
    """Its time is this process's own on the processor, and what was leapt over."""

    def __init__(self) -> None:
        self.leaps = _Selector()
        self._began = time.process_time()
        super().__init__(self.leaps)

    def time(self) -> float:
        return time.process_time() - self._began + self.leaps.skipped


class LeapClock:
    """The loop's time, from START on; ``jump`` changes the wall time alone, as a user or NTP would."""

    def __init__(self, start: datetime = START) -> None:
        self._start = start

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def jump(self, seconds: float) -> None:
        self._start += timedelta(seconds=seconds)


def leap(work: Coroutine[Any, Any, T]) -> T:
    """Run a story to its end."""
    with asyncio.Runner(loop_factory=LeapLoop) as runner:
        return runner.run(work)
