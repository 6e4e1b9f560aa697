"""Resize: a size as a person writes it, of the plan's own or against the one in force."""

import re
from decimal import Decimal, InvalidOperation

from engine.api import Value

_SIZE = re.compile(r"([+-]?)(\d{1,4}(?:\.\d{1,4})?)(x|%)", re.ASCII)


class Size(Value, frozen=True):
    """A resize: ``factor`` of the plan's size, or ``change`` times the factor in force."""

    factor: Decimal | None = None
    change: Decimal | None = None


def size_of(word: str) -> Size | None:
    """Read 0.5x, 50%, half, +10% or off; None where it is something else."""
    word = word.lower()
    if word in {"off", "half"}:
        return Size(factor=Decimal(0) if word == "off" else Decimal("0.5"))
    match = _SIZE.fullmatch(word)
    if match is None:
        return None
    sign, number, unit = match.groups()
    try:
        amount = Decimal(number) / (100 if unit == "%" else 1)
    except InvalidOperation:
        return None
    if not sign:
        return Size(factor=amount)
    if unit == "x":
        return None
    change = 1 + amount if sign == "+" else 1 - amount
    return Size(change=change) if change >= 0 else None
