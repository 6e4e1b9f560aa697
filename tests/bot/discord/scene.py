"""A Discord that listens, the adapter before it, and the settings of the library put back afterwards."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import discord.http
from discord.gateway import DiscordWebSocket

import bot.commands
from bot.app import SystemClock
from bot.chats.discord import Discord, Options
from bot.core.chat import Entry, Field, Incoming, Pulse
from bot.core.command import find_commands
from bot.core.menu import entries
from engine.api import LockstepError
from tests.bot.discord.server import BOT, CHANNEL, FOREIGN, GUILD, LUIS, TOKEN, Post, Server

MENU = entries(find_commands(bot.commands).values())


class Doorway:
    """A door that keeps what went through it."""

    def __init__(self) -> None:
        self.received: list[Incoming] = []
        self.answering: Any = None  # what answers an event, as a coroutine
        self.may: tuple[Entry, ...] = MENU

    def receive(self, incoming: Incoming) -> "asyncio.Future[None]":
        self.received.append(incoming)
        if self.answering is not None:
            return asyncio.ensure_future(self.answering(incoming))
        return asyncio.get_running_loop().create_future()  # never

    def menu(self, identity: str = "", chat: str = "") -> tuple[Entry, ...]:
        return self.may if identity else MENU

    def suggest(self, identity: str, chat: str, field: Field, text: str) -> list[str]:
        names = [f"ALPHA-{number}" for number in range(40)]
        return [f"{identity}|{chat}", *(name for name in names if text.upper() in name)]

    def pulse(self) -> Pulse:
        return Pulse(status=None, heard_s=None, connected=False)

    def complete(self, text: str) -> list[str]:
        return []

    def moved(self, old: str, new: str) -> None:
        return

    def is_bound(self, chat: str) -> bool:
        return True

    async def settle(self, what: str, timeout_s: float) -> bool:
        return True


class Scene:
    """A platform's adapter before its server, and a person who may write to it."""

    place = room = f"discord:{CHANNEL}"

    def __init__(self, server: Server, chat: Discord, door: Doorway) -> None:
        self.server = server
        self.chat = chat
        self.door = door
        self.task: asyncio.Task[int] | None = None

    @property
    def received(self) -> list[Incoming]:
        return self.door.received

    async def start(self) -> None:
        self.task = asyncio.ensure_future(self.chat.run(self.door))
        await self.server.until(lambda: self.chat._down is None)

    async def stop(self) -> None:
        if self.task is not None:
            self.task.cancel()
            with suppress(asyncio.CancelledError, LockstepError):
                await self.task
        for work in list(self.chat._works):
            work.cancel()

    def seen(self) -> list[Post]:
        return self.server.sees()

    async def heard(self, count: int) -> Incoming:
        """The next event that goes through the door."""
        await self.server.until(lambda: len(self.received) >= count)
        return self.received[-1]

    async def press(self, label: str) -> None:
        before = len(self.received)
        await self.server.press(label)
        await self.heard(before + 1)

    async def hear(self, count: int = 1) -> list[Incoming]:
        await self.heard(count)
        return self.received

    async def reply(self, post: str, text: str) -> None:
        await self.server.reply(post, text)

    async def react(self, post: str, emoji: str, *, is_bot: bool = False, is_back: bool = False) -> None:
        await self.server.react(post, emoji, BOT if is_bot else LUIS, is_back=is_back)

    async def odd(self) -> list[str]:
        """Every way that must not act."""
        text, before = "<@900> /flatten all", len(self.received)
        author = {"id": "77", "username": "hook", "discriminator": "0000", "avatar": None}
        await self.server.write(text, channel=CHANNEL, webhook_id="77", author=author, member=None)
        await self.server.write(text, channel=CHANNEL, author={**author, "bot": True})
        await self.server.write(text, channel=CHANNEL, guild_id=f"{FOREIGN}")
        await self.server.slash("flatten scope=all", guild=FOREIGN, waits=False)
        await self.server.slash("flatten scope=all", is_user_install=True, waits=False)
        await self.server.slash("flatten scope=all", context=2, waits=False)
        names = ["webhook", "bot", "foreign", "foreign slash", "user-install", "group"]
        await self.heard(before + len(names))
        return names

    def threads(self) -> dict[str, tuple[str, bool, list[str]]]:
        return {
            f"discord:{number}": (
                kept["name"],
                kept["archived"],
                [post.text.strip() for post in self.server.posts if post.channel == number],
            )
            for number, kept in self.server.threads.items()
        }

    async def drop(self, thread: str) -> None:
        self.server.delete_thread(int(thread.partition(":")[2]))

    async def forbid(self) -> None:
        self.server.permissions &= ~(1 << 35)

    async def forget(self, post: str) -> None:
        self.server.posts = [one for one in self.server.posts if one.id != post]

    async def limit(self) -> None:
        from tests.bot.discord.server import Refusal

        self.server.faults.append(Refusal(429, 0, "You are being rate limited.", **{"Retry-After": "2"}))

    async def put_out(self) -> None:
        self.server.out = True

    async def swallow(self) -> None:
        self.server.swallowing = True


def options(server: Server, **more: Any) -> Options:
    found: dict[str, Any] = {
        "token": TOKEN,
        "guild": GUILD,
        "base_url": server.base_url,
        "gateway_url": server.gateway_url,
        "patience_s": 2.0,
    }
    return Options(**{**found, **more})


@asynccontextmanager
async def restored() -> AsyncIterator[None]:
    base, gateway = discord.http.Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    try:
        yield
    finally:
        discord.http.Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = base, gateway


@asynccontextmanager
async def stage_of(server: Server | None = None, clock: Any = None, **more: Any) -> AsyncIterator[Scene]:
    """Connected and ready."""
    server = server or Server()
    async with server.serve(), restored():
        scene = Scene(server, Discord(options(server, **more), clock or SystemClock()), Doorway())
        try:
            await scene.start()
            yield scene
        finally:
            await scene.stop()


__all__ = ["CHANNEL", "LUIS", "Doorway", "Scene", "options", "restored", "stage_of"]
