"""kill -9 at every point of the journal: after a restart followers are exactly at target and nothing was ordered twice.

One short story is played against an engine in a process of its own, once for each point at which it can die: before,
inside and after each write to the journal, and after each write of orders to a socket. The venue's books are the judge.
"""

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest

from engine.domain.group import MissedEntry, Multiplier
from engine.sim import fault
from tests.scenarios.mortal import Mortal, Part, Point
from tests.scenarios.stage import LEADER, Stage, follower
from tests.scenarios.swift import SwiftClock

STORY = (2, 1, -4, 1)  # in, more, through zero, flat
AT_ONCE = 6
SPEED = 20.0
POLICY = {"missed_entry": MissedEntry.JOIN, "join_ticks": 100, "symbols": {"MNQ": ""}}
RATIOS = {"A": Decimal(1), "B": Decimal("0.5"), "C": Decimal(1)}


class Play:
    """One run of the story, with at most one sudden death."""

    def __init__(self, home: Path, point: Point, clock: SwiftClock, *, is_leader_restless: bool = False) -> None:
        plans = [follower(name, sizing=Multiplier(ratio=ratio), **POLICY) for name, ratio in RATIOS.items()]
        self.stage = Stage(home, plans, clock=clock, options={"absent_after_s": 1.0})
        self.clock = clock
        self.point = point
        self.is_leader_restless = is_leader_restless  # trades on while the engine is dead
        self.mortal: Mortal | None = None
        self.net = 0
        self.exit_code: int | None = None

    async def run(self) -> bool:
        """Play to the end and judge; say whether the engine died on the way."""
        stage = self.stage
        await stage.open_venue()
        try:
            stage.lead(1, "MNQZ6")  # nobody copies it, but it has the engine watch the price from the start
            stage.fault(fault.SplitFills(account="A", sizes=(1, 1), count=None))
            self.open_mortal()
            await stage.until(lambda: self.is_dead or self.is_watching(), "the price is watched")
            if not self.is_dead:
                await stage.stand(2)
            await self.revive()
            steps = list(STORY)
            while steps:
                self.lead(steps.pop(0))
                await stage.until(lambda: self.is_dead or self.is_followed(), f"{self.point}: followed to {self.net}")
                if self.is_dead and self.is_leader_restless and steps:
                    self.lead(steps.pop(0))
                await self.revive()
                await stage.until(self.is_followed, f"{self.point}: followed to {self.net} after the restart")
            if self.mortal is None:
                await stage.until_quiet()
                await stage.close_engine()
            self.judge()
            return self.mortal is None
        finally:
            if self.mortal is not None:
                self.mortal.end()
            await stage.close()

    def open_mortal(self) -> None:
        stage, clock = self.stage, self.clock
        part = Part(stage.home, stage.plan(), stage.connections(), clock.speed, clock.anchor, self.point)
        self.mortal = Mortal(part)

    @property
    def is_dead(self) -> bool:
        return self.mortal is not None and self.mortal.is_dead

    def is_watching(self) -> bool:
        markets = [line for line in self.stage.venue.face.lines if line.role == "market" and line.quotes]
        return len(markets) == 2  # a leader's line and a spare one serve the desk

    async def revive(self) -> None:
        """Start the engine anew, in this process, over what the dead one left."""
        if not self.is_dead or self.mortal is None:
            return
        self.exit_code = self.mortal.end()
        self.mortal = None
        await self.stage.open_engine()
        await self.stage.until(lambda: "MNQZ6" in self.stage.engine.shard.desk.state.quotes, "a quote")

    def lead(self, quantity: int) -> None:
        self.stage.lead(quantity)
        self.net += quantity

    def targets(self, net: int) -> dict[str, int]:
        return {name: int(net * ratio) for name, ratio in RATIOS.items()}

    def is_followed(self) -> bool:
        return all(self.stage.held(name) == target for name, target in self.targets(self.net).items())

    def judge(self) -> None:
        stage = self.stage
        assert stage.held(LEADER) == 0
        assert self.is_followed()
        stage.assert_no_double()
        for name in RATIOS:
            most = sum(
                abs(self.targets(after)[name] - self.targets(before)[name])
                for before, after in zip((0, 2, 3, -1), (2, 3, -1, 0), strict=True)
            )
            traded = stage.traded(name)
            assert traded == most or (self.is_leader_restless and traded < most), (
                f"{self.point}: {name} traded {traded}"
            )
            assert all(abs(net) <= 3 for net in stage.path(name)), f"{self.point}: {name} held {stage.path(name)}"


async def play_all(home: Path, place: str, *, is_leader_restless: bool = False) -> int:
    """Play every point of a kind, a few at a time, until one lies behind the story's end; how many there were."""
    numbers, clock = iter(range(1, 1000)), SwiftClock(SPEED)
    behind_the_end: list[int] = []

    async def worker() -> None:
        while not behind_the_end:
            number = next(numbers)
            directory = home / f"{number}"
            directory.mkdir()
            play = Play(directory, Point(place, number), clock, is_leader_restless=is_leader_restless)
            if not await play.run():
                behind_the_end.append(number)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(AT_ONCE):
            tasks.create_task(worker())
    return min(behind_the_end) - 1


@pytest.mark.parametrize("place", ["torn", "after", "sent"])
async def test_killed_at_every_point(tmp_path: Path, place: str) -> None:
    """The leader waits while the engine is dead: every contract is traded exactly once."""
    points = await play_all(tmp_path, place)
    assert points >= (6 if place == "sent" else 15)


async def test_killed_before_every_write_while_the_leader_trades_on(tmp_path: Path) -> None:
    """The leader's next step falls into the gap: exits are caught up, entries joined."""
    assert await play_all(tmp_path, "before", is_leader_restless=True) >= 15
