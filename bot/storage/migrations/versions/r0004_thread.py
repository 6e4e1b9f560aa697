"""Where the lines of an alert stand beside its card."""

import sqlalchemy as sa
from alembic import op

from bot.storage.table import Moment

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "thread",
        sa.Column("chat", sa.String(length=160), nullable=False),
        sa.Column("ref", sa.String(length=160), nullable=False),
        sa.Column("place", sa.String(length=160), nullable=True),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("is_shut", sa.Boolean(), nullable=False),
        sa.Column("made", sa.Integer(), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("chat", "ref"),
    )
    op.create_index("thread_place", "thread", ["place"], unique=False)
