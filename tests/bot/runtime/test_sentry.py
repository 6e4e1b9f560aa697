"""What people do that others must hear of: refusals, rights, the word, broken glass, a lockdown, added risk."""

from bot.core.access import Grant, Role, Room, RoomKind
from bot.core.alertgroup import Group
from bot.core.chat import Message
from engine.api import FlattenAsk, SizeAsk
from tests.bot.office import DESK, OPS, TEAM, Office

SIREN = {"tg:@ana", "dc:@ana", "tg:@luis", "dc:@luis", OPS}


def groups(office: Office, code: str) -> list[Group]:
    return [one for one in office.controller.alerts.pipeline.groups.values() if one.code == code]


def told(office: Office, word: str) -> set[str]:
    return {message.chat for message in office.messages if word in message.card.title}


async def settle(office: Office, seconds: int = 3) -> list[Message]:
    """Let the waits pass; what was shown meanwhile."""
    before = len(office.messages)
    for _ in range(seconds):
        office.clock.jump(1)
        office.controller.sentry.tick()
        await office.controller.alerts.tick()
    return office.messages[before:]


# ---- refusals ------------------------------------------------------------------------------------------------------


async def test_three_refused_commands_of_one_person_are_told_to_all() -> None:
    office = Office()
    for _ in range(2):
        await office.say("/pause all", who="eve")
    await office.say("/pause all", who="root")  # somebody else
    assert not groups(office, "sec.denied")
    await office.say("/pause all", who="eve", chat=DESK)
    (group,) = groups(office, "sec.denied")
    assert group.members[0].text == "Eve on tg: 3 refused in 10 min, last: no right to it"
    assert told(office, "REFUSED AGAIN · Eve") >= {DESK, OPS, "console:desk"}
    await office.say(handle=office.handle("b", OPS), who="root", chat=OPS)
    assert office.store.person_of("tg:eve") is None  # the button is /revoke eve


async def test_refusals_over_more_than_ten_minutes_are_nobodys_news() -> None:
    office = Office()
    for _ in range(6):
        await office.say("/pause all", who="eve")
        office.clock.jump(301)
    assert not groups(office, "sec.denied")


async def test_presses_of_others_and_acts_without_the_right_count_and_slips_do_not() -> None:
    office = Office()
    await office.say("/flatten all", chat=DESK)
    handle = office.handle("y")
    for _ in range(2):
        await office.say(handle=handle, who="eve", chat=DESK)
    for _ in range(3):
        await office.say(handle="guess", who="eve", chat=DESK)  # an old button
        await office.say("/status", who="eve", odd="edited")
        await office.say("/nonsense", who="eve")
    assert not groups(office, "sec.denied")
    await office.say(handle=handle, who="eve", chat=DESK)
    assert "somebody else's button" in groups(office, "sec.denied")[0].members[0].text


async def test_wrong_one_time_codes_count_and_are_never_told() -> None:
    office = Office(live=True)
    office.codes("luis")
    await office.say("/flatten all")
    await office.say(handle=office.handle("y"))
    for _ in range(3):
        await office.say("123457")
    (group,) = groups(office, "sec.denied")
    assert "last: a wrong one-time code" in group.members[0].text
    for _ in range(2):
        await office.say("123457")
    assert "shut out for an hour" in groups(office, "sec.denied")[0].members[0].text
    shown = [str(message.card) for message in office.messages]
    assert not [text for text in shown if "123457" in text]


async def test_strangers_count_where_they_try_and_not_where_they_talk() -> None:
    office = Office()
    for _ in range(5):
        await office.say("lunch?", who="mallory", chat=DESK, is_summons=False)
    assert not groups(office, "sec.denied")
    for _ in range(3):
        await office.say("/flatten all", who="mallory")
    (group,) = groups(office, "sec.denied")
    assert group.members[0].text == "mallory on tg: 3 refused in 10 min, last: not known here"
    labels = [action.label for message in office.messages for action in message.card.actions if message.chat == OPS]
    assert "Lockdown" in labels
    assert "Revoke" not in labels  # there is nothing to take


