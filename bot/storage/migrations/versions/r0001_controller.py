"""People, rights, buttons, messages and the audit."""

import sqlalchemy as sa
from alembic import op

from bot.storage.table import Moment, Number

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    _people()
    _rights()
    _messages()
    _outbox()
    _audit()


def _people() -> None:
    op.create_table(
        "binding",
        sa.Column("chat", sa.String(length=160), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("scope", sa.String(length=120), nullable=False),
        sa.Column("floor", sa.String(length=4), nullable=False),
        sa.Column("is_redacted", sa.Boolean(), nullable=False),
        sa.Column("by", sa.String(length=20), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("chat"),
    )
    op.create_table(
        "granted",
        sa.Column("principal", sa.String(length=20), nullable=False),
        sa.Column("scope", sa.String(length=120), nullable=False),
        sa.Column("role", sa.Integer(), nullable=False),
        sa.Column("until", Moment, nullable=True),
        sa.Column("by", sa.String(length=20), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("principal", "scope"),
    )
    op.create_table(
        "identity",
        sa.Column("identity", sa.String(length=120), nullable=False),
        sa.Column("principal", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("since", Moment, nullable=False),
        sa.PrimaryKeyConstraint("identity"),
    )
    op.create_index("identity_principal", "identity", ["principal"], unique=False)
    op.create_table(
        "principal",
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("made_at", Moment, nullable=False),
        sa.Column("revoked_at", Moment, nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )


def _rights() -> None:
    op.create_table(
        "armed",
        sa.Column("principal", sa.String(length=20), nullable=False),
        sa.Column("until", Moment, nullable=False),
        sa.Column("used_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("principal"),
    )
    op.create_table(
        "code",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("role", sa.Integer(), nullable=False),
        sa.Column("scope", sa.String(length=120), nullable=False),
        sa.Column("principal", sa.String(length=20), nullable=True),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("by", sa.String(length=20), nullable=False),
        sa.Column("until", Moment, nullable=False),
        sa.Column("used_at", Moment, nullable=True),
        sa.PrimaryKeyConstraint("hash"),
    )
    op.create_table(
        "pref",
        sa.Column("owner", sa.String(length=160), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("owner", "key"),
    )
    op.create_table(
        "secret",
        sa.Column("principal", sa.String(length=20), nullable=False),
        sa.Column("secret", sa.String(length=64), nullable=False),
        sa.Column("step", Number, nullable=False),
        sa.Column("proven_at", Moment, nullable=True),
        sa.PrimaryKeyConstraint("principal"),
    )
    op.create_table(
        "strike",
        sa.Column("identity", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("until", Moment, nullable=False),
        sa.PrimaryKeyConstraint("identity", "kind"),
    )


def _messages() -> None:
    op.create_table(
        "approval",
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("asker", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("due", Moment, nullable=False),
        sa.Column("made_at", Moment, nullable=False),
        sa.Column("ended_by", sa.String(length=20), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "handle",
        sa.Column("handle", sa.String(length=40), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("person", sa.String(length=20), nullable=False),
        sa.Column("chat", sa.String(length=160), nullable=False),
        sa.Column("kin", sa.String(length=40), nullable=False),
        sa.Column("stage", sa.String(length=10), nullable=False),
        sa.Column("word", sa.String(length=20), nullable=False),
        sa.Column("due", Moment, nullable=False),
        sa.PrimaryKeyConstraint("handle"),
    )
    op.create_index("handle_due", "handle", ["due"], unique=False)
    op.create_index("handle_kin", "handle", ["kin"], unique=False)
    op.create_table(
        "inbox",
        sa.Column("platform", sa.String(length=20), nullable=False),
        sa.Column("update", sa.String(length=80), nullable=False),
        sa.Column("heard_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("platform", "update"),
    )


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", Number, autoincrement=True, nullable=False),
        sa.Column("platform", sa.String(length=20), nullable=False),
        sa.Column("chat", sa.String(length=160), nullable=False),
        sa.Column("ref", sa.String(length=160), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", Moment, nullable=False),
        sa.Column("ended_at", Moment, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("outbox_state", "outbox", ["platform", "state", "id"], unique=False)
    op.create_table(
        "post",
        sa.Column("chat", sa.String(length=160), nullable=False),
        sa.Column("ref", sa.String(length=160), nullable=False),
        sa.Column("post", sa.String(length=80), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("chat", "ref"),
    )
    op.create_index("post_at", "post", ["at"], unique=False)
    op.create_table(
        "track",
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("seq", Number, autoincrement=False, nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("person", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("identity", sa.String(length=120), nullable=False),
        sa.Column("chat", sa.String(length=160), nullable=False),
        sa.Column("command", sa.String(length=40), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("accounts", sa.Text(), nullable=False),
        sa.Column("level", sa.String(length=4), nullable=False),
        sa.Column("preview", sa.Text(), nullable=False),
        sa.Column("second", sa.String(length=80), nullable=False),
        sa.Column("result", sa.String(length=12), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("latency_ms", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("prev", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_index("audit_person", "audit", ["person", "seq"], unique=False)
