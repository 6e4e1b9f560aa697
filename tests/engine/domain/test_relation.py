"""A person's word on one relationship: a trade is skipped or let go, copying is off and on, a size counts at once."""

from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.domain.command import Close, Disconnect, Off, On, Rejoin, Resize, Resume, Skip, Sync
from engine.domain.decision import Raised, Skipped
from engine.domain.event import DeskConfigured
from engine.domain.group import FollowerPlan, Multiplier
from engine.domain.ids import AccountId
from tests.engine.domain.model import ES, NQ, Stage, plan
from tests.engine.domain.test_desk import hard_steps, lead_flat, plans, play

A, B = AccountId("A"), AccountId("B")


def on_stage(**more: object) -> Stage:
    stage = Stage(plan([FollowerPlan(account=A, **more), FollowerPlan(account=B)]))
    stage.quote()
    stage.quote(symbol=ES)
    return stage


def lead(stage: Stage, quantity: int, symbol: str = NQ) -> int:
    """What A holds when the leader has traded and everybody has followed."""
    stage.lead(quantity, symbol)
    stage.settle()
    return stage.net(symbol, A)


def said(decisions: list[object]) -> str:
    return next(one.text for one in decisions if isinstance(one, Raised) and one.code in ("act.proven", "act.failed"))


def checks(stage: Stage, account: AccountId = A) -> list[tuple[str, int]]:
    return [(one.check, one.wanted) for one in stage.decisions if isinstance(one, Skipped) and one.account == account]


def test_the_trade_that_is_on_is_skipped_until_the_leader_is_flat() -> None:
    stage = on_stage()
    assert lead(stage, 2) == 2
    words = said(stage.act(Skip(accounts=(A,))))
    assert words == "skips the leader's trade in NQZ6; exits still copy, holds +2 NQZ6"
    assert lead(stage, 2) == 2
    assert lead(stage, 1, ES) == 1, "another trade is copied"
    stage.tell(DeskConfigured(at=stage.at, plan=stage.plan))
    assert lead(stage, -3) == 1
    stage.restart()
    for account in stage.brokers:
        stage.restore(account)
        stage.snapshot(account)
    assert lead(stage, 1) == 1
    assert lead(stage, -2) == 0
    assert lead(stage, 1) == 1, "his next trade is copied again"
    assert checks(stage) == [("skip", 2), ("skip", 1)]
    stage.assert_replays()


def test_the_next_trade_is_skipped_whatever_its_contract() -> None:
    stage = on_stage()
    assert said(stage.act(Skip(accounts=(A,)))).startswith("skips the leader's next trade;")
    assert lead(stage, 2, ES) == 0
    assert lead(stage, 2) == 2, "only that one"
    assert lead(stage, -2, ES) == 0
    assert lead(stage, 1, ES) == 1
    stage.act(Skip(accounts=(A,), symbol="NQ"))
    assert lead(stage, 1) == 2
    stage.act(Skip(accounts=(A,), is_over=True))
    assert lead(stage, 1) == 3


def test_who_closed_a_trade_by_hand_is_not_brought_back_into_it() -> None:
    stage = on_stage()
    lead(stage, 3)
    stage.act(Close(accounts=(A,), symbol=NQ))
    stage.settle()
    assert lead(stage, -1) == 0, "a partial exit has nothing to close"
    assert lead(stage, 2) == 0, "nor is more of the same trade entered"
    assert stage.net(account=B) == 4
    assert lead(stage, -4) == 0
    assert lead(stage, 1) == 1
    assert checks(stage) == [("skip", 2)]


def test_a_position_that_is_apart_is_a_persons_alone() -> None:
    stage = on_stage()
    lead(stage, 2)
    assert "the leader drives it no more" in said(stage.act(Disconnect(accounts=(A,), symbol=NQ)))
    assert lead(stage, -1) == 2
    assert lead(stage, -1) == 2, "he is out, it stays"
    assert "holds +2 NQZ6 apart and its leader is out" in _notice(stage, "apart.left")
    assert lead(stage, -2) == 2, "nor does his other side reach it"
    stage.act(Close(accounts=(A,)))
    stage.settle()
    assert stage.net(account=A) == 0
    assert "connected again; what is left of the leader's trade is skipped" in _notice(stage, "apart.over")
    assert lead(stage, -1) == 0
    assert lead(stage, 3) == 0
    assert lead(stage, 1) == 1
    stage.assert_replays()


def test_a_sync_brings_it_back_under_the_leader() -> None:
    stage = on_stage()
    lead(stage, 3)
    stage.act(Disconnect(accounts=(A,), symbol=NQ))
    assert lead(stage, -2) == 3
    stage.act(Sync(accounts=(A,)))
    stage.settle()
    assert stage.net(account=A) == 1
    assert lead(stage, -1) == 0


