"""What every Session must do, whatever broker it speaks to: one factory for each adapter, all tests for each of them."""

import asyncio
from decimal import Decimal

import pytest

from engine.domain.decision import Leg
from engine.domain.event import (
    Absent,
    Accepted,
    LineLost,
    LineRestored,
    OrderAnswered,
    OrderChanged,
    OrderFilled,
    OrderStatus,
    PositionReported,
    QuoteMarked,
    RefusalKind,
    Refused,
    SnapshotTaken,
)
from engine.domain.ids import OrderId, order_id
from engine.sim.fault import DropLine, Duplicate, EmptyLists, EventsFirst, LoseAnswer, Refuse, Reorder
from tests.engine.brokers.rig import CONNECTION, LEAD, MNQ, ONE, TWO, rig

ADAPTERS = {"tradovate": rig}


@pytest.fixture(params=ADAPTERS)
def adapter(request: pytest.FixtureRequest):
    return ADAPTERS[request.param]


async def test_a_session_starts_with_its_line_and_one_snapshot_for_each_account(adapter):
    async with adapter() as at:
        at.venue.trade(at.account(LEAD), MNQ, 2)
        await at.live()
        assert isinstance(at.inbox.facts[0], LineRestored)
        assert at.inbox.facts[0].connection == CONNECTION
        taken = {fact.account: fact for fact in at.inbox.of(SnapshotTaken)}
        assert set(taken) == {LEAD, ONE, TWO}
        assert [(held.symbol, held.net) for held in taken[LEAD].holdings] == [(MNQ, 2)]
        assert len(taken[LEAD].fills) == 1
        assert taken[ONE].holdings == ()
        assert taken[ONE].balance == Decimal(50_000)
        assert not at.inbox.of(OrderFilled), "what a snapshot holds is not told again"


async def test_a_person_s_trade_arrives_as_one_fill(adapter):
    async with adapter() as at:
        await at.live()
        at.venue.trade(at.account(LEAD), MNQ, -3)
        (fill,) = await at.inbox.one(OrderFilled)
        assert (fill.account, fill.symbol, fill.quantity, fill.client) == (LEAD, MNQ, -3, None)
        assert fill.at.tzinfo is not None
        assert isinstance(fill.price, Decimal)
        await at.inbox.one(PositionReported)
        assert at.inbox.of(PositionReported)[-1].net == -3


async def test_orders_end_accepted_and_their_fills_carry_our_id(adapter):
    async with adapter() as at:
        await at.live()
        lots = [at.lot("cause-1", ONE, 2), at.lot("cause-1", TWO, -1)]
        at.session.send(lots, 0)
        fills = await at.inbox.one(OrderFilled, 2)
        answers = await at.inbox.one(OrderAnswered, 2)
        assert all(isinstance(answer.outcome, Accepted) for answer in answers)
        assert {(answer.account, answer.client) for answer in answers} == {(lot[1], lot[0]) for lot in lots}
        assert {(fill.account, fill.client, fill.quantity) for fill in fills} == {
            (lot[1], lot[0], lot[3]) for lot in lots
        }
        orders = {answer.client: answer.outcome.order for answer in answers}
        assert all(orders[fill.client] == fill.order for fill in fills)
        assert all(fill.automated for fill in fills)


@pytest.mark.parametrize("fault", [EventsFirst(count=None), Duplicate(count=None), Reorder(count=None)])
async def test_order_and_number_of_events_change_nothing(adapter, fault):
    async with adapter() as at:
        await at.live()
        at.server.fault(fault)
        at.session.send([at.lot("cause-1", ONE, 2)], 0)
        at.venue.trade(at.account(LEAD), MNQ, 1)
        await at.inbox.one(OrderFilled, 2)
        at.session.send([at.lot("cause-2", ONE, -2)], 1)
        await at.inbox.until(
            lambda: any(fact.net == 0 and fact.account == ONE for fact in at.inbox.of(PositionReported))
        )
        await at.breathe()
        ours = [(fill.client, fill.quantity) for fill in at.inbox.of(OrderFilled) if fill.account == ONE]
        assert ours == [(order_id("cause-1", ONE), 2), (order_id("cause-2", ONE), -2)]
        assert len({fill.fill for fill in at.inbox.of(OrderFilled)}) == len(at.inbox.of(OrderFilled)) == 3


