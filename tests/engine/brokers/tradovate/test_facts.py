"""Facts over real sockets: what is told, in what order, and what is not told."""

import pytest

from engine.domain.event import (
    Absent,
    AccountRestricted,
    FillBusted,
    LineRestored,
    OrderAnswered,
    OrderFilled,
    Restriction,
    SnapshotTaken,
)
from engine.domain.ids import order_id
from engine.sim.desk import AccountPlan, Desk, LoginPlan
from engine.sim.fault import (
    AdminAction,
    BustFill,
    EmptyLists,
    ForeignOrder,
    Oddities,
    Penalty,
    ReplayFills,
    SlowAnswer,
    SplitFills,
    SplitSnapshot,
)
from tests.engine.brokers.rig import LEAD, MNQ, ONE, TWO, rig


@pytest.mark.parametrize("fault", [SplitSnapshot(parts=4), Oddities(count=None), Penalty(endpoint="user/*", wait_s=3)])
async def test_snapshots_in_other_shapes(fault):
    async with rig() as at:
        at.venue.trade(at.account(LEAD), MNQ, 2)
        at.server.fault(fault)
        at.start()
        await at.turning(10, lambda: len(at.inbox.of(SnapshotTaken)) == 3)
        lead = next(fact for fact in at.inbox.of(SnapshotTaken) if fact.account == LEAD)
        assert [held.net for held in lead.holdings] == [2]


async def test_an_empty_snapshot_is_not_believed():
    async with rig() as at:
        at.venue.trade(at.account(LEAD), MNQ, 2)
        at.server.fault(EmptyLists(endpoint="user/syncrequest"))
        at.start()
        await at.turning(30, lambda: len(at.inbox.of(SnapshotTaken)) == 3)
        lead = next(fact for fact in at.inbox.of(SnapshotTaken) if fact.account == LEAD)
        assert [held.net for held in lead.holdings] == [2], "the second channel did not agree, the next answer counted"
        assert len(at.inbox.of(LineRestored)) == 2


async def test_accounts_that_vanish_are_no_snapshot():
    async with rig() as at:
        at.server.fault(EmptyLists(endpoint="*/list", count=None))
        at.start()
        await at.turning(5, lambda: "none of our accounts" in at.session.health().text)
        assert not at.inbox.of(SnapshotTaken)


async def test_old_fills_that_come_again_are_not_told():
    async with rig() as at:
        at.venue.trade(at.account(LEAD), MNQ, 2)
        at.venue.trade(at.account(LEAD), MNQ, -1)
        await at.live()
        at.server.fault(ReplayFills(account="DEMO1", days=0))
        at.server.fault(ReplayFills(account="DEMO1", days=1, fresh_ids=True))
        at.venue.trade(at.account(LEAD), MNQ, 4)
        await at.inbox.one(OrderFilled)
        await at.breathe()
        assert [fill.quantity for fill in at.inbox.of(OrderFilled)] == [4]


async def test_parts_of_a_fill_busts_restrictions_and_foreign_orders():
    async with rig() as at:
        await at.live()
        at.server.fault(SplitFills(sizes=(1, 2)))
        at.venue.trade(at.account(LEAD), MNQ, 5)
        fills = await at.inbox.one(OrderFilled, 3)
        assert [fill.quantity for fill in fills] == [1, 2, 2]
        at.server.fault(BustFill(account="DEMO1"))
        (bust,) = await at.inbox.one(FillBusted)
        assert (bust.account, bust.quantity) == (LEAD, 2)
        at.server.fault(AdminAction(account="DEMO2", action="LockTradingImmediately"))
        await at.inbox.until(lambda: at.inbox.of(AccountRestricted)[-1].restriction is not Restriction.NONE)
        limit = at.inbox.of(AccountRestricted)[-1]
        assert (limit.account, limit.restriction) == (ONE, Restriction.LOCKED)
        at.inbox.clear()
        at.server.fault(ForeignOrder(account="DEMO3", symbol="MNQZ6", quantity=1))
        (foreign,) = await at.inbox.one(OrderFilled)
        assert (foreign.account, foreign.client, foreign.automated) == (TWO, "other-bot-1", True)


async def test_a_snapshot_on_demand_holds_all_fills_that_are_in_it():
    async with rig() as at:
        await at.live()
        at.session.send([at.lot("a", ONE, 2)], 0)
        await at.inbox.one(OrderFilled)
        at.session.ask_snapshot([ONE, TWO])
        await at.turning(5, lambda: len(at.inbox.of(SnapshotTaken)) == 5)
        one, two = at.inbox.of(SnapshotTaken)[3:]
        assert [held.net for held in one.holdings] == [2]
        assert one.fills == (at.inbox.of(OrderFilled)[0].fill,)
        assert one.orders[0].client == order_id("a", ONE)
        assert (two.holdings, two.fills) == ((), ())


