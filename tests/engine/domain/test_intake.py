"""Which entries an account takes: by product, by count, by what its money carries; exits pass whatever the figures."""

from datetime import time, timedelta
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain.decision import Skipped
from engine.domain.drawdown import DayStarted as DayMark
from engine.domain.drawdown import Marked, SessionClosed, Standing, opened
from engine.domain.event import DayStarted, DeskConfigured, SnapshotTaken
from engine.domain.fit import Means, fit_of
from engine.domain.group import Bracket, FollowerPlan
from engine.domain.hours import DayClock
from engine.domain.ids import AccountId
from engine.domain.intake import EntryPlan, IntakePlan, RoomCheck, faults
from engine.domain.keeping import Keeping, Kept
from engine.domain.lane import Lane
from engine.domain.terms import Basis, DailyLoss, Terms, Trail
from tests.engine.domain.model import ES, LEAD, MNQ, NQ, PRICE, START, Stage, plan
from tests.engine.domain.test_story import ease, follower, skips

D = Decimal
A, B = AccountId("A"), AccountId("B")
CLOCK = DayClock(zone="America/New_York", day_start=time(18), cut_off=time(17), flat_by=time(17))
quick = settings(deadline=None, derandomize=True, database=None, max_examples=300)


def staged(entries: EntryPlan, *followers: FollowerPlan, balance: int = 50_000, **terms: object) -> Stage:
    """A takes what ``entries`` say, B takes all."""
    own = Terms(**{"start_balance": D(balance), "drawdown": D(2_500), "mode": Trail.STATIC, **terms})
    desk = plan(followers or (follower(A), follower(B)), keepings={A: Keeping(terms=own, clock=CLOCK)})
    desk = msgspec.structs.replace(desk, intakes={A: IntakePlan(entries=entries, clock=CLOCK)})
    stage = Stage(desk, {A: D(balance), B: D(balance)})
    stage.quote()
    return stage


def figures(stage: Stage) -> list[str]:
    return [f"{one.check} {one.figures}" for one in stage.decisions if isinstance(one, Skipped)]


def test_an_account_takes_only_the_products_of_its_list_and_a_micro_is_itself() -> None:
    stage = staged(EntryPlan(allow_symbols=("NQ", "ES"), deny_symbols=("ES",)))
    stage.lead(1)
    stage.lead(1, MNQ)
    stage.lead(1, ES)
    ease(stage)
    assert [stage.net(symbol, A) for symbol in (NQ, MNQ, ES)] == [1, 0, 0]
    assert [stage.net(symbol, B) for symbol in (NQ, MNQ, ES)] == [1, 1, 1]
    assert figures(stage) == [
        "symbol_list MNQ is none of NQ, ES",
        "symbol_list ES is denied on this account",
    ]


def test_a_product_that_is_denied_later_still_leaves() -> None:
    stage = staged(EntryPlan())
    stage.lead(2)
    ease(stage)
    entries = EntryPlan(deny_symbols=("NQ",))
    denied = msgspec.structs.replace(stage.plan, intakes={A: IntakePlan(entries=entries, clock=CLOCK)})
    stage.tell(DeskConfigured(at=stage.at, plan=denied))
    stage.lead(1)
    ease(stage)
    assert stage.net(account=A) == 2
    stage.lead(-3)
    ease(stage)
    assert stage.net(account=A) == 0


def test_entries_of_a_day_are_counted_over_a_restart_and_anew_each_day() -> None:
    stage = staged(EntryPlan(trades_per_day=2))
    for quantity in (1, 1, 1):
        stage.lead(quantity)
        ease(stage)
    assert stage.net(account=A) == 2
    assert figures(stage) == ["trades_per_day 2 entries today over 2"]
    stage.desk = type(stage.desk).restore(stage.desk.checkpoint())
    stage.lead(-3)
    stage.lead(1)
    ease(stage)
    assert stage.net(account=A) == 0
    stage.at = due = START + timedelta(days=1)
    stage.tell(DayStarted(at=due, accounts=(A, B), due=due, trade_date=due.date()))
    stage.tell(DayStarted(at=due, accounts=(A, B), due=due, trade_date=due.date()))
    stage.lead(1)
    ease(stage)
    assert stage.net(account=A) == 1
    assert stage.copier(A).trades == 1


