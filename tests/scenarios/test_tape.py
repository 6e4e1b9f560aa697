"""The real tape: a leader trades through the jumpy reopening of ES after Christmas 2023, and everybody ends where he does.

Collected only where the tape is present (``conftest.py``).
"""

from decimal import Decimal
from pathlib import Path

from engine.domain.group import Multiplier
from engine.sim.market import Step
from engine.sim.tape import tape
from tests.conftest import TAPE
from tests.scenarios.stage import LEADER, Stage, follower, staged

EVERY = 60  # trades of the tape between two of the leader's
WAY = (1, 2, 1, -1, -2, 0, 3, -3, 2, 1, 0)  # his net positions, over and over


async def test_a_leader_trades_through_the_reopening(tmp_path: Path) -> None:
    """Real jumps, one contract a quote: parts, limits of price and rounding all at once; flat in the end, no order twice."""
    plans = [
        follower("A"),
        follower("B", sizing=Multiplier(ratio=Decimal("0.5")), symbols={"ES": "MES"}),
        follower("C", max_run_ticks=2),
        follower("D", sizing=Multiplier(ratio=Decimal("1.5")), flip="one-order"),
    ]
    async with staged(tmp_path, plans, speed=5) as stage:
        steps = list(tape(TAPE, ("ESZ6", "MESZ6")))
        assert len(steps) > 2_000
        net = turn = 0
        for number, step in enumerate(steps):
            stage.venue.venue.tick(step.moves)
            if number % EVERY == EVERY - 1:
                await trade(stage, WAY[turn % len(WAY)] - net, steps[number + 1 : number + 4])
                net, turn = WAY[turn % len(WAY)], turn + 1
        if net:
            stage.lead(-net, "ESZ6")
        await stage.until_held({"A": 0, "C": 0, "D": 0}, "ESZ6")
        await stage.until_held({"B": 0}, "MESZ6")
        await stage.until_quiet()
        stage.assert_no_double()
        assert len(stage.path(LEADER, "ESZ6")) > 30
        assert max(map(abs, stage.path("A", "ESZ6"))) == 3
        assert max(map(abs, stage.path("B", "MESZ6"))) == 15
        assert {check for check, _ in stage.skips("C")} <= {"price_run"}
        assert stage.skips("A") == stage.skips("B") == stage.skips("D") == []


async def trade(stage: Stage, quantity: int, coming: list[Step]) -> None:
    """The leader trades, and the market moves on before anybody has copied him."""
    if not quantity:
        return
    stage.lead(quantity, "ESZ6")
    for step in coming:
        stage.venue.venue.tick(step.moves)
    await stage.until_quiet()
    held = stage.held(LEADER, "ESZ6")
    assert stage.held("A", "ESZ6") == held
    assert stage.held("B", "MESZ6") == held * 5
    assert stage.held("D", "ESZ6") == int(held * Decimal("1.5"))
    assert 0 <= stage.held("C", "ESZ6") * (1 if held > 0 else -1) <= abs(held)
