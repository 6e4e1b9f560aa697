"""The leader guard at work on a desk: exits never wait, followers get no more than was let through, people decide once."""

from datetime import timedelta
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain.command import Approve, Pause, Refuse, Resume, Sync
from engine.domain.decision import Raised, SendLots, Severity, Skipped
from engine.domain.desk import Desk
from engine.domain.event import ClockChanged, DeskConfigured, PersonActed
from engine.domain.group import Caps, Fixed, Flip, FollowerPlan, MissedEntry, faults
from engine.domain.guardplan import GuardPlan, Rate, Rule, SizeLimit, Window
from engine.domain.held import Held, HeldState, LeaderGuard
from engine.domain.ids import AccountId
from engine.domain.profile import ProfilePlan
from tests.engine.domain.model import ES, LEAD, MNQ, NQ, PRICE, Stage, plan
from tests.engine.domain.test_shot import LEADER, Twin
from tests.engine.domain.test_story import HALF, A, B, ease, follower, sent, skips, told

C = AccountId("C")
SMALL = GuardPlan(sizes={"*": SizeLimit(order=3)})
QUICK = GuardPlan(sizes={"NQ": SizeLimit(order=3, position=6)}, flips=Rate(count=1, seconds=60), hold_s=20)
PLANS = st.builds(
    GuardPlan,
    sizes=st.sampled_from(({"*": SizeLimit(order=2)}, {"NQ": SizeLimit(order=3, position=5)}, {})),
    max_away_ticks=st.sampled_from((None, 6)),
    burst=st.sampled_from((None, Rate(count=2, seconds=5))),
    flips=st.sampled_from((None, Rate(count=1, seconds=60))),
    hours=st.sampled_from(((), (Window(opens="09:30", closes="09:45"),))),
    profile=st.sampled_from((None, ProfilePlan(least=2, hold_at=Decimal("1.5")))),
    refuses=st.sampled_from(((), (Rule.BURST,))),
    hold_s=st.sampled_from((3, 60)),
)


def staged(*followers: FollowerPlan, guard: GuardPlan = SMALL) -> Stage:
    stage = Stage(plan(followers, guard=guard))
    stage.quote()
    return stage


def guard_of(stage: Stage) -> LeaderGuard:
    return stage.desk.state.guards[LEAD]


def waiting(stage: Stage) -> list[Held]:
    return guard_of(stage).waiting


# ---- properties ----------------------------------------------------------------------------------------------------

FOLLOWERS = (
    follower(A),
    follower(B, sizing=HALF, flip=Flip.ONE_ORDER, missed_entry=MissedEntry.JOIN),
    follower(C, sizing=Fixed(contracts=2), caps=Caps(order=2)),
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("lead"), st.sampled_from((-7, -3, -2, -1, 1, 2, 3, 7)), st.booleans()),
        st.tuples(st.just("lead"), st.sampled_from((-7, -3, -2, -1, 1, 2, 3, 7)), st.booleans()),
        st.tuples(st.just("approve"), st.sampled_from((-1, 0)), st.sampled_from(((A,), (B, C), (A, B, C)))),
        st.tuples(st.just("refuse"), st.sampled_from((-1, 0)), st.just((A, B, C))),
        st.tuples(st.sampled_from(("ease", "restart", "gap", "flat")), st.just(0), st.none()),
        st.tuples(st.just("wait"), st.sampled_from((1, 5, 70)), st.none()),
        st.tuples(st.just("quote"), st.integers(-8, 8), st.none()),
        st.tuples(st.just("hear"), st.integers(1, 3), st.sampled_from((A, B, C))),
        st.tuples(st.just("pause"), st.just(0), st.sampled_from((A, B, C))),
    ),
    max_size=30,
)


def step(stage: Stage, kind: str, what: int, how: object) -> None:
    match kind:
        case "lead":
            stage.lead(what, is_more=bool(how))
        case "flat" if stage.net():
            stage.lead(-stage.net())
        case "approve" | "refuse" if waiting(stage):
            wish = Approve if kind == "approve" else Refuse
            stage.act(wish(accounts=how, held=waiting(stage)[what].id))  # type: ignore[arg-type]  # accounts
        case "ease":
            ease(stage)
        case "restart":
            stage.restart()
            stage.settle_lines()
        case "gap":
            stage.lose(LEAD)
            stage.lead(2)
            stage.restore(LEAD)
            stage.snapshot(LEAD)
        case "wait":
            stage.wait(what)
        case "quote":
            stage.quote(PRICE + Decimal("0.25") * what)
        case "hear":
            stage.hear(how, what)  # type: ignore[arg-type]  # an account
        case "pause":
            stage.act(Pause(accounts=(how,)))  # type: ignore[arg-type]  # as above
            stage.act(Resume(accounts=(how,)))  # type: ignore[arg-type]  # as above


