"""The real calendars: holiday weeks of 2026 as golden tables, clock changes, and rows that have the last word."""

import subprocess
import sys
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.calendar.exchange import CALENDARS, BuildError, build, packaged
from engine.calendar.setting import OverrideRow
from engine.domain.hours import Calendar, DayClock, DayTurn, Family, Phase, day_marks, faults, moment, trade_date
from engine.domain.tradedate import holiday

BUILT = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
CHICAGO = ZoneInfo("America/Chicago")


@cache
def _calendar():
    return build(date(2026, 11, 22), BUILT)


@pytest.fixture(scope="module")
def calendar():
    return _calendar()


@pytest.fixture(scope="module")
def spring():
    return build(date(2027, 2, 20), BUILT)


def table(calendar, family):
    return next(one for one in calendar.tables if one.family is family)


def shown(calendar, family, day):
    """``25 17:00-26 12:00`` for each span of one trade date, in Chicago time; None where it is no trade date."""
    found = next((one for one in table(calendar, family).sessions if one.trade_date == day), None)
    if found is None:
        return None
    times = [(span.opens.astimezone(CHICAGO), span.closes.astimezone(CHICAGO)) for span in found.spans]
    return " ".join(f"{opens:%d/%H:%M}-{closes:%d/%H:%M}" for opens, closes in times)


THANKSGIVING = {
    Family.EQUITY: "25/17:00-26/12:00 26/17:00-27/12:00",
    Family.RATES: "25/17:00-26/12:00 26/17:00-27/12:15",
    Family.FX: "25/17:00-26/16:00 26/17:00-27/12:15",
    Family.ENERGY: "25/17:00-26/13:30 26/17:00-27/12:45",
    Family.METALS: "25/17:00-26/13:30 26/17:00-27/12:45",
    Family.GRAINS: "26/19:00-27/07:45 27/08:30-27/12:00",
    Family.LIVESTOCK: "27/08:30-27/12:05",
    Family.CRYPTO: "25/17:00-26/16:00 26/17:00-27/12:45",
}
CHRISTMAS_EVE = {
    Family.EQUITY: "23/17:00-24/12:00",
    Family.RATES: "23/17:00-24/12:15",
    Family.FX: "23/17:00-24/12:15",
    Family.ENERGY: "23/17:00-24/12:45",
    Family.METALS: "23/17:00-24/12:45",
    Family.GRAINS: "23/19:00-24/07:45 24/08:30-24/12:00",
    Family.LIVESTOCK: "24/08:30-24/12:05",
    Family.CRYPTO: "23/17:00-24/12:15",
}


@pytest.mark.parametrize("family", list(Family))
def test_thanksgiving_2026(calendar, family):
    assert shown(calendar, family, date(2026, 11, 26)) is None, "Thursday is no trade date"
    assert shown(calendar, family, date(2026, 11, 27)) == THANKSGIVING[family]


@pytest.mark.parametrize("family", list(Family))
def test_christmas_2026_and_new_year(calendar, family):
    assert shown(calendar, family, date(2026, 12, 24)) == CHRISTMAS_EVE[family]
    assert shown(calendar, family, date(2026, 12, 25)) is None
    assert shown(calendar, family, date(2027, 1, 1)) is None
    usual = {
        Family.GRAINS: "27/19:00-28/07:45 28/08:30-28/13:20",
        Family.LIVESTOCK: "28/08:30-28/13:05",
    }
    assert shown(calendar, family, date(2026, 12, 28)) == usual.get(family, "27/17:00-28/16:00")


def test_where_the_calendars_differ_the_earlier_close_stands_and_it_says_so(calendar):
    friday = next(one for one in table(calendar, Family.EQUITY).sessions if one.trade_date == date(2026, 11, 27))
    assert "calendars say 12:00 CT and 12:15 CT, the earlier stands" in friday.note
    metals = next(one for one in table(calendar, Family.METALS).sessions if one.trade_date == date(2026, 11, 27))
    assert "closes 12:45 CT" in metals.note
    assert "grade C" in metals.note


def test_every_table_is_sound_dated_and_survives_its_file(calendar):
    assert [one.family for one in calendar.tables] == list(CALENDARS)
    for one in calendar.tables:
        assert faults(one) == []
        assert one.until > BUILT + timedelta(days=60)
        days = [session.trade_date for session in one.sessions]
        assert days == sorted(set(days))
        assert not set(days) & set(calendar.closed)
    assert msgspec.json.decode(msgspec.json.encode(calendar), type=Calendar) == calendar
    assert build(date(2026, 11, 22), BUILT) == calendar, "the same day gives the same tables"
    assert {date(2026, 11, 26), date(2026, 12, 25), date(2027, 1, 1), date(2027, 1, 18)} <= set(calendar.closed)


@pytest.mark.parametrize(
    ("today", "sunday"),
    [
        (date(2026, 10, 25), date(2026, 11, 1)),
        (date(2027, 2, 20), date(2027, 3, 14)),
    ],
)
def test_clock_changes_move_utc_and_not_chicago(today, sunday):
    equity = table(build(today, BUILT), Family.EQUITY)
    opening = {session.trade_date: session.opens for session in equity.sessions}
    before, after = opening[sunday - timedelta(days=2)], opening[sunday + timedelta(days=1)]
    assert abs(before.hour - after.hour) == 1
    for opens, day in ((before, sunday - timedelta(days=2)), (after, sunday + timedelta(days=1))):
        assert opens.astimezone(CHICAGO).time() == time(17)
        assert trade_date(equity, opens) == day
        assert moment(equity, opens - timedelta(seconds=1)).phase is not Phase.OPEN


