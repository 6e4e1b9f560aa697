"""The demo's stage: a venue, an engine and a home of their own; all of it gone when the curtain falls."""

import asyncio
import json
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from engine.api.client import Address, EngineClient, EngineError
from engine.cli.demo.cast import CAST, PASSWORD, desk_toml, venue_toml
from engine.cli.demo.phone import Phones
from engine.cli.demo.venue import Venue
from engine.domain.value import Value
from engine.errors import LockstepError
from engine.runtime.clock import SystemClock
from engine.runtime.supervisor import Child, Program, Supervisor, stopped

VENUE_S = 20.0
ENGINE_S = 40.0
LOOK_S = 0.05
LEASHED = (sys.executable, "-m", "engine.runtime.leash")
TOKEN = "LOCKSTEP_VENUE_TOKEN"  # noqa: S105  the name of a variable

Tell = Callable[[str], None]


class Wishes(Value, frozen=True):
    """What the command line asked for."""

    tape: Path | None = None
    symbol: str = "NQZ6"
    speed: float = 1.0
    keep: bool = False
    colour: str = "auto"
    walks: bool = True
    is_quiet: bool = False  # no scripted leader
    phones: Phones | None = None


class Stage:
    """Handles to what runs. ``env`` is what the bot is started with."""

    def __init__(self, home: Path, venue: Venue, urls: dict[str, str], token: str, phones: Phones | None) -> None:
        self.home = home
        self.phones = phones
        self.venue = venue
        self.desk = home / "desk.toml"
        self.env = {
            **_home_env(home),
            TOKEN: token,
            "LOCKSTEP_VENUE": urls["control_url"],
            "LOCKSTEP_API": "",
            "LOCKSTEP_TOKEN": "",
            **(phones.env if phones is not None else {}),
        }

    def console(self) -> Program:
        """The console, which serves the phones beside it."""
        return Program(name="console", argv=self.bot(), env=self.env, is_window=True)

    def server(self) -> Program:
        """The phones alone; it ends with us, or somebody would answer there in the name of a desk that is gone."""
        return Program(name="bot", argv=(*LEASHED, *self.bot()[2:], "--headless"), env=self.env, is_leashed=True)

    def bot(self) -> tuple[str, ...]:
        """Command line of the bot."""
        welcome = ("--welcome", "--beside", str(self.phones.beside)) if self.phones is not None else ()
        return (sys.executable, "-m", "bot", "--desk", str(self.desk), *welcome)


def _home_env(home: Path) -> dict[str, str]:
    return {"LOCKSTEP_HOME": str(home), "LOCKSTEP_DESK": str(home / "desk.toml"), "PYTHONUTF8": "1"}


@asynccontextmanager
async def stage(wishes: Wishes, tell: Tell) -> AsyncIterator[Stage]:
    """Set everything up, and take everything down whatever happens.

    Raises: LockstepError in one line where something does not come up.
    """
    home, phones = Path(tempfile.mkdtemp(prefix="lockstep-demo-")), wishes.phones
    try:
        async with _venue(home, wishes, tell) as (urls, token):
            venue = Venue(urls["control_url"], token)
            try:
                (home / ".env").write_text(f"DEMO_PASSWORD={PASSWORD}\n", "utf-8")
                (home / "desk.toml").write_text(
                    desk_toml(urls, wishes.colour, phones.toml() if phones else ""), "utf-8"
                )
                async with _engine(home, tell):
                    yield Stage(home, venue, urls, token, phones)
            finally:
                await venue.close()
    finally:
        if wishes.keep:
            tell(f"kept: {home}")
        else:
            await _remove(home)


