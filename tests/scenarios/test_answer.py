"""What the broker says to an order, or does not say: refusals in every shape, penalties, lost answers."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from engine.domain.command import Resume
from engine.domain.decision import AskOrder, SendLots
from engine.domain.event import Absent, Accepted, OrderAnswered, Unclear
from engine.domain.group import MissedEntry
from engine.domain.ids import AccountId
from engine.sim import fault
from tests.scenarios.stage import Stage, follower, staged

PAIR = [follower("A"), follower("B")]


def asked_for(stage: Stage, name: str) -> list[str]:
    """Client ids of every order request of an account that was sent, refused by a fault or not."""
    mark = {lot[0] for sent in stage.decisions(SendLots) for lot in sent.lots if lot[1] == name}
    return [client for endpoint, _, client in stage.asked if endpoint == "order/placeorder" and client in mark]


@pytest.mark.parametrize(
    "refusal",
    [
        {"shape": "failure", "reason": "MaxPosLimitReached", "text": "Max position is 0"},
        {"shape": "error_text", "text": "Something is not right"},
        {"shape": "violations", "reason": "NotNull", "text": "symbol"},
        {"shape": "status", "status": 400, "text": "Malformed"},
        {"shape": "status", "status": 404, "text": "Not found"},
    ],
    ids=lambda refusal: f"{refusal['shape']} {refusal.get('status', '')}".strip(),
)
async def test_a_refused_entry_is_told_and_not_tried_again(tmp_path: Path, refusal: dict[str, Any]) -> None:
    """Row 10: a no inside a socket's yes counts as a no, for that follower alone."""
    async with staged(tmp_path, PAIR, speed=12) as stage:
        stage.fault(fault.Refuse(account="A", **refusal))
        stage.lead(2)
        await stage.until_held({"B": 2})
        await stage.until(lambda: bool(stage.notices("copy.reject", "A")), "the refusal is told")
        assert refusal["text"] in stage.notices("copy.reject", "A")[0]
        await stage.stand(4)
        assert len(asked_for(stage, "A")) == 1
        stage.lead(1)
        await stage.until_held({"A": 1, "B": 3})
        stage.lead(-3)
        await stage.until_held({"A": 0, "B": 0})
        await stage.until_quiet()
        stage.assert_no_double()


async def test_a_penalty_holds_entries_back_and_exits_wait_it_out(tmp_path: Path) -> None:
    """Row 10: an entry under a penalty ticket is refused at once; an exit goes again with its ticket when it may."""
    async with staged(tmp_path, PAIR, per_login=1, speed=10) as stage:
        stage.fault(fault.Penalty(account="A", wait_s=2))
        stage.lead(2)
        await stage.until_held({"B": 2})
        await stage.until(lambda: "p-ticket" in " ".join(stage.notices("copy.reject", "A")), "the penalty is told")
        assert len(asked_for(stage, "A")) == 1
        await stage.stand(3)
        stage.lead(1)
        await stage.until_held({"A": 1, "B": 3})
        stage.fault(fault.Penalty(account="A", wait_s=3))
        stage.lead(-3)
        await stage.until_held({"A": 0, "B": 0})
        await stage.until_quiet()
        assert stage.sizes("A") == [1, -1]
        assert len(asked_for(stage, "A")) == 4  # the entry, the entry, the exit, the exit with its ticket
        assert not stage.notices("exit.refused")


async def test_too_many_requests_stop_entries_until_their_time(tmp_path: Path) -> None:
    """A bare 429: not tried blindly, the others go on, the exit gets through."""
    async with staged(tmp_path, PAIR, per_login=1, speed=10, options={"blocked_wait_s": 20.0}) as stage:
        stage.lead(1)
        await stage.until_held({"A": 1, "B": 1})
        stage.fault(fault.Refuse(account="A", shape="status", status=429, text=""))
        stage.lead(1)
        await stage.until_held({"B": 2})
        await stage.until(lambda: bool(stage.notices("copy.reject", "A")), "the refusal is told")
        stage.lead(1)
        await stage.until_held({"B": 3})
        await stage.until(lambda: len(stage.notices("copy.reject", "A")) == 2, "the second entry is held back")
        assert len(asked_for(stage, "A")) == 2  # the first one of all, and the one that met the 429
        stage.lead(-3)
        await stage.until_held({"A": 0, "B": 0})


@pytest.mark.parametrize(
    ("rule", "word"),
    [
        ({"max_position": 1}, "Max position is 1"),
        ({"admin_action": "LockTradingImmediately"}, "locked"),
        ({"admin_action": "LiquidateOnlyModeImmediately"}, "closing orders alone"),
    ],
    ids=["max position", "locked", "liquidation only"],
)
async def test_one_refused_follower_stops_alone(tmp_path: Path, rule: dict[str, Any], word: str) -> None:
    """Row 11: its entries stop with the reason told; the others never notice."""
    plans = [follower("A", pause_after_refusals=2), follower("B"), follower("C")]
    async with staged(tmp_path, plans, rules={"A": rule}, speed=5) as stage:
        for net in (2, 4, 6):
            stage.lead(2)
            await stage.until_held({"B": net, "C": net})
        await stage.until(lambda: bool(stage.skips("A")), "A is stopped")
        told = [text for code in ("acct.lock", "copy.stopped") for text in stage.notices(code, "A")]
        assert any(word in text for text in told), told
        before = len(asked_for(stage, "A"))
        stage.lead(-6)
        await stage.until_held({"A": 0, "B": 0, "C": 0})
        await stage.until_quiet()
        assert len(asked_for(stage, "A")) == before <= 2


