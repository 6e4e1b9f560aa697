"""Alerts on their way to people: stored with their cards, handled from any platform, gone on with after a restart."""

from datetime import timedelta
from typing import Any

from bot.chats.telegram.keyboard import rows
from bot.core.access import Grant, Person, Role, Room, RoomKind
from bot.core.card import CARD_CELLS, Card, cells, plain
from bot.core.chat import Message, Priority
from engine.api import Notice, Severity
from tests.bot.double import AT
from tests.bot.office import DESK, OPS, TEAM, Office

P1, P2, P3, P4 = Severity.P1, Severity.P2, Severity.P3, Severity.P4


def notice(code: str, severity: Severity = P2, account: str | None = "ALPHA", **more: Any) -> Notice:
    fields = {"seq": 0, "at": AT, "code": code, "severity": severity, "account": account, "text": f"{account} {code}"}
    return Notice(**{**fields, **more})


async def tell(office: Office, *notices: Notice) -> list[Message]:
    before = len(office.messages)
    await office.controller.alerts.take(notices)
    return office.messages[before:]


async def go(office: Office, seconds: int, every: int = 1) -> list[Message]:
    """Let time pass; what was shown meanwhile."""
    before = len(office.messages)
    for _ in range(0, seconds, every):
        office.clock.jump(every)
        await office.controller.alerts.tick()
    return office.messages[before:]


def where(messages: list[Message], word: str) -> set[str]:
    return {message.chat for message in messages if word in message.card.title and message.is_fresh}


async def test_two_hundred_desyncs_under_one_lost_broker_are_one_push_in_each_chat() -> None:
    office = Office()
    lost = notice("broker.down", P1, None, connection="sim", text="sim is off: closed")
    await tell(office, *(notice("desync.qty", account=name, symbol="NQZ6") for name in ("ALPHA", "BRAVO") * 100), lost)
    shown = await go(office, 30)
    loud = [message for message in shown if message.is_fresh and message.chat == DESK]
    assert [message.card.title for message in loud] == ["🔴 P1 BROKER DOWN · sim"]
    assert "Holding back 2 follow-up alerts" in "\n".join(shown[-1].card.lines)
    assert {message.chat for message in shown} >= {DESK, TEAM, OPS, "console:desk"}


async def test_an_ack_on_one_platform_edits_the_card_on_the_other_and_ends() -> None:
    office = Office()
    await tell(office, notice("dd.fail", P1))
    (card,) = [message.card for message in office.messages if message.chat == DESK]
    handle = next(action.handle for action in card.actions if "Ack" in action.label)
    before = len(office.messages)
    await office.say(who="ana", chat=DESK, handle=handle)  # anybody in the room, not whom it was offered to
    edits = [one for one in office.messages[before:] if one.card.ref == card.ref and not one.is_fresh]
    assert {one.chat for one in edits} >= {DESK, OPS}
    assert all("Ana has it until" in one.card.lines[0] for one in edits)
    assert not where(await go(office, 890, 10), "NOT PROVEN FLAT")
    assert where(await go(office, 20), "NOT PROVEN FLAT") >= {DESK, OPS}


async def test_the_buttons_of_an_alert_that_stays_open_for_weeks_still_work() -> None:
    office = Office()
    await tell(office, notice("dd.fail", P1))
    await go(office, 9 * 86_400, 3600)
    said = await office.say(who="ana", chat=DESK, handle=office.handle("k", DESK))
    assert "not valid" not in said
    assert office.controller.alerts.pipeline.open()[0].holder == "Ana", said


async def test_a_press_is_authorised_anew() -> None:
    office = Office()
    await tell(office, notice("rogue.open", symbol="NQZ6"))
    await go(office, 4)
    handle = office.handle("z", DESK)
    assert "needs the role trader" in await office.say(who="eve", chat=DESK, handle=handle)
    assert "over: sold it" in await office.say("sold it", who="tess", chat=DESK, handle=handle)


async def test_over_strips_the_buttons_and_says_so_once() -> None:
    office = Office()
    await tell(office, notice("broker.down", P1, None, connection="sim"))
    await go(office, 6)
    await tell(office, notice("broker.up", P4, None, connection="sim", text="sim is back"))
    shown = [message for message in await go(office, 12) if message.chat == DESK]
    assert [bool(message.card.actions) for message in shown if message.card.ref == "alert:1"][-1:] == [False]
    assert [message.card.title for message in shown if message.card.ref == "alert:1:over"] == [
        "🟢 A-1 BROKER DOWN · sim: over after 16 s"
    ]
    assert not await go(office, 60)


