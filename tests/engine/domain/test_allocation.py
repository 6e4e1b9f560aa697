"""Sizes: toward zero, never up in silence, never beyond a cap; remainders are carried and shared fairly."""

from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain.allocation import Funds, carried, conversion, size, split, target, whole
from engine.domain.group import (
    BalanceScaled,
    BelowOne,
    Caps,
    Exact,
    Fixed,
    FollowerPlan,
    Multiplier,
    Percentage,
    Pooled,
    RoomScaled,
    Rounding,
    Sizing,
)
from engine.domain.ids import AccountId
from tests.engine.domain.model import ES, MNQ, NQ

quick = settings(deadline=None, derandomize=True, database=None, max_examples=200)
nets = st.integers(-200, 200)
ratios = st.fractions(min_value=0, max_value=20, max_denominator=1_000)
money = st.decimals(1_000, 500_000, places=2)


def follower(**settings_: object) -> FollowerPlan:
    return FollowerPlan(account=AccountId("A"), **settings_)


def funds(balance: Decimal | str | None, **more: object) -> Funds:
    balance = None if balance is None else Decimal(balance)
    return Funds(**{"balance": balance, "cautious": balance, "first_equity": balance, **more})


def sized(sizing: Sizing, own: str | None = "50000", leader: str | None = "150000", factor: str = "1") -> Fraction:
    return size(sizing, funds(own), funds(leader), Decimal(factor)).ratio


@quick
@given(net=nets, ratio=ratios, cap=st.integers(0, 50))
def test_toward_zero_is_never_more_than_the_ratio_nor_the_cap(net: int, ratio: Fraction, cap: int) -> None:
    found = target(net, ratio, 0, follower(caps=Caps(symbol=cap)))
    assert abs(found) <= min(abs(net) * ratio, cap)
    assert abs(net) * ratio - abs(found) < 1 or abs(found) == cap
    assert found * net >= 0


@quick
@given(exact=ratios, rounding=st.sampled_from(Rounding))
def test_nothing_below_one_contract_becomes_one_unasked(exact: Fraction, rounding: Rounding) -> None:
    found = whole(exact, rounding, BelowOne.ZERO)
    assert abs(found - exact) < 1
    if exact < 1:
        assert found == 0
        assert whole(exact, rounding, BelowOne.ONE) == (1 if exact > 0 else 0)
    if rounding is Rounding.TOWARD_ZERO:
        assert found <= exact
    if rounding is Rounding.NEAREST and exact >= 1:
        assert abs(found - exact) <= Fraction(1, 2)


def test_what_rounding_holds_back_comes_with_a_later_part() -> None:
    half = follower()
    assert [target(net, Fraction(1, 2), 0, half) for net in (1, 2, 3)] == [0, 1, 1]
    assert [carried(net, Fraction(1, 2), target(net, Fraction(1, 2), 0, half)) for net in (1, 2, 3)] == [
        Decimal("0.50"),
        Decimal("0.00"),
        Decimal("0.50"),
    ]


@quick
@given(steps=st.lists(st.integers(-5, 5), max_size=60), ratio=ratios)
def test_the_long_run_error_stays_below_one_contract(steps: list[int], ratio: Fraction) -> None:
    plan, net, held = follower(caps=Caps(symbol=1_000_000)), 0, 0
    for step in steps:
        net += step
        held += target(net, ratio, 0, plan) - held
        assert abs(net * ratio - held) < 1


def test_each_mode_by_its_figures() -> None:
    assert sized(Exact()) == 1
    assert sized(Multiplier(ratio=Decimal("0.5"))) == Fraction(1, 2)
    assert sized(Multiplier(ratio=Decimal("0.5")), factor="0.5") == Fraction(1, 4)
    assert sized(Percentage()) == Fraction(1, 3)
    assert sized(Percentage(factor=Decimal(3))) == 1
    assert size(Fixed(contracts=3), funds("1"), funds("1"), Decimal(1)).flat == 3
    assert target(1, Fraction(0), 3, follower()) == 3
    assert target(-9, Fraction(0), 3, follower()) == -3
    assert target(0, Fraction(0), 3, follower()) == 0
    own = funds("50000", open_profit=Decimal(-500), margin=Decimal(4500))
    leader = funds("150000", open_profit=Decimal(2_000), margin=Decimal(17_000))
    assert size(BalanceScaled(), own, leader, Decimal(1)).ratio == Fraction(45_000, 135_000)


