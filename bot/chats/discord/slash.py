"""Slash commands, made from the bot's own menu: the hot ones at the top, the others in groups, arguments by name."""

import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

import discord
from discord import app_commands

from bot.core.chat import Entry, Field
from bot.core.menu import line_of

GROUPS = {"See": "view", "Slow": "ctl", "Fast": "ctl", "Respond": "alert", "Self": "me", "Rights": "adm"}
ABOUT = {
    "view": "Look at the desk",
    "ctl": "Slow down, speed up",
    "alert": "Answer alerts",
    "me": "Your own settings",
    "adm": "People and chats",
}
ACTING = frozenset({"ctl", "adm"})
MOST = 25
LONGEST = 100

ASK = "Act on this alert"

Asked = Callable[[discord.Interaction[Any], discord.Message], Awaitable[None]]
Typed = Callable[[discord.Interaction[Any], str, Entry], Awaitable[None]]
Suggest = Callable[[discord.Interaction[Any], Field, str], list[str]]


def acts(entry: Entry) -> bool:
    """Say whether everybody in the channel sees what it does."""
    return GROUPS.get(entry.family) in ACTING


def fill(
    tree: app_commands.CommandTree[Any], menu: Iterable[Entry], guild: int, typed: Typed, suggest: Suggest
) -> None:
    """Give the server every command of the menu; the demo's own are left out."""
    where = discord.Object(guild)
    tree.clear_commands(guild=where)
    waiting: dict[str, list[Entry]] = {}
    for entry in menu:
        group = GROUPS.get(entry.family)
        if group is None:
            continue
        if entry.is_hot:
            tree.add_command(_command(entry, typed, suggest), guild=where)
        else:
            waiting.setdefault(group, []).append(entry)
    for name, entries in waiting.items():
        for part in range(0, len(entries), MOST):
            number = part // MOST
            group_of: app_commands.Group = app_commands.Group(
                name=f"{name}{number + 1}" if number else name, description=ABOUT[name]
            )
            for entry in entries[part : part + MOST]:
                group_of.add_command(_command(entry, typed, suggest))
            tree.add_command(group_of, guild=where)


def long_press(asked: Asked) -> app_commands.ContextMenu:
    """What a long press on a message offers."""

    async def run(interaction: discord.Interaction[Any], message: discord.Message) -> None:
        await asked(interaction, message)

    return app_commands.ContextMenu(name=ASK, callback=run)


def _command(entry: Entry, typed: Typed, suggest: Suggest) -> app_commands.Command[Any, ..., None]:
    async def run(interaction: discord.Interaction[Any], /, **given: str) -> None:
        await typed(interaction, line_of(entry, given), entry)

    parts = [inspect.Parameter("interaction", inspect.Parameter.POSITIONAL_OR_KEYWORD)]
    for field in entry.fields:
        default: Any = inspect.Parameter.empty if _must_be_given(field, entry) else ""
        parts.append(inspect.Parameter(field.name, inspect.Parameter.KEYWORD_ONLY, annotation=str, default=default))
    run.__signature__ = inspect.Signature(parts)  # type: ignore[attr-defined]  # the library reads options from it
    about = {field.name: field.about[:LONGEST] or field.name for field in entry.fields}
    choices = {
        field.name: [app_commands.Choice(name=word, value=word) for word in field.choices]
        for field in entry.fields
        if 0 < len(field.choices) <= MOST
    }
    completing = {field.name: _completer(field, suggest) for field in entry.fields if field.name not in choices}
    _decorate(run, about, choices, completing)
    return app_commands.Command(name=entry.name, description=entry.summary[:LONGEST] or entry.name, callback=run)


def _must_be_given(field: Field, entry: Entry) -> bool:
    """Whose accounts are meant may be left out where nothing else is asked: the answer is a list of them."""
    is_alone = not any(other.is_needed for other in entry.fields if other is not field)
    return field.is_needed and not (field.kind == "scope" and is_alone)


def _decorate(
    run: Any,
    about: Mapping[str, str],
    choices: Mapping[str, list[app_commands.Choice[str]]],
    completing: Mapping[str, Any],
) -> None:
    if about:
        app_commands.describe(**about)(run)
    if choices:
        app_commands.choices(**choices)(run)
    if completing:
        app_commands.autocomplete(**completing)(run)


def _completer(field: Field, suggest: Suggest) -> Any:
    async def complete(interaction: discord.Interaction[Any], current: str) -> list[app_commands.Choice[str]]:
        found = [word for word in suggest(interaction, field, current) if 0 < len(word) <= LONGEST]
        return [app_commands.Choice(name=word, value=word) for word in found[:MOST]]

    return complete