async def test_a_refusal_is_the_broker_s_own_word(adapter):
    async with adapter() as at:
        await at.live()
        at.server.fault(Refuse(reason="MaxPosLimitReached", text="too many"))
        at.server.fault(Refuse(reason="TradingLocked", text="locked"))
        at.session.send([at.lot("a", ONE, 1), at.lot("b", TWO, 1)], 0)
        first, second = await at.inbox.one(OrderAnswered, 2)
        assert first.outcome == Refused(kind=RefusalKind.ORDER, reason="MaxPosLimitReached", text="too many")
        assert second.outcome == Refused(kind=RefusalKind.ACCOUNT, reason="TradingLocked", text="locked")
        assert not at.inbox.of(OrderFilled)


async def test_without_a_line_nothing_is_kept_for_later(adapter):
    async with adapter() as at:
        at.session.send([at.lot("a", ONE, 1)], 0)
        at.session.send_bracketed(at.lot("b", ONE, 1), [Leg(client=OrderId("LSx"), stop=Decimal(21_000))])
        answers = await at.inbox.one(OrderAnswered, 3)
        assert all(isinstance(each.outcome, Refused) and each.outcome.kind is RefusalKind.LINE for each in answers)
        await at.live()
        assert not at.venue.received


async def test_a_lost_line_makes_open_orders_unclear_and_the_truth_can_be_asked(adapter):
    async with adapter() as at:
        await at.live()
        at.server.fault(LoseAnswer(executed=True, cut=True))
        at.session.send([at.lot("a", ONE, 1)], 0)
        await at.inbox.one(LineLost)
        (unclear,) = await at.inbox.one(OrderAnswered)
        assert type(unclear.outcome).__name__ == "Unclear"
        at.inbox.clear()
        await at.turning(30, lambda: len(at.inbox.of(SnapshotTaken)) == 3)
        kinds = [type(fact).__name__ for fact in at.inbox.facts]
        assert kinds.index("LineRestored") < kinds.index("SnapshotTaken")
        (seen,) = next(fact for fact in at.inbox.of(SnapshotTaken) if fact.account == ONE).orders
        assert (seen.client, seen.status, seen.filled) == (order_id("a", ONE), OrderStatus.FILLED, 1)
        at.session.ask_order(ONE, order_id("a", ONE))
        await at.turning(30, lambda: [f for f in at.inbox.of(OrderAnswered) if isinstance(f.outcome, Accepted)])
        assert not at.inbox.of(OrderFilled), "the snapshot holds it"


async def test_an_order_that_never_arrived_is_absent(adapter):
    async with adapter() as at:
        await at.live()
        at.server.fault(LoseAnswer(executed=False))
        at.session.send([at.lot("a", ONE, 1)], 0)
        await at.turning(15, lambda: at.inbox.of(OrderAnswered))
        assert type(at.inbox.of(OrderAnswered)[0].outcome).__name__ == "Unclear"
        at.session.ask_order(ONE, order_id("a", ONE))
        await at.turning(30, lambda: len(at.inbox.of(OrderAnswered)) == 2)
        assert at.inbox.of(OrderAnswered)[1].outcome == Absent()


async def test_silence_is_not_absence(adapter):
    async with adapter() as at:
        await at.live()
        at.session.send([at.lot("a", ONE, 1)], 0)
        await at.inbox.one(OrderFilled)
        at.inbox.clear()
        at.server.fault(EmptyLists(endpoint="order/*", count=None))
        at.session.ask_order(ONE, order_id("b", ONE))
        await at.turning(10, lambda: at.inbox.of(OrderAnswered) or at.clock.monotonic() > 6)
        assert not at.inbox.of(OrderAnswered)


