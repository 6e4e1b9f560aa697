"""A card's colour says what its title says, and no form cuts what it asks."""

import pytest

from bot.chats.discord.button import FORMS
from bot.chats.discord.layout import sheet
from bot.core.card import Card
from bot.core.chat import Message
from engine.api import Severity

RED, AMBER, GREEN, GREY = 0xE02F2F, 0xE67E22, 0x2ECC71, 0x4E5058


@pytest.mark.parametrize(
    ("title", "severity", "colour"),
    [
        ("🟢 COPYING", None, GREEN),
        ("🟥 FLATTEN all", None, RED),
        ("SIZE ALPHA to 2x", None, GREY),
        ("🟢 P1 DRILL", Severity.P1, GREEN),
        ("No right to it", Severity.P2, AMBER),
        ("🟠 P2 ROGUE TRADE", Severity.P2, AMBER),
        ("🟠 a line", Severity.P5, AMBER),
    ],
)
def test_no_green_bar_stands_beside_what_is_not_well(title: str, severity: Severity | None, colour: int) -> None:
    (box,) = sheet(Message(chat="discord:1", card=Card(title=title, severity=severity))).view.to_components()
    assert box["accent_color"] == colour


def test_no_question_of_a_form_is_cut() -> None:
    assert [blank.label for _, blanks in FORMS.values() for blank in blanks if len(blank.label) > 45] == []
