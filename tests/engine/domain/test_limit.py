"""Limits: steps are told once, acts come before the firm's own line, and each only once until its time or a person says."""

from decimal import Decimal

import msgspec

from engine.domain.drawdown import DayStarted, Ledger, Limit, Marked, opened
from engine.domain.limit import Action, LimitPlan, LimitsPlan, Watch
from engine.domain.terms import DailyLoss, Terms, Trail

D = Decimal
PLAN = LimitsPlan()


def ledger(**more) -> Ledger:
    of = Terms(start_balance=D(50_000), drawdown=D(2_000), mode=Trail.EOD_BALANCE, **more)
    found = opened(of)
    found.take(DayStarted(balance=D(50_000), open_profit=D(0)))
    return found


def after(watch: Watch, of: Ledger, profit: int | str, risk: int | str = 0, plan=PLAN, margin: int = 0) -> list[str]:
    of.take(Marked(balance=D(50_000), open_profit=D(profit), margin=D(margin)))
    return [f"{trigger.limit} {trigger.action}" for trigger in watch.look(of, plan, D(risk))]


def test_steps_are_told_once_and_the_act_comes_before_the_line():
    watch, of = Watch(), ledger()
    assert after(watch, of, -1_399) == []
    assert after(watch, of, -1_400) == ["max_loss warn"]
    assert after(watch, of, -1_300) == []
    assert after(watch, of, -1_450) == []
    assert after(watch, of, -1_700) == ["max_loss warn"]
    assert after(watch, of, -1_900) == ["max_loss warn", "max_loss flatten", "max_loss lock"]
    assert after(watch, of, -1_950) == []


def test_an_act_comes_when_the_next_tick_would_touch():
    watch, of = Watch(), ledger(dll=DailyLoss(amount=D(1_000)))
    assert after(watch, of, -600, risk=395) == []
    assert after(watch, of, -605, risk=395) == ["daily_loss warn", "daily_loss flatten", "daily_loss lock-day"]


def test_a_new_day_arms_the_days_limits_and_only_a_person_the_maximum_loss():
    watch, of = Watch(), ledger(dll=DailyLoss(amount=D(1_000)))
    after(watch, of, -1_000)
    after(watch, of, -1_950)
    assert set(watch.acted) == {Limit.DAILY_LOSS, Limit.MAX_LOSS}
    watch.new_day()
    assert set(watch.acted) == {Limit.MAX_LOSS}
    watch.unlock(Limit.MAX_LOSS)
    assert "max_loss lock" in after(watch, of, -1_960)


def test_a_jump_over_all_steps_acts_at_once():
    watch, of = Watch(), ledger()
    assert after(watch, of, -5_000) == ["max_loss warn", "max_loss flatten", "max_loss lock"]


def test_any_combination_of_acts():
    plan = LimitsPlan(
        max_loss=LimitPlan(warn_at=(D("0.5"),), act_at=D("0.8"), actions=(Action.CLOSE_ONLY, Action.LOCK_DAY))
    )
    watch, of = Watch(), ledger()
    assert after(watch, of, -1_000, plan=plan) == ["max_loss warn"]
    assert after(watch, of, -1_600, plan=plan) == ["max_loss close-only", "max_loss lock-day"]


def test_the_days_target_acts_at_the_target():
    watch, of = Watch(), ledger(daily_target=D(500))
    assert after(watch, of, 499, risk=50) == []
    assert after(watch, of, 500) == ["daily_target warn", "daily_target flatten", "daily_target lock-day"]


def test_margin_goes_close_only():
    watch, of = Watch(), ledger(margin_level=D(1))
    assert after(watch, of, 0, margin=30_000) == []
    assert after(watch, of, 0, margin=36_000) == ["margin warn"]
    assert after(watch, of, 0, margin=48_000) == ["margin warn", "margin close-only"]


def test_what_was_told_survives_a_restart():
    watch, of = Watch(), ledger()
    after(watch, of, -1_400)
    again = msgspec.msgpack.decode(msgspec.msgpack.encode(watch), type=Watch)
    assert again == watch
    assert after(again, of, -1_450) == []
