"""Topics of alerts: made in a group that has topics, renamed, closed and opened again, each refusal as the port's."""

from collections.abc import Awaitable, Callable

from telegram import Bot, ForumTopic
from telegram.error import TelegramError

from bot.chats.telegram.fault import NO_FORUM, NO_RIGHT, NO_THREAD, SAME_TOPIC, fault, says
from bot.chats.telegram.place import Place, place_of
from bot.core.chat import LacksError, VanishedError
from engine.api import LockstepError

LACKS = "the right to manage topics: make the bot an administrator of the group with it"


class Topics:
    """A place for one alert each."""

    def __init__(self, bot: Bot) -> None:
        """Over one bot."""
        self._bot = bot

    async def open(self, chat: str, name: str) -> str:
        """Make one; its address, empty in a chat that has no topics."""
        place = place_of(chat)
        if place.is_private:
            return ""
        try:
            topic: ForumTopic = await self._bot.create_forum_topic(place.chat, name)
        except TelegramError as error:
            if says(error, NO_FORUM):
                return ""
            raise topic_fault(error, is_edit=False) from None
        return Place(chat=place.chat, thread=topic.message_thread_id).address

    async def tend(self, address: str, name: str, *, is_shut: bool) -> None:
        """Rename it, then close it or open it again."""
        place = place_of(address)
        thread = place.thread or 0
        if name:
            await self._call(lambda: self._bot.edit_forum_topic(place.chat, thread, name))
        if is_shut:
            await self._call(lambda: self._bot.close_forum_topic(place.chat, thread))
        else:
            await self._call(lambda: self._bot.reopen_forum_topic(place.chat, thread))

    @staticmethod
    async def _call(call: Callable[[], Awaitable[bool]]) -> None:
        try:
            await call()
        except TelegramError as error:
            if not says(error, SAME_TOPIC):
                raise topic_fault(error, is_edit=True) from None


def topic_fault(error: TelegramError, *, is_edit: bool) -> LockstepError:
    """What to do about a refusal of an alert's topic, or of a line in it."""
    if says(error, NO_THREAD):
        return VanishedError("the topic was deleted")
    return LacksError(LACKS) if says(error, NO_RIGHT) else fault(error, is_edit=is_edit)
