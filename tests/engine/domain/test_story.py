"""Stories of one follower that once went wrong, each with the smallest desk that shows it."""

from decimal import Decimal

import pytest

from engine.domain.command import Close, Flatten, Pause, Rejoin, Resize, Resume, Sync
from engine.domain.decision import Decision, Liquidate, Raised, SendLots, Skipped
from engine.domain.event import DeskConfigured, JournalStrained, RefusalKind
from engine.domain.group import Caps, Flip, FollowerPlan, GroupPlan, MissedEntry, Multiplier, Pooled
from engine.domain.ids import AccountId, GroupId, order_id
from tests.engine.domain.model import ES, LEAD, MNQ, NQ, PRICE, Stage, plan

A, B = AccountId("A"), AccountId("B")
OTHER = AccountId("LEAD-2")
HALF = Multiplier(ratio=Decimal("0.5"))


def follower(account: AccountId = A, **settings: object) -> FollowerPlan:
    return FollowerPlan(account=account, **{"max_run_ticks": -1, "max_age_s": Decimal(0), **settings})


def staged(*followers: FollowerPlan) -> Stage:
    stage = Stage(plan(followers))
    stage.quote()
    return stage


def ease(stage: Stage) -> None:
    """Everything fills and is heard."""
    for account, broker in stage.brokers.items():
        while orders := broker.open_orders():
            stage.fill(account, orders[0], 1_000)
            stage.hear(account)


def sent(decisions: list[Decision]) -> list[int]:
    return [lot[3] for decision in decisions if isinstance(decision, SendLots) for lot in decision.lots]


def skips(stage: Stage) -> list[tuple[str, int]]:
    return [(decision.check, decision.wanted) for decision in stage.decisions if isinstance(decision, Skipped)]


def told(stage: Stage, code: str) -> list[str]:
    return [decision.text for decision in stage.decisions if isinstance(decision, Raised) and decision.code == code]


def only_order(stage: Stage, account: AccountId = A):
    (order,) = stage.brokers[account].open_orders()
    return order


# ---- flips


def test_a_flip_closes_then_opens() -> None:
    stage = staged(follower(sizing=HALF))
    stage.lead(7)
    ease(stage)
    stage.lead(-12)
    assert only_order(stage).quantity == -3
    stage.fill(A, only_order(stage), 2)
    stage.hear(A)
    assert stage.net(NQ, A) == 1
    stage.fill(A, only_order(stage), 1)
    stage.hear(A)
    assert only_order(stage).quantity == -2
    ease(stage)
    assert stage.net(NQ, A) == stage.lane(A).target == -2


def test_a_flip_whose_exit_is_refused_opens_nothing_before_it_is_flat() -> None:
    stage = staged(follower())
    stage.lead(3)
    ease(stage)
    stage.lead(-5)
    stage.refuse(A, only_order(stage))
    stage.hear(A)
    assert not stage.brokers[A].open_orders()
    stage.wait(2)
    assert only_order(stage).quantity == -3
    ease(stage)
    assert stage.net(NQ, A) == -2


def test_one_order_flips_and_a_refused_one_still_gets_out() -> None:
    stage = staged(follower(flip=Flip.ONE_ORDER))
    stage.lead(3)
    ease(stage)
    stage.lead(-5)
    assert only_order(stage).quantity == -5
    stage.refuse(A, only_order(stage))
    stage.hear(A)
    stage.wait(2)
    assert only_order(stage).quantity == -3, "the entry in it is a refused one; the exit is tried again alone"
    ease(stage)
    assert stage.net(NQ, A) == 0


def test_a_pause_takes_the_entry_out_of_a_flip_that_is_tried_again() -> None:
    stage = staged(follower(flip=Flip.ONE_ORDER))
    stage.lead(3)
    ease(stage)
    stage.lead(-5)
    stage.fill(A, only_order(stage), 1)
    stage.act(Pause(accounts=(A,)))
    stage.cancel(A, only_order(stage))
    stage.hear(A)
    stage.settle()
    assert stage.net(NQ, A) == 0


def test_a_flip_through_the_account_cap_counts_one_side_at_a_time() -> None:
    stage = staged(follower(caps=Caps(account=Decimal(10))))
    stage.lead(6)
    ease(stage)
    stage.lead(-12)
    ease(stage)
    assert stage.net(NQ, A) == -6
    assert skips(stage) == []


def test_a_flip_larger_than_one_order_may_be_leaves_in_pieces() -> None:
    stage = staged(follower(caps=Caps(order=4), flip=Flip.ONE_ORDER))
    stage.lead(3)
    ease(stage)
    stage.lead(-6)
    stage.lead(-3)
    sizes = [only_order(stage).quantity]
    while stage.brokers[A].open_orders():
        ease_one = only_order(stage)
        stage.fill(A, ease_one, 100)
        stage.hear(A)
        sizes += [order.quantity for order in stage.brokers[A].open_orders()]
    assert sizes == [-3, -4, -2]