async def test_an_empty_list_is_not_flat(adapter):
    async with adapter() as at:
        await at.live()
        at.venue.trade(at.account(LEAD), MNQ, 2)
        await at.inbox.one(OrderFilled)
        at.inbox.clear()
        at.server.fault(EmptyLists(endpoint="position/*", count=None))
        at.session.ask_snapshot([LEAD])
        await at.turning(5, lambda: at.inbox.of(SnapshotTaken) or at.clock.monotonic() > 4)
        assert not at.inbox.of(SnapshotTaken)
        at.server.venue.faults.clear()
        at.session.ask_snapshot([LEAD, ONE])
        await at.turning(10, lambda: len(at.inbox.of(SnapshotTaken)) == 2)
        assert [held.net for held in at.inbox.of(SnapshotTaken)[0].holdings] == [2]


async def test_a_bracket_is_one_request_with_an_answer_for_each_order(adapter):
    async with adapter() as at:
        await at.live()
        stop, target = order_id("stop", ONE), order_id("target", ONE)
        legs = [Leg(client=stop, stop=Decimal("21400.25")), Leg(client=target, price=Decimal("21600.50"))]
        calls = at.server.face.calls
        at.session.send_bracketed(at.lot("entry", ONE, 1), legs)
        answers = await at.inbox.one(OrderAnswered, 3)
        assert {answer.client for answer in answers} == {order_id("entry", ONE), stop, target}
        await at.inbox.until(lambda: sum(fact.status is OrderStatus.WORKING for fact in at.inbox.of(OrderChanged)) >= 2)
        children = {fact.client: fact for fact in at.inbox.of(OrderChanged) if fact.status is OrderStatus.WORKING}
        assert (children[stop].kind, children[stop].stop, children[stop].quantity) == ("stop", Decimal("21400.25"), -1)
        assert (children[target].kind, children[target].price) == ("limit", Decimal("21600.5"))
        assert at.server.face.calls == calls + 1
        at.session.cancel(ONE, children[stop].order)
        await at.inbox.until(lambda: any(fact.status is OrderStatus.CANCELED for fact in at.inbox.of(OrderChanged)))


async def test_the_broker_closes_a_contract_itself(adapter):
    async with adapter() as at:
        await at.live()
        at.session.send([at.lot("a", ONE, 2)], 0)
        await at.inbox.one(OrderFilled)
        at.session.liquidate(ONE, MNQ)
        await at.inbox.one(OrderFilled, 2)
        assert at.inbox.of(OrderFilled)[1].quantity == -2


async def test_the_line_comes_back_by_itself(adapter):
    async with adapter() as at:
        await at.live()
        at.inbox.clear()
        at.server.fault(DropLine())
        await at.inbox.one(LineLost)
        assert not at.session.health().up
        await at.turning(30, lambda: len(at.inbox.of(SnapshotTaken)) == 3)
        assert at.session.health().up


async def test_quotes_of_watched_contracts_arrive(adapter):
    async with adapter() as at:
        at.session.watch([MNQ])
        await at.live()
        await at.turning(5, lambda: at.inbox.of(QuoteMarked))
        at.venue.set_price(MNQ, Decimal("21555.25"))
        await at.inbox.until(lambda: at.inbox.of(QuoteMarked)[-1].last == Decimal("21555.25"))
        assert at.inbox.of(QuoteMarked)[-1].symbol == MNQ


async def test_probe_reads_and_changes_nothing(adapter):
    async with adapter(accounts={LEAD: "DEMO1", ONE: "OTHER"}) as at:
        lines = await at.session.probe()
        assert len(lines) == 2
        assert "DEMO1 found" in lines[0]
        assert "OTHER is not on this login" in lines[1]
        assert not at.venue.received


async def test_a_cancelled_run_ends_at_once_and_leaves_no_task(adapter):
    async with adapter() as at:
        before = asyncio.all_tasks()
        await at.live()
        await at.stop()
        assert {task for task in asyncio.all_tasks() - before if "run" in repr(task.get_coro())} == set()
