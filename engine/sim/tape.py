"""Market tapes: recorded trades or one-minute bars as a source of moves."""

import csv
import gzip
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from engine.errors import ConfigError
from engine.sim.market import Move, Step


def tape(path: Path, symbols: tuple[str, ...], *, speed: float = 1.0) -> Iterator[Step]:
    """Replay a CSV (or CSV.gz) of trades or of one-minute bars for ``symbols``, ``speed`` times as fast as it was.

    The header tells the kind: ``ts_ns,price,size,aggressor`` or ``timestamp_utc,open,high,low,close,volume``.
    Raises: ConfigError for any other header.
    """
    with gzip.open(path, "rt", newline="") if path.suffix == ".gz" else path.open(newline="") as lines:
        rows = csv.DictReader(lines)
        fields = set(rows.fieldnames or ())
        if {"ts_ns", "price", "size"} <= fields:
            yield from _paced(_trades(rows), symbols, speed)
        elif {"timestamp_utc", "open", "high", "low", "close"} <= fields:
            yield from _paced(_bars(rows), symbols, speed)
        else:
            raise ConfigError(
                f"{path.name}: neither a tape of trades nor of bars; the first line must name its columns"
            )


def _trades(rows: "csv.DictReader[str]") -> Iterator[tuple[int, Decimal, int, str]]:
    for row in rows:
        yield int(row["ts_ns"]), Decimal(row["price"]), int(row["size"]), row.get("aggressor") or ""


def _bars(rows: "csv.DictReader[str]") -> Iterator[tuple[int, Decimal, int, str]]:
    """Four trades a bar: open, the nearer extreme, the other one, close; a quarter of a minute apart."""
    for row in rows:
        start = datetime.fromisoformat(row["timestamp_utc"]).replace(tzinfo=UTC)
        at = int(start.timestamp()) * 1_000_000_000
        opening, high, low, close = (Decimal(row[name]) for name in ("open", "high", "low", "close"))
        turns = (high, low) if high - opening <= opening - low else (low, high)
        size = max(1, int(row.get("volume") or 4) // 4)
        for place, price in enumerate((opening, *turns, close)):
            yield at + place * 15_000_000_000, price, size, ""


def _paced(trades: Iterator[tuple[int, Decimal, int, str]], symbols: tuple[str, ...], speed: float) -> Iterator[Step]:
    before: int | None = None
    for at, price, size, aggressor in trades:
        wait = 0.0 if before is None else max(0, at - before) / 1e9 / speed
        before = at
        yield Step(wait, tuple(Move(symbol, price, size, aggressor) for symbol in symbols))
