"""What people and platforms do to the desk's rooms, and how it mends: moved, deleted, put out, hanging; over true libraries."""

import asyncio
from collections.abc import Coroutine
from functools import partial
from pathlib import Path
from typing import Any

from bot.core.access import RoomKind
from bot.storage.people import PeopleStore
from engine.api import Severity
from tests.bot.both import DESKS, GROUP, PEOPLE, Both, opened
from tests.bot.discord.server import CHANNEL
from tests.leap import leap

P1, P2, P3 = Severity.P1, Severity.P2, Severity.P3
LUIS = PEOPLE["Luis"][1]
NEW, STANDING = -100900, 9
TOPIC = {f"telegram:{GROUP}/{STANDING}": (RoomKind.DESK, "P3"), f"discord:{CHANNEL}": (RoomKind.DESK, "P4")}
desk = partial(opened, is_strict=False, rooms=DESKS)


def run(story: Coroutine[Any, Any, None]) -> None:
    leap(story)


def test_a_group_that_moved_takes_its_binding_and_its_open_cards_along(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk(tmp_path) as both:
            both.tell("eng.guard", P1, "ALPHA")
            await both.until(lambda: both.said("fired P1"))
            new = both.telegram.room(NEW)
            new.is_forum = True
            both.telegram.migrate(GROUP, NEW)
            await both.until(lambda: any("GUARD FAILED" in post.text for post in new.bots))
            await both.until(lambda: any("COPYING" in post.text for post in new.bots) and new.pinned)
            base = both.database()
            assert {room.chat for room in PeopleStore(base).rooms()} == {f"telegram:{NEW}", f"discord:{CHANNEL}"}
            base.close()
            await asyncio.sleep(3)
            card = next(post for post in new.bots if "GUARD FAILED" in post.text and post.keys)
            both.telegram.press(NEW, LUIS, card, card.data("✅ Ack 15m"))
            await both.until(lambda: "Luis has it" in card.text)
            await both.until(lambda: both.cards("GUARD FAILED", "Luis has it")[1])
            await both.until(lambda: any("Luis ack" in post.text for post in new.bots if post.thread))
            (topic,) = new.threads
            lines = [line for post in new.bots if post.thread == topic for line in post.text.split("\n")]
            assert [sum(word in line for line in lines) for word in ("fired P1", "Luis ack")] == [1, 1], lines

    run(story())


def test_a_move_that_the_first_card_meets_is_followed(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk(tmp_path) as both:
            await asyncio.sleep(5)
            new = both.telegram.room(NEW)
            both.telegram.migrate(GROUP, NEW, is_told=False)
            both.tell("eng.guard", P1, "ALPHA")
            await both.until(lambda: any("GUARD FAILED" in post.text for post in new.bots))
            await asyncio.sleep(3)
            (card,) = [post for post in new.bots if "GUARD FAILED" in post.text]
            both.telegram.press(NEW, LUIS, card, card.data("✅ Ack 15m"))
            await both.until(lambda: "Luis has it" in card.text)

    run(story())


def test_what_people_delete_stands_there_again(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk(tmp_path) as both:
            await both.until(lambda: both.group.pinned and both.discord.pins)
            board, there = both.group.posts.pop(both.group.pinned[0]), both.discord.find(both.discord.pins[0], CHANNEL)
            both.discord.posts.remove(there)
            await both.until(lambda: len(both.group.pinned) > 1 and len(both.discord.pins) > 1, 90)
            assert board.number not in both.group.pinned[1:]
            assert "COPYING" in both.group.posts[both.group.pinned[-1]].text
            assert "COPYING" in both.discord.find(both.discord.pins[-1], CHANNEL).text
            both.tell("eng.guard", P1, "ALPHA")
            await both.until(lambda: both.said("fired P1"))
            ours, theirs = both.cards("GUARD FAILED")
            assert ours is not None
            assert theirs is not None
            del both.group.posts[ours.number]
            both.discord.posts.remove(theirs)
            both.telegram.say(LUIS, LUIS, "/ack A-1 mine")
            await both.until(lambda: all(both.cards("GUARD FAILED", "Luis has it")))
            again, there_again = both.cards("GUARD FAILED", "Luis has it")
            assert again is not None
            assert again.number != ours.number
            assert there_again is not None
            assert there_again.number != theirs.number

    run(story())


def test_a_place_that_was_deleted_is_made_anew_once_and_its_lines_are_not_lost(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk(tmp_path) as both:
            both.tell("eng.guard", P1, "ALPHA")
            await both.until(lambda: both.said("fired P1"))
            (topic,), (thread,) = both.topics(), both.threads()
            both.telegram.delete_topic(GROUP, topic)
            both.discord.delete_thread(thread)
            both.telegram.say(LUIS, LUIS, "/note A-1 first")
            await both.until(lambda: both.said("Luis note first"))
            (topic,), (thread,) = both.topics(), both.threads()
            both.telegram.say(GROUP, LUIS, "/note second", thread=topic)
            await both.until(lambda: both.said("Luis note second"))
            both.telegram.delete_topic(GROUP, topic)
            both.discord.delete_thread(thread)
            both.telegram.say(LUIS, LUIS, "/note A-1 third")
            await asyncio.sleep(30)
            assert (both.topics(), both.threads()) == ({}, {})  # whoever does so twice does not want it
            assert [row for row in both.waiting() if row[1] != "waiting"] == []

    run(story())


def test_a_standing_topic_that_was_deleted_is_made_anew_and_told(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk(tmp_path, rooms=TOPIC) as both:
            both.tell("eng.guard", P1, "ALPHA")
            await both.until(lambda: both.said("fired P1"))
            both.telegram.delete_topic(GROUP, STANDING)
            both.telegram.say(LUIS, LUIS, "/ack A-1 mine")
            await both.until(lambda: both.cards("GUARD FAILED", "Luis has it")[0])
            card, _ = both.cards("GUARD FAILED")
            assert card is not None
            assert both.group.names[card.thread or 0] == "Lockstep"
            await both.until(lambda: any("is gone: a new one was made" in one.text for one in both.discord.posts))
            await asyncio.sleep(3)
            both.telegram.press(GROUP, LUIS, card, card.data("↩ Unack"))
            await both.until(lambda: both.said("Luis unack"))

    run(story())


def test_where_no_topic_can_be_made_the_card_stands_in_the_group_and_its_buttons_work(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk(tmp_path, rooms=TOPIC) as both:
            await asyncio.sleep(5)
            both.group.may_topics = False
            both.telegram.delete_topic(GROUP, STANDING)
            both.tell("eng.guard", P1, "ALPHA")
            await both.until(lambda: both.cards("Its topic is gone.", "GUARD FAILED")[0])
            await asyncio.sleep(3)
            card, _ = both.cards("Its topic is gone.", "GUARD FAILED")  # it still says so, after edits
            assert card is not None
            assert (card.thread, card.edits) == (None, 1)
            both.telegram.press(GROUP, LUIS, card, card.data("✅ Ack 15m"))
            await both.until(lambda: "Luis has it" in card.text)

    run(story())


def test_put_out_of_the_group_is_told_on_the_other_platform_and_not_tried_for_ever(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk(tmp_path) as both:
            both.tell("eng.guard", P1, "ALPHA")
            await both.until(lambda: both.said("fired P1"))
            both.telegram.join(GROUP, LUIS, old="member", new="kicked")
            both.telegram.say(LUIS, LUIS, "/ack A-1 12h mine")
            await both.until(lambda: both.cards("NOT DELIVERED")[1])
            await asyncio.sleep(60)
            since = both.clock.monotonic()
            await asyncio.sleep(400)
            late = [one for one in both.tries if one.at > since and one.chat.startswith(f"telegram:{GROUP}")]
            assert len(late) <= 2, late

    run(story())


def pushed(both: Both) -> list[str]:
    """What the P1's card says of its delivery, on each platform."""
    lines = [one.text.split("pushed ")[-1].split("\n")[0] for one in both.cards("GUARD FAILED") if one is not None]
    return [line for line in lines if "TG" in line or "DC" in line]


def test_a_card_says_how_long_it_took_to_each_platform_with_one_edit(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk(tmp_path) as both:
            await asyncio.sleep(5)
            both.tell("eng.guard", P1, "ALPHA")
            await both.until(lambda: len(pushed(both)) == 2)
            assert len(set(pushed(both))) == 1
            assert all(word in pushed(both)[0] for word in ("TG 0.", "DC 0.", " s · "))
            await asyncio.sleep(20)
            ours, theirs = both.cards("GUARD FAILED")
            assert ours is not None
            assert theirs is not None
            assert (ours.edits, theirs.edits) == (1, 1)

    run(story())


def test_a_platform_that_answers_late_costs_one_edit_as_well(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk(tmp_path) as both:
            await asyncio.sleep(5)
            both.telegram.is_hanging = True
            both.tell("eng.guard", P1, "ALPHA")
            await asyncio.sleep(4)
            both.telegram.is_hanging = False
            await both.until(lambda: len(pushed(both)) == 2)
            await asyncio.sleep(5)
            ours, theirs = both.cards("GUARD FAILED")
            assert ours is not None
            assert theirs is not None
            assert (ours.edits, theirs.edits) == (1, 1)

    run(story())


def test_a_platform_that_hangs_is_told_on_the_other_once(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk(tmp_path) as both:
            await asyncio.sleep(5)
            both.telegram.is_hanging = True
            both.tell("eng.guard", P1, "ALPHA")
            await both.until(lambda: both.cards("GUARD FAILED")[1])
            began = both.clock.monotonic()
            await both.until(lambda: any("TG not yet" in line for line in pushed(both)))
            assert 28 < both.clock.monotonic() - began < 35
            await both.until(lambda: both.cards("NOT DELIVERED")[1], 10)
            await asyncio.sleep(25)
            both.telegram.is_hanging = False
            await both.until(lambda: len(pushed(both)) == 2 and not any("not yet" in line for line in pushed(both)))
            assert len(set(pushed(both))) == 1
            dead = [one for one in both.tries if "NOT DELIVERED" in one.text.split("\n")[0] and not one.is_edit]
            assert [one.chat for one in dead if one.chat.startswith(f"discord:{CHANNEL}")] == [f"discord:{CHANNEL}"]
            assert "P1" in dead[0].text
            assert (both.history(1).count("late"), both.history(2).count("fired")) == (1, 1)

    run(story())
