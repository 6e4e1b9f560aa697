"""``lockstep doctor``: what this computer has, what it lacks, and what to do about it."""

import argparse
import asyncio
import email.utils
import os
import platform
import shutil
import socket
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psycopg

from engine.cli.command import Command, desk_argument, show
from engine.config import Settings, find, home, load
from engine.domain.value import Value
from engine.errors import ConfigError
from engine.telemetry import Redaction

LEAST_SPACE = 2**30
MOST_SKEW_S = 2.0
PATIENCE_S = 4.0
CHAT_PATIENCE_S = 30.0
OLDEST = (3, 11)


class Finding(Value, frozen=True):
    """One line: ``ok``, ``--`` where nothing need be done now, ``!!`` where something must."""

    mark: str
    text: str


def good(text: str) -> Finding:
    """Nothing to do."""
    return Finding(mark="ok", text=text)


def note(text: str) -> Finding:
    """Good to know."""
    return Finding(mark="--", text=text)


def bad(text: str) -> Finding:
    """Something to do; the text says what."""
    return Finding(mark="!!", text=text)


def run(options: argparse.Namespace) -> int:
    """Print all findings; 1 where something must be done."""
    found = []
    for finding in findings(options.desk, home()):
        found.append(finding)
        show(f"{finding.mark}  {finding.text}")
    wrong = sum(finding.mark == "!!" for finding in found)
    show("\nAll is well." if not wrong else f"\n{wrong} to mend, marked !!")
    return 1 if wrong else 0


def findings(desk: Path | None, where: Path) -> Iterator[Finding]:
    """Look at everything; one finding after another, so that slow ones do not hold the first back."""
    yield python(sys.version_info[:3])
    yield note(f"{platform.system()} {platform.release()}, {os.cpu_count() or 1} processors")
    yield loop(sys.platform, find_spec("uvloop") is not None)
    yield terminal()
    yield directory(where)
    path = desk or find()
    settings: Settings | None = None
    if not path.is_file():
        yield note(f"{path}: not there yet; `lockstep demo` needs none, `lockstep up` does: copy and edit desk.toml")
    else:
        try:
            settings = load(path)
            yield good(f"{path}: right, and all its secrets are set")
        except ConfigError as error:
            yield from (bad(line) for line in str(error).splitlines())
    yield port(settings.engine.api_port if settings else 7483, where)
    if settings is not None:
        yield database(settings.database_url)
        yield from asyncio.run(_hosts(settings))
    if settings is not None or _is_toml(path):
        yield from chats(path)  # a phone can be set up before the broker's secrets are there
    yield node(shutil.which("node"))


def _is_toml(path: Path) -> bool:
    try:
        tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return True


def chats(path: Path) -> Iterator[Finding]:
    """What the bot finds when it tries the platforms of this desk, in its own process."""
    words = (sys.executable, "-m", "bot", "--desk", str(path), "doctor")
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=CHAT_PATIENCE_S, check=False)  # noqa: S603  our own words
    except subprocess.TimeoutExpired:
        yield bad(f"the chat platforms did not answer within {CHAT_PATIENCE_S:.0f} s; is this computer on-line?")
        return
    for line in (done.stdout + done.stderr).splitlines():
        mark, _, text = line.partition("  ")
        yield Finding(mark=mark, text=text) if mark in ("ok", "--", "!!") else bad(line)


def python(version: tuple[int, ...]) -> Finding:
    """Is this Python new enough?"""
    text = f"Python {'.'.join(map(str, version))}"
    return good(text) if version >= OLDEST else bad(f"{text}: install Python 3.11 or newer")


def loop(system: str, has_uvloop: bool) -> Finding:
    """Is the faster event loop there, where it exists?"""
    if system == "win32":
        return note("uvloop does not exist for Windows; Python's own event loop is used")
    return good("uvloop") if has_uvloop else note("uvloop is missing: copies are a little slower; pip install uvloop")


