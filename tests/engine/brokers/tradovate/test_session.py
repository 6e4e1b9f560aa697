"""A session over real sockets through a bad day: every refusal, every loss, every doubt."""

import logging
from datetime import timedelta
from decimal import Decimal

import pytest

from engine.domain.decision import Leg
from engine.domain.event import (
    Accepted,
    AccessRefused,
    AccountRestricted,
    FillBusted,
    LineLost,
    LineRestored,
    OrderAnswered,
    OrderChanged,
    OrderFilled,
    OrderStatus,
    RefusalKind,
    Refused,
    Restriction,
    SnapshotTaken,
    Unclear,
)
from engine.domain.ids import order_id
from engine.sim.desk import AccountPlan, Desk, LoginPlan
from engine.sim.fault import (
    AdminAction,
    BustFill,
    DropLine,
    EmptyLists,
    EndLine,
    ExpireTokens,
    ForeignOrder,
    KickSession,
    LoseAnswer,
    Oddities,
    Penalty,
    Refuse,
    RefuseUpgrade,
    RejectLate,
    ReplayFills,
    SlowAnswer,
    SplitFills,
    SplitSnapshot,
    StallLine,
)
from tests.engine.brokers.rig import DESK, LEAD, MNQ, NAMES, ONE, SECRETS, TWO, rig


def outcomes(at):
    return [answer.outcome for answer in at.inbox.of(OrderAnswered)]


def kinds(at):
    return [each.kind for each in outcomes(at) if isinstance(each, Refused)]


# -------------------------------------------------------------------- signing in


@pytest.mark.parametrize("is_wrong", ["password", "sec"])
async def test_a_wrong_secret_is_told_and_not_tried_again_before_its_time(is_wrong):
    async with rig(secrets={is_wrong: "wrong"}) as at:
        at.start()
        (refused,) = await at.inbox.one(AccessRefused)
        assert refused.until == at.clock.now() + timedelta(seconds=900)
        calls = at.server.face.calls
        await at.turning(300, lambda: at.clock.monotonic() >= 250, step_s=50)
        assert at.server.face.calls == calls
        assert "next try after" in at.session.health().text


async def test_oauth_code_and_reconnect_with_its_refresh_token():
    async with rig(login="oauth", client_id="7", secrets={"code": "code-one"}) as at:
        await at.live()
        at.inbox.clear()
        at.session._access.forget()
        at.server.fault(DropLine())
        await at.turning(20, lambda: len(at.inbox.of(SnapshotTaken)) == 3)


async def test_a_login_that_is_held_back_answers_with_its_ticket():
    async with rig() as at:
        at.server.fault(Penalty(endpoint="auth/*", wait_s=15))
        at.start()
        (refused,) = await at.inbox.one(AccessRefused)
        assert refused.until == at.clock.now() + timedelta(seconds=15)
        await at.turning(20, lambda: len(at.inbox.of(SnapshotTaken)) == 3)


async def test_the_token_is_renewed_before_its_end_and_the_line_stays():
    login = DESK.logins[0]
    async with rig(Desk(logins=(login,), token_s=905.0)) as at:
        await at.live()
        first = at.session._access.token
        await at.turning(10, lambda: at.session._access.token != first)
        assert at.session.health().up
        assert not at.inbox.of(LineLost)


async def test_a_token_that_the_server_forgot_leads_to_a_new_sign_in():
    async with rig() as at:
        await at.live()
        at.inbox.clear()
        at.server.fault(ExpireTokens(sockets=True))
        await at.turning(20, lambda: len(at.inbox.of(SnapshotTaken)) == 3)


async def test_no_secret_is_ever_said(caplog):
    caplog.set_level(logging.DEBUG)
    async with rig() as at:
        await at.live()
        at.session.send([at.lot("a", ONE, 1)], 0)
        await at.inbox.one(OrderFilled)
        at.server.fault(DropLine())
        await at.turning(20, lambda: len(at.inbox.of(LineRestored)) == 2)
        ours = [record.getMessage() for record in caplog.records if record.name != "websockets.server"]
        said = repr((ours, at.session, at.session.health(), at.inbox.facts, vars(at.session)))
        token = at.session._access.token
    for secret in (*SECRETS.values(), token):
        assert len(secret) < 3 or secret not in said


