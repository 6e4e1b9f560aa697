"""The console itself: a prompt with cards above it, or plain lines in and out where there is no terminal."""

import asyncio
import os
import shutil
import sys
import threading
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import TextIO

from prompt_toolkit import PromptSession, print_formatted_text
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import ANSI
from prompt_toolkit.input import Input
from prompt_toolkit.output import Output
from prompt_toolkit.patch_stdout import patch_stdout

from bot.chats.console.keys import Keys
from bot.chats.console.paint import Painter
from bot.chats.console.script import Step, StepError, read_step
from bot.core.card import clip
from bot.core.chat import Clock, Door, File, Health, Incoming, Message, Priority, Pulse, Sign
from bot.core.render.look import money
from bot.core.veil import unmarked
from engine.api import Value
from engine.api.client import age_text

CHAT = "console:desk"
USER = "local"
QUIT = frozenset({"/quit", "quit", "exit", "/exit"})
PROVEN_S = 20.0
PROMPT = "lockstep> "
BELL = "\a"


class Options(Value, frozen=True, forbid_unknown_fields=True):
    """The ``[console]`` table of desk.toml."""

    colour: str = "auto"  # auto, always, never
    zone: str = ""  # an IANA name; the machine's own zone when empty
    venue: str = ""  # control port of a demo venue; gives the command lead
    venue_token: str = ""


