"""Restarts: positions are compared before anything else, nothing is doubled, exits come first, entries follow policy."""

from pathlib import Path

from engine.domain.command import Flatten, Pause
from engine.domain.decision import SendLots
from engine.domain.event import SnapshotTaken
from engine.domain.group import Bracket, MissedEntry
from engine.domain.ids import AccountId
from engine.sim import fault
from tests.scenarios.stage import Stage, follower, staged

JOIN = {"missed_entry": MissedEntry.JOIN, "join_ticks": 40}


async def restart(stage: Stage) -> None:
    await stage.close_engine()
    await stage.open_engine()


def compared_before_sending(stage: Stage) -> bool:
    """Since the newest start every account was compared with the broker before an order left for it."""
    compared: set[str] = set()
    entries = stage.entries()
    begin = max(place for place, entry in enumerate(entries) if type(entry.event).__name__ == "EngineStarted")
    for entry in entries[begin:]:
        if isinstance(entry.event, SnapshotTaken):
            compared.add(entry.event.account)
        for sent in entry.decisions:
            if isinstance(sent, SendLots) and any(lot[1] not in compared for lot in sent.lots):
                return False
    return True


async def test_a_restart_doubles_nothing(tmp_path: Path) -> None:
    """Row 18: with a position, in the middle of an order, and twice in a row."""
    async with staged(tmp_path, [follower("A"), follower("B")], speed=5) as stage:
        stage.lead(2)
        await stage.until_held({"A": 2, "B": 2})
        await restart(stage)
        await restart(stage)
        stage.fault(fault.SlowExchange(account="A", accept_s=1.0))
        stage.lead(1)
        await stage.until_held({"B": 3})
        assert stage.held("A") == 2
        await restart(stage)
        await stage.until_held({"A": 3})
        await stage.until_quiet()
        assert stage.sizes("A") == [2, 1]
        stage.lead(-3)
        await stage.until_held({"A": 0, "B": 0})
        await stage.until_quiet()
        stage.assert_no_double()
        assert compared_before_sending(stage)


async def test_a_restart_leaves_resting_children_as_they_are(tmp_path: Path) -> None:
    """Row 18, the other half: what rests at the broker is neither doubled nor replaced, and still ends with the position."""
    plans = [follower("A", bracket=Bracket(stop_ticks=40, target_ticks=80)), follower("B")]
    async with staged(tmp_path, plans, speed=5) as stage:
        stage.lead(2)
        await stage.until_held({"A": 2, "B": 2})
        await stage.until(lambda: len(stage.working("A")) == 2, "both children rest")
        before = [(order.id, order.terms) for order in stage.working("A")]
        await restart(stage)
        await stage.stand(3)
        assert [(order.id, order.terms) for order in stage.working("A")] == before
        stage.lead(-2)
        await stage.until_held({"A": 0, "B": 0})
        await stage.until(lambda: not stage.working("A"), "no child is left")
        stage.assert_no_double()


async def test_what_the_leader_did_meanwhile(tmp_path: Path) -> None:
    """Exits are caught up whatever the policy; entries are skipped, or joined near the leader's price."""
    plans = [follower("A"), follower("B", **JOIN)]
    async with staged(tmp_path, plans, speed=5) as stage:
        stage.lead(3)
        stage.lead(1, "ESZ6")
        await stage.until_held({"A": 3, "B": 3})
        await stage.until_held({"A": 1, "B": 1}, "ESZ6")
        await stage.close_engine()
        stage.lead(-2)
        stage.lead(1, "ESZ6")
        await stage.open_engine()
        await stage.until_held({"A": 1, "B": 1})
        await stage.until_held({"A": 1, "B": 2}, "ESZ6")
        await stage.until_quiet()
        assert ("missed_entry", 1) in stage.skips("A")
        assert compared_before_sending(stage)
        stage.lead(-1)
        stage.lead(-2, "ESZ6")
        await stage.until_held({"A": 0, "B": 0})
        await stage.until_held({"A": 0, "B": 0}, "ESZ6")
        await stage.until_quiet()
        stage.assert_no_double()


async def test_a_price_from_before_the_restart_decides_nothing(tmp_path: Path) -> None:
    """The leader entered and the price ran away while the engine was off: a near entry is joined, a far one is not."""
    async with staged(tmp_path, [follower("A", **JOIN)], speed=5) as stage:
        stage.lead(1)
        await stage.until_held({"A": 1})
        await stage.until(lambda: "NQZ6" in stage.engine.shard.desk.state.quotes, "a quote")
        await stage.close_engine()
        stage.lead(1)
        stage.price("21100")
        await stage.open_engine()
        await stage.until_skipped("A", ("missed_entry", 1))
        await stage.until_quiet()
        assert stage.held("A") == 1
        stage.lead(-2)
        await stage.until_held({"A": 0})


async def test_an_entry_missed_before_the_first_price_is_joined_when_it_comes(tmp_path: Path) -> None:
    """The engine starts beside a leader who is in already: joined by policy, as soon as a price is known."""
    stage = Stage(tmp_path, [follower("A", **JOIN), follower("B")], speed=5)
    await stage.open_venue()
    try:
        await stage.open_engine()
        await stage.close_engine()
        stage.lead(2)
        await stage.open_engine()
        await stage.until_held({"A": 2})
        await stage.until_quiet()
        assert stage.held("B") == 0
    finally:
        await stage.close()


async def test_holds_and_tasks_outlive_a_restart(tmp_path: Path) -> None:
    """A pause stays a pause; a flatten that could not reach its account is finished by the next engine."""
    a, b = AccountId("A"), AccountId("B")
    async with staged(tmp_path, [follower("A"), follower("B")], per_login=1, speed=5) as stage:
        stage.lead(2)
        await stage.until_held({"A": 2, "B": 2})
        stage.act(Pause(accounts=(a,)), "pause")
        stage.fault(fault.RefuseUpgrade(status=503, count=None))
        stage.fault(fault.DropLine(login="login2", role="user"))
        await stage.until(lambda: not stage.copier("B").is_line_up, "B is off")
        stage.act(Flatten(accounts=(b,)), "flatten")
        await stage.close_engine()
        stage.venue.venue.faults.clear()
        await stage.open_engine()
        await stage.until_held({"B": 0})
        await stage.until(lambda: any("flat" in text for text in stage.notices("act.proven", "B")), "proven")
        stage.lead(1)
        await stage.until_skipped("A", ("hold", 1))
        stage.lead(-3)
        await stage.until_held({"A": 0, "B": 0})
        await stage.until_quiet()
        stage.assert_no_double()
