"""Telegram's own list of commands: two for everybody, and for each person in each chat what they may use there."""

import logging
from collections import deque

from telegram import Bot, BotCommand, BotCommandScopeChat, BotCommandScopeChatMember, BotCommandScopeDefault
from telegram.error import TelegramError

from bot.chats.telegram.fault import name_of
from bot.chats.telegram.place import Place
from bot.core.chat import Door, Entry

FOR_ALL = (BotCommand("start", "Pair with the desk by a code"), BotCommand("help", "What you may do here"))
MOST = 100
SUMMARY = 256

log = logging.getLogger(__name__)


class Menu:
    """Sets what changed, one list at a time."""

    def __init__(self, bot: Bot) -> None:
        """Nothing was set yet by this process."""
        self._bot = bot
        self._set: dict[tuple[int, int], int] = {}  # chat and person: hash of what was set
        self._known: dict[tuple[int, int], tuple[str, str]] = {}  # … and their identity and address
        self._due: deque[tuple[int, int]] = deque()

    async def begin(self) -> None:
        """What strangers see."""
        await self._bot.set_my_commands(FOR_ALL, scope=BotCommandScopeDefault())

    def saw(self, place: Place, user: str) -> None:
        """Somebody wrote: rights may have changed since the last look."""
        if not user.isdigit():
            return
        key = (place.chat, int(user))
        self._known[key] = (f"telegram:{user}", place.address)
        if key not in self._due:
            self._due.append(key)

    def look(self) -> None:
        """Look at everybody again."""
        self._due.extend(key for key in self._known if key not in self._due)

    async def step(self, door: Door) -> None:
        """Set the next list that is not what it should be; at most one, so that messages have the line."""
        while self._due:
            key = self._due.popleft()
            entries = door.menu(*self._known[key])
            mark = hash(tuple((entry.name, entry.summary) for entry in entries))
            if self._set.get(key, hash(())) == mark:
                continue
            try:
                await self._put(key, entries)
            except TelegramError as error:
                log.warning("a list of commands could not be set: %s", name_of(error))
            else:
                self._set[key] = mark
            return

    async def _put(self, key: tuple[int, int], entries: tuple[Entry, ...]) -> None:
        chat, user = key
        scope = BotCommandScopeChat(chat) if chat > 0 else BotCommandScopeChatMember(chat, user)
        commands = [BotCommand(entry.name, entry.summary[:SUMMARY]) for entry in entries[:MOST]]
        if commands:
            await self._bot.set_my_commands(commands, scope=scope)
        else:
            await self._bot.delete_my_commands(scope=scope)
