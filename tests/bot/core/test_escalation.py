"""Escalation: never a step back, stopped while somebody has it, and over some day."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.core.escalation import CHAINS, REPEATS, Reach, advance, begin, is_done, resume, stop, worsen
from engine.api import Severity

AT = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)


def test_a_p1_climbs_by_the_clock_and_its_repeats_act_no_second_time() -> None:
    climb, now, seen = begin(1, Severity.P1, AT), AT, []
    assert climb is not None
    while climb.due is not None:
        now = climb.due
        step, climb = advance(climb, now)
        seen.append((int((now - AT).total_seconds()), step.reach))
    assert seen[:5] == [(0, 0), (60, 0), (120, 1), (300, 2), (600, 3)]
    assert [reach for _, reach in seen[5:]] == [Reach.RISK] * REPEATS
    assert begin(1, Severity.P3, AT) is None


@given(st.lists(st.sampled_from(("advance", "stop", "resume", "worsen")), max_size=40))
def test_nobody_who_was_reached_is_let_off(steps: list[str]) -> None:
    climb, now = begin(1, Severity.P2, AT), AT
    assert climb is not None
    acts = 0
    for word in steps:
        before, now = climb, now + timedelta(seconds=7)
        match word:
            case "stop":
                climb = stop(climb)
            case "resume":
                climb = resume(climb, now)
                assert climb.due == (now if not is_done(before) else before.due)
            case "worsen":
                climb = worsen(climb, Severity.P1, now)
            case _ if climb.due is not None:
                step, climb = advance(climb, now)
                acts += step.reach is Reach.POLICY
        assert climb.reached >= before.reached
        if climb.step < len(CHAINS[climb.severity]):
            assert CHAINS[climb.severity][climb.step].reach >= min(climb.reached, Reach.RISK)
    assert acts <= 1
