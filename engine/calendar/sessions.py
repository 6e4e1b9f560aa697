"""Sessions: the file of session tables in the data directory, its age, and how it is built anew in a process of its own.

The reader needs no pandas: it is for the hot process. A failed build leaves the last good file where it is and a line
beside it that says what went wrong.
"""

import asyncio
import sys
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from engine.calendar.kept import keep, recall
from engine.domain.hours import Calendar, Knowledge, faults
from engine.domain.value import Value

FILE = "sessions.json"
FAILURE = "sessions.failed.json"
FRESH = timedelta(days=3)  # exchanges change a day's hours on short notice; a build takes a second
DUE = timedelta(hours=20)  # build about once a day
AHEAD = timedelta(days=10)  # stale when it ends sooner than this
SKEW = timedelta(hours=1)
PATIENCE_S = 120.0


class Failure(Value, frozen=True):
    """The newest build that came to nothing."""

    at: datetime
    complaint: str


class SessionsRead(Value, frozen=True):
    """What the file says now. ``complaint`` is one line for a person; empty if all is well."""

    knowledge: Knowledge
    calendar: Calendar | None = None
    age_s: float | None = None  # negative where the clock stands before the build
    complaint: str = ""

    @property
    def is_due(self) -> bool:
        """Say whether it should be built anew."""
        return self.age_s is None or not 0 <= self.age_s < DUE.total_seconds() or self.knowledge is not Knowledge.KNOWN


def write(home: Path, calendar: Calendar) -> Path:
    """Replace the file by a sound calendar and forget an older failure.

    Raises: OSError, ValueError where a table is not sound; then the old file stays.
    """
    for table in calendar.tables:
        if found := faults(table):
            raise ValueError(f"{table.family}: {found[0]}")
    path = home / FILE
    keep(path, msgspec.json.encode(calendar))
    with suppress(OSError):
        (home / FAILURE).unlink(missing_ok=True)
    return path


def note_failure(home: Path, at: datetime, complaint: str) -> None:
    """Leave word of a build that failed. A disk that takes no file takes no word either."""
    with suppress(OSError):
        keep(home / FAILURE, msgspec.json.encode(Failure(at=at, complaint=complaint)))


def read(home: Path, now: datetime) -> SessionsRead:
    """Read the newest good file. Never raises: what cannot be read is unknown, and says why."""
    try:
        raw = recall(home / FILE)
        calendar = msgspec.json.decode(raw, type=Calendar) if raw is not None else None
    except (OSError, ValueError) as error:
        return SessionsRead(knowledge=Knowledge.UNKNOWN, complaint=f"{FILE} cannot be read: {str(error)[:120]}")
    failure = _failure(home)
    if calendar is None:
        return SessionsRead(knowledge=Knowledge.UNKNOWN, complaint=failure or "trading hours were never built")
    broken = [f"{table.family}: {line}" for table in calendar.tables for line in faults(table)]
    if broken or not calendar.tables:
        return SessionsRead(knowledge=Knowledge.UNKNOWN, complaint=f"{FILE}: {broken[0] if broken else 'no tables'}")
    age = now - calendar.built_at
    since = max(table.since for table in calendar.tables)
    until = min(table.until for table in calendar.tables)
    known, complaint = Knowledge.KNOWN, ""
    if not since <= now < until:
        known, complaint = Knowledge.UNKNOWN, f"trading hours are known from {since:%Y-%m-%d} to {until:%Y-%m-%d} only"
    elif age < -SKEW:
        known, complaint = Knowledge.STALE, "trading hours were built in the future: is this computer's clock right?"
    elif age > FRESH or until - now < AHEAD:
        known, complaint = Knowledge.STALE, f"trading hours are {age.days} days old and end on {until:%Y-%m-%d}"
    told = "; ".join(filter(None, (complaint, failure)))
    return SessionsRead(knowledge=known, calendar=calendar, age_s=age.total_seconds(), complaint=told)


def _failure(home: Path) -> str:
    try:
        raw = recall(home / FAILURE)
        found = msgspec.json.decode(raw, type=Failure) if raw is not None else None
    except (OSError, ValueError):
        return ""
    return f"the newest build failed at {found.at:%Y-%m-%d %H:%M} UTC: {found.complaint}" if found else ""


async def rebuild(home: Path, *options: str, patience_s: float = PATIENCE_S) -> str:
    """Build in a process of its own, so that pandas never loads in this one.

    Returns: what went wrong in one line, or nothing.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "engine.calendar", "--home", str(home), *options),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
    except OSError as error:
        return f"the calendar's process did not start: {error.strerror or error}"
    try:
        async with asyncio.timeout(patience_s):
            _, told = await process.communicate()
    except TimeoutError:
        return f"the calendar's process gave no answer in {patience_s:.0f} s"
    finally:
        if process.returncode is None:  # late, or this process ends meanwhile
            process.kill()
            await process.communicate()
    lines = told.decode("utf-8", "replace").strip().splitlines()
    return "" if process.returncode == 0 else (lines[-1][:300] if lines else f"exit code {process.returncode}")
