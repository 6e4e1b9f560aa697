"""A busy bot beside the engine: the true one, which shows every copy and is asked something ten times a second."""

import asyncio
import itertools
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from bot.app import SystemClock, run
from bot.chats.console import Console, Options
from bot.config import Settings

LINES = ("/status", "/positions", "/accounts", "/copies", "/risk", "/health")
PAUSE = "wait 0.1s"
FILE = "replies"


def lines(replies: Path) -> Iterator[str]:
    """Commands for ever; the console asks for the next line when the answer of the last was shown."""
    yield "wait engine"
    with replies.open("w", encoding="ascii") as out:
        for line in itertools.cycle(LINES):
            began = time.perf_counter()
            yield line
            out.write(f"{time.perf_counter() - began:.6f}\n")
            out.flush()
            yield PAUSE


def main(home: str) -> None:
    """Ask until killed."""
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        clock = SystemClock()
        console = Console(Options(), clock, script=lines(Path(home) / FILE), writing=nowhere)
        asyncio.run(run(Settings(home=Path(home)), console=console, clock=clock))


def replies(home: str) -> list[float]:
    """Seconds from each command to its first answer."""
    return [float(line) for line in (Path(home) / FILE).read_text(encoding="ascii").split()]


if __name__ == "__main__":
    main(sys.argv[1])
