"""Where nothing is refused and missed entries join, gaps, restarts and doubled facts leave no trace: held is target."""

from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.domain.group import Caps, Flip, FollowerPlan, MissedEntry, Multiplier
from engine.domain.ids import AccountId
from tests.engine.domain.model import ES, LEAD, NQ, plan
from tests.engine.domain.test_desk import FOLLOWERS, A, B, kind_steps, lead_flat, play, run

quick = settings(
    max_examples=120, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)


def joiner(account: AccountId, ratio: str, flip: Flip) -> FollowerPlan:
    return FollowerPlan(
        account=account,
        sizing=Multiplier(ratio=Decimal(ratio)),
        flip=flip,
        caps=Caps(order=10_000, symbol=10_000, account=Decimal(10_000), orders_per_minute=10_000),
        max_run_ticks=-1,
        max_age_s=Decimal(0),
        missed_entry=MissedEntry.JOIN,
    )


@quick
@given(
    ratio=st.sampled_from(["1", "0.5", "2"]),
    flip=st.sampled_from(Flip),
    steps=st.lists(kind_steps.filter(lambda step: step[0] != "vanish"), min_size=12, max_size=50),
)
def test_in_the_end_every_follower_holds_its_target(ratio: str, flip: Flip, steps: list[tuple]) -> None:
    stage = run(plan([joiner(A, ratio, flip), joiner(B, "1", flip)]), [])
    stage.quote(symbol=ES)
    for step in steps:
        play(stage, step)
    stage.restore(LEAD)
    stage.snapshot(LEAD)
    stage.settle()
    for account in FOLLOWERS:
        for symbol in (NQ, ES):
            lane, net = stage.lane(account, symbol), stage.net(symbol)
            exact = abs(net) * Decimal(ratio if account == A else "1")
            assert abs(lane.target) == int(exact)
            assert lane.target * net >= 0
            assert lane.held == lane.target, (account, symbol, lane)
    lead_flat(stage)
    stage.settle()
    assert not any(any(stage.brokers[account].nets.values()) for account in FOLLOWERS)
    stage.assert_replays()
