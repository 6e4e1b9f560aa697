"""Outbox: every message to every platform is kept, then sent by urgency and within budgets, and edited in place.

A message is a row before anybody sees it, and stays one until the platform has answered, so that a kill loses none. Newer
content for a card that has not left yet replaces it. What may have been shown (no answer came) is repeated where the platform
shows one nonce once, or where it is urgent; else the next change of the card makes it good.
"""

import asyncio
import hashlib
import logging
import random
from collections.abc import Callable, Iterable, Mapping

import msgspec
from sqlalchemy import Connection

from bot.core.chat import (
    Chat,
    ChatSpec,
    Clock,
    LaterError,
    Message,
    MovedError,
    Priority,
    UnreachableError,
    UnsureError,
    VanishedError,
)
from bot.core.post import Post
from bot.storage.outbox import Fleeting, Parcel, Rows
from engine.api import Value

AT_ONCE = 8  # messages under way to different chats of one platform
TRIES = 8
BACKOFF_S = 0.5
LONGEST_S = 60.0
DAY_S = 86_400.0

log = logging.getLogger(__name__)


class QueueHealth(Value, frozen=True):
    """How a platform's queue is."""

    waiting: int
    oldest_s: float
    dead: int


class _Carrier:
    """Brings messages to one platform."""

    def __init__(self, spec: ChatSpec, chat: Chat, rows: Rows) -> None:
        self.name = spec.name
        self.chat = chat
        self.rows = rows
        self.post: Post[Parcel] = Post(spec.budget)
        self.repeats = spec.repeats
        self.news = asyncio.Event()
        self.idle = asyncio.Event()
        self.dead = 0


Kept = tuple[_Carrier, Parcel, bool]
"""A message that is a row, and does not leave yet."""


