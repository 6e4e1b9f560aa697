"""Composition root of the bot: one engine client, the commands, one console, and the tasks that serve them."""

import asyncio
import getpass
import secrets
import time
from collections.abc import Awaitable, Coroutine, Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec

import bot.commands
from bot.chats.console import CHAT as CONSOLE
from bot.chats.console.screen import CHAT, USER, Console, Options
from bot.config import Settings
from bot.core.access import Person, Role
from bot.core.chat import Clock, Incoming, Message, Pulse
from bot.core.command import find_commands
from bot.runtime.dispatcher import Dispatcher
from bot.runtime.notifier import Notifier
from bot.runtime.proofs import Proofs
from bot.runtime.venue import VenueClient
from bot.runtime.watch import Watch
from engine.api import ConfigError
from engine.api.client import EngineClient

HANDLE_BYTES = 12
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
    """What the console is given of the bot."""

    def __init__(self, dispatcher: Dispatcher, watch: Watch) -> None:
        self._dispatcher = dispatcher
        self._watch = watch

    def receive(self, incoming: Incoming) -> Awaitable[None]:
        return self._dispatcher.receive(incoming)

    def pulse(self) -> Pulse:
        return self._watch.pulse()

    def complete(self, text: str) -> list[str]:
        return self._dispatcher.complete(text)

    async def settle(self, what: str, timeout_s: float) -> bool:
        return await self._watch.settle(what, timeout_s)


def console_options(settings: Settings) -> Options:
    """The ``[console]`` table; the environment's venue wins."""
    try:
        options = msgspec.convert(settings.chats.get(CONSOLE.name, {}), Options)
    except msgspec.ValidationError as error:
        raise ConfigError(f"desk.toml: [console] {error}") from None
    if not settings.venue:
        return options
    return msgspec.structs.replace(options, venue=settings.venue, venue_token=settings.venue_token)


async def run(
    settings: Settings,
    *,
    script: Iterable[str] | None = None,
    console: Console | None = None,
    clock: Clock | None = None,
) -> int:
    """Serve the console until its input ends; with ``script`` run those lines instead. Returns the exit code."""
    clock = clock or SystemClock()
    options = console_options(settings)
    chat = console or Console(options, clock, script=script)
    found = settings.find_engine()
    client = EngineClient(
        found.url if found is not None else "", found.token if found is not None else "", find=settings.find_engine
    )
    venue = VenueClient(options.venue, options.venue_token) if options.venue else None
    try:
        return await _serve(settings, chat, client, venue, clock)
    finally:
        await client.close()
        if venue is not None:
            await venue.close()


async def _serve(
    settings: Settings, chat: Console, client: EngineClient, venue: VenueClient | None, clock: Clock
) -> int:
    zone = settings.zone
    name = settings.chat.name or _login()
    person = Person(id=USER, name=name, role=Role.OWNER)
    watch = Watch(client, clock, lambda: client.heard_s)

    async def show(message: Message) -> None:
        await chat.show(message)

    proofs = Proofs(client, show, watch, clock, zone=zone)
    notifier = Notifier(client, show, proofs, watch, clock=clock, zone=zone, chats=(CHAT,))
    async with asyncio.TaskGroup() as group:

        def start(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
            task = group.create_task(work)
            replies.add(task)
            task.add_done_callback(replies.discard)
            return task

        replies: set[asyncio.Task[None]] = set()
        dispatcher = Dispatcher(
            engine=client,
            show=show,
            proofs=proofs,
            watch=watch,
            clock=clock,
            zone=zone,
            commands=find_commands(bot.commands),
            people={person.id: person},
            mint=lambda: secrets.token_urlsafe(HANDLE_BYTES),
            start=start,
            venue=venue,
        )
        listening = group.create_task(notifier.run())
        code = await chat.run(_Door(dispatcher, watch))
        listening.cancel()
        if replies:
            await asyncio.wait(replies, timeout=LAST_REPLIES_S)
        for reply in replies:
            reply.cancel()
    return code


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "console"