async def test_timers_that_came_due_while_nobody_ran_fire_after_the_start() -> None:
    office = Office()
    await tell(office, notice("dd.fail", P1))
    await office.say("/ack A-1 15m", who="ana")
    office.clock.jump(3600)
    office.build()
    before = len(office.messages)
    await office.controller.alerts.tick()
    fresh = [message for message in office.messages[before:] if message.is_fresh]
    assert DESK in {message.chat for message in fresh}
    assert "asks again" in await office.say("/alert A-1", who="ana")
    assert office.controller.alerts.pipeline.open()[0].stage == "firing"


async def test_an_alert_is_stored_before_it_is_shown() -> None:
    office = Office()
    kept: list[Message] = []
    office.release = kept.extend  # type: ignore[method-assign]  # the process is killed between commit and send
    await tell(office, notice("dd.fail", P1, seq=7))
    assert not [message for message in office.messages if message.card.ref == "alert:1"]
    del office.release
    alerts = office.build().alerts
    assert alerts.seq == 7
    assert [group.code for group in alerts.pipeline.open()] == ["dd.fail"]
    assert kept[0].priority is Priority.URGENT


def test_a_bot_that_was_told_nothing_yet_asks_for_what_it_missed_all_the_same() -> None:
    office = Office()
    assert office.controller.alerts.seq is None
    office.controller.alerts.begin(7)  # the first start: how things stood then
    assert office.build().alerts.seq == 7
    office.controller.alerts.begin(9)  # the stream had to begin anew: notices in between are still to be asked for
    assert office.build().alerts.seq == 7
    office.controller.alerts.begin(3)  # another journal
    assert office.build().alerts.seq == 3


async def test_an_unanswered_p1_goes_to_more_and_more_people_until_somebody_has_it() -> None:
    office = Office()
    assert "Ana since" in await office.say("/oncall Ana", who="ana")
    await office.say("/oncall Tess deputy", who="ana")
    both = {"tg:@ana", "dc:@ana"}
    assert where(await tell(office, notice("dd.fail", P1)), "NOT PROVEN FLAT") >= both
    assert not where(await go(office, 50), "NOT PROVEN") & both
    assert where(await go(office, 12), "NOT PROVEN") >= both
    deputy = await go(office, 70)
    assert where(deputy, "NOT PROVEN") >= {"tg:@tess", OPS}
    assert next(message for message in deputy if message.chat == OPS and message.rings).rings == ("dc:tess", "dc:ana")
    assert where(await go(office, 200), "NOT PROVEN") >= {"tg:@luis", "tg:@ana"}
    await office.say("/ack 1 10m", who="tess")
    assert not [message for message in await go(office, 590, 10) if message.is_fresh]
    assert where(await go(office, 20), "NOT PROVEN")


async def test_quiet_hours_hold_p3_pass_p1_and_the_digest_lists_all() -> None:
    office = Office(solo=True)
    for chat in (DESK, TEAM, OPS):
        office.store.unbind(chat)
    assert "QUIET 14:00-16:00" in await office.say("/quiet 14:00-16:00")
    await tell(office, notice("exec.slow", P3), notice("dd.fail", P1), notice("copy.stopped", P2, "BRAVO"))
    shown = await go(office, 60)
    mine = [message.card.title for message in office.messages if message.chat == "tg:@luis"]
    assert not [title for title in mine if "SLOWER" in title or "ENTRIES STOPPED" in title]
    assert [title for title in mine if "NOT PROVEN FLAT" in title]
    assert where(shown, "SLOWER") == {"console:desk"}  # nobody sleeps there
    assert "not told in tg:@luis: quiet 14:00-16:00" in await office.say("/alert A-3")
    await office.say("/resolve A-3 looked at it")
    digest = [
        one.card for one in await go(office, 6000, 100) if one.chat == "tg:@luis" and "WHILE QUIET" in one.card.title
    ]
    (card,) = digest
    text = "\n".join(plain(card))
    assert "SLOWER · ALPHA: over" in " ".join(text.split())
    assert "ENTRIES STOPPED · BRAVO: over" in " ".join(text.split())
    assert not [one for one in await go(office, 100) if "WHILE QUIET" in one.card.title]


