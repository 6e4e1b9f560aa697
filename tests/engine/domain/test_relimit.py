"""A person's own limits and payouts: never looser than the plan, remembered, and money that left is no loss once it is said."""

from decimal import Decimal

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain.command import LimitKind, Payout, Relimit, Unlock
from engine.domain.decision import Raised
from engine.domain.desk import Desk
from engine.domain.event import BalanceReported, DeskConfigured
from engine.domain.ids import AccountId
from engine.domain.intake import EntryPlan, IntakePlan
from engine.domain.keeping import Keeping
from engine.domain.limit import lines
from engine.domain.terms import Terms, Trail
from tests.engine.domain.model import Stage, plan
from tests.engine.domain.test_stopout import BALANCE, CLOCK, fall, floor_of, keeping, kept_of, prove, staged, start_day
from tests.engine.domain.test_story import ease, follower, skips, told

A = AccountId("A")
D = Decimal


def answers(stage: Stage, key: str) -> list[str]:
    return [f"{one.code} {one.text}" for one in stage.decisions if isinstance(one, Raised) and one.key == key]


def limit(stage: Stage, kind: str, figure: int | None, key: str) -> str:
    stage.act(Relimit(accounts=(A,), kind=LimitKind(kind), figure=None if figure is None else D(figure)), key)
    return answers(stage, key)[-1]


def test_a_tighter_daily_loss_acts_sooner_and_never_loosens_the_plan() -> None:
    stage = staged(follower(A))
    assert limit(stage, "daily_loss", 400, "a") == "act.proven daily_loss 1000 → 400"
    assert limit(stage, "daily_loss", 800, "b") == "act.proven daily_loss 400 → 800"
    assert "over the plan's 1000" in limit(stage, "daily_loss", 1_200, "c")
    assert limit(stage, "daily_loss", 400, "d").endswith("800 → 400")
    stage.lead(2)
    ease(stage)
    fall(stage, "9.75")  # 390 of 400
    (hard,) = told(stage, "dd.hard")
    assert hard.startswith("A: daily loss 98 % used, equity 49610.00, line 49600.00")
    prove(stage)
    assert stage.net(account=A) == 0


def test_a_figure_outlives_a_restart_and_new_settings_and_the_stricter_counts() -> None:
    stage = staged(follower(A))
    limit(stage, "daily_loss", 400, "a")
    stage.desk = Desk.restore(stage.desk.checkpoint())
    stricter = msgspec.structs.replace(stage.plan, keepings={A: keeping(dll=None)})
    stage.tell(DeskConfigured(at=stage.at, plan=stricter))
    assert kept_of(stage).own == {"daily_loss": 400}
    assert limit(stage, "daily_loss", None, "b") == "act.proven daily_loss 400 → 1000", (
        "the day keeps what it began with"
    )


def test_contracts_and_trades_and_leverage_are_held_too() -> None:
    stage = staged(follower(A))
    intakes = {A: IntakePlan(entries=EntryPlan(), clock=CLOCK)}
    stage.tell(DeskConfigured(at=stage.at, plan=msgspec.structs.replace(stage.plan, intakes=intakes)))
    limit(stage, "contracts", 2, "a")
    stage.lead(3)
    ease(stage)
    limit(stage, "trades_per_day", 1, "b")
    stage.lead(-2)
    ease(stage)
    stage.lead(1)
    ease(stage)
    limit(stage, "trades_per_day", None, "c")
    limit(stage, "leverage", 8, "d")
    stage.lead(1)
    ease(stage)
    assert [check for check, _ in skips(stage)] == ["account_size", "trades_per_day", "leverage"]
    stage.act(Relimit(accounts=(A,), kind=LimitKind.TRADES_PER_DAY, figure=D("1.5")), "e")
    assert "whole number" in answers(stage, "e")[0]


# ---- payouts


def balance(stage: Stage, amount: int) -> None:
    """The broker tells a balance, and a quiet while passes."""
    stage.brokers[A].start = D(amount) - (stage.brokers[A].balance or D(0)) + (stage.brokers[A].start or D(0))
    stage.tell(BalanceReported(at=stage.at, account=A, balance=D(amount)))
    stage.wait(40)


