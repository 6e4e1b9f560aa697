"""Losses of a relationship stop that one; losses of a pool stop all of it, and its members' parts add up to it."""

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain.bond import Bond, Parting, RelationshipPlan
from engine.domain.command import On, Resume
from engine.domain.decision import Raised
from engine.domain.event import DeskConfigured
from engine.domain.group import DeskPlan, FollowerPlan, GroupPlan, Pooled, PoolPlan, faults
from engine.domain.ids import AccountId
from engine.domain.pool import result_of
from engine.domain.tradedate import TURN, bounds, trade_date
from tests.engine.domain.model import LEAD, NQ, PRICE, Stage, plan

EIGHT = [AccountId(name) for name in "ABCDEFGH"]
A, B = EIGHT[:2]


def notices(stage: Stage, code: str) -> list[str]:
    return [one.text for one in stage.decisions if isinstance(one, Raised) and one.code == code]


def bonded(*actions: Parting, high_water: bool = False) -> Stage:
    limit = RelationshipPlan(max_loss=Decimal(1_500), actions=actions, high_water=high_water)
    plans = [FollowerPlan(account=name, relationship=limit if name == A else None) for name in EIGHT]
    stage = Stage(plan(plans))
    stage.quote()
    return stage


def lead(stage: Stage, quantity: int) -> list[int]:
    stage.lead(quantity)
    stage.settle()
    return [stage.net(account=name) for name in EIGHT if name in stage.brokers]


def test_one_of_eight_has_lost_too_much_and_seven_go_on() -> None:
    stage = bonded(Parting.FLATTEN, Parting.STOP)
    assert lead(stage, 2) == [2] * 8
    stage.quote(PRICE - 30)
    assert notices(stage, "rel.warn") == ["A: copies of its leader have lost 1200.00, 1500.00 allowed"]
    stage.quote(PRICE - Decimal("37.5"))
    assert notices(stage, "rel.loss") == [
        "A: copies of its leader have lost 1500.00, 1500.00 allowed → flattening, off until a person turns it on"
    ]
    assert "a flatten is still under way" in [
        one.text for one in stage.act(On(accounts=(A,))) if isinstance(one, Raised) and one.code == "act.failed"
    ]
    stage.settle()
    assert lead(stage, 1) == [0] + [3] * 7
    stage.act(Resume(accounts=(A,)))
    assert lead(stage, 1) == [0] + [4] * 7
    stage.act(On(accounts=(A,)))
    assert stage.copier(A).bond.result({}) == 0, "a new relationship"
    assert lead(stage, 1) == [1] + [5] * 7
    stage.assert_replays()


def test_what_was_won_first_may_be_lost_unless_it_is_measured_from_the_best() -> None:
    for high_water, is_stopped in ((False, False), (True, True)):
        stage = bonded(Parting.CLOSE_ONLY, high_water=high_water)
        lead(stage, 2)
        stage.quote(PRICE + 20)
        stage.quote(PRICE - 20)
        assert bool(notices(stage, "rel.loss")) is is_stopped
        assert lead(stage, -1)[0] == 1, "exits pass"


def test_a_position_closed_by_hand_ends_the_copy_and_a_trade_by_hand_is_none() -> None:
    bond = Bond()
    bond.fold(NQ, 2, PRICE, is_ours=True)
    bond.fold(NQ, -3, PRICE + 1, is_ours=False)
    assert (bond.nets[NQ], bond.earned({})) == (0, Decimal(40))
    bond.fold(NQ, -5, PRICE, is_ours=False)
    assert bond.nets[NQ] == 0
    bond.settle(NQ, -5, PRICE, is_ours=False)
    assert (bond.nets[NQ], bond.earned({})) == (0, Decimal(40))
    bond.fold(NQ, 1, PRICE, is_ours=True)
    assert bond.earned({}) is None, "without a price nothing is known"


