"""A bot that is killed the moment a platform has made an alert's place: after the next start its lines stand there."""

import asyncio
import os
import sys
from asyncio.subprocess import Process
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from engine.api import Notice, Severity
from tests.bot.both import DESKS, Both
from tests.bot.discord import server as discord
from tests.bot.discord.scene import restored
from tests.bot.double import TOKEN
from tests.bot.telegram import server as telegram


class Bot:
    """The bot as a process of its own, with nothing but its settings file."""

    def __init__(self, both: Both) -> None:
        self._both = both
        self._process: Process | None = None
        self.due = {"telegram", "discord"}  # where the next place that is made ends it

    async def start(self) -> None:
        tables = self._both.settings().chats.items()
        lines = [
            f"[{name}]\n" + "".join(f"{key} = {value!r}\n" for key, value in table.items()) for name, table in tables
        ]
        desk = self._both.home / "desk.toml"
        desk.write_text("\n".join(lines), encoding="utf-8")
        command = ("-m", "bot", "--home", str(self._both.home), "--desk", str(desk), "--headless")
        secrets = {"TELEGRAM_TOKEN": telegram.TOKEN, "DISCORD_TOKEN": discord.TOKEN, "LOCKSTEP_TOKEN": TOKEN}
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, *command, env={**os.environ, **secrets, "LOCKSTEP_API": self._both.engine.url}
        )

    def made(self, platform: str) -> None:
        """A platform has made a place, and has not answered yet."""
        if platform in self.due and self._process is not None:
            self.due.remove(platform)
            self._process.kill()

    async def ended(self) -> None:
        assert self._process is not None
        await self._process.wait()

    async def kill(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
        await self.ended()


def after(made: Callable[..., Any], told: Callable[[], None]) -> Callable[..., Any]:
    """The same, told about at once."""

    def make(*args: Any) -> Any:
        found = made(*args)
        told()
        return found

    return make


async def test_killed_when_a_place_was_made_no_line_is_lost_and_no_third_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = Both(tmp_path, is_strict=False, rooms=DESKS)
    bot = Bot(both)
    monkeypatch.setattr(
        both.telegram,
        "_create_forum_topic",
        after(both.telegram._create_forum_topic, lambda: bot.made("telegram")),
    )
    monkeypatch.setattr(both.discord, "start_thread", after(both.discord.start_thread, lambda: bot.made("discord")))
    async with asyncio.timeout(60), both.telegram.serve(), both.discord.serve(), both.engine.serve(), restored():
        both.people()
        try:
            await bot.start()
            await both.engine.listened.wait()
            now = datetime.now(UTC)
            both.engine.tell(Notice(seq=0, at=now, code="eng.guard", severity=Severity.P1, account="ALPHA", text="!"))
            while bot.due:
                await bot.ended()
                await bot.start()
            await both.until(lambda: both.said("fired P1 !"))
            assert 1 <= len(both.topics()) <= 2
            assert len(both.threads()) == 1  # Discord knows the thread of a message
            assert len([post for post in both.group.bots if "GUARD FAILED" in post.text and post.thread is None]) == 1
        finally:
            await bot.kill()
