"""What was earned: by day, week and month, and the points of a chart. Money in account currency; ``None`` is "not known"."""

from datetime import date, datetime
from decimal import Decimal

from engine.domain.value import Value


class PnlLine(Value, frozen=True):
    """One account. ``since`` is the first day of which anything is known: what lies before is in no sum."""

    account: str
    role: str
    day: Decimal | None
    week: Decimal
    month: Decimal
    since: date | None
    drawdown_pct: Decimal | None = None


class PnlView(Value, frozen=True):
    """What each account of a scope earned. Days are trade dates (``tradedate``); ``day`` is the one that runs."""

    at: datetime
    day: date
    lines: tuple[PnlLine, ...]


class Point(Value, frozen=True, array_like=True):
    """Where an account stood."""

    at: datetime
    profit: Decimal  # of its day so far
    equity: Decimal


class CurveView(Value, frozen=True):
    """Points of one account: through the day, or the end of each of several days."""

    account: str
    days: int
    points: tuple[Point, ...]


class ReportLine(Value, frozen=True):
    """One account over a trade date. A trip is a position from flat to flat; a win is one that made money before fees."""

    account: str
    is_leader: bool
    profit: Decimal | None  # before fees
    fees: Decimal | None
    difference: Decimal  # from the leader's trades at the account's own size; negative is less
    copies: int
    failed: int  # of them: refused, or with no clear end
    slip_ticks: Decimal | None  # mean of a contract, worse is positive
    slip_money: Decimal
    trips: int = 0
    wins: int = 0


class ReportView(Value, frozen=True):
    """The report of one trade date: its text, its figures, and by name its files in base64, where they were asked for.

    A day without copies has neither lines nor files. ``holiday`` is what the exchange makes of a day that is none of its own;
    empty for any other, and where no calendar says.
    """

    text: str
    files: dict[str, str] = {}
    lines: tuple[ReportLine, ...] = ()
    holiday: str = ""
