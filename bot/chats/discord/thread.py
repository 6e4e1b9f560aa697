"""Threads of alerts: made from the card's message, renamed, archived and opened again, each refusal as the port's."""

from typing import Literal

import discord

from bot.chats.discord.fault import (
    ARCHIVED,
    FULL,
    HAS_THREAD,
    LOCKED,
    NO_RIGHT,
    NO_THREADS,
    UNKNOWN_CHANNEL,
    UNKNOWN_MESSAGE,
    fault,
)
from bot.chats.discord.place import Place
from bot.core.chat import LacksError, VanishedError
from engine.api import LockstepError

ARCHIVE_MIN: Literal[1440] = 1440  # a day without a word archives it
PUBLIC: Literal[11] = 11
MAKE = "the rights Create Public Threads and Send Messages in Threads: give them to the bot's role"
TEND = "the right Manage Threads for a thread that somebody locked"
MANY = "room for one more thread: the server has as many active ones as Discord allows"


class Threads:
    """A place for one alert each."""

    def __init__(self, client: discord.Client) -> None:
        """Over one client."""
        self._client = client

    async def open(self, place: Place, post: str, name: str) -> str:
        """Make one; its address, empty in a channel that has none. Discord gives a message's thread the message's number."""
        if place.is_private:
            return ""
        http = self._client.http
        try:
            if post.isdigit():
                try:
                    made = await http.start_thread_with_message(
                        place.channel, int(post), name=name, auto_archive_duration=ARCHIVE_MIN
                    )
                except discord.HTTPException as error:
                    if error.code == HAS_THREAD:
                        return Place(channel=int(post)).address
                    if error.code != UNKNOWN_MESSAGE:
                        raise
                else:
                    return Place(channel=int(made["id"])).address
            beside = await http.start_thread_without_message(
                place.channel, name=name, auto_archive_duration=ARCHIVE_MIN, type=PUBLIC
            )
        except discord.HTTPException as error:
            if error.code in NO_THREADS:
                return ""
            raise _refused(error) from None
        return Place(channel=int(beside["id"])).address

    async def tend(self, place: Place, name: str, *, is_shut: bool) -> None:
        """Rename it and archive it, or open it again."""
        renamed = {"name": name} if name else {}
        try:
            await self._client.http.edit_channel(place.channel, archived=is_shut, **renamed)
        except discord.HTTPException as error:
            if not (is_shut and error.code == ARCHIVED):  # Discord did so itself, after a day without a word
                raise thread_fault(error, is_edit=True) from None


def _refused(error: discord.HTTPException) -> Exception:
    if error.code in NO_RIGHT:
        return LacksError(MAKE)
    return LacksError(MANY) if error.code == FULL else error


def thread_fault(error: BaseException, *, is_edit: bool) -> LockstepError:
    """What to do about a refusal of an alert's thread, or of a line in it."""
    code = error.code if isinstance(error, discord.HTTPException) else 0
    if code == UNKNOWN_CHANNEL:
        return VanishedError("the thread was deleted")
    if code in LOCKED:
        return LacksError(TEND)
    return LacksError(MAKE) if code in NO_RIGHT else fault(error, is_edit=is_edit)
