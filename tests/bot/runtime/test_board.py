"""The pinned card: edited on change within a pace, kept young, silent while the engine is."""

from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from bot.core.access import Room, RoomKind
from bot.core.card import plain
from bot.core.chat import Message
from bot.runtime.desk.watch import Watch
from bot.runtime.telling.board import Board
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
    board = Board(office.controller.around, office.controller.alerts, watch, shown.put)
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


async def test_a_board_for_a_part_of_the_desk_shows_that_part_and_its_money() -> None:
    office, shown, asked = Office(), Shown(), []
    office.store.bind(Room(chat=DESK, kind=RoomKind.DESK, scope="BRAVO"), "local", office.clock.now())
    whole = office.double.status()
    part = replace(whole, day_profit=Decimal(-77), leaders=(), worst="BRAVO: near", followers=1, copying=1)

    async def status(scope: str = "all") -> Any:
        asked.append(scope)
        return part

    office.direct.status = status  # type: ignore[method-assign]
    engine: Any = office.direct
    watch = Watch(engine, office.clock, lambda: 0.0)
    watch.status, watch.connected = replace(whole, worst="ALPHA: near"), True
    board = Board(office.controller.around, office.controller.alerts, watch, shown.put)
    for _ in range(3):
        await board.look()
        await office.clock.turn(1)
    lines = " ".join(plain(shown.of(DESK)[0].card))
    assert "77" in lines
    assert "ALPHA" not in lines
    assert "240" not in lines
    assert "ALPHA" in " ".join(plain(shown.of(TEAM)[0].card))
    assert asked == ["BRAVO"]
    pause = shown.of(DESK)[0].card.actions[0]
    await office.say(handle=pause.handle, who="luis", chat=DESK)
    assert [one.scope for one in office.sent] == ["BRAVO"]


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
