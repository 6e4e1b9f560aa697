"""What may be seen over the control API. Money in account currency, quantities signed contracts, times aware UTC.

Decimals travel as JSON strings. ``None`` always means "not known", never zero.
"""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from engine.domain.desync import SyncState
from engine.domain.value import Value


class AccountState(StrEnum):
    """The one letter of the accounts table, spelled out."""

    LIVE = "live"  # copies
    PAUSED = "paused"
    STOPPED = "stopped"  # by a limit, a refusal, the broker, or a quarantine
    OFFLINE = "offline"
    DESYNC = "desync"


class LegView(Value, frozen=True):
    """One position. ``want`` is what the follower should hold; it equals ``have`` for a leader."""

    symbol: str
    have: int
    want: int
    in_flight: int = 0
    price: Decimal | None = None
    open_profit: Decimal | None = None
    leader_symbol: str = ""
    off_s: float | None = None  # how long want and have have differed with nothing in flight
    note: str = ""  # "rogue", "skipped 1", ...
    sync: SyncState = SyncState.IN_SYNC
    owner: str = ""  # who has it where it is not in sync: engine, a person, nobody yet
    deadline: datetime | None = None  # when the next step comes
    why: str = ""


class HoldView(Value, frozen=True):
    """Who stopped entries, why, until when. ``who`` is that person, however called; empty for the engine's own.

    ``kind`` is person, planned, flatten, off, engine, or what a limit or a time asks for; empty where that is not told.
    """

    by: str
    reason: str
    since: datetime
    until: datetime | None = None
    who: str = ""
    kind: str = ""


class LimitView(Value, frozen=True):
    """How far one account is from one limit."""

    account: str
    limit: str  # max_loss, daily_loss, daily_target, margin
    used: Decimal  # share of it that is used up; 1 is the firm's own line
    gone: Decimal  # money used up …
    span: Decimal  # … of so much
    line: Decimal  # equity at which the firm acts
    equity: Decimal
    has_acted: bool = False  # this desk has acted on it
    symbol: str = ""  # what is held …
    price: Decimal | None = None  # … its price now …
    stop: Decimal | None = None  # … and the price at which this desk would act, if nothing else moves


class RelationView(Value, frozen=True):
    """What the copies of a leader have earned on one account since their relationship began."""

    account: str
    result: Decimal | None  # realised and open; None while a price is missing
    lost: Decimal | None  # from the beginning, or from the best so far where the limit is measured so
    max_loss: Decimal
    since: datetime | None
    has_acted: bool = False


class ShareView(Value, frozen=True):
    """One member of a pool."""

    account: str
    share: Decimal
    result: Decimal | None
    stopped: str = ""  # why it takes no entries; its share is then traded by nobody


class PoolView(Value, frozen=True):
    """One pool: its limits together, and its members with their shares."""

    group: str
    members: tuple[ShareView, ...]
    result: Decimal | None  # since it is counted
    today: Decimal | None  # of the trade date
    max_contracts: int | None = None
    max_loss: Decimal | None = None
    daily_loss: Decimal | None = None
    has_acted: bool = False


class RiskView(Value, frozen=True):
    """Distance to every limit, nearest to the edge first."""

    limits: tuple[LimitView, ...]
    unknown: tuple[str, ...] = ()  # accounts whose limits cannot be marked now
    free: tuple[str, ...] = ()  # followers that have no limits
    relations: tuple[RelationView, ...] = ()  # relationships with a limit of their own
    pools: tuple[PoolView, ...] = ()