class Console:
    """One person at one terminal."""

    def __init__(
        self,
        options: Options,
        clock: Clock,
        *,
        script: Iterable[str] | None = None,
        files: Path | None = None,
        reading: TextIO | None = None,
        writing: TextIO | None = None,
        prompt_input: Input | None = None,
        prompt_output: Output | None = None,
    ) -> None:
        """With ``script`` those lines are run; else a terminal gets a prompt and a pipe is read line by line.

        ``files`` is where pictures and tables are put; without it they are put nowhere.
        """
        self._options = options
        self._clock = clock
        self._script = script
        self._files = files
        self._reading = reading or sys.stdin
        self._writing = writing or sys.stdout
        self._prompt_input = prompt_input
        self._prompt_output = prompt_output
        self._keys = Keys()
        terminal = self._writing.isatty() or prompt_output is not None
        self._prompts = script is None and terminal and (self._reading.isatty() or prompt_input is not None)
        self._rings = self._writing.isatty()
        self._painter = Painter(colour=self._has_colour(terminal))
        reconfigure = getattr(self._writing, "reconfigure", None)
        if reconfigure is not None and not terminal:
            reconfigure(encoding="utf-8", errors="replace")

    def _has_colour(self, terminal: bool) -> bool:
        if self._options.colour != "auto":
            return self._options.colour == "always"
        return terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

    async def run(self, door: Door) -> int:
        """Serve until the input ends."""
        if self._script is not None:
            return await self._play(door, self._script)
        if not self._prompts:
            return await self._read_pipe(door)
        return await self._prompt(door)

    async def post(self, message: Message, known: str, nonce: str) -> str:  # noqa: ARG002  a line that is printed stays
        """Print a card, or the news in it; its buttons are what keys press from now on."""
        self._painter.width = shutil.get_terminal_size((80, 24)).columns if self._prompts else 80
        self._keys.learn(message.card)
        if self._rings and message.priority is Priority.URGENT and not message.silent:
            self._writing.write(BELL)
            self._writing.flush()
        if text := self._painter.paint(message.card, anew=message.is_fresh):
            self._print(text)
        for file in message.files:
            self._save(file)
        return nonce

    def _save(self, file: File) -> None:
        """A terminal shows no pictures: they are put where any viewer finds them."""
        if self._files is None:
            return
        try:
            self._files.mkdir(mode=0o700, parents=True, exist_ok=True)
            path = self._files / file.name
            path.write_bytes(file.body)
            self._print(self._painter.say(f" {path}"))
        except OSError as error:
            self._print(self._painter.say(f" {file.name} cannot be written: {error.strerror}"))

    async def open_thread(self, chat: str, post: str, name: str) -> str:  # noqa: ARG002  the port has them
        """A console has one place."""
        return ""

    async def tend_thread(self, place: str, name: str, *, is_shut: bool) -> None:
        """There is none."""

    async def mark(self, chat: str, post: str, sign: Sign) -> None:
        """A terminal has no marks."""

    def health(self) -> Health:
        """A terminal is always there."""
        return Health(heard_s=0.0)

    def _print(self, text: str) -> None:
        if self._prompts:
            print_formatted_text(ANSI(text), output=self._prompt_output)
            return
        self._writing.write(text + "\n")
        self._writing.flush()

    def _incoming(self, text: str) -> Incoming:
        handle = self._keys.handle(text)
        typed = "" if handle else text.strip()
        return Incoming(chat=CHAT, user=USER, at=self._clock.now(), text=typed, handle=handle, is_private=True)

    async def _prompt(self, door: Door) -> int:
        session: PromptSession[str] = PromptSession(
            completer=_Words(door),
            complete_while_typing=False,
            bottom_toolbar=lambda: self._toolbar(door),
            refresh_interval=1.0,
            input=self._prompt_input,
            output=self._prompt_output,
        )
        with patch_stdout(raw=True):
            self._print(self._painter.say("Lockstep. help lists, Tab completes,\nCtrl-D leaves.\n"))
            door.receive(self._incoming("/status"))
            while True:
                try:
                    line = await session.prompt_async(PROMPT)
                except EOFError:
                    return 0
                except KeyboardInterrupt:
                    self._print("Ctrl-D or /quit leaves.")
                    continue
                if line.strip().lower() in QUIT:
                    return 0
                if line.strip():
                    door.receive(self._incoming(line))

    def _toolbar(self, door: Door) -> str:
        pulse, width = door.pulse(), shutil.get_terminal_size((80, 24)).columns
        return "\n".join([*(clip(f" {note}", width) for note in pulse.notes), self._standing(pulse, width)])

    def _standing(self, pulse: Pulse, width: int) -> str:
        heard = f"heard {age_text(pulse.heard_s)} ago" if pulse.heard_s is not None else "never heard"
        if pulse.status is None or not pulse.connected:
            return clip(f" NO ENGINE · {heard}", width)
        status = pulse.status
        seen = age_text(max(0.0, (self._clock.now() - status.at).total_seconds()))
        text = (
            f" {status.word} {status.copying}/{status.followers} · {unmarked(money(status.day_profit))} · seen {seen}"
        )
        return clip(f"{text} · {heard}", width)

    async def _read_pipe(self, door: Door) -> int:
        async for line in _lines(self._reading):
            if line.strip().lower() in QUIT:
                break
            if line.strip() and not line.lstrip().startswith("#"):
                await self._typed(line, door)
        return 0 if await door.settle("proven", PROVEN_S) else 1

    async def _typed(self, line: str, door: Door) -> None:
        self._print(self._painter.say(f"> {line.strip()}"))
        await door.receive(self._incoming(line))

    async def _play(self, door: Door, script: Iterable[str]) -> int:
        """Run a script; the first wait that does not come true ends it with exit code 1."""
        for line in script:
            try:
                step = read_step(line)
            except StepError as error:
                self._print(f"script: {error}")
                return 2
            if step is not None and not await self._step(step, door):
                self._print(self._painter.say(f"script: {line.strip()!r} did not come true", "bold red"))
                return 1
        return 0

    async def _step(self, step: Step, door: Door) -> bool:
        if step.say:
            self._print("\n" + self._painter.say(step.say, "bold magenta") + "\n")
        elif step.seconds:
            await self._clock.sleep(step.seconds)
        elif step.wait:
            return await door.settle(step.wait, step.timeout_s)
        else:
            await self._typed(step.line, door)
        return True


class _Words(Completer):
    def __init__(self, door: Door) -> None:
        self._door = door

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:  # noqa: ARG002  the port has it
        """Words that may stand here."""
        text = document.text_before_cursor
        last = text.rpartition(" ")[2]
        for word in self._door.complete(text):
            yield Completion(word, start_position=-len(last))


async def _lines(reading: TextIO) -> AsyncIterator[str]:
    """Lines of a pipe, read by a thread that never keeps the process alive."""
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[str] = asyncio.Queue()

    def read() -> None:
        for line in reading:
            loop.call_soon_threadsafe(queue.put_nowait, line)
        loop.call_soon_threadsafe(queue.put_nowait, "")

    threading.Thread(target=read, daemon=True, name="console-pipe").start()
    while line := await queue.get():
        yield line