def test_the_last_entry_of_the_day_may_wait_for_its_exit() -> None:
    stage = staged(EntryPlan(trades_per_day=2))
    stage.lead(1)
    ease(stage)
    stage.lead(-2)
    ease(stage)
    assert stage.net(account=A) == -1
    assert not skips(stage)


def test_leverage_counts_every_position_and_every_order_under_way() -> None:
    stage = staged(EntryPlan(leverage=D(20)))  # 1,000,000: two of 400,000
    stage.lead(1)
    stage.lead(1)
    stage.lead(1, ES)
    stage.lead(1)
    ease(stage)
    assert (stage.net(account=A), stage.net(ES, A)) == (2, 0)
    assert stage.net(account=B) == 3
    assert figures(stage) == [
        "leverage 1 over 0: 800,000.00 of 20 x 50,000.00 is used, one more is 1,000,000.00",
        "leverage 1 over 0: 800,000.00 of 20 x 50,000.00 is used, one more is 400,000.00",
    ]
    stage.lead(-6)
    ease(stage)
    assert stage.net(account=A) == -2, "a flip goes through flat"


def test_margin_is_never_guessed() -> None:
    stage = staged(EntryPlan(margin_floor=D("1.5"), margins={"NQ": D(15_000)}))
    stage.lead(3)
    stage.lead(1, ES)
    ease(stage)
    assert (stage.net(account=A), stage.net(ES, A)) == (2, 0)
    assert figures(stage) == [
        "margin_floor 3 over 2: 0.00 of margin in use, one more is 15,000.00, equity 50,000.00 must be 1.5 times it",
        "margin_floor 1 over 0: no margin of ES is known; write limits.margins.ES",
    ]


def test_an_entry_is_cut_to_what_all_stops_leave_of_the_room() -> None:
    bracket = Bracket(stop_ticks=40, target_ticks=400)  # 10 points: 200 a contract, and 20 for 4 ticks of slip
    stage = staged(EntryPlan(room_check=RoomCheck(slip_ticks=4)), follower(A, bracket=bracket), drawdown=D(1_000))
    stage.lead(5)
    assert figures(stage) == ["room 5 over 4: 950.00 to the floor after all stops, one more risks 220.00"]


@pytest.mark.parametrize("mode", Trail)
@quick
@given(data=st.data())
def test_what_the_room_lets_in_is_never_a_breach_when_it_is_stopped_out(mode: Trail, data: st.DataObject) -> None:
    whole = st.integers
    lock = data.draw(st.sampled_from([None, D(50_000), D(50_100)]))
    basis = data.draw(st.sampled_from([Basis.BALANCE, Basis.HIGH]))
    daily = data.draw(st.sampled_from([None, DailyLoss(amount=D(1_000), basis=basis, soft=data.draw(st.booleans()))]))
    terms = Terms(start_balance=D(50_000), drawdown=D(2_000), mode=mode, lock=lock, dll=daily)
    keeping = Keeping(terms=terms, clock=CLOCK)
    ledger = opened(terms)
    balance = D(50_000)
    ledger.take(DayMark(balance=balance, open_profit=D(0)))
    for step in data.draw(st.lists(whole(-400, 900), max_size=6)):
        balance += step
        ledger.take(Marked(balance=balance, open_profit=D(0)))
    stop, target, slip = (data.draw(whole(1, 80)), data.draw(whole(1, 200)), data.draw(whole(0, 12)))
    kept = Kept(keeping, ledger)
    lane = Lane(A, NQ, mark=PRICE)
    means = Means(
        plan=EntryPlan(room_check=RoomCheck(slip_ticks=slip)),
        kept=kept,
        lanes=[lane],
        children={},
        margin=D(0),
        bracket=Bracket(stop_ticks=stop, target_ticks=target),
    )
    if ledger.standing is not Standing.OK:
        return
    fit = fit_of(lane, means)
    assert fit is not None
    count, tick = fit.contracts, 5  # one tick of NQ is 5.00
    ends = data.draw(st.lists(whole(-stop, target), max_size=12))
    for ticks in [*ends, -stop - data.draw(whole(0, slip))]:
        ledger.take(Marked(balance=balance, open_profit=D(count * tick * ticks)))
        assert ledger.standing is Standing.OK, (fit, ticks)
        if data.draw(st.booleans()) and ticks >= -stop:
            ledger.take(SessionClosed(balance=balance, open_profit=D(count * tick * ticks)))
            assert ledger.standing is Standing.OK