def test_money_that_leaves_by_other_hands_is_told_and_is_a_loss_until_a_person_says() -> None:
    stage = staged(follower(A))
    balance(stage, 49_500)
    (said,) = told(stage, "acct.balance")
    assert "fell by 500.00 to 49500.00 while flat" in said
    assert "/payout A 500.00" in said
    ledger = kept_of(stage).ledger
    assert ledger.day_line == 49_000
    stage.act(Payout(accounts=(A,), amount=D(500)), "p")
    assert answers(stage, "p") == ["act.proven payout 500.00, no loss; balance 49500.00, floor 47500.00"]
    assert ledger.day_line == 48_500
    assert ledger.equity == 49_500
    balance(stage, 49_500)
    assert len(told(stage, "acct.balance")) == 1


def test_a_payout_that_is_announced_counts_as_gone_at_once_and_is_not_told_again() -> None:
    stage = staged(follower(A), kept=keeping(payout_locks_floor=True, lock=BALANCE + 100))
    stage.act(Payout(accounts=(A,), amount=D(500)), "p")
    assert answers(stage, "p")[0].startswith("act.proven payout 500.00, no loss, 500.00 of it still to leave")
    stage.quote()
    stage.wait(5)
    assert kept_of(stage).ledger.balance == 49_500
    balance(stage, 49_500)
    assert kept_of(stage).ledger.balance == 49_500
    assert not told(stage, "acct.balance")


def test_fees_and_fills_explain_themselves() -> None:
    stage = staged(follower(A))
    stage.lead(2)
    ease(stage)
    stage.lead(-2)
    ease(stage)
    balance(stage, 49_990)
    assert not told(stage, "acct.balance")
    balance(stage, 49_900)
    assert len(told(stage, "acct.balance")) == 1


def test_a_payout_that_was_taken_for_a_breach_is_put_right_by_a_person() -> None:
    stage = staged(follower(A))
    balance(stage, 47_400)
    assert told(stage, "dd.hard")
    prove(stage)
    stage.act(Payout(accounts=(A,), amount=D(500)), "p")
    stage.lead(1)
    assert skips(stage) == [("hold", 1)], "the lock is lifted by /unlock alone"
    stage.act(Unlock(accounts=(A,)), "u")
    assert answers(stage, "u")[-1].startswith("act.proven unlocked")


quick = settings(deadline=None, derandomize=True, database=None, max_examples=150)


@quick
@given(
    mode=st.sampled_from(list(Trail)),
    steps=st.lists(
        st.tuples(
            st.sampled_from(["quote", "payout", "balance", "day", "lead", "limit", "unlock"]), st.integers(1, 60)
        ),
        max_size=25,
    ),
)
def test_a_floor_never_falls_whatever_is_paid_out_limited_or_unlocked(
    mode: Trail, steps: list[tuple[str, int]]
) -> None:
    terms = Terms(start_balance=BALANCE, drawdown=D(2_500), mode=mode, lock=BALANCE + 100, payout_locks_floor=True)
    stage = staged(follower(A), kept=Keeping(terms=terms, clock=CLOCK))
    floor, days = floor_of(stage), 0
    for number, (what, size) in enumerate(steps):
        match what:
            case "quote":
                fall(stage, str(30 - size))
            case "payout":
                stage.act(Payout(accounts=(A,), amount=D(size * 10)), f"p{number}")
            case "balance":
                balance(stage, 50_000 - size * 10)
            case "day":
                days += 1
                start_day(stage, days)
            case "lead":
                stage.lead(1 if size % 2 else -1)
                ease(stage)
            case "limit":
                limit(stage, "max_loss", size * 40, f"l{number}")
            case _:
                stage.act(Unlock(accounts=(A,)), f"u{number}")
        now = floor_of(stage)
        assert now >= floor
        kept = kept_of(stage)
        assert lines(kept.ledger, kept.own)[0][1] >= now, "a person's line is never below the firm's"
        floor = now


def test_a_limit_needs_a_plan() -> None:
    stage = Stage(plan([follower(A)]))
    assert "give it a plan" in limit(stage, "daily_loss", 400, "a")
