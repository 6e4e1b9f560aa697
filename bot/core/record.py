"""Record: one row of the audit: what somebody asked, where, and what came of it."""

from datetime import datetime

from engine.api import Value


class Record(Value, frozen=True):
    """One thing that somebody asked. ``result`` is ok, sent, proven, shown, waits, refused, failed, denied,
    approved or expired."""

    at: datetime
    person: str
    name: str
    identity: str
    chat: str
    command: str
    text: str
    result: str
    accounts: str = ""
    level: str = ""
    preview: str = ""
    second: str = ""
    why: str = ""
    latency_ms: int = 0
    key: str = ""
