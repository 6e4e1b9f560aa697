"""Composition root of the bot: one engine client, the commands, the platforms, and the tasks that serve them."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import bot.commands
from bot.chats.console import CHAT as CONSOLE
from bot.chats.console.screen import USER, Console
from bot.config import PLATFORMS, Noise, Settings, Unanswered, connect, console_options
from bot.core.chat import Chat, ChatSpec, Clock, Message, Sign
from bot.core.command import find_commands
from bot.core.route import Conduct
from bot.runtime.alerting.alerts import Alerts
from bot.runtime.controller import Controller, local_person
from bot.runtime.desk.venue import VenueClient
from bot.runtime.desk.watch import Watch
from bot.runtime.incoming.door import FrontDoor
from bot.runtime.lasting import Work, last, once
from bot.runtime.outgoing.bridge import keep
from bot.runtime.outgoing.outbox import Outbox
from bot.runtime.outgoing.veil import Veil, VeiledMail
from bot.runtime.people.audience import Audience
from bot.runtime.people.people import People
from bot.runtime.telling.anchor import Anchor
from bot.runtime.telling.board import Board
from bot.runtime.telling.copies import Copies
from bot.runtime.telling.notifier import Notifier
from bot.runtime.vigil.attendance import Attendance
from bot.runtime.vigil.desktop import Desktop
from bot.runtime.vigil.heartbeat import Heartbeat
from bot.runtime.vigil.horn import Horn
from bot.runtime.vigil.lifeline import Lifeline
from bot.runtime.vigil.stethoscope import Stethoscope
from bot.runtime.vigil.vitals import Checkup
from bot.runtime.vigil.watchman import Watchman
from bot.storage.audit import AuditStore
from bot.storage.database import Database
from bot.storage.outbox import OutboxStore
from bot.storage.owner import Owner
from bot.storage.people import PeopleStore
from bot.storage.thread import ThreadStore
from bot.welcome import Codes
from engine.api import ConfigError
from engine.api.client import EngineClient

if TYPE_CHECKING:
    from bot.runtime.vigil.monitor import Monitor

log = logging.getLogger(__name__)

Chats = dict[str, tuple[ChatSpec, Chat]]
LAST_REPLIES_S = 2.0


class SystemClock:
    """Wall time and the machine's own counter."""

    def now(self) -> datetime:
        """Aware UTC time."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds since an arbitrary start."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Sleep in real time."""
        await asyncio.sleep(seconds)


async def run(
    settings: Settings,
    *,
    script: Iterable[str] | None = None,
    console: Console | None = None,
    clock: Clock | None = None,
    is_headless: bool = False,
    codes: Codes | None = None,
) -> int:
    """Serve every platform of the settings, and the console until its input ends.

    With ``script`` the console runs those lines; ``is_headless`` serves without one, for ever. The console reminds of
    ``codes`` that nobody has used yet. Returns the exit code.
    """
    clock = clock or SystemClock()
    owner = Owner(settings.home)
    if not owner.take():  # two would tell everything twice, and each would know half of what people answered
        raise ConfigError(f"another bot serves the desk of {settings.home}; write there, or stop it first")
    try:
        chats: Chats = {name: connect(settings, name, clock) for name in PLATFORMS if name in settings.chats}
        if not is_headless:
            files = settings.home / "files"
            screen = console or Console(console_options(settings), clock, script=script, files=files)
            chats = {CONSOLE.name: (CONSOLE, screen), **chats}
        if not chats:
            raise ConfigError("no platform to serve: write a [telegram] or [discord] table into desk.toml")
        return await _run(settings, chats, clock, codes)
    finally:
        owner.release()


async def _run(settings: Settings, chats: Chats, clock: Clock, codes: Codes | None) -> int:
    options, found = console_options(settings), settings.find_engine()
    client = EngineClient(
        found.url if found is not None else "", found.token if found is not None else "", find=settings.find_engine
    )
    venue = VenueClient(options.venue, options.venue_token) if options.venue else None
    database, monitor = Database(settings.database), None
    try:
        monitor = _monitor(settings.chat.metrics, database, clock) if settings.chat.metrics is not None else None
        return await _serve(chats, _Ground(settings, client, venue, clock, database, monitor, codes))
    finally:
        if monitor is not None:
            await monitor.close()
        for spec, chat in chats.values():
            if spec.close is not None:
                await spec.close(chat)
        await client.close()
        if venue is not None:
            await venue.close()
        database.close()


class _Ground(NamedTuple):
    """What everything stands on."""

    settings: Settings
    client: EngineClient
    venue: VenueClient | None
    clock: Clock
    database: Database
    monitor: "Monitor | None"
    codes: Codes | None


