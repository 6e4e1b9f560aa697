"""Plan: the rules of one account type of one firm, and for each value who says so, when, and how surely."""

from datetime import date, time
from decimal import Decimal
from enum import StrEnum

from engine.domain.group import Setting
from engine.domain.terms import ZERO, Basis, Compare, DailyLoss, Terms, Tier, Trail
from engine.domain.value import Value

FLOOR = ("start_balance", "drawdown", "mode", "lock")


class Grade(StrEnum):
    """How surely a value is known."""

    A = "A"  # words or table of a named page of the firm, in a dated note
    B = "B"  # a dated note says that the firm says so
    C = "C"  # third parties only
    UNCONFIRMED = "UNCONFIRMED"  # not found, or sources differ: the stricter reading stands here
    OWN = "own"  # an override of this desk


class Fact(Value, frozen=True):
    """Where one value comes from."""

    grade: Grade
    source: str
    date: date
    note: str = ""


class Stage(StrEnum):
    """What an account is for."""

    EVALUATION = "evaluation"
    FUNDED = "funded"


class Automation(StrEnum):
    """What a firm says of programs that trade."""

    ALLOWED = "allowed"
    FIRM_API = "firm-api"  # only through the firm's own programming interface
    PLATFORM = "platform"  # only what the firm's platforms offer, no program of one's own
    FORBIDDEN = "forbidden"
    UNKNOWN = "unknown"


class Copying(StrEnum):
    """What a firm says of copying between one's own accounts."""

    ALLOWED = "allowed"
    MANUAL_LEADER = "manual-leader"  # only orders that a person entered
    NAMED_TOOLS = "named-tools"  # only with the programs that the firm names
    FORBIDDEN = "forbidden"
    UNKNOWN = "unknown"


class Permission(StrEnum):
    """A plain yes or no, where the firm says it."""

    ALLOWED = "allowed"
    FORBIDDEN = "forbidden"
    UNKNOWN = "unknown"


class Bracket(StrEnum):
    """Whether a position must have a protective order."""

    REQUIRED = "required"
    FREE = "free"
    UNKNOWN = "unknown"


class News(StrEnum):
    """What is asked around economic events."""

    FREE = "free"
    FLAT = "flat"  # hold nothing in the window
    NO_ORDERS = "no-orders"  # nothing may fill in the window, a resting stop included
    NO_ENTRIES = "no-entries"
    UNKNOWN = "unknown"


class SizeRule(StrEnum):
    """How minis and micros count against a cap."""

    SUM = "sum"  # in mini-equivalents, added up
    EITHER = "either"  # one or the other is full, never a part of each
    UNMIXED = "unmixed"  # minis and micros of one product never together


class CountBy(StrEnum):
    """What a cap on accounts counts."""

    FIRM = "firm"
    PRODUCT = "product"  # accounts of one plan, whatever their size


class Rules(Setting, frozen=True):
    """The values of a plan. What a firm does not ask is at its default. Money in account currency."""

    start_balance: Decimal
    drawdown: Decimal
    mode: Trail
    compare: Compare
    zone: str  # of the times below
    day_start: time  # a new day for the daily limit
    cut_off: time  # the closing balance that an end-of-day floor follows
    flat_by: time
    automation: Automation
    server: Permission  # order traffic from a rented computer
    copying: Copying
    hedging: Permission  # opposite positions across one owner's accounts
    lock: Decimal | None = None
    payout_locks_floor: bool = False
    target: Decimal | None = None  # profit that passes the stage
    dll: Decimal | None = None
    dll_basis: Basis = Basis.BALANCE
    dll_soft: bool = True
    dll_carries: bool = False
    dll_best_close_share: Decimal | None = None
    dll_best_close_from: Decimal = ZERO
    tiers: tuple[Tier, ...] = ()
    daily_target: Decimal | None = None
    margin_level: Decimal | None = None
    minis: Decimal | None = None
    micros: Decimal | None = None
    size_rule: SizeRule = SizeRule.SUM
    ratios: dict[str, int] = {}  # micros of one product for one mini, where it is not ten
    news: News = News.UNKNOWN
    news_before_min: int = 0
    news_after_min: int = 0
    news_events: str = ""
    price_limit_share: Decimal | None = None  # no trading nearer to an exchange price limit
    consistency: Decimal | None = None  # best day's share of the profit that a pass or a payout allows
    trades_per_day: int | None = None
    allow_symbols: tuple[str, ...] = ()  # products that may be traded; empty allows all
    deny_symbols: tuple[str, ...] = ()
    vpn: Permission = Permission.UNKNOWN
    bot_elsewhere: Permission = Permission.UNKNOWN  # the same program at another firm
    bracket: Bracket = Bracket.UNKNOWN
    max_funded: int | None = None  # accounts of one person
    max_evaluations: int | None = None
    max_accounts: int | None = None  # both together
    count_by: CountBy = CountBy.FIRM

    def terms(self) -> Terms:
        """What the ledger must keep to."""
        has_daily = self.dll is not None or any(tier.dll is not None for tier in self.tiers)
        daily = DailyLoss(
            amount=self.dll,
            basis=self.dll_basis,
            soft=self.dll_soft,
            best_close_share=self.dll_best_close_share,
            best_close_from=self.dll_best_close_from,
            carries=self.dll_carries,
        )
        return Terms(
            start_balance=self.start_balance,
            drawdown=self.drawdown,
            mode=self.mode,
            lock=self.lock,
            compare=self.compare,
            payout_locks_floor=self.payout_locks_floor,
            dll=daily if has_daily else None,
            daily_target=self.daily_target,
            margin_level=self.margin_level,
            tiers=self.tiers,
        )


class Plan(Value, frozen=True):
    """One account type. ``facts`` tells of every value of ``rules`` that the file gives, by its name."""

    name: str
    firm: str
    title: str
    stage: Stage
    checked: date
    rules: Rules
    facts: dict[str, Fact]
    note: str = ""

    @property
    def product(self) -> str:
        """The plan's name within the firm, without its size: "eod" of "apex/eod-50k/evaluation/tradovate"."""
        return "-".join(part for part in self.name.split("/")[1].split("-") if not part.endswith("k"))

    def grade(self) -> Grade:
        """The least sure grade among the values that make the floor."""
        order = list(Grade)
        floor = [self.facts[key].grade for key in FLOOR if key in self.facts]
        return max((grade for grade in floor if grade is not Grade.OWN), key=order.index, default=Grade.OWN)

    def unconfirmed(self) -> list[str]:
        """Values that a person should confirm before they are relied on."""
        return [key for key, fact in self.facts.items() if fact.grade is Grade.UNCONFIRMED]