def _notice(stage: Stage, code: str) -> str:
    return next(one.text for one in stage.decisions if isinstance(one, Raised) and one.code == code)


def test_off_lasts_until_on_and_nothing_else_lifts_it() -> None:
    stage = on_stage()
    lead(stage, 2)
    stage.act(Off(accounts=(A,)))
    assert lead(stage, 1) == 2
    assert said(stage.act(Resume(accounts=(A,), rejoin=Rejoin.JOIN))) == "off by ann, off: /on A turns it on"
    stage.restart()
    for account in stage.brokers:
        stage.restore(account)
        stage.snapshot(account)
    assert lead(stage, -2) == 1
    assert lead(stage, 1) == 1
    assert said(stage.act(On(accounts=(A,)))) == "on, copying from the leader's next entry"
    assert lead(stage, 1) == 2
    stage.act(Off(accounts=(A,), close=True))
    stage.settle()
    assert (stage.net(account=A), stage.net(account=B)) == (0, 3)
    assert said(stage.act(On(accounts=(B,)))) == "it is not off"


def test_a_size_that_counts_now_scales_what_is_held() -> None:
    stage = on_stage()
    lead(stage, 4)
    stage.act(Resize(accounts=(A,), factor=Decimal("0.5"), now=True))
    stage.settle()
    assert (stage.net(account=A), stage.net(account=B)) == (2, 4)
    stage.act(Resize(accounts=(A,), factor=Decimal(2), now=True), key="up")
    stage.settle()
    assert stage.net(account=A) == 8
    stage.act(Resize(accounts=(A,), factor=Decimal(0), now=True))
    stage.settle()
    assert stage.net(account=A) == 0
    assert lead(stage, -4) == 0
    stage.assert_replays()


def test_a_size_up_that_a_check_denies_is_told_as_failed() -> None:
    stage = on_stage(sizing=Multiplier(ratio=Decimal(1)))
    lead(stage, 2)
    stage.act(Off(accounts=(A,)))
    stage.act(Resize(accounts=(A,), factor=Decimal(2), now=True), key="up")
    stage.settle()
    ends = [one.text for one in stage.decisions if isinstance(one, Raised) and one.key == "up"]
    assert ends[-1] == "not brought up: +2 NQZ6, holds +2 NQZ6"
    assert stage.net(account=A) == 2


who = st.sampled_from([A, B])
relations = st.one_of(
    hard_steps,
    hard_steps,
    st.tuples(st.sampled_from(["skip", "skip_next", "unskip", "disconnect", "off", "off_close", "on"]), who),
    st.tuples(st.just("now"), who, st.sampled_from(["0.5", "2", "1", "0"])),
)


def relate(stage: Stage, step: tuple) -> None:
    match step:
        case ("now", account, factor):
            stage.act(Resize(accounts=(account,), factor=Decimal(factor), now=True))
        case (word, account):
            who = {"accounts": (account,)}
            wishes = {
                "skip": Skip(symbol=NQ, **who),
                "skip_next": Skip(**who),
                "unskip": Skip(is_over=True, **who),
                "disconnect": Disconnect(symbol=NQ, **who),
                "off": Off(**who),
                "off_close": Off(close=True, **who),
                "on": On(**who),
            }
            stage.act(wishes[word])


@settings(
    max_examples=150, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
@given(desk_plan=plans, steps=st.lists(relations, min_size=12, max_size=50))
def test_nothing_is_ever_more_than_was_asked_and_all_settles(desk_plan: object, steps: list[tuple]) -> None:
    stage = Stage(desk_plan)
    stage.quote()
    for step in steps:
        if step[0] in ("skip", "skip_next", "unskip", "disconnect", "off", "off_close", "on", "now"):
            relate(stage, step)
        else:
            held = {lane.symbol: (lane.apart, lane.goal) for lane in stage.copier(A).lanes.values()}
            barred = {
                (s, f.symbol) for s, lane in stage.copier(A).lanes.items() for f in lane.feeds.values() if f.barred
            }
            play(stage, step)
            if step[0] == "lead":
                for lane in stage.copier(A).lanes.values():
                    apart, goal = held.get(lane.symbol, ("", 0))
                    if apart:
                        assert lane.goal == goal, "the leader drives it no more"
                    elif lane.feeds and all((lane.symbol, source) in barred for source in lane.feeds):
                        assert abs(lane.goal) <= abs(goal), "a skipped trade is not entered"
    stage.settle()
    lead_flat(stage)
    stage.settle()
    for account in (A, B):
        for lane in stage.copier(account).lanes.values():
            assert lane.apart or not stage.net(lane.symbol, account), "exits pass"
        stage.act(Close(accounts=(account,)))
    stage.settle()
    for account in (A, B):
        assert not any(stage.brokers[account].nets.values())
        assert not any(lane.apart for lane in stage.copier(account).lanes.values())
    stage.assert_replays()
