"""Killed at every point between a fact and its delivery: nothing is lost, Discord shows it once, and all stands as before.

The true controller and outbox over one database. A point is after each commit that writes, and after a platform has shown a
message but before it has answered: between two of them nothing changes that outlives the process. The story is told once for
each point, killed there, and gone on with from what was stored.
"""

import asyncio
import hashlib
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection, event

from bot.core.chat import ChatSpec, Door, Health, Limits, Message, Sign
from bot.runtime.outgoing.outbox import Kept, Outbox
from bot.storage.alert import Watchman
from bot.storage.database import Database
from bot.storage.outbox import OutboxStore
from engine.api import Notice, Value
from tests.bot.office import ANA, DESK, LUIS, OPS, TEAM, TESS, Office
from tests.bot.runtime.test_alerts import P1, P2, notice

TIMES = (5, 6, 10, 66, 127, 131, 132)  # when the bot looks: the steps of an escalation come at 65 and 125
PARTS = 4  # of the points, so that several processes share them
TOLD: tuple[tuple[int, Notice], ...] = (
    (5, notice("rogue.stuck", P1, "ALPHA", symbol="NQZ6", seq=1)),
    (5, notice("copy.stopped", P2, "BRAVO", seq=2)),
    (10, notice("copy.stopped", P1, "BRAVO", seq=3, text="BRAVO copy.stopped, worse")),
)
ACKED_AT, ACK = 131, "/ack A-1 15m"


class KilledError(BaseException):
    """kill -9: whatever ran, runs no further."""


class Reaper:
    """Counts points, and kills at one."""

    def __init__(self, at: int = 0) -> None:
        self.at = at
        self.points: list[str] = []
        self.is_dead = False

    def check(self) -> None:
        if self.is_dead:
            raise KilledError

    def point(self, name: str) -> None:
        self.check()
        self.points.append(name)
        if len(self.points) == self.at:
            self.is_dead = True
            raise KilledError


class Platform:
    """Shows what it is given; what was shown outlives the bot. With nonces one message is shown once."""

    def __init__(self, name: str, *, has_nonces: bool) -> None:
        self.name = name
        self.has_nonces = has_nonces
        self.reaper = Reaper()
        self.nonces: dict[tuple[str, str, str], str] = {}
        self.shown: list[tuple[str, str]] = []  # chat and title of each message that was shown anew

    async def run(self, door: Door) -> int:
        return 0

    async def post(self, message: Message, known: str, nonce: str) -> str:
        self.reaper.check()
        mark = hashlib.sha256(msgspec.msgpack.encode(message.card)).hexdigest()
        post = known or self.nonces.get((message.chat, nonce, mark), "") if self.has_nonces else known
        if not post:
            self.shown.append((message.chat, message.card.title))
            post = f"{len(self.shown)}"
            self.nonces[message.chat, nonce, mark] = post
        self.reaper.point(f"{self.name} shown, not answered")
        return post

    async def mark(self, chat: str, post: str, sign: Sign) -> None:
        """Nothing."""

    def health(self) -> Health:
        return Health(heard_s=0.0)


class Mortal(Office):
    """An office whose cards go through an outbox, and which can be killed and started again."""

    def __init__(self, reaper: Reaper, base: Database, *, live: bool = False) -> None:
        self.reaper = reaper
        self.platforms = {"tg": Platform("tg", has_nonces=False), "dc": Platform("dc", has_nonces=True)}
        self.outbox: Outbox | None = None
        self.final: Any = None  # where everything stood at the end
        self.wrote = False
        self.depth = 0
        self.real_begin = base.begin
        super().__init__(database=base, live=live)
        self.store.unbind(TEAM)
        for rank, person in enumerate((ANA, TESS)):
            self.controller.alerts.store.set_oncall(rank, person, LUIS, self.clock.now())
        event.listen(base._engine, "before_cursor_execute", self._executes)
        base.begin = self._begin  # type: ignore[method-assign]  # every way to the rows leads through here

    def _executes(self, *call: Any) -> None:
        self.wrote = self.wrote or call[2].lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE"))

    @contextmanager
    def _begin(self) -> Iterator[Connection]:
        self.reaper.check()
        self.wrote = self.wrote and self.depth > 0
        self.depth += 1
        try:
            with self.real_begin() as connection:
                yield connection
                self.reaper.check()
        finally:
            self.depth -= 1
        if self.wrote and not self.depth:  # what stands within another's is committed with that one
            self.reaper.point("after a commit")

    def start(self) -> "asyncio.Task[None]":
        """A process: the controller and the outbox, from what is stored."""
        chats: dict[str, Any] = {}
        for name, platform in self.platforms.items():
            platform.reaper = self.reaper
            spec = ChatSpec(
                name=name, options=Value, limits=Limits(), connect=Platform, repeats=not platform.has_nonces
            )
            chats[name] = (spec, platform)
        self.outbox = Outbox(OutboxStore(self.database), chats, self.clock)
        self.build()
        return asyncio.create_task(self.outbox.run())

    async def show(self, message: Message) -> None:
        assert self.outbox is not None
        await self.outbox.put(message)

    def keep(self, messages: Iterable[Message], connection: Connection | None = None) -> list[Any]:
        assert self.outbox is not None
        return self.outbox.keep(messages, connection)

    def release(self, kept: Iterable[Kept]) -> None:
        assert self.outbox is not None
        self.outbox.release(kept)


