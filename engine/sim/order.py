"""Orders, commands and fills as the venue keeps them."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, NamedTuple

from engine.domain.value import Value
from engine.ports import Clock
from engine.sim.contract import Contract

Kind = Literal["Market", "Limit", "Stop", "StopLimit"]
Tif = Literal["Day", "GTC", "IOC", "FOK", "GTD"]
CommandKind = Literal["New", "Modify", "Cancel"]
FINAL = frozenset({"Filled", "Canceled", "Rejected", "Expired", "Completed"})


class Terms(Value, frozen=True):
    """What an order asks of the market."""

    qty: int
    kind: Kind
    price: Decimal | None = None
    stop: Decimal | None = None
    tif: Tif = "Day"
    text: str | None = None


class NewOrder(Value, frozen=True):
    """A request to trade, before the venue has looked at it. ``side`` is +1 to buy, -1 to sell."""

    account: str
    symbol: str
    side: int
    terms: Terms
    client_id: str | None = None
    is_automated: bool = False
    tag50: str | None = None
    admin: bool = False


class Refusal(Value, frozen=True):
    """The venue will not take a request."""

    reason: str
    text: str


class Instant(NamedTuple):
    """A moment on both clocks. Units: nanoseconds since the Unix epoch, and of the monotonic clock."""

    epoch_ns: int
    monotonic_ns: int

    @classmethod
    def of(cls, clock: Clock) -> "Instant":
        """This moment."""
        now = clock.now()
        epoch = int(now.timestamp()) * 1_000_000_000 + now.microsecond * 1000
        return cls(epoch, int(clock.monotonic() * 1_000_000_000))


class Received(Value, frozen=True):
    """One order as it reached the venue, for proofs from outside: which order, when, and what was answered.

    Units: ``received_ns`` counts from the Unix epoch, ``received_monotonic_ns`` by the venue's monotonic clock.
    """

    number: int
    account: str
    symbol: str
    side: int
    qty: int
    kind: str
    client_id: str | None
    text: str | None
    is_automated: bool
    received_ns: int
    received_monotonic_ns: int
    order_id: int | None
    answer: str


@dataclass(slots=True)
class Order:
    """One order and its life so far."""

    id: int
    account: str
    contract: Contract
    side: int
    terms: Terms
    at: datetime
    client_id: str | None = None
    is_automated: bool = False
    tag50: str | None = None
    admin: bool = False
    state: str = "PendingNew"
    filled: int = 0
    value: Decimal = Decimal(0)  # sum of price * quantity over the fills
    parent: "Order | None" = None
    partner: "Order | None" = None  # the other half of an OCO
    children: list["Order"] = field(default_factory=list)
    is_triggered: bool = False  # a stop that has been touched
    is_resting: bool = False  # was in the book before the present quote
    current: "Command | None" = None  # the New or Modify whose terms hold
    pending: "Command | None" = None  # a command that has not been resolved

    @property
    def left(self) -> int:
        """Contracts still to fill."""
        return self.terms.qty - self.filled

    @property
    def is_final(self) -> bool:
        """Nothing more can happen to it."""
        return self.state in FINAL

    @property
    def average(self) -> Decimal | None:
        """Average fill price."""
        return self.value / self.filled if self.filled else None


@dataclass(slots=True)
class Command:
    """A request about one order: New, Modify or Cancel."""

    id: int
    order: Order
    kind: CommandKind
    at: datetime
    terms: Terms | None = None
    status: str = "Pending"
    client_id: str | None = None
    is_automated: bool = False
    tag50: str | None = None


@dataclass(slots=True)
class Fill:
    """One execution."""

    id: int
    order: Order
    qty: int
    price: Decimal
    at: datetime
    day: date
    active: bool = True
    paired: int = 0


@dataclass(slots=True)
class Pair:
    """A closing fill matched with the fill that it closes."""

    id: int
    buy: Fill
    sell: Fill
    qty: int
    active: bool = True
