"""The clerk's tasks: follow, store, serve, and end together when the hot process is gone."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import structlog
import uvicorn

from engine.errors import ConfigError
from engine.ports import Clock
from engine.service.address import listen, publish
from engine.service.clerk import Clerk
from engine.service.server import build
from engine.service.setting import ClerkSettings

PATIENCE_S = 5.0
_log: structlog.stdlib.BoundLogger = structlog.get_logger("clerk")


class _Server(uvicorn.Server):
    """Leaves the signals alone: this process ends when the hot process does."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(
    settings: ClerkSettings,
    clock: Clock,
    version: str,
    ready: asyncio.Event | None = None,
    clerk: Clerk | None = None,
    patience_s: float = PATIENCE_S,
) -> None:
    """Run until the link ends.

    Raises: ConfigError for a port or a database address that cannot be used; TransientError where nobody listens at the
    link's port; JournalError for a damaged log.
    """
    clerk = clerk or Clerk(settings, clock)
    bound = await _bind(settings, clock, patience_s)
    try:
        await clerk.start()
        await asyncio.to_thread(clerk.drain.step)  # look-ups find their tables; a database that is away is tried on
        address = publish(Path(settings.home), bound)
        _log.info("serving", url=address.url, seq=clerk.projection.seq, stored_seq=clerk.drain.stored_seq)
        if clerk.drain.remark:
            _log.warning("journal", remark=clerk.drain.remark)
        server = _Server(_config(clerk, address.token, bound, version))
        works = (clerk.follow(), clerk.store_all(), clerk.attendance.run(clerk.send))
        following = [asyncio.create_task(work) for work in works]
        serving = asyncio.create_task(server.serve(sockets=[bound]))
        lost = asyncio.create_task(clerk.link.lost.wait())
        if ready is not None:
            ready.set()
        try:
            await asyncio.wait({*following, serving, lost}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            server.should_exit = server.force_exit = True
            for task in (*following, lost):
                task.cancel()
            found = await asyncio.gather(serving, *following, lost, return_exceptions=True)
        for error in found:
            if isinstance(error, Exception):
                raise error
    finally:
        bound.close()
        clerk.close()


async def _bind(settings: ClerkSettings, clock: Clock, patience_s: float) -> socket.socket:
    """The port, also where the clerk before us is still leaving it."""
    until = clock.monotonic() + patience_s
    while True:
        try:
            return listen(settings.api_host, settings.api_port)
        except ConfigError as error:
            if not isinstance(error.__cause__, OSError) or clock.monotonic() >= until:
                raise
        await clock.sleep(0.1)


def _config(clerk: Clerk, token: str, bound: socket.socket, version: str) -> uvicorn.Config:
    return uvicorn.Config(
        build(clerk, token, int(bound.getsockname()[1]), version),
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="websockets-sansio",
        ws_max_size=64 * 1024,
        ws_per_message_deflate=False,  # costs time, saves nothing on one machine
        timeout_graceful_shutdown=1,
        server_header=False,
    )
