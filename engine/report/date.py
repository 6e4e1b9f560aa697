"""Trade dates: a day runs from 17:00 to 17:00 in Chicago and bears the date on which it ends; weekends belong to Monday."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from engine.domain.hours import EXCHANGE_ZONE

ZONE = ZoneInfo(EXCHANGE_ZONE)
TURN = time(17)
_DAY = timedelta(days=1)


def trade_date(at: datetime) -> date:
    """Trade date of an instant. Holidays are not known here: what happens on one has a date of its own."""
    local = at.astimezone(ZONE)
    day = local.date() + _DAY if local.time() >= TURN else local.date()
    while not _is_traded(day):
        day += _DAY
    return day


def bounds(day: date) -> tuple[datetime, datetime]:
    """First instant of a trade date and of the next one, in UTC."""
    return _turn(before(day, 1)[0]), _turn(day)


def before(day: date, count: int) -> list[date]:
    """The ``count`` trade dates before ``day``, oldest first."""
    found: list[date] = []
    while len(found) < count:
        day -= _DAY
        if _is_traded(day):
            found.append(day)
    return found[::-1]


def _turn(day: date) -> datetime:
    return datetime.combine(day, TURN, ZONE).astimezone(UTC)


def _is_traded(day: date) -> bool:
    return day.weekday() < 5
