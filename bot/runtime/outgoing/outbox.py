"""Outbox: every message to every platform is kept, then sent by urgency and within budgets, and edited in place.

A message is a row before anybody sees it, and stays one until the platform has answered, so that a kill loses none. Newer
content for a card that has not left yet replaces it. What may have been shown (no answer came) is repeated, as it was, where
the platform shows one nonce once, or where it is urgent; else the next change of the card makes it good. Each platform has a
carrier of its own, so that none waits for another.
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping

from sqlalchemy import Connection

from bot.core.chat import Chat, ChatSpec, Clock, Message, Priority
from bot.runtime.outgoing.carrier import Carrier, Ears, Shown
from bot.runtime.outgoing.thread import Threads
from bot.storage.outbox import Fleeting, Parcel, Rows
from bot.storage.thread import ThreadStore
from engine.api import Value

log = logging.getLogger(__name__)


class QueueHealth(Value, frozen=True):
    """How a platform's queue is."""

    waiting: int
    oldest_s: float
    dead: int
    urgent_s: float = 0.0  # age of the oldest urgent one
    fault: str = ""  # why the newest attempt failed; empty when it did not


Kept = tuple[Carrier, Parcel, bool]
"""A message that is a row, and does not leave yet."""


class Outbox:
    """Every message to every platform."""

    def __init__(
        self,
        rows: Rows,
        chats: Mapping[str, tuple[ChatSpec, Chat]],
        clock: Clock,
        threads: ThreadStore | None = None,
        *,
        shown: Shown | None = None,
    ) -> None:
        """``chats`` by the platform's name; without ``threads`` lines of threads are passed over.

        ``shown`` hears how many seconds each message took from here to the platform's answer.
        """
        self._clock = clock
        self._unknown: set[str] = set()
        places = Threads(threads) if threads is not None else None
        self._carriers = {
            name: Carrier(spec, chat, Fleeting() if spec.is_fleeting else rows, clock, places, shown)
            for name, (spec, chat) in chats.items()
        }

    def report_to(self, ears: Ears) -> None:
        """Who hears of it from now on."""
        for carrier in self._carriers.values():
            carrier.ears = ears

    async def put(self, message: Message) -> None:
        """Keep a message and let it leave when it may."""
        self.release(self.keep((message,)))

    def keep(self, messages: Iterable[Message], connection: Connection | None = None) -> list[Kept]:
        """Keep messages, over a ``connection`` together with what its caller writes; ``release`` them once that is done.

        No two of them may be for one card and chat. Without a release they leave at the next start.
        """
        kept: list[Kept] = []
        for message in messages:
            platform = message.chat.partition(":")[0]
            carrier = self._carriers.get(platform)
            if carrier is None:
                self._unserved(platform)
                continue
            parcel, is_new = carrier.keep(message, connection)
            kept.append((carrier, parcel, is_new))
        return kept

    def release(self, kept: Iterable[Kept]) -> None:
        """Let kept messages leave when they may."""
        for carrier, parcel, is_new in kept:
            carrier.release(parcel, is_new=is_new)

    def waits(self, chat: str, beginning: str) -> bool:
        """Say whether a card for a chat has not left yet whose ref begins so."""
        carrier = self._carriers.get(chat.partition(":")[0])
        return carrier is not None and carrier.post.waits(chat, beginning)

    def follow(self, old: str, new: str) -> None:
        """A chat has another id from now on."""
        self._carriers[old.partition(":")[0]].follow(old, new)

    def health(self, platform: str) -> QueueHealth:
        """How a platform's queue is."""
        carrier, now = self._carriers[platform], self._clock.now()
        return QueueHealth(
            waiting=len(carrier.post),
            oldest_s=carrier.age_s(now),
            urgent_s=carrier.age_s(now, Priority.URGENT),
            dead=carrier.dead,
            fault=carrier.fault,
        )

    async def run(self) -> None:
        """Carry for ever; what was left by an earlier process goes first."""
        async with asyncio.TaskGroup() as group:
            for carrier in self._carriers.values():
                carrier.recover()
                group.create_task(carrier.run(group))

    async def drain(self, platform: str) -> None:
        """Return when a platform has shown everything."""
        await self._carriers[platform].drain()

    def _unserved(self, platform: str) -> None:
        """A card was for a platform that this bot does not serve, such as the console of an earlier one: said once."""
        if platform not in self._unknown:
            self._unknown.add(platform)
            log.warning("%s is not served: its cards are passed over", platform)
