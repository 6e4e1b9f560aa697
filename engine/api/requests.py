"""What may be asked or ordered over the control API. One class for one message; JSON with ``type`` as the tag."""

from datetime import datetime
from decimal import Decimal

from engine.domain.command import LimitKind, Rejoin
from engine.domain.value import Value


class Ask(Value, frozen=True, forbid_unknown_fields=True, tag_field="type"):
    """What every act carries.

    ``key`` makes it happen once: the same key again returns the same act. ``by`` is the person's name, as it is shown;
    ``who`` tells people of one name apart, for each has pauses of their own; without it the name does. ``scope`` is
    ``all``, aliases joined by commas, a group, or ``#tag``. ``version`` is the state version that the person saw; if
    given and positions, sizes or holds of the scope changed since, the act is refused and nothing happens.
    """

    key: str
    by: str
    scope: str = "all"
    version: int | None = None
    who: str = ""


class PauseAsk(Ask, frozen=True, tag="pause"):
    """Stop entries; exits are still copied."""

    until: datetime | None = None
    reason: str = ""


class ResumeAsk(Ask, frozen=True, tag="resume"):
    """Copy entries again."""

    rejoin: Rejoin = Rejoin.FLAT
    over_news: bool = False  # also inside a news window, knowingly


class SizeAsk(Ask, frozen=True, tag="size"):
    """Scale later entries by ``factor`` of the plan's size; 0 stops entries by size. ``now`` resizes what is held too."""

    factor: Decimal
    now: bool = False


class CloseAsk(Ask, frozen=True, tag="close"):
    """Close a symbol (all symbols when None), whole or ``quantity`` unsigned contracts an account."""

    symbol: str | None = None
    quantity: int | None = None


class FlattenAsk(Ask, frozen=True, tag="flatten"):
    """Freeze, cancel, close, prove flat."""

    reason: str = ""


class SyncAsk(Ask, frozen=True, tag="sync"):
    """Join the leader's position now, adopt what is held as the new base, or close what the leader does not explain."""

    adopt: bool = False
    close: bool = False


class ApartAsk(Ask, frozen=True, tag="apart"):
    """Keep apart what the leader's position does not explain; copying goes on beside it."""


class RepairAsk(Ask, frozen=True, tag="repair"):
    """Lift a quarantine."""


class UnlockAsk(Ask, frozen=True, tag="unlock"):
    """Let accounts trade again that a limit has locked; ``is_reset`` where the firm has reset them."""

    is_reset: bool = False


class TakeAsk(Ask, frozen=True, tag="take"):
    """Enter what is offered under ``offer``, or ``quantity`` unsigned contracts of it; judged anew by all checks."""

    offer: str
    quantity: int | None = None


class LeaveAsk(Ask, frozen=True, tag="leave"):
    """Let an offered entry pass."""

    offer: str


class SkipAsk(Ask, frozen=True, tag="skip"):
    """Do not take the leader's trade that is on, or his next one, until he is flat; ``is_over`` takes it back."""

    symbol: str | None = None
    is_over: bool = False


class DisconnectAsk(Ask, frozen=True, tag="disconnect"):
    """Leave a position standing that the leader drives no more."""

    symbol: str


class OffAsk(Ask, frozen=True, tag="off"):
    """Stop copying until turned on again; ``close`` closes what is held."""

    close: bool = False
    reason: str = ""


class OnAsk(Ask, frozen=True, tag="on"):
    """Copy again after off, from the leader's next entry."""


class LimitAsk(Ask, frozen=True, tag="limit"):
    """Hold accounts to a tighter ``figure`` than their settings do; None goes back to theirs."""

    kind: LimitKind
    figure: Decimal | None = None


class PayoutAsk(Ask, frozen=True, tag="payout"):
    """Say that money was withdrawn from an account, or is about to be: it is no loss."""

    amount: Decimal


class NewsPauseAsk(Ask, frozen=True, tag="newspause"):
    """Pause around the next event that ``event`` names ("CPI", "FOMC", a word of its title), the next red one where it is
    empty, or around the time ``at``. It begins and ends by itself."""

    event: str = ""
    at: datetime | None = None
    before_min: int = 15
    after_min: int = 15


class PlanAsk(Ask, frozen=True, tag="plan"):
    """Pause in a window of the clock of ``zone``: the next that is not over, begun at once where it is under way.

    ``days`` ("fri", "mon-fri") is on which weekdays; empty: on the first that comes. With ``weekly`` it comes again on
    them each week, until it is taken back. A window that closes before it opens runs over midnight.
    """

    opens: str  # "13:25"
    closes: str
    zone: str  # of both: America/Chicago
    days: str = ""
    weekly: bool = False
    reason: str = ""


class UnplanAsk(Ask, frozen=True, tag="unplan"):
    """Take back the pause that the act ``plan`` has planned, or end it where it has begun."""

    plan: str


class ApproveAsk(Ask, frozen=True, tag="approve"):
    """Copy a held trade of the leader to the followers of the scope, by their own checks; once, while it waits."""

    held: str


class RefuseAsk(Ask, frozen=True, tag="refuse"):
    """Do not copy a held trade, to anybody."""

    held: str


ActAsk = (
    PauseAsk
    | ResumeAsk
    | SizeAsk
    | CloseAsk
    | FlattenAsk
    | SyncAsk
    | ApartAsk
    | RepairAsk
    | UnlockAsk
    | TakeAsk
    | LeaveAsk
    | SkipAsk
    | DisconnectAsk
    | OffAsk
    | OnAsk
    | LimitAsk
    | PayoutAsk
    | NewsPauseAsk
    | PlanAsk
    | UnplanAsk
    | ApproveAsk
    | RefuseAsk
)
