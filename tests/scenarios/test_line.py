"""Lines that go, stall, lie or repeat themselves: exits are caught up first, silence is never flat."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.domain.event import AccessRefused, LineLost, SnapshotTaken
from engine.domain.group import MissedEntry
from engine.sim import fault
from tests.scenarios.stage import LEADER, Stage, follower, staged

PAIR = [follower("A"), follower("B")]
JOIN = {"missed_entry": MissedEntry.JOIN, "join_ticks": 100}


async def cut(stage: Stage, login: str) -> None:
    """Drop a login's line and keep every new one out."""
    stage.fault(fault.RefuseUpgrade(status=503, count=None))
    before = len(lost(stage, login))
    stage.fault(fault.DropLine(login=login, role="user"))
    await stage.until(lambda: len(lost(stage, login)) > before, f"{login} is off")


def lost(stage: Stage, login: str) -> list[str]:
    """Reasons for which a login's line went."""
    facts = [entry.event for entry in stage.entries() if isinstance(entry.event, LineLost)]
    return [fact.reason for fact in facts if fact.connection == login]


async def mend(stage: Stage) -> None:
    stage.venue.venue.faults.clear()
    await stage.until(stage.is_in_step, "every line is back")


async def test_an_exit_missed_by_a_follower_comes_before_anything_else(tmp_path: Path) -> None:
    """Row 4: A's link drops, the leader goes flat and in again elsewhere; link back: A is flat before anything else."""
    plans = [follower("A", **JOIN), follower("B", **JOIN)]
    async with staged(tmp_path, plans, per_login=1, speed=5) as stage:
        stage.lead(3)
        stage.lead(1, "ESZ6")
        await stage.until_held({"A": 3, "B": 3})
        await stage.until_held({"A": 1, "B": 1}, "ESZ6")
        await cut(stage, "login1")
        stage.lead(-3)
        stage.lead(1, "ESZ6")
        await stage.until_held({"B": 0})
        await stage.until_held({"B": 2}, "ESZ6")
        assert stage.held("A") == 3
        sent = len(stage.received("A"))
        await mend(stage)
        await stage.until_held({"A": 0})
        await stage.until_quiet()
        first = stage.received("A")[sent]
        assert (first.symbol, first.side * first.qty) == ("NQZ6", -3)
        stage.lead(-2, "ESZ6")
        await stage.until_held({"A": 0, "B": 0}, "ESZ6")
        stage.assert_no_double()


async def test_an_exit_of_a_leader_who_could_not_be_heard_is_caught_up(tmp_path: Path) -> None:
    """Row 4, the other end: the leader's link drops and he goes flat; link back: all flat, nothing else sent."""
    async with staged(tmp_path, PAIR, speed=5) as stage:
        stage.lead(3)
        await stage.until_held({"A": 3, "B": 3})
        await cut(stage, "lead")
        assert stage.notices("leader.lost")
        stage.lead(-3)
        await stage.stand(3)
        assert stage.sizes("A") == [3]
        await mend(stage)
        await stage.until_held({"A": 0, "B": 0})
        await stage.until_quiet()
        assert stage.sizes("A") == stage.sizes("B") == [3, -3]


@pytest.mark.parametrize("net", [-2, 1], ids=["flipped", "reduced"])
async def test_what_a_silent_leader_still_holds_is_kept(tmp_path: Path, net: int) -> None:
    """Missed in one piece: the exit part is caught up, the entry part follows the policy."""
    plans = [follower("A"), follower("B", **JOIN)]
    async with staged(tmp_path, plans, speed=5) as stage:
        stage.lead(3)
        await stage.until_held({"A": 3, "B": 3})
        await stage.until(lambda: "NQZ6" in stage.engine.shard.desk.state.quotes, "a quote")
        await cut(stage, "lead")
        stage.lead(net - 3)
        await mend(stage)
        await stage.until_held({"A": max(net, 0), "B": net})
        await stage.until_quiet()
        stage.assert_no_double()


async def test_a_follower_joins_what_it_missed_while_its_own_line_was_off(tmp_path: Path) -> None:
    plans = [follower("A", **JOIN), follower("B"), follower("C")]
    async with staged(tmp_path, plans, per_login=1, speed=5) as stage:
        stage.lead(1)
        await stage.until_held({"A": 1, "B": 1, "C": 1})
        await stage.until(lambda: "NQZ6" in stage.engine.shard.desk.state.quotes, "a quote")
        stage.fault(fault.RefuseUpgrade(status=503, count=None))
        for login in ("login1", "login2"):
            stage.fault(fault.DropLine(login=login, role="user"))
        await stage.until(lambda: lost(stage, "login1") and lost(stage, "login2"), "both are off")
        stage.lead(2)
        await stage.until_held({"C": 3})
        await mend(stage)
        await stage.until_held({"A": 3})
        await stage.until_quiet()
        assert stage.held("B") == 1  # its policy is to skip
        stage.lead(-3)
        await stage.until_held({"A": 0, "B": 0, "C": 0})
        stage.assert_no_double()