async def live(office: Mortal, done: int) -> int:
    """The story from one of its times on, until its end or the kill; how far it has come."""
    process: asyncio.Task[None] | None = None
    try:
        process = office.start()
        await asyncio.sleep(0)  # as in the bot: the outbox has its rows, and nothing has left when the first tick comes
        for at in TIMES[done:]:
            if (wait := at - office.clock.monotonic()) > 0:
                await office.clock.turn(wait)
            await follow(office, at)
            await office.clock.turn(0.5)
            office.reaper.check()
            done += 1
    except KilledError:
        pass
    if process is not None:
        process.cancel()
        with suppress(BaseException):
            await process
    return done


async def follow(office: Mortal, at: int) -> None:
    """What the stream brings from where it was left, what Ana writes as long as nobody has it, and what is due."""
    alerts = office.controller.alerts
    await alerts.take([one for when, one in TOLD if when <= at and one.seq > (alerts.seq or 0)])
    if at >= ACKED_AT and not any(group.holder for group in alerts.pipeline.open()):
        await office.say(ACK, who="ana")
    await alerts.tick()


def state(office: Mortal) -> Any:
    """Where everything stands, but for times."""
    store = office.controller.alerts.store
    groups = [
        (one.id, one.code, one.stage, one.severity, one.holder, len(one.members), one.pushes)
        for one in store.groups(office.clock.now())
    ]
    climbs = sorted((one.group, one.severity, one.step, one.due is None, one.reached) for one in store.climbs())
    return groups, climbs, [(one.rank, one.name) for one in oncall(office)]


def oncall(office: Mortal) -> list[Watchman]:
    return office.controller.alerts.rota.oncall()


def pushed(office: Mortal, platform: str) -> Counter[tuple[str, str]]:
    """Alerts that were shown anew, by chat."""
    shown = office.platforms[platform].shown
    return Counter((chat, title) for chat, title in shown if " P1 " in title or " P2 " in title or " P3 " in title)


class Slate:
    """One database, wiped before each story: what it has learnt of its statements is kept."""

    def __init__(self) -> None:
        self.base = Database("sqlite://")
        self.begin = self.base.begin
        self.blank = sqlite3.connect(":memory:")
        self.raw().backup(self.blank)

    def raw(self) -> sqlite3.Connection:
        found = self.base._engine.raw_connection().driver_connection
        assert isinstance(found, sqlite3.Connection)
        return found

    async def tell(self, at: int) -> Mortal:
        """The story, killed at a point and gone on with; killed nowhere with 0."""
        self.blank.backup(self.raw())
        office = Mortal(Reaper(at), self.base)
        try:
            done = await live(office, 0)
            if at:
                assert office.reaper.is_dead
                office.reaper = Reaper()
                await live(office, done)
            office.final = state(office)
        finally:
            event.remove(self.base._engine, "before_cursor_execute", office._executes)
            self.base.begin = self.begin  # type: ignore[method-assign]  # as it was
        return office

    def close(self) -> None:
        self.blank.close()
        self.base.close()


@pytest.fixture
def slate() -> Iterator[Slate]:
    made = Slate()
    yield made
    made.close()


@pytest.mark.parametrize("part", range(PARTS))
async def test_killed_anywhere_nothing_is_lost_and_discord_shows_it_once(slate: Slate, part: int) -> None:
    whole = await slate.tell(0)
    points = whole.reaper.points
    assert len(points) > 60
    assert {chat for chat, _ in pushed(whole, "tg")} >= {DESK, "tg:@ana", "tg:@tess"}
    wrong = []
    for at in range(1 + part, len(points) + 1, PARTS):
        office = await slate.tell(at)
        name = f"{at} of {len(points)}, {points[at - 1]}"
        if office.final != whole.final:
            wrong.append(f"{name}: {office.final} and not {whole.final}")
        shown, wanted = pushed(office, "dc"), pushed(whole, "dc")
        if shown != wanted:
            wrong.append(f"{name}: Discord has {shown - wanted} too many and lacks {wanted - shown}")
        if lost := set(pushed(whole, "tg")) - set(pushed(office, "tg")):
            wrong.append(f"{name}: Telegram lost {lost}")
    assert not wrong, "\n".join(wrong)
    assert OPS in {chat for chat, _ in pushed(whole, "dc")}
