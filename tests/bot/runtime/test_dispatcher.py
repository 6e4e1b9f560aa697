"""The dispatcher: who may, what is late, what is slow, what breaks."""

import asyncio
from collections.abc import Coroutine
from datetime import UTC, timedelta
from itertools import count
from typing import Any

import pytest
from msgspec.structs import replace

import bot.commands
from bot.commands.health import COMMAND as HEALTH
from bot.core.access import Person, Role
from bot.core.card import Card, plain
from bot.core.chat import Incoming, Message
from bot.core.command import Command, Desk, Reply, find_commands
from bot.runtime.dispatcher import Dispatcher
from bot.runtime.proofs import Proofs
from bot.runtime.watch import Watch
from engine.api import ActAsk, ActView, PauseAsk
from tests.bot.double import EngineDouble
from tests.clock import HandClock

LUIS = Person(id="luis", name="Luis", role=Role.OWNER)
EVE = Person(id="eve", name="Eve", role=Role.VIEWER)
ROOT = Person(id="root", name="Root", role=Role.ADMIN)


class Direct:
    """The double without sockets, in the shape of the client."""

    def __init__(self, double: EngineDouble) -> None:
        self.double = double

    async def accounts(self, scope: str = "all") -> Any:
        return tuple(view for alias, view in self.double.accounts.items() if scope == "all" or alias in scope)

    async def preview(self, ask: ActAsk) -> Any:
        return self.double.preview(ask)

    async def send(self, ask: ActAsk) -> ActView:
        return self.double.order(ask)

    async def health(self) -> Any:
        return self.double._health()


class Room:
    """A dispatcher with its surroundings in memory."""

    def __init__(self, ceiling: Role = Role.OWNER, **commands: Command) -> None:
        self.clock = HandClock()
        self.double = EngineDouble()
        self.double.proves = False
        self.shown: list[Card] = []
        engine: Any = Direct(self.double)
        watch = Watch(engine, self.clock, lambda: None)
        numbers = count()

        async def show(message: Message) -> None:
            self.shown.append(message.card)

        def start(work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
            return asyncio.get_running_loop().create_task(work)

        self.dispatcher = Dispatcher(
            engine=engine,
            show=show,
            proofs=Proofs(engine, show, watch, self.clock, zone=UTC),
            watch=watch,
            clock=self.clock,
            zone=UTC,
            commands={**find_commands(bot.commands), **commands},
            people={f"console:{person.id}": person for person in (LUIS, EVE, ROOT)},
            mint=lambda: f"h{next(numbers)}",
            start=start,
            ceiling=ceiling,
        )

    async def say(self, text: str = "", *, who: str = "luis", handle: str = "", late_s: float = 0) -> str:
        at = self.clock.now() - timedelta(seconds=late_s)
        await self.dispatcher.receive(Incoming(chat="console:desk", user=who, at=at, text=text, handle=handle))
        return "\n".join(plain(self.shown[-1])) if self.shown else ""

    def handle(self, key: str) -> str:
        return next(action.handle for card in reversed(self.shown) for action in card.actions if action.key == key)


async def test_a_stranger_is_told_nothing() -> None:
    assert "do not know you" in await Room().say("/status", who="mallory")


@pytest.mark.parametrize("who", ["eve", "root"])
async def test_every_acting_command_asks_for_the_role(who: str) -> None:
    room = Room()
    for command in find_commands(bot.commands).values():
        if command.role > Role.VIEWER and not command.needs_venue:
            assert "needs the role" in await room.say(f"/{command.name} all", who=who)
    assert not room.double.sent


async def test_the_ceiling_of_the_chat_holds_for_its_owner() -> None:
    room = Room(ceiling=Role.VIEWER)
    assert "needs the role" in await room.say("/pause all")
    assert "HEALTH" in await room.say("/health")


async def test_a_press_is_authorised_on_its_own() -> None:
    room = Room()
    await room.say("/flatten all")
    handle = room.handle("y")
    assert "Only the person who asked" in await room.say(handle=handle, who="eve")
    assert not room.double.sent
    await room.say(handle=handle)
    assert len(room.double.sent) == 1


async def test_a_forged_handle_does_nothing() -> None:
    room = Room()
    assert "not valid" in await room.say(handle="guess")
    assert not room.double.sent


async def test_two_presses_at_once_act_once() -> None:
    room = Room()
    await room.say("/flatten ALPHA")
    handle = room.handle("y")
    await asyncio.gather(room.say(handle=handle), room.say(handle=handle))
    assert len(room.double.sent) == 1


async def test_a_late_act_is_shown_and_not_run() -> None:
    room = Room()
    said = await room.say("/pause 15m", late_s=720)
    assert "Not run" in said
    assert "12 minutes ago" in said
    assert not room.double.sent
    await room.say(handle=room.handle("y"))
    assert [type(ask) for ask in room.double.sent] == [PauseAsk]
    assert "HEALTH" in await room.say("/health", late_s=720)  # reading is never too late


async def test_a_slow_command_does_not_delay_a_pause() -> None:
    ready = asyncio.Event()

    async def slow(_: Any, __: Desk) -> Reply:
        await ready.wait()
        return Reply(cards=(Card(title="SLOW"),))

    room = Room(health=replace(HEALTH, run=slow))
    waiting = asyncio.ensure_future(room.say("/health"))
    assert "PAUSE all" in await room.say("/pause 15m")
    assert not waiting.done()
    ready.set()
    assert "SLOW" in await waiting


async def test_a_fault_in_a_command_is_one_card_and_the_next_still_runs(caplog: pytest.LogCaptureFixture) -> None:
    async def broken(_: Any, __: Desk) -> Reply:
        raise ZeroDivisionError("secret detail")

    room = Room(health=replace(HEALTH, run=broken))
    said = await room.say("/health")
    assert "fault in the bot" in said
    assert "secret detail" not in said
    assert "a command failed" in caplog.text
    assert "PAUSE all" in await room.say("/pause 15m")


async def test_completion_offers_verbs_then_names() -> None:
    room = Room()
    await room.say("/pause ALPHA")
    assert room.dispatcher.complete("/pau") == ["/pause"]
    assert room.dispatcher.complete("size al") == ["all", "ALPHA"]
    assert room.dispatcher.complete("/size ALPHA h") == ["half"]
    assert room.dispatcher.complete("nonsense x") == []


async def test_the_picker_offers_who_holds_something_and_all_last() -> None:
    room = Room()
    alpha = room.double.accounts["ALPHA"]
    room.double.hold(2)
    room.double.accounts["ALPHA"] = alpha  # flat
    await room.say("/close")
    labels = [action.label.split()[0] for action in room.shown[-1].actions]
    assert labels == ["BRAVO", "CHARLIE", "NQ-MAIN", "all", "Cancel"]
