"""Tables of the bot's database."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)
from sqlalchemy.types import TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Moment(TypeDecorator[datetime]):
    """Aware UTC times as microseconds since 1970, the same in every database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002  SQLAlchemy's name
        """What is stored."""
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002  as above
        """What was stored."""
        return None if value is None else _EPOCH + value * _MICROSECOND


Number = BigInteger().with_variant(Integer(), "sqlite")
METADATA = MetaData()

# ---- people and places ---------------------------------------------------------------------------------------------

PRINCIPAL = Table(  # a human
    "principal",
    METADATA,
    Column("id", String(20), primary_key=True),
    Column("name", String(80), nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("revoked_at", Moment),
)

IDENTITY = Table(  # one human on one platform: telegram:12345
    "identity",
    METADATA,
    Column("identity", String(120), primary_key=True),
    Column("principal", String(20), nullable=False),
    Column("name", String(120), nullable=False),  # as the platform shows it; never matched
    Column("since", Moment, nullable=False),
    Index("identity_principal", "principal"),
)

GRANTED = Table(  # what a human may do, and where
    "granted",
    METADATA,
    Column("principal", String(20), primary_key=True),
    Column("scope", String(120), primary_key=True),
    Column("role", Integer, nullable=False),
    Column("until", Moment),
    Column("by", String(20), nullable=False),
    Column("at", Moment, nullable=False),
)

BINDING = Table(  # what a chat is for
    "binding",
    METADATA,
    Column("chat", String(160), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("scope", String(120), nullable=False),
    Column("floor", String(4), nullable=False),  # the least severity that is told there
    Column("is_redacted", Boolean, nullable=False),
    Column("by", String(20), nullable=False),
    Column("at", Moment, nullable=False),
)

CODE = Table(  # pairing and binding codes, hashed
    "code",
    METADATA,
    Column("hash", String(64), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("role", Integer, nullable=False),
    Column("scope", String(120), nullable=False),
    Column("principal", String(20)),  # a further identity of this person
    Column("name", String(80), nullable=False),
    Column("by", String(20), nullable=False),
    Column("until", Moment, nullable=False),
    Column("used_at", Moment),
)

STRIKE = Table(  # wrong codes of somebody: too many shut him out for a while
    "strike",
    METADATA,
    Column("identity", String(120), primary_key=True),
    Column("kind", String(20), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("until", Moment, nullable=False),
)

SECRET = Table(  # one-time codes
    "secret",
    METADATA,
    Column("principal", String(20), primary_key=True),
    Column("secret", String(64), nullable=False),
    Column("step", Number, nullable=False),  # the newest time step that was used: no code counts twice
    Column("proven_at", Moment),
)

ARMED = Table(  # windows in which a code was given already
    "armed",
    METADATA,
    Column("principal", String(20), primary_key=True),
    Column("until", Moment, nullable=False),
    Column("used_at", Moment, nullable=False),
)

PREF = Table(
    "pref",
    METADATA,
    Column("owner", String(160), primary_key=True),  # a principal or a chat
    Column("key", String(40), primary_key=True),
    Column("value", Text, nullable=False),
)

# ---- what came in, what is out, what waits -------------------------------------------------------------------------

INBOX = Table(
    "inbox",
    METADATA,
    Column("platform", String(20), primary_key=True),
    Column("update", String(80), primary_key=True),
    Column("heard_at", Moment, nullable=False),
)

HANDLE = Table(  # buttons
    "handle",
    METADATA,
    Column("handle", String(40), primary_key=True),
    Column("payload", LargeBinary, nullable=False),
    Column("person", String(20), nullable=False),
    Column("chat", String(160), nullable=False),
    Column("kin", String(40), nullable=False),
    Column("stage", String(10), nullable=False),
    Column("word", String(20), nullable=False),
    Column("due", Moment, nullable=False),
    Index("handle_kin", "kin"),
    Index("handle_due", "due"),
)

APPROVAL = Table(  # acts that wait for a second person
    "approval",
    METADATA,
    Column("id", String(20), primary_key=True),
    Column("payload", LargeBinary, nullable=False),
    Column("asker", String(20), nullable=False),
    Column("state", String(12), nullable=False),
    Column("due", Moment, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("ended_by", String(20)),
)

TRACK = Table(  # acts under way, whose card is still edited
    "track",
    METADATA,
    Column("key", String(120), primary_key=True),
    Column("payload", LargeBinary, nullable=False),
    Column("is_open", Boolean, nullable=False),
    Column("at", Moment, nullable=False),
)

FADING = Table(  # cards that are out with buttons
    "fading",
    METADATA,
    Column("chat", String(160), primary_key=True),
    Column("ref", String(160), primary_key=True),
    Column("kin", String(40), nullable=False),
    Column("person", String(20), nullable=False),
    Column("due", Moment, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Index("fading_due", "due"),
    Index("fading_kin", "kin"),
)

OUTBOX = Table(
    "outbox",
    METADATA,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("platform", String(20), nullable=False),
    Column("chat", String(160), nullable=False),
    Column("ref", String(160), nullable=False),
    Column("priority", Integer, nullable=False),
    Column("state", String(10), nullable=False),  # waiting, leased, sent, unsure, dead
    Column("attempts", Integer, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("reason", Text, nullable=False),
    Index("outbox_state", "platform", "state", "id"),
)

POST = Table(  # which message of a platform shows a card
    "post",
    METADATA,
    Column("chat", String(160), primary_key=True),
    Column("ref", String(160), primary_key=True),
    Column("post", String(80), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("at", Moment, nullable=False),
    Index("post_at", "at"),
)

AUDIT = Table(  # append-only; each row's hash contains the row before it
    "audit",
    METADATA,
    Column("seq", Number, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("person", String(20), nullable=False),
    Column("name", String(80), nullable=False),
    Column("identity", String(120), nullable=False),
    Column("chat", String(160), nullable=False),
    Column("command", String(40), nullable=False),
    Column("text", Text, nullable=False),
    Column("accounts", Text, nullable=False),
    Column("level", String(4), nullable=False),
    Column("preview", Text, nullable=False),
    Column("second", String(80), nullable=False),
    Column("result", String(12), nullable=False),
    Column("why", Text, nullable=False),
    Column("latency_ms", Integer, nullable=False),
    Column("key", String(120), nullable=False),
    Column("prev", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Index("audit_person", "person", "seq"),
)

# ---- alerts --------------------------------------------------------------------------------------------------------

ALERT = Table(  # every alert that came in, and what became of it
    "alert",
    METADATA,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("seq", Number, nullable=False),
    Column("at", Moment, nullable=False),
    Column("code", String(40), nullable=False),
    Column("severity", String(4), nullable=False),
    Column("account", String(80), nullable=False),
    Column("text", Text, nullable=False),
    Column("stage", String(12), nullable=False),  # told, grouped, held, ended, dropped
    Column("reason", Text, nullable=False),
    Column("group_id", Integer, nullable=False),  # 0 for none
    Index("alert_group_id", "group_id", "id"),
    Index("alert_at", "at"),
)

ALERT_GROUP = Table(
    "alert_group",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("key", String(300), nullable=False),
    Column("stage", String(12), nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("payload", LargeBinary, nullable=False),
    Index("alert_group_stage", "stage", "id"),
)

ALERT_EVENT = Table(  # a group's history
    "alert_event",
    METADATA,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("group_id", Integer, nullable=False),
    Column("at", Moment, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("text", Text, nullable=False),
    Column("by", String(80), nullable=False),
    Index("alert_event_group", "group_id", "id"),
)

ESCALATION_DUE = Table(  # whom a group goes to next, and when; without a due time somebody has it
    "escalation_due",
    METADATA,
    Column("group_id", Integer, primary_key=True, autoincrement=False),
    Column("due", Moment),
    Column("payload", LargeBinary, nullable=False),
)

SILENCE = Table(  # what people have muted
    "silence",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("until", Moment, nullable=False),
    Column("payload", LargeBinary, nullable=False),
)

ONCALL = Table(  # who is called first, and who next
    "oncall",
    METADATA,
    Column("rank", Integer, primary_key=True, autoincrement=False),  # 0 on call, 1 deputy
    Column("person", String(20), nullable=False),
    Column("name", String(80), nullable=False),
    Column("by", String(20), nullable=False),
    Column("since", Moment, nullable=False),
)

DIGEST = Table(  # what a chat was not told while it was quiet
    "digest",
    METADATA,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("chat", String(160), nullable=False),
    Column("group_id", Integer, nullable=False),
    Column("at", Moment, nullable=False),
    Column("text", Text, nullable=False),
    Index("digest_chat", "chat", "id"),
)

THREAD = Table(  # the place beside a card
    "thread",
    METADATA,
    Column("chat", String(160), primary_key=True),
    Column("ref", String(160), primary_key=True),
    Column("place", String(160)),  # none: it was deleted and is made anew; empty: this chat has no such
    Column("name", String(120), nullable=False),
    Column("is_shut", Boolean, nullable=False),
    Column("made", Integer, nullable=False),  # how often
    Column("at", Moment, nullable=False),
    Index("thread_place", "place"),
)