async def test_a_lock_that_comes_and_goes(tmp_path: Path) -> None:
    """Liquidation only: entries are skipped, exits pass; back to normal: entries pass again."""
    async with staged(tmp_path, PAIR, speed=5) as stage:
        stage.lead(2)
        await stage.until_held({"A": 2, "B": 2})
        stage.fault(fault.AdminAction(account="A", action="LiquidateOnlyModeImmediately"))
        await stage.until(lambda: bool(stage.notices("acct.lock", "A")), "the lock is told")
        stage.lead(1)
        await stage.until_held({"B": 3})
        await stage.until_skipped("A", ("restriction", 1))
        stage.lead(-2)
        await stage.until_held({"A": 1, "B": 1})
        stage.fault(fault.AdminAction(account="A", action="Normal"))
        await stage.until(lambda: bool(stage.notices("acct.free", "A")), "the lock is lifted")
        stage.lead(1)
        await stage.until_held({"A": 2, "B": 2})
        await stage.until_quiet()
        stage.assert_no_double()


async def test_the_account_that_refused_everything_goes_on_after_a_resume(tmp_path: Path) -> None:
    async with staged(tmp_path, [follower("A", pause_after_refusals=2), follower("B")]) as stage:
        stage.fault(fault.Refuse(account="A", count=2))
        for net in (1, 2, 3):
            stage.lead(1)
            await stage.until_held({"B": net})
        await stage.until_skipped("A", ("hold", 1))
        stage.act(Resume(accounts=(AccountId("A"),)))
        stage.lead(1)
        await stage.until_held({"A": 1, "B": 4})


@pytest.mark.parametrize("cut", [False, True], ids=["silent", "cut"])
@pytest.mark.parametrize("executed", [True, False], ids=["executed", "not executed"])
@pytest.mark.parametrize("is_exit", [False, True], ids=["entry", "exit"])
async def test_an_unknown_outcome_is_resolved_first(
    tmp_path: Path, *, is_exit: bool, executed: bool, cut: bool
) -> None:
    """The answer is lost, the order was executed or not: found out by its client id, never sent twice."""
    policy = {"missed_entry": MissedEntry.JOIN, "join_ticks": 100}
    plans = [follower("A", **policy), follower("B", **policy)]
    options = {"answer_timeout_s": 2.0, "absent_after_s": 3.0}
    async with staged(tmp_path, plans, per_login=1, speed=8, options=options) as stage:
        if is_exit:
            stage.lead(3)
            await stage.until_held({"A": 3, "B": 3})
        stage.fault(fault.LoseAnswer(account="A", executed=executed, cut=cut, endpoint="order/placeorder"))
        stage.lead(-1 if is_exit else 2)
        await stage.until_held({"B": 2})
        await stage.until(lambda: not stage.venue.venue.faults.armed, "the answer is lost")
        await stage.until_held({"A": 2})
        await stage.until_quiet()
        answers = [
            entry.event.outcome
            for entry in stage.entries()
            if isinstance(entry.event, OrderAnswered) and entry.event.account == "A"
        ]
        assert stage.path("A")[-2 if is_exit else 0 :] == ([3, 2] if is_exit else [2])
        if not executed:
            assert any(isinstance(answer, Unclear) for answer in answers)
            assert any(isinstance(answer, Absent) for answer in answers) or cut
            assert stage.decisions(AskOrder)
        stage.lead(-2)
        await stage.until_held({"A": 0, "B": 0})
        await stage.until_quiet()
        stage.assert_no_double()
        assert len(set(asked_for(stage, "A"))) == len(asked_for(stage, "A"))


async def test_no_risk_is_added_beside_an_unknown_entry(tmp_path: Path) -> None:
    """While an entry is unclear it counts as held: the leader's next moves keep A inside its target whatever it was."""
    options = {"answer_timeout_s": 2.0, "absent_after_s": 3.0}
    async with staged(tmp_path, PAIR, per_login=1, speed=8, options=options) as stage:
        stage.fault(fault.LoseAnswer(account="A", executed=False))
        stage.lead(2)
        await stage.until_held({"B": 2})
        for step in (1, -1, 1):
            stage.lead(step)
        await stage.until_held({"B": 3})
        await stage.until(lambda: not stage.copier("A").flights, "resolved")
        await stage.until_quiet()
        assert 0 <= stage.held("A") <= 3
        assert max(stage.path("A"), default=0) <= 3
        stage.lead(-3)
        await stage.until_held({"A": 0, "B": 0})
        stage.assert_no_double()


async def test_an_answer_that_is_only_late_changes_nothing(tmp_path: Path) -> None:
    options = {"answer_timeout_s": 1.0, "absent_after_s": 20.0}
    async with staged(tmp_path, PAIR, per_login=1, speed=8, options=options) as stage:
        stage.fault(fault.SlowAnswer(account="A", wait_s=4.0))
        stage.lead(2)
        await stage.until_held({"A": 2, "B": 2})
        is_told = lambda: any(  # noqa: E731
            isinstance(entry.event, OrderAnswered)
            and entry.event.account == "A"
            and isinstance(entry.event.outcome, Accepted)
            for entry in stage.entries()
        )
        await stage.until(is_told, "the true answer")
        await stage.until_quiet()
        assert stage.sizes("A") == [2]
        stage.lead(-2)
        await stage.until_held({"A": 0, "B": 0})
        assert Decimal(stage.copier("A").refusals) == 0
