"""Carrier: brings the outbox's messages to one platform, several chats at once, and knows what to do about each refusal."""

import asyncio
import hashlib
import random
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Protocol

import msgspec
from sqlalchemy import Connection

from bot.core.card import Card, unsigned
from bot.core.chat import (
    Chat,
    ChatSpec,
    Clock,
    LacksError,
    LaterError,
    Message,
    MovedError,
    Priority,
    UnreachableError,
    UnsureError,
    VanishedError,
)
from bot.core.delivery import is_alert
from bot.core.post import Post
from bot.runtime.lasting import Faults, tried
from bot.runtime.outgoing.thread import Threads, is_joined, joined
from bot.storage.database import StorageError
from bot.storage.outbox import Parcel, Rows

AT_ONCE = 8  # messages under way to different chats of one platform
TRIES = 8
BACKOFF_S = 0.5
LONGEST_S = 60.0
GONE_S = 3600.0  # how long what is no news is kept from a chat that has put us out
DAY_S = 86_400.0
STORAGE_S = 1.0  # a database that does not answer is asked again after this

Shown = Callable[[Message, float], None]


class Ears(Protocol):
    """Who hears what became of messages."""

    def shown(self, message: Message) -> None: ...
    def died(self, message: Message, reason: str) -> None: ...
    def lacked(self, chat: str, right: str) -> None: ...
    def moved(self, old: str, new: str) -> None: ...


class _Silence:
    """Nobody does."""

    def _nothing(self, *_: object) -> None:
        """Nothing is told."""

    shown = died = lacked = moved = _nothing


