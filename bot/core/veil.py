"""Veil: the same card without money, for chats that may see percent and contracts but no amounts.

Amounts of our own are marked where they are written (``marked``), with a sign that takes no room; what the engine says in words
is looked through for amounts. A card leaves through ``veiled`` or ``bared``, so that no mark is ever shown.
"""

import re
from collections.abc import Callable

import msgspec

from bot.core.card import MARK, Card

_MARKED = re.compile(f"{MARK}([^{MARK}]*){MARK}")
_AMOUNT = re.compile(r"[+-]?\$?(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.\d{2})(?![\d:%x])")


def marked(amount: str) -> str:
    """An amount that a veil hides."""
    return f"{MARK}{amount}{MARK}"


def veiled(card: Card) -> Card:
    """The card without amounts; its columns stay where they are."""
    return _each(card, lambda text: _AMOUNT.sub(_dots, _MARKED.sub(_dots, text)))


def unmarked(text: str) -> str:
    """A text without marks."""
    return text.replace(MARK, "")


def bared(card: Card) -> Card:
    """The card as it is, without marks."""
    return _each(card, unmarked)


def _dots(found: re.Match[str]) -> str:
    return "•" * len(unmarked(found[0]))


def _each(card: Card, change: Callable[[str], str]) -> Card:
    """Change every text of a card but for what its buttons do."""
    table = card.table
    if table is not None:
        rows = tuple(tuple(map(change, row)) for row in table.rows)
        table = msgspec.structs.replace(table, rows=rows)
    return msgspec.structs.replace(
        card,
        title=change(card.title),
        lines=tuple(map(change, card.lines)),
        table=table,
        fields=tuple((change(label), change(value)) for label, value in card.fields),
        footer=change(card.footer),
        actions=tuple(msgspec.structs.replace(one, label=change(one.label)) for one in card.actions),
    )
