"""A whole bot in a Discord on loopback: the true app, library and sockets, an engine's double, people with rights."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pyotp

from bot.app import run
from bot.config import Settings
from bot.core.access import Grant, Person, Role, Room, RoomKind
from bot.core.chat import ACK_SIGN
from bot.runtime.controller import local_person
from bot.runtime.people.people import People
from bot.storage.audit import AuditStore
from bot.storage.database import Database
from bot.storage.people import PeopleStore
from engine.api.secret import Vault
from tests.bot.discord.scene import restored
from tests.bot.discord.server import CHANNEL, EVE, GUILD, LUIS, TOKEN, Play, Post, Server
from tests.bot.double import TOKEN as ENGINE_TOKEN
from tests.bot.double import EngineDouble
from tests.clock import HastyClock


class Desk:
    """The bot, its server and its engine."""

    def __init__(self, server: Server, engine: EngineDouble, home: Path) -> None:
        self.server = server
        self.engine = engine
        self.home = home
        self.clock = HastyClock()

    def settings(self) -> Settings:
        table = {
            "token": "env:DISCORD_TOKEN",
            "guild": GUILD,
            "base_url": self.server.base_url,
            "gateway_url": self.server.gateway_url,
            "patience_s": 2.0,
        }
        return Settings(
            home=self.home,
            api=self.engine.url,
            token=ENGINE_TOKEN,
            chats={"discord": table},
            vault=Vault({"DISCORD_TOKEN": TOKEN}, ()),
        )

    def people(self) -> None:
        base = Database(self.settings().database)
        store, now = PeopleStore(base), self.clock.now()
        for user, name, role in ((LUIS, "Luis", Role.OWNER), (EVE, "Eve", Role.VIEWER)):
            store.add(Person(id=name.lower(), name=name, grants=(Grant(role=role),)), "local", now)
            store.link(f"discord:{user}", name.lower(), name, now)
        store.bind(Room(chat=f"discord:{CHANNEL}", kind=RoomKind.DESK), "local", now)
        base.close()

    def code(self, name: str) -> str:
        """What ``lockstep pair`` prints."""
        base = Database(self.settings().database)
        try:
            people = People(PeopleStore(base), self.clock, local_person("desk", "local"))
            return people.invite(name, Grant(role=Role.TRADER), "local")
        finally:
            base.close()

    def codes(self, who: str) -> pyotp.TOTP:
        """Give somebody one-time codes that are proven."""
        base = Database(self.settings().database)
        try:
            people, person = (
                People(PeopleStore(base), self.clock, local_person("desk", "local")),
                Person(id=who, name=who),
            )
            totp = pyotp.TOTP(people.new_secret(person).partition("secret=")[2].partition("&")[0])
            people.check_code(person, totp.at(self.clock.now()))
        finally:
            base.close()
        self.clock.shift = timedelta(seconds=60)
        return totp

    def audited(self) -> str:
        base = Database(self.settings().database)
        try:
            return AuditStore(base).csv()
        finally:
            base.close()

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Desk"]:
        task = asyncio.create_task(run(self.settings(), is_headless=True, clock=self.clock))
        try:
            await self.server.until(lambda: self.server.sockets or task.done())
            await self.engine.listened.wait()
            await self.server.until(lambda: any("COPYING" in one.text for one in self.server.posts))  # the board
            yield self
        finally:
            task.cancel()
            await asyncio.wait([task])

    async def slash(self, line: str, who: int = LUIS, **how: object) -> Post:
        """Type a command, and wait for what stands where the waiting line was."""
        play = await self.server.slash(line, who, **how)  # type: ignore[arg-type]  # what the server takes
        return await self.replied(play)

    async def replied(self, play: Play) -> Post:
        await self.server.until(lambda: not play.is_loading)
        assert play.original is not None
        return play.original

    async def press(self, label: str, post: Post, who: int = LUIS) -> Play:
        """Press, anew for as long as the card has only just changed."""
        while True:
            play = await self.server.press(label, who, post)
            if play.original is None or "just changed" not in play.original.text:
                return play

    async def write(self, text: str, who: int = LUIS) -> Post:
        """Write in private, and wait for the answer."""
        channel = int(self.server.dm(who)["id"])
        before = len(self.of_bot(channel))
        await self.server.write(text, who)
        await self.server.until(lambda: len(self.of_bot(channel)) > before)
        return self.of_bot(channel)[before]

    async def card(self, word: str) -> Post:
        await self.server.until(lambda: any(word in one.text for one in self.of_bot()))
        return [one for one in self.of_bot() if word in one.text][-1]

    async def answer(self, post: Post, text: str, *, is_eve: bool = False, times: int = 1) -> None:
        await self.server.reply(post.id, text, EVE if is_eve else LUIS, times=times)

    async def thumb(self, post: Post, *, times: int = 1) -> None:
        for _ in range(times):
            await self.server.react(post.id, ACK_SIGN)

    async def shows(self, word: str) -> str:
        return (await self.card(word)).text

    def of_bot(self, channel: int = CHANNEL) -> list[Post]:
        return [one for one in self.server.posts if one.channel == channel and one.author not in (LUIS, EVE, 5003)]


@asynccontextmanager
async def open_desk(home: Path) -> AsyncIterator[Desk]:
    """Everything up."""
    server, engine = Server(), EngineDouble()
    async with server.serve(), engine.serve(), restored():
        desk = Desk(server, engine, home)
        desk.people()
        async with desk.open():
            yield desk
        assert not server.broken
