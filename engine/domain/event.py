"""Facts: everything that the domain learns from the outside, one closed union.

Quantities are signed contracts (buy and long positive) unless a field says otherwise; prices are the exchange's own
decimals; money is account currency. Ids of orders and fills are the broker's, ``client`` is ours.
"""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from engine.domain.command import Command
from engine.domain.due import Timed, TradeDateTold
from engine.domain.group import DeskPlan
from engine.domain.ids import AccountId, BrokerOrderId, ConnectionId, FillId, OrderId, Symbol
from engine.domain.value import Stamped, Value


class OrderStatus(StrEnum):
    """Where an order stands at the broker."""

    PENDING = "pending"
    SUSPENDED = "suspended"  # a bracket child that waits for its parent
    WORKING = "working"
    FILLED = "filled"
    CANCELED = "canceled"
    REJECTED = "rejected"
    EXPIRED = "expired"
    UNKNOWN = "unknown"  # a word that we do not know: counts as open until a snapshot says more


CLOSED = frozenset({OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.REJECTED, OrderStatus.EXPIRED})


class OrderFilled(Stamped, frozen=True):
    """A fill on any account. The same ``fill`` may be told twice; it counts once."""

    account: AccountId
    fill: FillId
    order: BrokerOrderId
    symbol: Symbol
    quantity: int
    price: Decimal
    traded_at: datetime  # the exchange's time
    client: OrderId | None = None  # ours, if the order carries our tag
    automated: bool | None = None  # what the broker says of the order; None if it does not say
    is_admin: bool | None = None  # the broker's or the firm's own order
    tag: str = ""  # what its sender wrote on it


class FillBusted(Stamped, frozen=True):
    """The exchange took a fill back."""

    account: AccountId
    fill: FillId
    symbol: Symbol
    quantity: int
    price: Decimal


class Accepted(Value, frozen=True, tag=True):
    """The broker took the order; not yet working, not yet filled."""

    order: BrokerOrderId


class RefusalKind(StrEnum):
    """What kind of no it was: what to do about it."""

    ORDER = "order"  # this order is wrong or not allowed: size, price, symbol, margin
    ACCOUNT = "account"  # the account takes no entries now: locked, closed, liquidation only
    BUDGET = "budget"  # not sent: the request budget, ours or the broker's, is spent; nothing reached the exchange
    LINE = "line"  # not sent: no authorised line; nothing reached the exchange


class Refused(Value, frozen=True, tag=True):
    """The broker said no, or we did not send. No contract of this order will ever fill."""

    kind: RefusalKind
    reason: str  # the broker's own word
    text: str = ""


class Unclear(Value, frozen=True, tag=True):
    """Sent, not answered. A state to resolve, not an error to retry."""

    reason: str


class Absent(Value, frozen=True, tag=True):
    """Asked by client id on a healthy line, long enough after the send: the broker has never seen it."""


Outcome = Accepted | Refused | Unclear | Absent


class OrderAnswered(Stamped, frozen=True):
    """The answer to one order that we sent, told by the broker or found by asking with ``client``."""

    account: AccountId
    client: OrderId
    outcome: Outcome


class OrderChanged(Stamped, frozen=True):
    """An order on any account took a new state. ``quantity`` and ``filled`` are 0 where the broker did not say."""

    account: AccountId
    order: BrokerOrderId
    symbol: Symbol
    status: OrderStatus
    quantity: int = 0  # signed, whole order
    filled: int = 0  # unsigned, so far
    client: OrderId | None = None
    kind: str = ""  # market, limit, stop, stop_limit, or the broker's word
    price: Decimal | None = None
    stop: Decimal | None = None
    reason: str = ""  # why it was rejected
    parent: BrokerOrderId | None = None
    automated: bool | None = None
    is_admin: bool | None = None
    tag: str = ""


class PositionReported(Stamped, frozen=True):
    """The broker's own view of one net position."""

    account: AccountId
    symbol: Symbol
    net: int
    price: Decimal | None = None  # average entry


class BalanceReported(Stamped, frozen=True):
    """Money of one account. ``balance`` is realised; None means that the broker did not say."""

    account: AccountId
    balance: Decimal
    open_profit: Decimal | None = None
    margin: Decimal | None = None
    day_profit: Decimal | None = None  # realised since the day's start


class QuoteMarked(Stamped, frozen=True):
    """A new best bid, best offer or last trade of one contract."""

    symbol: Symbol
    bid: Decimal | None = None
    ask: Decimal | None = None
    last: Decimal | None = None

    def over(self, older: "QuoteMarked") -> "QuoteMarked":
        """This quote with what it does not say taken from an older one."""
        if self.bid is not None and self.ask is not None and self.last is not None:
            return self
        return QuoteMarked(
            at=self.at,
            symbol=self.symbol,
            bid=self.bid if self.bid is not None else older.bid,
            ask=self.ask if self.ask is not None else older.ask,
            last=self.last if self.last is not None else older.last,
        )