# ---- exits


def test_an_exit_that_nobody_takes_ends_through_the_broker() -> None:
    stage = staged(follower())
    stage.lead(2)
    ease(stage)
    stage.lead(-2)
    for _ in range(3):
        stage.refuse(A, only_order(stage), RefusalKind.BUDGET)
        stage.hear(A)
        stage.wait(5)
    assert any(isinstance(decision, Liquidate) for decision in stage.decisions)
    assert stage.brokers[A].open_orders() == []
    stage.settle()
    assert stage.net(NQ, A) == 0
    assert [text.rpartition("; ")[2] for text in told(stage, "exit.refused")] == [
        "again in 1 s",
        "again in 2 s",
        "the broker is asked to close all of it",
    ]
    assert told(stage, "exit.filled") == ["the exit of NQZ6 on A goes through, holds +0"]
    assert not told(stage, "rogue.close")


def test_an_exit_that_goes_through_after_all_is_told_once() -> None:
    stage = staged(follower())
    stage.lead(3)
    ease(stage)
    stage.lead(-2)
    stage.refuse(A, only_order(stage), RefusalKind.BUDGET)
    stage.hear(A)
    stage.wait(5)
    stage.fill(A, only_order(stage), 1)
    stage.hear(A)
    assert told(stage, "exit.filled") == ["the exit of NQZ6 on A goes through, holds +2"]
    stage.settle()
    stage.lead(-1)
    stage.settle()
    assert len(told(stage, "exit.filled")) == 1


def test_no_liquidation_beside_an_exit_of_ours_that_may_still_fill() -> None:
    stage = staged(follower())
    stage.lead(3)
    stage.fill(A, only_order(stage), 2)
    stage.hear(A)
    stage.act(Close(accounts=(A,)))
    entry, exit_ = stage.brokers[A].open_orders()
    stage.fill(A, entry, 1)
    stage.fill(A, exit_, 1)
    stage.hear(A)
    for _ in range(4):
        for order in stage.brokers[A].open_orders():
            stage.refuse(A, order)
        stage.hear(A)
        stage.wait(5)
    assert not any(isinstance(decision, Liquidate) for decision in stage.decisions)
    stage.settle()
    assert stage.net(NQ, A) == 0


def test_a_resize_to_nothing_does_not_keep_the_exit_back() -> None:
    stage = staged(follower())
    stage.lead(2)
    ease(stage)
    stage.act(Resize(accounts=(A,), factor=Decimal(0)))
    stage.wait(1)
    assert stage.lane(A).target == 0
    assert stage.net(NQ, A) == 2, "a resize trades nothing by itself"
    stage.lead(-2)
    ease(stage)
    assert stage.net(NQ, A) == 0


def test_a_smaller_size_never_lets_an_entry_pass_its_target() -> None:
    stage = staged(follower())
    stage.lead(4)
    ease(stage)
    stage.act(Resize(accounts=(A,), factor=Decimal("0.5")))
    stage.wait(1)
    stage.lead(2)
    ease(stage)
    assert stage.lane(A).target == 3
    assert stage.net(NQ, A) == 4


@pytest.mark.parametrize("factor", ["-1", "NaN", "Infinity"])
def test_a_size_that_is_none_is_refused(factor: str) -> None:
    stage = staged(follower())
    stage.act(Resize(accounts=(A,), factor=Decimal(factor)))
    assert stage.copier(A).factor == 1
    assert told(stage, "act.failed")


def test_exits_go_on_after_the_settings_send_the_contract_elsewhere() -> None:
    stage = staged(follower())
    stage.lead(2)
    ease(stage)
    stage.tell(DeskConfigured(at=stage.at, plan=plan([follower(symbols={"NQ": "MNQ"})])))
    stage.lead(1)
    ease(stage)
    assert (stage.net(NQ, A), stage.net(MNQ, A)) == (2, 10), "what the leader held before is not joined"
    stage.lead(-2)
    ease(stage)
    assert stage.net(NQ, A) == 1
    stage.lead(-1)
    ease(stage)
    assert (stage.net(NQ, A), stage.net(MNQ, A)) == (0, 0)


def test_a_follower_who_comes_later_starts_with_the_next_entry() -> None:
    stage = staged(follower())
    stage.brokers[B] = type(stage.brokers[A])(B)
    stage.lead(3)
    stage.tell(DeskConfigured(at=stage.at, plan=plan([follower(), follower(B)])))
    stage.brokers[B].is_up = False
    stage.restore(B)
    stage.snapshot(B)
    stage.lead(1)
    ease(stage)
    assert stage.net(NQ, B) == 1


