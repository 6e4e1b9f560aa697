"""The loop stays awake as long as it was told, and not a turn longer."""

import asyncio

from engine.runtime.awake import Awake
from tests.clock import HandClock


async def _turns(loop_turns: int) -> int:
    """How many callbacks are due after a few turns of the loop: 1 while it is kept awake, 0 when it may sleep."""
    for _ in range(loop_turns):
        await asyncio.sleep(0)
    return len(asyncio.get_running_loop()._ready)  # type: ignore[attr-defined]  # what makes a loop poll without waiting


async def test_awake_while_the_leader_moves_and_asleep_after() -> None:
    clock = HandClock()
    awake = Awake(clock, 5)
    assert await _turns(3) == 0
    awake.stir()
    awake.stir()
    assert await _turns(3) == 1
    await clock.turn(4)
    awake.stir()
    await clock.turn(4)
    assert await _turns(3) == 1
    await clock.turn(2)
    assert await _turns(3) == 0


async def test_nought_never_stays_awake() -> None:
    Awake(HandClock(), 0).stir()
    assert await _turns(3) == 0
