"""Buttons die visibly: what ran out or was pressed leaves its card, also after a restart, and no receipt says otherwise."""

from msgspec.structs import replace

from bot.core.chat import Message, Priority
from engine.api import ActState
from tests.bot.office import DESK, Office


def preview(office: Office, chat: str = "tg:@luis") -> Message:
    return next(one for one in reversed(office.messages) if one.chat == chat and one.card.actions)


def labels(message: Message) -> list[str]:
    return [action.label for action in message.card.actions]


async def test_a_preview_that_ran_out_says_so_and_asks_anew() -> None:
    office = Office()
    await office.say("/flatten ALPHA")
    shown = preview(office)
    assert labels(shown)[:2] == ["Confirm", "Cancel"]
    await office.controller.fader.look()
    assert office.messages[-1] is shown
    office.clock.jump(31)
    await office.controller.fader.look()
    faded = office.messages[-1]
    assert (faded.card.ref, faded.card.title, faded.card.footer) == (shown.card.ref, shown.card.title, "expired")
    assert labels(faded) == ["↻ Refresh"]
    assert (faded.only_edits, faded.priority, faded.silent) == (True, Priority.REST, True)
    count = len(office.messages)
    await office.controller.fader.look()
    assert len(office.messages) == count  # once
    assert "FLATTEN ALPHA" in await office.say(handle=faded.card.actions[0].handle)
    assert not office.sent
    await office.say(handle=office.handle("y"))
    assert [ask.scope for ask in office.sent] == ["ALPHA"]


async def test_the_fresh_one_is_judged_by_the_rights_of_then_and_of_whoever_asked() -> None:
    office = Office()
    await office.say("/flatten ALPHA", who="tess", chat=DESK)
    office.clock.jump(31)
    await office.controller.fader.look()
    again = office.messages[-1].card.actions[0].handle
    assert "Only the person who asked" in await office.say(handle=again, who="eve", chat=DESK)
    office.store.revoke("tess", office.clock.now())
    await office.say(handle=again, who="tess", chat=DESK)
    assert not any("30 s to decide" in card.footer for card in office.shown[3:])
    assert not office.sent


async def test_a_press_that_comes_too_late_edits_its_card_at_once() -> None:
    office = Office()
    await office.say("/flatten ALPHA")
    confirm = office.handle("y")
    office.clock.jump(31)
    assert "Too late" in await office.say(handle=confirm)
    assert office.messages[-1].card.footer == "expired"
    assert labels(office.messages[-1]) == ["↻ Refresh"]
    assert not office.sent


async def test_what_was_pressed_leaves_its_card_at_once() -> None:
    office = Office()
    await office.say("/flatten ALPHA")
    shown = preview(office)
    await office.say(handle=office.handle("y"))
    pressed = next(one for one in office.messages if one.only_edits)
    assert (pressed.card.ref, pressed.card.footer, labels(pressed)) == (shown.card.ref, "pressed: Confirm", [])
    office.clock.jump(600)
    await office.controller.fader.look()
    assert sum(one.only_edits and one.card.ref == shown.card.ref for one in office.messages) == 1


async def test_the_press_of_a_stranger_leaves_the_card_alone() -> None:
    office = Office()
    await office.say("/flatten ALPHA", chat=DESK)
    await office.say(handle=office.handle("y"), who="eve", chat=DESK)
    assert not [one for one in office.messages if one.only_edits]


async def test_a_receipt_loses_its_undo_after_the_minute_and_keeps_its_way_back() -> None:
    office = Office()
    await office.say("/pause ALPHA 15m")
    shown = preview(office)
    assert "Undo 60s" in labels(shown)
    assert "Resume…" in labels(shown)
    office.clock.jump(61)
    await office.controller.fader.look()
    left = office.messages[-1]
    assert labels(left) == ["Resume…"]
    assert (left.card.title, left.card.footer) == (shown.card.title, shown.card.footer)
    assert "RESUME ALPHA" in await office.say(handle=left.card.actions[0].handle)
    assert len(office.sent) == 1


async def test_a_receipt_that_moves_on_shows_no_dead_button() -> None:
    office = Office()
    await office.say("/pause ALPHA 15m")
    office.clock.jump(61)
    key = office.sent[0].key
    await office.controller.proofs.told(replace(office.double.acts[key], state=ActState.PROVEN))
    assert "Undo 60s" not in labels(office.messages[-1])


async def test_a_choice_that_ran_out_asks_again_after_a_restart() -> None:
    office = Office()
    await office.say("/off")
    shown = preview(office)
    office.clock.jump(121)
    office.build()
    await office.controller.fader.look()
    assert (office.messages[-1].card.ref, labels(office.messages[-1])) == (shown.card.ref, ["↻ Refresh"])
    assert "OFF which?" in await office.say(handle=office.messages[-1].card.actions[0].handle)


async def test_a_fresh_one_is_offered_once() -> None:
    office = Office()
    await office.say("/flatten ALPHA")
    for _ in range(3):
        office.clock.jump(86_500)
        await office.controller.fader.look()
    assert [labels(one) for one in office.messages if one.only_edits] == [["↻ Refresh"], []]
