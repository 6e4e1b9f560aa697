"""Trades of other hands: named, told at once, handled by each policy, and never made worse by an order of ours."""

from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.domain import rogue
from engine.domain.command import Apart, Close, Flatten, Pause, Rejoin, Resume, Sync
from engine.domain.copier import Copier
from engine.domain.decision import CancelOrder, Raised, SendLots, Severity
from engine.domain.event import AccountRestricted, PositionReported, Restriction
from engine.domain.group import Caps, Exact, Flip, FollowerPlan, MissedEntry, Multiplier, RoguePolicy
from engine.domain.ids import AccountId, GroupId, OrderId
from engine.domain.lane import Lane
from engine.domain.trace import Hand, source_of
from tests.engine.domain.model import NQ, Stage, plan
from tests.engine.domain.test_desk import FOLLOWERS, hard_steps, lead_flat, play, who

A, B = FOLLOWERS
ALERT, CLOSE, ADOPT, APART, PAUSE = (
    RoguePolicy.ALERT,
    RoguePolicy.CLOSE,
    RoguePolicy.ADOPT,
    RoguePolicy.APART,
    RoguePolicy.PAUSE,
)
OPEN_MIND = {"max_run_ticks": -1, "max_age_s": Decimal(0)}


def staged(policy: RoguePolicy, **more: object) -> Stage:
    """Two followers, of which A keeps to ``policy``."""
    stage = Stage(
        plan([FollowerPlan(account=A, rogue=policy, **OPEN_MIND, **more), FollowerPlan(account=B, **OPEN_MIND)])
    )
    stage.quote()
    return stage


def flow(stage: Stage) -> None:
    """Every order fills and is heard, until nothing moves."""
    for _ in range(6):
        for account, broker in stage.brokers.items():
            for order in broker.open_orders():
                stage.fill(account, order, 1_000)
            stage.hear(account)
            if broker.wants_snapshot:
                stage.snapshot(account)


def hand(stage: Stage, quantity: int, **how: object) -> None:
    stage.trade_by_hand(A, quantity, **how)
    flow(stage)


def told(stage: Stage, code: str) -> list[Raised]:
    return [raised for raised in stage.decisions if isinstance(raised, Raised) and raised.code == code]


def sent(stage: Stage, account: AccountId = A) -> list[int]:
    lots = [lot for decision in stage.decisions if isinstance(decision, SendLots) for lot in decision.lots]
    return [lot[3] for lot in lots if lot[1] == account]


# ---- the policies --------------------------------------------------------------------------------------------------


def test_alert_waits_for_a_person() -> None:
    stage = staged(ALERT)
    stage.lead(2)
    hand(stage, 1)
    (raised,) = told(stage, "rogue.open")
    assert (raised.account, raised.symbol, raised.severity) == (A, NQ, Severity.P2)
    assert "by hand" in raised.text
    assert "/sync A apart" in raised.text
    stage.lead(1)
    flow(stage)
    assert (stage.net(account=A), stage.net(account=B)) == (3, 3), "A took no entry"
    stage.lead(-3)
    flow(stage)
    assert stage.net(account=A) == 0


def test_close_closes_the_foreign_part_alone_and_proves_it() -> None:
    stage = staged(CLOSE)
    stage.lead(2)
    flow(stage)
    hand(stage, 1)
    assert sent(stage) == [2, -1]
    assert stage.net(account=A) == 2
    (raised,) = told(stage, "rogue.closed")
    assert raised.severity is Severity.P4
    assert not stage.copier(A).rogue.closings
    stage.lead(1)
    flow(stage)
    assert stage.net(account=A) == 3, "copying goes on"


def test_close_from_flat_and_through_zero() -> None:
    stage = staged(CLOSE)
    hand(stage, 2)
    assert stage.net(account=A) == 0
    stage.lead(2)
    flow(stage)
    hand(stage, -5)  # closes ours, opens three short
    assert stage.net(account=A) == 0, "ours is not bought back, theirs is closed"
    assert sent(stage) == [-2, 2, 3]