@pytest.mark.parametrize(
    "lie",
    [
        fault.EmptyLists(count=None),
        fault.Refuse(endpoint="*/list", shape="status", status=401, count=None),
        fault.Refuse(endpoint="position/*", shape="status", status=503, count=None),
        fault.Refuse(endpoint="user/syncrequest", shape="status", status=401, count=None),
        fault.LoseAnswer(endpoint="user/syncrequest", executed=False, count=None),
    ],
    ids=["empty lists", "401", "503", "no snapshot", "silence"],
)
async def test_silence_and_lies_are_never_flat(tmp_path: Path, lie: Any) -> None:
    """Row 20: after a reconnect the lists are empty or refused: nothing is believed, nothing is sent."""
    options = {"login_retry_s": 1.0, "request_timeout_s": 2.0}
    async with staged(tmp_path, PAIR, per_login=1, speed=10, options=options) as stage:
        stage.lead(2)
        await stage.until_held({"A": 2, "B": 2})
        stage.fault(lie)
        stage.fault(fault.DropLine(role="user"))
        await stage.until(lambda: all(lost(stage, name) for name in ("lead", "login1", "login2")), "all are off")
        await stage.stand(8)
        assert not snapshots_since_loss(stage)
        assert all(copier.lane("NQZ6").held == 2 and not copier.is_synced for copier in stage.copiers().values())
        await mend(stage)
        await stage.until_quiet()
        assert not stage.notices("rogue.close")
        stage.lead(-2)
        await stage.until_held({"A": 0, "B": 0})
        await stage.until_quiet()
        assert stage.sizes("A") == stage.sizes("B") == [2, -2]


def snapshots_since_loss(stage: Stage) -> list[SnapshotTaken]:
    facts = [entry.event for entry in stage.entries()]
    last = max(place for place, fact in enumerate(facts) if isinstance(fact, LineLost))
    return [fact for fact in facts[last:] if isinstance(fact, SnapshotTaken)]


async def test_an_empty_answer_on_a_live_line_is_never_flat(tmp_path: Path) -> None:
    """Row 20: the engine asks for a snapshot of its own accord and gets an empty one."""
    async with staged(tmp_path, PAIR, per_login=1, speed=10) as stage:
        stage.lead(2)
        await stage.until_held({"A": 2, "B": 2})
        stage.fault(fault.EmptyLists(count=None))
        for session in stage.engine._sessions.values():
            session.ask_snapshot([*stage.copiers(), LEADER])
        asked = len(stage.asked)
        await stage.until(lambda: len(stage.asked) > asked + 3, "the question was asked")
        await stage.stand(5)
        assert all(copier.lane("NQZ6").held == 2 for copier in stage.copiers().values())
        stage.venue.venue.faults.clear()
        stage.lead(-1)
        await stage.until_held({"A": 1, "B": 1})
        assert stage.sizes("A") == [2, -1]


@pytest.mark.parametrize("sockets", [False, True], ids=["tokens", "tokens and sockets"])
async def test_expired_tokens_end_nothing(tmp_path: Path, *, sockets: bool) -> None:
    async with staged(tmp_path, PAIR, per_login=1, speed=5) as stage:
        stage.lead(2)
        await stage.until_held({"A": 2, "B": 2})
        stage.fault(fault.ExpireTokens(sockets=sockets))
        if sockets:
            await stage.until(lambda: all(lost(stage, name) for name in ("lead", "login1", "login2")), "all are off")
            await stage.until(stage.is_in_step, "signed in anew")
        stage.lead(-1)
        await stage.until_held({"A": 1, "B": 1})
        await stage.until_quiet()
        assert stage.sizes("A") == [2, -1]


async def test_maintenance_is_waited_out(tmp_path: Path) -> None:
    async with staged(tmp_path, PAIR, per_login=1, speed=60) as stage:
        stage.lead(2)
        await stage.until_held({"A": 2, "B": 2})
        stage.fault(fault.EndLine(login="login1", reason="Maintenance"))
        await stage.until(lambda: lost(stage, "login1") == ["Maintenance"], "A is off")
        stage.lead(-2)
        await stage.until_held({"B": 0})
        await stage.until_held({"A": 0})
        await stage.until_quiet()
        assert stage.sizes("A") == [2, -2]


