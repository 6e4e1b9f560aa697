"""Orders over real sockets: each refusal, each doubt, and a budget that runs out."""

from decimal import Decimal

import pytest

from engine.domain.decision import Leg
from engine.domain.event import (
    Accepted,
    LineLost,
    OrderAnswered,
    OrderChanged,
    OrderFilled,
    OrderStatus,
    RefusalKind,
    Refused,
    SnapshotTaken,
    Unclear,
)
from engine.domain.ids import order_id
from engine.sim.fault import (
    DropLine,
    LoseAnswer,
    Penalty,
    Refuse,
    RejectLate,
    SlowAnswer,
)
from tests.engine.brokers.rig import LEAD, MNQ, NAMES, ONE, TWO, rig


def outcomes(at):
    return [answer.outcome for answer in at.inbox.of(OrderAnswered)]


def kinds(at):
    return [each.kind for each in outcomes(at) if isinstance(each, Refused)]


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Refuse(shape="error_text"), RefusalKind.ORDER),
        (Refuse(shape="violations"), RefusalKind.ORDER),
        (Refuse(shape="failure", reason="LiquidationOnly"), RefusalKind.ACCOUNT),
        (Refuse(shape="status", status=400), RefusalKind.ORDER),
        (Refuse(shape="status", status=401, text="Access is denied"), RefusalKind.ACCOUNT),
        (Refuse(shape="status", status=404), RefusalKind.ORDER),
        (Refuse(shape="status", status=429, text=""), RefusalKind.BUDGET),
        (Penalty(wait_s=5), RefusalKind.BUDGET),
        (Penalty(captcha=True), RefusalKind.BUDGET),
    ],
)
async def test_an_entry_is_refused_in_every_shape(fault, kind):
    async with rig() as at:
        await at.live()
        at.server.fault(fault)
        at.session.send([at.lot("a", ONE, 1)], 0)
        await at.inbox.one(OrderAnswered)
        assert kinds(at) == [kind]
        assert at.session.health().up
        await at.turning(2, lambda: at.clock.monotonic() >= 1)
        assert len(outcomes(at)) == 1


@pytest.mark.parametrize("status", [500, 408])
async def test_what_may_have_been_executed_is_unclear(status):
    async with rig() as at:
        await at.live()
        at.server.fault(Refuse(shape="status", status=status, text="oops"))
        at.session.send([at.lot("a", ONE, 1)], 0)
        await at.inbox.one(OrderAnswered)
        assert isinstance(outcomes(at)[0], Unclear)
        assert at.session.health().up is (status == 500)


async def test_a_ticket_stops_entries_and_sends_the_exit_again():
    async with rig() as at:
        await at.live()
        at.session.send([at.lot("open", ONE, 2)], 0)
        await at.inbox.one(OrderFilled)
        at.inbox.clear()
        at.server.fault(Penalty(wait_s=5))
        at.session.send([at.lot("exit", ONE, -2)], 1)
        await at.turning(2, lambda: at.session.health().waiting == 1)
        at.session.send([at.lot("entry", TWO, 1)], 0)
        await at.inbox.one(OrderAnswered)
        assert kinds(at) == [RefusalKind.BUDGET]
        assert "no entries" in at.session.health().text
        (fill,) = await _turned(at, OrderFilled, 6)
        assert (fill.client, fill.quantity) == (order_id("exit", ONE), -2)
        assert at.session.health().waiting == 0
        at.session.send([at.lot("entry-2", TWO, 1)], 0)
        await at.inbox.one(OrderFilled, 2)


async def _turned(at, kind, seconds):
    await at.turning(seconds, lambda: at.inbox.of(kind))
    return at.inbox.of(kind)


async def test_no_answer_is_unclear_once_and_the_late_truth_is_told():
    async with rig() as at:
        await at.live()
        at.server.fault(SlowAnswer(wait_s=8))
        at.session.send([at.lot("a", ONE, 1)], 0)
        await at.turning(20, lambda: len(outcomes(at)) >= 2)
        assert [type(each) for each in outcomes(at)] == [Unclear, Accepted]
        await at.turning(5, lambda: at.clock.monotonic() > 12)
        assert len(outcomes(at)) == 2
        (fill,) = at.inbox.of(OrderFilled)
        assert fill.client == order_id("a", ONE)


async def test_an_order_whose_answer_is_lost_is_recognised_by_its_command():
    async with rig() as at:
        await at.live()
        at.server.fault(LoseAnswer(executed=True))
        at.session.send([at.lot("a", ONE, 1)], 0)
        (fill,) = await at.inbox.one(OrderFilled)
        assert fill.client == order_id("a", ONE)
        await at.turning(8, lambda: outcomes(at))
        at.session.ask_order(ONE, order_id("a", ONE))
        await at.turning(8, lambda: len(outcomes(at)) == 2)
        assert [type(each) for each in outcomes(at)] == [Unclear, Accepted]


async def test_a_late_reject_arrives_as_the_order_s_end():
    async with rig() as at:
        await at.live()
        at.server.fault(RejectLate(reason="OtherExecutionRelated", text="no"))
        at.session.send([at.lot("a", ONE, 1)], 0)
        await at.inbox.until(lambda: any(fact.status is OrderStatus.REJECTED for fact in at.inbox.of(OrderChanged)))
        last = at.inbox.of(OrderChanged)[-1]
        assert (last.client, last.reason) == (order_id("a", ONE), "OtherExecutionRelated: no")