async def test_more_than_ten_at_once_are_one_card() -> None:
    office = Office()
    await tell(office, *(notice("copy.stopped", P2, f"ACC-{number}") for number in range(25)))
    shown = [message for message in office.messages if message.chat == DESK]
    assert ["STORM · 25 alerts" in message.card.title for message in shown] == [True]
    assert "has 25" in (await office.say("/ack all", who="ana", chat=DESK)).replace("You have", "has")
    await go(office, 61, 10)
    await tell(office, notice("dd.fail", P1))
    assert where(office.messages, "NOT PROVEN FLAT") >= {DESK}


async def test_people_see_only_what_concerns_their_part_of_the_desk() -> None:
    office = Office()
    office.store.bind(Room(chat="tg:-9", kind=RoomKind.DESK, scope="BRAVO"), "local", office.clock.now())
    shown = await tell(office, notice("dd.fail", P1, "ALPHA"))
    assert "tg:-9" not in {message.chat for message in shown}
    assert "tg:-9" in {message.chat for message in await tell(office, notice("dd.blind", P1, "BRAVO"))}
    await office.say("/ack all", who="tess", chat="tg:-9")
    await go(office, 1)
    await office.say("/resolve A-2 seen", who="tess", chat="tg:-9")
    assert "OPEN 0" in await office.say("/alerts", who="tess", chat="tg:-9")
    assert "there is no A-1" in await office.say("/ack A-1", who="tess", chat="tg:-9")
    assert "OPEN 1" in await office.say("/alerts", who="tess", chat=DESK)


async def test_a_group_of_several_accounts_names_in_each_room_those_of_its_part_alone() -> None:
    office = Office()
    office.store.bind(Room(chat="tg:-9", kind=RoomKind.DESK, scope="BRAVO"), "local", office.clock.now())
    names = ("ALPHA", "BRAVO", "CHARLIE")
    shown = await tell(office, *(notice("desync.qty", P2, name, connection="sim") for name in names))
    shown += await go(office, 30)
    told = [message for message in shown if message.chat == "tg:-9"]
    assert told
    for message in told:
        words = " ".join(plain(message.card))
        assert "BRAVO" in words
        assert "ALPHA" not in words
        assert "CHARLIE" not in words
    whole = [" ".join(plain(message.card)) for message in shown if message.chat == DESK]
    assert any("ALPHA" in words and "CHARLIE" in words for words in whole)


async def test_a_card_is_edited_no_more_where_its_reader_has_no_rights_or_nobody_is_bound() -> None:
    office = Office()
    for chat in (DESK, TEAM, OPS):
        office.store.unbind(chat)
    await tell(office, notice("dd.fail", P1))
    assert "tg:@tess" in where(office.messages, "NOT PROVEN FLAT")
    office.store.revoke("tess", office.clock.now())
    after = await go(office, 5)
    await office.say("/ack A-1", who="ana")
    after += await go(office, 5)
    assert "tg:@ana" in {message.chat for message in after}
    assert "tg:@tess" not in {message.chat for message in after}
    office.store.bind(Room(chat=DESK, kind=RoomKind.DESK), "local", office.clock.now())
    await tell(office, notice("dd.blind", P1, "BRAVO"))
    office.store.unbind(DESK)
    assert DESK not in {message.chat for message in await tell(office, notice("dd.blind", P1, "BRAVO", text="again"))}


async def test_the_rest_of_the_words() -> None:
    office = Office()
    await tell(office, notice("copy.stopped", P2))
    assert "for Ana" in await office.say("/assign A-1 ana", who="tess")
    assert "nobody has it" in await office.say("/unack A-1", who="tess")
    assert "snoozed until" in await office.say("/snooze A-1 30m", who="tess")
    assert "A-1" in await office.say("/note A-1 called the firm", who="eve")
    assert "called the firm" in await office.say("/alert A-1")
    assert "muted until" in await office.say("/mute copy. 1h", who="ana")
    assert "🔕 copy." in await office.say("/locks")
    assert "needs the role risk" in await office.say("/mute copy. 1h", who="tess")
    assert "no alert has the code" in await office.say("/mute copy.slwo 1h", who="ana")
    assert "DRILL" in await office.say("/drill", who="ana")
    assert "already" not in await office.say("/escalate A-2", who="ana")
    assert "under way" in await office.say("/drill", who="ana")
    assert "HANDOVER · Tess is on call" in await office.say("/handover Tess", who="ana")
    assert "copy.slow silent" in await office.say("/notify copy.slow silent")
    assert "no time span" in await office.say("/quiet tonight")
    assert "over: closed" in await office.say("/resolve A-1 closed", who="tess")


