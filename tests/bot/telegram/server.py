"""A Telegram on loopback: speaks the Bot API's wire, enforces the service's rules, keeps its chats, and plays its people.

Written from the published documentation; it has not been compared with the real service.
"""

import asyncio
import itertools
import json
import re
import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.bot.telegram.markup import MarkupError, read

TOKEN = "4242:THE-very-SECRET_token"
ME = {"id": 4242, "is_bot": True, "first_name": "Lockstep", "username": "LockstepTestBot"}
ANONYMOUS = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
CHANNEL_BOT = {"id": 136817688, "is_bot": True, "first_name": "Channel", "username": "Channel_Bot"}
SERVICE = {"id": 777000, "is_bot": False, "first_name": "Telegram"}
REACTIONS = {"👍", "👀", "👌", "🫡"}
ON_DEMAND = {"message_reaction", "message_reaction_count", "chat_member"}  # told only to whoever names them
STYLES = {None, "primary", "success", "danger"}
SENDS = {"sendMessage", "sendPhoto", "sendDocument"}
EDITS = {"editMessageText", "editMessageCaption", "editMessageMedia", "editMessageReplyMarkup"}


class RefusedError(Exception):
    """An answer of the API that is not ok."""

    def __init__(self, code: int, text: str, **parameters: int) -> None:
        super().__init__(text)
        self.code, self.text, self.parameters = code, text, parameters


def bad(text: str, **parameters: int) -> RefusedError:
    return RefusedError(400, f"Bad Request: {text}", **parameters)


@dataclass
class Post:
    """One message, as a person sees it."""

    number: int
    sender: dict[str, Any]
    html: str = ""
    text: str = ""
    keys: list[list[dict[str, Any]]] = field(default_factory=list)
    reply_keys: list[list[str]] = field(default_factory=list)
    files: tuple[str, ...] = ()
    is_media: bool = False
    is_silent: bool = False
    is_protected: bool = False
    asks: bool = False  # the client answers it without being told to
    thread: int | None = None
    answers: int | None = None
    edits: int = 0
    reactions: list[str] = field(default_factory=list)

    @property
    def id(self) -> str:
        return f"{self.number}"

    @property
    def buttons(self) -> tuple[str, ...]:
        return tuple(key["text"] for row in self.keys for key in row)

    def data(self, label: str) -> str:
        return next(key["callback_data"] for row in self.keys for key in row if key["text"] == label)


@dataclass
class Room:
    """One chat."""

    id: int
    kind: str
    title: str = ""
    posts: dict[int, Post] = field(default_factory=dict)
    threads: set[int] = field(default_factory=set)
    names: dict[int, str] = field(default_factory=dict)  # of topics that were made here
    shut: set[int] = field(default_factory=set)  # topics that are closed
    is_forum: bool = False
    pinned: list[int] = field(default_factory=list)
    is_out: bool = False  # the bot was put out, or blocked
    moved_to: int | None = None
    may_topics: bool = True  # the bot is an administrator that may manage topics
    is_admin: bool = False  # the bot is: without that a group tells it of no reactions
    sent: deque[float] = field(default_factory=lambda: deque(maxlen=40))

    def face(self) -> dict[str, Any]:
        face: dict[str, Any] = {"id": self.id, "type": self.kind}
        face |= {"first_name": "Somebody"} if self.kind == "private" else {"title": self.title or f"Group {self.id}"}
        return face | ({"is_forum": True} if self.is_forum or self.threads else {})

    @property
    def bots(self) -> list[Post]:
        """What the bot has written and still stands."""
        return [post for post in self.posts.values() if post.sender["id"] == ME["id"]]

    @property
    def last(self) -> Post:
        return self.bots[-1]


