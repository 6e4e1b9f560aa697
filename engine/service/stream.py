"""The event stream: every message once to every reader; a reader that falls behind is dropped, never waited for."""

import asyncio
from collections.abc import Sequence

import msgspec

from engine.api.notices import Message

MOST = 2_000  # messages that may wait for one reader
MOST_BYTES = 16 * 2**20
TOO_SLOW = 4008  # close code
_encoder = msgspec.json.Encoder()


class Reader:
    """One open stream."""

    def __init__(self) -> None:
        """Nothing waits yet."""
        self.is_dropped = asyncio.Event()
        self._waiting: asyncio.Queue[bytes] = asyncio.Queue()
        self._bytes = 0

    def put(self, frame: bytes) -> bool:
        """Queue a message; False where too many wait."""
        self._bytes += len(frame)
        if self._waiting.qsize() >= MOST or self._bytes > MOST_BYTES:
            self.is_dropped.set()
            return False
        self._waiting.put_nowait(frame)
        return True

    async def get(self) -> bytes:
        """Next message."""
        frame = await self._waiting.get()
        self._bytes -= len(frame)
        return frame


class Stream:
    """All open streams."""

    def __init__(self) -> None:
        """Nobody reads yet."""
        self.readers: set[Reader] = set()

    def open(self, first: Sequence[Message]) -> Reader:
        """A new reader, who gets ``first`` before anything that is told from now on."""
        reader = Reader()
        self.readers.add(reader)
        for message in first:
            if not reader.put(_encoder.encode(message)):
                break
        return reader

    def close(self, reader: Reader) -> None:
        """Forget a reader."""
        self.readers.discard(reader)

    def tell(self, messages: Sequence[Message]) -> None:
        """Queue messages for every reader."""
        if not self.readers:
            return
        for message in messages:
            frame = _encoder.encode(message)
            for reader in list(self.readers):
                if not reader.put(frame):
                    self.readers.discard(reader)