async def test_wrong_pairing_codes_count_and_the_fifth_is_told_however_slow() -> None:
    office = Office()
    for _ in range(4):
        await office.say("/pair 0000-0000", who="max")
        office.clock.jump(420)
    assert not groups(office, "sec.denied")
    await office.say("/pair 0000-0000", who="max")
    (group,) = groups(office, "sec.denied")
    assert group.members[0].text == "max on tg: shut out for an hour, too often a wrong pairing code"
    assert not [card for card in office.shown if "0000-0000" in str(card)]


async def test_a_right_pairing_code_is_no_refusal() -> None:
    office = Office()
    for name in ("Max", "Moe", "Mia"):
        code = office.people.invite(name, Grant(role=Role.VIEWER), "local")
        await office.say(f"/pair {code}", who="max")
        office.store.unlink("tg:max")
    assert not groups(office, "sec.denied")


async def test_a_crowd_of_strangers_is_one_card_and_is_not_a_storm() -> None:
    office = Office()
    for number in range(9):
        for _ in range(3):
            await office.say("/flatten all", who=f"stranger{number}", chat=DESK)
    assert len(groups(office, "sec.denied")) == 3
    assert len({message.card.ref for message in office.messages if "REFUSED" in message.card.title}) == 3


# ---- rights --------------------------------------------------------------------------------------------------------


async def test_changed_rights_are_told_each_for_itself() -> None:
    office = Office()
    code = office.people.invite("Max", Grant(role=Role.TRADER, scope="ALPHA"), "local")
    await office.say(f"/pair {code}", who="max")
    await office.say("/revoke Tess", who="root")
    texts = [group.members[0].text for group in groups(office, "sec.grant")]
    assert texts == ["Max is paired on tg: trader on ALPHA", "Root took every right of Tess"]
    assert not [card for card in office.shown if code in str(card)]


async def test_a_role_and_a_bound_chat_are_told() -> None:
    office = Office(solo=True)
    totp = office.codes("luis")
    await office.say("/bind team ALPHA", chat="tg:-99")
    await office.say(handle=office.handle("y", "tg:-99"), chat="tg:-99")
    for digit in office.code(totp):
        await office.say(handle=office.handle(digit, "tg:-99"), chat="tg:-99")
    await office.say(handle=office.handle("o", "tg:-99"), chat="tg:-99")
    assert [one.members[0].text for one in groups(office, "sec.grant")] == [
        "Luis: the chat tg:-99 is team for ALPHA, told from P4 on"
    ]


async def test_an_armed_window_is_told_and_fades_with_it() -> None:
    office = Office()
    totp = office.codes("luis")
    await office.say("/arm 10m")
    await office.say(handle=office.handle("y"))
    await office.say(office.code(totp))
    assert told(office, "NO CODES NEEDED · Luis") >= {DESK, OPS}
    office.clock.jump(601)
    await office.controller.alerts.tick()
    assert not groups(office, "sec.armed")[0].is_open


async def test_a_lockdown_is_told_and_over_when_it_is_lifted_wherever_it_held() -> None:
    office = Office()
    await office.say("/lockdown here", who="ana", chat=OPS)
    assert told(office, "LOCKDOWN · Ana") >= {DESK, OPS}
    assert "locked down" in await office.say("/resume ALPHA", who="ana", chat=OPS)
    await office.local("/lockdown lift")
    await office.local(handle=office.handle("y", "console:desk"))
    shown = await settle(office, 32)
    assert {message.chat for message in shown if "LOCKDOWN · Ana: over" in message.card.title} >= {DESK, OPS}
    assert "locked down" not in await office.say("/resume ALPHA", who="ana", chat=OPS)


# ---- sirens --------------------------------------------------------------------------------------------------------


async def test_the_word_rings_with_risk_at_once_is_acked_and_climbs_until_then() -> None:
    office = Office(live=True)
    for _ in range(2):
        before = len(office.messages)
        await office.say("/flatten all", who="tess")
        await office.say(handle=office.handle("y"), who="tess")
        await office.say("FLATTEN", who="tess")
        fresh = [message for message in office.messages[before:] if "WITHOUT A CODE" in message.card.title]
        assert {message.chat for message in fresh} >= SIREN | {DESK}  # the second rings as the first did
        assert not any(message.silent for message in fresh)
    assert [type(ask) for ask in office.sent] == [FlattenAsk, FlattenAsk]
    shown = await settle(office, 310)
    assert {message.chat for message in shown if message.is_fresh} >= SIREN
    await office.say("/ack all 15m", who="ana")
    assert not [message for message in await settle(office, 310) if message.is_fresh]


