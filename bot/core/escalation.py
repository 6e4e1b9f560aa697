"""Escalation: whom an unanswered group goes to next, and when; pure, and never a step back.

Theory of operation. A group that fires and that nobody has climbs a chain of steps, each with its time since the first. An
acknowledgement stops it where it is; when that ends, the next step comes at once. What gets graver goes on in the graver chain,
at the first step that reaches no fewer people than were reached already. After the last step a P1 is repeated a few times.
"""

from datetime import datetime, timedelta
from enum import IntEnum

import msgspec

from engine.api import Severity, Value

REPEATS = 5
REPEAT_S = 300


class Reach(IntEnum):
    """Who is reached; a further one never reaches fewer."""

    ONCALL = 0  # on every platform that they use for a P1, on one for a P2
    DEPUTY = 1  # and the operations room, called by name
    RISK = 2  # everybody with the role risk
    POLICY = 3  # nobody answered: the desk does what it was told to do then


class Step(Value, frozen=True):
    """One step of a chain."""

    at_s: int
    reach: Reach


CHAINS = {
    Severity.P1: (
        Step(at_s=0, reach=Reach.ONCALL),
        Step(at_s=60, reach=Reach.ONCALL),
        Step(at_s=120, reach=Reach.DEPUTY),
        Step(at_s=300, reach=Reach.RISK),
        Step(at_s=600, reach=Reach.POLICY),
    ),
    Severity.P2: (
        Step(at_s=0, reach=Reach.ONCALL),
        Step(at_s=600, reach=Reach.DEPUTY),
        Step(at_s=1800, reach=Reach.RISK),
    ),
}


class Climb(Value, frozen=True):
    """How far a group has come. ``step`` is the next one, beyond the chain for repeats; no ``due``: it stands still."""

    group: int
    severity: Severity
    step: int = 0
    due: datetime | None = None
    reached: int = -1


def begin(group: int, severity: Severity, now: datetime) -> Climb | None:
    """Start at the first step, now; None for what is not grave enough."""
    return Climb(group=group, severity=severity, due=now) if severity in CHAINS else None


def advance(climb: Climb, now: datetime) -> tuple[Step, Climb]:
    """The step that is due, and where the climb stands after it."""
    chain = CHAINS[climb.severity]
    step = chain[min(climb.step, len(chain) - 1)]
    if climb.step >= len(chain):  # a repeat reaches everybody; what the desk does by itself it does once
        step = Step(at_s=step.at_s, reach=min(Reach.RISK, step.reach))
    after = climb.step + 1
    if after < len(chain):
        due: datetime | None = now + timedelta(seconds=chain[after].at_s - step.at_s)
    elif climb.severity is Severity.P1 and after < len(chain) + REPEATS:
        due = now + timedelta(seconds=REPEAT_S)
    else:
        due = None
    return step, msgspec.structs.replace(climb, step=after, due=due, reached=max(climb.reached, int(step.reach)))


def is_done(climb: Climb) -> bool:
    """Say whether no step is left."""
    repeats = REPEATS if climb.severity is Severity.P1 else 0
    return climb.step >= len(CHAINS[climb.severity]) + repeats


def stop(climb: Climb) -> Climb:
    """Somebody has it."""
    return msgspec.structs.replace(climb, due=None)


def resume(climb: Climb, now: datetime) -> Climb:
    """Nobody has it any more, or somebody wants the next step: it comes at once."""
    return climb if is_done(climb) else msgspec.structs.replace(climb, due=now)


def worsen(climb: Climb, severity: Severity, now: datetime) -> Climb:
    """Go on in the graver chain."""
    if severity >= climb.severity or severity not in CHAINS:
        return climb
    chain = CHAINS[severity]
    step = next((place for place, one in enumerate(chain) if one.reach >= climb.reached), len(chain))
    return msgspec.structs.replace(climb, severity=severity, step=step, due=now)
