"""The system clock."""

import asyncio
import time
from datetime import UTC, datetime


class SystemClock:
    """Wall time and the machine's monotonic counter."""

    def now(self) -> datetime:
        """Aware UTC time."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds since an arbitrary start."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Sleep in real time."""
        await asyncio.sleep(seconds)
