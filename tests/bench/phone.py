"""A busy bot beside the engine: the true one, which shows every copy and is asked all the time.

On the console somebody asks ten times a second. On the platforms, which run here too and enforce their limits, somebody asks in
private every few seconds, and looks for the answer.
"""

import asyncio
import itertools
import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bot.app import SystemClock, run
from bot.chats.console import Console, Options
from bot.chats.console.screen import USER
from bot.config import Settings
from bot.core.access import Grant, Person, Role
from bot.storage.database import Database
from bot.storage.people import PeopleStore
from engine.api.secret import Vault
from tests.bot.discord import server as discord
from tests.bot.telegram import server as telegram

LINES = ("/status", "/positions", "/accounts", "/copies", "/risk", "/health")
PAUSE = "wait 0.1s"
CONSOLE, CHATS = "console", "chats"
PLATFORMS = ("telegram", "discord")
ANSWERS = {"/accounts": "ACCOUNTS", "/risk": "NEAREST LIMITS", "/health": "HEALTH", "/orders": "ORDERS"}
LUIS = Person(id="luis", name="Luis", grants=(Grant(role=Role.OWNER),))
NUMBER = 11  # Luis on Telegram
EVERY_S = (2.0, 4.0)  # seconds between two commands on a platform, which takes one message a second in such a chat
START_S = 1.0
PATIENCE_S = 10.0


def file_of(home: str, name: str = CONSOLE) -> Path:
    """Where the times of a platform are kept."""
    return Path(home) / f"replies-{name}"


def replies(home: str, name: str = CONSOLE) -> list[float]:
    """Seconds from each command to its first answer."""
    return [float(line) for line in file_of(home, name).read_text(encoding="ascii").split()]


def lines(replies: Path) -> Iterator[str]:
    """Commands for ever; the console asks for the next line when the answer of the last was shown."""
    yield "wait engine"
    with replies.open("w", encoding="ascii") as out:
        for line in itertools.cycle(LINES):
            began = time.perf_counter()
            yield line
            out.write(f"{time.perf_counter() - began:.6f}\n")
            out.flush()
            yield PAUSE


async def console(home: str) -> None:
    """Ask at the desk's own computer."""
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:  # noqa: ASYNC230  nothing is read of it
        clock = SystemClock()
        screen = Console(Options(), clock, script=lines(file_of(home)), writing=nowhere)
        await run(Settings(home=Path(home)), console=screen, clock=clock)


async def chats(home: str) -> None:
    """Ask on both platforms."""
    there, here = telegram.TelegramServer(is_strict=True), discord.Server()
    there.room(NUMBER)
    vault = Vault({"TELEGRAM_TOKEN": telegram.TOKEN, "DISCORD_TOKEN": discord.TOKEN}, ())
    async with there.serve(), here.serve():
        urls = {"base_url": here.base_url, "gateway_url": here.gateway_url}
        tables: dict[str, dict[str, Any]] = {
            "telegram": {"token": "env:TELEGRAM_TOKEN", "base_url": there.url},
            "discord": {"token": "env:DISCORD_TOKEN", "guild": discord.GUILD, **urls},
        }
        settings = Settings(home=Path(home), chats=tables, vault=vault)
        _pair(settings)
        async with asyncio.TaskGroup() as group:
            group.create_task(run(settings, is_headless=True, clock=SystemClock()))
            await here.until(lambda: here.sockets)
            mine = here.dm(discord.LUIS)["id"]
            await asyncio.sleep(START_S)
            group.create_task(_ask(file_of(home, "telegram"), _on_telegram(there)))
            group.create_task(_ask(file_of(home, "discord"), _on_discord(here, int(mine))))


def _pair(settings: Settings) -> None:
    base, now = Database(settings.database), SystemClock().now()
    store = PeopleStore(base)
    store.add(LUIS, USER, now)
    for identity in (f"telegram:{NUMBER}", f"discord:{discord.LUIS}"):
        store.link(identity, LUIS.id, LUIS.name, now)
    base.close()


async def _ask(replies: Path, ask: Callable[[str, str], Any]) -> None:
    chance = random.Random(7)
    with replies.open("w", encoding="ascii") as out:
        for line, answer in itertools.cycle(ANSWERS.items()):
            began = time.perf_counter()
            await ask(line, answer)
            took = time.perf_counter() - began
            out.write(f"{took:.6f}\n")
            out.flush()
            await asyncio.sleep(chance.uniform(*EVERY_S))


def _on_telegram(server: telegram.TelegramServer) -> Callable[[str, str], Any]:
    room = server.rooms[NUMBER]

    async def ask(line: str, answer: str) -> None:
        before = max(room.posts, default=0)
        server.say(NUMBER, NUMBER, line)
        await server.until(lambda: any(post.number > before and answer in post.text for post in room.bots), PATIENCE_S)

    return ask


def _on_discord(server: discord.Server, channel: int) -> Callable[[str, str], Any]:
    async def ask(line: str, answer: str) -> None:
        before = len(server.posts)
        await server.write(line, discord.LUIS)
        await server.until(
            lambda: any(post.channel == channel and answer in post.text for post in server.posts[before:])
        )

    return ask


if __name__ == "__main__":
    asyncio.run({CONSOLE: console, CHATS: chats}[sys.argv[2]](sys.argv[1]))
