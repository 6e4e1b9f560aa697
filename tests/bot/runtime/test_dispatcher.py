"""The dispatcher: who may, what is late, what is slow, what breaks."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from bot.commands.health import COMMAND as HEALTH
from bot.core.access import Role
from bot.core.card import Card
from bot.core.command import Desk, Reply
from engine.api import (
    ApproveAsk,
    DesyncLine,
    DesyncView,
    HeldLine,
    PauseAsk,
    PreviewLine,
    RefuseAsk,
    SizeAsk,
    SyncState,
)
from tests.bot.core.test_render import HELD
from tests.bot.office import TEAM, Office


async def test_every_acting_command_asks_for_the_role() -> None:
    office = Office()
    for command in office.commands.values():
        if command.role > Role.VIEWER and not command.needs_venue:
            assert "needs the role" in await office.say(f"/{command.name} all", who="eve"), command.name
            if command.role is not Role.ADMIN:
                assert "needs the role" in await office.say(f"/{command.name} all", who="root"), command.name
    assert not office.sent


async def test_the_ceiling_of_the_chat_holds_for_its_owner() -> None:
    office = Office()
    assert "needs the role" in await office.say("/pause all", chat=TEAM)
    assert "HEALTH" in await office.say("/health", chat=TEAM)


async def test_a_press_is_authorised_on_its_own() -> None:
    office = Office()
    await office.say("/flatten all")
    handle = office.handle("y")
    assert "Only the person who asked" in await office.say(handle=handle, who="eve", chat="tg:@luis")
    assert not office.sent
    await office.say(handle=handle)
    assert len(office.sent) == 1


async def test_a_forged_handle_does_nothing() -> None:
    office = Office()
    assert "not valid" in await office.say(handle="guess")
    assert not office.sent


async def test_two_presses_at_once_act_once() -> None:
    office = Office()
    await office.say("/flatten ALPHA")
    handle = office.handle("y")
    await asyncio.gather(office.say(handle=handle), office.say(handle=handle))
    assert len(office.sent) == 1


async def test_a_late_act_is_shown_and_not_run() -> None:
    office = Office()
    said = await office.say("/pause 15m", late_s=720)
    assert "Not run" in said
    assert "12 minutes ago" in said
    assert not office.sent
    await office.say(handle=office.handle("y"))
    assert [type(ask) for ask in office.sent] == [PauseAsk]
    assert "HEALTH" in await office.say("/health", late_s=720)  # reading is never too late


async def test_a_slow_command_does_not_delay_a_pause() -> None:
    ready = asyncio.Event()

    async def slow(_: Any, __: Desk) -> Reply:
        await ready.wait()
        return Reply(cards=(Card(title="SLOW"),))

    office = Office(health=replace(HEALTH, run=slow))
    waiting = asyncio.ensure_future(office.say("/health"))
    assert "PAUSE all" in await office.say("/pause 15m")
    assert not waiting.done()
    ready.set()
    assert "SLOW" in await waiting


async def test_a_fault_in_a_command_is_one_card_and_the_next_still_runs(caplog: pytest.LogCaptureFixture) -> None:
    async def broken(_: Any, __: Desk) -> Reply:
        raise ZeroDivisionError("secret detail")

    office = Office(health=replace(HEALTH, run=broken))
    said = await office.say("/health")
    assert "fault in the bot" in said
    assert "secret detail" not in said
    assert "a command failed" in caplog.text
    assert "PAUSE all" in await office.say("/pause 15m")


async def test_completion_offers_verbs_then_names() -> None:
    office = Office()
    await office.say("/pause ALPHA")
    assert office.controller.guide.complete("/pau") == ["/pause"]
    assert office.controller.guide.complete("size al") == ["all", "ALPHA"]
    assert office.controller.guide.complete("/size ALPHA h") == ["half"]
    assert office.controller.guide.complete("nonsense x") == []


async def test_the_picker_offers_who_holds_something_and_all_last() -> None:
    office = Office()
    alpha = office.double.accounts["ALPHA"]
    office.double.hold(2)
    office.double.accounts["ALPHA"] = alpha  # flat
    await office.say("/close")
    labels = [action.label.split()[0] for action in office.shown[-1].actions]
    assert labels == ["BRAVO", "CHARLIE", "NQ-MAIN", "all", "Cancel"]


async def test_who_is_off_leads_to_the_orders_that_mend_it() -> None:
    office = Office()
    assert "ALL IN SYNC" in await office.say("/diff", who="eve")
    off = DesyncLine(
        account="ALPHA", symbol="NQZ6", want=2, have=0, in_flight=0, state=SyncState.NEEDS_PERSON, owner="nobody yet",
        why="+2 is missing: 9 ticks away over 8, 3 tries",
    )  # fmt: skip
    office.double.desync = DesyncView(lines=(off,), followers=3)
    assert "needs a person" in await office.say("/desync")
    assert "SYNC ALPHA to the leader" in await office.say(handle=office.handle("1"))
    assert "close the difference" in await office.say("/sync ALPHA close")
    assert "adopt what is held" in await office.say("/sync ALPHA adopt")


async def test_a_held_trade_is_approved_for_some_in_a_few_taps_and_refused_in_one() -> None:
    office = Office()
    assert "nothing waits" in await office.say("/held")
    office.double.held = [HELD]
    shown = await office.say("/held")
    assert "[a] Approve all…" in shown
    assert "APX-1, APX-2 +2 → +7 NQZ6" in shown
    some = await office.say(handle=office.handle("s"))
    assert "[1] APX-1  +2 → +7" in some
    office.double.held = [replace(HELD, followers=(HeldLine(account="ALPHA", symbol="NQZ6", before=0, after=5),))]
    await office.say("/approve H1 some")
    assert "APPROVE H1 · ALPHA" in await office.say(handle=office.handle("1"))
    assert not office.sent, "previewed first"
    await office.say(handle=office.handle("y"))
    (ask,) = office.sent
    assert isinstance(ask, ApproveAsk)
    assert (ask.held, ask.scope) == ("H1", "ALPHA")
    await office.say("/held")
    await office.say(handle=office.handle("r"))
    assert isinstance(office.sent[-1], RefuseAsk)
    assert "does not wait" in await office.say("/approve H2 some")
    assert "Usage: /approve H1" in await office.say("/approve")


async def test_a_form_brings_what_a_line_lacks_and_where_there_is_none_the_usual_answers_are_offered() -> None:
    office = Office()
    await office.say("/accounts ALPHA")
    office.double.hold(1)
    await office.say("/account ALPHA")
    handle = office.handle("4")
    await office.say("0.5x", handle=handle)
    assert [ask.factor for ask in office.sent if isinstance(ask, SizeAsk)] == [Decimal("0.5")]
    said = await office.say(handle=handle)
    assert "half" in said
    await office.say(handle=office.handle("1"))
    assert len(office.sent) == 2


async def test_a_code_whose_answer_breaks_stands_in_no_log(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = Office()

    async def broken(*_: object) -> None:
        raise ValueError("broken")

    monkeypatch.setattr(office.controller.dispatcher, "_typed", broken)
    assert "A fault in the bot" in await office.say("492817")
    await office.say("/status all")
    assert "492817" not in caplog.text
    assert "/status" in caplog.text


async def test_what_no_resume_lifts_is_refused_with_the_way_that_does() -> None:
    office = Office()
    preview, lines = (
        office.double.preview,
        (
            PreviewLine(
                account="ALPHA", before="daily loss", after="stays locked until a person unlocks it: /unlock ALPHA"
            ),
            PreviewLine(account="BRAVO", before="off", after="stays off: /on BRAVO"),
        ),
    )
    office.double.preview = lambda ask: replace(preview(ask), lines=lines, adds_risk=False)  # type: ignore[method-assign]
    said = await office.say("/resume ALPHA,BRAVO")
    assert "Not done: nobody here can be resumed" in said
    assert "ALPHA stays locked until a person unlocks it" in said
    assert "[1] Unlock ALPHA…" in said
    assert "[2] On BRAVO…" in said
    assert not office.sent
    assert "UNLOCK ALPHA" in await office.say(handle=office.handle("1"))