class Holding(Value, frozen=True, array_like=True):
    """One net position in a snapshot."""

    symbol: Symbol
    net: int
    price: Decimal | None = None


class OrderSeen(Value, frozen=True, array_like=True):
    """One order in a snapshot: every open order, and every order of ours that the broker still lists."""

    order: BrokerOrderId
    symbol: Symbol
    status: OrderStatus
    quantity: int
    filled: int
    client: OrderId | None = None
    kind: str = ""
    price: Decimal | None = None
    stop: Decimal | None = None
    reason: str = ""
    automated: bool | None = None
    is_admin: bool | None = None
    tag: str = ""


class SnapshotTaken(Stamped, frozen=True):
    """One account as the broker sees it, complete. Only a whole answer makes one: silence and errors make none."""

    account: AccountId
    holdings: tuple[Holding, ...]
    orders: tuple[OrderSeen, ...]
    fills: tuple[FillId, ...]  # every fill that is inside ``holdings`` and might be told again
    balance: Decimal | None = None
    open_profit: Decimal | None = None
    margin: Decimal | None = None
    day_profit: Decimal | None = None


class LineLost(Stamped, frozen=True):
    """A connection can no longer be heard or written to."""

    connection: ConnectionId
    reason: str


class LineRestored(Stamped, frozen=True):
    """A connection is authorised and streaming again. Snapshots of its accounts follow."""

    connection: ConnectionId


class Restriction(StrEnum):
    """What the broker still takes from an account."""

    NONE = "none"
    CLOSE_ONLY = "close_only"
    LOCKED = "locked"


class AccountRestricted(Stamped, frozen=True):
    """The broker restricted an account, or lifted it."""

    account: AccountId
    restriction: Restriction
    reason: str = ""


class AccessRefused(Stamped, frozen=True):
    """A login is refused: wrong password, captcha, penalty. Nothing is tried again before ``until``."""

    connection: ConnectionId
    reason: str
    until: datetime | None = None


class EngineStarted(Stamped, frozen=True):
    """A process took over this journal. Belief from before it is to be compared before anything else."""

    run: str
    version: str


class DeskConfigured(Stamped, frozen=True):
    """The settings in force from here on."""

    plan: DeskPlan


class PersonActed(Stamped, frozen=True):
    """A person's wish, authorised and addressed. ``key`` makes it happen once."""

    key: str
    by: str
    command: Command


class TimePassed(Stamped, frozen=True):
    """A due time of the domain has come."""


class ClockChanged(Stamped, frozen=True):
    """The computer's clock was set, or the computer slept: ages that were measured by it move along."""

    seconds: float  # forward is positive


class JournalStrained(Stamped, frozen=True):
    """The journal has no room to prepare: no new risk while ``reason`` stands; empty lifts it."""

    reason: str


class DayStarted(Stamped, frozen=True):
    """A firm's day began for these accounts. ``is_short`` is a session that a holiday cuts short."""

    accounts: tuple[AccountId, ...]
    due: datetime  # the firm's own time of it
    trade_date: date
    is_short: bool = False


class DayClosed(Stamped, frozen=True):
    """A firm's cut-off came for these accounts: the closing balance that an end-of-day floor follows."""

    accounts: tuple[AccountId, ...]
    due: datetime  # the firm's own time of it
    trade_date: date
    is_short: bool = False


class OrdersSent(Stamped, frozen=True):
    """Bytes of one fan-out were handed to the sockets. ``offsets_us`` runs parallel to the lots, from the fact's ``at``."""

    cause: str
    heard_at: datetime  # when the cause's frame was read
    offsets_us: tuple[int, ...]


class FollowerFailed(Stamped, frozen=True):
    """Our own code failed while it handled this follower: set it aside, keep the others running."""

    account: AccountId
    error: str


Event = (
    OrderFilled
    | FillBusted
    | OrderAnswered
    | OrderChanged
    | PositionReported
    | BalanceReported
    | QuoteMarked
    | SnapshotTaken
    | LineLost
    | LineRestored
    | AccountRestricted
    | AccessRefused
    | EngineStarted
    | DeskConfigured
    | PersonActed
    | TimePassed
    | ClockChanged
    | JournalStrained
    | OrdersSent
    | FollowerFailed
    | DayStarted
    | DayClosed
    | Timed
    | TradeDateTold
)
