"""Rules of time over real sockets: news, flat-by, windows, half days and ending months hold by themselves."""

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from engine.calendar import sessions
from engine.domain.command import Resume
from engine.domain.due import FlatByCame, NewsBegan, NewsEnded, StretchOpened
from engine.domain.hours import Calendar, Family, Session, SessionTable, Span, Window
from engine.domain.ids import AccountId
from engine.domain.timetable import FlatBy, NewsAction, NewsRule, Timetable
from engine.sim import fault
from tests.scenarios.stage import Stage, follower, staged
from tests.scenarios.swift import SwiftClock
from tests.scenarios.test_act import said

A = AccountId("A")
EVENTS = """
covers = { from = 2026-11-01, until = 2026-12-31 }
[[event]]
title = "CPI m/m"
date = 2026-11-23
time = 09:45:00
"""


def utc(hour: int, minute: int, second: int = 1) -> datetime:
    return datetime(2026, 11, 23, hour, minute, second, tzinfo=UTC)


def rule(action: NewsAction) -> Timetable:
    return Timetable(news=(NewsRule(events="red", before_min=1, after_min=1, action=action),))


def files(home: Path, events: str = "") -> None:
    """No feed; a person's own events, if any."""
    (home / "calendar.toml").write_text("[news]\nurls = []\n", encoding="utf-8")
    if events:
        (home / "events.toml").write_text(events, encoding="utf-8")


def hours(home: Path, *closes: datetime, trade_date: date = date(2026, 11, 23), is_short: bool = False) -> None:
    """Stretches that end at ``closes``, the next one an hour later; and some far ones."""
    ends = (*closes, *(closes[-1] + timedelta(days=n) for n in range(1, 20)))
    spans, opens = [], closes[0] - timedelta(days=1)
    for end in ends:
        spans.append(Span(opens=opens, closes=end, is_short=is_short and not spans))
        opens = end + timedelta(hours=1)
    dates = [Session(trade_date=trade_date + timedelta(days=n), spans=(span,)) for n, span in enumerate(spans)]
    table = SessionTable(family=Family.EQUITY, since=spans[0].opens, until=spans[-1].closes, sessions=tuple(dates))
    sessions.write(home, Calendar(built_at=utc(14, 30), source="test", tables=(table,)))


async def at(stage: Stage, moment: datetime, code: str, account: str, count: int = 1) -> None:
    """Turn the clock, and wait until people were told."""
    assert isinstance(stage.clock, SwiftClock)
    stage.clock.turn_to(moment)
    await stage.until(lambda: len(stage.notices(code, account)) >= count, f"{code} of {account}")


def count(stage: Stage, kind: type) -> int:
    return sum(isinstance(entry.event, kind) for entry in stage.entries())


async def test_news_pauses_one_closes_another_and_a_restart_inside_repeats_nothing(tmp_path: Path) -> None:
    files(tmp_path, EVENTS)
    closed = Timetable(windows=(Window(opens=time(0), closes=time(14, 40), zone="UTC"),))
    tables = {"A": rule(NewsAction.PAUSE), "B": rule(NewsAction.FLATTEN), "D": closed}
    async with staged(
        tmp_path, [follower(name) for name in "ABCD"], clock=SwiftClock(10.0), timetables=tables
    ) as stage:
        stage.lead(2)
        await stage.until_held(dict.fromkeys("ABCD", 2))
        await at(stage, utc(14, 40), "news.soon", "A")
        await at(stage, utc(14, 40), "hours.closed", "D")
        await at(stage, utc(14, 44), "news.begin", "A")
        await stage.until(lambda: bool(stage.notices("dd.flat", "B")), "proven flat")
        stage.lead(1)
        await stage.until_held({"A": 2, "B": 0, "C": 3, "D": 2})
        await stage.close_engine()
        await stage.open_engine()
        stage.lead(-2)
        await stage.until_held({"A": 1, "B": 0, "C": 1, "D": 1})
        stage.lead(1)
        await stage.until_held({"A": 1, "B": 0, "C": 2, "D": 1})
        stage.act(Resume(accounts=(A,)), "early")
        await stage.until(lambda: bool(said(stage, "early", "A")), "answered")
        assert said(stage, "early", "A")[0].startswith("failed: news pause until ")
        await at(stage, utc(14, 46), "news.end", "A")
        assert "NOT JOINED: holds +1 NQZ6, the leader's position would give +2" in stage.notices("news.end", "A")[0]
        stage.lead(1)
        await stage.until_held({"A": 2, "B": 1, "C": 3, "D": 1})
        assert (count(stage, NewsBegan), count(stage, NewsEnded)) == (2, 2)
        assert len(stage.notices("news.begin", "A")) == len(stage.notices("hours.closed", "D")) == 1
        stage.assert_no_double()


