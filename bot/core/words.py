"""Text to typed arguments: the fields of a command's ``Args`` say what may stand there, in any order."""

import re
import types
from collections.abc import Callable, Sequence
from datetime import datetime, tzinfo
from decimal import Decimal
from difflib import get_close_matches
from enum import StrEnum
from typing import Any, NewType, Union, get_args, get_origin, get_type_hints

import msgspec

from bot.core.card import one_line
from bot.core.resize import Size, size_of
from bot.core.span import FORMS, Moment, Span, clock_of, is_meant, span_of
from engine.api import PRODUCTS, Root, Value

Scope = NewType("Scope", str)  # all, aliases joined by commas, a group, or #tag; in the desk's own spelling
Account = NewType("Account", str)  # one alias
Instrument = NewType("Instrument", str)  # a contract or its root, in capitals
Offered = NewType("Offered", str)  # an offered entry: E12
Held = NewType("Held", str)  # a held trade: H12
AlertId = NewType("AlertId", str)  # a group of alerts: A-12, or all
Count = NewType("Count", int)  # a whole number above zero
Stop = NewType("Stop", str)  # the distance of a stop, as the engine reads it: 30, 120t
Word = NewType("Word", str)  # any one word
Amount = NewType("Amount", Decimal)  # money or a figure above zero
Hours = NewType("Hours", str)  # a window of the clock: 13:25-13:45
Days = NewType("Days", str)  # weekdays: fri, mon-fri, mon,wed
Rest = NewType("Rest", str)  # the rest of the line
Name = NewType("Name", str)  # the words that nothing else understands, wherever they stand

_CONTRACT = re.compile(r"[A-Z0-9]{1,5}[FGHJKMNQUVXZ]\d{1,2}", re.ASCII)
_OFFER = re.compile(r"[eE][1-9]\d{0,6}", re.ASCII)
_HELD = re.compile(r"[hH][1-9]\d{0,6}", re.ASCII)
_ALERT = re.compile(r"(?:[aA]-?)?([1-9]\d{0,8})", re.ASCII)
_AMOUNT = re.compile(r"\d{1,9}(?:\.\d{1,4})?", re.ASCII)
_HOURS = re.compile(r"(\d{1,2}:\d{2})-(\d{1,2}:\d{2})", re.ASCII)
_DAYS = re.compile(r"{0}(?:-{0})?(?:,{0}(?:-{0})?)*".format("(?:mon|tue|wed|thu|fri|sat|sun)"))


class Lexicon(Value, frozen=True):
    """The names that this desk knows."""

    accounts: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()

    @property
    def scopes(self) -> tuple[str, ...]:
        """Everything that may stand as a scope, apart from lists of aliases."""
        return ("all", *self.accounts, *self.groups, *(f"#{tag}" for tag in self.tags))


class Context(Value, frozen=True):
    """What reading needs besides the words. ``exact`` refuses prefixes: an act names its accounts in full.

    ``alert`` is the one in whose own place something is written; empty elsewhere.
    """

    lexicon: Lexicon
    now: datetime
    zone: tzinfo
    exact: bool
    alert: str = ""


class Missing(Value, frozen=True):
    """An argument without which the command cannot run."""

    field: str
    kind: str
    is_rest: bool = False  # any words do


class Wrong(Value, frozen=True):
    """Why the words make no sense, in one line."""

    text: str


Taken = tuple[Any, int] | None
"""A value and how many words it took; None when the words are something else."""


def _fold(names: Sequence[str], word: str, exact: bool) -> str | None:
    lower = word.lower()
    for name in names:
        if name.lower() == lower:
            return name
    begins = [name for name in names if name.lower().startswith(lower)]
    return begins[0] if len(begins) == 1 and not exact and lower else None


def _scope(words: Sequence[str], context: Context) -> Taken:
    word = words[0]
    if "," in word:
        found = [_fold(context.lexicon.accounts, part, exact=True) for part in word.split(",") if part]
        known = [name for name in found if name is not None]
        return (Scope(",".join(dict.fromkeys(known))), 1) if known and len(known) == len(found) else None
    name = _fold(context.lexicon.scopes, word, context.exact)
    return (Scope(name), 1) if name is not None else None


def _account(words: Sequence[str], context: Context) -> Taken:
    name = _fold(context.lexicon.accounts, words[0], context.exact)
    return (Account(name), 1) if name is not None else None


def _instrument(words: Sequence[str], context: Context) -> Taken:
    word = words[0].upper()
    known = word in context.lexicon.symbols or Root(word) in PRODUCTS or _CONTRACT.fullmatch(word)
    return (Instrument(word), 1) if known else None