async def test_an_account_that_the_login_does_not_list():
    async with rig(accounts=NAMES | {"GONE": "OTHER"}) as at:
        at.start()
        await at.inbox.one(SnapshotTaken, 3)
        at.session.send([at.lot("a", LEAD, 1), (order_id("b", "GONE"), "GONE", MNQ, 1), at.lot("c", ONE, 1)], 1)
        await at.inbox.one(OrderAnswered, 3)
        assert kinds(at) == [RefusalKind.ACCOUNT]
        assert "OTHER" in at.session.health().text
        await at.inbox.one(OrderFilled, 2)


async def test_a_cancel_that_comes_too_late_is_resolved_by_the_order_itself():
    async with rig() as at:
        await at.live()
        at.session.send([at.lot("a", ONE, 1)], 0)
        await at.inbox.until(lambda: any(fact.status is OrderStatus.FILLED for fact in at.inbox.of(OrderChanged)))
        order = at.inbox.of(OrderChanged)[-1].order
        at.inbox.clear()
        at.session.cancel(ONE, order)
        (fact,) = await at.inbox.one(OrderChanged)
        assert (fact.order, fact.status) == (order, OrderStatus.FILLED)


async def test_one_cancels_the_other_and_a_change_of_terms():
    async with rig() as at:
        await at.live()
        legs = [
            Leg(client=order_id("x", ONE), stop=Decimal(21_400)),
            Leg(client=order_id("y", ONE), price=Decimal(21_600)),
        ]
        at.session.place_oco(at.lot("unused", ONE, -2), legs)
        await at.inbox.one(OrderAnswered, 2)
        assert all(isinstance(each, Accepted) for each in outcomes(at))
        stop = next(answer.outcome.order for answer in at.inbox.of(OrderAnswered) if answer.client == legs[0].client)
        await at.inbox.until(lambda: any(fact.order == stop for fact in at.inbox.of(OrderChanged)))
        at.session.modify(stop, 1, Leg(client=legs[0].client, stop=Decimal("21410.25")))
        await at.inbox.until(lambda: any(fact.stop == Decimal("21410.25") for fact in at.inbox.of(OrderChanged)))
        changed = next(fact for fact in at.inbox.of(OrderChanged) if fact.stop == Decimal("21410.25"))
        assert (changed.order, changed.quantity, changed.client) == (stop, -1, legs[0].client)


# -------------------------------------------------------------------- the budget


async def test_the_budget_refuses_entries_and_keeps_exits():
    async with rig(requests_per_minute=20, exit_reserve=0.25) as at:
        await at.live()
        left = at.session.health().budget_left
        assert 0 < left < 15
        entries = [at.lot(f"in-{n}", ONE, 1) for n in range(left + 3)]
        at.session.send(entries, 0)
        await at.inbox.one(OrderAnswered, left + 3)
        assert kinds(at) == [RefusalKind.BUDGET] * 3
        at.inbox.clear()
        exits = [at.lot(f"out-{n}", ONE, -1) for n in range(7)]
        at.session.send([*exits, at.lot("late", TWO, 1)], 7)
        await at.inbox.one(OrderFilled, 5)
        assert at.session.health().waiting == 2
        assert [answer.client for answer in at.inbox.of(OrderAnswered) if isinstance(answer.outcome, Refused)] == [
            order_id("late", TWO)
        ]
        await at.turning(70, lambda: len(at.inbox.of(OrderFilled)) == 7, step_s=5)
        assert {fill.client for fill in at.inbox.of(OrderFilled)} == {lot[0] for lot in exits}
        assert at.session.health().waiting == 0


async def test_exits_that_wait_are_refused_when_the_line_goes():
    async with rig(requests_per_minute=20, exit_reserve=0.25) as at:
        await at.live()
        at.session.send([at.lot(f"out-{n}", ONE, -1) for n in range(25)], 25)
        await at.turning(1, lambda: at.session.health().waiting > 0)
        waiting = at.session.health().waiting
        await at.inbox.one(OrderFilled, 25 - waiting)
        at.server.fault(DropLine())
        await at.inbox.one(LineLost)
        assert kinds(at) == [RefusalKind.LINE] * waiting


async def test_an_exit_that_waits_is_not_absent_and_gives_way_to_a_liquidation():
    async with rig() as at:
        await at.live()
        at.session.send([at.lot("open", ONE, 2), at.lot("open", TWO, 2)], 0)
        await at.inbox.one(OrderFilled, 2)
        at.inbox.clear()
        at.server.fault(Penalty(wait_s=12, count=2))
        at.session.send([at.lot("exit", ONE, -2), at.lot("exit", TWO, -2)], 2)
        await at.turning(2, lambda: at.session.health().waiting == 2)
        at.session.ask_order(ONE, order_id("exit", ONE))
        await at.turning(3, lambda: at.clock.monotonic() >= 3)
        assert not outcomes(at)
        at.session.liquidate(ONE, MNQ)
        await at.inbox.until(lambda: at.inbox.of(OrderFilled) and at.inbox.of(OrderAnswered))
        assert kinds(at) == [RefusalKind.BUDGET]
        await at.turning(15, lambda: len(at.inbox.of(OrderFilled)) == 2)
        assert {(fill.account, fill.quantity) for fill in at.inbox.of(OrderFilled)} == {(ONE, -2), (TWO, -2)}
        await at.turning(20, lambda: at.clock.monotonic() >= 18)
        assert len(at.inbox.of(OrderFilled)) == 2
