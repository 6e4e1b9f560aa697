"""Routes on the whole way: set in a room, heard there instead of elsewhere, and never in the way of a P1."""

import pytest

from bot.core.access import Room, RoomKind
from bot.core.chat import Message
from bot.core.deed import NameRoom, Unbind
from bot.runtime.telling.copies import Copies
from engine.api import Severity
from tests.bot.office import DESK, LUIS, OPS, TEAM, Office
from tests.bot.runtime.test_alerts import go, notice, tell, where

P1, P2, P3, P4 = Severity.P1, Severity.P2, Severity.P3, Severity.P4


@pytest.fixture
def office() -> Office:
    return Office()


async def route(office: Office, words: str, chat: str = "tg:@root") -> str:
    """An admin says so, and confirms it."""
    await office.say(f"/route {words}", who="root", chat=chat)
    return await office.say(handle=office.handle("y", chat), who="root", chat=chat)


async def test_a_routed_family_is_told_in_the_named_room_alone(office: Office) -> None:
    office.people.carry_out(NameRoom(chat=TEAM, name="#trades"), LUIS)
    assert "copy. goes to #trades" in await route(office, "copy. #trades")
    shown = await tell(office, notice("copy.reject", P2)) + await go(office, 10)
    assert where(shown, "ORDER REFUSED") == {TEAM, "console:desk"}
    shown = await tell(office, notice("desync.qty", P2, symbol="NQZ6")) + await go(office, 15)
    assert where(shown, "OUT OF SYNC") >= {DESK, TEAM, OPS}


async def test_the_closest_wins_and_off_takes_it_back(office: Office) -> None:
    await route(office, "copy. team")
    await route(office, "copy.reject ops")
    shown = await tell(office, notice("copy.reject", P2)) + await go(office, 10)
    assert where(shown, "ORDER REFUSED") == {OPS, "console:desk"}
    said = await office.say("/route", who="root")
    assert "copy. → team tg:-2 (from P4)" in said
    assert "copy.reject → ops dc:-3 (from P4)" in said
    assert "goes to the rooms of its severity again" in await route(office, "copy.reject off")
    await route(office, "copy. off")
    assert "→" not in await office.say("/route", who="root")
    shown = await tell(office, notice("copy.reject", P2, account="BRAVO")) + await go(office, 10)
    assert where(shown, "ORDER REFUSED") >= {DESK, TEAM, OPS}


async def test_a_p1_also_reaches_who_is_on_call_and_operations(office: Office) -> None:
    await office.say("/oncall tess", who="ana")
    await route(office, "dd. team")
    shown = await tell(office, notice("dd.fail", P1)) + await go(office, 5)
    assert where(shown, "NOT PROVEN FLAT") >= {TEAM, OPS, "tg:@tess", "dc:@tess"}
    assert DESK not in where(shown, "NOT PROVEN FLAT")


async def test_a_p1_is_told_everywhere_where_nobody_is_on_call_and_no_room_is_for_operations(office: Office) -> None:
    office.store.unbind(OPS)
    await route(office, "dd. team")
    shown = await tell(office, notice("dd.fail", P1)) + await go(office, 5)
    assert where(shown, "NOT PROVEN FLAT") >= {TEAM, DESK}


async def test_what_gets_graver_reaches_operations_as_well(office: Office) -> None:
    await route(office, "desync. team")
    shown = await tell(office, notice("desync.qty", P2, symbol="NQZ6")) + await go(office, 15)
    assert where(shown, "OUT OF SYNC") == {TEAM, "console:desk"}
    shown = await tell(office, notice("desync.qty", P1, symbol="NQZ6")) + await go(office, 15)
    assert OPS in where(shown, "OUT OF SYNC")


async def test_an_event_follows_its_route(office: Office) -> None:
    await route(office, "ctl.change team")
    before = len(office.messages)
    office.controller.alerts.raise_own("ctl.change", P4, "Luis: ALPHA size 0.5x to 1x", scope="ALPHA")
    assert {one.chat for one in office.messages[before:]} == {TEAM, "console:desk"}


async def test_where_its_scope_leaves_it_out_the_default_hears_of_it(office: Office) -> None:
    office.store.bind(Room(chat=TEAM, kind=RoomKind.TEAM, scope="BRAVO"), "local", office.clock.now())
    await office.controller.around.directory.views()
    await route(office, "copy. team")
    shown = await tell(office, notice("copy.reject", P2, account="BRAVO")) + await go(office, 10)
    assert where(shown, "ORDER REFUSED") == {TEAM, "console:desk"}
    shown = await tell(office, notice("copy.reject", P2, account="ALPHA")) + await go(office, 10)
    assert where(shown, "ORDER REFUSED") == {DESK, OPS, "console:desk"}