def test_a_close_by_other_hands_is_never_bought_back() -> None:
    for policy in RoguePolicy:
        stage = staged(policy)
        stage.lead(3)
        flow(stage)
        hand(stage, -2)
        stage.wait(30)
        flow(stage)
        assert stage.net(account=A) == 1
        assert "not bought back" in told(stage, "rogue.close")[0].text
        stage.lead(-3)
        flow(stage)
        assert stage.net(account=A) == 0


def test_adopt_counts_it_in() -> None:
    stage = staged(ADOPT)
    stage.lead(2)
    flow(stage)
    hand(stage, 1)
    stage.lead(1)
    flow(stage)
    assert stage.net(account=A) == 3, "three are wanted, three are held: the foreign one counts"
    stage.lead(-2)
    flow(stage)
    assert stage.net(account=A) == 1


def test_apart_is_beside_the_copies() -> None:
    stage = staged(APART)
    stage.lead(2)
    flow(stage)
    hand(stage, 1)
    assert (stage.lane(A).held, stage.lane(A).beside) == (2, 1)
    stage.lead(1)
    flow(stage)
    assert stage.net(account=A) == 4
    stage.lead(-3)
    flow(stage)
    assert stage.net(account=A) == 1, "our exits leave it alone"
    stage.lead(-1)
    flow(stage)
    assert stage.net(account=A) == 1, "an entry on the other side would only net it"
    hand(stage, -1)
    assert (stage.lane(A).held, stage.lane(A).beside) == (0, 0)
    stage.lead(-1)
    flow(stage)
    assert stage.net(account=A) == -1


def test_a_close_by_hand_shrinks_what_is_apart_first() -> None:
    stage = staged(APART)
    stage.lead(2)
    flow(stage)
    hand(stage, 2)
    hand(stage, -3)
    assert (stage.lane(A).held, stage.lane(A).beside) == (1, 0)
    assert stage.lane(A).goal == 1, "not bought back"


def test_apart_counts_under_the_caps() -> None:
    stage = staged(APART, caps=Caps(symbol=4))
    hand(stage, 3)
    stage.lead(3)
    flow(stage)
    assert stage.net(account=A) == 4
    assert stage.lane(A).held == 1


def test_pause_holds_the_account_until_a_person_resumes() -> None:
    stage = staged(PAUSE)
    stage.lead(1)
    flow(stage)
    hand(stage, 1)
    assert "other hands" in stage.copier(A).barred
    stage.lead(2)
    flow(stage)
    assert stage.net(account=A) == 2
    stage.act(Resume(accounts=(A,)))
    stage.lead(-2)
    flow(stage)
    assert stage.net(account=A) == 1


def test_the_flatten_of_a_person_reaches_everything() -> None:
    for command in (Flatten(accounts=(A,)), Close(accounts=(A,))):
        stage = staged(APART)
        stage.lead(2)
        flow(stage)
        hand(stage, 2)
        stage.act(command)
        flow(stage)
        assert stage.net(account=A) == 0
        assert told(stage, "act.proven")


def test_part_of_a_close_takes_ours_first() -> None:
    stage = staged(APART)
    stage.lead(2)
    flow(stage)
    hand(stage, 2)
    stage.act(Close(accounts=(A,), symbol=NQ, quantity=3))
    flow(stage)
    assert (stage.lane(A).held, stage.lane(A).beside) == (0, 1)


