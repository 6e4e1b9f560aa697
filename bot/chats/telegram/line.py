"""The line to Telegram: asks for updates, hands each to the door through one function, and knows how long it has been deaf.

Theory of operation. One loop asks ``getUpdates`` on connections of its own, so that a wedged question holds up no answer and
its age tells whether anybody hears us: sending works while the bot is deaf. Past ``deaf_s`` the health says so; past
``rebuild_s`` the line ends and is built anew by whoever keeps it. The library's own loop is not used: it hides its age.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Coroutine, Iterable
from typing import Any

import msgspec
from telegram import Bot, ChatMember, ChatMemberUpdated, ReactionTypeEmoji, ReplyKeyboardMarkup, Update
from telegram import Message as Posted
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError
from telegram.request import HTTPXRequest

from bot.chats.telegram.fault import name_of, seconds
from bot.chats.telegram.heard import ALLOWED, incoming
from bot.chats.telegram.keyboard import daily
from bot.chats.telegram.menu import Menu
from bot.chats.telegram.option import Options
from bot.chats.telegram.place import NAME, Place, place_of
from bot.chats.telegram.press import Presses
from bot.chats.telegram.quiet import hush
from bot.chats.telegram.sender import Sender
from bot.chats.telegram.topic import Topics
from bot.core.chat import Clock, Door, Health, Incoming, Message, Sign
from engine.api import ConfigError, LockstepError, Value

TICK_S = 1.0
LOOK_S = 60.0
AGAIN_S = 2.0
LATE_S = 5.0  # what the way may take beyond the time for which Telegram holds a question
MANY = 100
KEPT = 500
SIGNS = {Sign.SEEN: "👀", Sign.DONE: "👌"}
UNREADABLE = (KeyError, TypeError, ValueError, AttributeError)
DEAF = "deaf: no news from Telegram"  # without figures: a trouble that changed would be told again
BAD_TOKEN = "the token is not accepted; put what @BotFather gave into .env"  # noqa: S105  words about one
UNBOUND = "This group belongs to no desk. An admin of the desk writes /bind here; otherwise I leave in {:.0f} min."

log = logging.getLogger(__name__)


class _RawUpdate(Value, frozen=True):
    update_id: int


class _Raw(Value, frozen=True):
    """An answer to ``getUpdates`` of which the numbers alone are read."""

    result: list[_RawUpdate]


class LineError(LockstepError):
    """The line ended; it is built anew."""


class Telegram:
    """One bot on Telegram."""

    def __init__(self, options: Options, clock: Clock) -> None:
        """Nothing is sent yet.

        Raises: ConfigError for what cannot be a token.
        """
        hush()
        if not options.token.strip():
            raise ConfigError(f"[telegram] token: {BAD_TOKEN}")
        self._options = options
        self._clock = clock
        self._bot, self._calls = self._made(options.patience_s)
        self._ears: list[HTTPXRequest] = []  # of the line in use; closed when the next one is built
        self._presses = Presses(self._bot, clock)
        self._menu = Menu(self._bot)
        self._sender = Sender(self._bot, clock, self._daily)
        self._topics = Topics(self._bot)
        self._door: Door | None = None
        self._keyed: set[int] = set()
        self._asked: OrderedDict[str, int] = OrderedDict()  # by update: the message that it was
        self._leaving: dict[int, float] = {}  # groups that nobody has bound: when we go
        self._offset, self._limit = 0, MANY
        self._heard: float | None = None
        self._since = clock.monotonic()
        self._trouble = ""
        self._is_rival = False
        self._works: set[asyncio.Future[None]] = set()

    def _made(self, read_s: float) -> tuple[Bot, list[HTTPXRequest]]:
        """A bot with connections of its own, and those."""
        options = self._options
        calls, updates = requests = [
            HTTPXRequest(
                connection_pool_size=size, read_timeout=read_s, write_timeout=options.patience_s, pool_timeout=5.0
            )
            for size in (16, 2)
        ]
        made = Bot(
            options.token,
            base_url=f"{options.base_url.rstrip('/')}/bot",
            base_file_url=f"{options.base_file_url.rstrip('/')}/bot",
            request=calls,
            get_updates_request=updates,
        )
        return made, requests

    # ---- the port --------------------------------------------------------------------------------------------------

    async def run(self, door: Door) -> int:
        """Serve until the line breaks.

        Raises: LineError with what broke.
        """
        self._door, self._since, self._heard = door, self._clock.monotonic(), None
        await _closed(self._ears)
        ears, self._ears = self._made(LATE_S)
        tasks: list[asyncio.Task[None]] = []
        try:
            await self._greet(ears)
            tasks = [asyncio.ensure_future(self._listen(ears, door)), asyncio.ensure_future(self._tend(door))]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task.done():
                    task.result()
        except InvalidToken:
            self._trouble = BAD_TOKEN
            raise LineError(BAD_TOKEN) from None
        except TelegramError as error:
            self._trouble = self._trouble or f"no line: {name_of(error)}"
            raise LineError(self._trouble) from None
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return 0

    async def close(self) -> None:
        """Give the connections back; nothing is sent from now on."""
        for work in list(self._works):
            work.cancel()
        await asyncio.gather(*self._works, return_exceptions=True)
        await _closed([*self._ears, *self._calls])

    async def post(self, message: Message, known: str, nonce: str) -> str:  # noqa: ARG002  Telegram keeps no nonce
        """Show a card, or change the one that is known."""
        if message.answers and not known and await self._presses.box(message):
            return ""
        place, number = await self._sender.show(message, known, self._asked.get(message.answers))
        if known and not message.is_pad:
            self._presses.edited(place.address, f"{number}")
        return f"{number}"

    async def open_thread(self, chat: str, post: str, name: str) -> str:  # noqa: ARG002  a topic hangs on no message
        """A topic, where the group has topics."""
        return await self._topics.open(chat, name)

    async def tend_thread(self, place: str, name: str, *, is_shut: bool) -> None:
        """Close or reopen a topic."""
        await self._topics.tend(place, name, is_shut=is_shut)

    async def mark(self, chat: str, post: str, sign: Sign) -> None:
        """A reaction, or the end of a message; failing is no matter."""
        try:
            if sign is Sign.GONE:
                await self._delete(place_of(chat).chat, int(post))
                return
            await self._bot.set_message_reaction(place_of(chat).chat, int(post), [ReactionTypeEmoji(SIGNS[sign])])
        except (TelegramError, LockstepError, ValueError):
            return

    def health(self) -> Health:
        """How long ago Telegram answered our question for news."""
        age = self._clock.monotonic() - (self._heard if self._heard is not None else self._since)
        trouble = self._trouble
        if not trouble and age > self._options.deaf_s:
            trouble = DEAF
        return Health(heard_s=age if self._heard is not None else None, trouble=trouble, is_rival=self._is_rival)

    # ---- listening -------------------------------------------------------------------------------------------------

    async def _greet(self, ears: Bot) -> None:
        """Who we are; a webhook that an earlier program set would keep all news from us."""
        await ears.initialize()
        await self._bot.initialize()
        await self._bot.delete_webhook()
        await self._menu.begin()

    async def _listen(self, ears: Bot, door: Door) -> None:
        logged = ""
        while True:
            try:
                updates = await self._ask(ears)
            except Conflict:
                self._is_rival = True
                self._trouble = "another program reads the news of this bot: stop it, or make a new token"
                raise
            except InvalidToken:
                raise
            except RetryAfter as later:
                await self._clock.sleep(seconds(later))
            except TelegramError as error:
                if name_of(error) != logged:  # a line that stays down is said once
                    logged = name_of(error)
                    log.warning("no news from Telegram: %s", logged)
                await self._clock.sleep(AGAIN_S)
            else:
                self._heard, self._trouble, self._is_rival = self._clock.monotonic(), "", False
                logged = ""
                for update in updates:
                    self._offset = update.update_id + 1
                    await self._take(update, door)

    async def _ask(self, ears: Bot) -> tuple[Update, ...]:
        """The next news. One that the library cannot read is passed over, so that it cannot make us deaf."""
        try:
            found = await ears.get_updates(
                offset=self._offset, limit=self._limit, timeout=self._options.poll_s, allowed_updates=ALLOWED
            )
        except UNREADABLE:
            if self._limit == 1:
                await self._pass_over(ears)
            self._limit = 1 if self._limit > 1 else MANY
            return ()
        self._limit = MANY
        return found

    async def _pass_over(self, ears: Bot) -> None:
        raw = await ears.request.retrieve(f"{ears.base_url}/getUpdates?offset={self._offset}&limit=1&timeout=0")
        for update in msgspec.json.decode(raw, type=_Raw).result:
            self._offset = update.update_id + 1
            log.error("update %d cannot be read and is passed over", update.update_id)

    async def _take(self, update: Update, door: Door) -> None:
        """One event: the only way from Telegram to the door."""
        if update.my_chat_member is not None:
            await self._member(update.my_chat_member, door)
            return
        posted = update.effective_message
        if isinstance(posted, Posted) and await self._is_service(posted, door):
            return
        heard = incoming(update, self._bot.bot, self._clock.now())
        if heard is None:
            return
        query = update.callback_query
        if query is not None:
            if self._presses.is_early(heard.chat, heard.post):
                self._start(self._presses.refuse(query.id))
                return
            self._start(self._presses.pass_on(heard.update, query.id, lambda: _awaited(door, heard)))
        else:
            self._asked[heard.update] = int(heard.post)
            while len(self._asked) > KEPT:
                self._asked.popitem(last=False)
            door.receive(heard)
        if not heard.odd:
            self._menu.saw(place_of(heard.chat), heard.user)
        await self._mind(place_of(heard.chat), door)

    async def _is_service(self, posted: Posted, door: Door) -> bool:
        """What Telegram itself writes into a chat: it moved, something was pinned."""
        chat = posted.chat
        if posted.migrate_to_chat_id is not None:
            door.moved(Place(chat=chat.id).address, Place(chat=posted.migrate_to_chat_id).address)
            return True
        if posted.pinned_message is not None:
            mine = posted.from_user is not None and posted.from_user.id == self._bot.id
            if mine and chat.id > 0:
                self._start(self._delete(chat.id, posted.message_id))
            return True
        return posted.migrate_from_chat_id is not None

    async def _delete(self, chat: int, number: int) -> None:
        try:
            await self._bot.delete_message(chat, number)
        except TelegramError:
            return

    # ---- groups ----------------------------------------------------------------------------------------------------

    async def _member(self, change: ChatMemberUpdated, door: Door) -> None:
        """We were let into a group, or put out of it."""
        place = Place(chat=change.chat.id)
        if change.new_chat_member.status in (ChatMember.LEFT, ChatMember.BANNED):
            self._leaving.pop(place.chat, None)
        elif change.old_chat_member.status in (ChatMember.LEFT, ChatMember.BANNED):
            await self._mind(place, door)

    async def _mind(self, place: Place, door: Door) -> None:
        """A group that belongs to no desk is told so, once, and left after a while."""
        if place.is_private or place.chat in self._leaving or door.is_bound(place.group):
            return
        self._leaving[place.chat] = self._clock.monotonic() + self._options.unbound_s
        self._start(self._warn(place))

    async def _warn(self, place: Place) -> None:
        try:
            await self._bot.send_message(place.chat, UNBOUND.format(self._options.unbound_s / 60))
        except TelegramError as error:
            log.warning("a group could not be told that it belongs to no desk: %s", name_of(error))

    async def _tend(self, door: Door) -> None:
        """Once a second: is anybody there, who may use what, which group is to be left."""
        looked = self._clock.monotonic()
        while True:
            await self._clock.sleep(TICK_S)
            now = self._clock.monotonic()
            age = now - (self._heard if self._heard is not None else self._since)
            if age > self._options.rebuild_s:
                self._trouble = DEAF
                raise LineError(f"{DEAF} for {age:.0f} s; the line is built anew")
            if now - looked >= LOOK_S:
                looked = now
                self._menu.look()
            await self._menu.step(door)
            for chat in [chat for chat, due in self._leaving.items() if now >= due]:
                del self._leaving[chat]
                await self._leave(chat, door)

    async def _leave(self, chat: int, door: Door) -> None:
        if door.is_bound(Place(chat=chat).address):
            return
        try:
            await self._bot.leave_chat(chat)
        except TelegramError as error:
            log.warning("a group that belongs to no desk could not be left: %s", name_of(error))

    # ---- small things ----------------------------------------------------------------------------------------------

    def _daily(self, place: Place) -> ReplyKeyboardMarkup | None:
        """The keyboard of a private chat whose person has rights, once in this process."""
        if self._door is None or place.chat in self._keyed:
            return None
        keys = daily([entry.name for entry in self._door.menu(f"{NAME}:{place.chat}", place.address)])
        if keys is not None:
            self._keyed.add(place.chat)
        return keys

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        """Beside the loop: listening waits for nothing."""
        task = asyncio.ensure_future(work)
        self._works.add(task)
        task.add_done_callback(self._works.discard)


async def _closed(requests: Iterable[HTTPXRequest]) -> None:
    for request in requests:
        await request.shutdown()


async def _awaited(door: Door, heard: Incoming) -> None:
    await door.receive(heard)