@quick
@given(
    held=st.integers(-4, 4).filter(bool),
    entries=st.builds(
        EntryPlan,
        deny_symbols=st.sampled_from([(), ("NQ",)]),
        trades_per_day=st.sampled_from([None, 1]),
        leverage=st.sampled_from([None, D("0.01"), D(1)]),
        margin_floor=st.sampled_from([None, D(9)]),
        room_check=st.sampled_from([None, RoomCheck(stop_ticks=4_000)]),
    ),
    parts=st.lists(st.integers(1, 4), min_size=1, max_size=4),
)
def test_exits_pass_under_all_of_them_at_once(held: int, entries: EntryPlan, parts: list[int]) -> None:
    stage = staged(EntryPlan())
    stage.lead(held)
    ease(stage)
    strict = msgspec.structs.replace(stage.plan, intakes={A: IntakePlan(entries=entries, clock=CLOCK)})
    stage.tell(DeskConfigured(at=stage.at, plan=strict))
    stage.copier(A).trades = 9
    left = held
    for part in parts:
        step = min(part, abs(left)) * (1 if left > 0 else -1)
        if step:
            stage.lead(-step)
            left -= step
            ease(stage)
            assert stage.net(account=A) == left == stage.net(account=B)


@quick
@given(order=st.permutations([0, 1, 2, 3, 4, 5]), moves=st.lists(st.integers(-40, 40), min_size=6, max_size=6))
def test_what_passes_does_not_depend_on_when_another_account_is_heard(order: list[int], moves: list[int]) -> None:
    """Balances of B and C come at any place among the facts of A."""

    def run(places: list[int]) -> list[str]:
        stage = staged(EntryPlan(leverage=D(20), trades_per_day=3), follower(A), follower(B))
        for number in range(6):
            for place, at in enumerate(places):
                if at == number:
                    net = stage.net(account=B)
                    told = SnapshotTaken(
                        at=stage.at, account=B, holdings=(), orders=(), fills=(), balance=D(40_000 + place)
                    )
                    if not net:
                        stage.tell(told)
            if moves[number]:
                stage.lead(1 if moves[number] > 0 else -1)
            for account in (A, LEAD):
                for one in stage.brokers[account].open_orders():
                    stage.fill(account, one, 1_000)
                stage.hear(account)
        return [
            f"{one.check} {one.wanted} {one.figures}"
            for one in stage.decisions
            if isinstance(one, Skipped) and one.account == A
        ]

    assert run(order) == run([])


def test_figures_that_mean_nothing_are_told() -> None:
    wrong = EntryPlan(
        allow_symbols=("NQZ6", "ES"),
        deny_symbols=("ES",),
        trades_per_day=0,
        leverage=D(-1),
        margins={"NQ": D(0)},
        room_check=RoomCheck(slip_ticks=-1, stop_ticks=0, cost=D(-2)),
    )
    assert faults(wrong) == [
        "allow_symbols: write products such as NQ or MNQ, not 'NQZ6'",
        "deny_symbols: ES is allowed and denied; write it once",
        "trades_per_day: write 1 or more, not 0",
        "leverage: write a number above 0, not -1",
        "margins.NQ: write a number above 0, not 0",
        "room_check.slip_ticks: write a number from 0 to 10000, not -1",
        "room_check.stop_ticks: write 1 or more, not 0",
        "room_check.cost: write an amount of at least 0, not -2",
    ]
