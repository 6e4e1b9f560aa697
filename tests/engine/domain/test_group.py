"""A wrong plan: one line for each fault, naming the setting."""

from decimal import Decimal
from typing import Any

import pytest

from engine.domain.group import (
    AccountPlan,
    BalanceScaled,
    Bracket,
    Caps,
    DeskPlan,
    Fixed,
    FollowerPlan,
    GroupPlan,
    Multiplier,
    Percentage,
    Pooled,
    RoomScaled,
    faults,
    follower_symbol,
)
from engine.domain.ids import AccountId, ConnectionId, GroupId, Root, Symbol

L, M, A, B = (AccountId(name) for name in "LMAB")
NAN = Decimal("NaN")


def accounts(*names: AccountId) -> tuple[AccountPlan, ...]:
    return tuple(AccountPlan(id=name, connection=ConnectionId("c"), name=name) for name in names)


def group(name: str, leader: AccountId, *followers: FollowerPlan) -> GroupPlan:
    return GroupPlan(id=GroupId(name), leader=leader, followers=followers)


def follower(account: AccountId = A, **settings: Any) -> FollowerPlan:
    return FollowerPlan(account=account, **settings)


def desk(*groups: GroupPlan, known: tuple[AccountPlan, ...] = accounts(L, M, A, B)) -> DeskPlan:
    return DeskPlan(accounts=known, groups=groups)


def test_a_right_plan_has_no_fault() -> None:
    assert faults(desk(group("G", L, follower(A), follower(B)))) == []


@pytest.mark.parametrize(
    ("plan", "line"),
    [
        (desk(group("G", L, follower(A)), group("H", A, follower(B))), "group G: A leads and follows"),
        (desk(group("G", L, follower(A)), group("H", A, follower(L))), "group H: L leads and follows"),
        (desk(group("G", L, follower(L))), "group G: L leads and follows"),
        (desk(group("G", L, follower(A)), group("H", M, follower(A))), "group H: A already follows in G"),
        (desk(group("G", AccountId("X"), follower(A))), "group G: leader X is no account"),
        (desk(group("G", L, follower(AccountId("X")))), "group G: follower X is no account"),
        (desk(group("G", L, follower(A)), group("G", M, follower(B))), "groups: two groups share one id"),
        (desk(known=accounts(L, L)), "accounts: two accounts share one id"),
    ],
)
def test_roles_form_no_circle_and_every_account_is_known(plan: DeskPlan, line: str) -> None:
    assert any(found.startswith(line) for found in faults(plan)), faults(plan)


@pytest.mark.parametrize(
    ("settings", "setting"),
    [
        ({"sizing": Multiplier(ratio=Decimal(0))}, "ratio"),
        ({"sizing": Multiplier(ratio=Decimal(-1))}, "ratio"),
        ({"sizing": Multiplier(ratio=NAN)}, "ratio"),
        ({"sizing": Fixed(contracts=0)}, "contracts"),
        ({"sizing": Percentage(factor=Decimal(0))}, "factor"),
        ({"sizing": BalanceScaled(factor=NAN)}, "factor"),
        ({"sizing": RoomScaled(room=Decimal(0))}, "room"),
        ({"sizing": RoomScaled(room=Decimal(1), ratio=NAN)}, "ratio"),
        ({"sizing": Pooled(share=Decimal(0))}, "share"),
        ({"sizing": Pooled(share=Decimal(1), pool_ratio=Decimal("Infinity"))}, "pool_ratio"),
        ({"ratios": {"NQ": Decimal(0)}}, "ratios.NQ"),
        ({"caps": Caps(order=-1)}, "caps.order"),
        ({"caps": Caps(symbol=-1)}, "caps.symbol"),
        ({"caps": Caps(account=NAN)}, "caps.account"),
        ({"caps": Caps(orders_per_minute=-1)}, "caps.orders_per_minute"),
        ({"max_age_s": NAN}, "max_age_s"),
        ({"max_age_s": Decimal(-1)}, "max_age_s"),
        ({"join_ticks": -1}, "join_ticks"),
        ({"balance_age_s": -1}, "balance_age_s"),
        ({"pause_after_refusals": -1}, "pause_after_refusals"),
        ({"bracket": Bracket(stop_ticks=0, target_ticks=4)}, "bracket"),
    ],
)
def test_a_bad_number_gives_one_line_that_names_its_setting(settings: dict[str, Any], setting: str) -> None:
    (line,) = faults(desk(group("G", L, follower(A, **settings))))
    assert line.startswith("follower A: ")
    assert setting in line


def test_members_of_a_pool_agree_on_what_makes_contracts_of_it() -> None:
    one, two = Pooled(share=Decimal(1)), Pooled(share=Decimal(2), pool_ratio=Decimal(2))
    assert faults(desk(group("G", L, follower(A, sizing=one), follower(B, sizing=one)))) == []
    found = faults(desk(group("G", L, follower(A, sizing=one), follower(B, sizing=two, symbols={"NQ": "MNQ"}))))
    assert [line.rsplit(" ", 1)[-1] for line in found] == ["sizing.pool_ratio", "symbols"]


def test_a_symbol_map_keeps_the_month_and_a_whole_name_wins() -> None:
    plan = follower(symbols={"NQ": "MNQ", "ES": "", "GCZ6": "MGCG7"})
    pairs = [("NQZ6", "NQ", "MNQZ6"), ("ESZ6", "ES", None), ("GCZ6", "GC", "MGCG7"), ("GCG7", "GC", "GCG7")]
    for symbol, root, own in pairs:
        assert follower_symbol(plan, Symbol(symbol), Root(root)) == own
