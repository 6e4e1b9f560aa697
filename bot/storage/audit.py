"""Audit: what anybody asked, and what came of it; append-only, each row's hash holding the row before it."""

import csv
import hashlib
import io
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Row, select

from bot.core.record import Record
from bot.storage.database import Database
from bot.storage.table import AUDIT

FIRST = "0" * 64
COLUMNS = tuple(column.name for column in AUDIT.columns)
_CHAINED = tuple(name for name in COLUMNS if name != "hash")


class AuditStore:
    """Rows of the audit."""

    def __init__(self, database: Database) -> None:
        """In the bot's database."""
        self._database = database

    def append(self, record: Record) -> str:
        """Write a row behind the newest; its hash."""
        with self._database.begin() as connection:
            last = connection.execute(select(AUDIT.c.seq, AUDIT.c.hash).order_by(AUDIT.c.seq.desc()).limit(1)).first()
            row: dict[str, Any] = msgspec.structs.asdict(record)
            row |= {"seq": last.seq + 1 if last else 1, "prev": last.hash if last else FIRST}
            row["hash"] = _hash(row)
            connection.execute(AUDIT.insert().values(row))
        return str(row["hash"])

    def head(self) -> tuple[int, str]:
        """Number and hash of the newest row: what it commits to is everything before it."""
        with self._database.begin() as connection:
            last = connection.execute(select(AUDIT.c.seq, AUDIT.c.hash).order_by(AUDIT.c.seq.desc()).limit(1)).first()
        return (last.seq, last.hash) if last is not None else (0, FIRST)

    def head_at(self, number: int) -> str:
        """Hash of one row: what was the head when there were so many."""
        with self._database.begin() as connection:
            found = connection.execute(select(AUDIT.c.hash).where(AUDIT.c.seq == number)).scalar()
        return found or ""

    def newest(self, limit: int, *, person: str = "", account: str = "") -> list[Record]:
        """The newest rows first, of one person or of one account where one is named."""
        query = select(AUDIT).order_by(AUDIT.c.seq.desc()).limit(limit)
        if person:
            query = query.where((AUDIT.c.person == person) | (AUDIT.c.name == person))
        if account:
            query = query.where((AUDIT.c.accounts == "all") | AUDIT.c.accounts.contains(account))
        with self._database.begin() as connection:
            return [_record(row) for row in connection.execute(query)]

    def results(self, after: int, limit: int = 5_000) -> list[tuple[int, str, str]]:
        """Number, command and result of the rows behind one, oldest first."""
        query = select(AUDIT.c.seq, AUDIT.c.command, AUDIT.c.result).where(AUDIT.c.seq > after)
        with self._database.begin() as connection:
            rows = connection.execute(query.order_by(AUDIT.c.seq).limit(limit)).all()
        return [(row.seq, row.command, row.result) for row in rows]

    def fault(self) -> str:
        """Check the whole chain; one line about the first row that does not fit, empty when all do."""
        prev = FIRST
        for number, row in enumerate(self._rows(), 1):
            if row.seq != number:
                return f"row {number} is missing: row {row.seq} comes in its place"
            if row.prev != prev or row.hash != _hash(dict(row._mapping)):  # noqa: SLF001  SQLAlchemy's own way to a dict
                return f"row {row.seq} of {row.at:%Y-%m-%d %H:%M:%S} UTC was changed after it was written"
            prev = row.hash
        return ""

    def csv(self) -> str:
        """Every row, for a spreadsheet; a text that a spreadsheet would reckon with is made harmless."""
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(COLUMNS)
        for row in self._rows():
            writer.writerow([_cell(value) for value in row])
        return out.getvalue()

    def _rows(self) -> Iterator[Row[Any]]:
        with self._database.begin() as connection:
            yield from connection.execute(select(AUDIT).order_by(AUDIT.c.seq)).yield_per(500)


def _record(row: Row[Any]) -> Record:
    return Record(**{name: getattr(row, name) for name in Record.__struct_fields__})


def _hash(row: dict[str, Any]) -> str:
    chained = [row[name].isoformat() if isinstance(row[name], datetime) else row[name] for name in _CHAINED]
    return hashlib.sha256(msgspec.json.encode(chained)).hexdigest()


def _cell(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
