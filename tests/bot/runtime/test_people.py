"""People: pairing, one-time codes, second persons, freezes and lockdowns; who is refused, and what the audit keeps."""

import logging
from contextlib import suppress
from datetime import timedelta

import pytest

from bot.core.access import Grant, Person, Role, Room, RoomKind
from bot.core.chat import Incoming
from bot.core.dialogue import Intent, Seat
from bot.runtime.admission.gate import Place
from bot.runtime.people.codes import PeopleError
from bot.storage.approval import Waiting
from engine.api import ActView, FlattenAsk, PauseAsk, UnlockAsk
from engine.api.client import EngineError, EngineSilentError
from tests.bot.office import DESK, LUIS, OPS, TEAM, Office

# ---- strangers and pairing -----------------------------------------------------------------------------------------


async def test_strangers_get_silence_in_groups_and_one_line_an_hour_in_private() -> None:
    office = Office()
    assert await office.say("/status", who="mallory", chat=DESK) == ""
    assert "do not know you" in await office.say("/status", who="mallory")
    assert await office.say("/flatten all", who="mallory") == ""
    office.clock.jump(3601)
    assert "do not know you" in await office.say("/status", who="mallory")


async def test_a_code_pairs_once_and_in_time() -> None:
    office = Office()
    code = office.people.invite("Max", Grant(role=Role.TRADER), "local")
    assert "Max, trader" in await office.say(f"/start {code.lower()}", who="max")
    assert "PAUSE all" in await office.say("/pause all 15m", who="max")
    assert "wrong, used or older" in await office.say(f"/pair {code}", who="other")
    late = office.people.invite("Late", Grant(role=Role.VIEWER), "local")
    office.clock.jump(601)
    assert "older than" in await office.say(f"/pair {late}", who="late")


async def test_who_presses_start_before_he_has_written_a_code_is_told_what_to_write() -> None:
    office = Office()
    for word in ("/start", "pair"):
        assert "the word pair and the code" in await office.say(word, who="max")
    assert await office.say("/start", who="max", chat=DESK) == ""


async def test_whoever_sits_at_the_desk_gets_a_code_that_pairs_his_own_phone() -> None:
    office = Office()
    for user in ("max", "mix"):  # before anybody of this name was paired, and after
        await office.local("/invite me")
        code = (await office.local(handle=office.handle("y", "console:desk"))).split()[-1]
        assert "Desk, owner" in await office.say(f"/pair {code}", who=user)
    (known,) = [one for one in office.people.everybody() if one.person.name == "Desk"]
    assert {identity for identity, _ in known.identities} == {"tg:max", "tg:mix"}


async def test_five_wrong_codes_shut_out_for_an_hour_even_with_the_right_one() -> None:
    office = Office()
    right = office.people.invite("Max", Grant(role=Role.OWNER), "local")
    for _ in range(5):
        await office.say("/pair 0000-0000", who="max")
    assert "too many" in await office.say(f"/pair {right}", who="max")
    assert office.store.person_of("tg:max") is None
    office.clock.jump(3601)
    later = office.people.invite("Max", Grant(role=Role.OWNER), "local")
    assert "owner" in await office.say(f"/pair {later}", who="max")


async def test_a_pairing_code_counts_in_private_alone_and_is_kept_nowhere() -> None:
    office = Office()
    code = office.people.invite("Max", Grant(role=Role.OWNER), "local")
    assert await office.say(f"/pair {code}", who="max", chat=DESK) == ""
    assert office.store.person_of("tg:max") is None
    assert code not in office.audit.csv()


async def test_revoke_works_with_the_next_word_and_ends_buttons() -> None:
    office = Office()
    await office.say("/flatten ALPHA", who="tess")
    handle = office.handle("y", "tg:@tess")
    assert "no rights any more" in await office.say("/revoke Tess", who="root")
    await office.say(handle=handle, who="tess")
    await office.say("/flatten ALPHA", who="tess")
    assert not office.sent


async def test_a_changed_user_name_changes_nothing() -> None:
    office = Office()
    incoming = Incoming(chat=DESK, user="mallory", at=office.clock.now(), text="/flatten all", name="Luis")
    await office.controller.dispatcher.receive(incoming)
    assert not office.messages
    assert not office.sent


@pytest.mark.parametrize("odd", ["edited", "forwarded", "anonymous", "bot-made", "channel"])
async def test_an_odd_message_does_nothing(odd: str) -> None:
    office = Office()
    assert "Not run" in await office.say("/flatten all", chat=DESK, odd=odd)
    assert not office.sent
    assert odd in office.audit.newest(1)[0].why


