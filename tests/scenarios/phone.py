"""A person's phone: the same story typed, pressed and read on every platform, against a whole desk.

The desk is a venue, an engine, its clerk and a bot over real sockets; one ``SwiftClock`` gives all of them the time. A new
platform is one more class that fits ``Phone``.
"""

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import pyotp

from bot.app import run
from bot.chats.console import Console, Options
from bot.chats.console.screen import USER
from bot.config import ChatSettings, Settings
from bot.core.access import Grant, Person, Role
from bot.core.card import Action
from bot.runtime.people.people import People
from bot.storage.database import Database
from bot.storage.people import PeopleStore
from engine.api.secret import Vault
from engine.domain.event import PersonActed
from engine.domain.group import FollowerPlan
from engine.ports import Clock
from engine.service.clerk import Clerk
from engine.service.run import serve
from engine.service.setting import ClerkSettings
from engine.service.stream import Reader
from tests.bot.discord.scene import restored
from tests.bot.discord.server import BOT, EPOCH, GUILD, Play
from tests.bot.discord.server import LUIS as DISCORD_LUIS
from tests.bot.discord.server import TOKEN as DISCORD_TOKEN
from tests.bot.discord.server import Post as DiscordPost
from tests.bot.discord.server import Server as DiscordServer
from tests.bot.telegram.server import TOKEN, Post, TelegramServer
from tests.bot.telegram.server import Room as TelegramRoom
from tests.scenarios.stage import Stage

TOKENS = {"TELEGRAM_TOKEN": TOKEN, "DISCORD_TOKEN": DISCORD_TOKEN}
LUIS = Person(id="luis", name="Luis", grants=(Grant(role=Role.OWNER),))
NUMBER = 11  # Luis on Telegram
PATIENCE_S = 20.0


class Phone(Protocol):
    """One person on one platform."""

    name: str
    identity: str  # of the person, as the platform knows him; empty where it need not

    def up(self) -> AbstractAsyncContextManager[object]:
        """The platform itself, while it is there."""
        ...

    def tables(self) -> dict[str, dict[str, Any]]:
        """Its tables of desk.toml."""
        ...

    def console(self) -> Console | None:
        """A new console for a new bot, where that is what it is."""
        ...

    def hang_up(self) -> None:
        """The bot has ended."""
        ...

    async def type(self, text: str, *, late_s: float = 0) -> None:
        """Write; ``late_s`` ago, where the platform keeps what was written."""
        ...

    async def press(self, label: str) -> None:
        """Press the newest button that is called so."""
        ...

    async def assent(self, code: str) -> None:
        """Confirm a large act: with a one-time code, or at the desk's own computer with the word."""
        ...

    def read(self) -> list[str]:
        """All that was shown, oldest first; what an edit says stands there anew."""
        ...

    def edits(self, word: str) -> list[str]:
        """All that the newest message that ever held ``word`` has said."""
        ...

    def files(self) -> list[str]:
        """Names of the files that were shown."""
        ...


class ConsolePhone:
    """The desk's own computer: lines in, lines out. What is edited elsewhere is printed once more."""

    name = "console"
    identity = ""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._blocks: list[str] = []
        self._lines: SimpleQueue[str] = SimpleQueue()
        self._screen: Console | None = None
        self._folder = Path()

    def write(self, text: str) -> int:
        self._blocks.extend(block for block in text.split("\n\n") if block.strip())
        return len(text)

    def flush(self) -> None:
        pass

    def isatty(self) -> bool:
        return False

    @asynccontextmanager
    async def up(self) -> AsyncIterator[object]:
        with TemporaryDirectory() as folder:
            self._folder = Path(folder)
            yield folder

    def tables(self) -> dict[str, dict[str, Any]]:
        return {}

    def console(self) -> Console:
        self._lines = SimpleQueue()
        reading: Any = iter(self._lines.get, "")
        writing: Any = self
        self._screen = Console(Options(), self._clock, reading=reading, writing=writing, files=self._folder)
        return self._screen

    def hang_up(self) -> None:
        self._lines.put("")

    async def type(self, text: str, *, late_s: float = 0) -> None:
        self._lines.put(f"{text}\n")

    async def press(self, label: str) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not (keys := [one.key for one in self._buttons() if one.label.startswith(label)]):  # noqa: ASYNC110  a screen has no event
                await asyncio.sleep(0.01)
        await self.type(keys[-1])

    async def assent(self, code: str) -> None:
        await self.type("FLATTEN")

    def _buttons(self) -> list[Action]:
        assert self._screen is not None
        return self._screen._keys._actions

    def read(self) -> list[str]:
        return [" ".join(block.split()) for block in self._blocks]

    def edits(self, word: str) -> list[str]:
        return [text for text in self.read() if word in text and not text.startswith(">")]

    def files(self) -> list[str]:
        return [file.name for file in self._folder.iterdir()]


