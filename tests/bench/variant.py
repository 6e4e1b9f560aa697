"""The same race under bad conditions: each against an engine without them, in turns."""

import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from itertools import count

from tests.bench import phone, wire
from tests.bench.race import PATIENCE_S, DeskRacer, Watch, race, start_desk
from tests.bench.steady import steady
from tests.bench.table import Row, Target, at, times
from tests.bench.venue import Venue

BURST = 20  # events of the flooding follower in one go, at a moment up to ...
RATE = 50.0  # leader events a second ...
STEADY = 20  # ... copied to so many followers
PATIENT = 4  # times as long where a chat may only be asked every few seconds
SPREAD_S = 0.02  # ... this long before the leader's fill

Say = Callable[[str], None]


class Variants:
    """All of them on desks of one size. ``rows`` and ``targets`` are what came of it."""

    def __init__(self, followers: int, rounds: int, say: Say) -> None:
        self.rows: list[list[str]] = []
        self.targets: list[Target] = []
        self._followers = followers
        self._rounds = rounds
        self._say = say
        self._numbers = count(1)
        self._venue = Venue()
        self._random = random.Random(7)
        self._plain = self._start()

    def run(self) -> None:
        """Run them all."""
        self._journal()
        self._stalled()
        self._flooded()
        self._slow()
        self._database()
        self._limits()
        self._phone()
        self._plain.close()
        self._steady()

    def _start(self, journal: str = "on", clerk: str = "off", limits: str = "off") -> DeskRacer:
        """One engine of a race; asleep between two moves, since several awake ones would take each other's cores."""
        name = f"variant{next(self._numbers)}"
        return start_desk(self._venue, name, self._followers, journal=journal, clerk=clerk, limits=limits, awake_s=0)

    def _race(self, words: str, *others: DeskRacer) -> list[Row]:
        self._say(f"{words}: {self._followers} followers, {self._rounds} rounds")
        racers = [self._plain, *others]
        for racer in racers:
            racer.laps.clear()
        race([*racers], self._rounds)
        return [Row.of(racer.laps) for racer in racers]

    def _note(self, words: str, mine: Row, of: Row, limit: float | None = 1.1) -> None:
        ratio = mine.last[0] / of.last[0]
        tail = mine.last[1] / of.last[1]
        self.rows.append([words, times(mine.last), times(of.last), f"{ratio:.2f}", f"{tail:.2f}"])
        if limit is not None:
            self.targets.append(Target(f"{words}: last order, p50", ratio, limit))

    def _journal(self) -> None:
        same, off = self._start(), self._start(journal="off")
        plain, again, without = self._race("journal", same, off)
        self._note("the same once more (what noise does)", again, plain, limit=None)
        self._note("journal on, against none at all", plain, without)
        same.close()
        off.close()

    def _stalled(self) -> None:
        desk = self._start()
        stuck = list(desk.watch.peers.values())[-1]
        self._venue.poll.unregister(stuck.sock)
        desk.watch.close()
        desk.watch = Watch([peer for peer in desk.watch.peers.values() if peer is not stuck])
        desk.expected -= 1
        desk.ask("clog")
        plain, mine = self._race("one follower's socket is not read", desk)
        self._note("one follower's socket full and not read", mine, plain)
        desk.close(at_once=True)
        stuck.is_open = False
        stuck.sock.close()

    def _flooded(self) -> None:
        desk = self._start()
        venue, noisy = self._venue, list(desk.watch.peers.values())[-1]
        assert noisy.login is not None
        account = next(iter(noisy.login.accounts))

        def flood() -> None:
            now, frames = wire.stamp(), []
            for _ in range(BURST):
                number = venue.number()
                order = wire.order(number, account, "Buy", "Canceled", now)
                frames += [
                    wire.array([wire.event("order", order)]),
                    wire.array([wire.event("command", wire.command(number, number, "", now))]),
                ]
            noisy.send(b"".join(frames))
            wait()

        def wait() -> None:
            venue.pump(self._random.random() * SPREAD_S)

        desk.before, self._plain.before = flood, wait
        plain, mine = self._race("one follower floods", desk)
        self._plain.before = lambda: None
        self._note(f"one follower floods, {2 * BURST / (SPREAD_S / 2):,.0f} frames/s", mine, plain)
        desk.close()

    def _slow(self) -> None:
        desk = self._start()
        desk.is_slow = True
        plain, mine = self._race("slow answers", desk)
        self._note("answers only after the leader's fourth fill", mine, plain)
        desk.close()

    def _database(self) -> None:
        clerk, busy = self._start(clerk="on"), self._start(clerk="on")
        assert busy.home is not None
        hammer = subprocess.Popen([sys.executable, "-m", "tests.bench.hammer", busy.home.name])
        try:
            plain, idle, hammered = self._race("database", clerk, busy)
        finally:
            hammer.kill()
            hammer.wait()
        self._note("clerk running, against none", idle, plain, limit=None)
        self._note("busy database, against an idle one", hammered, idle)
        clerk.close()
        busy.close()

    def _limits(self) -> None:
        desk = self._start(limits="on")
        for racer in (desk, self._plain):
            racer.before = flow_of(self._venue)
        self._venue.tells_money = True
        plain, mine = self._race("limits", desk)
        self._note("limits on every follower, a guard, quotes flowing, against none", mine, plain)
        self._venue.tells_money, self._plain.before = False, lambda: None
        desk.close()

    def _phone(self) -> None:
        alone, asked = self._start(clerk="on"), self._start(clerk="on")
        assert asked.home is not None
        with self._bot(asked.home.name, phone.CONSOLE):
            _, without, mine = self._race("a busy bot", alone, asked)
        words = "a bot that shows each copy and is asked all the time, against none"
        self._note(words, mine, without)
        self.targets.append(Target(f"{words}: last order, p99", mine.last[1] / without.last[1], 1.1))
        alone.close()
        asked.close()

    def _steady(self) -> None:
        """Commands while the leader trades at a pace of his own, and what they cost the copies."""
        desk = start_desk(self._venue, f"variant{next(self._numbers)}", STEADY, clerk="on", awake_s=0)
        assert desk.home is not None
        home, fills = desk.home.name, self._rounds * 5
        self._say(f"{RATE:.0f} leader events a second, {STEADY} followers")
        without = steady(self._venue, desk, RATE, fills)
        for mode, platforms in ((phone.CONSOLE, (phone.CONSOLE,)), (phone.CHATS, phone.PLATFORMS)):
            with self._bot(home, mode):
                mine = steady(self._venue, desk, RATE, fills * (1 if mode == phone.CONSOLE else PATIENT))
            words = f"{mine.pace:.0f} leader events a second, {STEADY} followers, a bot on {' and '.join(platforms)}"
            words += f" ({mine.netted} netted)" if mine.netted else ""
            self.rows.append([words, *compared(mine.last, without.last)])
            for name in platforms:
                said = phone.replies(home, name)
                words = f"{len(said)} commands on {name} meanwhile: s to the first answer, p95"
                self.targets.append(Target(words, at(said, 0.95), 1.0))
        desk.close()

    @contextmanager
    def _bot(self, home: str, mode: str) -> Iterator[None]:
        bot = subprocess.Popen([sys.executable, "-m", "tests.bench.phone", home, mode])
        name = phone.PLATFORMS[-1] if mode == phone.CHATS else mode
        answers = phone.file_of(home, name)
        self._venue.until(lambda: answers.exists() or bot.poll() is not None, PATIENCE_S, "the bot to start")
        try:
            yield
        finally:
            bot.kill()
            bot.wait()


def compared(mine: list[float], of: list[float]) -> list[str]:
    """Cells of a row: both times, and the ratios."""
    own, other = ((at(laps, 0.5), at(laps, 0.99), max(laps)) for laps in (mine, of))
    return [times(own), times(other), f"{own[0] / other[0]:.2f}", f"{own[1] / other[1]:.2f}"]


def flow_of(venue: Venue) -> Callable[[], None]:
    """Quotes of what is held, near the one price of all fills; the last one a moment before the leader's fill."""
    chance = random.Random(7)

    def flow() -> None:
        for _ in range(3):
            venue.quote(str(Decimal(wire.PRICE) + Decimal(chance.randint(-8, 8)) / 4))
            venue.pump(chance.random() * SPREAD_S / 3)

    return flow
