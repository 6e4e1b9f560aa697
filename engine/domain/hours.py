"""Hours: when a family of products can be traded, which trade date an instant has, and where a firm's day begins and ends.

Theory of operation. A table is facts: for each trade date the spans in which the exchange trades, in UTC. A trade date owns
everything from its first opening to the next one's, so no instant has two. A holiday halt (Thanksgiving Thursday, noon) ends
a span but no trade date: what is traded on both sides of it has the same one. Spans with less than an hour between them are
one stretch (grains rest from 07:45 to 08:30); a firm's day starts, its cut-off and its flat-by time belong to stretches:

    span      ──────── ─────         ─────────────          ─────────────
    stretch   ╶─ grains ─╴ night     ╶ Thursday ╴   17:00   ╶── Friday ──╴
    date      │ own date             │ Friday's: one reset, at its first opening; with ``carries`` none, as both are short

What lies outside a table is unknown, never open and never closed. Nothing here has a clock.
Source: shared reference on prop-firm rules, sections 5 and 6.1, 2026-11-22.
"""

from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo

import msgspec

from engine.domain.ids import Root
from engine.domain.value import Setting, Value

EXCHANGE_ZONE = "America/Chicago"
REST = timedelta(hours=1)  # the daily maintenance; a shorter gap does not end a stretch


class Knowledge(StrEnum):
    """How far a calendar can be trusted about one moment."""

    KNOWN = "known"
    STALE = "stale"  # from a copy that is old or not whole
    UNKNOWN = "unknown"  # nobody told us; never the same as "nothing there"


class Family(StrEnum):
    """Products that share their hours."""

    EQUITY = "equity"
    RATES = "rates"
    FX = "fx"
    ENERGY = "energy"
    METALS = "metals"
    GRAINS = "grains"
    LIVESTOCK = "livestock"
    CRYPTO = "crypto"


_ROOTS: dict[Family, str] = {
    Family.EQUITY: "ES MES NQ MNQ YM MYM RTY M2K NKD EMD",
    Family.RATES: "ZT ZF ZN TN ZB UB SR3",
    Family.FX: "6A 6B 6C 6E 6J 6M 6N 6S M6A M6B M6E MCD MJY MSF",
    Family.ENERGY: "CL MCL QM NG MNG QG RB HO",
    Family.METALS: "GC MGC SI SIL HG MHG PL PA",
    Family.GRAINS: "ZC ZS ZW ZL ZM XC XK XW",
    Family.LIVESTOCK: "LE HE GF",
    Family.CRYPTO: "BTC MBT ETH MET",
}
FAMILIES: dict[Root, Family] = {Root(root): family for family, roots in _ROOTS.items() for root in roots.split()}


class Span(Value, frozen=True, array_like=True):
    """A time of trading without a pause: from ``opens`` until just before ``closes``."""

    opens: datetime
    closes: datetime
    is_short: bool = False  # ends before the family's usual time


class Session(Value, frozen=True):
    """One trade date with its spans, in order; two or more where there is a break or a holiday halt."""

    trade_date: date
    spans: tuple[Span, ...]
    note: str = ""  # what is unusual, and who says so

    @property
    def opens(self) -> datetime:
        """First opening: the trade date begins."""
        return self.spans[0].opens

    @property
    def closes(self) -> datetime:
        """Last close."""
        return self.spans[-1].closes


class SessionTable(Value, frozen=True):
    """Sessions of one family, complete from ``since`` until just before ``until``."""

    family: Family
    since: datetime
    until: datetime
    sessions: tuple[Session, ...]
    is_partial: bool = False  # it may be open between the spans too: nobody said
    note: str = ""


class Calendar(Value, frozen=True):
    """All tables of one build. ``closed`` are weekdays that are no trade date, until ``closed_until``."""

    built_at: datetime
    source: str
    tables: tuple[SessionTable, ...]
    closed: tuple[date, ...] = ()
    closed_until: date | None = None

    def table(self, root: Root) -> SessionTable | None:
        """Hours of a product; None for one whose hours nobody told."""
        family = FAMILIES.get(root)
        return next((table for table in self.tables if table.family is family), None)


class Phase(StrEnum):
    """What the exchange does at one moment."""

    OPEN = "open"
    PAUSED = "paused"  # back within the hour
    CLOSED = "closed"
    UNKNOWN = "unknown"


class Moment(Value, frozen=True):
    """Where an instant lies. ``until`` is when the phase ends, where the table says so."""

    phase: Phase
    trade_date: date | None = None
    until: datetime | None = None
    note: str = ""


