"""The armed look of the hot path and the rule in words refuse the same, and every refusal has a name and figures."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain.copier import Copier
from engine.domain.decision import Skipped
from engine.domain.event import Restriction
from engine.domain.fanout import follow
from engine.domain.group import Caps, FollowerPlan
from engine.domain.hold import Hold
from engine.domain.ids import AccountId, GroupId, Root
from engine.domain.lane import NO_LIMIT, Feed
from engine.domain.risk import CHECKS, Signal, verdict
from tests.engine.domain.model import NQ, PRICE, START

quick = settings(deadline=None, derandomize=True, database=None, max_examples=300)
A = AccountId("A")
OURS = frozenset({("me", Root("NQ"))})


def armed(held: int = 0, caps: Caps | None = None, **changes: Any) -> Copier:
    """A follower that is in step, holding ``held``."""
    plan = FollowerPlan(account=A, caps=caps or Caps())
    copier = Copier(A, GroupId("MAIN"), "me", plan, is_line_up=True, is_synced=True, is_based=True)
    lane = copier.lane(NQ)
    feed = lane.feed(NQ)
    lane.lay(feed, [*range(65), *range(-64, 0)])
    lane.shift(feed, held)
    lane.goal = lane.held = held
    for name, value in changes.items():
        setattr(lane if hasattr(lane, name) and name != "barred" else copier, name, value)
    copier.arm()
    return copier


def signal(**changes: Any) -> Signal:
    return Signal(**{"cause": "LEAD:f1", "at": START, "age_us": 0, "run_ticks": 0, "minute": 7, **changes})


def ask(copier: Copier, net: int, told: Signal) -> tuple[int, list[Any], list[Any]]:
    """Follow to ``net``: by how much the goal rose, the orders, and what was said."""
    lane, lots, out = copier.lanes[NQ], [], []
    before = lane.goal
    follow(copier, lane, lane.feeds[NQ], net, told, PRICE, "LS", lots, lots, out)
    return lane.goal - before, lots, out


@quick
@given(
    held=st.integers(-5, 5),
    net=st.integers(-12, 12),
    caps=st.builds(
        Caps,
        order=st.integers(0, 8),
        symbol=st.integers(0, 12),
        account=st.decimals(0, 12, places=1),
        orders_per_minute=st.integers(0, 3),
    ),
    age_us=st.integers(0, 20_000_000),
    max_age_us=st.sampled_from([10_000_000, NO_LIMIT]),
    run_ticks=st.integers(0, 30),
    max_run=st.sampled_from([20, NO_LIMIT]),
    copies=st.integers(0, 4),
    minute=st.sampled_from([6, 7]),
    bars=st.tuples(st.booleans(), st.booleans(), st.booleans()),
    opposed=st.sampled_from([frozenset(), OURS, frozenset({("you", Root("NQ"))})]),
    is_looped=st.booleans(),
)
def test_the_hot_path_lets_through_exactly_what_the_verdict_does(
    held: int,
    net: int,
    caps: Caps,
    age_us: int,
    max_age_us: int,
    run_ticks: int,
    max_run: int,
    copies: int,
    minute: int,
    bars: tuple[bool, bool, bool],
    opposed: frozenset[Any],
    is_looped: bool,
) -> None:
    told = signal(age_us=age_us, run_ticks=run_ticks, opposed=opposed, is_looped=is_looped)
    hot, slow = (armed(held, caps, max_age_us=max_age_us, max_run=max_run, copies=copies, minute=minute) for _ in "12")
    for copier in (hot, slow):
        lane = copier.lanes[NQ]
        lane.barred = "desync: by hand" if bars[1] else ""
        lane.feeds[NQ].barred = "rollover: another month" if bars[2] else ""
        if bars[0]:
            copier.hold(Hold("ann", "person", "lunch", START))
    lane = slow.lanes[NQ]
    more = lane.shift(lane.feeds[NQ], net)
    allowed, shrunk = 0, lane.goal - held
    if more:
        slow.minute, slow.copies = 7, slow.copies if slow.minute == 7 else 0
        allowed = more
        while allowed and (no := verdict(allowed, lane, lane.feeds[NQ], told, slow.standing(lane))):
            assert no.check
            assert no.figures
            assert no.allowed < abs(allowed)
            allowed = no.allowed if allowed > 0 else -no.allowed
    rose, lots, out = ask(hot, net, told)
    assert rose == shrunk + allowed
    assert sum(skip.wanted for skip in out if isinstance(skip, Skipped)) == more - allowed
    if held and not -abs(held) < hot.lanes[NQ].goal * (1 if held > 0 else -1) - abs(held) <= abs(held):
        assert lots, "what shrinks the position leaves under every bar"
    if lots and held * lots[0][3] < 0:
        assert abs(lots[0][3]) <= abs(held), "an exit closes and opens nothing"


CASES = {
    "hold": ({"holds": [Hold("ann", "person", "lunch", START)]}, {}, "lunch by ann"),
    "line": ({"is_line_up": False}, {}, "not connected"),
    "sync": ({"is_synced": False}, {}, "not yet compared with the broker"),
    "restriction": ({"restriction": Restriction.CLOSE_ONLY, "restricted_because": "news"}, {}, "close_only news"),
    "quarantine": ({"quarantined": "KeyError"}, {}, "KeyError"),
    "loop": ({}, {"is_looped": True}, "the leader's order is itself a copy"),
    "signal_age": ({"max_age_us": 10_000_000}, {"age_us": 10_100_000}, "10.1 s over 10.0 s"),
    "price_run": ({"max_run": 20}, {"run_ticks": 21}, "21 ticks over 20"),
    "opposite": ({}, {"opposed": OURS}, "me holds the other side in another group"),
    "rate_limit": ({"copies": 60, "minute": 7}, {}, "60 entries this minute over 60"),
    "order_size": ({"max_order": 2}, {}, "6 over 2"),
    "account_size": ({"caps": Caps(account=Decimal(3))}, {}, "6 over 3, the room under the account cap"),
}


@pytest.mark.parametrize("check", CASES)
def test_every_check_says_its_name_and_figures(check: str) -> None:
    state, told, figures = CASES[check]
    _, _, out = ask(armed(**state), 6, signal(**told))
    (skipped,) = out
    assert (skipped.check, skipped.figures) == (check, figures)


@pytest.mark.parametrize("check", [check for check in CASES if check not in ("line", "sync", "quarantine")])
def test_an_exit_passes_under_every_bar(check: str) -> None:
    state, told, _ = CASES[check]
    copier = armed(2, **state)
    _, lots, _ = ask(copier, -6, signal(**told))
    assert lots[0][3] == -2, "out; what would follow on the other side is judged"


def test_the_checks_are_those_of_the_table() -> None:
    assert {"loop", "signal_age", "price_run", "opposite", "rate_limit", "order_size", "account_size"} <= {*CHECKS} & {
        *CASES
    }


def test_an_entry_that_waits_too_long_behind_an_exit_is_dropped() -> None:
    copier, out = armed(2, max_age_us=10_000_000), []
    ask(copier, -2, signal())
    lane = copier.lanes[NQ]
    (client,) = copier.flights
    lane.ended(-2)
    lane.held = 0
    copier.land(client)
    copier.propose(lane, "late", START + timedelta(seconds=11), out)
    assert [(skip.check, skip.wanted) for skip in out] == [("signal_age", -2)]
    assert lane.goal == 0
    assert isinstance(lane.feeds[NQ], Feed)
