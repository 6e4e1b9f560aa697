"""Tally: copies that one chat has not been shown yet, counted; the newest and the failed ones stay to be looked at."""

from collections.abc import Iterable

from engine.api import CopyView, Value

BAD = frozenset({"refused", "unclear"})
LAGS = 200
SHOWN = 3


class Tally(Value, frozen=True):
    """Some copies as one card tells them. ``ref`` is that card's."""

    ref: str
    count: int = 0
    failed: int = 0
    lags: tuple[float, ...] = ()  # milliseconds, of the newest
    troubles: tuple[CopyView, ...] = ()  # the newest that failed
    last: CopyView | None = None

    def add(self, views: Iterable[CopyView]) -> "Tally":
        """The same with further ones, oldest first."""
        views = tuple(views)
        failed = tuple(view for view in views if has_failed(view))
        lags = tuple(line.lag_ms for view in views for line in view.lines if line.lag_ms is not None)
        return Tally(
            ref=self.ref,
            count=self.count + len(views),
            failed=self.failed + len(failed),
            lags=(*self.lags, *lags)[-LAGS:],
            troubles=(*self.troubles, *failed)[-SHOWN:],
            last=views[-1] if views else self.last,
        )

    @property
    def lag_ms(self) -> float | None:
        """The median."""
        return sorted(self.lags)[len(self.lags) // 2] if self.lags else None


def has_failed(view: CopyView) -> bool:
    """Say whether a follower could not do its part."""
    return any(line.status in BAD or line.status == "part" for line in view.lines)
