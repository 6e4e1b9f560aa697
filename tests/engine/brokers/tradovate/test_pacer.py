"""The budget never lets more through than its windows hold, and always keeps the reserve for exits."""

from collections import deque

from hypothesis import given
from hypothesis import strategies as st

from engine.brokers.tradovate.pacer import Pacer


def test_entries_leave_the_reserve_alone():
    pacer = Pacer(80, 5_000, 0.2)
    assert pacer.left(0.0) == 64
    assert pacer.take(100, 0.0, exits=False) == 64
    assert not pacer.take_all(1, 0.0)
    assert pacer.take(20, 0.0, exits=True) == 16
    assert pacer.take(1, 59.9, exits=True) == 0
    assert pacer.take_all(64, 60.0)


def test_the_hour_counts_as_well():
    pacer = Pacer(1_000, 1_100, 0.0)
    assert pacer.take(1_000, 0.0, exits=False) == 1_000
    assert pacer.take(1_000, 61.0, exits=False) == 100
    assert pacer.take(1_000, 3_600.0, exits=False) == 1_000


def test_a_pause_stops_entries_and_no_exits():
    pacer = Pacer(80, 5_000, 0.2)
    assert pacer.take_all(1, 0.0)
    pacer.pause(10.0)
    assert not pacer.take_all(1, 9.9)
    assert pacer.take(1, 9.9, exits=True) == 1
    assert pacer.take_all(1, 10.0)
    assert pacer.paused_for(4.0) == 6.0


@given(
    st.lists(st.tuples(st.floats(0, 20), st.integers(1, 40), st.sampled_from(["all", "entry", "exit"])), max_size=60)
)
def test_no_minute_ever_holds_more_than_its_limit(steps):
    pacer, now, log = Pacer(50, 5_000, 0.2), 0.0, deque()
    for wait, count, kind in steps:
        now += wait
        if kind == "all":
            granted = count if pacer.take_all(count, now) else 0
        else:
            granted = pacer.take(count, now, exits=kind == "exit")
        log.append((now, granted, kind))
        while log[0][0] <= now - 60.0:
            log.popleft()
        assert sum(each for _, each, _ in log) <= 50
        if kind != "exit" and granted:
            assert sum(each for _, each, _ in log) <= 40
