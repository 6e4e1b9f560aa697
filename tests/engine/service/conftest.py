"""A clerk that serves over real sockets, with a hot process beside it."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect

from engine.runtime.clock import SystemClock
from engine.service.clerk import Clerk
from engine.service.run import serve
from engine.service.setting import ClerkSettings
from tests.engine.service.hot import TOKEN, Hot


class Office:
    """The clerk under test, its address, and clients for it."""

    def __init__(self, home: Path, hot: Hot) -> None:
        self.home, self.hot = home, hot
        self.running: asyncio.Task[None] | None = None

    async def open(self, port: int = 0) -> None:
        link_port = await self.hot.link.start()
        self.settings = ClerkSettings(home=str(self.home), link_port=link_port, link_token=TOKEN, api_port=port)
        self.clerk = Clerk(self.settings, SystemClock())
        ready = asyncio.Event()
        self.running = asyncio.create_task(serve(self.settings, SystemClock(), "1.0", ready, self.clerk))
        waiting = asyncio.create_task(ready.wait())
        await asyncio.wait({self.running, waiting}, timeout=10, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if self.running.done():
            self.running.result()
        address = json.loads((self.home / "api.json").read_text())
        self.url, self.token = address["url"], address["token"]
        self.http = httpx.AsyncClient(
            base_url=self.url, headers={"Authorization": f"Bearer {self.token}"}, trust_env=False, timeout=10
        )

    async def get(self, path: str, **query: object) -> object:
        response = await self.http.get(path, params=query)
        assert response.status_code == 200, response.text
        return response.json()

    async def act(self, **ask: object) -> httpx.Response:
        return await self.http.post("/v1/acts", json=ask)

    def stream(self, since: int | None = None) -> connect:
        url = self.url.replace("http", "ws") + "/v1/events" + ("" if since is None else f"?from={since}")
        return connect(url, additional_headers={"Authorization": f"Bearer {self.token}"}, proxy=None)

    async def close(self) -> None:
        if self.running is not None:
            await self.http.aclose()
            self.clerk.link.close()
            await asyncio.wait_for(self.running, 10)
            self.running = None


async def heard(line: ClientConnection, kind: str) -> dict:
    """Next message of a kind."""
    while True:
        message = json.loads(await asyncio.wait_for(line.recv(), 5))
        if message["type"] == kind:
            return message


@pytest.fixture
async def hot(tmp_path: Path) -> AsyncIterator[Hot]:
    hot = Hot(tmp_path)
    yield hot
    await hot.close()


@pytest.fixture
async def office(tmp_path: Path, hot: Hot) -> AsyncIterator[Office]:
    office = Office(tmp_path, hot)
    hot.begin()
    await office.open()
    yield office
    await office.close()
