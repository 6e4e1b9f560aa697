"""The clerk as its own process: it serves what the journal says, and ends with the hot process."""

import asyncio
import json
import os
import sys
from pathlib import Path

import httpx

from engine.service.setting import ClerkSettings
from tests.engine.service.hot import TOKEN, Hot


async def start(settings: ClerkSettings) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "engine.service",
        env={**os.environ, **settings.environment()},
        stderr=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[3],
    )


async def test_the_clerk_serves_until_the_hot_process_is_gone(tmp_path: Path, hot: Hot) -> None:
    hot.begin()
    hot.answer(hot.lead(2))
    settings = ClerkSettings(home=str(tmp_path), link_port=await hot.link.start(), link_token=TOKEN, api_port=0)
    child = await start(settings)
    async with asyncio.timeout(20):
        while not (tmp_path / "api.json").exists():  # noqa: ASYNC110  another process writes it
            await asyncio.sleep(0.02)
    address = json.loads((tmp_path / "api.json").read_text())
    headers = {"Authorization": f"Bearer {address['token']}"}
    async with httpx.AsyncClient(base_url=address["url"], headers=headers, trust_env=False, timeout=10) as http:
        status = await http.get("/v1/status")
        assert status.json()["word"] == "COPYING"
        act = await http.post("/v1/acts", json={"type": "pause", "key": "k", "by": "ann"})
        assert act.json()["state"] == "proven"
    assert hot.link.is_up
    await hot.link.close()
    assert await asyncio.wait_for(child.wait(), 10) == 0
    assert child.stderr is not None
    assert await child.stderr.read() == b""


async def test_settings_that_cannot_work_end_it_with_one_line_and_code_2(tmp_path: Path) -> None:
    settings = ClerkSettings(home=str(tmp_path), link_port=1, link_token="t", api_host="0.0.0.0")
    child = await start(settings)
    assert child.stderr is not None
    assert (await child.stderr.read()).decode().startswith("engine.api_host: 0.0.0.0 is not this computer alone")
    assert await child.wait() == 2
