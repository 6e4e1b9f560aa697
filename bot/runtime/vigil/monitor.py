"""Monitor: the bot's own small endpoint for monitoring, on this computer only and only where the settings name a port."""

import asyncio
import contextlib
import errno
import logging
import socket
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from typing import Any

import uvicorn
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

from bot.core.alertgroup import Group
from bot.core.chat import Clock
from bot.core.vital import Vitals, troubles
from bot.runtime.vigil.meter import Meter
from bot.runtime.vigil.metric import Metrics
from bot.storage.alert import AlertStore
from bot.storage.audit import AuditStore
from bot.storage.database import Database
from engine.api import ConfigError, LockstepError

HOST = "127.0.0.1"
PLAIN = "text/plain; charset=utf-8"

log = logging.getLogger(__name__)

Answer = tuple[int, str, bytes]
"""Status, content type, body."""


def listen(port: int) -> socket.socket:
    """The port, bound on this computer alone.

    Raises: ConfigError where it cannot be had.
    """
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    exclusive = getattr(socket, "SO_EXCLUSIVEADDRUSE", None)  # Windows: the other option would share the port
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR if exclusive is None else exclusive, 1)
    try:
        bound.bind((HOST, port))
        bound.listen(16)
    except (OSError, OverflowError) as error:
        bound.close()
        is_taken = isinstance(error, OSError) and error.errno in (errno.EADDRINUSE, errno.EACCES)
        why = "is taken by another program" if is_taken else f"cannot be used: {error}"
        raise ConfigError(
            f"[chat] metrics: port {port} {why}; set another one in desk.toml, or leave it out"
        ) from error
    return bound


class Monitor:
    """Counts, and answers ``/metrics`` and ``/healthz``."""

    def __init__(self, port: int, database: Database, clock: Clock) -> None:
        """Take the port; count from here on.

        Raises: ConfigError where the port cannot be had.
        """
        self._bound = listen(port)
        self._server: _Server | None = None
        self._serving: asyncio.Future[None] | None = None
        self._store = AlertStore(database)
        self.meter = Meter(AuditStore(database), self._store, clock)
        self.port = int(self._bound.getsockname()[1])
        self._hosts = frozenset(f"{name}:{self.port}".encode() for name in (HOST, "localhost"))

    async def close(self) -> None:
        """Give the port back."""
        if self._server is not None and self._serving is not None:
            self._server.should_exit = self._server.force_exit = True
            await asyncio.wait([self._serving])
        self._bound.close()

    async def run(self, look: Callable[[], Vitals], alerts: Callable[[], list[Group]]) -> None:
        """Serve until ``close``; ``alerts`` are those that are open."""
        self._look = look
        self._metrics = Metrics(self.meter, look, alerts, self._ranks)
        config = uvicorn.Config(
            self, log_config=None, access_log=False, lifespan="off", ws="none", http="h11", server_header=False
        )
        self._server = _Server(config)
        self._serving = asyncio.ensure_future(self._server.serve(sockets=[self._bound]))
        log.info("metrics at http://%s:%d/metrics", HOST, self.port)
        await asyncio.shield(self._serving)  # a server that is cancelled leaves its connections open

    def _ranks(self) -> set[int]:
        return {one.rank for one in self._store.oncall()}

    async def __call__(
        self,
        scope: MutableMapping[str, Any],
        _receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
        send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
    ) -> None:
        """One request."""
        status, kind, body = self.answer(scope["method"], scope["path"], dict(scope["headers"]).get(b"host", b""))
        headers = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    def answer(self, method: str, path: str, host: bytes) -> Answer:
        """What is said to a request; a browser that was misled by another site's name hears nothing."""
        if host.lower() not in self._hosts:
            return _line(421, "this is for this computer only; address it as 127.0.0.1")
        if method not in ("GET", "HEAD") or path not in ("/metrics", "/healthz"):
            return _line(404, "there are GET /metrics and GET /healthz")
        if path == "/healthz":
            found = troubles(self._look())
            return _line(503, "\n".join(found)) if found else _line(200, "ok")
        try:
            return 200, CONTENT_TYPE_PLAIN_0_0_4, self._metrics.text()
        except LockstepError as error:
            return _line(503, str(error))


class _Server(uvicorn.Server):
    """Leaves the signals alone: they are the bot's."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _line(status: int, text: str) -> Answer:
    return status, PLAIN, f"{text}\n".encode()