@quick
@given(lost=st.decimals(0, 4_000, places=2))
def test_room_shrinks_the_size_as_the_limit_nears(lost: Decimal) -> None:
    rule = RoomScaled(room=Decimal(2_000), ratio=Decimal(2))
    own = funds(Decimal(50_000) - lost, first_equity=Decimal(50_000))
    found = size(rule, own, funds("1"), Decimal(1)).ratio
    assert found == max(Fraction(0), 2 * (1 - Fraction(lost) / 2_000))


@quick
@given(
    sizing=st.sampled_from([Percentage(), BalanceScaled(), RoomScaled(room=Decimal(2_000))]),
    last=money,
    smallest=money,
    leader_last=money,
    leader_largest=money,
    stale=st.tuples(st.booleans(), st.booleans()),
)
def test_a_stale_balance_only_sizes_down_and_says_so(
    sizing: Sizing,
    last: Decimal,
    smallest: Decimal,
    leader_last: Decimal,
    leader_largest: Decimal,
    stale: tuple[bool, bool],
) -> None:
    smallest, leader_largest = min(last, smallest), max(leader_last, leader_largest)
    own = Funds(balance=last, cautious=smallest, first_equity=last)
    leader = Funds(balance=leader_last, cautious=leader_largest)
    fresh = size(sizing, own, leader, Decimal(1))
    own = Funds(balance=last, cautious=smallest, first_equity=last, is_stale=stale[0])
    leader = Funds(balance=leader_last, cautious=leader_largest, is_stale=stale[1])
    old = size(sizing, own, leader, Decimal(1))
    assert old.ratio <= fresh.ratio
    counts_leader = not isinstance(sizing, RoomScaled)
    assert ("stale" in old.words) == (stale[0] or (stale[1] and counts_leader))
    assert "stale" not in fresh.words


def test_an_unknown_or_lost_balance_sizes_to_nothing() -> None:
    for sizing in (Percentage(), BalanceScaled(), RoomScaled(room=Decimal(1))):
        found = size(sizing, funds(None), funds("1"), Decimal(1))
        assert found.ratio == 0
        assert "not known" in found.words
    for sizing in (Percentage(), BalanceScaled()):
        assert "leader is not known" in size(sizing, funds("1"), funds(None), Decimal(1)).words
        assert size(sizing, funds("-1"), funds("1"), Decimal(1)).ratio == 0
        assert size(sizing, funds("1"), funds("0"), Decimal(1)).ratio == 0


def test_half_a_mini_is_five_micros_or_nothing_and_never_a_whole_mini() -> None:
    micro = follower(symbols={"NQ": "MNQ"})
    convert = conversion(micro, NQ, MNQ)
    assert convert == 10
    assert target(1, Fraction(1, 2) * convert, 0, micro) == 5
    assert target(1, Fraction(1, 2), 0, follower()) == 0
    assert conversion(follower(), MNQ, NQ) == Fraction(1, 10)
    assert conversion(follower(), NQ, ES) is None
    assert conversion(follower(ratios={"NQ": Decimal(2)}), NQ, ES) == 2
    assert conversion(follower(ratios={"NQ": Decimal(2), "NQZ6": Decimal(3)}), NQ, ES) == 3


@quick
@given(
    contracts=st.integers(0, 300),
    shares=st.lists(st.decimals(0, 100, places=2), min_size=1, max_size=12),
    turn=st.integers(0, 30),
)
def test_a_pool_is_shared_whole(contracts: int, shares: list[Decimal], turn: int) -> None:
    parts, total = split(contracts, shares, turn), sum(shares)
    if not total:
        assert not any(parts)
        return
    assert sum(parts) == contracts
    for part, share in zip(parts, shares, strict=True):
        assert abs(part - Fraction(share) / Fraction(total) * contracts) < 1


@quick
@given(contracts=st.integers(0, 40), members=st.integers(1, 9))
def test_equal_members_come_first_equally_often(contracts: int, members: int) -> None:
    sums = [0] * members
    for turn in range(members):
        for i, part in enumerate(split(contracts, [Decimal(1)] * members, turn)):
            sums[i] += part
    assert set(sums) == {contracts}


def test_a_pools_size_counts_by_hand_and_words() -> None:
    found = size(Pooled(share=Decimal(3), pool_ratio=Decimal(2)), funds("1"), funds("1"), Decimal(2))
    assert found.ratio == 4
    assert found.words == "share 3 of pool 2 x 2 by hand"
