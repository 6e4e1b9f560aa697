"""Sending: one card shown anew or in place of another, with its buttons, files and pin, and what to do when it is refused."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from telegram import (
    Bot,
    ForceReply,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    LinkPreviewOptions,
    ReplyKeyboardMarkup,
    ReplyParameters,
)
from telegram.constants import ParseMode
from telegram.error import BadRequest, RetryAfter, TelegramError

from bot.chats.telegram.fault import NO_MARKUP, NO_TEXT, NO_THREAD, SAME, fault, name_of, says, seconds
from bot.chats.telegram.html import CAPTION, TEXT, Layout, layout
from bot.chats.telegram.keyboard import markup
from bot.chats.telegram.place import Place, place_of
from bot.chats.telegram.topic import topic_fault
from bot.core.chat import Clock, File, Message, MovedError, VanishedError

TOPIC = "Lockstep"
ALONE = "Its topic is gone."
FILE_TRIES = 4
NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
T = TypeVar("T")

log = logging.getLogger(__name__)


class Sender:
    """Shows cards. ``asked`` is told of the message that an update was, so that an answer in a group hangs on it."""

    def __init__(self, bot: Bot, clock: Clock, daily: Callable[[Place], ReplyKeyboardMarkup | None]) -> None:
        """``daily`` gives the keyboard that a private chat lacks, once."""
        self._bot = bot
        self._clock = clock
        self._daily = daily
        self._pinned: set[tuple[int, int]] = set()
        self._alone: set[tuple[int, int]] = set()  # cards that stand in the group because their topic is gone

    async def show(self, message: Message, known: str, asked: int | None) -> tuple[Place, int]:
        """Show a card; where it stands now, and its number.

        Raises: the port's errors.
        """
        place = place_of(message.chat)
        if known:
            number = _number(known)
            await self._edit(place, number, message)
        else:
            number = await self._new(place, message, asked)
        if message.is_pinned and (place.chat, number) not in self._pinned:
            await self._pin(place, number)
        return place, number

    # ---- anew ------------------------------------------------------------------------------------------------------

    async def _new(self, place: Place, message: Message, asked: int | None) -> int:
        try:
            return await self._send(place, message, asked)
        except TelegramError as error:
            if message.thread is not None:
                raise topic_fault(error, is_edit=False) from None
            if place.thread is not None and says(error, NO_THREAD):
                return await self._without_topic(place, message)
            raise fault(error) from None

    async def _without_topic(self, place: Place, message: Message) -> int:
        """The topic is gone: a new one where we may make one, else the group itself."""
        try:
            topic = await self._bot.create_forum_topic(place.chat, TOPIC)
        except TelegramError as error:
            log.warning("a topic of a group is gone and none can be made (%s): shown in the group", name_of(error))
        else:
            raise MovedError(Place(chat=place.chat, thread=topic.message_thread_id).address)
        try:
            number = await self._send(Place(chat=place.chat), message, None, lead=ALONE)
        except TelegramError as error:
            raise fault(error) from None
        self._alone.add((place.chat, number))
        return number

    async def _send(self, place: Place, message: Message, asked: int | None, lead: str = "") -> int:
        keys: InlineKeyboardMarkup | ReplyKeyboardMarkup | ForceReply | None = markup(message.card.actions)
        if message.asks:
            keys = ForceReply(selective=True, input_field_placeholder="Write it here, or: cancel")
        if keys is None and place.is_private and not message.card.ref:
            keys = self._daily(place)
        how: dict[str, Any] = {
            "chat_id": place.chat,
            "message_thread_id": place.thread,
            "disable_notification": message.silent,
            "protect_content": message.is_secret,
            "reply_markup": keys,
        }
        if asked is not None and not place.is_private:
            how["reply_parameters"] = ReplyParameters(asked, allow_sending_without_reply=True)
        files = list(message.files)
        caption = layout(message.card, CAPTION, message.rings, lead)
        if files and files[0].is_picture and not caption.overflow:
            picture = files.pop(0)
            shown = await self._formatted(
                caption,
                lambda text, mode: self._bot.send_photo(
                    photo=picture.body, filename=picture.name, caption=text, parse_mode=mode, **how
                ),
            )
        else:
            whole = layout(message.card, TEXT, message.rings, lead)
            shown = await self._formatted(
                whole,
                lambda text, mode: self._bot.send_message(
                    text=text, parse_mode=mode, link_preview_options=NO_PREVIEW, **how
                ),
            )
            if whole.overflow:
                files.append(File(name="card.txt", body=whole.overflow.encode()))
        await self._beside(place, message, files)
        return shown.message_id

    async def _formatted(self, made: Layout, send: Callable[[str, str | None], Awaitable[T]]) -> T:
        """With markup; without, and a line in the log, where Telegram cannot read ours."""
        try:
            return await send(made.html, ParseMode.HTML)
        except BadRequest as error:
            if not says(error, NO_MARKUP):
                raise
            log.error("Telegram cannot read a card's markup: %s", error.message)  # noqa: TRY400  no traceback is needed
        return await send(made.words, None)

    async def _beside(self, place: Place, message: Message, files: list[File]) -> None:
        """Files after the card, which is shown already: a failure is told, and never shows the card twice."""
        for file in files:
            for _ in range(FILE_TRIES):
                try:
                    await self._file(place, message, file)
                    break
                except RetryAfter as later:
                    await self._clock.sleep(seconds(later))
                except TelegramError as error:
                    log.warning("the file %s could not be sent: %s", file.name, name_of(error))
                    break
            else:
                log.warning("the file %s could not be sent: too many messages", file.name)

    async def _file(self, place: Place, message: Message, file: File) -> None:
        how: dict[str, Any] = {
            "chat_id": place.chat,
            "message_thread_id": place.thread,
            "filename": file.name,
            "disable_notification": True,
            "protect_content": message.is_secret,
        }
        if file.is_picture:
            await self._bot.send_photo(photo=file.body, **how)
        else:
            await self._bot.send_document(document=file.body, **how)

    # ---- in place --------------------------------------------------------------------------------------------------

    async def _edit(self, place: Place, number: int, message: Message) -> None:
        files = list(message.files)
        try:
            if files and files[0].is_picture and not layout(message.card, CAPTION).overflow:
                await self._edit_picture(place, number, message, files.pop(0))
            else:
                await self._edit_words(place, number, message)
        except TelegramError as error:
            if not says(error, SAME):
                raise fault(error, is_edit=True) from None
        await self._beside(place, message, files)

    async def _edit_words(self, place: Place, number: int, message: Message) -> None:
        how: dict[str, Any] = {
            "chat_id": place.chat,
            "message_id": number,
            "reply_markup": markup(message.card.actions),
        }
        lead = ALONE if (place.chat, number) in self._alone else ""
        try:
            await self._formatted(
                layout(message.card, lead=lead),
                lambda text, mode: self._bot.edit_message_text(
                    text=text, parse_mode=mode, link_preview_options=NO_PREVIEW, **how
                ),
            )
        except BadRequest as error:
            if not says(error, NO_TEXT):
                raise
            await self._formatted(  # a picture stands there
                layout(message.card, CAPTION, lead=lead),
                lambda text, mode: self._bot.edit_message_caption(caption=text, parse_mode=mode, **how),
            )

    async def _edit_picture(self, place: Place, number: int, message: Message, picture: File) -> None:
        await self._formatted(
            layout(message.card, CAPTION),
            lambda text, mode: self._bot.edit_message_media(
                InputMediaPhoto(picture.body, caption=text, parse_mode=mode, filename=picture.name),
                chat_id=place.chat,
                message_id=number,
                reply_markup=markup(message.card.actions),
            ),
        )

    # ---- beside ----------------------------------------------------------------------------------------------------

    async def _pin(self, place: Place, number: int) -> None:
        """Once, without a sound; a group in which we may not is no matter."""
        self._pinned.add((place.chat, number))
        try:
            await self._bot.pin_chat_message(place.chat, number, disable_notification=True)
        except TelegramError as error:
            log.warning("a status card could not be pinned: %s", name_of(error))


def _number(known: str) -> int:
    try:
        return int(known)
    except ValueError:
        raise VanishedError(f"{known!r} is no message of Telegram") from None