def test_half_days_of_the_real_calendar_start_no_new_day(calendar):
    clock = DayClock(zone="America/New_York", day_start=time(18), cut_off=time(16, 59, 59), flat_by=time(16, 59))
    starts = [
        mark.at.astimezone(CHICAGO)
        for mark in day_marks(table(calendar, Family.EQUITY), clock)
        if mark.turn is DayTurn.DAY_START and date(2026, 11, 24) <= mark.at.date() <= date(2026, 11, 30)
    ]
    assert [f"{at:%a %H:%M}" for at in starts] == ["Tue 17:00", "Wed 17:00", "Sun 17:00", "Mon 17:00"]


def test_of_a_day_that_is_none_the_calendar_says_what_it_is(calendar, spring):
    said = {day: holiday(calendar, day) for day in (date(2026, 11, 26), date(2026, 12, 25), date(2027, 1, 18))}
    assert list(said.values()) == [
        "holiday: a short session, counts as Fri 27 Nov",
        "holiday: no session",
        "holiday: a short session, counts as Tue 19 Jan",
    ]
    named = ((2026, 11, 25), (2026, 11, 27), (2026, 11, 28), (2026, 12, 24), (2026, 12, 28))
    assert [holiday(calendar, date(*day)) for day in named] == [""] * 5, "half days and weekends are no holidays"
    assert holiday(spring, date(2027, 3, 26)) == "holiday: a short session, counts as Mon 29 Mar"
    assert holiday(calendar, date(2027, 9, 6)) == "holiday: no trade date of its own", "beyond the tables"
    assert holiday(calendar, date(2026, 7, 3)) == "", "before them nobody knows"
    assert holiday(None, date(2026, 12, 25)) == ""


@given(st.dates(date(2026, 11, 9), date(2027, 2, 5)))
def test_a_weekday_is_a_trade_date_or_a_holiday_and_never_both(day):
    told = holiday(_calendar(), day)
    assert bool(told) == (day in _calendar().closed)


def test_good_friday_2027_counts_for_monday(spring):
    assert shown(spring, Family.EQUITY, date(2027, 3, 26)) is None
    assert shown(spring, Family.EQUITY, date(2027, 3, 29)) == "25/17:00-26/08:15 28/17:00-29/16:00"
    monday = next(one for one in table(spring, Family.RATES).sessions if one.trade_date == date(2027, 3, 29))
    assert "Fri 03-26 closed: one calendar has it open until 10:15 CT" in monday.note


def row(day, *families, **told):
    return OverrideRow(date=day, families=families, source="CME's page", checked=date(2026, 11, 22), **told)


def test_a_persons_row_wins_over_calendars_and_package():
    rows = [
        row(date(2026, 11, 27), Family.EQUITY, Family.ENERGY, closes=time(12, 15)),
        row(date(2026, 12, 9), Family.EQUITY, closed=True, note="mourning"),
        row(date(2026, 12, 25), Family.EQUITY, opens=time(17), closes=time(8)),
        row(date(2026, 12, 2), Family.GRAINS, closes=time(8)),
    ]
    calendar = build(date(2026, 11, 22), BUILT, rows)
    assert shown(calendar, Family.EQUITY, date(2026, 11, 27)) == "25/17:00-26/12:00 26/17:00-27/12:15"
    assert shown(calendar, Family.ENERGY, date(2026, 11, 27)) == "25/17:00-26/13:30 26/17:00-27/12:15"
    assert shown(calendar, Family.EQUITY, date(2026, 12, 9)) is None
    assert shown(calendar, Family.RATES, date(2026, 12, 9)) == "08/17:00-09/16:00"
    assert shown(calendar, Family.EQUITY, date(2026, 12, 28)) == "24/17:00-25/08:00 27/17:00-28/16:00"
    assert shown(calendar, Family.GRAINS, date(2026, 12, 2)) == "01/19:00-02/08:00", (
        "the break was cut away with the rest"
    )


def test_a_row_that_would_break_the_table_is_refused():
    with pytest.raises(BuildError, match="write opens and closes"):
        build(date(2026, 11, 22), BUILT, [row(date(2026, 12, 25), Family.FX, closes=time(9))])
    with pytest.raises(BuildError, match="fx"):
        build(date(2026, 11, 22), BUILT, [row(date(2026, 12, 9), Family.FX, opens_day=-2, opens=time(9))])


def test_the_packages_own_rows_name_their_source_and_only_shorten(monkeypatch):
    rows = packaged()
    assert rows
    monkeypatch.setattr("engine.calendar.exchange.packaged", tuple)
    for one in rows:
        assert one.source
        assert one.grade in ("A", "B", "C")
        bare = build(date(2026, 11, 22), BUILT)
        for family in one.families if one.grade != "A" else ():
            session = next(own for own in table(bare, family).sessions if own.trade_date >= one.date)
            closes = next(span.closes for span in session.spans if span.closes.astimezone(CHICAGO).date() == one.date)
            assert one.closes is not None
            assert one.closes <= closes.astimezone(CHICAGO).time()


def test_the_readers_never_load_pandas():
    code = (
        "import sys, engine.calendar.sessions, engine.calendar.feed, engine.cli; "
        "print(sorted({'pandas', 'numpy', 'pandas_market_calendars', 'exchange_calendars'} & set(sys.modules)))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert told.stdout.strip() == "[]"
