"""The control port, and the venue as a process of its own."""

import asyncio
import json
import sys

import httpx

from engine.sim.server import VenueServer
from tests.engine.sim.client import Client, sign_in
from tests.engine.sim.conftest import DESK


async def test_a_person_trades_flattens_and_moves_prices(server):
    async with httpx.AsyncClient(base_url=server.control_url, trust_env=False) as control:
        trade = {"account": "APX-1", "symbol": "NQZ6", "quantity": -2}
        assert (await control.post("/sim/trade", json=trade)).json()["state"] == "Filled"
        assert (await control.post("/sim/quote", json={"symbol": "NQZ6", "price": 21490.25})).status_code == 200
        state = (await control.get("/sim/state")).json()
        account = next(row for row in state["accounts"] if row["name"] == "APX-1")
        assert account["positions"]["NQZ6"] == {"net": -2, "price": 21500.0}
        assert account["equity"] == 49_996 + 2 * 9.75 * 20
        assert (account["orders"][0]["isAutomated"], account["orders"][0]["clOrdId"]) == (False, None)
        assert state["quotes"]["MNQZ6"]["last"] == 21490.25
        await control.post("/sim/flat", json={"account": "APX-1"})
        assert server.venue.accounts["APX-1"].net("NQZ6") == 0
        orders = (await control.get("/sim/orders")).json()["orders"]
        assert [order["side"] * order["qty"] for order in orders] == [-2, 2]
        assert all(order["received_ns"] > 10**18 and order["answer"] == "accepted" for order in orders)


async def test_faults_by_http_and_wrong_requests(server):
    async with httpx.AsyncClient(base_url=server.control_url, trust_env=False) as control:
        armed = {"kind": "refuse", "account": "APX-1", "count": None, "reason": "TradingLocked"}
        assert (await control.post("/sim/fault", json=armed)).json() == {"armed": 1}
        assert (await control.get("/sim/fault")).json()["armed"][0]["kind"] == "refuse"
        client = await Client.login(server)
        assert (await client.order())["failureReason"] == "TradingLocked"
        assert (await control.request("DELETE", "/sim/fault")).json() == {"armed": 0}
        assert "orderId" in await client.order()
        assert (await control.post("/sim/fault", json={"kind": "drop", "login": "apex"})).json() == {"lines": 1}
        await client.gone()
        await client.close()
        orders = (await control.get("/sim/orders")).json()["orders"]
        assert len(orders) == 1
        for path, body, status in (
            ("/sim/fault", {"kind": "nonsense"}, 400),
            ("/sim/fault", {"kind": "refuse", "acount": "typo"}, 400),
            ("/sim/quote", {"symbol": "NQZ6", "price": 21490.1}, 400),
            ("/sim/trade", {"account": "NO-1", "symbol": "NQZ6", "quantity": 1}, 404),
            ("/sim/trade", {"account": "APX-1", "symbol": "NQ", "quantity": 1}, 409),
            ("/sim/nothing", {}, 404),
        ):
            assert (await control.post(path, json=body)).status_code == status, (path, body)
        assert (await control.post("/sim/liquidity", json={"liquidity": 2})).status_code == 200
        server.venue.trade(server.venue.accounts["APX-1"], "NQZ6", 5)
        assert server.venue.accounts["APX-1"].net("NQZ6") == 3


async def test_the_control_port_can_want_a_token(clock):
    async with (
        VenueServer(DESK, clock=clock, control_token="open-sesame") as server,
        httpx.AsyncClient(base_url=server.control_url, trust_env=False) as control,
    ):
        assert (await control.get("/sim/state")).status_code == 401
        allowed = await control.get("/sim/state", headers={"Authorization": "Bearer open-sesame"})
        assert allowed.status_code == 200


async def test_the_venue_as_a_process(tmp_path):
    ports = tmp_path / "ports.json"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "engine.sim", "--ports-file", str(ports), "--seed", "3", "--announce",
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    async with asyncio.timeout(20):
        assert (await process.stdout.readline()).startswith(b"venue is up")
    urls = json.loads(ports.read_text())
    async with httpx.AsyncClient(trust_env=False) as client:
        body = {"name": "lead", "password": "lead-pass"}
        answer = (await client.post(f"{urls['rest_url']}/auth/accesstokenrequest", json=body)).json()
        assert answer["userStatus"] == "Active"
        assert len((await client.get(f"{urls['control_url']}/sim/state")).json()["accounts"]) == 9
    process.terminate()
    async with asyncio.timeout(10):
        await process.communicate()


async def test_a_stopped_venue_leaves_nothing_behind(clock):
    before = asyncio.all_tasks()
    server = VenueServer(DESK, clock=clock)
    await server.start()
    await sign_in(server)
    await server.stop()
    assert asyncio.all_tasks() == before
