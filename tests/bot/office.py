"""An office: the whole controller in memory, with people on two platforms and an engine's double; time turned by hand."""

import asyncio
from base64 import b64encode
from collections.abc import Coroutine, Iterable
from datetime import UTC, timedelta
from typing import Any

import pyotp
from msgspec.structs import replace
from sqlalchemy import Connection

import bot.commands
from bot.core.access import Grant, Person, Role, Room, RoomKind
from bot.core.card import Card, plain
from bot.core.chat import Incoming, Message, Sign
from bot.core.command import Command, find_commands
from bot.runtime.controller import Controller
from bot.runtime.desk.watch import Watch
from bot.runtime.lasting import once
from bot.runtime.people.audience import Audience
from bot.runtime.people.people import People
from bot.storage.audit import AuditStore
from bot.storage.database import Database
from bot.storage.outbox import OutboxStore
from bot.storage.people import PeopleStore
from engine.api import ActAsk, ActView, ReportView, RiskView
from tests.bot.double import EngineDouble
from tests.clock import HandClock

LOCAL = Person(id="local", name="Desk", grants=(Grant(role=Role.OWNER),))
LUIS = Person(id="luis", name="Luis", grants=(Grant(role=Role.OWNER),))
EVE = Person(id="eve", name="Eve", grants=(Grant(role=Role.VIEWER),))
ROOT = Person(id="root", name="Root", grants=(Grant(role=Role.ADMIN),))
TESS = Person(id="tess", name="Tess", grants=(Grant(role=Role.TRADER),))
ANA = Person(id="ana", name="Ana", grants=(Grant(role=Role.RISK),))
DESK, TEAM, OPS = "tg:-1", "tg:-2", "dc:-3"


class Direct:
    """The double without sockets, in the shape of the client. ``silence`` is what asking comes to; ``hangs`` answers nobody."""

    def __init__(self, double: EngineDouble) -> None:
        self.double = double
        self.silence: Exception | None = None
        self.hangs = False

    async def _met(self) -> None:
        if self.hangs:
            await asyncio.Event().wait()
        if self.silence is not None:
            raise self.silence

    async def accounts(self, scope: str = "all") -> Any:
        await self._met()
        return tuple(view for alias, view in self.double.accounts.items() if scope == "all" or alias in scope)

    async def account(self, alias: str) -> Any:
        await self._met()
        return self.double.accounts[alias]

    async def status(self, scope: str = "all") -> Any:
        await self._met()
        return self.double.status()

    async def risk(self, scope: str = "all") -> Any:
        await self._met()
        return self.double.risk or RiskView(limits=())

    async def preview(self, ask: ActAsk) -> Any:
        await self._met()
        return self.double.preview(ask)

    async def send(self, ask: ActAsk) -> ActView:
        await self._met()
        return self.double.order(ask)

    async def held(self, scope: str = "all") -> Any:
        return tuple(self.double.held)

    async def pnl(self, scope: str = "all") -> Any:
        return self.double.pnl()

    async def curve(self, days: int = 1, scope: str = "all") -> Any:
        await self._met()
        named = set(scope.split(","))
        return tuple(one for one in self.double.curves if scope == "all" or one.account in named)

    async def copies(self, limit: int = 10, scope: str = "all", failed: bool = False) -> Any:
        return tuple(self.double.copies[:limit])

    async def report(self, day: str = "", files: bool = False) -> Any:
        await self._met()
        found = {name: b64encode(body).decode() for name, body in self.double.files.items()}
        return ReportView(
            text="Lockstep · 23 Nov",
            files=found if files else {},
            lines=self.double.figures,
            holiday=self.double.holiday,
        )

    async def news(self, days: int = 1, scope: str = "all") -> Any:
        await self._met()
        return self.double.news

    async def health(self) -> Any:
        await self._met()
        return self.double._health()

    async def desync(self, scope: str = "all") -> Any:
        return self.double.desync


