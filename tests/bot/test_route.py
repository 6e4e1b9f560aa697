"""Routes over both platforms' true libraries: set in private, heard in the named room alone, and a test of what arrives."""

from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from engine.api import Severity
from tests.bot.both import GROUP, PEOPLE, TRADES, Both, opened
from tests.bot.discord.server import CHANNEL
from tests.bot.telegram.server import Post
from tests.leap import leap

P2 = Severity.P2
_, LUIS, _ = PEOPLE["Luis"]


def run(story: Coroutine[Any, Any, None]) -> None:
    leap(story)


async def on_telegram(both: Both, line: str) -> Post:
    """Write it in private; what is to be confirmed."""
    room = both.telegram.rooms[LUIS]
    before = len(room.bots)
    both.telegram.say(LUIS, LUIS, line)
    await both.until(lambda: any("Confirm" in post.buttons for post in room.bots[before:]))
    return next(post for post in room.bots[before:] if "Confirm" in post.buttons)


async def sure_on_telegram(both: Both, line: str, word: str) -> None:
    """Write it and confirm it; a short answer stands in the press's box."""
    asked = await on_telegram(both, line)
    said = ""
    while "just changed" in said or not said:
        query = both.telegram.press(LUIS, LUIS, asked, asked.data("Confirm"))
        await both.until(lambda query=query: query in both.telegram.boxes)
        said = both.telegram.boxes[query]
    assert word in said


def said(both: Both, word: str) -> bool:
    """Say whether Luis reads it in private."""
    return any(word in text for text in both.texts(f"telegram:@{LUIS}"))


def heard(both: Both, word: str) -> set[str]:
    """Rooms that show it."""
    return {room for room in both.rooms if any(word in text for text in both.texts(room))}


def test_a_kind_of_alert_goes_to_the_named_room_alone_on_either_platform(tmp_path: Path) -> None:
    async def story() -> None:
        async with opened(tmp_path, is_strict=False) as both:
            topic, channel = f"telegram:{GROUP}/{TRADES}", f"discord:{CHANNEL}"
            await sure_on_telegram(both, f"/route {topic} #trades", "is called #trades")
            await sure_on_telegram(both, "/route copy. #trades", "copy. goes to #trades")
            both.tell("copy.reject", P2, "ALPHA")
            await both.until(lambda: heard(both, "ORDER REFUSED"))
            await sure_on_telegram(both, "/route copy. off", "rooms of its severity again")
            await sure_on_telegram(both, f"/route copy. {channel}", "copy. goes to desk")
            both.tell("copy.stopped", P2, "BRAVO")
            await both.until(lambda: heard(both, "ENTRIES STOPPED"))
            both.tell("dd.warn", P2, "ALPHA")  # what is routed nowhere goes to all of them
            await both.until(lambda: heard(both, "NEAR A LIMIT") == {*both.rooms})
            assert heard(both, "ORDER REFUSED") == {topic}
            assert heard(both, "ENTRIES STOPPED") == {channel}

    run(story())


def test_a_test_says_what_was_delivered_on_both_platforms(tmp_path: Path) -> None:
    async def story() -> None:
        async with opened(tmp_path, is_strict=False) as both:
            both.telegram.say(LUIS, LUIS, "/route test")
            await both.until(lambda: said(both, "10 of 10 delivered"))
            assert said(both, f"✔ desk telegram:{GROUP}")
            assert said(both, "✔ Ana on discord")
            assert heard(both, "ROUTE TEST by Luis") == {*both.rooms}
            assert all(one.is_silent for one in both.tries if "ROUTE TEST by Luis" in one.text)
            both.group.is_out = True
            both.telegram.say(LUIS, LUIS, "/route test")
            await both.until(lambda: said(both, "8 of 10 delivered"))
            assert said(both, f"✖ desk telegram:{GROUP}")

    run(story())