class Carrier:
    """Brings messages to one platform."""

    def __init__(
        self, spec: ChatSpec, chat: Chat, rows: Rows, clock: Clock, threads: Threads | None, shown: Shown | None
    ) -> None:
        """Without ``threads`` lines of threads are passed over; ``shown`` hears how many seconds each message took."""
        self.name = spec.name
        self.rows = rows
        self.post: Post[Parcel] = Post(spec.budget)
        self.ears: Ears = _Silence()
        self.dead = 0
        self.fault = ""
        self._chat = chat
        self._repeats = spec.repeats
        self._clock = clock
        self._threads = threads
        self._shown = shown
        self._news = asyncio.Event()
        self._idle = asyncio.Event()
        self._is_recovered = False
        self._faults = Faults(f"the outbox of {spec.name}")
        self._away: dict[int, Parcel] = {}  # under way, not answered yet
        self._gone: dict[str, float] = {}  # by chat that has put us out: until when it gets nothing but news

    def age_s(self, now: datetime, least: Priority = Priority.REST) -> float:
        """Age of the oldest message that waits or is under way and is at least so urgent; 0 where none is."""
        away = (parcel for parcel in self._away.values() if parcel.message.priority <= least)
        waits = [parcel for parcel in (self.post.oldest(least), *away) if parcel is not None]
        return max((max(0.0, (now - parcel.made_at).total_seconds()) for parcel in waits), default=0.0)

    # ---- in --------------------------------------------------------------------------------------------------------

    def keep(self, message: Message, connection: Connection | None) -> tuple[Parcel, bool]:
        """Keep a message as a row; True where it is one of its own, and did not take the place of what waits."""
        waiting = self._waiting(message)
        if waiting is None:
            return self.rows.put(message, self.name, self._clock.now(), connection), True
        parcel = msgspec.structs.replace(waiting, message=_in_place_of(waiting.message, message))
        self.rows.replace(parcel, connection)
        return parcel, False

    def release(self, parcel: Parcel, *, is_new: bool) -> None:
        """Let it leave when it may."""
        message = parcel.message
        if is_new:
            self._add(parcel)
        else:
            self.post.replace(parcel, message.chat, message.card.ref, message.priority, _lane(message))
        self._news.set()

    def follow(self, old: str, new: str) -> None:
        """A chat has another id from now on."""
        self.rows.moved(old, new)
        if self._threads is not None:
            self._threads.store.moved(old, new)
        self.ears.moved(old, new)
        for parcel in self.post.move(old, new):
            self._add(_to(parcel, new))
        self._news.set()

    def recover(self) -> None:
        """What was left by an earlier process goes first, once."""
        if self._is_recovered:
            return
        for parcel in self.rows.waiting(self.name):
            if parcel.is_doubtful and self._repeats and not _is_repeated(parcel.message):
                self.rows.end(parcel, "unsure", "the bot ended while it was sent", self._clock.now())
            else:
                self._add(parcel)
        self._is_recovered = True

    async def drain(self) -> None:
        """Return when everything was shown."""
        while len(self.post):
            self._idle.clear()
            await self._idle.wait()

    def _waiting(self, message: Message) -> Parcel | None:
        """What has not left yet and gives way to it: an older card, or lines for the same thread, which it joins."""
        if message.thread is not None:
            last = self.post.last(message.chat, message.about)
            return last if last is not None and not last.is_doubtful and is_joined(last.message, message) else None
        waiting = self.post.same(message.chat, message.card.ref)
        if waiting is not None and self._is_settling(waiting):  # it goes before what follows it
            self.post.replace(waiting, message.chat, message.card.ref, message.priority)
            return None
        return waiting

    def _add(self, parcel: Parcel) -> None:
        message = parcel.message
        self.post.add(parcel, message.chat, message.card.ref, message.priority, _lane(message))

    def _is_settling(self, parcel: Parcel) -> bool:
        """Say whether it may be shown already, and is sent again as it was: by its nonce the platform tells which it is."""
        return parcel.is_doubtful and not self._repeats

    # ---- out -------------------------------------------------------------------------------------------------------

    async def run(self, group: asyncio.TaskGroup) -> None:
        """Carry for ever."""
        free = asyncio.Semaphore(AT_ONCE)
        while True:
            await free.acquire()
            chat, parcel = await self._next()
            task = group.create_task(self._send(chat, parcel))
            task.add_done_callback(lambda _: free.release())

    async def _next(self) -> tuple[str, Parcel]:
        while True:
            self._news.clear()
            found = self.post.next(self._clock.monotonic())
            if found is not None:
                return found
            wait = self.post.due(self._clock.monotonic())
            await self._wait(DAY_S if wait is None else wait)

    async def _wait(self, seconds: float) -> None:
        """Until there is news, or for so long."""
        waits = [asyncio.ensure_future(self._news.wait()), asyncio.ensure_future(self._clock.sleep(seconds))]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def _send(self, chat: str, parcel: Parcel) -> None:
        self._away[parcel.id] = parcel
        try:
            error = await tried(self._show(parcel))
            if error is None:
                self._faults.over()
            else:
                await self._failed(parcel, error)
        finally:
            del self._away[parcel.id]
            self.post.done(chat, self._clock.monotonic())
            self._news.set()
            self._idle.set()

    async def _failed(self, parcel: Parcel, error: Exception) -> None:
        """Where no row can be written it waits; one that cannot be shown at all keeps no other waiting."""
        self.fault = str(error)
        self._faults.failed(error)
        if not isinstance(error, StorageError):
            with suppress(StorageError):
                self._bury(parcel, f"a fault in the bot: {type(error).__name__}")
            return
        await self._clock.sleep(STORAGE_S)
        self._add(msgspec.structs.replace(parcel, is_doubtful=True))

    async def _show(self, parcel: Parcel) -> None:
        message, now = parcel.message, self._clock.now
        mark = hashlib.sha256(msgspec.msgpack.encode(message.card)).hexdigest()
        is_edit = bool(message.card.ref) and not message.is_fresh
        known = self.rows.post_of(message.chat, message.card.ref) if is_edit else None
        if known is not None and known[1] == mark and not message.files:
            self.rows.end(parcel, "sent", "shown already", now())
            return
        if message.only_edits and known is None:
            self.rows.end(parcel, "sent", "it stands there no more", now())
            return
        if self._clock.monotonic() < self._gone.get(message.chat, 0.0) and not _is_news(message):
            self.rows.end(parcel, "sent", "its chat has put us out", now())
            return
        self.rows.lease(parcel)
        try:
            if message.thread is not None:
                await self._beside(parcel)
                return
            post = await self._chat.post(message, known[0] if known is not None else "", f"{parcel.id}")
        except VanishedError:
            self.rows.forget(message.chat, message.card.ref)
            if message.only_edits:
                self.rows.end(parcel, "sent", "it stands there no more", now())
            else:
                self._again(parcel, 0.0, "the message was deleted")
        except LaterError as later:
            until = self._clock.monotonic() + later.after_s
            self.post.close(message.chat, until, is_whole=later.is_whole, lane=_lane(message))
            self._again(parcel, later.after_s, str(later), is_patient=True)
        except UnsureError as unsure:
            self._doubt(parcel, str(unsure))
        except MovedError as moved:
            self.follow(message.chat, moved.chat)
            self._again(_to(parcel, moved.chat), 0.0, str(moved))
        except UnreachableError as gone:
            if message.only_edits:
                self.rows.end(parcel, "sent", str(gone), now())
                return
            self._gone[message.chat] = self._clock.monotonic() + GONE_S
            self._bury(parcel, str(gone))
        except LacksError as lacks:
            self.rows.end(parcel, "sent", str(lacks), now())
            self.ears.lacked(message.chat, str(lacks))
        else:
            aside = self.rows.shown(parcel, post, mark, now())
            if aside is not None and is_alert(message):
                self._add(self.rows.put(_pointer(message, aside), self.name, now()))
            self.fault = ""
            self._gone.pop(message.chat, None)
            if self._shown is not None:
                self._shown(message, max(0.0, (now() - parcel.made_at).total_seconds()))
            self.ears.shown(message)

    async def _beside(self, parcel: Parcel) -> None:
        """One step of a message for a thread; the next one waits for its turn."""
        message, is_done = parcel.message, self._threads is None
        if self._threads is not None:
            card = self.rows.post_of(message.chat, message.about)
            is_done = await self._threads.step(
                self._chat, message, card[0] if card is not None else "", f"{parcel.id}", self._clock.now()
            )
        if is_done:
            self.rows.end(parcel, "sent", "", self._clock.now())
            return
        self.rows.back(parcel, "")
        self._add(parcel)

    # ---- not shown -------------------------------------------------------------------------------------------------

    def _doubt(self, parcel: Parcel, reason: str) -> None:
        """No answer: it may have been shown."""
        self.fault = reason
        if self._repeats and not _is_repeated(parcel.message):
            self.rows.end(parcel, "unsure", reason, self._clock.now())
            return
        self._again(msgspec.structs.replace(parcel, is_doubtful=True), 0.0, reason)

    def _again(self, parcel: Parcel, after_s: float, reason: str, *, is_patient: bool = False) -> None:
        """Once more, later each time; a newer card for the same place has taken over meanwhile.

        Where too much was sent, or the platform is away, no message is at fault: ``is_patient`` gives none of them up.
        """
        self.fault = reason
        attempts = parcel.attempts + (not is_patient)
        if attempts >= TRIES and after_s <= LONGEST_S:
            self._bury(parcel, reason)
            return
        message = parcel.message
        newer = self.post.same(message.chat, message.card.ref)
        if newer is not None and not self._is_settling(parcel):
            newer = msgspec.structs.replace(newer, message=_in_place_of(message, newer.message))
            self.rows.replace(newer)
            self.post.replace(newer, message.chat, message.card.ref, message.priority)
            self.rows.end(parcel, "sent", "a newer card took over", self._clock.now())
            return
        parcel = msgspec.structs.replace(parcel, attempts=attempts)
        self.rows.back(parcel, reason)
        if not after_s and attempts > 1:
            wait = min(LONGEST_S, BACKOFF_S * 2**attempts) * random.uniform(0.5, 1.0)  # noqa: S311  spread, not secrecy
            self.post.rest(message.chat, self._clock.monotonic() + wait, _lane(message))
        self._add(parcel)

    def _bury(self, parcel: Parcel, reason: str) -> None:
        self.dead, self.fault = self.dead + 1, reason
        self.rows.end(parcel, "dead", reason, self._clock.now())
        self.ears.died(parcel.message, reason)


