"""The outside on one page: what the engine needs, and what an adapter must be."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Time. Tests turn it by hand."""

    def now(self) -> datetime:
        """Aware UTC time."""
        ...

    def monotonic(self) -> float:
        """Seconds that only go forward, for ages and budgets."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after ``seconds`` of this clock's time."""
        ...
