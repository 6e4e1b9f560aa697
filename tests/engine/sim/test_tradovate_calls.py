"""The face over real sockets: login, snapshot, orders, queries, quotes, heartbeats."""

from decimal import Decimal

import httpx

from tests.engine.sim.client import Client, get, post, sign_in


async def test_login_refuses_what_is_wrong_and_renewal_gives_a_new_token(server):
    wrong = await post(f"{server.rest_url}/auth/accessTokenRequest", {"name": "apex", "password": "no"})
    assert wrong.status_code == 200
    assert "errorText" in wrong.json()
    no_key = await post(f"{server.rest_url}/auth/accesstokenrequest", {"name": "apex", "password": "apex-pass"})
    assert "errorText" in no_key.json()
    first = await sign_in(server)
    assert first["mdAccessToken"] != first["accessToken"]
    again = (await get(f"{server.rest_url}/auth/renewaccesstoken", first["accessToken"])).json()
    assert again["accessToken"] != first["accessToken"]
    me = (await get(f"{server.rest_url}/auth/me", again["accessToken"])).json()
    assert (me["userId"], me["name"]) == (first["userId"], "apex")
    assert (await get(f"{server.rest_url}/auth/me", "nobody")).status_code == 401


async def test_a_token_ends_with_its_lifetime(server, clock):
    token = (await sign_in(server))["accessToken"]
    await clock.turn(5401)
    assert (await get(f"{server.rest_url}/auth/renewaccesstoken", token)).status_code == 401


async def test_oauth_takes_a_code_once_by_form_or_json_with_or_without_v1(server):
    form = {"grant_type": "authorization_code", "code": "code-1", "redirect_uri": "x"}
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = (await client.post(server.oauth_url, data=form, auth=("7", "key"))).json()
        again = (await client.post(server.oauth_url, data=form, auth=("7", "key"))).json()
        assert again["error"] == "invalid_grant"
        fresh = (await client.post(f"{server.control_url}/sim/code", json={"login": "apex"})).json()["code"]
        body = {"grant_type": "authorization_code", "code": fresh, "client_id": "7", "client_secret": "key"}
        assert "access_token" in (await client.post(f"{server.rest_url}/auth/oauthtoken", json=body)).json()
    accounts = (await get(f"{server.rest_url}/account/list", answer["access_token"])).json()
    assert [account["name"] for account in accounts] == ["APX-1", "APX-2"]


async def test_authorize_takes_bare_quoted_and_market_tokens_and_only_once(server):
    token = await sign_in(server)
    for text in (token["accessToken"], f'"{token["accessToken"]}"', token["mdAccessToken"]):
        client = await Client.connect(server.socket_url)
        assert await client.request("authorize", text) == {"i": 0, "s": 200}
        assert (await client.request("authorize", text))["s"] == 404
        await client.close()
    client = await Client.connect(server.socket_url)
    assert await client.request("authorize", "wrong") == {"i": 0, "s": 401, "d": "Invalid access token"}
    assert (await client.request("account/list"))["s"] == 401
    await client.close()


async def test_a_market_order_goes_through_every_documented_entity(server):
    client = await Client.login(server)
    placed = await client.order(qty=2, clOrdId="LS-1", text="copy")
    await client.state(placed["orderId"], "Filled")
    await client.until(lambda: client.entities("marginSnapshot"))
    states = [order["ordStatus"] for order in client.entities("order")]
    assert states == ["PendingNew", "Working", "Filled"]
    assert [report["commandStatus"] for report in client.entities("commandReport")] == ["RiskPassed", "AtExecution"]
    assert [report["execType"] for report in client.entities("executionReport")] == ["New", "Trade"]
    command, version = client.entities("command")[0], client.entities("orderVersion")[0]
    assert (command["clOrdId"], command["isAutomated"], version["text"]) == ("LS-1", True, "copy")
    assert version["id"] == command["id"]
    fill = client.entities("fill")[0]
    assert (fill["qty"], fill["price"], fill["active"], fill["orderId"]) == (2, 21500.25, True, placed["orderId"])
    assert "accountId" not in fill
    position = client.entities("position")[0]
    assert (position["netPos"], position["netPrice"]) == (2, 21500.25)
    assert client.entities("cashBalance")[-1]["amount"] == 49_996
    await client.order("Sell", 2)
    flat = await client.until(lambda: [p for p in client.entities("position") if p["netPos"] == 0])
    assert "netPrice" not in flat[0]
    assert client.entities("fillPair")[0]["qty"] == 2
    await client.close()


