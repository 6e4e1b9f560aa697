"""Daily: the report of one trade date for people who ask over the API; a process of its own works it out, so nobody waits."""

import asyncio
import sys
import tempfile
from base64 import b64encode
from datetime import date, datetime
from pathlib import Path

import msgspec

from engine.api.pnl import ReportLine, ReportView
from engine.domain.hours import Calendar
from engine.domain.tradedate import holiday, trade_date
from engine.errors import LockstepError
from engine.service.setting import ClerkSettings

PATIENCE_S = 120.0
KINDS = ("png", "csv")
FIGURES = "figures"


class ReportError(LockstepError):
    """The report could not be made; one line that says why."""


async def report_of(
    settings: ClerkSettings, calendar: Calendar | None, day: str, now: datetime, *, with_files: bool
) -> ReportView:
    """The report as text, with its picture and its table where they are wanted: one run makes all of it.

    Raises: ReportError.
    """
    try:
        wanted = date.fromisoformat(day) if day else trade_date(now)
    except ValueError:
        raise ReportError(f"day: write a date such as 2026-11-23, not {day[:20]}") from None
    with tempfile.TemporaryDirectory() as where:
        files = [Path(where) / f"report.{kind}" for kind in KINDS] if with_files else []
        figures = Path(where) / f"{FIGURES}.json"
        named = [word for file in (figures, *files) for word in (f"--{file.suffix[1:]}", str(file))]
        asked = ("--date", wanted.isoformat(), "--home", settings.home, *named)
        words = (sys.executable, "-m", "engine.cli", "report", "day", *asked)
        process = await asyncio.create_subprocess_exec(
            *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        try:
            async with asyncio.timeout(PATIENCE_S):
                out, err = await process.communicate()
        except TimeoutError:
            process.kill()
            await process.wait()
            raise ReportError(f"the report took longer than {PATIENCE_S:.0f} s; try: lockstep report day") from None
        text = out.decode("utf-8", "replace")
        if process.returncode:
            lines = err.decode("utf-8", "replace").strip().splitlines() or ["no reason given"]
            raise ReportError(f"no report: {lines[-1].removeprefix('lockstep: ')}")
        found = {file.name: b64encode(file.read_bytes()).decode() for file in files if file.exists()}
        told = msgspec.json.decode(figures.read_bytes(), type=tuple[ReportLine, ...]) if figures.exists() else ()
        return ReportView(text=text, files=found, lines=told, holiday=holiday(calendar, wanted))
