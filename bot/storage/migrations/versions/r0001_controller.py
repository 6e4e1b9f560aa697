"""People, rights, buttons, messages and the audit."""

from alembic import op

from bot.storage.table import METADATA

revision = "0001"
down_revision = None

TABLES = (
    "principal", "identity", "granted", "binding", "code", "strike", "secret", "armed", "pref",
    "inbox", "handle", "approval", "track", "outbox", "post", "audit",
)  # fmt: skip


def upgrade() -> None:
    """Make the tables."""
    METADATA.create_all(op.get_bind(), [METADATA.tables[name] for name in TABLES])
