"""A busy quarter of an hour: a thousand copies, fifty alerts, and a lost line that takes two hundred positions with it.

The stream, the bot, its libraries and both services are the true ones or speak their wire; the services enforce the limits of
the real ones. Delays are of the loop's time: waits are leapt over, work takes what it takes.
"""

import asyncio
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.core.taxonomy import kind_of
from engine.api import Severity
from tests.bench.table import at, table
from tests.bot.both import PEOPLE, Attempt, Both, opened
from tests.leap import leap

COPIES, ALERTS, DESYNCS = 1000, 50, 200
EVERY_S = 0.2  # a copy
SPAN_S = COPIES * EVERY_S + 200.0
AFTER_S = 1200.0
ACK_S = 20.0
LOST = "sim is off"
ANA = PEOPLE["Ana"][1]
ANAS = (f"telegram:@{ANA}", f"discord:@{PEOPLE['Ana'][2]}")
PLATFORMS = ("telegram", "discord")
KINDS = (
    (Severity.P1, ("rogue.stuck", "dd.hard", "eng.guard", "desync.orders", "acct.left")),
    (Severity.P2, ("copy.stopped", "acct.rule", "rogue.open")),
    (Severity.P3, ("exec.slow", "rel.warn")),
)


@dataclass(frozen=True)
class Told:
    """One thing that the engine told, how a card names it, and how long its row makes a card of it wait."""

    name: str
    severity: Severity
    at: float
    wait_s: float


class Load:
    """What was told, and what the services were asked."""

    def __init__(self, both: Both) -> None:
        self.both = both
        self.told: list[Told] = []
        self.asked: list[tuple[str, float]] = []

    async def run(self) -> None:
        """Everything at its time, then quiet until all is shown."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._copies())
            group.create_task(self._alerts(group))
            group.create_task(self._loss())
        await asyncio.sleep(AFTER_S)

    async def _copies(self) -> None:
        for number in range(COPIES):
            self.told.append(Told(f"BUY {number + 1} NQZ6", Severity.P4, self.both.clock.monotonic(), 0))
            self.both.engine.copy(f"copy-{number}", number + 1)
            await asyncio.sleep(EVERY_S)

    async def _alerts(self, group: asyncio.TaskGroup) -> None:
        for number in range(ALERTS):
            severity, codes = KINDS[number % len(KINDS)]
            await self._tell(codes[number % len(codes)], severity, f"ACC-{number:03d}")
            if severity <= Severity.P2:
                group.create_task(self._ack(f"ACC-{number:03d}"))
            await asyncio.sleep(SPAN_S / ALERTS)

    async def _ack(self, name: str) -> None:
        """Ana is on call, and takes what she is shown a little later."""
        await asyncio.sleep(ACK_S)
        card = next((one for one in self.both.tries if one.chat in ANAS and name in one.text), None)
        found = re.search(r"A-\d+", card.text) if card is not None else None
        if found is not None:
            self.asked.append((found[0], self.both.clock.monotonic()))
            self.both.telegram.say(ANA, ANA, f"/ack {found[0]} 2h")

    async def _loss(self) -> None:
        """Two hundred positions out of sync, then the line that explains them."""
        await asyncio.sleep(SPAN_S / 2)
        for number in range(DESYNCS):
            self.both.tell("desync.qty", Severity.P2, f"S-{number:03d}", symbol="NQZ6", connection="sim")
        self.told.append(Told(LOST, Severity.P1, self.both.clock.monotonic(), kind_of("broker.down").wait_s))
        self.both.tell("broker.down", Severity.P1, None, connection="sim", text=f"{LOST}: closed")

    async def _tell(self, code: str, severity: Severity, account: str) -> None:
        self.told.append(Told(account, severity, self.both.clock.monotonic(), kind_of(code).wait_s))
        self.both.tell(code, severity, account, symbol="NQZ6" if code == "rogue.open" else None)

    # ---- what came of it -------------------------------------------------------------------------------------------

    def firsts(self, platform: str) -> Iterator[tuple[Told, Attempt | None]]:
        """Each alert and the first card that named it; copies are counted by ``counted``."""
        tries = [one for one in self.both.tries if one.chat.startswith(platform)]
        for told in self.told:
            if told.severity < Severity.P4:
                yield told, next((one for one in tries if told.name in one.text), None)

    def counted(self, chat: str) -> int:
        """Copies that a chat was told of in the end: alone, or by the count of a card."""
        shown: dict[str, int] = {}
        for text in self.both.texts(chat):
            if match := re.match(r"[✔🟠…] (\d+) copies", text):
                shown[text] = int(match[1])
            elif match := re.match(r"[✔🟠…] [\d:]+ BUY (\d+) NQZ6", text):
                shown[f"alone {match[1]}"] = 1
        return sum(shown.values())

    def delays(self) -> dict[tuple[Severity, str], list[float]]:
        """Seconds from what the engine told to the first time that a service was asked to show it."""
        found: dict[tuple[Severity, str], list[float]] = defaultdict(list)
        for platform in PLATFORMS:
            for told, first in self.firsts(platform):
                if first is not None:
                    found[told.severity, platform].append(first.at - told.at)
        return found

    def worst_p1(self, *, is_grouped: bool) -> float:
        """The latest of those whose row waits, or of those whose row does not."""
        return max(
            first.at - told.at
            for platform in PLATFORMS
            for told, first in self.firsts(platform)
            if first is not None and told.severity is Severity.P1 and bool(told.wait_s) is is_grouped
        )

    def answers(self) -> list[float]:
        """Seconds from Ana's words to the first answer."""
        tries = [one for one in self.both.tries if one.chat == ANAS[0]]
        firsts = (
            (asked, next((one.at for one in tries if one.at >= asked and one.text.startswith(name)), None))
            for name, asked in self.asked
        )
        return [first - asked for asked, first in firsts if first is not None]

    def rows(self) -> str:
        """The table of delays by priority."""
        found = [(str(severity), platform, values) for (severity, platform), values in sorted(self.delays().items())]
        rows = []
        for what, platform, values in [*found, ("answers", "telegram", self.answers())]:
            figures = (at(values, 0.5), at(values, 0.95), max(values))
            rows.append([what, platform, str(len(values)), *(f"{figure:.2f}" for figure in figures)])
        return table(("priority", "platform", "count", "p50 s", "p95 s", "max s"), rows)


async def _loaded(home: Path) -> Load:
    async with opened(home) as both:
        load = Load(both)
        await load.run()
        return load


def loaded(home: Path) -> Load:
    """The whole of it."""
    return leap(_loaded(home))
