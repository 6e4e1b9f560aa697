"""The WebSocket wire under a line: a transport and the sans-IO server of ``websockets``."""

import asyncio
from collections.abc import Callable

from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol

from engine.ports import Clock
from engine.sim.order import Instant
from engine.sim.tradovate.line import Line

Connect = Callable[["SocketWire"], Line]


class SocketWire:
    """One WebSocket connection, without a task.

    What comes in is stamped at once and answered in the loop's next round, so that requests which reach several sockets
    together are stamped together, not one after the other's work.
    """

    def __init__(self, transport: asyncio.Transport, connect: Connect, clock: Clock) -> None:
        self._clock = clock
        self._transport = transport
        self._connect = connect
        self._protocol = ServerProtocol(max_size=10_000_000)
        self._line: Line | None = None
        self._parts: list[bytes] = []
        self._is_deaf = False
        self._held: list[bytes] | None = None  # what a stalled line has not written

    def data_received(self, data: bytes) -> None:
        """Feed what came in to the protocol and act on it."""
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if isinstance(event, Request):
                self._shake_hands(event)
            elif isinstance(event, Frame):
                self._take(event)
        self._write_out()
        if self._protocol.close_expected() or self._protocol.parser_exc is not None:
            self._transport.close()

    def connection_lost(self) -> None:
        """Let the line know."""
        if self._line is not None and self._line.is_open:
            self._line.lost()

    def _shake_hands(self, request: Request) -> None:
        response = self._protocol.accept(request)
        self._protocol.send_response(response)
        self._write_out()
        if response.status_code == 101:
            self._line = self._connect(self)

    def _take(self, frame: Frame) -> None:
        if frame.opcode in (Opcode.TEXT, Opcode.CONT) and self._line is not None:
            self._parts.append(bytes(frame.data))
            if frame.fin:
                text = b"".join(self._parts).decode()
                self._parts.clear()
                asyncio.get_running_loop().call_soon(self._line.receive, text, Instant.of(self._clock))

    def _write_out(self) -> None:
        self._write(b"".join(self._protocol.data_to_send()))

    def _write(self, data: bytes) -> None:
        if self._held is not None:
            self._held.append(data)
        elif data and not self._transport.is_closing():
            self._transport.write(data)

    def transmit(self, text: bytes) -> None:
        """Send one text frame, unless the client is already saying goodbye."""
        if self._protocol.state is State.OPEN:
            self._protocol.send_text(text)
            self._write_out()

    def close(self, code: int, reason: str) -> None:
        """Send the closing frame; the client ends the connection."""
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(code, reason)
            self._write_out()
        if self._held is None:
            self._transport.close()

    def abort(self) -> None:
        """Drop the connection."""
        self._transport.abort()

    def stall(self, *, reading: bool, writing: bool) -> None:
        """Hold back reading or writing until told otherwise."""
        if reading != self._is_deaf and not self._transport.is_closing():
            self._is_deaf = reading
            if reading:
                self._transport.pause_reading()
            else:
                self._transport.resume_reading()
        if writing and self._held is None:
            self._held = []
        elif not writing and self._held is not None:
            held, self._held = self._held, None
            self._write(b"".join(held))
