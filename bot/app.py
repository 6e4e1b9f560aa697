"""Composition root of the bot: one engine client, the commands, the platforms, and the tasks that serve them."""

import asyncio
import getpass
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterable
from datetime import UTC, datetime
from typing import Any

import bot.commands
from bot.chats.console import CHAT as CONSOLE
from bot.chats.console.screen import USER, Console
from bot.config import PLATFORMS, Settings, Unanswered, connect, console_options
from bot.core.chat import Chat, ChatSpec, Clock, Entry, Field, Incoming, Message, Pulse, Sign
from bot.core.command import find_commands
from bot.runtime.alerts import Alerts
from bot.runtime.anchor import Anchor
from bot.runtime.audience import Audience
from bot.runtime.board import Board
from bot.runtime.bridge import keep
from bot.runtime.controller import Controller, local_person
from bot.runtime.dispatcher import Dispatcher
from bot.runtime.notifier import Notifier
from bot.runtime.outbox import Outbox
from bot.runtime.people import People
from bot.runtime.veil import Veil, VeiledMail
from bot.runtime.venue import VenueClient
from bot.runtime.watch import Watch
from bot.runtime.watchman import Watchman
from bot.storage.audit import AuditStore
from bot.storage.database import Database
from bot.storage.outbox import OutboxStore
from bot.storage.owner import Owner
from bot.storage.people import PeopleStore
from engine.api import ConfigError
from engine.api.client import EngineClient

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


class _Door:
    """What a platform is given of the bot."""

    def __init__(self, dispatcher: Dispatcher, watch: Watch, outbox: Outbox) -> None:
        self._dispatcher = dispatcher
        self._watch = watch
        self._outbox = outbox

    def receive(self, incoming: Incoming) -> Awaitable[None]:
        return self._shown(self._dispatcher.receive(incoming), incoming.platform)

    def _shown(self, answered: Awaitable[None], platform: str) -> Awaitable[None]:
        """Wait for the answer, and until it was shown; answering goes on even if nobody waits."""

        async def wait() -> None:
            await answered
            await self._outbox.drain(platform)

        return _Lazy(wait)

    def pulse(self) -> Pulse:
        return self._watch.pulse()

    def complete(self, text: str) -> list[str]:
        return self._dispatcher.complete(text)

    def menu(self, identity: str = "", chat: str = "") -> tuple[Entry, ...]:
        return self._dispatcher.menu(identity, chat)

    def suggest(self, identity: str, chat: str, field: Field, text: str) -> list[str]:
        return self._dispatcher.suggest(identity, chat, field, text)

    def moved(self, old: str, new: str) -> None:
        self._outbox.follow(old, new)

    def is_bound(self, chat: str) -> bool:
        return self._dispatcher.is_bound(chat)

    async def settle(self, what: str, timeout_s: float) -> bool:
        is_true = await self._watch.settle(what, timeout_s)
        await self._outbox.drain(CONSOLE.name)
        return is_true


class _Lazy:
    """A coroutine that is made only where somebody awaits it."""

    def __init__(self, make: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._make = make

    def __await__(self) -> Generator[Any, None, None]:
        return self._make().__await__()


async def run(
    settings: Settings,
    *,
    script: Iterable[str] | None = None,
    console: Console | None = None,
    clock: Clock | None = None,
    is_headless: bool = False,
) -> int:
    """Serve every platform of the settings, and the console until its input ends.

    With ``script`` the console runs those lines; ``is_headless`` serves without one, for ever. Returns the exit code.
    """
    clock = clock or SystemClock()
    options = console_options(settings)
    chats: Chats = {}
    if not is_headless:
        chats[CONSOLE.name] = (
            CONSOLE,
            console or Console(options, clock, script=script, files=settings.home / "files"),
        )
    owner = Owner(settings.home)
    if wanted := [name for name in PLATFORMS if name in settings.chats]:
        if owner.take():
            chats |= {name: connect(settings, name, clock) for name in wanted}
        elif is_headless:
            raise ConfigError(f"another bot serves {' and '.join(wanted)} from {settings.home}; stop it first")
    if not chats:
        raise ConfigError("no platform to serve: write a [telegram] or [discord] table into desk.toml")
    found = settings.find_engine()
    client = EngineClient(
        found.url if found is not None else "", found.token if found is not None else "", find=settings.find_engine
    )
    venue = VenueClient(options.venue, options.venue_token) if options.venue else None
    database = Database(settings.database)
    try:
        return await _serve(settings, chats, client, venue, clock, database)
    finally:
        for spec, chat in chats.values():
            if spec.close is not None:
                await spec.close(chat)
        await client.close()
        if venue is not None:
            await venue.close()
        database.close()
        owner.release()


async def _serve(
    settings: Settings, chats: Chats, client: EngineClient, venue: VenueClient | None, clock: Clock, database: Database
) -> int:
    zone = settings.zone
    watch = Watch(client, clock, lambda: client.heard_s)
    people = People(PeopleStore(database), clock, local_person(settings.chat.name or _login(), USER))

    def died(message: Message, reason: str) -> None:
        _died(controller.alerts, message, reason)

    outbox = Outbox(OutboxStore(database), chats, clock, died=died, moved=people.moved)
    audience = Audience(people, has_console=CONSOLE.name in chats)
    veil = Veil(people, outbox.put)
    show = veil.show

    async def mark(chat: str, post: str, sign: Sign) -> None:
        await chats[chat.partition(":")[0]][1].mark(chat, post, sign)

    async with asyncio.TaskGroup() as group:

        def start(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
            task = group.create_task(work)
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
            mark=mark,
            is_pausing=settings.chat.unanswered is Unanswered.PAUSE,
        )
        alerts = controller.alerts
        notifier = Notifier(client, show, controller.proofs, watch, alerts, clock=clock, zone=zone, audience=audience)
        board = Board(people, watch, show, clock, zone)
        watchman = Watchman(chats, audience, show, clock)
        anchor = Anchor(people, PeopleStore(database), AuditStore(database), show, clock)
        door = _Door(controller.dispatcher, watch, outbox)
        works = (notifier, outbox, controller.second, alerts, board, watchman, anchor, controller.memory)
        serving = [group.create_task(work.run()) for work in works]
        serving += [
            group.create_task(keep(name, chat, door, clock, _told))
            for name, (_, chat) in chats.items()
            if name != CONSOLE.name
        ]
        return await _until_left(chats, door, serving, replies)


async def _until_left(
    chats: Chats, door: _Door, serving: list[asyncio.Task[None]], replies: set[asyncio.Task[None]]
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


def _died(alerts: Alerts, message: Message, reason: str) -> None:
    log.error("a card for %s never arrived: %s", message.chat, reason)
    if not message.card.ref.startswith("alert:"):  # of a lost alert the next repeat tells; no loop of losses
        alerts.lost(message.chat, message.card.title, reason)


def _told(name: str, trouble: str) -> None:
    log.warning("%s: %s", name, trouble)


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "console"
