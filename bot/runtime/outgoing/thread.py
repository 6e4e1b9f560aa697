"""Threads: one message for the place beside a card, step by step: made, opened again, written to, closed.

Each step is one word to the platform within the chat's budget, and is stored before the next one, so that a kill repeats a step
and loses no line: at worst a second place is made, or a line stands there twice.

    nothing ── made ──► open ── closed ──► shut ── a further line ──► open
                 ▲        └── deleted by somebody, once ──► made anew; a second time: the card alone
                 └─ the chat has no such, or a right is lacking ──► the card alone
"""

from datetime import datetime

import msgspec

from bot.core.card import Card
from bot.core.chat import Chat, LacksError, Message, Thread, UnreachableError, VanishedError
from bot.storage.thread import Place, ThreadStore

MOST_MADE = 2
MOST_LINES = 20
MOST_SIGNS = 2000


class Threads:
    """Brings lines to their places."""

    def __init__(self, store: ThreadStore) -> None:
        """In the bot's database."""
        self.store = store

    async def step(self, chat: Chat, message: Message, card: str, nonce: str, now: datetime) -> bool:
        """One step; False where it takes a further one. ``card`` is the platform's message of the card.

        Raises: what ``Chat.post`` does, and LacksError.
        """
        thread = message.thread
        assert thread is not None
        known = self.store.find(message.chat, thread.of)
        try:
            if known is None or known.place is None:
                return thread.is_end or await self._open(chat, message.chat, thread, known, card, now)
            if not known.place:
                return True
            if known.is_shut or thread.is_end:
                return await self._tend(chat, message.chat, thread, known, now)
            await chat.post(msgspec.structs.replace(message, chat=known.place), "", nonce)
        except VanishedError:
            return self._vanished(message.chat, thread, known, now)
        except LacksError:
            if known is None or known.place is None:
                self._without(message.chat, thread, known, now)
            raise
        except UnreachableError:
            self._without(message.chat, thread, known, now)  # told once: further lines of it stand on the card alone
            raise
        return True

    async def _open(
        self, chat: Chat, where: str, thread: Thread, known: Place | None, card: str, now: datetime
    ) -> bool:
        made = known.made if known is not None else 0
        place = await chat.open_thread(where, "" if made else card, thread.name)
        self.store.put(where, thread.of, Place(place=place, name=thread.name, is_shut=False, made=made + 1), now)
        return not place

    async def _tend(self, chat: Chat, where: str, thread: Thread, known: Place, now: datetime) -> bool:
        """Closed, or opened again for a line that follows."""
        assert known.place
        if thread.is_end is not known.is_shut:
            name = thread.name if thread.name != known.name else ""
            await chat.tend_thread(known.place, name, is_shut=thread.is_end)
            kept = msgspec.structs.replace(known, name=thread.name, is_shut=thread.is_end)
            self.store.put(where, thread.of, kept, now)
        return thread.is_end

    def _vanished(self, where: str, thread: Thread, known: Place | None, now: datetime) -> bool:
        """Somebody deleted it: made anew once; whoever does so again does not want it."""
        if known is None or known.made >= MOST_MADE:
            self._without(where, thread, known, now)
            return True
        self.store.put(where, thread.of, msgspec.structs.replace(known, place=None, is_shut=False), now)
        return False

    def _without(self, where: str, thread: Thread, known: Place | None, now: datetime) -> None:
        made = known.made if known is not None else 0
        self.store.put(where, thread.of, Place(place="", name=thread.name, is_shut=False, made=made), now)


def is_joined(older: Message, newer: Message) -> bool:
    """Say whether lines can be shown together with those that still wait."""
    is_line = all(one.thread is not None and not one.thread.is_end for one in (older, newer))
    both = (*_lines(older.card), *_lines(newer.card))
    return is_line and len(both) <= MOST_LINES and sum(map(len, both)) <= MOST_SIGNS


def joined(older: Message, newer: Message) -> Message:
    """The lines of both in one message."""
    assert newer.thread is not None
    card = Card(title=newer.thread.name, lines=(*_lines(older.card), *_lines(newer.card)), brief=True)
    return msgspec.structs.replace(newer, card=card)


def _lines(card: Card) -> tuple[str, ...]:
    return card.lines or (card.title,)
