"""The line: what it hears, how it knows that it is deaf, how it follows chats, and that one function leads to the door."""

import ast
import asyncio
import inspect
from pathlib import Path

import pytest
from telegram import constants

import bot.chats.telegram as package
from bot.app import SystemClock
from bot.chats.telegram.heard import ALLOWED, READ
from bot.chats.telegram.option import Options
from bot.chats.telegram.press import JUST_CHANGED
from bot.chats.telegram.probe import probe
from bot.config import Settings, connect
from bot.core.card import Card
from bot.core.chat import File, LaterError, Message, MovedError, Sign
from engine.api import ConfigError
from engine.api.secret import Vault
from tests.bot.chats.contract import BUTTONS, PNG, card
from tests.bot.telegram.server import ME, TOKEN, TelegramServer
from tests.bot.telegram.stage import GROUP, PERSON, Stage, staged


class LeapClock(SystemClock):
    """Real time, plus leaps that a test makes; its sleeps are short."""

    def __init__(self) -> None:
        self.leapt = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.leapt

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(min(seconds, 0.02))


def test_one_function_leads_to_the_door() -> None:
    calls = []
    for path in sorted(Path(inspect.getfile(package)).parent.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                called = [ast.unparse(inner.func) for inner in ast.walk(node) if isinstance(inner, ast.Call)]
                calls += [f"{path.name}:{node.name}" for name in called if name.endswith("door.receive")]
    assert sorted(set(calls)) == ["line.py:_awaited", "line.py:_take"]
    known = {kind.value for kind in constants.UpdateType}
    assert set(ALLOWED) <= known
    assert set(READ) == {kind for kind in known if kind.endswith(("message", "post"))} - {
        "deleted_business_messages"
    } | {"callback_query"}


async def test_who_writes_where_and_to_whom() -> None:
    async with staged() as stage:
        server, name = stage.server, ME["username"]
        server.room(GROUP).threads.add(45)
        answer = {"message_id": 5, "date": 1, "chat": server.room(GROUP).face(), "from": ME, "text": "card"}
        topic = {**answer, "forum_topic_created": {"name": "T", "icon_color": 1}}
        server.say(GROUP, PERSON, "nothing for you")
        server.say(GROUP, PERSON, "in a topic of yours", reply_to_message=topic)
        server.say(GROUP, PERSON, "/status@OtherBot")
        server.say(GROUP, PERSON, f"/status@{name} all", thread=45)
        server.say(GROUP, PERSON, f"@{name} pause apx 15")
        server.say(GROUP, PERSON, "half", reply_to_message=answer)
        server.say(PERSON, PERSON, "⏸ Pause 15m")
        heard = await stage.hear(4)
        assert [(one.chat, one.text, one.replied) for one in heard] == [
            (f"telegram:{GROUP}/45", "/status all", ""),
            (f"telegram:{GROUP}", "pause apx 15", ""),
            (f"telegram:{GROUP}", "half", "5"),
            (f"telegram:@{PERSON}", "/pause 15m", ""),
        ]
        assert {(one.user, one.odd, one.is_summons) for one in heard} == {(f"{PERSON}", "", True)}
        await stage.chat.mark(heard[-1].chat, heard[-1].post, Sign.SEEN)
        assert stage.alone.posts[int(heard[-1].post)].reactions == ["👀"]


async def test_a_press_right_after_a_change_is_refused_and_a_later_one_passes() -> None:
    clock = LeapClock()
    async with staged(clock) as stage:
        post = await stage.show(Message(chat=stage.place, card=card(actions=BUTTONS)))
        await stage.show(Message(chat=stage.place, card=card("changed", actions=BUTTONS)), post)
        assert await stage.press("Confirm") == JUST_CHANGED
        assert not stage.received
        clock.leapt += 1
        assert await stage.press("Confirm") == ""
        assert stage.received[-1].post == post


async def test_a_number_pad_is_tapped_as_fast_as_thumbs_are() -> None:
    async with staged(LeapClock()) as stage:
        post = await stage.show(Message(chat=stage.place, card=card(actions=BUTTONS), is_pad=True))
        await stage.show(Message(chat=stage.place, card=card("•", actions=BUTTONS), is_pad=True), post)
        assert await stage.press("Confirm") == ""
        assert len(stage.received) == 1


async def test_a_refusal_of_a_press_is_a_box_and_no_message() -> None:
    async with staged() as stage:
        await stage.show(Message(chat=stage.place, card=card(actions=BUTTONS)))

        async def refuse(incoming: object) -> None:
            update = stage.received[-1].update
            await stage.show(Message(chat=stage.place, card=Card(title="Only the person who asked"), answers=update))

        stage.door.answers.append(refuse)
        assert await stage.press("Confirm") == "Only the person who asked"
        assert len(stage.seen()) == 1


async def test_deafness_is_told_and_the_line_built_anew() -> None:
    clock = LeapClock()
    async with staged(clock) as stage:
        await stage.server.until(lambda: stage.chat.health().heard_s is not None)
        stage.server.is_wedged = True
        clock.leapt += 50
        health = stage.chat.health()
        assert "deaf" in health.trouble
        await stage.show(Message(chat=stage.place, card=card()))  # sending works all the while
        clock.leapt += 50
        await stage.server.until(lambda: stage.ended)
        assert "built anew" in stage.ended[0]
        stage.server.unwedge()
        async with stage.open():
            stage.server.say(PERSON, PERSON, "/status")
            assert (await stage.hear())[-1].text == "/status"
            assert stage.chat.health().trouble == ""


async def test_a_second_reader_of_our_news_is_told() -> None:
    async with staged() as stage:
        stage.server.has_rival = True
        await stage.server.until(lambda: stage.ended)
        assert stage.chat.health().is_rival
        assert "another program" in stage.ended[0]


async def test_an_update_that_cannot_be_read_makes_nobody_deaf() -> None:
    async with staged() as stage:
        stage.server.tell(message={"message_id": "x", "date": "never"})
        stage.server.say(PERSON, PERSON, "/status")
        assert (await stage.hear())[-1].text == "/status"


async def test_a_wrong_token_is_one_line_that_does_not_show_it() -> None:
    server = TelegramServer()
    server.is_token_right = False
    async with server.serve():
        stage = Stage(server, SystemClock())
        async with stage.open():
            assert stage.ended == ["the token is not accepted; put what @BotFather gave into .env"]
            with pytest.raises(LaterError) as told:
                await stage.show(Message(chat=stage.place, card=card()))
            assert TOKEN not in str(told.value)
        found = await probe(Options(token=TOKEN, base_url=server.url))
        assert [(one.mark, TOKEN in one.text) for one in found] == [("!!", False)]
        server.is_token_right = True
        assert (await probe(Options(token=TOKEN, base_url=server.url)))[0].mark == "ok"


class Swift(SystemClock):
    """Nobody waits long."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(min(seconds, 0.01))


async def test_a_line_that_stays_down_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    server = TelegramServer()
    async with server.serve(), Stage(server, Swift(), rebuild_s=60.0).open() as stage:
        for times in (1, 2):
            server.is_away, asked = True, len(server.offsets)
            server.tell(message=server.message(77, 77, "/status"))  # ends the question that waits
            await server.until(lambda asked=asked: len(server.offsets) > asked + 5)
            server.is_away = False
            server.say(77, 77, "/status")
            await stage.hear(2 * times)
            assert caplog.text.count("no news from Telegram") == times


def test_a_token_stands_only_in_the_environment(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, chats={"telegram": {"token": TOKEN}}, vault=Vault({}, ()))
    with pytest.raises(ConfigError, match="never write a secret here"):
        connect(settings, "telegram", SystemClock())


async def test_a_group_that_moves_is_followed() -> None:
    async with staged() as stage:
        stage.server.migrate(GROUP, -1007)
        await stage.server.until(lambda: stage.door.moves)
        assert stage.door.moves == [(f"telegram:{GROUP}", "telegram:-1007")]
        with pytest.raises(MovedError) as moved:
            await stage.show(Message(chat=f"telegram:{GROUP}", card=card()))
        assert moved.value.chat == "telegram:-1007"


async def test_a_topic_that_is_gone_is_made_again_or_left_out() -> None:
    async with staged() as stage:
        stage.server.rooms[GROUP].is_forum = True
        message = Message(chat=f"telegram:{GROUP}/45", card=card())
        with pytest.raises(MovedError) as moved:
            await stage.show(message)
        assert moved.value.chat.startswith(f"telegram:{GROUP}/")
        stage.server.rooms[GROUP].may_topics = False
        await stage.show(message)
        last = stage.server.rooms[GROUP].last
        assert (last.thread, "topic is gone" in last.text) == (None, True)


async def test_a_group_of_no_desk_is_told_and_left() -> None:
    clock = LeapClock()
    async with staged(clock, unbound_s=60.0) as stage:  # sooner than a silence of the line would have it built anew
        stage.server.join(-1009, PERSON)
        await stage.server.until(lambda: stage.server.rooms[-1009].bots)
        assert "no desk" in stage.server.rooms[-1009].last.text
        stage.server.join(GROUP, PERSON)
        clock.leapt += 61
        await stage.server.until(lambda: stage.server.rooms[-1009].is_out)
        assert not stage.server.rooms[GROUP].is_out
        assert not stage.server.rooms[GROUP].bots


async def test_a_status_card_is_pinned_once_without_leaving_a_trace_in_private() -> None:
    async with staged() as stage:
        message = Message(chat=stage.place, card=card("one"), is_pinned=True, silent=True, is_secret=True, rings=("5",))
        post = await stage.show(message)
        await stage.show(Message(chat=stage.place, card=card("two"), is_pinned=True), post)
        assert stage.alone.pinned == [int(post)]
        await stage.server.until(lambda: len(stage.alone.posts) == 1)
        newest = stage.seen()[-1]
        assert (newest.is_silent, newest.is_protected) == (True, True)


async def test_markup_that_is_refused_is_sent_as_words(caplog: pytest.LogCaptureFixture) -> None:
    async with staged() as stage:
        stage.server.faults.append("markup")
        await stage.show(Message(chat=stage.place, card=card("<b>")))
        assert stage.seen()[-1].text.startswith("<b>")
        assert "cannot read a card's markup" in caplog.text


async def test_a_picture_is_a_card_that_changes_with_its_words() -> None:
    async with staged() as stage:
        picture = (File(name="a.png", body=PNG),)
        post = await stage.show(Message(chat=stage.place, card=card("one"), files=picture))
        await stage.show(Message(chat=stage.place, card=card("two", actions=BUTTONS)), post)
        assert ("two" in stage.seen()[-1].text, len(stage.seen())) == (True, 1)
        await stage.show(Message(chat=stage.place, card=card("three"), files=(File(name="b.png", body=PNG),)), post)
        assert stage.seen()[-1].files == ("b.png",)


async def test_a_card_too_long_for_a_message_comes_whole_as_a_file() -> None:
    async with staged() as stage:
        await stage.show(Message(chat=stage.place, card=card(lines=tuple(f"line {n} <&>" * 9 for n in range(99)))))
        assert [post.files for post in stage.seen()] == [(), ("card.txt",)]
