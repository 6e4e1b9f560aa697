"""One websocket: frames in by callback, frames out without waiting, and the signs that it is dead."""

import asyncio
import functools
import ssl
from collections.abc import Callable
from typing import cast

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, InvalidStatus
from websockets.frames import Frame, Opcode

from engine.brokers.tradovate.frame import Framer
from engine.brokers.tradovate.options import Options
from engine.brokers.tradovate.wire import HEARTBEAT
from engine.errors import TransientError
from engine.ports import Clock

_WHOLE_TEXT = 0x81  # FIN and opcode 1
_LONG = 126  # the length stands in the next two bytes


class Edge:
    """Counts bytes of a server's frames, to know whether one has just ended."""

    def __init__(self) -> None:
        self._rest = 0  # bytes that the present frame still lacks
        self._head = b""  # of a header that is not whole yet

    @property
    def is_here(self) -> bool:
        """Say whether the next byte begins a frame."""
        return not self._rest and not self._head

    def pass_over(self, data: bytes) -> None:
        """Count ``data``."""
        skipped = min(self._rest, len(data))
        self._rest -= skipped
        data = self._head + data[skipped:]
        self._head = b""
        while data:
            size = data[1] & 0x7F if len(data) > 1 else 0
            head = {126: 4, 127: 10}.get(size, 2)
            if len(data) < head:
                self._head = data
                return
            total = head + (size if head == 2 else int.from_bytes(data[2:head]))
            self._rest = max(0, total - len(data))
            data = data[total:]


