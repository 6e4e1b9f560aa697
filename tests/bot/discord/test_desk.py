"""Who may act over Discord, end to end: the true app and library over real sockets, against everything that must not act."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import select, update

from bot.chats.discord.slash import ASK
from bot.storage.database import Database
from bot.storage.fade import FadeStore
from bot.storage.table import OUTBOX
from engine.api import FlattenAsk, OffAsk, PauseAsk, SizeAsk
from tests.bot.chats.answers import AnswerDeskContract, stuck
from tests.bot.discord.desk import Desk, open_desk
from tests.bot.discord.scene import restored
from tests.bot.discord.server import ADMIN, ALL_PERMISSIONS, CHANNEL, EVE, FOREIGN, LUIS, OTHER, Server
from tests.bot.double import EngineDouble


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_desk(tmp_path) as one:
        yield one


class TestAnswer(AnswerDeskContract):
    """Cards are answered."""


async def test_a_long_press_on_a_card_shows_what_may_be_done_and_does_it(desk: Desk) -> None:
    stuck(desk.engine)
    post = await desk.card("NOT CLOSED")
    shown = await desk.replied(await desk.server.long_press(post, ASK))
    assert shown.sees == LUIS
    assert "Words: resolve why" in shown.text
    assert {"In words…", "✅ Ack 15m"} <= set(shown.buttons)
    opened = await desk.press("In words…", shown)
    await desk.server.fill(opened, "half")
    await desk.shows("understood: /size ALPHA half")
    await desk.press("pause 30", shown)
    await desk.server.until(lambda: len(desk.engine.sent) == 2)
    assert [type(ask) for ask in desk.engine.sent] == [SizeAsk, PauseAsk]


async def test_a_long_press_by_whoever_may_not_or_elsewhere_does_nothing(desk: Desk) -> None:
    stuck(desk.engine)
    post = await desk.card("NOT CLOSED")
    shown = await desk.replied(await desk.server.long_press(post, ASK, EVE))
    opened = await desk.press("In words…", shown, EVE)
    await desk.server.fill(opened, "half", EVE)
    await desk.server.until(lambda: "needs the role trader" in desk.server.sees(EVE)[-1].text)
    await desk.server.long_press(post, ASK, ADMIN)
    board = next(one for one in desk.of_bot() if "COPYING" in one.text)
    assert "no alert's card" in (await desk.replied(await desk.server.long_press(board, ASK))).text
    assert not desk.engine.sent
    assert "unknown person" in desk.audited()


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
    await desk.server.until(lambda: desk.server.pins)
    board = next(one for one in desk.of_bot() if [one.number] == desk.server.pins)
    assert not board.sees
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


async def test_an_account_is_chosen_from_a_list_also_by_a_bot_that_was_started_anew(tmp_path: Path) -> None:
    server, engine = Server(), EngineDouble()
    like = engine.accounts["ALPHA"]
    engine.accounts |= {f"APX-{n}": replace(like, id=f"APX-{n}") for n in range(6)}
    async with server.serve(), engine.serve(), restored():
        desk = Desk(server, engine, tmp_path)
        desk.people()
        async with desk.open():
            asked = await desk.slash("ctl off")
            lists = [one for one in asked.walk() if one["type"] == 3]
            assert [len(one["options"]) > 5 for one in lists] == [True]
            label = next(option["label"] for option in lists[0]["options"] if option["label"].startswith("APX-4"))
            await desk.server.press(label, EVE, asked)
            await server.until(lambda: any("Only the person" in one.text for one in server.sees(EVE)))
            assert not engine.sent
        async with desk.open():
            await desk.server.press(label, LUIS, asked)
            await server.until(lambda: bool(engine.sent))
            assert [(type(ask), ask.scope) for ask in engine.sent] == [(OffAsk, "APX-4")]
            await desk.server.press(label, LUIS, asked)
            await server.until(lambda: any("Already" in one.text for one in server.sees()))
            assert len(engine.sent) == 1
    assert not server.broken


async def test_buttons_die_before_everybodys_eyes_and_the_fresh_ones_work(desk: Desk) -> None:
    desk.engine.hold(2)
    preview = await desk.slash("flatten scope=ALPHA")
    confirm = next(label for label in preview.buttons if "ancel" not in label)
    desk.clock.shift = timedelta(minutes=5)
    await desk.server.until(lambda: preview.buttons == ("↻ Refresh",))
    assert "expired" in preview.text
    assert "30 s to decide" not in preview.text
    await desk.press("↻ Refresh", preview)
    await desk.server.until(lambda: any(confirm in one.buttons for one in desk.server.sees()))
    fresh = next(one for one in desk.server.sees() if confirm in one.buttons)
    assert fresh is not preview
    await desk.press(confirm, fresh)
    await desk.server.until(lambda: len(desk.engine.sent) == 1)
    await desk.server.until(lambda: not fresh.buttons and "pressed: Confirm" in fresh.text)


async def test_a_card_that_one_person_sees_is_never_shown_to_others_when_it_fades(tmp_path: Path) -> None:
    server, engine = Server(), EngineDouble()
    async with server.serve(), engine.serve(), restored():
        desk = Desk(server, engine, tmp_path)
        desk.people()
        async with desk.open():
            assert (await desk.slash("view account account=ALPHA")).sees == LUIS
            await desk.slash("status")  # the next answer leaves when the one before is known to have arrived
        before = len(server.sees(EVE))
        desk.clock.shift = timedelta(hours=25)
        async with desk.open():
            await desk.slash("status")
            await server.until(lambda: not _fading(desk))
            await desk.slash("status")
        assert [one.text for one in server.sees(EVE)[before:] if "ALPHA" in one.text] == []


def _fading(desk: Desk) -> list[object]:
    base = Database(desk.settings().database)
    try:
        return [*FadeStore(base).due(desk.clock.now())]
    finally:
        base.close()


async def test_a_family_is_routed_in_private_and_a_test_says_what_arrived(desk: Desk) -> None:
    asked = await desk.write(f"/route copy. discord:{CHANNEL}")
    await desk.press("Confirm", asked)
    channel = int(desk.server.dm(LUIS)["id"])
    await desk.server.until(lambda: any("copy. goes to desk" in one.text for one in desk.of_bot(channel)))
    await desk.write("/route test")
    await desk.server.until(lambda: any("2 of 2 delivered" in one.text for one in desk.of_bot(channel)))
    assert "ROUTE TEST by Luis" in await desk.shows("ROUTE TEST")
    assert "copy." in desk.audited()


async def test_what_one_person_read_is_sent_again_to_him_alone_when_the_bot_died_before_it_was_known(
    tmp_path: Path,
) -> None:
    server, engine = Server(), EngineDouble()
    async with server.serve(), engine.serve(), restored():
        desk = Desk(server, engine, tmp_path)
        desk.people()
        async with desk.open():
            assert (await desk.slash("view account account=ALPHA")).sees == LUIS
            await desk.slash("status")  # the next answer leaves when the one before is known to have arrived
        base = Database(desk.settings().database)
        with base.begin() as connection:  # as a kill leaves it: leased, and no answer of Discord
            rows = connection.execute(select(OUTBOX.c.id, OUTBOX.c.payload)).all()
            (one,) = [row.id for row in rows if b"ALPHA" in row.payload and b"answers" in row.payload]
            connection.execute(update(OUTBOX).where(OUTBOX.c.id == one).values(state="leased"))
        base.close()
        before = len(server.sees(EVE))
        private = int(server.dm(LUIS)["id"])
        async with desk.open():
            await server.until(lambda: any("ALPHA" in one.text for one in desk.of_bot(private)))
            await desk.slash("status")
        assert [one.text for one in server.sees(EVE)[before:] if "follower" in one.text and "ALPHA" in one.text] == []
