"""Recurrence: when a window of the wall clock comes next, and when again, whatever the clocks do meanwhile."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from engine.domain.hours import Span, Window

_DAY = timedelta(days=1)
_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def occurrence(window: Window, day: date) -> Span:
    """The window that opens on a day.

    An hour that comes twice in autumn, or is skipped in spring, lies inside as a whole: of two readings the earlier opens
    and the later closes.
    """
    last = day + _DAY if window.closes <= window.opens else day
    return Span(
        opens=min(_readings(day, window.opens, window.zone)), closes=max(_readings(last, window.closes, window.zone))
    )


def _readings(day: date, at: time, zone: str) -> tuple[datetime, datetime]:
    local = datetime.combine(day, at, ZoneInfo(zone))
    return local.astimezone(UTC), local.replace(fold=1).astimezone(UTC)


def coming(window: Window, now: datetime, after: datetime | None = None) -> Span:
    """The first occurrence that is not over ``now``, and that opens later than ``after``.

    It may be under way. A window without weekdays comes every day.
    """
    today = now.astimezone(ZoneInfo(window.zone)).date()
    days = (today + step * _DAY for step in range(-1, 9))  # what opened yesterday may reach over midnight
    spans = (occurrence(window, day) for day in days if not window.weekdays or day.weekday() in window.weekdays)
    return next(span for span in spans if span.closes > now and (after is None or span.opens > after))


def day_of(window: Window, span: Span) -> int:
    """Weekday on which an occurrence opens, in the window's zone; Monday is 0."""
    return span.opens.astimezone(ZoneInfo(window.zone)).weekday()


def often(weekdays: Sequence[int]) -> str:
    """Weekdays in words, three or more in a row as one: every Mon-Fri, every Mon, Wed; empty for none."""
    runs: list[list[int]] = []
    for day in sorted(set(weekdays)):
        if runs and day == runs[-1][-1] + 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    parts = [
        f"{_NAMES[run[0]]}-{_NAMES[run[-1]]}" if len(run) > 2 else ", ".join(_NAMES[day] for day in run) for run in runs
    ]
    return "every day" if len(set(weekdays)) == len(_NAMES) else f"every {', '.join(parts)}" if parts else ""


def told(window: Window, span: Span, *, is_weekly: bool) -> str:
    """An occurrence in words, with its day, in the window's own zone: Tue 2026-11-24 13:25-13:45 in America/Chicago."""
    zone = ZoneInfo(window.zone)
    opens, closes = span.opens.astimezone(zone), span.closes.astimezone(zone)
    again = f", {often(window.weekdays or (opens.weekday(),))}" if is_weekly else ""
    return f"{_NAMES[opens.weekday()]} {opens:%Y-%m-%d %H:%M}-{closes:%H:%M} in {window.zone}{again}"
