"""A clock that runs faster than the world, so that a story's seconds take a fraction of one, over real sockets too."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

START = datetime(2026, 11, 23, 14, 30, 5, tzinfo=UTC)  # a Monday in the session, early in its minute


class SwiftClock:
    """``speed`` seconds of its own for each real one. Copies of it, in other processes too, show the same time."""

    def __init__(self, speed: float = 1.0, anchor: float | None = None) -> None:
        """``anchor`` is the monotonic moment at which it shows START: now, if not given."""
        self.speed = speed
        self.anchor = time.monotonic() if anchor is None else anchor

    def now(self) -> datetime:
        return START + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return (time.monotonic() - self.anchor) * self.speed

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self.speed)

    def pace(self, speed: float) -> None:
        """Go on from here at another speed; who sleeps wakes as it was meant before."""
        now = time.monotonic()
        self.anchor = now - (now - self.anchor) * self.speed / speed
        self.speed = speed

    def turn_to(self, at: datetime) -> None:
        """Go on from a later moment; who sleeps wakes no earlier by it."""
        self.anchor -= max(0.0, (at - self.now()).total_seconds()) / self.speed
