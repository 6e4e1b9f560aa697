"""Commands are found by their files; a typo finds the nearest."""

from pathlib import Path

import pytest

import bot.commands
from bot.core.access import Grant, Level, Person, Role, Room, RoomKind
from bot.core.card import CARD_CELLS, cells, plain
from bot.core.command import Command, find, find_commands, nearest, split_line
from bot.core.render.word import command_card, help_card
from bot.core.words import Context, Lexicon, Missing, Wrong, parse
from tests.bot.core.test_words import CHICAGO, NOW

COMMANDS = find_commands(bot.commands)
HERE = Lexicon(accounts=("LEAD-1", "ALPHA", "BRAVO"), groups=("NQ-MAIN",), tags=("funded",))
ROOM = Room(chat="tg:-1", kind=RoomKind.DESK)


def test_every_file_is_a_command() -> None:
    found = {path.stem for path in Path(bot.commands.__path__[0]).glob("[!_]*.py")}
    assert found == set(COMMANDS)
    assert {"status", "pause", "resume", "size", "close", "flatten", "risk", "help", "pair", "audit"} <= found


def test_names_and_aliases_are_unique() -> None:
    words = [word for command in COMMANDS.values() for word in (command.name, *command.aliases)]
    assert len(words) == len(set(words))


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_every_help_card_fits_and_its_examples_can_be_typed(command: Command) -> None:
    card = command_card(command)
    assert all(cells(line) <= CARD_CELLS for line in plain(card))
    for example in command.examples:
        verb, words = split_line(example)
        assert find(COMMANDS, verb) is command or command.name == "help"
        if words == ["?"]:
            continue
        context = Context(lexicon=HERE, now=NOW, zone=CHICAGO, exact=command.level is not Level.C0)
        if command.name != "help":
            assert not isinstance(parse(command.args, words, context), Wrong | Missing), example


def test_the_list_fits() -> None:
    card = help_card(COMMANDS, Person(id="local", name="Luis" * 20, grants=(Grant(role=Role.OWNER),)), ROOM)
    assert all(cells(line) <= CARD_CELLS for line in plain(card))


@pytest.mark.parametrize(
    ("typed", "meant"), [("pausse", "pause"), ("flaten", "flatten"), ("stat", "status"), ("posi", "positions")]
)
def test_a_typo_finds_the_nearest_verb(typed: str, meant: str) -> None:
    assert nearest(COMMANDS, typed)[0] == meant
    assert len(nearest(COMMANDS, typed)) <= 3


def test_lines_need_no_slash() -> None:
    assert split_line("  /Pause  ALPHA 15m ") == ("pause", ["ALPHA", "15m"])
    assert split_line("pause") == ("pause", [])
    assert split_line("/") == ("", [])
