"""The link: how the hot process and the clerk talk, over loopback, in length-prefixed msgpack; and its hot end.

The clerk connects and says ``Hello`` with the token it was started with. From then on it sends acts and gets answers;
the hot process sends a pulse a few times a second. Neither end waits for the other: a pulse that cannot be written is
dropped.
"""

import asyncio
import hmac
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import cast

import msgspec

from engine.domain.command import Command
from engine.domain.event import QuoteMarked
from engine.domain.value import Value
from engine.ports import LineHealth

LARGEST = 16 * 2**20
_LARGEST_STRANGER = 4096  # before the token
_PATIENCE_S = 5.0
_STUCK = 2**20  # bytes that wait for a clerk that does not read


class Hello(Value, frozen=True, tag=True):
    """The clerk's first word."""

    token: str


class Act(Value, frozen=True, tag=True):
    """Take a person's wish into the journal and carry it out. ``ask`` numbers the question."""

    ask: int
    key: str
    by: str
    command: Command


class Acted(Value, frozen=True, tag=True):
    """The act stands in the journal as entry ``seq``; 0 where its key was known already."""

    ask: int
    seq: int


class Declined(Value, frozen=True, tag=True):
    """The act was not taken in; one line says why."""

    ask: int
    error: str


class Pulse(Value, frozen=True, tag=True):
    """How the hot process is doing."""

    at: datetime
    run: str
    version: str
    up_s: float
    seq: int  # newest journal entry
    loop_ms: float  # worst lag of the loop in the last seconds
    events_per_s: float
    lines: tuple[LineHealth, ...] = ()
    quotes: tuple[QuoteMarked, ...] = ()  # newest of each contract that changed since the last pulse
    journal: str = ""  # what is wrong with the log, in one line; empty when nothing is
    pid: int = 0  # the hot process, for its own figures


ToHot = Hello | Act
ToClerk = Acted | Declined | Pulse

_encoder = msgspec.msgpack.Encoder()
_to_hot = msgspec.msgpack.Decoder(ToHot)


def frame(message: ToHot | ToClerk) -> bytes:
    """Bytes of one message."""
    payload = _encoder.encode(message)
    return len(payload).to_bytes(4, "big") + payload


class Frames:
    """Cuts a byte stream into messages."""

    def __init__(self, largest: int) -> None:
        """Refuse what announces more than ``largest`` bytes."""
        self.largest = largest
        self._buffer = bytearray()

    def feed(self, received: bytes) -> Iterator[bytes]:
        """Whole messages so far.

        Raises: ValueError for a message that is too long.
        """
        self._buffer += received
        while len(self._buffer) >= 4:
            length = int.from_bytes(self._buffer[:4], "big")
            if length > self.largest:
                raise ValueError(f"a message of {length} bytes")
            if len(self._buffer) < 4 + length:
                return
            payload = bytes(self._buffer[4 : 4 + length])
            del self._buffer[: 4 + length]
            yield payload


class LinkServer:
    """The hot end: listens on loopback for the one clerk that knows the token."""

    def __init__(self, token: str, take: Callable[[Act], Acted | Declined]) -> None:
        """Let ``take`` journal and start each act, at once and without awaiting."""
        self._token = token
        self._take = take
        self._server: asyncio.Server | None = None
        self._clerk: _Line | None = None
        self._lines: set[_Line] = set()

    async def start(self) -> int:
        """Listen; the port."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Line(self), "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def is_up(self) -> bool:
        """Say whether a clerk is connected."""
        return self._clerk is not None

    def pulse(self, pulse: Pulse) -> bool:
        """Tell the clerk; False where there is none or it does not read."""
        return self._clerk is not None and self._clerk.write(pulse)

    async def close(self) -> None:
        """Hang up; the clerk ends by itself."""
        if self._server is not None:
            self._server.close()
        for line in list(self._lines):
            line.hang_up()
        if self._server is not None:
            await self._server.wait_closed()

    def joined(self, line: "_Line") -> None:
        """Keep a new connection until it ends."""
        self._lines.add(line)

    def greeted(self, line: "_Line", hello: Hello) -> bool:
        """Take a connection for the clerk's if it knows the token; an older clerk is hung up on."""
        if not hmac.compare_digest(hello.token.encode(), self._token.encode()):
            return False
        if self._clerk is not None:
            self._clerk.hang_up()
        self._clerk = line
        return True

    def asked(self, act: Act) -> Acted | Declined:
        """Hand an act to the engine."""
        return self._take(act)

    def left(self, line: "_Line") -> None:
        """Forget a connection."""
        self._lines.discard(line)
        if self._clerk is line:
            self._clerk = None


class _Line(asyncio.Protocol):
    """One connection to the hot end."""

    def __init__(self, server: LinkServer) -> None:
        self._server = server
        self._frames = Frames(_LARGEST_STRANGER)
        self._is_clerk = False
        self._transport: asyncio.Transport | None = None
        self._patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._server.joined(self)
        self._patience = asyncio.get_running_loop().call_later(_PATIENCE_S, self.hang_up)

    def data_received(self, data: bytes) -> None:
        try:
            for payload in self._frames.feed(data):
                self._heard(_to_hot.decode(payload))
        except (ValueError, msgspec.DecodeError):  # no clerk of ours
            self.hang_up()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  asyncio's name
        if self._patience is not None:
            self._patience.cancel()
        self._server.left(self)

    def write(self, message: ToClerk) -> bool:
        """Hand a message to the socket; False where the other end does not read."""
        if self._transport is None or self._transport.is_closing():
            return False
        if isinstance(message, Pulse) and self._transport.get_write_buffer_size() > _STUCK:
            return False
        self._transport.write(frame(message))
        return True

    def hang_up(self) -> None:
        """End the connection now."""
        if self._transport is not None:
            self._transport.abort()

    def _heard(self, message: ToHot) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        if isinstance(message, Hello):
            if not self._server.greeted(self, message):
                self.hang_up()
                return
            self._is_clerk, self._frames.largest = True, LARGEST
            if self._patience is not None:
                self._patience.cancel()
        elif self._is_clerk:
            self.write(self._server.asked(message))
        else:
            self.hang_up()