def assert_guarded(stage: Stage) -> None:
    """Goals stay between nothing and what the let-through part of the leader's position gives."""
    guard, book = guard_of(stage), stage.desk.state.leaders[LEAD]
    if not book.is_synced:
        return
    for symbol, stand in book.stands.items():
        passed = guard.passed(symbol)
        assert guard.past.track(symbol).net == stand.net
        assert min(0, stand.net) <= passed <= max(0, stand.net)
        for copier in stage.desk.state.copiers.values():
            lane = copier.lanes.get(symbol)
            feed = lane.feeds.get(symbol) if lane else None
            if lane is None or feed is None:
                continue
            assert feed.net == stand.net
            assert feed.let in ((None, stand.net) if passed == stand.net else (passed,))
            bound = feed.ladder[passed]
            assert min(0, bound) <= lane.goal <= max(0, bound), (copier.account, lane, passed, stand)


@settings(max_examples=150, deadline=None)
@given(guard=PLANS, story=STEPS)
def test_followers_get_no_more_than_was_let_through_and_every_exit(
    guard: GuardPlan, story: list[tuple[str, int, object]]
) -> None:
    stage = staged(*FOLLOWERS, guard=guard)
    for one in story:
        step(stage, *one)
        assert_guarded(stage)
    stage.settle()
    assert_guarded(stage)
    stage.assert_replays()
    if stage.net():
        stage.lead(-stage.net())
    stage.settle()
    assert [stage.net(NQ, name) for name in (A, B, C)] == [0, 0, 0]
    assert not waiting(stage)


@settings(max_examples=80, deadline=None)
@given(guard=PLANS, story=STEPS)
def test_the_armed_way_and_the_full_rule_decide_the_same_byte_for_byte(
    guard: GuardPlan, story: list[tuple[str, int, object]]
) -> None:
    twin = Twin(guard)
    order = 0
    for kind, what, how in story:
        held = twin.plain.state.guards[LEADER].waiting
        twin.now += timedelta(milliseconds=200)
        order += how is not True
        match kind:
            case "lead":
                twin.trade(LEADER, "NQZ6" if what % 2 else "MNQZ6", what, order=f"o{order}")
            case "approve" | "refuse" if held:
                wish = Approve if kind == "approve" else Refuse
                twin.act(str(twin.count), wish(accounts=tuple("ABCDEF"), held=held[what].id))  # type: ignore[arg-type]  # ids
            case "hear" | "ease":
                twin.step("fill", what, True)
            case "quote" | "wait":
                twin.step("quote" if kind == "quote" else "time", what, None)
            case "restart":
                twin.aimed = Desk.restore(twin.aimed.checkpoint())
            case _:
                pass


def test_ordinary_entries_and_exits_need_no_look() -> None:
    twin = Twin(msgspec.structs.replace(SMALL, burst=Rate(count=5, seconds=1)))
    for number, quantity in enumerate((1, -1, 1, 2, -3, -2, 2)):
        twin.now += timedelta(seconds=1)
        twin.trade(LEADER, "NQZ6", quantity, order=f"o{number}")
    assert twin.unasked == 6, "all but the first one, of a contract that he had never traded"


# ---- a held trade --------------------------------------------------------------------------------------------------


def test_an_odd_trade_is_held_and_told_and_his_exit_is_copied_at_once() -> None:
    stage = staged(follower(A), follower(B, sizing=HALF))
    stage.lead(2)
    ease(stage)
    assert sent(stage.tell_of(lambda: stage.lead(5))) == []
    (said,) = [one for one in stage.decisions if isinstance(one, Raised) and one.code == "rogue.leader"]
    assert (said.severity, said.account, said.symbol) == (Severity.P1, LEAD, NQ)
    assert said.text == (
        "H1: LEAD BUY 5 NQZ6 at 20000 is held: 5 NQ in one order is over the limit of 3. A, B wait until 14:32:00 UTC, "
        "then it is refused. /approve H1, /refuse H1, or look: /held"
    )
    assert skips(stage) == [("guard", 5), ("guard", 2)]
    assert (stage.lane(A).target, stage.lane(A).goal) == (7, 2)
    stage.lead(-3)
    assert waiting(stage)[0].left == 2
    assert stage.net(NQ, A) == 2
    assert sent(stage.tell_of(lambda: stage.lead(-3))) == [-1, -1], "what waited is closed first, then what was copied"
    assert told(stage, "rogue.ended") == ["H1: LEAD BUY 5 NQZ6 is over: the leader closed it himself"]
    stage.settle()
    assert (stage.net(NQ, A), stage.net(NQ, B)) == (1, 0)