async def test_all_fills_of_one_frame_are_one_call_and_come_first():
    async with rig() as at:
        await at.live()
        at.server.fault(SplitFills(sizes=(1, 2)))
        at.venue.trade(at.account(LEAD), MNQ, 5)
        await at.inbox.one(OrderFilled, 3)
        for call in at.inbox.calls:
            told = [isinstance(fact, OrderFilled) for fact in call]
            assert told == sorted(told, reverse=True)


async def test_several_logins_do_not_connect_at_once():
    logins = tuple(
        LoginPlan(user=f"u{n}", password="pass-word-1", accounts=(AccountPlan(name=f"D{n}"),)) for n in range(4)
    )
    async with rig(Desk(logins=logins), user="u0", accounts={"A0": "D0"}, connect_spacing_s=1.0) as at:
        from tests.engine.brokers.rig import Rig

        more = [
            Rig(at.server, at.clock, user=f"u{n}", accounts={f"A{n}": f"D{n}"}, connect_spacing_s=1.0)
            for n in (1, 2, 3)
        ]
        began = {}
        for each in (at, *more):
            each.start()
        try:
            for second in range(5):
                await at.turning(1, lambda s=second: at.clock.monotonic() >= s, step_s=0.5)
                for _ in range(10):
                    await at.breathe()
                for each in (at, *more):
                    if each.inbox.of(LineRestored):
                        began.setdefault(id(each), at.clock.monotonic())
        finally:
            for each in more:
                await each.stop()
        assert sorted(began.values()) == sorted(set(began.values()))
        assert len(began) == 4


async def test_a_trade_while_the_snapshot_is_checked_is_told_after_it():
    async with rig() as at:
        at.venue.trade(at.account(LEAD), MNQ, 1)
        at.server.fault(SlowAnswer(endpoint="position/*", wait_s=1))
        at.start()
        await at.inbox.one(LineRestored)
        for _ in range(5):
            await at.breathe()
        at.venue.trade(at.account(LEAD), MNQ, 2)
        await at.turning(10, lambda: at.inbox.of(OrderFilled))
        (fill,) = at.inbox.of(OrderFilled)
        taken = [fact for fact in at.inbox.of(SnapshotTaken) if fact.account == LEAD]
        assert [held.net for held in taken[0].holdings] == [1]
        assert fill.quantity == 2
        assert fill.fill not in taken[0].fills
        assert at.inbox.facts.index(taken[0]) < at.inbox.facts.index(fill)


async def test_a_contract_that_nobody_has_named_yet_delays_its_first_fill_by_one_question():
    async with rig() as at:
        await at.live()
        at.venue.trade(at.account(LEAD), "GCZ6", 1)
        (fill,) = await at.inbox.one(OrderFilled)
        assert (fill.symbol, fill.quantity) == ("GCZ6", 1)


async def test_a_snapshot_on_demand_during_trading_is_taken_again():
    async with rig() as at:
        await at.live()
        at.server.fault(SlowAnswer(endpoint="order/ldeps", wait_s=1))
        at.session.ask_snapshot([LEAD])
        await at.breathe()
        at.venue.trade(at.account(LEAD), MNQ, 2)
        await at.turning(10, lambda: len(at.inbox.of(SnapshotTaken)) == 4)
        last = at.inbox.of(SnapshotTaken)[-1]
        assert [held.net for held in last.holdings] == [2]
        assert last.fills == (at.inbox.of(OrderFilled)[0].fill,)


async def test_questions_that_come_together_share_their_requests():
    async with rig() as at:
        await at.live()
        at.session.send([at.lot("a", ONE, 1), at.lot("a", TWO, 1)], 0)
        await at.inbox.one(OrderFilled, 2)
        await at.turning(1, lambda: at.clock.monotonic() >= 0.5)
        calls = at.server.face.calls
        for account in (LEAD, ONE, TWO):
            at.session.ask_snapshot([account])
        await at.turning(5, lambda: len(at.inbox.of(SnapshotTaken)) == 6)
        assert at.server.face.calls - calls <= 4
        calls = at.server.face.calls
        at.inbox.clear()
        for number in range(10):
            at.session.ask_order(ONE, order_id(f"x{number}", ONE))
            at.session.ask_order(TWO, order_id("a", TWO))
        await at.turning(5, lambda: len(at.inbox.of(OrderAnswered)) >= 11)
        assert at.server.face.calls - calls <= 3
        assert sum(isinstance(answer.outcome, Absent) for answer in at.inbox.of(OrderAnswered)) == 10