class AccountView(Value, frozen=True):
    """One account, leader or follower."""

    id: str
    name: str  # the broker's name
    group: str
    role: str  # leader, follower, idle
    broker: str
    connection: str
    state: AccountState
    why: str  # one line when the state is not live
    live: bool  # real money
    tags: tuple[str, ...] = ()
    size: str = ""  # "1x", "0.5x → MNQ", "fixed 2", with the resize factor applied
    factor: Decimal = Decimal(1)  # the resize factor in force
    balance: Decimal | None = None
    equity: Decimal | None = None
    day_profit: Decimal | None = None  # realised today plus open
    open_profit: Decimal | None = None
    legs: tuple[LegView, ...] = ()
    working_orders: int = 0
    holds: tuple[HoldView, ...] = ()
    last_copy: str = ""  # cause of the newest copy
    last_lag_ms: float | None = None
    carried: dict[str, Decimal] = {}  # fraction of a contract that rounding holds back, by symbol
    day_stop_pct: Decimal | None = None  # percent of the daily loss limit that is used up
    trail_pct: Decimal | None = None  # percent of the drawdown that is used up
    room: Decimal | None = None  # money to the nearest line
    nearest_limit: str = ""  # "daily loss 84 %"
    rolls: tuple[str, ...] = ()  # contracts near their end, and months that differ from the leader's
    planned: tuple[HoldView, ...] = ()  # pauses to come
    mode: str = ""  # of a follower: automatic, approve, signal
    skips: tuple[str, ...] = ()  # the leader's trades that it does not take: "NQZ6 skipped by ann"
    apart: tuple[str, ...] = ()  # positions that the leader drives no more: "+2 NQZ6 by ann since 14:30:00 UTC"
    own_limits: dict[str, Decimal] = {}  # a person's tighter figures in force, by limit
    sync: SyncState = SyncState.IN_SYNC  # of its worst contract
    rogue: str = ""  # policy for trades of other hands, and what they have here: "policy apart, +1 NQZ6 kept apart"


class DesyncLine(Value, frozen=True):
    """One contract of one follower that is not in sync."""

    account: str
    symbol: str
    want: int  # what the leader's position gives it
    have: int
    in_flight: int
    state: SyncState
    owner: str  # engine, a person, nobody yet
    why: str
    deadline: datetime | None = None  # when the next step comes
    off_s: float | None = None


class DesyncView(Value, frozen=True):
    """Leader against followers: who is off, who has it, what comes next. Without lines all are in sync."""

    lines: tuple[DesyncLine, ...]
    followers: int
    offline: tuple[str, ...] = ()  # nothing is known of them now


class OfferView(Value, frozen=True):
    """One entry that a person may take or leave."""

    id: str  # E1, E2 ...
    account: str
    owner: str
    symbol: str
    quantity: int  # signed contracts of the follower that may still be taken
    leader_symbol: str
    price: Decimal | None  # the leader's average
    mark: Decimal | None  # what the contract trades at now
    run_ticks: int | None  # how much worse an entry is now than the leader's; negative is better
    room: Decimal | None  # money to the nearest limit; None without limits
    room_contracts: int  # contracts that fit under the account's cap
    since: datetime
    expires: datetime
    left_s: float
    live: bool = False
    barred: str = ""  # why it could not be entered now


class HeldLine(Value, frozen=True):
    """What approving a held trade would do to one follower now: contracts it should hold before and after."""

    account: str
    symbol: str
    before: int
    after: int
    note: str = ""  # what of it the follower's own checks refuse
    room_contracts: int = 0  # contracts that fit under the account's cap
    live: bool = False


class HeldView(Value, frozen=True):
    """One trade of a leader that waits for a person, or waited. Quantities are signed contracts of the leader."""

    id: str  # H1, H2 ...
    leader: str
    symbol: str
    quantity: int  # as it was traded
    left: int  # what of it he still holds
    price: Decimal  # his average
    mark: Decimal | None  # what the contract trades at now
    run_ticks: int | None  # how much worse an entry is now; negative is better
    leader_net: int
    reasons: tuple[str, ...]
    since: datetime
    expires: datetime
    left_s: float
    state: str  # open, approved, refused, expired, gone
    outlook: str  # what approving would do now, or how it ended
    followers: tuple[HeldLine, ...] = ()
    cause: str = ""  # of its first fill


class OrderView(Value, frozen=True):
    """One working order."""

    account: str
    order: str
    symbol: str
    quantity: int
    kind: str
    price: Decimal | None
    stop: Decimal | None
    status: str
    ours: bool


class CopyLine(Value, frozen=True):
    """What one follower did about one leader event."""

    account: str
    symbol: str
    wanted: int
    sent: int
    filled: int
    status: str  # sent, ok, part, refused, unclear, skipped
    reason: str = ""  # check and figures, or the broker's words
    client: str = ""  # client order id
    price: Decimal | None = None  # average fill
    lag_ms: float | None = None  # leader frame heard → order bytes handed over
    ack_ms: float | None = None  # order handed over → broker's answer
    fill_ms: float | None = None  # order handed over → last fill told
    slip_ticks: Decimal | None = None  # worse is positive
    mode: str = ""  # automatic, approve, signal: who decided, by the settings in force then


