"""Each fault switch, over real sockets."""

import asyncio
import contextlib
import json
from decimal import Decimal

import httpx
import msgspec
import pytest
import websockets

from engine.sim import fault
from engine.sim.desk import Limits, RateLimit
from engine.sim.server import VenueServer
from tests.engine.sim.client import Client, get, post, sign_in
from tests.engine.sim.conftest import DESK


@pytest.fixture
async def client(server):
    made = await Client.login(server)
    yield made
    await made.close()


def responses_and_events(client: Client) -> list[str]:
    """The order in which answers to orders (r) and events (e) came, after the snapshot."""
    messages = [m for frame in client.frames[3:] if frame[0] == "a" for m in json.loads(frame[1:])]
    return ["r" if "i" in message else "e" for message in messages]


async def test_events_come_after_the_response_unless_switched(server, client):
    await client.order()
    server.fault(fault.EventsFirst(login="apex"))
    await client.order("Sell")
    await client.until(lambda: responses_and_events(client).count("r") == 2)
    order = "".join(responses_and_events(client))
    assert order.startswith("re")
    assert order.endswith("er")


async def test_duplicate_frames(server, client):
    server.fault(fault.Duplicate())
    await client.order()
    await client.until(lambda: len(client.entities("fill")) == 2)
    assert client.entities("fill")[0] == client.entities("fill")[1]


async def test_reordered_events(server, client):
    server.fault(fault.Reorder())
    placed = await client.order()
    await client.state(placed["orderId"], "PendingNew")
    assert [order["ordStatus"] for order in client.entities("order")] == ["Filled", "Working", "PendingNew"]


@pytest.mark.parametrize("executed", [True, False])
async def test_a_lost_answer_of_an_order_that_was_executed_or_not(server, client, executed):
    server.fault(fault.LoseAnswer(executed=executed, account="APX-1"))
    body = {"accountSpec": "APX-1", "symbol": "NQZ6", "action": "Buy", "orderQty": 1, "orderType": "Market"}
    number = await client.send("order/placeorder", body)
    await client.request("order/list")
    assert all(answer["i"] != number for answer in client.answers)
    assert server.venue.accounts["APX-1"].net("NQZ6") == (1 if executed else 0)
    if executed:
        await client.until(lambda: client.entities("fill"))


async def test_a_lost_answer_by_rest_can_cut_the_line(server):
    token = (await sign_in(server))["accessToken"]
    server.fault(fault.LoseAnswer(cut=True))
    body = {"accountSpec": "APX-1", "symbol": "NQZ6", "action": "Buy", "orderQty": 1, "orderType": "Market"}
    with pytest.raises(httpx.TransportError):
        await post(f"{server.rest_url}/order/placeorder", body, token)
    assert server.venue.accounts["APX-1"].net("NQZ6") == 1


async def test_refusals_at_once_in_every_shape(server, client):
    server.fault(fault.Refuse(reason="MaxPosLimitReached", text="Too many"))
    assert await client.order() == {"failureReason": "MaxPosLimitReached", "failureText": "Too many"}
    server.fault(fault.Refuse(shape="error_text", text="No"))
    assert await client.order() == {"errorText": "No"}
    server.fault(fault.Refuse(shape="violations", reason="NotNull", text="symbol"))
    assert (await client.order())["violations"][0]["constraint"] == "NotNull"
    server.fault(fault.Refuse(shape="status", status=429, text=""))
    body = {"accountSpec": "APX-1", "symbol": "NQZ6", "action": "Buy", "orderQty": 1, "orderType": "Market"}
    bare = await client.request("order/placeorder", body)
    assert (bare["s"], "d" in bare) == (429, False)
    for status in (401, 503):
        server.fault(fault.Refuse(shape="status", status=status, text="Access is denied"))
        assert (await client.request("order/placeorder", body))["s"] == status
    assert server.venue.exchange.orders == {}
    assert "orderId" in await client.order()


