"""The alert pipeline: none is lost, an ack hides no worsening, a flood is one card, and a restart changes nothing."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.access import Person
from bot.core.alert import Alert, Labels
from bot.core.alertgroup import Group, Stage
from bot.core.delivery import expect, overdue
from bot.core.handling import Handling
from bot.core.jump import move
from bot.core.pipeline import AlertError, Pipeline, Turn, Why
from bot.core.render.alert import group_card
from engine.api import Severity

AT = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
ANA = Person(id="ana", name="Ana")
P1, P2, P3, P4 = Severity.P1, Severity.P2, Severity.P3, Severity.P4


class Bench:
    """A pipeline, its people, and a clock in seconds."""

    def __init__(self, pipeline: Pipeline | None = None, now: datetime = AT) -> None:
        self.pipeline = pipeline or Pipeline()
        self.hands = Handling(self.pipeline)
        self.now = now
        self.turn = Turn()

    def tell(self, code: str, severity: Severity = P2, account: str = "A", **more: str) -> Turn:
        self.turn = turn = Turn()
        labels = {"account": account, "connection": "sim", "leader": "LEAD", "group": "G", **more}
        text = labels.pop("text", f"{account} {code}")
        alert = Alert(code=code, severity=severity, text=text, at=self.now, labels=Labels(**labels))
        self.pipeline.take(alert, self.now, turn)
        return turn

    def line(self, code: str, severity: Severity = P1) -> Turn:
        return self.tell(code, severity, account="", group="", leader="")

    def go(self, seconds: float, step: float = 1) -> list[Why]:
        """Let time pass, a tick a second; why things were pushed."""
        found: list[Why] = []
        end = self.now + timedelta(seconds=seconds)
        while self.now < end:
            self.now += timedelta(seconds=step)
            self.turn = turn = Turn()
            self.pipeline.tick(self.now, turn)
            found += [push.why for push in turn.pushes]
        return found

    def only(self) -> Group:
        (group,) = self.pipeline.open()
        return group

    def ack(self, minutes: int = 15) -> Turn:
        self.turn = turn = Turn()
        until = self.now + timedelta(minutes=minutes)
        self.hands.ack(self.only().id, ANA, "tg", until, "on it", self.now, turn)
        return turn


def whys(turn: Turn) -> list[Why]:
    return [push.why for push in turn.pushes]


def test_two_hundred_desyncs_under_one_lost_broker_are_one_push() -> None:
    bench = Bench()
    pushes = []
    for number in range(200):
        pushes += whys(bench.tell("desync.qty", P2, f"ACC-{number}", symbol="NQZ6"))
    pushes += whys(bench.line("broker.down"))
    pushes += bench.go(60)
    assert pushes == [Why.FIRST]
    source = next(group for group in bench.pipeline.open() if group.code == "broker.down")
    held = next(group for group in bench.pipeline.open() if group.code == "desync.qty")
    assert (source.holding, held.pushes, held.held) == (200, 0, f"held: {source.name} broker.down explains it")
    bench.line("broker.up", P4)
    assert bench.go(60) == [Why.OVER, Why.RELEASED]  # what outlives its cause is told


def test_what_is_graver_than_its_cause_is_told_for_itself() -> None:
    bench = Bench()
    bench.line("broker.down", P2)
    bench.go(6)
    bench.tell("desync.orders", P1)
    assert bench.go(4) == [Why.FIRST]


def test_it_waits_for_its_fellows_then_repeats_until_somebody_has_it() -> None:
    bench = Bench()
    assert not bench.tell("rogue.open", P2, symbol="ESZ6").pushes
    assert bench.go(3) == [Why.FIRST]
    assert bench.go(599) == []
    assert bench.go(2) == [Why.AGAIN]
    bench.ack(20)
    assert bench.go(19 * 60) == []
    assert bench.go(61) == [Why.ACK_ENDED]  # an ack is a promise with an end
    assert bench.only().stage is Stage.FIRING


def test_an_ack_hides_no_worsening_and_growth_is_told() -> None:
    bench = Bench()
    bench.tell("desync.qty", P2, "A", symbol="NQZ6")
    bench.go(11)
    bench.ack()
    assert whys(bench.tell("desync.qty", P2, "B", symbol="NQZ6")) == [Why.GROWN]
    assert bench.only().stage is Stage.ACKED  # Ana still has it, and knows
    assert whys(bench.tell("desync.qty", P2, "C", symbol="NQZ6")) == []
    assert whys(bench.tell("desync.qty", P1, "C", symbol="NQZ6")) == [Why.WORSE]
    assert bench.only().stage is Stage.FIRING


def test_a_snooze_breaks_when_it_gets_worse_and_a_p1_sleeps_a_quarter_at_most() -> None:
    bench = Bench()
    bench.tell("desync.qty", P2, symbol="NQZ6")
    bench.go(11)
    bench.hands.snooze(1, ANA, bench.now + timedelta(hours=2), bench.now, Turn())
    assert bench.go(3600) == []
    assert whys(bench.tell("desync.qty", P1, symbol="NQZ6")) == [Why.WORSE]
    with pytest.raises(AlertError, match="15 minutes at most"):
        bench.hands.snooze(1, ANA, bench.now + timedelta(minutes=16), bench.now, Turn())


def test_what_comes_and_goes_is_one_card() -> None:
    bench = Bench()
    pushes = []
    for _ in range(8):
        bench.line("broker.down")
        pushes += bench.go(6)
        bench.line("broker.up", P4)
        pushes += bench.go(12)  # longer than the ten seconds after which a P1 is over
    assert len(bench.pipeline.groups) == 1
    assert pushes == [Why.FIRST, Why.OVER, Why.BACK, Why.OVER, Why.BACK, Why.OVER]
    assert any(line.kind == "flapping" for line in [*bench.turn.lines]) or bench.pipeline.groups[1].is_flapping(
        bench.now
    )


def test_over_must_hold() -> None:
    bench = Bench()
    bench.line("broker.down", P2)
    bench.go(6)
    bench.line("broker.up", P4)
    assert bench.go(29) == []
    bench.line("broker.down", P2)
    assert bench.go(40) == []
    assert bench.only().stage is Stage.FIRING


def test_a_group_is_over_when_all_its_members_are() -> None:
    bench = Bench()
    for account in ("A", "B"):
        bench.tell("desync.qty", P2, account, symbol="NQZ6")
    bench.go(11)
    bench.tell("desync.over", P4, "A", symbol="NQZ6")
    bench.go(60)
    assert [member.name for member in bench.only().live] == ["B NQZ6"]
    turn = bench.tell("desync.over", P4, "B", symbol="NQZ6")
    assert turn.outcomes[0].stage == "ended"
    assert bench.go(31) == [Why.OVER]


def test_the_third_stop_within_ten_seconds_makes_one_group_of_the_rest() -> None:
    bench = Bench()
    for number in range(30):
        bench.tell("dd.hard", P1, f"ACC-{number}")
    assert bench.go(5).count(Why.FIRST) == 3
    assert max(len(group.members) for group in bench.pipeline.open()) == 28


def test_a_source_that_says_too_much_is_told_once_and_its_p1_pass() -> None:
    bench = Bench()
    stages = [bench.tell("copy.reject", P2, reason=f"r{number}").outcomes for number in range(400)]
    dropped = [outcome for outcomes in stages for outcome in outcomes if outcome.stage == "dropped"]
    assert len(dropped) == 100
    assert {outcome.reason for outcome in dropped} == {"over 300 in 5 min from A"}
    assert sum(group.code == "storm" for group in bench.pipeline.open()) == 1
    assert bench.tell("dd.fail", P1).outcomes[0].stage == "grouped"


def test_a_mute_holds_its_kind_and_no_p1() -> None:
    bench = Bench()
    bench.hands.mute("copy.", ANA, bench.now + timedelta(minutes=30), bench.now, Turn())
    bench.tell("copy.slow", P3)
    assert bench.go(1000) == []
    assert bench.only().held == "held: muted by Ana"
    assert bench.go(790) == []
    assert bench.go(30) == [Why.RELEASED]
    bench.hands.mute("B", ANA, bench.now + timedelta(hours=1), bench.now, Turn())
    assert whys(bench.tell("dd.fail", P1, "B")) == [Why.FIRST]
    with pytest.raises(AlertError, match="no alert has the code"):
        bench.hands.mute("copy.sloww", ANA, bench.now, bench.now, Turn())


def test_people_end_only_what_the_desk_cannot() -> None:
    bench = Bench()
    bench.line("broker.down")
    with pytest.raises(AlertError, match="not by hand"):
        bench.hands.resolve(1, ANA, "gone", bench.now, Turn())
    bench.tell("rogue.open", P2, symbol="ESZ6", connection="other")
    bench.go(4)
    turn = Turn()
    bench.hands.resolve(2, ANA, "mine", bench.now, turn)
    assert whys(turn) == [Why.OVER]
    with pytest.raises(AlertError, match="A-2 is over"):
        bench.hands.unack(2, ANA, bench.now, turn)


CODES = (
    "desync.qty",
    "broker.down",
    "broker.up",
    "dd.hard",
    "dd.warn",
    "copy.reject",
    "rogue.open",
    "desync.over",
    "new.one",
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("tell"), st.sampled_from(CODES), st.sampled_from(list(Severity)), st.sampled_from("ABC")),
        st.tuples(st.just("go"), st.sampled_from((1, 7, 31, 700))),
        st.tuples(st.sampled_from(("ack", "snooze", "unack", "resolve")), st.integers(0, 9)),
        st.tuples(st.just("mute"), st.sampled_from(("copy.", "desync.qty", "A"))),
    ),
    max_size=30,
)


def play(bench: Bench, step: tuple, heard: list[Turn]) -> None:
    match step:
        case "tell", code, severity, account:
            heard.append(bench.tell(code, severity, account, symbol="NQZ6"))
        case "go", seconds:
            bench.now += timedelta(seconds=seconds)
            turn = Turn()
            bench.pipeline.tick(bench.now, turn)
            heard.append(turn)
        case "mute", matcher:
            turn = Turn()
            bench.hands.mute(matcher, ANA, bench.now + timedelta(minutes=5), bench.now, turn)
            heard.append(turn)
        case verb, number:
            found = bench.pipeline.open()
            if not found:
                return
            group, turn, later = found[number % len(found)], Turn(), bench.now + timedelta(minutes=10)
            try:
                match verb:
                    case "ack":
                        bench.hands.ack(group.id, ANA, "tg", later, "", bench.now, turn)
                    case "snooze":
                        bench.hands.snooze(group.id, ANA, later, bench.now, turn)
                    case "unack":
                        bench.hands.unack(group.id, ANA, bench.now, turn)
                    case "resolve":
                        bench.hands.resolve(group.id, ANA, "so", bench.now, turn)
            except AlertError:
                return
            heard.append(turn)


@settings(max_examples=150, deadline=None)
@given(STEPS)
def test_no_alert_is_lost_and_none_that_got_worse_is_hidden(steps: list[tuple]) -> None:
    bench, heard = Bench(), []
    for step in steps:
        before = {group.id: group for group in bench.pipeline.open()}
        play(bench, step, heard)
        if step[0] == "tell":
            (outcome, *_) = heard[-1].outcomes
            assert outcome.reason
            assert outcome.stage in {"told", "grouped", "held", "ended", "dropped"}
            after = bench.pipeline.groups.get(outcome.group)
            old = before.get(outcome.group)
            if old is not None and after is not None and old.stage is Stage.ACKED and after.severity < old.severity:
                assert after.stage is Stage.FIRING
                assert after.held or Why.WORSE in whys(heard[-1])
    bench.go(20_000, step=60)  # longer than every wait, mute and ack
    for group in bench.pipeline.open():
        assert group.pushes or group.held


@settings(max_examples=100, deadline=None)
@given(STEPS, st.integers(0, 29))
def test_a_restart_changes_nothing(steps: list[tuple], cut: int) -> None:
    whole, halves = Bench(), Bench()
    heard: tuple[list[Turn], list[Turn]] = ([], [])
    for place, step in enumerate(steps):
        if place == cut:
            kept = msgspec.msgpack.encode((list(halves.pipeline.groups.values()), halves.pipeline.mutes))
            groups, mutes = msgspec.msgpack.decode(kept, type=tuple[list[Group], list])
            from bot.core.silence import Mute

            halves = Bench(Pipeline(groups, msgspec.convert(mutes, list[Mute]), halves.pipeline._next_id), halves.now)
        play(whole, step, heard[0])
        play(halves, step, heard[1])
    assert [turn.pushes for turn in heard[0]] == [turn.pushes for turn in heard[1]]
    assert whole.pipeline.groups == halves.pipeline.groups


def test_a_p1_waits_no_longer_than_a_second_for_what_belongs_to_it() -> None:
    desk = Bench()
    desk.line("broker.down", P2)
    assert desk.only().due == AT + timedelta(seconds=5)
    desk.go(1)
    desk.line("broker.down", P1)
    assert desk.only().due == AT + timedelta(seconds=2)
    assert desk.go(1) == [Why.FIRST]
    other = Bench()
    other.tell("dd.hard", P1)
    assert other.only().due == AT + timedelta(seconds=1)


def test_a_fact_that_was_heard_of_late_keeps_its_own_time() -> None:
    bench = Bench()
    was = Alert(
        code="dd.hard", severity=P1, text="A is stopped", at=AT - timedelta(hours=4), labels=Labels(account="A")
    )
    bench.pipeline.take(was, bench.now, Turn())
    group = bench.only()
    assert (group.began, group.opened_at) == (was.at, AT)
    assert group_card(group, bench.now, UTC).footer == f"{group.name} · {was.at:%H:%M:%S} · dd.hard"
    bench.tell("dd.hard", P1)
    assert bench.only().began == was.at


def test_a_lost_broker_explains_nothing_of_an_account_on_another() -> None:
    bench = Bench()
    bench.line("broker.down")
    bench.go(3)
    bench.tell("desync.qty", P2, "A", symbol="NQZ6")
    assert bench.go(30) == []
    assert whys(bench.tell("desync.qty", P2, "Y", symbol="NQZ6", connection="other")) == [Why.RELEASED]
    assert len(bench.pipeline.groups[2].live) == 2  # nothing explains Y
    bench.tell("desync.over", P4, "Y", symbol="NQZ6", connection="other")
    bench.tell("desync.qty", P2, "Z", symbol="ESZ6", connection="other")
    assert Why.FIRST in bench.go(12)


def test_two_lost_brokers_explain_a_group_of_both() -> None:
    bench = Bench()
    bench.line("broker.down")
    bench.tell("broker.down", P1, account="", group="", leader="", connection="other")
    bench.go(3)
    bench.tell("desync.qty", P2, "A", symbol="NQZ6")
    bench.tell("desync.qty", P2, "Y", symbol="NQZ6", connection="other")
    assert bench.go(60) == []


def test_a_stop_of_many_explains_the_warnings_of_each() -> None:
    bench = Bench()
    for name in "ABCDE":
        bench.tell("dd.hard", P1, name)
    bench.go(3)
    mass = next(group for group in bench.pipeline.open() if len(group.members) > 1)
    bench.tell("dd.warn", P2, "E")
    bench.go(10)
    assert next(group for group in bench.pipeline.open() if group.code == "dd.warn").held_by == mass.id


def test_what_comes_back_is_as_grave_as_it_is_now_and_names_whom_it_concerns_now() -> None:
    bench = Bench()
    bench.tell("copy.slow", P2, "A")
    bench.tell("copy.slow", P2, "B")
    bench.go(31)
    bench.hands.note(1, ANA, "asked the broker", bench.now, Turn())
    bench.hands.resolve(1, ANA, "quick again", bench.now, Turn())
    bench.go(60)
    bench.tell("copy.slow", P3, "B")
    bench.go(31)
    group = bench.only()
    assert (group.id, group.severity, [one.name for one in group.live], group.note) == (1, P3, ["B"], "")
    assert whys(bench.tell("copy.slow", P2, "B")) == [Why.WORSE]


def test_a_cause_that_comes_back_counts_what_it_holds_anew() -> None:
    bench = Bench()
    bench.line("broker.down")
    bench.tell("desync.qty", P2, "A", symbol="NQZ6")
    bench.go(12)
    bench.tell("desync.over", P4, "A", symbol="NQZ6")
    bench.line("broker.up", P4)
    bench.go(60)
    bench.line("broker.down")
    bench.go(3)
    assert bench.only().holding == 0


def test_what_is_given_to_somebody_is_not_put_off_any_more() -> None:
    bench = Bench()
    bench.tell("desync.qty", P2, symbol="NQZ6")
    bench.go(11)
    bench.hands.snooze(1, ANA, bench.now + timedelta(hours=2), bench.now, Turn())
    bench.hands.assign(1, ANA, Person(id="ben", name="Ben"), bench.now, Turn())
    assert (bench.only().stage, bench.only().holder, bench.only().until) == (Stage.FIRING, "Ben", None)


def test_a_clock_that_is_set_back_moves_all_that_is_awaited_and_told() -> None:
    bench = Bench()
    bench.line("broker.down")
    bench.go(3)
    told = expect(bench.only(), ("telegram",), bench.now, is_anew=False)
    bench.pipeline.keep(told, Turn())
    bench.tell("dd.warn", P2)
    bench.go(6)
    bench.hands.resolve(2, ANA, "seen", bench.now, Turn())
    hour = timedelta(hours=1)
    bench.now -= hour
    move(bench.pipeline, -hour, bench.now, Turn())
    moved = bench.pipeline.groups[1]
    assert moved.began == told.began - hour
    assert overdue(moved, bench.now + timedelta(seconds=31)) == ["telegram"]
    assert bench.pipeline.groups[2].ended_at == bench.now


def test_a_proof_stands_on_the_card_of_what_it_proves_and_rings_nobody() -> None:
    bench = Bench()
    bench.tell("dd.hard", P1, "A", text="A: daily loss 100 % used → flattening")
    bench.go(2)
    turn = bench.tell("dd.flat", P2, "A", text="A is proven flat 2.0 s")
    assert (whys(turn), turn.tells, [one.stage for one in turn.outcomes]) == ([], [], ["grouped"])
    card = group_card(bench.only(), bench.now, UTC)
    assert card.lines[:2] == ("A: daily loss 100 % used → flattening", "✔ A is proven flat 2.0 s")
    assert {*bench.go(1200)} == {Why.AGAIN}  # of the stop alone, until somebody has it
    assert len(bench.pipeline.open()) == 1
    bench.tell("dd.hard", P1, "A", text="A: drawdown 100 % used → flattening")
    assert "✔" not in " ".join(group_card(bench.only(), bench.now, UTC).lines)  # of this one nothing is proven yet


def test_a_proof_of_what_nobody_was_told_is_one_silent_line() -> None:
    bench = Bench()
    bench.tell("dd.hard", P1, "B")
    turn = bench.tell("dd.flat", P2, "A")
    assert (whys(turn), [alert.code for alert in turn.tells]) == ([], ["dd.flat"])
    assert [group.code for group in bench.pipeline.open()] == ["dd.hard"]


def test_an_exit_that_goes_through_after_all_ends_the_alert_of_it() -> None:
    bench = Bench()
    bench.tell("exit.refused", P1, "A", symbol="NQZ6")
    bench.go(2)
    assert not bench.tell("exit.filled", P4, "A", symbol="NQZ6").tells
    assert bench.go(11) == [Why.OVER]


def test_a_lifted_lock_of_the_broker_ends_the_alert_of_it() -> None:
    bench = Bench()
    bench.tell("acct.lock", P2, "A")
    bench.go(2)
    assert not bench.tell("acct.free", P4, "A").tells
    assert bench.go(31) == [Why.OVER]
