"""The wires on every event loop there is."""

import asyncio
import importlib.util
from collections.abc import Callable, Coroutine

import pytest

from engine.sim import fault
from engine.sim.server import VenueServer
from tests.clock import HandClock
from tests.engine.sim.client import Client
from tests.engine.sim.conftest import DESK

Run = Callable[[Coroutine[None, None, None]], None]


def runners() -> list[Run]:
    if importlib.util.find_spec("uvloop") is None:  # Windows has none
        return [asyncio.run]
    import uvloop

    return [asyncio.run, uvloop.run]


async def story() -> None:
    async with VenueServer(DESK, clock=HandClock()) as server:
        client = await Client.login(server)
        for reading, writing in ((True, False), (False, True), (True, True)):
            for _ in range(2):
                server.fault(fault.StallLine(reading=reading, writing=writing))
            for _ in range(2):
                server.fault(fault.ResumeLine())
            assert "orderId" in await client.order()
        server.fault(fault.DropLine())
        await client.gone()
        await client.close()
        client = await Client.login(server)
        server.fault(fault.EndLine())
        await client.gone()
        assert client.frames[-1] == 'c[3000,"Maintenance"]'
        await client.close()


@pytest.mark.parametrize("run", runners(), ids=lambda run: run.__module__.split(".")[0])
async def test_stalls_drops_and_orders(run):
    await asyncio.to_thread(run, story())