async def test_broken_glass_rings_and_no_mute_holds_it() -> None:
    office = Office(live=True)
    totp = office.codes("luis")
    await office.say("/mute sec. 1h", who="ana")
    await office.say("/unlock ALPHA")
    await office.say(office.code(totp), handle=office.handle("y", "tg:@luis"))
    office.clock.jump(121)
    await office.say("/breakglass R1 the firm raised the limit")
    await office.say(office.code(totp), handle=office.handle("y", "tg:@luis"))
    (group,) = groups(office, "sec.breakglass")
    assert (group.severity, group.held) == ("P1", "")
    assert "Luis alone, no second person: UNLOCK ALPHA" in group.members[0].text
    assert "Reason: the firm raised the limit" in group.members[0].text
    assert told(office, "BREAK-GLASS · Luis") >= SIREN


# ---- added risk ----------------------------------------------------------------------------------------------------


async def _half(office: Office) -> None:
    await office.say("/size ALPHA 0.5x", who="tess", chat=DESK)
    await settle(office)


async def test_added_risk_is_one_line_for_every_other_chat() -> None:
    office = Office(live=True)
    await _half(office)
    assert not [card for card in office.shown if "ctl.change" in card.title]  # down is nobody's news
    await office.say("/size ALPHA 1x", who="tess", chat=DESK)
    await office.say(handle=office.handle("y", DESK), who="tess", chat=DESK)
    lines = [message for message in await settle(office) if "Tess: ALPHA 0.5x → 1x" in message.card.lines]
    assert {message.chat for message in lines} == {
        TEAM,
        OPS,
        "console:desk",
    }  # the act's own card is in the desk's chat
    assert all(message.silent for message in lines)
    assert not groups(office, "ctl.change")


async def test_undo_on_the_line_takes_the_size_back_for_whoever_may() -> None:
    office = Office(live=True)
    await _half(office)
    await office.say("/size ALPHA 1x", who="tess", chat=DESK)
    await office.say(handle=office.handle("y", DESK), who="tess", chat=DESK)
    await settle(office)
    (undo,) = [message.card.actions[0] for message in office.messages if message.chat == OPS and message.card.actions]
    assert undo.label == "Undo"
    await office.say(handle=undo.handle, who="ana", chat=OPS)
    last = office.sent[-1]
    assert isinstance(last, SizeAsk)
    assert (last.by, last.scope, str(last.factor)) == ("Ana", "ALPHA", "0.5")


async def test_more_than_half_of_the_plan_is_a_card() -> None:
    office = Office(live=True)
    await office.say("/size all 0.25x", who="tess", chat=DESK)
    await office.say("/size all 1x", who="tess", chat=DESK)
    await office.say(handle=office.handle("y", DESK), who="tess", chat=DESK)
    await settle(office, 4)
    (group,) = groups(office, "ctl.change")
    assert (group.severity, group.stage) == ("P3", "firing")
    assert "0.25x → 1x" in group.members[0].text


async def test_an_undo_that_adds_risk_is_told_as_one() -> None:
    office = Office()
    await office.say("/pause ALPHA 15m", who="tess", chat=DESK)
    await office.say("/undo", who="tess", chat=DESK)
    shown = [message.card.lines for message in await settle(office) if message.chat == OPS]
    assert shown == [("Tess: takes back, ▶ RESUME ALPHA",)]


async def test_a_chat_for_another_part_of_the_desk_hears_nothing() -> None:
    office = Office()
    office.store.bind(Room(chat="tg:-9", kind=RoomKind.DESK, scope="BRAVO"), "local", office.clock.now())
    await office.say("/pause ALPHA 15m", who="tess", chat=DESK)
    await office.say("/undo", who="tess", chat=DESK)
    assert "tg:-9" not in {message.chat for message in await settle(office)}
