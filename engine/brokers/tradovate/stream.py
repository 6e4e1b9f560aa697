"""Frames of the trading socket to facts: fills leave for the sink before anything else in the frame is looked at."""

import asyncio
from collections.abc import Callable, Iterable

import msgspec

from engine.brokers.tradovate import wire
from engine.brokers.tradovate.entity import Entity, Fill, Order, OrderCommand
from engine.brokers.tradovate.ledger import Ledger
from engine.brokers.tradovate.line import Line
from engine.brokers.tradovate.order import OrderDesk
from engine.brokers.tradovate.question import Questions, fail
from engine.domain.event import Event
from engine.domain.ids import AccountId
from engine.ports import Clock, Sink

_HOT = (Fill, Order, OrderCommand)


class Stream:
    """Reads one line at a time. Until the snapshots are out, events are held."""

    def __init__(
        self,
        ledger: Ledger,
        desk: OrderDesk,
        questions: Questions,
        clock: Clock,
        sink: Sink,
    ) -> None:
        self.on_unnamed: Callable[[], None] | None = None  # called when something waits for a contract's name
        self.shutdown = ""  # the server's reason for closing, if it gave one
        self.is_session_lost = False  # by a 408: the token is dead as well
        self.fills_heard = 0  # a snapshot during which it moves is taken again
        self.opened: asyncio.Future[None] | None = None
        self._ledger = ledger
        self._desk = desk
        self._questions = questions
        self._clock = clock
        self._sink = sink
        self._line: Line | None = None
        self._held: list[Entity] | None = []

    def attach(self, line: Line) -> None:
        """Begin with a new line: nothing is told before its snapshots."""
        self.shutdown, self.is_session_lost = "", False
        self.opened = asyncio.get_running_loop().create_future()
        self._held = []
        self._line = line

    def detach(self, reason: str) -> None:
        """The line is gone."""
        if self.opened is not None:
            fail(self.opened, f"line lost: {reason}")

    @property
    def is_live(self) -> bool:
        """Say whether the snapshots are out."""
        return self._held is None

    def held(self) -> list[Entity]:
        """Entities of events that wait for the snapshots."""
        return list(self._held or ())

    def go_live(self, found: Iterable[Entity], accounts: Iterable[AccountId]) -> None:
        """Tell the snapshots, then everything that came since."""
        held, self._held = self._held or [], None
        self.tell_snapshots(found, accounts)
        self.take(held)

    def tell_snapshots(self, found: Iterable[Entity], accounts: Iterable[AccountId]) -> None:
        """Tell one snapshot for each account."""
        facts = self._ledger.load(found, accounts, self._clock.now())
        self._sink(self._recognised() + facts)

    def take(self, found: Iterable[Entity]) -> None:
        """Take in entities that an answer brought, as if they had come by themselves, and tell what they complete."""
        for entity in found:
            self._ledger.take(entity)
        self.tell()

    def tell(self) -> None:
        """Tell whatever the joined parts now allow."""
        if self._held is not None:
            return
        now = self._clock.now()
        facts = self._ledger.fills(now)
        changes = self._ledger.changes(now)
        facts += self._recognised()
        facts += changes
        if facts:
            self._sink(facts)
        if self._ledger.unnamed and self.on_unnamed is not None:
            self.on_unnamed()

    def _recognised(self) -> list[Event]:
        """Answers to orders that were told unclear, when their own command shows them."""
        learned = self._ledger.learned
        if not learned:
            return []
        facts = [fact for each in learned for fact in self._desk.recognised(*each)]
        learned.clear()
        return facts

    # ---------------------------------------------------------------- frames

    def on_frame(self, data: bytes) -> None:
        """Read one frame."""
        first = data[:1]
        try:
            if first == b"a":
                self._messages(data[1:])
            elif first == b"o":
                if self.opened is not None and not self.opened.done():
                    self.opened.set_result(None)
            elif first == b"c":
                self._end(wire.close_text(data))
        except msgspec.DecodeError:  # something was said that we did not hear: begin anew with a snapshot
            self._end("frame not understood")

    def _messages(self, data: bytes) -> None:
        facts: list[Event] = []
        cold: list[Entity] = []
        events = wire.events_only(data)
        if events is not None:
            for event in events:
                self._sort(event, cold)
        else:
            for message in wire.messages(data):
                if message.e == "props":
                    for event in wire.events(message.d):
                        self._sort(event, cold)
                elif message.e == "shutdown":
                    notice = wire.shutdown(message.d)
                    self._shut(notice.reason_code or "shutdown")
                elif message.i >= 0 and not message.e:
                    facts += self._answer(message)
        facts += self._ledger.fills(self._clock.now())
        if facts:
            self._sink(facts)
        for entity in cold:
            self._ledger.take(entity)
        self.tell()

    def _answer(self, message: wire.Message) -> list[Event]:
        facts = self._desk.answer(message.i, message.s, message.d)
        if facts is None:
            self._questions.answer(message.i, message.s, message.d)
            facts = []
        if message.s == 408:
            self.is_session_lost = True
            self._shut("ConnectionQuotaReached")
        return facts

    def _sort(self, event: wire.EntityEvent, cold: list[Entity]) -> None:
        """Take in what fills depend on at once, the rest after they are told."""
        for entity in event.entities():
            if self._held is not None:
                self._held.append(entity)
            elif isinstance(entity, _HOT):
                if isinstance(entity, Fill):
                    self.fills_heard += 1
                self._ledger.take(entity)
            else:
                cold.append(entity)

    def _shut(self, reason: str) -> None:
        self.shutdown = reason
        self._end(reason)

    def _end(self, reason: str) -> None:
        if self._line is not None:
            self._line.end(reason)
