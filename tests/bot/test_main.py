"""`python -m bot` as a process of its own."""

import asyncio
import os
import sys
from pathlib import Path

from tests.bot.double import TOKEN, EngineDouble

PATIENCE_S = 20.0


async def bot(*words: str, home: Path, typed: str = "") -> tuple[int, str, str]:
    environ = {**os.environ, "LOCKSTEP_HOME": str(home)}
    environ.pop("LOCKSTEP_API", None)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        *words,
        env=environ,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(PATIENCE_S):
        out, err = await process.communicate(typed.encode())
    return process.returncode or 0, out.decode(), err.decode()


async def test_a_pipe_finds_the_engine_by_its_file(tmp_path: Path) -> None:
    double = EngineDouble()
    async with double.serve() as url:
        (tmp_path / "api.json").write_text(f'{{"url": "{url}", "token": "{TOKEN}"}}', encoding="utf-8")
        code, out, err = await bot(home=tmp_path, typed="/status\n/pause 15m\n")
    assert (code, err) == (0, "")
    assert "🟢 COPYING · 3 of 3 accounts" in out
    assert "⏸ PAUSED all" in out  # the end of the input waits for the proof
    assert TOKEN not in out


async def test_a_script_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    code, out, err = await bot("--script", str(tmp_path / "none"), home=tmp_path)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
