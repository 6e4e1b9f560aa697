"""Every card builder with the longest and most hostile of everything that its types allow, as both platforms are sent it."""

import importlib
import inspect
import itertools
import pkgutil
import types
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from enum import Enum
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec
import pytest

import bot.commands
import bot.core.render
from bot.chats.telegram.html import ENTITIES, TEXT, layout, units
from bot.core.card import CARD_CELLS, TABLE_CELLS, Action, Card, cells, plain, table_lines
from bot.core.command import Command, find_commands
from bot.core.deed import NameRoom
from bot.core.dialogue import Intent
from tests.bot.discord.server import walk
from tests.bot.discord.test_text import sent as over_discord
from tests.bot.telegram.markup import read

NOW = datetime(2026, 11, 23, 19, 3, 12, tzinfo=UTC)
HOSTILE = "<b>&_*`~|@everyone #tag \u202e\u2066\n[x](http://x) <@5> " + "APEX-FUNDED-150K-ACCOUNT-7" * 9
MODULES = [
    importlib.import_module(f"bot.core.render.{one.name}") for one in pkgutil.iter_modules(bot.core.render.__path__)
]


HANDLES = itertools.count()
DIGITS = 6  # of a number pad
FIXED: dict[Any, Any] = {  # what is no outsider's word
    Command: find_commands(bot.commands)["route"],
    Intent: Intent(deed=NameRoom(chat=HOSTILE, name=HOSTILE), remarks=(HOSTILE,) * 3),
}


def builders() -> dict[str, Callable[..., Any]]:
    found: dict[str, Callable[..., Any]] = {}
    for module in MODULES:
        for name, one in inspect.getmembers(module, inspect.isfunction):
            if (
                one.__module__ == module.__name__
                and not name.startswith("_")
                and get_type_hints(one).get("return") is Card
            ):
                found[f"{module.__name__.rpartition('.')[2]}.{name}"] = one
    return found


def made(kind: Any, depth: int = 0) -> Any:
    """A value of a type, as long and as hostile as it may be."""
    if kind in FIXED:
        return FIXED[kind]
    if kind is Action:  # the handle is ours
        return Action(label=HOSTILE, key="k", handle=f"{next(HANDLES):016d}")
    origin, inner = get_origin(kind), get_args(kind)
    plain_values: dict[Any, Any] = {
        str: HOSTILE, int: 99_999, float: 99_999.5, bool: True, Decimal: Decimal("-123456789012.75"),
        datetime: NOW, date: NOW.date(), timedelta: timedelta(days=3), tzinfo: UTC, bytes: b"x", Any: HOSTILE,
    }  # fmt: skip
    if kind in plain_values:
        return plain_values[kind]
    if hasattr(kind, "__supertype__"):
        return made(kind.__supertype__, depth)
    if origin in (Union, types.UnionType):
        return made(next(one for one in inner if one is not type(None)), depth)
    if origin is tuple and len(inner) == 2 and inner[1] is Ellipsis:
        return tuple(made(inner[0], depth + 1) for _ in range(12 if depth == 0 else 3))
    if origin is tuple:
        return tuple(made(one, depth + 1) for one in inner)
    if origin in (Mapping, dict):
        return {made(inner[0], depth + 1): made(inner[1], depth + 1)}
    if origin in (list, Sequence, Iterable):
        return [made(inner[0], depth + 1)] * (12 if depth == 0 else 3)
    if origin in (set, frozenset, Container):
        return frozenset({made(inner[0], depth + 1)})
    if isinstance(kind, type) and issubclass(kind, Enum):
        return next(iter(kind))
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        hints = get_type_hints(kind)
        values = {name: made(hints[name], depth + 1) for name in kind.__struct_fields__}
        return kind(
            **{name: (0, 2, 6) if name == "weekly" and isinstance(one, tuple) else one for name, one in values.items()}
        )
    raise TypeError(f"no sample for {kind}")


@pytest.mark.parametrize("name", builders())
def test_whatever_is_told_fits_and_is_words_only(name: str) -> None:
    build = builders()[name]
    hints = get_type_hints(build)
    values = {one: made(hints[one]) for one in inspect.signature(build).parameters}
    card = build(**(values | {"typed": DIGITS} if name == "people.keypad_card" else values))
    assert all(cells(line) <= CARD_CELLS for line in plain(card))
    if card.table is not None:
        assert all(cells(line) <= TABLE_CELLS for line in table_lines(card.table))
    sent = layout(card, TEXT)
    words, count = read(sent.html)
    assert words == sent.words
    assert 0 < units(words) <= TEXT
    assert count <= ENTITIES
    body = over_discord(card)  # the loopback service refuses what the true one does
    texts = [one["content"] for one in walk(body["components"]) if one["type"] == 10]
    assert texts
    assert not any("@everyone" in text or "<@5>" in text for text in texts if not text.startswith("```"))


def test_every_module_that_draws_cards_is_among_them() -> None:
    assert {name.partition(".")[0] for name in builders()} >= {
        "act",
        "alert",
        "desk",
        "digest",
        "health",
        "risk",
        "trade",
    }
