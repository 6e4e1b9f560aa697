"""Composition root of the hot process: picks adapters, opens the one TaskGroup."""

import asyncio
import os
import secrets
import uuid
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path

from engine.brokers import load
from engine.calendar.almanac import Almanac
from engine.domain.command import Command
from engine.domain.event import ClockChanged, DeskConfigured, EngineStarted, PersonActed
from engine.domain.group import DeskPlan
from engine.domain.ids import AccountId, ConnectionId, Symbol
from engine.ports import Clock, ConnectContext, Session
from engine.runtime.awake import Awake
from engine.runtime.clock import SystemClock
from engine.runtime.keeper import Keeper
from engine.runtime.link import Act, Acted, Declined, LinkServer, Pulse
from engine.runtime.litter import Litter
from engine.runtime.recovery import recover
from engine.runtime.schedule import Schedule
from engine.runtime.shard import Shard
from engine.storage.log import Log, Sync

VERSION = version("lockstep-desk")
MARK_S = 0.25  # how often quotes and time reach the desk
PULSE_S = 0.5
JUMP_S = 0.5  # a computer clock that differs more than this was set by somebody


class Engine:
    """The hot process: sessions, desk, journal, and the link to the clerk."""

    def __init__(
        self,
        home: Path,
        plan: DeskPlan,
        connections: list[tuple[str, ConnectContext]],
        clock: Clock | None = None,
        sync: Sync = "process",
        awake_s: float = 0.0,
    ) -> None:
        """Take over the journal in ``home`` and rebuild the desk; no traffic yet.

        ``connections`` are broker name and context of each login; ``awake_s`` is how long the loop stays awake after each
        move of a leader.
        Raises: StaleOwner where another engine holds the journal; JournalError; ConfigError for an unknown broker.
        """
        self.clock = clock or SystemClock()
        self.log = Log(home, sync=sync)
        self.run_id = uuid.uuid4().hex[:12]
        self._started = self.clock.monotonic()
        self._sessions: dict[ConnectionId, Session] = {}
        by_account: dict[AccountId, Session] = {}
        newest = self.log.newest_checkpoint()
        entries = (record.payload for record in self.log.read(newest.seq + 1 if newest else 1))
        desk = recover(newest.state if newest else None, entries)
        stir = Awake(self.clock, awake_s).stir
        self.shard = Shard(desk, self.log, self.clock, by_account, self._crash, stir, self._sweep)
        for broker, context in connections:
            session = load(broker).connect(context, self.shard.hear, self.clock)
            self._sessions[context.connection] = session
            by_account.update(dict.fromkeys((account.id for account in context.accounts), session))
        self._plan = plan
        self._home = home
        leads = [by_account[group.leader] for group in plan.groups]
        spare = [session for session in self._sessions.values() if session not in leads]
        # quotes of the whole desk: a leader's line and a spare one
        self._watchers = list(dict.fromkeys([*leads, *spare[:1]]))
        self._watched: frozenset[Symbol] = frozenset()
        self._litter: Litter | None = None
        self._worst_loop_s = 0.0
        self._token = secrets.token_hex(16)
        self._link = LinkServer(self._token, self._take)
        self._crashed = asyncio.Event()

    async def run(self, clerk: Mapping[str, str] | None = None, tell: Callable[[str], None] = print) -> None:
        """Run until cancelled; ``clerk`` is the environment of the control API's process, None for none.

        Raises: RuntimeError after a fault that no follower can be blamed for, so that a supervisor starts afresh.
        """
        now = self.clock.now()
        self.shard.hear(
            [EngineStarted(at=now, run=self.run_id, version=VERSION), DeskConfigured(at=now, plan=self._plan)]
        )
        port = await self._link.start()
        self._litter = Litter(self.clock.monotonic())
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._watch_crash())
                tasks.create_task(self._tick())
                tasks.create_task(self._pulse())
                desk = self.shard.desk
                schedule = Schedule(Almanac(self._home), lambda: desk.state, self.clock, self.shard.hear, tell)
                tasks.create_task(schedule.run())
                for session in self._sessions.values():
                    tasks.create_task(session.run())
                if clerk is not None:
                    link = {"LOCKSTEP_LINK_PORT": str(port), "LOCKSTEP_LINK_TOKEN": self._token}
                    tasks.create_task(Keeper({**clerk, **link}, self.clock, tell).run())
        finally:
            await self._link.close()
            self.close()

    def close(self) -> None:
        """Give the journal up."""
        self.shard.flush()
        self.log.close()
        if self._litter is not None:
            self._litter.close()

    def _sweep(self) -> None:
        if self._litter is not None:
            self._litter.sweep()

    def _crash(self) -> None:
        self._crashed.set()

    async def _watch_crash(self) -> None:
        await self._crashed.wait()
        raise RuntimeError("a fault in the engine itself; it starts again and compares positions first")

    async def _tick(self) -> None:
        """Quotes, time, the journal's room, the computer's clock, new contracts to watch, garbage."""
        heard = -1
        while True:
            before = self.clock.monotonic()
            await self.clock.sleep(MARK_S)
            self._worst_loop_s = max(self._worst_loop_s, self.clock.monotonic() - before - MARK_S)
            self._check_clock()
            self.shard.mark()
            self.shard.look_after(self.log.low or "")
            symbols = self.shard.symbols() - self._watched
            if symbols:
                self._watched |= symbols
                for session in self._watchers:
                    session.watch(sorted(symbols))
            if self._litter is not None:
                self._litter.tick(before, is_quiet=heard == self.shard.heard)
            heard = self.shard.heard

    def _check_clock(self) -> None:
        if isinstance(self.clock, SystemClock) and abs(drift := self.clock.drift()) > JUMP_S:
            self.clock.follow()
            self.shard.hear([ClockChanged(at=self.clock.now(), seconds=drift)])

    async def _pulse(self) -> None:
        heard = self.shard.heard
        while True:
            await self.clock.sleep(PULSE_S)
            facts, heard = self.shard.heard - heard, self.shard.heard
            worst, self._worst_loop_s = self._worst_loop_s, 0.0
            self._link.pulse(
                Pulse(
                    at=self.clock.now(),
                    run=self.run_id,
                    version=VERSION,
                    up_s=self.clock.monotonic() - self._started,
                    seq=self.log.next_seq - 1,
                    loop_ms=worst * 1000,
                    events_per_s=facts / PULSE_S,
                    lines=tuple(session.health() for session in self._sessions.values()),
                    journal=self.shard.strain,
                    pid=os.getpid(),
                )
            )

    def _take(self, act: Act) -> Acted | Declined:
        """Take a person's wish into the journal and carry it out, once."""
        if act.key in self.shard.desk.state.acts:
            return Acted(ask=act.ask, seq=0)
        unknown = [name for name in act.command.accounts if name not in self.shard.desk.state.copiers]
        if unknown:
            return Declined(ask=act.ask, error=f"{', '.join(unknown)} is no follower of this desk")
        self.act(act.key, act.by, act.command)
        return Acted(ask=act.ask, seq=self.log.next_seq - 1)

    def act(self, key: str, by: str, command: Command) -> None:
        """Carry out a person's wish."""
        self.shard.hear([PersonActed(at=self.clock.now(), key=key, by=by, command=command)])
        self.shard.flush()
