"""The clerk: follows the journal, keeps the projection and the database, and passes acts on to the hot process."""

import asyncio
import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import takewhile
from pathlib import Path
from typing import Any

import msgspec
import structlog

from engine.api.news import NewsView
from engine.api.notices import Message, Notice, Snapshot, StatusTold
from engine.api.pnl import CurveView, PnlView
from engine.api.requests import ActAsk, NewsPauseAsk
from engine.api.views import ActState, ActView, HealthView, PreviewView, StatusView
from engine.api.whatif import WhatIfView
from engine.calendar.almanac import Almanac, Reading, Stamp
from engine.domain.command import Command
from engine.domain.decision import Severity
from engine.domain.entry import decode_entry
from engine.domain.ids import AccountId
from engine.errors import LockstepError, TransientError
from engine.ports import Clock
from engine.runtime.link import Acted, Declined, Pulse
from engine.service.act import KINDS, ActBook
from engine.service.asked import AskError, check
from engine.service.attendance import FILE as ATTENDED
from engine.service.attendance import Attendance
from engine.service.attendance import Kept as Attended
from engine.service.curve import FILE as CURVE
from engine.service.curve import Curve
from engine.service.curve import Kept as Earned
from engine.service.link import LinkClient
from engine.service.news import news_view, plan_of
from engine.service.pace import FILE as PACE
from engine.service.pace import Kept as Usual
from engine.service.pace import Pace
from engine.service.preview import command_of, preview
from engine.service.projection import Projection
from engine.service.scope import accounts_of, followers_of, led_of
from engine.service.setting import ClerkSettings
from engine.service.shelf import Shelf
from engine.service.status import account_views, health_view, status_view
from engine.service.stream import Stream
from engine.service.tally import Tally
from engine.service.trade import Trade
from engine.service.whatif import what_if
from engine.storage.drain import Drain
from engine.storage.store import Store
from engine.storage.tail import Tail, newest_checkpoint, read, segments

_log: structlog.stdlib.BoundLogger = structlog.get_logger("clerk")

FOLLOW_S = 0.02
DRAIN_S = 0.5
STATUS_S = 0.5
PRUNE_S = 3600.0
KEEP_S = 60.0
LOOK_BACK = 20_000  # entries before the checkpoint that people may look back at
FOLDED_AT_ONCE = 500
SAID_AGAIN = timedelta(seconds=10)  # a notice of our own start is younger; an older one stands in the log already


class StaleError(LockstepError):
    """The state changed since the version that the ask names."""


class AwayError(LockstepError):
    """The hot process is away."""


class ConflictError(LockstepError):
    """The key belongs to another act."""


