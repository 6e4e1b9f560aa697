"""Daily: the report of one trade date for people who ask over the API; a process of its own works it out, so nobody waits."""

import asyncio
import sys
import tempfile
from base64 import b64encode
from datetime import date
from pathlib import Path
from typing import Literal

from engine.api.pnl import ReportView
from engine.errors import LockstepError
from engine.service.setting import ClerkSettings

PATIENCE_S = 120.0
Form = Literal["text", "csv", "png"]


class ReportError(LockstepError):
    """The report could not be made; one line that says why."""


async def report_of(settings: ClerkSettings, day: str, form: Form) -> ReportView:
    """The report as text, or as a file.

    Raises: ReportError.
    """
    try:
        named = ["--date", date.fromisoformat(day).isoformat()] if day else []
    except ValueError:
        raise ReportError(f"day: write a date such as 2026-11-23, not {day[:20]}") from None
    with tempfile.TemporaryDirectory() as where:
        file = Path(where) / f"report.{form}"
        wanted = [] if form == "text" else [f"--{form}", str(file)]
        words = (sys.executable, "-m", "engine.cli", "report", "day", *named, "--home", settings.home, *wanted)
        process = await asyncio.create_subprocess_exec(
            *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        try:
            async with asyncio.timeout(PATIENCE_S):
                out, err = await process.communicate()
        except TimeoutError:
            process.kill()
            raise ReportError(f"the report took longer than {PATIENCE_S:.0f} s; try: lockstep report day") from None
        text = out.decode("utf-8", "replace")
        if process.returncode:
            lines = err.decode("utf-8", "replace").strip().splitlines() or ["no reason given"]
            raise ReportError(f"no report: {lines[-1].removeprefix('lockstep: ')}")
        body = file.read_bytes() if file.exists() else b""
        return ReportView(text=text, file=b64encode(body).decode(), name=file.name if body else "")
