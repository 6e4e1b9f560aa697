"""What one chat is shown: a flood as one card that is kept up and rings for a P1, in its reader's own time."""

from datetime import timedelta

from msgspec.structs import replace

from bot.core.access import Room, RoomKind
from bot.core.card import plain
from bot.core.chat import Message
from engine.api import HoldView
from tests.bot.office import DESK, OPS, TEAM, Office
from tests.bot.runtime.test_alerts import P1, P2, P3, go, notice, tell


def storms(messages: list[Message], chat: str) -> list[Message]:
    return [one for one in messages if one.chat == chat and "STORM" in one.card.title]


def words(message: Message) -> str:
    return " ".join(" ".join(plain(message.card)).split())


async def flooded(office: Office, count: int = 25) -> None:
    await tell(office, *(notice("copy.stopped", P2, f"ACC-{number}") for number in range(count)))
    await go(office, 3)


async def test_what_gets_worse_within_a_storm_rings_on_the_storm_card() -> None:
    office = Office()
    await flooded(office)
    shown = await tell(office, notice("copy.stopped", P1, "ACC-7", text="much worse"))
    (rung,) = storms([one for one in shown if one.is_fresh], DESK)
    assert (rung.silent, rung.priority.name) == (False, "URGENT")
    assert rung.card.lines[0] == "P1 A-8 ENTRIES STOPPED · ACC-7"


async def test_a_p1_within_a_storm_climbs_aloud_and_calls_by_name() -> None:
    office = Office()
    await office.say("/oncall Ana", who="ana")
    await office.say("/oncall Tess deputy", who="ana")
    await flooded(office)
    await tell(office, notice("dd.fail", P1))
    await go(office, 100)
    await flooded(office)  # it goes on
    called = storms(await go(office, 30), OPS)
    assert any(one.is_fresh and not one.silent and one.rings == ("dc:tess", "dc:ana") for one in called)


async def test_a_storm_card_says_in_every_chat_who_has_what_and_what_is_over() -> None:
    office = Office()
    await flooded(office, 12)
    before = len(office.messages)
    await office.say("/ack A-3 20m", who="ana", chat=DESK)
    (card,) = storms(office.messages[before:], OPS)[-1:]
    assert "A-3 ENTRIES STOPPED · ACC-2 👤 Ana" in words(card)
    assert not card.is_fresh
    await go(office, 300, 5)  # long after the flood
    before = len(office.messages)
    await office.say("/resolve A-3 done", who="ana")
    (card,) = storms(office.messages[before:], TEAM)[-1:]
    assert "STORM · 11 alerts" in card.card.title
    assert "1 is over" in words(card)
    office.build()  # a restart forgets nothing of it
    for number in (*range(1, 3), *range(4, 13)):
        await office.say(f"/resolve A-{number} done", who="ana")
    (card,) = storms(office.messages, TEAM)[-1:]
    assert (card.card.title, card.card.actions, card.card.settled) == ("🟢 STORM over · first 14:30:00", (), True)


async def test_a_storm_that_moved_with_its_chat_is_kept_up_there() -> None:
    office = Office()
    await flooded(office, 12)
    office.controller.deliveries.moved(DESK, "tg:-100")
    await office.say("/ack A-3 20m", who="ana")
    assert storms(office.messages, "tg:-100")
    assert "👤 Ana" in words(storms(office.messages, "tg:-100")[-1])


def alone(office: Office) -> Office:
    """Nobody but Luis, in his private chats."""
    for chat in (DESK, TEAM, OPS):
        office.store.unbind(chat)
    return office


async def test_quiet_hours_and_cards_are_in_the_time_that_their_reader_has_set() -> None:
    office = alone(Office(solo=True))
    await office.say("/tz Asia/Tokyo")  # 23:30 there
    assert "P1 rings" in await office.say("/quiet 22:00-06:30")
    shown = await tell(office, notice("copy.stopped", P2), notice("dd.fail", P1))
    shown += await go(office, 3)
    mine = [one for one in shown if one.chat == "tg:@luis"]
    assert not [one for one in mine if "ENTRIES STOPPED" in one.card.title]
    assert {one.card.footer.split(" · ")[1] for one in mine} == {"23:30:00"}
    shown = await go(office, 7 * 3600 + 60, 60)  # 06:31 there
    (card,) = [one.card for one in shown if one.chat == "tg:@luis" and "WHILE QUIET" in one.card.title]
    assert card.lines[0].startswith("23:30 P2")
    assert {one.card.footer.split(" · ")[1] for one in shown if one.chat == "console:desk" and one.card.footer} == {
        "14:30:00"
    }


async def test_what_is_wanted_as_a_digest_waits_for_the_end_of_the_quiet_hours() -> None:
    office = alone(Office(solo=True))
    await office.say("/quiet 22:00-06:30")
    await office.say("/notify copy.stopped digest")
    await tell(office, notice("copy.stopped", P2))
    shown = await go(office, 12 * 3600, 300)
    assert not [one for one in shown if one.chat == "tg:@luis"]
    shown = await go(office, 5 * 3600, 300)
    assert [one.card.title for one in shown if one.chat == "tg:@luis"] == ["WHILE QUIET 22:00-06:30 · 1"]


async def test_a_room_for_a_part_of_the_desk_hears_of_it_from_a_bot_that_has_just_started() -> None:
    office = Office()
    for chat in (DESK, TEAM, OPS):
        office.store.unbind(chat)
    office.store.bind(Room(chat="tg:-9", kind=RoomKind.DESK, scope="NQ-MAIN"), "local", office.clock.now())
    await tell(office, notice("dd.fail", P1), notice("rogue.open", P2, symbol="NQZ6"))
    before = len(office.messages)
    office.build()
    await go(office, 6)
    shown = [one for one in office.messages[before:] if one.chat == "tg:-9"]
    assert any(one.is_fresh and "ROGUE TRADE · ALPHA" in one.card.title for one in shown)
    assert all("ALPHA" in one.card.title for one in shown)


async def test_what_a_planned_pause_holds_is_held_by_a_bot_that_has_just_started() -> None:
    office = Office()
    now = office.clock.now()
    hold = HoldView(by="Luis", reason="", since=now, until=now + timedelta(hours=1))
    office.double.accounts = {name: replace(view, holds=(hold,)) for name, view in office.double.accounts.items()}
    await tell(office, notice("copy.slow", P3))
    await go(office, 40)
    office.direct.hangs = True  # and its engine does not answer
    office.build()
    assert not [one for one in await go(office, 30) if "SLOW COPIES" in one.card.title]
