"""A whole bot on a Telegram on loopback: the true app, library and sockets, an engine's double, people with rights."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bot.app import SystemClock, run
from bot.config import Settings
from bot.core.access import Grant, Person, Role, Room, RoomKind
from bot.core.chat import ACK_SIGN
from bot.storage.audit import AuditStore
from bot.storage.database import Database
from bot.storage.people import PeopleStore
from engine.api.secret import Vault
from tests.bot.double import AT, EngineDouble
from tests.bot.double import TOKEN as ENGINE_TOKEN
from tests.bot.telegram.server import TOKEN, Post, TelegramServer

LUIS, EVE, STRANGER = 11, 12, 13
GROUP, FOREIGN = -100500, -100600


class Desk:
    """The bot, its server and its engine."""

    def __init__(self, server: TelegramServer, engine: EngineDouble, home: Path) -> None:
        self.server = server
        self.engine = engine
        self.home = home
        self.task: asyncio.Task[int] | None = None

    def settings(self) -> Settings:
        table = {"token": "env:TELEGRAM_TOKEN", "base_url": self.server.url, "poll_s": 1, "patience_s": 2.0}
        return Settings(
            home=self.home,
            api=self.engine.url,
            token=ENGINE_TOKEN,
            chats={"telegram": table},
            vault=Vault({"TELEGRAM_TOKEN": TOKEN}, ()),
        )

    def people(self) -> None:
        base = Database(self.settings().database)
        store = PeopleStore(base)
        for user, name, role in ((LUIS, "Luis", Role.OWNER), (EVE, "Eve", Role.VIEWER)):
            store.add(Person(id=name.lower(), name=name, grants=(Grant(role=role),)), "local", AT)
            store.link(f"telegram:{user}", name.lower(), name, AT)
            self.server.room(user)
        for chat in (GROUP, FOREIGN):
            self.server.room(chat)
            store.bind(Room(chat=f"telegram:{chat}", kind=RoomKind.DESK), "local", AT)
        base.close()

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Desk"]:
        self.task = asyncio.create_task(run(self.settings(), is_headless=True, clock=SystemClock()))
        try:
            await self.server.until(lambda: self.server.offsets or (self.task is not None and self.task.done()))
            await self.engine.listened.wait()
            yield self
        finally:
            self.task.cancel()
            await asyncio.wait([self.task])

    async def ask(self, text: str, *, user: int = LUIS, chat: int = 0, **more: Any) -> Post:
        """Write, and wait for the answer."""
        self.server.room(chat or user)
        before = len(self.said(chat or user))
        self.server.say(chat or user, user, text, **more)
        await self.server.until(lambda: len(self.said(chat or user)) > before)
        return self.said(chat or user)[before]

    def said(self, chat: int) -> list[Post]:
        """What the bot said in a chat; its status card, which comes by itself, makes no noise."""
        return [post for post in self.server.rooms[chat].bots if not post.is_silent]

    async def silent(self, act: Any, chat: int = LUIS) -> None:
        """Do something, then prove by a later answer that it was passed over."""
        act()
        before = len(self.engine.sent)
        await self.ask("/health", chat=chat)
        assert len(self.engine.sent) == before

    async def press(self, post: Post, label: str, *, user: int = LUIS, chat: int = 0, data: str = "") -> str:
        """Press, and wait until the press was answered; what its box says."""
        query = self.server.press(chat or user, user, post, data or post.data(label))
        await self.server.until(lambda: query in self.server.boxes)
        return self.server.boxes[query]

    async def card(self, word: str) -> Post:
        room = self.server.rooms[GROUP]
        found = await self.server.until(lambda: [post for post in room.bots if word in post.text])
        return found[-1]  # type: ignore[no-any-return]  # a post

    async def answer(self, post: Post, text: str, *, is_eve: bool = False, times: int = 1) -> None:
        answered = self.server._face(self.server.rooms[GROUP], post)
        told = self.server.message(GROUP, EVE if is_eve else LUIS, text, reply_to_message=answered)
        first = self.server.tell(message=told)
        for _ in range(1, times):
            self.server.updates.append({"update_id": first, "message": told})

    async def thumb(self, post: Post, *, times: int = 1) -> None:
        self.server.rooms[GROUP].is_admin = True
        for _ in range(times):
            self.server.react(GROUP, LUIS, post.id, ACK_SIGN)

    async def shows(self, word: str) -> str:
        room = self.server.rooms[GROUP]
        found = await self.server.until(lambda: [post.text for post in room.bots if word in post.text], timeout_s=15.0)
        return str(found[-1])

    def audited(self) -> str:
        base = Database(self.settings().database)
        try:
            return AuditStore(base).csv()
        finally:
            base.close()


@asynccontextmanager
async def open_desk(home: Path) -> AsyncIterator[Desk]:
    """Everything up."""
    server, engine = TelegramServer(), EngineDouble()
    async with server.serve(), engine.serve():
        desk = Desk(server, engine, home)
        desk.people()
        async with desk.open():
            yield desk
