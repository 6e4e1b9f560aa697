"""Pack: the files of firm rules as plans. A typo, a value without its source, a name used twice: each is an error."""

import tomllib
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from types import NoneType
from typing import Any, get_args, get_type_hints
from zoneinfo import ZoneInfo

import msgspec

from engine.domain.group import Setting
from engine.domain.terms import faults
from engine.errors import ConfigError
from engine.rules.plan import Fact, Grade, Plan, Rules, Stage

NONE = "none"  # how a file or an override says that there is no such value
LARGEST = Decimal(10) ** 12
FINEST = -8  # decimal places; sums of such numbers stay exact in 28 digits
_HINTS = get_type_hints(Rules)
_OPTIONAL = frozenset(name for name, hint in _HINTS.items() if NoneType in get_args(hint))


class _Source(Setting, frozen=True):
    what: str
    date: date


class _Cell(Setting, frozen=True):
    """One value, or one for each size, and where it comes from."""

    grade: Grade | list[Grade]
    source: str
    value: Any = None
    by_size: list[Any] | None = None
    note: str = ""


class _Family(Setting, frozen=True):
    """Plans that differ by size, and by name alone."""

    plans: list[str]
    title: str
    stage: Stage
    sizes: list[str]
    use: list[str] = []  # sets of cells, the later over the earlier
    note: str = ""
    rules: dict[str, _Cell] = {}


class _File(Setting, frozen=True):
    firm: str
    title: str
    checked: date
    sources: dict[str, _Source]
    family: list[_Family]
    rules: dict[str, _Cell] = {}
    set: dict[str, dict[str, _Cell]] = {}
    note: str = ""


@cache
def plans() -> Mapping[str, Plan]:
    """Every plan of the files that come with Lockstep, by name.

    Raises: ConfigError for a file that is not right.
    """
    texts = [
        (entry.name, entry.read_text("utf-8"))
        for entry in files("engine.rules").iterdir()
        if entry.name.endswith(".toml")
    ]
    found: dict[str, Plan] = {}
    for name, text in sorted(texts):
        for plan in read(text, name):
            if plan.name in found:
                raise ConfigError(f"{name}: plan {plan.name} is there twice")
            found[plan.name] = plan
    return found


def plan_named(name: str) -> Plan:
    """Plan called ``name``.

    Raises: ConfigError with the nearest names for one that is not there.
    """
    known = plans()
    if name in known:
        return known[name]
    close = get_close_matches(name.lower(), known, n=3, cutoff=0.5)
    hint = f"near it: {', '.join(close)}" if close else "`lockstep rules list` shows them all"
    raise ConfigError(f'there is no plan "{name[:60]}"; {hint}')


def overridden(plan: Plan, overrides: Mapping[str, Any], today: date) -> Plan:
    """A plan with an account's own values over the firm's.

    An override of ``dll`` or ``minis`` also takes the place of that figure in the tiers, unless it brings its own tiers.

    Raises: ConfigError, one line for each override that is not right.
    """
    if not overrides:
        return plan
    wrong = [_unknown(key) for key in overrides if key not in _HINTS]
    own = {key: _plain(key, value) for key, value in overrides.items() if key in _HINTS}
    if "tiers" not in own:
        void = {key: None for key in ("dll", "minis") if key in own}
        own["tiers"] = [msgspec.structs.asdict(tier) | void for tier in plan.rules.tiers]
    try:
        rules = msgspec.convert(msgspec.to_builtins(plan.rules) | own, Rules)
    except msgspec.ValidationError as error:
        raise ConfigError(f"overrides{_where(error)}") from None
    wrong += _faults(rules)
    if wrong:
        raise ConfigError("\n".join(f"overrides: {line}" for line in wrong))
    fact = Fact(grade=Grade.OWN, source="override in desk.toml", date=today)
    return msgspec.structs.replace(plan, rules=rules, facts=plan.facts | dict.fromkeys(overrides, fact))


def rules_of(values: Mapping[str, Any]) -> Rules:
    """Rules of values that an account gives itself.

    Raises: ConfigError, one line for each that is not right.
    """
    wrong = [_unknown(key) for key in values if key not in _HINTS]
    plain = {key: _plain(key, value) for key, value in values.items() if key in _HINTS}
    try:
        rules = msgspec.convert(msgspec.to_builtins(plain), Rules)
    except msgspec.ValidationError as error:
        raise ConfigError(f"overrides{_where(error)}") from None
    wrong += _faults(rules)
    if wrong:
        raise ConfigError("\n".join(f"overrides: {line}" for line in wrong))
    return rules


