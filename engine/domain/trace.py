"""Trace: what other hands leave on a follower's account, and whose hands they are, with the evidence that says so."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from engine.domain.event import Restriction
from engine.domain.ids import BrokerOrderId, OrderId, Symbol, is_ours
from engine.domain.value import Value

NEAR = timedelta(seconds=2)  # a foreign fill this near to a copy or to the leader's own is in our timing …
TWICE = 2  # … so often within …
LASTING = timedelta(hours=24)  # … it is another copier
KEPT = 16
_BROKER_WORDS = ("liquidat", "autoliq", "auto-liq", "risk manager", "margin call")
_LIQUIDATES = ("liquidateimmediately", "liquidationbyautoliq")  # restrictions that close positions


class Hand(StrEnum):
    """Who may have traded on the account."""

    PERSON = "by hand"
    PROGRAM = "another program"
    COPIER = "another copier"
    BROKER = "the broker"
    LOCKSTEP = "another Lockstep"
    UNKNOWN = "unknown"


class Source(Value, frozen=True):
    """Whose order it likely was, and what says so."""

    hand: Hand
    evidence: str = ""

    def __str__(self) -> str:
        return f"{self.hand.value} ({self.evidence})" if self.evidence else self.hand.value


FOUND = Source(hand=Hand.UNKNOWN, evidence="found by comparison")


class Trace(msgspec.Struct):
    """One fill, kept to compare its time with others."""

    symbol: Symbol
    side: int
    at: datetime
    order: str = ""
    words: str = ""
    echo: str = ""  # of a foreign one: what it came next to, once that is known


class Closing(msgspec.Struct):
    """Contracts of other hands that the close policy gets rid of."""

    quantity: int  # signed, as found
    left: int  # signed, still to close
    source: str
    since: datetime
    base: int = 0  # what the lane wanted without them
    is_sure: bool = True  # else found by comparison, and closed when a second one finds it too
    asked_at: datetime | None = None  # when its proof was asked for


class Traces(msgspec.Struct):
    """What a follower remembers of other hands."""

    closings: dict[Symbol, Closing] = {}
    closed: dict[BrokerOrderId, datetime] = {}  # foreign orders that the close policy has answered, newest last
    foreign: list[Trace] = []  # automated fills of others
    copies: list[Trace] = []  # fills of ours
    is_sweeping: bool = False  # cancels of the close policy are under way
    told: list[datetime] = []  # when working orders of others were told one by one

    @property
    def is_busy(self) -> bool:
        """Say whether something is under way that time must look after."""
        return bool(self.closings) or self.is_sweeping

    def shift_clock(self, by: timedelta) -> None:
        """Move everything along with the computer's clock."""
        for trace in (*self.foreign, *self.copies):
            trace.at += by
        for closing in self.closings.values():
            closing.since += by
            closing.asked_at = closing.asked_at + by if closing.asked_at is not None else None
        self.closed = {order: at + by for order, at in self.closed.items()}
        self.told = [at + by for at in self.told]

    def echoes(self, at: datetime) -> list[Trace]:
        """Foreign fills of the last while that came in our timing."""
        return [trace for trace in self.foreign if trace.echo and at - trace.at <= LASTING]

    def copied(self, trace: Trace) -> bool:
        """Take in a fill of ours; True where a foreign one had come shortly before it."""
        self.copies = [*self.copies, trace][-KEPT:]
        return _match(self.foreign, trace, "our copy")

    def followed(self, at: datetime, symbol: Symbol, led: Iterable[Trace]) -> bool:
        """Look again at fills of others that the leader's own may have followed; True where one did."""
        fresh = [trace for trace in self.foreign if trace.symbol == symbol and at - trace.at <= 2 * NEAR]
        return any([_match(fresh, mine, "the leader") for mine in led])  # noqa: C419  each is noted, not only the first

    def heard(self, trace: Trace, led: Iterable[Trace]) -> bool:
        """Take in an automated fill of others; True where it is in our timing. Parts of one order count once."""
        if any(known.order == trace.order for known in self.foreign):
            return False
        self.foreign = [*self.foreign, trace][-KEPT:]
        known = [("the leader", mine) for mine in led] + [("our copy", mine) for mine in self.copies]
        return any(_match([trace], mine, words) for words, mine in known)


def _match(foreign: list[Trace], mine: Trace, words: str) -> bool:
    """Note for foreign fills that ``mine`` was on the same side of the same contract at nearly the same time."""
    found = False
    for trace in foreign:
        if (
            not trace.echo
            and (trace.symbol, trace.side) == (mine.symbol, mine.side)
            and abs(trace.at - mine.at) <= NEAR
        ):
            seconds = (trace.at - mine.at).total_seconds()
            trace.echo = f"{trace.words} {abs(seconds):.1f} s {'before' if seconds < 0 else 'after'} {words}"
            found = True
    return found


def source_of(
    client: OrderId | None,
    *,
    automated: bool | None,
    is_admin: bool | None,
    tag: str,
    restriction: Restriction,
    reason: str,
) -> Source:
    """Name who sent an order that is none of ours; ``restriction`` is what the broker takes from the account."""
    said = f"tag {tag!r}" if tag else ""
    if is_ours(client):
        return Source(hand=Hand.LOCKSTEP, evidence=f"our tag, unknown id {client}")
    if is_admin:
        return Source(hand=Hand.BROKER, evidence=", ".join(filter(None, ("marked as the broker's own", said))))
    if tag and any(word in tag.lower() for word in _BROKER_WORDS):
        return Source(hand=Hand.BROKER, evidence=said)
    if restriction is Restriction.LOCKED:
        return Source(
            hand=Hand.BROKER, evidence=f"the account is locked, {reason}" if reason else "the account is locked"
        )
    if restriction is not Restriction.NONE and liquidates(reason) and automated is not False:
        return Source(hand=Hand.BROKER, evidence=reason)
    if automated:
        named = f"its own id {client}" if client else ""
        return Source(hand=Hand.PROGRAM, evidence=", ".join(filter(None, ("marked as automated", said, named))))
    if automated is None:
        return Source(hand=Hand.PERSON, evidence=", ".join(filter(None, ("the broker says no more", said))))
    return Source(hand=Hand.PERSON, evidence=", ".join(filter(None, ("not automated", said))))


def liquidates(reason: str) -> bool:
    """Say whether the broker's word for a restriction means that it closes positions."""
    return any(word in reason.lower() for word in _LIQUIDATES)
