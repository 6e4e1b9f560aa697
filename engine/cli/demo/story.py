"""The fixed story of the demo without a terminal: a trading day in a minute, judged by the venue's own books."""

import asyncio
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from decimal import Decimal

from engine.cli.demo.stage import Stage, Tell
from engine.cli.demo.venue import table, wrong

RIGHT_S = 10.0
QUIET_S = 0.6
CARD_S = 6.0
LAST_LINES = 30


class Talk:
    """The console on a pipe: what is typed into it, and everything that it prints."""

    def __init__(self, process: asyncio.subprocess.Process, tell: Tell) -> None:
        """Print its words through ``tell`` as they come."""
        self._process = process
        self._tell = tell
        self._heard_at = time.monotonic()
        self._lines: list[str] = []
        self._news = asyncio.Event()
        self._reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            self._heard_at = time.monotonic()
            self._lines.append(line.decode("utf-8", "replace").rstrip("\r\n"))
            self._tell(self._lines[-1])
            self._news.set()

    async def type(self, line: str) -> None:
        """Type a line and wait until what it brought has been printed."""
        assert self._process.stdin is not None
        before = len(self._lines)
        self._process.stdin.write(line.encode() + b"\n")
        await self._process.stdin.drain()
        await self.settled(before + 2)  # the echo, then an answer

    async def settled(self, lines: int = 0) -> None:
        """Wait for so many lines and then for silence, a while at most."""
        deadline = time.monotonic() + CARD_S
        while time.monotonic() < deadline and not self._reader.done():
            if len(self._lines) >= lines and time.monotonic() - self._heard_at >= QUIET_S:
                return
            await asyncio.sleep(0.05)

    async def heard(self, text: str) -> None:
        """Wait until ``text`` stands in the last lines, a while at most."""
        with suppress(TimeoutError):
            async with asyncio.timeout(CARD_S):
                while not any(text in line for line in self._lines[-LAST_LINES:]):
                    await self._news.wait()
                    self._news.clear()
        await self.settled()

    async def leave(self) -> int:
        """End the input; the exit code."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        code = await self._process.wait()
        await self._reader
        return code


class Story:
    """One telling."""

    def __init__(self, stage: Stage, talk: Talk, tell: Tell, symbol: str) -> None:
        """Tell it on ``stage`` in ``symbol``."""
        self._stage = stage
        self._talk = talk
        self._tell = tell
        self._symbol = symbol
        self._chapter = 0
        self.wrong: list[str] = []

    async def tell(self) -> None:
        """Tell it to its end, whatever goes wrong on the way."""
        root = self._symbol[:-2]
        await self._entries(root)
        await self._pause(root)
        await self._resize(root)
        await self._flatten()

    async def _entries(self, root: str) -> None:
        self._head(f"The leader buys 2 {root}")
        await self._talk.type(f"/lead buy 2 {root}")
        await self._right(2)
        self._head("The leader scales in")
        await self._talk.type(f"/lead buy 1 {root}")
        await self._right(3)
        self._head("A look at the desk")
        for line in ("/status", "/accounts", "/positions", "/health"):
            await self._talk.type(line)

    async def _pause(self, root: str) -> None:
        self._head("Paused: the leader's entry is not copied")
        await self._talk.type("/pause 15m")
        await self._talk.type(f"/lead buy 2 {root}")
        await self._right(3, leader=5)
        self._head("Paused: the leader's exit is")
        await self._talk.type(f"/lead sell 4 {root}")
        await self._right(1)
        await self._talk.type("/resume")
        await self._talk.type("y")
        await self._right(1)

    async def _resize(self, root: str) -> None:
        self._head("ALPHA takes half from now on; the leader flips to short")
        await self._talk.type("/size ALPHA 0.5x")
        await self._talk.type(f"/lead sell 5 {root}")
        await self._right(-4, {"ALPHA": Decimal("0.5")})

    async def _flatten(self) -> None:
        self._head("Out of everything; DELTA's first order is refused")
        await self._stage.venue.fault({"kind": "refuse", "account": "TST-1", "text": "Try again"})
        await self._talk.type("/flatten all")
        await self._talk.type("y")
        await self._talk.heard("proven flat ✔")
        await self._right(0, leader=-4)
        self._head("The leader goes flat")
        await self._talk.type("/lead flat")
        await self._right(0)
        await self._talk.type("/copies 3")

    def _head(self, text: str) -> None:
        self._chapter += 1
        self._tell(f"\n── {self._chapter}. {text} " + "─" * max(3, 56 - len(text)) + "\n")

    async def _right(self, net: int, factors: Mapping[str, Decimal] | None = None, leader: int | None = None) -> None:
        """Wait until the venue's books are as they should be for the leader's ``net``; keep what is not."""
        deadline, faults = time.monotonic() + RIGHT_S, ["?"]
        while faults and time.monotonic() < deadline:
            books = await self._stage.venue.books()
            faults = wrong(books, self._symbol, net, factors or {}, leader)
            if faults:
                await asyncio.sleep(0.05)
        await self._talk.settled()
        if faults:
            self._tell("The venue's books say otherwise:")
            for fault in faults:
                self._tell(f"  ✘ {fault}")
            self.wrong += [f"chapter {self._chapter}: {fault}" for fault in faults]
        else:
            self._tell("The venue's books agree: everyone holds what it should. ✔")


async def play(stage: Stage, tell: Tell, symbol: str) -> list[str]:
    """Tell the story; what ended wrong, a line each."""
    process = await asyncio.create_subprocess_exec(
        *stage.bot(),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, **stage.env},
    )
    try:
        talk = Talk(process, tell)
        story = Story(stage, talk, tell, symbol)
        await story.tell()
        code = await talk.leave()
        tell("\n── The end, by the venue's own books " + "─" * 26 + "\n")
        for line in table(await stage.venue.books()):
            tell(line)
        return story.wrong + ([f"the console ended with exit code {code}"] if code else [])
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
