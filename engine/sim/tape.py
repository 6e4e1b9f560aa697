"""Market tapes: recorded trades or one-minute bars as a source of moves."""

import csv
import gzip
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import IO, NamedTuple, cast

from engine.errors import ConfigError
from engine.sim.market import Move, Step


class Trade(NamedTuple):
    """One line of a tape. Units: nanoseconds since the Unix epoch, contracts."""

    at_ns: int
    price: Decimal
    size: int
    aggressor: str


def tape(path: Path, symbols: tuple[str, ...], *, speed: float = 1.0) -> Iterator[Step]:
    """Replay a CSV (or CSV.gz) of trades or of one-minute bars for ``symbols``, ``speed`` times as fast as it was.

    The header tells the kind: ``ts_ns,price,size,aggressor`` or ``timestamp_utc,open,high,low,close,volume``.
    Raises: ConfigError for any other header.
    """
    with _lines(path) as lines:
        fields = set(csv.DictReader(lines).fieldnames or ())
    if {"ts_ns", "price", "size"} <= fields:
        return _paced(_trades(path), symbols, speed)
    if {"timestamp_utc", "open", "high", "low", "close"} <= fields:
        return _paced(_bars(path), symbols, speed)
    raise ConfigError(f"{path.name}: neither a tape of trades nor of bars; the first line must name its columns")


def _lines(path: Path) -> IO[str]:
    try:
        return cast("IO[str]", gzip.open(path, "rt", newline="")) if path.suffix == ".gz" else path.open(newline="")
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error


def _trades(path: Path) -> Iterator[Trade]:
    with _lines(path) as lines:
        for row in csv.DictReader(lines):
            yield Trade(int(row["ts_ns"]), Decimal(row["price"]), int(row["size"]), row.get("aggressor") or "")


def _bars(path: Path) -> Iterator[Trade]:
    """Four trades a bar: open, the nearer extreme, the other one, close; a quarter of a minute apart."""
    with _lines(path) as lines:
        for row in csv.DictReader(lines):
            start = datetime.fromisoformat(row["timestamp_utc"]).replace(tzinfo=UTC)
            at = int(start.timestamp()) * 1_000_000_000
            opening, high, low, close = (Decimal(row[name]) for name in ("open", "high", "low", "close"))
            turns = (high, low) if high - opening <= opening - low else (low, high)
            size = max(1, int(row.get("volume") or 4) // 4)
            for place, price in enumerate((opening, *turns, close)):
                yield Trade(at + place * 15_000_000_000, price, size, "")


def _paced(trades: Iterator[Trade], symbols: tuple[str, ...], speed: float) -> Iterator[Step]:
    before: int | None = None
    for trade in trades:
        wait = 0.0 if before is None else max(0, trade.at_ns - before) / 1e9 / speed
        before = trade.at_ns
        yield Step(wait, tuple(Move(symbol, trade.price, trade.size, trade.aggressor) for symbol in symbols))