def _to(parcel: Parcel, chat: str) -> Parcel:
    return msgspec.structs.replace(parcel, message=msgspec.structs.replace(parcel.message, chat=chat))


def _lane(message: Message) -> str:
    """Lines of a thread follow each other, behind the card that it hangs on."""
    return message.thread.of if message.thread is not None else ""


def _is_news(message: Message) -> bool:
    """Say whether somebody is to see it now: a push, or an answer. The board, edits and lines of threads are none."""
    return message.thread is None and (message.is_fresh or not message.card.ref or message.priority < Priority.STATUS)


def _is_repeated(message: Message) -> bool:
    """Say whether it is shown twice rather than never; every other card's next change makes good that it may be missing."""
    return message.priority is Priority.URGENT or message.thread is not None


def _pointer(message: Message, aside: str) -> Message:
    """What an earlier message of a card says once the card was shown anew: nothing that could be old, nothing to press."""
    card = Card(title=f"↓ {unsigned(message.card.title)}", lines=("It stands anew below.",), ref=aside)
    return Message(chat=message.chat, card=card, silent=True, priority=Priority.EVENT, only_edits=True)


def _in_place_of(older: Message, newer: Message) -> Message:
    """The newer card, as loud, as urgent and as new as the one that nobody has seen yet; or the lines of both.

    What has settled before anybody saw it wakes nobody.
    """
    if newer.thread is not None:
        return joined(older, newer)
    is_over = newer.silent and newer.card.settled and not older.card.settled
    return msgspec.structs.replace(
        newer,
        silent=is_over or (newer.silent and older.silent),
        priority=min(newer.priority, older.priority),
        is_fresh=newer.is_fresh or older.is_fresh,
        rings=() if is_over else newer.rings or older.rings,
        only_edits=newer.only_edits and older.only_edits,
    )
