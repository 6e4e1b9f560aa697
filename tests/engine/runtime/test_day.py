"""Days: each turn of a firm's day is told once to the accounts that have not heard of it."""

from datetime import UTC, datetime, time, timedelta

import msgspec

from engine.domain.copier import Copier
from engine.domain.event import DayClosed, DayStarted
from engine.domain.group import FollowerPlan
from engine.domain.hours import Calendar, DayClock
from engine.domain.ids import AccountId, GroupId
from engine.domain.intake import EntryPlan, Intake, IntakePlan
from engine.domain.keeping import Kept
from engine.runtime.day import Days
from tests.engine.domain.sessions import ct, equity
from tests.engine.domain.test_stopout import keeping

NEW_YORK = DayClock(zone="America/New_York", day_start=time(18), cut_off=time(17), flat_by=time(16, 59))


def copier(name: str, turned_at: datetime | None) -> Copier:
    one = Copier(AccountId(name), GroupId("G"), "me", FollowerPlan(account=AccountId(name)))
    one.kept, one.is_synced = Kept(keeping()), True
    one.kept.turned_at = turned_at
    return one


def days() -> Days:
    found = Days()
    found.learn(Calendar(built_at=datetime(2026, 11, 22, tzinfo=UTC), source="test", tables=(equity(),)))
    return found


def test_a_day_is_cut_off_and_the_next_one_starts() -> None:
    monday = ct(2026, 11, 23, 10)
    accounts = [copier("A", monday), copier("B", monday + timedelta(hours=6, minutes=30))]
    told = days().due(accounts, ct(2026, 11, 23, 18))
    assert [(type(one), one.due, one.accounts, str(one.trade_date)) for one in told] == [
        (DayClosed, ct(2026, 11, 23, 16), ("A",), "2026-11-23"),
        (DayStarted, ct(2026, 11, 23, 17), ("A", "B"), "2026-11-24"),
    ]


def test_nothing_is_told_without_hours_without_a_ledger_or_off_the_line() -> None:
    now, then = ct(2026, 11, 25, 10), ct(2026, 11, 23, 10)
    away = copier("A", then)
    away.is_synced = False
    assert Days().due([copier("A", then)], now) == []
    assert days().due([copier("A", None), away], now) == []


def test_every_day_that_was_slept_through_is_told_in_order() -> None:
    told = days().due([copier("A", ct(2026, 11, 23, 10))], ct(2026, 11, 25, 10))
    assert [type(one) for one in told] == [DayClosed, DayStarted] * 2
    assert [one.due for one in told] == sorted(one.due for one in told)


def test_a_start_at_the_instant_of_a_cut_off_is_not_lost_between_them() -> None:
    """The process may die between the two: each kind of turn counts by itself."""
    clock = DayClock(zone="America/Chicago", day_start=time(17), cut_off=time(17), flat_by=time(16))
    account = copier("A", ct(2026, 11, 23, 10))
    assert account.kept is not None
    account.kept.keeping = msgspec.structs.replace(keeping(), clock=clock)
    now = ct(2026, 11, 23, 17, 1)
    cut, start = days().due([account], now)
    assert (type(cut), type(start), cut.due) == (DayClosed, DayStarted, start.due)
    assert account.kept.turn(cut.due, is_cut=True)
    assert days().due([account], now) == [start]
    assert account.kept.turn(start.due, is_cut=False)
    assert days().due([account], now) == []
    assert not account.kept.turn(start.due, is_cut=False), "told twice it counts once"
    assert not account.kept.turn(cut.due, is_cut=True)


def test_an_account_that_only_counts_its_entries_hears_of_starts_alone_and_once() -> None:
    account = copier("A", None)
    account.kept, account.intake = None, Intake(IntakePlan(entries=EntryPlan(), clock=NEW_YORK), ct(2026, 11, 23, 10))
    assert days().due([account], ct(2026, 11, 23, 16, 30)) == []
    (start,) = days().due([account], ct(2026, 11, 23, 18))
    assert (type(start), start.due) == (DayStarted, ct(2026, 11, 23, 17))
