"""Meter: what came, what went and how long it took since the bot started, for whoever counts; made only where somebody does.

Messages and answers are timed as they pass. Commands, pushes and acknowledgements are read from the record and from the
histories of alerts, where they stand anyway, whenever somebody asks.
"""

from collections.abc import Iterator

from prometheus_client import Counter, Histogram, Metric, disable_created_metrics

from bot.core.chat import Clock, Incoming, Message
from bot.storage.alert import AlertStore
from bot.storage.audit import AuditStore

disable_created_metrics()  # type: ignore[no-untyped-call]  # when a count began is when the process did

SENT_S = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0)
ACKED_S = (5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 14400.0)
OPEN = 1_000  # commands without an answer that are kept in mind


class Meter:
    """Counts of one bot."""

    def __init__(self, audit: AuditStore, alerts: AlertStore, clock: Clock) -> None:
        """Count from here on."""
        self._audit = audit
        self._alerts = alerts
        self._clock = clock
        self._audited, _ = audit.head()
        self._event = alerts.newest_event()
        self._asked: dict[tuple[str, str], float] = {}
        self._delay = Histogram(
            "lockstep_bot_outbox_delay_seconds",
            "From a message put into the outbox to the platform's answer that it is shown.",
            ("platform", "priority"),
            registry=None,
            buckets=SENT_S,
        )
        self._reply = Histogram(
            "lockstep_bot_reply_seconds",
            "From a command or a press heard to the platform's answer that the first reply is shown.",
            ("platform",),
            registry=None,
            buckets=SENT_S,
        )
        self._commands = Counter(
            "lockstep_bot_commands_total", "Commands in the record.", ("verb", "result"), registry=None
        )
        self._pushes = Counter("lockstep_bot_alert_pushes_total", "Alerts pushed to people.", ("why",), registry=None)
        self._acks = Histogram(
            "lockstep_bot_alert_ack_seconds",
            "From an alert's first push to its first acknowledgement.",
            ("severity",),
            registry=None,
            buckets=ACKED_S,
        )

    def heard(self, incoming: Incoming) -> None:
        """Something came that may be answered."""
        if incoming.update:
            self._asked[incoming.platform, incoming.update] = self._clock.monotonic()
            while len(self._asked) > OPEN:
                del self._asked[next(iter(self._asked))]

    def shown(self, message: Message, waited_s: float) -> None:
        """A platform has shown a message that was put into the outbox so long ago."""
        platform = message.chat.partition(":")[0]
        self._delay.labels(platform, message.priority.name.lower()).observe(waited_s)
        since = self._asked.pop((platform, message.answers), None) if message.answers else None
        if since is not None:
            self._reply.labels(platform).observe(self._clock.monotonic() - since)

    def metrics(self) -> Iterator[Metric]:
        """Everything that was counted, what was written down meanwhile included.

        Raises: StorageError.
        """
        self._read()
        for one in (self._delay, self._reply, self._commands, self._pushes, self._acks):
            yield from one.collect()

    def _read(self) -> None:
        for seq, command, result in self._audit.results(self._audited):
            self._commands.labels(command or "none", result).inc()
            self._audited = seq
        for number, line in self._alerts.events(self._event):
            self._event = number
            if line.kind == "pushed":
                self._pushes.labels(line.text).inc()
            elif line.kind == "ack" and (waited := self._alerts.waited(line.group, number)) is not None:
                group = self._alerts.group(line.group)
                severity = group.severity.value if group is not None else "none"
                self._acks.labels(severity).observe(waited.total_seconds())