class TimedTelegram(TelegramServer):
    """The service on the story's clock; it remembers what each message has said."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock
        self.said: list[tuple[int, str]] = []

    def _face(self, room: TelegramRoom, post: Post) -> dict[str, Any]:
        if post.text and post.sender.get("is_bot"):
            self.said.append((post.number, " ".join(post.text.split())))
        return super()._face(room, post) | {"date": self._date()}

    def message(self, chat: int, user: int, text: str, *, late_s: float = 0, **more: Any) -> dict[str, Any]:
        return super().message(chat, user, text, **more) | {"date": self._date() - int(late_s)}

    def _date(self) -> int:
        return int(self.clock.now().timestamp())


class TelegramPhone:
    """Luis in his private chat with the bot."""

    name = "telegram"
    identity = f"telegram:{NUMBER}"

    def __init__(self, clock: Clock) -> None:
        self.server = TimedTelegram(clock)
        self.server.room(NUMBER)

    def up(self) -> AbstractAsyncContextManager[object]:
        return self.server.serve()

    def tables(self) -> dict[str, dict[str, Any]]:
        table = {"token": "env:TELEGRAM_TOKEN", "base_url": self.server.url, "poll_s": 1, "patience_s": 5.0}
        return {"telegram": table}

    def console(self) -> None:
        return None

    def hang_up(self) -> None:
        pass

    async def type(self, text: str, *, late_s: float = 0) -> None:
        self.server.say(NUMBER, NUMBER, text, late_s=late_s)

    async def press(self, label: str) -> None:
        room = self.server.rooms[NUMBER]

        def found() -> tuple[Post, str] | None:
            posts = ((post, name) for post in reversed(room.bots) for name in post.buttons if name.startswith(label))
            return next(posts, None)

        while True:  # who presses while the card changes is asked to look again
            post, name = await self.server.until(found, PATIENCE_S)
            query = self.server.press(NUMBER, NUMBER, post, post.data(name))
            await self.server.until(partial(self.server.boxes.__contains__, query), PATIENCE_S)
            if "just changed" not in self.server.boxes[query]:
                return

    async def assent(self, code: str) -> None:
        await self.press("Confirm")
        await self.server.until(lambda: "6-digit" in " ".join(self.read()), PATIENCE_S)
        await self.type(code)

    def read(self) -> list[str]:
        return [text for _, text in self.server.said]

    def edits(self, word: str) -> list[str]:
        number = next(number for number, text in reversed(self.server.said) if word in text)
        return [text for at, text in self.server.said if at == number]

    def files(self) -> list[str]:
        return [name for post in self.server.rooms[NUMBER].bots for name in post.files]


class TimedDiscord(DiscordServer):
    """The service on the story's clock; it remembers what each message has said."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock
        self.said: list[tuple[str, str]] = []
        self._newest: dict[str, str] = {}

    def snowflake(self) -> int:
        self.count += 1
        return ((int(self.clock.now().timestamp() * 1000) - EPOCH) << 22) + self.count

    def tell(self) -> None:
        super().tell()
        for post in self.posts:
            text = " ".join(post.text.split())
            if post.author == BOT and text and self._newest.get(post.id) != text:
                self._newest[post.id] = text
                self.said.append((post.id, text))


