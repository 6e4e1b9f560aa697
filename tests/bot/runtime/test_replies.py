"""An answer to an alert's card acts on it: as the person's own command would, and never otherwise."""

import asyncio

import pytest
from msgspec.structs import replace

from bot.core.access import Grant, Person, Role, Room, RoomKind
from bot.core.chat import Sign
from engine.api import ActState, ActView, CloseAsk, FlattenAsk, PauseAsk, Severity, SizeAsk
from tests.bot.office import DESK, Office
from tests.bot.runtime.test_alerts import P1, P3, go, notice, tell


async def rogue(office: Office, severity: Severity = Severity.P2, account: str = "ALPHA") -> str:
    """One rogue trade, and the message that shows it in the desk's chat."""
    await tell(office, notice("rogue.open", severity, account, symbol="NQZ6"))
    await go(office, 4)
    return office.post("ROGUE TRADE", DESK)


async def many(office: Office) -> str:
    """A card of three accounts; two came before them, each with its own."""
    await tell(office, *(notice("dd.hard", P1, name) for name in ("X-1", "X-2", "ALPHA", "BRAVO", "CHARLIE")))
    await go(office, 4)
    return office.post("3 of", DESK)


async def settled() -> None:
    """Let what was started beside go on."""
    for _ in range(4):
        await asyncio.sleep(0)


def moved(office: Office, number: int, state: ActState) -> ActView:
    """One of the acts that were sent, so far."""
    return replace(office.double.acts[office.sent[number].key], state=state)


async def test_a_word_is_the_command_and_is_quoted() -> None:
    office = Office()
    post = await rogue(office)
    said = await office.say("pause 30", who="tess", chat=DESK, replied=post, post="7")
    assert "understood: /pause ALPHA 30m" in said
    (ask,) = office.sent
    assert isinstance(ask, PauseAsk)
    assert (ask.scope, ask.by) == ("ALPHA", "Tess")
    said = await office.say("on it 20", who="tess", chat=DESK, replied=post)
    assert "understood: /ack A-1 20m on it" in said
    assert office.controller.alerts.pipeline.groups[1].holder == "Tess"
    assert "understood: /alert A-1" in await office.say("why", who="eve", chat=DESK, replied=post)


async def test_what_reduces_is_done_and_what_cannot_be_undone_is_previewed() -> None:
    office = Office()
    office.double.hold(2)
    post = await rogue(office)
    await office.say("half", chat=DESK, replied=post)
    assert [type(ask) for ask in office.sent] == [SizeAsk]
    said = await office.say("close", chat=DESK, replied=post)
    assert "understood: /close ALPHA NQZ6" in said
    assert len(office.sent) == 1  # a preview first
    await office.say(chat=DESK, handle=office.handle("y"))
    assert isinstance(office.sent[1], CloseAsk)
    await office.say("flatten", chat=DESK, replied=post)
    await office.say(chat=DESK, handle=office.handle("y"))
    assert isinstance(office.sent[2], FlattenAsk)
    assert office.sent[2].scope == "ALPHA"


async def test_who_may_not_is_refused_and_the_audit_keeps_the_words() -> None:
    office = Office()
    post = await rogue(office)
    said = await office.say("Half", who="eve", chat=DESK, replied=post)
    assert "/size needs the role trader here" in said
    assert not office.sent
    (newest, *_) = office.audit.newest(1)
    assert (newest.person, newest.command, newest.text, newest.result) == ("eve", "size", "Half", "refused")


async def test_who_sees_a_part_of_the_desk_learns_nothing_of_the_rest() -> None:
    office = Office()
    ben = Person(id="ben", name="Ben", grants=(Grant(role=Role.TRADER, scope="BRAVO"),))
    office.store.add(ben, "local", office.clock.now())
    office.store.link("tg:ben", "ben", "Ben", office.clock.now())
    post = await rogue(office)
    assert "there is no A-1" in await office.say("why", who="ben", chat=DESK, replied=post)
    assert "there is no A-1" in await office.say("A-1 half", who="ben")
    mass = await many(office)
    assert "understood: /pause BRAVO 30m" in await office.say("pause 30", who="ben", chat=DESK, replied=mass)
    assert [ask.scope for ask in office.sent if isinstance(ask, PauseAsk)] == ["BRAVO"]


