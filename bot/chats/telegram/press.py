"""Presses under way: each is answered once, with a box where the desk refused it, and never right after its card changed."""

import asyncio
from collections.abc import Awaitable, Callable

from telegram import Bot
from telegram.error import TelegramError

from bot.core.chat import Clock, Message

CHANGED_S = 0.7  # a thumb that was on its way when the card changed meant the old one
PATIENCE_S = 1.5  # then the press is answered without a word: the answer comes as a card
BOX = 200
JUST_CHANGED = "The card just changed. Look again, then press."
KEPT = 200


class Presses:
    """Answers them."""

    def __init__(self, bot: Bot, clock: Clock) -> None:
        """None is under way."""
        self._bot = bot
        self._clock = clock
        self._open: dict[str, str] = {}  # by update: the press that waits for its answer
        self._edited: dict[tuple[str, str], float] = {}  # by chat and message: when we changed it

    def edited(self, chat: str, post: str) -> None:
        """We changed a card."""
        self._edited[chat, post] = self._clock.monotonic()
        for old in list(self._edited)[:-KEPT]:
            del self._edited[old]

    def is_early(self, chat: str, post: str) -> bool:
        """Say whether a card changed so shortly before that nobody can have read it."""
        at = self._edited.get((chat, post))
        return at is not None and self._clock.monotonic() - at < CHANGED_S

    async def refuse(self, query: str) -> None:
        """The card just changed."""
        await self._answer(query, JUST_CHANGED)

    async def pass_on(self, update: str, query: str, receive: Callable[[], Awaitable[None]]) -> None:
        """Hand a press on, and answer it when it was boxed, done, or after a while."""
        self._open[update] = query
        done = asyncio.ensure_future(receive())
        await asyncio.wait({done}, timeout=PATIENCE_S)
        if self._open.pop(update, ""):
            await self._answer(query, "")

    async def box(self, message: Message) -> bool:
        """Show an answer of one line as a box over the press that it answers; False where it is a card of its own."""
        card = message.card
        is_line = not (card.lines or card.table or card.fields or card.actions or card.ref or message.files)
        if not is_line or len(card.title) > BOX or message.answers not in self._open:
            return False
        return await self._answer(self._open.pop(message.answers), card.title)

    async def _answer(self, query: str, text: str) -> bool:
        try:
            await self._bot.answer_callback_query(query, text=text or None, show_alert=bool(text))
        except TelegramError:
            return False  # too late for Telegram: what was to be said is said as a card
        return True
