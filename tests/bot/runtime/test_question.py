"""What is asked in words: by a form, or as the next thing written; never at the price of a command."""

import pytest

from tests.bot.office import DESK, Office
from tests.bot.runtime.test_alerts import go, notice, tell


async def opened(office: Office) -> None:
    await tell(office, notice("rogue.open", symbol="NQZ6"))
    await go(office, 4)


async def test_a_reason_is_the_next_thing_that_is_written_also_after_a_restart() -> None:
    office = Office()
    await opened(office)
    assert "Write it now" in await office.say("/resolve A-1")
    assert office.messages[-1].asks
    office.build()
    assert "over: closed it by hand" in await office.say("closed it by hand")
    assert "closed it by hand" not in await office.say("closed it by hand")  # once


async def test_what_is_meant_to_act_is_never_taken_for_a_reason() -> None:
    office = Office()
    await opened(office)
    await office.say("/note A-1")
    for line in ("flatten all", "/flatten all"):
        assert "30 s to decide" in await office.say(line)
    assert "close to" not in await office.say("status")
    await office.say("close to the limit, says the firm")  # begins with a verb and is no command
    assert "close to the limit, says the firm" in await office.say("/alert A-1")


async def test_a_question_can_be_dropped_and_runs_out() -> None:
    office = Office()
    await opened(office)
    await office.say("/resolve A-1")
    assert "Nothing was done" in await office.say("cancel")
    assert "No command" in await office.say("Gone again")
    await office.say("/resolve A-1")
    await office.say(handle=office.handle("n"))
    assert "No command" in await office.say("Gone again")
    await office.say("/resolve A-1")
    office.clock.jump(121)
    assert "No command" in await office.say("Gone again")


async def test_only_who_was_asked_answers_and_only_there() -> None:
    office = Office()
    await opened(office)
    await office.say("/resolve A-1", chat=DESK)
    assert "No command" in await office.say("Gone again", who="tess", chat=DESK)
    assert "No command" in await office.say("Gone again")
    assert "over: Gone again" in await office.say("Gone again", chat=DESK)


async def test_a_form_brings_it_at_once() -> None:
    office = Office()
    await opened(office)
    assert any(action.form == "reason" for action in office.shown[-1].actions)
    assert "over: sold it" in await office.say("sold it", handle=office.handle("z", DESK), chat=DESK)


async def test_a_size_and_its_reason_come_in_one_form() -> None:
    office = Office()
    await office.say("/account ALPHA")
    assert "SIZE" in await office.say("0.5x", handle=office.handle("4"), reason="news at ten")
    assert [str(ask.factor) for ask in office.sent if hasattr(ask, "factor")] == ["0.5"]
    assert "news at ten" in office.audit.csv()


async def test_the_second_person_reads_the_reason_and_no_code() -> None:
    office = Office(live=True)
    totp = office.codes("luis")
    await office.say("/size ALPHA 2x")
    ask = next(action for action in office.shown[-1].actions if action.key == "y")
    assert (ask.label, ask.form) == ("Ask risk…", "ask")
    code = office.code(totp)
    await office.say(code, handle=ask.handle, reason="limit raised by the firm")
    asked = [message for message in office.messages if "NEEDS A SECOND PERSON" in message.card.title]
    assert asked
    assert all("Said: limit raised by the firm" in message.card.lines for message in asked)
    assert code not in office.audit.csv()


async def test_the_owner_breaks_the_glass_from_the_card_that_waits() -> None:
    office = Office(live=True)
    totp = office.codes("luis")
    await office.say("/size ALPHA 2x")
    await office.say(office.code(totp), handle=office.handle("y"))
    glass = office.handle("g", "tg:@luis")
    office.clock.jump(121)
    said = await office.say("nobody answers the phone", handle=glass)
    assert "reason" in said.lower() or "glass" in said.lower()
    await office.say(office.code(totp), handle=office.handle("y", "tg:@luis"))
    assert [ask.scope for ask in office.sent] == ["ALPHA"]
    assert any("BREAK-GLASS" in card.title for card in office.shown)


@pytest.mark.parametrize("who", ["tess", "ana"])
async def test_nobody_but_the_owner_is_offered_the_glass(who: str) -> None:
    office = Office(live=True)
    totp = office.codes(who)
    await office.say("/size ALPHA 2x", who=who)
    await office.say(office.code(totp), handle=office.handle("y"), who=who)
    assert not any(action.key == "g" for card in office.shown for action in card.actions)


async def test_asking_risk_asks_why_first_where_no_form_did_and_the_second_person_reads_it() -> None:
    office = Office(live=True)
    totp = office.codes("luis")
    await office.say("/size ALPHA 2x")
    assert "why?" in await office.say(handle=office.handle("y"))
    assert any(message.asks for message in office.messages[-3:])
    office.build()  # it is waited for over a restart, too
    assert "6-digit code" in await office.say("the firm   raised\nthe limit")
    await office.say(office.code(totp))
    asked = [message for message in office.messages if "NEEDS A SECOND PERSON" in message.card.title]
    assert asked
    assert all("Said: the firm raised the limit" in message.card.lines for message in asked)


async def test_at_the_desks_computer_asking_risk_asks_why_as_well() -> None:
    office = Office(live=True)
    await office.local("/size ALPHA 2x")
    assert "why?" in await office.local("SIZE")
    await office.local("the firm raised the limit")
    asked = [message for message in office.messages if "NEEDS A SECOND PERSON" in message.card.title]
    assert asked
    assert all("Said: the firm raised the limit" in message.card.lines for message in asked)


async def test_a_code_is_never_taken_for_the_reason() -> None:
    office = Office(live=True)
    totp = office.codes("luis")
    await office.say("/size ALPHA 2x")
    await office.say(handle=office.handle("y"))
    await office.say(office.code(totp))
    asked = [message for message in office.messages if "NEEDS A SECOND PERSON" in message.card.title]
    assert asked
    assert not any("Said:" in line for message in asked for line in message.card.lines)


async def test_asking_risk_can_be_dropped() -> None:
    office = Office(live=True)
    office.codes("luis")
    await office.say("/size ALPHA 2x")
    await office.say(handle=office.handle("y"))
    assert "Nothing was done" in await office.say("cancel")
    assert not [message for message in office.messages if "NEEDS A SECOND PERSON" in message.card.title]
