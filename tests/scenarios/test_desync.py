"""Out of step and back: repaired within bounds, handed to a person beyond them; orphans go, stops stand again; a leader who
is not heard."""

from pathlib import Path

import pytest

from engine.domain.command import Sync
from engine.domain.desync import SyncState
from engine.domain.group import Bracket, LeaderLost, LostAction, Recovery
from engine.domain.ids import AccountId, is_ours, order_id
from engine.domain.watch import seen
from engine.sim import fault
from engine.sim.order import NewOrder, Terms
from tests.scenarios.stage import LEADER, Stage, follower, staged
from tests.scenarios.test_bracket import _children as children
from tests.scenarios.test_line import cut, mend

A = AccountId("A")
LOST = fault.LoseAnswer(endpoint="order/placeorder", account="A", executed=False, count=1)
OPTIONS = {"absent_after_s": 1.0}


def state(stage: Stage, name: str = "A") -> SyncState:
    copier = stage.copier(name)
    return seen(copier, copier.lane("NQZ6"), stage.clock.now()).state


async def until_quoted(stage: Stage) -> None:
    await stage.until(lambda: "NQZ6" in stage.engine.shard.desk.state.fresh_quotes(), "a quote")


async def test_an_order_that_never_arrived_is_sent_once_more(tmp_path: Path) -> None:
    async with staged(tmp_path, [follower("A"), follower("B")], speed=10, options=OPTIONS) as stage:
        stage.lead(1)
        await stage.until_held({"A": 1, "B": 1})
        await until_quoted(stage)
        stage.fault(LOST)
        stage.lead(2)
        await stage.until_held({"A": 3, "B": 3})
        await stage.until(lambda: state(stage) is SyncState.IN_SYNC, "in sync")
        assert stage.path("A") == [1, 3]
        assert not stage.notices("desync.qty")
        stage.assert_no_double()


async def test_beyond_the_bounds_a_person_copies_or_closes(tmp_path: Path) -> None:
    plans = [follower("A", recovery=Recovery(max_contracts=1)), follower("B")]
    async with staged(tmp_path, plans, speed=10, options=OPTIONS) as stage:
        stage.lead(1)
        await stage.until_held({"A": 1, "B": 1})
        stage.fault(LOST)
        stage.lead(2)
        await stage.until(lambda: state(stage) is SyncState.NEEDS_PERSON, "a person is asked")
        assert "2 contracts are missing, over 1" in stage.notices("desync.qty", "A")[0]
        assert stage.held("A") == 1
        stage.act(Sync(accounts=(A,)), "copy")
        await stage.until_held({"A": 3})
        await stage.until(lambda: bool(stage.notices("desync.over", "A")), "in sync again")
        stage.trade("A", -5)
        await stage.until(lambda: bool(stage.notices("desync.qty", "A")[1:]), "the other side is told")
        assert "the other side" in stage.notices("desync.qty", "A")[1]
        stage.act(Sync(accounts=(A,), close=True), "close")
        await stage.until_held({"A": 0})
        await stage.until(lambda: bool(stage.notices("act.proven", "A")[1:]), "the close is proven")
        stage.lead(1)
        await stage.until_held({"A": 1, "B": 4})
        stage.assert_no_double()


async def test_an_orphan_of_a_former_life_is_swept_and_a_foreign_order_is_not(tmp_path: Path) -> None:
    async with staged(tmp_path, [follower("A")], speed=5) as stage:
        await stage.close_engine()
        terms = Terms(qty=2, kind="Stop", stop=stage.venue.venue.market.quotes["NQZ6"].bid - 50)
        for client in (order_id("a former life", A), "somebody"):
            new = NewOrder(account="A", symbol="NQZ6", side=-1, terms=terms, client_id=client, is_automated=True)
            stage.venue.venue.place(new)
        await stage.open_engine()
        await stage.until(lambda: bool(stage.notices("desync.over", "A")), "proven gone")
        assert "nothing explains it" in stage.notices("desync.orders", "A")[0]
        assert [is_ours(order.client_id) for order in stage.working("A")] == [False]


async def test_a_stop_that_is_gone_stands_again(tmp_path: Path) -> None:
    plans = [follower("A", bracket=Bracket(stop_ticks=40, target_ticks=80))]
    async with staged(tmp_path, plans, speed=5) as stage:
        stage.lead(2)
        await stage.until_held({"A": 2})
        await stage.until(lambda: children(stage, "A") == [("Limit", -2), ("Stop", -2)], "children of two")
        for order in stage.working("A"):
            if order.terms.kind == "Stop":
                stage.venue.venue.cancel(order.id)
        await stage.until(lambda: bool(stage.notices("desync.over", "A")), "the stop stands again")
        assert children(stage, "A") == [("Limit", -2), ("Stop", -2)]
        assert "placed again" in stage.notices("desync.orders", "A")[0]
        stage.lead(-2)
        await stage.until_held({"A": 0})
        await stage.until(lambda: not stage.working("A"), "no child is left")


@pytest.mark.parametrize("action", list(LostAction))
async def test_a_leader_who_is_not_heard(tmp_path: Path, action: LostAction) -> None:
    lost = LeaderLost(action=action, after_s=10, stop_ticks=40)
    async with staged(tmp_path, [follower("A"), follower("B")], speed=10, leader_lost=lost) as stage:
        stage.lead(2)
        await stage.until_held({"A": 2, "B": 2})
        await until_quoted(stage)
        await cut(stage, "lead")
        (said,) = stage.notices("leader.lost")
        if action is LostAction.FLATTEN:
            assert "MAIN flattens in 10 s unless he is back" in said
            await stage.until_held({"A": 0, "B": 0})
            await stage.until(lambda: len(stage.notices("leader.flat")) == 2, "proven flat")
        elif action is LostAction.TIGHTEN:
            await stage.until(lambda: children(stage, "A") == children(stage, "B") == [("Stop", -2)], "stops")
        else:
            await stage.stand(15)
            assert stage.sizes("A") == [2]
        await mend(stage)
        await stage.until(lambda: not stage.working("A") and not stage.working("B"), "no stop is left")
        held = 0 if action is LostAction.FLATTEN else 2
        stage.lead(1)
        await stage.until_held({"A": held + 1, "B": held + 1})
        stage.lead(-3)
        await stage.until_held({"A": 0, "B": 0})
        stage.assert_no_double()


async def test_a_restart_keeps_the_leaders_time_and_the_repair(tmp_path: Path) -> None:
    lost = LeaderLost(action=LostAction.FLATTEN, after_s=30)
    plans = [follower("A", recovery=Recovery(tries=8)), follower("B")]
    async with staged(tmp_path, plans, speed=10, leader_lost=lost, options=OPTIONS) as stage:
        stage.lead(1)
        await stage.until_held({"A": 1, "B": 1})
        await until_quoted(stage)
        stage.fault(LOST)
        stage.lead(1)
        stage.price("21010")
        await stage.until(lambda: stage.copier("A").lane("NQZ6").lost == 1, "an entry went missing")
        await stage.close_engine()
        stage.price("21000")
        await stage.open_engine()
        await stage.until_held({"A": 2, "B": 2})
        await cut(stage, "lead")
        began = stage.engine.shard.desk.state.leaders[LEADER].silent_since
        assert began is not None
        await stage.close_engine()
        stage.venue.venue.faults.clear()
        stage.passwords["lead"] = "another"  # the followers come back, he does not
        await stage.open_engine(wait=False)
        await stage.until_held({"A": 0, "B": 0})
        took = stage.clock.now() - began
        assert 30 <= took.total_seconds() < 45
        stage.assert_no_double()