class Clerk:
    """The state behind the control API."""

    def __init__(self, settings: ClerkSettings, clock: Clock) -> None:
        """Open nothing yet.

        Raises: ConfigError for a database address that is none.
        """
        self.settings = settings
        self.clock = clock
        home = Path(settings.home)
        self._pace_shelf, self._curve_shelf = Shelf(home / PACE, Usual), Shelf(home / CURVE, Earned)
        self.attendance = Attendance(Shelf(home / ATTENDED, Attended), clock)
        self.projection = Projection(Pace(self._pace_shelf.take()))
        self.curve = Curve(self._curve_shelf.take())
        self.stream = Stream()
        self.store = Store(settings.database_url)
        self.drain = Drain(settings.journal, self.store)
        self.link = LinkClient(settings.link_token, self._beat)
        self.beat_at = clock.monotonic()  # when the hot process was last heard
        self._tail: Tail | None = None
        self._almanac = Almanac(Path(settings.home))
        self._read: tuple[Stamp, Reading] | None = None
        self._status_at = -STATUS_S
        self._said_from = clock.now() - SAID_AGAIN
        self._is_status_due = False
        self._asking: dict[str, asyncio.Future[ActView]] = {}

    async def start(self) -> None:
        """Reach the hot process and fold the journal up to now.

        Raises: TransientError where the hot process does not listen; JournalError for a damaged log.
        """
        try:
            await self.link.connect(self.settings.link_port)
        except OSError as error:
            raise TransientError("the engine's hot process does not answer") from error
        newest = newest_checkpoint(self.settings.journal)
        if newest is not None:
            first = segments(self.settings.journal)[0][0]
            begin = max(first, newest.seq - LOOK_BACK)
            past = takewhile(lambda record: record.seq <= newest.seq, read(self.settings.journal, begin))
            self.projection.begin(newest, past)
        self._tail = Tail(self.settings.journal, self.projection.seq + 1)
        while self.step():  # noqa: ASYNC110  nothing is waited for: the link is heard between the steps
            await asyncio.sleep(0)
        if self.projection.pace.kept.seq > self.projection.seq:  # of another journal, which is gone
            self.projection.pace = Pace()
            self.projection.pace.configure(self.projection.state.plan)
        self.projection.tally = Tally()

    def _beat(self, pulse: Pulse) -> None:
        self.beat_at = self.clock.monotonic()
        self.projection.beat(pulse)

    def close(self) -> None:
        """Let everything go."""
        self._keep(self._unkept())
        self.link.close()
        if self._tail is not None:
            self._tail.close()
        self.drain.close()
        self.store.close()

    # ---- what the next clerk should know ---------------------------------------------------------------------------

    def _unkept(self) -> list[tuple[Shelf[Any], bytes, int]]:
        """What has changed since it was kept: everybody's usual pace, and what everybody earned."""
        kept = ((self._pace_shelf, self.projection.pace), (self._curve_shelf, self.curve))
        return [
            (shelf, msgspec.msgpack.encode(one.kept), one.changes) for shelf, one in kept if shelf.is_due(one.changes)
        ]

    @staticmethod
    def _keep(unkept: list[tuple[Shelf[Any], bytes, int]]) -> None:
        for shelf, content, changes in unkept:
            shelf.put(content, changes)

    # ---- following -------------------------------------------------------------------------------------------------

    def step(self) -> int:
        """Fold what the log has more, tell the readers; say how many entries that was."""
        assert self._tail is not None
        records = self._tail.poll(FOLDED_AT_ONCE)
        states = {state.seq: state for state in self._tail.passed}
        for record in records:
            self.projection.fold(record)
            if record.seq in states:
                self.projection.passed(states[record.seq])
        if not records and self.projection.seq in states:
            self.projection.passed(states[self.projection.seq])
        if records:
            messages = self.projection.take()
            log_notices(messages, self._said_from)
            self.stream.tell(messages)
            self._is_status_due = True
        now = self.clock.monotonic()
        if self._is_status_due and now - self._status_at >= STATUS_S:
            self._status_at, self._is_status_due = now, False
            self.stream.tell([StatusTold(seq=self.projection.seq, status=self.status())])
        return len(records)

    async def follow(self) -> None:
        """Keep the projection at the journal's end, and note what everybody earned."""
        while True:
            if self.link.is_up and self.curve.is_due(now := self.now()):
                self.curve.note(account_views(self.projection, "all", now), now)
            if not self.step():
                await self.clock.sleep(FOLLOW_S)
            else:
                await asyncio.sleep(0)

    async def store_all(self) -> None:
        """Keep the database at the journal's end, and the disk from filling up."""
        pruned_at, said = self.clock.monotonic(), ""
        kept_at = pruned_at
        while True:
            if not await asyncio.to_thread(self.drain.step):
                await self.clock.sleep(DRAIN_S)
            if self.drain.fault != said:
                said = self.drain.fault
                _log.warning("database", fault=said or "it is back", stored_seq=self.drain.stored_seq)
            if self.clock.monotonic() - kept_at >= KEEP_S:
                kept_at = self.clock.monotonic()
                await asyncio.to_thread(self._keep, self._unkept())
            if self.clock.monotonic() - pruned_at >= PRUNE_S:
                pruned_at = self.clock.monotonic()
                before = self.clock.now() - timedelta(days=self.settings.keep_days)
                await asyncio.to_thread(self.drain.prune, before.timestamp())

    # ---- answers ---------------------------------------------------------------------------------------------------

    def now(self) -> datetime:
        """The present, for ages."""
        return self.clock.now()

    def require(self) -> None:
        """Refuse to show what may be old.

        Raises: AwayError.
        """
        if not self.link.is_up:
            raise AwayError("the engine's hot process is away; it is being restarted")

    def status(self, scope: str = "all") -> StatusView:
        """The first look."""
        return status_view(self.projection, scope, self.now())

    def pnl(self, scope: str) -> PnlView:
        """What each account of a scope earned.

        Raises: ScopeError.
        """
        return self.curve.pnl(account_views(self.projection, scope, self.now()), self.now())

    def curves(self, scope: str, days: int) -> tuple[CurveView, ...]:
        """Points of a scope's accounts for a chart.

        Raises: ScopeError.
        """
        return self.curve.curves(account_views(self.projection, scope, self.now()), days, self.now())

    def health(self) -> HealthView:
        """How the engine is doing."""
        words = [word for word in (self.drain.fault, self.drain.remark) if word]
        if not self.link.is_up:
            words.insert(0, "the hot process is away")
        return health_view(self.projection, self.drain.stored_seq, "; ".join(words), self.now())

    def opening(self, since: int | None) -> list[Message]:
        """What a new reader of the stream is told first."""
        seq = self.projection.seq
        if since is None or since > seq or since + 1 < self.projection.kept_from:
            return [Snapshot(seq=seq, status=self.status())]
        return [*self.projection.missed(since), StatusTold(seq=seq, status=self.status())]

    def preview(self, ask: ActAsk) -> PreviewView:
        """What an act would do now.

        Raises: ScopeError, AskError.
        """
        self.step()
        state = self.projection.state
        command = self._command(ask, followers_of(state.plan, ask.scope))
        return preview(ask, command, state, self.projection.quotes, self.projection.version, self.now())

    def _command(self, ask: ActAsk, accounts: tuple[AccountId, ...]) -> Command:
        if isinstance(ask, NewsPauseAsk):
            check(ask)
            command: Command = plan_of(ask, accounts, self.reading(), self.now())
        else:
            command = command_of(ask, accounts, self.projection.state, self.now())
        return msgspec.structs.replace(command, who=ask.who) if ask.who else command

    def reading(self) -> Reading:
        """The kept calendars; read again where a file has changed."""
        stamp = self._almanac.stamp()
        if self._read is None or self._read[0] != stamp:
            self._read = stamp, self._almanac.read(self.now())
        return self._read[1]

    def news(self, days: int, scope: str = "all") -> NewsView:
        """Events ahead, and the windows of a scope around them.

        Raises: ScopeError.
        """
        self.step()
        state = self.projection.state
        named = accounts_of(state.plan, scope) if state.plan.accounts or scope != "all" else ()
        copiers = [state.copiers[name] for name in named if name in state.copiers]
        return news_view(self.reading(), copiers, self.now(), days)

    async def what_if(self, trade: Trade, scope: str = "all") -> WhatIfView:
        """What a leader's trade would do now. Thought through beside the loop: it takes some tens of milliseconds.

        Raises: ScopeError, TradeError.
        """
        self.step()
        leaders, wanted = led_of(self.projection.state.plan, scope)
        state, seq = self.projection.desk.checkpoint(), self.projection.seq
        return await asyncio.to_thread(what_if, state, trade, leaders, wanted, seq, self.now())

    async def act(self, key: str) -> ActView | None:
        """How far an act has come; an old one is looked up in the database."""
        found = self.projection.acts.acts.get(key)
        return found.view() if found is not None else await asyncio.to_thread(self._old_act, key)

    def _old_act(self, key: str) -> ActView | None:
        seq = self.store.act_seq(key)
        if seq is None:
            return None
        book = ActBook()
        for record in self.store.read(seq, seq + LOOK_BACK):
            book.fold(decode_entry(record.payload))
        return book.acts[key].view() if key in book.acts else None

    async def send(self, ask: ActAsk) -> ActView:
        """Have an act done, once for each key.

        Raises: ScopeError, AskError, StaleError, AwayError, ConflictError.
        """
        self.step()
        known = self.projection.acts.acts.get(ask.key)
        if known is not None:
            return _same(ask, known.view())
        if ask.key in self._asking:
            return _same(ask, await asyncio.shield(self._asking[ask.key]))
        future: asyncio.Future[ActView] = asyncio.get_running_loop().create_future()
        self._asking[ask.key] = future
        future.add_done_callback(lambda done: done.exception())  # nobody else may be waiting
        try:
            future.set_result(await self._send(ask))
        except BaseException as error:
            future.set_exception(
                AwayError("the act was not answered") if not isinstance(error, LockstepError) else error
            )
            raise
        finally:
            del self._asking[ask.key]
        return future.result()

    async def _send(self, ask: ActAsk) -> ActView:
        state = self.projection.state
        accounts = followers_of(state.plan, ask.scope)
        command = self._command(ask, accounts)
        changed = self.projection.changed(command.accounts)
        if ask.version is not None and changed > ask.version:
            raise StaleError(
                f"version {ask.version}: positions, sizes or holds changed since (now {changed}); look again"
            )
        self.projection.acts.scopes[ask.key] = ask.scope
        try:
            answer = await self.link.act(ask.key, ask.by, command)
        except TransientError as error:
            raise AwayError(str(error)) from error
        if isinstance(answer, Declined):
            raise AskError(answer.error)
        self.step()  # it was journalled before it was answered
        view = await self._seen(ask, answer)
        return view or ActView(
            key=ask.key,
            kind=KINDS[type(command).__name__],
            by=ask.by,
            scope=ask.scope,
            state=ActState.ASKED,
            asked_at=self.now(),
            took_s=None,
            lines=(),
            text="no answer from the engine yet; ask again with the same key",
        )

    async def _seen(self, ask: ActAsk, answer: Acted | None) -> ActView | None:
        while answer is not None and answer.seq > self.projection.seq and self.step():
            pass
        found = self.projection.acts.acts.get(ask.key)
        if found is not None:
            return found.view()
        if answer is not None and answer.seq == 0:  # an act of long ago
            try:
                old = await self.act(ask.key)
            except TransientError:
                return None
            return None if old is None else _same(ask, old)
        return None


def log_notices(messages: Iterable[Message], since: datetime) -> None:
    """Write what people should know into the log too: without a console it is the only place where they see it."""
    for told in messages:
        if isinstance(told, Notice) and told.at >= since:
            level = logging.ERROR if told.severity is Severity.P1 else logging.WARNING
            about = {name: value for name in ("account", "symbol") if (value := getattr(told, name))}
            _log.log(level if told.severity <= Severity.P2 else logging.INFO, told.text, alert=told.code, **about)


def _same(ask: ActAsk, view: ActView) -> ActView:
    """The act of this key, if it is what is asked for."""
    if view.kind != str(ask.__struct_config__.tag):
        raise ConflictError(f"key {ask.key}: it belongs to a {view.kind} by {view.by}; use a new key")
    return view