async def test_the_snapshot_is_sent_once_and_honours_accounts_and_types(server):
    client = await Client.login(server, sync=False)
    answer = await client.request(
        "user/syncrequest", {"accounts": [33], "splitResponses": False, "entityTypes": ["account", "order", "position"]}
    )
    assert [account["name"] for account in answer["d"]["accounts"]] == ["APX-2"]
    assert set(answer["d"]) == {"users", "contractGroups", "accounts", "orders", "positions"}
    assert (await client.request("user/syncrequest", {"users": [10]}))["s"] == 400
    await client.order()
    await client.order(accountSpec="APX-2")
    await client.until(lambda: client.entities("position"))
    assert {order["accountId"] for order in client.entities("order")} == {33}
    assert client.entities("fill") == []
    await client.close()


async def test_a_login_sees_nothing_of_another(server):
    server.venue.set_price("NQZ6", server.venue.market.quotes["NQZ6"].last)
    server.venue.trade(server.venue.accounts["LEAD-1"], "NQZ6", 3)
    token = (await sign_in(server))["accessToken"]
    for path in (
        "position/list",
        "order/list",
        "fill/list",
        "command/list",
        "order/deps?masterid=31",
        "order/item?id=7001",
    ):
        answer = await get(f"{server.rest_url}/{path}", token)
        assert answer.status_code == 404 or answer.json() == []
    body = {"accountSpec": "LEAD-1", "symbol": "NQZ6", "action": "Buy", "orderQty": 1, "orderType": "Market"}
    refused = (await post(f"{server.rest_url}/order/placeorder", body, token)).json()
    assert refused == {"failureReason": "UnknownReason", "failureText": "Access is denied"}


async def test_requests_that_the_broker_refuses(server):
    client = await Client.login(server)
    denied = {"failureReason": "UnknownReason", "failureText": "Access is denied"}
    assert await client.order(symbol="NQ") == denied
    assert await client.order(accountSpec="WRONG") == denied
    assert await client.order(accountId=32, accountSpec="APX-2") == denied
    assert "violations" in await client.order(accountSpec=None)
    assert "violations" in await client.order(qty=0)
    off_grid = await client.order(orderType="Limit", price=21500.1)
    assert off_grid == {"failureReason": "InvalidPrice", "failureText": "Invalid price increment"}
    assert (await client.order(symbol="CLZ6"))["failureReason"] == "NoQuote"
    assert (await client.order(orderType="QTS"))["failureReason"] == "Unsupported"
    assert (await client.order(qty=4, accountSpec="APX-2"))["failureReason"] == "MaxPosLimitReached"
    assert "Insufficient margin" in (await client.order(qty=101))["failureText"]
    assert (await client.request("order/placeorder", "{"))["s"] == 400
    assert (await client.request("order/nothing"))["s"] == 404
    assert server.venue.exchange.orders == {}
    await client.close()


async def test_modify_and_cancel_and_their_entities(server):
    client = await Client.login(server)
    order_id = (await client.order(qty=2, orderType="Limit", price=21400))["orderId"]
    body = {"orderId": order_id, "orderQty": 3, "orderType": "Limit", "price": 21410.25, "clOrdId": "m-1"}
    changed = (await client.request("order/modifyorder", body))["d"]["commandId"]
    assert (await get_item(client, "orderVersion", changed))["price"] == 21410.25
    assert [r["execType"] for r in client.entities("executionReport")] == ["New", "Replaced"]
    statuses = {command["id"]: command["commandStatus"] for command in client.entities("command")}
    assert sorted(statuses.values()) == ["AtExecution", "Replaced"]
    assert "commandId" in (await client.request("order/cancelOrder", {"orderId": order_id}))["d"]
    await client.state(order_id, "Canceled")
    late = (await client.request("order/cancelorder", {"orderId": order_id}))["d"]
    assert late["failureReason"] == "TooLate"
    await client.close()


async def get_item(client: Client, kind: str, number: int):
    return (await client.request(f"{kind}/item", query=f"id={number}"))["d"]


async def test_oso_children_wait_and_form_an_oco(server):
    client = await Client.login(server)
    stop = {"action": "Sell", "orderType": "Stop", "stopPrice": 21480}
    target = {"action": "Sell", "orderType": "Limit", "price": 21520}
    placed = await client.order(
        endpoint="order/placeOSO", orderType="Limit", price=21490, qty=2, bracket1=stop, bracket2=target
    )
    await client.state(placed["oso1Id"], "Suspended")
    child = await client.until(lambda: [o for o in client.entities("order") if o["id"] == placed["oso2Id"]][1:])
    child = child[0]
    assert (child["parentId"], child["ocoId"]) == (placed["orderId"], placed["oso1Id"])
    server.venue.set_quote("NQZ6", bid=Decimal("21489.75"), ask=Decimal(21490))
    await client.state(placed["oso1Id"], "Working")
    server.venue.set_quote("NQZ6", bid=Decimal(21520), ask=Decimal("21520.25"))
    await client.state(placed["oso2Id"], "Filled")
    await client.state(placed["oso1Id"], "Canceled")
    assert server.venue.accounts["APX-1"].net("NQZ6") == 0
    await client.close()