def read(text: str, name: str) -> list[Plan]:
    """Plans of one file.

    Raises: ConfigError naming the file and what is wrong in it.
    """
    try:
        raw = tomllib.loads(text, parse_float=Decimal)
        file = msgspec.convert(raw, _File)
    except (ValueError, InvalidOperation) as error:  # msgspec's and tomllib's own errors are ValueErrors
        raise ConfigError(f"{name}: {error}") from None
    found: list[Plan] = []
    for number, family in enumerate(file.family, 1):
        label = f"{name}: family {number} ({family.title})"
        missing = [used for used in family.use if used not in file.set]
        if missing:
            raise ConfigError(f"{label}: there is no set {missing[0]}")
        cells = dict(file.rules)
        for used in family.use:
            cells |= file.set[used]
        cells |= family.rules
        for index, size in enumerate(family.sizes):
            found += _plans(file, family, cells, index, size, label)
    return found


def _plans(file: _File, family: _Family, cells: dict[str, _Cell], index: int, size: str, label: str) -> Iterable[Plan]:
    values: dict[str, Any] = {}
    facts: dict[str, Fact] = {}
    for key, cell in cells.items():
        if key not in _HINTS:
            raise ConfigError(f"{label}: {_unknown(key)}")
        values[key] = _plain(key, _value(cell, index, len(family.sizes), f"{label}: {key}"))
        facts[key] = _fact(file, cell, index, f"{label}: {key}")
    try:
        rules = msgspec.convert(values, Rules)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{label}, {size}{_where(error)}") from None
    wrong = _faults(rules)
    if wrong:
        raise ConfigError(f"{label}, {size}: {wrong[0]}")
    for pattern in family.plans:
        yield Plan(
            name=f"{file.firm}/{pattern.replace('{size}', size)}",
            firm=file.firm,
            title=f"{file.title} {family.title}",
            stage=family.stage,
            checked=file.checked,
            rules=rules,
            facts=facts,
            note=" ".join(filter(None, (family.note, file.note))),
        )


def _value(cell: _Cell, index: int, count: int, label: str) -> Any:
    if (cell.value is None) == (cell.by_size is None):
        raise ConfigError(f"{label}: write either value or by_size")
    if cell.by_size is None:
        return cell.value
    if len(cell.by_size) != count:
        raise ConfigError(f"{label}: {len(cell.by_size)} values for {count} sizes")
    return cell.by_size[index]


def _fact(file: _File, cell: _Cell, index: int, label: str) -> Fact:
    source = file.sources.get(cell.source)
    if source is None:
        raise ConfigError(f"{label}: there is no source {cell.source}")
    if isinstance(cell.grade, list) and (cell.by_size is None or len(cell.grade) != len(cell.by_size)):
        raise ConfigError(f"{label}: write one grade, or as many as values")
    grade = cell.grade[index] if isinstance(cell.grade, list) else cell.grade
    return Fact(grade=grade, source=source.what, date=source.date, note=cell.note)


def _plain(key: str, value: Any) -> Any:
    return None if value == NONE and key in _OPTIONAL else value


def _faults(rules: Rules) -> list[str]:
    found = [f"{key}: {fault}" for key, fault in unfit(rules)] or faults(rules.terms())
    try:
        ZoneInfo(rules.zone)
    except (KeyError, ValueError, OSError):  # zoneinfo raises each of them, by what is wrong with the name
        found.append(f'zone: there is no time zone "{rules.zone[:40]}"; write one such as America/New_York')
    return found


def unfit(value: object, key: str = "") -> list[tuple[str, str]]:
    """Numbers that no account has, with what to write instead; each with the name of its field."""
    if isinstance(value, msgspec.Struct):
        value = msgspec.structs.asdict(value)
    if isinstance(value, dict):
        return [pair for name, item in value.items() for pair in unfit(item, f"{key}.{name}".lstrip("."))]
    if isinstance(value, tuple | list):
        return [pair for item in value for pair in unfit(item, key)]
    if not isinstance(value, Decimal):
        return []
    if not value.is_finite() or abs(value) > LARGEST:
        return [(key, f"write a number of at most {LARGEST:,}")]
    _, digits, exponent = value.as_tuple()
    shortest = int(exponent) + len(digits) - len("".join(map(str, digits)).rstrip("0"))
    if value and shortest < FINEST:
        return [(key, f"write a number with at most {-FINEST} decimals")]
    return []


def _unknown(key: str) -> str:
    close = get_close_matches(key, _HINTS, n=1, cutoff=0.6)
    hint = f'did you mean "{close[0]}"?' if close else f"known here: {', '.join(_HINTS)}"
    return f'the key "{key[:40]}" is unknown; {hint}'


def _where(error: msgspec.ValidationError) -> str:
    text, _, path = str(error).partition(" - at `$")
    return f"{'.' if path.startswith('.') else ''}{path.strip('.`')}: {text}" if path else f": {text}"
