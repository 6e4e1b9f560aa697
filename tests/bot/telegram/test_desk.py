"""Who may act over Telegram, end to end: the true app and library over real sockets, against everything that must not act."""

import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pyotp
import pytest

from bot.chats.telegram import Telegram
from engine.api import PauseAsk
from tests.bot.chats.answers import AnswerDeskContract
from tests.bot.telegram.desk import EVE, FOREIGN, GROUP, LUIS, STRANGER, Desk, open_desk
from tests.bot.telegram.server import ANONYMOUS, TOKEN
from tests.bot.telegram.stage import FORWARD


class TestAnswer(AnswerDeskContract):
    """Cards are answered."""


NAUGHTY = "N<b>Q&amp;_*`@everyone"


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_desk(tmp_path) as one:
        yield one


async def test_a_pause_is_asked_proven_and_undone_in_one_message(desk: Desk) -> None:
    first = await desk.ask("/pause all 15m nfp")
    await desk.server.until(lambda: "PAUSED all" in first.text)
    assert [type(ask) for ask in desk.engine.sent] == [PauseAsk]
    assert first.edits >= 1 or "PAUSED" in first.text
    asked = desk.server.rooms[LUIS].posts[first.number - 1]
    await desk.server.until(lambda: asked.reactions == ["👌"])  # it is proven
    undo = next(label for label in first.buttons if label.startswith("Undo"))
    await desk.server.until(lambda: True)
    await _settled(desk, first, undo)
    await desk.server.until(lambda: len(desk.engine.sent) == 2)


async def _settled(desk: Desk, post: object, label: str) -> None:
    """Press until the card has stood still long enough to be read."""
    while "just changed" in await desk.press(post, label):  # type: ignore[arg-type]  # a post of the server
        continue


async def test_an_answer_comes_where_the_person_looks(desk: Desk) -> None:
    first = await desk.ask("/status")
    second = await desk.ask("Status")  # the key of the keyboard below
    assert "3 of 3 accounts" in first.text
    assert second.number > first.number
    assert second.text.startswith("🟢 COPYING")


async def test_odd_messages_do_nothing(desk: Desk) -> None:
    server, text = desk.server, "/flatten all"
    desk.engine.hold(2)
    edited = server.message(LUIS, LUIS, text)
    server.tell(edited_message=edited | {"edit_date": edited["date"]})
    group = {"id": GROUP, "type": "supergroup", "title": "G"}
    for message in (
        server.message(LUIS, LUIS, text, forward_origin=FORWARD),
        server.message(LUIS, LUIS, text, via_bot={"id": 9, "is_bot": True, "first_name": "O", "username": "OBot"}),
        server.message(GROUP, LUIS, text, **{"from": ANONYMOUS, "sender_chat": group}),
        server.message(GROUP, LUIS, text, sender_chat=group),
    ):
        server.tell(message=message)
    server.tell(channel_post=server.message(GROUP, LUIS, text))
    await server.until(lambda: sum("do nothing" in post.text for post in server.rooms[LUIS].bots) == 3)
    answer = await desk.ask("/positions")
    assert "+2" in answer.text
    assert not desk.engine.sent
    for why in ("edited", "forwarded", "via-bot", "anonymous", "channel"):
        assert f"{why} message" in desk.audited()


async def test_a_late_command_is_shown_and_run_only_when_pressed(desk: Desk) -> None:
    desk.engine.hold(2)
    shown = await desk.ask("/flatten all", late_s=61)
    assert "Not run" in shown.text
    assert not desk.engine.sent
    await desk.press(shown, "Run now")
    preview = await desk.server.until(
        lambda: next((p for p in desk.server.rooms[LUIS].bots if "FLATTEN" in p.text), None)
    )
    assert not desk.engine.sent  # a preview first
    assert preview.buttons


async def test_a_press_counts_only_from_whom_it_was_offered_and_only_there(desk: Desk) -> None:
    desk.engine.hold(2)
    preview = await desk.ask("/flatten ALPHA", chat=GROUP)
    before = (preview.text, preview.buttons)
    confirm = next(label for label in preview.buttons if "ancel" not in label)
    assert "Only the person who asked" in await desk.press(preview, confirm, user=EVE, chat=GROUP)
    assert await desk.press(preview, confirm, user=STRANGER, chat=GROUP) == ""
    data = preview.data(confirm)
    assert "Only the person" in await desk.press(preview, confirm, chat=FOREIGN, data=data)
    for forged in ("a:AAAAAAAAAAAAAAAA", "x", "a:", "a:' OR 1=1 --", "b:" + data[2:]):
        assert "not valid" in await desk.press(preview, confirm, chat=GROUP, data=forged)
    assert (preview.text, preview.buttons) == before
    assert not desk.engine.sent
    await desk.press(preview, confirm, chat=GROUP)
    await desk.server.until(lambda: len(desk.engine.sent) == 1)
    while "just changed" in (said := await desk.press(preview, confirm, chat=GROUP, data=data)):
        continue  # its card has just lost its buttons
    assert "Already" in said
    assert len(desk.engine.sent) == 1


