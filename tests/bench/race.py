"""One race: a process with its connections at the venue, and the rounds that are timed on it."""

import contextlib
import gc
import os
import select
import selectors
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from tests.bench import wire
from tests.bench.desk import Order
from tests.bench.venue import SEE, Peer, Placed, Venue

PATIENCE_S = 90.0
ROUND_S = 10.0
AWAKE_NS = 300_000  # how long after an order the receiver stays awake for the next


class Watch:
    """Waits for data on a few sockets: asleep until an event's first order, awake between its orders.

    A receiver that falls asleep between two orders makes the sender pay for waking it, the more so the slower he is. The
    real one is far away, and nobody on this computer wakes it. Before the first order sleeping costs the sender nothing,
    and a busy computer has no core to spare for waiting.
    """

    def __init__(self, peers: list[Peer]) -> None:
        self.peers = {peer.sock.fileno(): peer for peer in peers}
        self._poll = select.epoll() if hasattr(select, "epoll") else None
        self._select = selectors.DefaultSelector()
        for peer in peers:
            if self._poll is not None:
                self._poll.register(peer.sock.fileno(), select.EPOLLIN)
            else:
                self._select.register(peer.sock, selectors.EVENT_READ)

    def ready(self, wait_s: float) -> list[tuple[int, int]]:
        """Sockets that have something."""
        if self._poll is not None:
            return self._poll.poll(wait_s)
        return [(key.fd, events) for key, events in self._select.select(wait_s)]

    def close(self) -> None:
        """Let go."""
        if self._poll is not None:
            self._poll.close()
        self._select.close()


def _give_way() -> None:
    """Let another process of this core run, the sender most of all."""
    if hasattr(os, "sched_yield"):
        os.sched_yield()
    else:
        time.sleep(0)


@dataclass
class Lap:
    """Microseconds from just before the leader's frame was written until the first and last order had been read."""

    first: float
    last: float


def lap(watch: Watch, leader: Peer, frame: bytes, expected: int) -> tuple[Lap, list[tuple[int, bytes]]]:
    """Write the leader's frame and read until every order is there; the bytes are looked at afterwards."""
    socks = {fd: peer.sock for fd, peer in watch.peers.items()}
    seen: list[tuple[int, bytes]] = []
    now, count, first, last, ready, wait_s = time.perf_counter_ns, 0, 0, 0, watch.ready, 1.0
    count_orders, give_way = wire.count_orders, _give_way
    start = now()
    leader.sock.send(frame)
    limit = start + int(ROUND_S * 1e9)
    while count < expected:
        found_any = ready(wait_s)
        if not found_any and not wait_s:
            give_way()
        for fd, _ in found_any:
            data = socks[fd].recv(SEE)
            at = now()
            seen.append((fd, data))
            found = count_orders(data)
            if found:
                first = first or at
                last = at
                count += found
        idle_ns = now() - last
        wait_s = 0.0 if idle_ns < AWAKE_NS else 1.0
        if idle_ns > AWAKE_NS and now() > limit:
            raise TimeoutError(f"{count} of {expected} orders came")
    return Lap((first - start) / 1000, (last - start) / 1000), seen


@dataclass
class Racer:
    """A process under measure. ``laps`` are its times."""

    name: str
    venue: Venue
    process: subprocess.Popen[bytes]
    control: Peer
    watch: Watch
    leader: Peer
    expected: int
    laps: list[Lap] = field(default_factory=list)
    steps: int = 0
    before: Callable[[], None] = lambda: None  # called just before each lap
    wrote: list[tuple[int, bytes]] = field(default_factory=list)
    home: tempfile.TemporaryDirectory[str] | None = None

    def ask(self, word: str) -> str:
        """Ask over the control line."""
        self.control.buffer.clear()
        self.control.send(f"{word}\n".encode())
        self.venue.until(
            lambda: b"\n" in self.control.buffer or not self.control.is_open, PATIENCE_S, f"an answer to {word}"
        )
        if not self.control.is_open:
            raise RuntimeError(f"{self.name} has ended, see above")
        return self.control.buffer.decode().strip()

    def usage(self) -> tuple[float, int]:
        """Processor seconds, bytes of memory."""
        seconds, memory = self.ask("usage").split()
        return float(seconds), int(memory)

    def run(self) -> Lap:
        """One lap, timed; everything is answered and settled at its end."""
        time_, self.wrote = lap(self.watch, self.leader, wire.array(["0" * 400]), self.expected)
        return time_

    def close(self, *, at_once: bool = False) -> None:
        """Hang up; the process ends by that, or ``at_once``."""
        if at_once:
            self.process.kill()
        self.watch.close()
        self.venue.drop(self.control)
        with contextlib.suppress(TimeoutError):  # the venue goes on meanwhile: another engine would take it for dead
            self.venue.until(lambda: self.process.poll() is not None, 10.0, "the end")
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.home is not None:
            self.home.cleanup()