class Stretch(Value, frozen=True):
    """Trading from a reopening to the next close of an hour or more; short if a holiday cuts it or follows it."""

    trade_date: date
    opens: datetime
    closes: datetime
    is_early: bool  # closes before the usual time
    is_short: bool  # that, or the trade date goes on after it
    is_first: bool  # the trade date begins with it


class DayClock(Setting, frozen=True):
    """A firm's own times, in its own zone."""

    zone: str
    day_start: time
    cut_off: time
    flat_by: time
    carries: bool = False  # a stretch that a holiday cuts short starts no new day
    early_margin_min: int = 10  # flat so long before an early close, where the firm's own time is not earlier


class DayTurn(StrEnum):
    """What comes due in a firm's day; in this order when at the same instant."""

    CUT_OFF = "cut_off"
    DAY_START = "day_start"
    FLAT_BY = "flat_by"


class DayMark(Value, frozen=True):
    """One due time of a firm's day."""

    at: datetime
    turn: DayTurn
    trade_date: date
    is_short: bool


class Window(Setting, frozen=True):
    """Times of day at which trading is wanted; over midnight if it closes before it opens, all day if both are equal."""

    opens: time
    closes: time
    zone: str = EXCHANGE_ZONE
    weekdays: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)  # of the opening; Monday is 0


def faults(table: SessionTable) -> list[str]:
    """What makes a table useless: one line each, none if it is sound."""
    spans = [span for session in table.sessions for span in session.spans]
    found = [f"{session.trade_date}: no span" for session in table.sessions if not session.spans]
    if found or not spans:
        return found or ["no sessions"]
    instants = [table.since, *(instant for span in spans for instant in (span.opens, span.closes)), table.until]
    if any(instant.tzinfo is None for instant in instants):
        return ["a time without a zone"]
    found += [f"{span.opens:%Y-%m-%d %H:%M} UTC: closes before it opens" for span in spans if span.closes <= span.opens]
    found += [
        f"{later.opens:%Y-%m-%d %H:%M} UTC: opens before the span ahead of it closes"
        for earlier, later in pairwise(spans)
        if later.opens < earlier.closes
    ]
    dates = [session.trade_date for session in table.sessions]
    found += [f"{later}: trade dates out of order" for day, later in pairwise(dates) if later <= day]
    if not table.since <= spans[0].opens or not spans[-1].closes <= table.until:
        found.append("sessions outside the time that the table covers")
    return found


def moment(table: SessionTable, at: datetime) -> Moment:
    """Where an instant lies."""
    if not table.since <= at < table.until:
        return Moment(phase=Phase.UNKNOWN)
    number = bisect_right(table.sessions, at, key=_opens) - 1
    session = table.sessions[number] if number >= 0 else None
    following = table.sessions[number + 1] if number + 1 < len(table.sessions) else None
    last, ahead = table.since, following.opens if following else table.until
    for span in session.spans if session else ():
        if at < span.opens:
            ahead = span.opens
            break
        last = span.closes
        if at < span.closes:
            assert session is not None
            return Moment(phase=Phase.OPEN, trade_date=session.trade_date, until=span.closes, note=session.note)
    if table.is_partial:
        after = session is None or at >= session.closes
        owner = following if after else session
        return Moment(phase=Phase.UNKNOWN, trade_date=owner.trade_date if owner else None, until=ahead, note=table.note)
    phase = Phase.PAUSED if ahead - last <= REST else Phase.CLOSED
    return Moment(phase=phase, trade_date=session.trade_date if session else None, until=ahead)


def trade_date(table: SessionTable, at: datetime) -> date | None:
    """Trade date of an instant: from a date's first opening to the next one's. None where the table does not reach."""
    return moment(table, at).trade_date


def _opens(session: Session) -> datetime:
    return session.opens


def stretches(table: SessionTable) -> tuple[Stretch, ...]:
    """Stretches of a table, in order."""
    found: list[Stretch] = []
    for session in table.sessions:
        runs: list[list[Span]] = []
        for span in session.spans:
            if runs and span.opens - runs[-1][-1].closes < REST:
                runs[-1].append(span)
            else:
                runs.append([span])
        found += [
            Stretch(
                trade_date=session.trade_date,
                opens=run[0].opens,
                closes=run[-1].closes,
                is_early=run[-1].is_short,
                is_short=run[-1].is_short or run is not runs[-1],
                is_first=run is runs[0],
            )
            for run in runs
        ]
    return tuple(found)


