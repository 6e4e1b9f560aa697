"""One follower's trouble is its own: stalled, refusing, flooding, liquidated, traded by hand; the others go on."""

from pathlib import Path

from engine.domain.command import Close, Sync
from engine.domain.decision import SendLots
from engine.domain.event import LineLost, OrderChanged, OrderFilled
from engine.domain.ids import AccountId
from engine.sim import fault
from engine.sim.order import NewOrder, Terms
from tests.scenarios.stage import LEADER, Stage, follower, staged

TRIO = [follower("A"), follower("B"), follower("C")]


def last_sent(stage: Stage) -> int:
    """Journal number of the newest fan-out."""
    return max(entry.seq for entry in stage.entries() if any(isinstance(d, SendLots) for d in entry.decisions))


async def test_a_stalled_follower_delays_nobody(tmp_path: Path) -> None:
    """The venue neither reads nor writes on A's socket: the others trade on; when it goes on, A ends right, once."""
    async with staged(tmp_path, TRIO, per_login=1) as stage:
        stage.lead(1)
        await stage.until_held({"A": 1, "B": 1, "C": 1})
        stage.fault(fault.StallLine(login="login1", role="user", reading=True, writing=True))
        for net in (3, 5, 7):
            stage.lead(2)
            await stage.until_held({"B": net, "C": net})
        stage.lead(-4)
        await stage.until_held({"B": 3, "C": 3})
        assert stage.held("A") == 1
        stage.fault(fault.ResumeLine(login="login1", role="user"))
        await stage.until_held({"A": 3})
        await stage.until_quiet()
        stage.assert_no_double()
        assert max(stage.path("A")) <= 7


async def test_a_follower_whose_socket_is_dead_is_given_up_alone(tmp_path: Path) -> None:
    """Silent for longer than its liveness: A's line is dropped and rebuilt, what was sent meanwhile is found out."""
    options = {"liveness_s": 10.0}
    async with staged(tmp_path, TRIO, per_login=1, speed=15, options=options) as stage:
        stage.lead(1)
        await stage.until_held({"A": 1, "B": 1, "C": 1})
        stage.fault(fault.StallLine(login="login1", role="user", reading=True, writing=True))
        stage.lead(1)
        await stage.until_held({"B": 2, "C": 2})
        stage.lead(-2)
        await stage.until_held({"B": 0, "C": 0})
        await stage.until_held({"A": 0})
        await stage.until_quiet()
        lost = [entry.event for entry in stage.entries() if isinstance(entry.event, LineLost)]
        assert [(fact.connection, fact.reason) for fact in lost] == [("login1", "silent")]
        stage.assert_no_double()
        assert min(stage.path("A")) == 0


async def test_a_refusing_follower_delays_nobody(tmp_path: Path) -> None:
    async with staged(tmp_path, TRIO) as stage:
        stage.fault(fault.Refuse(account="A", count=None))
        for net, step in ((2, 2), (5, 3), (-1, -6), (0, 1)):
            stage.lead(step)
            await stage.until_held({"B": net, "C": net})
        await stage.until_quiet()
        assert stage.path("A") == []


async def test_a_flooding_follower_delays_nobody(tmp_path: Path) -> None:
    """Hundreds of foreign orders on A are still being told when the leader's fill has been copied to the others."""
    async with staged(tmp_path, TRIO, per_login=1) as stage:
        venue = stage.venue.venue
        terms = Terms(qty=1, kind="Limit", price=venue.market.quotes["NQZ6"].bid - 100)
        for _ in range(700):
            venue.place(NewOrder(account="A", symbol="NQZ6", side=1, terms=terms, is_automated=False))
        stage.lead(2)
        await stage.until_held({"A": 2, "B": 2, "C": 2})
        await stage.until(lambda: len(stage.copier("A").working) == 700, "the flood is told")
        entries = stage.entries()
        flood = [e.seq for e in entries if isinstance(e.event, OrderChanged) and e.event.account == "A"]
        copied = [e.seq for e in entries if isinstance(e.event, OrderFilled) and e.event.account == LEADER]
        assert copied[0] < flood[-50], "the copy did not wait for the flood's end"
        for order in stage.working("A"):
            venue.cancel(order.id)
        stage.lead(-2)
        await stage.until_held({"A": 0, "B": 0, "C": 0})
        await stage.until_quiet()
        stage.assert_no_double()


