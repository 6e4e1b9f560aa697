"""What was earned: by futures days, kept over restarts, nothing invented for days that nobody saw."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.api.client import EngineClient, EngineError
from engine.domain.tradedate import trade_date
from engine.service.curve import EVERY, Curve, Kept
from engine.service.shelf import Shelf
from tests.bot.double import account
from tests.engine.service.conftest import Office
from tests.engine.service.hot import Hot

MONDAY = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


def seen(profit: int, equity: int = 50_000) -> list:
    return [account("A", day_profit=Decimal(profit), equity=Decimal(equity)), account("B", day_profit=None)]


@pytest.mark.parametrize(
    ("at", "day"),
    [
        ("2026-11-23T22:59:00+00:00", date(2026, 11, 23)),  # 16:59 in Chicago, 17:59 in New York
        ("2026-11-23T23:00:00+00:00", date(2026, 11, 24)),
        ("2026-11-20T23:00:00+00:00", date(2026, 11, 23)),  # Friday evening
        ("2026-11-22T22:30:00+00:00", date(2026, 11, 23)),  # before Sunday's opening
    ],
)
def test_a_day_is_the_trade_date_that_everybody_counts_by(at: str, day: date) -> None:
    now = datetime.fromisoformat(at)
    assert trade_date(now) == day
    curve = Curve()
    curve.note(seen(5), now)
    assert (curve.pnl(seen(5), now).day, list(curve.kept.days["A"])) == (day, [day])


def test_day_week_and_month_are_sums_of_what_was_seen() -> None:
    curve = Curve()
    for days, profit in ((-4, 100), (0, -30), (1, 50), (2, 20)):
        curve.note(seen(profit), MONDAY + timedelta(days=days))
    view = curve.pnl(seen(25), MONDAY + timedelta(days=2))
    one, other = view.lines
    assert (one.day, one.week, one.month, one.since) == (25, 45, 145, date(2026, 11, 19))
    assert (other.day, other.week, other.since) == (None, 0, None)


def test_a_day_is_noted_once_more_just_before_its_trading_ends() -> None:
    curve, end = Curve(), datetime(2026, 11, 23, 22, 0, tzinfo=UTC)
    curve.note(seen(100), end - timedelta(minutes=2))
    assert not curve.is_due(end - timedelta(seconds=6))
    assert curve.is_due(end - timedelta(seconds=5))
    curve.note(seen(180), end - timedelta(seconds=5))
    assert not curve.is_due(end + timedelta(minutes=4))
    assert not curve.is_due(end + timedelta(minutes=59)), "a broker may count his next day already"
    assert not Curve().is_due(end + timedelta(minutes=30))
    turn = end + timedelta(hours=1)
    assert curve.is_due(turn)
    curve.note(seen(0), turn)
    (days, _) = curve.curves(seen(0), 2, turn)
    assert [point.profit for point in days.points] == [180, 0]


def test_whoever_slept_through_the_end_of_trading_notes_nothing_of_the_hour_after_it() -> None:
    curve, end = Curve(), datetime(2026, 11, 23, 22, 0, tzinfo=UTC)
    curve.note(seen(100), end - timedelta(minutes=9))
    assert curve.is_due(end + timedelta(minutes=4))
    assert not curve.is_due(end + timedelta(minutes=6))


@given(st.lists(st.tuples(st.integers(1, 400), st.integers(-500, 500)), max_size=60))
def test_what_is_kept_gives_the_same_figures(steps: list[tuple[int, int]]) -> None:
    curve, now = Curve(), MONDAY
    for minutes, profit in steps:
        now += timedelta(minutes=minutes)
        if curve.is_due(now):
            curve.note(seen(profit, 50_000 + profit), now)
    again = Curve(msgspec.msgpack.decode(msgspec.msgpack.encode(curve.kept), type=Kept))
    assert again.pnl(seen(1), now) == curve.pnl(seen(1), now)
    for days in (1, 30):
        assert again.curves(seen(1), days, now) == curve.curves(seen(1), days, now)
    points = curve.kept.points.get("A", [])
    assert all(later.at - earlier.at >= EVERY for earlier, later in pairwise(points))


def test_looking_notes_nothing_and_shows_where_an_account_stands_now() -> None:
    curve = Curve()
    curve.note(seen(100), MONDAY - timedelta(days=4))
    curve.note(seen(-30), MONDAY)
    before = msgspec.msgpack.encode(curve.kept)
    later = MONDAY + timedelta(minutes=2)
    today, other = curve.curves(seen(25), 1, later)
    assert [(point.at, point.profit) for point in today.points] == [(MONDAY, -30), (later, 25)]
    assert other.points == ()
    ends, _ = curve.curves(seen(25), 2, later)
    assert [point.profit for point in ends.points] == [100, 25]
    assert msgspec.msgpack.encode(curve.kept) == before


def test_a_file_that_cannot_be_read_is_begun_anew(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "curve.msgpack", Kept)
    assert shelf.take() is None
    (tmp_path / "curve.msgpack").write_bytes(b"nonsense")
    assert shelf.take() is None
    assert shelf.is_due(1)
    shelf.put(msgspec.msgpack.encode(Kept()), 1)
    assert not shelf.is_due(1)
    assert shelf.take() == Kept()


async def test_profit_points_and_the_days_report_over_the_api(office: Office, hot: Hot) -> None:
    hot.answer(hot.lead(2))
    client = EngineClient(office.url, office.token)
    view = await client.pnl("all")
    assert {line.account for line in view.lines} >= {"A", "B"}
    assert [curve.account for curve in await client.curve(1, "A")] == ["A"]
    with pytest.raises(EngineError, match="no account, group or #tag"):
        await client.pnl("nobody")
    with pytest.raises(EngineError, match="write a date such as"):
        await client.report("yesterday")
    report = await client.report("2026-11-20", files=True)
    assert report.text
    assert not report.files  # a day on which nothing was copied has none
    await client.close()
