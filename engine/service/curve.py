"""Curve: what each account earned, day by day and through the day, kept over restarts for people to look at.

Days are trade dates. Figures are those that the status shows: the broker's, with our marks. A day's last are of just before
its trading ends: in the hour until the turn nothing is earned, and a broker may have begun to count his next day.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal

import msgspec

from engine.api.pnl import CurveView, PnlLine, PnlView, Point
from engine.api.views import AccountView
from engine.domain.tradedate import ZONE, closes, trade_date

FILE = "curve.msgpack"
EVERY = timedelta(minutes=5)
KEPT_POINTS = timedelta(days=3)
KEPT_DAYS = 400
LAST = timedelta(seconds=5)  # before trading ends: a day's last figures
ZERO = Decimal(0)


class DayEnd(msgspec.Struct, array_like=True):
    """One account at the newest moment of one day."""

    profit: Decimal
    equity: Decimal


class Kept(msgspec.Struct):
    """What the next clerk should know."""

    days: dict[str, dict[date, DayEnd]] = {}
    points: dict[str, list[Point]] = {}


class Curve:
    """Days and points of every account."""

    def __init__(self, kept: Kept | None = None) -> None:
        """Go on from what was kept."""
        self.kept = kept or Kept()
        self.changes = 0  # since it was made
        self._noted_at: datetime | None = None

    def is_due(self, now: datetime) -> bool:
        """Say whether the next points should be noted: now and then, just before the day's trading ends, and not after it."""
        last = closes(trade_date(now)) - LAST
        if now >= last:
            return self._noted_at is not None and self._noted_at < last and now - last < EVERY
        return self._noted_at is None or not timedelta() <= now - self._noted_at < EVERY

    def note(self, views: Iterable[AccountView], now: datetime) -> None:
        """Note where every account stands whose money is known."""
        self._noted_at, today = now, trade_date(now)
        self.changes += 1
        for view in views:
            if view.equity is None or view.day_profit is None:
                continue
            days = self.kept.days.setdefault(view.id, {})
            days[today] = DayEnd(view.day_profit, view.equity)
            for old in sorted(days)[:-KEPT_DAYS]:
                del days[old]
            points = self.kept.points.setdefault(view.id, [])
            points.append(Point(at=now, profit=view.day_profit, equity=view.equity))
            del points[: sum(point.at < now - KEPT_POINTS for point in points)]

    def pnl(self, views: Iterable[AccountView], now: datetime) -> PnlView:
        """Today, this week and this month of each account; a day that nobody saw counts as nothing, and is told."""
        today = trade_date(now)
        week, month = today - timedelta(days=today.weekday()), today.replace(day=1)
        lines = []
        for view in views:
            days = {day: end.profit for day, end in self.kept.days.get(view.id, {}).items() if day != today}
            if view.day_profit is not None:
                days[today] = view.day_profit
            lines.append(
                PnlLine(
                    account=view.id,
                    role=view.role,
                    day=view.day_profit,
                    week=sum((profit for day, profit in days.items() if day >= week), ZERO),
                    month=sum((profit for day, profit in days.items() if day >= month), ZERO),
                    since=min(days, default=None),
                    drawdown_pct=view.trail_pct,
                )
            )
        return PnlView(at=now, day=today, lines=tuple(lines))

    def curves(self, views: Iterable[AccountView], days: int, now: datetime) -> tuple[CurveView, ...]:
        """Points of the last day, or the ends of the last ``days``; the newest one is now."""
        found, today = [], trade_date(now)
        for view in views:
            if days <= 1:
                points = [point for point in self.kept.points.get(view.id, []) if trade_date(point.at) == today]
            else:
                ends = self.kept.days.get(view.id, {})
                past = sorted(day for day in ends if day != today)[1 - days :]
                points = [Point(at=_noon(day), profit=ends[day].profit, equity=ends[day].equity) for day in past]
            if view.equity is not None and view.day_profit is not None:
                points.append(Point(at=now, profit=view.day_profit, equity=view.equity))
            found.append(CurveView(account=view.id, days=days, points=tuple(points)))
        return tuple(found)


def _noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=ZONE)
