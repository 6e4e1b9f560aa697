"""Cards that are out with buttons."""

import sqlalchemy as sa
from alembic import op

from bot.storage.table import Moment

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "fading",
        sa.Column("chat", sa.String(length=160), nullable=False),
        sa.Column("ref", sa.String(length=160), nullable=False),
        sa.Column("kin", sa.String(length=40), nullable=False),
        sa.Column("person", sa.String(length=20), nullable=False),
        sa.Column("due", Moment, nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("chat", "ref"),
    )
    op.create_index("fading_due", "fading", ["due"], unique=False)
    op.create_index("fading_kin", "fading", ["kin"], unique=False)
