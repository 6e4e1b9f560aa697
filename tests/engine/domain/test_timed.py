"""Times in the live desk: windows, flat-by, news and planned pauses stop entries, never exits, and end by their own fact."""

from datetime import date, datetime, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain.command import DropPause, Pause, PlanPause, PlanWindow, Rejoin, Resume, Sync
from engine.domain.decision import Raised, Skipped
from engine.domain.desk import Desk
from engine.domain.due import (
    FlatByCame,
    FlatByNeared,
    NewsBegan,
    NewsEnded,
    NewsNeared,
    StretchOpened,
    TradeDateTold,
    WindowClosed,
    WindowOpened,
)
from engine.domain.entry import encode_entry
from engine.domain.event import DeskConfigured
from engine.domain.group import FollowerPlan
from engine.domain.hours import Knowledge, Window
from engine.domain.ids import AccountId
from engine.domain.timetable import NewsAction, Timetable
from tests.engine.domain.model import NQ, START, Stage, plan
from tests.engine.domain.test_stopout import BALANCE, fall, keeping, kept_of, prove
from tests.engine.domain.test_story import ease, follower, skips, told

A, B = AccountId("A"), AccountId("B")
CPI = "own pause: CPI -15/+15 min"


def staged(*followers: FollowerPlan, limits: bool = False) -> Stage:
    """A keeps times, B does not."""
    desk = plan(followers or (follower(A), follower(B)), keepings={A: keeping()} if limits else None)
    stage = Stage(msgspec.structs.replace(desk, timetables={A: Timetable()}), {A: BALANCE, B: BALANCE})
    stage.quote()
    return stage


def shut(stage: Stage, minutes: int = 30) -> None:
    stage.tell(WindowClosed(at=stage.at, accounts=(A,), due=stage.at, until=stage.at + timedelta(minutes=minutes)))


def opened(stage: Stage) -> None:
    stage.tell(WindowOpened(at=stage.at, accounts=(A,), due=stage.at))


def flat_by(stage: Stage, due: datetime | None = None) -> None:
    due = due or stage.at
    until = due + timedelta(hours=1)
    stage.tell(
        FlatByCame(
            at=stage.at, accounts=(A,), due=due, by=due + timedelta(minutes=1), trade_date=due.date(), until=until
        )
    )


def reopened(stage: Stage) -> None:
    stage.tell(StretchOpened(at=stage.at, accounts=(A,), due=stage.at, trade_date=stage.at.date()))


def news(
    stage: Stage, action: NewsAction = NewsAction.PAUSE, minutes: int = 30, *, guess: bool = False, rule: str = CPI
) -> None:
    known = Knowledge.UNKNOWN if guess else Knowledge.KNOWN
    until = stage.at + timedelta(minutes=minutes)
    title = "calendar unknown; releases are usual at 08:30 ET" if guess else "CPI m/m"
    stage.tell(
        NewsBegan(
            at=stage.at,
            accounts=(A,),
            due=stage.at,
            rule=rule,
            until=until,
            titles=(title,),
            action=action,
            is_guess=guess,
            knowledge=known,
        )
    )


def news_over(stage: Stage, rule: str = CPI) -> None:
    stage.tell(NewsEnded(at=stage.at, accounts=(A,), due=stage.at, rule=rule))


def kinds(stage: Stage, account: AccountId = A) -> list[str]:
    return [hold.kind for hold in stage.copier(account).holds]


def answer(stage: Stage, key: str, account: AccountId | None = None) -> str:
    found, *_ = said = [
        d for d in stage.decisions if isinstance(d, Raised) and d.key == key and account in (None, d.account)
    ]
    assert len(said) == 1
    return f"{found.code}: {found.text}"


# ---- trading windows


