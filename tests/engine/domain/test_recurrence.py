"""When a window of the wall clock comes: once a week in local time whatever the clocks do, over midnight, and from now on."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.hours import Span, Window
from engine.domain.recurrence import coming, day_of, occurrence, often, told

NEW_YORK = "America/New_York"
ZONES = (NEW_YORK, "America/Chicago", "Europe/Berlin", "Australia/Lord_Howe", "America/Santiago", "UTC", "Asia/Kolkata")
MINUTES = st.integers(0, 24 * 60 - 1).map(lambda minute: time(minute // 60, minute % 60))
INSTANTS = st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))


@st.composite
def windows(draw: st.DrawFn, weekdays: int | None = 1) -> Window:
    opens = draw(MINUTES)
    closes = draw(MINUTES.filter(lambda at: at != opens))
    days = (draw(st.integers(0, 6)),) if weekdays else ()
    return Window(opens=opens, closes=closes, zone=draw(st.sampled_from(ZONES)), weekdays=days)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type]  # a date and a time


@given(windows(), INSTANTS)
def test_a_weekly_window_comes_once_in_each_week_of_local_time(window: Window, start: datetime) -> None:
    zone = ZoneInfo(window.zone)
    now, days = start, []
    span = coming(window, now)
    for _ in range(60):
        days.append(span.opens.astimezone(zone).date())
        assert span.opens < span.closes < span.opens + timedelta(hours=26)
        following = coming(window, span.closes, after=span.opens)
        assert following.opens >= span.closes
        assert coming(window, span.opens, after=span.opens) == following, "told inside it as well as after it"
        span = following
    for day in days:  # where the clock skips midnight, it may be read as the evening before
        assert (window.weekdays[0] - day.weekday()) % 7 <= 1
    weeks = [second - first for first, second in pairwise(days)]
    assert all(timedelta(days=6) <= week <= timedelta(days=8) for week in weeks)
    assert (days[-1] - days[0]).days in range(59 * 7 - 1, 59 * 7 + 2)


@given(windows(None), INSTANTS)
def test_what_comes_next_is_not_over_and_at_most_a_day_away(window: Window, now: datetime) -> None:
    span = coming(window, now)
    assert span.closes > now
    assert span.opens - now <= timedelta(hours=26)


@given(windows(), st.dates(date(2024, 1, 1), date(2028, 1, 1)), st.integers(0, 24 * 60 - 1))
def test_every_minute_that_the_clock_shows_inside_is_inside(window: Window, day: date, minute: int) -> None:
    zone, span = ZoneInfo(window.zone), occurrence(window, day)
    for fold in (0, 1):
        wall = datetime.combine(day, time(minute // 60, minute % 60), zone).replace(fold=fold)
        at = wall.astimezone(UTC)
        if at.astimezone(zone).replace(tzinfo=None) != wall.replace(tzinfo=None):
            continue  # the clock skips it
        last = window.closes if window.opens < window.closes else time.max
        if window.opens <= wall.time() < last:
            assert span.opens <= at < span.closes


@pytest.mark.parametrize(
    ("opens", "closes", "day", "span"),
    [
        (time(13, 25), time(13, 45), date(2026, 3, 7), (utc(2026, 3, 7, 18, 25), utc(2026, 3, 7, 18, 45))),
        (time(13, 25), time(13, 45), date(2026, 3, 8), (utc(2026, 3, 8, 17, 25), utc(2026, 3, 8, 17, 45))),
        (time(1, 45), time(3, 15), date(2026, 3, 8), (utc(2026, 3, 8, 6, 45), utc(2026, 3, 8, 7, 15))),
        (time(2, 30), time(3, 15), date(2026, 3, 8), (utc(2026, 3, 8, 6, 30), utc(2026, 3, 8, 7, 15))),
        (time(1, 15), time(1, 45), date(2026, 11, 1), (utc(2026, 11, 1, 5, 15), utc(2026, 11, 1, 6, 45))),
        (time(23), time(1), date(2026, 10, 31), (utc(2026, 11, 1, 3), utc(2026, 11, 1, 6))),
    ],
    ids=["winter", "summer", "skipped hour inside", "skipped hour at its beginning", "doubled hour", "over midnight"],
)
def test_the_clocks_change(opens: time, closes: time, day: date, span: tuple[datetime, datetime]) -> None:
    found = occurrence(Window(opens=opens, closes=closes, zone=NEW_YORK), day)
    assert (found.opens, found.closes) == span


NOON = Window(opens=time(12), closes=time(13), zone="UTC", weekdays=())
MONDAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        (utc(2026, 11, 23, 11), utc(2026, 11, 23, 12)),
        (utc(2026, 11, 23, 12, 30), utc(2026, 11, 23, 12)),
        (utc(2026, 11, 23, 13), utc(2026, 11, 24, 12)),
    ],
    ids=["later today", "under way", "over means tomorrow"],
)
def test_once_it_is_the_next_that_is_not_over(now: datetime, opens: datetime) -> None:
    assert coming(NOON, now).opens == opens


def test_over_midnight_it_belongs_to_the_day_of_its_opening() -> None:
    night = Window(opens=time(23), closes=time(1), zone="UTC", weekdays=(0,))
    span = coming(night, utc(2026, 11, 24, 0, 30))
    assert span == Span(opens=utc(2026, 11, 23, 23), closes=utc(2026, 11, 24, 1))
    assert day_of(night, span) == 0
    assert coming(night, utc(2026, 11, 24, 1)).opens == utc(2026, 11, 30, 23)


def test_the_words_name_the_day_the_zone_and_the_week() -> None:
    window = Window(opens=time(7, 25), closes=time(7, 45), zone="America/Chicago", weekdays=(4,))
    span = coming(window, utc(2026, 11, 23, 12))
    assert told(window, span, is_weekly=True) == "Fri 2026-11-27 07:25-07:45 in America/Chicago, every Fri"
    assert told(window, span, is_weekly=False) == "Fri 2026-11-27 07:25-07:45 in America/Chicago"


@pytest.mark.parametrize(
    ("days", "words"),
    [
        ((), ""),
        ((4,), "every Fri"),
        ((0, 1), "every Mon, Tue"),
        ((0, 1, 2, 3, 4), "every Mon-Fri"),
        ((0, 2, 4, 5, 6), "every Mon, Wed, Fri-Sun"),
        (tuple(range(7)), "every day"),
    ],
)
def test_weekdays_in_a_row_are_told_as_one(days: tuple[int, ...], words: str) -> None:
    assert often(days) == words
