"""A service that refuses for a while: nothing is lost, no other chat waits for it, money at risk is first when it is over."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.api import Severity
from tests.bot.both import GROUP, ROOMS, Both, opened
from tests.bot.discord.limit import Storm
from tests.bot.discord.server import CHANNEL
from tests.leap import leap

LASTS_S = 40.0
HERE = {"telegram": f"telegram:{GROUP}", "discord": f"discord:{CHANNEL}"}


def telegram(after: int | None, *chats: int) -> Callable[[Both], None]:
    def begin(both: Both) -> None:
        both.telegram.storm = (both.clock.monotonic() + LASTS_S, frozenset(chats), after)

    return begin


def discord(kind: str, after: float | None, *channels: int) -> Callable[[Both], None]:
    def begin(both: Both) -> None:
        ends = both.clock.monotonic() + LASTS_S
        both.discord.limit.storms.append(Storm(kind, ends, after, frozenset(channels)))

    return begin


STORMS = {
    "telegram, one group": ("telegram", telegram(5, GROUP)),
    "telegram, one group, no word how long": ("telegram", telegram(None, GROUP)),
    "telegram, all": ("telegram", telegram(7)),
    "discord, one channel": ("discord", discord("channel", 1.0, CHANNEL)),
    "discord, one channel, longer than the library waits": ("discord", discord("channel", 35.0, CHANNEL)),
    "discord, global": ("discord", discord("global", 2.0)),
    "discord, front door": ("discord", discord("door", 20.0)),
    "discord, front door, no word how long": ("discord", discord("door", None)),
}


@pytest.mark.parametrize("name", STORMS)
def test_a_storm_of_429_loses_nothing_and_delays_no_other_chat(tmp_path: Path, name: str) -> None:
    leap(_stormy(tmp_path, *STORMS[name], is_one="one" in name.split()))


async def _stormy(home: Path, platform: str, begin: Callable[[Both], None], *, is_one: bool) -> None:
    async with opened(home, is_strict=False) as both:
        await asyncio.sleep(20)
        for number in range(3):
            both.engine.copy(f"before-{number}", number + 1)
        await asyncio.sleep(10)
        begin(both)
        for number in range(6):
            both.engine.copy(f"copy-{number}", number + 1)
        both.tell("exec.slip", Severity.P3, "LATER")
        await asyncio.sleep(5)
        both.tell("rogue.stuck", Severity.P1, "GRAVE")
        await asyncio.sleep(10)
        both.tell("eng.guard", Severity.P1, "WORSE")
        await asyncio.sleep(100)
        assert [row for row in both.waiting() if row[1] != "waiting"] == []
        stormed = HERE[platform]
        for chat in ROOMS:
            texts = both.texts(chat)
            for account in ("GRAVE", "WORSE", "LATER"):
                assert any(account in text for text in texts), f"{account} in {chat}"
            is_refused = chat.startswith(stormed) if is_one else chat.startswith(platform)
            if not is_refused:
                for account in ("GRAVE", "WORSE"):
                    first = next(one for one in both.tries if one.chat == chat and account in one.text)
                    assert first.at - both.told[account][0] < 2.0, f"{account} in {chat}: {first}"
        new = both.texts(stormed)
        grave, later = (next(place for place, text in enumerate(new) if name in text) for name in ("GRAVE", "LATER"))
        assert grave < later