def test_outside_its_hours_an_account_takes_exits_only() -> None:
    stage = staged()
    stage.lead(2)
    ease(stage)
    shut(stage)
    stage.lead(1)
    ease(stage)
    assert (stage.net(account=A), stage.net(account=B)) == (2, 3)
    assert skips(stage) == [("hold", 1)]
    stage.lead(-2)
    ease(stage)
    assert stage.net(account=A) == 1, "an exit passes"
    stage.at += timedelta(minutes=30)
    opened(stage)
    assert kinds(stage) == []
    (said,) = told(stage, "hours.opened")
    assert said == "A: its trading hours begin, copying from the leader's next entry"
    stage.lead(1)
    ease(stage)
    assert stage.net(account=A) == 2


def test_nobody_resumes_a_window_and_the_answer_says_why() -> None:
    stage = staged()
    shut(stage)
    stage.act(Resume(accounts=(A,)), "r1")
    assert kinds(stage) == ["window"]
    assert answer(stage, "r1").startswith("act.failed: outside its trading hours until ")
    assert "ends by itself" in answer(stage, "r1")
    stage.act(Pause(accounts=(A,)))
    stage.act(Resume(accounts=(A,)), "r2")
    assert kinds(stage) == ["window"], "the person's own pause is lifted all the same"
    assert answer(stage, "r2").startswith("act.proven: copying")
    assert "outside its trading hours" in answer(stage, "r2")


def test_a_window_does_not_end_by_time_alone() -> None:
    stage = staged()
    shut(stage, minutes=1)
    stage.wait(120)
    assert kinds(stage) == ["window"], "it ends by its own fact"


# ---- flat-by


def test_flat_by_closes_proves_and_stays_shut_until_the_exchange_opens_again() -> None:
    stage = staged()
    stage.lead(2)
    ease(stage)
    due = stage.at + timedelta(minutes=10)
    near = FlatByNeared(at=stage.at, accounts=(A,), due=due, trade_date=due.date())
    stage.tell(near)
    stage.tell(near)
    (warned,) = told(stage, "acct.rule")
    assert warned == f"A: must be flat by {due:%H:%M} UTC, in 10 min, and has +2 NQZ6"
    flat_by(stage)
    assert "closing +2 NQZ6" in told(stage, "acct.rule")[1]
    stage.lead(1)
    prove(stage)
    assert (stage.net(account=A), stage.net(account=B)) == (0, 3)
    (proof,) = told(stage, "dd.flat")
    assert proof.startswith("A is proven flat")
    stage.act(Resume(accounts=(A,)), "r")
    assert answer(stage, "r").startswith("act.failed: flat by ")
    stage.at += timedelta(hours=1)
    reopened(stage)
    assert kinds(stage) == []
    (said,) = told(stage, "hours.opened")
    assert said.endswith("NOT JOINED: holds +0 NQZ6, the leader's position would give +3")
    stage.lead(1)
    ease(stage)
    assert stage.net(account=A) == 1


def test_entries_stay_stopped_until_flat_is_proven_even_when_the_exchange_opens_again() -> None:
    stage = staged()
    stage.lead(2)
    ease(stage)
    flat_by(stage)
    stage.refuse(A, stage.brokers[A].open_orders()[0])
    stage.hear(A)
    stage.at += timedelta(hours=1)
    reopened(stage)
    assert kinds(stage) == ["flat-by"]
    stage.wait(6)
    assert told(stage, "dd.fail"), "people are told that it is not proven"
    for _ in range(4):
        stage.wait(6)
        prove(stage)
    assert stage.net(account=A) == 0
    assert kinds(stage) == []


def test_a_flat_account_off_its_line_raises_no_alarm_and_is_proven_when_it_is_back() -> None:
    stage = staged()
    stage.lose(A)
    flat_by(stage)
    stage.wait(90)
    assert told(stage, "dd.fail") == []
    stage.restore(A)
    stage.snapshot(A)
    stage.snapshot(A)
    assert [text for text in told(stage, "dd.flat") if "was flat" in text or "proven flat" in text]


# ---- news


