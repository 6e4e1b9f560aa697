"""The HTTP wire: an asyncio protocol around h11 that answers requests and hands upgrades to the socket wire."""

import asyncio
import base64
from collections.abc import Callable
from typing import cast

import h11

from engine.domain.value import Value
from engine.ports import Clock
from engine.sim.socket import Connect, SocketWire

_HEAD_END = b"\r\n\r\n"


class HttpRequest(Value, frozen=True):
    """A request, read to its end."""

    method: str
    path: str
    query: str
    body: bytes
    token: str | None
    basic: tuple[str, str] | None


class HttpAnswer(Value, frozen=True):
    """An answer; a ``lost`` one never leaves, a ``cut`` one drops the connection."""

    status: int = 200
    body: bytes = b""
    delay_s: float = 0.0
    lost: bool = False
    cut: bool = False
    kind: str = "application/json"


class Port(Value, frozen=True):
    """What a listening port does: answers requests, and takes sockets in (or refuses them with a status)."""

    answer: Callable[[HttpRequest], HttpAnswer]
    later: Callable[[float, Callable[[], None]], None]
    clock: Clock
    connect: Connect | None = None
    refuse_upgrade: Callable[[], int | None] | None = None


class HttpWire(asyncio.Protocol):
    """One HTTP connection; it turns into a socket when the client asks."""

    def __init__(self, port: Port, open_wires: set[asyncio.Transport]) -> None:
        self._port = port
        self._open = open_wires
        self._h11 = h11.Connection(h11.SERVER)
        self._transport: asyncio.Transport
        self._socket: SocketWire | None = None
        self._head = b""
        self._request: h11.Request | None = None
        self._body: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport, so that a stop can end it."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's does not inherit from it
        self._open.add(self._transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the transport."""
        del exc
        self._open.discard(self._transport)
        if self._socket is not None:
            self._socket.connection_lost()

    def data_received(self, data: bytes) -> None:
        """Read requests; look at each head for an upgrade first."""
        if self._socket is not None:
            self._socket.data_received(data)
            return
        if self._request is None:
            self._head += data
            if _HEAD_END not in self._head:
                return
            data, self._head = self._head, b""
            if b"upgrade: websocket" in data.partition(_HEAD_END)[0].lower():
                self._upgrade(data)
                return
        self._h11.receive_data(data)
        self._read()

    def _upgrade(self, data: bytes) -> None:
        if self._port.connect is None:
            self._answer(HttpAnswer(status=404))
            return
        status = self._port.refuse_upgrade() if self._port.refuse_upgrade is not None else None
        if status is not None:
            self._transport.write(
                f"HTTP/1.1 {status} Refused\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
            )
            self._transport.close()
            return
        self._socket = SocketWire(self._transport, self._port.connect, self._port.clock)
        self._socket.data_received(data)

    def _read(self) -> None:
        while True:
            try:
                event = self._h11.next_event()
            except h11.RemoteProtocolError:
                self._transport.close()
                return
            if isinstance(event, h11.Request):
                self._request, self._body = event, []
            elif isinstance(event, h11.Data):
                self._body.append(bytes(event.data))
            elif isinstance(event, h11.EndOfMessage):
                assert self._request is not None
                self._answer(self._port.answer(_request(self._request, b"".join(self._body))))
                return
            else:
                if isinstance(event, h11.ConnectionClosed):
                    self._transport.close()
                return

    def _answer(self, answer: HttpAnswer) -> None:
        if answer.cut:
            self._transport.abort()
        elif answer.lost:
            return
        elif answer.delay_s > 0:
            self._port.later(answer.delay_s, lambda: self._send(answer))
        else:
            self._send(answer)

    def _send(self, answer: HttpAnswer) -> None:
        if self._transport.is_closing():
            return
        headers = [("Content-Type", answer.kind), ("Content-Length", str(len(answer.body)))]
        out = self._h11.send(h11.Response(status_code=answer.status, headers=headers, reason=b"")) or b""
        out += self._h11.send(h11.Data(data=answer.body)) or b""
        out += self._h11.send(h11.EndOfMessage()) or b""
        self._transport.write(out)
        self._request = None
        if self._h11.our_state is h11.MUST_CLOSE:
            self._transport.close()
        else:
            self._h11.start_next_cycle()
            self._read()


def _request(head: h11.Request, body: bytes) -> HttpRequest:
    path, _, query = head.target.decode().partition("?")
    token: str | None = None
    basic: tuple[str, str] | None = None
    for name, value in head.headers:
        if name == b"authorization":
            scheme, _, credentials = value.decode().partition(" ")
            if scheme.lower() == "basic":
                user, _, secret = base64.b64decode(credentials).decode().partition(":")
                basic = (user, secret)
            else:
                token = credentials.strip() or None
    return HttpRequest(method=head.method.decode(), path=path, query=query, body=body, token=token, basic=basic)