def test_of_a_flip_only_the_far_side_is_held() -> None:
    stage = staged(follower(A), follower(B, flip=Flip.ONE_ORDER))
    stage.lead(2)
    ease(stage)
    assert sorted(sent(stage.tell_of(lambda: stage.lead(-7)))) == [-2, -2]
    ease(stage)
    assert waiting(stage)[0].left == -5
    stage.act(Approve(accounts=(A, B), held="H1"))
    ease(stage)
    assert [stage.net(NQ, name) for name in (A, B)] == [-5, -5]


def test_approving_for_some_tells_the_others_and_happens_once() -> None:
    stage = staged(follower(A), follower(B), follower(C, sizing=HALF))
    stage.lead(5)
    stage.act(Approve(accounts=(A, C), held="H1"), "yes")
    stage.settle()
    assert [stage.net(NQ, name) for name in (A, B, C)] == [5, 0, 2]
    assert skips(stage)[3:] == [("guard", 5)]
    assert told(stage, "rogue.ended") == ["H1: LEAD BUY 5 NQZ6 was approved by ann for A, C"]
    stage.act(Approve(accounts=(B,), held="H1"), "late")
    assert told(stage, "act.failed") == ["H1: ann approved it at 14:30:00 UTC"]
    stage.act(Approve(accounts=(B,), held="H7"), "none")
    assert told(stage, "act.failed")[1:] == ["no trade named H7 is held"]
    proofs = [one.text for one in stage.decisions if isinstance(one, Raised) and one.code == "act.proven"]
    assert [text.split(" ")[0] for text in proofs] == ["copied", "copied"]
    assert proofs[0].endswith("holds +5 NQZ6")
    stage.lead(-5)
    stage.settle()
    assert [stage.net(NQ, name) for name in (A, B, C)] == [0, 0, 0]


def test_each_followers_own_checks_speak_at_the_approval() -> None:
    stage = staged(
        follower(A, max_run_ticks=8), follower(B, caps=Caps(order=4)), follower(C, max_age_s=Decimal(1)), guard=QUICK
    )
    stage.lead(5)
    stage.act(Pause(accounts=(C,), reason="lunch"))
    stage.quote(PRICE + Decimal("2.25"))
    stage.wait(10)
    stage.act(Approve(accounts=(A, B, C), held="H1"), "yes")
    assert told(stage, "act.failed") == ["not copied, price_run: 9 ticks over 8", "not copied, hold: lunch by ann"]
    stage.settle()
    assert [stage.net(NQ, name) for name in (A, B, C)] == [0, 4, 0]
    (proof,) = [text for text in told(stage, "act.proven") if text.startswith("copied")]
    assert proof.endswith(", +1 not: order_size: 5 over 4, holds +4 NQZ6")


def test_an_old_signal_counts_from_the_approval() -> None:
    stage = staged(follower(A, max_age_s=Decimal(1)), guard=QUICK)
    stage.lead(5)
    stage.wait(15)
    stage.act(Approve(accounts=(A,), held="H1"))
    stage.settle()
    assert stage.net(NQ, A) == 5


def test_without_a_price_or_the_leaders_line_nothing_is_let_in() -> None:
    stage = Stage(plan([follower(A, max_run_ticks=8), follower(B)], guard=QUICK))
    stage.lead(5)
    stage.lose(LEAD)
    stage.act(Approve(accounts=(A, B), held="H1"))
    stage.restore(LEAD)
    stage.snapshot(LEAD)
    stage.act(Approve(accounts=(A, B), held="H1"))
    ease(stage)
    unknown = "what LEAD holds is not known now; H1 waits until 14:30:20 UTC"
    assert told(stage, "act.failed") == [unknown, unknown, "not copied, price_run: no price now"]
    assert [stage.net(NQ, name) for name in (A, B)] == [0, 5]


