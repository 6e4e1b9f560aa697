"""Limits over real sockets: a falling price is told, the account is stopped, flattened until proven, and locked."""

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

from msgspec.structs import replace

from engine.calendar import sessions
from engine.domain.command import Resume, Unlock
from engine.domain.event import DayStarted
from engine.domain.group import Multiplier
from engine.domain.hours import Calendar, DayClock, Family, Session, SessionTable, Span
from engine.domain.ids import AccountId
from engine.domain.keeping import Keeping
from engine.domain.limit import Action, LimitPlan, LimitsPlan
from engine.domain.terms import DailyLoss, Terms, Trail
from engine.service.risk import risk_view
from engine.sim import fault
from tests.scenarios.stage import Stage, follower, staged
from tests.scenarios.swift import SwiftClock
from tests.scenarios.test_act import said
from tests.scenarios.test_line import cut, mend

A = AccountId("A")
SEVEN = [follower(name) for name in "ABCDEFG"]
START = Decimal(50_000)
PIT = DayClock(zone="America/New_York", day_start=time(18), cut_off=time(17), flat_by=time(16, 59))


def keeping(clock: DayClock = PIT, *, daily: bool = True) -> Keeping:
    """2,500 down; a soft daily limit of 1,000."""
    dll = DailyLoss(amount=Decimal(1_000)) if daily else None
    terms = Terms(start_balance=START, drawdown=Decimal(2_500), mode=Trail.INTRADAY_EQUITY, dll=dll)
    return Keeping(terms=terms, clock=clock)


def calendar(home: Path, now: datetime, opens: datetime) -> None:
    """Trading hours whose next trade date opens at ``opens``."""
    before = Span(opens=opens - timedelta(days=3), closes=opens - timedelta(hours=1))
    after = Span(opens=opens, closes=opens + timedelta(hours=22))
    far = Span(opens=opens + timedelta(days=30), closes=opens + timedelta(days=30, hours=22))
    dates = [Session(trade_date=span.closes.date(), spans=(span,)) for span in (before, after, far)]
    table = SessionTable(family=Family.EQUITY, since=before.opens, until=far.closes, sessions=tuple(dates))
    sessions.write(home, Calendar(built_at=now, source="test", tables=(table,)))


async def down(stage: Stage, *prices: str) -> None:
    """The market trades lower, and each price is heard."""
    for price in prices:
        stage.price(price)
        await stage.until(
            lambda price=price: any(
                quote.last == Decimal(price) for quote in stage.engine.shard.desk.state.quotes.values()
            ),
            price,
        )


async def test_one_of_seven_is_stopped_and_six_go_on(tmp_path: Path) -> None:
    clock = SwiftClock(1.0)
    calendar(tmp_path, clock.now(), clock.now() + timedelta(days=1))
    async with staged(
        tmp_path, SEVEN, clock=clock, keepings={"A": keeping()}, balances=dict.fromkeys("ABCDEFG", START)
    ) as stage:
        stage.lead(2)
        await stage.until_held(dict.fromkeys("ABCDEFG", 2))
        await down(stage, "20981", "20978", "20975")
        await stage.until(lambda: bool(stage.notices("dd.flat", "A")), "proven flat")
        assert stage.held("A") == 0
        assert [stage.held(name) for name in "BCDEFG"] == [2] * 6
        assert [text.split(" %")[0] for text in stage.notices("dd.warn", "A")] == [
            "A: daily loss 77",
            "A: daily loss 89",
        ]
        (hard,) = stage.notices("dd.hard")
        assert hard.endswith("→ flattening, locked until the next day")
        stage.lead(1)
        await stage.until_held(dict.fromkeys("BCDEFG", 3))
        await stage.until_skipped("A", ("hold", 1))
        stage.lead(-3)
        await stage.until_held(dict.fromkeys("ABCDEFG", 0))
        stage.assert_no_double()