class Feed(ClientConnection):
    """A connection whose data frames go to a callback instead of a queue.

    Whole text frames, which is nearly all that a broker sends, are cut out here; handshake, control frames, fragments and
    whatever ends in the middle go through the library. ``_edge`` counts where a frame ends, so that both can take turns.
    """

    _edge: Edge | None = None  # None until the handshake's end was seen in one piece
    _parts: list[bytes] | None = None
    _early: list[bytes] | None = None  # frames that came in one segment with the handshake's answer
    on_frame: Callable[[bytes], None] | None = None
    on_gone: Callable[[str], None] | None = None
    gone: str | None = None

    def listen(self, on_frame: Callable[[bytes], None], on_gone: Callable[[str], None]) -> None:
        """Pass on what has come already, then everything as it comes."""
        self.on_frame, self.on_gone = on_frame, on_gone
        for data in self._early or ():
            on_frame(data)
        self._early = None
        if self.gone is not None:
            on_gone(self.gone)

    def data_received(self, data: bytes) -> None:
        """Cut out whole text frames; leave the rest to the library."""
        edge = self._edge
        if edge is None:
            was = self.response
            super().data_received(data)
            if was is None and self.response is not None:
                _, end, rest = data.partition(b"\r\n\r\n")
                if end:
                    self._edge = Edge()
                    self._edge.pass_over(rest)
            return
        at, length = 0, len(data)
        while edge.is_here and at + 4 <= length and data[at] == _WHOLE_TEXT:
            size, start = data[at + 1], at + 2
            if size == _LONG:
                size, start = int.from_bytes(data[at + 2 : at + 4]), at + 4
            elif size > _LONG:
                break
            end_at = start + size
            if end_at > length:
                break
            self._deliver(data[start:end_at])
            at = end_at
        if at < length:
            rest = data[at:]
            edge.pass_over(rest)
            super().data_received(rest)

    def process_event(self, event: object) -> None:
        """Take data frames out of the library's hands; leave it the handshake and the control frames."""
        if self.response is None or not isinstance(event, Frame):
            super().process_event(event)  # type: ignore[arg-type]  # handshake answer
            return
        if event.opcode is Opcode.TEXT and event.fin:
            self._deliver(cast("bytes", event.data))
        elif event.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            self._parts = self._parts if event.opcode is Opcode.CONT and self._parts is not None else []
            self._parts.append(bytes(event.data))
            if event.fin:
                whole, self._parts = b"".join(self._parts), None
                self._deliver(whole)
        else:
            if event.opcode is Opcode.CLOSE:
                self._end("closed by the server")
            super().process_event(event)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the end once, then let the library tidy up."""
        self._end(f"{type(exc).__name__}" if exc is not None else "closed")
        super().connection_lost(exc)

    def _deliver(self, data: bytes) -> None:
        if self.on_frame is not None:
            self.on_frame(data)
        elif self._early is None:
            self._early = [data]
        else:
            self._early.append(data)

    def _end(self, reason: str) -> None:
        if self.gone is None:
            self.gone = reason
            if self.on_gone is not None:
                self.on_gone(reason)


class Line:
    """An open socket. ``lost`` becomes the reason as soon as it can no longer be used."""

    __slots__ = (
        "_clock",
        "_framer",
        "_max_write_buffer",
        "_on_frame",
        "_transport",
        "feed",
        "heard",
        "lost",
        "on_lost",
        "open",
        "write",
    )

    def __init__(self, feed: Feed, framer: Framer, clock: Clock, max_write_buffer: int) -> None:
        self.open = True
        self.lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.heard = clock.monotonic()
        self.on_lost: Callable[[str], None] | None = None
        self.feed = feed
        self._framer = framer
        self._clock = clock
        self._on_frame: Callable[[bytes], None] | None = None
        self._max_write_buffer = max_write_buffer
        self._transport = feed.transport
        self.write: Callable[[bytes], None] = feed.transport.write  # hands framed bytes to the socket

    def listen(self, on_frame: Callable[[bytes], None], on_lost: Callable[[str], None] | None = None) -> None:
        """Pass on frames from now on, those that came with the handshake first."""
        self._on_frame, self.on_lost = on_frame, on_lost
        self.feed.listen(self._hear, self.end)

    def _hear(self, data: bytes) -> None:
        self.heard = self._clock.monotonic()
        if self.open and self._on_frame is not None:
            self._on_frame(data)

    def say(self, payload: bytes) -> None:
        """Frame and write one text."""
        self._transport.write(self._framer.text(payload))

    def is_stuck(self) -> bool:
        """Say whether the other side has stopped reading; ends the line if so."""
        if not self.feed.paused or self._transport.get_write_buffer_size() <= self._max_write_buffer:
            return False
        self.end("stuck")
        return True

    def beat(self) -> None:
        """Send the client's heartbeat: ours to send, also while data streams in."""
        if self.open and not self.is_stuck():
            self.say(HEARTBEAT)

    def end(self, reason: str) -> None:
        """Stop using the socket, at once and for good."""
        if not self.open:
            return
        self.open = False
        if not self.lost.done():
            self.lost.set_result(reason)
        if self.on_lost is not None:
            self.on_lost(reason)
        if self.feed.gone is None:
            self._transport.abort()

    async def close(self) -> None:
        """Leave politely if the socket still works: the server then frees the login's slot at once."""
        if self.open:
            self.open = False
            if not self.lost.done():
                self.lost.set_result("closed by us")
            await self.feed.close()
        else:
            self._transport.abort()


class SlotLost(TransientError):  # noqa: N818  as the tree in engine.errors reads
    """Another session of this login took the place; fighting for it would throw the person out of theirs."""


class SessionLost(SlotLost):
    """The session itself was closed for another one: its token is dead, the next attempt signs in anew."""


@functools.cache
def trust() -> ssl.SSLContext:
    """One set of certificates for all logins: each set costs most of a megabyte."""
    return httpx.create_ssl_context()


async def dial(url: str, options: Options, framer: Framer, clock: Clock) -> Line:
    """Open a socket.

    Raises: TransientError with the words for a person; SlotLost when the server says that the slot is taken.
    """
    try:
        connection = await connect(
            url,
            create_connection=Feed,
            compression=None,
            ssl=trust() if url.startswith("wss") else None,
            ping_interval=None,
            open_timeout=options.connect_timeout_s,
            close_timeout=1,
            max_size=options.max_frame,
            write_limit=0,
        )
    except InvalidStatus as error:
        status = error.response.status_code
        if status == 408:
            raise SessionLost("408: another session of this login took the slot") from None
        raise TransientError(f"socket refused with status {status}", 60.0 if status == 429 else 1.0) from None
    except (InvalidHandshake, OSError, TimeoutError, EOFError) as error:
        raise TransientError(f"no socket: {type(error).__name__}") from None
    return Line(cast("Feed", connection), framer, clock, options.max_write_buffer)