async def test_a_fault_is_addressed_to_an_account_and_counted(server, client):
    server.fault(fault.Refuse(account="APX-2", count=2))
    assert "orderId" in await client.order()
    for _ in range(2):
        assert "failureReason" in await client.order(accountSpec="APX-2")
    assert "orderId" in await client.order(accountSpec="APX-2")


@pytest.mark.parametrize("status", ["RiskRejected", "ExecutionRejected"])
async def test_a_refusal_after_acceptance(server, client, status):
    server.fault(fault.RejectLate(status=status, reason="LiquidationOnly", text="Not now"))
    placed = await client.order()
    await client.state(placed["orderId"], "Rejected")
    report = client.entities("commandReport")[-1]
    assert (report["commandStatus"], report["rejectReason"], report["text"]) == (status, "LiquidationOnly", "Not now")


@pytest.mark.parametrize("reading", [True, False])
async def test_a_stalled_line_goes_on_when_released(server, client, reading):
    server.fault(fault.StallLine(login="apex", reading=reading, writing=not reading))
    await client.send("order/placeorder", {"accountSpec": "APX-1", "symbol": "NQZ6", "action": "Buy"})
    server.venue.trade(server.venue.accounts["APX-1"], "NQZ6", 1)
    if reading:
        await client.until(lambda: client.entities("fill"))
    await (await Client.login(server)).close()  # another socket lives on
    count = len(client.answers)
    server.fault(fault.ResumeLine())
    await client.until(lambda: len(client.answers) > count and client.entities("fill"))


@pytest.mark.parametrize("reason", ["Maintenance", "ConnectionQuotaReached", "IPQuotaReached"])
async def test_shutdown_with_each_reason(server, client, reason):
    assert server.fault(fault.EndLine(reason=reason, text="Bye")) == {"lines": 1}
    await client.gone()
    assert client.events[-1] == {"e": "shutdown", "d": {"reasonCode": reason, "reason": "Bye"}}


async def test_a_hard_drop(server, client):
    server.fault(fault.DropLine(login="apex", role="user"))
    await client.gone()
    assert client.socket.close_code == 1006


async def test_a_third_session_closes_the_oldest(server):
    tokens = [(await sign_in(server))["accessToken"] for _ in range(3)]
    statuses = [(await get(f"{server.rest_url}/auth/me", token)).status_code for token in tokens]
    assert statuses == [408, 200, 200]


async def test_the_persons_own_logins_kick_ours(server, client):
    token = (await sign_in(server))["accessToken"]
    server.fault(fault.KickSession(login="apex"))
    await client.gone()
    assert (await get(f"{server.rest_url}/auth/me", token)).status_code == 408


async def test_the_socket_quota_drops_the_oldest(clock):
    login = msgspec.structs.replace(DESK.logins[1], sockets=1, sessions=9)
    async with VenueServer(msgspec.structs.replace(DESK, logins=(login,)), clock=clock) as server:
        first, second = await Client.login(server), await Client.login(server)
        await first.gone()
        assert first.events[-1]["d"] == {"reasonCode": "ConnectionQuotaReached"}
        assert (await second.request("order/list"))["d"] == []
        await first.close()
        await second.close()


async def test_a_ticket_lets_the_same_request_through_after_its_time(server, client, clock):
    server.fault(fault.Penalty(wait_s=5))
    body = {"accountSpec": "APX-1", "symbol": "NQZ6", "action": "Buy", "orderQty": 1, "orderType": "Market"}
    held = (await client.request("order/placeorder", body))["d"]
    assert held["p-time"] == 5
    early = (await client.request("order/placeorder", body | {"p-ticket": held["p-ticket"]}))["d"]
    assert early["p-time"] == 10
    await clock.turn(5)
    await client.socket.send("[]")
    await client.request("order/list")
    await clock.turn(5)
    assert "orderId" in (await client.request("order/placeorder", body | {"p-ticket": early["p-ticket"]}))["d"]
    assert len(server.venue.received) == 1


