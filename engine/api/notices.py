"""What is told unasked: the messages of the event stream, JSON with ``type`` as the tag.

The stream begins with a ``Snapshot`` and goes on from its ``seq``; a reader that asks to resume from a sequence number
gets what it missed, or a new ``Snapshot`` when that is no longer kept.
"""

from datetime import datetime

from engine.api.views import ActView, CopyView, StatusView
from engine.domain.decision import Severity
from engine.domain.value import Value


class Told(Value, frozen=True, tag_field="type"):
    """What every message carries: the journal sequence up to which the reader now knows everything."""

    seq: int


class Snapshot(Told, frozen=True, tag="snapshot"):
    """Where the stream begins."""

    status: StatusView


class StatusTold(Told, frozen=True, tag="status"):
    """The status changed; at most a few a second, the newest wins."""

    status: StatusView


class CopyTold(Told, frozen=True, tag="copy"):
    """A copy began or moved on; the newest view replaces the older."""

    copy: CopyView


class ActTold(Told, frozen=True, tag="act"):
    """An act moved on."""

    act: ActView


class Notice(Told, frozen=True, tag="notice"):
    """Something people should know; ``code`` is one of the alert table's."""

    at: datetime
    code: str
    severity: Severity
    text: str
    account: str | None = None
    symbol: str | None = None
    key: str | None = None
    connection: str | None = None  # of what concerns a whole line


Message = Snapshot | StatusTold | CopyTold | ActTold | Notice