async def _serve(chats: Chats, ground: _Ground) -> int:
    settings, client, venue, clock, database, monitor, codes = ground
    zone = settings.zone
    watch = Watch(client, clock, lambda: client.heard_s)
    people = People(PeopleStore(database), clock, local_person(settings.name, USER), zone)
    shown, heard = (monitor.meter.shown, monitor.meter.heard) if monitor is not None else (None, None)
    relay = _Relay([shown] if shown is not None else [])
    outbox = Outbox(OutboxStore(database), chats, clock, ThreadStore(database), shown=relay)
    checkup = Checkup(chats, outbox, watch, clock)
    audience = Audience(people, has_console=CONSOLE.name in chats)
    veil = Veil(people, outbox.put, lambda: controller.around.directory.known)
    show = veil.show

    async with asyncio.TaskGroup() as group:

        def start(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
            task = group.create_task(once(work))
            replies.add(task)
            task.add_done_callback(replies.discard)
            return task

        replies: set[asyncio.Task[None]] = set()
        controller = Controller(
            engine=client,
            database=database,
            people=people,
            audience=audience,
            show=show,
            mail=VeiledMail(veil, outbox),
            watch=watch,
            clock=clock,
            zone=zone,
            commands=find_commands(bot.commands),
            start=start,
            venue=venue,
            mark=_marker(chats),
            conduct=_conduct(settings, chats),
            vitals=checkup.look,
        )
        outbox.report_to(controller.deliveries)
        alerts = controller.alerts
        copies = Copies(controller.around, outbox.waits, watch, audience)
        lifeline = Lifeline(controller.around, alerts, watch, controller.proofs, local=audience.local)
        told = (controller.proofs, watch, alerts, copies, lifeline)
        notifier = Notifier(client, show, *told, clock=clock, zone=zone, audience=audience)
        board = Board(controller.around, alerts, watch, show, checkup.look)
        anchor = Anchor(people, PeopleStore(database), AuditStore(database), show, clock)
        notes = partial(codes.unused, people, clock) if codes is not None else tuple
        speakers = (controller.dispatcher, controller.guide, watch, outbox)
        door = FrontDoor(*speakers, home=CONSOLE.name, heard=heard, notes=notes)
        guards = _guards(ground, chats, alerts, watch, relay)
        works: tuple[Work, ...] = (notifier, outbox, board, anchor, *guards, *controller.works)
        serving = [group.create_task(last(work, clock)) for work in works]
        lines = [keep(name, chat, door, clock) for name, (_, chat) in chats.items() if name != CONSOLE.name]
        serving += [group.create_task(line) for line in lines]
        if monitor is not None:
            serving.append(group.create_task(monitor.run(checkup.look, alerts.pipeline.open)))
        return await _until_left(chats, door, serving, replies)


class _Relay(list[Callable[[Message, float], None]]):
    """Everybody who hears that a message was shown."""

    def __call__(self, message: Message, took_s: float) -> None:
        for hear in self:
            hear(message, took_s)


def _guards(ground: _Ground, chats: Chats, alerts: Alerts, watch: Watch, relay: _Relay) -> list[Work]:
    """What tells silence from health."""
    settings, client, clock = ground.settings, ground.client, ground.clock
    far = {name: pair for name, pair in chats.items() if name != CONSOLE.name}
    guards: list[Work] = [
        Watchman(far, alerts, clock),
        Stethoscope(client, alerts, watch, clock),
    ]
    if url := settings.heartbeat:
        guards.append(Heartbeat(url, settings.chat.heartbeat_s, far, watch, alerts, clock))
    if (within_s := settings.dead_man_s) or settings.has_desk:
        guards.append(Attendance(client, within_s, far, clock, has_console=CONSOLE.name in chats))
    is_desk = settings.has_desk and ground.venue is None  # a demo makes no noise
    if is_desk and settings.chat.desktop is not Noise.OFF:
        is_eager = settings.chat.desktop is Noise.P1
        horn = Horn(alerts, Desktop(), frozenset(far), clock, is_eager=is_eager)
        relay.append(horn.shown)
        guards.append(horn)
    return guards


def _marker(chats: Chats) -> Callable[[str, str, Sign], Awaitable[None]]:
    async def mark(chat: str, post: str, sign: Sign) -> None:
        await chats[chat.partition(":")[0]][1].mark(chat, post, sign)

    return mark


def _monitor(port: int, database: Database, clock: Clock) -> "Monitor":
    """What it stands on is loaded only where it is wanted."""
    from bot.runtime.vigil.monitor import Monitor

    return Monitor(port, database, clock)


async def _until_left(
    chats: Chats, door: FrontDoor, serving: list[asyncio.Task[None]], replies: set[asyncio.Task[None]]
) -> int:
    """Serve until the console's input ends, for ever without a console."""
    if CONSOLE.name not in chats:
        await asyncio.gather(*serving)
        return 0
    code = await chats[CONSOLE.name][1].run(door)
    if replies:
        await asyncio.wait(replies, timeout=LAST_REPLIES_S)
    for task in (*replies, *serving):
        task.cancel()
    return code


def _conduct(settings: Settings, chats: Chats) -> Conduct:
    return Conduct(
        is_pausing=settings.chat.unanswered is Unanswered.PAUSE,
        has_threads=settings.chat.threads,
        platforms=frozenset(name for name, (spec, _) in chats.items() if not spec.is_fleeting),
    )
