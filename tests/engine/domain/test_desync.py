"""In sync or handed to a person: the table of states is whole, repairs keep their bounds, orphans go, stops stand again."""

from decimal import Decimal
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain.command import Close, Pause, Sync
from engine.domain.decision import AskSnapshot, CancelOrder, Protect, Raised, Severity
from engine.domain.desync import MOVES, Course, Sight, SyncState
from engine.domain.event import OrderChanged, OrderStatus, RefusalKind
from engine.domain.group import Bracket, FollowerPlan, Recovery
from engine.domain.ids import AccountId, BrokerOrderId, order_id
from engine.domain.watch import ENGINE, NOBODY, seen
from tests.engine.domain.model import NQ, PRICE, START, Stage
from tests.engine.domain.test_desk import FOLLOWERS, lead_flat, plans, play, quick, rude_steps, run
from tests.engine.domain.test_story import ease, follower, only_order, sent, skips, staged, told

A = AccountId("A")
BRACKET = Bracket(stop_ticks=40, target_ticks=80)


def state(stage: Stage, account: AccountId = A) -> SyncState:
    return seen(stage.copier(account), stage.lane(account), stage.at).state


def severities(stage: Stage, code: str) -> list[Severity]:
    return [raised.severity for raised in stage.decisions if isinstance(raised, Raised) and raised.code == code]


# ---- the table


def test_every_state_has_an_answer_to_every_sight() -> None:
    assert set(MOVES) == set(product(SyncState, Sight))


def test_nothing_that_differs_ends_in_sync_and_what_is_even_does() -> None:
    for (before, sight), after in MOVES.items():
        if sight is Sight.EVEN:
            assert after is SyncState.IN_SYNC
        elif sight is not Sight.HELPED or before is not SyncState.IN_SYNC:
            assert after is not SyncState.IN_SYNC


def test_only_a_person_or_being_even_takes_it_off_a_person() -> None:
    ways = {sight for sight in Sight if MOVES[SyncState.NEEDS_PERSON, sight] is not SyncState.NEEDS_PERSON}
    assert ways == {Sight.EVEN, Sight.HELPED}


def test_the_docs_show_the_table() -> None:
    page = (Path(__file__).parents[3] / "docs" / "copying.md").read_text(encoding="utf-8")
    head, _, *rows = page[page.index("| seen |") :].split("\n\n")[0].splitlines()
    assert [cell.strip() for cell in head.split("|")[2:-1]] == [state.value for state in SyncState]
    assert len(rows) == len(Sight)
    for sight, row in zip(Sight, rows, strict=True):
        for before, cell in zip(SyncState, row.split("|")[2:-1], strict=True):
            assert (cell.strip() or before.value) == MOVES[before, sight].value, (sight, before)


@given(st.lists(st.sampled_from(Sight)))
def test_every_state_can_be_reached_and_left(sights: list[Sight]) -> None:
    course = Course()
    for sight in sights:
        before = course.state
        assert course.move(sight, START) == (course.state is not before)
    course.move(Sight.STUCK, START)
    assert course.state is SyncState.NEEDS_PERSON
    course.move(Sight.EVEN, START)
    assert course.state is SyncState.IN_SYNC


# ---- the whole desk


@settings(quick, max_examples=60)
@given(desk_plan=plans, steps=st.lists(rude_steps, min_size=12, max_size=50))
def test_whatever_happened_each_lane_ends_in_sync_or_with_a_person(desk_plan: object, steps: list[tuple]) -> None:
    stage = run(desk_plan, [])
    for step in steps:
        play(stage, step)
        for copier in stage.desk.state.copiers.values():
            for lane in copier.lanes.values():
                view = seen(copier, lane, stage.at)  # total: whatever there is has a state, an owner and a why
                is_even = view.state is SyncState.IN_SYNC
                assert (is_even, is_even) == (not view.owner, not view.why)
    stage.settle()
    for account in FOLLOWERS:
        for lane in stage.copier(account).lanes.values():
            view = seen(stage.copier(account), lane, stage.at)
            assert view.state in (SyncState.IN_SYNC, SyncState.NEEDS_PERSON), view
            assert abs(lane.held) <= max(abs(lane.goal), abs(lane.target)), "never over-traded"
    lead_flat(stage)
    stage.settle()
    stage.assert_replays()


