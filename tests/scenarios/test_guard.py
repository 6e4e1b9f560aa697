"""The leader guard over real sockets: an odd trade waits for a person, whatever happens meanwhile, and exits never do."""

from pathlib import Path

from engine.domain.command import Approve, Refuse
from engine.domain.event import Restriction
from engine.domain.guardplan import GuardPlan, SizeLimit
from engine.domain.held import Held
from engine.domain.ids import AccountId
from engine.sim import fault
from tests.scenarios.stage import LEADER, Stage, follower, staged
from tests.scenarios.swift import SwiftClock
from tests.scenarios.test_act import is_proven, said

EIGHT = tuple("ABCDEFGH")
ALL = tuple(AccountId(name) for name in EIGHT)
GUARD = GuardPlan(sizes={"NQ": SizeLimit(order=3)}, hold_s=600)


def waiting(stage: Stage) -> list[Held]:
    return stage.engine.shard.desk.state.guards[LEADER].waiting


async def held(stage: Stage, left: int) -> str:
    """Id of the one trade that waits, once this much of it is left."""
    await stage.until(lambda: [one.left for one in waiting(stage)] == [left], f"{left} wait")
    return waiting(stage)[0].id


async def test_approved_by_all_who_may_while_the_leader_closes_a_part(tmp_path: Path) -> None:
    async with staged(tmp_path, [follower(name) for name in EIGHT], guard=GUARD) as stage:
        stage.lead(2)
        await stage.until_held(dict.fromkeys(EIGHT, 2))
        stage.lead(6)
        name = await held(stage, 6)
        await stage.until_skipped("A", ("guard", 6))
        stage.fault(fault.AdminAction(account="H", action="LiquidateOnlyModeImmediately"))
        await stage.until(lambda: stage.copier("H").restriction is Restriction.CLOSE_ONLY, "H may only close")
        stage.lead(-1)
        assert await held(stage, 5) == name
        stage.act(Approve(accounts=ALL, held=name), "yes")
        await stage.until_held({**dict.fromkeys("ABCDEFG", 7), "H": 2})
        await stage.until(lambda: is_proven(stage, "yes", *"ABCDEFG"), "the broker has shown it")
        assert said(stage, "yes", "H")[0].startswith("failed: not copied, restriction: close_only")
        stage.act(Approve(accounts=ALL, held=name), "again")
        assert said(stage, "again", "A")[0].startswith(f"failed: {name}: tester approved it at")
        stage.lead(-7)
        await stage.until_held(dict.fromkeys(EIGHT, 0))
        assert [len(stage.notices(code)) for code in ("rogue.leader", "rogue.ended")] == [2, 1]
        assert stage.path("A") == [2, 7, 0]
        stage.assert_no_double()


async def test_for_some_refused_and_closed_by_himself(tmp_path: Path) -> None:
    async with staged(tmp_path, [follower(name) for name in "ABC"], guard=GUARD) as stage:
        stage.lead(5)
        some = (AccountId("A"), AccountId("C"))
        stage.act(Approve(accounts=some, held=await held(stage, 5)), "some")
        await stage.until_held({"A": 5, "B": 0, "C": 5})
        stage.lead(-9)
        name = await held(stage, -4)
        await stage.until_held({"A": 0, "B": 0, "C": 0})
        stage.act(Refuse(accounts=ALL[:3], held=name), "no")
        assert is_proven(stage, "no", *"ABC")
        stage.lead(4)
        stage.lead(4)
        await held(stage, 4)
        stage.lead(-4)
        await stage.until(lambda: not waiting(stage), "he has closed it himself")
        await stage.until_quiet()
        assert stage.notices("rogue.ended")[-1].endswith("is over: the leader closed it himself")
        assert [stage.path(name) for name in "ABC"] == [[5, 0], [], [5, 0]]


async def test_a_hold_goes_on_after_a_restart_and_ends_by_itself(tmp_path: Path) -> None:
    clock = SwiftClock()
    async with staged(tmp_path, [follower("A"), follower("B")], guard=GUARD, clock=clock) as stage:
        stage.lead(3)
        await stage.until_held({"A": 3, "B": 3})
        stage.lead(4)
        name = await held(stage, 4)
        await stage.close_engine()
        stage.lead(-1)
        await stage.open_engine()
        assert await held(stage, 3) == name
        clock.anchor -= 600  # ten minutes go by
        await stage.until(lambda: not waiting(stage), "nobody answers")
        assert stage.notices("rogue.ended")[-1].endswith("nobody answered within 600 s, not copied")
        stage.act(Approve(accounts=ALL[:2], held=name), "late")
        assert said(stage, "late", "A")[0].startswith(f"failed: {name}: it expired at")
        stage.lead(-6)
        await stage.until_held({"A": 0, "B": 0})
        assert [stage.path(name) for name in "AB"] == [[3, 0], [3, 0]]
        stage.assert_no_double()