async def test_an_event_that_is_told_twice_counts_once() -> None:
    office = Office()
    await office.say("/pause all 15m", update="u1")
    assert await office.say("/pause all 15m", update="u1") == ""
    assert len(office.sent) == 1


async def test_a_chat_that_nobody_bound_answers_nothing_but_bind() -> None:
    office = Office()
    assert "belongs to no desk" in await office.say("/flatten all", chat="tg:-99")
    assert not office.sent
    totp = office.codes("luis")
    await office.say("/bind desk", chat="tg:-99")
    await office.say(handle=office.handle("y", "tg:-99"), chat="tg:-99")
    for digit in office.code(totp):
        await office.say(handle=office.handle(digit, "tg:-99"), chat="tg:-99")
    assert "desk for all" in await office.say(handle=office.handle("o", "tg:-99"), chat="tg:-99")
    assert "PAUSE all" in await office.say("/pause all 15m", chat="tg:-99")


# ---- codes ---------------------------------------------------------------------------------------------------------


async def test_a_large_act_on_real_money_needs_a_code_that_counts_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    office = Office(live=True)
    totp = office.codes("luis")
    await office.say("/flatten all")
    assert "6-digit code" in await office.say(handle=office.handle("y"))
    assert "wrong or used" in await office.say("000000")
    assert not office.sent
    code = office.code(totp)
    await office.say(code)
    assert [type(ask) for ask in office.sent] == [FlattenAsk]
    await office.say("/flatten all")
    await office.say(handle=office.handle("y"))
    assert "wrong or used" in await office.say(code)
    assert len(office.sent) == 1
    assert code not in office.audit.csv() + caplog.text


@pytest.mark.parametrize(("drift_s", "is_taken"), [(-60, False), (-30, True), (30, True), (60, False)])
async def test_one_step_of_drift_is_taken_and_two_are_not(drift_s: int, is_taken: bool) -> None:
    office = Office(live=True)
    totp = office.codes("luis")
    await office.say("/flatten all")
    await office.say(handle=office.handle("y"))
    await office.say(totp.at(office.clock.now() + timedelta(seconds=drift_s)))
    assert bool(office.sent) is is_taken


async def test_the_word_closes_without_a_code_and_everybody_who_should_know_is_told() -> None:
    office = Office(live=True)
    await office.say("/flatten all", who="tess")
    assert "type the word FLATTEN" in await office.say(handle=office.handle("y"), who="tess")
    await office.say("FLATTEN", who="tess")
    assert [type(ask) for ask in office.sent] == [FlattenAsk]
    told = {message.chat for message in office.messages if "FLATTEN WITHOUT A CODE" in message.card.title}
    assert {"tg:@ana", "dc:@ana", OPS, "tg:@luis"} <= told


async def test_a_code_in_a_chat_where_others_read_is_void_and_the_pad_is_not() -> None:
    office = Office(live=True)
    totp = office.codes("luis")
    await office.say("/flatten all", chat=DESK)
    await office.say(handle=office.handle("y"), chat=DESK)
    code = office.code(totp)
    assert "void" in await office.say(code, chat=DESK)
    for digit in code:
        await office.say(handle=office.handle(digit), chat=DESK)
    assert "wrong or used" in await office.say(handle=office.handle("o"), chat=DESK)
    assert not office.sent
    office.clock.jump(30)
    await office.say("/flatten all", chat=DESK)
    await office.say(handle=office.handle("y"), chat=DESK)
    for digit in office.code(totp):
        await office.say(handle=office.handle(digit), chat=DESK)
    await office.say(handle=office.handle("o"), chat=DESK)
    assert len(office.sent) == 1


async def test_a_form_brings_the_code_with_the_press() -> None:
    office = Office(live=True)
    totp = office.codes("luis")
    await office.say("/flatten all")
    assert office.shown[-1].actions[0].form == "code"
    await office.say(office.code(totp), handle=office.handle("y"))
    assert len(office.sent) == 1


async def test_an_armed_window_spares_the_code_and_ends_when_idle() -> None:
    office = Office(live=True)
    totp = office.codes("luis")
    await office.say("/arm 10m")
    await office.say(handle=office.handle("y"))
    assert "Armed until" in await office.say(office.code(totp))
    await office.say("/flatten all")
    await office.say(handle=office.handle("y"))
    assert len(office.sent) == 1
    office.clock.jump(301)
    await office.say("/flatten all")
    assert "6-digit" in await office.say(handle=office.handle("y"))


