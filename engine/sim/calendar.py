"""Trade dates of the venue: a session opens at 17:00 Chicago time and belongs to the next day."""

from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_CHICAGO = ZoneInfo("America/Chicago")


def trade_date(at: datetime) -> date:
    """Trade date of a moment; what falls on a weekend belongs to Monday."""
    return _of_hour(at.replace(minute=0, second=0, microsecond=0))


@lru_cache(maxsize=64)
def _of_hour(at: datetime) -> date:
    day = (at.astimezone(_CHICAGO) + timedelta(hours=7)).date()
    return day + timedelta(days=max(0, 7 - day.weekday()) if day.weekday() >= 5 else 0)
