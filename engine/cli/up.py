"""``lockstep up``: the real thing. Engine and bot as two processes, kept running until Ctrl-C."""

import argparse
import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO

from engine.cli.command import Command, desk_argument, say
from engine.config import Settings, load
from engine.errors import ConfigError
from engine.runtime.clock import SystemClock
from engine.runtime.supervisor import Child, Program, Supervisor, signals

CHATS = ("telegram", "discord")


def run(options: argparse.Namespace) -> int:
    """Run until stopped."""
    settings = load(options.desk)
    if not settings.desk.groups:
        raise ConfigError(
            f"{settings.path.name}: there is no [[group]], so nobody would copy; write one, see desk.toml"
        )
    window = sys.stdin.isatty() and sys.stdout.isatty()
    return asyncio.run(_run(settings, window))


async def _run(settings: Settings, window: bool) -> int:
    plan = programs(settings, window)
    logs = settings.home / "logs"
    supervisor = Supervisor(plan, SystemClock(), say, lambda program: spawn(program, logs if window else None))
    say(f"starting {' and '.join(program.name for program in plan)}; data and logs are in {settings.home}")
    if not window:
        say("Ctrl-C or SIGTERM stops; without a terminal there is no console")
    with signals(supervisor.stop):
        return await supervisor.run()


def programs(settings: Settings, window: bool) -> list[Program]:
    """What runs: the engine always; the bot where a person or a chat can reach it."""
    env = {"LOCKSTEP_HOME": str(settings.home), "LOCKSTEP_DESK": str(settings.path), "PYTHONUTF8": "1"}
    desk = ("--desk", str(settings.path))
    found = [Program(name="engine", argv=(sys.executable, "-m", "engine", *desk), env=env, is_needed=True)]
    if window or any(name in settings.chat for name in CHATS):
        found.append(
            Program(
                name="bot",
                argv=(sys.executable, "-m", "bot", *desk, *(() if window else ("--headless",))),
                env=env,
                is_window=window,
                waits_for=settings.home / "api.json",
            )
        )
    return found


class Logged(Child):
    """A child whose words go to a file, because the console has the terminal; its last ones are shown when it fails."""

    def __init__(self, program: Program, file: IO[bytes], tell: Callable[[str], None]) -> None:
        """Write to ``file`` from where it stands."""
        self._file = file
        self._from = file.tell()
        self._tell = tell
        super().__init__(program, file)

    async def wait(self) -> int:
        """Wait, then show the last lines of one that failed."""
        code = await super().wait()
        if not self._file.closed:
            self._file.seek(self._from)
            lines = self._file.read().decode("utf-8", "replace").splitlines()
            self._file.close()
            for line in lines[-3:] if code else ():
                self._tell(line.removeprefix("lockstep: "))
        return code


def spawn(program: Program, logs: Path | None, tell: Callable[[str], None] = say) -> Child:
    """Start a program; with ``logs`` what it prints goes there."""
    if logs is None or program.is_window:
        return Child(program)
    logs.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    logs.mkdir(exist_ok=True)
    return Logged(program, (logs / f"{program.name}.out").open("a+b"), tell)


COMMAND = Command(
    name="up",
    summary="Copy trades: start the engine and the console, keep them running",
    arguments=desk_argument,
    run=run,
)
