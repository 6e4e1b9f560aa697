"""The floor: a bare client on the engine's kind of loop and with its connections, that answers a frame with ready bytes.

It decodes nothing, decides nothing, records nothing. What it writes is what the engine wrote in a warm-up round.
"""

import asyncio
import sys
from typing import cast

from tests.bench import control


class Leg(asyncio.Protocol):
    """One follower connection: the first that it hears is what it is to write later."""

    def __init__(self) -> None:
        self.ready = b""
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's inherits from nothing
        self.transport.write(b"leg\n")

    def data_received(self, data: bytes) -> None:
        self.ready += data


class Head(asyncio.Protocol):
    """The leader's connection: each frame of it makes every leg write."""

    def __init__(self, legs: list[Leg]) -> None:
        self._legs = legs

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast("asyncio.Transport", transport).write(b"head\n")

    def data_received(self, data: bytes) -> None:
        for leg in self._legs:
            leg.transport.write(leg.ready)


async def main(port: int, count: int, size: int) -> None:
    """Open ``count`` legs, each of which is sent ``size`` bytes, and serve until the bench hangs up."""
    loop = asyncio.get_running_loop()
    legs: list[Leg] = []
    for _ in range(count):
        _, leg = await loop.create_connection(Leg, "127.0.0.1", port)
        legs.append(leg)
    await loop.create_connection(lambda: Head(legs), "127.0.0.1", port)

    async def settle() -> str:
        while not all(len(leg.ready) == size for leg in legs):  # noqa: ASYNC110  once, before the race
            await asyncio.sleep(0.01)
        return "ok"

    await control.serve(port, "floor", {"settle": settle, "usage": control.usage})


if __name__ == "__main__":
    control.raise_limits()
    control.run(main(*map(int, sys.argv[1:4])))
