"""The adapter alone before the loopback server: a door that keeps what it is given, and a person who writes and presses."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from bot.app import SystemClock
from bot.chats.telegram import Options, Telegram
from bot.core.chat import Clock, Door, Entry, Incoming, Message
from engine.api import LockstepError
from tests.bot.telegram.server import ANONYMOUS, CHANNEL_BOT, ME, SERVICE, TOKEN, Post, Room, TelegramServer

PERSON = 77
GROUP = -1001
FORWARD = {"type": "user", "date": 1, "sender_user": {"id": 5, "is_bot": False, "first_name": "X"}}


class KeptDoor:
    """Keeps what comes in; ``bound`` names chats of the desk."""

    def __init__(self, received: list[Incoming]) -> None:
        self.received = received
        self.bound: set[str] = {f"telegram:{GROUP}"}
        self.moves: list[tuple[str, str]] = []
        self.answers: list[Any] = []  # coroutines that answer the next ones
        self.entries: tuple[Entry, ...] = ()

    def receive(self, incoming: Incoming) -> Any:
        self.received.append(incoming)
        answer = self.answers.pop(0) if self.answers else None
        return asyncio.ensure_future(answer(incoming) if answer is not None else asyncio.sleep(0))

    def menu(self, identity: str = "", chat: str = "") -> tuple[Entry, ...]:
        return self.entries

    def moved(self, old: str, new: str) -> None:
        self.moves.append((old, new))

    def is_bound(self, chat: str) -> bool:
        return chat in self.bound


class Stage:
    """A platform's adapter before its server."""

    place = f"telegram:@{PERSON}"
    room = f"telegram:{GROUP}"

    def __init__(self, server: TelegramServer, clock: Clock, **options: Any) -> None:
        self.server = server
        self.received: list[Incoming] = []
        self.door = KeptDoor(self.received)
        fields: dict[str, Any] = {"poll_s": 1, "patience_s": 0.5, "base_url": server.url, "token": TOKEN}
        self.chat = Telegram(Options(**{**fields, **options}), clock)
        self.ended: list[str] = []
        self._serving: asyncio.Task[int] | None = None

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Stage"]:
        door: Any = self.door
        self._serving = asyncio.create_task(self._run(door))
        self.server.room(PERSON)
        self.server.room(GROUP).is_forum = True
        try:
            await self.server.until(lambda: self.server.offsets or self.ended)
            yield self
        finally:
            self._serving.cancel()
            await asyncio.wait([self._serving])
            await self.chat.close()

    async def _run(self, door: Door) -> int:
        try:
            return await self.chat.run(door)
        except LockstepError as error:
            self.ended.append(str(error))
            return 1

    @property
    def alone(self) -> Room:
        return self.server.rooms[PERSON]

    def threads(self) -> dict[str, tuple[str, bool, list[str]]]:
        group = self.server.rooms[GROUP]
        return {
            f"{self.room}/{number}": (
                group.names[number],
                number in group.shut,
                [post.text for post in group.bots if post.thread == number],
            )
            for number in group.threads
        }

    async def drop(self, thread: str) -> None:
        self.server.rooms[GROUP].threads.discard(int(thread.rpartition("/")[2]))

    async def forbid(self) -> None:
        self.server.rooms[GROUP].may_topics = False

    def seen(self) -> list[Post]:
        return self.alone.bots

    async def show(self, message: Message, known: str = "") -> str:
        return await self.chat.post(message, known, "1")

    async def hear(self, count: int = 1) -> list[Incoming]:
        """The newest that came in, when so many have in all."""
        await self.server.until(lambda: len(self.received) >= count)
        return self.received

    async def press(self, label: str) -> str:
        post = next(post for post in reversed(self.seen()) if label in post.buttons)
        query = self.server.press(PERSON, PERSON, post, post.data(label))
        await self.server.until(lambda: query in self.server.boxes)
        return self.server.boxes[query]

    async def reply(self, post: str, text: str) -> None:
        answered = self.server._face(self.alone, self.alone.posts[int(post)])
        self.server.say(PERSON, PERSON, text, reply_to_message=answered)

    async def react(self, post: str, emoji: str, *, is_bot: bool = False, is_back: bool = False) -> None:
        new, old = ("", emoji) if is_back else (emoji, "")
        group = {"id": GROUP, "type": "supergroup", "title": "G"}
        self.server.react(PERSON, PERSON, post, new, old, sender_chat=group if is_bot else None)

    async def odd(self) -> list[str]:
        server, text = self.server, "/flatten all"
        edited = server.message(PERSON, PERSON, "/status")
        after = {"text": text, "edit_date": edited["date"] + 1, "entities": server.message(PERSON, 1, text)["entities"]}
        bot = {"id": 9, "is_bot": True, "first_name": "Other", "username": "OtherBot"}
        group = {"id": GROUP, "type": "supergroup", "title": "G"}
        channel = {"id": -1009, "type": "channel", "title": "C"}
        server.room(-1009, "channel")
        messages = {
            "forwarded": server.message(PERSON, PERSON, text, forward_origin=FORWARD),
            "via bot": server.message(PERSON, PERSON, text, via_bot=bot),
            "bot": server.message(GROUP, 9, text, **{"from": bot}),
            "anonymous": server.message(GROUP, 0, text, **{"from": ANONYMOUS, "sender_chat": group}),
            "sender chat": server.message(GROUP, 0, text, **{"from": CHANNEL_BOT, "sender_chat": channel}),
            "linked channel": server.message(GROUP, 0, text, **{"from": SERVICE, "is_automatic_forward": True}),
            "scheduled": server.message(PERSON, PERSON, text, is_from_offline=True),
        }
        server.tell(edited_message=edited | after)
        posted = {name: value for name, value in server.message(-1009, 1, text).items() if name != "from"}
        server.tell(channel_post=posted)
        server.tell(edited_channel_post=posted)
        server.tell(business_message=server.message(PERSON, PERSON, text, business_connection_id="b"))
        server.tell(guest_message=server.message(GROUP, PERSON, text, guest_query_id="g"))
        for message in messages.values():
            server.tell(message=message)
        names = [*messages, "edited", "channel post", "edited channel post", "business", "guest"]
        await server.until(lambda: len(self.received) >= len(names))
        return names

    async def forget(self, post: str) -> None:
        del self.alone.posts[int(post)]

    async def limit(self) -> None:
        self.server.faults.append("429")

    async def put_out(self) -> None:
        self.alone.is_out = True

    async def swallow(self) -> None:
        self.server.faults.append("swallow")


@asynccontextmanager
async def staged(clock: Clock | None = None, *, is_strict: bool = False, **options: Any) -> AsyncIterator[Stage]:
    """A server and the adapter before it."""
    server = TelegramServer(is_strict=is_strict)
    async with server.serve(), Stage(server, clock or SystemClock(), **options).open() as stage:
        yield stage


__all__ = ["GROUP", "ME", "PERSON", "Stage", "staged"]
