"""A leader who trades at a steady pace, whether or not anybody keeps up; and what it takes until his followers have ordered.

Laps wait for each other; here the next fill comes when its time has come. The followers' orders are answered at once.
"""

import time
from dataclasses import dataclass, field
from itertools import accumulate

from tests.bench import wire
from tests.bench.race import DeskRacer
from tests.bench.venue import Venue

SPAN = 4  # fills up, then as many down
LATE_S = 5.0  # how long after the last fill its orders may come


@dataclass
class Steady:
    """One run. ``last`` are microseconds from each fill until the last follower had ordered; ``pace`` is fills a second.

    ``netted`` fills are not among them: their opposite came before they had been copied, so that there was nothing to order.
    """

    last: list[float] = field(default_factory=list)
    pace: float = 0.0
    netted: int = 0


def steady(venue: Venue, desk: DeskRacer, rate: float, fills: int) -> Steady:
    """Let the leader of ``desk`` fill ``rate`` times a second.

    Raises: RuntimeError where a follower is not at last where its leader is.
    """
    runner = _Runner(venue, desk)
    began = time.perf_counter()
    for number in range(fills):
        runner.serve(until=began + number / rate)
        runner.fill(1 if number // SPAN % 2 == 0 else -1)
    pace = fills / (time.perf_counter() - began)
    runner.serve(until=time.perf_counter() + LATE_S, enough=fills * desk.expected)
    desk.ask("settle")
    copied = [_copied(runner.fills, orders) for orders in runner.orders.values()]
    if len(copied) != desk.expected or None in copied:
        raise RuntimeError(f"{desk.name}: a follower did not end where its leader did")
    found = Steady(pace=pace)
    for number, (start, _) in enumerate(runner.fills):
        times = [one[number] for one in copied if one is not None]
        late = [at for at in times if at is not None]
        if len(late) < len(times):
            found.netted += 1
        else:
            found.last.append((max(late) - start) * 1e6)
    return found


def _copied(fills: list[tuple[float, int]], orders: list[tuple[float, int]]) -> list[float | None] | None:
    """When an account came to what each fill made of the leader; None where it never was there, or is not now."""
    found: list[float | None] = []
    sums = list(accumulate(quantity for _, quantity in orders))
    place = net = 0
    for start, quantity in fills:
        net += quantity
        is_there = place < len(orders) and sums[place] == net and orders[place][0] >= start
        found.append(orders[place][0] if is_there else None)
        place += is_there
    return found if place == len(orders) and sums[-1:] == [net] else None


class _Runner:
    def __init__(self, venue: Venue, desk: DeskRacer) -> None:
        self._venue, self._desk = venue, desk
        self.fills: list[tuple[float, int]] = []  # when, and how much
        self.orders: dict[int, list[tuple[float, int]]] = {}  # by account: when each came, and how much

    def serve(self, until: float, enough: int = 0) -> None:
        """Answer whatever comes."""
        venue = self._venue
        while (left := until - time.perf_counter()) > 0:
            venue.step(left)
            if venue.placed:
                now = time.perf_counter()
                for order in venue.placed:
                    self.orders.setdefault(order.account, []).append((now, order.quantity))
                venue.fill_all()
                if enough and sum(map(len, self.orders.values())) >= enough:
                    return

    def fill(self, quantity: int) -> None:
        """The leader's order and its fill, as the vendor tells them."""
        venue, desk = self._venue, self._desk
        action, now, number = ("Buy" if quantity > 0 else "Sell"), wire.stamp(), venue.number()
        order = (
            wire.event("order", wire.order(number, desk.account, action, "PendingNew", now)),
            wire.event("command", wire.command(number, number, "", now)),
            wire.event("orderVersion", wire.version(number, number, 1)),
        )
        desk.leader.send(wire.array(order))
        venue.nets[desk.account] += quantity
        self.fills.append((time.perf_counter(), quantity))
        done = (
            wire.event("fill", wire.fill(venue.number(), number, action, 1, now)),
            wire.event("order", wire.order(number, desk.account, action, "Filled", now), "Updated"),
            wire.event("position", wire.position(desk.account, venue.nets[desk.account], now), "Updated"),
        )
        desk.leader.send(wire.array(done))
