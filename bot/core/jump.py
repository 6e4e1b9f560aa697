"""Jump: the computer's clock was set back; what waits for a time moves along, so that nothing waits for that much longer.

Set forward it moves nothing: what is due happens, as after a time in which nobody ran.
"""

from datetime import datetime, timedelta

import msgspec

from bot.core.alertgroup import Group
from bot.core.escalation import Climb
from bot.core.pipeline import Pipeline, Turn

LEAST = timedelta(seconds=5)  # less is how clocks are kept right


class Meter:
    """Sees the wall time go back against a clock that only goes forward."""

    def __init__(self, now: datetime, monotonic: float) -> None:
        """From here on."""
        self._now, self._monotonic = now, monotonic

    def back(self, now: datetime, monotonic: float) -> timedelta | None:
        """How far the wall time was set back since it was asked last; a negative span, None for none."""
        by = (now - self._now) - timedelta(seconds=monotonic - self._monotonic)
        self._now, self._monotonic = now, monotonic
        return by if by <= -LEAST else None


def move(pipeline: Pipeline, by: timedelta, now: datetime, turn: Turn) -> None:
    """Move everything that waits."""
    for group in [*pipeline.groups.values()]:
        moved = moved_group(group, by)
        if group.is_open:
            said = f"set back by {-by.total_seconds():.0f} s; what waits moved along"
            pipeline.line(moved, now, "clock", said, turn)
        pipeline.keep(moved, turn)
    pipeline.mutes = [msgspec.structs.replace(mute, until=mute.until + by) for mute in pipeline.mutes]
    pipeline.count_anew()
    turn.mutes = True


def moved_group(group: Group, by: timedelta) -> Group:
    """The group with all its times moved."""

    def at(when: datetime | None) -> datetime | None:
        return when + by if when is not None else None

    return msgspec.structs.replace(
        group,
        opened_at=group.opened_at + by,
        last_at=group.last_at + by,
        due=at(group.due),
        pushed_at=at(group.pushed_at),
        until=at(group.until),
        clears_at=at(group.clears_at),
        ended_at=at(group.ended_at),
        since=at(group.since),
        delivered=tuple(
            msgspec.structs.replace(one, since=one.since + by, asked_at=one.asked_at + by) for one in group.delivered
        ),
        cycles=tuple(one + by for one in group.cycles),
    )


def moved_climb(climb: Climb, by: timedelta) -> Climb:
    """The escalation with its next step moved."""
    return msgspec.structs.replace(climb, due=climb.due + by) if climb.due is not None else climb
