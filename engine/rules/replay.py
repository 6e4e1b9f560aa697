"""Replay: files of cases, each with terms or a plan and its steps, through the ledger; the expected values are ignored.

The format and its conventions: shared reference on prop-firm rules, section 4.1, and docs/rules.md.
"""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from engine.domain.drawdown import BarSeen, Ledger, LimitHit, Mark, PaidOut, Standing, opened
from engine.domain.terms import Terms, faults
from engine.domain.value import Value
from engine.errors import ConfigError
from engine.rules.pack import overridden, plan_named, unfit

LARGEST_FILE = 64 * 2**20
Number = int | Decimal
Hit = tuple[int, str, Number]


class Case(Value, frozen=True):
    """One case as written, whatever else stands beside it."""

    id: str | int
    steps: list[Mark]
    params: Terms | None = None
    plan: str | None = None
    overrides: dict[str, Any] = {}


class Step(Value, frozen=True):
    """Where the account stands after one step."""

    mark: Mark
    balance: Decimal | None  # not known inside a bar
    equity: Decimal
    peak: Decimal
    floor: Decimal
    line: Decimal | None
    standing: Standing


class Result(Value, frozen=True):
    """One case in the format's own words. Hits are step from 1, what was hit, and where it stood."""

    id: str | int
    floor: list[Number]
    state: list[Standing]
    dll_line: list[Number | None]
    breach: Hit | None
    soft: Hit | None


class Replayed(Value, frozen=True):
    """A case, what came of it, and each step for a table."""

    case: Case
    result: Result
    steps: list[Step]


class _Named(Value, frozen=True):
    id: str | int = ""


def replay_file(path: Path, today: date) -> list[Replayed]:
    """Replay every case of a file.

    Raises: ConfigError, one line that names the file, the case and the value.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror or 'not a file'}") from None
    if len(raw) > LARGEST_FILE:
        raise ConfigError(f"{path.name}: larger than {LARGEST_FILE // 2**20} MB; split it")
    return [replay(case, today) for case in cases(raw, path.name)]


def cases(raw: bytes, name: str) -> Iterator[Case]:
    """Read cases.

    Raises: ConfigError as ``replay_file`` does.
    """
    raw = raw.removeprefix(b"\xef\xbb\xbf")
    try:
        found = msgspec.json.decode(raw, type=list[msgspec.Raw])
    except msgspec.ValidationError:
        raise ConfigError(f"{name}: write a list of cases: [ {{ ... }}, {{ ... }} ]") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError(f"{name}: {_malformed(raw, str(error))}") from None
    for number, one in enumerate(found, 1):
        label = f"{name}: case {number}{_id(one)}"
        try:
            case = msgspec.json.decode(one, type=Case)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:  # a ValidationError is one too
            raise ConfigError(f"{label}{_where(str(error))}") from None
        wrong = next(_faults(case), None)
        if wrong is not None:
            raise ConfigError(f"{label}: {wrong}")
        yield case


def replay(case: Case, today: date) -> Replayed:
    """Take one case's steps through a new ledger.

    Raises: ConfigError for a plan or an override that is not there.
    """
    terms = case.params
    if terms is None:
        try:
            terms = overridden(plan_named(case.plan or ""), case.overrides, today).rules.terms()
        except ConfigError as error:
            raise ConfigError(f"case {case.id}: {str(error).splitlines()[0]}") from None
    ledger = opened(terms)
    steps: list[Step] = []
    breach: Hit | None = None
    soft: Hit | None = None
    for number, mark in enumerate(case.steps, 1):
        hits = [notice for notice in ledger.take(mark) if isinstance(notice, LimitHit)]
        for hit in hits:
            told = (number, str(hit.limit), plain(hit.line))
            if hit.standing is Standing.BREACHED:
                breach = told
            else:
                soft = soft or told
        steps.append(_step(mark, ledger))
    result = Result(
        id=case.id,
        floor=[plain(step.floor) for step in steps],
        state=[step.standing for step in steps],
        dll_line=[None if step.line is None else plain(step.line) for step in steps],
        breach=breach,
        soft=soft,
    )
    return Replayed(case=case, result=result, steps=steps)


def plain(value: Decimal) -> Number:
    """Amount without trailing zeros; a whole one as an int."""
    return int(value) if value == value.to_integral_value() else value.normalize()


def encode(results: list[Result]) -> str:
    """Results as a JSON list, one object a line; amounts as exact numbers."""
    encoder = msgspec.json.Encoder(decimal_format="number")
    lines = [encoder.encode(result).decode() for result in results]
    return "[\n" + ",\n".join(lines) + "\n]" if lines else "[]"


def _step(mark: Mark, ledger: Ledger) -> Step:
    return Step(
        mark=mark,
        balance=None if isinstance(mark, BarSeen) else ledger.balance,
        equity=ledger.equity,
        peak=ledger.peak,
        floor=ledger.floor,
        line=ledger.day_line,
        standing=ledger.standing,
    )


def _faults(case: Case) -> Iterator[str]:
    if (case.params is None) == (case.plan is None):
        yield 'write either "params" or "plan"'
    if case.overrides and case.plan is None:
        yield '"overrides" go with "plan"; write the values into "params"'
    if case.params is not None:
        yield from (f"params: {key}: {fault}" for key, fault in unfit(case.params))
        yield from (f"params: {fault}" for fault in faults(case.params))
    for number, mark in enumerate(case.steps, 1):
        yield from (f"step {number}: {key}: {fault}" for key, fault in unfit(mark))
        if isinstance(mark, PaidOut) and mark.amount <= 0:
            yield f"step {number}: a payout is above 0, not {mark.amount}"
        if isinstance(mark, BarSeen) and mark.high < mark.low:
            yield f"step {number}: the bar's high {mark.high} lies below its low {mark.low}"


def _id(raw: msgspec.Raw) -> str:
    try:
        name = msgspec.json.decode(raw, type=_Named).id
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    return f" ({' '.join(str(name).split())[:40]})" if name != "" else ""


def _where(text: str) -> str:
    """A decoder's complaint with its path in our words: steps and their values count from 1."""
    fault, _, path = text.partition(" - at `$")
    path = re.sub(r"^\.steps\[(\d+)\]", lambda found: f".step {int(found[1]) + 1}", path.rstrip("`"))
    path = re.sub(r"\[(\d+)\]", lambda found: f", value {int(found[1]) + 1}", path)
    return f": {path.lstrip('.')}: {fault}" if path else f": {fault}"


def _malformed(raw: bytes, text: str) -> str:
    found = re.search(r"\(byte (\d+)\)", text)
    if found is None:
        return f"not JSON: {text}"
    line = raw[: int(found[1])].count(b"\n") + 1
    return f"line {line}: not JSON: {text.partition(':')[2].split('(byte')[0].strip() or text}"
