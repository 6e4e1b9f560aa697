"""The pinned card: edited on change within a pace, kept young, silent while the engine is."""

from datetime import UTC
from typing import Any

from bot.core.chat import Message
from bot.runtime.board import Board
from bot.runtime.watch import Watch
from tests.bot.office import DESK, OPS, TEAM, Office


class Shown:
    def __init__(self) -> None:
        self.messages: list[Message] = []

    async def put(self, message: Message) -> None:
        self.messages.append(message)

    def of(self, chat: str) -> list[Message]:
        return [message for message in self.messages if message.chat == chat]


async def test_a_board_is_edited_on_change_within_its_pace_and_once_a_minute_anyway() -> None:
    office, shown = Office(), Shown()
    engine: Any = None
    watch = Watch(engine, office.clock, lambda: 0.0)
    board = Board(office.people, watch, shown.put, office.clock, UTC)
    await board.look()
    assert not shown.messages
    watch.status, watch.connected = office.double.status(), True
    await board.look()
    assert {message.chat for message in shown.messages} == {DESK, TEAM, OPS}
    assert all(message.is_pinned and message.silent and message.card.ref == "board" for message in shown.messages)
    await office.clock.turn(30)
    await board.look()
    assert len(shown.of(DESK)) == 1
    office.double.hold(2)
    office.double.accounts.pop("ALPHA")
    watch.status = office.double.status()
    await board.look()
    await board.look()
    assert len(shown.of(DESK)) == 2
    await office.clock.turn(61)
    await board.look()
    assert len(shown.of(DESK)) == 3
    watch.connected = False
    await office.clock.turn(120)
    await board.look()
    assert len(shown.of(DESK)) == 3


async def test_undo_by_word_takes_back_the_last_act_once_and_in_time() -> None:
    office = Office()
    await office.say("/pause ALPHA 15m")
    await office.say("/undo")
    assert len(office.sent) == 2
    assert "Nothing of yours" in await office.say("/undo")
    await office.say("/pause ALPHA 15m")
    office.clock.jump(61)
    assert "Nothing of yours" in await office.say("/undo")
    assert len(office.sent) == 3
