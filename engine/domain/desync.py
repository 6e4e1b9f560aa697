"""Desync: where one lane stands between in step and a person's help, as a table of states and of what can be seen.

Theory of operation. After each fact a lane gives one ``Sight``: nothing differs, something is under way, something differs
for so long. The table turns state and sight into the next state; what is kept is only the state, since when, and who took
it on. A lane that needs a person stays so until nothing differs any more or a person acts, whatever is tried meanwhile.
"""

from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from engine.domain.decision import Severity
from engine.domain.value import Value


class SyncState(StrEnum):
    """Where a lane stands."""

    IN_SYNC = "in sync"
    CATCHING_UP = "catching up"  # orders or a comparison are under way, within the grace time
    DESYNC = "desync"  # it differs for longer, with nothing under way: the broker is asked
    RECOVERING = "recovering"  # a repair is scheduled or under way
    NEEDS_PERSON = "needs a person"


class Sight(StrEnum):
    """What can be seen of a lane now."""

    EVEN = "even"  # nothing differs, nothing is under way
    MOVING = "moving"  # orders in flight, or not yet compared with the broker
    OFF = "off"  # it differs, within the grace time
    LASTING = "lasting"  # it differs for longer
    REPAIRING = "repairing"  # a repair has its time
    STUCK = "stuck"  # bounds or tries are used up, or other hands are at work
    HELPED = "helped"  # a person acts on it


_STATES = tuple(SyncState)
_AS_IT_IS = dict(zip(_STATES, _STATES, strict=True))


def _row(**changed: SyncState) -> dict[SyncState, SyncState]:
    return {**_AS_IT_IS, **{SyncState[name]: state for name, state in changed.items()}}


_ROWS = {
    Sight.EVEN: dict.fromkeys(_STATES, SyncState.IN_SYNC),
    Sight.MOVING: _row(IN_SYNC=SyncState.CATCHING_UP, DESYNC=SyncState.RECOVERING),
    Sight.OFF: _row(IN_SYNC=SyncState.CATCHING_UP),
    Sight.LASTING: _row(IN_SYNC=SyncState.DESYNC, CATCHING_UP=SyncState.DESYNC, RECOVERING=SyncState.DESYNC),
    Sight.REPAIRING: _row(IN_SYNC=SyncState.RECOVERING, CATCHING_UP=SyncState.RECOVERING, DESYNC=SyncState.RECOVERING),
    Sight.STUCK: dict.fromkeys(_STATES, SyncState.NEEDS_PERSON),
    Sight.HELPED: _row(DESYNC=SyncState.RECOVERING, NEEDS_PERSON=SyncState.RECOVERING),
}
MOVES: dict[tuple[SyncState, Sight], SyncState] = {
    (state, sight): after for sight, row in _ROWS.items() for state, after in row.items()
}
"""Every state under every sight."""


class Course(msgspec.Struct):
    """What is kept of one lane's way back into step."""

    state: SyncState = SyncState.IN_SYNC
    since: datetime | None = None
    owner: str = ""  # the person who took it on
    told: Severity | None = None  # how gravely people were told
    is_handed_over: bool = False  # and that one of them must act
    # an entry of ours that went missing, to be tried again
    lost_at: datetime | None = None
    again_at: datetime | None = None
    tries: int = 0
    why: str = ""
    stuck: str = ""  # the bound that stopped the repair, with its figures
    # protective children that are missing at the broker
    naked_why: str = ""
    cover_tries: int = 0

    def move(self, sight: Sight, at: datetime) -> bool:
        """Take the next state; True where it is another one."""
        after = MOVES[self.state, sight]
        if after is self.state:
            return False
        self.state, self.since = after, at
        if after is SyncState.IN_SYNC:
            self.owner = ""
        return True

    def shift_clock(self, by: timedelta) -> None:
        """Move the running waits along with the computer's clock."""
        self.lost_at = self.lost_at and self.lost_at + by
        self.again_at = self.again_at and self.again_at + by

    def clear(self) -> None:
        """No entry is to be tried again: it came, it is not wanted any more, or a person decided."""
        self.lost_at = self.again_at = None
        self.tries, self.why, self.stuck = 0, "", ""


class Seen(Value, frozen=True):
    """Where a lane stands, for people."""

    sight: Sight
    state: SyncState = SyncState.IN_SYNC
    why: str = ""
    owner: str = ""  # engine, a person's name, or nobody yet
    deadline: datetime | None = None  # when the next step comes
    since: datetime | None = None