def test_a_person_keeps_it_apart_by_command_and_adopts_it_back() -> None:
    stage = staged(ALERT)
    stage.lead(2)
    flow(stage)
    stage.act(Apart(accounts=(A,)))
    assert "nothing to keep apart" in told(stage, "act.failed")[0].text
    hand(stage, 1)
    assert stage.lane(A).barred
    stage.act(Apart(accounts=(A,)))
    assert (stage.lane(A).held, stage.lane(A).beside, stage.lane(A).barred) == (2, 1, "")
    stage.lead(1)
    flow(stage)
    assert stage.net(account=A) == 4
    stage.act(Sync(accounts=(A,), adopt=True))
    assert (stage.lane(A).held, stage.lane(A).beside) == (4, 0)


# ---- found without a fill --------------------------------------------------------------------------------------------


def test_a_position_that_only_the_broker_knows_is_told_within_a_second() -> None:
    stage = staged(ALERT)
    stage.wait(40)  # the idle pace of time
    stage.manual.add(A)
    stage.brokers[A].nets[NQ] = 2
    stage.brokers[A].costs[NQ] = stage.lane(B).cost
    said = stage.at
    stage.tell(PositionReported(at=said, account=A, symbol=NQ, net=2))
    stage.wait(1)
    assert stage.brokers[A].wants_snapshot
    stage.snapshot(A)
    assert "found by comparison" not in told(stage, "rogue.open")[0].text
    assert "broker has +2" in told(stage, "rogue.open")[0].text
    asked = next(event.at for event, _ in stage.journal if event.at > said)
    assert (asked - said).total_seconds() <= 0.6


def test_what_a_comparison_found_is_closed_when_a_second_one_finds_it_too() -> None:
    stage = staged(CLOSE)
    stage.lead(2)
    flow(stage)
    stage.lose(A)
    stage.trade_by_hand(A, 1)
    stage.brokers[A].queue.clear()
    stage.restore(A)
    stage.snapshot(A)
    assert sent(stage) == [2]
    assert stage.brokers[A].wants_snapshot
    flow(stage)
    assert sent(stage) == [2, -1]
    assert stage.net(account=A) == 2
    assert told(stage, "rogue.closed")
    assert not stage.lane(A).barred


# ---- bounds --------------------------------------------------------------------------------------------------------


def test_whoever_opens_again_and_again_is_a_persons_matter() -> None:
    stage = staged(CLOSE)
    for _ in range(5):
        hand(stage, 1)
    assert sent(stage) == [-1, -1, -1]
    assert "again and again" in told(stage, "rogue.open")[3].text
    assert stage.lane(A).barred
    assert stage.net(account=A) == 2


def test_parts_of_one_order_are_one_opening() -> None:
    stage = staged(CLOSE)
    broker = stage.brokers[A]
    order = stage._order(broker, None, NQ, 6)
    stage.manual.add(A)
    for _ in range(6):
        stage.fill(A, order, 1)
        stage.hear(A)
    flow(stage)
    assert stage.net(account=A) == 0
    assert not stage.lane(A).barred


def test_a_close_that_is_refused_ends_with_a_person_and_our_copies_stay() -> None:
    stage = staged(CLOSE)
    stage.lead(2)
    flow(stage)
    stage.trade_by_hand(A, 1)
    for _ in range(8):
        stage.hear(A)
        for order in stage.brokers[A].open_orders():
            stage.refuse(A, order)
        stage.hear(A)
        if stage.brokers[A].wants_snapshot:
            stage.snapshot(A)
        stage.wait(5)
    (raised,) = told(stage, "rogue.stuck")
    assert raised.severity is Severity.P1
    assert sent(stage) == [2, -1, -1, -1]
    assert stage.net(account=A) == 3, "the broker was not asked to close our copies with it"
    stage.lead(-2)
    flow(stage)
    assert stage.net(account=A) == 0


def test_a_person_who_closes_at_the_same_moment() -> None:
    stage = staged(CLOSE)
    stage.lead(2)
    flow(stage)
    stage.trade_by_hand(A, 1)
    stage.hear(A)  # our close is under way …
    stage.trade_by_hand(A, -1)  # … and the person's own is faster
    flow(stage)
    stage.wait(10)
    flow(stage)
    assert stage.net(account=A) == 1, "both closes counted, nothing bought back"
    assert sent(stage) == [2, -1]


