"""Monitoring of a running bot over real sockets: what a scraper reads, whether all is well, and that it is off by default."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from msgspec.structs import replace

import bot.app
from bot.app import SystemClock, run
from bot.config import ChatSettings, Settings, read_settings
from engine.api import ConfigError, Notice, Severity
from tests.bot.double import AT, EngineDouble
from tests.bot.telegram.desk import LUIS, Desk, open_desk
from tests.bot.telegram.server import TelegramServer
from tests.monitoring import Samples, exported, labelled, labels_of, of, read, tabled


def free() -> int:
    """A port that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Watched(Desk):
    """A bot with a port for monitoring."""

    def __init__(self, server: TelegramServer, engine: EngineDouble, home: Path) -> None:
        super().__init__(server, engine, home)
        self.port = free()
        self.http = httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", trust_env=False, timeout=5)

    def settings(self) -> Settings:
        return replace(super().settings(), chat=ChatSettings(metrics=self.port))

    async def scrape(self) -> Samples:
        response = await self.http.get("/metrics")
        assert response.status_code == 200
        assert response.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        return read(response.text)


@asynccontextmanager
async def watched(home: Path) -> AsyncIterator[Watched]:
    server, engine = TelegramServer(), EngineDouble()
    async with server.serve(), engine.serve():
        desk = Watched(server, engine, home)
        desk.people()
        async with desk.open(), desk.http:
            yield desk


async def until(desk: Watched, name: str, value: float, **labels: str) -> Samples:
    """The first scrape in which a sample has a value."""
    async with asyncio.timeout(10):
        while True:
            found = await desk.scrape()
            if found.get((name, frozenset(labels.items()))) == value:
                return found
            await asyncio.sleep(0.02)


async def test_commands_and_their_replies_are_counted_and_timed(tmp_path: Path) -> None:
    async with watched(tmp_path) as desk:
        await desk.ask("/status")
        await desk.ask("/status")
        await desk.ask("/flatten all", user=12)  # Eve may only look
        found = await until(desk, "lockstep_bot_reply_seconds_count", 3, platform="telegram")
        assert of(found, "lockstep_bot_commands_total", verb="status", result="ok") == 2
        assert of(found, "lockstep_bot_commands_total", verb="flatten", result="refused") == 1
        assert of(found, "lockstep_bot_outbox_delay_seconds_count", platform="telegram", priority="answer") >= 3
        assert (
            of(found, "lockstep_bot_outbox_delay_seconds_bucket", platform="telegram", priority="answer", le="10.0")
            >= 3
        )
        assert of(found, "lockstep_bot_platform_up", platform="telegram") == 1
        assert of(found, "lockstep_bot_platform_heard_seconds", platform="telegram") < 90
        assert of(found, "lockstep_bot_engine_connected") == 1
        assert of(found, "lockstep_bot_outbox_dead_total", platform="telegram") == 0
        assert of(found, "lockstep_bot_oncall", rank="oncall") == 0
        assert not any("console" in str(labels) for _, labels in found)


async def test_an_alert_is_counted_from_its_push_to_its_ack(tmp_path: Path) -> None:
    async with watched(tmp_path) as desk:
        await desk.ask("/oncall Luis")
        text = "LEAD is not heard"
        desk.engine.tell(Notice(seq=0, at=AT, code="leader.lost", severity=Severity.P1, text=text, account="LEAD"))
        found = await until(desk, "lockstep_bot_alerts", 1, severity="P1", stage="firing")
        assert of(found, "lockstep_bot_alert_pushes_total", why="first") == 1
        assert of(found, "lockstep_bot_oncall", rank="oncall") == 1
        assert of(found, "lockstep_bot_oncall", rank="deputy") == 0
        assert not [name for name, _ in found if name.startswith("lockstep_bot_alert_ack_seconds_count")]
        await desk.ask("/ack A-1")
        found = await until(desk, "lockstep_bot_alerts", 1, severity="P1", stage="acked")
        assert of(found, "lockstep_bot_alert_ack_seconds_count", severity="P1") == 1
        assert 0 <= of(found, "lockstep_bot_alert_ack_seconds_sum", severity="P1") < 60
        await desk.ask("/ack A-1 1h")  # a second ack is not a first one
        await until(desk, "lockstep_bot_commands_total", 2, verb="ack", result="ok")
        assert of(await desk.scrape(), "lockstep_bot_alert_ack_seconds_count", severity="P1") == 1
        found = await until(desk, "lockstep_bot_outbox_waiting", 0, platform="telegram")
        assert of(found, "lockstep_bot_outbox_delay_seconds_count", platform="telegram", priority="urgent") >= 1


