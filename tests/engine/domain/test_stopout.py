"""Limits in the live desk: steps are told, lines are acted on, and one account's stop is nobody else's."""

from datetime import time, timedelta
from decimal import Decimal

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain.command import Pause, Resume, Unlock
from engine.domain.decision import Raised, SendLots
from engine.domain.desk import Desk
from engine.domain.drawdown import Limit
from engine.domain.entry import encode_entry
from engine.domain.event import BalanceReported, DayClosed, DayStarted, OrderFilled, SnapshotTaken
from engine.domain.group import FollowerPlan
from engine.domain.hours import DayClock
from engine.domain.ids import AccountId
from engine.domain.keeping import Keeping, Kept
from engine.domain.limit import Action, LimitPlan, LimitsPlan
from engine.domain.terms import Basis, DailyLoss, Terms, Tier, Trail
from tests.engine.domain.model import PRICE, START, Stage, plan
from tests.engine.domain.test_story import ease, follower, skips, told

A, B = AccountId("A"), AccountId("B")
BALANCE = Decimal(50_000)
CLOCK = DayClock(zone="America/New_York", day_start=time(18), cut_off=time(17), flat_by=time(16, 59))


def keeping(**changes: object) -> Keeping:
    """An end-of-day account of 50,000: 2,500 down, a soft daily limit of 1,000."""
    terms = Terms(
        **{
            "start_balance": BALANCE,
            "drawdown": Decimal(2_500),
            "mode": Trail.EOD_BALANCE,
            "dll": DailyLoss(amount=Decimal(1_000)),
            **changes,
        }
    )
    return Keeping(terms=terms, clock=CLOCK)


def staged(*followers: FollowerPlan, kept: Keeping | None = None, **keepings: Keeping) -> Stage:
    """A is kept to limits; the others are not, unless named."""
    own = {A: kept or keeping(), **{AccountId(name): one for name, one in keepings.items()}}
    balances = {plan.account: BALANCE for plan in followers}
    stage = Stage(plan(followers, keepings=own), balances)
    stage.quote()
    return stage


def kept_of(stage: Stage, account: AccountId = A) -> Kept:
    stage.desk.mark()
    kept = stage.copier(account).kept
    assert kept is not None
    return kept


def floor_of(stage: Stage, account: AccountId = A) -> Decimal:
    ledger = kept_of(stage, account).ledger
    assert ledger is not None
    return ledger.floor


def fall(stage: Stage, points: str) -> None:
    stage.quote(PRICE - Decimal(points))


def start_day(stage: Stage, days: int = 1) -> None:
    stage.at = due = START + timedelta(days=days)
    stage.tell(DayStarted(at=due, accounts=(A, B), due=due, trade_date=due.date()))


def close_day(stage: Stage, hours: int = 6) -> None:
    stage.at = due = START + timedelta(hours=hours)
    stage.tell(DayClosed(at=due, accounts=(A, B), due=due, trade_date=due.date()))


def prove(stage: Stage) -> None:
    """Fill what was sent, tell snapshots that were asked for."""
    ease(stage)
    for account, broker in stage.brokers.items():
        if broker.wants_snapshot:
            stage.snapshot(account)


# ---- steps, then the stop


def test_a_falling_price_is_told_in_steps_and_then_acted_on_until_flat_is_proven() -> None:
    stage = staged(follower(A), follower(B))
    stage.lead(2)
    ease(stage)
    fall(stage, "17")  # 2 x 20 x 17 = 680
    assert told(stage, "dd.warn") == []
    fall(stage, "18")
    fall(stage, "18.25")
    fall(stage, "22")
    assert [text.split(" %")[0] for text in told(stage, "dd.warn")] == ["A: daily loss 72", "A: daily loss 88"]
    fall(stage, "24")
    (hard,) = told(stage, "dd.hard")
    assert hard == "A: daily loss 96 % used, equity 49040.00, line 49000.00 → flattening, locked until the next day"
    assert [order.quantity for order in stage.brokers[A].open_orders()] == [-2]
    assert not stage.brokers[B].open_orders(), "one account's stop is nobody else's"
    prove(stage)
    assert stage.net(account=A) == 0
    assert stage.net(account=B) == 2
    assert [text for text in told(stage, "dd.flat") if text.startswith("A is proven flat")]
    stage.lead(1)
    ease(stage)
    assert stage.net(account=A) == 0
    assert skips(stage) == [("hold", 1)]
    assert stage.net(account=B) == 3