@dataclass
class DeskRacer(Racer):
    """An engine: its leader trades, its followers are filled."""

    account: int = 0
    is_slow: bool = False  # orders are answered only after the leader's fourth fill in a row

    def run(self) -> Lap:
        """One lap: up four, down four where answers are slow, else up and down by one."""
        venue = self.venue
        span = 4 if self.is_slow else 1
        quantity = 1 if self.steps // span % 2 == 0 else -1
        self.steps += 1
        action, now, number = ("Buy" if quantity > 0 else "Sell"), wire.stamp(), venue.number()
        self.leader.send(
            wire.array(
                (
                    wire.event("order", wire.order(number, self.account, action, "PendingNew", now)),
                    wire.event("command", wire.command(number, number, "", now)),
                    wire.event("orderVersion", wire.version(number, number, 1)),
                )
            )
        )
        venue.pump(0.003)
        self.before()
        frame = wire.array((wire.event("fill", wire.fill(venue.number(), number, action, 1, wire.stamp())),))
        time_, self.wrote = lap(self.watch, self.leader, frame, self.expected)
        for fd, data in self.wrote:
            self.watch.peers[fd].take(data)
        self.check(quantity)
        venue.nets[self.account] += quantity
        done = (
            wire.event("order", wire.order(number, self.account, action, "Filled", now), "Updated"),
            wire.event("position", wire.position(self.account, venue.nets[self.account], now), "Updated"),
        )
        self.leader.send(wire.array(done))
        if not self.is_slow or self.steps % span == 0:
            venue.fill_all()
            self.ask("settle")
        venue.pump(0.002)
        return time_

    def check(self, quantity: int) -> None:
        """Every follower ordered once and what the leader did."""
        watched = set(self.watch.peers.values())
        placed: list[Placed] = [order for order in self.venue.placed if order.peer in watched][-self.expected :]
        accounts = {order.account for order in placed}
        if len(accounts) != self.expected or {order.quantity for order in placed} != {quantity}:
            raise RuntimeError(f"{self.name}: wrong orders in lap {self.steps}")


def start_desk(venue: Venue, name: str, followers: int, **wishes: Any) -> DeskRacer:
    """Start an engine and wait until all its followers may trade."""
    home = tempfile.TemporaryDirectory(prefix="lockstep-bench-", ignore_cleanup_errors=True)
    order = Order(name=name, port=venue.port, side_port=venue.side_port, followers=followers, home=home.name, **wishes)
    logins = order.logins()
    for login, accounts in logins.items():
        venue.add(login, accounts)
    process = subprocess.Popen([sys.executable, "-m", "tests.bench.desk", msgspec.json.encode(order).decode()])
    venue.until(lambda: bool(venue.arrivals.get(name)) or process.poll() is not None, PATIENCE_S, f"{name} to start")
    if process.poll() is not None:
        raise RuntimeError(f"{name} has ended, see above")
    control = venue.arrivals[name][0]
    racer = DeskRacer(name, venue, process, control, Watch([]), control, followers, home=home)
    racer.ask("ready")
    leader, *peers = (venue.socket_of(login) for login in logins)
    racer.leader, racer.watch = leader, Watch(peers)
    racer.account = next(iter(venue.logins[f"{name}-lead"].accounts))
    for _ in range(4):
        racer.run()
    return racer


def start_floor(venue: Venue, like: DeskRacer) -> Racer:
    """Start the bare client with the connections and the bytes of ``like``."""
    ready = sorted((data for _, data in like.wrote), key=len)
    size = len(ready[-1])
    count = len(like.watch.peers)
    venue.arrivals.clear()
    arguments = [str(venue.side_port), str(count), str(size)]
    process = subprocess.Popen([sys.executable, "-m", "tests.bench.floor", *arguments])
    venue.until(lambda: "floor" in venue.arrivals or process.poll() is not None, PATIENCE_S, "the floor to start")
    legs = venue.arrivals["leg"]
    for leg in legs:
        leg.send(ready[-1])
    racer = Racer("floor", venue, process, venue.arrivals["floor"][0], Watch(legs), venue.arrivals["head"][0], 0)
    racer.expected = like.expected
    racer.ask("settle")
    for _ in range(4):
        racer.run()
    return racer


def race(racers: list[Racer], rounds: int) -> None:
    """Let them run in turns, so that whatever else the computer does hits all alike."""
    gc.collect()
    gc.disable()
    try:
        for turn in range(rounds):
            for i in range(len(racers)):
                racer = racers[(turn + i) % len(racers)]
                racer.laps.append(racer.run())
            gc.collect(0)
    finally:
        gc.enable()