def test_two_contracts_into_one_keep_their_exits_apart_and_share_the_cap() -> None:
    stage = staged(follower(symbols={"NQ": "MNQ"}, caps=Caps(symbol=25)))
    stage.lead(2)
    stage.lead(4, MNQ)
    ease(stage)
    assert stage.net(MNQ, A) == 24
    stage.lead(4, MNQ)
    ease(stage)
    assert stage.net(MNQ, A) == 25
    stage.lead(-2)
    ease(stage)
    assert stage.net(MNQ, A) == 5, "what was allowed of the other contract"
    stage.lead(-8, MNQ)
    ease(stage)
    assert stage.net(MNQ, A) == 0


def test_a_leader_fill_before_the_comparison_waits_for_it() -> None:
    stage = staged(follower())
    stage.lead(2)
    ease(stage)
    stage.lose(LEAD)
    stage.lead(-2)
    stage.restore(LEAD)
    before = len(stage.decisions)
    stage.lead(1)
    assert sent(stage.decisions[before:]) == [], "nobody knows yet what it came on top of"
    stage.snapshot(LEAD)
    ease(stage)
    assert stage.lane(A).target == 1
    assert stage.net(NQ, A) <= 1


def test_an_exit_right_after_a_missed_entry_enters_nobody() -> None:
    stage = staged(follower())
    stage.lose(LEAD)
    stage.lead(2)
    stage.restore(LEAD)
    stage.snapshot(LEAD)
    before = len(stage.decisions)
    stage.lead(-1)
    assert sent(stage.decisions[before:]) == []


# ---- people


def test_a_close_by_hand_while_an_entry_is_under_way_takes_only_what_was_closed() -> None:
    stage = staged(follower())
    stage.lead(2)
    ease(stage)
    stage.lead(3)
    stage.trade_by_hand(A, -1)
    stage.hear(A)
    ease(stage)
    assert stage.net(NQ, A) == 4


def test_a_round_trip_by_hand_leaves_the_follower_in_step() -> None:
    stage = staged(follower())
    stage.lead(2)
    ease(stage)
    stage.trade_by_hand(A, 1)
    stage.hear(A)
    assert stage.lane(A).barred.startswith("desync")
    stage.trade_by_hand(A, -1)
    stage.hear(A)
    assert stage.lane(A).barred == ""


def test_a_position_turned_by_hand_is_left_alone() -> None:
    stage = staged(follower())
    stage.lead(2)
    ease(stage)
    stage.trade_by_hand(A, -3)
    stage.hear(A)
    stage.settle()
    assert stage.net(NQ, A) == -1
    assert stage.lane(A).barred.startswith("desync")


def test_closing_while_an_exit_is_under_way_buys_nothing_back() -> None:
    stage = staged(follower())
    stage.lead(3)
    ease(stage)
    stage.lead(-3)
    stage.act(Close(accounts=(A,), quantity=1))
    stage.settle()
    assert stage.net(NQ, A) == 0


def test_closing_a_part_is_followed_by_the_leaders_moves() -> None:
    stage = staged(follower())
    stage.lead(4)
    ease(stage)
    stage.act(Close(accounts=(A,), symbol=NQ, quantity=2))
    path = []
    for step in (0, -1, 1, -3, -1):
        if step:
            stage.lead(step)
        ease(stage)
        path.append(stage.net(NQ, A))
    assert path == [2, 2, 3, 1, 0]


def test_flatten_before_the_first_comparison_still_ends_flat() -> None:
    stage = Stage(plan([follower()]))
    stage.trade_by_hand(A, 2)
    stage.hear(A, 0)
    stage.brokers[A].queue.clear()
    stage.act(Flatten(accounts=(A,)), key="flat")
    stage.settle()
    assert stage.net(NQ, A) == 0
    assert [text for text in told(stage, "act.proven") if text.startswith("flat")]


def test_a_flatten_of_a_quarantined_follower_is_carried_to_its_end() -> None:
    stage = staged(follower())
    stage.lead(2)
    ease(stage)
    stage.copier(A).quarantined = "a bug"
    stage.act(Flatten(accounts=(A,)))
    stage.refuse(A, only_order(stage))
    stage.hear(A)
    stage.settle()
    assert stage.net(NQ, A) == 0


def test_flatten_while_offline_goes_on_when_the_line_is_back() -> None:
    stage = staged(follower())
    stage.lead(2)
    ease(stage)
    stage.lose(A)
    stage.act(Flatten(accounts=(A,)))
    assert told(stage, "act.acked")[-1].startswith("OFFLINE")
    stage.settle()
    assert stage.net(NQ, A) == 0
    assert told(stage, "act.proven")[-1].startswith("flat")


