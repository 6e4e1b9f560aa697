"""Cards onto Discord: where each goes, anew or in place of an older one, pinned, with its files."""

import asyncio
import hashlib
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

import discord
import msgspec

from bot.chats.discord.answer import Answers
from bot.chats.discord.fault import FAULTS, fault, name_of
from bot.chats.discord.layout import Sheet, sheet
from bot.chats.discord.place import Place, place_of
from bot.chats.discord.thread import Threads, thread_fault
from bot.core.chat import Clock, Message, UnsureError, VanishedError

HASH = 12
NONCE = 25
T = TypeVar("T")

log = logging.getLogger(__name__)


class Sender:
    """Shows cards."""

    def __init__(self, client: discord.Client, answers: Answers, clock: Clock, patience_s: float) -> None:
        """Over one client; ``patience_s`` until an answer is given up."""
        self._client = client
        self._answers = answers
        self._clock = clock
        self._patience_s = patience_s
        self._threads = Threads(client)
        self._pinned: set[int] = set()
        self._under_way: set[asyncio.Future[Any]] = set()

    async def show(self, message: Message, known: str, nonce: str) -> str:
        """Show a card; the message's id.

        Raises: what ``Chat.post`` does.
        """
        try:
            return await self._answered(self._show(message, known, nonce))
        except FAULTS as error:
            raise (thread_fault if message.thread is not None else fault)(error, is_edit=bool(known)) from None

    async def open_thread(self, chat: str, post: str, name: str) -> str:
        """Make a thread; its address."""
        try:
            return await self._answered(self._threads.open(place_of(chat), post, name))
        except FAULTS as error:
            raise fault(error, is_edit=False) from None

    async def tend_thread(self, place: str, name: str, *, is_shut: bool) -> None:
        """Archive a thread, or open it again."""
        try:
            await self._answered(self._threads.tend(place_of(place), name, is_shut=is_shut))
        except FAULTS as error:
            raise fault(error, is_edit=True) from None

    async def _answered(self, call: Coroutine[Any, Any, T]) -> T:
        """What Discord answers within our patience; the call goes on beyond it."""
        task = asyncio.ensure_future(call)
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
        return task.result()

    def _ended(self, task: "asyncio.Future[Any]") -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()  # heard, whether or not somebody still waits

    async def _show(self, message: Message, known: str, nonce: str) -> str:
        made = sheet(message)
        if known:
            await self._edit(_number(known), message, made)
            return known
        answered = await self._answers.show(message, made) if message.answers else None
        if answered is not None:
            return answered
        channel = await self._channel(_place_beside(message))
        shown = await channel.send(
            view=made.view,
            files=made.attachments(),
            allowed_mentions=made.mentions(),
            silent=message.silent,
            nonce=_nonce(message, nonce),
        )
        await self._pin(message, shown.id, channel)
        return f"{shown.id}"

    async def _edit(self, number: int, message: Message, made: Sheet) -> None:
        if not await self._answers.edit(f"{number}", made):
            channel = await self._channel(_place_beside(message))
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


def _place_beside(message: Message) -> Place:
    """Where it stands once no interaction shows it: what one person alone may read is sent to them in private."""
    return place_of(message.reader or message.chat)


def _nonce(message: Message, nonce: str) -> str:
    """Its own for each content: a newer card under an old number must not be taken for the older one."""
    mark = hashlib.sha256(msgspec.msgpack.encode(message.card)).hexdigest()[:HASH]
    return f"{nonce[: NONCE - HASH - 1]}-{mark}"


def _number(known: str) -> int:
    try:
        return int(known)
    except ValueError:
        raise VanishedError(f"{known!r} is no message of Discord") from None