def take_over(reason: str) -> Callable[[Stage], None]:
    if reason == "kicked":
        return lambda stage: stage.fault(fault.KickSession(login="login1"))
    return lambda stage: stage.fault(fault.EndLine(login="login1", reason=reason))  # type: ignore[arg-type]  # a word


@pytest.mark.parametrize("reason", ["ConnectionQuotaReached", "IPQuotaReached", "kicked"])
async def test_the_slot_is_never_fought_for(tmp_path: Path, reason: str) -> None:
    """The person signs in elsewhere: his session stays, we wait as long as agreed, say so, and come back once."""
    options = {"quota_wait_s": 30.0}
    async with staged(tmp_path, PAIR, per_login=1, speed=20, options=options) as stage:
        stage.lead(2)
        await stage.until_held({"A": 2, "B": 2})
        take_over(reason)(stage)
        await stage.until(lambda: bool(refusals(stage)), "the loss is told")
        assert refusals(stage)[0].connection == "login1"
        asked = len(stage.asked)
        stage.lead(-1)
        await stage.until_held({"B": 1})
        await stage.stand(15)
        mine = {name for name, login, _ in stage.asked[asked:] if login in ("login1", "")}
        assert mine <= {"md/subscribequote"}, "neither a login nor a question"
        assert [line for line in stage.venue.face.lines if line.user == "login1" and line.role == "user"] == []
        await stage.until_held({"A": 1})
        await stage.until_quiet()
        assert stage.sizes("A") == [2, -1]


def refusals(stage: Stage) -> list[AccessRefused]:
    return [entry.event for entry in stage.entries() if isinstance(entry.event, AccessRefused)]


@pytest.mark.parametrize(
    "oddity",
    [
        fault.Duplicate(count=None),
        fault.Reorder(count=None),
        fault.EventsFirst(count=None),
        fault.Oddities(count=None, fields=True, types=True, values=True),
        fault.SplitSnapshot(count=None),
    ],
    ids=lambda oddity: type(oddity).__name__,
)
async def test_a_whole_day_of_oddities(tmp_path: Path, oddity: Any) -> None:
    """Everything twice, backwards, before its answer, with unknown words: the same positions, no order twice."""
    async with staged(tmp_path, [follower("A"), follower("B"), follower("C")], speed=3) as stage:
        stage.fault(oddity)
        for net, step in ((2, 2), (5, 3), (1, -4), (-2, -3), (0, 2), (3, 3)):
            stage.lead(step)
            await stage.until_held({"A": net, "B": net, "C": net})
            await stage.until_quiet()
        stage.fault(fault.DropLine(role="user"))
        await stage.until(lambda: all(lost(stage, name) for name in ("lead", "login1", "login2")), "all are off")
        await stage.until(stage.is_in_step, "all are back")
        stage.lead(-3)
        await stage.until_held({"A": 0, "B": 0, "C": 0})
        await stage.until_quiet()
        stage.assert_no_double()
        assert not stage.notices("rogue.open")
        assert not stage.notices("rogue.close")
        for name in "ABC":
            assert stage.path(name) == [2, 5, 1, 0, -2, 0, 3, 0]


@pytest.mark.parametrize("fresh_ids", [False, True], ids=["known ids", "new ids"])
async def test_yesterdays_fills_told_again_send_nothing(tmp_path: Path, *, fresh_ids: bool) -> None:
    """Row 19: after the session change the broker tells old fills once more, of the leader and of a follower."""
    async with staged(tmp_path, PAIR, speed=5) as stage:
        stage.lead(3)
        await stage.until_held({"A": 3, "B": 3})
        stage.lead(-1)
        await stage.until_held({"A": 2, "B": 2})
        await stage.until_quiet()
        if fresh_ids:
            stage.fault(fault.DropLine(role="user"))
            await stage.until(lambda: bool(lost(stage, "lead")) and bool(lost(stage, "login1")), "a new session")
            await stage.until(stage.is_in_step, "all are back")
        before = len(stage.venue.venue.received)
        for name in (str(LEADER), "A"):
            stage.fault(fault.ReplayFills(account=name, days=1, fresh_ids=fresh_ids))
        await stage.stand(3)
        await stage.until_quiet()
        assert len(stage.venue.venue.received) == before
        stage.lead(1)
        await stage.until_held({"A": 3, "B": 3})
        await stage.until_quiet()
        stage.assert_no_double()
