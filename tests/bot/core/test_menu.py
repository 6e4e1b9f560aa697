"""Menus: every command that there is can be listed, and read back from what a menu gives."""

import bot.commands
from bot.core.command import find_commands
from bot.core.menu import KINDS, entries, line_of
from bot.core.words import KINDS as WORDS


def test_every_command_has_an_entry_whose_fields_make_its_line() -> None:
    commands = find_commands(bot.commands)
    found = entries(commands.values())
    assert {entry.name for entry in found} == {command.name for command in commands.values()}
    for entry in found:
        assert 1 <= len(entry.summary) <= 256
        given = {field.name: "x" for field in entry.fields}
        assert line_of(entry, given).split() == [f"/{entry.name}", *("x" for _ in entry.fields)]


def test_every_kind_of_word_is_explained() -> None:
    assert not WORDS.keys() - KINDS.keys()
