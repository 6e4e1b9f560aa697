"""What to do about a 429 of Discord: wait for one channel, or for all of it."""

from types import SimpleNamespace
from typing import Any

import discord
import pytest
from multidict import CIMultiDict

from bot.chats.discord.fault import BANNED_S, fault
from bot.core.chat import LaterError

HEADERS: tuple[tuple[dict[str, str], bool, float], ...] = (
    ({"Via": "1.1 google", "Retry-After": "2.5"}, False, 2.5),
    ({"via": "1.1 google", "retry-after": "2.5", "x-ratelimit-global": "true"}, True, 2.5),
    ({"Retry-After": "30"}, True, 30.0),
    ({}, True, BANNED_S),
    ({"Retry-After": "Mon, 23 Nov 2026 14:30:00 GMT"}, True, BANNED_S),
)


@pytest.mark.parametrize(("headers", "is_whole", "after_s"), HEADERS)
def test_a_429_closes_one_channel_unless_it_is_everybodys(
    headers: dict[str, str], is_whole: bool, after_s: float
) -> None:
    response: Any = SimpleNamespace(status=429, reason="Too Many Requests", headers=CIMultiDict(headers))
    found = fault(discord.HTTPException(response, "slow down"), is_edit=False)
    assert isinstance(found, LaterError)
    assert (found.is_whole, found.after_s) == (is_whole, after_s)