@asynccontextmanager
async def _venue(home: Path, wishes: Wishes, tell: Tell) -> AsyncIterator[tuple[dict[str, str], str]]:
    started, token = time.monotonic(), secrets.token_urlsafe(16)
    (home / "venue.toml").write_text(venue_toml(wishes.walks and wishes.tape is None), "utf-8")
    ports = home / "ports.json"
    argv = [*LEASHED, "engine.sim", "--ports-file", str(ports), "--desk", str(home / "venue.toml")]
    argv += ["--control-token-env", TOKEN]
    if wishes.tape is not None:
        argv += ["--tape", str(wishes.tape.absolute()), "--speed", str(wishes.speed)]
        argv += ["--symbols", f"{wishes.symbol},M{wishes.symbol}"]
    with (home / "venue.out").open("wb") as output:
        child = Child(
            Program(name="venue", argv=tuple(argv), env={**_home_env(home), TOKEN: token}, is_leashed=True), output
        )
        try:
            await _until(ports.is_file, VENUE_S, child.process, home / "venue.out", "the venue")
            tell(f"1/3 the simulated venue is up ({time.monotonic() - started:.1f} s)")
            yield json.loads(ports.read_text("utf-8")), token
        finally:
            await asyncio.shield(stopped(child, SystemClock()))


@asynccontextmanager
async def _engine(home: Path, tell: Tell) -> AsyncIterator[None]:
    started = time.monotonic()
    argv = (*LEASHED, "engine", "--desk", str(home / "desk.toml"))
    program = Program(name="engine", argv=argv, env=_home_env(home), is_needed=True, is_leashed=True)
    with (home / "engine.out").open("wb") as output:
        supervisor = Supervisor([program], SystemClock(), tell, lambda program: Child(program, output))
        running = asyncio.create_task(supervisor.run())
        try:
            await _until((home / "api.json").is_file, ENGINE_S, running, home / "engine.out", "the engine")
            tell(f"2/3 the engine is up, its control API answers ({time.monotonic() - started:.1f} s)")
            await _copying(home, running)
            tell(f"3/3 {len(CAST)} followers are in step with the leader ({time.monotonic() - started:.1f} s)")
            yield
        finally:
            supervisor.stop()
            await asyncio.shield(running)


async def _until(is_true: Callable[[], bool], patience_s: float, life: Any, words: Path, name: str) -> None:
    """Wait for a file; a process that ends first says why."""
    deadline = time.monotonic() + patience_s
    while not is_true():
        ended = life.poll() is not None if isinstance(life, subprocess.Popen) else life.done()
        if ended or time.monotonic() > deadline:
            raise LockstepError(f"{name} {'ended' if ended else 'did not come up in time'}: {_last_line(words)}")
        await asyncio.sleep(LOOK_S)


def _last_line(file: Path) -> str:
    return (file.read_text("utf-8", "replace").strip().splitlines() or ["it said nothing"])[-1]


async def _copying(home: Path, running: "asyncio.Task[int]") -> None:
    """Wait until the engine has compared all positions and copies to everyone."""

    def find() -> Address | None:
        try:
            return msgspec.json.decode((home / "api.json").read_bytes(), type=Address)
        except (OSError, msgspec.DecodeError):
            return None

    client = EngineClient("http://127.0.0.1:9", "", find=find)
    seen = "no answer yet"
    try:
        async with asyncio.timeout(ENGINE_S):
            while not running.done():
                try:
                    status = await client.status()
                    seen = f"{status.word} {status.copying}/{status.followers} {status.worst}".strip()
                    if status.copying == len(CAST) == status.followers:
                        return
                except EngineError as error:
                    seen = str(error)
                await asyncio.sleep(LOOK_S)
    except TimeoutError:
        pass
    finally:
        await client.close()
    raise LockstepError(f"the engine does not copy: {seen}")


async def _remove(home: Path) -> None:
    """Remove the home; Windows lets go of a dead process's files a moment late."""
    for _ in range(20):
        if _is_removed(home):
            return
        await asyncio.sleep(0.1)


def _is_removed(home: Path) -> bool:
    shutil.rmtree(home, ignore_errors=True)
    return not home.exists()
