"""Entries that must not be copied, each skipped with its reason on record; exits that pass all the same."""

from decimal import Decimal
from pathlib import Path

import pytest

from engine.domain.command import Sync
from engine.domain.event import OrderFilled
from engine.domain.group import Caps, FollowerPlan, GroupPlan, MissedEntry, faults
from engine.domain.ids import AccountId, GroupId
from engine.sim import fault
from tests.scenarios.stage import LEADER, RIVAL, Stage, follower, staged


async def hold_back(stage: Stage, login: str = "lead") -> None:
    """Let the venue write nothing to a login until it ``resume``s."""
    stage.fault(fault.StallLine(login=login, role="user"))


async def resume(stage: Stage, login: str = "lead") -> None:
    stage.fault(fault.ResumeLine(login=login, role="user"))


async def know_price(stage: Stage, symbol: str = "NQZ6") -> None:
    await stage.until(lambda: symbol in stage.engine.shard.desk.state.quotes, "a quote")


async def test_an_entry_is_skipped_when_its_signal_is_old(tmp_path: Path) -> None:
    plans = [follower("A", max_age_s=Decimal(2)), follower("B")]
    async with staged(tmp_path, plans, speed=10) as stage:
        await hold_back(stage)
        stage.lead(2)
        await stage.stand(3)
        await resume(stage)
        await stage.until_held({"B": 2})
        await stage.until_skipped("A", ("signal_age", 2))
        stage.lead(-1)
        await stage.until_held({"B": 1})
        await stage.until_quiet()
        assert stage.received("A") == []


async def test_an_old_exit_is_copied(tmp_path: Path) -> None:
    async with staged(tmp_path, [follower("A", max_age_s=Decimal(2))], speed=5) as stage:
        stage.lead(2)
        await stage.until_held({"A": 2})
        await hold_back(stage)
        stage.lead(-2)
        await stage.stand(4)
        await resume(stage)
        await stage.until_held({"A": 0})


async def test_an_entry_is_skipped_when_the_price_has_run(tmp_path: Path) -> None:
    plans = [follower("A", max_run_ticks=8), follower("B")]
    async with staged(tmp_path, plans) as stage:
        stage.lead(1)
        await stage.until_held({"A": 1, "B": 1})
        await know_price(stage)
        await hold_back(stage)
        stage.lead(2)
        stage.price("21010")
        quotes = stage.engine.shard.desk.state.quotes
        await stage.until(lambda: quotes["NQZ6"].last == 21010, "the run is seen")
        await resume(stage)
        await stage.until_held({"B": 3})
        await stage.until_skipped("A", ("price_run", 2))
        stage.lead(-3)  # at a price that ran for him; exits are not asked
        await stage.until_held({"A": 0, "B": 0})
        await stage.until_quiet()
        assert stage.path("A") == [1, 0]


async def test_so_many_entries_an_account_and_minute(tmp_path: Path) -> None:
    plans = [follower("A", caps=Caps(orders_per_minute=2)), follower("B")]
    async with staged(tmp_path, plans) as stage:
        for net in (1, 2, 3, 4):
            stage.lead(1)
            await stage.until_held({"B": net})
        await stage.until_skipped("A", ("rate_limit", 1), ("rate_limit", 1))
        stage.lead(-3)
        await stage.until_held({"A": 1, "B": 1})
        stage.lead(-1)
        await stage.until_held({"A": 0, "B": 0})
        await stage.until_quiet()
        assert stage.path("A") == [1, 2, 1, 0]


async def test_the_other_side_on_the_same_owners_accounts_is_refused(tmp_path: Path) -> None:
    """Two groups of one owner: who comes second stays out, in the micro too, until the first is out."""
    async with staged(tmp_path, [follower("A")], rivals=[follower("B")]) as stage:
        stage.lead(1)
        await stage.until_held({"A": 1})
        stage.trade(RIVAL, -1, "MNQZ6")
        await stage.until_skipped("B", ("opposite", -1))
        stage.trade(RIVAL, 2, "MNQZ6")  # through to the same side
        await stage.until_held({"B": 1}, "MNQZ6")
        stage.trade(RIVAL, -1, "MNQZ6")
        await stage.until_held({"B": 0}, "MNQZ6")
        stage.lead(-1)
        await stage.until_held({"A": 0})
        stage.trade(RIVAL, -2, "MNQZ6")
        await stage.until_held({"B": -2}, "MNQZ6")
        stage.lead(1)
        await stage.until_skipped("A", ("opposite", 1))
        await stage.until_quiet()
        stage.assert_no_double()


