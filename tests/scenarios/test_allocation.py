"""Every allocation mode over real sockets, with minis and micros, caps, and a balance that is too old."""

from decimal import Decimal
from pathlib import Path

from engine.domain.group import (
    BalanceScaled,
    BelowOne,
    Caps,
    Fixed,
    FollowerPlan,
    Multiplier,
    Percentage,
    Pooled,
    RoomScaled,
    Rounding,
)
from tests.scenarios.stage import follower, staged

FREE = {"fee": Decimal(0), "micro_fee": Decimal(0), "spread_ticks": 0}


HALF, MICRO_NQ = Decimal("0.5"), {"NQ": "MNQ"}
MODES: list[tuple[FollowerPlan, tuple[int, int, int]]] = [
    (follower("exact"), (4, 3, -1)),
    (follower("exact-micro", symbols=MICRO_NQ), (40, 30, -10)),
    (follower("half", sizing=Multiplier(ratio=HALF)), (2, 1, 0)),
    (follower("quarter-micro", sizing=Multiplier(ratio=Decimal("0.25")), symbols=MICRO_NQ), (10, 7, -2)),
    (follower("half-up", sizing=Multiplier(ratio=HALF), rounding=Rounding.UP), (2, 2, 0)),
    (follower("little-one", sizing=Multiplier(ratio=Decimal("0.3")), below_one=BelowOne.ONE), (1, 1, -1)),
    (follower("nearest", sizing=Multiplier(ratio=Decimal("1.5")), rounding=Rounding.NEAREST), (6, 4, -1)),
    (follower("fixed", sizing=Fixed(contracts=2)), (2, 2, -2)),
    (follower("percentage", sizing=Percentage()), (2, 1, 0)),
    (follower("percentage-micro", sizing=Percentage(factor=Decimal(2)), symbols=MICRO_NQ), (40, 30, -10)),
    (follower("scaled", sizing=BalanceScaled()), (2, 1, 0)),
    (follower("scaled-micro", sizing=BalanceScaled(), symbols=MICRO_NQ), (20, 15, -5)),
    (follower("room", sizing=RoomScaled(room=Decimal(2000))), (4, 3, -1)),
    (follower("room-micro", sizing=RoomScaled(room=Decimal(2000), ratio=HALF), symbols=MICRO_NQ), (20, 15, -5)),
]


async def test_each_mode_in_out_and_through(tmp_path: Path) -> None:
    """The leader goes 4, 3, -1 and 0; each follower has half his balance and its own rule."""
    plans = [plan for plan, _ in MODES]
    settings = {"balances": {plan.account: Decimal(50_000) for plan in plans}, "venue_options": FREE, "per_login": 7}
    async with staged(tmp_path, plans, **settings) as stage:
        for turn, step in enumerate((4, -1, -4, 1)):
            stage.lead(step)
            await stage.until_quiet()
            for plan, sizes in MODES:
                symbol = "MNQZ6" if plan.symbols else "NQZ6"
                assert stage.held(plan.account, symbol) == (*sizes, 0)[turn], plan.account
        stage.assert_no_double()


async def test_a_pool_is_one_size_for_all(tmp_path: Path) -> None:
    """Twice the leader's size, split 3 : 1 : 1 by the largest remainder; the parts always add up to the whole."""
    plans = [
        follower(name, sizing=Pooled(share=Decimal(share), pool_ratio=Decimal(2)))
        for name, share in (("A", 3), ("B", 1), ("C", 1))
    ]
    async with staged(tmp_path, plans) as stage:
        for step, whole in ((5, 10), (-2, 6), (-2, 2), (-1, 0), (-3, -6), (3, 0), (1, 2)):
            stage.lead(step)
            await stage.until(lambda w=whole: sum(stage.held(name) for name in "ABC") == w, f"pool of {whole}")
            await stage.until_quiet()
            assert stage.held("A") * whole >= 0
            if whole == 10:
                assert [stage.held(name) for name in "ABC"] == [6, 2, 2]
        stage.assert_no_double()


async def test_caps_cut_entries_and_never_exits(tmp_path: Path) -> None:
    plans = [
        follower("A", caps=Caps(symbol=3)),
        follower("B", caps=Caps(order=2)),
        follower("C", caps=Caps(account=Decimal(2)), symbols={"NQ": "MNQ"}),
    ]
    async with staged(tmp_path, plans) as stage:
        stage.lead(5)
        await stage.until_held({"A": 3, "B": 2})
        await stage.until_held({"C": 20}, "MNQZ6")
        assert stage.skips("B") == [("order_size", 3)]
        assert stage.skips("C") == [("account_size", 30)]
        stage.lead(-5)
        await stage.until_held({"A": 0, "B": 0})
        await stage.until_held({"C": 0}, "MNQZ6")
        stage.lead(1, "ESZ6")
        stage.lead(2, "GCZ6")
        await stage.until_held({"C": 1}, "ESZ6")
        await stage.until_held({"C": 1}, "GCZ6")
        await stage.until_skipped("C", ("account_size", 30), ("account_size", 1))
        await stage.until_quiet()
        stage.assert_no_double()


async def test_a_balance_that_is_too_old_sizes_by_the_smaller_one(tmp_path: Path) -> None:
    """Row 21: both gain 40,000, then nobody is heard of for long: the follower counts at its worst, the leader at his best."""
    plans = [follower("A", sizing=Percentage(), balance_age_s=20)]
    async with staged(tmp_path, plans, venue_options=FREE, speed=60) as stage:
        stage.lead(2)
        await stage.until_held({"A": 2})
        stage.price("22000")
        stage.lead(-2)
        await stage.until_held({"A": 0})
        await stage.until(lambda: stage.copier("A").balance == 140_000, "the profit is known")
        feed = stage.copier("A").lane("NQZ6").feeds["NQZ6"]
        await stage.until(lambda: "stale" in feed.words, "the balance is called stale")
        stage.lead(7)
        await stage.until_held({"A": 5})
        await stage.until_quiet()
        assert stage.sizes("A") == [2, -2, 5]
        assert "100000 over 140000" in feed.words.replace(".00", "").replace(".0", "")


async def test_size_shrinks_with_the_room(tmp_path: Path) -> None:
    """Half of the room is lost, so the next entry is half as large."""
    plans = [follower("A", sizing=RoomScaled(room=Decimal(8_000)))]
    async with staged(tmp_path, plans, venue_options=FREE, speed=5) as stage:
        stage.lead(2)
        await stage.until_held({"A": 2})
        stage.price("20900")
        stage.lead(-2)
        await stage.until_held({"A": 0})
        feed = stage.copier("A").lane("NQZ6").feeds["NQZ6"]
        await stage.until(lambda: feed.words.startswith("room 4000"), "the loss is in the size")
        stage.lead(4)
        await stage.until_held({"A": 2})
        stage.lead(-4)
        await stage.until_held({"A": 0})
