"""A thousand copies and fifty alerts through both services' limits: nothing refused, nothing lost, money at risk first."""

from pathlib import Path

import pytest

from engine.api import Severity
from tests.bot.both import ROOMS
from tests.scenarios.load import COPIES, LOST, PLATFORMS, Load, loaded


def test_a_busy_desk_meets_no_limit_and_what_is_grave_goes_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    load = loaded(tmp_path)
    both = load.both
    with capsys.disabled():
        print(f"\n{load.rows()}")
    assert (both.telegram.limited, both.discord.limit.limited) == ([], [])
    for platform in PLATFORMS:
        firsts = [*load.firsts(platform)]
        assert [told.name for told, first in firsts if first is None] == []  # every alert was shown
    assert load.worst_p1(is_grouped=False) < 1.0
    assert load.worst_p1(is_grouped=True) < 2.0
    assert both.waiting() == []
    assert overtaken(load) == []
    for chat, (_, floor) in ROOMS.items():
        pushes = [one for one in both.tries if one.chat == chat and LOST in one.text and not one.is_edit]
        assert pushes, chat
        if floor == "P4":
            assert load.counted(chat) == COPIES
            cards = [one for one in both.tries if one.chat == chat and is_trade(one.text)]
            assert len(cards) < COPIES / 4


def overtaken(load: Load) -> list[str]:
    """Lines of trades that left for a chat while a P1, whose wait was over, had not."""
    found = []
    for chat in ROOMS:
        here = [one for one in load.both.tries if one.chat == chat]
        for told in load.told:
            first = next((one for one in here if told.name in one.text and told.severity is Severity.P1), None)
            if first is not None:
                ready = told.at + (1.6 if told.wait_s else 0.6)  # a breath of the stream, and its row's wait
                found += [f"{told.name}: {one}" for one in here if ready < one.at < first.at and is_trade(one.text)]
    return found


def is_trade(text: str) -> bool:
    return "copies" in text or " BUY " in text