def day_marks(table: SessionTable, clock: DayClock) -> tuple[DayMark, ...]:
    """When a firm's days start, are cut off and must be flat, in the order of their time.

    A day starts with each trade date; where short ones carry over, each stretch is told and says whether it is short. Every
    stretch is cut off, for a floor that is raised once too often stops earlier, never later.
    """
    marks = [mark for stretch in stretches(table) for mark in _marks(stretch, clock)]
    return tuple(sorted(marks, key=lambda mark: (mark.at, list(DayTurn).index(mark.turn))))


def _marks(stretch: Stretch, clock: DayClock) -> Iterator[DayMark]:
    turns = [
        (DayTurn.CUT_OFF, _nearest(clock.cut_off, clock.zone, stretch.closes)),
        (DayTurn.FLAT_BY, flat_at(stretch, clock)),
    ]
    if stretch.is_first or clock.carries:
        turns.append((DayTurn.DAY_START, _nearest(clock.day_start, clock.zone, stretch.opens)))
    for turn, at in turns:
        yield DayMark(at=at, turn=turn, trade_date=stretch.trade_date, is_short=stretch.is_short)


def flat_at(stretch: Stretch, clock: DayClock) -> datetime:
    """When an account must be flat: the firm's time, or the margin before an early close if that comes first."""
    margin = timedelta(minutes=clock.early_margin_min) if stretch.is_early else timedelta()
    return min(_nearest(clock.flat_by, clock.zone, stretch.closes), stretch.closes - margin)


def time_to_flat(table: SessionTable, clock: DayClock, at: datetime) -> timedelta | None:
    """Time left until an account must be flat; negative from then until the reopening. None where nobody knows."""
    if not table.since <= at < table.until:
        return None
    runs = stretches(_around(table, at))
    number = bisect_right(runs, at, key=lambda run: run.opens) - 1
    return flat_at(runs[number], clock) - at if number >= 0 else None


def firm_day(table: SessionTable, clock: DayClock, at: datetime) -> date | None:
    """The firm's day that an instant belongs to, by its trade date. None where the table does not reach."""
    if not table.since <= at < table.until:
        return None
    starts = [
        mark
        for mark in day_marks(_around(table, at), clock)
        if mark.turn is DayTurn.DAY_START and mark.at <= at and not (clock.carries and mark.is_short)
    ]
    return starts[-1].trade_date if starts else None


def _around(table: SessionTable, at: datetime) -> SessionTable:
    """The sessions that can bear on an instant: no run of short ones is longer than a few days."""
    number = bisect_right(table.sessions, at, key=_opens)
    return msgspec.structs.replace(table, sessions=table.sessions[max(0, number - 8) : number + 3])


def usual_hours(at: datetime) -> SessionTable:
    """The exchange's usual week around an instant, without holidays: a stand-in where no calendar reaches."""
    today = at.astimezone(ZoneInfo(EXCHANGE_ZONE)).date()
    days = [day for step in range(-9, 10) if (day := today + timedelta(days=step)).weekday() < 5]
    sessions = tuple(
        Session(trade_date=day, spans=(Span(opens=_evening(day), closes=instant(day, time(16), EXCHANGE_ZONE)),))
        for day in days
    )
    until = sessions[-1].closes + REST
    return SessionTable(family=Family.EQUITY, since=sessions[0].opens, until=until, sessions=sessions)


def _evening(day: date) -> datetime:
    return instant(day - timedelta(days=1), time(17), EXCHANGE_ZONE)


def is_within(window: Window, at: datetime) -> bool:
    """Say whether a trading window is open."""
    local = at.astimezone(ZoneInfo(window.zone))
    now, today = local.time(), local.weekday()
    if window.opens < window.closes:
        return window.opens <= now < window.closes and today in window.weekdays
    if now >= window.opens:
        return today in window.weekdays
    return now < window.closes and (today - 1) % 7 in window.weekdays


def instant(day: date, at: time, zone: str) -> datetime:
    """UTC of a wall-clock time; one that the clock skips in spring counts from before the change."""
    return datetime.combine(day, at, ZoneInfo(zone)).astimezone(UTC)


def _nearest(at: time, zone: str, to: datetime) -> datetime:
    """The wall-clock time ``at`` that is nearest to an instant: a firm's times lie around the exchange's own."""
    day = to.astimezone(ZoneInfo(zone)).date()
    return min(
        (instant(day + timedelta(days=step), at, zone) for step in (-1, 0, 1)), key=lambda found: abs(found - to)
    )