async def test_every_metric_stands_in_the_table_and_the_other_way_round(tmp_path: Path) -> None:
    async with watched(tmp_path) as desk:
        await desk.ask("/status")
        await until(desk, "lockstep_bot_reply_seconds_count", 1, platform="telegram")
        text = (await desk.http.get("/metrics")).text
        assert exported(text) == tabled("Bot")
        table = labels_of("Bot")
        assert all(table[name] == labels for name, labels in labelled(text).items())


async def test_health_is_ok_until_the_engine_is_silent_and_the_card_says_the_same(tmp_path: Path) -> None:
    async with watched(tmp_path) as desk:
        await until(desk, "lockstep_bot_engine_connected", 1)
        answer = await desk.http.get("/healthz")
        assert (answer.status_code, answer.text) == (200, "ok\n")
        said = " ".join((await desk.ask("/health")).text.split())
        assert re.search(r"Telegram in \d+ ms · out ok · q \d+ Outbox oldest \d+ ms · dead 0", said), said
        desk.engine.closing = True
        for reader in desk.engine.readers:
            reader.put_nowait(None)
        await until(desk, "lockstep_bot_engine_connected", 0)
        answer = await desk.http.get("/healthz")
        assert answer.status_code == 503
        assert answer.text.startswith("engine: it is silent; last answer ")


class Alone(Watched):
    """A bot whose engine is not there."""

    def settings(self) -> Settings:
        return replace(super().settings(), api=f"http://127.0.0.1:{free()}")


async def test_without_an_engine_the_health_card_tells_of_the_bot(tmp_path: Path) -> None:
    server, engine = TelegramServer(), EngineDouble()
    async with server.serve(), engine.serve():
        desk = Alone(server, engine, tmp_path)
        desk.people()
        engine.listened.set()  # nobody ever will
        async with desk.open(), desk.http:
            said = (await desk.ask("/health")).text
            assert "The engine is not answering (no answer yet)" in said
            assert "Telegram in " in said
            assert "Outbox oldest" in said
            answer = await desk.http.get("/healthz")
            assert (answer.status_code, answer.text) == (503, "engine: it is silent; no answer yet\n")


async def test_nothing_else_is_answered(tmp_path: Path) -> None:
    async with watched(tmp_path) as desk:
        assert (await desk.http.get("/metrics", headers={"Host": "evil.example"})).status_code == 421
        assert (await desk.http.get("/")).status_code == 404
        assert (await desk.http.post("/metrics")).status_code == 404
        head = await desk.http.head("/healthz")
        assert (head.status_code, head.content) == (200, b"")


async def test_without_the_setting_nothing_listens_and_nothing_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []
    monkeypatch.setattr(bot.app, "_monitor", lambda port, *_: made.append(port))
    async with open_desk(tmp_path) as desk:
        assert "HEALTH" in (await desk.ask("/health", user=LUIS)).text
    assert made == []


async def test_a_port_that_is_taken_stops_the_start_with_one_line(tmp_path: Path) -> None:
    server, engine = TelegramServer(), EngineDouble()
    async with server.serve(), engine.serve():
        desk = Watched(server, engine, tmp_path)
        with socket.socket() as other:
            other.bind(("127.0.0.1", desk.port))
            other.listen()
            with pytest.raises(ConfigError, match=rf"\[chat\] metrics: port {desk.port} is taken") as wrong:
                await run(desk.settings(), is_headless=True, clock=SystemClock())
        assert "\n" not in str(wrong.value)
        await desk.http.aclose()


@pytest.mark.parametrize("port", ["0", "70000", "-1"])
def test_a_port_that_is_none_is_said(tmp_path: Path, port: str) -> None:
    path = tmp_path / "desk.toml"
    path.write_text(f"[chat]\nmetrics = {port}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=rf"\[chat\] metrics: write a port from 1024 to 65535, not {port}"):
        read_settings(path, home=tmp_path, environ={})