def test_the_next_day_lifts_a_daily_lock_and_nothing_is_joined() -> None:
    stage = staged(follower(A))
    stage.lead(2)
    ease(stage)
    fall(stage, "24")
    prove(stage)
    stage.act(Resume(accounts=(A,)), "early")
    assert [d.code for d in stage.decisions if isinstance(d, Raised) and d.key == "early"] == ["act.failed"]
    start_day(stage)
    assert told(stage, "dd.lifted") == ["A: a new day, the day's lock is over, copying from the leader's next entry"]
    assert stage.net(account=A) == 0
    stage.lead(1)
    ease(stage)
    assert stage.net(account=A) == 1
    line = kept_of(stage).ledger.day_line
    assert line == BALANCE - 960 - 1_000


def test_a_drawdown_locks_until_a_person_unlocks_whatever_day_comes() -> None:
    stage = staged(follower(A), kept=keeping(dll=None))
    stage.lead(2)
    ease(stage)
    fall(stage, "60")
    prove(stage)
    start_day(stage)
    stage.act(Resume(accounts=(A,)), "resume")
    assert "locked until a person unlocks it: drawdown 96 % used" in told(stage, "act.failed")[0]
    stage.lead(1)
    ease(stage)
    assert stage.net(account=A) == 0
    stage.act(Unlock(accounts=(A,)), "unlock")
    assert told(stage, "act.proven")[-1].startswith("unlocked")
    assert len(told(stage, "dd.hard")) == 1
    stage.lead(1)
    ease(stage)
    assert stage.net(account=A) == 1, "inside the buffer, by a person's word"
    fall(stage, "64.75")
    assert len(told(stage, "dd.hard")) == 2, "a tick before the firm's own line it acts again"


def test_a_reset_account_begins_anew() -> None:
    stage = staged(follower(A), kept=keeping(dll=None))
    stage.lead(2)
    ease(stage)
    fall(stage, "70")
    prove(stage)
    stage.brokers[A].start += Decimal(2_800)  # the firm's reset
    stage.act(Unlock(accounts=(A,), is_reset=True))
    stage.snapshot(A)
    assert floor_of(stage) == Decimal(47_500)
    stage.lead(1)
    ease(stage)
    assert stage.net(account=A) == 1


def test_a_flatten_that_is_not_proven_is_told_and_kept_at() -> None:
    stage = staged(follower(A))
    stage.lead(2)
    ease(stage)
    fall(stage, "24")
    stage.wait(7)
    (said,) = told(stage, "dd.fail")
    assert said.startswith("A is not proven flat after 5 s and goes on trying: +2 NQZ6 to go")
    stage.settle()
    assert stage.net(account=A) == 0
    assert told(stage, "dd.flat")


def test_a_stop_while_offline_goes_on_when_the_line_is_back() -> None:
    stage = staged(follower(A))
    stage.lead(2)
    ease(stage)
    stage.lose(A)
    fall(stage, "24")
    assert told(stage, "dd.hard")[0].endswith("; OFFLINE, goes on when the line is back")
    assert not stage.brokers[A].open_orders()
    stage.settle()
    assert stage.net(account=A) == 0
    assert told(stage, "dd.flat")


def test_a_day_that_starts_before_flat_is_proven_lifts_nothing() -> None:
    daily = DailyLoss(amount=Decimal(1_000), basis=Basis.HIGH)
    stage = staged(follower(A), kept=keeping(dll=daily))
    stage.lead(2)
    ease(stage)
    fall(stage, "24")
    start_day(stage)
    assert told(stage, "dd.lifted") == []
    prove(stage)
    stage.wait(2)
    assert told(stage, "dd.lifted")


def test_exits_pass_while_locked() -> None:
    plan = LimitsPlan(daily_loss=LimitPlan(actions=(Action.WARN, Action.CLOSE_ONLY)))
    stage = staged(follower(A), kept=msgspec.structs.replace(keeping(), limits=plan))
    stage.lead(3)
    ease(stage)
    fall(stage, "16")
    stage.lead(1)
    stage.lead(-2)
    ease(stage)
    assert skips(stage) == [("hold", 1)]
    assert stage.net(account=A) == 2
    stage.lead(-2)
    ease(stage)
    assert stage.net(account=A) == 0


def test_close_only_acts_again_after_a_person_resumed() -> None:
    plan = LimitsPlan(daily_loss=LimitPlan(actions=(Action.WARN, Action.CLOSE_ONLY)))
    stage = staged(follower(A), kept=msgspec.structs.replace(keeping(), limits=plan))
    stage.lead(3)
    ease(stage)
    fall(stage, "16")
    assert stage.copier(A).barred
    stage.act(Resume(accounts=(A,)))
    fall(stage, "16.25")
    assert len(told(stage, "dd.hard")) == 1, "a person goes on inside the buffer"
    fall(stage, "16.75")
    assert len(told(stage, "dd.hard")) == 2
    assert stage.copier(A).barred