def _offered(words: Sequence[str], _: Context) -> Taken:
    return (Offered(words[0].upper()), 1) if _OFFER.fullmatch(words[0]) else None


def _held(words: Sequence[str], _: Context) -> Taken:
    return (Held(words[0].upper()), 1) if _HELD.fullmatch(words[0]) else None


def _alert(words: Sequence[str], _: Context) -> Taken:
    if words[0].lower() == "all":
        return AlertId("all"), 1
    match = _ALERT.fullmatch(words[0])
    return (AlertId(f"A-{match[1]}"), 1) if match is not None else None


def _count(words: Sequence[str], _: Context) -> Taken:
    word = words[0]
    return (Count(int(word)), 1) if word.isascii() and word.isdigit() and len(word) < 6 and int(word) > 0 else None


def _amount(words: Sequence[str], _: Context) -> Taken:
    word = words[0].replace(",", "")
    found = Decimal(word) if word.isascii() and _AMOUNT.fullmatch(word) else Decimal(0)
    return (Amount(found), 1) if found > 0 else None


def _span(words: Sequence[str], context: Context) -> Taken:
    return span_of(words, context.now, context.zone)


def _moment(words: Sequence[str], context: Context) -> Taken:
    at = clock_of(words[0], context.now, context.zone)
    return (Moment(at=at), 1) if at is not None else None


def _hours(words: Sequence[str], _: Context) -> Taken:
    match = _HOURS.fullmatch(words[0])
    return (Hours(f"{match[1]:0>5}-{match[2]:0>5}"), 1) if match is not None else None


def _days(words: Sequence[str], _: Context) -> Taken:
    return (Days(words[0].lower()), 1) if _DAYS.fullmatch(words[0].lower()) else None


def _size(words: Sequence[str], _: Context) -> Taken:
    size = size_of(words[0])
    return (size, 1) if size is not None else None


def _stop(words: Sequence[str], _: Context) -> Taken:
    return (Stop(words[1]), 2) if words[0].lower() == "stop" and len(words) > 1 else None


def _word(words: Sequence[str], _: Context) -> Taken:
    return Word(words[0]), 1


class Kind(Value, frozen=True):
    """How one type of argument is read, and how it is written in a syntax line."""

    shape: str
    read: Callable[[Sequence[str], Context], Taken]
    names: str = ""  # what a word in its place should have been


KINDS: dict[Any, Kind] = {
    Scope: Kind(shape="scope", read=_scope, names="account, group or tag"),
    Account: Kind(shape="account", read=_account, names="account"),
    Instrument: Kind(shape="symbol", read=_instrument, names="symbol"),
    Offered: Kind(shape="E1", read=_offered, names="offered entry"),
    Amount: Kind(shape="amount", read=_amount, names="amount"),
    Held: Kind(shape="H1", read=_held, names="held trade"),
    AlertId: Kind(shape="A-1", read=_alert, names="alert"),
    Count: Kind(shape="number", read=_count, names="number"),
    Span: Kind(shape="15m|1h30m|until 14:45|eod|next", read=_span, names="time"),
    Moment: Kind(shape="14:30", read=_moment, names="time"),
    Hours: Kind(shape="13:25-13:45", read=_hours, names="times (13:25-13:45)"),
    Days: Kind(shape="fri|mon-fri", read=_days, names="weekday"),
    Size: Kind(shape="0.5x|50%|half|+10%|off", read=_size, names="size"),
    Stop: Kind(shape="stop 30|stop 120t", read=_stop, names="stop distance (stop 30, stop 120t)"),
    Word: Kind(shape="word", read=_word),
}


class Slot(Value, frozen=True):
    """One field of an ``Args``."""

    name: str
    type: Any
    required: bool

    @property
    def is_rest(self) -> bool:
        """Say whether it takes the rest of the line."""
        return self.type in {Rest, Name}

    @property
    def shape(self) -> str:
        """How it stands in a syntax line."""
        if self.is_rest:
            text = f"{self.name}…"
        elif self.type is bool:
            text = self.name
        elif isinstance(self.type, type) and issubclass(self.type, StrEnum):
            text = "|".join(self.type)
        else:
            text = self.name if self.type in {Word, Count} else KINDS[self.type].shape
        return text if self.required else f"[{text}]"

    def read(self, words: Sequence[str], context: Context) -> Taken:
        """Take the value of this field from the beginning of ``words``."""
        if self.type is bool:
            return (True, 1) if words[0].lower() == self.name else None
        if isinstance(self.type, type) and issubclass(self.type, StrEnum):
            choice = _fold(list(self.type), words[0], exact=False)
            return (self.type(choice), 1) if choice is not None else None
        return None if self.is_rest else KINDS[self.type].read(words, context)


