"""Menus: the commands as platforms list them, each argument by name; made from the same fields that words are read by."""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from bot.core.chat import Entry, Field
from bot.core.command import Command
from bot.core.resize import Size
from bot.core.span import Moment, Span
from bot.core.words import (
    Account,
    AlertId,
    Amount,
    Count,
    Days,
    Held,
    Hours,
    Instrument,
    Lexicon,
    Name,
    Offered,
    Rest,
    Scope,
    Slot,
    Stop,
    Word,
    slots,
)

KINDS = {
    Scope: ("scope", "accounts, a group, #tag or all"),
    Account: ("account", "one account"),
    Offered: ("word", "an offered entry: E12"),
    Held: ("word", "a held trade: H12"),
    AlertId: ("word", "an alert: A-12, or all"),
    Amount: ("word", "an amount above zero"),
    Moment: ("word", "a time of day: 14:30"),
    Hours: ("word", "from when to when: 13:25-13:45"),
    Days: ("word", "weekdays: fri, mon-fri, mon,wed"),
    Name: ("rest", "in your own words"),
    Stop: ("word", "a stop's distance: 30, 120t"),
    Instrument: ("instrument", "a contract or product, such as NQ"),
    Span: ("span", "how long: 15m, 1h30m, until 14:45, eod, next"),
    Size: ("size", "0.5x, 50%, half, +10%, off"),
    Count: ("count", "a whole number"),
    Word: ("word", "one word"),
    Rest: ("rest", "in your own words"),
}
CHOICES: dict[str, tuple[str, ...]] = {
    "span": ("15m", "30m", "1h", "2h", "eod", "next"),
    "size": ("half", "0.5x", "1x", "+10%", "off"),
}


def entries(commands: Iterable[Command]) -> tuple[Entry, ...]:
    """Commands as entries of a menu, the hot ones first."""
    found = [
        Entry(
            name=command.name,
            summary=command.summary,
            family=command.family,
            is_hot=command.is_hot,
            fields=tuple(map(_field, slots(command.args))),
        )
        for command in commands
    ]
    return tuple(sorted(found, key=lambda entry: (not entry.is_hot, entry.name)))


def words_of(command: Command, name: str) -> tuple[str, ...]:
    """Words that may be picked for an argument; none where it takes words of one's own, or a name."""
    field = next((_field(slot) for slot in slots(command.args) if slot.name == name), None)
    return (field.choices or CHOICES.get(field.kind, ())) if field is not None else ()


def _field(slot: Slot) -> Field:
    if slot.type is bool:
        return Field(name=slot.name, kind="flag", about=slot.name, is_needed=False, choices=(slot.name,))
    if isinstance(slot.type, type) and issubclass(slot.type, StrEnum):
        words = tuple(str(word) for word in slot.type)
        return Field(name=slot.name, kind="choice", about=" or ".join(words), is_needed=slot.required, choices=words)
    kind, about = KINDS.get(slot.type, ("word", slot.name))
    is_needed = slot.required and slot.type is not AlertId  # in its own place an alert need not be named
    return Field(name=slot.name, kind=kind, about=about, is_needed=is_needed)


def line_of(entry: Entry, given: Mapping[str, str]) -> str:
    """What a person would have typed, from arguments given by name; the rest of a line comes last."""
    fields = sorted(entry.fields, key=lambda field: field.kind == "rest")
    return " ".join([f"/{entry.name}", *(given[field.name].strip() for field in fields if given.get(field.name))])


def suggest(field: Field, text: str, lexicon: Lexicon) -> list[str]:
    """What may stand in a field that begins with ``text``."""
    names: Sequence[str] = field.choices or CHOICES.get(field.kind, ())
    if field.kind == "scope":
        names = lexicon.scopes
    elif field.kind == "account":
        names = lexicon.accounts
    elif field.kind == "instrument":
        names = lexicon.symbols
    head, _, last = text.rpartition(",")
    lead = f"{head}," if head and field.kind == "scope" else ""
    found = [lead + name for name in names if last.strip().lower() in name.lower()]
    typed = [text] if text and field.kind in ("span", "size", "count", "word", "rest") else []
    return list(dict.fromkeys([*typed, *found]))
