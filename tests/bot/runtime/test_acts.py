"""Acts between the first press and the send: rights, locks and windows that end on the way, and what a code opens."""

import pytest

from bot.core.access import Grant, Role
from bot.runtime.people.codes import PeopleError
from tests.bot.office import DESK, Office


async def _pressed(office: Office, text: str, *, who: str = "tess", chat: str = "") -> None:
    """Ask, and press Confirm."""
    chat = chat or f"tg:@{who}"
    await office.say(text, who=who, chat=chat)
    await office.say(handle=office.handle("y", chat), who=who, chat=chat)


# ---- rights that end between Confirm and the code ----------------------------------------------------------------------


@pytest.mark.parametrize("by_word", [False, True])
async def test_a_right_that_is_taken_before_the_code_is_gone_for_the_code_too(by_word: bool) -> None:
    office = Office(live=True)
    totp = office.codes("tess")
    await _pressed(office, "/flatten all")
    office.store.grant("tess", Grant(role=Role.VIEWER), "local", office.clock.now())
    said = await office.say("FLATTEN" if by_word else office.code(totp), who="tess")
    assert "needs the role trader" in said
    assert not office.sent
    assert not any("WITHOUT A CODE" in card.title for card in office.shown)
    assert office.audit.newest(1)[0].result == "refused"


async def test_a_lockdown_before_the_code_stops_what_adds_risk() -> None:
    office = Office(live=True)
    totp = office.codes("luis")
    await _pressed(office, "/unlock ALPHA", who="luis")
    await office.say("no reason", who="luis")
    await office.say("/lockdown", who="ana")
    assert "locked down" in await office.say(office.code(totp))
    assert not office.sent


async def test_a_freeze_before_the_code_stops_the_pad() -> None:
    office = Office(live=True)
    totp = office.codes("tess")
    await _pressed(office, "/on ALPHA", chat=DESK)
    await office.say("/freeze all 1h", who="ana")
    for digit in office.code(totp):
        await office.say(handle=office.handle(digit, DESK), who="tess", chat=DESK)
    assert "Ana has frozen" in await office.say(handle=office.handle("o", DESK), who="tess", chat=DESK)
    assert not office.sent


# ---- one-time codes ----------------------------------------------------------------------------------------------------


async def test_the_first_code_turns_one_time_codes_on_in_private() -> None:
    office = Office(live=True)
    await office.say("/totp setup")
    assert "write me the code" in await _said(office, "/on ALPHA")
    secret = office.store.secret("luis")
    assert secret is not None
    assert "wrong" in await office.say("000000")
    assert not office.people.has_codes(office.people.named("Luis").person)
    assert "codes are on" in await office.say(office.totp("luis").at(office.clock.now()))
    office.clock.jump(30)
    await office.say("/on ALPHA")
    assert "6-digit" in await office.say(handle=office.handle("y"))
    await office.say(office.totp("luis").at(office.clock.now()))
    assert len(office.sent) == 1


async def _said(office: Office, text: str) -> str:
    await office.say(text)
    return await office.say(handle=office.handle("y"))


async def test_a_new_secret_needs_a_code_of_the_old_one_even_inside_an_armed_window() -> None:
    office = Office(live=True)
    totp = office.codes("luis")
    await _pressed(office, "/arm 10m", who="luis")
    await office.say(office.code(totp))
    before = office.store.secret("luis")
    assert "Shown once" not in await office.say("/totp reset")
    assert "6-digit" in await office.say(handle=office.handle("y"))
    assert office.store.secret("luis") == before
    office.clock.jump(30)
    assert "Shown once" in await office.say(office.code(totp))
    message = office.messages[-1]
    assert message.is_secret
    assert message.files[0].is_picture
    secret = office.store.secret("luis")
    assert secret is not None
    assert secret != before
    assert secret[0] not in office.audit.csv()


async def test_a_window_is_never_made_longer_without_a_code() -> None:
    office = Office(live=True)
    totp = office.codes("luis")
    await _pressed(office, "/arm 10m", who="luis")
    await office.say(office.code(totp))
    office.clock.jump(240)
    await office.say("/arm 10m")
    assert "6-digit" in await office.say(handle=office.handle("y"))


async def test_a_window_that_is_idle_is_listed_nowhere() -> None:
    office = Office(live=True)
    totp = office.codes("luis")
    await _pressed(office, "/arm 10m", who="luis")
    await office.say(office.code(totp))
    assert "armed Luis" in await office.say("/locks", who="ana")
    office.clock.jump(301)
    assert "armed Luis" not in await office.say("/locks", who="ana")


async def test_a_further_platform_takes_a_code_from_whoever_has_codes() -> None:
    office = Office()
    totp = office.codes("luis")
    assert "6-digit" in await _said(office, "/invite me")
    assert "Code for Luis" in await office.say(office.code(totp))


async def _padded(office: Office) -> str:
    """A number pad in a room; its message's own name."""
    await _pressed(office, "/flatten all", who="luis", chat=DESK)
    return next(card.ref for card in reversed(office.shown) if card.ref.startswith("pad:"))


async def _tap(office: Office, digits: str) -> str:
    for digit in digits:
        await office.say(handle=office.handle(digit, DESK), chat=DESK)
    return await office.say(handle=office.handle("o", DESK), chat=DESK)


