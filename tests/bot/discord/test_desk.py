"""Who may act over Discord, end to end: the true app and library over real sockets, against everything that must not act."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from engine.api import FlattenAsk, PauseAsk
from tests.bot.discord.desk import Desk, open_desk
from tests.bot.discord.server import ADMIN, ALL_PERMISSIONS, EVE, FOREIGN, LUIS, OTHER


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_desk(tmp_path) as one:
        yield one


async def test_a_pause_is_asked_proven_and_undone_before_everybody(desk: Desk) -> None:
    play = await desk.server.slash("pause scope=all span=15m reason=NFP")
    await desk.server.until(lambda: any("PAUSED all" in one.text for one in desk.server.sees(EVE)))
    assert [type(ask) for ask in desk.engine.sent] == [PauseAsk]
    receipt = next(one for one in desk.server.sees(EVE) if "PAUSED all" in one.text)
    assert play.original is receipt
    undo = next(label for label in receipt.buttons if label.startswith("Undo"))
    await desk.press(undo, receipt)
    await desk.server.until(lambda: len(desk.engine.sent) == 2)


async def test_what_one_reads_nobody_else_sees_and_the_board_is_pinned(desk: Desk) -> None:
    before = len(desk.server.sees(EVE))
    read = await desk.slash("status")
    assert "3 of 3 accounts" in read.text
    assert len(desk.server.sees(EVE)) == before
    board = desk.of_bot()[0]
    assert desk.server.pins == [board.number]
    assert any("<t:" in text and ":R>" in text for text in board.texts)
    while "ALPHA" not in await desk.server.complete("flatten scope=al", "scope"):
        continue  # the first letter typed asks the engine, the next ones are answered from what it said
    assert "ALPHA" not in await desk.server.complete("flatten scope=al", "scope", who=ADMIN)


async def test_a_press_counts_only_from_whom_it_was_offered_and_once(desk: Desk) -> None:
    desk.engine.hold(2)
    preview = await desk.slash("flatten scope=ALPHA")
    before = (preview.text, preview.buttons, preview.edits)
    confirm = next(label for label in preview.buttons if "ancel" not in label)
    real = preview.button(confirm)["custom_id"]
    for who in (EVE, ADMIN):
        told = len(desk.server.sees(who))
        await desk.press(confirm, preview, who)
        await desk.server.until(lambda who=who, told=told: len(desk.server.sees(who)) > told)  # type: ignore[misc]
        assert desk.server.sees(who)[-1].sees == who
    form = await desk.server.press_id(f"tc1f:code:{real[4:-1]}", preview)
    await desk.server.fill(form, "123456")
    await desk.server.press_id("tc1:AAAAAAAAAAAAAAAA", preview)
    await desk.server.until(lambda: sum("not valid" in one.text for one in desk.server.sees()) == 2)
    assert (preview.text, preview.buttons, preview.edits) == before
    assert not desk.engine.sent
    await desk.press(confirm, preview)
    await desk.server.until(lambda: len(desk.engine.sent) == 1)
    assert isinstance(desk.engine.sent[0], FlattenAsk)
    await desk.server.press_id(real, preview)  # its card has no buttons any more
    await desk.server.until(lambda: "Already" in desk.server.sees()[-1].text)
    assert len(desk.engine.sent) == 1
    assert "Only the person" in desk.audited()


async def test_an_offer_that_is_over_does_nothing(desk: Desk) -> None:
    desk.engine.hold(2)
    preview = await desk.slash("flatten scope=ALPHA")
    desk.clock.shift = timedelta(minutes=5)
    await desk.press(next(label for label in preview.buttons if "ancel" not in label), preview)
    await desk.server.until(lambda: desk.server.sees()[-1].sees == LUIS)
    assert not desk.engine.sent


async def test_rights_in_the_server_are_no_rights_over_the_desk(desk: Desk) -> None:
    """Whoever runs the server may let anybody see every command: nothing follows from it."""
    desk.engine.hold(2)
    for who in (ADMIN, EVE):
        refused = await desk.slash("flatten scope=all", who, permissions=f"{ALL_PERMISSIONS}")
        assert refused.sees == who
    assert "needs the role trader" in refused.text
    for how in ({"guild": FOREIGN}, {"is_user_install": True}, {"context": 2}):
        await desk.slash("flatten scope=all", **how)
    assert not desk.engine.sent
    record = desk.audited()
    for why in ("unknown person", "foreign message", "user-install message", "group message"):
        assert why in record


async def test_a_newcomer_is_paired_in_private_and_asks(desk: Desk) -> None:
    assert "do not know you" in (await desk.write("flatten all", ADMIN)).text
    assert "Paired" in (await desk.write(f"pair {desk.code('Ana')}", ADMIN)).text
    assert "3 of 3 accounts" in (await desk.write("status", ADMIN)).text
    assert not desk.engine.sent


async def test_a_code_is_asked_for_in_a_form_and_stands_in_no_channel(desk: Desk) -> None:
    totp = desk.codes("luis")
    await desk.slash("adm bind kind=team", channel=OTHER)
    await desk.server.until(lambda: any("BIND" in one.text for one in desk.of_bot(OTHER)))
    preview = desk.of_bot(OTHER)[-1]
    opened = await desk.press(next(label for label in preview.buttons if "ancel" not in label), preview)
    assert opened.answer is not None
    assert opened.answer["type"] == 9
    code = totp.at(desk.clock.now())
    await desk.server.fill(opened, code)
    await desk.server.until(lambda: any("team" in one.text.lower() for one in desk.server.sees(channel=OTHER)))
    await desk.server.until(lambda: any(one.channel == OTHER and "COPYING" in one.text for one in desk.server.posts))
    assert not any(code in one.text for one in desk.server.posts)
    assert code not in desk.audited()
