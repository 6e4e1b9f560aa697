"""Decisions: everything that a shell must do, one closed union. Each is journalled before it is carried out."""

from decimal import Decimal
from enum import StrEnum

from engine.domain.ids import AccountId, BrokerOrderId, OrderId, Symbol
from engine.domain.value import Value


class Decided(Value, frozen=True, tag=True, array_like=True):
    """A decision. Arrays on the wire: fields are only ever added at the end, with a default."""


Lot = tuple[OrderId, AccountId, Symbol, int]
"""One market order of a fan-out: (client id, account, contract, signed contracts)."""


class SendLots(Decided, frozen=True):
    """Send these market orders in this order: exits first, then entries. One cause, at most one order an account."""

    cause: str
    lots: tuple[Lot, ...]
    exits: int = 0  # how many of the first lots reduce risk; they may use the exit reserve


class Leg(Value, frozen=True, array_like=True):
    """A bracket child: closes the parent's contracts at a limit or at a stop price, whichever is set."""

    client: OrderId
    price: Decimal | None = None
    stop: Decimal | None = None


class SendBracketed(Decided, frozen=True):
    """Send one market entry with its protective children as one server-side order."""

    cause: str
    lot: Lot
    legs: tuple[Leg, ...]


class Protect(Decided, frozen=True):
    """Cover a position that stands without children: of two legs, the first to fill ends the other; one is a stop alone."""

    cause: str
    account: AccountId
    symbol: Symbol
    quantity: int  # signed contracts that the legs would trade: the other sign of the position
    legs: tuple[Leg, ...]


class ModifyLeg(Decided, frozen=True):
    """Let a resting child close fewer contracts; its prices stay."""

    account: AccountId
    order: BrokerOrderId
    quantity: int  # unsigned
    leg: Leg


class CancelOrder(Decided, frozen=True):
    """Cancel a working order. Its end is known only when the broker tells it."""

    account: AccountId
    order: BrokerOrderId


class Liquidate(Decided, frozen=True):
    """Ask the broker itself to close one contract: the last resort when our own exits are refused."""

    account: AccountId
    symbol: Symbol


class AskOrder(Decided, frozen=True):
    """Find out what became of an order by its client id."""

    account: AccountId
    client: OrderId


class AskSnapshot(Decided, frozen=True):
    """Fetch the account as the broker sees it."""

    account: AccountId


class Skipped(Decided, frozen=True):
    """An entry, or part of one, was not copied. ``check`` names why, ``figures`` says by how much."""

    account: AccountId
    symbol: Symbol
    cause: str
    wanted: int  # signed contracts that were not sent
    check: str
    figures: str


class Severity(StrEnum):
    """How much a person must care: P1 money at risk now … P5 digest only."""

    P1 = "P1"
    P2 = "P2"
    P3 = "P3"
    P4 = "P4"
    P5 = "P5"


class Raised(Decided, frozen=True):
    """Tell people. ``code`` is one of the alert table's; ``key`` is the act it belongs to, if any."""

    code: str
    severity: Severity
    text: str
    account: AccountId | None = None
    symbol: Symbol | None = None
    key: str | None = None
    connection: str | None = None  # of what concerns a whole line


Decision = (
    SendLots | SendBracketed | Protect | ModifyLeg | CancelOrder | Liquidate | AskOrder | AskSnapshot | Skipped | Raised
)
