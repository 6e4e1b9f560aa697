"""A session over real sockets through a bad day: signing in, and a line that goes and comes back."""

import logging
from datetime import timedelta

import pytest

from engine.domain.event import (
    AccessRefused,
    LineLost,
    LineRestored,
    OrderAnswered,
    OrderFilled,
    RefusalKind,
    SnapshotTaken,
    Unclear,
)
from engine.sim.desk import Desk
from engine.sim.fault import (
    DropLine,
    EndLine,
    ExpireTokens,
    KickSession,
    Penalty,
    RefuseUpgrade,
    StallLine,
)
from tests.engine.brokers.rig import DESK, ONE, SECRETS, TWO, rig


def outcomes(at):
    return [answer.outcome for answer in at.inbox.of(OrderAnswered)]


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
