"""Who decides, over real sockets: entries that are offered, taken, left, forgotten; signals only; trades that are let go."""

from decimal import Decimal
from pathlib import Path

from engine.domain.bond import Parting, RelationshipPlan
from engine.domain.command import Close, Disconnect, Leave, Off, On, Resize, Skip, Take
from engine.domain.group import Discretion
from engine.domain.ids import AccountId, Symbol
from tests.scenarios.stage import Stage, follower, staged
from tests.scenarios.test_act import is_proven, said
from tests.scenarios.test_limit import down

A, B, C, D = AccountId("A"), AccountId("B"), AccountId("C"), AccountId("D")


async def offered(stage: Stage, account: str, left: int) -> str:
    """Id of an account's one open offer, once it is of this size."""

    def sizes() -> list[int]:
        return [offer.left for offer in stage.copier(account).offers.values()]

    await stage.until(lambda: sizes() == [left], f"{account} is offered {left}")
    return next(iter(stage.copier(account).offers.values())).id


async def test_taken_left_expired_and_only_told(tmp_path: Path) -> None:
    plans = [
        follower("A", discretion=Discretion.APPROVE),
        follower("B", discretion=Discretion.APPROVE),
        follower("C", discretion=Discretion.APPROVE, offer_s=20),
        follower("D", discretion=Discretion.SIGNAL),
        follower("E"),
    ]
    async with staged(tmp_path, plans, speed=20) as stage:
        stage.lead(2)
        await stage.until_held({"E": 2})
        mine, other = await offered(stage, "A", 2), await offered(stage, "B", 2)
        assert len({mine, other, await offered(stage, "C", 2)}) == 3
        stage.act(Take(accounts=(A,), offer=mine), "take")
        stage.act(Leave(accounts=(B,), offer=other), "leave")
        await stage.until_held({"A": 2})
        await stage.until(lambda: is_proven(stage, "take", "A"), "the broker has shown it")
        await stage.until_skipped("C", ("offer", 2))
        assert [stage.held(name) for name in "BCD"] == [0, 0, 0]
        assert len(stage.notices("entry.offer")) == 3
        assert "D: BUY 2 NQZ6 by its size, LEAD-1 bought 2 NQZ6" in stage.notices("signal", "D")[0]
        stage.lead(-2)
        await stage.until_held({"A": 0, "E": 0})
        await stage.until_quiet()
        assert [stage.path(name) for name in "BCD"] == [[], [], []]
        stage.assert_no_double()


async def test_an_offer_outlives_a_restart_and_shrinks_by_what_the_leader_closed(tmp_path: Path) -> None:
    async with staged(tmp_path, [follower("A", discretion=Discretion.APPROVE), follower("B")]) as stage:
        stage.lead(3)
        await stage.until_held({"B": 3})
        name = await offered(stage, "A", 3)
        await stage.close_engine()
        stage.lead(-2)
        await stage.open_engine()
        assert await offered(stage, "A", 1) == name
        stage.act(Take(accounts=(A,), offer=name), "take")
        await stage.until_held({"A": 1, "B": 1})
        stage.lead(1)
        name = await offered(stage, "A", 1)
        stage.lead(-2)
        await stage.until_held({"A": 0, "B": 0})
        assert not stage.copier("A").offers
        stage.act(Take(accounts=(A,), offer=name), "late")
        assert said(stage, "late", "A") == [f"failed: {name} is not on offer any more"]
        await stage.until_quiet()
        assert stage.path("A") == [1, 0]
        stage.assert_no_double()


async def test_a_trade_is_skipped_one_is_let_go_and_copying_is_turned_off(tmp_path: Path) -> None:
    async with staged(tmp_path, [follower(name) for name in "ABCD"], speed=5) as stage:
        stage.lead(2)
        await stage.until_held(dict.fromkeys("ABCD", 2))
        stage.act(Skip(accounts=(A,)), "skip")
        stage.act(Disconnect(accounts=(B,), symbol=Symbol("NQZ6")), "apart")
        stage.act(Off(accounts=(C,), close=True), "off")
        await stage.until_held({"A": 2, "B": 2, "C": 0, "D": 2})
        await stage.until(lambda: is_proven(stage, "off", "C"), "the broker has shown it")
        stage.lead(1)
        await stage.until_held({"D": 3})
        await stage.until_skipped("A", ("skip", 1))
        await stage.until_skipped("B", ("disconnected", 1))
        await stage.until_skipped("C", ("hold", 1))
        stage.lead(-3)
        await stage.until_held({"A": 0, "B": 2, "C": 0, "D": 0})
        await stage.close_engine()
        await stage.open_engine()
        assert stage.notices("apart.left", "B")
        stage.act(Close(accounts=(B,)), "close")
        await stage.until_held({"B": 0})
        stage.lead(-1)
        await stage.until_held({"A": -1, "B": -1, "D": -1})
        stage.act(On(accounts=(C,)), "on")
        stage.lead(-1)
        await stage.until_held({"A": -2, "B": -2, "C": -1, "D": -2})
        stage.act(Resize(accounts=(A,), factor=Decimal("0.5"), now=True), "size")
        await stage.until_held({"A": -1})
        stage.lead(2)
        await stage.until_held(dict.fromkeys("ABCD", 0))
        await stage.until_quiet()
        stage.assert_no_double()


async def test_one_of_eight_relationships_has_lost_too_much(tmp_path: Path) -> None:
    limit = RelationshipPlan(max_loss=Decimal(1_000), actions=(Parting.FLATTEN, Parting.STOP))
    plans = [follower(name, relationship=limit if name == "A" else None) for name in "ABCDEFGH"]
    async with staged(tmp_path, plans) as stage:
        stage.lead(2)
        await stage.until_held(dict.fromkeys("ABCDEFGH", 2))
        stage.price("20990")
        await stage.close_engine()
        await stage.open_engine()  # what was earned before counts on
        await down(stage, "20974")
        await stage.until_held({"A": 0})
        assert [stage.held(name) for name in "BCDEFGH"] == [2] * 7
        assert len(stage.notices("rel.loss", "A")) == 1
        stage.lead(1)
        await stage.until_held(dict.fromkeys("BCDEFGH", 3))
        await stage.until(lambda: bool(stage.notices("dd.flat", "A")), "proven flat")
        stage.act(On(accounts=(A,)), "on")
        stage.lead(1)
        await stage.until_held({"A": 1, **dict.fromkeys("BCDEFGH", 4)})
        stage.lead(-4)
        await stage.until_held(dict.fromkeys("ABCDEFGH", 0))
        stage.assert_no_double()
