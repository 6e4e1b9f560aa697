"""The welcome: which platforms are served, what is said of the others, and how long a code is reminded of."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.chats.console import Console, Options
from bot.config import ChatSettings, Settings
from bot.core.chat import Incoming, Pulse
from bot.runtime.controller import local_person
from bot.runtime.people.people import People
from bot.storage.database import Database
from bot.storage.owner import Owner, is_taken
from bot.storage.people import PeopleStore
from bot.welcome import Codes, welcome
from engine.api import ConfigError
from engine.api.secret import Vault
from tests.bot.discord.scene import Doorway, restored
from tests.bot.discord.server import GUILD, LUIS, Server
from tests.bot.discord.server import TOKEN as DISCORD_TOKEN
from tests.bot.telegram.server import TOKEN, TelegramServer
from tests.clock import HandClock

NOWHERE = "http://127.0.0.1:9"


class Arrival:
    """Both services, and somebody who has their tokens."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.clock = HandClock()
        self.telegram, self.discord = TelegramServer(), Server()
        self.told: list[str] = []
        self.tables: dict[str, dict[str, Any]] = {}

    def serve(self) -> None:
        urls = {"base_url": self.discord.base_url, "gateway_url": self.discord.gateway_url}
        self.tables = {
            "telegram": {"token": "env:TELEGRAM_TOKEN", "base_url": self.telegram.url},
            "discord": {"token": "env:DISCORD_TOKEN", **urls},
        }

    def settings(self) -> Settings:
        vault = Vault({"TELEGRAM_TOKEN": TOKEN, "DISCORD_TOKEN": DISCORD_TOKEN}, ())
        chats = {"console": {}, **self.tables}
        return Settings(home=self.home, chat=ChatSettings(name="Lea"), chats=chats, vault=vault)

    async def welcome(self, **how: Any) -> tuple[Settings, Codes]:
        self.told.clear()
        return await welcome(self.settings(), self.told.append, self.clock, **how)

    def people(self) -> People:
        return People(PeopleStore(Database(self.settings().database)), self.clock, local_person("Lea", "local"))

    def pair(self, platform: str, line: str) -> None:
        """As who writes what the line says."""
        code = line.split("pair ")[1].split(maxsplit=1)[0]
        incoming = Incoming(chat=f"{platform}:@{LUIS}", user=f"{LUIS}", at=self.clock.now(), is_private=True)
        assert self.people().pair(incoming, code).name == "Lea"


@asynccontextmanager
async def arrived(home: Path) -> AsyncIterator[Arrival]:
    arrival = Arrival(home)
    async with arrival.telegram.serve(), arrival.discord.serve(), restored():
        arrival.serve()
        yield arrival


async def test_each_platform_that_answers_has_a_line_with_its_bot_and_its_code(tmp_path: Path) -> None:
    async with arrived(tmp_path) as arrival:
        settings, codes = await arrival.welcome()
        mended, telegram, discord, rest = arrival.told
        assert mended.startswith(f"discord: guild = {GUILD} is used here")
        assert telegram.startswith("telegram: write  pair ")
        assert telegram.endswith("to @LockstepTestBot (https://t.me/LockstepTestBot)")
        assert discord.startswith("discord: write  pair ")
        assert "to lockstep (in the server Desk" in discord
        assert "10 minutes" in rest
        assert "/invite me" in rest
        assert set(settings.chats) == {"console", "telegram", "discord"}
        assert settings.chats["discord"]["guild"] == GUILD
        assert codes.unused(arrival.people(), arrival.clock) == (telegram, discord)
        assert TOKEN not in str(arrival.told)
        assert DISCORD_TOKEN not in str(arrival.told)


async def test_both_codes_are_one_persons_and_a_used_one_is_not_reminded_of(tmp_path: Path) -> None:
    async with arrived(tmp_path) as arrival:
        _, codes = await arrival.welcome()
        telegram, discord = (line for line in arrival.told if "pair" in line and ": write " in line)
        arrival.pair("telegram", telegram)
        assert codes.unused(arrival.people(), arrival.clock) == (discord,)
        arrival.pair("discord", discord)
        assert codes.unused(arrival.people(), arrival.clock) == ()
        (known,) = arrival.people().everybody()
        assert {identity for identity, _ in known.identities} == {f"telegram:{LUIS}", f"discord:{LUIS}"}


