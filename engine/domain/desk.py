"""Desk: all leaders and followers behind one door: a fact in, decisions out. Same facts, same decisions, byte for byte.

The way of a leader's fill is short on purpose (``fanout``); everything slower, such as money, arming, reconciling and acts,
happens on other facts.

A fault of ours in one follower's code sets that follower aside and no other (``quarantine``); the domain catches everything
in two places for that, see docs/adr/0003-quarantine-inside-the-domain.md.
"""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

import msgspec

from engine.domain import leaderstop, lookout, outage, parting, pause, pool, report, rollover, silence, timed
from engine.domain.bands import Bands
from engine.domain.closing import pursue
from engine.domain.copier import Copier
from engine.domain.decision import AskSnapshot, Decision, Severity
from engine.domain.due import KINDS, Timed, TradeDateTold
from engine.domain.event import (
    AccessRefused,
    AccountRestricted,
    BalanceReported,
    ClockChanged,
    DayClosed,
    DayStarted,
    DeskConfigured,
    EngineStarted,
    Event,
    FillBusted,
    FollowerFailed,
    JournalStrained,
    LineLost,
    LineRestored,
    OrderAnswered,
    OrderChanged,
    OrderFilled,
    OrdersSent,
    PersonActed,
    PositionReported,
    QuoteMarked,
    SnapshotTaken,
    TimePassed,
)
from engine.domain.fanout import FanOut, catch_up, join_priced, quarantine
from engine.domain.gate import Gate
from engine.domain.ids import AccountId
from engine.domain.leader import LeaderBook
from engine.domain.patrol import patrol
from engine.domain.person import look_after
from engine.domain.ranks import Ranks
from engine.domain.reconcile import rebase_all, reconcile
from engine.domain.sizes import Sizes
from engine.domain.sizing import is_moving
from engine.domain.state import DeskState, attend, configure, fits_of
from engine.domain.stopout import settle, turn_day
from engine.domain.taking import askers
from engine.domain.task import progress
from engine.domain.wake import TICK, next_look, wake
from engine.domain.watch import SOON, check
from engine.domain.wish import Wishes

_QUIET = frozenset({QuoteMarked, OrdersSent})  # facts that change nobody's next order


