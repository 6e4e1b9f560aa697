"""The chain of people: one step where somebody asks for it, none while it seems over, and no exercise stops the desk."""

from datetime import timedelta

from msgspec.structs import replace

from bot.core.access import Person
from engine.api import HoldView
from engine.api.client import EngineSilentError
from tests.bot.office import DESK, OPS, Office
from tests.bot.runtime.test_alerts import P1, P2, P4, go, notice, tell, where

ALPHA = "NOT PROVEN FLAT"


def pausing(office: Office) -> Office:
    """As [chat] unanswered = "pause"."""
    office.controller.alerts._engine = office.controller.dispatcher._engine
    return office


async def manned() -> Office:
    office = pausing(Office())
    await office.say("/oncall Ana", who="ana")
    await office.say("/oncall Tess deputy", who="ana")
    return office


async def test_a_step_that_somebody_asks_for_is_one_step_while_another_has_it() -> None:
    office = await manned()
    await tell(office, notice("dd.fail", P1))
    await office.say("/ack A-1 60m", who="ana")
    await go(office, 61)
    shown = where(await go(office, 1), ALPHA)
    for expected in ({"tg:@ana"}, {"tg:@tess", OPS}, {"tg:@luis", "tg:@ana"}, {"tg:@luis", "tg:@ana"}):
        before = len(office.messages)
        assert "Ana has it" in await office.say("/escalate A-1", who="tess")
        shown = where(office.messages[before:] + await go(office, 1), ALPHA)
        assert shown >= expected
        assert not where(await go(office, 700, 5), ALPHA)
    assert office.double.sent == []  # somebody has it: the desk does nothing by itself
    await go(office, 1500, 5)
    assert [ask.by for ask in office.double.sent] == ["alert policy"]  # her time is over, and nobody answered


async def test_what_seems_over_calls_nobody_further_and_pauses_nothing() -> None:
    office = await manned()
    await tell(office, notice("broker.down", P1, None, connection="sim"))
    await go(office, 117)
    await tell(office, notice("broker.up", P4, None, connection="sim", text="sim is back"))
    await go(office, 5)
    assert not [one for one in await go(office, 4) if one.chat == "tg:@tess"]
    again = await tell(office, notice("broker.down", P1, None, connection="sim"))  # it was not
    assert "tg:@tess" in where(again + await go(office, 1), "BROKER DOWN")


async def test_who_is_called_because_it_got_worse_reads_that_it_got_worse() -> None:
    office = await manned()
    await tell(office, notice("rogue.open", P2, symbol="NQZ6"))
    await go(office, 5)
    shown = await tell(office, notice("rogue.open", P1, symbol="NQZ6", text="three times the cap"))
    card = next(one.card for one in shown if one.chat == "dc:@ana" and one.is_fresh)
    assert card.lines[0] == "It got worse."


async def test_an_exercise_that_nobody_answers_pauses_nothing() -> None:
    office = await manned()
    await office.say("/drill", who="ana")
    await go(office, 2000, 5)
    assert office.double.sent == []
    assert "a real one would be paused now" in await office.say("/alert A-1", who="ana")


async def test_the_pause_of_what_nobody_answers_holds_for_each_whom_it_concerns() -> None:
    office = pausing(Office())
    await tell(office, *(notice("dd.hard", P1, name) for name in ("X1", "X2", "ALPHA", "BRAVO")))
    await go(office, 700, 5)
    scopes = [set(getattr(ask, "scope", "").split(",")) for ask in office.double.sent]
    assert {"ALPHA", "BRAVO"} in scopes


async def test_who_has_no_rights_any_more_is_on_call_no_more() -> None:
    office = await manned()
    office.store.revoke("tess", office.clock.now())
    assert "Tess" not in await office.say("/oncall", who="ana")
    await tell(office, notice("dd.fail", P1))
    await go(office, 130)
    history = await office.say("/alert A-1", who="ana")
    assert "deputy and operations: Ana" in history


async def test_who_takes_the_watch_over_is_told_of_what_nobody_has() -> None:
    office = await manned()
    await tell(office, notice("dd.fail", P1), notice("copy.stopped", P2, "BRAVO"))
    await tell(office, notice("dd.blind", P1, "CHARLIE"))
    await office.say("/ack A-3 30m", who="ana")
    await go(office, 400, 5)
    before = len(office.messages)
    assert "HANDOVER · Tess is on call" in await office.say("/handover Tess", who="ana")
    shown = office.messages[before:] + await go(office, 2)
    mine = {one.card.title for one in shown if one.chat == "tg:@tess" and one.is_fresh}
    assert any(ALPHA in title for title in mine)
    assert any("ENTRIES STOPPED" in title for title in mine)
    assert any("HANDOVER" in title for title in mine)
    assert not any("LIMIT NOT MARKED" in title for title in mine)  # Ana has it


async def test_who_is_asked_to_take_an_alert_is_told_where_they_are() -> None:
    office = Office()
    await tell(office, notice("copy.stopped", P2))
    await go(office, 3)
    before = len(office.messages)
    await office.say("/assign A-1 tess", who="ana", chat=DESK)
    shown = office.messages[before:] + await go(office, 2)
    told = [one for one in shown if one.chat in ("tg:@tess", "dc:@tess") and one.is_fresh]
    assert {one.chat for one in told} == {"tg:@tess", "dc:@tess"}
    assert all("👤 for Tess" in one.card.lines[0] and not one.silent for one in told)
    await office.say("/ack A-1", who="tess", chat="tg:@tess")
    assert "Tess has it" in office.messages[-1].card.title + " ".join(office.messages[-1].card.lines)


async def test_nobody_is_asked_who_may_be_told_nothing() -> None:
    office = Office()
    office.store.add(Person(id="bo", name="Bo"), "local", office.clock.now())
    office.store.link("tg:bo", "bo", "Bo", office.clock.now())
    await tell(office, notice("copy.stopped", P2))
    before = len(office.messages)
    await office.say("/assign A-1 bo", who="ana", chat=DESK)
    await go(office, 2)
    assert "tg:@bo" not in {one.chat for one in office.messages[before:]}


async def test_the_pause_of_a_leaders_p1_is_for_those_who_follow() -> None:
    office = pausing(Office())
    await tell(office, notice("eng.guard", P1, "LEAD-1"), notice("drill", P1, None))
    await tell(office, notice("broker.down", P1, None, connection="sim"))
    await go(office, 700, 5)
    assert {ask.scope for ask in office.double.sent} == {"NQ-MAIN"}


async def test_the_watch_is_handed_over_while_the_engine_is_silent_too() -> None:
    office = await manned()
    await tell(office, notice("dd.fail", P1))
    office.direct.silence = EngineSilentError(12.0)
    said = await office.say("/handover Tess", who="ana")
    assert "HANDOVER · Tess is on call" in said
    assert "Pauses are not known: the engine is not answering" in said
    assert "P1 A-1" in said
    assert "Tess since" in await office.say("/oncall", who="ana")


async def test_who_takes_over_reads_what_is_held_planned_and_armed() -> None:
    office = await manned()
    office.codes("luis")
    now = office.clock.now()
    office.store.arm("luis", now + timedelta(minutes=6), now)
    coming = HoldView(by="Luis", reason="CPI", since=now + timedelta(hours=1), until=now + timedelta(hours=2))
    office.double.accounts["ALPHA"] = replace(office.double.accounts["ALPHA"], planned=(coming,))
    said = await office.say("/handover Tess", who="ana")
    assert "📅 ALPHA from 15:31:00 Luis CPI" in said
    assert "🔑 armed Luis until 14:37:00" in said
