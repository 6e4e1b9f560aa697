"""Trade dates by the clock alone: when a day turns, what a weekend belongs to, and which day a calendar knows as a holiday.

A day turns at 17:00 in Chicago and bears the date on which it ends; Friday evening and the weekend belong to Monday. That
is the exchange's own rule. It is said here and nowhere else: whatever counts by days counts by these. Holidays move no
boundary: what happens on one has a date of its own, and ``holiday`` says what the exchange makes of it. Where a firm's day
matters its own times do (``hours.DayClock``).
Source: shared reference on prop-firm rules, sections 5 and 6.1, 2026-11-22.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from engine.domain.hours import EXCHANGE_ZONE, Calendar

ZONE = ZoneInfo(EXCHANGE_ZONE)
TURN = time(17)
CLOSE = time(16)  # trading ends on a usual day; in the hour until the turn nothing is traded (crypto apart)
_DAY = timedelta(days=1)


def trade_date(at: datetime) -> date:
    """Trade date of an instant."""
    local = at.astimezone(ZONE)
    day = local.date() + _DAY if local.time() >= TURN else local.date()
    while not _is_traded(day):
        day += _DAY
    return day


def bounds(day: date) -> tuple[datetime, datetime]:
    """First instant of a trade date and of the next one, in UTC."""
    return _turn(before(day, 1)[0]), _turn(day)


def closes(day: date) -> datetime:
    """When a trade date's trading usually ends, in UTC."""
    return datetime.combine(day, CLOSE, ZONE).astimezone(UTC)


def before(day: date, count: int) -> list[date]:
    """The ``count`` trade dates before ``day``, oldest first."""
    found: list[date] = []
    while len(found) < count:
        day -= _DAY
        if _is_traded(day):
            found.append(day)
    return found[::-1]


def holiday(calendar: Calendar | None, day: date) -> str:
    """What the exchange makes of a weekday that is no trade date of its own; empty for any other, and where nobody knows."""
    if calendar is None or not _is_traded(day):
        return ""
    begins, ends = bounds(day)
    tables = [one for one in calendar.tables if one.since <= begins and ends <= one.until and not one.is_partial]
    if not tables:
        return "holiday: no trade date of its own" if day in calendar.closed else ""
    sessions = [session for table in tables for session in table.sessions]
    if any(session.trade_date == day for session in sessions):
        return ""
    owners = [one.trade_date for one in sessions if any(s.opens < ends and begins < s.closes for s in one.spans)]
    return f"holiday: a short session, counts as {min(owners):%a %d %b}" if owners else "holiday: no session"


def _turn(day: date) -> datetime:
    return datetime.combine(day, TURN, ZONE).astimezone(UTC)


def _is_traded(day: date) -> bool:
    return day.weekday() < 5
