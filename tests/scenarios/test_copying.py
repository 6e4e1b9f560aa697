"""Copying by position over real sockets: parts, scaling, flips, bursts, minis and micros."""

from decimal import Decimal
from pathlib import Path

import pytest

from engine.domain.group import Flip, Multiplier
from engine.sim import fault
from tests.scenarios.stage import LEADER, MICROS, PRICES, follower, staged

HALF = Multiplier(ratio=Decimal("0.5"))


async def test_followers_end_where_the_leader_goes(tmp_path: Path) -> None:
    plans = [
        follower("A"),
        follower("B", sizing=HALF),
        follower("C", symbols={"NQ": "MNQ"}),
    ]
    async with staged(tmp_path, plans) as stage:
        stage.lead(2)
        await stage.until_held({"A": 2, "B": 1})
        await stage.until_held({"C": 20}, "MNQZ6")
        stage.lead(-3)
        await stage.until_held({"A": -1, "B": 0})
        await stage.until_held({"C": -10}, "MNQZ6")
        stage.lead(1)
        await stage.until_held({"A": 0, "B": 0})
        await stage.until_held({"C": 0}, "MNQZ6")
        stage.assert_no_double()


async def test_a_leader_filled_in_parts_is_never_outgrown(tmp_path: Path) -> None:
    """Row 1: 3 + 4 + 3 of 10 at 0.5 ends at 5 and is never above 5; the follower's own parts change nothing."""
    async with staged(tmp_path, [follower("A", sizing=HALF), follower("B", sizing=HALF)]) as stage:
        stage.fault(fault.SplitFills(account=LEADER, sizes=(3, 4, 3)))
        stage.fault(fault.SplitFills(account="B", sizes=(1, 1), count=None))
        stage.lead(10)
        await stage.until_held({"A": 5, "B": 5})
        await stage.until_quiet()
        assert stage.path(LEADER) == [3, 7, 10]
        assert sum(stage.sizes("A")) == sum(stage.sizes("B")) == 5
        assert stage.path("B") == [1, 2, 3, 4, 5]
        assert max(stage.path("A")) == 5


async def test_every_partial_close_is_followed(tmp_path: Path) -> None:
    """Row 15: 4, 3, 1, 0."""
    async with staged(tmp_path, [follower("A"), follower("B", sizing=HALF)]) as stage:
        for step, (whole, half) in zip((4, -1, -2, -1), ((4, 2), (3, 1), (1, 0), (0, 0)), strict=True):
            stage.lead(step)
            await stage.until_held({"A": whole, "B": half})
        await stage.until_quiet()
        assert stage.path("A") == [4, 3, 1, 0]
        assert stage.path("B") == [2, 1, 0]


async def test_ten_contracts_at_once_lose_nothing(tmp_path: Path) -> None:
    """Row 16: ten contracts within one turn of the venue, in and out again."""
    symbols = [*PRICES, *MICROS][:10]
    assert len(symbols) == 10
    async with staged(tmp_path, [follower("A"), follower("B"), follower("C")]) as stage:
        for sign in (2, -3, 1):
            for symbol in symbols:
                stage.lead(sign, symbol)
        await stage.until_quiet()
        for symbol in symbols:
            assert {stage.held(name, symbol) for name in "ABC"} == {0}
            assert max(stage.path("A", symbol)) == 2
        for sign in (1, 1, -3):
            for symbol in symbols:
                stage.lead(sign, symbol)
        for symbol in symbols:
            await stage.until_held({"A": -1, "B": -1, "C": -1}, symbol)
        stage.assert_no_double()


async def test_a_burst_in_one_contract_ends_right(tmp_path: Path) -> None:
    async with staged(tmp_path, [follower("A"), follower("B", sizing=HALF)]) as stage:
        for step in (1, 2, -5, 4, 3, -1, -6, 8, -1):
            stage.lead(step)
        await stage.until_held({"A": 5, "B": 2})
        await stage.until_quiet()
        stage.assert_no_double()
        for name in ("A", "B"):
            assert max(map(abs, stage.path(name))) <= max(map(abs, stage.path(LEADER)))