async def test_where_nobody_may_look_a_name_shows_nothing() -> None:
    office = Office()
    await tell(office, notice("eng.disk", P1, None))
    office.store.bind(Room(chat="tg:-9", kind=RoomKind.BROADCAST), "local", office.clock.now())
    for said in ("A-1", "A-1 why", "A-1 status"):
        assert await office.say(said, chat="tg:-9") == "Nothing was done: this needs the role viewer here"
        assert "JOURNAL NOT WRITTEN" not in await office.say(said, who="luis", chat="tg:-10")


@pytest.mark.parametrize("said", ["status", "half it", "pause BRAVO", "flatten all", "?"])
async def test_a_word_that_is_none_does_nothing_and_lists_those_that_are(said: str) -> None:
    office = Office()
    post = await rogue(office)
    answer = await office.say(said, chat=DESK, replied=post)
    assert "Nothing was done" in answer
    for word in ("half", "pause 30", "close", "adopt", "why", "note words"):
        assert word in answer
    assert not office.sent
    assert office.audit.newest(1)[0].text == said


async def test_what_is_over_is_told_so_but_can_be_read_and_noted() -> None:
    office = Office()
    post = await rogue(office)
    await office.say("resolve closed by hand", chat=DESK, replied=post)
    assert "A-1 is over" in await office.say("half", chat=DESK, replied=post)
    assert "understood: /note A-1 the firm called" in await office.say("note the firm called", chat=DESK, replied=post)
    assert "the firm called" in await office.say("why", chat=DESK, replied=post)
    await go(office, 3600, 60)
    office.controller = office.build()  # long over: the database alone knows it
    await office.say("note much later", chat=DESK, replied=post)
    assert "much later" in await office.say("why", chat=DESK, replied=post)
    assert not office.sent


async def test_an_alert_of_several_accounts_asks_which() -> None:
    office = Office()
    post = await many(office)
    await office.say("pause 30", chat=DESK, replied=post)
    assert not office.sent
    labels = [action.label for action in office.shown[-1].actions]
    assert labels == ["ALPHA", "BRAVO", "CHARLIE", "all 3", "Cancel"]
    await office.say(chat=DESK, handle=office.handle("2"))
    assert [ask.scope for ask in office.sent if isinstance(ask, PauseAsk)] == ["BRAVO"]


async def test_a_lost_broker_means_one_of_its_accounts() -> None:
    office = Office()
    await tell(office, notice("broker.down", P1, None, connection="sim"))
    await go(office, 6)
    post = office.post("BROKER DOWN", DESK)
    await office.say("flatten", chat=DESK, replied=post)
    assert [action.label for action in office.shown[-1].actions][:3] == ["ALPHA", "BRAVO", "CHARLIE"]
    assert "is no word for A-1" in await office.say("resolve done", chat=DESK, replied=post)


async def test_a_storm_asks_which_alert() -> None:
    office = Office()
    names = ("ALPHA", "BRAVO", "CHARLIE")
    await tell(
        office,
        *(notice(code, P3, name) for name in names for code in ("dd.warn", "exec.slow", "exec.slip", "rel.warn")),
    )
    await go(office, 40)
    post = office.post("STORM", DESK)
    await office.say("ack 20", chat=DESK, replied=post)
    first, *_ = office.shown[-1].actions
    assert first.label.startswith("A-")
    await office.say(chat=DESK, handle=first.handle)
    assert len(office.controller.alerts.handling._pipeline.open()) == 12
    assert sum(one.holder == "Luis" for one in office.controller.alerts.pipeline.open()) == 1
    await office.say("half", chat=DESK, replied=post)
    assert {action.label.partition(" ")[2] for action in office.shown[-1].actions} >= set(names)


async def test_an_older_message_of_the_same_card_can_be_answered() -> None:
    office = Office()
    first = await rogue(office)
    await go(office, 610, 10)  # told again: another message
    assert office.post("ROGUE TRADE", DESK) != first
    assert "understood: /size ALPHA half" in await office.say("half", chat=DESK, replied=first)