async def test_a_room_that_is_gone_or_deaf_or_lost_gives_way_to_the_default(office: Office) -> None:
    await route(office, "copy. team")
    rota, default = office.controller.alerts.rota, {DESK, OPS}

    def told() -> set[str]:
        return {*rota.chats("copy.reject", P2, frozenset(), ())}

    assert told() == {TEAM, "console:desk"}
    rota.deaf = frozenset({"tg"})
    assert told() >= default
    rota.deaf = frozenset()
    message = Message(chat=TEAM, card=office.shown[-1])
    office.controller.deliveries.died(message, "Forbidden: bot was kicked")
    assert told() >= default
    assert "not reached" in await office.say("/route", who="root")
    office.build()  # a restart knows it, too
    rota = office.controller.alerts.rota
    assert told() >= default
    office.controller.deliveries.shown(message)
    assert told() == {TEAM, "console:desk"}
    office.store.unbind(TEAM)
    assert told() >= default


async def test_a_card_that_the_named_room_never_got_is_told_elsewhere(office: Office) -> None:
    await route(office, "copy. team")
    shown = await tell(office, notice("copy.reject", P2)) + await go(office, 10)
    card = next(one for one in shown if one.chat == TEAM and "ORDER REFUSED" in one.card.title)
    before = len(office.messages)
    office.controller.deliveries.died(card, "chat not found")
    again = [one for one in office.messages[before:] if one.card.ref == card.card.ref and one.is_fresh]
    assert {one.chat for one in again} >= {DESK, OPS}
    assert "console:desk" not in {one.chat for one in again}  # it has it already


async def test_copies_are_routed_too(office: Office) -> None:
    copies = Copies(office.controller.around, lambda *_: False, office.watch, office.audience)

    async def trade(cause: str) -> set[str]:
        before = len(office.messages)
        assert copies.heard(office.double.copy(cause, 1, "ok"))
        await copies.tell()
        return {one.chat for one in office.messages[before:]}

    assert await trade("fill-1") >= {DESK, TEAM, OPS}
    await route(office, "trade. team")
    assert await trade("fill-2") == {TEAM, "console:desk"}
    office.store.bind(Room(chat=TEAM, kind=RoomKind.TEAM, scope="NOBODY"), "local", office.clock.now())
    assert await trade("fill-3") >= {DESK, OPS}


async def test_only_an_admin_routes_and_it_is_audited(office: Office) -> None:
    assert "admin" in await office.say("/route copy. team", who="tess")
    await route(office, "copy. team")
    assert any(
        one.person == "root" and "copy." in one.text and one.level == "C2" and one.result == "ok"
        for one in office.audit.newest(5)
    )


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("/route nothing. team", "no alert has the code"),
        ("/route copy.", "say where"),
        ("/route copy. nowhere", "no bound room is called"),
        ("/route copy. here", "here is no bound room"),
        ("/route copy. off", "routed nowhere"),
        ("/route copy. broadcast", "is told nothing unasked"),
        ("/route here #trades", "here is no bound room"),
        ("/route nowhere #trades", "no bound room is called"),
    ],
)
async def test_what_cannot_be_routed(office: Office, line: str, said: str) -> None:
    office.store.bind(Room(chat="tg:-9", kind=RoomKind.BROADCAST), "local", office.clock.now())
    assert said in (await office.say(line, who="root")).replace("\n", " ")


async def test_an_unbound_room_forgets_its_routes(office: Office) -> None:
    await route(office, "copy. here", chat=OPS)
    await route(office, "here #late", chat=OPS)
    assert "copy. → #late (from P4)" in await office.say("/route", who="root")
    office.people.carry_out(Unbind(chat=OPS), LUIS)
    office.store.bind(Room(chat=OPS, kind=RoomKind.OPS), "local", office.clock.now())
    assert "→" not in await office.say("/route", who="root")


async def test_a_room_gets_a_name(office: Office) -> None:
    assert "called #night" in await route(office, "here #night", chat=OPS)
    assert "copy. goes to #night" in await route(office, "copy. #night")
    assert "a # and one word" in await office.say("/route here #ops", who="root", chat=OPS)
    assert "tg:-2 is called #day" in await route(office, f"{TEAM} #day")  # from afar: no admin may act in that room
    assert "another room is called #day" in await office.say("/route here #day", who="root", chat=OPS)


async def test_a_test_says_what_is_delivered_what_is_not_and_what_nobody_knows(office: Office) -> None:
    await office.say("/oncall tess", who="ana")
    said = await office.say("/route test", who="root")
    assert "chats asked" in said
    lines = [one for one in office.messages if "ROUTE TEST by Root" in one.card.title]
    assert {one.chat for one in lines} >= {DESK, TEAM, OPS, "tg:@tess", "dc:@tess", "tg:@ana"}
    assert all(one.silent for one in lines)
    assert "under way" in await office.say("/route test", who="root")
    ears = office.controller.deliveries
    await office.clock.turn(1.5)
    ears.shown(next(one for one in lines if one.chat == DESK))
    ears.died(next(one for one in lines if one.chat == TEAM), "chat not found")
    before = len(office.messages)
    await office.clock.turn(8)
    assert not any(one.chat == "tg:@root" for one in office.messages[before:])
    await office.clock.turn(1)
    result = next(one for one in office.messages[before:] if one.chat == "tg:@root")
    text = "\n".join((result.card.title, *result.card.lines, result.card.footer))
    assert "1 of" in result.card.title
    assert "✔ desk tg:-1 1.5 s" in text
    assert "✖ team tg:-2: chat not found" in text
    assert "? ops dc:-3: not known yet" in text
    assert "may still arrive" in text
