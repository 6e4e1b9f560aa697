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
    """What each account of a scope earned. Days end at 17:00 in New York; ``day`` is the one that runs."""

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


class ReportView(Value, frozen=True):
    """The report of one trade date: its text, and a file in base64 where one was asked for and there is something to tell."""

    text: str
    file: str = ""
    name: str = ""
