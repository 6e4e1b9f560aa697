"""Day: tells the desk when a firm's day starts and is cut off, by the kept session tables. It decides nothing."""

from bisect import bisect_right
from collections.abc import Iterable
from datetime import datetime

from engine.domain.copier import Copier
from engine.domain.event import DayClosed, DayStarted
from engine.domain.hours import Calendar, DayClock, DayMark, DayTurn, day_marks
from engine.domain.ids import AccountId, Root
from engine.domain.leader import LeaderBook

OF = Root("ES")  # firms reckon their days by the hours of the equity indices


class Days:
    """Due turns of every firm's day, each told once for the accounts that have not heard of it."""

    def __init__(self) -> None:
        """Nothing is known before a calendar is."""
        self._calendar: Calendar | None = None
        self._marks: dict[DayClock, tuple[DayMark, ...]] = {}

    def learn(self, calendar: Calendar | None) -> None:
        """Go by a newer calendar from here on."""
        if calendar is not None:
            self._calendar, self._marks = calendar, {}

    def due(self, copiers: Iterable[Copier | LeaderBook], now: datetime) -> list[DayStarted | DayClosed]:
        """What has come due since each account last heard of its day, in order; an account off its line hears it later."""
        found: dict[DayMark, list[AccountId]] = {}
        for copier in copiers:
            clock = _clock(copier)
            start, cut = _heard(copier, is_cut=False), _heard(copier, is_cut=True)
            if clock is None or start is None or not copier.is_synced:
                continue
            marks = self._marks_of(clock)
            since = bisect_right(marks, min(start, cut or start), key=lambda mark: mark.at)
            for mark in marks[since : bisect_right(marks, now, key=lambda mark: mark.at)]:
                heard = cut if mark.turn is DayTurn.CUT_OFF else start
                if heard is None or mark.at <= heard or mark.at < max(start, cut or start):
                    continue
                found.setdefault(mark, []).append(copier.account)
        return [_told(mark, tuple(found[mark]), now) for mark in sorted(found, key=_order)]

    def _marks_of(self, clock: DayClock) -> tuple[DayMark, ...]:
        if clock not in self._marks and self._calendar is not None:
            table = self._calendar.table(OF)
            turns = day_marks(table, clock) if table is not None else ()
            self._marks[clock] = tuple(mark for mark in turns if mark.turn is not DayTurn.FLAT_BY)
        return self._marks.get(clock, ())


def _clock(copier: Copier | LeaderBook) -> DayClock | None:
    """By whose day an account goes."""
    if copier.kept is not None:
        return copier.kept.keeping.clock
    return copier.intake.plan.clock if isinstance(copier, Copier) and copier.intake is not None else None


def _heard(copier: Copier | LeaderBook, *, is_cut: bool) -> datetime | None:
    """The newest cut-off, or start, of its day that an account has heard of; None where none is for it."""
    if copier.kept is not None:
        return copier.kept.heard(is_cut=is_cut)
    if is_cut or not isinstance(copier, Copier) or copier.intake is None:
        return None
    return copier.intake.turned_at


def _order(mark: DayMark) -> tuple[datetime, int]:
    return mark.at, list(DayTurn).index(mark.turn)


def _told(mark: DayMark, accounts: tuple[AccountId, ...], now: datetime) -> DayStarted | DayClosed:
    kind = DayStarted if mark.turn is DayTurn.DAY_START else DayClosed
    return kind(at=now, accounts=accounts, due=mark.at, trade_date=mark.trade_date, is_short=mark.is_short)
