"""Entries that a person decides about: offered, taken, left; never more than the leader still holds, and exits pass."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.domain.command import Leave, Pause, Take
from engine.domain.decision import Raised, SendLots, Skipped
from engine.domain.event import DeskConfigured
from engine.domain.group import Caps, Discretion, Flip, FollowerPlan, Multiplier
from engine.domain.ids import AccountId
from tests.engine.domain.model import ES, LEAD, NQ, PRICE, Stage, plan
from tests.engine.domain.test_desk import hard_steps, lead_flat, play

A, B = AccountId("A"), AccountId("B")


def asked(account: AccountId = A, **more: Any) -> FollowerPlan:
    settings_ = {"discretion": Discretion.APPROVE, "max_run_ticks": 8, "max_age_s": Decimal(10), **more}
    return FollowerPlan(account=account, **settings_)


def on_stage(*plans: FollowerPlan) -> Stage:
    stage = Stage(plan(plans or (asked(),)))
    stage.quote()
    return stage


def told(stage: Stage, code: str) -> list[str]:
    return [one.text for one in stage.decisions if isinstance(one, Raised) and one.code == code]


def skips(stage: Stage) -> list[tuple[str, int]]:
    return [(f"{one.check}: {one.figures}", one.wanted) for one in stage.decisions if isinstance(one, Skipped)]


def take(stage: Stage, offer: str = "E1", quantity: int | None = None) -> list[str]:
    """What the act said."""
    done = stage.act(Take(accounts=(A,), offer=offer, quantity=quantity))
    return [one.text for one in done if isinstance(one, Raised) and one.code.startswith("act.")]


def test_an_entry_waits_for_a_person_and_its_exit_does_not() -> None:
    stage = on_stage()
    stage.lead(3)
    assert stage.lane(A).goal == 0
    assert told(stage, "entry.offer") == [
        "E1 A: BUY 3 NQZ6? Leader at 20000, room for 1000 contracts. /take E1 or /leave E1 within 60 s, until 14:31:00 UTC"
    ]
    take(stage)
    stage.settle()
    assert stage.net(account=A) == 3
    stage.lead(-2)
    stage.settle()
    assert stage.net(account=A) == 1
    assert skips(stage) == []
    stage.assert_replays()


def test_an_offer_shrinks_with_the_leader_and_ends_when_he_is_out() -> None:
    stage = on_stage()
    stage.lead(3)
    stage.lead(-2)
    assert stage.copier(A).offers[NQ].left == 1
    assert take(stage, quantity=2) == ["E1 offers 1, not 2"]
    stage.lead(-1)
    assert stage.copier(A).offers == {}
    assert told(stage, "entry.over") == ["E1 A is over: the leader is out"]
    assert take(stage) == ["E1 is not on offer any more"]
    assert skips(stage) == [("offer: the leader holds less by now", 2), ("offer: the leader is out", 1)]


def test_a_further_entry_joins_the_offer_and_each_fill_keeps_its_own_order() -> None:
    stage = on_stage()
    stage.lead(2)
    stage.wait(50)
    stage.quote(PRICE + 1)
    stage.lead(1)
    assert len(told(stage, "entry.offer")) == 2
    stage.wait(50)
    assert stage.copier(A).offers[NQ].left == 3, "its time began anew"
    done = stage.act(Take(accounts=(A,), offer="E1"))
    sent = [lot[3] for one in done if isinstance(one, SendLots) for lot in one.lots]
    causes = {one.cause.split("#")[0] for one in done if isinstance(one, SendLots)}
    assert sent == [2, 1]
    assert len(causes) == 2, "the record of each copy says what became of it"


def test_nobody_answers_and_it_is_left() -> None:
    stage = on_stage(asked(offer_s=5))
    stage.lead(2)
    stage.wait(6)
    assert stage.copier(A).offers == {}
    assert skips(stage) == [("offer: nobody answered in 5 s", 2)]
    assert take(stage) == ["E1 is not on offer any more"]
    stage.lead(1)
    assert stage.copier(A).offers[NQ].left == 1, "what was left stays left"


def test_taking_judges_as_of_now() -> None:
    stage = on_stage()
    stage.lead(2)
    stage.quote(PRICE + 10)  # 40 ticks
    assert take(stage) == [
        "not taken, price_run: 40 ticks over 8; E1 stays on offer until 14:31:00 UTC",
    ]
    stage.quote(PRICE + 2)
    stage.act(Pause(accounts=(A,)))
    assert take(stage)[0].startswith("not taken, hold:")
    assert skips(stage) == [], "it is still on offer"
    stage.act(Leave(accounts=(A,), offer="E1"))
    assert skips(stage) == [("offer: left by ann", 2)]


def test_a_part_is_taken_and_the_rest_is_left() -> None:
    stage = on_stage()
    stage.lead(3)
    take(stage, quantity=2)
    stage.settle()
    assert stage.net(account=A) == 2
    assert skips(stage) == [("offer: left by ann", 1)]
    stage.lead(-1)
    stage.settle()
    assert stage.net(account=A) == 2, "the leader holds as many"


def test_an_offer_outlives_a_restart_and_waits_for_the_leaders_line() -> None:
    stage = on_stage()
    stage.lead(3)
    stage.restart()
    stage.restore(A)
    stage.snapshot(A)
    assert "what the leader holds is not known now" in take(stage)[0]
    stage.brokers[LEAD].nets[NQ] = 1  # he has sold two meanwhile
    stage.restore(LEAD)
    stage.snapshot(LEAD)
    assert stage.copier(A).offers[NQ].left == 1
    take(stage)
    stage.settle()
    assert stage.net(account=A) == 1
    stage.assert_replays()


def test_a_signal_is_told_and_nothing_is_entered() -> None:
    stage = on_stage(asked(discretion=Discretion.SIGNAL, sizing=Multiplier(ratio=Decimal(2))))
    stage.lead(1)
    stage.lead(-1)
    assert told(stage, "signal") == [
        "A: BUY 2 NQZ6 by its size, LEAD bought 1 NQZ6 at 20000; makes +2, not entered",
        "A: SELL 2 NQZ6 by its size, LEAD sold 1 NQZ6 at 20000; makes +0, not entered",
    ]
    assert skips(stage) == [("signal: this account is told, nothing is entered", 2)]
    assert not any(isinstance(one, SendLots) for one in stage.decisions)


@pytest.mark.parametrize("mode", [Discretion.APPROVE, Discretion.SIGNAL])
def test_what_is_held_is_let_out_in_every_mode(mode: Discretion) -> None:
    stage = on_stage(asked(discretion=Discretion.AUTOMATIC))
    stage.lead(3)
    stage.settle()
    stage.tell(DeskConfigured(at=stage.at, plan=plan([asked(discretion=mode)])))
    stage.lead(-3)
    stage.settle()
    assert stage.net(account=A) == 0


def test_settings_that_ask_nobody_end_what_was_offered() -> None:
    stage = on_stage()
    stage.lead(3)
    stage.tell(DeskConfigured(at=stage.at, plan=plan([asked(discretion=Discretion.AUTOMATIC)])))
    assert stage.copier(A).offers == {}
    assert skips(stage) == [("offer: the settings ask nobody any more", 3)]


askings = st.builds(
    asked,
    st.sampled_from([A]),
    sizing=st.sampled_from([Multiplier(ratio=Decimal(r)) for r in ("0.5", "1", "2")]),
    flip=st.sampled_from(Flip),
    discretion=st.sampled_from([Discretion.APPROVE, Discretion.APPROVE, Discretion.SIGNAL]),
    caps=st.sampled_from([Caps(), Caps(order=3, symbol=5)]),
    max_run_ticks=st.just(-1),
    symbols=st.sampled_from([{}, {"ES": "MNQ", "NQ": "MNQ"}]),
    ratios=st.just({"ES": Decimal(4)}),
)
taking = st.one_of(
    hard_steps.filter(lambda step: step[0] not in ("join", "sync")),
    hard_steps.filter(lambda step: step[0] not in ("join", "sync")),
    st.tuples(st.just("take"), st.integers(0, 2), st.sampled_from([None, 1])),
    st.tuples(st.just("take"), st.integers(0, 2), st.none()),
    st.tuples(st.just("leave"), st.integers(0, 2), st.none()),
)


@settings(
    max_examples=150, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
@given(mine=askings, steps=st.lists(taking, min_size=12, max_size=50))
def test_no_more_is_entered_than_was_taken(mine: FollowerPlan, steps: list[tuple]) -> None:
    stage = Stage(plan([mine, FollowerPlan(account=B)]))
    stage.quote()
    stage.quote(symbol=ES)
    for step in steps:
        before = {lane.symbol: lane.goal for lane in stage.copier(A).lanes.values()}
        if step[0] in ("take", "leave"):
            open_offers = [offer for offer in stage.copier(A).offers.values() if offer.id]
            if not open_offers:
                continue
            offer = open_offers[step[1] % len(open_offers)]
            wish = {"take": Take, "leave": Leave}[step[0]](accounts=(A,), offer=offer.id)
            if step[2] and step[0] == "take":
                wish = Take(accounts=(A,), offer=offer.id, quantity=1)
            stage.act(wish)
        else:
            play(stage, step)
            for lane in stage.copier(A).lanes.values():
                was = before.get(lane.symbol, 0)
                assert abs(lane.goal) <= abs(was) or lane.goal * was < 0 or lane.held == lane.goal, "nobody asked"
        for lane in stage.copier(A).lanes.values():
            on_offer = [offer.left for offer in stage.copier(A).offers.values() if offer.symbol == lane.symbol]
            assert all(left * lane.target > 0 for left in on_offer)
            assert abs(lane.goal + sum(on_offer)) <= max(abs(lane.target), abs(lane.goal)), (lane, on_offer)
    stage.settle()
    lead_flat(stage)
    stage.settle()
    assert not any(stage.brokers[A].nets.values())
    assert stage.copier(A).offers == {}
    stage.assert_replays()
