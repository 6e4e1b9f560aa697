"""Metrics of the engine: what the clerk knows, as Prometheus families; gathered when somebody asks, and not before.

Theory of operation. Accounts are walked on the clerk's own loop, a few at a time, so that an act never waits for a scrape; from
the figures that come of it the text is made in a thread. What is counted (``tally``) and what is folded stands ready anyway.
"""

import asyncio
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec
from prometheus_client import generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from engine.api.views import AccountState, HealthView, LineView
from engine.domain.desync import SyncState
from engine.domain.group import AccountPlan
from engine.domain.watch import seen
from engine.service.account import leader_state_of, state_of
from engine.service.clerk import Clerk
from engine.service.risk import shares
from engine.service.tally import Tally
from engine.service.trouble import STALL_S, beat_s, journal_bytes

AT_ONCE = 25  # accounts between two looks at what else the clerk has to do
ROLES = ("leader", "follower", "idle")


class Figures(msgspec.Struct):
    """Everything that is measured at one moment."""

    health: HealthView
    tally: Tally
    beat_s: float
    is_up: bool
    folded_seq: int
    readers: int
    disk_free: int
    journal_bytes: int
    pid: int
    accounts: Counter[tuple[str, AccountState]] = msgspec.field(default_factory=Counter)
    desynced: Counter[SyncState] = msgspec.field(default_factory=Counter)
    used: list[tuple[str, str, float]] = []  # account, limit, share


async def exposition(clerk: Clerk) -> bytes:
    """All metrics in the text format."""
    return await asyncio.to_thread(generate_latest, _Scrape(await gather(clerk)))


async def gather(clerk: Clerk) -> Figures:
    """Look at everything, account by account."""
    home, projection = Path(clerk.settings.home), clerk.projection
    age_s, pulse = beat_s(clerk), projection.pulse
    found = Figures(
        health=clerk.health(),
        tally=projection.tally or Tally(),
        beat_s=age_s,
        is_up=clerk.link.is_up and age_s < STALL_S,
        folded_seq=projection.seq,
        readers=len(clerk.stream.readers),
        disk_free=shutil.disk_usage(home).free,
        journal_bytes=journal_bytes(clerk.settings.journal),
        pid=pulse.pid if pulse is not None else 0,
    )
    lines = {line.connection: line.up for line in found.health.lines}
    for number, plan in enumerate(projection.state.plan.accounts, 1):
        _account(clerk, plan, found, is_up=lines.get(plan.connection, False))
        if number % AT_ONCE == 0:
            await asyncio.sleep(0)
    return found


def _account(clerk: Clerk, plan: AccountPlan, found: Figures, *, is_up: bool) -> None:
    state = clerk.projection.state
    copier, book = state.copiers.get(plan.id), state.leaders.get(plan.id)
    if copier is None:
        role = "leader" if book is not None else "idle"
        idle = AccountState.LIVE if is_up else AccountState.OFFLINE
        found.accounts[role, leader_state_of(book)[0] if book is not None else idle] += 1
        return
    clerk.projection.desk.mark(plan.id)
    found.accounts["follower", state_of(copier)[0]] += 1
    now = clerk.now()
    found.desynced.update(
        sync for lane in copier.lanes.values() if (sync := seen(copier, lane, now).state) is not SyncState.IN_SYNC
    )
    found.used += [(plan.id, limit.value, float(used)) for limit, used in shares(copier)]


