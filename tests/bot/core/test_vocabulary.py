"""Every word that a desk may expect is a command, or the page on the phone says what to write instead."""

import re
from pathlib import Path

import pytest

import bot.commands
from bot.core.card import CARD_CELLS, cells, plain
from bot.core.command import find, find_commands, nearest, split_line
from bot.core.elsewhere import ELSEWHERE
from bot.core.render.word import command_card, unknown_card

WORDS = {
    "status": "s ?",
    "accounts": "acc",
    "account": "a",
    "positions": "pos p",
    "orders": "o",
    "pnl": "",
    "risk": "r",
    "copies": "last",
    "desync": "diff",
    "alerts": "al",
    "alert": "",
    "news": "",
    "locks": "wcid",
    "since": "",
    "health": "ping",
    "report": "",
    "chart": "",
    "audit": "",
    "whoami": "",
    "who": "",
    "help": "menu",
    "version": "",
    "pause": "p15 p30 hold",
    "newspause": "np",
    "plan": "",
    "size": "",
    "limit": "",
    "off": "disable",
    "freeze": "lock shush",
    "close": "",
    "flatten": "flat",
    "resume": "go",
    "sync": "resync",
    "on": "enable",
    "unlock": "",
    "ack": "",
    "unack": "",
    "escalate": "",
    "assign": "",
    "snooze": "",
    "mute": "",
    "note": "",
    "resolve": "",
    "oncall": "",
    "handover": "",
    "drill": "",
    "undo": "",
    "quiet": "",
    "notify": "",
    "redact": "",
    "tz": "",
    "arm": "",
    "pair": "",
    "invite": "",
    "role": "",
    "revoke": "",
    "bind": "",
    "route": "",
    "totp": "",
    "lockdown": "",
}
PAGE = Path("docs/phone.md").read_text(encoding="utf-8")
COMMANDS = find_commands(bot.commands)


@pytest.mark.parametrize("name", WORDS)
def test_a_word_and_its_short_forms_are_one_command(name: str) -> None:
    for word in (name, *WORDS[name].split()):
        verb, _ = split_line(f"/{word}")
        command = find(COMMANDS, verb)
        assert command is not None, word
        assert command.name == name


def test_p15_pauses_for_a_quarter_of_an_hour_and_takes_a_reason() -> None:
    assert split_line("/p15 NFP") == ("pause", ["15m", "NFP"])
    assert split_line("P30 ALPHA") == ("pause", ["30m", "ALPHA"])


@pytest.mark.parametrize("name", ELSEWHERE)
def test_a_word_that_there_is_not_says_what_to_write_instead_in_the_chat_and_on_the_page(name: str) -> None:
    assert find(COMMANDS, name) is None
    assert nearest(COMMANDS, name) == []
    card = unknown_card(name, [])
    assert ELSEWHERE[name] in card.lines
    assert all(cells(line) <= CARD_CELLS for line in plain(card))
    assert all(find(COMMANDS, word) for word in re.findall(r"/([a-z]+)", ELSEWHERE[name]))
    row = re.search(rf"^\| .*`/{name}`.* \| (.+) \|$", PAGE, re.MULTILINE)
    assert row is not None
    assert len(row[1]) > 20


def test_undo_is_promised_of_acts_at_the_desk_alone() -> None:
    assert "Undo for 60 s" in command_card(COMMANDS["pause"]).footer
    assert command_card(COMMANDS["drill"]).footer == "at once · risk"


def test_every_command_stands_on_the_page() -> None:
    families = " ".join(re.findall(r"^\| \w+ \| `([a-z ]+)` \|", PAGE, re.MULTILINE)).split()
    demo = {command.name for command in COMMANDS.values() if command.needs_venue}
    assert sorted(set(COMMANDS) - demo - set(families)) == []
