"""Discord on loopback: REST and gateway over real sockets, with its limits and deadlines, its channels, and a person in front.

Where the real service is strict, so is this: three seconds for the first answer to an interaction, one answer each, fifteen
minutes for its token, 4,000 characters, 40 components, ids of 100, 25 choices, a nonce that shows one message once. What
breaks a rule is refused as there, and noted in ``broken``.
"""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

from tests.bot.discord.limit import Limit

EPOCH = 1420070400000
TOKEN = "bot.secret.token"
BOT, APP, GUILD, FOREIGN, ROLE = 900, 901, 1000, 1001, 1000
CHANNEL, OTHER = 2000, 2001
LUIS, EVE, ADMIN = 5001, 5002, 5003
GUILD_REACTIONS, DM_REACTIONS = 1 << 10, 1 << 13
EPHEMERAL, V2, LOADING = 64, 1 << 15, 128
ALL_PERMISSIONS = (1 << 53) - 1


class Refusal(Exception):  # noqa: N818  what the service answers, not a fault of the test
    """An answer that is not 2xx."""

    def __init__(self, status: int, code: int, text: str, **headers: str) -> None:
        super().__init__(text)
        self.status, self.code, self.text, self.headers = status, code, text, headers


class Post:
    """One message as it stands in a channel."""

    def __init__(self, number: int, channel: int, body: dict[str, Any], author: int) -> None:
        self.number, self.channel, self.author = number, channel, author
        self.flags = 0
        self.components: list[Any] = []
        self.attachments: list[str] = []
        self.content = ""
        self.edits = -1
        self.sees = 0  # the one person who sees it; 0 for everybody
        self.mentions: dict[str, Any] = {}
        self.put(body)

    def put(self, body: dict[str, Any]) -> None:
        self.flags |= body.get("flags", 0)
        self.components = body.get("components", self.components)
        self.content = body.get("content") or self.content
        if "attachments" in body:
            self.attachments = [one["filename"] for one in body["attachments"]]
        self.mentions = body.get("allowed_mentions", {})
        self.edits += 1

    @property
    def id(self) -> str:
        return f"{self.number}"

    def walk(self) -> list[dict[str, Any]]:
        return list(walk(self.components))

    @property
    def texts(self) -> list[str]:
        return [one["content"] for one in self.walk() if one["type"] == 10]

    @property
    def text(self) -> str:
        """Words without markup, as a client shows them."""
        return words("\n".join([self.content, *self.texts]))

    @property
    def buttons(self) -> tuple[str, ...]:
        """Labels of buttons, and of what a list offers."""
        lists = [option["label"] for one in self.walk() if one["type"] == 3 for option in one["options"]]
        return (*lists, *(one["label"] for one in self.walk() if one["type"] == 2))

    @property
    def files(self) -> tuple[str, ...]:
        return tuple(self.attachments)

    def button(self, label: str) -> dict[str, Any]:
        return next(one for one in self.walk() if one["type"] == 2 and one["label"] == label)


def _is_list(one: dict[str, Any]) -> bool:
    """What the service takes as a select: 25 options, their values their own, within 100 characters."""
    values = [option["value"] for option in one["options"]]
    fits = all(1 <= len(option["label"]) <= 100 and 1 <= len(option["value"]) <= 100 for option in one["options"])
    return 1 <= len(values) <= 25 and len(set(values)) == len(values) and fits


def _has_list(row: dict[str, Any]) -> bool:
    return any(one["type"] == 3 for one in row["components"])


def words(text: str) -> str:
    text = re.sub(r"^(### |-# )", "", text, flags=re.MULTILINE)
    text = re.sub(r"```\n?|\u200b", "", text)
    return re.sub(r"\\(.)", r"\1", text)


def walk(components: list[Any]) -> Any:
    for one in components:
        yield one
        yield from walk(one.get("components", []))
        if "component" in one:
            yield from walk([one["component"]])


class Play:
    """One interaction that a person began, and what came of it."""

    def __init__(self, number: int, user: int, channel: int, kind: int) -> None:
        self.number, self.user, self.channel, self.kind = number, user, channel, kind
        self.token = f"interaction-token-{number}"
        self.began = time.monotonic()
        self.answer: dict[str, Any] | None = None  # the first response
        self.answered = asyncio.Event()
        self.original: Post | None = None
        self.is_loading = False
        self.is_over = False  # its fifteen minutes are
        self.pressed: Post | None = None

    @property
    def choices(self) -> list[str]:
        assert self.answer is not None
        return [one["name"] for one in self.answer["data"]["choices"]]


