"""The console passes the part of the chats' contract that a terminal can."""

import asyncio
import io

import pytest

from bot.app import SystemClock
from bot.chats.console import Console, Options
from bot.core.chat import Chat, Incoming, Message
from engine.api import Value
from tests.bot.chats import contract


class Printed(Value, frozen=True):
    """A terminal shows all in one."""

    text: str
    buttons: tuple[str, ...]
    id: str = ""
    files: tuple[str, ...] = ()


class Terminal:
    """A console, and what it printed."""

    place = "console:desk"

    def __init__(self) -> None:
        self.out = io.StringIO()
        self.lines: list[str] = []
        self.chat: Chat = self.console()
        self.received: list[Incoming] = []

    def console(self) -> Console:
        return Console(Options(), SystemClock(), script=self.lines, writing=self.out)

    def seen(self) -> list[Printed]:
        body = [line for line in self.out.getvalue().splitlines() if not line.startswith("[")]
        buttons = [
            part for line in self.out.getvalue().splitlines() if line.startswith("[") for part in line.split("  ")
        ]
        return [Printed(text="\n".join(body), buttons=tuple(part.strip() for part in buttons))]

    async def press(self, label: str) -> None:
        button = next(one for one in self.seen()[-1].buttons if one.endswith(label))
        self.lines.append(button[1])
        await self.chat.run(self)  # type: ignore[arg-type]  # the part of a door that a script uses

    def receive(self, incoming: Incoming) -> "asyncio.Future[None]":
        self.received.append(incoming)
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done

    async def settle(self, what: str, timeout_s: float) -> bool:
        return True


@pytest.fixture
def stage() -> Terminal:
    return Terminal()


class TestShow(contract.ShowContract):
    """Cards are printed."""


async def test_a_key_comes_back_as_its_handle(stage: Terminal) -> None:
    await stage.chat.post(Message(chat=stage.place, card=contract.card(actions=contract.BUTTONS)), "", "1")
    await stage.press("Confirm")
    assert stage.received[-1].handle == "AAAAAAAAAAAAAAAA"