async def test_a_circle_is_refused_and_a_copy_is_never_copied(tmp_path: Path) -> None:
    """Row 8: links that form a circle stop the start; a leader's fill that carries our tag is no signal."""
    async with staged(tmp_path, [follower("A")]) as stage:
        plan = stage.plan()
        back = GroupPlan(id=GroupId("BACK"), leader=AccountId("A"), followers=(FollowerPlan(account=LEADER),))
        circle = type(plan)(accounts=plan.accounts, groups=(*plan.groups, back))
        assert any("no circle can form" in line for line in faults(circle))
        tag = "LS" + "0123456789abcdef" + "89abcdef"
        stage.fault(fault.ForeignOrder(account=LEADER, symbol="NQZ6", quantity=2, client_id=tag))
        await stage.until_skipped("A", ("loop", 2))
        stage.fault(fault.ForeignOrder(account=LEADER, symbol="NQZ6", quantity=1, client_id="other-bot-7"))
        await stage.until_held({"A": 1})  # somebody else's program on the leader's account leads like his hand
        stage.lead(-3)
        await stage.until_held({"A": 0})
        await stage.until_quiet()


async def test_a_rollover_mismatch_is_refused_and_exits_still_work(tmp_path: Path) -> None:
    """Row 12: the leader trades the new month, this follower is kept on the old one."""
    plans = [follower("A", symbols={"NQH7": "NQZ6"}), follower("B")]
    async with staged(tmp_path, plans) as stage:
        stage.price("21200", "NQH7")
        stage.lead(2)
        await stage.until_held({"A": 2, "B": 2})
        stage.lead(3, "NQH7")
        await stage.until_held({"B": 3}, "NQH7")
        await stage.until_skipped("A", ("rollover", 3))
        stage.lead(-1)
        await stage.until_held({"A": 1, "B": 1})
        stage.lead(-1)
        await stage.until_held({"A": 0, "B": 0})
        stage.lead(-3, "NQH7")
        await stage.until_held({"B": 0}, "NQH7")
        await stage.until_quiet()
        assert stage.path("A") == [2, 1, 0]


@pytest.mark.parametrize("policy", list(MissedEntry))
async def test_entries_missed_while_the_leader_could_not_be_heard(tmp_path: Path, policy: MissedEntry) -> None:
    """Skip; join within k ticks, not beyond; ask, and join when the person says so."""
    plans = [follower("A", missed_entry=policy, join_ticks=8), follower("B", missed_entry=policy, join_ticks=8)]
    async with staged(tmp_path, plans, speed=5) as stage:
        stage.lead(1)
        await stage.until_held({"A": 1, "B": 1})
        await know_price(stage)
        await miss(stage, 1)
        if policy is MissedEntry.JOIN:
            await stage.until_held({"A": 2, "B": 2})
        else:
            await stage.until_skipped("A", ("missed_entry", 1))
        if policy is MissedEntry.ASK:
            assert "join with /sync" in stage.notices("entry.missed", "A")[0]
            stage.act(Sync(accounts=(AccountId("A"),)))
            await stage.until_held({"A": 2})
        await miss(stage, 1, run="21010")
        await stage.until(lambda: stage.copier("A").lane("NQZ6").target == 3, "the second gap is seen")
        await stage.until_quiet()
        assert stage.skips("A")[-1] == ("missed_entry", 1)
        assert stage.held("A") == (1 if policy is MissedEntry.SKIP else 2)
        stage.lead(-3)
        await stage.until_held({"A": 0, "B": 0})
        await stage.until_quiet()
        stage.assert_no_double()


async def miss(stage: Stage, quantity: int, run: str = "") -> None:
    """The leader's line goes, he trades, maybe the price runs, the line comes back."""
    book = stage.engine.shard.desk.state.leaders[LEADER]
    stage.fault(fault.RefuseUpgrade(status=503, count=None))
    stage.fault(fault.DropLine(login="lead", role="user"))
    await stage.until(lambda: not book.is_synced, "the leader is lost")
    stage.lead(quantity)
    if run:
        stage.price(run)
        quotes = stage.engine.shard.desk.state.quotes
        await stage.until(lambda: quotes["NQZ6"].last == Decimal(run), "the run is seen")
    stage.venue.venue.faults.clear()
    await stage.until(lambda: book.is_synced, "the leader is back")
    heard = {entry.event.fill for entry in stage.entries() if isinstance(entry.event, OrderFilled)}
    last = max(fill.id for fill in stage.venue.venue.exchange.fills.values() if fill.order.account == LEADER)
    assert str(last) not in heard, "told by the snapshot alone"
