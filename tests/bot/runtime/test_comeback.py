"""After the bot was away: one card in each chat that hears of what is grave, and none after a quick restart."""

from datetime import timedelta
from typing import Any

from bot.core.access import Room, RoomKind
from bot.core.card import CARD_CELLS, cells, plain
from bot.core.chat import Message
from engine.api import Notice, Severity
from engine.api.client import EngineSilentError
from tests.bot.office import DESK, OPS, TEAM, Office


def notice(
    office: Office, ago_s: int, code: str, severity: Severity, account: str | None = "ALPHA", **more: Any
) -> Notice:
    at = office.clock.now() - timedelta(seconds=ago_s)
    return Notice(seq=0, at=at, code=code, severity=severity, account=account, text=f"{account} {code}", **more)


async def start(office: Office, away_s: float) -> None:
    """The bot ended, and is there again after a while."""
    await office.controller.comeback.tick()
    office.clock.jump(away_s)
    office.build()
    office.watch.connected = True
    await office.controller.comeback.tick()


async def told(office: Office, seconds: float = 20) -> list[Message]:
    """What is told so long after the start."""
    before = len(office.messages)
    await office.clock.turn(seconds)
    await office.controller.comeback.tick()
    return [one for one in office.messages[before:] if "BACK ONLINE" in one.card.title]


def text(message: Message) -> str:
    return " ".join(" ".join(plain(message.card)).replace("\u2063", "").split())


async def test_one_card_says_how_long_what_was_not_run_what_was_raised_and_how_things_stand() -> None:
    office = Office()
    await start(office, 720)
    await office.say("/flatten ALPHA", late_s=600)
    alerts = office.controller.alerts
    lost = notice(office, 300, "broker.down", Severity.P1, None, connection="sim")
    back = notice(office, 200, "broker.up", Severity.P4, None, connection="sim")
    await alerts.take([lost, back, notice(office, 100, "copy.stopped", Severity.P2, "BRAVO")])
    await alerts.take([notice(office, 0, "dd.warn", Severity.P3)])  # after the start: told as ever
    cards = await told(office)
    assert [card.chat for card in cards].count(DESK) == 1
    assert {card.chat for card in cards} == {"console:desk", DESK, TEAM, OPS}
    said = text(cards[0])
    assert said.startswith("BACK ONLINE · away 12m00 (14:30-14:42) Not run: 1 command (Luis 14:32)")
    assert "Raised: 2, 1 now over P1 A-1 BROKER DOWN · sim: over P2 A-2 ENTRIES STOPPED · BRAVO: open" in said
    assert "NEAR A LIMIT" not in said
    assert "State: COPYING 3 of 3, day +1,240" in said
    assert all(cells(one) <= CARD_CELLS for one in plain(cards[0].card))
    assert await told(office, 600) == []
    office.build()
    office.watch.connected = True
    await office.controller.comeback.tick()
    assert await told(office) == []


async def test_a_quick_restart_a_first_start_and_a_clock_that_is_set_back_say_nothing() -> None:
    office = Office()
    office.watch.connected = True
    await office.controller.comeback.tick()
    assert await told(office) == []
    await start(office, 55)
    assert await told(office) == []
    await start(office, -3600)
    assert await told(office) == []
    await start(office, 61)
    assert len(await told(office)) == 4


async def test_a_bot_that_beats_is_not_away() -> None:
    office = Office()
    await office.controller.comeback.tick()
    for _ in range(30):
        await office.clock.turn(10)
        await office.controller.comeback.tick()
    office.build()
    office.watch.connected = True
    await office.controller.comeback.tick()
    assert await told(office) == []


async def test_an_outage_of_which_nobody_was_told_goes_on_after_the_next_start() -> None:
    office = Office()
    await start(office, 300)
    office.clock.jump(100)  # it was ended before it said anything
    office.build()
    office.watch.connected = True
    await office.controller.comeback.tick()
    assert "away 6m40" in text((await told(office))[0])


async def test_a_silent_engine_is_waited_for_a_minute() -> None:
    office = Office()
    await start(office, 300)
    office.watch.connected = False
    office.direct.silence = EngineSilentError(30.0)
    assert await told(office, 40) == []
    assert "State: not known" in text((await told(office, 21))[0])


async def test_a_chat_for_a_part_of_the_desk_hears_of_that_part() -> None:
    office = Office()
    office.store.bind(Room(chat="tg:-9", kind=RoomKind.DESK, scope="BRAVO"), "local", office.clock.now())
    await start(office, 720)
    await office.controller.alerts.take([notice(office, 100, "copy.stopped", Severity.P2, "ALPHA")])
    said = {card.chat: text(card) for card in await told(office)}
    assert "Raised: nothing" in said["tg:-9"]
    assert "Raised: 1" in said[DESK]
