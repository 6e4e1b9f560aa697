"""`python -m bot` as a process of its own."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from bot.app import run
from bot.config import Settings
from bot.storage.owner import Owner
from engine.api import ConfigError
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


async def test_a_code_is_printed_at_the_desk_and_the_record_is_checked_there(tmp_path: Path) -> None:
    code, out, err = await bot("pair", "Luis", "--role", "owner", home=tmp_path)
    assert code == 0
    assert len(out.strip()) == 9
    assert f"pair {out.strip()}" in err
    code, out, _ = await bot("audit", "--csv", str(tmp_path / "audit.csv"), home=tmp_path)
    assert code == 0
    assert "ok  0 rows, unbroken" in out
    assert (tmp_path / "audit.csv").read_text(encoding="utf-8").startswith("seq,at,person")


async def test_without_a_platform_there_is_nothing_to_serve_headless(tmp_path: Path) -> None:
    code, _, err = await bot("--headless", home=tmp_path)
    assert code == 2
    assert "write a [telegram] or [discord] table" in err
    code, out, _ = await bot("doctor", home=tmp_path)
    assert code == 0
    assert "no [telegram] table" in out


async def test_a_second_bot_for_the_same_desk_is_refused_in_one_line(tmp_path: Path) -> None:
    owner = Owner(tmp_path)
    assert owner.take()
    with pytest.raises(ConfigError, match=r"^another bot serves the desk of .*; write there, or stop it first$"):
        await run(Settings(home=tmp_path), script=["/status"])
    owner.release()
    assert await run(Settings(home=tmp_path), script=["/help"]) == 0