def slots(args: type[Value]) -> tuple[Slot, ...]:
    """The fields of an ``Args`` in their order."""
    hints = get_type_hints(args)
    return tuple(
        Slot(name=field.name, type=_bare(hints[field.name]), required=field.required)
        for field in msgspec.structs.fields(args)
    )


def _bare(hint: Any) -> Any:
    if get_origin(hint) in {Union, types.UnionType}:
        return next(part for part in get_args(hint) if part is not type(None))
    return hint


def parse(args: type[Value], words: Sequence[str], context: Context) -> Value | Missing | Wrong:
    """Read ``words`` into ``args``: each word goes to the first free field that understands it."""
    fields = slots(args)
    values = _meant(fields, words, context)
    rest = next((slot for slot in fields if slot.is_rest), None)
    place = 0
    while place < len(words):
        taken = _take(fields, values, words[place:], context)
        if taken is not None:
            place += taken
            continue
        can_be_rest = bool(values) and all(slot.name in values for slot in fields if slot.required and not slot.is_rest)
        wrong = _unknown(words[place], fields, values, context, can_be_rest=rest is not None and can_be_rest)
        if wrong is not None or rest is None:
            return wrong or Wrong(text=f"{one_line(words[place])!r} is not understood here.")
        if rest.type is Name:
            values[rest.name] = Name(f"{values.get(rest.name, '')} {one_line(words[place])}".strip())
            place += 1
            continue
        values[rest.name] = Rest(one_line(" ".join(words[place:])))
        break
    for slot in fields:
        if slot.required and slot.name not in values:
            return Missing(field=slot.name, kind=slot.shape, is_rest=slot.is_rest)
    return args(**values)


def _meant(fields: Sequence[Slot], words: Sequence[str], context: Context) -> dict[str, Any]:
    """In an alert's own place a command that names none means that one; a bare number is no name there."""
    slot = next((one for one in fields if one.type is AlertId), None)
    if slot is None or not context.alert:
        return {}
    first = words[0].lower() if words else ""
    is_all = first == "all" and (len(words) == 1 or _span(words[1:], context) is not None)
    is_named = first.startswith("a") and _ALERT.fullmatch(first) is not None
    return {} if is_all or is_named else {slot.name: AlertId(context.alert)}


def _take(fields: Sequence[Slot], values: dict[str, Any], words: Sequence[str], context: Context) -> int | None:
    free = [slot for slot in fields if slot.name not in values]
    strict = msgspec.structs.replace(context, exact=True)
    for look in (strict,) if context.exact else (strict, context):  # a symbol's own name beats a group's beginning
        for slot in free:
            taken = slot.read(words, look)
            if taken is not None:
                values[slot.name] = taken[0]
                return taken[1]
    for slot in fields:
        if slot.type is Scope and values.get(slot.name, "all") != "all":
            more = _fold(context.lexicon.accounts, words[0], exact=True)
            held = values[slot.name].split(",")
            if more is not None and all(name in context.lexicon.accounts for name in held):
                values[slot.name] = Scope(",".join(dict.fromkeys([*held, more])))
                return 1
    return None


def _unknown(
    word: str, fields: Sequence[Slot], values: dict[str, Any], context: Context, can_be_rest: bool
) -> Wrong | None:
    """Why ``word`` fits nowhere; None when it may begin a remark.

    A misspelt account must not pass as a remark, or the act would take the whole desk.
    """
    free = [slot for slot in fields if slot.name not in values and slot.type in KINDS and slot.type is not Word]
    names = [slot for slot in free if slot.type in {Scope, Account}]
    known = context.lexicon.accounts if names and names[0].type is Account else context.lexicon.scopes
    close = get_close_matches(word.lower(), [name.lower() for name in known], n=1, cutoff=0.7) if names else []
    text = one_line(word)
    if close:
        return Wrong(
            text=f"No {KINDS[names[0].type].names} {text!r} here. Did you mean {_fold(known, close[0], True)}?"
        )
    if context.exact and is_meant(word) and any(slot.type is Span for slot in free):  # an act without its end
        return Wrong(text=f"{text!r} is no time here; {FORMS}.")
    flags = [slot.name for slot in fields if slot.type is bool and slot.name not in values]
    if meant := get_close_matches(word.lower(), flags, n=1, cutoff=0.7):
        return Wrong(text=f"{text!r} is not understood here. Did you mean {meant[0]}?")
    if can_be_rest:
        return None
    if not free:
        return Wrong(text=f"{text!r} is not understood here.")
    *first, last = dict.fromkeys(name for slot in free for name in KINDS[slot.type].names.split(" or "))
    wanted = f"{', '.join(first)} or {last}" if first else last
    return Wrong(text=f"{text!r} is no {wanted} here.")
