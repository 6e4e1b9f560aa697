"""The supervisor: starts programs, starts them again when they end, and stops them in reverse order.

Theory: each program is WAITING (back-off), RUNNING or OVER. It ends RUNNING by itself (start again after the back-off),
with exit code 2 (its settings are wrong: OVER), with 0 when it is a person's own window (the person left: OVER), or
because we stop. When a needed program is OVER everything stops with its exit code.
"""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Protocol

from engine.domain.value import Value
from engine.ports import Clock
from engine.runtime.terminal import kept

CONFIG_EXIT = 2
FIRST_S = 1.0
LONGEST_S = 60.0
STABLE_S = 600.0
PATIENCE_S = 10.0
UP_S = 15.0
_POLL_S = 0.05
_NEW_GROUP: int = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)  # Windows alone has it


class Program(Value, frozen=True):
    """One child process. ``is_window`` shares our terminal and ends when its person leaves.

    ``waits_for`` is a file that another program writes once it is up: this one is started then, or after a while.
    ``is_leashed`` holds its standard input open, so that a module run by ``engine.runtime.leash`` ends with us.
    """

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = {}
    is_needed: bool = False
    is_window: bool = False
    waits_for: Path | None = None
    is_leashed: bool = False


class Running(Protocol):
    """A started program."""

    async def wait(self) -> int:
        """Exit code, once it has ended; negative for the signal that killed it."""
        ...

    def ask_to_stop(self) -> None:
        """Ask it to end in good order."""
        ...

    def kill(self) -> None:
        """End it at once."""
        ...


Spawn = Callable[[Program], Running]


class Child:
    """A process of this computer, on any system."""

    def __init__(self, program: Program, output: int | IO[bytes] | None = None) -> None:
        """Start it; ``output`` takes what it prints, else our own terminal does.

        A window stays in our process group, because only that may read the terminal; all others get their own, so that
        Ctrl-C reaches us alone and they are stopped in order.
        """
        self._is_window = program.is_window
        self._give_back = kept() if program.is_window else None
        self.process: subprocess.Popen[bytes] = subprocess.Popen(  # noqa: S603  our own modules by name
            list(program.argv),
            env={**os.environ, **program.env},
            stdin=None if program.is_window else subprocess.PIPE if program.is_leashed else subprocess.DEVNULL,
            stdout=output,
            stderr=None if output is None else subprocess.STDOUT,
            start_new_session=not program.is_window and sys.platform != "win32",
            creationflags=0 if program.is_window else _NEW_GROUP,
        )

    async def wait(self) -> int:
        """Poll: the one way to wait for a process that is the same on every system and event loop."""
        while (code := self.process.poll()) is None:  # noqa: ASYNC110  nobody sets an event for it
            await asyncio.sleep(_POLL_S)
        self._let_go()
        return code

    def ask_to_stop(self) -> None:
        """SIGTERM; on Windows Ctrl-Break, which only a process group of its own can be sent."""
        if self.process.poll() is not None:
            return
        with suppress(OSError):  # it ended between the two lines
            if sys.platform == "win32" and not self._is_window:
                self.process.send_signal(signal.CTRL_BREAK_EVENT)
            else:
                self.process.terminate()

    def kill(self) -> None:
        """End it at once and let the system forget it."""
        with suppress(OSError):
            self.process.kill()
        self.process.wait(PATIENCE_S)
        self._let_go()

    def _let_go(self) -> None:
        if self.process.stdin is not None:
            self.process.stdin.close()
        if self._give_back is not None:
            self._give_back()


class Supervisor:
    """Keeps programs running until told to stop."""

    def __init__(
        self, programs: Sequence[Program], clock: Clock, tell: Callable[[str], None], spawn: Spawn = Child
    ) -> None:
        """``tell`` gets one line for everything that a person should know."""
        self._programs = programs
        self._clock = clock
        self._tell = tell
        self._spawn = spawn
        self._running: dict[str, Running] = {}
        self._stop = asyncio.Event()
        self._hurry = asyncio.Event()
        self._code = 0
        self._began = clock.now().timestamp()

    def stop(self) -> None:
        """Stop in good order; asked a second time, at once."""
        if self._stop.is_set():
            self._hurry.set()
        self._stop.set()

    async def run(self) -> int:
        """Start all and keep them; the exit code, once everything is stopped."""
        keepers = [asyncio.create_task(self._keep(program)) for program in self._programs]
        try:
            await self._stop.wait()
        finally:
            for keeper in keepers:
                keeper.cancel()
            await asyncio.gather(*keepers, return_exceptions=True)
            await self._stop_all()
        for keeper in keepers:
            if not keeper.cancelled() and (error := keeper.exception()) is not None:
                raise error
        return self._code

    async def _keep(self, program: Program) -> None:
        failures = 0
        try:
            await self._others(program)
            while True:
                started = self._clock.monotonic()
                code = await self._once(program)
                if self._is_over(program, code):
                    return
                failures = 1 if self._clock.monotonic() - started >= STABLE_S else failures + 1
                wait_s = min(FIRST_S * 2 ** min(failures - 1, 30), LONGEST_S)
                self._tell(f"{program.name}: {ending(code)}; started again in {wait_s:g} s")
                await self._clock.sleep(wait_s)
        finally:
            if program.is_needed:
                self._stop.set()

    async def _others(self, program: Program) -> None:
        """Wait until the file is there that this program waits for, and was not left by an earlier run."""
        if program.waits_for is None:
            return
        deadline = self._clock.monotonic() + UP_S
        while _written(program.waits_for) < self._began and self._clock.monotonic() < deadline:
            await self._clock.sleep(_POLL_S)

    async def _once(self, program: Program) -> int | str:
        try:
            running = self._running[program.name] = self._spawn(program)
        except OSError as error:
            return f"cannot be started: {error.strerror or error}"
        return await running.wait()

    def _is_over(self, program: Program, code: int | str) -> bool:
        if code == 0 and program.is_window:
            self._tell(f"{program.name}: closed; copying goes on, Ctrl-C here stops it")
            return True
        if code != CONFIG_EXIT:
            return False
        after = "stopping" if program.is_needed else "the rest goes on without it"
        self._tell(f"{program.name}: cannot run like this, see the line above; {after}")
        if program.is_needed:
            self._code = CONFIG_EXIT
        return True

    async def _stop_all(self) -> None:
        for program in reversed(self._programs):
            running = self._running.pop(program.name, None)
            if running is not None:
                await stopped(running, self._clock, self._hurry)


def _written(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0


async def stopped(running: Running, clock: Clock, hurry: asyncio.Event | None = None) -> None:
    """Ask it to end, wait for that a little, then insist."""
    running.ask_to_stop()
    waits = [asyncio.ensure_future(running.wait()), asyncio.ensure_future(clock.sleep(PATIENCE_S))]
    if hurry is not None:
        waits.append(asyncio.ensure_future(hurry.wait()))
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    ended = waits[0].done()
    for wait in waits:
        wait.cancel()
    await asyncio.gather(*waits, return_exceptions=True)
    if not ended:
        running.kill()


def ending(code: int | str) -> str:
    """How a program ended, in words."""
    if isinstance(code, str):
        return code
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"


@contextmanager
def signals(stop: Callable[[], object]) -> Iterator[None]:
    """Let Ctrl-C, SIGTERM and their like call ``stop`` in the running loop."""
    loop = asyncio.get_running_loop()
    wanted = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")  # the third is a closed terminal, the last Windows' own
    names = [signal.Signals[name] for name in wanted if name in signal.Signals.__members__]
    before = {name: signal.signal(name, lambda *_: loop.call_soon_threadsafe(stop)) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