def test_twice_the_cap_is_p1() -> None:
    stage = staged(ALERT, caps=Caps(symbol=1))
    hand(stage, 2)
    hand(stage, 1)
    assert [raised.severity for raised in told(stage, "rogue.open")] == [Severity.P2, Severity.P1]


def test_working_orders_of_others_are_told_and_cancelled_under_close() -> None:
    stage = staged(ALERT)
    stage.rest(A, is_gone=False)
    flow(stage)
    assert "limit BUY 1 NQZ6" in told(stage, "rogue.order")[0].text
    assert not [d for d in stage.decisions if isinstance(d, CancelOrder)]
    stage = staged(CLOSE)
    stage.lead(1)
    flow(stage)
    stage.rest(A, -1, is_gone=False)
    flow(stage)
    assert not [d for d in stage.decisions if isinstance(d, CancelOrder)], (
        "a person's stop is left while it only closes"
    )
    stage.lead(-1)
    flow(stage)
    assert [d for d in stage.decisions if isinstance(d, CancelOrder)], "an orphan would open"
    assert not stage.copier(A).working


def test_a_working_order_that_does_not_end_is_a_persons_matter() -> None:
    stage = staged(CLOSE)
    stage.rest(A, is_gone=True)
    stage.hear(A)
    stage.wait(20)
    assert len([d for d in stage.decisions if isinstance(d, CancelOrder)]) == 3
    assert "must cancel it" in told(stage, "rogue.stuck")[0].text


# ---- whose it is -----------------------------------------------------------------------------------------------------


def test_sources_are_named_with_evidence() -> None:
    free = {"automated": None, "is_admin": None, "tag": "", "restriction": Restriction.NONE, "reason": ""}
    for client, said, hand_ in (
        (None, {"automated": False, "tag": "Chart"}, Hand.PERSON),
        (None, {"automated": True}, Hand.PROGRAM),
        (OrderId("ATM-1"), {"automated": True}, Hand.PROGRAM),
        (OrderId("LS" + "0" * 24), {"automated": True}, Hand.LOCKSTEP),
        (None, {"automated": True, "is_admin": True}, Hand.BROKER),
        (None, {"automated": True, "tag": "AutoLiq"}, Hand.BROKER),
        (None, {"restriction": Restriction.LOCKED, "reason": "LiquidateImmediately"}, Hand.BROKER),
        (None, {"restriction": Restriction.CLOSE_ONLY, "automated": False, "reason": "liquidateOnly"}, Hand.PERSON),
    ):
        source = source_of(client, **{**free, **said})
        assert source.hand is hand_, (client, said)
        assert source.evidence
    assert "Chart" in source_of(None, **{**free, "automated": False, "tag": "Chart"}).evidence


def test_two_copiers_on_one_account_stop_copying_there() -> None:
    stage = staged(CLOSE)
    stage.lead(2)
    flow(stage)
    hand(stage, 2, automated=True)  # closed: once may be chance
    assert stage.net(account=A) == 2
    stage.wait(60)
    stage.lead(1)
    flow(stage)
    hand(stage, 1, automated=True)
    (raised,) = told(stage, "rogue.copier")
    assert raised.severity is Severity.P1
    assert raised.text.count("after the leader") == 2
    assert "two copiers" in stage.copier(A).barred
    assert (stage.lane(A).held, stage.lane(A).beside) == (3, 1), "its exit will come as well"
    stage.lead(-3)
    flow(stage)
    hand(stage, -1, automated=True)
    assert stage.net(account=A) == 0, "exits still pass, and nobody closed twice"
    stage.lead(1)
    flow(stage)
    assert (stage.net(account=A), stage.net(account=B)) == (0, 1)
    stage.act(Resume(accounts=(A,)))
    stage.lead(1)
    flow(stage)
    assert stage.net(account=A) == 1, "a person has put it right: the leader's next entry is copied"