class Desk:
    """The pure heart of the engine. Not thread-safe; one owner."""

    def __init__(self, state: DeskState | None = None) -> None:
        self.state = state or DeskState()
        self._ranks = Ranks(self.state)
        self._bands = Bands(self.state)
        self._sizes = Sizes(self.state, self._ranks)
        self._gate = Gate(self.state)
        self._wishes = Wishes(self.state, self._ranks, self._sizes, self._gate, self._with)
        self._fan_out: FanOut | None = None
        self._asking = askers(self.state)
        self._on: dict[type[Any], Callable[[Any, list[Decision]], None]] = {
            OrderFilled: self._filled,
            FillBusted: report.busted,
            OrderAnswered: self._answered,
            OrderChanged: self._changed,
            PositionReported: self._reported,
            BalanceReported: self._paid,
            QuoteMarked: self._quoted,
            SnapshotTaken: self._snapped,
            LineLost: partial(self._line, outage.lost),
            LineRestored: partial(self._line, outage.restored),
            AccountRestricted: self._restricted,
            AccessRefused: outage.access_refused,
            EngineStarted: partial(self._line, outage.started),
            DeskConfigured: self._configured,
            PersonActed: self._acted,
            TimePassed: self._passed,
            OrdersSent: self._ignore,
            ClockChanged: self._clocked,
            JournalStrained: partial(outage.strained, self.state),
            FollowerFailed: self._failed,
            DayStarted: self._day_turned,
            DayClosed: self._day_turned,
            TradeDateTold: partial(rollover.told, self.state),
            **dict.fromkeys(KINDS, self._came_due),
        }

    # ---- the door --------------------------------------------------------------------------------------------------

    def handle(self, event: Event) -> list[Decision]:
        """Take in one fact; what must be done about it, in order."""
        out = self.decide(event)
        self.settle()
        return out

    def decide(self, event: Event) -> list[Decision]:
        """The first half of ``handle``: what must be done. ``settle`` must follow before the next fact is decided."""
        kind = type(event)
        if kind is OrderFilled and event.account in self.state.leaders:  # type: ignore[union-attr]  # kind says so
            led = self._led(event)  # type: ignore[arg-type]  # as above
            return self._tended(event, led) if self._asking else led
        if kind not in _QUIET or self.state.stale:
            self._ranks.disarm(None if self.state.stale else getattr(event, "account", None))
        out: list[Decision] = []
        if self.state.stale:
            for account, is_forced in self._sizes.stale():
                again = partial(self._sizes.rearm, at=event.at, is_forced=is_forced)
                self._with(account, event.at, out, again)
        self._bands.hear(event)
        self._on[kind](event, out)
        if leaderstop.attend(self.state, event, out):
            self._ranks.disarm(None)  # his followers take no more entries
        if self.state.pools:
            for account, step in pool.look(self.state, event, out):
                self._with(account, event.at, out, step)
                self._ranks.disarm(account)
        return self._tended(event, out) if self._asking and kind not in _QUIET else out

    def _tended(self, event: Event, out: list[Decision]) -> list[Decision]:
        """Look after what people are asked about."""
        for account in self._asking:
            self._bands.write(account)  # an offer tells the room that is left
            self._with(account, event.at, out, lambda copier: look_after(self.state, copier, event, out))
        return out

    def settle(self) -> list[FollowerFailed]:
        """The second half: write the books of followers whose orders were looked up.

        Returns: facts to hear next, about followers whose books did not agree with what was sent.
        """
        if self._fan_out is None:
            return []
        fan_out, self._fan_out = self._fan_out, None
        self._gate.settle()
        failed = fan_out.settle()
        self._ranks.disarm(None)
        return failed

    def aim(self) -> None:
        """Arm followers that have heard something; for a moment when nothing waits. Decisions do not depend on it."""
        self._ranks.aim()
        self._gate.aim()

    def mark(self, account: AccountId | None = None) -> None:
        """Bring the ledgers in ``state``, or one of them, up to the newest quotes, for whoever reads them."""
        self._bands.write(account)

    @property
    def due(self) -> datetime | None:
        """When ``TimePassed`` should be told next."""
        return self.state.due

    def checkpoint(self) -> bytes:
        """All state, from which ``restore`` goes on as if nothing had been."""
        self.mark()
        return msgspec.msgpack.encode(self.state)

    @classmethod
    def restore(cls, checkpoint: bytes) -> "Desk":
        """Desk from its checkpoint.

        Raises: msgspec.DecodeError for bytes that are none.
        """
        return cls(msgspec.msgpack.decode(checkpoint, type=DeskState))

    # ---- the leader's way ------------------------------------------------------------------------------------------

    def _led(self, event: OrderFilled) -> list[Decision]:
        state = self.state
        book = state.leaders[event.account]
        if not book.is_synced:
            return self._parked(book, event)
        stand = book.fold(event)
        if stand is None:
            return []
        net = stand.net
        rows = self._ranks.rows(book, event.symbol, net - event.quantity, net, event.at)
        guard, held = state.guards.get(event.account), ""
        told: list[Decision] = []
        if guard is not None and not self._gate.passes(guard, event, net):
            held = self._gate.judge(guard, rows, event, net, told)
        self._fan_out = fan_out = FanOut(state, rows, event, net, held)
        out = fan_out.decide()
        if told:
            out += told
        state.version += 1
        wake(self.state, event.at)
        if net == 0:
            self._sizes.leader_flat(rows)
        return out

    def _parked(self, book: LeaderBook, event: OrderFilled) -> list[Decision]:
        """Between a gap and the comparison nobody knows what a fill came on top of: it waits."""
        if event.fill in book.seen or any(parked.fill == event.fill for parked in book.parked):
            return []
        book.parked.append(event)
        return [AskSnapshot(account=book.account)] if book.doubts(event.at) else []

    # ---- follower facts --------------------------------------------------------------------------------------------

    def _with(self, account: AccountId, at: datetime, out: list[Decision], step: Callable[[Copier], None]) -> None:
        """Run one follower's step; a fault of ours sets that follower aside and no other."""
        copier = self.state.copiers.get(account)
        if copier is None:
            return
        try:
            step(copier)
            pursue(copier, at, out)
            if copier.tasks:
                progress(copier, at, out)
            if copier.times is not None:
                timed.settle(copier, out)
            if copier.kept is not None:
                self._bands.look(copier, at, out)
            if copier.bond is not None:
                parting.look(copier, self._bands.quotes, at, out)
            if copier.intake is not None:
                attend(self.state, copier, at)
        except Exception as bug:  # noqa: BLE001  one follower's fault must not stop the others
            quarantine(copier, repr(bug), out)
        wake(self.state, at)

    def _filled(self, event: OrderFilled, out: list[Decision]) -> None:
        self.state.version += 1
        self._with(event.account, event.at, out, lambda copier: report.filled(self.state, copier, event, out))

    def _answered(self, event: OrderAnswered, out: list[Decision]) -> None:
        self._with(event.account, event.at, out, lambda copier: report.answered(copier, event, out))

    def _changed(self, event: OrderChanged, out: list[Decision]) -> None:
        self._with(event.account, event.at, out, lambda copier: report.changed(copier, event, out))

    def _reported(self, event: PositionReported, out: list[Decision]) -> None:
        book = self.state.leaders.get(event.account)
        if book is not None:
            stand = book.stand(event.symbol)
            stand.reported = event.net
            if stand.net != event.net:
                wake(self.state, event.at)
            return
        self._with(event.account, event.at, out, lambda copier: report.reported(copier, event))
        wake(self.state, event.at, SOON if lookout.is_off(self.state, event) else TICK)

    def _paid(self, event: BalanceReported, out: list[Decision]) -> None:
        self._balanced(event, out)
        copier = self.state.copiers.get(event.account)
        if copier is not None and copier.kept is not None and copier.kept.ledger is not None:  # what it uses of margin
            self._with(event.account, event.at, out, lambda _: None)

    def _balanced(self, event: BalanceReported, out: list[Decision]) -> None:
        book = self.state.leaders.get(event.account)
        if book is not None:
            book.take_balance(event)
            self._sizes.anew()
            return
        follower = self.state.copiers.get(event.account)
        if follower is not None:
            follower.take_balance(event)
            self._bands.told(follower)
            if is_moving(follower.plan):
                self.state.stale.setdefault(follower.account, False)

    def _quoted(self, event: QuoteMarked, out: list[Decision]) -> None:
        self._bands.quote(event)
        if self.state.is_unpriced:
            join_priced(self.state, event.at, out)
            wake(self.state, event.at)
        for copier in self._bands.moved(event.symbol, event.at):
            before, due = (len(out), fits_of(copier)), self.state.due
            self._with(copier.account, event.at, out, lambda _: None)
            if (len(out), fits_of(copier)) != before:  # its limits have spoken: what it fires is to be aimed anew
                self._ranks.disarm(copier.account)
            else:
                self.state.due = due

    def _day_turned(self, event: DayStarted | DayClosed, out: list[Decision]) -> None:
        for account in event.accounts:
            turn = partial(turn_day, quotes=self._bands.quotes, event=event, out=out)
            self._with(account, event.at, out, turn)

    def _came_due(self, event: Timed, out: list[Decision]) -> None:
        self.state.version += 1
        for account in event.accounts:
            self._with(account, event.at, out, partial(timed.take, event=event, out=out))

    def _snapped(self, event: SnapshotTaken, out: list[Decision]) -> None:
        self.state.version += 1
        if event.balance is not None:
            self._balanced(report.money(event, event.balance), out)
        book = self.state.leaders.get(event.account)
        if book is not None:
            self._leader_snapped(book, event, out)
            return

        def step(copier: Copier) -> None:
            is_plain = copier.is_based and copier.is_flat() and all(fill in copier.seen for fill in event.fills)
            reconcile(copier, event, self.state.fresh_quotes(), out)
            settle(copier, event, out, is_plain=is_plain)
            parting.settle(copier, self.state.fresh_quotes())
            self.state.is_unpriced |= any(lane.missed for lane in copier.lanes.values())
            if copier.tasks:
                progress(copier, event.at, out, is_snapshot=True)

        self._with(event.account, event.at, out, step)

    def _leader_snapped(self, book: LeaderBook, event: SnapshotTaken, out: list[Decision]) -> None:
        """After a gap: exits that were missed are caught up, entries follow each follower's policy."""
        is_first = not book.was_synced
        for symbol, believed in book.restate(event).items():
            rows = self._ranks.rows(book, symbol, believed, book.stands[symbol].net, event.at)
            held = self._gate.restated(book, symbol, believed, rows, event.at, out)
            catch_up(self.state, book.account, symbol, believed, rows, event.at, out, held)
            if not book.stands[symbol].net:
                self._sizes.leader_flat(rows)
        silence.heard(self.state, book, event.at, out)
        self.state.version += 1
        if is_first:
            book.was_synced = True
            rebase_all(copier for copier in self.state.copiers.values() if copier.group in book.groups)
        parked, book.parked = book.parked, []
        for fill in parked if book.is_synced else ():  # those inside the snapshot are known by now
            out += self._led(msgspec.structs.replace(fill, at=event.at))
        wake(self.state, event.at)

    # ---- lines, locks, people, time --------------------------------------------------------------------------------

    def _line(self, took: Callable[..., None], event: Event, out: list[Decision]) -> None:
        took(self.state, event, out)
        wake(self.state, event.at)

    def _restricted(self, event: AccountRestricted, out: list[Decision]) -> None:
        self._with(event.account, event.at, out, lambda copier: report.restricted(copier, event, out))

    def _configured(self, event: DeskConfigured, out: list[Decision]) -> None:
        before = self.state.guards
        gone = configure(self.state, event.plan)
        self._gate.configured(before, event.at, out)
        for copier in gone:
            if left := ", ".join(f"{lane.net:+d} {lane.symbol}" for lane in copier.lanes.values() if lane.net):
                said = f"{copier.account} is no follower any more and holds {left}: nobody looks after it"
                out.append(copier.tell("acct.left", Severity.P1, said))
        self._asking = askers(self.state)
        self._ranks.dissolve()

    def _acted(self, event: PersonActed, out: list[Decision]) -> None:
        self._wishes.hear(event, out)
        self._asking = askers(self.state)

    def _passed(self, event: TimePassed, out: list[Decision]) -> None:
        at = event.at
        self.state.due = None
        for copier in self.state.copiers.values():
            self._with(copier.account, at, out, lambda copier: self._look_after(copier, at, out))
        for account, act_on in silence.due(self.state, at, out):
            self._with(account, at, out, act_on)
        out += [AskSnapshot(account=book.account) for book in self.state.leaders.values() if book.doubts(at)]
        patrol(self.state, at, out)
        self._gate.passed(at, out)
        self._sizes.anew()
        if self.state.is_unpriced:
            join_priced(self.state, at, out)
        self.state.due = next_look(self.state, at)
        if (due := self._gate.due) is not None:
            self.state.due = min(self.state.due, due)

    def _look_after(self, copier: Copier, at: datetime, out: list[Decision]) -> None:
        self.state.version += pause.look_after(copier, at, out)
        check(copier, self.state.fresh_quotes(), self._wishes.opposed(copier), at, out)
        lookout.look_back(self.state, copier, at, out)

    def _clocked(self, event: ClockChanged, out: list[Decision]) -> None:
        outage.clock_changed(self.state, event, out)
        self._gate.clock_changed(event.at)

    def _failed(self, event: FollowerFailed, out: list[Decision]) -> None:
        self._with(event.account, event.at, out, lambda copier: quarantine(copier, event.error, out))

    def _ignore(self, event: OrdersSent, out: list[Decision]) -> None:
        """Times of sending are kept for receipts; nothing depends on them."""