async def test_strangers_meet_silence_in_groups_and_one_line_in_private(desk: Desk) -> None:
    await desk.silent(lambda: desk.server.say(GROUP, STRANGER, "/flatten all"), chat=GROUP)
    assert "do not know you" in (await desk.ask("/flatten all", user=STRANGER)).text
    assert not desk.engine.sent
    assert all("flat" not in post.text.lower() for post in desk.said(GROUP))


async def test_chatter_and_other_bots_commands_are_nobodys_business(desk: Desk) -> None:
    def talk() -> None:
        desk.server.say(GROUP, LUIS, "flatten all, I say")
        desk.server.say(GROUP, LUIS, "/flatten@OtherBot all")

    await desk.silent(talk, chat=GROUP)
    assert "flatten" not in desk.audited()
    answer = await desk.ask("@LockstepTestBot status", chat=GROUP)
    assert "3 of 3" in answer.text
    again = await desk.ask("health", chat=GROUP, reply_to_message=desk.server._face(desk.server.rooms[GROUP], answer))
    assert "HEALTH" in again.text


async def test_what_outsiders_wrote_is_words_only(desk: Desk) -> None:
    desk.engine.hold(1, NAUGHTY)
    card = await desk.ask("/positions")
    assert "N<b>Q&amp;" in card.text
    name = f"/nonsense {NAUGHTY}"
    assert "nonsense" in (await desk.ask(name)).text


async def test_each_person_sees_the_commands_that_are_his(desk: Desk) -> None:
    server = desk.server
    await desk.ask("/status")
    await desk.ask("/status", user=EVE)
    await server.until(lambda: {f"chat:{LUIS}", f"chat:{EVE}"} <= server.menus.keys(), timeout_s=8.0)
    assert server.menus["default"] == ["start", "help"]
    assert "flatten" in server.menus[f"chat:{LUIS}"]
    assert "flatten" not in server.menus[f"chat:{EVE}"]
    keys = (await desk.ask("/help")).reply_keys
    assert keys[0][:2] == ["⏸ Pause 15m", "Status"]
    assert (await desk.ask("/help")).reply_keys == []  # it stays, once shown
    assert "⏸ Pause 15m" not in str((await desk.ask("/help", user=EVE)).reply_keys)


async def test_no_log_line_holds_the_token(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    desk.server.faults.extend(["429", "502", "markup"])
    for _ in range(3):
        desk.server.say(LUIS, LUIS, "/status")
    await desk.ask("/health")
    desk.server.is_token_right = False
    await desk.server.until(lambda: "token is not accepted" in caplog.text)
    assert TOKEN not in caplog.text
    assert "SECRET" not in caplog.text


async def test_what_was_pressed_loses_its_buttons(desk: Desk) -> None:
    preview = await desk.ask("/flatten ALPHA")
    await _settled(desk, preview, "Confirm")
    await desk.server.until(lambda: not preview.buttons)
    assert "pressed: Confirm" in preview.text
    assert len(desk.engine.sent) == 1


async def test_a_code_that_was_typed_does_not_stay_in_the_chat(desk: Desk) -> None:
    room = desk.server.rooms[LUIS]
    setup = await desk.ask("/totp setup")
    secret = next(line for line in setup.text.splitlines() if len(line) == 32)
    code = pyotp.TOTP(secret).now()
    assert "codes are on" in (await desk.ask(code)).text
    await desk.server.until(lambda: not any(code in post.text for post in room.posts.values()))


async def test_a_reason_is_asked_for_as_an_answer_and_taken_from_it(desk: Desk) -> None:
    asked = await desk.ask("/note A-1", chat=GROUP)
    assert "Write it now" in asked.text
    assert (asked.asks, asked.buttons) == (True, ())
    face = desk.server._face(desk.server.rooms[GROUP], asked)
    said = await desk.ask("nobody answers the phone", chat=GROUP, reply_to_message=face)
    assert "A-1" in said.text
    assert "No command" not in said.text


async def test_a_sign_that_breaks_ends_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object) -> None:
        raise ValueError("no sign")

    monkeypatch.setattr(Telegram, "mark", broken)
    for _ in range(2):
        assert "COPYING" in (await desk.ask("/status")).text
