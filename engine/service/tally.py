"""Tally: what was copied, refused and told since this clerk serves, and how long it took, for whoever counts.

Plain sums, for every entry passes here: what a scraper reads is made of them when one asks.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric

from engine.api.notices import Notice
from engine.domain.decision import SendBracketed, SendLots, Skipped
from engine.domain.entry import Entry
from engine.domain.event import OrderAnswered, OrderChanged, OrderFilled, OrdersSent, Refused, SnapshotTaken
from engine.domain.ids import OrderId
from engine.service.copied import Order, base
from engine.service.lineage import Lineage

STEPS_S = (0.0002, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
STAGES = ("hand", "answer", "fill")
Figures = Mapping[str, Mapping[str, float]]  # account → measure, in ms

_CHECKS = 40  # names of checks that are told apart
_OPEN = 20_000  # orders without an end that are kept in mind


class Spread:
    """How often a time fell between which two steps."""

    def __init__(self) -> None:
        """Nothing was taken in yet."""
        self._counts = [0] * (len(STEPS_S) + 1)
        self._sum = 0.0

    def take(self, seconds: float) -> None:
        """Take one time in."""
        self._counts[bisect_left(STEPS_S, seconds)] += 1
        self._sum += seconds

    def show(self, family: HistogramMetricFamily, labels: Sequence[str] = ()) -> None:
        """Put the sums into a family."""
        ends = [*map(str, STEPS_S), "+Inf"]
        family.add_metric(labels, list(zip(ends, accumulate(self._counts), strict=True)), self._sum)


class Tally:
    """Counts since it was made. One owner."""

    def __init__(self) -> None:
        """Nothing was counted yet."""
        self._open: dict[OrderId, Order] = {}
        self._copies: Counter[str] = Counter()
        self._skips: Counter[str] = Counter()
        self._refusals: Counter[str] = Counter()
        self._notices: Counter[str] = Counter()
        self._last_order = Spread()
        self._stages: defaultdict[str, Spread] = defaultdict(Spread)

    def metrics(self) -> Iterator[Metric]:
        """Everything that was counted."""
        for name, about, label, counts in (
            ("copies", "Followers' orders that have ended, and entries skipped.", "result", self._copies),
            ("skips", "Entries, or parts of them, not copied, by the check.", "check", self._skips),
            ("refusals", "Orders that the broker refused or that were never sent, by kind.", "kind", self._refusals),
            ("notices", "What people were told.", "severity", self._notices),
        ):
            counter = CounterMetricFamily(f"lockstep_{name}_total", about, labels=(label,))
            for value, count in counts.copy().items():
                counter.add_metric((value,), count)
            yield counter
        last = "From the leader's frame heard to the last follower's order handed to its socket."
        order = HistogramMetricFamily("lockstep_last_order_seconds", last)
        self._last_order.show(order)
        yield order
        each = "Of each copied order: hand from the leader's frame to its socket, from there answer and fill."
        stage = HistogramMetricFamily("lockstep_copy_stage_seconds", each, labels=("stage",))
        for name, spread in self._stages.copy().items():
            spread.show(stage, (name,))
        yield stage

    def fold(self, entry: Entry, lineage: Lineage, notices: Sequence[Notice], figures: Figures) -> None:
        """Take one entry in, after the lineage did; ``figures`` are the measures of the order that it completes."""
        for told in notices:
            self._notices[told.severity.value] += 1
        for measures in figures.values():
            for name in STAGES:
                if name in measures:
                    self._stages[name].take(measures[name] / 1000)
        for decision in entry.decisions:
            match decision:
                case SendLots(lots=lots):
                    self._opened([client for client, *_ in lots], lineage)
                case SendBracketed(lot=lot):
                    self._opened([lot[0]], lineage)
                case Skipped(check=check):
                    self._copies["skipped"] += 1
                    self._skips[check if check in self._skips or len(self._skips) < _CHECKS else "other"] += 1
                case _:
                    pass
        match entry.event:
            case OrdersSent(at=at, cause=cause, heard_at=heard, offsets_us=offsets) if offsets:
                copy = lineage.copies.get(base(cause))
                if copy is not None and copy.leader:
                    self._last_order.take(max(0.0, (at - heard).total_seconds() + max(offsets) / 1e6))
            case OrderAnswered(client=client, outcome=outcome):
                if isinstance(outcome, Refused):
                    self._refusals[outcome.kind.value] += 1
                self._look(client)
            case OrderFilled(client=client) | OrderChanged(client=client) if client is not None:
                self._look(client)
            case SnapshotTaken(account=account):
                for client in [client for client, order in self._open.items() if order.account == account]:
                    self._look(client)
            case _:
                pass

    def _opened(self, clients: Sequence[OrderId], lineage: Lineage) -> None:
        for client in clients:
            if (order := lineage.orders.get(client)) is not None:
                self._open[client] = order
        while len(self._open) > _OPEN:
            del self._open[next(iter(self._open))]

    def _look(self, client: OrderId) -> None:
        """Count an order once it has ended."""
        order = self._open.get(client)
        if order is None or not order.is_done:
            return
        del self._open[client]
        is_whole = abs(order.filled) >= abs(order.quantity)
        self._copies["ok" if is_whole else "part" if order.filled else "refused"] += 1