# ---- entries that went missing


def lose_entry(stage: Stage, quantity: int = 2) -> None:
    """The broker cancels the entry; nobody asked for that."""
    stage.lead(quantity)
    stage.cancel(A, only_order(stage))
    stage.hear(A)


def compare(stage: Stage) -> None:
    """The broker answers what it was asked, for ten seconds."""
    for _ in range(10):
        stage.wait(1)
        if stage.brokers[A].wants_snapshot:
            stage.snapshot(A)


def test_an_entry_that_the_broker_cancelled_is_bought_once_more() -> None:
    stage = staged(follower())
    lose_entry(stage)
    assert state(stage) is SyncState.RECOVERING
    compare(stage)
    assert only_order(stage).quantity == 2
    ease(stage)
    compare(stage)
    assert stage.net(NQ, A) == 2
    assert state(stage) is SyncState.IN_SYNC
    stage.assert_replays()


def test_nothing_is_bought_again_before_a_comparison() -> None:
    stage = staged(follower())
    lose_entry(stage)
    stage.wait(30)
    assert stage.brokers[A].open_orders() == []
    assert any(isinstance(asked, AskSnapshot) for asked in stage.decisions)


@pytest.mark.parametrize(
    ("plan", "away", "words"),
    [
        (Recovery(max_ticks=8), 9, "9 ticks away over 8, 3 tries"),
        (Recovery(max_contracts=1), 0, "2 contracts are missing, over 1"),
    ],
)
def test_beyond_a_bound_a_person_decides(plan: Recovery, away: int, words: str) -> None:
    stage = staged(follower(recovery=plan))
    lose_entry(stage)
    stage.quote(PRICE + away * Decimal("0.25"))
    for _ in range(3):
        compare(stage)
    assert stage.brokers[A].open_orders() == []
    assert state(stage) is SyncState.NEEDS_PERSON
    (said,) = told(stage, "desync.qty")
    assert words in said
    view = seen(stage.copier(A), stage.lane(A), stage.at)
    assert view.owner == NOBODY
    stage.act(Sync(accounts=(A,)))
    assert seen(stage.copier(A), stage.lane(A), stage.at).owner == "ann"
    ease(stage)
    compare(stage)
    assert stage.net(NQ, A) == 2
    assert len(told(stage, "desync.over")) == 1


def test_the_tries_are_counted() -> None:
    stage = staged(follower(recovery=Recovery(tries=2)))
    lose_entry(stage)
    sizes = []
    for _ in range(8):
        compare(stage)
        for order in stage.brokers[A].open_orders():
            sizes.append(order.quantity)
            stage.cancel(A, order)
            stage.hear(A)
    assert sizes == [2, 2]
    assert "2 tries" in told(stage, "desync.qty")[0]


@pytest.mark.parametrize("kind", list(RefusalKind))
def test_what_the_broker_refuses_is_not_tried_again_but_what_was_never_sent_is(kind: RefusalKind) -> None:
    stage = staged(follower())
    stage.lead(2)
    stage.refuse(A, only_order(stage), kind)
    stage.hear(A)
    compare(stage)
    assert bool(stage.brokers[A].open_orders()) is (kind in (RefusalKind.BUDGET, RefusalKind.LINE))


def test_an_entry_that_the_leader_has_left_is_not_bought_again() -> None:
    stage = staged(follower())
    lose_entry(stage)
    stage.lead(-2)
    stage.lead(2)
    ease(stage)
    compare(stage)
    ease(stage)
    assert stage.net(NQ, A) == 2
    stage.lead(-2)
    ease(stage)
    assert stage.net(NQ, A) == 0


