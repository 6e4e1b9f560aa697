"""The heartbeat against a watchman on a real socket: it beats while all is well, and is silent when something is not."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from bot.__main__ import doctor
from bot.config import ChatSettings, Settings, read_settings
from bot.core.chat import ChatSpec, Health, Limits
from bot.runtime.vigil.heartbeat import Heartbeat
from engine.api import ConfigError, Value
from engine.api.secret import Vault
from tests.bot.office import OPS, Office
from tests.bot.runtime.test_silence import Line

KEY = "3f2a-a-key-that-nobody-may-see"


class Watchman:
    """A dead-man service: counts what it is asked for, and answers what it is told to."""

    def __init__(self) -> None:
        self.status = 200
        self.asked: list[str] = []
        self.url = ""

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.asked.append(head.split()[1].decode())
        writer.write(b"HTTP/1.1 %d X\r\ncontent-length: 2\r\nconnection: close\r\n\r\nOK" % self.status)
        await writer.drain()
        writer.close()

    @asynccontextmanager
    async def up(self) -> AsyncIterator["Watchman"]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/{KEY}"
        async with server:
            yield self


def heart(office: Office, url: str, *lines: Line) -> Heartbeat:
    chats = {
        f"p{place}": (ChatSpec(name="p", options=Value, limits=Limits(), connect=Line), line)
        for place, line in enumerate(lines)
    }
    return Heartbeat(url, 60, chats, office.watch, office.controller.alerts, office.clock)  # type: ignore[arg-type]  # lines


async def test_it_beats_only_while_the_engine_answers_and_a_platform_hears() -> None:
    office, deaf, well = Office(), Line(Health(heard_s=99.0, trouble="deaf")), Line()
    async with Watchman().up() as outside, httpx.AsyncClient() as http:
        await heart(office, outside.url, well).beat(http)
        assert not outside.asked  # the engine is silent
        office.watch.connected = True
        await heart(office, outside.url, deaf).beat(http)
        await heart(office, outside.url, Line(Health(heard_s=None))).beat(http)
        assert not outside.asked  # nobody hears us
        await heart(office, outside.url, deaf, well).beat(http)
        await heart(office, outside.url).beat(http)  # a desk without platforms
    assert outside.asked == [f"/{KEY}"] * 2


async def test_it_beats_each_minute_by_itself() -> None:
    office = Office()
    office.watch.connected = True
    async with Watchman().up() as outside:
        beating = asyncio.ensure_future(heart(office, outside.url).run())
        async with asyncio.timeout(10):
            while len(outside.asked) < 3:
                await asyncio.sleep(0.01)
                await office.clock.turn(20)
        beating.cancel()
    assert office.clock.monotonic() >= 120


async def test_what_does_not_arrive_is_told_after_ten_minutes_and_never_shows_the_url(
    caplog: pytest.LogCaptureFixture,
) -> None:
    office = Office()
    office.watch.connected = True
    alerts = office.controller.alerts
    with caplog.at_level(logging.DEBUG, logger="bot"):
        async with Watchman().up() as outside, httpx.AsyncClient() as http:
            outside.status = 404
            beating = heart(office, outside.url)
            for _ in range(10):
                await beating.beat(http)
                await office.clock.turn(60)
            assert not office.messages
            await beating.beat(http)
            await beating.beat(http)
            (group,) = alerts.pipeline.open()
            assert (group.code, group.severity, group.pushes) == ("beat.failed", "P3", 1)
            outside.status = 200
            await beating.beat(http)
            assert group.id not in {one.id for one in alerts.pipeline.open() if one.clears_at is None}
        async with httpx.AsyncClient() as http:
            await beating.beat(http)  # nobody listens any more
    assert "answer 404" in caplog.text
    assert "ConnectError" in caplog.text
    assert "answer 404" in " ".join(" ".join(m.card.lines) for m in office.messages if m.chat == OPS)
    assert KEY not in caplog.text + str(office.messages)


async def test_doctor_looks_whether_it_answers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with Watchman().up() as outside:
        vault = Vault({"HEARTBEAT_URL": outside.url}, ())
        settings = Settings(home=tmp_path, chat=ChatSettings(heartbeat="env:HEARTBEAT_URL"), vault=vault)
        assert await doctor(settings) == 0
        outside.status = 500
        assert await doctor(settings) == 1
    assert await doctor(Settings(home=tmp_path)) == 0
    said = capsys.readouterr().out
    assert "ok  heartbeat: answers" in said
    assert "!!  heartbeat: no answer (answer 500)" in said
    assert KEY not in said


def test_the_url_is_a_secret(tmp_path: Path) -> None:
    desk = tmp_path / "desk.toml"
    for written, environ in (
        (f"https://hc.example/{KEY}", {}),
        ("env:NOWHERE", {}),
        ("env:URL", {"URL": KEY}),
    ):
        desk.write_text(f'[chat]\nheartbeat = "{written}"\n', encoding="utf-8")
        settings = read_settings(desk, home=tmp_path, environ=environ)
        with pytest.raises(ConfigError) as error:
            _ = settings.heartbeat
        assert KEY not in str(error.value)
    desk.write_text('[chat]\nheartbeat = "env:URL"\nheartbeat_s = 2\n', encoding="utf-8")
    with pytest.raises(ConfigError, match="heartbeat_s"):
        read_settings(desk, home=tmp_path, environ={})