async def test_without_a_news_calendar_the_usual_times_pause_and_say_so(tmp_path: Path) -> None:
    files(tmp_path)
    async with staged(
        tmp_path,
        [follower("A"), follower("B")],
        clock=SwiftClock(10.0),
        timetables={"A": rule(NewsAction.FLATTEN)},
    ) as stage:
        stage.lead(1)
        await stage.until_held({"A": 1, "B": 1})
        await at(stage, utc(14, 59), "news.begin", "A")
        (told,) = stage.notices("news.begin", "A")
        assert "the news calendar is unknown" in told
        assert "NOT closed on a guess" in told
        stage.lead(1)
        await stage.until_held({"A": 1, "B": 2})
        stage.lead(-2)
        await stage.until_held({"A": 0, "B": 0})


async def test_a_half_day_ends_flat_through_refusals_and_a_restart(tmp_path: Path) -> None:
    """The firm's own time is hours away; ten minutes before the early close, and one ahead, counts."""
    files(tmp_path)
    hours(tmp_path, utc(15, 0, 0), is_short=True)
    table = Timetable(flat=(FlatBy(at=time(21, 10), zone="UTC", whose="firm"),))
    async with staged(
        tmp_path, [follower("A"), follower("B")], clock=SwiftClock(10.0), timetables={"A": table}
    ) as stage:
        stage.lead(2)
        await stage.until_held({"A": 2, "B": 2})
        await at(stage, utc(14, 45), "acct.rule", "A")
        assert "must be flat by 14:50 UTC" in stage.notices("acct.rule", "A")[0]
        stage.fault(fault.Refuse(account="A", count=4))
        await at(stage, utc(14, 49), "exit.refused", "A")
        await stage.close_engine()
        await stage.open_engine()
        await stage.until(lambda: bool(stage.notices("dd.flat", "A")), "proven flat")
        assert (stage.held("A"), stage.held("B")) == (0, 2)
        assert "(flat by 14:50 UTC)" in stage.notices("dd.flat", "A")[0]
        stage.lead(1)
        await stage.until_skipped("A", ("hold", 1))
        await at(stage, utc(16, 0), "hours.opened", "A")
        stage.lead(1)
        await stage.until_held({"A": 1, "B": 4})
        assert (count(stage, FlatByCame), count(stage, StretchOpened)) == (1, 1)
        stage.assert_no_double()


async def test_in_roll_week_another_month_and_an_ended_one_are_refused_and_exits_pass(tmp_path: Path) -> None:
    files(tmp_path)
    last = date(2026, 12, 18)
    hours(tmp_path, utc(21, 0), trade_date=last)
    async with staged(
        tmp_path, [follower("A", symbols={"NQZ6": "NQH7"}), follower("B")], clock=SwiftClock(10.0)
    ) as stage:
        stage.lead(2)
        await stage.until_held({"B": 2})
        await stage.until_skipped("A", ("rollover", 2))
        assert stage.notices("copy.unmapped", "A") == ["A: no entry in NQH7, leader trades NQZ6, this follower NQH7"]
        hours(tmp_path, utc(21, 0), trade_date=last + timedelta(days=3))
        await stage.until(
            lambda: stage.engine.shard.desk.state.trade_date == last + timedelta(days=3), "the date is heard"
        )
        stage.lead(1)
        await stage.until_skipped("B", ("expired", 1))
        assert "NQZ6 last trade 2026-12-18, trade date 2026-12-21" in stage.notices("copy.unmapped", "B")[0]
        stage.lead(-3)
        await stage.until_held({"B": 0})
        assert stage.received("A") == []
