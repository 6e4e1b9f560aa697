"""An independent client, the npm package ``tradovate`` as published, trades at the venue."""

import asyncio
import json
import os
import shutil
import tempfile
from pathlib import Path

import msgspec
import pytest

from engine.runtime.clock import SystemClock
from engine.sim.server import VenueServer
from tests.engine.sim.conftest import DESK

HERE = Path(__file__).parent / "public_client"
CACHE = Path(tempfile.gettempdir()) / "lockstep-public-client-1.0.3"


async def run(*command: str, cwd: Path, **more: str) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")} | more
    process = await asyncio.create_subprocess_exec(
        *command, cwd=cwd, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    async with asyncio.timeout(90):
        output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
    return output.decode()


@pytest.fixture
async def installed() -> Path:
    """The package, exactly as pinned, and beside it our two files."""
    npm = shutil.which("npm")
    assert npm, "npm is missing; this test needs node"
    CACHE.mkdir(exist_ok=True)
    for name in ("package.json", "package-lock.json", "client.cjs", "redirect.cjs"):
        shutil.copy(HERE / name, CACHE / name)
    if not (CACHE / "node_modules" / "tradovate" / "dist" / "index.js").exists():
        process = await asyncio.create_subprocess_exec(
            npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=CACHE, stdout=asyncio.subprocess.DEVNULL
        )
        assert await process.wait() == 0
    return CACHE


async def test_the_published_client_logs_in_syncs_listens_and_trades(installed):
    node = shutil.which("node")
    assert node, "node is missing"
    desk = msgspec.structs.replace(DESK, walk_every_s=0.05)
    async with VenueServer(desk, clock=SystemClock()) as server:
        ports = {"VENUE_USER_PORT": server.rest_url, "VENUE_MARKET_PORT": server.market_url}
        numbers = {name: url.split(":")[2].split("/")[0] for name, url in ports.items()}
        output = await run(node, "--require", "./redirect.cjs", "client.cjs", cwd=installed, **numbers)
        account = server.venue.accounts["APX-1"]
        assert [received.qty for received in server.venue.received] == [2, 2]
        assert account.net("MNQZ6") == 0
    seen = json.loads(next(line for line in output.splitlines() if line.startswith("SEEN ")).removeprefix("SEEN "))
    assert (seen["userId"], seen["account"], seen["accounts"]) == (10, "APX-1", ["APX-1"])
    assert seen["fills"][0] == 2
    assert seen["positions"] == [2, 0]
    assert seen["states"] == ["PendingNew", "Working", "Filled"] * 2
    assert seen["quote"] > 20_000
    assert seen["orderId"] != seen["byRest"]["orderId"]
