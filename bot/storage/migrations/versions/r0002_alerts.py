"""Alerts, their groups and histories, escalations, mutes, who is on call, and what a quiet chat was not told."""

from alembic import op

from bot.storage.table import METADATA

revision = "0002"
down_revision = "0001"

TABLES = ("alert", "alert_group", "alert_event", "escalation_due", "silence", "oncall", "digest")


def upgrade() -> None:
    """Make the tables."""
    METADATA.create_all(op.get_bind(), [METADATA.tables[name] for name in TABLES])