async def test_half_a_mini_is_micros_or_nothing(tmp_path: Path) -> None:
    """Row 13: 0.5 of 1 NQ is 5 MNQ, or 0 by policy, never 1 NQ; back from micros to minis only in whole ones."""
    plans = [
        follower("A", sizing=HALF, symbols={"NQ": "MNQ"}),
        follower("B", sizing=HALF),
        follower("C", symbols={"MNQ": "NQ"}),
    ]
    async with staged(tmp_path, plans) as stage:
        stage.lead(1)
        await stage.until_held({"A": 5}, "MNQZ6")
        await stage.until_held({"C": 1})
        stage.lead(9, "MNQZ6")
        await stage.until_held({"A": 5 + 4}, "MNQZ6")  # 4.5 micros of its own
        stage.lead(1, "MNQZ6")
        await stage.until_held({"C": 2})
        stage.lead(-1)
        stage.lead(-10, "MNQZ6")
        await stage.until_held({"A": 0}, "MNQZ6")
        await stage.until_held({"B": 0}, "MNQZ6")
        await stage.until_held({"C": 0})
        await stage.until_quiet()
        assert stage.sizes("B") == [4, 1, -5]  # of the leader's MNQ: 4.5, then 5; of his NQ: nothing
        assert {order.symbol for order in stage.received("B")} == {"MNQZ6"}


@pytest.mark.parametrize("flip", list(Flip))
async def test_a_flip_ends_on_the_other_side(tmp_path: Path, flip: Flip) -> None:
    """Row 14: +3 to -2 with rounding and parts on every account."""
    plans = [
        follower("A", flip=flip),
        follower("B", flip=flip, sizing=HALF),
        follower("C", flip=flip, sizing=Multiplier(ratio=Decimal("1.5"))),
    ]
    async with staged(tmp_path, plans) as stage:
        stage.lead(3)
        await stage.until_held({"A": 3, "B": 1, "C": 4})
        for name in ("A", "C"):
            stage.fault(fault.SplitFills(account=name, sizes=(2, 1), count=None))
        stage.lead(-5)
        await stage.until_held({"A": -2, "B": -1, "C": -3})
        await stage.until_quiet()
        assert stage.path("B") == ([1, -1] if flip is Flip.ONE_ORDER else [1, 0, -1])
        for name in ("A", "C"):  # down all the way, never back and forth
            way = stage.path(name)
            assert way == sorted(way, reverse=True)
            assert len(stage.sizes(name)) == (2 if flip is Flip.ONE_ORDER else 3)
        stage.assert_no_double()


async def test_a_reject_in_the_middle_of_a_flip(tmp_path: Path) -> None:
    """Row 14: the closing half is rejected after acceptance, comes again, and only then does the opening half leave."""
    async with staged(tmp_path, [follower("A"), follower("B")], speed=10) as stage:
        stage.lead(3)
        await stage.until_held({"A": 3, "B": 3})
        stage.fault(fault.RejectLate(account="A"))
        stage.lead(-5)
        await stage.until_held({"A": -2, "B": -2})
        await stage.until_quiet()
        assert stage.sizes("A") == [3, -3, -3, -2]
        assert stage.path("A") == [3, 0, -2]
        assert stage.notices("exit.refused", "A")


async def test_a_refused_opening_half_leaves_the_follower_flat(tmp_path: Path) -> None:
    async with staged(tmp_path, [follower("A"), follower("B")]) as stage:
        stage.lead(3)
        await stage.until_held({"A": 3, "B": 3})
        stage.fault(fault.SlowExchange(account="A", accept_s=0.05))
        stage.lead(-5)
        await stage.until(lambda: len(stage.sizes("A")) == 2, "the closing half is there")
        stage.fault(fault.Refuse(account="A", reason="MaxPosLimitReached", text="Max position is 0"))
        await stage.until_held({"A": 0, "B": -2})
        await stage.until_quiet()
        await stage.until(lambda: bool(stage.notices("copy.reject", "A")), "the refusal is told")
        stage.lead(2)
        await stage.until_held({"A": 0, "B": 0})
        await stage.until_quiet()
        assert stage.path("A") == [3, 0]