def pooled(limits: PoolPlan | None, shares: str = "112") -> DeskPlan:
    plans = [
        FollowerPlan(account=name, sizing=Pooled(share=Decimal(share), pool_ratio=Decimal(2)))
        for name, share in zip(EIGHT, shares, strict=False)
    ]
    desk = plan([*plans])
    return DeskPlan(
        accounts=desk.accounts,
        groups=(GroupPlan(id=desk.groups[0].id, leader=LEAD, followers=tuple(plans), pool=limits),),
    )


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(
    most=st.integers(1, 9),
    shares=st.sampled_from(["112", "111", "531", "11"]),
    moves=st.lists(st.integers(-4, 4).filter(bool), min_size=1, max_size=8),
    price=st.integers(-40, 40),
)
def test_a_pool_is_the_sum_of_its_shares(most: int, shares: str, moves: list[int], price: int) -> None:
    stage = Stage(pooled(PoolPlan(max_contracts=most), shares))
    stage.quote()
    for move in moves:
        lead(stage, move)
        stage.quote(PRICE + price)
        members = [stage.copier(name) for name in EIGHT[: len(shares)]]
        net = stage.net()
        targets = [stage.lane(copier.account).target for copier in members]
        assert sum(map(abs, targets)) == min(most, 2 * abs(net)), "members' parts add up to the pool's size"
        mark = {NQ: stage.price}
        assert result_of(stage.desk.state, stage.desk.state.plan.groups[0]) == sum(
            copier.bond.earned(mark) for copier in members
        )
    stage.assert_replays()


def test_a_pool_stops_all_its_members_and_a_member_only_itself() -> None:
    stage = Stage(pooled(PoolPlan(max_loss=Decimal(4_000), actions=(Parting.FLATTEN, Parting.STOP))))
    stage.quote()
    assert lead(stage, 2) == [1, 1, 2]
    stage.copier(A)  # a member's own stop leaves its share untraded
    stage.act(Resume(accounts=(A,)))
    stage.quote(PRICE - 50)
    assert [text.split(":")[0] for text in notices(stage, "rel.loss")] == ["A", "B", "C"]
    assert "pool MAIN: its members have lost 4000.00 together, 4000.00 allowed" in notices(stage, "rel.loss")[0]
    stage.settle()
    assert lead(stage, 1) == [0, 0, 0]
    stage.act(On(accounts=(A,)))
    assert lead(stage, 2)[0] > 0
    assert lead(stage, 1)[1:] == [0, 0], "their shares are traded by nobody"
    assert not stage.desk.state.pools[stage.desk.state.plan.groups[0].id].has_acted
    stage.assert_replays()


def test_a_days_loss_of_a_pool_ends_with_the_day() -> None:
    stage = Stage(msgspec.structs.replace(pooled(PoolPlan(daily_loss=Decimal(1_000))), turn=TURN))
    stage.quote()
    lead(stage, 2)
    stage.quote(PRICE - 20)
    until = stage.copier(B).holds[0].until
    assert until == bounds(trade_date(stage.at))[1]
    assert f"{until:%H:%M} UTC" == "23:00 UTC", "17:00 in Chicago"
    lead(stage, -2)
    stage.at = until
    stage.wait(60)
    assert lead(stage, 1) == [0, 1, 1]


def test_a_plan_of_before_that_names_no_turn_ends_its_days_as_it_did() -> None:
    stage = Stage(pooled(PoolPlan(daily_loss=Decimal(1_000))))
    stage.quote()
    lead(stage, 2)
    stage.quote(PRICE - 20)
    assert f"{stage.copier(B).holds[0].until:%H:%M} UTC" == "22:00 UTC", "16:00 in Chicago"


def test_new_limits_size_the_pool_anew_and_wrong_ones_are_refused() -> None:
    stage = Stage(pooled(PoolPlan(max_contracts=4)))
    stage.quote()
    assert sum(lead(stage, 3)) == 4
    lead(stage, -3)
    stage.tell(DeskConfigured(at=stage.at, plan=pooled(PoolPlan(max_contracts=2))))
    assert sum(lead(stage, 3)) == 2
    wrong = pooled(PoolPlan(max_contracts=0, max_loss=Decimal(-1)))
    assert faults(wrong) == [
        "group MAIN: pool.max_contracts must be above 0, not 0",
        "group MAIN: pool.max_loss must be above 0, not -1",
    ]
    lone = GroupPlan(id=wrong.groups[0].id, leader=LEAD, followers=(FollowerPlan(account=A),), pool=PoolPlan())
    assert "nobody has sizing pooled" in faults(DeskPlan(accounts=wrong.accounts, groups=(lone,)))[0]


@pytest.mark.parametrize("figure", ["0", "-5", "NaN"])
def test_a_relationship_needs_a_loss_above_nothing(figure: str) -> None:
    bad = plan([FollowerPlan(account=A, relationship=RelationshipPlan(max_loss=Decimal(figure)))])
    assert faults(bad)[0].startswith("follower A: relationship.max_loss must be above 0")
