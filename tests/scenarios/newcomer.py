"""A newcomer: a terminal, two bots' tokens in a directory of her own, a phone with Telegram and Discord; real sockets all."""

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from tests.bot.discord.server import BOT, Server
from tests.bot.discord.server import LUIS as DISCORD_LEA
from tests.bot.discord.server import TOKEN as DISCORD_TOKEN
from tests.bot.telegram.server import TOKEN, Post, TelegramServer

DEMO = (sys.executable, "-m", "engine.cli", "demo")
LEA = 11
PATIENCE_S = 60.0
LOOK_S = 0.05
WHERE, TOP = b"\x1b[6n", b"\x1b[1;1R"  # a terminal is asked where its cursor is: on top, all is free below
CTRL_D = "\x04"
_DRAWING = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|\r")


class Newcomer:
    """Lea, who has never seen a desk; her login's name is ``lea``."""

    def __init__(self, place: Path) -> None:
        """``place`` is all of her disk."""
        self.telegram, self.discord = TelegramServer(), Server()
        self.directory, self.temporary = place / "here", place / "temporary"
        self.home = place / "home"
        self._shown = ""
        self._ours = -1
        self._process: asyncio.subprocess.Process | None = None

    def write(self, *, telegram: str = TOKEN, discord: str = DISCORD_TOKEN, discord_url: str = "") -> None:
        """What she has written before the start; the servers of this test stand in for the real ones."""
        tokens = {"TELEGRAM_TOKEN": telegram, "DISCORD_TOKEN": discord}
        lines = [f"{name}={token}" for name, token in tokens.items() if token]
        (self.directory / ".env").write_text("\n".join(lines) + "\n")
        url = discord_url or self.discord.base_url
        (self.directory / "desk.toml").write_text(
            f'[telegram]\ntoken = "env:TELEGRAM_TOKEN"\nbase_url = "{self.telegram.url}"\npoll_s = 1\n'
            f'[discord]\nbase_url = "{url}"\ngateway_url = "{self.discord.gateway_url}"\n'
        )

    @asynccontextmanager
    async def up(self) -> AsyncIterator["Newcomer"]:
        """Her disk and the services."""
        for directory in (self.directory, self.temporary, self.home):
            directory.mkdir()
        async with self.telegram.serve(), self.discord.serve():
            self.telegram.room(LEA)
            self.write()
            try:
                yield self
            finally:
                await self._end()

    async def _end(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    # ---- the terminal ----------------------------------------------------------------------------------------------

    def _environment(self) -> dict[str, str]:
        ours = ("LOCKSTEP_", "TELEGRAM_", "DISCORD_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        places = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(self.temporary))
        paths = os.pathsep.join(filter(None, (str(Path.cwd()), kept.get("PYTHONPATH"))))
        who = {"LOGNAME": "lea", "TERM": "xterm", "PYTHONUTF8": "1"}
        return {**kept, **places, **who, "LOCKSTEP_HOME": str(self.home), "PYTHONPATH": paths}

    @asynccontextmanager
    async def terminal(self, *words: str) -> AsyncIterator[None]:
        """The demo at a terminal of its own."""
        import fcntl
        import struct
        import termios

        self._ours, theirs = os.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 100, 0, 0))
        loop = asyncio.get_running_loop()
        self._process = await asyncio.create_subprocess_exec(
            *DEMO, *words, stdin=theirs, stdout=theirs, stderr=theirs, env=self._environment(), cwd=self.directory
        )
        os.close(theirs)
        loop.add_reader(self._ours, self._read)
        try:
            yield
        finally:
            loop.remove_reader(self._ours)
            await self._end()
            os.close(self._ours)

    def _read(self) -> None:
        try:
            found = os.read(self._ours, 65_536)
        except OSError:  # nobody holds its other end any more
            found = b""
        if not found:
            asyncio.get_running_loop().remove_reader(self._ours)
        for _ in range(found.count(WHERE)):
            os.write(self._ours, TOP)
        self._shown += found.decode("utf-8", "replace")

    @asynccontextmanager
    async def no_terminal(self, *words: str) -> AsyncIterator[None]:
        """The demo where there is none."""
        group = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP} if sys.platform == "win32" else {}
        self._process = await asyncio.create_subprocess_exec(
            *DEMO,
            *words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=self._environment(),
            cwd=self.directory,
            **group,
        )
        reader = asyncio.create_task(self._follow(self._process))
        try:
            yield
        finally:
            await self._end()
            await reader

    async def _follow(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        while line := await process.stdout.readline():
            self._shown += line.decode("utf-8", "replace")

    @property
    def shown(self) -> str:
        """All that the terminal has shown, as one line without its drawing."""
        return " ".join(_DRAWING.sub("", self._shown).split())

    def type(self, text: str) -> None:
        """Type at the terminal."""
        os.write(self._ours, text.encode())

    def stop(self) -> None:
        """As a closed session or a keeper of services does."""
        assert self._process is not None
        self._process.send_signal(signal.CTRL_BREAK_EVENT if sys.platform == "win32" else signal.SIGTERM)

    async def ended(self) -> int:
        """The exit code."""
        assert self._process is not None
        async with asyncio.timeout(PATIENCE_S):
            return await self._process.wait()

    async def sees(self, text: str) -> None:
        """Wait until the terminal has shown this."""
        await self._until(lambda: text in self.shown, text)

    async def _until(self, true: Callable[[], object], what: str) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not true():
                    assert self._process is None or self._process.returncode is None, f"ended before {what!r}"
                    await asyncio.sleep(LOOK_S)
        except (TimeoutError, AssertionError) as error:
            raise AssertionError(f"waited for {what!r}; {error!r}; the terminal:\n{self._shown}") from None

    def code(self, platform: str) -> str:
        """The newest pairing code that the terminal has shown for a platform."""
        return re.findall(rf"{platform}: write pair ([0-9A-Z]{{4}}-[0-9A-Z]{{4}})", self.shown)[-1]

    # ---- the phone -------------------------------------------------------------------------------------------------

    async def telegrams(self, text: str, *words: str) -> Post:
        """Write to the bot on Telegram; its first message since then that says all of this."""
        since = self.telegram.say(LEA, LEA, text)
        return await self.reads(*words, since=since)

    async def reads(self, *words: str, since: int = 0) -> Post:
        """A message of the bot on Telegram that says all of this, as it stands now."""

        def found() -> Post | None:
            posts = (post for post in self.telegram.rooms[LEA].bots if post.number > since)
            return next((post for post in posts if all(word in post.text for word in words)), None)

        await self._until(found, f"on Telegram: {words}")
        post = found()
        assert post is not None
        return post

    async def press(self, post: Post, label: str) -> None:
        """Press a button on Telegram."""
        query = self.telegram.press(LEA, LEA, post, post.data(label))
        await self._until(partial(self.telegram.boxes.__contains__, query), f"the press of {label}")

    async def discords(self, text: str, *words: str) -> None:
        """Write to the bot on Discord in private, and wait until it has said all of this since."""
        await self._until(lambda: self.discord.sockets, "the line of Discord")
        since = await self.discord.write(text, DISCORD_LEA)

        def found() -> bool:
            said = [post.text for post in self.discord.posts if post.author == BOT and post.number > since]
            return any(all(word in text for word in words) for text in said)

        await self._until(found, f"on Discord: {words}")

    # ---- what is left ----------------------------------------------------------------------------------------------

    def left(self) -> list[str]:
        """Files on her disk that she has not written herself."""
        found = [path for place in (self.directory, self.temporary, self.home) for path in place.rglob("*")]
        return [str(path) for path in found if path not in (self.directory / ".env", self.directory / "desk.toml")]

    async def hung_up(self) -> None:
        """Nobody asks the services for anything any more."""
        self._process = None
        await self._until(lambda: self.telegram._poller is None and not self.discord.sockets, "no line is left")