class DiscordPhone:
    """Luis in his private messages with the bot."""

    name = "discord"
    identity = f"discord:{DISCORD_LUIS}"

    def __init__(self, clock: Clock) -> None:
        self.server = TimedDiscord(clock)

    @asynccontextmanager
    async def up(self) -> AsyncIterator[object]:
        async with self.server.serve(), restored():
            yield self.server

    def tables(self) -> dict[str, dict[str, Any]]:
        urls = {"base_url": self.server.base_url, "gateway_url": self.server.gateway_url}
        return {"discord": {"token": "env:DISCORD_TOKEN", "guild": GUILD, **urls}}

    def console(self) -> None:
        return None

    def hang_up(self) -> None:
        pass

    async def type(self, text: str, *, late_s: float = 0) -> None:
        await self.server.until(lambda: self.server.sockets)
        await self.server.write(text, DISCORD_LUIS)

    async def press(self, label: str) -> None:
        await self._press(label)

    async def _press(self, label: str) -> Play:
        def found() -> tuple[DiscordPost, str] | None:
            mine = (post for post in reversed(self.server.posts) if post.channel == self.server.dms[DISCORD_LUIS])
            return next(((post, name) for post in mine for name in post.buttons if name.startswith(label)), None)

        while True:  # as on Telegram
            await self.server.until(found)
            post, name = found() or (None, "")
            play = await self.server.press(name, DISCORD_LUIS, post)
            if "just changed" not in str(play.answer):
                return play

    async def assent(self, code: str) -> None:
        await self.server.fill(await self._press("Confirm"), code, DISCORD_LUIS)

    def read(self) -> list[str]:
        return [text for _, text in self.server.said]

    def edits(self, word: str) -> list[str]:
        number = next(number for number, text in reversed(self.server.said) if word in text)
        return [text for at, text in self.server.said if at == number]

    def files(self) -> list[str]:
        return [name for post in self.server.posts for name in post.files]


PHONES: dict[str, Callable[[Clock], Phone]] = {
    "console": ConsolePhone,
    "telegram": TelegramPhone,
    "discord": DiscordPhone,
}


