"""The clerk's end of the link to the hot process."""

import asyncio
import itertools
from collections.abc import Callable
from typing import cast

import msgspec

from engine.domain.command import Command
from engine.errors import TransientError
from engine.runtime.link import LARGEST, Act, Acted, Declined, Frames, Hello, Pulse, ToClerk, frame

ANSWER_S = 3.0

_decoder = msgspec.msgpack.Decoder(ToClerk)


class LinkClient(asyncio.Protocol):
    """One connection to the hot process; when it ends, so does the clerk (``lost``)."""

    def __init__(self, token: str, heard: Callable[[Pulse], None]) -> None:
        """Say ``token`` on connecting; give each pulse to ``heard``."""
        self.lost = asyncio.Event()
        self._token = token
        self._heard = heard
        self._frames = Frames(LARGEST)
        self._asks = itertools.count(1)
        self._open: dict[int, asyncio.Future[Acted | Declined]] = {}
        self._transport: asyncio.Transport | None = None

    async def connect(self, port: int) -> None:
        """Reach the hot process.

        Raises: OSError where nobody listens.
        """
        await asyncio.get_running_loop().create_connection(lambda: self, "127.0.0.1", port)

    @property
    def is_up(self) -> bool:
        """Say whether the hot process is connected."""
        return self._transport is not None and not self.lost.is_set()

    async def act(self, key: str, by: str, command: Command, patience_s: float = ANSWER_S) -> Acted | Declined | None:
        """Have an act journalled and started; None where no answer came in time: it may have been taken in.

        Raises: TransientError where the hot process is away; then the act has not been asked.
        """
        if self._transport is None or not self.is_up:
            raise TransientError("the engine's hot process is away; it is being restarted")
        ask = next(self._asks)
        future = self._open[ask] = asyncio.get_running_loop().create_future()
        self._transport.write(frame(Act(ask=ask, key=key, by=by, command=command)))
        try:
            return await asyncio.wait_for(future, patience_s)
        except (TimeoutError, ConnectionError):
            return None
        finally:
            del self._open[ask]

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(frame(Hello(token=self._token)))

    def data_received(self, data: bytes) -> None:
        """Take messages in."""
        try:
            for payload in self._frames.feed(data):
                self._take(_decoder.decode(payload))
        except (ValueError, msgspec.DecodeError):  # a hot process of another version: start anew with it
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  asyncio's name
        """Let every waiting ask know."""
        self.lost.set()
        for future in self._open.values():
            if not future.done():
                future.set_exception(ConnectionError("the hot process is gone"))

    def _take(self, message: ToClerk) -> None:
        if isinstance(message, Pulse):
            self._heard(message)
            return
        future = self._open.get(message.ask)
        if future is not None and not future.done():
            future.set_result(message)