def test_a_news_window_stops_entries_and_its_end_says_what_was_missed() -> None:
    stage = staged()
    stage.lead(1)
    ease(stage)
    at = stage.at + timedelta(minutes=30)
    for minutes in (30, 5):
        stage.tell(NewsNeared(at=stage.at, accounts=(A, B), due=at, minutes=minutes, titles=("CPI m/m",)))
    assert [d.severity for d in stage.decisions if isinstance(d, Raised) and d.code == "news.soon"] == ["P3", "P2"]
    news(stage)
    stage.lead(1)
    ease(stage)
    assert skips(stage) == [("hold", 1)]
    stage.at += timedelta(minutes=30)
    news_over(stage)
    (said,) = told(stage, "news.end")
    assert said == (
        "A: news window over (CPI m/m); copying from the leader's next entry; "
        "NOT JOINED: holds +1 NQZ6, the leader's position would give +2"
    )
    assert stage.net(account=A) == 1, "nothing is joined silently"
    stage.lead(1)
    ease(stage)
    assert stage.net(account=A) == 2


@pytest.mark.parametrize("other", ["person", "limit", "line"])
def test_the_end_of_news_says_what_else_stops_the_account(other: str) -> None:
    stage = staged(limits=True)
    stage.lead(2)
    ease(stage)
    news(stage)
    if other == "person":
        stage.act(Pause(accounts=(A,), reason="lunch"))
    elif other == "limit":
        fall(stage, "24")
        prove(stage)
        assert kept_of(stage).stops == 1
    else:
        stage.lose(A)
    news_over(stage)
    (said,) = told(stage, "news.end")
    assert "stays stopped, " in said
    assert {"person": "lunch", "limit": "daily loss", "line": "line: not connected"}[other] in said


def test_a_news_rule_may_close_and_prove() -> None:
    stage = staged()
    stage.lead(2)
    ease(stage)
    news(stage, NewsAction.FLATTEN)
    assert "closing +2 NQZ6" in told(stage, "news.begin")[0]
    prove(stage)
    assert (stage.net(account=A), stage.net(account=B)) == (0, 2)
    assert told(stage, "dd.flat")


def test_an_unknown_calendar_pauses_on_a_guess_says_so_and_closes_nothing() -> None:
    stage = staged()
    stage.lead(2)
    ease(stage)
    news(stage, NewsAction.FLATTEN, guess=True)
    (said,) = told(stage, "news.begin")
    assert "calendar is unknown" in said
    assert "NOT closed on a guess: holds +2 NQZ6" in said
    prove(stage)
    assert stage.net(account=A) == 2
    assert kinds(stage) == ["news"]


def test_news_is_overridden_knowingly_only() -> None:
    stage = staged()
    news(stage)
    stage.act(Resume(accounts=(A,)), "r1")
    assert answer(stage, "r1").startswith("act.failed: news pause until ")
    assert kinds(stage) == ["news"]
    stage.act(Resume(accounts=(A,), over_news=True), "r2")
    assert answer(stage, "r2").endswith("the news pause is overridden by ann: CPI m/m")
    assert kinds(stage) == []
    news(stage)
    assert kinds(stage) == [], "a longer window of the same event is overridden too"
    news_over(stage)
    assert told(stage, "news.end") == []


def test_a_window_told_twice_or_made_longer_closes_once() -> None:
    stage = staged()
    stage.lead(1)
    ease(stage)
    news(stage, NewsAction.FLATTEN)
    prove(stage)
    news(stage, NewsAction.FLATTEN)
    stage.at += timedelta(minutes=5)
    news(stage, NewsAction.FLATTEN, minutes=60)
    assert len(told(stage, "news.begin")) == 1
    assert len(told(stage, "dd.flat")) == 1
    assert stage.copier(A).holds[0].until == stage.at + timedelta(minutes=60)


# ---- planned pauses