async def test_a_code_that_is_too_old_is_not_reminded_of(tmp_path: Path) -> None:
    async with arrived(tmp_path) as arrival:
        _, codes = await arrival.welcome()
        people = arrival.people()
        arrival.clock.jump(timedelta(minutes=10).total_seconds() - 1)
        assert len(codes.unused(people, arrival.clock)) == 2
        arrival.clock.jump(1)
        assert codes.unused(people, arrival.clock) == ()


async def test_a_platform_that_refuses_or_is_not_there_is_one_line_and_the_other_is_served(tmp_path: Path) -> None:
    async with arrived(tmp_path) as arrival:
        arrival.telegram.is_token_right = False
        settings, _ = await arrival.welcome()
        assert set(settings.chats) == {"console", "discord"}
        refused = [line for line in arrival.told if line.startswith("telegram")]
        assert refused == ["telegram is left out: the token is not accepted: put what @BotFather gave into .env"]
        arrival.telegram.is_token_right = True
        arrival.tables["discord"]["base_url"] = f"{NOWHERE}/api/v10"
        settings, _ = await arrival.welcome(is_headless=True)
        assert set(settings.chats) == {"console", "telegram"}
        away = [line for line in arrival.told if line.startswith("discord")]
        assert away == ["discord is left out: 127.0.0.1:9 does not answer (ClientConnectorError)"]
        assert "/invite me" not in arrival.told[-1]  # there is no console to write it on


async def test_a_bot_in_no_server_has_its_link_and_one_in_a_named_one_needs_no_more(tmp_path: Path) -> None:
    async with arrived(tmp_path) as arrival:
        del arrival.tables["telegram"]
        arrival.discord.out = True
        settings, codes = await arrival.welcome()
        (line,) = arrival.told
        assert line.startswith("discord is left out: the bot is in no server yet; let it in, then try again: https://")
        assert set(settings.chats) == {"console"}
        assert codes.unused(arrival.people(), arrival.clock) == ()
        assert arrival.people().everybody() == []
        arrival.discord.out = False
        arrival.tables["discord"]["guild"] = GUILD
        await arrival.welcome()
        assert arrival.told[0].startswith("discord: write  pair ")
        arrival.discord.permissions = 1 << 10
        settings, _ = await arrival.welcome()
        assert arrival.told[0].startswith("discord: it lacks ")  # what is written in private works without
        assert "discord" in settings.chats


async def test_without_a_terminal_and_a_platform_there_is_nothing_to_serve(tmp_path: Path) -> None:
    async with arrived(tmp_path) as arrival:
        del arrival.tables["discord"]
        arrival.telegram.is_token_right = False
        with pytest.raises(ConfigError, match="no platform can be served"):
            await arrival.welcome(is_headless=True)
        assert len(arrival.told) == 1


async def test_a_running_desks_bot_loses_none_of_what_is_written(tmp_path: Path) -> None:
    real = tmp_path / "real"
    assert not is_taken(real)
    assert not real.exists()
    owner = Owner(real)
    assert owner.take()
    async with arrived(tmp_path / "demo") as arrival:
        settings, _ = await arrival.welcome(beside=real)
        assert set(settings.chats) == {"console"}
        (line,) = arrival.told
        assert line.startswith("a desk is running on this computer")
        assert arrival.telegram.calls == []
        assert arrival.discord.calls == []
        owner.release()
        settings, _ = await arrival.welcome(beside=real)
        assert "telegram" in settings.chats


def test_the_console_shows_what_is_still_to_be_done_above_how_things_stand() -> None:
    class Door(Doorway):
        def pulse(self) -> Pulse:
            return Pulse(
                status=None, heard_s=None, connected=False, notes=("telegram: write  pair 4F7K-9QXD  to @bot",)
            )

    shown = Console(Options(), HandClock())._toolbar(Door())
    assert shown.splitlines() == [" telegram: write  pair 4F7K-9QXD  to @bot", " NO ENGINE · never heard"]
