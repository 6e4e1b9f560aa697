"""A settings file: read whole, parsed as TOML with exact numbers, and bounded, before anybody looks at what it says."""

import re
import tomllib
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from engine.errors import ConfigError

Table = dict[str, Any]
LARGEST_FILE = 4 * 2**20
LARGEST_NUMBER = Decimal(10) ** 12
DEEPEST = 12


def read(path: Path) -> bytes:
    """Bytes of a file.

    Raises: ConfigError where it cannot be read, or is too large to be one.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        raise ConfigError(
            f"{path}: there is no such file; copy desk.toml from Lockstep's directory and edit it"
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a path"
        raise ConfigError(f"{path}: cannot be read: {reason}") from None
    if len(raw) > LARGEST_FILE:
        raise ConfigError(f"{path.name}: larger than {LARGEST_FILE // 2**20} MB; is it the right file?")
    return raw


def tables(raw: bytes, name: str) -> Table:
    """Tables of a file called ``name``.

    Raises: ConfigError, with the line where there is one.
    """
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise ConfigError(f"{name}, line {line}: not UTF-8 text; save the file as UTF-8") from None
    try:
        table = tomllib.loads(text, parse_float=_decimal)
    except RecursionError:
        raise ConfigError(f"{name}: tables lie too deep in each other") from None
    except (ValueError, InvalidOperation) as error:
        raise ConfigError(_syntax(name, text, str(error))) from None
    _bound(name, table, "")
    return table


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text.replace("_", ""))
    except InvalidOperation:
        raise ValueError("a number is too large") from None


def _syntax(name: str, text: str, error: str) -> str:
    match = re.fullmatch(r"(?s)(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", error)
    if match is None:
        return f"{name}: {error.splitlines()[0]}"
    lines = text.splitlines() or [""]
    number = int(match[2]) if match[2] else len(lines)
    shown = lines[min(number, len(lines)) - 1].strip()
    # The line may hold a password that somebody wrote in clear: show its key alone.
    return f"{name}, line {number}: {match[1].splitlines()[0]}: {shown.split('=')[0].strip()[:60]}"


def _bound(name: str, value: object, key: str, depth: int = 0) -> None:
    """Refuse numbers that no desk has, before anything reckons with them."""
    if depth > DEEPEST:
        raise ConfigError(f"{name}: {key.split('.', maxsplit=1)[0]}: tables lie too deep in each other")
    if isinstance(value, dict):
        for below, item in value.items():
            _bound(name, item, f"{key}.{below}".lstrip("."), depth + 1)
    elif isinstance(value, list):
        for item in value:
            _bound(name, item, key, depth + 1)
    elif isinstance(value, int | Decimal) and not (
        Decimal(value).is_finite() and abs(Decimal(value)) <= LARGEST_NUMBER
    ):
        raise ConfigError(f"{name}: {key}: write a number of at most {LARGEST_NUMBER:,}")
