"""Undo takes back what an act did, and nothing that came after it; late words, and words for a part of the desk."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from engine.api import HoldView, OffAsk, OnAsk, PauseAsk, ResumeAsk, Severity, SizeAsk
from tests.bot.office import DESK, Office


def held(office: Office, alias: str, by: str, kind: str) -> None:
    """Something else stops an account."""
    view = office.double.accounts[alias]
    hold = HoldView(by=by, reason="x", since=office.clock.now(), kind=kind, who=by.lower())
    office.double.accounts[alias] = replace(view, holds=(*view.holds, hold))


# ---- undo --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("by", "kind"), [("Ana", "person"), ("Luis", "flatten"), ("engine", "engine"), ("dead man", "person")]
)
async def test_undo_of_a_pause_lifts_no_other_without_a_look(by: str, kind: str) -> None:
    office = Office()
    await office.say("/pause ALPHA 15m")
    held(office, "ALPHA", by, kind)
    said = await office.say(handle=office.handle("u"))
    assert "RESUME ALPHA?" in said
    assert "came after it" in said
    assert [type(ask) for ask in office.sent] == [PauseAsk]
    await office.say(handle=office.handle("y"))
    assert [type(ask) for ask in office.sent] == [PauseAsk, ResumeAsk]


async def test_undo_of_a_pause_that_was_made_longer_is_done_at_once() -> None:
    office = Office()
    await office.say("/pause ALPHA 15m")
    await office.say(handle=office.handle("e"))
    await office.say("/undo")
    assert [type(ask) for ask in office.sent] == [PauseAsk, PauseAsk, ResumeAsk]


async def test_undo_of_a_size_goes_back_to_no_size_that_somebody_else_has_left() -> None:
    office = Office()
    await office.say("/size ALPHA half")
    await office.say("/size ALPHA 0.25x", who="ana")
    said = await office.say("/undo")
    assert "came after it" in said
    assert "0.25x → 1x" in said
    assert [ask.factor for ask in office.sent if isinstance(ask, SizeAsk)] == [Decimal("0.5"), Decimal("0.25")]


async def test_undo_of_off_turns_on_only_what_was_on() -> None:
    office = Office()
    await office.say("/off BRAVO", who="ana")
    await office.say("/off all")
    await office.say("/undo")
    assert [(type(ask), ask.scope) for ask in office.sent[1:]] == [(OffAsk, "all"), (OnAsk, "ALPHA,CHARLIE")]
    await office.say("/off BRAVO")
    assert "Nothing of yours" in await office.say("/undo")


async def test_an_undo_is_not_undone() -> None:
    office = Office()
    await office.say("/pause ALPHA 15m")
    await office.say("/undo")
    assert "Nothing of yours" in await office.say("/undo")
    assert len(office.sent) == 2


async def test_an_undo_that_comes_late_takes_back_nothing() -> None:
    office = Office()
    await office.say("/pause ALPHA 15m")
    assert "Not run: '/undo'" in await office.say("/undo", late_s=61)
    assert len(office.sent) == 1


# ---- a part of the desk ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["/pause 15m", "/pause all 15m", "/newspause", "/plan pause 13:25-13:45 NFP", "/resume"]
)
async def test_whoever_may_act_on_a_part_is_asked_which(text: str) -> None:
    office = Office()
    office.restrict("tess", "ALPHA,BRAVO")
    said = await office.say(text, who="tess")
    assert "which?" in said
    assert "ALPHA" in said
    assert "CHARLIE" not in said
    said = await office.say(handle=office.handle("1", "tg:@tess"), who="tess")
    assert office.sent[0].scope == "ALPHA" if text != "/resume" else "RESUME ALPHA" in said


async def test_the_list_of_plans_needs_no_choice() -> None:
    office = Office()
    office.restrict("tess", "ALPHA")
    assert "which?" not in await office.say("/plan", who="tess")


# ---- what is missing is picked -----------------------------------------------------------------------------------------


async def test_a_size_that_is_missing_is_picked() -> None:
    office = Office()
    await office.say("/size")
    said = await office.say(handle=office.handle("1"))
    assert "size ALPHA …?" in said
    assert "half" in said
    await office.say(handle=office.handle("1"))
    assert [(ask.scope, ask.factor) for ask in office.sent if isinstance(ask, SizeAsk)] == [("ALPHA", Decimal("0.5"))]


@pytest.mark.parametrize(("text", "choice"), [("/redact", "off"), ("/mute copy.slow", "30m"), ("/role Eve", "trader")])
async def test_a_word_of_a_closed_list_is_picked(text: str, choice: str) -> None:
    office = Office()
    assert choice in await office.say(text, who="root" if "mute" not in text else "ana")


# ---- the reader's zone -------------------------------------------------------------------------------------------------


async def test_an_act_tells_its_end_in_the_zone_of_whoever_asked() -> None:
    office = Office()
    await office.say("/tz America/Chicago")
    assert "until 14:45 (20:45 UTC)" in await office.say("/pause until 14:45")
    assert "until 17:00 (23:00 UTC)" in await office.say("/pause BRAVO eod")
    assert "until 14:45 (20:45 UTC)" in await office.say("/freeze all until 14:45")
    assert "until 08:40 (14:40 UTC)" in await office.say("/arm 10m")


async def test_a_freeze_is_told_in_the_zone_of_whoever_meets_it() -> None:
    office = Office()
    await office.say("/tz America/Chicago", who="tess")
    await office.say("/freeze all 1h", who="ana")
    assert "until 09:30 (15:30 UTC)" in await office.say("/resume ALPHA", who="tess")


# ---- words -------------------------------------------------------------------------------------------------------------


async def test_what_was_not_done_says_so_first() -> None:
    office = Office()
    assert (await office.say("/revoke nobody")).startswith("Not done: no person 'nobody' here")


async def test_since_takes_a_time_of_day() -> None:
    office = Office()
    assert "SINCE 09:12" in await office.say("/since 09:12")


async def test_the_same_hold_of_many_is_one_line() -> None:
    office = Office()
    await office.say("/pause all 15m NFP")
    await office.say("/pause ALPHA 1h", who="ana")
    said = await office.say("/locks")
    assert "⏸ all until" in said
    assert said.count("NFP") == 1
    assert "⏸ ALPHA until" in said


async def test_since_tells_what_was_raised() -> None:
    office = Office()
    office.controller.alerts.raise_own("eng.quarantine", Severity.P1, "BRAVO is set aside", account="BRAVO")
    await office.controller.alerts.tick()
    said = await office.say("/since 1h")
    assert "Raised: 1, 0 now over" in said
    assert "P1 A-1 QUARANTINE" in said


async def test_whoami_tells_where_one_is_linked_and_what_holds_just_now() -> None:
    office = Office(live=True)
    totp = office.codes("luis")
    assert "linked Dc + Tg" in await office.say("/whoami")
    assert "not armed" in await office.say("/whoami")
    await office.say("/arm 10m")
    await office.say(office.code(totp), handle=office.handle("y"))
    await office.say("/oncall Ana", who="ana")
    said = await office.say("/whoami")
    assert "armed until 14:41" in said
    assert "on call: Ana" in said
    assert "here: desk" in await office.say("/help", chat=DESK)