def test_a_join_that_is_refused_is_not_called_done() -> None:
    stage = staged(follower(caps=Caps(account=Decimal(1))))
    stage.lead(3)
    ease(stage)
    stage.act(Sync(accounts=(A,)), key="join")
    stage.settle()
    assert stage.net(NQ, A) == 1
    assert told(stage, "act.failed")[-1].startswith("not joined: +2 NQZ6")


def test_a_resume_does_not_lift_a_full_disk() -> None:
    stage = staged(follower())
    stage.tell(JournalStrained(at=stage.at, reason="disk full"))
    stage.act(Resume(accounts=(A,), rejoin=Rejoin.JOIN))
    stage.lead(1)
    assert stage.brokers[A].open_orders() == []


def test_the_same_act_happens_once_and_a_stranger_is_told() -> None:
    stage = staged(follower())
    stage.lead(2)
    ease(stage)
    assert sent(stage.act(Close(accounts=(A,)), key="k")) == [-2]
    assert stage.act(Close(accounts=(A,)), key="k") == []
    assert told(stage, "act.failed") == []
    stage.act(Close(accounts=(AccountId("NOBODY"),)))
    assert told(stage, "act.failed") == ["NOBODY is no follower of this desk"]


# ---- groups


def two_groups(**more: object) -> Stage:
    other = GroupPlan(id=GroupId("OTHER"), leader=OTHER, followers=(follower(B, **more),))
    return Stage(plan([follower(symbols={"NQ": "MNQ"})], other))


@pytest.mark.parametrize("is_filled", [True, False])
def test_one_owner_never_holds_both_sides(is_filled: bool) -> None:
    stage = two_groups()
    stage.lead(1)
    if is_filled:
        ease(stage)
    stage.lead(-1, leader=OTHER)
    ease(stage)
    assert stage.net(NQ, B) == 0
    assert ("opposite", -1) in skips(stage)


def test_an_exit_on_its_way_still_counts_as_the_other_side() -> None:
    stage = two_groups()
    stage.lead(1)
    ease(stage)
    stage.lead(-1)
    assert stage.brokers[A].open_orders()
    stage.lead(-1, leader=OTHER)
    ease(stage)
    assert stage.net(NQ, B) == 0


def test_an_entry_on_its_way_still_counts_after_the_leader_is_out_again() -> None:
    stage = two_groups()
    stage.lead(1)
    stage.lead(-1)
    stage.lead(-1, leader=OTHER)
    ease(stage)
    assert stage.net(NQ, B) == 0


def test_neither_a_gap_nor_a_person_gets_round_it() -> None:
    stage = two_groups(missed_entry=MissedEntry.JOIN)
    stage.quote()
    stage.lose(OTHER)
    stage.lead(-1, leader=OTHER)
    stage.lead(1)
    ease(stage)
    stage.restore(OTHER)
    stage.snapshot(OTHER)
    ease(stage)
    assert stage.net(NQ, B) == 0
    stage.act(Sync(accounts=(B,)))
    stage.settle()
    assert stage.net(NQ, B) == 0


def test_a_copy_is_never_copied_and_its_exit_is() -> None:
    stage = staged(follower())
    stage.lead(2, client=order_id("elsewhere", LEAD))
    assert skips(stage) == [("loop", 2)]
    stage.lead(1)
    ease(stage)
    assert stage.net(NQ, A) == 1
    stage.lead(-3, client=order_id("elsewhere again", LEAD))
    ease(stage)
    assert stage.net(NQ, A) == 0


def test_a_pools_turn_passes_on_after_each_position_and_never_within_one() -> None:
    stage = staged(*(follower(name, sizing=Pooled(share=Decimal(1))) for name in (A, B)))
    first = []
    for _ in range(4):
        stage.lead(1)
        ease(stage)
        first.append((stage.net(NQ, A), stage.net(NQ, B)))
        stage.act(Pause(accounts=(A,)))
        stage.act(Resume(accounts=(A,)))
        stage.wait(1)
        assert (stage.lane(A).target, stage.lane(B).target) == first[-1]
        stage.lead(-1)
        ease(stage)
        stage.wait(1)
    assert sorted(first[:2]) == [(0, 1), (1, 0)]
    assert first[:2] == first[2:]


def test_partial_closes_are_all_followed() -> None:
    stage = staged(follower(), follower(B, sizing=HALF))
    path = []
    for step in (4, -1, -2, -1):
        stage.lead(step)
        ease(stage)
        path.append((stage.net(NQ, A), stage.net(NQ, B)))
    assert path == [(4, 2), (3, 1), (1, 0), (0, 0)]
    assert stage.lane(A).cost.average == 0
    assert PRICE
    assert stage.net(ES, A) == 0
