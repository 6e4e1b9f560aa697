"""An engine and its clerk in one process that dies with a P1 on its way to people, as kill -9 does; a bot in another."""

import asyncio
import re
from dataclasses import dataclass
from functools import partial
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

import bot.app
import engine.app
from bot.config import ChatSettings, Settings
from engine.api.notices import Message, Notice
from engine.api.secret import Vault
from engine.domain.decision import Raised, Severity
from engine.domain.entry import decode_entry
from engine.service.clerk import Clerk
from engine.service.run import serve
from engine.service.setting import ClerkSettings
from engine.service.stream import Stream
from engine.storage.log import Log
from tests.scenarios.conftest import SEGMENT_BYTES
from tests.scenarios.mortal import Part, context, die
from tests.scenarios.swift import SwiftClock

PLACES = ("journaled", "folded", "torn", "told")
FRAME = re.compile(rb'"type":"notice","seq":\d+,"at":"[^"]+","code":"[^"]+","severity":"?(P1|1)\b')


def arm(place: str) -> None:
    """Die with the first P1: once it stands in the journal, before it is told, in the midst of its frame, or behind it."""
    append, tell, made = Log.append_all, Stream.tell, WebSocketsSansIOProtocol.connection_made

    def append_all(log: Log, payloads: list[bytes]) -> None:
        append(log, payloads)
        said = (one for payload in payloads for one in decode_entry(payload).decisions if isinstance(one, Raised))
        if any(one.severity is Severity.P1 for one in said):
            die()

    def fold(stream: Stream, messages: list[Message]) -> None:
        if any(isinstance(one, Notice) and one.severity is Severity.P1 for one in messages):
            die()
        tell(stream, messages)

    def connection_made(protocol: Any, transport: Any) -> None:
        made(protocol, transport)
        send = transport.write

        def write(frame: bytes) -> None:
            found = FRAME.search(frame)
            if found is not None:
                send(frame[: found.start() + len(found[0]) // 2] if place == "torn" else frame)
                die()
            send(frame)

        transport.write = write

    if place == "journaled":
        Log.append_all = append_all  # type: ignore[method-assign]
    elif place == "folded":
        Stream.tell = fold  # type: ignore[method-assign,assignment]
    else:
        WebSocketsSansIOProtocol.connection_made = connection_made  # type: ignore[method-assign]


def play(part: Part, place: str) -> None:
    """Run engine and clerk until the P1 kills both."""
    arm(place)
    engine.app.Log = partial(Log, segment_bytes=SEGMENT_BYTES)  # type: ignore[assignment,misc]  # as in conftest
    clock = SwiftClock(part.speed, part.anchor)

    async def run() -> None:
        made = engine.app.Engine(part.home, part.plan, part.connections, clock)
        working = asyncio.create_task(made.run())
        while made._link._server is None:  # noqa: ASYNC110  it has no event
            await asyncio.sleep(0.001)
        port = made._link._server.sockets[0].getsockname()[1]
        settings = ClerkSettings(home=str(part.home), link_port=port, link_token=made._token, api_port=0)
        await asyncio.gather(working, serve(settings, clock, "1.0", clerk=Clerk(settings, clock)))

    asyncio.run(run())


@dataclass(frozen=True)
class BotPart:
    """What a bot's process is given."""

    home: Path
    chat: ChatSettings
    tables: dict[str, dict[str, Any]]
    secrets: dict[str, str]
    speed: float
    anchor: float


def serve_bot(part: BotPart) -> None:
    """Run the bot, without a console, until it is killed."""
    vault = Vault(part.secrets, ())
    settings = Settings(home=part.home, chat=part.chat, chats=part.tables, vault=vault)
    asyncio.run(bot.app.run(settings, clock=SwiftClock(part.speed, part.anchor), is_headless=True))


class Sudden:
    """A process that is killed, or kills itself."""

    def __init__(self, work: Any, *given: Any) -> None:
        self._process: BaseProcess = context().Process(target=work, args=given, daemon=True)
        self._process.start()

    @property
    def is_dead(self) -> bool:
        return not self._process.is_alive()

    def end(self) -> None:
        """Kill it if it still lives."""
        self._process.kill()
        self._process.join()


def served(part: Part, place: str) -> Sudden:
    """Engine and clerk."""
    return Sudden(play, part, place)