class Outbox:
    """Every message to every platform."""

    def __init__(
        self,
        rows: Rows,
        chats: Mapping[str, tuple[ChatSpec, Chat]],
        clock: Clock,
        *,
        died: Callable[[Message, str], None],
        moved: Callable[[str, str], None],
    ) -> None:
        """``chats`` by the platform's name; ``died`` hears what will never be shown, ``moved`` of chats with a new id."""
        self._clock = clock
        self._died = died
        self._moved = moved
        self._carriers = {
            name: _Carrier(spec, chat, Fleeting() if spec.is_fleeting else rows) for name, (spec, chat) in chats.items()
        }

    async def put(self, message: Message) -> None:
        """Keep a message and let it leave when it may."""
        self.release(self.keep((message,)))

    def keep(self, messages: Iterable[Message], connection: Connection | None = None) -> list[Kept]:
        """Keep messages, over a ``connection`` together with what its caller writes; ``release`` them once that is done.

        No two of them may be for one card and chat. Without a release they leave at the next start.
        """
        kept: list[Kept] = []
        for message in messages:
            carrier = self._carriers.get(message.chat.partition(":")[0])
            if carrier is None:
                log.warning("a card for %s has no platform", message.chat.partition(":")[0])
                continue
            waiting = carrier.post.same(message.chat, message.card.ref)
            if waiting is None:
                parcel = carrier.rows.put(message, carrier.name, self._clock.now(), connection)
                kept.append((carrier, parcel, True))
                continue
            newer = msgspec.structs.replace(
                message,
                silent=message.silent and waiting.message.silent,
                is_fresh=message.is_fresh or waiting.message.is_fresh,
            )
            parcel = msgspec.structs.replace(waiting, message=newer)
            carrier.rows.replace(parcel, connection)
            kept.append((carrier, parcel, False))
        return kept

    def release(self, kept: Iterable[Kept]) -> None:
        """Let kept messages leave when they may."""
        for carrier, parcel, is_new in kept:
            message = parcel.message
            if is_new:
                self._add(carrier, parcel)
            else:
                carrier.post.replace(parcel, message.chat, message.card.ref, message.priority)
            carrier.news.set()

    def health(self, platform: str) -> QueueHealth:
        """How a platform's queue is."""
        carrier = self._carriers[platform]
        oldest = carrier.post.oldest()
        age = (self._clock.now() - oldest.made_at).total_seconds() if oldest is not None else 0.0
        return QueueHealth(waiting=len(carrier.post), oldest_s=max(0.0, age), dead=carrier.dead)

    async def run(self) -> None:
        """Carry for ever; what was left by an earlier process goes first."""
        async with asyncio.TaskGroup() as group:
            for carrier in self._carriers.values():
                carrier.rows.sweep(self._clock.now())
                for parcel in carrier.rows.waiting(carrier.name):
                    self._recover(carrier, parcel)
                group.create_task(self._carry(carrier, group))

    async def drain(self, platform: str) -> None:
        """Return when a platform has shown everything."""
        carrier = self._carriers[platform]
        while len(carrier.post):
            carrier.idle.clear()
            await carrier.idle.wait()

    def _recover(self, carrier: _Carrier, parcel: Parcel) -> None:
        if parcel.is_doubtful and carrier.repeats and parcel.message.priority > Priority.URGENT:
            carrier.rows.end(parcel, "unsure", "the bot ended while it was sent", self._clock.now())
            return
        self._add(carrier, parcel)

    def _add(self, carrier: _Carrier, parcel: Parcel) -> None:
        message = parcel.message
        carrier.post.add(parcel, message.chat, message.card.ref, message.priority)

    async def _carry(self, carrier: _Carrier, group: asyncio.TaskGroup) -> None:
        free = asyncio.Semaphore(AT_ONCE)
        while True:
            await free.acquire()
            chat, parcel = await self._next(carrier)
            task = group.create_task(self._send(carrier, chat, parcel))
            task.add_done_callback(lambda _: free.release())

    async def _next(self, carrier: _Carrier) -> tuple[str, Parcel]:
        while True:
            carrier.news.clear()
            found = carrier.post.next(self._clock.monotonic())
            if found is not None:
                return found
            wait = carrier.post.due(self._clock.monotonic())
            await self._wait(carrier.news, DAY_S if wait is None else wait)

    async def _wait(self, news: asyncio.Event, seconds: float) -> None:
        """Until there is news, or for so long."""
        waits = [asyncio.ensure_future(news.wait()), asyncio.ensure_future(self._clock.sleep(seconds))]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def _send(self, carrier: _Carrier, chat: str, parcel: Parcel) -> None:
        try:
            await self._show(carrier, parcel)
        finally:
            carrier.post.done(chat)
            carrier.news.set()
            carrier.idle.set()

    async def _show(self, carrier: _Carrier, parcel: Parcel) -> None:
        message, now = parcel.message, self._clock.now
        mark = hashlib.sha256(msgspec.msgpack.encode(message.card)).hexdigest()
        is_edit = bool(message.card.ref) and not message.is_fresh
        known = carrier.rows.post_of(message.chat, message.card.ref) if is_edit else None
        if known is not None and known[1] == mark and not message.files:
            carrier.rows.end(parcel, "sent", "shown already", now())
            return
        carrier.rows.lease(parcel)
        try:
            post = await carrier.chat.post(message, known[0] if known is not None else "", f"{parcel.id}")
        except VanishedError:
            carrier.rows.forget(message.chat, message.card.ref)
            self._again(carrier, parcel, 0.0, "the message was deleted")
        except LaterError as later:
            until = self._clock.monotonic() + later.after_s
            carrier.post.close(message.chat, until, is_whole=later.is_whole)
            self._again(carrier, parcel, later.after_s, str(later), is_patient=later.is_whole)
        except UnsureError as unsure:
            self._doubt(carrier, parcel, str(unsure))
        except MovedError as moved:
            self.follow(message.chat, moved.chat)
            self._again(carrier, self._to(parcel, moved.chat), 0.0, str(moved))
        except UnreachableError as gone:
            self._bury(carrier, parcel, str(gone))
        else:
            carrier.rows.shown(parcel, post, mark, now())

    def follow(self, old: str, new: str) -> None:
        """A chat has another id from now on."""
        carrier = self._carriers[old.partition(":")[0]]
        carrier.rows.moved(old, new)
        self._moved(old, new)
        for parcel in carrier.post.move(old, new):
            self._add(carrier, self._to(parcel, new))
        carrier.news.set()

    @staticmethod
    def _to(parcel: Parcel, chat: str) -> Parcel:
        return msgspec.structs.replace(parcel, message=msgspec.structs.replace(parcel.message, chat=chat))

    def _doubt(self, carrier: _Carrier, parcel: Parcel, reason: str) -> None:
        """No answer: it may have been shown."""
        if carrier.repeats and parcel.message.priority > Priority.URGENT:
            carrier.rows.end(parcel, "unsure", reason, self._clock.now())
            return
        self._again(carrier, msgspec.structs.replace(parcel, is_doubtful=True), 0.0, reason)

    def _again(
        self, carrier: _Carrier, parcel: Parcel, after_s: float, reason: str, *, is_patient: bool = False
    ) -> None:
        """Once more, later each time; a newer card for the same place has taken over meanwhile.

        While a whole platform is away no message is at fault: ``is_patient`` gives none of them up.
        """
        attempts = parcel.attempts + (not is_patient)
        if attempts >= TRIES and after_s <= LONGEST_S:
            self._bury(carrier, parcel, reason)
            return
        message = parcel.message
        if carrier.post.same(message.chat, message.card.ref) is not None:
            carrier.rows.end(parcel, "sent", "a newer card took over", self._clock.now())
            return
        parcel = msgspec.structs.replace(parcel, attempts=attempts)
        carrier.rows.back(parcel, reason)
        if not after_s and attempts > 1:
            wait = min(LONGEST_S, BACKOFF_S * 2**attempts) * random.uniform(0.5, 1.0)  # noqa: S311  spread, not secrecy
            carrier.post.close(message.chat, self._clock.monotonic() + wait, is_whole=False)
        self._add(carrier, parcel)

    def _bury(self, carrier: _Carrier, parcel: Parcel, reason: str) -> None:
        carrier.dead += 1
        carrier.rows.end(parcel, "dead", reason, self._clock.now())
        self._died(parcel.message, reason)
