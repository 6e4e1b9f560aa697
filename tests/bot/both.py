"""A whole bot on Telegram and Discord at once: the true app, libraries and sockets, an engine's double; minutes leapt over.

Both services count by the loop's time and keep when each card was asked of them, refused or not.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import web
from sqlalchemy import select

from bot.app import run
from bot.config import ChatSettings, Settings
from bot.core.access import Grant, Person, Role, Room, RoomKind
from bot.storage.alert import AlertStore
from bot.storage.database import Database
from bot.storage.people import PeopleStore
from bot.storage.table import OUTBOX
from engine.api import Notice, Severity
from engine.api.secret import Vault
from tests.bot.discord import server as discord
from tests.bot.discord.limit import Limit
from tests.bot.discord.scene import restored
from tests.bot.double import TOKEN as ENGINE_TOKEN
from tests.bot.double import EngineDouble
from tests.bot.telegram import server as telegram
from tests.leap import LeapClock

SILENT = 1 << 12
GROUP, TRADES = -100500, 7  # a group of Telegram, and its topic for trades
PEOPLE = {
    "Luis": (Role.OWNER, 11, discord.LUIS),
    "Ana": (Role.RISK, 12, discord.EVE),
    "Ben": (Role.RISK, 13, 5004),
    "Vera": (Role.VIEWER, 14, 5005),
}
ROOMS = {
    f"telegram:{GROUP}": (RoomKind.DESK, "P3"),
    f"telegram:{GROUP}/{TRADES}": (RoomKind.TEAM, "P4"),
    f"discord:{discord.CHANNEL}": (RoomKind.DESK, "P3"),
    f"discord:{discord.OTHER}": (RoomKind.TEAM, "P4"),
}
DESKS = {chat: told for chat, told in ROOMS.items() if told[0] is RoomKind.DESK}  # one room on each platform


class Attempt:
    """One card that a service was asked to show or to change."""

    def __init__(self, at: float, chat: str, text: str, *, is_edit: bool, is_silent: bool) -> None:
        self.at, self.chat, self.text, self.is_edit, self.is_silent = at, chat, text, is_edit, is_silent

    def __repr__(self) -> str:
        return f"{self.at:.2f} {self.chat} {'edit' if self.is_edit else 'send'} {self.text[:60]!r}"


class CountedTelegram(telegram.TelegramServer):
    """Keeps each attempt, also one that is refused."""

    def __init__(self, tries: list[Attempt], **how: Any) -> None:
        super().__init__(**how)
        self.tries = tries
        self.storm: tuple[float, frozenset[int], int | None] = (0.0, frozenset(), 1)  # until when, where, retry_after

    async def _answer(self, method: str, args: dict[str, Any]) -> Any:
        if method in telegram.SENDS | telegram.EDITS:
            text = re.sub(r"<[^>]+>", "", str(args.get("text", args.get("caption", ""))))
            thread = f"/{args['message_thread_id']}" if args.get("message_thread_id") else ""
            mark = "@" if int(args["chat_id"]) > 0 else ""
            self.tries.append(
                Attempt(
                    self.monotonic(),
                    f"telegram:{mark}{args['chat_id']}{thread}",
                    text,
                    is_edit=method in telegram.EDITS,
                    is_silent=args.get("disable_notification") == "true",
                )
            )
            until, chats, after = self.storm
            if self.monotonic() < until and (not chats or int(args["chat_id"]) in chats):
                more = {} if after is None else {"retry_after": after}
                raise telegram.RefusedError(429, "Too Many Requests: retry later", **more)
        return await super()._answer(method, args)


class CountedDiscord(discord.Server):
    """Keeps each attempt, also one that is refused."""

    def __init__(self, tries: list[Attempt], limit: Limit) -> None:
        super().__init__(limit=limit, deadline_s=3.0)
        self.tries = tries

    async def body(self, request: web.Request) -> Any:
        body = await super().body(request)
        parts = request.match_info["path"].split("/")
        if parts[0] == "channels" and "messages" in parts[2:3] and "components" in body:
            texts = [one["content"] for one in discord.walk(body["components"]) if one["type"] == 10]
            self._tried(int(parts[1]), texts, body, is_edit=request.method == "PATCH")
        return body

    def _tried(self, channel: int, texts: list[str], body: dict[str, Any], *, is_edit: bool) -> None:
        owner = next((who for who, alone in self.dms.items() if alone == channel), 0)
        self.tries.append(
            Attempt(
                self.limit.monotonic(),
                f"discord:@{owner}" if owner else f"discord:{channel}",
                discord.words("\n".join(texts)),
                is_edit=is_edit,
                is_silent=bool(body.get("flags", 0) & SILENT),
            )
        )


class Both:
    """The services, the engine, the bot and its people."""

    def __init__(self, home: Path, *, is_strict: bool = True, rooms: dict[str, tuple[RoomKind, str]] = ROOMS) -> None:
        self.home, self.rooms, self.chat = home, rooms, ChatSettings()
        self.clock = LeapClock()
        self.tries: list[Attempt] = []
        self.telegram = CountedTelegram(
            self.tries,
            is_strict=is_strict,
            monotonic=self.clock.monotonic,
            wall=lambda: self.clock.now().timestamp(),
        )
        self.discord = CountedDiscord(self.tries, Limit(self.clock.monotonic, is_strict=is_strict))
        self.engine = EngineDouble()
        self.told: dict[str, tuple[float, Severity]] = {}  # by account: when the engine told, and how grave
        self.bot: asyncio.Task[int] | None = None

    def settings(self) -> Settings:
        """As desk.toml would have them."""
        urls = {"base_url": self.discord.base_url, "gateway_url": self.discord.gateway_url}
        tables = {
            "telegram": {"token": "env:TELEGRAM_TOKEN", "base_url": self.telegram.url},
            "discord": {
                "token": "env:DISCORD_TOKEN",
                "guild": discord.GUILD,
                "deaf_s": 1e9,
                **urls,
            },  # its beats take the world's time
        }
        vault = Vault({"TELEGRAM_TOKEN": telegram.TOKEN, "DISCORD_TOKEN": discord.TOKEN}, ())
        return Settings(
            home=self.home, chat=self.chat, api=self.engine.url, token=ENGINE_TOKEN, chats=tables, vault=vault
        )

    def database(self) -> Database:
        """The bot's."""
        return Database(self.settings().database)

    def people(self, **more: Any) -> None:
        """Everybody on both platforms; Ana on call, Ben her deputy; rooms by what is told there."""
        base = self.database()
        store, now = PeopleStore(base), self.clock.now()
        known = {}
        for name, (role, here, there) in PEOPLE.items():
            known[name] = Person(id=name.lower(), name=name, grants=(Grant(role=role),))
            store.add(known[name], "local", now)
            store.link(f"telegram:{here}", name.lower(), name, now)
            store.link(f"discord:{there}", name.lower(), name, now)
            self.telegram.room(here)
        topics = (int(chat.partition("/")[2]) for chat in self.rooms if chat.startswith(f"telegram:{GROUP}/"))
        self.telegram.room(GROUP, "supergroup", *topics)
        self.group.is_forum = True
        for chat, (kind, floor) in self.rooms.items():
            store.bind(Room(chat=chat, kind=kind, floor=floor, **more), "local", now)
        for rank, name in enumerate(("Ana", "Ben")):
            AlertStore(base).set_oncall(rank, known[name], known["Luis"], now)
        base.close()

    async def start(self) -> None:
        """The bot, until both services and the engine hear it."""
        self.engine.listened.clear()
        sockets = len(self.discord.identifies)
        self.bot = asyncio.create_task(run(self.settings(), is_headless=True, clock=self.clock))
        await self.until(lambda: len(self.discord.identifies) > sockets and self.telegram.offsets)
        await self.engine.listened.wait()

    async def stop(self) -> None:
        """End it, as a kill does: nothing more is written."""
        if self.bot is not None:
            self.bot.cancel()
            await asyncio.wait([self.bot])
            self.bot = None

    async def until(self, holds: Any, patience_s: float = 60.0) -> None:
        """Until something is so, by the loop's time."""
        async with asyncio.timeout(patience_s):
            while not holds():
                if self.bot is not None and self.bot.done():
                    self.bot.result()
                await asyncio.sleep(0.02)

    def tell(self, code: str, severity: Severity, account: str | None, **more: Any) -> None:
        """The engine tells of something."""
        self.told[account or code] = (self.clock.monotonic(), severity)
        fields = {"seq": 0, "at": self.clock.now(), "code": code, "severity": severity, "account": account}
        self.engine.tell(Notice(**{**fields, "text": f"{account} {code}", **more}))

    def texts(self, chat: str) -> list[str]:
        """What stands in a chat, oldest first."""
        platform, _, rest = chat.partition(":")
        if platform == "telegram":
            number, _, thread = rest.removeprefix("@").partition("/")
            posts = self.telegram.rooms[int(number)].bots
            return [post.text for post in posts if post.thread == (int(thread) if thread else None)]
        channel = int(rest) if rest.isdigit() else self.discord.dms.get(int(rest[1:]), 0)
        return [post.text.strip() for post in self.discord.posts if post.channel == channel]

    @property
    def group(self) -> telegram.Room:
        """The group on Telegram."""
        return self.telegram.rooms[GROUP]

    def cards(self, title: str, word: str = "") -> tuple[telegram.Post | None, discord.Post | None]:
        """The newest card that has this title and says so, on each platform, places of alerts left out."""
        ours = [post for post in self.group.bots if not self.group.names.get(post.thread or 0, "").startswith("A-")]
        theirs = [post for post in self.discord.posts if post.channel == discord.CHANNEL]
        here, there = (
            (post for post in reversed(posts) if title in post.text.strip().split("\n")[0] and word in post.text)
            for posts in (ours, theirs)
        )
        return next(here, None), next(there, None)

    def topics(self) -> dict[int, list[str]]:
        """Lines by topic of the group."""
        return {
            number: [one for post in self.group.bots if post.thread == number for one in post.text.split("\n")]
            for number in self.group.threads
        }

    def threads(self) -> dict[int, list[str]]:
        """Lines by thread on Discord."""
        return {
            number: [
                one for post in self.discord.posts if post.channel == number for one in post.text.split("\n") if one
            ]
            for number in self.discord.threads
        }

    def said(self, *words: str) -> bool:
        """Say whether some line of a thread says all of this, on both platforms."""
        return all(
            any(all(word in line for word in words) for lines in found.values() for line in lines)
            for found in (self.topics(), self.threads())
        )

    def history(self, number: int) -> list[str]:
        """What was kept of an alert, by kind."""
        base = self.database()
        try:
            return [line.kind for line in AlertStore(base).history(number)]
        finally:
            base.close()

    def waiting(self) -> list[tuple[str, str]]:
        """Chat and state of everything that is not shown: late, given up, not known."""
        base = self.database()
        try:
            with base.begin() as connection:
                found = connection.execute(select(OUTBOX.c.chat, OUTBOX.c.state).where(OUTBOX.c.state != "sent"))
                return [(row.chat, row.state) for row in found]
        finally:
            base.close()

    def first(self, name: str, platform: str) -> Attempt | None:
        """The first time that a service was asked to show a card that names this."""
        tries = (one for one in self.tries if one.chat.startswith(platform) and name in one.text)
        return next(tries, None)


@asynccontextmanager
async def opened(
    home: Path,
    *,
    is_strict: bool = True,
    with_bot: bool = True,
    rooms: dict[str, tuple[RoomKind, str]] = ROOMS,
    chat: ChatSettings | None = None,
    **room: Any,
) -> AsyncIterator[Both]:
    """Everything up; ``room`` is what every room is besides."""
    both = Both(home, is_strict=is_strict, rooms=rooms)
    both.chat = chat or both.chat
    async with both.telegram.serve(), both.discord.serve(), both.engine.serve(), restored():
        both.people(**room)
        try:
            if with_bot:
                await both.start()
            yield both
        finally:
            await both.stop()
