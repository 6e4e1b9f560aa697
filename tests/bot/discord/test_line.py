"""The adapter before a server: every way in passes one gate, each answer has its place, and the line mends itself."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.app import SystemClock
from bot.chats.discord import CHAT, Discord
from bot.chats.discord.button import FORMS
from bot.chats.discord.line import BAD_TOKEN
from bot.chats.discord.probe import probe
from bot.chats.discord.slash import ASK, GROUPS
from bot.core.card import Action, Card
from bot.core.chat import File, Incoming, LaterError, Message, Priority, Sign
from engine.api import ConfigError, LockstepError
from tests.bot.chats.contract import BUTTONS, PNG, card
from tests.bot.discord.scene import MENU, Scene, options, restored, stage_of
from tests.bot.discord.server import (
    CHANNEL,
    EPHEMERAL,
    EVE,
    FOREIGN,
    GUILD,
    LUIS,
    OTHER,
    TOKEN,
    Play,
    Refusal,
    Server,
)
from tests.clock import HandClock


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with stage_of() as one:
        yield one
        assert not one.server.broken


async def nothing(_incoming: Incoming) -> None:
    """An answer that shows nothing."""


def answers(scene: Scene, *messages: dict[str, Any]) -> None:
    """Let the door answer each event with these."""

    async def answer(incoming: Incoming) -> None:
        for number, fields in enumerate(messages):
            message = Message(chat=incoming.chat, answers=incoming.update, **{"card": card(), **fields})
            await scene.chat.post(message, "", f"{number}")

    scene.door.answering = answer


# ---- in


async def test_every_command_passes_the_one_gate(scene: Scene) -> None:
    scene.door.answering = nothing
    wanted = {entry.name for entry in MENU if entry.family in GROUPS}
    tops = {one["name"]: one.get("options", []) for one in scene.server.commands if one["type"] == 1}
    subs = {top: {one["name"] for one in found if one["type"] == 1} for top, found in tops.items()}
    assert {name for name, found in subs.items() if not found} | set().union(*subs.values()) == wanted
    assert {"status", "pause", "flatten"} <= set(tops)
    for top, found in subs.items():
        for line in [f"{top} {sub}" for sub in sorted(found)] or [top]:
            before = len(scene.received)
            await scene.server.slash(line)
            heard = await scene.heard(before + 1)
            assert heard.text.split()[0] == f"/{line.split()[-1]}"
            assert (heard.chat, heard.user) == (scene.place, f"{LUIS}")
            assert (heard.place, heard.odd, heard.handle) == (f"{GUILD}", "", "")
    menus = [one["name"] for one in scene.server.commands if one["type"] != 1]
    assert menus == [ASK]
    post = await scene.chat.post(Message(chat=scene.place, card=card()), "", "1")
    for name in menus:
        before = len(scene.received)
        await scene.server.long_press(scene.seen()[-1], name)
        heard = await scene.heard(before + 1)
        assert (heard.chat, heard.user, heard.replied) == (scene.place, f"{LUIS}", post)
        assert (heard.place, heard.odd, heard.handle, heard.text, heard.post) == (f"{GUILD}", "", "", "", "")
    updates = [incoming.update for incoming in scene.received]
    assert len(set(updates)) == len(updates)


async def test_a_long_press_elsewhere_and_signs_elsewhere_are_odd(scene: Scene) -> None:
    post = await scene.chat.post(Message(chat=scene.place, card=card()), "", "1")
    shown = scene.seen()[-1]
    for how in ({"guild": FOREIGN}, {"is_user_install": True}, {"context": 2}):
        before = len(scene.received)
        await scene.server.long_press(shown, ASK, waits=False, **how)
        assert (await scene.heard(before + 1)).odd
    before = len(scene.received)
    number = await scene.server.write("<@900> status", channel=CHANNEL)
    await scene.heard(before + 1)
    before = len(scene.received)
    await scene.server.react(f"{number}", "👍", EVE)  # a person's message
    await scene.server.react(post, "👍🏽", EVE)
    heard = await scene.heard(before + 1)
    assert (heard.user, heard.post, heard.sign, heard.odd) == (f"{EVE}", post, "👍", "")
    await scene.server.react(post, "👍", EVE, guild=FOREIGN)
    assert (await scene.heard(before + 2)).odd == "foreign"


async def test_a_command_as_it_once_was_is_told_so(scene: Scene) -> None:
    data = scene.server.command_data("size scope=all size=half")
    for changed in ({"options": []}, {"name": "halt"}):
        play = await scene.server.interact(2, {**data, **changed}, LUIS, CHANNEL)
        assert play.original is not None
        assert "Reload Discord" in play.original.text
    assert not scene.received


async def test_arguments_by_name_become_the_line_that_a_person_would_type(scene: Scene) -> None:
    await scene.server.slash('pause reason="NFP is near" span=15m scope=ALPHA')
    assert (await scene.heard(1)).text == "/pause ALPHA 15m NFP is near"


async def test_every_button_and_every_form_passes_it_too(scene: Scene) -> None:
    forms = (*BUTTONS, Action(label="Code", handle="CCCC", key="c", form="code"))
    forms += (Action(label="Why", handle="DDDD", key="w", form="reason"),)
    await scene.chat.post(Message(chat=scene.place, card=card(actions=forms)), "", "1")
    await scene.press("Confirm")
    assert (scene.received[-1].handle, scene.received[-1].text) == ("AAAAAAAAAAAAAAAA", "")
    for label, handle, text in (("Code", "CCCC", " 123456 "), ("Why", "DDDD", "NFP")):
        before = len(scene.received)
        opened = await scene.server.press(label)
        assert opened.answer is not None
        assert opened.answer["type"] == 9
        assert len(scene.received) == before  # not before it is filled in
        await scene.server.fill(opened, text)
        heard = await scene.heard(before + 1)
        assert (heard.handle, heard.text, heard.post) == (handle, text.strip(), scene.seen()[0].id)


async def test_every_form_brings_its_text_and_its_reason(scene: Scene) -> None:
    forms = tuple(Action(label=name, handle=f"H{name}", key=name, form=name) for name in sorted(FORMS))
    await scene.chat.post(Message(chat=scene.place, card=card(actions=forms)), "", "1")
    filled = {
        "answer": ({"words": "ack 20"}, "ack 20", ""),
        "ask": ({"code": "123456", "reason": "the firm said so"}, "123456", "the firm said so"),
        "code": ({"code": "123456"}, "123456", ""),
        "glass": ({"words": "nobody answers"}, "nobody answers", ""),
        "reason": ({"words": "NFP"}, "NFP", ""),
        "size": ({"preset": "half", "reason": "news"}, "half", "news"),
        "why": ({"reason": "the firm said so"}, "", "the firm said so"),
    }
    assert set(filled) == set(FORMS)
    for name, (given, text, reason) in filled.items():
        before = len(scene.received)
        opened = await scene.server.press(name)
        assert opened.answer is not None
        assert opened.answer["type"] == 9  # the first answer: nothing was deferred before it
        await scene.server.fill(opened, **given)
        heard = await scene.heard(before + 1)
        assert (heard.handle, heard.text, heard.reason) == (f"H{name}", text, reason)
    before = len(scene.received)
    await scene.server.fill(await scene.server.press("size"), preset="half", size="0.3x")
    assert (await scene.heard(before + 1)).text == "0.3x"  # what is typed beats what is picked


async def test_buttons_and_forms_of_an_earlier_process_still_count() -> None:
    server = Server()
    async with server.serve(), restored():
        first = Scene(server, Discord(options(server), SystemClock()), _door())
        await first.start()
        actions = (*BUTTONS, Action(label="Code", handle="CCCC", key="c", form="code"))
        await first.chat.post(Message(chat=first.place, card=card(actions=actions)), "", "1")
        opened = await server.press("Code")
        await first.stop()
        second = Scene(server, Discord(options(server), SystemClock()), _door())
        await second.start()
        try:
            await second.press("Confirm")
            await server.fill(opened, "123456")
            assert (await second.heard(2)).text == "123456"
        finally:
            await second.stop()


def _door() -> Any:
    from tests.bot.discord.scene import Doorway

    return Doorway()


async def test_what_may_stand_in_a_field_is_offered_from_what_the_person_sees(scene: Scene) -> None:
    offered = await scene.server.complete("pause scope=al", "scope")
    assert offered[0] == f"discord:{LUIS}|{scene.place}"
    assert len(offered) == 25
    data = scene.server.command_data("pause scope=al")
    data["options"][0]["focused"] = True
    foreign = await scene.server.interact(4, data, LUIS, CHANNEL, guild=FOREIGN)
    assert foreign.choices == []


async def test_private_messages_and_calls_are_heard_and_chatter_is_not(scene: Scene) -> None:
    number = await scene.server.write("/status")
    heard = await scene.heard(1)
    assert (heard.chat, heard.text, heard.is_private) == (f"discord:@{LUIS}", "/status", True)
    await scene.server.write("flatten all, I say", channel=CHANNEL)
    await scene.server.write("<@900> status", channel=CHANNEL)
    heard = await scene.heard(2)
    assert (heard.chat, heard.text, heard.is_private) == (scene.place, "status", False)
    assert abs((datetime.now(UTC) - heard.at).total_seconds()) < 5
    await scene.chat.mark(f"discord:@{LUIS}", f"{number}", Sign.SEEN)
    await scene.chat.mark(scene.place, heard.post, Sign.SEEN)
    assert scene.server.reactions == [(number, "👀")]


async def test_an_edited_message_is_not_read(scene: Scene) -> None:
    number = await scene.server.write("status")
    await scene.heard(1)
    post = next(one for one in scene.server.posts if one.number == number)
    post.content = "/flatten all"
    await scene.server.dispatch("MESSAGE_UPDATE", scene.server.message(post, channel_type=1))
    await scene.server.write("health")
    assert (await scene.heard(2)).text == "health"


# ---- answers and their places


async def test_reads_are_for_one_and_acts_for_all(scene: Scene) -> None:
    answers(scene, {"is_private": True})
    read = await scene.server.slash("status")
    await scene.server.until(lambda: not read.is_loading)
    assert read.original is not None
    assert "PAUSED all" in read.original.text
    assert not scene.server.sees(EVE)
    act = await scene.server.slash("pause scope=all")
    await scene.server.until(lambda: not act.is_loading)
    assert [one.text for one in scene.server.sees(EVE)] == [act.original.text if act.original else ""]
    scene.door.may = ()
    await scene.server.slash("pause scope=all", who=EVE)  # who may not act shows nobody that he tried
    assert len(scene.server.sees(LUIS)) == 2


async def test_second_cards_stand_beside_and_public_ones_in_the_channel(scene: Scene) -> None:
    answers(scene, {"is_private": True}, {"is_private": True, "card": card("second")}, {"card": card("for all")})
    await scene.server.slash("status")
    await scene.server.until(lambda: len(scene.seen()) == 3)
    assert [one.sees for one in scene.seen()] == [LUIS, LUIS, 0]
    assert [one.text.splitlines()[1] for one in scene.seen()] == ["⏸ PAUSED all", "second", "for all"]


async def test_a_secret_is_shown_to_its_person_alone_even_after_an_act(scene: Scene) -> None:
    answers(scene, {"is_private": True, "is_secret": True})
    await scene.server.slash("adm invite")
    await scene.server.until(lambda: bool(scene.seen()) and "PAUSED" in scene.seen()[-1].text)
    assert not scene.server.sees(EVE)


async def test_a_card_for_one_person_is_changed_in_place(scene: Scene) -> None:
    posts: list[str] = []

    async def answer(incoming: Incoming) -> None:
        message = Message(chat=incoming.chat, card=card(), answers=incoming.update, is_private=True)
        posts.append(await scene.chat.post(message, "", "1"))
        newer = Message(chat=incoming.chat, card=card("newer"), is_private=True)
        posts.append(await scene.chat.post(newer, posts[0], "2"))

    scene.door.answering = answer
    await scene.server.slash("status")
    await scene.server.until(lambda: len(posts) == 2)
    assert posts[0] == posts[1]
    assert [one.text.splitlines()[1] for one in scene.seen()] == ["newer"]


async def test_a_refused_press_is_a_word_to_its_person_and_an_act_is_everybodys(scene: Scene) -> None:
    await scene.chat.post(Message(chat=scene.place, card=card(actions=BUTTONS)), "", "1")
    answers(scene, {"is_private": True, "card": Card(title="Only the person who asked may press this")})
    await scene.server.press("Confirm", who=EVE)
    await scene.server.until(lambda: len(scene.server.sees(EVE)) == 2)
    assert len(scene.server.sees(LUIS)) == 1
    answers(scene, {"card": card("⏸ PAUSED all, by Luis")})
    await scene.server.press("Confirm")
    await scene.server.until(lambda: len(scene.server.sees(LUIS)) == 2)
    assert scene.server.sees(EVE)[-1].sees == 0


async def test_a_press_on_a_card_that_just_changed_does_nothing(scene: Scene) -> None:
    post = await scene.chat.post(Message(chat=scene.place, card=card(actions=BUTTONS)), "", "1")
    await scene.chat.post(Message(chat=scene.place, card=card("Flatten?", actions=BUTTONS)), post, "2")
    refused = await scene.server.press("Flatten all")
    assert refused.original is not None
    assert "just changed" in refused.original.text
    assert refused.original.flags & EPHEMERAL
    assert not scene.received


async def test_who_comes_too_late_is_answered_in_the_channel(scene: Scene) -> None:
    answers(scene, {"is_private": True})
    await scene.server.slash("pause scope=all", late_s=70, waits=False)
    heard = await scene.heard(1)
    assert (datetime.now(UTC) - heard.at).total_seconds() > 60  # and may not act by that
    await scene.server.until(lambda: bool(scene.seen()))
    assert scene.seen()[-1].sees == 0


async def test_after_fifteen_minutes_the_channel_is_the_place() -> None:
    clock = HandClock()
    async with stage_of(clock=clock) as scene:
        gate = asyncio.Event()

        async def answer(incoming: Incoming) -> None:
            await gate.wait()
            message = Message(chat=incoming.chat, card=card(), answers=incoming.update, is_private=True)
            await scene.chat.post(message, "", "1")

        scene.door.answering = answer
        play = await scene.server.slash("status")
        await scene.heard(1)
        await clock.turn(10)
        await scene.server.until(lambda: not play.is_loading)
        assert play.original is not None
        assert "No answer yet" in play.original.text
        play.is_over = True
        await clock.turn(900)
        gate.set()
        await scene.server.until(lambda: any(one.sees == 0 for one in scene.seen()))


async def test_a_token_that_ended_early_costs_no_answer(scene: Scene) -> None:
    async def answer(incoming: Incoming) -> None:
        play: Play = next(iter(scene.server.plays.values()))
        play.is_over = True
        message = Message(chat=incoming.chat, card=card(), answers=incoming.update, is_private=True)
        await scene.chat.post(message, "", "1")

    scene.door.answering = answer
    await scene.server.slash("status")
    await scene.server.until(lambda: any(one.sees == 0 for one in scene.seen()))


async def test_a_line_that_was_built_anew_answers_in_the_channel(scene: Scene) -> None:
    gate = asyncio.Event()

    async def answer(incoming: Incoming) -> None:
        await gate.wait()
        message = Message(chat=incoming.chat, card=card(), answers=incoming.update, is_private=True)
        await scene.chat.post(message, "", "1")

    scene.door.answering = answer
    await scene.server.slash("status")
    await scene.heard(1)
    sender, old = scene.chat._sender, scene.task
    assert sender is not None
    assert old is not None
    await scene.server.break_line(4004)
    with pytest.raises(LockstepError):
        await old
    with pytest.raises(LaterError) as told:  # what was about to leave by the old line
        await sender.show(Message(chat=scene.place, card=card()), "", "1")
    assert told.value.is_whole
    await scene.start()
    gate.set()
    await scene.server.until(lambda: any(one.sees == 0 for one in scene.seen()))


# ---- out


async def test_a_message_that_may_have_been_shown_is_shown_once() -> None:
    async with stage_of(patience_s=0.3) as scene:
        await scene.swallow()
        message = Message(chat=scene.place, card=card())
        with pytest.raises(LockstepError):
            await scene.chat.post(message, "", "17")
        await scene.chat.post(message, "", "17")
        assert len(scene.seen()) == 1
        await scene.chat.post(Message(chat=scene.place, card=card("newer")), "", "17")
        assert "newer" in scene.seen()[-1].text


async def test_a_limit_that_discord_itself_tells_is_waited_for(scene: Scene) -> None:
    scene.server.faults.append(Refusal(429, 0, "slow down", Via="1.1 google"))
    await scene.chat.post(Message(chat=scene.place, card=card()), "", "1")
    assert len(scene.seen()) == 1


async def test_a_long_wait_and_a_fault_of_theirs_are_told(scene: Scene) -> None:
    scene.server.faults.append(Refusal(401, 0, "401: Unauthorized"))
    with pytest.raises(LaterError) as told:
        await scene.chat.post(Message(chat=scene.place, card=card()), "", "1")
    assert told.value.is_whole


async def test_private_chats_are_opened_by_their_person(scene: Scene) -> None:
    await scene.chat.post(Message(chat=f"discord:@{EVE}", card=card()), "", "1")
    assert [one.channel for one in scene.server.posts] == [scene.server.dms[EVE]]


async def test_silence_pins_and_calls(scene: Scene) -> None:
    quiet = Message(chat=scene.place, card=card(), silent=True, is_pinned=True, priority=Priority.STATUS)
    post = await scene.chat.post(quiet, "", "1")
    assert scene.seen()[0].flags & (1 << 12)
    await scene.chat.post(quiet, post, "2")
    assert scene.server.pins == [int(post)]
    assert scene.seen()[0].mentions["parse"] == []
    loud = Message(chat=scene.place, card=card("@everyone"), rings=(f"{EVE}", "here"))
    await scene.chat.post(loud, "", "3")
    assert scene.seen()[1].mentions == {"parse": [], "users": [EVE], "replied_user": False} or scene.seen()[1].mentions[
        "users"
    ] == [EVE]
    assert f"<@{EVE}>" in scene.seen()[1].texts


async def test_pictures_stand_in_a_gallery_and_names_are_made_safe(scene: Scene) -> None:
    files = (File(name="p l.png", body=PNG), File(name="../a b.csv", body=b"1"))
    await scene.chat.post(Message(chat=scene.place, card=card(), files=files), "", "1")
    assert scene.seen()[0].files == ("p_l.png", ".._a_b.csv")


# ---- the line


async def test_a_broken_line_is_resumed_and_nothing_is_lost(scene: Scene) -> None:
    scene.door.answering = nothing
    await scene.server.slash("status")
    await scene.heard(1)
    await scene.server.break_line()
    await scene.server.slash("risk", waits=False)
    await scene.server.write("health")
    await scene.heard(3)
    assert {one.text for one in scene.received} == {"/status", "/risk", "health"}
    assert scene.server.resumes == 1
    await scene.server.until(lambda: not scene.chat.health().trouble)
    assert scene.server.synced == 1


async def test_put_out_of_the_server_and_let_in_again(scene: Scene) -> None:
    await scene.server.dispatch("GUILD_DELETE", {"id": f"{GUILD}"})
    await scene.server.until(lambda: "not in the server" in scene.chat.health().trouble)
    await scene.server.dispatch("GUILD_CREATE", scene.server.guild())
    await scene.server.until(lambda: not scene.chat.health().trouble)


async def test_deafness_is_told() -> None:
    clock = HandClock()
    async with stage_of(clock=clock) as scene:
        assert scene.chat.health().heard_s == 0
        await clock.turn(91)
        assert "deaf" in scene.chat.health().trouble


async def test_a_line_that_stays_broken_is_told_and_a_short_break_is_not() -> None:
    clock = HandClock()
    async with stage_of(clock=clock) as scene:
        scene.chat.line(is_up=False)
        await clock.turn(14)
        assert not scene.chat.health().trouble
        await clock.turn(1)
        assert "broke" in scene.chat.health().trouble
        scene.chat.line(is_up=True)
        assert not scene.chat.health().trouble


async def test_a_wrong_token_is_one_clear_line() -> None:
    server = Server()
    async with server.serve(), restored():
        chat = Discord(options(server, token="wrong"), SystemClock())
        door: Any = _door()
        with pytest.raises(LockstepError, match="token is not accepted"):
            await chat.run(door)
        assert chat.health().trouble == BAD_TOKEN
        with pytest.raises(LaterError) as told:
            await chat.post(Message(chat=f"discord:{CHANNEL}", card=card()), "", "1")
        assert told.value.is_whole
    with pytest.raises(ConfigError, match="token"):
        CHAT.connect(options(server, token=" "), SystemClock())
    with pytest.raises(ConfigError, match="lockstep doctor"):
        CHAT.connect(options(server, guild=0), SystemClock())


async def test_news_that_the_library_cannot_read_ends_the_line_alone(scene: Scene) -> None:
    assert scene.task is not None
    await scene.server.dispatch("MESSAGE_CREATE", {"id": "1", "guild_id": f"{GUILD}"})
    with pytest.raises(LockstepError, match="cannot be read"):
        await scene.task
    scene.task = None


async def test_commands_that_cannot_be_set_are_told_and_the_rest_goes_on() -> None:
    server = Server()
    server.out = True
    async with server.serve(), restored():
        scene = Scene(server, Discord(options(server), SystemClock()), _door())
        scene.task = asyncio.ensure_future(scene.chat.run(scene.door))
        try:
            await server.until(lambda: scene.chat._down is None)
            await server.write("status")
            await scene.heard(1)
            assert "not in the server" in scene.chat.health().trouble
        finally:
            await scene.stop()


async def test_no_line_of_a_log_holds_a_token(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with stage_of(patience_s=0.3) as scene:
        answers(scene, {"is_private": True})
        play = await scene.server.slash("status")
        await scene.server.slash("status", late_s=5, waits=False)
        await scene.server.until(lambda: len(scene.seen()) == 2)
        scene.server.faults.append(Refusal(429, 0, "slow down", Via="1.1 google"))
        await scene.chat.post(Message(chat=scene.place, card=card()), "", "1")
        await scene.put_out()
        for chat in (scene.place, f"discord:{OTHER}", "discord:@1", "discord:x"):
            with contextlib.suppress(LockstepError):
                await scene.chat.post(Message(chat=chat, card=card()), "", "2")
        await scene.server.break_line()
        await scene.server.until(lambda: scene.server.resumes == 1)
    said = "\n".join(record.getMessage() + f"{record.exc_info or ''}" for record in caplog.records)
    ours = "\n".join(line for line in said.splitlines() if "HTTP/1.1" not in line)  # the server keeps its own log
    assert TOKEN not in said
    assert play.token not in ours


# ---- the look before the start


async def test_the_look_before_the_start() -> None:
    server = Server()
    async with server.serve(), restored():
        said = await probe(options(server))
        assert [one.mark for one in said] == ["ok", "ok", "--"]
        assert "scope=bot+applications.commands" in said[-1].text
        assert f"guild_id={GUILD}" in said[-1].text
        server.permissions = 1 << 10  # see channels, and no more
        assert any("lacks" in one.text and "send_messages" in one.text for one in await probe(options(server)))
        server.out, server.endpoint = True, "https://example.com"
        marks = [one for one in await probe(options(server)) if one.mark == "!!"]
        assert any("Interactions Endpoint" in one.text for one in marks)
        assert any("not in the server" in one.text and "permissions=" in one.text for one in marks)
        assert (await probe(options(server, token="wrong")))[0].mark == "!!"


async def test_the_look_finds_the_server_that_the_settings_do_not_name() -> None:
    server = Server()
    async with server.serve(), restored():
        said = await probe(options(server, guild=0))
        assert [one.mark for one in said] == ["ok", "!!", "ok", "--"]
        assert said[1].text == f"the bot is in Desk: write guild = {GUILD} into the [discord] table of desk.toml"
        assert said[1].fix == {"guild": GUILD}
        assert said[2].reach
        server.others = {1: "Else"}
        said = await probe(options(server, guild=0))
        assert f"the bot is in {GUILD} (Desk), 1 (Else)" in said[-1].text
        assert not any(one.reach or one.fix for one in said)
        server.others, server.out = {}, True
        said = await probe(options(server, guild=0))
        assert said[-1].text.startswith("the bot is in no server yet")
        assert "guild_id" not in said[-1].text
        assert not any(one.reach for one in said)


async def test_a_line_that_breaks_again_and_again_is_a_line_each_time(caplog: pytest.LogCaptureFixture) -> None:
    async with stage_of() as scene:
        scene.server.is_shut = True
        await scene.server.break_line()
        await scene.server.until(lambda: "reconnect" in caplog.text)
    said = [record for record in caplog.records if "reconnect" in record.getMessage()]
    assert all("(WSServerHandshakeError)" in record.getMessage() for record in said)
    assert "Traceback" not in caplog.text