def test_nothing_is_entered_before_the_money_is_known() -> None:
    stage = Stage(plan([follower(A)], keepings={A: keeping()}))
    stage.quote()
    stage.lead(1)
    assert skips(stage) == [("limits", 1)]
    stage.tell(BalanceReported(at=stage.at, account=A, balance=BALANCE))
    stage.wait(40)
    stage.lead(1)
    ease(stage)
    assert stage.net(account=A) == 1


def test_a_holding_without_a_price_is_told_once() -> None:
    stage = Stage(plan([follower(A)], keepings={A: keeping()}), {A: BALANCE})
    stage.lead(1)
    ease(stage)
    stage.wait(40)
    assert told(stage, "dd.blind") == ["limits of A cannot be marked: no price for NQZ6"]


# ---- money


def test_a_told_balance_is_never_counted_twice_whichever_comes_first() -> None:
    for is_balance_first in (True, False):
        stage = staged(follower(A), kept=keeping(mode=Trail.INTRADAY_EQUITY, dll=None))
        stage.lead(2)
        ease(stage)
        stage.quote(PRICE + 25)  # +1,000
        assert floor_of(stage) == Decimal(48_500)
        stage.lead(-2)
        broker = stage.brokers[A]
        stage.fill(A, broker.open_orders()[0], 2)
        balance = BalanceReported(at=stage.at, account=A, balance=Decimal(51_000))
        if is_balance_first:
            stage.tell(balance)
            stage.quote(PRICE + 25)
            stage.hear(A)
        else:
            stage.hear(A)
            stage.tell(balance)
        stage.quote(PRICE + 25)
        stage.wait(40)
        assert floor_of(stage) == Decimal(48_500), "a peak of 52,000 was never there"
        assert kept_of(stage).ledger.equity == Decimal(51_000)


def test_an_end_of_day_floor_follows_the_close_and_never_falls() -> None:
    stage = staged(follower(A))
    stage.lead(2)
    ease(stage)
    stage.quote(PRICE + 20)
    stage.lead(-2)
    ease(stage)
    assert floor_of(stage) == Decimal(47_500)
    close_day(stage)
    assert floor_of(stage) == Decimal(48_300)
    start_day(stage)
    stage.lead(2)
    ease(stage)
    fall(stage, "0")
    stage.restart()
    assert floor_of(stage) == Decimal(48_300)
    assert kept_of(stage).ledger.day_line == Decimal(49_800)


def test_the_same_turn_told_twice_counts_once() -> None:
    stage = staged(follower(A))
    start_day(stage)
    stage.lead(1)
    ease(stage)
    fall(stage, "20")
    line = kept_of(stage).ledger.day_line
    stage.tell(DayStarted(at=stage.at, accounts=(A,), due=stage.at, trade_date=stage.at.date()))
    assert kept_of(stage).ledger.day_line == line


def test_a_margin_stop_closes_only() -> None:
    stage = staged(follower(A), kept=keeping(dll=None, margin_level=Decimal("0.5")))
    stage.lead(1)
    ease(stage)
    told_now = SnapshotTaken(
        at=stage.at, account=A, holdings=(), orders=(), fills=(), balance=BALANCE, margin=Decimal(99_000)
    )
    broker = stage.brokers[A]
    stage.tell(BalanceReported(at=stage.at, account=A, balance=broker.balance, margin=told_now.margin))
    stage.quote()
    assert [hold.kind for hold in stage.copier(A).holds] == ["close-only"]
    assert Limit.MARGIN in kept_of(stage).watch.acted


def test_the_firms_cap_counts_in_minis_and_a_tier_moves_with_the_day() -> None:
    tiers = (Tier(profit=Decimal(0), minis=Decimal(2)), Tier(profit=Decimal(1_000), minis=Decimal(3)))
    own = msgspec.structs.replace(keeping(tiers=tiers, dll=None), minis=Decimal(5))
    stage = staged(follower(A), kept=own)
    stage.lead(4)
    ease(stage)
    assert stage.net(account=A) == 2
    assert skips(stage) == [("account_size", 2)]
    stage.quote(PRICE + 30)
    stage.lead(-4)
    ease(stage)
    close_day(stage)
    start_day(stage)
    stage.quote(PRICE + 30)
    stage.lead(4)
    ease(stage)
    assert stage.net(account=A) == 3


# ---- laws

