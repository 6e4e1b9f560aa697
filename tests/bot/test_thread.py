"""The place beside each P1's card, over both platforms' true libraries: written, acted in, closed, veiled, refused."""

import asyncio
from collections.abc import Coroutine
from functools import partial
from pathlib import Path
from typing import Any

from bot.config import ChatSettings
from bot.core.access import RoomKind
from bot.storage.people import PeopleStore
from engine.api import Severity
from tests.bot.both import DESKS, GROUP, PEOPLE, opened
from tests.bot.discord.server import ALL_PERMISSIONS, CHANNEL
from tests.leap import leap

P1, P3 = Severity.P1, Severity.P3
LUIS, VERA = PEOPLE["Luis"], PEOPLE["Vera"]
CREATE_THREADS = 1 << 35
OPS = dict.fromkeys(DESKS, (RoomKind.OPS, "P3"))
ORDER = ("fired", "ack", "note", "over", "resolved")
desk = partial(opened, is_strict=False, rooms=DESKS)


def run(story: Coroutine[Any, Any, None]) -> None:
    leap(story)


def test_a_p1_has_its_place_where_its_history_is_written_and_which_closes_with_it(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk(tmp_path) as both:
            both.tell("dd.fail", P1, "ALPHA", text="ALPHA not flat")
            await both.until(lambda: both.said("fired P1 ALPHA not flat"))
            (topic,), (thread,) = both.topics(), both.threads()
            assert both.group.names[topic] == both.discord.threads[thread]["name"] == "A-1 NOT PROVEN FLAT ALPHA"
            assert both.discord.threads[thread]["parent"] == CHANNEL
            assert any(post.number == thread and "NOT PROVEN FLAT" in post.text for post in both.discord.posts)
            both.telegram.say(GROUP, LUIS[1], "/ack 15m on it", thread=topic)
            await both.until(lambda: both.said("Luis ack until", "on it"))
            both.telegram.say(GROUP, LUIS[1], "/note 2 contracts left", thread=topic)
            await both.until(lambda: both.said("Luis note 2 contracts left"))
            both.tell("dd.flat", P3, "ALPHA", text="ALPHA is flat")
            await both.until(lambda: both.said("over ALPHA is flat"))
            await both.until(lambda: both.said("resolved ALPHA is flat"))
            await both.until(lambda: topic in both.group.shut and both.discord.threads[thread]["archived"])
            assert all(post.is_silent for post in both.group.bots if post.thread == topic and " fired " in post.text)
            for lines in (both.topics()[topic], both.threads()[thread]):
                found = [word for line in lines for word in ORDER if f" {word} " in line and line[0].isdigit()]
                assert found == list(ORDER), lines

    run(story())


def test_in_its_place_the_rights_and_the_veil_of_its_room_hold(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk(tmp_path, is_redacted=True) as both:
            both.tell("eng.guard", P1, "ALPHA", text="ALPHA is down 1,234.56")
            await both.until(lambda: both.said("fired P1 ALPHA is down ••"))
            (topic,), (thread,) = both.topics(), both.threads()
            both.telegram.say(GROUP, VERA[1], "/resolve because", thread=topic)
            await both.until(lambda: any("needs the role trader" in line for line in both.topics()[topic]))
            await both.discord.slash("alert resolve reason=because", VERA[2], thread)
            await both.until(lambda: any("needs the role trader" in line for line in both.threads()[thread]))
            assert not both.said("resolved")
            await both.discord.slash("alert note text=lost_1,234.56", LUIS[2], thread)
            await both.until(lambda: both.said("Luis note lost_••"))
            await both.discord.slash("ack", LUIS[2], thread)
            await both.until(lambda: both.said("Luis ack until"))
            room = [*both.group.bots, *(post for post in both.discord.posts if post.channel in (CHANNEL, thread))]
            assert [post.text for post in room if "1,234" in post.text] == []

    run(story())


def test_a_desk_that_wants_no_places_has_none(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk(tmp_path, chat=ChatSettings(threads=False)) as both:
            both.tell("eng.guard", P1, "ALPHA")
            await both.until(lambda: all(both.cards("GUARD FAILED")))
            both.telegram.say(LUIS[1], LUIS[1], "/ack A-1")
            await both.until(lambda: all(both.cards("GUARD FAILED", "Luis has it")))
            await asyncio.sleep(20)
            assert (both.topics(), both.threads()) == ({}, {})

    run(story())


def test_a_right_that_is_missing_is_told_once_a_day(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk(tmp_path) as both:
            both.group.may_topics = False
            both.discord.permissions = ALL_PERMISSIONS & ~CREATE_THREADS
            for account in ("ALPHA", "BRAVO", "CHARLIE"):
                both.tell("eng.guard", P1, account)
                await asyncio.sleep(10)
                both.telegram.say(LUIS[1], LUIS[1], "/ack all 12h")
                await asyncio.sleep(10)
            missing = [one for one in both.tries if "RIGHT MISSING" in one.text.split("\n")[0] and not one.is_edit]
            assert all("P3" in one.text for one in missing)
            told = [
                (chat, about)
                for chat in DESKS
                for one in missing
                for about in DESKS
                if one.chat == chat and about in one.text
            ]
            assert sorted(told) == sorted((chat, about) for chat in DESKS for about in DESKS), missing
            assert (both.topics(), both.threads()) == ({}, {})

    run(story())


def test_a_place_is_bound_to_its_alert_and_to_nothing_else(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk(tmp_path, rooms=OPS) as both:
            both.tell("eng.guard", P1, "ALPHA")
            await both.until(lambda: both.said("fired P1"))
            (topic,) = both.topics()
            both.telegram.say(GROUP, LUIS[1], "/bind team", thread=topic)
            await both.until(lambda: any("this is the place of A-1" in line for line in both.topics()[topic]))
            base = both.database()
            assert {(room.chat, room.kind) for room in PeopleStore(base).rooms()} == {
                (chat, kind) for chat, (kind, _) in OPS.items()
            }
            base.close()

    run(story())
