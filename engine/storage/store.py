"""The journal in SQL: entries arrive in batches from the log, each batch in one transaction, any batch twice."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import (
    Connection,
    Engine,
    Table,
    bindparam,
    case,
    create_engine,
    delete,
    event,
    func,
    insert,
    make_url,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from engine.errors import ConfigError, TransientError
from engine.storage.row import Batch, Row
from engine.storage.table import ACTS, CHECKPOINT, FILLS, JOURNAL, ORDERS, PROGRESS, RETIRED
from engine.storage.tail import Checkpoint, Record

_MIGRATING = Lock()  # Alembic keeps the migration under way in globals of the process
_STORED = "stored"
_READ_AT_ONCE = 500


class Store:
    """One database. Methods block: the clerk calls them from one thread.

    Every method raises TransientError, in one line without secrets, while the database does not answer.
    """

    def __init__(self, url: str) -> None:
        """Name the database; nothing is opened yet.

        Raises: ConfigError for a URL that no database understands.
        """
        try:
            parsed = make_url("postgresql" + url[8:] if url.startswith("postgres:") else url)
            if parsed.drivername == "postgresql":
                parsed = parsed.set(drivername="postgresql+psycopg")
            self._is_sqlite = parsed.get_backend_name() == "sqlite"
            patience = {"timeout": 2.0} if self._is_sqlite else {"connect_timeout": 3}
            options: Row = {} if parsed.query.keys() & patience.keys() else patience
            self._engine: Engine = create_engine(parsed, connect_args=options)
        except (ArgumentError, NoSuchModuleError, ImportError, ValueError) as error:
            raise ConfigError("storage.database: not a sqlite:/// or postgresql:// address; edit desk.toml") from error
        if self._is_sqlite:
            event.listen(self._engine, "connect", _tune_sqlite)

    def prepare(self) -> None:
        """Bring the tables to this version."""
        config = Config()
        config.set_main_option("script_location", "engine.storage:migrations")
        with self._begin() as connection:
            config.attributes["connection"] = connection
            with _MIGRATING:
                command.upgrade(config, "head")

    def stored_seq(self) -> int:
        """Newest entry that is stored with all before it; 0 for none."""
        with self._begin() as connection:
            return _stored(connection)

    def put(self, records: Sequence[Record], checkpoint: Checkpoint | None = None) -> None:
        """Store entries, what they say of orders and fills, and how far that is."""
        with self._begin() as connection:
            stored = _stored(connection)
            batch = Batch(record for record in records if record.seq > stored)
            self._add(connection, JOURNAL, batch.journal)
            self._add(connection, ORDERS, batch.orders)
            self._add(connection, FILLS, batch.fills)
            self._add(connection, ACTS, batch.acts)
            if checkpoint is not None:
                self._add(connection, CHECKPOINT, [{"seq": checkpoint.seq, "raw": checkpoint.state}])
            _follow_orders(connection, batch)
            _bust(connection, batch.busted)
            if records:
                self._advance(connection, records[-1].seq)

    def entry(self, seq: int) -> bytes | None:
        """One entry."""
        with self._begin() as connection:
            return connection.execute(select(JOURNAL.c.raw).where(JOURNAL.c.seq == seq)).scalar()

    def read(self, from_seq: int = 1, to_seq: int | None = None) -> Iterator[Record]:
        """Entries in order; what was pruned or never stored is simply not there."""
        seq = from_seq
        while True:
            rows = select(JOURNAL.c.seq, JOURNAL.c.raw).where(JOURNAL.c.seq >= seq).order_by(JOURNAL.c.seq)
            if to_seq is not None:
                rows = rows.where(JOURNAL.c.seq <= to_seq)
            with self._begin() as connection:
                found = connection.execute(rows.limit(_READ_AT_ONCE)).all()
            for number, raw in found:
                yield Record(number, bytes(raw))
            if len(found) < _READ_AT_ONCE:
                return
            seq = found[-1][0] + 1

    def checkpoint(self, at_most: int | None = None) -> Checkpoint | None:
        """Newest stored state, that holds no entry beyond ``at_most``."""
        rows = select(CHECKPOINT.c.seq, CHECKPOINT.c.raw).order_by(CHECKPOINT.c.seq.desc()).limit(1)
        if at_most is not None:
            rows = rows.where(CHECKPOINT.c.seq <= at_most)
        with self._begin() as connection:
            found = connection.execute(rows).first()
            return None if found is None else Checkpoint(found[0], bytes(found[1]))

    def checkpoints(self) -> Iterator[Checkpoint]:
        """Stored states, newest first."""
        found = self.checkpoint()
        while found is not None:
            yield found
            found = self.checkpoint(found.seq - 1)

    def root(self, name: str) -> int | None:
        """Entry that began the story of an order or a cause: the leader's fill behind a second half or a new try."""
        with self._begin() as connection:
            found: int | None = None
            for _ in range(100):  # each step goes back in time; a journal that does not is not followed for ever
                about = (ORDERS.c.client == name) | (ORDERS.c.cause == name)
                row = connection.execute(select(ORDERS.c.cause, ORDERS.c.seq).where(about).limit(1)).first()
                if row is None:
                    return found
                found = int(row.seq)
                kind, _, rest = row.cause.rpartition("#")[0].partition(":")
                if kind == "end":
                    name = rest
                elif kind == "fill":
                    name = (
                        connection.execute(select(FILLS.c.client).where(FILLS.c.fill == rest).limit(1)).scalar() or ""
                    )
                else:
                    return found
            return found

    def act_seq(self, key: str) -> int | None:
        """Entry of a person's act."""
        with self._begin() as connection:
            return connection.execute(select(ACTS.c.seq).where(ACTS.c.key == key)).scalar()

    def retire(self, from_seq: int) -> int:
        """Set entries aside that the log lost with the power and that were numbered anew; say how many."""
        with self._begin() as connection:
            lost = select(JOURNAL.c.seq, JOURNAL.c.raw).where(JOURNAL.c.seq >= from_seq)
            connection.execute(insert(RETIRED).from_select(["seq", "raw"], lost))
            connection.execute(delete(CHECKPOINT).where(CHECKPOINT.c.seq >= from_seq))
            gone = connection.execute(delete(JOURNAL).where(JOURNAL.c.seq >= from_seq)).rowcount
            connection.execute(update(PROGRESS).where(PROGRESS.c.name == _STORED).values(seq=from_seq - 1))
            return int(gone)

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()

    @contextmanager
    def _begin(self) -> Iterator[Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except DBAPIError as error:
            raise TransientError(f"the database does not answer: {_line(error.orig)}") from error
        except SQLAlchemyError as error:
            raise TransientError(f"the database does not answer: {_line(error)}") from error

    def _add(self, connection: Connection, table: Table, rows: list[Row]) -> None:
        if rows:
            dialect = sqlite if self._is_sqlite else postgresql
            connection.execute(dialect.insert(table).on_conflict_do_nothing(), rows)

    def _advance(self, connection: Connection, seq: int) -> None:
        self._add(connection, PROGRESS, [{"name": _STORED, "seq": 0}])
        mark = update(PROGRESS).where(PROGRESS.c.name == _STORED, PROGRESS.c.seq < seq).values(seq=seq)
        connection.execute(mark)


def _stored(connection: Connection) -> int:
    return int(connection.execute(select(PROGRESS.c.seq).where(PROGRESS.c.name == _STORED)).scalar() or 0)


def _follow_orders(connection: Connection, batch: Batch) -> None:
    """Carry times and outcomes into the orders; the first answer keeps its time, the newest its word."""
    seq = bindparam("b_seq", type_=ORDERS.c.seq.type)
    newest = {"last_seq": _greatest(ORDERS.c.last_seq, seq)}
    if batch.sent:
        place = (ORDERS.c.cause == bindparam("b_cause")) & (ORDERS.c.place == bindparam("b_place"))
        waiting = select(ORDERS.c.client).where(place, ORDERS.c.sent_at.is_(None)).order_by(ORDERS.c.seq, ORDERS.c.rank)
        oldest = ORDERS.c.client == waiting.limit(1).scalar_subquery()
        connection.execute(update(ORDERS).where(oldest).values(sent_at=bindparam("b_at"), **newest), batch.sent)
    client = ORDERS.c.client == bindparam("b_client")
    if batch.answered:
        answered = func.coalesce(ORDERS.c.answered_at, bindparam("b_at", type_=ORDERS.c.answered_at.type))
        change = {"answered_at": answered, "outcome": bindparam("b_word"), "reason": bindparam("b_reason")}
        connection.execute(update(ORDERS).where(client).values(**change, **newest), batch.answered)
    if batch.filled:
        change = {"filled": _counted(), "filled_at": bindparam("b_at")}
        connection.execute(update(ORDERS).where(client).values(**change, **newest), batch.filled)


def _counted() -> Any:
    """Contracts that fills give the order of the row at hand."""
    total = select(func.coalesce(func.sum(FILLS.c.quantity), 0))
    return total.where(FILLS.c.client == ORDERS.c.client, FILLS.c.busted.is_(False)).scalar_subquery()


def _bust(connection: Connection, rows: list[Row]) -> None:
    if rows:
        name = (FILLS.c.account == bindparam("b_account")) & (FILLS.c.fill == bindparam("b_fill"))
        connection.execute(update(FILLS).where(name).values(busted=True), rows)
        theirs = ORDERS.c.client.in_(select(FILLS.c.client).where(name))
        connection.execute(update(ORDERS).where(theirs).values(filled=_counted()), rows)


def _greatest(left: Any, right: Any) -> Any:
    return case((left > right, left), else_=right)


def _tune_sqlite(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.close()


def _line(error: object) -> str:
    """First line of a driver's words: the rest repeats the statement and its values."""
    return (str(error).strip().splitlines() or ["no reason given"])[0]
