"""Alerts, their groups and histories, escalations, mutes, who is on call, and what a quiet chat was not told."""

import sqlalchemy as sa
from alembic import op

from bot.storage.table import Moment, Number

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the tables."""
    _alerts()
    _people()


def _alerts() -> None:
    op.create_table(
        "alert",
        sa.Column("id", Number, autoincrement=True, nullable=False),
        sa.Column("seq", Number, nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("severity", sa.String(length=4), nullable=False),
        sa.Column("account", sa.String(length=80), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("stage", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("alert_group_id", "alert", ["group_id", "id"], unique=False)
    op.create_index("alert_at", "alert", ["at"], unique=False)
    op.create_table(
        "alert_group",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key", sa.String(length=300), nullable=False),
        sa.Column("stage", sa.String(length=12), nullable=False),
        sa.Column("opened_at", Moment, nullable=False),
        sa.Column("ended_at", Moment, nullable=True),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("alert_group_stage", "alert_group", ["stage", "id"], unique=False)
    op.create_table(
        "alert_event",
        sa.Column("id", Number, autoincrement=True, nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("alert_event_group", "alert_event", ["group_id", "id"], unique=False)
    op.create_table(
        "escalation_due",
        sa.Column("group_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("due", Moment, nullable=True),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("group_id"),
    )


def _people() -> None:
    op.create_table(
        "silence",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("until", Moment, nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "oncall",
        sa.Column("rank", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("person", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("by", sa.String(length=20), nullable=False),
        sa.Column("since", Moment, nullable=False),
        sa.PrimaryKeyConstraint("rank"),
    )
    op.create_table(
        "digest",
        sa.Column("id", Number, autoincrement=True, nullable=False),
        sa.Column("chat", sa.String(length=160), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("digest_chat", "digest", ["chat", "id"], unique=False)