def test_two_copiers_of_which_the_other_is_faster() -> None:
    stage = staged(ALERT)
    for _ in range(2):
        stage.trade_by_hand(A, 1, automated=True)
        stage.hear(A)
        stage.lead(1)
        flow(stage)
        stage.act(Sync(accounts=(A,), adopt=True))
        stage.wait(20)
    assert told(stage, "rogue.copier")


def test_hands_out_of_our_timing_are_no_copier() -> None:
    stage = staged(ADOPT)
    for quantity, later in ((1, 3), (-1, 0), (1, 5)):  # too late, other side, too late
        stage.lead(1)
        flow(stage)
        stage.wait(later)
        hand(stage, quantity, automated=True)
        stage.wait(20)
    for _ in range(3):
        stage.lead(1)
        hand(stage, 1, automated=False)
    assert not told(stage, "rogue.copier")


def test_the_brokers_liquidation_is_named_and_stops_copying() -> None:
    stage = staged(CLOSE)
    stage.lead(2)
    flow(stage)
    hand(stage, -2, is_admin=True, automated=True)
    (raised,) = told(stage, "rogue.close")
    assert raised.severity is Severity.P1
    assert "the broker" in raised.text
    stage.lead(1)
    flow(stage)
    assert sent(stage) == [2]
    stage.act(Resume(accounts=(A,)))
    stage.lead(1)
    flow(stage)
    assert stage.net(account=A) == 1, "resumed: from the leader's next entry"


def test_a_liquidation_that_only_the_restriction_tells_stops_copying_too() -> None:
    stage = staged(ALERT)
    stage.tell(AccountRestricted(at=stage.at, account=A, restriction=Restriction.LOCKED, reason="LiquidateImmediately"))
    stage.tell(AccountRestricted(at=stage.at, account=A, restriction=Restriction.NONE))
    assert "closed by the broker" in stage.copier(A).barred


# ---- a restart, arithmetic, everything at once ---------------------------------------------------------------------


def test_a_restart_in_the_middle_of_a_close() -> None:
    stage = staged(CLOSE)
    stage.lead(2)
    flow(stage)
    stage.trade_by_hand(A, 2)
    stage.hear(A)
    order = stage.brokers[A].open_orders()[0]
    stage.fill(A, order, 1)  # and the process dies before it hears
    stage.restart()
    for account in stage.brokers:
        stage.restore(account)
        stage.snapshot(account)
    flow(stage)
    stage.wait(10)
    flow(stage)
    assert stage.net(account=A) == 2
    assert sent(stage) == [2, -2]
    assert told(stage, "rogue.closed")
    stage.assert_replays()


lanes = st.tuples(st.integers(-4, 4), st.integers(-4, 4), st.integers(-3, 3), st.integers(0, 2), st.integers(0, 2))


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(
    state=lanes,
    hands=st.lists(st.integers(-5, 5).filter(bool), max_size=4),
    policy=st.sampled_from(RoguePolicy),
)
def test_what_other_hands_trade_is_all_in_the_books(
    state: tuple[int, int, int, int, int], hands: list[int], policy: RoguePolicy
) -> None:
    held, goal, apart, buys, sells = state
    copier = Copier(A, GroupId("MAIN"), "me", FollowerPlan(account=A))
    lane = copier.lanes[NQ] = Lane(A, NQ, held=held, goal=goal, buys=buys, sells=sells)
    lane.beside = apart if apart * held >= 0 else 0
    for quantity in hands:
        net, wanted, kept = lane.net, lane.goal, lane.beside
        opened = rogue._take(copier, lane, quantity, policy)
        lane.net_out()
        assert lane.net == net + quantity
        assert lane.beside * lane.held >= 0
        assert opened * quantity >= 0
        assert abs(opened) <= abs(quantity)
        if policy in (CLOSE, APART):
            assert abs(lane.goal) <= abs(wanted), "nothing more is wanted because of other hands"
        if kept * quantity < 0:
            assert abs(lane.beside) <= max(abs(kept), abs(quantity))
        if policy is not APART:
            assert abs(lane.beside) <= abs(kept)