async def test_every_card_fits_a_phone_and_an_unchanged_one_is_not_sent_again() -> None:
    office = Office()
    long = "AN-ACCOUNT-WITH-A-VERY-LONG-NAME-INDEED"
    for code in ("dd.hard", "rogue.open", "desync.qty", "leader.lost"):
        await tell(office, notice(code, P1, long, symbol="NQZ6", text=f"{long} <b>@everyone</b> " * 6))
    await go(office, 30)
    await office.say("/alerts")
    await office.say("/alert 1")
    assert all(cells(line) <= CARD_CELLS for card in office.shown for line in plain(card))
    before = len(office.messages)
    await go(office, 5)
    assert len(office.messages) == before


async def test_nobody_answers_and_the_desk_pauses_what_it_concerns_once() -> None:
    office = Office()
    office.controller.alerts._engine = office.controller.dispatcher._engine  # as [chat] unanswered = "pause"
    await tell(office, notice("dd.fail", P1))
    await go(office, 3000, 10)
    assert [(ask.scope, ask.by) for ask in office.double.sent] == [("ALPHA", "alert policy")]


async def test_what_ends_and_comes_back_within_one_breath_is_open() -> None:
    office = Office()
    await tell(office, notice("desync.qty", symbol="NQZ6"))
    over = notice("desync.over", P4, symbol="NQZ6")
    await tell(office, over, notice("desync.qty", symbol="NQZ6", text="again"))
    await go(office, 60)
    assert [group.stage for group in office.controller.alerts.pipeline.open()] == ["firing"]


async def test_what_does_not_arrive_is_told_by_the_names_that_people_know() -> None:
    office = Office()
    office.store.set_pref(TEAM, "place", "#trades")
    deliveries = office.controller.deliveries
    card = Card(title="🔴 P1 NOT PROVEN FLAT · ALPHA", ref="alert:9")
    for chat in ("tg:@tess", TEAM):
        deliveries.died(Message(chat=chat, card=card, priority=Priority.URGENT), "blocked")
        await go(office, 1)
    titles = [one.card.title for one in office.messages if one.chat == OPS and one.is_fresh]
    assert titles == ["🔴 P1 NOT DELIVERED · Tess on tg", "🔴 P1 NOT DELIVERED · #trades"]
    said = [" ".join(one.card.lines) for one in office.messages if one.chat == OPS]
    assert "Tess on tg did not get a card: blocked. It was: P1 NOT PROVEN FLAT · ALPHA" in said[0]
    assert not any("@" in text for text in said)


async def test_an_open_card_ages_by_itself_and_its_buttons_keep_their_places() -> None:
    office = Office()
    await tell(office, notice("dd.fail", P1, at=AT - timedelta(seconds=20)))
    card = next(one.card for one in office.messages if one.chat == DESK)
    assert (card.stamp, card.is_since) == (AT - timedelta(seconds=20), True)
    assert "began" not in " ".join(plain(card))  # a screen that cannot let it grow has the clock
    places = [[action.label for action in row] for row in rows(card.actions)]
    await office.say("/ack A-1", who="ana")
    after = next(one.card for one in reversed(office.messages) if one.chat == DESK and one.card.ref == card.ref)
    assert [[action.label for action in row][1:] for row in rows(after.actions)] == [row[1:] for row in places]


async def test_a_card_that_may_name_nobody_says_so() -> None:
    office = Office()
    office.store.add(Person(id="bo", name="Bo", grants=(Grant(role=Role.TRADER, scope="BRAVO"),)), "local", AT)
    office.store.link("tg:bo", "bo", "Bo", AT)
    await office.say("/oncall Bo", who="ana")
    await tell(office, notice("dd.fail", P1))
    (card,) = [one.card for one in office.messages if one.chat == "tg:@bo"]
    assert card.lines == ("About accounts that are not told here.",)


async def test_a_proof_stands_in_the_place_of_its_alert_too() -> None:
    office = Office()
    await tell(office, notice("dd.hard", P1))
    await go(office, 2)
    await tell(office, notice("dd.flat", P2, text="ALPHA is proven flat 2.0 s"))
    said = [" ".join(" ".join(plain(one.card)).split()) for one in office.lines]
    assert any("proven ALPHA is proven flat 2.0 s" in one for one in said)