MOVES = st.one_of(
    st.tuples(st.just("lead"), st.integers(-3, 3).filter(bool)),
    st.tuples(st.just("quote"), st.integers(-120, 120)),
    st.tuples(st.just("fill"), st.integers(1, 3)),
    st.tuples(st.just("lose"), st.just(0)),
    st.tuples(st.just("restart"), st.just(0)),
    st.tuples(st.just("wait"), st.integers(1, 8)),
    st.tuples(st.just("start"), st.just(0)),
    st.tuples(st.just("close"), st.just(0)),
    st.tuples(st.just("pause"), st.just(0)),
)


def play(stage: Stage, moves: list[tuple[str, int]], faulty: AccountId = A) -> None:
    """Let things happen; what befalls a line or an order befalls A's alone."""
    for name, number in moves:
        match name:
            case "lead":
                stage.lead(number)
            case "quote":
                stage.quote(PRICE + number)
            case "fill":
                for order in stage.brokers[faulty].open_orders()[:1]:
                    stage.fill(faulty, order, number)
                stage.hear(faulty)
            case "lose":
                stage.lose(faulty)
            case "restart":
                stage.restart()
                for account in stage.brokers:
                    stage.restore(account)
                    stage.snapshot(account)
                stage.quote(stage.price)
            case "wait":
                stage.restore(faulty)
                stage.snapshot(faulty)
                stage.wait(number)
            case "start":
                stage.at += timedelta(hours=1)
                day = stage.at.date() + timedelta(days=stage.count)
                stage.tell(DayStarted(at=stage.at, accounts=(A, B), due=stage.at, trade_date=day))
            case "close":
                stage.at += timedelta(hours=1)
                stage.tell(DayClosed(at=stage.at, accounts=(A, B), due=stage.at, trade_date=stage.at.date()))
            case "pause":
                stage.act(Pause(accounts=(faulty,), until=stage.at + timedelta(seconds=3)))


@settings(max_examples=60, deadline=None)
@given(st.lists(MOVES, max_size=25), st.sampled_from(list(Trail)))
def test_a_floor_never_falls_and_a_replay_decides_the_same(moves: list[tuple[str, int]], mode: Trail) -> None:
    stage = staged(follower(A), kept=keeping(mode=mode))
    floor = floor_of(stage)
    for move in moves:
        play(stage, [move])
        assert floor_of(stage) >= floor
        floor = floor_of(stage)
    desk = Desk()
    for number, (event, entry) in enumerate(stage.journal, 1):
        assert encode_entry(number, event, desk.handle(event)) == entry
    assert desk.checkpoint() == stage.desk.checkpoint()


@settings(max_examples=60, deadline=None)
@given(st.lists(MOVES, max_size=25))
def test_whatever_happens_a_stop_ends_flat(moves: list[tuple[str, int]]) -> None:
    stage = staged(follower(A))
    play(stage, [move for move in moves if move[0] != "start"])
    stage.settle()
    stage.quote(PRICE - 1_000 if stage.net(account=A) >= 0 else PRICE + 1_000)
    stage.settle()
    stopped = {hold.kind for hold in stage.copier(A).holds} & {"lock", "lock-day"}
    if stopped:
        assert stage.net(account=A) == 0
        assert not stage.copier(A).tasks
    else:
        assert stage.net(account=A) == 0, "it held something at a price beyond every line"


@settings(max_examples=60, deadline=None)
@given(st.lists(MOVES.filter(lambda move: move[0] not in ("lose", "fill", "restart", "wait")), max_size=25))
def test_what_others_do_is_the_same_without_my_limits(moves: list[tuple[str, int]]) -> None:
    sent = []
    for own in ({A: keeping()}, {}):
        stage = Stage(plan([follower(A), follower(B)], keepings=own), {A: BALANCE, B: BALANCE})
        stage.quote()
        for move in moves:
            play(stage, [move])
            for order in stage.brokers[B].open_orders():
                stage.fill(B, order, 1_000)
            stage.hear(B)
        lots = [lot for one in stage.decisions if isinstance(one, SendLots) for lot in one.lots]
        sent.append([lot[1:] for lot in lots if lot[1] == B])
    assert sent[0] == sent[1]


def test_a_shot_is_fired_by_nobody_whose_limits_have_spoken() -> None:
    stage = staged(follower(A), follower(B))
    stage.lead(2)
    ease(stage)
    stage.desk.aim()
    fall(stage, "24")
    stage.desk.aim()
    before = len(stage.decisions)
    stage.lead(1)
    lots = [lot for one in stage.decisions[before:] if isinstance(one, SendLots) for lot in one.lots]
    assert [lot[1] for lot in lots] == [B]
    assert isinstance(stage.journal[-1][0], OrderFilled)