policies = st.builds(
    FollowerPlan,
    account=st.just(A),
    sizing=st.sampled_from([Exact(), Multiplier(ratio=Decimal("1.5"))]),
    caps=st.builds(Caps, symbol=st.sampled_from([5, 1_000])),
    flip=st.sampled_from(Flip),
    max_run_ticks=st.just(-1),
    max_age_s=st.just(Decimal(0)),
    missed_entry=st.sampled_from(MissedEntry),
    rogue=st.sampled_from(RoguePolicy),
)
plans = st.builds(
    lambda a, b: plan([a, FollowerPlan(account=B, sizing=b.sizing, rogue=b.rogue, **OPEN_MIND)]), policies, policies
)
foreign_steps = st.one_of(
    hard_steps,
    hard_steps,
    st.tuples(
        st.just("foreign"),
        who,
        st.sampled_from([-3, -2, -1, 1, 2]),
        st.sampled_from([None, False, True, "admin", "lockstep"]),
    ),
    st.tuples(st.sampled_from(["apart", "adopt"]), who),
)


def play_all(stage: Stage, step: tuple) -> None:
    match step:
        case ("foreign", account, quantity, mark):
            stage.trade_by_hand(
                account,
                quantity,
                automated=mark if mark in (None, False) else True,
                is_admin=mark == "admin" or None,
                client=OrderId("LS" + f"{stage.count:024d}") if mark == "lockstep" else None,
            )
        case ("apart", account):
            stage.manual.add(account)  # from here on its net is more than it wants
            stage.act(Apart(accounts=(account,)))
        case ("adopt", account):
            stage.act(Sync(accounts=(account,), adopt=True))
        case _:
            play(stage, step)


@settings(
    max_examples=120,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(desk_plan=plans, steps=st.lists(foreign_steps, min_size=12, max_size=50))
def test_no_policy_makes_it_worse_and_all_settles(desk_plan: object, steps: list[tuple]) -> None:
    """Books right, orders modest (``Stage`` looks at each), nobody set aside, the same bytes again, and a way to flat."""
    stage = Stage(desk_plan)
    stage.reports = True
    stage.quote()
    for step in steps:
        play_all(stage, step)
    stage.settle()
    lead_flat(stage)
    stage.settle()
    for account in FOLLOWERS:
        copier = stage.copier(account)
        assert not copier.quarantined
        if ("adopt", account) in steps:
            continue  # a person wanted it
        if copier.plan.rogue is APART and not any(lane.barred for lane in copier.lanes.values()):
            assert not any(lane.held for lane in copier.lanes.values()), "leader flat: nothing of ours is left"
        if copier.plan.rogue is CLOSE and not any(lane.barred or lane.beside for lane in copier.lanes.values()):
            assert not any(stage.brokers[account].nets.values()), "leader flat, nothing foreign left"
    stage.act(Pause(accounts=FOLLOWERS))
    stage.act(Flatten(accounts=FOLLOWERS))
    stage.settle()
    for account in FOLLOWERS:
        assert not any(stage.brokers[account].nets.values())
    stage.assert_replays()


def test_a_join_goes_to_the_target_beside_what_is_apart() -> None:
    stage = staged(APART)
    hand(stage, 1)
    stage.act(Pause(accounts=(A,)))
    stage.lead(2)
    flow(stage)
    assert stage.net(account=A) == 1
    stage.act(Resume(accounts=(A,), rejoin=Rejoin.JOIN))
    flow(stage)
    assert stage.net(account=A) == 3
