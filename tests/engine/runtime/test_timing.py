"""Timings: what is told follows from the calendars and from where each account stands, so each time is told once."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain.copier import Copier
from engine.domain.due import (
    FlatByCame,
    FlatByNeared,
    NewsBegan,
    NewsEnded,
    NewsNeared,
    StretchOpened,
    Timed,
    WindowClosed,
    WindowOpened,
)
from engine.domain.group import FollowerPlan
from engine.domain.hours import Calendar, Knowledge, Window, is_within
from engine.domain.ids import AccountId, GroupId
from engine.domain.news import Coverage, EconomicEvent, Impact, NewsBook, Release
from engine.domain.state import DeskState
from engine.domain.timed import take
from engine.domain.timetable import FlatBy, NewsAction, NewsRule, Times, Timetable, spell
from engine.runtime.timing import Timings
from tests.engine.domain.sessions import ct, equity

PIT = Timetable(windows=(Window(opens=time(8, 30), closes=time(15), weekdays=(0, 1, 2, 3, 4)),))
FLAT = Timetable(flat=(FlatBy(at=time(15, 10), zone="America/Chicago"),))
RED = NewsRule(events="red", before_min=15, after_min=15, action=NewsAction.PAUSE)
NEWS = Timetable(news=(RED,))
CPI_AT = ct(2026, 12, 10, 7, 30)


def copier(table: Timetable, name: str = "A") -> Copier:
    one = Copier(AccountId(name), GroupId("G"), "me", FollowerPlan(account=AccountId(name)))
    one.times = Times(table)
    return one


def timings(*, calendar: bool = True) -> Timings:
    found = Timings()
    if calendar:
        found.learn(Calendar(built_at=datetime(2026, 11, 22, tzinfo=UTC), source="test", tables=(equity(),)))
    return found


def book(*events: datetime, is_whole: bool = True) -> NewsBook:
    told = (
        EconomicEvent(at=at, title="CPI m/m", currency="USD", impact=Impact.HIGH, release=Release.CPI) for at in events
    )
    covers = Coverage(since=ct(2026, 12, 6, 0), until=ct(2026, 12, 13, 0), source="mine", is_whole=is_whole)
    return NewsBook(events=tuple(told), coverage=(covers,))


def hear(accounts: Iterable[Copier], facts: Iterable[Timed]) -> list[Timed]:
    told = list(facts)
    for fact in told:
        for account in accounts:
            if account.account in fact.accounts:
                take(account, fact, [])
    return told


def walk(
    found: Timings, account: Copier, since: datetime, until: datetime, step: timedelta = timedelta(minutes=1)
) -> list[Timed]:
    told: list[Timed] = []
    while since <= until:
        told += hear([account], found.due([account], since))
        since += step
    return told


def test_a_day_of_a_window_is_told_at_its_ends() -> None:
    account = copier(PIT)
    told = walk(timings(), account, ct(2026, 11, 23, 7), ct(2026, 11, 23, 16))
    assert [(type(fact), fact.due) for fact in told] == [
        (WindowClosed, ct(2026, 11, 20, 15)),
        (WindowOpened, ct(2026, 11, 23, 8, 30)),
        (WindowClosed, ct(2026, 11, 23, 15)),
    ]
    assert [fact.until for fact in told if isinstance(fact, WindowClosed)] == [
        ct(2026, 11, 23, 8, 30),
        ct(2026, 11, 24, 8, 30),
    ]


def test_windows_taken_away_open_and_narrower_ones_close_at_once() -> None:
    account, found = copier(PIT), timings()
    now = ct(2026, 11, 23, 16)
    hear([account], found.due([account], now))
    assert account.times is not None
    account.times.table = Timetable()
    assert [type(fact) for fact in hear([account], found.due([account], now))] == [WindowOpened]
    account.times.table = PIT
    assert [type(fact) for fact in hear([account], found.due([account], now + timedelta(1e-5)))] == [WindowClosed]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.builds(
            Window,
            opens=st.times(max_value=time(23, 59)).map(lambda at: at.replace(second=0, microsecond=0)),
            closes=st.times(max_value=time(23, 59)).map(lambda at: at.replace(second=0, microsecond=0)),
            zone=st.sampled_from(["America/Chicago", "Europe/Berlin", "UTC"]),
            weekdays=st.lists(st.integers(0, 6), min_size=1, max_size=7, unique=True).map(tuple),
        ),
        min_size=1,
        max_size=3,
    ).map(tuple),
    st.datetimes(datetime(2026, 12, 1), datetime(2027, 2, 1), timezones=st.just(UTC)),
)
def test_a_spell_is_open_exactly_while_a_window_is(windows: tuple[Window, ...], at: datetime) -> None:
    now = spell(windows, at)
    assert now.is_open == any(is_within(window, at) for window in windows)
    assert now.since is None or now.since <= at
    assert now.until is None or at < now.until
    if now.until is not None and now.since is not None:
        assert spell(windows, now.until).is_open is not now.is_open or now.until - at > timedelta(days=6)


def test_flat_by_is_neared_comes_and_ends_with_the_next_stretch() -> None:
    told = walk(timings(), copier(FLAT), ct(2026, 11, 23, 14), ct(2026, 11, 23, 18))
    assert [(type(fact), fact.due) for fact in told] == [
        (FlatByNeared, ct(2026, 11, 23, 15, 10)),
        (FlatByCame, ct(2026, 11, 23, 15, 9)),
        (StretchOpened, ct(2026, 11, 23, 17)),
    ]
    came = told[1]
    assert isinstance(came, FlatByCame)
    assert (came.by, came.until, came.trade_date) == (
        ct(2026, 11, 23, 15, 10),
        ct(2026, 11, 23, 17),
        date(2026, 11, 23),
    )
    assert not came.is_guess


def test_a_half_day_is_flat_ten_minutes_before_its_close() -> None:
    told = walk(timings(), copier(FLAT), ct(2026, 11, 27, 8), ct(2026, 11, 27, 13))
    assert [fact.due for fact in told if isinstance(fact, FlatByCame)] == [ct(2026, 11, 27, 12, 4)]


def test_the_stricter_of_firm_and_person_counts_on_each_day() -> None:
    table = Timetable(flat=(*FLAT.flat, FlatBy(at=time(15, 45), zone="America/New_York", whose="firm")))
    told = walk(timings(), copier(table), ct(2026, 11, 23, 14), ct(2026, 11, 23, 16))
    assert [fact.due for fact in told if isinstance(fact, FlatByCame)] == [ct(2026, 11, 23, 14, 44)]


def test_without_a_calendar_the_usual_hours_are_taken_and_said_to_be() -> None:
    told = walk(timings(calendar=False), copier(FLAT), ct(2026, 11, 23, 14), ct(2026, 11, 23, 18))
    assert [(type(fact), fact.due) for fact in told][1:] == [
        (FlatByCame, ct(2026, 11, 23, 15, 9)),
        (StretchOpened, ct(2026, 11, 23, 17)),
    ]
    assert [fact.is_guess for fact in told if isinstance(fact, FlatByCame)] == [True]


def test_who_comes_late_or_back_is_told_once_and_everybody_by_himself() -> None:
    found, early, late = timings(), copier(FLAT, "A"), copier(FLAT, "B")
    now = ct(2026, 11, 23, 15, 30)
    assert [fact.accounts for fact in hear([early], found.due([early], now))] == [("A",)]
    assert [fact.accounts for fact in hear([early, late], found.due([early, late], now))] == [("B",)]
    assert found.due([early, late], now) == []
    again = msgspec.msgpack.decode(msgspec.msgpack.encode(early), type=Copier)
    assert timings().due([again], now + timedelta(minutes=5)) == [], "a restart repeats nothing"
    assert [type(fact) for fact in timings().due([again], ct(2026, 11, 23, 19))] == [StretchOpened], "and loses nothing"


def test_news_is_neared_begins_and_ends() -> None:
    found = timings()
    found.learn_news(book(CPI_AT), timedelta(hours=24))
    told = walk(found, copier(NEWS), CPI_AT - timedelta(hours=1), CPI_AT + timedelta(hours=1))
    assert [(type(fact), fact.due) for fact in told] == [
        (NewsNeared, CPI_AT),
        (NewsBegan, CPI_AT - timedelta(minutes=15)),
        (NewsNeared, CPI_AT),
        (NewsEnded, CPI_AT + timedelta(minutes=15)),
    ]
    assert [fact.minutes for fact in told if isinstance(fact, NewsNeared)] == [30, 5]
    (began,) = [fact for fact in told if isinstance(fact, NewsBegan)]
    assert (began.titles, began.is_guess, began.knowledge) == (("CPI m/m",), False, Knowledge.KNOWN)


@pytest.mark.parametrize("known", [Knowledge.UNKNOWN, Knowledge.STALE])
def test_a_calendar_that_nobody_told_is_never_free_of_news(known: Knowledge) -> None:
    found = timings()
    if known is Knowledge.STALE:
        found.learn_news(book(is_whole=False), timedelta(hours=24))
    told = walk(found, copier(NEWS), ct(2026, 12, 10, 7), ct(2026, 12, 10, 16))
    began = [fact for fact in told if isinstance(fact, NewsBegan)]
    assert [fact.due for fact in began] == [
        ct(2026, 12, 10, hour, minute) for hour, minute in ((7, 15), (8, 45), (12, 45))
    ]
    assert {(fact.is_guess, fact.knowledge) for fact in began} == {(True, known)}


def test_news_of_nothing_but_warnings_begins_nothing() -> None:
    found = timings()
    found.learn_news(book(CPI_AT), timedelta(hours=24))
    table = Timetable(news=(msgspec.structs.replace(RED, action=NewsAction.NONE),))
    told = walk(found, copier(table), CPI_AT - timedelta(hours=1), CPI_AT + timedelta(hours=1))
    assert {type(fact) for fact in told} == {NewsNeared}


def test_a_rule_that_was_taken_back_and_a_calendar_that_came_end_a_window() -> None:
    found, account = timings(), copier(NEWS)
    now = ct(2026, 12, 10, 8, 50)
    assert [type(fact) for fact in hear([account], found.due([account], now))] == [NewsBegan], "a guess"
    found.learn_news(book(CPI_AT), timedelta(hours=24))
    assert [type(fact) for fact in hear([account], found.due([account], now))] == [NewsEnded], "it is known now"
    at = CPI_AT + timedelta(minutes=1)
    hear([account], found.due([account], at))
    assert account.times is not None
    account.times.table = Timetable()
    assert [type(fact) for fact in hear([account], found.due([account], at))] == [NewsEnded]


def test_the_trade_date_is_told_when_it_changes() -> None:
    state, found = DeskState(), timings()
    (told,) = found.trade_date(state, ct(2026, 11, 23, 18))
    assert told.trade_date == date(2026, 11, 24)
    state.trade_date, state.closed = told.trade_date, told.closed
    assert found.trade_date(state, ct(2026, 11, 24, 10)) == []
    (usual,) = Timings().trade_date(DeskState(), ct(2026, 11, 23, 18))
    assert usual.trade_date == date(2026, 11, 24), "without a calendar by the usual week"