def test_a_planned_pause_begins_and_ends_by_itself_and_can_be_taken_back() -> None:
    stage = staged()
    begins = stage.at + timedelta(minutes=5)
    wish = PlanPause(accounts=(A, B), begins=begins, until=begins + timedelta(minutes=30), reason="CPI m/m")
    stage.act(wish, "plan")
    assert (kinds(stage), len(stage.copier(A).planned)) == ([], 1)
    stage.act(DropPause(accounts=(B,), plan="plan"), "drop")
    assert stage.desk.state.due <= begins
    stage.at = begins
    stage.wait(1)
    assert (kinds(stage), kinds(stage, B)) == (["planned"], [])
    stage.lead(1)
    ease(stage)
    assert (stage.net(account=A), stage.net(account=B)) == (0, 1)
    stage.at = begins + timedelta(minutes=28)
    stage.wait(1)
    stage.wait(1)
    (soon,) = told(stage, "pause.ending")
    assert "will not join: holds +0 NQZ6, the leader's position would give +1" in soon
    stage.at = begins + timedelta(minutes=30)
    stage.wait(1)
    assert kinds(stage) == []
    assert told(stage, "news.end")[0].startswith("A: planned pause over (CPI m/m)")


def test_a_planned_pause_that_was_slept_through_is_let_go() -> None:
    stage = staged()
    begins = stage.at + timedelta(minutes=5)
    stage.act(PlanPause(accounts=(A,), begins=begins, until=begins + timedelta(minutes=1)), "plan")
    stage.at += timedelta(hours=1)
    stage.wait(1)
    assert (kinds(stage), stage.copier(A).planned) == ([], [])


def window(stage: Stage, minutes: int = 5, long: int = 20, *weekdays: int) -> Window:
    """A window of the wall clock, in UTC, so many minutes from now."""
    opens = stage.at + timedelta(minutes=minutes)
    return Window(opens=opens.time(), closes=(opens + timedelta(minutes=long)).time(), zone="UTC", weekdays=weekdays)


def turn(stage: Stage, at: datetime) -> None:
    stage.at = at
    stage.wait(1)


def test_a_weekly_plan_begins_and_ends_each_week_and_outlives_a_restart_byte_for_byte() -> None:
    stage = staged()
    first = stage.at + timedelta(minutes=5)
    stage.act(PlanWindow(accounts=(A, B), window=window(stage), is_weekly=True, reason="NFP"), "plan")
    said = f"{first:%Y-%m-%d %H:%M}-{first + timedelta(minutes=20):%H:%M} in UTC"
    assert answer(stage, "plan", A) == f"act.proven: pauses Mon {said}, every Mon; exits still copy"
    for week in range(3):
        begins = first + timedelta(weeks=week)
        turn(stage, begins - timedelta(minutes=1))
        assert kinds(stage) == []
        assert [hold.since for hold in stage.copier(A).planned] == [begins]
        stage.desk = Desk.restore(stage.desk.checkpoint())
        turn(stage, begins)
        assert kinds(stage) == kinds(stage, B) == ["planned"]
        assert [hold.since for hold in stage.copier(A).planned] == [begins + timedelta(weeks=1)]
        stage.desk = Desk.restore(stage.desk.checkpoint())
        turn(stage, begins + timedelta(minutes=20))
        assert kinds(stage) == []
    assert len(told(stage, "news.end")) == 6
    assert told(stage, "news.end")[0].startswith("A: planned pause over (NFP)")


def test_a_window_that_is_under_way_holds_at_once_and_one_that_is_over_means_tomorrow() -> None:
    stage = staged()
    stage.act(PlanWindow(accounts=(A,), window=window(stage, -5)), "now")
    assert answer(stage, "now").startswith("act.proven: paused now, Mon ")
    stage.lead(1)
    ease(stage)
    assert (stage.net(account=A), stage.net(account=B)) == (0, 1), "nothing is entered before the next second either"
    assert stage.copier(A).planned == []
    stage.act(PlanWindow(accounts=(B,), window=window(stage, -30)), "over")
    assert answer(stage, "over").startswith("act.proven: pauses Tue ")
    assert kinds(stage, B) == []
    (planned,) = stage.copier(B).planned
    assert planned.since == stage.at.replace(microsecond=0) + timedelta(days=1) - timedelta(minutes=30)


