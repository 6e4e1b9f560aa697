"""Metrics of the bot in Prometheus' text format: its vital signs, the alerts that are open, and what was counted."""

from collections import Counter
from collections.abc import Callable, Iterator

from prometheus_client import generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from bot.core.alertgroup import Group, Stage
from bot.core.vital import PlatformVital, Vitals
from bot.runtime.vigil.meter import Meter
from engine.api import Severity

RANKS = ("oncall", "deputy")


class Metrics(Collector):
    """Reads everything when it is asked."""

    def __init__(
        self,
        meter: Meter,
        look: Callable[[], Vitals],
        alerts: Callable[[], list[Group]],
        oncall: Callable[[], set[int]],
    ) -> None:
        """``alerts`` are those that are open, ``oncall`` the ranks that somebody has."""
        self._meter = meter
        self._look = look
        self._alerts = alerts
        self._oncall = oncall
        self._process = ProcessCollector(registry=None)

    def text(self) -> bytes:
        """All metrics.

        Raises: StorageError.
        """
        return generate_latest(self)

    def collect(self) -> Iterator[Metric]:
        """All metrics, one family after the other."""
        vitals = self._look()
        yield _gauge("lockstep_bot_uptime_seconds", "Since the bot started.", vitals.up_s)
        yield _gauge("lockstep_bot_engine_connected", "1 while the engine's events come.", float(vitals.is_connected))
        heard = GaugeMetricFamily("lockstep_bot_engine_heard_seconds", "Since the engine said anything.")
        if vitals.engine_s is not None:
            heard.add_metric((), vitals.engine_s)
        yield heard
        yield from _platforms(vitals.platforms)
        yield from self._people()
        yield from self._meter.metrics()
        yield from self._process.collect()

    def _people(self) -> Iterator[Metric]:
        counted = Counter((group.severity, group.stage) for group in self._alerts())
        alerts = GaugeMetricFamily("lockstep_bot_alerts", "Open alerts.", labels=("severity", "stage"))
        for severity in (Severity.P1, Severity.P2, Severity.P3):
            for stage in (Stage.PENDING, Stage.FIRING, Stage.ACKED, Stage.SNOOZED):
                alerts.add_metric((severity.value, stage.value), counted[severity, stage])
        yield alerts
        ranks = self._oncall()
        oncall = GaugeMetricFamily("lockstep_bot_oncall", "1 where somebody has this duty.", labels=("rank",))
        for number, name in enumerate(RANKS):
            oncall.add_metric((name,), float(number in ranks))
        yield oncall


def _platforms(platforms: tuple[PlatformVital, ...]) -> Iterator[Metric]:
    def gauge(name: str, about: str) -> GaugeMetricFamily:
        return GaugeMetricFamily(f"lockstep_bot_{name}", about, labels=("platform",))

    up = gauge("platform_up", "1 while a platform says of itself that nothing is wrong.")
    heard = gauge("platform_heard_seconds", "Since a platform said anything.")
    waiting = gauge("outbox_waiting", "Messages that wait or are under way.")
    oldest = gauge("outbox_oldest_seconds", "Since the oldest of them was put into the outbox.")
    urgent = gauge("outbox_urgent_seconds", "Since the oldest urgent one was.")
    dead = CounterMetricFamily(
        "lockstep_bot_outbox_dead_total", "Messages given up since the bot started.", labels=("platform",)
    )
    for one in platforms:
        names = (one.name,)
        up.add_metric(names, float(not one.trouble))
        if one.heard_s is not None:
            heard.add_metric(names, one.heard_s)
        waiting.add_metric(names, one.waiting)
        oldest.add_metric(names, one.oldest_s)
        urgent.add_metric(names, one.urgent_s)
        dead.add_metric(names, one.dead)
    yield from (up, heard, waiting, oldest, urgent, dead)


def _gauge(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(name, about, value=value)
