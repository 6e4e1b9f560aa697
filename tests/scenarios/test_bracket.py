"""Protective children: they leave with the entry, shrink with the position, and none outlives it."""

from pathlib import Path

from engine.domain.command import Pause, Rejoin, Resume
from engine.domain.group import Bracket
from engine.domain.ids import AccountId
from engine.service.lineage import Lineage
from tests.scenarios.stage import Stage, follower, staged


def _children(stage: Stage, name: str) -> list[tuple[str, int]]:
    """Kind and signed size of the account's resting orders, as the venue has them."""
    account = stage.venue.venue.accounts[name]
    return sorted((order.terms.kind, order.side * order.terms.qty) for order in stage.venue.venue.working(account))


async def test_children_shrink_with_the_position_and_end_with_it(tmp_path: Path) -> None:
    async with staged(tmp_path, [follower("A", bracket=Bracket(stop_ticks=40, target_ticks=80))]) as stage:
        stage.lead(3)
        await stage.until_held({"A": 3})
        await stage.until(lambda: _children(stage, "A") == [("Limit", -3), ("Stop", -3)], "children of three")
        stage.lead(-1)
        await stage.until_held({"A": 2})
        await stage.until(lambda: _children(stage, "A") == [("Limit", -2), ("Stop", -2)], "children of two")
        stage.lead(-2)
        await stage.until_held({"A": 0})
        await stage.until(lambda: not _children(stage, "A"), "no child left")


async def test_an_entry_with_children_is_timed_like_any_other(tmp_path: Path) -> None:
    """Its receipt names every stage: the hand-over is journalled for each send, in the order of the sends."""
    plans = [follower("A", bracket=Bracket(stop_ticks=40, target_ticks=80)), follower("B")]
    async with staged(tmp_path, plans) as stage:
        stage.lead(3)
        await stage.until_held({"A": 3, "B": 3})
        lineage = Lineage()
        lineage.configure(stage.engine.shard.desk.state.plan)
        for entry in stage.entries():
            lineage.fold(entry)
        (copy,) = lineage.newest()
        assert {line.account: line.lag_ms is not None for line in copy.view().lines} == {"A": True, "B": True}


async def test_a_stop_that_fires_is_not_bought_back(tmp_path: Path) -> None:
    async with staged(tmp_path, [follower("A", bracket=Bracket(stop_ticks=40, target_ticks=80))]) as stage:
        stage.lead(2)
        await stage.until_held({"A": 2})
        await stage.until(lambda: len(_children(stage, "A")) == 2, "children")
        stage.price("20980")
        await stage.until_held({"A": 0})
        await stage.until(lambda: not _children(stage, "A"), "the other child is gone")
        stage.lead(-2)
        await stage.until(lambda: stage.copier("A").lane("NQZ6").target == 0, "leader flat")
        assert stage.held("A") == 0


async def test_a_joined_position_is_covered(tmp_path: Path) -> None:
    async with staged(tmp_path, [follower("A", bracket=Bracket(stop_ticks=40, target_ticks=80))]) as stage:
        name = (AccountId("A"),)
        stage.act(Pause(accounts=name), "p")
        stage.lead(2)
        await stage.until(lambda: stage.copier("A").lane("NQZ6").target == 2, "the entry is seen")
        assert stage.held("A") == 0
        stage.act(Resume(accounts=name, rejoin=Rejoin.JOIN), "r")
        await stage.until_held({"A": 2})
        await stage.until(lambda: _children(stage, "A") == [("Limit", -2), ("Stop", -2)], "a pair of its own")
