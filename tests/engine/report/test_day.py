"""A day folded from the journal that the true desk and the true log made."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from engine.domain.command import Flatten, Resize
from engine.domain.entry import decode_entry
from engine.domain.event import FillBusted, Holding, OrderFilled, PersonActed, SnapshotTaken
from engine.domain.ids import AccountId, FillId, Symbol
from engine.domain.tradedate import before, bounds, trade_date
from engine.report.evidence import Report
from engine.report.reader import fold, report
from engine.report.shortfall import Cause
from engine.report.source import Source
from engine.report.table import COLUMNS, write
from engine.report.text import text
from engine.storage.tail import read
from tests.engine.report.stage import TICK, Stage, walk
from tests.engine.service.hot import LEAD, NQ, A, B

GOLDEN = Path(__file__).parent / "golden"
DAY = date(2026, 11, 23)
POINT = 20


def of(stage: Stage, day: date = DAY, days: int = 0) -> Report:
    return report(Source(stage.log.directory, None), day, days)


def account(found: Report, name: AccountId):
    return next(one for one in found.accounts if one.account == name)


def test_a_trade_date_turns_at_five_in_chicago_and_friday_evening_is_monday():
    assert trade_date(datetime(2026, 11, 23, 22, 59, tzinfo=UTC)) == DAY
    assert trade_date(datetime(2026, 11, 23, 23, 0, tzinfo=UTC)) == date(2026, 11, 24)
    assert trade_date(datetime(2026, 11, 20, 23, 0, tzinfo=UTC)) == DAY
    assert trade_date(datetime(2026, 7, 1, 22, 0, tzinfo=UTC)) == date(2026, 7, 2)  # summer time
    assert bounds(DAY) == (datetime(2026, 11, 20, 23, tzinfo=UTC), datetime(2026, 11, 23, 23, tzinfo=UTC))
    assert before(DAY, 3) == [date(2026, 11, 18), date(2026, 11, 19), date(2026, 11, 20)]


def story(stage: Stage) -> Stage:
    """Two round trips: one with slippage and a refused entry, one with a hand; a balance that paid fees."""
    stage.begin()
    sends = stage.go(2)
    stage.settle(sends)
    stage.quote("20010")
    first = stage.go(1)[0]
    stage.seconds += 0.03
    for client, name, _, _ in first.lots:
        stage.refuse(client, name)
    stage.quote("20020")
    stage.settle(stage.go(-3), lambda name: 2 if name == A else -1)
    stage.quote("20000", 3600)
    stage.settle(stage.go(-1), lambda name: 0)
    stage.hit(None, A, NQ, 1, stage.price)
    stage.quote("19990", 3600)
    stage.settle(stage.go(1), lambda name: 0)
    stage.balance(A, "50765.40")
    return stage


def test_text_and_csv_as_they_stand(stage: Stage, tmp_path: Path):
    found = of(story(stage))
    (tmp_path / "day.csv").unlink(missing_ok=True)
    write(found, tmp_path / "day.csv")
    assert text(found) == (GOLDEN / "day.txt").read_text("utf-8")
    assert (tmp_path / "day.csv").read_bytes().decode() == (GOLDEN / "day.csv").read_bytes().decode()
    assert max(map(len, text(found).splitlines())) <= 80
    header = (tmp_path / "day.csv").read_text("utf-8").splitlines()[0]
    assert tuple(header.split(",")) == COLUMNS


def test_money_by_cause_in_a_story_that_is_known(stage: Stage):
    found = of(story(stage))
    a, b = account(found, A), account(found, B)
    # the leader: 2 at 20000 and 1 at 20010, out at 20020; 1 short at 20000, back at 19990: 1200; A is as large, B half
    assert a.ideal == Decimal(1200)
    assert b.ideal == Decimal(600)
    # A: in 2 at 20000.25, out at 20019.50; short at 20000, back by hand at 20000
    assert a.profit == Decimal(770)
    assert a.parts[Cause.PRICE] == -Decimal("0.75") * 2 * POINT
    assert a.parts[Cause.REFUSED] == -10 * POINT
    assert a.parts[Cause.HAND] == -10 * POINT
    assert a.fees == Decimal("4.60") == -a.parts[Cause.FEES]
    assert a.difference == a.profit - a.ideal - a.fees
    assert b.fees is None
    assert b.difference == b.profit - b.ideal
    assert b.parts[Cause.ROUNDING] == -Decimal("0.5") * 20 * POINT
    assert a.quality == {"ok": 3, "refused": 1}
    assert a.reasons == {("refused", "Margin not enough"): 1}


@pytest.mark.parametrize("seed", range(12))
def test_a_random_day_adds_up(stage: Stage, seed: int):
    stage.begin()
    walk(stage, seed, 40, (A, B))
    found = of(stage)
    mark, points = Fraction(stage.price), {LEAD: Fraction(0), A: Fraction(0), B: Fraction(0)}
    for record in read(stage.log.directory):
        event = decode_entry(record.payload).event
        if isinstance(event, OrderFilled):
            points[event.account] += event.quantity * (mark - Fraction(event.price))
    for name, ratio in ((A, Fraction(1)), (B, Fraction(1, 2))):
        figures = account(found, name)
        assert Fraction(figures.profit) == points[name] * POINT
        assert Fraction(figures.ideal) == points[LEAD] * ratio * POINT
        exact = sum((sum(row.parts.values()) for row in found.rows if row.account == name), Fraction(0))
        assert exact == (points[name] - points[LEAD] * ratio) * POINT
        assert figures.difference == figures.profit - figures.ideal
        assert figures.curve[-1] == (found.last_at, figures.profit)


@pytest.mark.parametrize("seed", range(3))
def test_stages_come_in_their_order_and_are_never_negative(stage: Stage, seed: int):
    stage.begin()
    walk(stage, seed, 40, (A, B))
    day = fold(Source(stage.log.directory, None), 1, stage.log.next_seq)
    assert day.begun
    for copy in day.lineage.copies.values():
        for order in copy.orders:
            times = [order.heard_at, day.begun.get(order.client), order.sent_at, order.answered_at, order.filled_at]
            known = [time for time in times if time is not None]
            assert known == sorted(known)
    for row in of(stage).rows:
        assert all(span >= 0 for span in row.stages.values())
        assert row.place is None or 1 <= row.place <= row.places


def test_a_set_clock_makes_no_negative_delay(stage: Stage):
    stage.begin()
    sends = stage.go(2)
    stage.seconds -= 3600
    stage.settle(sends)
    row = next(row for row in of(stage).rows if row.account == A)
    assert row.stages.keys() == {"decide", "hand"}


def test_nobody_is_always_last(stage: Stage):
    stage.begin()
    for _ in range(10):
        stage.settle(stage.go(2))
        stage.settle(stage.go(-2))
    found = of(stage)
    for name in (A, B):
        place = account(found, name).place
        assert (place.count, place.of, place.mean) == (20, 2, 1.5)
        assert place.first == place.last == 10


def test_a_trip_is_a_position_from_flat_to_flat(stage: Stage):
    stage.begin()
    steps = [(2, "20000"), (1, "20010"), (-5, "20020"), (2, "20030"), (1, "20000"), (-1, "20000")]
    for quantity, price in steps:  # long 3, turned to short 2, flat, long 1, flat
        stage.quote(price)
        stage.settle(stage.go(quantity), lambda name: 0)
    figures = account(of(stage), LEAD)
    assert (figures.trips, figures.wins) == (3, 1)  # +50 points, -20, 0
    line = account(of(stage), A).line
    assert (line.trips, line.wins, line.copies, line.failed, line.slip_ticks) == (3, 1, 6, 0, 0)
    assert line.profit == figures.profit == 30 * POINT


def test_what_a_person_did_and_what_the_day_began_with(stage: Stage):
    stage.begin()
    stage.settle(stage.go(2))
    stage.seconds = 8.55 * 3600  # 17:03 in Chicago
    stage.quote("20100")
    flatten = PersonActed(at=stage.at, key="k", by="ann", command=Flatten(accounts=(A,)))
    sends = [decision for decision in stage.hear(flatten) if hasattr(decision, "lots")]
    stage.leave(sends, stage.at)
    stage.settle(sends, lambda name: 0)
    stage.quote("20110")
    stage.settle(stage.go(-2), lambda name: 0)
    found = of(stage, date(2026, 11, 24))
    a, b = account(found, A), account(found, B)
    # everybody begins the day with what he held, at the price of then: 20000; the new price is the day's own
    assert (a.profit, a.ideal) == (Decimal(2 * 100 * POINT), Decimal(2 * 110 * POINT))
    assert a.parts == {Cause.HAND: Decimal(-2 * 10 * POINT)}
    assert b.parts == {}
    assert b.ideal == b.profit == Decimal(110 * POINT)
    assert any(row.reason == "flatten by ann" for row in found.rows)
    assert "by ann" not in text(of(stage))


def test_a_fill_that_only_a_snapshot_told_and_one_that_came_after_it(stage: Stage):
    stage.begin()
    sends = stage.go(2)
    stage.seconds += 5
    held = (Holding(symbol=NQ, net=2, price=Decimal("20000.50")),)
    client = next(lot[0] for lot in sends[0].lots if lot[1] == A)
    late = FillId(f"f{stage.fills + 1}")
    stage.hear(SnapshotTaken(at=stage.at, account=A, holdings=held, orders=(), fills=(late,)))
    assert account(of(stage), A).profit == 0  # taken in at the mark
    stage.hit(client, A, NQ, 2, Decimal("20000.50"))
    figures = account(of(stage), A)
    assert figures.profit == figures.difference == -Decimal("0.5") * 2 * POINT


def test_a_fill_that_was_taken_back(stage: Stage):
    stage.begin()
    stage.settle(stage.go(2), lambda name: 4)
    fill = FillId(f"f{stage.fills}")
    busted = next(
        event
        for record in read(stage.log.directory)
        if isinstance(event := decode_entry(record.payload).event, OrderFilled) and event.fill == fill
    )
    name, quantity, price = busted.account, busted.quantity, busted.price
    stage.hear(FillBusted(at=stage.at, account=name, fill=fill, symbol=NQ, quantity=quantity, price=price))
    stage.quote(stage.price + 4 * TICK)
    figures = account(of(stage), name)
    assert figures.profit == 0
    assert figures.difference == -figures.ideal


def test_a_resize_counts_from_the_leaders_next_fill(stage: Stage):
    stage.begin()
    stage.hear(PersonActed(at=stage.at, key="k", by="ann", command=Resize(accounts=(A,), factor=Decimal(2))))
    stage.balance(A, "50000")
    stage.settle(stage.go(1), lambda name: 0)
    stage.quote("20010")
    stage.settle(stage.go(-1), lambda name: 0)
    assert account(of(stage), A).ideal == Decimal(2 * 10 * POINT)


def test_an_unknown_product_is_left_out_of_the_money_and_said(stage: Stage):
    stage.begin()
    stage.settle(stage.go(2))
    stage.hit(None, A, Symbol("XXXZ6"), 1, Decimal(5))
    assert "XXXZ6: its point has no known value; left out of all money" in text(of(stage))


def test_a_journal_that_begins_within_the_day_says_so(stages: Callable[..., Stage]):
    stage = stages(segment_bytes=4096)
    stage.begin()
    for _ in range(12):
        stage.settle(stage.go(2))
        stage.settle(stage.go(-2))
    oldest, *others = sorted(stage.log.directory.glob("*.log"))
    assert others
    oldest.unlink()
    found = of(stage)
    assert found.rows
    assert "what it began with is not known" in " ".join(text(found).split())
