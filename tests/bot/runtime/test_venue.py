"""The demo venue's client, and the command that only exists with it."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.app import SystemClock, run
from bot.chats.console import Console, Options
from bot.config import Settings
from bot.runtime.desk.venue import VenueClient, VenueError
from tests.bot.double import TOKEN, EngineDouble


class Venue:
    """A control port in a few lines of HTTP."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Any]] = []
        self.refuses = False

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[str]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        async with server:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(
            (int(line.split()[1]) for line in head.splitlines() if line.lower().startswith("content-length")), 0
        )
        body = await reader.readexactly(length)
        path = head.split()[1]
        self.asked.append((path, json.loads(body) if body else None))
        answer: Any = {"accounts": [{"name": "DEMO", "positions": {"ESZ6": 1}}], "quotes": {"NQZ6": {}, "MNQZ6": {}}}
        status = "200 OK"
        if self.refuses:
            status, answer = "400 Bad Request", {"error": "outside trading hours"}
        text = json.dumps(answer).encode()
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {len(text)}\r\nConnection: close\r\n\r\n".encode() + text)
        await writer.drain()
        writer.close()


async def test_contracts_come_from_the_state() -> None:
    venue = Venue()
    async with venue.serve() as url:
        client = VenueClient(url)
        assert await client.contracts() == ("NQZ6", "MNQZ6", "ESZ6")
        await client.close()


async def test_a_refusal_and_silence_are_one_line() -> None:
    venue = Venue()
    venue.refuses = True
    async with venue.serve() as url:
        client = VenueClient(url)
        with pytest.raises(VenueError, match="outside trading hours"):
            await client.trade("DEMO", "NQZ6", 1)
        await client.close()
    silent = VenueClient("http://127.0.0.1:9")
    with pytest.raises(VenueError, match="not answering"):
        await silent.flat("DEMO")
    await silent.close()


async def test_lead_trades_on_the_leaders_account(tmp_path: Path) -> None:
    venue, double, out = Venue(), EngineDouble(), io.StringIO()
    lines = ["/lead buy 2 NQ", "/lead sell 1 NQZ6", "/lead flat", "/lead buy 1 CL", "/lead buy"]
    async with venue.serve() as url, double.serve() as api, asyncio.timeout(10):
        settings = Settings(home=tmp_path, api=api, token=TOKEN, venue=url)
        console = Console(Options(), SystemClock(), script=lines, writing=out)
        assert await run(settings, console=console) == 0
    orders = [ask for ask in venue.asked if ask[1] is not None]
    assert orders == [
        ("/sim/trade", {"account": "DEMOLEAD-1", "symbol": "NQZ6", "quantity": 2}),
        ("/sim/trade", {"account": "DEMOLEAD-1", "symbol": "NQZ6", "quantity": -1}),
        ("/sim/flat", {"account": "DEMOLEAD-1"}),
    ]
    assert "Venue: LEAD-1 BUY 2 NQZ6" in out.getvalue()
    assert "the venue trades no CL" in out.getvalue()