async def test_no_codes_means_no_large_act_that_adds_risk() -> None:
    office = Office(live=True)
    await office.say("/size ALPHA 2x")
    assert "set it up with /totp" in await office.say(handle=office.handle("y"))
    assert not office.sent


async def test_the_secret_is_shown_in_private_once() -> None:
    office = Office()
    assert "Not here" in await office.say("/totp setup", chat=DESK)
    assert "Shown once" in await office.say("/totp setup")
    message = office.messages[-1]
    assert message.is_secret
    assert message.files[0].is_picture
    secret = office.store.secret("luis")
    assert secret is not None
    assert secret[0] not in office.audit.csv()


# ---- a second person -----------------------------------------------------------------------------------------------


async def _asked(office: Office) -> None:
    """Luis asks for what needs a second person."""
    totp = office.codes("luis")
    await office.say("/unlock ALPHA")
    await office.say(office.code(totp), handle=office.handle("y", "tg:@luis"))


async def test_another_person_on_another_platform_approves() -> None:
    office = Office(live=True)
    await _asked(office)
    assert not office.sent
    await office.say(handle=office.handle("y", "dc:@ana"), who="ana", chat="dc:@ana")
    assert [type(ask) for ask in office.sent] == [UnlockAsk]
    assert office.sent[0].by == "Luis + Ana"
    assert office.audit.newest(5)[0].second == "Ana" or any(row.second == "Ana" for row in office.audit.newest(5))


async def test_one_human_with_two_accounts_cannot_approve_himself() -> None:
    office = Office(live=True)
    await _asked(office)
    assert "another person" in await office.say(handle=office.handle("y", OPS), chat=OPS)
    assert not office.sent


async def test_a_trader_cannot_approve_and_a_denial_ends_it() -> None:
    office = Office(live=True)
    await _asked(office)
    assert "Not done" in await office.say(handle=office.handle("y", OPS), who="tess", chat=OPS)
    assert "denied" in await office.say(handle=office.handle("n", OPS), who="ana", chat=OPS)
    await office.say(handle=office.handle("y", "tg:@ana"), who="ana", chat="tg:@ana")
    assert not office.sent


async def test_nobody_answers_and_it_is_denied() -> None:
    office = Office(live=True)
    await _asked(office)
    office.clock.jump(301)
    await office.controller.second.tick()
    await office.say(handle=office.handle("y", "tg:@ana"), who="ana", chat="tg:@ana")
    assert not office.sent
    assert any("nobody approved in time" in line for card in office.shown for line in card.lines)


async def test_the_state_changed_before_the_second_person_looked() -> None:
    office = Office(live=True)
    await _asked(office)
    office.double.hold(3)
    await office.say(handle=office.handle("y", "tg:@ana"), who="ana", chat="tg:@ana")
    assert not office.sent
    assert any("state changed" in line for card in office.shown for line in card.lines)


async def test_alone_a_person_has_a_minute_to_think_again() -> None:
    office = Office(live=True, solo=True)
    await _asked(office)
    await office.controller.second.tick()
    assert not office.sent
    office.clock.jump(61)
    await office.controller.second.tick()
    assert len(office.sent) == 1

    other = Office(live=True, solo=True)
    await _asked(other)
    await other.say(handle=other.handle("n", "tg:@luis"))
    other.clock.jump(61)
    await other.controller.second.tick()
    assert not other.sent


async def test_the_owner_breaks_the_glass_after_two_minutes_and_everybody_hears_it() -> None:
    office = Office(live=True)
    await _asked(office)
    totp_secret = office.store.secret("luis")
    assert totp_secret is not None
    approval = office.controller.second._approvals.get("R1")
    assert approval is not None
    place = office.controller.second._place_of(approval)
    assert place is not None
    with pytest.raises(PeopleError, match="s more"):
        await office.controller.second.break_glass("R1", "firm raised the limit", place)
    office.clock.jump(121)
    with pytest.raises(PeopleError, match="say why"):
        await office.controller.second.break_glass("R1", "because", place)
    await office.controller.second.break_glass("r1", "firm raised the limit", place)
    assert len(office.sent) == 1
    assert any("BREAK-GLASS" in card.title for card in office.shown)