# -------------------------------------------------------------------- the line


async def test_heartbeats_keep_an_idle_line_alive():
    async with rig() as at:
        await at.live()
        await at.turning(40, lambda: at.clock.monotonic() > 35, step_s=1)
        assert not at.inbox.of(LineLost)
        assert at.session.health().up
        assert at.session.health().heard_s < 10


async def test_a_silent_line_is_left():
    async with rig() as at:
        await at.live()
        at.server.fault(StallLine(reading=False, writing=True))
        await at.turning(15, lambda: at.inbox.of(LineLost), step_s=0.5)
        assert at.inbox.of(LineLost)[0].reason == "silent"


async def test_a_stuck_line_is_set_aside_and_nothing_is_kept():
    plenty = {"requests_per_minute": 10**7, "requests_per_hour": 10**7, "max_write_buffer": 65_536}
    async with rig(**plenty) as at:
        await at.live()
        at.server.fault(StallLine(reading=True, writing=False))
        sent = 0
        while at.session.health().up and sent < 100_000:
            at.session.send([at.lot(f"c{sent}-{n}", ONE, 1) for n in range(1_000)], 0)
            sent += 1_000
        at.session.send([at.lot("after", TWO, 1)], 0)
        await at.inbox.one(LineLost)
        assert at.inbox.of(LineLost)[0].reason == "stuck"
        await at.inbox.until(lambda: len(at.inbox.of(OrderAnswered)) == sent + 1)
        last = [answer for answer in at.inbox.of(OrderAnswered) if answer.account == TWO]
        assert [answer.outcome.kind for answer in last] == [RefusalKind.LINE]
        assert any(isinstance(each, Unclear) for each in outcomes(at))


@pytest.mark.parametrize("reason", ["ConnectionQuotaReached", "IPQuotaReached"])
async def test_a_lost_slot_is_left_to_the_person(reason):
    async with rig() as at:
        await at.live()
        at.server.fault(EndLine(reason=reason))
        (lost,) = await at.inbox.one(LineLost)
        (refused,) = await at.inbox.one(AccessRefused)
        assert lost.reason == reason
        assert refused.until == at.clock.now() + timedelta(seconds=300)
        calls = at.server.face.calls
        await at.turning(280, lambda: at.clock.monotonic() >= 250, step_s=50)
        assert at.server.face.calls == calls
        at.inbox.clear()
        await at.turning(200, lambda: len(at.inbox.of(SnapshotTaken)) == 3, step_s=10)


async def test_maintenance_is_waited_out():
    async with rig() as at:
        await at.live()
        at.inbox.clear()
        at.server.fault(EndLine(reason="Maintenance"))
        await at.inbox.one(LineLost)
        await at.turning(40, lambda: len(at.inbox.of(SnapshotTaken)) == 3, step_s=5)
        assert at.clock.monotonic() >= 30
        assert not at.inbox.of(AccessRefused)


async def test_a_session_that_was_thrown_out_does_not_fight():
    async with rig() as at:
        await at.live()
        at.server.fault(KickSession(login="trader", sockets=False))
        at.session.send([at.lot("a", ONE, 1)], 0)
        await at.inbox.one(OrderAnswered)
        await at.inbox.one(LineLost)
        (refused,) = await at.inbox.one(AccessRefused)
        assert refused.until > at.clock.now()


async def test_a_refused_upgrade_is_tried_again_later():
    async with rig() as at:
        at.server.fault(RefuseUpgrade(status=503))
        at.start()
        await at.turning(10, lambda: len(at.inbox.of(SnapshotTaken)) == 3)


async def test_back_off_grows_while_nothing_listens():
    async with rig(socket_url="ws://127.0.0.1:9/none") as at:
        at.start()
        await at.turning(1, lambda: "next try in 1 s" in at.session.health().text)
        await at.turning(20, lambda: "next try in 4 s" in at.session.health().text)
        assert not at.session.health().up
        assert not at.inbox.facts


# -------------------------------------------------------------------- answers


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


# -------------------------------------------------------------------- what is told, and what is not


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
        (limit,) = await at.inbox.one(AccountRestricted)
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