def terminal() -> Finding:
    """Can the console show cards here?"""
    encoding = (getattr(sys.stdout, "encoding", None) or "ascii").lower().replace("-", "")
    if encoding != "utf8":
        return bad(f"the terminal's encoding is {encoding}: set PYTHONUTF8=1 before starting")
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return note("no terminal here: `lockstep up` runs without the console, `lockstep demo` plays its story")
    return good(f"terminal, {shutil.get_terminal_size().columns} columns")


def directory(where: Path) -> Finding:
    """Can the data directory be written, and is there room?"""
    try:
        where.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=where) as file:
            file.write(b"lockstep")
        free = shutil.disk_usage(where).free
    except OSError as error:
        return bad(f"data directory {where}: {error.strerror or error}; set LOCKSTEP_HOME to a directory of yours")
    room = f"{free / 2**30:.1f} GB free"
    if free < LEAST_SPACE:
        return bad(f"data directory {where}: only {room}; make room, a journal that cannot be written stops entries")
    return good(f"data directory {where}, {room}")


def port(number: int, where: Path) -> Finding:
    """Is the control API's port free, or ours already?"""
    if number == 0:
        return good("control API on any free port")
    with socket.socket() as probe:
        if os.name == "posix":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", number))
        except OSError:
            if f":{number}" in _text(where / "api.json"):
                return note(f"port {number} is in use: it seems that a Lockstep engine is running")
            return bad(f"port {number} is used by another program: set api_port in [engine] of desk.toml")
    return good(f"port {number} is free for the control API")


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def database(url: str) -> Finding:
    """Does PostgreSQL answer, where it is asked for?"""
    if url.startswith("sqlite"):
        return good("database: SQLite in the data directory")
    plain = "postgresql" + url[url.index(":") :] if ":" in url else url
    try:
        with psycopg.connect(plain, connect_timeout=3) as connection:
            version = connection.info.server_version // 10_000
    except (psycopg.Error, ValueError) as error:
        line = (str(error).strip().splitlines() or ["no reason given"])[0]
        return bad(f"PostgreSQL does not answer: {Redaction([url]).text(line)}; start it, or check its URL in .env")
    return good(f"PostgreSQL {version} answers")


def node(path: str | None) -> Finding:
    """Is Node there? Only one test wants it."""
    return (
        good("Node, for the test with a published client") if path else note("no Node: one test needs it, you do not")
    )


async def _hosts(settings: Settings) -> list[Finding]:
    """Reach each broker's host once, without signing in; its clock tells whether ours is right."""
    urls: dict[str, str] = {}
    for connection in settings.connections:
        url = str(getattr(connection.options, "rest", "") or "")
        if url:
            urls.setdefault(urlsplit(url).netloc, url)
    async with httpx.AsyncClient(timeout=PATIENCE_S) as client:
        return [
            finding
            for found in await asyncio.gather(*(_host(client, *pair) for pair in urls.items()))
            for finding in found
        ]


async def _host(client: httpx.AsyncClient, name: str, url: str) -> list[Finding]:
    try:
        response = await client.get(url)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return [bad(f"{name} cannot be reached ({type(error).__name__}): check the network, a proxy, or the URL")]
    found = [good(f"{name} answers")]
    if date := response.headers.get("date"):
        found.append(skew(name, date, datetime.now(UTC)))
    return found


def skew(name: str, date: str, now: datetime) -> Finding:
    """Is this computer's clock right, by the clock of a broker's host? It tells whole seconds."""
    try:
        off = (now - email.utils.parsedate_to_datetime(date)).total_seconds() - 0.5
    except (TypeError, ValueError):
        return note(f"{name} tells no time, so this computer's clock could not be compared")
    if abs(off) > MOST_SKEW_S:
        way = "ahead of" if off > 0 else "behind"
        return bad(f"this computer's clock is {abs(off):.0f} s {way} {name}'s: switch on automatic time")
    return good(f"this computer's clock agrees with {name}'s")


COMMAND = Command(name="doctor", summary="Say what is missing on this computer", arguments=desk_argument, run=run)