async def test_a_line_that_begins_with_the_alert_needs_no_card() -> None:
    office = Office()
    await rogue(office)
    assert "understood: /ack A-1 20m" in await office.local("A-1 ack 20")
    assert "understood: /size ALPHA half" in await office.local("a1 half")
    whole = await office.local("A-1")
    assert "ROGUE TRADE" in whole
    assert "Words: ack 20" in whole
    assert "there is no A-9" in await office.local("A-9 half")
    assert len(office.sent) == 1


async def test_an_answer_to_another_card_is_typed_text() -> None:
    office = Office()
    await rogue(office)
    await office.say("/pause ALPHA", chat=DESK)
    post = office.post("PAUSE", DESK)
    assert "HEALTH" in await office.say("health", chat=DESK, replied=post)
    assert "No command 'half'" in await office.say("half", chat=DESK, replied=post)
    assert "HEALTH" in await office.say("/health", chat=DESK, replied=office.post("ROGUE TRADE", DESK))


async def test_odd_and_late_answers_do_nothing() -> None:
    office = Office()
    post = await rogue(office)
    for odd in ("edited", "forwarded"):
        assert "do nothing" in await office.say("half", chat=DESK, replied=post, odd=odd)
    late = await office.say("half", chat=DESK, replied=post, late_s=300)
    assert "Not run: '/size ALPHA half'" in late
    assert not office.sent
    await office.say(chat=DESK, handle=office.handle("y"))
    assert len(office.sent) == 1


async def test_told_twice_it_counts_once() -> None:
    office = Office()
    post = await rogue(office)
    await office.say("half", chat=DESK, replied=post, update="9")
    assert await office.say("half", chat=DESK, replied=post, update="9") == ""
    assert len(office.sent) == 1


async def test_a_thumb_up_acknowledges_what_is_no_p1_without_a_word() -> None:
    office = Office()
    post = await rogue(office)
    said = await office.say(chat=DESK, who="ana", sign="👍", post=post, is_summons=False)
    assert "has it until" not in said.partition("👤")[0]
    group = office.controller.alerts.pipeline.groups[1]
    assert group.holder == "Ana"
    assert [message.card.ref for message in office.messages[-4:] if message.chat == DESK] == [
        "alert:1"
    ]  # the card alone
    lines = len(office.controller.alerts.store.history(1))
    await office.say(chat=DESK, who="ana", sign="👍", post=post, is_summons=False)
    assert len(office.controller.alerts.store.history(1)) == lines  # she has it
    assert "Ana has A-1" in await office.say(chat=DESK, who="luis", sign="👍", post=post, is_summons=False)
    assert office.audit.newest(3)[-1].text == "👍"
    assert office.controller.alerts.pipeline.groups[1].holder == "Ana"


async def test_a_thumb_up_is_too_little_for_a_p1() -> None:
    office = Office()
    post = await rogue(office, P1)
    said = await office.say(chat=DESK, sign="👍", post=post, is_summons=False)
    assert "too little for A-1" in said
    assert not office.controller.alerts.pipeline.groups[1].holder


async def test_signs_elsewhere_and_of_strangers_mean_nothing() -> None:
    office = Office()
    post = await rogue(office)
    before = len(office.audit.newest(50))
    assert await office.say(chat=DESK, sign="👍", post="999", is_summons=False) == ""
    assert len(office.audit.newest(50)) == before  # other people's messages are nobody's business
    assert await office.say(chat=DESK, who="stranger", sign="👍", post=post, is_summons=False) == ""
    assert not office.controller.alerts.pipeline.groups[1].holder
    assert office.audit.newest(1)[0].why == "unknown person"


async def test_a_sign_in_a_topic_is_found_by_its_message() -> None:
    office = Office()
    topic = "tg:-5/45"
    office.store.bind(Room(chat=topic, kind=RoomKind.DESK), "local", office.clock.now())
    await rogue(office)
    post = office.post("ROGUE TRADE", topic)
    assert await office.say(chat="tg:-55", who="ana", sign="👍", post=post, is_summons=False) == ""
    assert not office.controller.alerts.pipeline.groups[1].holder  # another group, the same number
    await office.say(chat="tg:-5", who="ana", sign="👍", post=post, is_summons=False)
    assert office.controller.alerts.pipeline.groups[1].holder == "Ana"
    assert office.audit.newest(1)[0].chat == topic