async def test_a_restart_forgets_neither_buttons_nor_waiting_acts() -> None:
    office = Office(live=True)
    await _asked(office)
    await office.say("/pause all 15m", who="tess")
    undo = office.handle("u", "tg:@tess")
    office.build()
    await office.say(handle=office.handle("y", "dc:@ana"), who="ana", chat="dc:@ana")
    assert isinstance(office.sent[-1], UnlockAsk)
    await office.say(handle=undo, who="tess")
    assert office.sent[-1].by == "Tess"
    assert len(office.sent) == 3


async def test_who_asked_must_still_have_the_right_when_the_second_person_says_yes() -> None:
    office = Office(live=True)
    await _asked(office)
    office.store.grant("luis", Grant(role=Role.VIEWER), "local", office.clock.now())
    await office.say(handle=office.handle("y", "tg:@ana"), who="ana", chat="tg:@ana")
    assert not office.sent
    assert any("this needs the role" in line for card in office.shown for line in card.lines)


async def test_what_a_second_person_approved_and_the_engine_does_not_take_is_told_to_both() -> None:
    office = Office(live=True)
    await _asked(office)

    async def send(ask: object) -> ActView:
        raise EngineError("ALPHA is not locked", 400)

    office.direct.send = send  # type: ignore[method-assign,assignment]
    said = await office.say(handle=office.handle("y", "dc:@ana"), who="ana", chat="dc:@ana")
    assert "Not done: UNLOCK ALPHA: ALPHA is not locked" in said
    assert any("Not done" in one.card.title for one in office.messages if one.chat == "tg:@luis")
    assert [row.result for row in office.audit.newest(3)] == ["failed", "sent", "approved"]
    assert "decided already" in await office.say(handle=office.handle("y", "dc:@ana"), who="ana", chat="dc:@ana")


async def test_a_send_that_nobody_answered_and_that_never_arrived_is_told_to_both() -> None:
    office = Office(live=True)
    await _asked(office)

    async def send(ask: object) -> ActView:
        raise EngineSilentError(1.0, may_have_arrived=True)

    async def act(key: str) -> ActView:
        raise EngineError("no such act", 404)

    office.direct.send, office.direct.act = send, act  # type: ignore[method-assign,assignment,attr-defined]
    await office.say(handle=office.handle("y", "dc:@ana"), who="ana", chat="dc:@ana")
    await office.clock.turn(11)
    await office.controller.second.tick()
    await office.controller.proofs.recheck()
    told = {one.chat for one in office.messages if "never arrived: nothing was done" in one.card.title}
    assert told == {"tg:@luis", "dc:@ana"}


async def test_a_role_is_given_and_its_end_told_in_one_transaction() -> None:
    office = Office()
    totp = office.codes("luis")
    await office.say("/role Tess risk")
    await office.say(office.code(totp), handle=office.handle("y", "tg:@luis"))
    keep = office.keep
    office.keep = None  # type: ignore[method-assign,assignment]
    with suppress(TypeError):
        await office.controller.second.break_glass("R1", "x" * 10, _at_the_place(office))
    assert (_risk(office), office.controller.second._approvals.get("R1").state) == (False, Waiting.ASKED)  # type: ignore[union-attr]
    office.keep = keep  # type: ignore[method-assign]
    await office.controller.second.break_glass("R1", "x" * 10, _at_the_place(office))
    assert _risk(office)


def _at_the_place(office: Office) -> Place:
    office.clock.jump(121)
    approval = office.controller.second._approvals.get("R1")
    assert approval is not None
    place = office.controller.second._place_of(approval)
    assert place is not None
    return place


def _risk(office: Office) -> bool:
    tess = office.store.person_of("tg:tess")
    return tess is not None and tess.role is Role.RISK


async def test_alone_a_lockdown_within_the_minute_stops_the_act() -> None:
    office = Office(live=True, solo=True)
    await _asked(office)
    await office.say("/lockdown")
    office.clock.jump(61)
    await office.controller.second.tick()
    assert not office.sent


async def test_an_act_that_cooled_off_while_the_engine_was_silent_waits_for_it() -> None:
    office = Office(live=True, solo=True)
    await _asked(office)
    office.clock.jump(61)
    office.direct.silence = EngineSilentError(5.0)
    await office.controller.second.tick()
    assert not office.sent
    office.direct.silence = None
    await office.controller.second.tick()
    assert len(office.sent) == 1


async def test_a_risk_manager_is_a_second_person_for_a_role_too() -> None:
    office = Office()
    totp = office.codes("luis")
    await office.say("/role Tess risk")
    await office.say(office.code(totp), handle=office.handle("y", "tg:@luis"))
    assert "Not done" not in await office.say(handle=office.handle("y", "tg:@ana"), who="ana", chat="tg:@ana")
    tess = office.store.person_of("tg:tess")
    assert tess is not None
    assert tess.role is Role.RISK


