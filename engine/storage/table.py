"""Tables of the journal's database: the record itself, and what people like to read of it by SQL."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
)
from sqlalchemy.types import TypeDecorator, TypeEngine


class Money(TypeDecorator[Decimal]):
    """Exact decimals: NUMERIC where the database has it, digits as TEXT in SQLite, whose numbers are floats."""

    impl = Numeric
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Column type of this database."""
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else Numeric())

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        """What is stored."""
        return str(value) if value is not None and dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:  # noqa: ARG002  SQLAlchemy's name
        """What was stored, exact."""
        return None if value is None else Decimal(value)


class Moment(TypeDecorator[datetime]):
    """Aware UTC times: TIMESTAMP WITH TIME ZONE where the database has it, sortable ISO text in SQLite."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Column type of this database."""
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """What is stored."""
        if value is None or dialect.name != "sqlite":
            return value
        return value.astimezone(UTC).isoformat(timespec="microseconds")

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """What was stored, in UTC."""
        if value is None:
            return None
        return (datetime.fromisoformat(value) if dialect.name == "sqlite" else value).astimezone(UTC)


Seq = BigInteger().with_variant(Integer(), "sqlite")

METADATA = MetaData()

JOURNAL = Table(
    "journal",
    METADATA,
    Column("seq", Seq, primary_key=True, autoincrement=False),
    Column("at", Moment),  # empty for an entry that this version cannot read
    Column("kind", String(40), nullable=False),
    Column("account", String(80), nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Index("journal_kind", "kind", "seq"),
    Index("journal_account", "account", "seq"),
)

CHECKPOINT = Table(
    "checkpoint",
    METADATA,
    Column("seq", Seq, primary_key=True, autoincrement=False),
    Column("raw", LargeBinary, nullable=False),
)

PROGRESS = Table(
    "progress",
    METADATA,
    Column("name", String(40), primary_key=True),
    Column("seq", Seq, nullable=False),
)

RETIRED = (
    Table(  # entries that the database had and the log lost with the power: kept, but no longer part of the journal
        "retired",
        METADATA,
        Column("id", Seq, primary_key=True, autoincrement=True),
        Column("seq", Seq, nullable=False),
        Column("raw", LargeBinary, nullable=False),
    )
)

ORDERS = Table(
    "orders",
    METADATA,
    Column("client", String(40), primary_key=True),
    Column("cause", Text, nullable=False),
    Column("place", Integer, nullable=False),  # which lot of its fan-out
    Column("rank", Integer, nullable=False),  # which order of its entry: the fan-outs of an act share a cause
    Column("account", String(80), nullable=False),
    Column("symbol", String(40), nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("seq", Seq, nullable=False),  # entry that decided it
    Column("last_seq", Seq, nullable=False),  # newest entry about it
    Column("decided_at", Moment, nullable=False),
    Column("sent_at", Moment),
    Column("answered_at", Moment),
    Column("filled_at", Moment),
    Column("filled", Integer, nullable=False),
    Column("outcome", String(20), nullable=False),  # decided, accepted, refused, unclear, absent
    Column("reason", Text, nullable=False),
    Index("orders_cause", "cause"),
    Index("orders_account", "account", "seq"),
)

FILLS = Table(
    "fills",
    METADATA,
    Column("account", String(80), primary_key=True),
    Column("fill", String(80), primary_key=True),
    Column("client", String(40)),
    Column("broker_order", String(80), nullable=False),
    Column("symbol", String(40), nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("price", Money, nullable=False),
    Column("traded_at", Moment, nullable=False),
    Column("seq", Seq, nullable=False),
    Column("busted", Boolean, nullable=False),
    Index("fills_client", "client"),
    Index("fills_seq", "seq"),
)

ACTS = Table(
    "acts",
    METADATA,
    Column("key", String(120), primary_key=True),
    Column("seq", Seq, nullable=False),
    Column("at", Moment, nullable=False),
    Column("by", String(120), nullable=False),
    Column("kind", String(20), nullable=False),
)
