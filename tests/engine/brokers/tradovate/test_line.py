"""Frames in: however a server's bytes are cut, every text arrives whole, once and in order."""

import asyncio
import random
from collections.abc import Callable

from websockets.frames import Frame, Opcode
from websockets.utils import accept_key

from engine.brokers.tradovate.frame import Framer
from engine.brokers.tradovate.line import dial
from engine.brokers.tradovate.options import Options
from engine.runtime.clock import SystemClock


def _stream(chance: random.Random) -> tuple[bytes, list[bytes]]:
    """Bytes of a server's frames of every kind, and the texts in them."""
    content, texts = b"", []
    for _ in range(40):
        text = bytes(chance.choices(b"abc\r\n[]{}", k=chance.choice([0, 1, 40, 125, 126, 700, 70_000])))
        match chance.random():
            case kind if kind < 0.15:
                content += Frame(Opcode.PING, b"p").serialize(mask=False)
            case kind if kind < 0.3:
                cut = len(text) // 2
                content += Frame(Opcode.TEXT, text[:cut], fin=False).serialize(mask=False)
                content += Frame(Opcode.CONT, text[cut:]).serialize(mask=False)
                texts.append(text)
            case _:
                content += Frame(Opcode.TEXT, text).serialize(mask=False)
                texts.append(text)
    return content, texts


def _pieces(content: bytes, chance: random.Random) -> list[bytes]:
    pieces = []
    while content:
        size = chance.choice([1, 2, 3, 5, 200, 3_000, 60_000])
        pieces.append(content[:size])
        content = content[size:]
    return pieces


async def _server(pieces: list[bytes]) -> tuple[asyncio.Server, str]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        key = next(
            line.split(b": ")[1] for line in request.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key")
        )
        answer = (
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {accept_key(key.decode())}\r\n\r\n"
        )
        writer.write(answer.encode() + pieces[0])
        for piece in pieces[1:]:
            await asyncio.sleep(0)
            writer.write(piece)
        await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    return server, f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def _heard(pieces: list[bytes], until: Callable[[list[bytes]], bool]) -> list[bytes]:
    server, url = await _server(pieces)
    clock = SystemClock()
    line = await dial(url, Options(socket_url=url), Framer(), clock)
    heard: list[bytes] = []
    enough = asyncio.Event()

    def hear(data: bytes) -> None:
        heard.append(bytes(data))
        if until(heard):
            enough.set()

    line.listen(hear)
    async with asyncio.timeout(10):
        await enough.wait()
    await line.close()
    server.close()
    await server.wait_closed()
    return heard


async def test_any_cut_gives_the_same_texts() -> None:
    for seed in range(12):
        chance = random.Random(seed)
        content, texts = _stream(chance)
        heard = await _heard(_pieces(content, chance), lambda heard, texts=texts: len(heard) >= len(texts))
        assert heard == texts, seed


async def test_frames_in_the_handshakes_own_segment_are_heard() -> None:
    content, texts = _stream(random.Random(99))
    assert await _heard([content], lambda heard: len(heard) >= len(texts)) == texts