def test_an_approved_entry_that_is_refused_is_not_called_done() -> None:
    stage = staged(follower(A))
    stage.lead(5)
    stage.act(Approve(accounts=(A,), held="H1"), "yes")
    stage.refuse(A, stage.brokers[A].open_orders()[0])
    stage.hear(A)
    stage.snapshot(A)
    assert told(stage, "act.failed") == ["+5 NQZ6 did not fill, holds nothing"]


def test_nobody_answers_and_somebody_refuses() -> None:
    stage = staged(follower(A), guard=QUICK)
    stage.lead(5)
    stage.wait(19)
    assert waiting(stage)
    stage.wait(1)
    assert told(stage, "rogue.ended") == ["H1: LEAD BUY 5 NQZ6 is over: nobody answered within 20 s, not copied"]
    stage.act(Approve(accounts=(A,), held="H1"))
    assert told(stage, "act.failed") == ["H1: it expired at 14:30:20 UTC"]
    stage.lead(-5)
    stage.lead(4)
    stage.act(Refuse(accounts=(A,), held="H2"))
    assert told(stage, "act.proven") == ["H2 refused, nothing of it is copied"]
    assert told(stage, "rogue.ended")[1:] == ["H2: LEAD BUY 4 NQZ6 was refused by ann: not copied"]
    stage.lead(1, is_more=True)
    assert [one.severity for one in stage.decisions if isinstance(one, Raised) and one.code == "rogue.leader"] == [
        Severity.P1,
        Severity.P1,
        Severity.P3,
    ]
    assert sent(stage.decisions) == []


def test_a_tap_after_the_time_but_before_anybody_noticed_is_late() -> None:
    stage = staged(follower(A), guard=QUICK)
    stage.lead(5)
    stage.at += timedelta(seconds=20)
    stage.act(Approve(accounts=(A,), held="H1"))
    assert told(stage, "act.failed") == ["H1: it expired at 14:30:20 UTC"]
    assert len(told(stage, "rogue.ended")) == 1


def test_a_rule_may_refuse_and_a_rounded_follower_gets_only_the_part_that_passed() -> None:
    stage = staged(follower(A, sizing=HALF), guard=GuardPlan(burst=Rate(count=1, seconds=5), refuses=(Rule.BURST,)))
    stage.lead(1)
    stage.lead(1)
    assert told(stage, "rogue.leader") == [
        "LEAD BUY 1 NQZ6 at 20000 is refused: 2 entries within 5 s, over 1. Not copied to A."
    ]
    stage.wait(10)
    stage.lead(1)
    ease(stage)
    assert stage.lane(A).target == 1
    assert stage.net(NQ, A) == 0, "half of the 2 that passed came when nothing of it was new"
    stage.wait(10)
    stage.lead(1)
    ease(stage)
    assert stage.net(NQ, A) == 1, "half of the 3 that passed, where he holds 4"


# ---- gaps, restarts, settings, clocks ------------------------------------------------------------------------------


def test_what_was_missed_is_judged_where_somebody_would_join_it() -> None:
    stage = staged(follower(A, missed_entry=MissedEntry.JOIN), follower(B))
    stage.lose(LEAD)
    stage.lead(5)
    stage.restore(LEAD)
    stage.snapshot(LEAD)
    assert waiting(stage)[0].left == 5
    assert skips(stage) == [("guard", 5), ("guard", 5)]
    stage.act(Approve(accounts=(A,), held="H1"))
    ease(stage)
    assert [stage.net(NQ, name) for name in (A, B)] == [5, 0]
    quiet = staged(follower(B))
    quiet.lose(LEAD)
    quiet.lead(5)
    quiet.restore(LEAD)
    quiet.snapshot(LEAD)
    assert skips(quiet) == [("missed_entry", 5)]
    assert not waiting(quiet)


def test_a_hold_outlives_a_restart_and_goes_on() -> None:
    stage = staged(follower(A), guard=QUICK)
    stage.lead(5)
    stage.restart()
    stage.settle_lines()
    assert waiting(stage)[0].id == "H1"
    stage.act(Approve(accounts=(A,), held="H1"))
    stage.settle()
    assert stage.net(NQ, A) == 5
    stage.assert_replays()


def test_a_person_may_join_what_was_refused() -> None:
    stage = staged(follower(A), guard=msgspec.structs.replace(SMALL, refuses=(Rule.ORDER_SIZE,)))
    stage.lead(5)
    stage.act(Sync(accounts=(A,)))
    stage.settle()
    assert stage.net(NQ, A) == 5