@pytest.mark.parametrize("word", [Close(accounts=(A,)), Sync(accounts=(A,), close=True), Pause(accounts=(A,))])
def test_a_person_who_decides_otherwise_ends_the_repair(word: object) -> None:
    stage = staged(follower())
    lose_entry(stage)
    stage.act(word)
    compare(stage)
    assert stage.net(NQ, A) == 0
    assert not stage.brokers[A].open_orders()
    if isinstance(word, Pause):
        assert skips(stage) == [("hold", 2)]


def test_a_recovery_that_is_switched_off_leaves_entries_as_they_are() -> None:
    stage = staged(follower(recovery=Recovery(tries=0)))
    lose_entry(stage)
    compare(stage)
    assert state(stage) is SyncState.IN_SYNC
    assert not stage.brokers[A].open_orders()


def test_a_restart_goes_on_with_the_repair() -> None:
    stage = staged(follower())
    lose_entry(stage)
    stage.restart()
    stage.settle()
    assert stage.net(NQ, A) == 2
    stage.assert_replays()


# ---- the other side


def test_the_other_side_is_graver_and_a_person_closes_what_the_leader_does_not_explain() -> None:
    stage = staged(follower())
    stage.lead(2)
    ease(stage)
    stage.trade_by_hand(A, -3)
    stage.hear(A)
    stage.wait(8)
    assert severities(stage, "desync.qty") == []
    stage.wait(5)
    assert severities(stage, "desync.qty") == [Severity.P1]
    assert state(stage) is SyncState.NEEDS_PERSON
    assert sent(stage.act(Sync(accounts=(A,), close=True))) == [1]
    stage.settle()
    assert stage.net(NQ, A) == 0
    assert stage.lane(A).barred == ""
    assert state(stage) is SyncState.IN_SYNC


def test_closing_off_leaves_what_the_leader_explains() -> None:
    stage = staged(follower())
    stage.lead(2)
    ease(stage)
    stage.trade_by_hand(A, 3)
    stage.hear(A)
    assert sent(stage.act(Sync(accounts=(A,), close=True))) == [-3]
    stage.settle()
    assert stage.net(NQ, A) == 2


def test_an_adopted_position_needs_nobody() -> None:
    stage = staged(follower())
    stage.lead(2)
    ease(stage)
    stage.trade_by_hand(A, -3)
    stage.hear(A)
    stage.act(Sync(accounts=(A,), adopt=True))
    stage.wait(15)
    assert state(stage) is SyncState.IN_SYNC
    assert severities(stage, "desync.qty") == []


def test_an_order_without_an_end_is_handed_over_in_the_end() -> None:
    stage = staged(follower())
    stage.lead(2)
    assert state(stage) is SyncState.CATCHING_UP
    assert seen(stage.copier(A), stage.lane(A), stage.at).owner == ENGINE
    stage.wait(20)
    assert state(stage) is SyncState.CATCHING_UP, "what is in flight is no desync"
    assert told(stage, "desync.qty") == []
    stage.wait(60)
    assert state(stage) is SyncState.NEEDS_PERSON
    ease(stage)
    compare(stage)
    assert state(stage) is SyncState.IN_SYNC


# ---- orders


def working(stage: Stage, client: str, order: str = "b900", status: OrderStatus = OrderStatus.WORKING) -> None:
    changed = OrderChanged(
        at=stage.at, account=A, order=BrokerOrderId(order), symbol=NQ, status=status, quantity=-2, kind="stop",
        stop=PRICE - 10, client=client,
    )  # fmt: skip
    stage.tell(changed)


def cancels(stage: Stage) -> list[str]:
    return [decision.order for decision in stage.decisions if isinstance(decision, CancelOrder)]


