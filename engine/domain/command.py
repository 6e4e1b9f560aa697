"""Commands: a person's wishes, already authorised and addressed to accounts. One closed union."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from msgspec import UNSET, UnsetType

from engine.domain.hours import Window
from engine.domain.ids import AccountId, Symbol
from engine.domain.value import Value


class Wish(Value, frozen=True, tag=True):
    """What every command names: the followers that it is for, each by its alias, never empty; and the person who wishes it.

    ``who`` is the person, who keeps it under every name; unset where nobody says, and then not written either.
    """

    accounts: tuple[AccountId, ...]
    who: str | UnsetType = UNSET


class Pause(Wish, frozen=True):
    """Stop new entries; exits are still copied. Without ``until`` it lasts until a person resumes."""

    until: datetime | None = None
    reason: str = ""


class Rejoin(StrEnum):
    """What a resumed follower does about entries that it missed."""

    FLAT = "flat"  # start flat: copy from the leader's next entry
    JOIN = "join"  # take the leader's present position at market


class Resume(Wish, frozen=True):
    """Copy entries again."""

    rejoin: Rejoin = Rejoin.FLAT
    over_news: bool = False  # also inside a news window, knowingly


class Resize(Wish, frozen=True):
    """Scale every later entry by ``factor`` on top of the follower's own sizing. 1 is the plan's size.

    With ``now`` what is held is brought to the new size as well: down at once, up by what the checks allow.
    """

    factor: Decimal
    now: bool = False


class Close(Wish, frozen=True):
    """Close a position, or part of it, at market; copying goes on with the leader's next entry, or next trade.

    ``quantity`` is unsigned contracts of the follower; None closes all. ``symbol`` None closes every symbol.
    """

    symbol: Symbol | None = None
    quantity: int | None = None


class Flatten(Wish, frozen=True):
    """Freeze entries, cancel working orders, close every position, prove it flat."""

    reason: str = ""


class Sync(Wish, frozen=True):
    """Bring the position to the leader's target now (join), accept what is held as the new base (adopt), or only close what
    the leader's position does not explain (close)."""

    adopt: bool = False
    close: bool = False


class Apart(Wish, frozen=True):
    """Keep apart what the leader's position does not explain: it is left alone, and copying goes on beside it."""


class Repair(Wish, frozen=True):
    """Lift the quarantine that a bug of ours caused."""


class Unlock(Wish, frozen=True):
    """Let an account trade again that a limit has locked; limits go on counting, and act again where they are still used up.

    ``is_reset`` begins a new ledger at the present balance: the firm has reset the account.
    """

    is_reset: bool = False


class Take(Wish, frozen=True):
    """Enter what is offered, or ``quantity`` unsigned contracts of it: judged now, by all checks."""

    offer: str
    quantity: int | None = None


class Leave(Wish, frozen=True):
    """Let an offered entry pass."""

    offer: str


class Skip(Wish, frozen=True):
    """Do not take the leader's trade that is on, or his next one where none is, until he is flat again. Exits are copied.

    ``symbol`` is a contract or a product; None means every trade that is on, or the next one in any contract. ``is_over``
    takes it back.
    """

    symbol: Symbol | None = None
    is_over: bool = False


class Disconnect(Wish, frozen=True):
    """Leave a position standing that the leader drives no more; a person closes it, or joins him again with a sync."""

    symbol: Symbol


class Off(Wish, frozen=True):
    """Stop copying until a person turns it on again; exits are still copied. ``close`` closes what is held."""

    close: bool = False
    reason: str = ""


class On(Wish, frozen=True):
    """Copy again after ``Off``, from the leader's next entry."""


class LimitKind(StrEnum):
    """What a person may set at run time."""

    MAX_LOSS = "max_loss"
    DAILY_LOSS = "daily_loss"
    DAILY_TARGET = "daily_target"
    CONTRACTS = "contracts"  # at once, in mini-equivalents
    TRADES_PER_DAY = "trades_per_day"
    LEVERAGE = "leverage"


class Relimit(Wish, frozen=True):
    """Hold an account to a tighter figure than its settings do. ``figure`` None goes back to theirs."""

    kind: LimitKind
    figure: Decimal | None = None


class Payout(Wish, frozen=True):
    """Money was withdrawn, or is about to be: it is no loss."""

    amount: Decimal


class PlanPause(Wish, frozen=True):
    """Pause later, from ``begins`` until ``until``; at its end what has changed meanwhile is told."""

    begins: datetime
    until: datetime
    reason: str = ""


class PlanWindow(Wish, frozen=True):
    """Pause in a window of the wall clock: the next that is not over, and with ``is_weekly`` again each week.

    A window without weekdays means the first day that it comes, and then that weekday.
    """

    window: Window
    is_weekly: bool = False
    reason: str = ""


class DropPause(Wish, frozen=True):
    """Take back the pause that the act ``plan`` has planned, or end it where it has begun."""

    plan: str


class Approve(Wish, frozen=True):
    """Let a held trade of the leader through to these followers, by their own checks; once, and only while it waits."""

    held: str


class Refuse(Wish, frozen=True):
    """Do not copy a held trade of the leader, to anybody. ``accounts`` are the followers who hear of it."""

    held: str


Command = (
    Pause
    | Resume
    | Resize
    | Close
    | Flatten
    | Sync
    | Apart
    | Repair
    | Unlock
    | Take
    | Leave
    | Skip
    | Disconnect
    | Off
    | On
    | Relimit
    | Payout
    | PlanPause
    | PlanWindow
    | DropPause
    | Approve
    | Refuse
)