def test_of_two_pauses_the_later_end_holds_and_a_plans_end_lifts_nobody_elses() -> None:
    stage = staged()
    begins = stage.at + timedelta(minutes=5)
    stage.act(PlanWindow(accounts=(A, B), window=window(stage, 5, 20)), "plan")
    stage.act(PlanWindow(accounts=(A,), window=window(stage, 10, 30)), "longer")
    stage.act(Pause(accounts=(B,)), "mine")
    turn(stage, begins + timedelta(minutes=10))
    assert kinds(stage) == ["planned", "planned"]
    turn(stage, begins + timedelta(minutes=20))
    assert (kinds(stage), kinds(stage, B)) == (["planned"], ["person"])
    said = told(stage, "news.end")
    assert "A: planned pause over (planned pause); stays stopped" in said[0]
    assert "B: planned pause over (planned pause); stays stopped" in said[1]
    turn(stage, begins + timedelta(minutes=35))
    assert (kinds(stage), kinds(stage, B)) == ([], ["person"])


def test_a_plans_end_lifts_no_limits_stop() -> None:
    stage = staged(limits=True)
    stage.act(PlanWindow(accounts=(A,), window=window(stage, 1)), "plan")
    stage.lead(2)
    ease(stage)
    fall(stage, 1000)
    prove(stage)
    locked = kinds(stage)
    assert locked
    turn(stage, stage.at + timedelta(minutes=2))
    assert kinds(stage) == [*locked, "planned"]
    turn(stage, stage.at + timedelta(minutes=30))
    assert kinds(stage) == locked


def test_a_resume_ends_todays_and_leaves_next_weeks_and_a_drop_takes_both() -> None:
    stage = staged()
    stage.act(PlanWindow(accounts=(A, B), window=window(stage, -5), is_weekly=True), "plan")
    assert (kinds(stage), kinds(stage, B)) == (["planned"], ["planned"])
    stage.act(Resume(accounts=(A,)), "resume")
    assert (kinds(stage), len(stage.copier(A).planned)) == ([], 1)
    stage.act(DropPause(accounts=(A, B), plan="plan"), "drop")
    assert (kinds(stage), kinds(stage, B)) == ([], [])
    assert stage.copier(A).planned == stage.copier(B).planned == []


def test_a_weekly_plan_that_was_slept_through_comes_next_week_and_one_slept_into_begins() -> None:
    stage = staged()
    first = stage.at + timedelta(minutes=5)
    stage.act(PlanWindow(accounts=(A,), window=window(stage), is_weekly=True), "plan")
    turn(stage, first + timedelta(weeks=2, hours=1))
    assert (kinds(stage), [hold.since for hold in stage.copier(A).planned]) == ([], [first + timedelta(weeks=3)])
    turn(stage, first + timedelta(weeks=5, minutes=7))
    assert stage.desk.state.due <= stage.at + timedelta(seconds=1)
    stage.wait(1)
    assert (kinds(stage), [hold.since for hold in stage.copier(A).planned]) == (
        ["planned"],
        [first + timedelta(weeks=6)],
    )


def test_no_more_than_twenty_are_planned() -> None:
    stage = staged()
    for number in range(21):
        stage.act(PlanWindow(accounts=(A,), window=window(stage, 5 + number)), f"p{number}")
    assert len(stage.copier(A).planned) == 20
    assert answer(stage, "p20") == "act.failed: 20 pauses are planned already; take one back first"


# ---- the end of contracts


def test_a_contract_past_its_last_day_takes_exits_only() -> None:
    stage = staged()
    stage.tell(TradeDateTold(at=stage.at, trade_date=date(2026, 12, 18)))
    stage.lead(2)
    ease(stage)
    assert stage.net(account=A) == 2, "the last trading day itself counts"
    stage.tell(TradeDateTold(at=stage.at, trade_date=date(2026, 12, 21)))
    stage.lead(1)
    ease(stage)
    (refused, _) = [d for d in stage.decisions if isinstance(d, Skipped)]
    assert (refused.check, refused.figures) == (
        "expired",
        "NQZ6 last trade 2026-12-18, trade date 2026-12-21; NQH7 follows",
    )
    assert told(stage, "copy.unmapped")
    stage.lead(-3)
    ease(stage)
    assert stage.net(account=A) == 0


