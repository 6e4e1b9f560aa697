"""Attendance: that somebody can reach the desk, and for how long it may go on when nobody can any more."""

from datetime import datetime

from engine.domain.value import Value


class AttendAsk(Value, frozen=True, forbid_unknown_fields=True):
    """Somebody can reach the desk now. Without another such word within ``within_s`` entries are paused; 0 takes it back."""

    within_s: int


class AttendView(Value, frozen=True):
    """When entries are paused where nobody comes; None for never."""

    until: datetime | None