async def test_a_wrong_code_on_the_pad_is_tapped_again_there() -> None:
    office = Office(live=True)
    totp = office.codes("luis")
    pad = await _padded(office)
    assert "wrong or used" in await _tap(office, "000000")
    shown = next(card for card in reversed(office.shown) if card.ref == pad)
    assert "Tap your code" in shown.lines[0]
    assert all(message.is_pad for message in office.messages if message.card.ref == pad)
    await _tap(office, office.code(totp))
    assert len(office.sent) == 1
    shown = next(card for card in reversed(office.shown) if card.ref == pad)
    assert (shown.title, shown.actions) == ("Code taken.", ())


async def test_a_pad_is_over_after_five_wrong_codes() -> None:
    office = Office(live=True)
    office.codes("luis")
    pad = await _padded(office)
    for _ in range(5):
        await _tap(office, "000000")
    shown = next(card for card in reversed(office.shown) if card.ref == pad)
    assert shown.actions == ()


async def test_the_word_means_nothing_once_the_code_was_given() -> None:
    office = Office(live=True)
    totp = office.codes("luis")
    await _pressed(office, "/flatten all", who="luis")
    await office.say(office.code(totp))
    assert "Already decided" in await office.say("FLATTEN")
    assert not any("WITHOUT A CODE" in card.title for card in office.shown)
    assert len(office.sent) == 1


# ---- freezes -----------------------------------------------------------------------------------------------------------


async def test_nobody_gets_round_a_freeze_by_one_of_his_own() -> None:
    office = Office()
    await office.say("/freeze all 1h review", who="ana")
    await office.say("/freeze all 1m", who="tess")
    assert "Ana has frozen" in await office.say("/resume ALPHA", who="tess")
    await office.say("/freeze all off", who="tess")  # his own
    assert "Ana has frozen" in await office.say("/freeze all off", who="tess")
    assert "Ana has frozen" in await office.say("/resume ALPHA", who="tess")
    await office.say("/freeze all off", who="luis")
    assert "RESUME ALPHA" in await office.say("/resume ALPHA", who="tess")


async def test_an_admin_who_is_risk_too_lifts_a_freeze() -> None:
    office = Office()
    office.store.grant("ana", Grant(role=Role.ADMIN, scope="ALPHA"), "local", office.clock.now())
    await office.say("/freeze all 1h review", who="tess")
    assert "free" in await office.say("/freeze all off", who="ana")


async def test_a_lockdown_leaves_freezes_as_they_are() -> None:
    office = Office()
    await office.say("/freeze all 1h", who="ana")
    await office.say("/lockdown", who="ana")
    assert "locked down" in await office.say("/freeze all off", who="ana")
    assert "is frozen" in await office.say("/freeze ALPHA 1h", who="ana")


# ---- how far a right goes ----------------------------------------------------------------------------------------------


async def test_nobody_freezes_or_gives_away_more_than_his_own_part() -> None:
    office = Office()
    office.restrict("tess", "ALPHA")
    office.restrict("root", "ALPHA")
    assert "you may not do this here for BRAVO" in await office.say("/freeze all 1h", who="tess")
    assert "ALPHA is frozen" in await office.say("/freeze ALPHA 1h", who="tess")
    assert "you may not do this here for BRAVO" in await office.say("/role Eve risk", who="root")
    assert "you may not do this here for BRAVO" in await office.say("/invite Zoe trader BRAVO", who="root")
    assert "INVITE Zoe" in await office.say("/invite Zoe trader ALPHA", who="root")


async def test_nobody_lowers_a_higher_role() -> None:
    office = Office()
    assert "of a higher role" in await office.say("/role Luis viewer", who="root")


async def test_a_name_is_one_persons() -> None:
    office = Office()
    assert "is known already" in await office.say("/invite Ana risk", who="root")
    first = office.people.invite("Zoe", Grant(role=Role.TRADER), "local")
    second = office.people.invite("Zoe", Grant(role=Role.VIEWER), "local")
    await office.say(f"/pair {first}", who="z1")
    await office.say(f"/pair {second}", who="z2")
    said = await office.say("/revoke Zoe")
    names = [known.person.id for known in office.people.everybody() if known.person.name == "Zoe"]
    assert len(names) == 2
    assert all(name in said for name in names)
    assert "no rights any more" in await office.say(f"/revoke {names[0]}")
    assert "no rights any more" in await office.say("/revoke Zoe")


@pytest.mark.parametrize("name", ["", "me", "Ana Maria", "a\u202eb", "x" * 41])
def test_a_name_that_nobody_could_type_is_refused(name: str) -> None:
    office = Office()
    with pytest.raises(PeopleError, match="name"):
        office.people.invite(name, Grant(role=Role.TRADER), "local")


# ---- what the record keeps ---------------------------------------------------------------------------------------------


async def test_the_record_keeps_what_was_shown_and_what_came_of_it() -> None:
    office = Office(live=True)
    office.double.hold(2)
    await _pressed(office, "/flatten ALPHA")
    (sent,) = office.sent
    office.double.prove(sent.key)
    for _ in range(2):  # told twice it counts once
        await office.controller.proofs.told(office.double.acts[sent.key])
    rows = office.audit.newest(10)
    shown = next(row for row in rows if row.result == "shown")
    assert "3 market close" in shown.preview
    assert "2 contracts" in shown.preview
    ended = [row for row in rows if row.result == "proven"]
    assert [(row.key, row.person, row.accounts, row.latency_ms) for row in ended] == [(sent.key, "tess", "ALPHA", 300)]
    assert "ALPHA flat 0.9 s" in ended[0].why
    assert "FLATTEN ALPHA proven 0.3 s" in await office.say("/audit", who="ana")
    assert office.audit.fault() == ""