async def test_an_account_stops_at_the_tick_that_was_stated_and_not_one_before(tmp_path: Path) -> None:
    """A ladder of three: A is stopped by this desk, B with its micros lower
    down, C by the broker's own rule, at its line."""
    last = LimitPlan(
        warn_at=(), act_at=Decimal(1), ticks_ahead=0, actions=(Action.WARN,)
    )  # the firm's line, and only a word
    told_only = replace(keeping(), limits=LimitsPlan(max_loss=last, daily_loss=last))
    clock = SwiftClock(10.0)
    calendar(tmp_path, clock.now(), clock.now() + timedelta(days=1))
    async with staged(
        tmp_path,
        [follower("A"), follower("B", symbols={"NQ": "MNQ"}, sizing=Multiplier(ratio=Decimal("0.9"))), follower("C")],
        clock=clock,
        keepings={"A": keeping(), "B": keeping(), "C": told_only},
        balances=dict.fromkeys("ABC", START),
        rules={"C": {"daily_loss_auto_liq": Decimal(1_000)}},
    ) as stage:
        stage.lead(2)
        await stage.until_held({"A": 2, "C": 2})
        await stage.until_held({"B": 18}, "MNQZ6")
        state = stage.engine.shard.desk.state
        stops = {"A": Decimal("20976.50"), "B": Decimal("20974.00"), "C": Decimal("20975.25")}

        def stated() -> dict[str, Decimal | None]:
            view = risk_view([AccountId(name) for name in "ABC"], state.copiers, state.quotes)
            return {limit.account: limit.stop for limit in view.limits if limit.limit == "daily_loss"}

        for price in range(20990, 20979, -1):  # balances, fees and all, count from the first mark after they are sure
            await down(stage, str(price))
            await stage.stand(1)
            if stated() == stops:
                break
        assert stated() == stops

        def gone() -> set[str]:
            symbols = {"A": "NQZ6", "B": "MNQZ6", "C": "NQZ6"}
            return {name for name, symbol in symbols.items() if not stage.held(name, symbol)}

        tick, falls = Decimal("0.25"), set[str]()
        for name, stop in sorted(stops.items(), key=lambda item: -item[1]):
            await down(stage, str(stop + tick))
            await stage.stand(1)
            assert gone() == falls, f"{name} must not fall at {stop + tick}"
            falls.add(name)
            await down(stage, str(stop))
            await stage.until(lambda: gone() == falls, f"{name} falls at {stop}")
        assert stage.notices("dd.hard", "A")
        assert stage.notices("dd.hard", "B")
        assert not stage.notices("dd.hard", "C"), "its broker was first"


async def test_a_daily_lock_ends_with_the_firms_next_day_by_the_kept_hours(tmp_path: Path) -> None:
    clock = SwiftClock(20.0)
    opens = clock.now().astimezone(UTC) + timedelta(hours=2)
    calendar(tmp_path, clock.now(), opens)
    own = DayClock(zone="UTC", day_start=opens.time(), cut_off=opens.time(), flat_by=opens.time())
    async with staged(
        tmp_path, [follower("A")], clock=clock, keepings={"A": keeping(own)}, balances={"A": START}
    ) as stage:
        stage.lead(2)
        await stage.until_held({"A": 2})
        await down(stage, "20975")
        await stage.until(lambda: bool(stage.notices("dd.flat", "A")), "proven flat")
        stage.act(Resume(accounts=(A,)), "early")
        await stage.until(lambda: bool(said(stage, "early", "A")), "answered")
        assert "locked until the firm's next day" in said(stage, "early", "A")[0]
        clock.turn_to(opens)
        await stage.until(lambda: bool(stage.notices("dd.lifted", "A")), "a new day")
        assert sum(isinstance(entry.event, DayStarted) for entry in stage.entries()) == 1
        assert stage.held("A") == 0
        stage.lead(1)
        await stage.until_held({"A": 1})


async def test_a_refused_close_is_told_and_kept_at(tmp_path: Path) -> None:
    clock = SwiftClock(20.0)
    calendar(tmp_path, clock.now(), clock.now() + timedelta(days=1))
    async with staged(
        tmp_path, [follower("A"), follower("B")], clock=clock, keepings={"A": keeping()}, balances={"A": START}
    ) as stage:
        stage.lead(2)
        await stage.until_held({"A": 2, "B": 2})
        stage.fault(fault.Refuse(account="A", count=4))
        await down(stage, "20975")
        await stage.until(lambda: bool(stage.notices("dd.flat", "A")), "proven flat")
        assert stage.notices("exit.refused", "A")
        assert stage.held("A") == 0
        assert stage.held("B") == 2


