"""Wake: when time should be told next: soon while something is under way, at what is planned, and now and then."""

from datetime import datetime, timedelta

from engine.domain.state import DeskState

TICK = timedelta(seconds=1)  # how often time is looked after while something is under way …
IDLE = timedelta(seconds=30)  # … and while nothing is


def wake(state: DeskState, at: datetime, after: timedelta = TICK) -> None:
    """Something happened: time is told soon."""
    state.due = min(state.due or at + after, at + after)


def next_look(state: DeskState, at: datetime) -> datetime:
    """When time is looked after again, seen from ``at``."""
    copiers = state.copiers.values()
    busy = any(copier.is_busy() or copier.holds for copier in copiers)
    busy |= state.is_unpriced or any(not book.is_synced for book in state.leaders.values())
    planned = [hold.since for copier in copiers for hold in copier.planned]
    return min(at + (TICK if busy else IDLE), max(at, min(planned, default=at + IDLE)))
