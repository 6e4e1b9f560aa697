"""``make bench``: how long from the leader's fill frame to the last follower's order frame, beside a bare fan-out."""

import argparse
import os
import platform
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.bench import control
from tests.bench.growth import Grown, Size, growth
from tests.bench.race import Racer, race, start_desk, start_floor
from tests.bench.table import Row, Target, ratios, table, times
from tests.bench.variant import Variants, flow_of
from tests.bench.venue import Venue
from tests.scenarios.load import ALERTS, COPIES, EVERY_S, loaded

FULL = (Size(1, 1, 400), Size(20, 1, 400), Size(200, 1, 150), Size(1_000, 1, 100))
QUICK = (Size(1, 1, 60), Size(20, 1, 80), Size(200, 1, 30))
LIMITED = (Size(20, 1, 300), Size(200, 1, 150))
QUICK_LIMITED = (Size(20, 1, 60),)
FULL_SHARED = (Size(20, 20, 300), Size(200, 20, 150), Size(1_000, 20, 100))
QUICK_SHARED = (Size(200, 20, 25),)
ASLEEP = (Size(1, 1, 100), Size(20, 1, 150), Size(200, 1, 60), Size(1_000, 1, 30))
QUICK_ASLEEP = (Size(20, 1, 60),)
FULL_VARIANTS = (100, 100)
QUICK_VARIANTS = (20, 40)


class Bench:
    """One run of everything; what it finds is printed as it is found."""

    def __init__(self) -> None:
        self.targets: list[Target] = []
        self.grown: list[Grown] = []
        self._count = 0

    def name(self) -> str:
        """A name for the next engine."""
        self._count += 1
        return f"desk{self._count}"

    def fan_out(self, size: Size, *, is_asleep: bool, is_limited: bool) -> list[list[str]]:
        """Engine against floor on one desk; two rows of the table. The floor sleeps between two moves, always."""
        venue = Venue()
        began = time.monotonic()
        wishes: dict[str, Any] = {"awake_s": 0} if is_asleep else {}
        if is_limited:
            wishes["limits"], venue.tells_money = "on", True
        desk = start_desk(venue, self.name(), size.followers, per_login=size.per_login, **wishes)
        started_s = time.monotonic() - began
        floor = start_floor(venue, desk)
        if is_limited:
            desk.before = flow_of(venue)
        busy, memory = desk.usage()
        race([desk, floor], size.rounds)
        spent_s, grown = desk.usage()
        cpu_us = (spent_s - busy) / size.rounds * 1e6
        if is_asleep:  # what a loop that stays awake spends belongs to no event
            self.grown.append(Grown(size, started_s, memory, grown, cpu_us))
        mine, bare = Row.of(desk.laps), Row.of(floor.laps)
        close(desk, floor)
        if size.followers >= 20 and size.per_login == 1 and not is_asleep:
            words = f"{size.followers:,} followers{', limits on' if is_limited else ''}"
            self.targets += [
                Target(f"{words}: last order, p50 / floor", mine.last[0] / bare.last[0], 1.6),
                Target(f"{words}: last order, p99 / floor", mine.last[1] / bare.last[1], 2.5),
            ]
        label = f"{size.followers:,}"
        return [
            [label, "first", times(mine.first), times(bare.first), ratios(mine.first, bare.first)],
            [label, "last", times(mine.last), times(bare.last), ratios(mine.last, bare.last)],
        ]

    def fan_outs(
        self, sizes: tuple[Size, ...], title: str, *, is_asleep: bool = False, is_limited: bool = False
    ) -> None:
        """One table."""
        rows: list[list[str]] = []
        for size in sizes:
            progress(f"{title}: {size.followers:,} followers, {size.rounds} rounds")
            rows += self.fan_out(size, is_asleep=is_asleep, is_limited=is_limited)
        heads = ("followers", "order", "engine µs p50 / p99 / max", "floor µs p50 / p99 / max", "ratio p50 / p99 / max")
        print(f"\n{title}\n\n{table(heads, rows)}\n", flush=True)

    def alerts(self) -> None:
        """The table of delays from what the engine tells to the first card that a service is asked to show."""
        progress(f"alerts: {COPIES:,} copies and {ALERTS} alerts through both platforms' limits")
        with tempfile.TemporaryDirectory() as home:
            load = loaded(Path(home))
        refused = len(load.both.telegram.limited) + len(load.both.discord.limit.limited)
        title = (
            f"Alerts, with {COPIES:,} copies in {COPIES * EVERY_S:.0f} s: seconds to the first send; {refused} refused"
        )
        print(f"{title}\n\n{load.rows()}\n", flush=True)
        for told in (False, True):
            worst = load.worst_p1(is_grouped=told)
            words = f"a P1 {'that waits for what belongs to it' if told else 'that stands alone'}: worst, s"
            self.targets.append(Target(words, worst, 2.0 if told else 1.0))

    def variants(self, followers: int, rounds: int) -> None:
        """The table of bad conditions."""
        progress("bad conditions")
        found = Variants(followers, rounds, progress)
        found.run()
        heads = ("condition", "last order µs p50 / p99 / max", "without it", "ratio p50", "ratio p99")
        print(f"Bad conditions, {followers} followers\n\n{table(heads, found.rows)}\n", flush=True)
        self.targets += found.targets


def close(*racers: Racer) -> None:
    """End their processes."""
    for racer in racers:
        racer.close()


def progress(words: str) -> None:
    """Say what is going on, apart from the results."""
    print(f"  ... {words}", file=sys.stderr, flush=True)


def load() -> str:
    """Say how busy the computer was, where it tells: the bench itself keeps about one core and a half."""
    if not hasattr(os, "getloadavg"):
        return ""
    busy, cores = os.getloadavg()[0], os.cpu_count() or 1
    note = "; others were at work too, so read the ratios and not the times" if busy > cores else ""
    return f", load {busy:.1f} on {cores} cores{note}"


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer and smaller desks, under two minutes")
    parser.add_argument("--strict", action="store_true", help="exit with 1 if a target is not met")
    asked = parser.parse_args()
    control.raise_limits()
    began = time.monotonic()
    print(f"Lockstep bench: {os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()}")
    bench = Bench()
    bench.fan_outs(QUICK if asked.quick else FULL, "Each follower on its own connection")
    title = "Limits on every follower, a guard on the leader, quotes flowing, each on its own connection"
    bench.fan_outs(QUICK_LIMITED if asked.quick else LIMITED, title, is_limited=True)
    bench.fan_outs(QUICK_SHARED if asked.quick else FULL_SHARED, "Twenty followers a login")
    bench.fan_outs(QUICK_ASLEEP if asked.quick else ASLEEP, "The engine asleep between two moves", is_asleep=True)
    bench.variants(*(QUICK_VARIANTS if asked.quick else FULL_VARIANTS))
    bench.alerts()
    print(f"Growth: what one leader event costs the engine in all, answers included\n\n{growth(bench.grown)}\n")
    print("\n".join(str(target) for target in bench.targets))
    print(f"\n{time.monotonic() - began:.0f} s{load()}")
    return int(asked.strict and not all(target.is_met for target in bench.targets))


if __name__ == "__main__":
    sys.exit(main())
