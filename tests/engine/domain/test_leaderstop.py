"""A leader's own limits: he is told of, nobody trades for him, his followers enter nothing more and leave with him."""

from datetime import timedelta
from decimal import Decimal

from engine.domain.command import Resume, Unlock
from engine.domain.decision import SendLots
from engine.domain.desk import Desk
from engine.domain.event import DayStarted
from engine.domain.ids import AccountId
from engine.domain.terms import DailyLoss
from tests.engine.domain.model import LEAD, START, Stage, plan
from tests.engine.domain.test_relimit import answers
from tests.engine.domain.test_stopout import BALANCE, fall, keeping
from tests.engine.domain.test_story import ease, follower, skips, told

A, B = AccountId("A"), AccountId("B")


def staged(**terms: object) -> Stage:
    desk = plan([follower(A), follower(B)], keepings={LEAD: keeping(**terms)})
    stage = Stage(desk, {LEAD: BALANCE})
    stage.quote()
    return stage


def stopped(**terms: object) -> Stage:
    stage = staged(**terms)
    stage.lead(2)
    ease(stage)
    fall(stage, "24")  # 960 of 1,000
    return stage


def test_a_leader_who_nears_his_line_is_told_of_and_his_entries_are_copied_no_more() -> None:
    stage = stopped()
    (hard,) = told(stage, "dd.hard")
    assert hard.startswith(
        "leader LEAD: daily loss 96 % used, equity 49040.00, line 49000.00 → his followers enter nothing"
    )
    assert stage.net() == 2, "nobody trades his account"
    sent = sum(isinstance(one, SendLots) for one in stage.decisions)
    stage.lead(1)
    ease(stage)
    assert sum(isinstance(one, SendLots) for one in stage.decisions) == sent
    assert {check for check, _ in skips(stage)} == {"hold"}
    stage.lead(-3)
    ease(stage)
    assert stage.net(account=A) == stage.net(account=B) == 0, "exits are copied on"
    stage.assert_replays()


def test_his_next_day_lets_them_in_again() -> None:
    stage = stopped()
    stage.act(Resume(accounts=(A,)), "early")
    assert "locked until the firm's next day" in answers(stage, "early")[0]
    stage.desk = Desk.restore(stage.desk.checkpoint())
    fall(stage, "0")
    stage.lead(1)
    ease(stage)
    assert stage.net(account=B) == 2, "a better price lifts no lock"
    stage.at = due = START + timedelta(days=1)
    stage.tell(DayStarted(at=due, accounts=(LEAD,), due=due, trade_date=due.date()))
    stage.lead(1)
    ease(stage)
    assert stage.net(account=A) == stage.net(account=B) == 3, "what came meanwhile is not joined"


def test_a_person_lets_one_follower_go_on_until_the_firms_own_line() -> None:
    stage = stopped(dll=None, drawdown=Decimal(1_000))
    stage.act(Unlock(accounts=(A,)), "u")
    stage.lead(1)
    ease(stage)
    assert (stage.net(account=A), stage.net(account=B)) == (3, 2)
    fall(stage, "24.25")
    assert len(told(stage, "dd.hard")) == 1
    fall(stage, "30")
    assert len(told(stage, "dd.hard")) == 2
    stage.lead(1)
    ease(stage)
    assert stage.net(account=A) == 3


def test_a_warning_alone_stops_nobody() -> None:
    stage = staged(dll=DailyLoss(amount=Decimal(1_000)))
    stage.lead(2)
    ease(stage)
    fall(stage, "18")
    assert told(stage, "dd.warn") == ["LEAD, leader: daily loss 72 % used, equity 49280.00, line 49000.00"]
    stage.lead(1)
    ease(stage)
    assert stage.net(account=A) == 3