class CopyView(Value, frozen=True):
    """One leader event and its copies, newest state."""

    cause: str
    seq: int
    at: datetime
    group: str
    leader: str
    symbol: str
    quantity: int
    price: Decimal | None
    net: int  # the leader's net afterwards
    what: str  # "BUY 2 NQZ6", "catch-up", ...
    lines: tuple[CopyLine, ...]


class LineView(Value, frozen=True):
    """One broker connection."""

    connection: str
    broker: str
    up: bool
    text: str
    heard_s: float | None
    round_trip_ms: float | None
    budget_left: int
    waiting: int = 0
    leads: tuple[str, ...] = ()  # leaders among its accounts


class HealthView(Value, frozen=True):
    """How the engine itself is doing."""

    run: str
    version: str
    up_s: float
    loop_ms: float  # worst lag of the hot loop in the last seconds
    journal_seq: int
    stored_seq: int  # how far the database has caught up
    database: str  # "ok" or what is wrong, in one line
    lines: tuple[LineView, ...]
    events_per_s: float = 0.0
    quarantined: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()  # leaders that cannot be heard


class StatusView(Value, frozen=True):
    """The first look: am I in sync, how far from trouble."""

    seq: int  # journal sequence that this view was folded from
    version: int  # state version: grows when positions, sizes or holds change
    at: datetime  # when the newest fact was heard
    word: str  # COPYING, PAUSED, PART PAUSED, STOPPED, STARTING, OFFLINE
    copying: int
    followers: int
    leaders: tuple[str, ...]  # "LEAD-1  long 2 NQ" for each
    day_profit: Decimal | None
    open_profit: Decimal | None
    worst: str  # the account that needs a look first, with the reason; empty when none does
    lag_ms: float | None  # median of the newest copies, leader frame → last order handed over
    desynced: tuple[str, ...]
    offline: tuple[str, ...]
    holds: tuple[HoldView, ...]
    apart: tuple[str, ...] = ()  # positions that their leader drives no more: a person has to close them
    rolls: tuple[str, ...] = ()  # contracts near their end that are held or led
    rogue: tuple[str, ...] = ()  # what other hands have on followers: "A: policy apart, +1 NQZ6 kept apart"


class ActState(StrEnum):
    """How far an act has come."""

    ASKED = "asked"
    ACKED = "acked"  # journalled by the engine
    PROVEN = "proven"  # seen at the broker, or complete by its nature
    FAILED = "failed"


class ActLine(Value, frozen=True):
    """One account's part of an act."""

    account: str
    state: ActState
    text: str  # "flat 0.9 s", "was flat", "OFFLINE", "1 left, try 2"


class ActView(Value, frozen=True):
    """One act of a person, from asked to proven."""

    key: str
    kind: str  # pause, resume, size, close, flatten, sync, repair
    by: str
    scope: str
    state: ActState
    asked_at: datetime
    took_s: float | None
    lines: tuple[ActLine, ...]
    text: str = ""  # why it failed, or a remark
    until: datetime | None = None
    reason: str = ""


class PreviewLine(Value, frozen=True):
    """What an act would do to one account."""

    account: str
    before: str
    after: str
    note: str = ""  # "OFFLINE", "real money", ...
    orders: tuple[str, ...] = ()  # the market orders that would leave, in words


class PreviewView(Value, frozen=True):
    """What an act would do, computed by the engine on the state of ``version``."""

    kind: str
    version: int
    accounts: int
    contracts: int  # unsigned contracts that would be traded
    orders: int  # working orders that would be cancelled
    open_profit: Decimal | None
    adds_risk: bool
    live: bool  # any account with real money
    lines: tuple[PreviewLine, ...]
    excluded: tuple[str, ...] = ()  # accounts that cannot take part now, with the reason
    remarks: tuple[str, ...] = ()


class Refusal(Value, frozen=True):
    """Why a request was not carried out: one line, what to change."""

    error: str
