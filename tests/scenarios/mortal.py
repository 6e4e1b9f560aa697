"""An engine in a process of its own that is killed at a chosen point of its journal, as kill -9 does."""

import asyncio
import os
import signal
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_all_start_methods, get_context
from multiprocessing.context import ForkServerContext, SpawnContext
from pathlib import Path
from typing import Any

import engine.app
from engine.brokers.tradovate.session import TradovateSession
from engine.domain.group import DeskPlan
from engine.ports import ConnectContext
from engine.storage.log import Log
from tests.scenarios.conftest import SEGMENT_BYTES
from tests.scenarios.swift import SwiftClock

KILL = getattr(signal, "SIGKILL", signal.SIGTERM)  # TerminateProcess on Windows: as sudden


@dataclass(frozen=True)
class Point:
    """Where the engine dies: at its ``number``-th append, before, inside or after the write; or after so many sends."""

    place: str  # before, torn, after, sent
    number: int

    def __str__(self) -> str:
        return f"{self.place} {self.number}"


@dataclass(frozen=True)
class Part:
    """What the process is given."""

    home: Path
    plan: DeskPlan
    connections: list[tuple[str, ConnectContext]]
    speed: float
    anchor: float
    point: Point | None


def arm(point: Point) -> None:
    """Let this process die at ``point``."""
    left = point.number

    def due() -> bool:
        nonlocal left
        left -= 1
        return left == 0

    append, send = Log.append_all, TradovateSession.send

    def append_all(log: Log, payloads: list[bytes]) -> None:
        is_due = due()
        if is_due and point.place == "before":
            die()
        if is_due and point.place == "torn":
            Log._write = torn  # type: ignore[method-assign]  # half of the record reaches the file
        append(log, payloads)
        if is_due and point.place == "after":
            die()

    def torn(log: Log, frame: bytes) -> None:
        os.write(log._file, frame[: len(frame) * 2 // 3])
        die()

    def sent(session: TradovateSession, *lots: Any) -> None:
        send(session, *lots)
        if due():
            die()

    if point.place == "sent":
        TradovateSession.send = sent  # type: ignore[method-assign]
    else:
        Log.append_all = append_all  # type: ignore[method-assign]


def die() -> None:
    os.kill(os.getpid(), KILL)


def play(part: Part) -> None:
    """Run the engine until somebody, or its own point, kills it."""
    if part.point is not None:
        arm(part.point)
    engine.app.Log = partial(Log, segment_bytes=SEGMENT_BYTES)  # type: ignore[assignment,misc]  # as in conftest
    clock = SwiftClock(part.speed, part.anchor)

    async def run() -> None:
        await engine.app.Engine(part.home, part.plan, part.connections, clock).run()

    asyncio.run(run())


def context() -> ForkServerContext | SpawnContext:
    """Start processes from one that has imported everything, where the system can."""
    if "forkserver" not in get_all_start_methods():
        return get_context("spawn")
    found = get_context("forkserver")
    found.set_forkserver_preload([__name__])
    return found


class Mortal:
    """The engine's process, seen from outside."""

    def __init__(self, part: Part) -> None:
        self._process = context().Process(target=play, args=(part,), daemon=True)
        self._process.start()

    @property
    def is_dead(self) -> bool:
        return not self._process.is_alive()

    def end(self) -> int | None:
        """Kill it if it still lives; how it ended."""
        self._process.kill()
        self._process.join()
        return self._process.exitcode
