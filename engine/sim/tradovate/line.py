"""One socket of the face, without its wire: frames in, frames out, what it is subscribed to."""

from typing import TYPE_CHECKING, Literal, Protocol

from engine.sim.fault import Duplicate, EventsFirst, Reorder
from engine.sim.order import Instant
from engine.sim.tradovate import wire
from engine.sim.tradovate.session import Session
from engine.sim.tradovate.wire import Answer

if TYPE_CHECKING:
    from engine.sim.tradovate.face import Face

Role = Literal["user", "market"]


class Wire(Protocol):
    """The connection under a line."""

    def transmit(self, text: bytes) -> None:
        """Send one text frame."""
        ...

    def close(self, code: int, reason: str) -> None:
        """Close in order."""
        ...

    def abort(self) -> None:
        """Drop the connection without a word."""
        ...

    def stall(self, *, reading: bool, writing: bool) -> None:
        """Stop reading, or hold back what is written, until told otherwise."""
        ...


class Line:
    """A client's socket: first ``authorize``, then requests and events."""

    def __init__(self, face: "Face", role: Role, under: Wire) -> None:
        self.role: Role = role
        self.wire = under
        self.session: Session | None = None
        self.accounts: set[int] | None = None  # set by the one syncrequest
        self.kinds: frozenset[str] = frozenset()  # empty: every type
        self.quotes: set[int] = set()  # contract ids
        self.is_open = True
        self._face = face
        self._events: list[bytes] = []
        self._is_busy = False
        self._is_due = False
        self._is_deaf = False  # stalled by a fault: its silence is ours, not the client's
        self._opened = self._heard = self._sent = face.clock.monotonic()
        self._transmit(wire.OPEN.encode())

    @property
    def user(self) -> str | None:
        """Name of the login, once authorized."""
        return self.session.login.user if self.session else None

    def receive(self, text: str, heard: Instant | None = None) -> None:
        """Take a client's frame, which came in at ``heard`` (now, if that is not said)."""
        self._heard = self._face.clock.monotonic()
        if text.strip() in ("[]", ""):
            return
        request = wire.split(text)
        if request is None:
            return
        endpoint, number, query, body = request
        self._is_busy = True
        self._face.venue.heard = heard
        try:
            answer = self._face.answer_line(self, endpoint, query, body)
        finally:
            self._is_busy = False
            self._face.venue.heard = None
        self._respond(number, answer)

    def _respond(self, number: int, answer: Answer) -> None:
        if answer.cut:
            self.drop()
            return
        if answer.lost:
            self.flush()
            return
        message = wire.response(number, answer)
        rest = [wire.response(number, Answer(body=body)) for body in answer.more]
        if rest:
            for part in (message, *rest):
                self._transmit(wire.frame([part]))
            self.flush()
            return
        if answer.delay_s > 0:
            self.flush()
            self._face.later(answer.delay_s, lambda: self._transmit(wire.frame([message])))
            return
        faults = self._face.faults
        if not faults.armed:
            events, self._events = self._events, []
            self._transmit(wire.frame([message, *events]))
        elif faults.take(EventsFirst, login=self.user) is not None:
            self.flush()
            self._transmit(wire.frame([message]))
        else:
            self._transmit(wire.frame([message]))
            self.flush()

    def tell(self, message: bytes) -> None:
        """Queue an event; it leaves with the response of the request that caused it, or soon."""
        self._events.append(message)
        if not self._is_busy and not self._is_due:
            self._is_due = True
            self._face.soon(self.flush)

    def flush(self) -> None:
        """Send the queued events in one frame."""
        self._is_due = False
        if not self._events:
            return
        events, self._events = self._events, []
        times = 1
        faults = self._face.faults
        if faults.armed:
            if faults.take(Reorder, login=self.user) is not None:
                events.reverse()
            times = 2 if faults.take(Duplicate, login=self.user) is not None else 1
        for _ in range(times):
            self._transmit(wire.frame(events))

    def pulse(self) -> None:
        """Send a heartbeat if nothing else was sent; drop a client that is silent or never authorized."""
        now = self._face.clock.monotonic()
        desk = self._face.venue.desk
        since = self._heard if self.session else self._opened
        if now - since > desk.silence_s and not self._is_deaf:
            self.end(3000, "No activity" if self.session else "Not authorized")
        elif now - self._sent >= desk.heartbeat_s:
            self._transmit(wire.HEARTBEAT.encode())

    def end(self, code: int, reason: str) -> None:
        """Close with a notice."""
        if self.is_open:
            self.flush()
            self._transmit(wire.close(code, reason))
            self.wire.close(1000, reason)
            self.lost()

    def stall(self, *, reading: bool, writing: bool) -> None:
        """Stop reading or writing, or go on with both."""
        if self._is_deaf and not reading:
            self._heard = self._face.clock.monotonic()
        self._is_deaf = reading
        self.wire.stall(reading=reading, writing=writing)

    def drop(self) -> None:
        """Drop the connection."""
        if self.is_open:
            self.wire.abort()
            self.lost()

    def lost(self) -> None:
        """The connection is gone."""
        self.is_open = False
        self._events.clear()
        self._face.forget(self)

    def _transmit(self, text: bytes) -> None:
        if self.is_open:
            self._sent = self._face.clock.monotonic()
            self.wire.transmit(text)