class Scene:
    """A stage with a clerk, a bot and a phone."""

    def __init__(self, stage: Stage, phone: Phone) -> None:
        self.stage = stage
        self.phone = phone
        self._clerk: asyncio.Task[None] | None = None
        self._bot: asyncio.Task[int] | None = None
        self._process: Process | None = None
        self._readers: set[Reader] = set()  # of the event stream
        self._seen = 0
        self.chat = ChatSettings(name=LUIS.name)
        self.totp: pyotp.TOTP = pyotp.TOTP(pyotp.random_base32())  # Luis: his one-time codes

    # ---- what runs -------------------------------------------------------------------------------------------------

    def settings(self) -> Settings:
        vault = Vault(TOKENS, ())
        return Settings(home=self.stage.home, chat=self.chat, chats=self.phone.tables(), vault=vault)

    async def open_engine(self) -> None:
        """The engine, and its clerk on the same clock."""
        await self.stage.open_engine()
        engine, ready = self.stage.engine, asyncio.Event()
        assert engine._link._server is not None
        port = engine._link._server.sockets[0].getsockname()[1]
        settings = ClerkSettings(home=str(self.stage.home), link_port=port, link_token=engine._token, api_port=0)
        clerk = Clerk(settings, self.stage.clock)
        self._readers = clerk.stream.readers
        self._clerk = asyncio.create_task(serve(settings, self.stage.clock, "1.0", ready, clerk))
        await self.stage.until(ready.is_set, "the clerk serves")

    async def close_engine(self) -> None:
        """The engine ends as a killed one does: its clerk goes first, and hears of nothing any more."""
        if self._clerk is not None:
            await self.stage.engine._link.close()
            await asyncio.wait_for(self._clerk, PATIENCE_S)
            self._clerk = None
        await self.stage.close_engine()

    async def open_bot(self) -> None:
        """The bot, until it hears what the engine tells."""
        console = self.phone.console()
        work = run(self.settings(), console=console, clock=self.stage.clock, is_headless=console is None)
        self._bot = asyncio.create_task(work)
        await self.stage.until(lambda: bool(self._readers or self._ended()), "the bot listens")

    async def start_bot(self) -> None:
        """The bot as a process of its own, with nothing but its settings file, on the world's own time."""
        self._process = await asyncio.create_subprocess_exec(*self._command("--headless"), env=self._environment())
        await self.stage.until(lambda: bool(self._readers), "the bot listens")

    async def kill_bot(self) -> None:
        """As kill -9 does."""
        if self._process is not None:
            self._process.kill()
            await self._process.wait()
            self._process = None
            await self.stage.until(lambda: not self._readers, "the bot is gone")

    async def ask_shell(self, *words: str) -> str:
        """What ``python -m bot`` prints."""
        command = self._command(*words)
        ran = await asyncio.create_subprocess_exec(*command, env=self._environment(), stdout=PIPE, stderr=DEVNULL)
        out, _ = await ran.communicate()
        assert ran.returncode == 0
        return out.decode().strip()

    def _command(self, *words: str) -> list[str]:
        desk = self.stage.home / "desk.toml"
        tables = self.phone.tables().items()
        lines = [
            f"[{name}]\n" + "".join(f"{key} = {value!r}\n" for key, value in table.items()) for name, table in tables
        ]
        desk.write_text("\n".join(lines), encoding="utf-8")
        return [sys.executable, "-m", "bot", "--home", str(self.stage.home), "--desk", str(desk), *words]

    def _environment(self) -> dict[str, str]:
        return {**os.environ, **TOKENS, "LOCKSTEP_API": "", "LOCKSTEP_TOKEN": "", "PYTHONUTF8": "1"}

    async def close_bot(self) -> None:
        if self._bot is not None:
            self._bot.cancel()
            await asyncio.gather(self._bot, return_exceptions=True)
            self.phone.hang_up()
            self._bot = None

    def people(self) -> pyotp.TOTP:
        """Luis owns the desk on every platform; his one-time codes."""
        base = Database(self.settings().database)
        store, now = PeopleStore(base), self.stage.clock.now()
        store.add(LUIS, USER, now)
        if self.phone.identity:
            store.link(self.phone.identity, LUIS.id, LUIS.name, now)
        people = People(store, self.stage.clock, LUIS)
        totp = pyotp.TOTP(people.new_secret(LUIS).partition("secret=")[2].partition("&")[0])
        people.check_code(LUIS, totp.at(now - timedelta(seconds=30)))
        base.close()
        return totp

    # ---- what a person does ----------------------------------------------------------------------------------------

    async def type(self, text: str, *, late_s: float = 0) -> None:
        """Write; what was shown before counts no more."""
        self._seen = len(self.phone.read())
        await self.phone.type(text, late_s=late_s)

    async def press(self, label: str) -> None:
        """The same with a button."""
        self._seen = len(self.phone.read())
        await self.phone.press(label)

    async def sees(self, *words: str) -> str:
        """Wait for one message that says all of this, since the person last did something; its text."""

        def found() -> str:
            texts = (text for text in self.phone.read()[self._seen :] if all(word in text for word in words))
            return next(texts, "")

        try:
            await self.stage.until(lambda: bool(found() or self._ended()), f"the phone says {words}")
        except AssertionError as error:
            shown = "\n".join(f"  * {text}" for text in self.phone.read()[self._seen :])
            raise AssertionError(f"{error}\non the phone:\n{shown}") from None
        return found()

    def wishes(self) -> list[str]:
        """Everything that the engine was ever asked to do, by the journal."""
        events = (entry.event for entry in self.stage.entries())
        return [type(event.command).__name__ for event in events if isinstance(event, PersonActed)]

    def _ended(self) -> bool:
        if self._bot is not None and self._bot.done():
            self._bot.result()
        return False


@asynccontextmanager
async def phoned(
    name: str | Callable[[Clock], Phone],
    home: Path,
    followers: list[FollowerPlan],
    *,
    with_bot: bool = True,
    **settings: Any,
) -> AsyncIterator[Scene]:
    """Everything up; without ``with_bot`` the story starts the bot itself."""
    stage = Stage(home, followers, **settings)
    await stage.open_venue()
    scene = Scene(stage, (PHONES[name] if isinstance(name, str) else name)(stage.clock))
    try:
        async with scene.phone.up():
            await scene.open_engine()
            if with_bot:
                scene.totp = scene.people()
                await scene.open_bot()
            try:
                yield scene
            finally:
                await scene.close_bot()
                await scene.kill_bot()
    finally:
        await scene.close_engine()
        await stage.venue.stop()