async def test_a_captcha_ticket_on_login_never_goes_through(server, clock):
    server.fault(fault.Penalty(login="apex", endpoint="auth/accesstokenrequest", captcha=True, wait_s=15))
    assert "accessToken" in await sign_in(server, "lead")
    held = await sign_in(server)
    assert held["p-captcha"] is True
    await clock.turn(20)
    body = {"name": "apex", "password": "apex-pass", "cid": 7, "sec": "key", "p-ticket": held["p-ticket"]}
    again = (await post(f"{server.rest_url}/auth/accesstokenrequest", body)).json()
    assert again["p-captcha"] is True


async def test_a_lock_out_before_login(server):
    server.fault(fault.Refuse(endpoint="auth/accesstokenrequest", shape="status", status=423))
    body = {"name": "apex", "password": "apex-pass", "cid": 7, "sec": "key"}
    assert (await post(f"{server.rest_url}/auth/accesstokenrequest", body)).status_code == 423


async def test_expired_tokens_and_their_sockets(server, client):
    token = (await sign_in(server))["accessToken"]
    server.fault(fault.ExpireTokens(login="apex"))
    assert (await get(f"{server.rest_url}/auth/renewaccesstoken", token)).status_code == 401
    assert (await client.request("order/list"))["s"] == 200
    server.fault(fault.ExpireTokens(login="apex", sockets=True))
    await client.gone()


async def test_slow_answers_and_slow_exchange(server, client, clock):
    server.fault(fault.SlowAnswer(wait_s=2))
    number = await client.send(
        "order/placeorder",
        {"accountSpec": "APX-1", "symbol": "NQZ6", "action": "Buy", "orderQty": 1, "orderType": "Market"},
    )
    await client.until(lambda: client.entities("fill"))
    assert all(answer["i"] != number for answer in client.answers)
    await clock.turn(2)
    await client.until(lambda: any(answer["i"] == number for answer in client.answers))
    server.fault(fault.SlowExchange(accept_s=1, fill_s=1))
    placed = await client.order()
    await clock.turn(1)
    await client.state(placed["orderId"], "Working")
    assert server.venue.exchange.orders[placed["orderId"]].filled == 0
    await clock.turn(1)
    await client.state(placed["orderId"], "Filled")


async def test_a_slow_answer_by_rest(server, clock):
    token = (await sign_in(server))["accessToken"]
    server.fault(fault.SlowAnswer(wait_s=2, endpoint="account/list"))
    asked = asyncio.ensure_future(get(f"{server.rest_url}/account/list", token))
    while not asked.done():
        await clock.turn(0.1)
    assert len((await asked).json()) == 2
    assert clock.monotonic() >= 2


async def test_a_persons_trade_and_another_programs_order(server, client):
    server.fault(fault.ManualTrade(account="APX-1", symbol="NQZ6", quantity=-2))
    server.fault(fault.ForeignOrder(account="APX-1", symbol="NQZ6", quantity=1, price=Decimal(21400)))
    await client.until(lambda: len({command["id"] for command in client.entities("command")}) == 2)
    commands = {command["orderId"]: command for command in client.entities("command")}
    manual, foreign = commands.values()
    assert (manual["isAutomated"], manual.get("clOrdId")) == (False, None)
    assert (foreign["isAutomated"], foreign["clOrdId"]) == (True, "other-bot-1")
    assert server.venue.accounts["APX-1"].net("NQZ6") == -2


async def test_a_liquidation_by_the_broker(server, client):
    await client.order(qty=2)
    await client.order(orderType="Limit", price=21000)
    server.fault(fault.BrokerLiquidation(account="APX-1"))
    await client.until(lambda: [p for p in client.entities("position") if p["netPos"] == 0])
    assert client.entities("accountRiskStatus")[-1]["adminAction"] == "LiquidateImmediately"
    assert server.venue.working(server.venue.accounts["APX-1"]) == []
    assert (await client.order())["failureReason"] == "TradingLocked"
    server.fault(fault.AdminAction(account="APX-1", action="Normal"))
    assert "orderId" in await client.order()


