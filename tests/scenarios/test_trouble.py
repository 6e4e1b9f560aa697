"""What goes wrong around an alert: a wedged line, a bot put out, a clock that jumps, a bot that was down; all is said."""

import asyncio
import re
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from engine.api import Severity
from tests.bot.both import GROUP, PEOPLE, Attempt, Both, opened
from tests.bot.discord.server import CHANNEL
from tests.leap import leap

P1, P2 = Severity.P1, Severity.P2
DESK, DESK_THERE = f"telegram:{GROUP}", f"discord:{CHANNEL}"
ANA, BEN = PEOPLE["Ana"][1], PEOPLE["Ben"][1]


def run(story: Coroutine[Any, Any, None]) -> None:
    leap(story)


def pushes(both: Both, chat: str, word: str, since: float) -> list[Attempt]:
    """Cards that were shown anew in a chat and name this in their title."""
    here = [one for one in both.tries if one.at >= since and one.chat == chat and not one.is_edit]
    return [one for one in here if word in one.text.split("\n")[0]]


def number(both: Both, account: str) -> str:
    """How people call an alert."""
    found = (re.search(r"A-\d+", one.text) for one in both.tries if account in one.text)
    return next(match[0] for match in found if match)


async def say(both: Both, text: str, who: int = ANA) -> None:
    both.telegram.say(who, who, text)
    await asyncio.sleep(3)


def test_a_wedged_line_is_told_on_the_other_platform_and_built_anew(tmp_path: Path) -> None:
    async def story() -> None:
        async with opened(tmp_path, is_strict=False) as both:
            await asyncio.sleep(30)
            await say(both, "/whoami")  # it was heard just now
            began, greeted = both.clock.monotonic(), both.telegram.count()["deleteWebhook"]
            both.telegram.is_wedged = True
            await both.until(lambda: pushes(both, DESK_THERE, "DEAF", began), 75)
            assert 40 < both.clock.monotonic() - began < 60  # 45 s, a look every five, and the row's own wait
            assert both.telegram.count()["deleteWebhook"] == greeted
            both.tell("rogue.stuck", P1, "STILL-SENT")
            await asyncio.sleep(2)
            assert pushes(both, DESK, "STILL-SENT", began)
            await both.until(lambda: both.telegram.count()["deleteWebhook"] > greeted, 60)
            assert 85 < both.clock.monotonic() - began < 100
            both.telegram.unwedge()
            await both.until(lambda: pushes(both, DESK_THERE, "over after", began), 120)
            await say(both, "/whoami", ANA)
            assert "Ana" in both.texts(f"telegram:@{ANA}")[-1]

    run(story())


def test_a_bot_put_out_of_a_group_or_blocked_by_a_person_is_told_elsewhere(tmp_path: Path) -> None:
    async def story() -> None:
        async with opened(tmp_path, is_strict=False) as both:
            await asyncio.sleep(90)
            began = both.clock.monotonic()
            both.telegram.rooms[ANA].is_out = True  # on call, and has blocked us
            both.tell("rogue.stuck", P1, "WHO-HEARS")
            await asyncio.sleep(10)
            (told,) = pushes(both, DESK_THERE, "NOT DELIVERED", began)
            assert "NOT DELIVERED · Ana on telegram" in told.text
            both.telegram.rooms[GROUP].is_out = True
            both.tell("eng.guard", P1, "WHO-ELSE")
            await asyncio.sleep(20)
            assert any(DESK in one.text for one in pushes(both, DESK_THERE, "NOT DELIVERED", began))
            dead = len([one for one in both.waiting() if one[1] == "dead"])
            await asyncio.sleep(240)
            more = len([one for one in both.waiting() if one[1] == "dead"]) - dead
            assert more < 60  # no loop: what could not be told of what was not told is not told

    run(story())


def test_a_clock_that_jumps_skips_no_step_repeats_none_and_ends_every_ack(tmp_path: Path) -> None:
    async def story() -> None:
        async with opened(tmp_path, is_strict=False) as both:
            await asyncio.sleep(5)
            both.tell("eng.guard", P1, "ACKED")
            await asyncio.sleep(5)
            await say(both, f"/ack {number(both, 'ACKED')} 15m")
            both.tell("rogue.stuck", P1, "NOBODY-HAS")
            await asyncio.sleep(5)
            back = both.clock.monotonic()
            both.clock.jump(-3600)
            await asyncio.sleep(130)
            ben = f"telegram:@{BEN}"
            assert len(pushes(both, f"telegram:@{ANA}", "NOBODY-HAS", back)) in (1, 2)  # after one minute, after two
            assert len(pushes(both, ben, "NOBODY-HAS", back)) == 1  # the deputy, after two
            assert not pushes(both, DESK, "ACKED", back)
            await asyncio.sleep(790)
            assert len(pushes(both, DESK, "ACKED", back)) == 1  # its quarter of an hour is over, and it asks again
            await say(both, "/ack all 2h")
            await asyncio.sleep(5)
            ahead = both.clock.monotonic()
            both.clock.jump(3 * 3600)
            await asyncio.sleep(30)
            for account in ("ACKED", "NOBODY-HAS"):
                assert len(pushes(both, DESK, account, ahead)) == 1

    run(story())


def test_what_came_due_while_the_bot_was_down_happens_at_its_start_in_order_and_once(tmp_path: Path) -> None:
    async def story() -> None:
        async with opened(tmp_path, is_strict=False) as both:
            await asyncio.sleep(5)
            names = ("STEP", "ACK-ENDS", "SNOOZE-ENDS", "REPEAT")
            for name, severity in zip(names, (P1, P2, P2, P2), strict=True):
                both.tell("copy.stopped", severity, name)
            await asyncio.sleep(5)
            await say(both, f"/ack {number(both, 'ACK-ENDS')} 5m")
            await say(both, f"/snooze {number(both, 'SNOOZE-ENDS')} 5m", PEOPLE["Luis"][1])
            await both.stop()
            down = both.clock.monotonic()
            both.tell("eng.guard", P1, "TOLD-MEANWHILE")
            await asyncio.sleep(2400)
            await both.start()
            await asyncio.sleep(20)
            first = {name: pushes(both, DESK, name, down) for name in (*names, "TOLD-MEANWHILE")}
            assert {name: len(found) for name, found in first.items()} == dict.fromkeys(first, 1)
            grave = [first["STEP"][0].at, first["TOLD-MEANWHILE"][0].at]
            assert max(grave) < min(first[name][0].at for name in names[1:])
            assert len(pushes(both, f"telegram:@{ANA}", "STEP", down)) == 1
            before = both.clock.monotonic()
            await asyncio.sleep(40)
            assert not [one for name in names for one in pushes(both, DESK, name, before)]

    run(story())