async def test_oco_liquidate_and_queries(server):
    client = await Client.login(server)
    other = {"action": "Buy", "orderType": "Stop", "stopPrice": 21600}
    pair = await client.order(endpoint="order/placeoco", orderType="Limit", price=21400, other=other)
    await client.order(qty=2)
    done = (await client.request("order/liquidateposition", {"accountId": 32, "contractId": 4001, "admin": False}))["d"]
    await client.state(done["orderId"], "Filled")
    assert {server.venue.exchange.orders[number].state for number in pair.values()} == {"Canceled"}
    await client.order(qty=2)
    position = (await client.request("position/list"))["d"][0]
    assert (await client.request("order/liquidatepositions", {"positions": [position["id"]]}))["d"] == {"ok": True}
    assert (await client.request("position/deps", query="masterid=32"))["d"][0]["netPos"] == 0
    fills = (await client.request("fill/ldeps", query=f"masterids={done['orderId']},1"))["d"]
    assert [fill["qty"] for fill in fills] == [2]
    reports = (await client.request("executionReport/list"))["d"]
    assert {report["accountId"] for report in reports} == {32}
    snapshot = (await client.request("cashBalance/getCashBalanceSnapshot", {"accountId": 32}))["d"]
    assert snapshot["totalCashValue"] == float(server.venue.accounts["APX-1"].cash)
    assert (await client.request("accountRiskStatus/item", query="id=32"))["d"]["adminAction"] == "Normal"
    assert (await client.request("userAccountAutoLiq/deps", query="masterid=33"))["d"][0]["dailyLossAutoLiq"] == 500
    await client.close()


async def test_contract_and_product_calls(server):
    client = await Client.login(server, sync=False)
    contract = (await client.request("contract/find", query="name=MNQZ6"))["d"]
    maturity = (await client.request("contractMaturity/item", query=f"id={contract['contractMaturityId']}"))["d"]
    product = (await client.request("product/item", query=f"id={maturity['productId']}"))["d"]
    assert (product["name"], product["tickSize"], product["valuePerPoint"]) == ("MNQ", 0.25, 2)
    assert (maturity["expirationMonth"], maturity["expirationDate"][:10]) == (202612, "2026-12-18")
    rolled = (await client.request("contract/rollcontract", {"name": "MNQZ6", "forward": True}))["d"]["contract"]
    assert rolled["name"] == "MNQH7"
    suggested = (await client.request("contract/suggest", query="t=mnq&l=5"))["d"]
    assert [row["name"] for row in suggested] == ["MNQZ6", "MNQH7"]
    items = (await client.request("contract/items", query=f"ids={contract['id']},{rolled['id']}"))["d"]
    assert len(items) == 2
    assert (await client.request("product/find", query="name=CL"))["d"]["tickSize"] == 0.01
    assert (await client.request("contract/find", query="name=NQ"))["s"] == 404
    await client.close()


async def test_quotes_flow_to_subscribers_only(server):
    client = await Client.login(server, sync=False, url=server.market_url)
    assert (await client.request("md/subscribeQuote", {"symbol": "NQZ6"}))["s"] == 200
    await client.request("md/subscribeQuote", {"symbol": 4004})
    server.venue.set_price("NQZ6", Decimal("21510.25"))
    last = await client.until(lambda: quote_of(client, 21510.25))
    assert last["entries"]["Bid"] == {"price": 21510.25, "size": 10}
    await client.request("md/unsubscribequote", {"symbol": "NQZ6"})
    server.venue.set_price("NQZ6", Decimal("21511.00"))
    server.venue.set_price("ESZ6", Decimal("6001.00"))
    await client.until(lambda: quote_of(client, 6001.0))
    assert quote_of(client, 21511.0) is None
    assert (await client.request("md/subscribeQuote", {"symbol": "NQ"}))["d"]["errorText"]
    assert (await client.request("order/list"))["s"] == 404
    await client.close()


def quote_of(client: Client, price: float):
    quotes = (quote for event in client.events for quote in event["d"]["quotes"])
    return next((quote for quote in quotes if quote["entries"]["Trade"]["price"] == price), None)


async def test_heartbeats_come_when_nothing_else_does_and_silence_ends_the_line(server, clock):
    client = await Client.login(server, sync=False)
    await clock.turn(2.6)
    await client.until(lambda: client.frames[-1] == "h")
    for _ in range(6):
        await client.socket.send("[]")
        await client.request("auth/me")
        await clock.turn(2.5)
    assert not client.closed
    await clock.turn(12.6)
    await client.gone()
    assert client.frames[-1] == 'c[3000,"No activity"]'
    await client.close()


async def test_a_line_that_never_authorizes_is_closed(server, clock):
    client = await Client.connect(server.socket_url)
    await clock.turn(12.6)
    await client.gone()
    await client.close()
