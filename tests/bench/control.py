"""The line on which a measured process is asked how it is, and told what to do; the first word of each line is the ask."""

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

Answers = dict[str, Callable[[], Awaitable[str]]]


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run as the engine does: on uvloop where it exists."""
    try:
        import uvloop
    except ImportError:
        asyncio.run(work)
    else:
        uvloop.run(work)


def raise_limits() -> None:
    """Have as many sockets as the system lets us have."""
    if resource is not None:
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


async def usage() -> str:
    """See ``spent``."""
    return spent()


def spent() -> str:
    """Processor seconds so far, and bytes of memory in use now (0 where the system does not say)."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        memory = int(statm.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    elif resource is not None:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        memory = peak if sys.platform == "darwin" else peak * 1024
    else:
        memory = 0
    return f"{time.process_time():.6f} {memory}"


async def serve(port: int, name: str, answers: Answers) -> None:
    """Answer the bench until it hangs up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"{name}\n".encode())
    while line := (await reader.readline()).decode().strip():
        word = line.split()[0]
        writer.write(f"{await answers[word]()}\n".encode())
        await writer.drain()
    writer.close()
