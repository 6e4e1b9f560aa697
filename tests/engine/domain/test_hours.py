"""Hours: one trade date for each instant, days that start once, flat-by times and windows, through both clock changes."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.hours import (
    DayClock,
    DayTurn,
    Family,
    Phase,
    Session,
    SessionTable,
    Span,
    Window,
    day_marks,
    faults,
    firm_day,
    instant,
    is_within,
    moment,
    stretches,
    time_to_flat,
    trade_date,
)
from tests.engine.domain.sessions import CHICAGO, ct, equity

TABLE = equity()
INSTANTS = st.datetimes(
    min_value=TABLE.since.replace(tzinfo=None), max_value=TABLE.until.replace(tzinfo=None), timezones=st.just(UTC)
)
APEX = DayClock(
    zone="America/New_York", day_start=time(18), cut_off=time(16, 59, 59), flat_by=time(16, 59), carries=True
)
TOPSTEP = DayClock(zone=CHICAGO, day_start=time(17), cut_off=time(15, 10), flat_by=time(15, 10))


def starts(clock, since, until):
    return [mark for mark in day_marks(TABLE, clock) if mark.turn is DayTurn.DAY_START and since <= mark.at < until]


def test_the_hand_made_table_is_sound_and_survives_the_journal():
    assert faults(TABLE) == []
    assert msgspec.json.decode(msgspec.json.encode(TABLE), type=SessionTable) == TABLE


@given(INSTANTS)
def test_an_instant_is_in_one_session_or_none_and_has_one_trade_date(at):
    here = moment(TABLE, at)
    inside = [session for session in TABLE.sessions for span in session.spans if span.opens <= at < span.closes]
    assert len(inside) <= 1
    assert (here.phase is Phase.OPEN) == bool(inside)
    if at < TABLE.until:
        assert here.until is not None
        assert here.until > at
    owners = [session.trade_date for session in TABLE.sessions if session.opens <= at]
    if at < TABLE.until:
        assert here.trade_date == owners[-1]
    if inside:
        assert here.trade_date == inside[0].trade_date


@given(INSTANTS, INSTANTS)
def test_trade_dates_and_firm_days_never_go_back(one, other):
    early, late = sorted((one, other))
    for day in (
        lambda at: trade_date(TABLE, at),
        lambda at: firm_day(TABLE, APEX, at),
        lambda at: firm_day(TABLE, TOPSTEP, at),
    ):
        before, after = day(early), day(late)
        assert before is None or after is None or before <= after


@given(INSTANTS)
def test_an_open_instant_always_has_a_time_to_be_flat_before_the_close(at):
    here = moment(TABLE, at)
    if here.phase is Phase.OPEN:
        left = time_to_flat(TABLE, TOPSTEP, at)
        assert left is not None
        assert at + left <= here.until


def test_outside_the_table_nothing_is_known():
    for at in (TABLE.since - timedelta(seconds=1), TABLE.until):
        assert moment(TABLE, at).phase is Phase.UNKNOWN
        assert trade_date(TABLE, at) is None
        assert time_to_flat(TABLE, APEX, at) is None
        assert firm_day(TABLE, APEX, at) is None


@pytest.mark.parametrize(
    ("at", "phase", "day"),
    [
        (ct(2026, 11, 23, 15, 59), Phase.OPEN, date(2026, 11, 23)),
        (ct(2026, 11, 23, 16, 0), Phase.PAUSED, date(2026, 11, 23)),
        (ct(2026, 11, 23, 16, 59), Phase.PAUSED, date(2026, 11, 23)),
        (ct(2026, 11, 23, 17, 0), Phase.OPEN, date(2026, 11, 24)),
        (ct(2026, 11, 25, 17, 0), Phase.OPEN, date(2026, 11, 27)),  # Thanksgiving's half session counts as Friday
        (ct(2026, 11, 26, 11, 59), Phase.OPEN, date(2026, 11, 27)),
        (ct(2026, 11, 26, 12, 0), Phase.CLOSED, date(2026, 11, 27)),
        (ct(2026, 11, 26, 17, 0), Phase.OPEN, date(2026, 11, 27)),
        (ct(2026, 11, 27, 12, 15), Phase.CLOSED, date(2026, 11, 27)),
        (ct(2026, 11, 28, 12, 0), Phase.CLOSED, date(2026, 11, 27)),
        (ct(2026, 11, 29, 17, 0), Phase.OPEN, date(2026, 11, 30)),
        (ct(2026, 12, 25, 9, 0), Phase.CLOSED, date(2026, 12, 24)),
    ],
)
def test_the_thanksgiving_week_hour_by_hour(at, phase, day):
    here = moment(TABLE, at)
    assert (here.phase, here.trade_date) == (phase, day)


@pytest.mark.parametrize(
    ("sunday", "before_utc", "after_utc"),
    [
        (date(2026, 11, 1), 22, 23),  # clocks go back
        (date(2027, 3, 14), 23, 22),  # clocks go forward
        (date(2027, 11, 7), 22, 23),
    ],
)
def test_the_boundary_stays_at_five_in_chicago_when_clocks_change(sunday, before_utc, after_utc):
    def opening(day):
        return next(session.opens for session in TABLE.sessions if session.trade_date == day)

    friday, monday = sunday - timedelta(days=2), sunday + timedelta(days=1)
    assert opening(friday).hour == before_utc
    assert opening(monday).hour == after_utc
    for day in (friday, monday):
        opens = opening(day)
        assert opens.astimezone(ZoneInfo(CHICAGO)).hour == 17
        assert opens.astimezone(ZoneInfo("America/New_York")).hour == 18
        assert trade_date(TABLE, opens) == day
        assert trade_date(TABLE, opens - timedelta(microseconds=1)) != day
        assert any(mark.at == opens for mark in day_marks(TABLE, APEX) if mark.turn is DayTurn.DAY_START)


def test_a_time_that_the_clocks_skip_or_repeat_is_one_instant():
    skipped = instant(date(2027, 3, 14), time(2, 30), CHICAGO)
    assert skipped == datetime(2027, 3, 14, 8, 30, tzinfo=UTC)
    assert instant(date(2026, 11, 1), time(1, 30), CHICAGO) == datetime(2026, 11, 1, 6, 30, tzinfo=UTC)


def test_a_half_day_starts_no_new_day():
    week = (ct(2026, 11, 24, 12), ct(2026, 12, 1, 12))
    plain = starts(TOPSTEP, *week)
    assert [(mark.at, mark.trade_date) for mark in plain] == [
        (ct(2026, 11, 24, 17), date(2026, 11, 25)),
        (ct(2026, 11, 25, 17), date(2026, 11, 27)),  # once, at the holiday's opening: none on Thursday evening
        (ct(2026, 11, 29, 17), date(2026, 11, 30)),
        (ct(2026, 11, 30, 17), date(2026, 12, 1)),
    ]
    told = starts(APEX, *week)
    assert [(mark.at, mark.is_short) for mark in told] == [
        (ct(2026, 11, 24, 17), False),
        (ct(2026, 11, 25, 17), True),
        (ct(2026, 11, 26, 17), True),
        (ct(2026, 11, 29, 17), False),
        (ct(2026, 11, 30, 17), False),
    ]
    for at in (ct(2026, 11, 26, 10), ct(2026, 11, 26, 18), ct(2026, 11, 27, 12), ct(2026, 11, 28, 3)):
        assert firm_day(TABLE, APEX, at) == date(2026, 11, 25), "a carried day goes on until the next full session"
        assert firm_day(TABLE, TOPSTEP, at) == date(2026, 11, 27)
    assert firm_day(TABLE, APEX, ct(2026, 11, 29, 17)) == date(2026, 11, 30)


def test_a_monday_holiday_carries_until_its_evening():
    assert firm_day(TABLE, APEX, ct(2027, 1, 18, 11)) == date(2027, 1, 15)
    assert firm_day(TABLE, APEX, ct(2027, 1, 18, 17)) == date(2027, 1, 19)
    assert firm_day(TABLE, TOPSTEP, ct(2027, 1, 18, 11)) == date(2027, 1, 19)


@pytest.mark.parametrize("clock", [APEX, TOPSTEP])
def test_each_trade_date_starts_one_day_at_most(clock):
    effective = [
        mark.trade_date
        for mark in day_marks(TABLE, clock)
        if mark.turn is DayTurn.DAY_START and not (clock.carries and mark.is_short)
    ]
    assert len(effective) == len(set(effective))
    assert effective == sorted(effective)


@pytest.mark.parametrize(
    ("at", "apex", "topstep"),
    [
        (ct(2026, 11, 23, 9), ct(2026, 11, 23, 15, 59), ct(2026, 11, 23, 15, 10)),
        (ct(2026, 11, 25, 18), ct(2026, 11, 26, 11, 50), ct(2026, 11, 26, 11, 50)),
        (ct(2026, 11, 27, 9), ct(2026, 11, 27, 12, 5), ct(2026, 11, 27, 12, 5)),
        (ct(2026, 12, 24, 9), ct(2026, 12, 24, 12, 5), ct(2026, 12, 24, 12, 5)),
    ],
)
def test_flat_by_is_the_firms_time_or_ten_minutes_before_an_early_close(at, apex, topstep):
    assert at + time_to_flat(TABLE, APEX, at) == apex
    assert at + time_to_flat(TABLE, TOPSTEP, at) == topstep


def test_after_the_flat_time_the_time_left_is_below_zero_until_the_reopening():
    assert time_to_flat(TABLE, TOPSTEP, ct(2026, 11, 23, 15, 40)) == timedelta(minutes=-30)
    assert time_to_flat(TABLE, TOPSTEP, ct(2026, 11, 23, 17)) > timedelta()


def test_a_firms_midnight_belongs_to_the_trade_date_around_it():
    midnight = DayClock(zone="Europe/Prague", day_start=time(0), cut_off=time(23, 0), flat_by=time(21, 30))
    first = starts(midnight, ct(2026, 11, 23, 12), ct(2026, 11, 24, 12))
    assert [(mark.at, mark.trade_date) for mark in first] == [
        (datetime(2026, 11, 23, 23, 0, tzinfo=UTC), date(2026, 11, 24))
    ]


def test_a_rest_within_the_hour_ends_no_stretch():
    night = Span(opens=ct(2026, 11, 23, 19), closes=ct(2026, 11, 24, 7, 45))
    day = Span(opens=ct(2026, 11, 24, 8, 30), closes=ct(2026, 11, 24, 13, 20))
    grains = SessionTable(
        family=Family.GRAINS,
        since=night.opens,
        until=ct(2026, 11, 24, 19),
        sessions=(Session(trade_date=date(2026, 11, 24), spans=(night, day)),),
    )
    assert faults(grains) == []
    assert moment(grains, ct(2026, 11, 24, 8)).phase is Phase.PAUSED
    assert moment(grains, ct(2026, 11, 24, 15)).phase is Phase.CLOSED
    (only,) = stretches(grains)
    assert (only.opens, only.closes, only.is_short) == (night.opens, day.closes, False)


def test_a_holiday_session_of_full_length_is_short_all_the_same():
    thursday = Span(
        opens=ct(2026, 11, 25, 17), closes=ct(2026, 11, 26, 16)
    )  # currencies trade on, without a trade date
    friday = Span(opens=ct(2026, 11, 26, 17), closes=ct(2026, 11, 27, 16))
    currencies = SessionTable(
        family=Family.FX,
        since=thursday.opens,
        until=ct(2026, 11, 29, 17),
        sessions=(Session(trade_date=date(2026, 11, 27), spans=(thursday, friday)),),
    )
    assert [(run.is_short, run.is_early, run.is_first) for run in stretches(currencies)] == [
        (True, False, True),
        (False, False, False),
    ]
    assert firm_day(currencies, APEX, ct(2026, 11, 26, 10)) is None, "Wednesday's day goes on, and is not in this table"
    assert firm_day(currencies, APEX, ct(2026, 11, 26, 17)) == date(2026, 11, 27)


def test_a_partial_table_is_unknown_between_its_sessions_and_dates_them_ahead():
    partial = msgspec.structs.replace(TABLE, is_partial=True, note="round the clock")
    saturday = moment(partial, ct(2026, 11, 21, 12))
    assert (saturday.phase, saturday.trade_date) == (Phase.UNKNOWN, date(2026, 11, 23))
    assert moment(partial, ct(2026, 11, 26, 13)).trade_date == date(2026, 11, 27)


@pytest.mark.parametrize(
    ("spans", "told"),
    [
        ((), "no span"),
        ((Span(opens=ct(2026, 11, 24, 9), closes=ct(2026, 11, 24, 9)),), "closes before it opens"),
        (
            (
                Span(opens=ct(2026, 11, 24, 9), closes=ct(2026, 11, 24, 11)),
                Span(opens=ct(2026, 11, 24, 10), closes=ct(2026, 11, 24, 12)),
            ),
            "before the span ahead of it closes",
        ),
        ((Span(opens=ct(2026, 11, 20, 9), closes=ct(2026, 11, 20, 11)),), "outside the time"),
        ((Span(opens=datetime(2026, 11, 24, 9), closes=datetime(2026, 11, 24, 11)),), "without a zone"),
    ],
)
def test_an_unsound_table_says_why(spans, told):
    table = SessionTable(
        family=Family.FX,
        since=ct(2026, 11, 23, 17),
        until=ct(2026, 11, 24, 17),
        sessions=(Session(trade_date=date(2026, 11, 24), spans=spans),),
    )
    assert told in faults(table)[0]


def test_trading_windows_hold_by_wall_clock_and_over_midnight():
    day = Window(opens=time(8, 30), closes=time(15), weekdays=(0, 1, 2, 3, 4))
    assert is_within(day, ct(2026, 10, 30, 8, 30))
    assert is_within(day, ct(2026, 11, 2, 8, 30)), "the same wall-clock time after the clocks went back"
    assert not is_within(day, ct(2026, 11, 2, 15))
    assert not is_within(day, ct(2026, 11, 1, 10)), "a Sunday"
    night = Window(opens=time(22), closes=time(2), zone="Europe/London", weekdays=(0,))
    assert is_within(night, datetime(2026, 11, 23, 22, 0, tzinfo=UTC))
    assert is_within(night, datetime(2026, 11, 24, 1, 59, tzinfo=UTC)), "Monday's window, on Tuesday morning"
    assert not is_within(night, datetime(2026, 11, 24, 22, 0, tzinfo=UTC))
    assert is_within(Window(opens=time(17), closes=time(17)), ct(2026, 11, 23, 3))