class _Scrape(Collector):
    """One answer."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        figures = self._figures
        yield from _hot(figures)
        yield from _desk(figures)
        yield from _lines(figures.health.lines)
        yield from _journal(figures)
        yield from figures.tally.metrics()
        yield from ProcessCollector(registry=None).collect()
        if figures.pid:
            yield from ProcessCollector("lockstep_engine", pid=lambda: figures.pid, registry=None).collect()


def _hot(figures: Figures) -> Iterator[Metric]:
    health = figures.health
    yield gauge("lockstep_engine_up", "1 while the hot process tells how it is doing.", float(figures.is_up))
    version = GaugeMetricFamily("lockstep_engine_build_info", "The running version.", labels=("version",))
    version.add_metric((health.version,), 1)
    yield version
    yield gauge("lockstep_engine_uptime_seconds", "Since the hot process started.", health.up_s)
    yield gauge(
        "lockstep_engine_pulse_age_seconds",
        "Since the hot process was heard; it speaks twice a second.",
        figures.beat_s,
    )
    yield gauge(
        "lockstep_engine_loop_delay_seconds",
        "Worst delay of the hot loop in the last half second.",
        health.loop_ms / 1000,
    )
    yield gauge("lockstep_engine_events_per_second", "Facts heard in the last half second.", health.events_per_s)
    yield gauge("lockstep_event_stream_readers", "Open event streams, the bot's among them.", figures.readers)


def _desk(figures: Figures) -> Iterator[Metric]:
    accounts = GaugeMetricFamily("lockstep_accounts", "Accounts by role and state.", labels=("role", "state"))
    for role in ROLES:
        for state in AccountState:
            accounts.add_metric((role, state.value), figures.accounts[role, state])
    yield accounts
    desynced = GaugeMetricFamily(
        "lockstep_contracts_out_of_sync", "Contracts of followers that are not in sync, by state.", labels=("state",)
    )
    for sync in SyncState:
        if sync is not SyncState.IN_SYNC:
            desynced.add_metric((sync.name.lower(),), figures.desynced[sync])
    yield desynced
    yield gauge("lockstep_quarantined_accounts", "Followers set aside after a fault.", len(figures.health.quarantined))
    yield gauge("lockstep_leaders_lost", "Leaders that cannot be heard.", len(figures.health.silent))
    used = GaugeMetricFamily(
        "lockstep_limit_used_ratio",
        "Share of a limit that is used up; 1 is the firm's line.",
        labels=("account", "limit"),
    )
    for account, limit, share in figures.used:
        used.add_metric((account, limit), share)
    yield used


def _lines(lines: tuple[LineView, ...]) -> Iterator[Metric]:
    labels = ("connection", "broker")
    up = GaugeMetricFamily("lockstep_connection_up", "1 while a broker's line is there.", labels=labels)
    heard = GaugeMetricFamily(
        "lockstep_connection_heard_seconds", "Since a broker's line said anything.", labels=labels
    )
    trip = GaugeMetricFamily("lockstep_connection_round_trip_seconds", "Of the newest answered request.", labels=labels)
    left = GaugeMetricFamily(
        "lockstep_connection_requests_left",
        "Requests left this minute, the reserve for exits not counted.",
        labels=labels,
    )
    waiting = GaugeMetricFamily(
        "lockstep_connection_requests_waiting", "Requests held back by the budget.", labels=labels
    )
    for line in lines:
        names = (line.connection, line.broker)
        up.add_metric(names, float(line.up))
        left.add_metric(names, line.budget_left)
        waiting.add_metric(names, line.waiting)
        if line.heard_s is not None:
            heard.add_metric(names, line.heard_s)
        if line.round_trip_ms is not None:
            trip.add_metric(names, line.round_trip_ms / 1000)
    yield from (up, heard, trip, left, waiting)


def _journal(figures: Figures) -> Iterator[Metric]:
    health = figures.health
    yield gauge("lockstep_journal_seq", "Newest entry of the journal.", health.journal_seq)
    yield gauge(
        "lockstep_journal_behind_entries",
        "Entries that the views have not taken in yet.",
        max(0, health.journal_seq - figures.folded_seq),
    )
    yield gauge(
        "lockstep_journal_unstored_entries",
        "Entries that the database does not have yet.",
        max(0, health.journal_seq - health.stored_seq),
    )
    yield gauge(
        "lockstep_journal_bytes",
        "Size of the journal's files, which are made before they are filled.",
        figures.journal_bytes,
    )
    yield gauge("lockstep_disk_free_bytes", "Room where the data directory is.", figures.disk_free)


def gauge(name: str, about: str, value: float) -> Metric:
    """One figure without labels."""
    return GaugeMetricFamily(name, about, value=value)
