"""Hold: what stops a follower's entries and whose it is, and a task: an act on it that takes time."""

from datetime import datetime

import msgspec
from msgspec import UNSET, UnsetType

from engine.domain.hours import Window
from engine.domain.ids import Symbol

LEADER_LOST = "leader-lost"  # the kind of hold under which a group of a silent leader is flattened


class Hold(msgspec.Struct):
    """Entries are stopped: by whom, why, until when. ``kind`` is person, planned, engine, journal, flatten, what a limit
    asks for (close-only, lock-day, lock), or a time's (window, flat-by, news), which ends by its own fact; or off,
    which only a person's on lifts."""

    by: str
    kind: str
    reason: str
    since: datetime
    until: datetime | None = None
    is_ending_told: bool = False  # people know that it ends soon and what has changed meanwhile
    key: str = ""  # the act that planned it
    weekly: Window | None = None  # it comes again on these weekdays
    who: str | UnsetType = UNSET  # the person, however called; unset for the engine's own, and where nobody is named

    @property
    def owner(self) -> tuple[str, str, str]:
        """Whose it is and of which kind: there is one of each."""
        return self.who or "", "" if self.who else self.by, self.kind

    def is_by(self, name: str) -> bool:
        """Say whether the engine itself holds under this name: a person may be called the same."""
        return not self.who and self.by == name


class Task(msgspec.Struct):
    """A person's act that takes time: flatten, close, sync, take, size or approve."""

    key: str
    kind: str
    since: datetime
    symbol: Symbol | None = None
    asked_at: datetime | None = None  # when the proof was asked for
    text: str = ""  # last progress told
    is_limit: bool = False  # a limit asked for it, no person
    failed_at: datetime | None = None  # when people were told last that it is not proven
    short: str = ""  # what of a size up was denied, or of an approval, and why
    wanted: int = 0  # the goal that a take or an approval made, in its contract
    why: str = ""  # a time asked for it: what that is, in words
    family: str = "dd"  # of a flatten that no person asked for: whose alerts tell of it