async def test_the_pad_shows_how_many_digits_were_tapped_and_never_which() -> None:
    office = Office(live=True)
    office.codes("luis")
    await office.say("/flatten all", chat=DESK)
    await office.say(handle=office.handle("y"), chat=DESK)
    ref = next(card.ref for card in office.shown if card.ref.startswith("pad:"))
    for digit in "12":
        await office.say(handle=office.handle(digit), chat=DESK)
    assert (office.messages[-1].card.ref, office.messages[-1].card.lines[0]) == (ref, "••")
    assert len(office.messages[-1].card.actions) == 12
    await office.say(handle=office.handle("b"), chat=DESK)
    assert office.messages[-1].card.lines[0] == "•"


# ---- two people of one name ----------------------------------------------------------------------------------------


async def test_two_people_of_one_name_pause_each_for_themselves() -> None:
    office = Office()
    office.store.add(Person(id="other", name="Luis", grants=(Grant(role=Role.TRADER),)), "local", office.clock.now())
    office.store.link("tg:other", "other", "Luis", office.clock.now())
    await office.say("/pause ALPHA 1h")
    assert "Your longer pause holds" not in await office.say("/pause ALPHA 15m", who="other")
    assert [(ask.by, ask.who) for ask in office.sent] == [("Luis", "luis"), ("Luis", "other")]
    await office.say("/pause ALPHA 1h")
    assert "Your longer pause holds: ALPHA" in await office.say("/pause ALPHA 15m")
    await office.say("/pause BRAVO 15m", who="other")
    await office.say(handle=office.handle("u", "tg:@other"), who="other")
    assert office.sent[-1].who == "other"


async def test_the_second_persons_name_stands_beside_the_askers_and_the_act_is_the_askers() -> None:
    office = Office(live=True)
    await _asked(office)
    await office.say(handle=office.handle("y", "dc:@ana"), who="ana", chat="dc:@ana")
    assert [(ask.by, ask.who) for ask in office.sent] == [("Luis + Ana", "luis")]


# ---- freezes and lockdowns -----------------------------------------------------------------------------------------


async def test_a_freeze_stops_risk_and_never_a_pause_or_a_flatten() -> None:
    office = Office()
    assert "frozen" in await office.say("/freeze all 1h review", who="ana")
    assert "Ana has frozen" in await office.say("/resume ALPHA", who="tess")
    await office.say("/pause ALPHA 15m", who="tess")
    await office.say("/flatten ALPHA", who="tess")
    await office.say(handle=office.handle("y"), who="tess")
    assert [type(ask) for ask in office.sent] == [PauseAsk, FlattenAsk]
    office.clock.jump(3601)
    assert "Ana has frozen" not in await office.say("/resume ALPHA", who="tess")


async def test_a_right_that_has_ended_lifts_no_freeze_and_shows_no_more_than_is_left() -> None:
    office = Office()
    await office.say("/freeze all 1h", who="ana")
    now = office.clock.now()
    with office.database.begin() as connection:
        connection.exec_driver_sql("delete from granted where principal = 'tess'")
    office.store.grant("tess", Grant(role=Role.OWNER, scope="all", until=now), "local", now)
    office.store.grant("tess", Grant(role=Role.TRADER, scope="ALPHA"), "local", now)
    assert "Ana has frozen" in await office.say("/resume ALPHA", who="tess")
    assert "BRAVO" not in await office.say("/accounts", who="tess")


async def test_an_act_for_accounts_that_nobody_knows_is_refused() -> None:
    office = Office()
    intent = Intent(ask=PauseAsk(key="k", by="Luis", scope="ALPHA,nobody"))
    now = office.clock.now()
    place = Place.of(LUIS, Seat(person="luis", chat="tg:@luis"), Room(chat="tg:@luis", kind=RoomKind.PRIVATE), now)
    assert "no account" in await office.controller.second._hand.refusal(intent, None, place)


async def test_a_lockdown_leaves_reading_pausing_and_flattening_until_it_is_lifted_at_the_desk() -> None:
    office = Office()
    await office.say("/lockdown", who="ana")
    assert "locked down" in await office.say("/resume ALPHA")
    assert "PAUSE" in await office.say("/pause ALPHA 15m")
    assert "Not here" in await office.say("/lockdown lift")
    await office.local("/lockdown lift")
    await office.local(handle=office.handle("y", "console:desk"))
    assert "locked down" not in await office.say("/resume ALPHA")