async def test_unknown_fields_types_and_values(server, client):
    server.fault(fault.Oddities(values=True, count=None))
    placed = await client.order()
    await client.state(placed["orderId"], "HeldForReview")
    assert client.entities("order")[-1]["futureField"]
    assert client.entities("auditUserAction")
    assert any(event["e"] == "OtherEnvAdminAlertSignal" for event in client.events)


async def test_empty_lists_and_an_empty_snapshot(server, client):
    await client.order()
    server.fault(fault.EmptyLists(endpoint="position/list"))
    assert (await client.request("position/list"))["d"] == []
    assert len((await client.request("position/list"))["d"]) == 1
    server.fault(fault.EmptyLists(endpoint="user/syncrequest"))
    other = await Client.login(server)
    assert other.answers[-1]["d"]["positions"] == []
    await other.close()


async def test_a_split_snapshot_has_every_collection_once(server):
    server.fault(fault.SplitSnapshot(parts=4))
    client = await Client.login(server)
    parts = await client.until(lambda: [a["d"] for a in client.answers if a["i"] == 1][3:] and client.answers[1:])
    assert len(parts) == 4
    names = [name for part in parts for name in part["d"] if name not in ("users", "contractGroups")]
    assert sorted(names) == sorted(set(names))
    assert {"accounts", "positions", "orders", "cashBalances", "fillFees"} <= set(names)
    await client.close()


async def test_a_busted_fill(server, client):
    await client.order(qty=2)
    await client.order(qty=1)
    server.fault(fault.BustFill(account="APX-1"))
    busted = await client.until(lambda: [f for f in client.entities("fill") if not f["active"]])
    assert busted[0]["qty"] == 1
    await client.until(lambda: client.entities("position")[-1]["netPos"] == 2)


async def test_yesterdays_fills_again(server, client):
    await client.order(qty=2)
    server.fault(fault.ReplayFills(account="APX-1"))
    fills = await client.until(lambda: client.entities("fill")[1:])
    assert fills[0]["id"] == client.entities("fill")[0]["id"]
    assert fills[0]["tradeDate"]["day"] == 22
    server.fault(fault.ReplayFills(account="APX-1", fresh_ids=True))
    await client.until(lambda: len({fill["id"] for fill in client.entities("fill")}) == 2)
    assert server.venue.accounts["APX-1"].net("NQZ6") == 2


async def test_a_refused_upgrade(server):
    server.fault(fault.RefuseUpgrade(status=429))
    with pytest.raises(websockets.InvalidStatus) as refused:
        await websockets.connect(server.socket_url)
    assert refused.value.response.status_code == 429
    await (await Client.connect(server.socket_url)).close()


async def test_rate_limits_give_a_bare_429_and_tickets(clock):
    limits = Limits(per_second=3, endpoints={"auth/renewaccesstoken": RateLimit(per_hour=1, wait_s=15)})
    async with VenueServer(msgspec.structs.replace(DESK, limits=limits), clock=clock) as server:
        token = (await sign_in(server))["accessToken"]
        path = f"{server.rest_url}/auth/renewaccesstoken"
        first = (await get(path, token)).json()
        assert "accessToken" in first
        assert (await get(path, token)).json()["p-time"] == 15
        await get(path, token)
        refused = await get(path, token)
        assert (refused.status_code, refused.content) == (429, b"")
        await clock.turn(1.5)
        assert (await get(path, token)).status_code == 200


async def test_the_silence_of_a_deaf_line_is_not_held_against_the_client(server, client, clock):
    server.fault(fault.StallLine(reading=True, writing=False))
    await clock.turn(60)
    assert not client.closed
    server.fault(fault.ResumeLine())
    assert (await client.request("order/list"))["d"] == []


async def test_a_line_that_stays_stalled_does_not_hold_up_the_stop(clock):
    server = VenueServer(DESK, clock=clock)
    await server.start()
    client = await Client.login(server)
    server.fault(fault.StallLine(reading=True))
    async with asyncio.timeout(2):
        await server.stop()
    await client.gone()
    with contextlib.suppress(websockets.ConnectionClosed):
        await client.close()