class Server:
    """The service."""

    def __init__(self, *, deadline_s: float = 3.0, limit: Limit | None = None) -> None:
        self.deadline_s = deadline_s
        self.limit = limit or Limit()
        self.posts: list[Post] = []
        self.plays: dict[int, Play] = {}
        self.commands: list[dict[str, Any]] = []
        self.synced = 0
        self.calls: list[tuple[str, str]] = []
        self.broken: list[str] = []
        self.pins: list[int] = []
        self.reactions: list[tuple[int, str]] = []
        self.nonces: dict[tuple[int, str], Post] = {}
        self.dms: dict[int, int] = {}
        self.threads: dict[int, dict[str, Any]] = {}
        self.gone_threads: set[int] = set()
        self.faults: list[Refusal] = []  # for the next messages
        self.swallowing = False
        self.out = False  # put out of the guild
        self.others: dict[int, str] = {}  # guilds beside the desk's
        self.is_shut = False  # the gateway takes nobody
        self.permissions = ALL_PERMISSIONS
        self.endpoint: str | None = None
        self.sockets: list[web.WebSocketResponse] = []
        self.sessions: dict[str, list[dict[str, Any]]] = {}
        self.seq = 0
        self.count = 0
        self.resumes = 0
        self.identifies: list[dict[str, Any]] = []
        self.changed = asyncio.Event()
        self.port = 0

    # ---- serving

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[None]:
        app = web.Application()
        app.router.add_get("/gw", self.gateway)
        app.router.add_route("*", "/api/v10/{path:.*}", self.rest)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        assert site._server is not None
        self.port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
        try:
            yield
        finally:
            for socket in self.sockets:
                await socket.close()
            await runner.cleanup()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/v10"

    @property
    def gateway_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/gw"

    def tell(self) -> None:
        self.changed.set()

    async def until(self, holds: Any) -> None:
        """Until something is so; whatever happens here asks again."""
        async with asyncio.timeout(10):
            while not holds():
                self.changed.clear()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self.changed.wait(), 0.02)

    def snowflake(self) -> int:
        self.count += 1
        return ((int(time.time() * 1000) - EPOCH) << 22) + self.count

    async def rest(self, request: web.Request) -> web.StreamResponse:
        path = request.match_info["path"]
        self.calls.append((request.method, path))
        headers: dict[str, str] = {}
        try:
            body = await self.body(request)
            refused, headers = self.limit.take(request.method, path)
            if refused is not None:
                return refused
            status, answer = await self.answer(request, path.split("/"), body)
        except Refusal as refusal:
            if refusal.status == 400:
                self.broken.append(str(refusal))
            status, answer = refusal.status, {"code": refusal.code, "message": refusal.text, "retry_after": 0.05}
            return self.json(status, answer, {**headers, **refusal.headers})
        finally:
            self.tell()
        return self.json(status, answer, headers)

    @staticmethod
    def json(status: int, answer: Any, headers: dict[str, str] | None = None) -> web.Response:
        if status == 204:
            return web.Response(status=204, headers=headers)
        raw = json.dumps(answer).encode()
        return web.Response(status=status, body=raw, headers={**(headers or {}), "Content-Type": "application/json"})

    async def body(self, request: web.Request) -> Any:
        if request.content_type != "multipart/form-data":
            return await request.json() if request.can_read_body else {}
        form = await request.post()
        body = json.loads(str(form["payload_json"]))
        sent = [key for key in form if key.startswith("files[")]
        if len(sent) != len(body.get("attachments", [])):
            raise Refusal(400, 50035, "files and attachments differ")
        return body

    async def answer(self, request: web.Request, parts: list[str], body: Any) -> tuple[int, Any]:
        if parts[0] not in ("webhooks", "interactions") and request.headers.get("Authorization") != f"Bot {TOKEN}":
            raise Refusal(401, 0, "401: Unauthorized")
        match request.method, parts:
            case "GET", ["users", "@me"]:
                return 200, user(BOT, "lockstep", bot=True)
            case "GET", ["users", "@me", "guilds"]:
                return 200, self.guilds()
            case "GET", [("oauth2" | "applications"), *rest] if rest[-1] == "@me":
                return 200, self.application()
            case "PUT", ["applications", _, "guilds", guild, "commands"]:
                return 200, self.sync(guild, body)
            case "GET", ["guilds", guild]:
                self.is_in(int(guild))
                return 200, self.guild()
            case "GET", ["guilds", guild, "members", who]:
                self.is_in(int(guild))
                return 200, member(int(who))
            case "POST", ["users", "@me", "channels"]:
                return 200, self.dm(int(body["recipient_id"]))
            case "POST", ["interactions", number, token, "callback"]:
                return self.callback(int(number), token, body)
            case method, ["webhooks", _, token, *rest]:
                return self.webhook(method, token, rest, body)
            case "POST", ["channels", channel, "messages", number, "threads"]:
                return 201, self.start_thread(int(channel), body, int(number))
            case "POST", ["channels", channel, "threads"]:
                return 201, self.start_thread(int(channel), body)
            case "PATCH", ["channels", thread]:
                return 200, self.edit_thread(int(thread), body)
            case method, ["channels", channel, "messages", *rest]:
                return await self.channel(method, int(channel), rest, body)
        raise Refusal(404, 0, f"404: {request.method} {'/'.join(parts)}")

    def application(self) -> dict[str, Any]:
        return {
            "id": f"{APP}",
            "name": "lockstep",
            "description": "",
            "icon": None,
            "bot_public": False,
            "bot_require_code_grant": False,
            "verify_key": "k",
            "flags": 0,
            "owner": user(ADMIN, "admin"),
            "interactions_endpoint_url": self.endpoint,
        }

    def guilds(self) -> list[dict[str, Any]]:
        """The servers that the bot is in, in short."""
        named = {**({} if self.out else {GUILD: "Desk"}), **self.others}
        more = {"icon": None, "owner": False, "permissions": f"{self.permissions}", "features": []}
        return [{"id": f"{number}", "name": name, **more} for number, name in named.items()]

    def is_in(self, guild: int) -> None:
        if self.out or guild != GUILD:
            raise Refusal(404, 10004, "Unknown Guild")

    def guild(self) -> dict[str, Any]:
        role = {
            "id": f"{ROLE}",
            "name": "@everyone",
            "permissions": f"{self.permissions}",
            "position": 0,
            "color": 0,
            "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
            "hoist": False,
            "managed": False,
            "mentionable": False,
            "flags": 0,
        }
        names = {CHANNEL: "desk", OTHER: "trades"}
        channels = [
            {"id": f"{number}", "type": 0, "name": name, "position": 0, "permission_overwrites": [], "nsfw": False}
            for number, name in names.items()
        ]
        return {
            "id": f"{GUILD}",
            "name": "Desk",
            "owner_id": f"{ADMIN}",
            "roles": [role],
            "channels": channels,
            "members": [member(BOT)],
            "threads": [],
            "emojis": [],
            "stickers": [],
            "features": [],
            "verification_level": 0,
            "default_message_notifications": 0,
            "explicit_content_filter": 0,
            "mfa_level": 0,
            "nsfw_level": 0,
            "premium_tier": 0,
            "preferred_locale": "en-US",
            "system_channel_flags": 0,
            "member_count": 3,
            "voice_states": [],
            "presences": [],
            "stage_instances": [],
            "guild_scheduled_events": [],
            "soundboard_sounds": [],
        }

    def sync(self, guild: str, body: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if int(guild) != GUILD or self.out:
            raise Refusal(403, 50001, "Missing Access")
        for command in body:
            if command.get("type", 1) == 1:
                self.check_command(command)
            elif not 1 <= len(command["name"]) <= 32 or command.get("description") or command.get("options"):
                raise Refusal(400, 50035, f"the menu {command['name']}")
        if len(body) > 100 or len({(one["name"], one.get("type", 1)) for one in body}) != len(body):
            raise Refusal(400, 50035, "too many commands, or two of one name")
        self.synced += 1
        self.commands = [
            {
                "description": "",
                **one,
                "id": f"{7000 + place}",
                "application_id": f"{APP}",
                "guild_id": guild,
                "version": "1",
                "default_member_permissions": None,
            }
            for place, one in enumerate(body)
        ]
        return self.commands

    def check_command(self, command: dict[str, Any]) -> None:
        options = command.get("options", [])
        required = [one.get("required", False) for one in options]
        if not re.fullmatch(r"[-_a-z0-9]{1,32}", command["name"]) or not 1 <= len(command["description"]) <= 100:
            raise Refusal(400, 50035, f"name or description of {command['name']}")
        if len(options) > 25 or len(command.get("choices", [])) > 25 or required != sorted(required, reverse=True):
            raise Refusal(400, 50035, f"options of {command['name']}")
        for option in options:
            self.check_command(option)

    # ---- messages

    def check(self, body: dict[str, Any], *, is_old: bool = False) -> None:
        """What the service refuses in a message."""
        found = list(walk(body.get("components", [])))
        ids = [one["custom_id"] for one in found if "custom_id" in one]
        texts = [one["content"] for one in found if one["type"] == 10]
        shown = [one["file"]["url"] for one in found if one["type"] == 13]
        shown += [item["media"]["url"] for one in found if one["type"] == 12 for item in one["items"]]
        files = [f"attachment://{one['filename']}" for one in body.get("attachments", [])]
        rules = {
            "components": len(found) <= 40,
            "characters": sum(map(len, texts)) <= 4000 and all(texts),
            "custom_id": all(1 <= len(one) <= 100 for one in ids) and len(set(ids)) == len(ids),
            "buttons in a row": all(1 <= len(one["components"]) <= 5 for one in found if one["type"] == 1),
            "labels": all(1 <= len(one["label"]) <= 80 for one in found if one["type"] == 2),
            "lists": all(_is_list(one) for one in found if one["type"] == 3),
            "a list alone in its row": all(
                len(one["components"]) == 1 for one in found if one["type"] == 1 and _has_list(one)
            ),
            "nonce": len(body.get("nonce", "")) <= 25,
            "content beside components": not (body.get("flags", 0) & V2 and body.get("content")),
            "nothing": is_old or bool(found or body.get("content")),
            "files that nobody sees": set(shown) == set(files),
        }
        wrong = [name for name, holds in rules.items() if not holds]
        if wrong:
            raise Refusal(400, 50035, f"Invalid Form Body: {', '.join(wrong)}")

    async def channel(self, method: str, channel: int, rest: list[str], body: Any) -> tuple[int, Any]:
        if channel not in (CHANNEL, OTHER, *self.dms.values(), *self.threads):
            raise Refusal(404, 10003, "Unknown Channel")
        if self.out and channel not in self.dms.values():
            raise Refusal(403, 50001, "Missing Access")
        if channel in self.threads and method == "POST" and not rest:
            self.enter(channel)
        match method, rest:
            case "POST", []:
                return await self.send(channel, body)
            case "PATCH", [number]:
                post = self.find(int(number), channel)
                self.check(body, is_old=True)
                post.put(body)
                return 200, self.message(post)
            case "PUT", ["pins", number]:
                self.pins.append(self.find(int(number), channel).number)
                return 204, None
            case "PUT", [number, "reactions", emoji, "@me"]:
                self.reactions.append((int(number), emoji))
                return 204, None
        raise Refusal(404, 0, f"404: {method} messages {rest}")

    # ---- threads

    def needs(self, bit: int) -> None:
        if not self.permissions >> bit & 1:
            raise Refusal(403, 50013, "Missing Permissions")

    def start_thread(self, channel: int, body: dict[str, Any], number: int = 0) -> dict[str, Any]:
        """A message's thread has the message's number, and a message has one at most."""
        if channel not in (CHANNEL, OTHER):
            raise Refusal(404, 10003, "Unknown Channel")
        if self.out:
            raise Refusal(403, 50001, "Missing Access")
        self.needs(35)
        if not 1 <= len(body["name"]) <= 100 or body["auto_archive_duration"] not in (60, 1440, 4320, 10080):
            raise Refusal(400, 50035, "Invalid Form Body: name or auto_archive_duration")
        if number:
            self.find(number, channel)
            if number in self.threads or number in self.gone_threads:
                raise Refusal(400, 160004, "A thread has already been created for this message")
        elif body["type"] != 11:
            raise Refusal(400, 50035, "Invalid Form Body: type")
        made = number or self.snowflake()
        self.threads[made] = {"parent": channel, "name": body["name"], "archived": False, "locked": False}
        return self.thread(made)

    def edit_thread(self, thread: int, body: dict[str, Any]) -> dict[str, Any]:
        """Its maker may rename it, archive it and open it again; what somebody locked needs Manage Threads."""
        if thread not in self.threads:
            raise Refusal(404, 10003, "Unknown Channel")
        if self.threads[thread]["locked"]:
            self.needs(34)
        if self.threads[thread]["archived"] and body.get("archived", True):
            raise Refusal(400, 50083, "Thread is archived")
        if len(body.get("name", "x")) > 100:
            raise Refusal(400, 50035, "Invalid Form Body: name")
        self.threads[thread] |= body
        return self.thread(thread)

    def enter(self, thread: int) -> None:
        """Who writes into an archived thread opens it again."""
        self.needs(38)
        if self.threads[thread]["locked"]:
            raise Refusal(400, 160005, "Thread is locked")
        self.threads[thread]["archived"] = False

    def delete_thread(self, thread: int) -> None:
        del self.threads[thread]
        self.gone_threads.add(thread)
        self.posts = [one for one in self.posts if one.channel != thread]

    def thread(self, number: int) -> dict[str, Any]:
        kept = self.threads[number]
        meta = {"archived": kept["archived"], "locked": kept["locked"], "auto_archive_duration": 1440}
        return {
            "id": f"{number}",
            "guild_id": f"{GUILD}",
            "parent_id": f"{kept['parent']}",
            "owner_id": f"{BOT}",
            "type": 11,
            "name": kept["name"],
            "message_count": 0,
            "member_count": 1,
            "thread_metadata": {**meta, "archive_timestamp": "2026-01-01T00:00:00+00:00"},
        }

    async def send(self, channel: int, body: dict[str, Any]) -> tuple[int, Any]:
        if self.faults:
            raise self.faults.pop(0)
        self.check(body)
        nonce = body.get("nonce", "")
        known = self.nonces.get((channel, nonce)) if body.get("enforce_nonce") else None
        if known is None:
            known = Post(self.snowflake(), channel, body, BOT)
            self.posts.append(known)
            self.nonces[channel, nonce] = known
        if self.swallowing:
            self.swallowing = False
            await asyncio.sleep(30)
        return 200, self.message(known)

    def find(self, number: int, channel: int) -> Post:
        found = next((one for one in self.posts if one.number == number and one.channel == channel), None)
        if found is None or found.sees:
            raise Refusal(404, 10008, "Unknown Message")
        return found

    def message(self, post: Post, **more: Any) -> dict[str, Any]:
        return {
            "id": post.id,
            "channel_id": f"{post.channel}",
            "author": user(post.author, "x", bot=post.author == BOT),
            "content": post.content,
            "timestamp": datetime.now(UTC).isoformat(),
            "edited_timestamp": None,
            "tts": False,
            "mention_everyone": False,
            "mentions": [],
            "mention_roles": [],
            "attachments": [],
            "embeds": [],
            "pinned": False,
            "type": 0,
            "flags": post.flags,
            "components": post.components,
            **more,
        }

    def dm(self, who: int) -> dict[str, Any]:
        channel = self.dms.setdefault(who, 3000 + who)
        return {"id": f"{channel}", "type": 1, "last_message_id": None, "recipients": [user(who, "x")]}

    # ---- interactions

    def callback(self, number: int, token: str, body: dict[str, Any]) -> tuple[int, Any]:
        play = self.plays.get(number)
        if play is None or play.token != token or time.monotonic() - play.began > self.deadline_s:
            raise Refusal(404, 10062, "Unknown interaction")
        if play.answer is not None:
            raise Refusal(400, 40060, "Interaction has already been acknowledged")
        data = body.get("data") or {}
        allowed = {2: (4, 5, 9), 3: (4, 5, 6, 7, 9), 4: (8,), 5: (4, 5, 6, 7)}[play.kind]
        if body["type"] not in allowed:
            raise Refusal(400, 50035, "callback type")
        if body["type"] == 4:
            self.check(data)
            self.show_original(play, data)
        elif body["type"] == 5:
            self.show_original(play, {"flags": data.get("flags", 0)})
            play.is_loading = True
        elif body["type"] == 8 and len(data["choices"]) > 25:
            raise Refusal(400, 50035, "choices")
        elif body["type"] == 9:
            self.check_modal(data)
        play.answer = body
        play.answered.set()
        return 200, {
            "interaction": {
                "id": f"{number}",
                "type": play.kind,
                "response_message_loading": play.is_loading,
                "response_message_ephemeral": bool(data.get("flags", 0) & EPHEMERAL),
            }
        }

    def show_original(self, play: Play, data: dict[str, Any]) -> None:
        play.original = Post(self.snowflake(), play.channel, data, BOT)
        play.original.sees = play.user if play.original.flags & EPHEMERAL else 0
        self.posts.append(play.original)

    @staticmethod
    def check_modal(data: dict[str, Any]) -> None:
        inputs = [one for one in walk(data["components"]) if one["type"] == 4]
        labels = [one for one in walk(data["components"]) if one["type"] == 18]
        radios = [one for one in walk(data["components"]) if one["type"] == 21]
        fits = len(data["title"]) <= 45 and len(data["custom_id"]) <= 100 and 1 <= len(labels) <= 5
        fits = fits and len(inputs) + len(radios) == len(labels)
        fits = fits and all(2 <= len(one["options"]) <= 10 for one in radios)
        if not fits or any(len(one["label"]) > 45 for one in labels):
            raise Refusal(400, 50035, "modal")

    def webhook(self, method: str, token: str, rest: list[str], body: Any) -> tuple[int, Any]:
        play = next((one for one in self.plays.values() if one.token == token), None)
        if play is None or play.answer is None:
            raise Refusal(404, 10015, "Unknown Webhook")
        if play.is_over:
            raise Refusal(401, 50027, "Invalid Webhook Token")
        if method == "POST":
            return 200, self.message(self.follow_up(play, body))
        number = play.original.number if rest[1] == "@original" and play.original is not None else 0
        number = number or (int(rest[1]) if rest[1].isdigit() else 0)
        post = next((one for one in self.posts if one.number == number), None)
        if post is None:
            raise Refusal(404, 10008, "Unknown Message")
        if method == "DELETE":
            self.posts.remove(post)
            play.is_loading = False
            return 204, None
        self.check(body, is_old=True)
        post.put(body)
        play.is_loading = play.is_loading and post is not play.original
        return 200, self.message(post)

    def follow_up(self, play: Play, body: dict[str, Any]) -> Post:
        """The first one after a waiting line takes its place, and is seen by whoever sees that."""
        self.check(body)
        if play.is_loading and play.original is not None:
            play.is_loading = False
            play.original.put({**body, "flags": body.get("flags", 0) & ~EPHEMERAL})
            return play.original
        post = Post(self.snowflake(), play.channel, body, BOT)
        post.sees = play.user if post.flags & EPHEMERAL else 0
        self.posts.append(post)
        return post

    # ---- gateway

    async def gateway(self, request: web.Request) -> web.WebSocketResponse:
        if self.is_shut:
            raise web.HTTPServiceUnavailable
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"op": 10, "d": {"heartbeat_interval": 20_000}, "s": None, "t": None})
        async for frame in socket:
            if frame.type is not WSMsgType.TEXT:
                continue
            said = json.loads(frame.data)
            if said["op"] == 1:
                await socket.send_json({"op": 11, "d": None, "s": None, "t": None})
            elif said["op"] == 2:
                await self.identify(socket, said["d"])
            elif said["op"] == 6:
                await self.resume(socket, said["d"])
            self.tell()
        if socket in self.sockets:
            self.sockets.remove(socket)
        return socket

    async def identify(self, socket: web.WebSocketResponse, body: dict[str, Any]) -> None:
        self.identifies.append(body)
        if body["token"] != TOKEN:
            await socket.close(code=4004, message=b"Authentication failed.")
            return
        session = f"session-{len(self.identifies)}"
        self.sessions = {session: []}
        self.sockets = [socket]
        guilds = [] if self.out else [{"id": f"{GUILD}", "unavailable": True}]
        ready = {
            "v": 10,
            "user": user(BOT, "lockstep", bot=True),
            "guilds": guilds,
            "session_id": session,
            "resume_gateway_url": self.gateway_url,
            "application": {"id": f"{APP}", "flags": 0},
        }
        await self.dispatch("READY", ready)
        if guilds:
            await self.dispatch("GUILD_CREATE", self.guild())

    async def resume(self, socket: web.WebSocketResponse, body: dict[str, Any]) -> None:
        kept = self.sessions.get(body["session_id"])
        if kept is None:
            await socket.send_json({"op": 9, "d": False, "s": None, "t": None})
            return
        self.resumes += 1
        self.sockets = [socket]
        for frame in [one for one in kept if one["s"] > body["seq"]]:
            await socket.send_json(frame)
        self.seq += 1
        await socket.send_json({"op": 0, "t": "RESUMED", "s": self.seq, "d": {}})

    async def dispatch(self, event: str, body: dict[str, Any]) -> None:
        """Told to whoever is connected; kept for whoever comes back."""
        self.seq += 1
        frame = {"op": 0, "t": event, "s": self.seq, "d": body}
        for kept in self.sessions.values():
            kept.append(frame)
        for socket in self.sockets:
            if not socket.closed:
                await socket.send_json(frame)

    async def break_line(self, code: int = WSCloseCode.ABNORMAL_CLOSURE) -> None:
        sockets, self.sockets = self.sockets, []
        for socket in sockets:
            await socket.close(code=4000 if code == WSCloseCode.ABNORMAL_CLOSURE else code)

    # ---- a person

    def sees(self, who: int = LUIS, channel: int = CHANNEL) -> list[Post]:
        """What this person sees in a channel, oldest first."""
        return [one for one in self.posts if one.channel == channel and one.sees in (0, who)]

    async def slash(self, line: str, who: int = LUIS, channel: int = CHANNEL, **how: Any) -> Play:
        """``pause scope=all`` or ``view accounts``: a command by its name, options by theirs."""
        data = self.command_data(line)
        return await self.interact(2, data, who, channel, **how)

    async def complete(self, line: str, field: str, who: int = LUIS, channel: int = CHANNEL) -> list[str]:
        """What is offered while a person types in a field."""
        data = self.command_data(line)
        options = data["options"]
        while options and options[0]["type"] == 1:
            options = options[0]["options"]
        for option in options:
            option["focused"] = option["name"] == field
        play = await self.interact(4, data, who, channel)
        return play.choices

    def command_data(self, line: str) -> dict[str, Any]:
        names, given = [], {}
        for word in re.findall(r'\S+="[^"]*"|\S+', line):
            name, is_option, value = word.partition("=")
            if is_option:
                given[name] = value.strip('"')
            else:
                names.append(name)
        command = next(one for one in self.commands if one["name"] == names[0] and one.get("type", 1) == 1)
        level, node = command, None
        if len(names) > 1:
            level = next(one for one in command["options"] if one["name"] == names[1])
            node = level
        known = {one["name"]: one for one in level.get("options", [])}
        assert set(given) <= set(known), f"{names} knows {set(known)}"
        needed = {name: one for name, one in known.items() if one.get("required") and name not in given}
        given |= {name: one["choices"][0]["value"] if one.get("choices") else "x" for name, one in needed.items()}
        options = [{"name": name, "type": 3, "value": value} for name, value in given.items()]
        if node is not None:
            options = [{"name": node["name"], "type": 1, "options": options}]
        return {"id": command["id"], "name": names[0], "type": 1, "guild_id": f"{GUILD}", "options": options}

    async def press(self, label: str, who: int = LUIS, post: Post | None = None, **how: Any) -> Play:
        """The newest button with this label that the person sees."""
        seen = [one for one in self.posts if one.sees in (0, who) and label in one.buttons]
        post = post or seen[-1]
        for one in post.walk():
            chosen = [option["value"] for option in one.get("options", ()) if option["label"] == label]
            if one["type"] == 3 and chosen:
                data = {"custom_id": one["custom_id"], "component_type": 3, "values": chosen}
                return await self.interact(3, data, who, post.channel, post=post, **how)
        return await self.press_id(post.button(label)["custom_id"], post, who, **how)

    async def press_id(self, custom_id: str, post: Post, who: int = LUIS, **how: Any) -> Play:
        data = {"custom_id": custom_id, "component_type": 2}
        return await self.interact(3, data, who, post.channel, post=post, **how)

    async def fill(self, modal: Play, text: str = "", who: int = LUIS, **more: str) -> Play:
        """Fill in the form that a press opened: ``text`` into its first line, ``more`` by the fields' names."""
        assert modal.answer is not None
        data = modal.answer["data"]
        fields = [one for one in walk(data["components"]) if one["type"] in (4, 21)]
        first = next((one["custom_id"] for one in fields if one["type"] == 4), "")
        given = {**({first: text} if text else {}), **more}
        assert set(given) <= {one["custom_id"] for one in fields}
        parts = []
        for number, one in enumerate(fields):
            value = given.get(one["custom_id"], None if one["type"] == 21 else "")
            if one["type"] == 4:
                assert not one.get("required") or len(value or "") >= one.get("min_length", 1)
            else:
                assert value is None or value in [option["value"] for option in one["options"]]
            inner = {"type": one["type"], "id": 2 * number + 2, "custom_id": one["custom_id"], "value": value}
            parts.append({"type": 18, "id": 2 * number + 1, "component": inner})
        return await self.interact(
            5, {"custom_id": data["custom_id"], "components": parts}, who, modal.channel, post=modal.pressed
        )

    async def interact(
        self,
        kind: int,
        data: dict[str, Any],
        who: int,
        channel: int,
        *,
        post: Post | None = None,
        guild: int = GUILD,
        is_user_install: bool = False,
        context: int | None = None,
        late_s: float = 0.0,
        waits: bool = True,
        **member_more: Any,
    ) -> Play:
        play = Play(self.snowflake() - (int(late_s * 1000) << 22), who, channel, kind)
        play.began -= late_s
        play.pressed = post
        self.plays[play.number] = play
        alone = channel in self.dms.values()
        body: dict[str, Any] = {
            "id": f"{play.number}",
            "application_id": f"{APP}",
            "type": kind,
            "token": play.token,
            "version": 1,
            "data": data,
            "channel_id": f"{channel}",
            "channel": {"id": f"{channel}", "type": 1 if alone else 0, "name": "desk", "position": 0},
            "locale": "en-US",
            "entitlements": [],
            "app_permissions": f"{self.permissions}",
            "attachment_size_limit": 10_000_000,
            "authorizing_integration_owners": {"1": f"{who}"}
            if is_user_install
            else {"0": "0" if alone else f"{guild}"},
            "context": context if context is not None else (1 if alone else 0),
        }
        if alone:
            body["channel"]["recipients"] = [user(who, "x")]
            body["user"] = user(who, "x")
        else:
            body |= {"guild_id": f"{guild}", "guild_locale": "en-US", "member": {**member(who), **member_more}}
            body["guild"] = {"id": f"{guild}", "features": [], "locale": "en-US"}
        if post is not None:
            body["message"] = self.message(post)
        await self.dispatch("INTERACTION_CREATE", body)
        if waits:
            async with asyncio.timeout(10):
                await play.answered.wait()
        return play

    async def long_press(self, post: Post, name: str, who: int = LUIS, **how: Any) -> Play:
        """Choose a command of the menu that a long press on a message opens."""
        command = next(one for one in self.commands if one["name"] == name and one["type"] == 3)
        data = {"id": command["id"], "name": name, "type": 3, "guild_id": f"{GUILD}", "target_id": post.id}
        data["resolved"] = {"messages": {post.id: self.message(post)}}
        return await self.interact(2, data, who, post.channel, **how)

    async def react(self, post: str, emoji: str, who: int = LUIS, *, is_back: bool = False, guild: int = GUILD) -> None:
        """Put a reaction on a message, or take it away; told only to whoever has the intent for it."""
        found = next(one for one in self.posts if one.id == post)
        alone = found.channel in self.dms.values()
        if not self.identifies[-1]["intents"] & (DM_REACTIONS if alone else GUILD_REACTIONS):
            return
        body: dict[str, Any] = {
            "user_id": f"{who}",
            "channel_id": f"{found.channel}",
            "message_id": post,
            "emoji": {"id": None, "name": emoji},
            "burst": False,
            "type": 0,
        }
        if not alone:
            body["guild_id"] = f"{guild}"
        if not is_back:
            body |= {"message_author_id": f"{found.author}"} | ({} if alone else {"member": member(who)})
        await self.dispatch(f"MESSAGE_REACTION_{'REMOVE' if is_back else 'ADD'}", body)

    async def reply(self, post: str, text: str, who: int = LUIS, *, is_ping: bool = True, times: int = 1) -> int:
        """Answer a message of the bot; whoever writes may turn the mention off."""
        found = next(one for one in self.posts if one.id == post)
        is_alone = found.channel in self.dms.values()
        answered = {
            "type": 19,
            "message_reference": {"type": 0, "channel_id": f"{found.channel}", "message_id": post},
            "referenced_message": self.message(found),
        }
        if is_ping:
            answered["mentions"] = [user(BOT, "lockstep", bot=True)]
        return await self.write(text, who, 0 if is_alone else found.channel, is_call=is_ping, times=times, **answered)

    async def write(
        self, text: str, who: int = LUIS, channel: int = 0, *, is_call: bool = False, times: int = 1, **more: Any
    ) -> int:
        """A message: in private without a channel, else in one; calls us where it names or answers us."""
        is_private = not channel
        channel = channel or int(self.dm(who)["id"])
        post = Post(self.snowflake(), channel, {"content": text}, who)
        self.posts.append(post)
        calls = is_call or f"<@{BOT}>" in text
        seen = text if is_private or calls else ""  # without the privileged intent
        body = self.message(
            post,
            author=user(who, "x"),
            content=seen,
            channel_type=1 if is_private else 0,
            mentions=[user(BOT, "lockstep", bot=True)] if calls else [],
        )
        if not is_private:
            body |= {"guild_id": f"{GUILD}", "member": {key: one for key, one in member(who).items() if key != "user"}}
        told = {key: one for key, one in {**body, **more}.items() if one is not None}
        for _ in range(times):
            await self.dispatch("MESSAGE_CREATE", told)
        return post.number


def user(number: int, name: str, *, bot: bool = False) -> dict[str, Any]:
    return {
        "id": f"{number}",
        "username": name,
        "discriminator": "0",
        "global_name": name.title(),
        "avatar": None,
        "bot": bot,
        "public_flags": 0,
    }


def member(number: int) -> dict[str, Any]:
    return {
        "user": user(number, f"user{number}", bot=number == BOT),
        "roles": [],
        "joined_at": "2026-01-01T00:00:00+00:00",
        "premium_since": None,
        "deaf": False,
        "mute": False,
        "nick": None,
        "flags": 0,
        "permissions": f"{ALL_PERMISSIONS}",
    }