async def test_a_floor_and_a_lock_outlive_a_restart(tmp_path: Path) -> None:
    clock = SwiftClock(1.0)
    calendar(tmp_path, clock.now(), clock.now() + timedelta(days=1))
    async with staged(
        tmp_path, [follower("A")], clock=clock, keepings={"A": keeping(daily=False)}, balances={"A": START}
    ) as stage:
        stage.lead(2)
        await stage.until_held({"A": 2})
        await down(stage, "21025")
        await stage.until(lambda: floor(stage) == Decimal(48_490), "the floor has risen")  # bought at the offer
        await stage.close_engine()
        await stage.open_engine()
        assert floor(stage) == Decimal(48_490)
        await down(stage, "20964")
        await stage.until(lambda: bool(stage.notices("dd.flat", "A")), "proven flat")
        await stage.close_engine()
        await stage.open_engine()
        stage.lead(1)
        await stage.until_skipped("A", ("hold", 1))
        stage.act(Unlock(accounts=(A,)), "unlock")
        stage.lead(1)
        await stage.until_held({"A": 1})


async def test_an_account_that_is_off_its_line_is_stopped_when_it_is_back(tmp_path: Path) -> None:
    clock = SwiftClock(5.0)
    calendar(tmp_path, clock.now(), clock.now() + timedelta(days=1))
    accounts = [follower("B"), follower("A")]  # prices come by the first login
    async with staged(
        tmp_path, accounts, per_login=1, clock=clock, keepings={"A": keeping()}, balances={"A": START}
    ) as stage:
        stage.lead(2)
        await stage.until_held({"A": 2, "B": 2})
        await down(stage, "20999")
        await cut(stage, "login2")
        await down(stage, "20975")
        await stage.until(lambda: bool(stage.notices("dd.hard", "A")), "its limit has acted")
        assert stage.notices("dd.hard", "A")[0].endswith("; OFFLINE, goes on when the line is back")
        assert stage.held("A") == 2
        await mend(stage)
        await stage.until(lambda: bool(stage.notices("dd.flat", "A")), "proven flat")
        assert (stage.held("A"), stage.held("B")) == (0, 2)
        stage.assert_no_double()


async def test_a_restart_inside_a_stop_goes_on_with_it_until_flat_is_proven(tmp_path: Path) -> None:
    clock = SwiftClock(5.0)
    calendar(tmp_path, clock.now(), clock.now() + timedelta(days=1))
    accounts = [follower("A"), follower("B")]
    async with staged(tmp_path, accounts, clock=clock, keepings={"A": keeping()}, balances={"A": START}) as stage:
        stage.lead(2)
        await stage.until_held({"A": 2, "B": 2})
        stage.fault(fault.Refuse(account="A", count=None))
        await down(stage, "20975")
        await stage.until(lambda: bool(stage.notices("exit.refused", "A")), "the close is refused")
        await stage.close_engine()
        assert stage.held("A") == 2
        stage.venue.venue.faults.clear()
        await stage.open_engine()
        await stage.until(lambda: bool(stage.notices("dd.flat", "A")), "proven flat")
        assert (stage.held("A"), stage.held("B")) == (0, 2)
        stage.lead(1)
        await stage.until_held({"A": 0, "B": 3})
        await stage.until_skipped("A", ("hold", 1))


async def test_a_close_that_fills_in_parts_is_proven_when_the_last_one_has(tmp_path: Path) -> None:
    clock = SwiftClock(5.0)
    calendar(tmp_path, clock.now(), clock.now() + timedelta(days=1))
    async with staged(
        tmp_path, [follower("A"), follower("B")], clock=clock, keepings={"A": keeping()}, balances={"A": START}
    ) as stage:
        stage.lead(3)
        await stage.until_held({"A": 3, "B": 3})
        stage.fault(fault.SplitFills(account="A"))
        await down(stage, "20983")
        await stage.until(lambda: bool(stage.notices("dd.flat", "A")), "proven flat")
        assert stage.path("A")[-1] == 0
        assert min(stage.path("A")) == 0, "never through zero"
        assert stage.held("B") == 3


async def test_without_trading_hours_limits_hold_all_the_same(tmp_path: Path) -> None:
    """They are built in a process of its own meanwhile, which ends with the engine."""
    async with staged(
        tmp_path, [follower("A"), follower("B")], keepings={"A": keeping()}, balances={"A": START}
    ) as stage:
        stage.lead(2)
        await stage.until_held({"A": 2, "B": 2})
        await down(stage, "20975")
        await stage.until(lambda: bool(stage.notices("dd.flat", "A")), "proven flat")
        assert stage.held("B") == 2


def floor(stage: Stage) -> Decimal:
    stage.engine.shard.desk.mark()
    kept = stage.copier("A").kept
    assert kept is not None
    assert kept.ledger is not None
    return kept.ledger.floor