def test_a_month_that_differs_from_the_leaders_is_refused_in_words() -> None:
    stage = staged(follower(A, symbols={"NQZ6": "NQH7"}))
    stage.lead(1)
    assert told(stage, "copy.unmapped") == [
        "A: no entry in NQH7, leader trades NQZ6, this follower NQH7",
    ]


# ---- settings


def test_settings_that_take_the_times_away_take_their_holds_away() -> None:
    stage = staged()
    shut(stage)
    stage.tell(DeskConfigured(at=stage.at, plan=msgspec.structs.replace(stage.plan, timetables={})))
    assert kinds(stage) == []


# ---- whatever happens

MOVES = (
    *("lead", "fill", "refuse", "shut", "open", "flat", "reopen", "news", "flatten", "guess", "over"),
    *("lose", "back", "pause", "resume", "override", "join", "wait", "plan", "unplan"),
)
FACTS = st.lists(
    st.tuples(
        st.sampled_from(MOVES),
        st.integers(1, 5),
    ),
    max_size=25,
)


def play(stage: Stage, moves: list[tuple[str, int]]) -> None:
    for word, number in moves:
        stage.at += timedelta(seconds=1)
        match word:
            case "lead":
                stage.lead(number - 3 or 1)
            case "fill":
                ease(stage)
            case "refuse":
                for order in stage.brokers[A].open_orders()[:1]:
                    stage.refuse(A, order)
                stage.hear(A)
            case "shut":
                shut(stage, number)
            case "open":
                opened(stage)
            case "flat":
                flat_by(stage)
            case "reopen":
                reopened(stage)
            case "news":
                news(stage, minutes=number)
            case "flatten":
                news(stage, NewsAction.FLATTEN, number, rule="firm flatten")
            case "guess":
                news(stage, NewsAction.FLATTEN, number, guess=True, rule="firm flatten")
            case "over":
                news_over(stage, CPI if number > 2 else "firm flatten")
            case "lose":
                stage.lose(A)
            case "back":
                stage.restore(A)
                stage.snapshot(A)
            case "pause":
                until = stage.at + timedelta(minutes=number)
                stage.act(Pause(accounts=(A,), until=until), f"p{stage.count}{stage.at}")
            case "resume":
                stage.act(Resume(accounts=(A,)), f"r{stage.count}{stage.at}")
            case "override":
                stage.act(Resume(accounts=(A,), over_news=True, rejoin=Rejoin.JOIN), f"o{stage.count}{stage.at}")
            case "join":
                stage.act(Sync(accounts=(A,)), f"j{stage.count}{stage.at}")
            case "wait":
                stage.wait(number * 3)
            case "plan":
                opens, closes = stage.at + timedelta(seconds=3 * (number - 2)), stage.at + timedelta(seconds=9)
                when = Window(opens=opens.time(), closes=closes.time(), zone="UTC", weekdays=())
                stage.act(PlanWindow(accounts=(A, B), window=when, is_weekly=number % 2 > 0), f"plan{number}")
            case "unplan":
                stage.act(DropPause(accounts=(A, B), plan=f"plan{number}"), f"u{stage.count}{stage.at}")


@settings(max_examples=80, deadline=None)
@given(FACTS)
def test_flat_by_always_ends_flat_or_says_that_it_is_not_proven(moves: list[tuple[str, int]]) -> None:
    stage = staged()
    play(stage, moves)
    flat_by(stage)
    for _ in range(4):
        stage.restore(A)
        stage.snapshot(A)
        ease(stage)
        stage.wait(10)
    ease(stage)
    stage.snapshot(A)
    is_proven = not any(task.kind == "flatten" for task in stage.copier(A).tasks)
    assert stage.net(account=A) == 0 if is_proven else told(stage, "dd.fail")