async def test_a_broker_liquidation_is_not_bought_back(tmp_path: Path) -> None:
    async with staged(tmp_path, TRIO, speed=5) as stage:
        stage.lead(3)
        await stage.until_held({"A": 3, "B": 3, "C": 3})
        stage.fault(fault.BrokerLiquidation(account="A"))
        await stage.until(lambda: bool(stage.notices("acct.lock", "A")), "the lock is told")
        stage.lead(1)
        await stage.until_held({"B": 4, "C": 4})
        stage.lead(-6)
        await stage.until_held({"B": -2, "C": -2})
        await stage.until(lambda: bool(stage.skips("A")), "A is left out, on record")
        await stage.until_quiet()
        assert stage.path("A") == [3, 0]
        assert len(stage.received("A")) == 1


async def test_a_hand_on_a_follower_is_told_and_left_alone(tmp_path: Path) -> None:
    """Row 17: an opening by hand bars entries until a person decides; leader flat is flat all the same."""
    async with staged(tmp_path, TRIO, speed=5) as stage:
        stage.lead(2)
        await stage.until_held({"A": 2, "B": 2, "C": 2})
        stage.trade("A", 1)
        await stage.until(lambda: bool(stage.notices("rogue.open", "A")), "the opening is told")
        stage.lead(2)
        await stage.until_held({"A": 3, "B": 4, "C": 4})
        await stage.until_skipped("A", ("desync", 1))
        stage.lead(-4)
        await stage.until_held({"A": 0, "B": 0, "C": 0})
        await stage.until_quiet()
        assert stage.path("A") == [2, 3, 0]
        stage.assert_no_double()


async def test_a_close_by_hand_is_not_bought_back(tmp_path: Path) -> None:
    async with staged(tmp_path, TRIO, speed=5) as stage:
        stage.lead(3)
        await stage.until_held({"A": 3, "B": 3, "C": 3})
        stage.trade("A", -2)
        await stage.until(lambda: bool(stage.notices("rogue.close", "A")), "the close is told")
        await stage.stand(3)
        assert stage.held("A") == 1
        stage.lead(-1)
        await stage.until_held({"B": 2, "C": 2})
        await stage.until_quiet()
        assert stage.held("A") == 1  # still within the leader's two
        stage.act(Sync(accounts=(AccountId("A"),)))
        await stage.until_held({"A": 2})
        stage.lead(-2)
        await stage.until_held({"A": 0, "B": 0, "C": 0})
        await stage.until_quiet()
        stage.assert_no_double()


async def test_a_hand_through_zero_is_closed_on_request(tmp_path: Path) -> None:
    async with staged(tmp_path, TRIO, speed=5) as stage:
        stage.lead(2)
        await stage.until_held({"A": 2, "B": 2})
        stage.trade("A", -5)
        await stage.until(lambda: stage.copier("A").lane("NQZ6").held == -3, "the hand is seen")
        stage.lead(1)
        await stage.until_held({"B": 3})
        await stage.stand(2)
        assert stage.held("A") == -3
        stage.act(Close(accounts=(AccountId("A"),)))
        await stage.until_held({"A": 0})
        stage.lead(-3)
        await stage.until_held({"B": 0})
        await stage.until_quiet()
        assert stage.held("A") == 0


async def test_a_busted_fill_is_put_right_by_a_snapshot(tmp_path: Path) -> None:
    """The exchange takes A's fill back: said at once; what the broker then holds is taken for true, nothing bought back."""
    async with staged(tmp_path, TRIO, speed=5) as stage:
        stage.lead(2)
        await stage.until_held({"A": 2, "B": 2, "C": 2})
        stage.fault(fault.BustFill(account="A"))
        await stage.until(lambda: bool(stage.notices("fill.busted", "A")), "the bust is told")
        await stage.until(lambda: stage.copier("A").lane("NQZ6").held == 0, "the snapshot is compared")
        await stage.until_quiet()
        assert stage.held("A") == 0
        stage.lead(-2)
        await stage.until_held({"B": 0, "C": 0})
        await stage.until_quiet()
        assert stage.held("A") == 0
        assert stage.sizes("A") == [2]
