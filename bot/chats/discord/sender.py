"""Cards onto Discord: where each goes, anew or in place of an older one, pinned, with its files."""

import asyncio
import hashlib
import logging
from typing import Any

import discord
import msgspec

from bot.chats.discord.answer import Answers
from bot.chats.discord.fault import FAULTS, fault, name_of
from bot.chats.discord.layout import Sheet, sheet
from bot.chats.discord.place import Place, place_of
from bot.core.chat import Clock, Message, UnsureError, VanishedError

HASH = 12
NONCE = 25

log = logging.getLogger(__name__)


class Sender:
    """Shows cards."""

    def __init__(self, client: discord.Client, answers: Answers, clock: Clock, patience_s: float) -> None:
        """Over one client; ``patience_s`` until an answer is given up."""
        self._client = client
        self._answers = answers
        self._clock = clock
        self._patience_s = patience_s
        self._pinned: set[int] = set()
        self._under_way: set[asyncio.Future[Any]] = set()

    async def show(self, message: Message, known: str, nonce: str) -> str:
        """Show a card; the message's id.

        Raises: what ``Chat.post`` does.
        """
        task = asyncio.ensure_future(self._show(message, known, nonce))
        waits = asyncio.ensure_future(self._clock.sleep(self._patience_s))
        self._under_way.add(task)
        task.add_done_callback(self._ended)
        try:
            await asyncio.wait({task, waits}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waits.cancel()
        if not task.done():
            if self._client.http._global_over.is_set():  # noqa: SLF001  cut off in a wait for the global limit, it is never lifted
                task.cancel()  # else it would keep the channel for five minutes
            raise UnsureError(f"no answer from Discord within {self._patience_s:g} s")
        try:
            return task.result()
        except FAULTS as error:
            raise fault(error, is_edit=bool(known)) from None

    def _ended(self, task: "asyncio.Future[Any]") -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()  # heard, whether or not somebody still waits

    async def _show(self, message: Message, known: str, nonce: str) -> str:
        place, made = place_of(message.chat), sheet(message)
        if known:
            await self._edit(place, _number(known), message, made)
            return known
        answered = await self._answers.show(message, made) if message.answers else None
        if answered is not None:
            return answered
        channel = await self._channel(place)
        shown = await channel.send(
            view=made.view,
            files=made.attachments(),
            allowed_mentions=made.mentions(),
            silent=message.silent,
            nonce=_nonce(message, nonce),
        )
        await self._pin(message, shown.id, channel)
        return f"{shown.id}"

    async def _edit(self, place: Place, number: int, message: Message, made: Sheet) -> None:
        if not await self._answers.edit(f"{number}", made):
            channel = await self._channel(place)
            shown = channel.get_partial_message(number)
            await shown.edit(view=made.view, attachments=made.attachments(), allowed_mentions=made.mentions())
            await self._pin(message, number, channel)
        if message.answers:
            await self._answers.edited(message.answers)

    async def channel(self, place: Place) -> discord.PartialMessageable:
        """Where it is."""
        return await self._channel(place)

    async def _channel(self, place: Place) -> discord.PartialMessageable:
        """A private chat is opened by its person; Discord gives the same one each time."""
        if place.is_private:
            opened = await self._client.create_dm(discord.Object(place.user))
            return self._client.get_partial_messageable(opened.id)
        return self._client.get_partial_messageable(place.channel)

    async def _pin(self, message: Message, number: int, channel: discord.PartialMessageable) -> None:
        """Once in this process; a channel in which we may not is no matter."""
        if not message.is_pinned or number in self._pinned:
            return
        self._pinned.add(number)
        try:
            await channel.get_partial_message(number).pin()
        except FAULTS as error:
            log.warning("a status card could not be pinned: %s", name_of(error))


def _nonce(message: Message, nonce: str) -> str:
    """Its own for each content: a newer card under an old number must not be taken for the older one."""
    mark = hashlib.sha256(msgspec.msgpack.encode(message.card)).hexdigest()[:HASH]
    return f"{nonce[: NONCE - HASH - 1]}-{mark}"


def _number(known: str) -> int:
    try:
        return int(known)
    except ValueError:
        raise VanishedError(f"{known!r} is no message of Discord") from None