async def test_what_may_be_done_about_a_message_is_asked_without_a_word() -> None:
    office = Office()
    post = await rogue(office)
    said = await office.say("", chat=DESK, replied=post)
    assert "Words: resolve why · note words" in said  # those of the list are not said twice
    words, *others = office.shown[-1].actions
    assert (words.label, words.form) == ("In words…", "answer")
    assert "Half size" not in [action.label for action in others]
    assert {"✅ Ack 15m", "Close it…"} <= {action.label for action in others}
    assert not office.shown[-1].ref.startswith("alert:")  # the card in the chat stays the card
    assert "understood: /size ALPHA half" in await office.say("half", chat=DESK, handle=words.handle)
    assert "no word for A-1" in await office.say("status", chat=DESK, handle=words.handle)
    assert "no alert's card" in await office.say("", chat=DESK, replied="999")


async def test_the_sign_of_what_is_done_comes_with_the_proof_and_not_before() -> None:
    office = Office()
    post = await rogue(office)
    await office.say("pause 30", chat=DESK, replied=post, post="70")
    await office.say("/health", chat=DESK, post="71")
    await settled()
    assert office.marks == [(DESK, "70", Sign.SEEN), (DESK, "71", Sign.SEEN)]
    office.controller = office.build()  # a restart forgets none
    for state in (ActState.ACKED, ActState.PROVEN, ActState.PROVEN):
        await office.controller.proofs.told(moved(office, 0, state))
        await settled()
        assert ((DESK, "70", Sign.DONE) in office.marks) is (state is ActState.PROVEN)
    assert office.marks.count((DESK, "70", Sign.DONE)) == 1


async def test_the_sign_stands_on_the_command_that_was_confirmed_and_on_none_that_failed() -> None:
    office = Office()
    await office.say("/flatten ALPHA", chat=DESK, post="80")
    await office.say(chat=DESK, handle=office.handle("y"), post="81")
    await office.say("/pause BRAVO", chat=DESK, post="82")
    await office.controller.proofs.told(moved(office, 0, ActState.PROVEN))
    await office.controller.proofs.told(moved(office, 1, ActState.FAILED))
    await settled()
    assert [mark for mark in office.marks if mark[2] is Sign.DONE] == [(DESK, "80", Sign.DONE)]


async def test_the_sign_stands_on_the_command_whose_account_was_picked_from_a_list() -> None:
    office = Office()
    await office.say("/flatten", chat=DESK, post="90")
    await office.say(chat=DESK, handle=office.handle("1"), post="91")  # which account
    await office.say(chat=DESK, handle=office.handle("y"), post="92")
    await office.say("/paus ALPHA 15m", chat=DESK, post="93")
    await office.say(chat=DESK, handle=office.handle("1"), post="94")  # /pause was meant
    await office.say("/off ALPHA", chat=DESK, post="95", late_s=120)
    await office.say(chat=DESK, handle=office.handle("y"), post="96")  # run now
    await office.say("/account ALPHA", chat=DESK, post="97")
    await office.say(chat=DESK, handle=office.handle("1"), post="98")  # its own ⏸ 15m: a wish that nobody wrote
    assert [ask.__struct_config__.tag for ask in office.sent] == ["flatten", "pause", "off", "pause"]
    for number in range(4):
        await office.controller.proofs.told(moved(office, number, ActState.PROVEN))
    await settled()
    signs = [(DESK, number, Sign.DONE) for number in ("90", "93", "95")]
    assert [mark for mark in office.marks if mark[2] is Sign.DONE] == signs


async def test_the_sign_stands_on_the_answer_to_a_card_of_several_accounts() -> None:
    office = Office()
    post = await many(office)
    await office.say("pause 30", chat=DESK, replied=post, post="70")
    assert not office.sent
    await office.say(chat=DESK, handle=office.handle("1"), post="71")
    await office.controller.proofs.told(moved(office, 0, ActState.PROVEN))
    await settled()
    assert [mark for mark in office.marks if mark[2] is Sign.DONE] == [(DESK, "70", Sign.DONE)]
