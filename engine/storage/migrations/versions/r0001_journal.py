"""The journal, its checkpoints and its readable tables."""

import sqlalchemy as sa
from alembic import op

from engine.storage.table import Moment, Money, Seq

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    _record()
    _orders()
    op.create_table(
        "fills",
        sa.Column("account", sa.String(80), primary_key=True),
        sa.Column("fill", sa.String(80), primary_key=True),
        sa.Column("client", sa.String(40)),
        sa.Column("broker_order", sa.String(80), nullable=False),
        sa.Column("symbol", sa.String(40), nullable=False),
        sa.Column("quantity", sa.Integer, nullable=False),
        sa.Column("price", Money, nullable=False),
        sa.Column("traded_at", Moment, nullable=False),
        sa.Column("seq", Seq, nullable=False),
        sa.Column("busted", sa.Boolean, nullable=False),
    )
    op.create_index("fills_client", "fills", ["client"])
    op.create_index("fills_seq", "fills", ["seq"])
    op.create_table(
        "acts",
        sa.Column("key", sa.String(120), primary_key=True),
        sa.Column("seq", Seq, nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("by", sa.String(120), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
    )


def _record() -> None:
    op.create_table(
        "journal",
        sa.Column("seq", Seq, primary_key=True, autoincrement=False),
        sa.Column("at", Moment),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("account", sa.String(80), nullable=False),
        sa.Column("raw", sa.LargeBinary, nullable=False),
    )
    op.create_index("journal_kind", "journal", ["kind", "seq"])
    op.create_index("journal_account", "journal", ["account", "seq"])
    op.create_table(
        "checkpoint",
        sa.Column("seq", Seq, primary_key=True, autoincrement=False),
        sa.Column("raw", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "progress",
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("seq", Seq, nullable=False),
    )
    op.create_table(
        "retired",
        sa.Column("id", Seq, primary_key=True, autoincrement=True),
        sa.Column("seq", Seq, nullable=False),
        sa.Column("raw", sa.LargeBinary, nullable=False),
    )


def _orders() -> None:
    op.create_table(
        "orders",
        sa.Column("client", sa.String(40), primary_key=True),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("rank", sa.Integer, nullable=False),
        sa.Column("account", sa.String(80), nullable=False),
        sa.Column("symbol", sa.String(40), nullable=False),
        sa.Column("quantity", sa.Integer, nullable=False),
        sa.Column("seq", Seq, nullable=False),
        sa.Column("last_seq", Seq, nullable=False),
        sa.Column("decided_at", Moment, nullable=False),
        sa.Column("sent_at", Moment),
        sa.Column("answered_at", Moment),
        sa.Column("filled_at", Moment),
        sa.Column("filled", sa.Integer, nullable=False),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
    )
    op.create_index("orders_cause", "orders", ["cause"])
    op.create_index("orders_account", "orders", ["account", "seq"])
