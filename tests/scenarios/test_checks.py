"""Every limit and check on one of eight accounts over real sockets: it alone is stopped or held back, seven go on, and all
of them leave."""

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from engine.domain.group import Bracket
from engine.domain.intake import EntryPlan, IntakePlan, RoomCheck
from engine.domain.keeping import Keeping
from engine.domain.limit import LimitsPlan
from engine.domain.terms import DailyLoss, Terms, Trail
from tests.scenarios.stage import follower, staged
from tests.scenarios.swift import SwiftClock
from tests.scenarios.test_limit import PIT, START, calendar, down

D = Decimal
NAMES = "ABCDEFGH"
OTHERS = NAMES[1:]


@dataclass
class Case:
    """What A must keep to; what happens; how A is stopped, or which entry it does not get."""

    terms: dict[str, Any] = field(default_factory=dict)
    entries: EntryPlan = field(default_factory=EntryPlan)
    minis: Decimal | None = None
    bracket: Bracket | None = None
    prices: tuple[str, ...] = ()
    stopped: str = ""
    skipped: tuple[str, int] = ("", 0)


LOSS = {"drawdown": D(1_000)}
CASES = {
    "static": Case({**LOSS, "mode": Trail.STATIC}, prices=("20975",), stopped="drawdown"),
    "end of day": Case({**LOSS, "mode": Trail.EOD_BALANCE}, prices=("20975",), stopped="drawdown"),
    "intraday": Case({**LOSS, "mode": Trail.INTRADAY_EQUITY}, prices=("21020", "20995"), stopped="drawdown"),
    "daily loss": Case({"dll": DailyLoss(amount=D(1_000))}, prices=("20975",), stopped="daily loss"),
    "target": Case({"daily_target": D(500)}, prices=("21020",), stopped="daily target"),
    "contracts": Case(minis=D(2), skipped=("account_size", 1)),
    "trades": Case(entries=EntryPlan(trades_per_day=1), skipped=("trades_per_day", 1)),
    "symbols": Case(entries=EntryPlan(deny_symbols=("NQ",)), skipped=("symbol_list", 1)),
    "leverage": Case(entries=EntryPlan(leverage=D(20)), skipped=("leverage", 1)),
    "margin": Case(
        entries=EntryPlan(margin_floor=D(1), margins={"NQ": D(20_000)}), skipped=("margin_floor", 1)
    ),
    "room": Case(
        {**LOSS, "mode": Trail.STATIC},
        EntryPlan(room_check=RoomCheck(slip_ticks=8)),
        bracket=Bracket(stop_ticks=72, target_ticks=400),
        skipped=("room", 1),
    ),
}  # fmt: skip


def keeping(case: Case) -> Keeping:
    terms = Terms(**{"start_balance": START, "drawdown": D(40_000), "mode": Trail.STATIC, **case.terms})
    return Keeping(terms=terms, clock=PIT, limits=LimitsPlan(), minis=case.minis)


@pytest.mark.parametrize("name", CASES)
async def test_one_of_eight_is_held_and_seven_go_on(tmp_path: Path, name: str) -> None:
    case, clock = CASES[name], SwiftClock(1.0)
    calendar(tmp_path, clock.now(), clock.now() + timedelta(days=1))
    followers = [follower("A", bracket=case.bracket), *(follower(other) for other in OTHERS)]
    skipped = case.skipped
    held = 0 if case.skipped[0] == "symbol_list" else 2
    async with staged(
        tmp_path,
        followers,
        per_login=8,
        clock=clock,
        keepings={"A": keeping(case)},
        intakes={"A": IntakePlan(entries=case.entries, clock=PIT)},
        balances=dict.fromkeys(NAMES, START),
    ) as stage:
        stage.lead(2)
        await stage.until_held({"A": held, **dict.fromkeys(OTHERS, 2)})
        await down(stage, *case.prices)
        if case.stopped:
            await stage.until(lambda: bool(stage.notices("dd.flat", "A")), "proven flat")
            (hard,) = stage.notices("dd.hard")
            assert hard.startswith(f"A: {case.stopped} ")
            held, skipped = 0, ("hold", 1)
        stage.lead(1)
        await stage.until_held({"A": held, **dict.fromkeys(OTHERS, 3)})
        await stage.until(lambda: stage.skips("A")[-1:] == [skipped], f"{skipped}")
        assert not [skip for other in OTHERS for skip in stage.skips(other)]
        stage.lead(-3)
        await stage.until_held(dict.fromkeys(NAMES, 0))
        stage.assert_no_double()
