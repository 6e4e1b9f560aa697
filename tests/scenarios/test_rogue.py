"""Trades of other hands on one follower, over real sockets: named, handled by policy, while the other accounts copy on."""

from pathlib import Path

from engine.domain.command import Apart, Resume
from engine.domain.decision import Raised
from engine.domain.group import RoguePolicy
from engine.domain.ids import AccountId
from engine.sim import fault
from engine.sim.order import NewOrder, Terms
from tests.scenarios.stage import Stage, follower, staged

A, B = AccountId("A"), AccountId("B")


def pair(policy: RoguePolicy) -> list:
    return [follower("A", rogue=policy), follower("B", rogue=policy)]


def severity(stage: Stage, code: str) -> set[str]:
    return {raised.severity.value for raised in stage.decisions(Raised) if raised.code == code}


async def test_a_manual_trade_under_each_policy(tmp_path: Path) -> None:
    """Five accounts, one policy each, the same hand on all of them; a sixth copies on."""
    followers = [follower(policy.value, rogue=policy) for policy in RoguePolicy] + [follower("FREE")]
    everybody = [str(plan.account) for plan in followers]
    async with staged(tmp_path, followers) as stage:
        stage.lead(2)
        await stage.until_held(dict.fromkeys(everybody, 2))
        for policy in RoguePolicy:
            stage.trade(policy.value, 1)
        await stage.until(lambda: all(stage.notices("rogue.open", p.value) for p in RoguePolicy), "each one is told")
        assert all("by hand (not automated)" in stage.notices("rogue.open", p.value)[0] for p in RoguePolicy)
        await stage.until_held({"close": 2})
        await stage.until(lambda: bool(stage.notices("rogue.closed", "close")), "the close is proven")
        stage.lead(1)
        await stage.until_held({"FREE": 3, "close": 3, "alert": 3, "adopt": 3, "pause": 3})
        await stage.until(lambda: stage.held("apart") == 4, "the copy goes on beside it")
        stage.lead(-3)
        await stage.until_held({"FREE": 0, "close": 0, "alert": 0, "adopt": 0, "pause": 0})
        await stage.until(lambda: stage.held("apart") == 1, "our exit leaves it alone")
        stage.trade("apart", -1)
        await stage.until(lambda: stage.copier("apart").lane("NQZ6").beside == 0, "a close by hand ends it")
        await stage.until_quiet()
        assert stage.path("close")[:3] == [2, 3, 2]
        stage.assert_no_double()


async def test_another_copier_is_found_and_copying_stops_on_that_account(tmp_path: Path) -> None:
    async with staged(tmp_path, pair(RoguePolicy.ALERT), per_login=1, speed=5) as stage:
        for net in (1, 2):
            stage.lead(1)
            await stage.until(lambda net=net: sum(stage.sizes("A")) == stage.held("B") == net, "both copy")
            stage.fault(fault.ForeignOrder(account="A", symbol="NQZ6", quantity=1))
            await stage.until(lambda net=net: len(stage.notices("rogue.open", "A")) == net, "A is told")
            stage.act(Apart(accounts=(A,)), key=f"apart-{net}")
            await stage.stand(4)
        await stage.until(lambda: bool(stage.notices("rogue.copier", "A")), "the second copier is named")
        assert severity(stage, "rogue.copier") == {"P1"}
        assert "two copiers" in stage.copier("A").barred
        assert not stage.notices("rogue.copier", "B")
        stage.lead(1)
        await stage.until_held({"B": 3})
        stage.lead(-3)
        stage.fault(fault.ForeignOrder(account="A", symbol="NQZ6", quantity=-2))
        await stage.until_held({"B": 0})
        await stage.until(lambda: stage.held("A") == 0, "each closed its own, nobody closed twice")
        stage.act(Resume(accounts=(A,)), key="resume")
        await stage.until(lambda: not stage.copier("A").holds, "a person resumes")
        stage.lead(1)
        await stage.until_held({"A": 1, "B": 1})
        stage.assert_no_double()


async def test_the_brokers_liquidation_is_named_and_a_person_resumes(tmp_path: Path) -> None:
    async with staged(tmp_path, pair(RoguePolicy.CLOSE), speed=5) as stage:
        stage.lead(2)
        await stage.until_held({"A": 2, "B": 2})
        stage.fault(fault.BrokerLiquidation(account="A"))
        await stage.until(lambda: bool(stage.notices("rogue.close", "A")), "the close is told")
        assert "the broker (marked as the broker's own)" in stage.notices("rogue.close", "A")[0]
        stage.fault(fault.AdminAction(account="A", action="Normal"))
        await stage.until(lambda: stage.copier("A").restriction.value == "none", "the broker lifts it")
        stage.lead(1)
        await stage.until_held({"B": 3})
        assert stage.held("A") == 0, "lifted by the broker, not yet by a person"
        stage.act(Resume(accounts=(A,)), key="resume")
        await stage.until(lambda: not stage.copier("A").holds, "resumed")
        stage.lead(1)
        await stage.until_held({"A": 1, "B": 4})
        stage.assert_no_double()


async def test_a_restart_in_the_middle_of_a_close(tmp_path: Path) -> None:
    """The close was sent, its answer is late, and the process dies: the next one knows, asks and sends nothing twice."""
    stage = Stage(tmp_path, pair(RoguePolicy.CLOSE), speed=5)
    await stage.open_venue()
    try:
        await stage.open_engine()
        stage.lead(2)
        await stage.until_held({"A": 2, "B": 2})
        stage.fault(fault.SlowExchange(account="A", accept_s=3.0))
        stage.trade("A", 2)
        await stage.until(lambda: stage.sizes("A") == [2, -2], "the close is on its way")
        await stage.close_engine()
        await stage.open_engine()
        await stage.until_held({"A": 2, "B": 2})
        await stage.until(lambda: bool(stage.notices("rogue.closed", "A")), "it is proven by the next process")
        await stage.until_quiet()
        assert stage.sizes("A") == [2, -2]
        stage.assert_no_double()
    finally:
        await stage.close()


async def test_working_orders_of_others_are_told_and_cancelled_under_close(tmp_path: Path) -> None:
    followers = [follower("A", rogue=RoguePolicy.CLOSE), follower("B")]
    async with staged(tmp_path, followers) as stage:
        venue = stage.venue.venue
        terms = Terms(qty=1, kind="Limit", price=venue.market.quotes["NQZ6"].bid - 100)
        for name in ("A", "B"):
            venue.place(NewOrder(account=name, symbol="NQZ6", side=1, terms=terms, is_automated=True, tag50="AlgoX"))
        await stage.until(lambda: not stage.working("A"), "A's is cancelled")
        await stage.until(lambda: bool(stage.notices("rogue.order", "B")), "B's is told")
        assert "another program (marked as automated, tag 'AlgoX')" in stage.notices("rogue.order", "B")[0]
        assert len(stage.working("B")) == 1
