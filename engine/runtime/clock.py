"""The system clock: wall time that cannot jump by itself."""

import asyncio
import time
from datetime import UTC, datetime, timedelta


class SystemClock:
    """Wall time anchored to the monotonic counter, so that nobody who sets the computer's clock changes an age."""

    def __init__(self) -> None:
        self._wall = datetime.now(UTC)
        self._anchor = time.monotonic()

    def now(self) -> datetime:
        """Aware UTC time."""
        return self._wall + timedelta(seconds=time.monotonic() - self._anchor)

    def monotonic(self) -> float:
        """Seconds since an arbitrary start."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Sleep in real time."""
        await asyncio.sleep(seconds)

    def drift(self) -> float:
        """Seconds by which the computer's clock is ahead of ours now."""
        return (datetime.now(UTC) - self.now()).total_seconds()

    def follow(self) -> None:
        """Take over the computer's clock; say so to the domain (``ClockChanged``) at the same moment."""
        self._wall, self._anchor = datetime.now(UTC), time.monotonic()
