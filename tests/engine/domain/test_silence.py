"""A leader who cannot be heard: each policy, its time, his return; and comparisons that come of themselves, few at once."""

from collections import Counter
from datetime import timedelta

import msgspec
import pytest

from engine.domain.command import Disconnect
from engine.domain.decision import AskSnapshot, CancelOrder, Protect, Raised, Severity
from engine.domain.desk import Desk
from engine.domain.event import DeskConfigured, EngineStarted, LineRestored, SnapshotTaken, TimePassed
from engine.domain.group import AccountPlan, DeskPlan, FollowerPlan, GroupPlan, LeaderLost, LostAction, faults
from engine.domain.ids import AccountId, ConnectionId, GroupId
from tests.engine.domain.model import ES, LEAD, NQ, PRICE, START, Stage, plan
from tests.engine.domain.test_story import ease, follower, told

A, B = AccountId("A"), AccountId("B")


def silenced(action: LostAction, **more: int) -> Stage:
    """Both followers hold two, B without anything else; the leader's line goes."""
    desk_plan = plan([follower(A), follower(B)])
    (group,) = desk_plan.groups
    lost = LeaderLost(action=action, **{"after_s": 30, **more})
    stage = Stage(msgspec.structs.replace(desk_plan, groups=(msgspec.structs.replace(group, leader_lost=lost),)))
    stage.quote()
    stage.lead(2)
    ease(stage)
    stage.lose(LEAD)
    return stage


def hear_all(stage: Stage) -> None:
    """Followers' brokers answer for some seconds."""
    for _ in range(8):
        stage.wait(1)
        ease(stage)
        for account in (A, B):
            stage.snapshot(account)


def test_the_policy_and_the_time_left_are_told_at_once() -> None:
    stage = silenced(LostAction.FLATTEN)
    (raised,) = [r for r in stage.decisions if isinstance(r, Raised) and r.code == "leader.lost"]
    assert raised.severity is Severity.P1
    assert "MAIN flattens in 30 s unless he is back" in raised.text


def test_hold_does_nothing() -> None:
    stage = silenced(LostAction.HOLD)
    stage.wait(600)
    assert stage.net(NQ, A) == stage.net(NQ, B) == 2
    assert not stage.brokers[A].open_orders()
    assert "holds what it has" in told(stage, "leader.lost")[0]


def test_flatten_closes_proves_and_then_waits_for_the_next_entry() -> None:
    stage = silenced(LostAction.FLATTEN)
    stage.wait(29)
    assert not stage.brokers[A].open_orders()
    stage.wait(2)
    hear_all(stage)
    assert stage.net(NQ, A) == stage.net(NQ, B) == 0
    assert len(told(stage, "leader.flat")) == 2
    assert not stage.copier(A).barred, "nothing stays locked"
    stage.restore(LEAD)
    stage.snapshot(LEAD)
    hear_all(stage)
    assert stage.net(NQ, A) == 0, "who was flattened does not jump in again"
    stage.lead(1)
    hear_all(stage)
    assert stage.net(NQ, A) == 1
    stage.lead(-3)
    hear_all(stage)
    assert stage.net(NQ, A) == 0
    stage.assert_replays()


def test_what_is_a_persons_own_is_left_alone() -> None:
    stage = silenced(LostAction.FLATTEN)
    stage.act(Disconnect(accounts=(A,), symbol=NQ))
    stage.wait(31)
    hear_all(stage)
    assert (stage.net(NQ, A), stage.net(NQ, B)) == (2, 0)


def test_a_follower_with_a_position_apart_closes_the_others() -> None:
    stage = silenced(LostAction.FLATTEN)
    stage.restore(LEAD)
    stage.snapshot(LEAD)
    stage.lead(1, ES)
    ease(stage)
    stage.act(Disconnect(accounts=(A,), symbol=NQ))
    stage.lose(LEAD)
    stage.wait(31)
    hear_all(stage)
    assert (stage.net(NQ, A), stage.net(ES, A)) == (2, 0)
    assert not any(hold.kind == "leader-lost" for hold in stage.copier(A).holds)
    stage.assert_replays()


def test_a_leader_who_is_back_in_time_ends_it() -> None:
    stage = silenced(LostAction.FLATTEN)
    stage.wait(20)
    stage.restore(LEAD)
    stage.snapshot(LEAD)
    stage.wait(60)
    assert stage.net(NQ, A) == 2
    assert not stage.brokers[A].open_orders()
    assert len(told(stage, "leader.back")) == 1