async def test_rights_for_a_part_of_the_desk_hold_for_acts_and_for_reading() -> None:
    office = Office()
    office.store.grant("tess", Grant(role=Role.VIEWER, scope="BRAVO"), "local", office.clock.now())
    office.store.grant("tess", Grant(role=Role.TRADER, scope="ALPHA"), "local", office.clock.now())
    with office.database.begin() as connection:
        connection.exec_driver_sql("delete from granted where principal = 'tess' and scope = 'all'")
    said = await office.say("/pause ALPHA,BRAVO 15m", who="tess")
    assert "you may not do this here for BRAVO" in said
    await office.say("/pause ALPHA 15m", who="tess")
    assert len(office.sent) == 1
    shown = await office.say("/accounts", who="tess")
    assert "ALPHA" in shown
    assert "BRAVO" in shown
    assert "CHARLIE" not in shown
    assert "may be seen here" in await office.say("/accounts CHARLIE", who="tess")


# ---- the audit -----------------------------------------------------------------------------------------------------


async def test_the_audit_keeps_what_was_done_and_what_was_refused_and_shows_any_change() -> None:
    office = Office()
    await office.say("/pause all 15m NFP")
    await office.say("/flatten all", who="eve")
    rows = office.audit.newest(10)
    assert {row.result for row in rows} >= {"sent", "refused"}
    assert any(row.name == "Luis" and "NFP" in row.text for row in rows)
    assert office.audit.fault() == ""
    assert "unbroken" in await office.say("/audit verify")
    with office.database.begin() as connection:
        connection.exec_driver_sql("update audit set why = 'nothing' where seq = 1")
    assert "row 1" in office.audit.fault()
    assert "🔴 row 1" in await office.say("/audit verify")


async def test_a_row_that_was_taken_out_is_missed() -> None:
    office = Office()
    for _ in range(3):
        await office.say("/pause all 15m")
    with office.database.begin() as connection:
        connection.exec_driver_sql("delete from audit where seq = 2")
    assert "row 2 is missing" in office.audit.fault()


async def test_a_text_that_a_spreadsheet_would_reckon_with_is_harmless() -> None:
    office = Office()
    await office.say("=HYPERLINK(0)")
    assert "'=HYPERLINK(0)" in office.audit.csv() or "=HYPERLINK" not in office.audit.csv()


async def test_a_group_that_moved_keeps_its_binding_and_its_lockdown_however_often_that_is_told() -> None:
    office = Office()
    office.store.set_pref(DESK, "lockdown", "Luis")
    for _ in range(2):  # by Telegram's own message, and by each card that was still on its way to the old one
        office.people.moved(DESK, "tg:-100")
    room = office.people.room("tg:-100")
    assert room is not None
    assert (room.kind, room.is_locked_down) == (RoomKind.DESK, True)
    assert office.people.room(DESK) is None


@pytest.mark.parametrize("name", ["dead man", "Dead  Man", "alert policy"])
def test_nobody_is_called_as_the_desk_calls_itself(name: str) -> None:
    office = Office()
    with pytest.raises(PeopleError, match="take another name"):
        office.people.invite(name, Grant(role=Role.TRADER), "local")
    assert office.people.invite("Deadman", Grant(role=Role.TRADER), "local")


async def test_an_admin_may_change_or_leave_any_chat_from_inside_and_nothing_else_there() -> None:
    office = Office()
    totp = office.codes("root")
    for chat in (DESK, TEAM):
        assert "No money is shown here" in await office.say("/redact on", who="root", chat=chat)
        assert "needs the role admin" in await office.say("/role Tess risk", who="root", chat=chat)
        assert "needs the role" in await office.say("/redact off", who="tess", chat=chat)
    await office.say("/bind ops", who="root", chat=TEAM)
    await office.say(handle=office.handle("y", TEAM), who="root", chat=TEAM)
    for digit in office.code(totp):
        await office.say(handle=office.handle(digit, TEAM), who="root", chat=TEAM)
    await office.say(handle=office.handle("o", TEAM), who="root", chat=TEAM)
    await office.say("/unbind", who="root", chat=DESK)
    await office.say(handle=office.handle("y", DESK), who="root", chat=DESK)
    assert {room.chat: room.kind for room in office.people.rooms()} == {TEAM: RoomKind.OPS, OPS: RoomKind.OPS}
