"""Shard: the only loop. Facts in, decisions journalled, then carried out; one fact at a time, nothing awaited.

A fact without consequences waits for the end of the turn and is written together with its neighbours; a fact with orders
is written, with everything before it, before the first order leaves. A session that answers while we are still sending is
heard afterwards.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Mapping

from engine.domain.decision import Decision, SendBracketed, SendLots
from engine.domain.desk import Desk
from engine.domain.entry import encode_entry
from engine.domain.event import (
    Event,
    FollowerFailed,
    JournalStrained,
    OrderAnswered,
    OrderChanged,
    OrderFilled,
    OrdersSent,
    QuoteMarked,
    RefusalKind,
    Refused,
    TimePassed,
)
from engine.domain.ids import AccountId, OrderId, Symbol
from engine.errors import JournalError
from engine.ports import Clock, Journal, Session
from engine.runtime.executor import Executor

CALM_S = 1.0  # without a leader's move: his next one is not to be expected in the milliseconds that a checkpoint takes
_MOVES = frozenset({OrderFilled, OrderChanged})  # what a leader at work is heard by


class Shard:
    """One desk, its journal and its sessions."""

    def __init__(
        self,
        desk: Desk,
        journal: Journal,
        clock: Clock,
        sessions: Mapping[AccountId, Session],
        crash: Callable[[], None],
        stir: Callable[[], None],
        sweep: Callable[[], None],
    ) -> None:
        """Nothing is sent yet.

        ``crash`` ends the process after a fault that no follower can be blamed for; ``stir`` hears each leader's move;
        ``sweep`` is called when a turn is over and written.
        """
        self.desk = desk
        self.heard = 0  # facts since the start
        self.quotes: dict[Symbol, QuoteMarked] = {}  # newest quotes that the desk has not been told yet
        self._journal = journal
        self._clock = clock
        self._executor = Executor(sessions)
        self._crash = crash
        self._stir = stir
        self._sweep = sweep
        self._queue: deque[Event] = deque()
        self._unwritten: list[bytes] = []
        self._is_busy = False
        self._is_strained = False
        self._strain = ""
        self._flush_due = False
        self._moved_at = clock.monotonic()  # when a leader moved last

    # ---- facts -----------------------------------------------------------------------------------------------------

    def hear(self, events: list[Event]) -> None:
        """Take in facts in their order: the sink of every session. Quotes wait for ``mark``; the newest one counts."""
        if len(events) == 1 and type(events[0]) is QuoteMarked:
            self.quotes[events[0].symbol] = events[0]
            return
        facts = [event for event in events if type(event) is not QuoteMarked]
        for event in events:
            if type(event) is QuoteMarked:
                self.quotes[event.symbol] = event
        self._turn(facts)

    def mark(self) -> None:
        """Tell the desk the newest quotes; a few times a second, so that the journal keeps prices and not noise."""
        quotes, self.quotes = list(self.quotes.values()), {}
        if quotes:
            self._turn(list(quotes))

    def _turn(self, events: list[Event]) -> None:
        if self._is_busy:
            self._queue.extend(events)
            return
        self._is_busy = True
        is_whole = False
        try:
            for event in events:
                self._handle(event)
            while self._queue:
                self._handle(self._queue.popleft())
            is_whole = True
        finally:
            self._is_busy = False
            if not is_whole:
                self._crash()
        if self._unwritten and not self._flush_due:
            self._flush_due = True
            asyncio.get_running_loop().call_soon(self.flush)

    def _handle(self, event: Event) -> None:
        self.heard += 1
        decisions = self.desk.decide(event)
        try:
            self._carry_out(event, decisions)
        finally:
            self._queue.extend(self.desk.settle())
        if type(event) in _MOVES and event.account in self.desk.state.leaders:  # type: ignore[union-attr]  # moves have one
            self._moved_at = self._clock.monotonic()
            self._stir()

    def _carry_out(self, event: Event, decisions: list[Decision]) -> None:
        self._unwritten.append(encode_entry(self._journal.next_seq + len(self._unwritten), event, decisions))
        if not decisions:
            return
        if not self._write():
            decisions = self._exits_only(decisions)
        for decision in decisions:
            if type(decision) is SendLots or type(decision) is SendBracketed:
                sent_at = self._clock.now()
                offsets = self._executor.send(decision)
                sent = OrdersSent(at=sent_at, cause=decision.cause, heard_at=event.at, offsets_us=offsets)
                self._queue.append(sent)
                for account, error in self._executor.failed():
                    self._queue.append(FollowerFailed(at=sent_at, account=account, error=error))
            else:
                self._executor.carry_out(decision)

    # ---- the journal -----------------------------------------------------------------------------------------------

    def flush(self) -> None:
        """Write what waits, and aim who has heard something."""
        self._flush_due = False
        self.desk.aim()
        self._write()
        self._sweep()

    def _write(self) -> bool:
        """Write what waits; False when the disk does not take it."""
        entries, self._unwritten = self._unwritten, []
        try:
            if self._is_strained:  # what was heard meanwhile stands in no entry: begin again from the state
                self._journal.checkpoint(self.desk.checkpoint())
                self._is_strained = False
                return True
            if entries:
                self._journal.append_all(entries)
        except JournalError:
            self._is_strained = True
            return False
        return True

    def _exits_only(self, decisions: list[Decision]) -> list[Decision]:
        """What may leave without a journal: exits always, questions always, entries never."""
        kept: list[Decision] = []
        for decision in decisions:
            if isinstance(decision, SendBracketed):
                client, account, _, _ = decision.lot
                self._refuse(account, client, *(leg.client for leg in decision.legs))
            elif isinstance(decision, SendLots):
                for client, account, _, _ in decision.lots[decision.exits :]:
                    self._refuse(account, client)
                if decision.exits:
                    lots = decision.lots[: decision.exits]
                    kept.append(SendLots(cause=decision.cause, lots=lots, exits=decision.exits))
            else:
                kept.append(decision)
        return kept

    def _refuse(self, account: AccountId, *clients: OrderId) -> None:
        refused = Refused(kind=RefusalKind.LINE, reason="journal", text="the disk takes no record: not sent")
        at = self._clock.now()
        self._queue.extend(OrderAnswered(at=at, account=account, client=name, outcome=refused) for name in clients)

    @property
    def strain(self) -> str:
        """What is wrong with the journal, in one line; empty when nothing is."""
        return self._strain

    def symbols(self) -> frozenset[Symbol]:
        """Contracts whose quotes the desk needs."""
        state = self.desk.state
        led = {symbol for book in state.leaders.values() for symbol in book.stands}
        return frozenset(led.union(*(copier.lanes for copier in state.copiers.values())))

    def look_after(self, strain: str) -> None:
        """Once in a while: let time pass for the desk, and keep the journal in room. ``strain`` is the log's own word."""
        now = self._clock.now()
        due = self.desk.due
        if due is not None and due <= now:
            self.hear([TimePassed(at=now)])
        strain = strain or ("the journal cannot be written" if self._is_strained else "")
        if strain != self._strain:
            self._strain = strain
            self.hear([JournalStrained(at=now, reason=strain)])
        is_calm = self._clock.monotonic() - self._moved_at > CALM_S
        if (self._journal.is_urgent or (self._journal.is_due and is_calm)) and not self._unwritten and not strain:
            with contextlib.suppress(JournalError):  # what is left of the present segment is for exits
                self._journal.checkpoint(self.desk.checkpoint())