def test_a_restart_neither_shortens_nor_renews_the_time() -> None:
    stage = silenced(LostAction.FLATTEN)
    stage.wait(20)
    stage.restart()
    for account in (A, B):
        stage.restore(account)
        stage.snapshot(account)
    stage.wait(8)
    assert not stage.brokers[A].open_orders()
    stage.wait(4)
    assert [order.quantity for order in stage.brokers[A].open_orders()] == [-2]
    stage.assert_replays()


def test_a_start_without_the_leader_is_told_and_counted() -> None:
    stage = silenced(LostAction.FLATTEN)
    stage.restore(LEAD)
    stage.snapshot(LEAD)
    stage.restart()
    for account in (A, B):
        stage.restore(account)
        stage.snapshot(account)
    stage.wait(12)
    assert "has not come back since the start; MAIN flattens in" in told(stage, "leader.lost")[-1]
    stage.wait(20)
    assert [order.quantity for order in stage.brokers[A].open_orders()] == [-2]


def test_a_flatten_refused_is_tried_on_and_told() -> None:
    stage = silenced(LostAction.FLATTEN)
    stage.wait(31)
    for _ in range(3):
        for order in stage.brokers[A].open_orders():
            stage.refuse(A, order)
        stage.hear(A)
        stage.wait(5)
    assert told(stage, "leader.fail")
    hear_all(stage)
    stage.wait(40)
    hear_all(stage)
    assert stage.net(NQ, A) == 0


def test_tighten_places_a_stop_near_the_market_that_goes_when_he_is_back() -> None:
    stage = silenced(LostAction.TIGHTEN, stop_ticks=20)
    stage.wait(32)
    pairs = [pair for pair in stage.decisions if isinstance(pair, Protect)]
    assert sorted((pair.account, pair.quantity, [leg.stop for leg in pair.legs]) for pair in pairs) == [
        ("A", -2, [PRICE - 5]),
        ("B", -2, [PRICE - 5]),
    ]
    (leg,) = next(pair for pair in pairs if pair.account == A).legs
    from tests.engine.domain.test_desync import child

    child(stage, leg, 0, -2)
    stage.wait(20)
    assert len([pair for pair in stage.decisions if isinstance(pair, Protect) and pair.account == A]) == 1
    stage.restore(LEAD)
    stage.snapshot(LEAD)
    assert [c.order for c in stage.decisions if isinstance(c, CancelOrder) and c.account == A] == ["c0"]
    stage.assert_replays()


def test_plans_say_what_is_wrong_with_their_time() -> None:
    desk_plan = plan([follower(A)])
    (group,) = desk_plan.groups
    wrong = msgspec.structs.replace(group, leader_lost=LeaderLost(after_s=-1, stop_ticks=0))
    assert faults(msgspec.structs.replace(desk_plan, groups=(wrong,))) == [
        "group MAIN: leader_lost.after_s must not be below 0, not -1",
        "group MAIN: leader_lost.stop_ticks must be above 0, not 0",
    ]


# ---- comparisons that come of themselves


@pytest.mark.parametrize(("followers", "logins"), [(200, 200), (200, 20), (200, 1)])
def test_two_hundred_followers_are_compared_without_a_storm(followers: int, logins: int) -> None:
    names = [AccountId(f"F{number}") for number in range(followers)]
    lines = {name: ConnectionId(f"login{number % logins}") for number, name in enumerate(names)} | {
        LEAD: ConnectionId("lead")
    }
    accounts = tuple(AccountPlan(id=name, connection=line, name=name) for name, line in lines.items())
    group = GroupPlan(id=GroupId("MAIN"), leader=LEAD, followers=tuple(FollowerPlan(account=name) for name in names))
    desk = Desk()
    desk.handle(EngineStarted(at=START, run="r", version="1"))
    desk.handle(DeskConfigured(at=START, plan=DeskPlan(accounts=accounts, groups=(group,))))
    for line in dict.fromkeys(lines.values()):
        desk.handle(LineRestored(at=START, connection=line))

    def answer(at, account):
        desk.handle(SnapshotTaken(at=at, account=account, holdings=(), orders=(), fills=()))

    for account in lines:
        answer(START, account)
    at, asked, most = START, Counter(), 0
    while at < START + timedelta(minutes=20):
        assert desk.due is not None
        at = desk.due
        wanted = [d.account for d in desk.handle(TimePassed(at=at)) if isinstance(d, AskSnapshot)]
        most = max(most, len({lines[account] for account in wanted}))
        asked.update(lines[account] for account in dict.fromkeys(wanted))
        for account in wanted:
            answer(at, account)
    per_login = {line: asked[line] / list(lines.values()).count(line) for line in asked}
    assert set(per_login) == set(lines.values()), "everybody is compared"
    assert max(per_login.values()) <= 4, "one question in five minutes"
    assert most <= (logins + 1) // 10 + 1
