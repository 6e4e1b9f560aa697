"""Veil: the same card without money, for chats that may see percent and contracts but no amounts.

Amounts of our own are marked where they are written (``marked``), with a sign that takes no room; what the engine says in words
is looked through for amounts. Accounts that a chat is not told of have no name there (``nameless``). A card leaves through
``veiled`` or ``bared``, so that no mark is ever shown.
"""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache

import msgspec

from bot.core.card import MARK, Card
from engine.api import AccountView

HIDDEN = "•••"

_MARKED = re.compile(f"{MARK}([^{MARK}]*){MARK}")
_AMOUNT = re.compile(r"[+-]?\$?(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.\d{2})(?![\d:%x])")


def marked(amount: str) -> str:
    """An amount that a veil hides."""
    return f"{MARK}{amount}{MARK}"


def veiled(card: Card) -> Card:
    """The card without amounts; its columns stay where they are."""
    return _each(card, lambda text: _AMOUNT.sub(_dots, _MARKED.sub(_dots, text)))


def others(views: Iterable[AccountView], seen: frozenset[str]) -> frozenset[str]:
    """Names of accounts that may not be told where ``seen`` alone may be."""
    found = {name for view in views if view.id not in seen for name in (view.id, view.name) if name}
    return frozenset(found - seen)


def nameless(card: Card, names: frozenset[str]) -> Card:
    """The card without the names of these accounts."""
    find = _names(names)
    return _each(card, lambda text: find.sub(HIDDEN, text)) if names else card


def nameless_text(text: str, names: frozenset[str]) -> str:
    """A text without the names of these accounts."""
    return _names(names).sub(HIDDEN, text) if names else text


@lru_cache(maxsize=64)
def _names(names: frozenset[str]) -> re.Pattern[str]:
    """Each as a word by itself; the longest first, and a number only where it is no amount."""
    words = "|".join(re.escape(name) for name in sorted(names, key=lambda one: (-len(one), one)))
    return re.compile(rf"(?<![\w$.,+-])(?:{words})(?![\w-]|[.,]\d)", re.IGNORECASE)


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