def test_an_order_of_ours_that_nothing_explains_is_cancelled_and_proven_gone() -> None:
    stage = staged(follower())
    client = order_id("a former life", A)
    working(stage, client)
    working(stage, "somebody else", "b901")
    stage.wait(2)
    assert cancels(stage) == ["b900"], "foreign orders are not touched"
    assert "nothing explains it" in told(stage, "desync.orders")[0]
    assert told(stage, "desync.over") == []
    stage.wait(12)
    assert cancels(stage) == ["b900"] * 3
    assert severities(stage, "desync.orders") == [Severity.P2, Severity.P1]
    working(stage, client, status=OrderStatus.CANCELED)
    stage.wait(2)
    assert "proven gone" in told(stage, "desync.over")[0]
    assert not stage.copier(A).orphans
    stage.assert_replays()


def bracketed(stage: Stage) -> list:
    """The entry has filled; both children work."""
    (order,) = [decision for decision in stage.decisions if type(decision).__name__ == "SendBracketed"][-1:]
    client, account, symbol, quantity = order.lot
    stage._send(account, client, symbol, quantity)
    ease(stage)
    for number, leg in enumerate(order.legs):
        child(stage, leg, number, -quantity)
    return list(order.legs)


def child(stage: Stage, leg: object, number: int, quantity: int, status: OrderStatus = OrderStatus.WORKING) -> None:
    changed = OrderChanged(
        at=stage.at, account=A, order=BrokerOrderId(f"c{number}"), symbol=NQ, status=status, quantity=quantity,
        kind="stop" if leg.stop else "limit", price=leg.price, stop=leg.stop, client=leg.client,
    )  # fmt: skip
    stage.tell(changed)


def test_a_stop_that_is_gone_is_told_and_placed_again_and_no_second_target_stays() -> None:
    stage = staged(follower(bracket=BRACKET))
    stage.lead(2)
    stop, target = bracketed(stage)
    stage.wait(5)
    assert not [pair for pair in stage.decisions if isinstance(pair, Protect)]
    child(stage, stop, 0, -2, OrderStatus.CANCELED)
    stage.wait(5)
    (pair,) = [pair for pair in stage.decisions if isinstance(pair, Protect)]
    assert pair.quantity == -2
    assert cancels(stage) == ["c1"], "the target whose stop is gone"
    assert severities(stage, "desync.orders") == [Severity.P1]
    assert state(stage) is not SyncState.IN_SYNC
    child(stage, target, 1, -2, OrderStatus.CANCELED)
    for number, leg in enumerate(pair.legs, 2):
        child(stage, leg, number, -2)
    stage.wait(3)
    assert state(stage) is SyncState.IN_SYNC
    assert len(told(stage, "desync.over")) == 1


def test_a_stop_that_nobody_takes_is_a_persons_after_some_tries() -> None:
    stage = staged(follower(bracket=BRACKET))
    stage.lead(2)
    stop, target = bracketed(stage)
    child(stage, stop, 0, -2, OrderStatus.CANCELED)
    child(stage, target, 1, -2, OrderStatus.CANCELED)
    for second in range(120):
        stage.wait(1)
        for client in list(stage.copier(A).children):
            leg = stage.copier(A).children[client].leg
            child(stage, leg, 10 + second, -2, OrderStatus.REJECTED)
    pairs = [pair for pair in stage.decisions if isinstance(pair, Protect)]
    assert 4 <= len(pairs) <= 8, "quickly at first, then seldom"
    assert state(stage) is SyncState.NEEDS_PERSON


# ---- questions


def test_a_doubt_that_stays_is_asked_about_ever_more_seldom() -> None:
    stage = staged(follower())
    stage.lead(2)
    before = len(stage.decisions)
    stage.wait(300)
    asked = [decision for decision in stage.decisions[before:] if isinstance(decision, AskSnapshot)]
    assert 4 <= len(asked) <= 12


def test_plans_say_what_is_wrong_with_their_bounds() -> None:
    from engine.domain.group import faults
    from tests.engine.domain.model import plan

    wrong = FollowerPlan(account=A, recovery=Recovery(tries=-1))
    assert faults(plan([wrong])) == ["follower A: recovery.tries must not be below 0, not -1"]