class TelegramServer:
    """The service. ``is_strict`` enforces the rates."""

    def __init__(
        self,
        *,
        is_strict: bool = False,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.is_strict = is_strict
        self.monotonic = monotonic
        self.wall = wall
        self.limited: list[str] = []  # each 429, with the rule that it is for
        self.rooms: dict[int, Room] = {}
        self.updates: deque[dict[str, Any]] = deque()
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.boxes: dict[str, str] = {}  # by press: what its box says
        self.menus: dict[str, list[str]] = {}
        self.faults: deque[str] = deque()  # for the next sends: 429, swallow, 502, garble, drop
        self.is_wedged = False
        self.is_hanging = False  # whoever sends waits for ever, and nothing is shown
        self.has_rival = False
        self.is_away = False  # no question for news is answered
        self.is_token_right = True
        self.offsets: list[int] = []
        self._poller: asyncio.Future[None] | None = None
        self._news = asyncio.Event()
        self._changed = asyncio.Event()
        self._closing = asyncio.Event()
        self._ids = itertools.count(100)
        self._update_ids = itertools.count(7000)
        self._sent: deque[float] = deque(maxlen=40)
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @asynccontextmanager
    async def serve(self) -> AsyncIterator["TelegramServer"]:
        app = web.Application(client_max_size=20 * 2**20)
        app.router.add_post("/bot{token}/{method}", self._call)
        app.router.add_get("/bot{token}/{method}", self._call)
        runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", self.port, reuse_address=True)
        await site.start()
        self.port = runner.addresses[0][1]
        try:
            yield self
        finally:
            self._closing.set()
            await runner.cleanup()

    async def until(self, true: Callable[[], Any], timeout_s: float = 5.0) -> Any:
        """Wait until something is so."""
        async with asyncio.timeout(timeout_s):
            while not (found := true()):
                self._changed.clear()
                try:
                    async with asyncio.timeout(0.05):
                        await self._changed.wait()
                except TimeoutError:
                    continue
        return found

    # ---- the wire --------------------------------------------------------------------------------------------------

    async def _call(self, request: web.Request) -> web.Response:
        form = await request.post()
        args: dict[str, Any] = dict(form.items()) | dict(request.query)
        method = request.match_info["method"]
        try:
            is_known = request.match_info["token"] == TOKEN and self.is_token_right
            result = await (self._answer(method, args) if is_known else self._unknown())
        except RefusedError as no:
            body: dict[str, Any] = {"ok": False, "error_code": no.code, "description": no.text}
            if no.parameters:
                body["parameters"] = no.parameters
            return web.json_response(body, status=no.code)
        finally:
            self._changed.set()
        return web.json_response({"ok": True, "result": result})

    async def _unknown(self) -> None:
        raise RefusedError(401, "Unauthorized")

    async def _answer(self, method: str, args: dict[str, Any]) -> Any:
        if method == "getUpdates":
            return await self._get_updates(args)
        self.calls.append((method, args))
        if self.is_hanging and method in SENDS | EDITS:
            await self._closing.wait()
        fault = self.faults.popleft() if self.faults and method in SENDS | EDITS else ""
        match fault:
            case "429":
                raise RefusedError(429, "Too Many Requests: retry after 1", retry_after=1)
            case "502":
                raise RefusedError(502, "Bad Gateway")
            case "markup":
                raise bad("can't parse entities: unsupported start tag")
        handler = getattr(self, f"_{re.sub('([A-Z])', lambda match: '_' + match[1].lower(), method)}", None)
        if handler is None:
            raise RefusedError(404, "Not Found: method not found")
        result = handler(args)
        if fault == "swallow":
            self._changed.set()
            await self._closing.wait()
        return result

    async def _get_updates(self, args: dict[str, Any]) -> list[dict[str, Any]]:
        offset, limit, timeout = (int(args.get(name, 0) or 0) for name in ("offset", "limit", "timeout"))
        self.offsets.append(offset)
        if self.is_away:
            raise RefusedError(502, "Bad Gateway")
        if self.has_rival:
            raise RefusedError(409, "Conflict: terminated by other getUpdates request; make sure that only one runs")
        if self._poller is not None and not self._poller.done():
            self._poller.set_exception(RefusedError(409, "Conflict: terminated by other getUpdates request"))
            await asyncio.sleep(0)
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._poller = mine
        while self.updates and self.updates[0]["update_id"] < offset:
            self.updates.popleft()
        end = self.monotonic() + timeout
        allowed = set(json.loads(args.get("allowed_updates") or "[]"))
        try:
            while self.is_wedged or not self.updates:
                if self.monotonic() >= end and not self.is_wedged:
                    return []
                self._news.clear()
                news = asyncio.ensure_future(self._news.wait())
                wait = None if self.is_wedged else max(0.0, end - self.monotonic())
                await asyncio.wait({news, mine}, timeout=wait, return_when=asyncio.FIRST_COMPLETED)
                news.cancel()
                if mine.done():
                    mine.result()
            found = itertools.islice(self.updates, limit or 100)
            return [one for one in found if (allowed & one.keys() if allowed else not ON_DEMAND & one.keys())]
        finally:
            if self._poller is mine:
                self._poller = None
            mine.cancel()

    def unwedge(self) -> None:
        self.is_wedged = False
        self._news.set()

    # ---- rules -----------------------------------------------------------------------------------------------------

    def _room(self, args: dict[str, Any]) -> Room:
        room = self.rooms.get(int(args["chat_id"]))
        if room is None:
            raise bad("chat not found")
        if room.moved_to is not None:
            raise bad("group chat was upgraded to a supergroup chat", migrate_to_chat_id=room.moved_to)
        if room.is_out:
            why = "bot was blocked by the user" if room.id > 0 else "bot was kicked from the supergroup chat"
            raise RefusedError(403, f"Forbidden: {why}")
        return room

    def _pace(self, room: Room) -> None:
        now = self.monotonic()
        if self.is_strict:
            for sent, many, span in ((room.sent, 1, 1.0), (room.sent, 20, 60.0), (self._sent, 30, 1.0)):
                is_group_rule = many == 20
                if (room.id < 0 or not is_group_rule) and len(sent) >= many and now - sent[-many] < span:
                    self.limited.append(f"{many} in {span:g} s: {room.id}")
                    raise RefusedError(429, "Too Many Requests", retry_after=max(1, int(span - (now - sent[-many]))))
        room.sent.append(now)
        self._sent.append(now)

    @staticmethod
    def _words(args: dict[str, Any], name: str, most: int) -> tuple[str, str]:
        html = str(args.get(name, ""))
        if args.get("parse_mode") != "HTML":
            text, count = html, 0
        else:
            try:
                text, count = read(html)
            except MarkupError as error:
                raise bad(f"can't parse entities: {error}") from None
        if len(text.encode("utf-16-le")) // 2 > most:
            raise bad("message is too long" if most > 1024 else "message caption is too long")
        if count > 100:
            raise bad("ENTITIES_TOO_LONG")
        if name == "text" and not text.strip():
            raise bad("message text is empty")
        return html, text

    @staticmethod
    def _keys(args: dict[str, Any]) -> tuple[list[list[dict[str, Any]]], list[list[str]]]:
        markup = json.loads(args.get("reply_markup") or "{}")
        rows = markup.get("inline_keyboard", [])
        if sum(map(len, rows)) > 100 or any(len(row) > 8 for row in rows):
            raise bad("too many inline keyboard buttons")
        for key in itertools.chain(*rows):
            if not 1 <= len(key.get("callback_data", "").encode()) <= 64:
                raise bad("BUTTON_DATA_INVALID")
            if key.get("style") not in STYLES or not key["text"]:
                raise bad("BUTTON_INVALID")
        return rows, [[key["text"] for key in row] for row in markup.get("keyboard", [])]

    def _thread(self, room: Room, args: dict[str, Any]) -> int | None:
        if not args.get("message_thread_id"):
            return None
        thread = int(args["message_thread_id"])
        if thread not in room.threads:
            raise bad("message thread not found")
        if thread in room.shut and not room.may_topics:
            raise bad("TOPIC_CLOSED")
        return thread

    # ---- methods ---------------------------------------------------------------------------------------------------

    def _get_me(self, _: dict[str, Any]) -> dict[str, Any]:
        flags = {"can_join_groups": True, "can_read_all_group_messages": False, "supports_inline_queries": False}
        return ME | flags

    def _get_webhook_info(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"url": "", "has_custom_certificate": False, "pending_update_count": 0}

    def _delete_webhook(self, _: dict[str, Any]) -> bool:
        return True

    def _new(self, args: dict[str, Any], name: str, most: int, files: Iterable[str]) -> dict[str, Any]:
        room = self._room(args)
        html, text = self._words(args, name, most)
        keys, reply_keys = self._keys(args)
        thread = self._thread(room, args)
        reply = json.loads(args.get("reply_parameters") or "{}")
        self._pace(room)
        post = Post(
            number=next(self._ids),
            sender=ME,
            html=html,
            text=text,
            keys=keys,
            reply_keys=reply_keys,
            files=tuple(files),
            is_media=name == "caption",
            is_silent=args.get("disable_notification") == "true",
            is_protected=args.get("protect_content") == "true",
            thread=thread,
            asks=bool(json.loads(args.get("reply_markup") or "{}").get("force_reply")),
            answers=reply.get("message_id"),
        )
        room.posts[post.number] = post
        return self._face(room, post)

    def _send_message(self, args: dict[str, Any]) -> dict[str, Any]:
        return self._new(args, "text", 4096, ())

    def _send_photo(self, args: dict[str, Any]) -> dict[str, Any]:
        return self._new(args, "caption", 1024, [args["photo"].filename])

    def _send_document(self, args: dict[str, Any]) -> dict[str, Any]:
        return self._new(args, "caption", 1024, [args["document"].filename])

    def _mine(self, args: dict[str, Any]) -> tuple[Room, Post]:
        room = self._room(args)
        post = room.posts.get(int(args["message_id"]))
        if post is None:
            raise bad("message to edit not found")
        if post.sender["id"] != ME["id"] or post.reply_keys:
            raise bad("message can't be edited")
        return room, post

    def _edit(self, args: dict[str, Any], name: str, most: int, files: tuple[str, ...] | None = None) -> dict[str, Any]:
        room, post = self._mine(args)
        if name == "text" and post.is_media:
            raise bad("there is no text in the message to edit")
        if name == "caption" and not post.is_media and files is None:
            raise bad("there is no caption in the message to edit")
        html, text = self._words(args, name, most)
        keys, _ = self._keys(args)
        if (html, keys) == (post.html, post.keys) and files is None:
            raise bad("message is not modified: specified new message content and reply markup are exactly the same")
        self._pace(room)
        post.html, post.text, post.keys, post.edits = html, text, keys, post.edits + 1
        if files is not None:
            post.files, post.is_media = files, True
        return self._face(room, post)

    def _edit_message_text(self, args: dict[str, Any]) -> dict[str, Any]:
        return self._edit(args, "text", 4096)

    def _edit_message_caption(self, args: dict[str, Any]) -> dict[str, Any]:
        return self._edit(args, "caption", 1024)

    def _edit_message_media(self, args: dict[str, Any]) -> dict[str, Any]:
        media = json.loads(args["media"])
        name = media["media"].removeprefix("attach://")
        more = {"caption": media.get("caption", ""), "parse_mode": media.get("parse_mode", "")}
        return self._edit(args | more, "caption", 1024, (args[name].filename,))

    def _answer_callback_query(self, args: dict[str, Any]) -> bool:
        query, text = args["callback_query_id"], args.get("text", "")
        if query in self.boxes or not query.startswith("q"):
            raise bad("query is too old and response timeout expired or query ID is invalid")
        if len(text) > 200:
            raise bad("MESSAGE_TOO_LONG")
        self.boxes[query] = text
        return True

    def _pin_chat_message(self, args: dict[str, Any]) -> bool:
        room = self._room(args)
        number = int(args["message_id"])
        if number not in room.posts:
            raise bad("message to pin not found")
        room.pinned.append(number)
        told = {"pinned_message": self._face(room, room.posts[number])}
        self._service(room, ME, **told)
        return True

    def _unpin_chat_message(self, args: dict[str, Any]) -> bool:
        self._room(args).pinned.clear()
        return True

    def _delete_message(self, args: dict[str, Any]) -> bool:
        if self._room(args).posts.pop(int(args["message_id"]), None) is None:
            raise bad("message to delete not found")
        return True

    def _set_message_reaction(self, args: dict[str, Any]) -> bool:
        room = self._room(args)
        emoji = [one["emoji"] for one in json.loads(args["reaction"])]
        if not set(emoji) <= REACTIONS:
            raise bad("REACTION_INVALID")
        room.posts[int(args["message_id"])].reactions = emoji
        return True

    def _set_my_commands(self, args: dict[str, Any]) -> bool:
        commands = json.loads(args["commands"])
        for one in commands:
            if not re.fullmatch("[a-z0-9_]{1,32}", one["command"]) or not 1 <= len(one["description"]) <= 256:
                raise bad("BOT_COMMAND_INVALID")
        self.menus[self._scope(args)] = [one["command"] for one in commands]
        return True

    def _delete_my_commands(self, args: dict[str, Any]) -> bool:
        self.menus.pop(self._scope(args), None)
        return True

    @staticmethod
    def _scope(args: dict[str, Any]) -> str:
        scope = json.loads(args.get("scope") or '{"type": "default"}')
        return ":".join(str(scope[name]) for name in ("type", "chat_id", "user_id") if name in scope)

    def _get_chat(self, args: dict[str, Any]) -> dict[str, Any]:
        return self._room(args).face() | {"accent_color_id": 0, "max_reaction_count": 1, "accepted_gift_types": {}}

    def _forum(self, args: dict[str, Any], what: str) -> Room:
        room = self._room(args)
        if not room.is_forum and not room.threads:
            raise bad("the chat is not a forum")
        if not room.may_topics:
            raise bad(f"not enough rights to {what} a topic")
        if "name" in args and not 1 <= len(args["name"]) <= 128:
            raise bad("TOPIC_TITLE_INVALID")
        return room

    def _topic(self, args: dict[str, Any]) -> tuple[Room, int]:
        room, thread = self._forum(args, "edit"), int(args["message_thread_id"])
        if thread not in room.threads:
            raise bad("TOPIC_ID_INVALID")
        return room, thread

    def _create_forum_topic(self, args: dict[str, Any]) -> dict[str, Any]:
        room = self._forum(args, "create")
        number = next(self._ids)
        room.threads.add(number)
        room.names[number] = args["name"]
        return {"message_thread_id": number, "name": args["name"], "icon_color": 7322096}

    def _edit_forum_topic(self, args: dict[str, Any]) -> bool:
        room, thread = self._topic(args)
        if args.get("name", room.names.get(thread)) == room.names.get(thread):
            raise bad("TOPIC_NOT_MODIFIED")
        room.names[thread] = args["name"]
        return True

    def _close_forum_topic(self, args: dict[str, Any]) -> bool:
        room, thread = self._topic(args)
        if thread in room.shut:
            raise bad("TOPIC_NOT_MODIFIED")
        room.shut.add(thread)
        return True

    def _reopen_forum_topic(self, args: dict[str, Any]) -> bool:
        room, thread = self._topic(args)
        if thread not in room.shut:
            raise bad("TOPIC_NOT_MODIFIED")
        room.shut.discard(thread)
        return True

    def _leave_chat(self, args: dict[str, Any]) -> bool:
        self._room(args).is_out = True
        return True

    # ---- faces -----------------------------------------------------------------------------------------------------

    def _face(self, room: Room, post: Post) -> dict[str, Any]:
        face: dict[str, Any] = {
            "message_id": post.number,
            "date": int(self.wall()),
            "chat": room.face(),
            "from": post.sender,
        }
        if post.thread is not None:
            face |= {"message_thread_id": post.thread, "is_topic_message": True}
        return face | ({"caption": post.text} if post.is_media else {"text": post.text})

    def _tell(self, **update: Any) -> int:
        number = next(self._update_ids)
        self.updates.append({"update_id": number, **update})
        self._news.set()
        return number

    def _service(self, room: Room, sender: dict[str, Any], **more: Any) -> None:
        post = Post(number=next(self._ids), sender=sender, text="(service)")
        if sender != ME:
            room.posts[post.number] = post
        else:
            room.posts[post.number] = Post(number=post.number, sender=SERVICE, text="(service)")
        face = {name: value for name, value in self._face(room, post).items() if name != "text"}
        self._tell(message=face | more)

    # ---- people ----------------------------------------------------------------------------------------------------

    def room(self, number: int, kind: str = "", *threads: int) -> Room:
        """A chat, made at its first mention: positive numbers are people's private ones."""
        if number not in self.rooms:
            made = Room(id=number, kind=kind or ("private" if number > 0 else "supergroup"), threads=set(threads))
            self.rooms[number] = made
        return self.rooms[number]

    @staticmethod
    def person(number: int) -> dict[str, Any]:
        return {"id": number, "is_bot": False, "first_name": f"Person{number}"}

    def message(
        self, chat: int, user: int, text: str, *, late_s: float = 0, thread: int | None = None, **more: Any
    ) -> dict[str, Any]:
        """What a person writes, as an update carries it; it stands in the chat."""
        room = self.room(chat)
        post = Post(
            number=next(self._ids), sender=more.pop("from", None) or self.person(user), text=text, thread=thread
        )
        room.posts[post.number] = post
        face = self._face(room, post) | {"date": int(self.wall() - late_s), "entities": _entities(text)} | more
        return {name: value for name, value in face.items() if value is not None}

    def say(self, chat: int, user: int, text: str, **more: Any) -> int:
        """Write a message; its number."""
        told = self.message(chat, user, text, **more)
        self._tell(message=told)
        return int(told["message_id"])

    def tell(self, **update: Any) -> int:
        """Send an update as it is."""
        return self._tell(**update)

    def react(
        self, chat: int, user: int, post: str, new: str, old: str = "", *, sender_chat: dict[str, Any] | None = None
    ) -> None:
        """Put a reaction on a message, take it away, or do so as an anonymous admin; an update only where the bot may know."""
        room = self.room(chat)
        if room.kind != "private" and not room.is_admin:
            return
        who = {"actor_chat": sender_chat} if sender_chat is not None else {"user": self.person(user)}
        self._tell(
            message_reaction={
                "chat": room.face(),
                "message_id": int(post),
                "date": int(self.wall()),
                "old_reaction": [{"type": "emoji", "emoji": emoji} for emoji in old],
                "new_reaction": [{"type": "emoji", "emoji": emoji} for emoji in new],
                **who,
            }
        )

    def press(self, chat: int, user: int, post: Post, data: str) -> str:
        """Press a button, or pretend that there was one; the press's name."""
        query = f"q{next(self._ids)}"
        room = self.room(chat)
        self._tell(
            callback_query={
                "id": query,
                "from": self.person(user),
                "message": self._face(room, post),
                "chat_instance": "1",
                "data": data,
            }
        )
        return query

    def join(self, chat: int, by: int, old: str = "left", new: str = "member") -> None:
        """The bot is let into a group, or put out."""
        room = self.room(chat)
        room.is_out = new in ("left", "kicked")
        member = {"user": ME, "until_date": 0}
        self._tell(
            my_chat_member={
                "chat": room.face(),
                "from": self.person(by),
                "date": int(self.wall()),
                "old_chat_member": member | {"status": old},
                "new_chat_member": member | {"status": new},
            }
        )

    def delete_topic(self, chat: int, thread: int) -> None:
        """A person deletes a topic, with all that stands in it."""
        room = self.room(chat)
        room.threads.remove(thread)
        room.posts = {number: post for number, post in room.posts.items() if post.thread != thread}

    def migrate(self, old: int, new: int, *, is_told: bool = True) -> None:
        """A group becomes a supergroup."""
        room = self.room(old)
        self.room(new)
        if is_told:
            self._service(room, self.person(1), migrate_to_chat_id=new)
        room.moved_to = new

    def count(self) -> dict[str, int]:
        """How often each method was called."""
        found: dict[str, int] = defaultdict(int)
        for method, _ in self.calls:
            found[method] += 1
        return found


def _entities(text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if match := re.match(r"/\w+(@\w+)?", text):
        found.append({"type": "bot_command", "offset": 0, "length": len(match[0])})
    mentions = re.finditer(r"(?<!\w)@\w+", text)
    found.extend({"type": "mention", "offset": match.start(), "length": len(match[0])} for match in mentions)
    return found