def test_a_guard_that_is_set_later_lets_through_what_is_held_and_one_taken_away_lets_nothing_in() -> None:
    stage = Stage(plan([follower(A)]))
    stage.lead(5)
    ease(stage)
    stage.tell(DeskConfigured(at=stage.at, plan=plan([follower(A)], guard=SMALL)))
    assert guard_of(stage).passed(NQ) == 5
    stage.lead(4)
    assert waiting(stage)
    stage.tell(DeskConfigured(at=stage.at, plan=plan([follower(A)])))
    assert told(stage, "rogue.ended") == ["H1: LEAD BUY 4 NQZ6 is over: its guard was taken out of the settings"]
    stage.lead(-1)
    stage.lead(2)
    ease(stage)
    assert stage.net(NQ, A) == 7


def test_a_clock_that_is_set_takes_the_wait_along() -> None:
    stage = staged(follower(A), guard=QUICK)
    stage.lead(5)
    stage.at += timedelta(hours=1)
    stage.tell(ClockChanged(at=stage.at, seconds=3600.0))
    stage.wait(19)
    assert waiting(stage)
    stage.wait(1)
    assert not waiting(stage)


def test_what_nobody_copies_is_not_asked_about() -> None:
    stage = staged(follower(A, symbols={"ES": ""}))
    stage.lead(9, ES)
    assert not told(stage, "rogue.leader")
    assert guard_of(stage).passed(ES) == 9


def test_a_fault_in_the_guard_stops_entries_and_no_exit(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = staged(follower(A))
    stage.lead(2)
    ease(stage)

    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("bug")

    monkeypatch.setattr(LeaderGuard, "fold", fail)
    monkeypatch.setattr(LeaderGuard, "arm", fail)
    stage.wait(31)
    stage.lead(-1)
    stage.lead(1)
    stage.wait(2)
    assert told(stage, "eng.guard") == [
        "the guard on LEAD failed: ZeroDivisionError('bug'). Exits are copied, entries are not until a restart."
    ]
    stage.lead(-2)
    ease(stage)
    assert stage.net(NQ, A) == 0
    assert ("guard", 1) in skips(stage)
    monkeypatch.undo()
    stage.tell(DeskConfigured(at=stage.at, plan=stage.plan))
    stage.lead(2)
    ease(stage)
    assert stage.net(NQ, A) == 2


def test_names_are_not_used_twice_and_two_contracts_wait_apart() -> None:
    stage = staged(follower(A, symbols={"MNQ": "MNQ"}))
    stage.lead(5)
    stage.lead(-4, MNQ)
    assert [held.id for held in waiting(stage)] == ["H1", "H2"]
    stage.lead(-5)
    stage.lead(5)
    assert [held.id for held in waiting(stage)] == ["H2", "H3"]
    stage.act(Approve(accounts=(A,), held="H2"))
    ease(stage)
    assert (stage.net(NQ, A), stage.net(MNQ, A)) == (0, -4)


def test_settings_that_make_no_sense_are_told_in_one_line_each() -> None:
    right = plan([follower(A)], guard=SMALL)
    assert faults(right) == []
    accounts = tuple(
        msgspec.structs.replace(one, guard=GuardPlan(hold_s=0) if one.id == A else None) for one in right.accounts
    )
    rules = "roots, hours, sizes, max_away_ticks, burst, flips or profile"
    assert faults(msgspec.structs.replace(right, accounts=accounts)) == [
        "account A: guard: it leads no group; move [account.guard] under the leader's [[account]]",
        f"account A: guard: no rule is set; write {rules}, or take the table out",
        "account A: guard.hold_s: write seconds above 0, not 0",
    ]


def test_a_stranger_and_a_locked_one_are_told_so() -> None:
    stage = staged(follower(A))
    stage.lead(5)
    stage.act(Approve(accounts=(LEAD, A), held="H1"), "yes")
    assert told(stage, "act.failed") == ["it does not follow LEAD"]
    ease(stage)
    assert stage.net(NQ, A) == 5
    assert HeldState.APPROVED is guard_of(stage).held["H1"].state
    orders = [one for one in stage.decisions if isinstance(one, SendLots)]
    assert [one.cause.split("#")[0] for one in orders] == ["act:yes"]
    assert not any(isinstance(one, Skipped) and one.cause == "act:yes" for one in stage.decisions)
    stage.tell(PersonActed(at=stage.at, key="yes", by="ann", command=Refuse(accounts=(A,), held="H1")))
    assert guard_of(stage).held["H1"].state is HeldState.APPROVED