class Office:
    """A controller with its surroundings in memory. ``solo`` leaves Luis alone on the desk."""

    def __init__(
        self, *, live: bool = False, solo: bool = False, database: Database | None = None, **commands: Command
    ) -> None:
        self.clock = HandClock()
        self.double = EngineDouble()
        self.double.proves = False
        self.direct = Direct(self.double)
        if live:
            self.double.accounts = {n: replace(view, live=True) for n, view in self.double.accounts.items()}
        self.messages: list[Message] = []
        self.lines: list[Message] = []  # of those that have a place beside their card
        self.marks: list[tuple[str, str, Sign]] = []
        self.database = database or Database("sqlite://")
        self.store = PeopleStore(self.database)
        self.audit = AuditStore(self.database)
        self.people = People(self.store, self.clock, LOCAL)
        for person in (LUIS,) if solo else (LUIS, EVE, ROOT, TESS, ANA):
            self.store.add(person, "local", self.clock.now())
            for platform in ("tg", "dc"):
                self.store.link(f"{platform}:{person.id}", person.id, person.name, self.clock.now())
        for chat, kind in ((DESK, RoomKind.DESK), (TEAM, RoomKind.TEAM), (OPS, RoomKind.OPS)):
            self.store.bind(Room(chat=chat, kind=kind), "local", self.clock.now())
        self.commands = {**find_commands(bot.commands), **commands}
        self.controller = self.build()

    def build(self) -> Controller:
        """The controller anew, as after a restart."""
        engine: Any = self.direct

        self.watch = Watch(engine, self.clock, lambda: None)

        def start(work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
            return asyncio.get_running_loop().create_task(once(work))

        self.audience = Audience(self.people, has_console=True)
        self.controller = Controller(
            engine=engine,
            database=self.database,
            people=self.people,
            audience=self.audience,
            show=self.show,
            watch=self.watch,
            mail=self,
            clock=self.clock,
            zone=UTC,
            commands=self.commands,
            start=start,
            mark=self.mark,
        )
        return self.controller

    async def mark(self, chat: str, post: str, sign: Sign) -> None:
        self.marks.append((chat, post, sign))

    async def show(self, message: Message) -> None:
        self.messages.append(message)

    def keep(self, messages: Iterable[Message], connection: Connection | None = None) -> list[Message]:
        assert connection is not None  # a card of an alert is stored with it
        return [*messages]

    def release(self, kept: Iterable[Message]) -> None:
        for message in kept:
            (self.messages if message.thread is None else self.lines).append(message)

    @property
    def shown(self) -> list[Card]:
        return [message.card for message in self.messages]

    async def say(
        self, text: str = "", *, who: str = "luis", chat: str = "", handle: str = "", late_s: float = 0, **more: Any
    ) -> str:
        """What is answered there, as plain text; empty for silence."""
        at = self.clock.now() - timedelta(seconds=late_s)
        chat = chat or f"tg:@{who}"
        before = len(self.messages)
        incoming = Incoming(
            chat=chat, user=who, at=at, text=text, handle=handle, is_private="@" in chat, name=who, **more
        )
        await self.controller.dispatcher.receive(incoming)
        said = [message for message in self.messages[before:] if message.chat == chat]
        new = [message.card for message in said if not message.only_edits]
        return "\n".join(line for card in new for line in plain(card)).replace("\n ", " ")

    async def local(self, text: str = "", *, handle: str = "") -> str:
        """The same at the desk's own computer."""
        return await self.say(text, who="local", chat="console:desk", handle=handle)

    def post(self, word: str, chat: str) -> str:
        """The platform's number of the newest message there whose title holds a word."""
        found = [
            (number, one) for number, one in enumerate(self.messages) if one.chat == chat and word in one.card.title
        ]
        number, message = found[-1]
        rows = OutboxStore(self.database)
        rows.shown(rows.put(message, chat.partition(":")[0], self.clock.now()), f"{number}", "", self.clock.now())
        return f"{number}"

    def handle(self, key: str, chat: str = "") -> str:
        """The newest button with this key, in a chat where one is named."""
        return next(
            action.handle
            for message in reversed(self.messages)
            if not chat or message.chat == chat
            for action in message.card.actions
            if action.key == key
        )

    def codes(self, who: str) -> pyotp.TOTP:
        """Give somebody one-time codes that are proven."""
        address = self.people.new_secret(Person(id=who, name=who))
        totp = pyotp.TOTP(address.partition("secret=")[2].partition("&")[0])
        self.people.check_code(Person(id=who, name=who), totp.at(self.clock.now()))
        self.clock.jump(60)
        return totp

    def totp(self, who: str) -> pyotp.TOTP:
        """What an authenticator app shows that has somebody's secret."""
        secret = self.store.secret(who)
        assert secret is not None
        return pyotp.TOTP(secret[0])

    def restrict(self, who: str, scope: str) -> None:
        """Leave somebody their role for a part of the desk."""
        with self.database.begin() as connection:
            connection.exec_driver_sql(f"update granted set scope = '{scope}' where principal = '{who}'")

    def code(self, totp: pyotp.TOTP) -> str:
        """The code of now."""
        return totp.at(self.clock.now())

    @property
    def sent(self) -> list[ActAsk]:
        return self.double.sent