@settings(max_examples=80, deadline=None)
@given(FACTS)
def test_exits_pass_during_every_hold(moves: list[tuple[str, int]]) -> None:
    stage = staged()
    play(stage, moves)
    stage.restore(A)
    stage.snapshot(A)
    if net := stage.net():
        stage.lead(-net)
    for _ in range(5):
        ease(stage)
        stage.wait(30)
        stage.snapshot(A)
    ease(stage)
    lane = stage.copier(A).lanes.get(NQ)
    assert stage.net(account=A) == 0 or lane is None


@settings(max_examples=60, deadline=None)
@given(FACTS)
def test_times_replay_to_the_same_bytes_and_outlive_a_checkpoint(moves: list[tuple[str, int]]) -> None:
    stage = staged()
    play(stage, moves)
    desk = Desk()
    for number, (event, entry) in enumerate(stage.journal, 1):
        assert encode_entry(number, event, desk.handle(event)) == entry
        if number % 7 == 0:
            desk = Desk.restore(desk.checkpoint())
    assert desk.checkpoint() == stage.desk.checkpoint()


def holds_after(stage: Stage, events: list[object]) -> dict[str, list[tuple[str, str, str]]]:
    desk = Desk.restore(stage.desk.checkpoint())
    for event in events:
        desk.handle(event)  # type: ignore[arg-type]  # facts of this file
    return {
        name: sorted((hold.by, hold.kind, hold.reason) for hold in copier.holds)
        for name, copier in desk.state.copiers.items()
    }


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["shut", "flat", "news"]), max_size=4), st.randoms(use_true_random=False))
def test_holds_do_not_depend_on_the_order_among_accounts(words: list[str], chance) -> None:
    desk = plan((follower(A), follower(B)))
    stage = Stage(msgspec.structs.replace(desk, timetables={A: Timetable(), B: Timetable()}))

    def facts(account: AccountId) -> list[object]:
        found: list[object] = []
        for i, word in enumerate(words):
            due = START + timedelta(minutes=i)
            until = due + timedelta(hours=1)
            if word == "shut":
                found.append(WindowClosed(at=due, accounts=(account,), due=due, until=until))
            elif word == "flat":
                found.append(FlatByCame(at=due, accounts=(account,), due=due, by=due, trade_date=due.date()))
            else:
                found.append(
                    NewsBegan(
                        at=due, accounts=(account,), due=due, rule=CPI, until=until, titles=("CPI",),
                        action=NewsAction.PAUSE,
                    )
                )  # fmt: skip
        return found

    queues = [facts(A), facts(B)]
    mixed: list[object] = []
    while any(queues):
        queue = chance.choice([queue for queue in queues if queue])
        mixed.append(queue.pop(0))
    together = [msgspec.structs.replace(fact, accounts=(A, B)) for fact in facts(A)]
    assert holds_after(stage, mixed) == holds_after(stage, together)
    assert holds_after(stage, [*mixed, *mixed]) == holds_after(stage, mixed), "told twice, each counts once"


@given(st.lists(st.one_of(st.none(), st.integers(1, 600)), min_size=1, max_size=5))
def test_a_pause_never_ends_earlier_because_it_is_asked_for_again(minutes: list[int | None]) -> None:
    stage = staged()
    ends = [None if one is None else stage.at + timedelta(minutes=one) for one in minutes]
    for number, until in enumerate(ends):
        stage.act(Pause(accounts=(A,), until=until), f"pause-{number}")
    known = [end for end in ends if end is not None]
    (hold,) = stage.copier(A).holds
    assert hold.until == (None if len(known) < len(ends) else max(known))


def test_a_shorter_pause_is_answered_with_the_one_that_holds() -> None:
    stage = staged()
    stage.act(Pause(accounts=(A,)), "long")
    stage.act(Pause(accounts=(A,), until=stage.at + timedelta(minutes=15)), "short")
    assert "paused already, without an end, which holds; exits still copy" in answer(stage, "short")
