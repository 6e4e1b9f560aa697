"""Exchange: session tables of the CME products, from the installed calendars and the dated rows laid over them.

Two calendars describe most families and do not always agree. The later opening, the earlier close and "closed" stand, and
the session says so; a dated row then has the last word. Pandas is imported when a build starts: never in the hot process.
Source: pandas-market-calendars 5.5.0, looked through on 2026-11-22.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from importlib import import_module
from importlib.metadata import version
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from engine.calendar.setting import OverrideRow, parse
from engine.domain.hours import EXCHANGE_ZONE, Calendar, Family, Session, SessionTable, Span, faults, instant
from engine.errors import LockstepError

LIBRARY = "pandas-market-calendars"
TRADE_DATES = "CME_TradeDate"  # merges a holiday's half session into the date that follows
CALENDARS: dict[Family, tuple[str, ...]] = {
    Family.EQUITY: ("CME Globex Equity", "CME_Equity"),
    Family.RATES: ("CME Globex Fixed Income", "CME_Rate"),
    Family.FX: ("CMEGlobex_FX",),
    Family.ENERGY: ("CMEGlobex_CL",),
    Family.METALS: ("CMEGlobex_GC",),
    Family.GRAINS: ("CMEGlobex_Grains", "CME_Agriculture"),
    Family.LIVESTOCK: ("CMEGlobex_Livestock",),
    Family.CRYPTO: ("CME Globex Crypto",),
}
USUAL_CLOSE = {Family.GRAINS: time(13, 20), Family.LIVESTOCK: time(13, 5)}
CLOSE = time(16, 0)
CRYPTO_NOTE = (
    "CME trades crypto around the clock since 2026-05-29; hours outside the weekday sessions are not known here"
)
BACK_DAYS = 14
DAYS = 75
CLOSED_DAYS = 430  # contract months end long after the tables do
_MARGIN = timedelta(days=8)  # a trade date that begins before the span or ends after it
_CHICAGO = ZoneInfo(EXCHANGE_ZONE)


class BuildError(LockstepError):
    """A table could not be built or is not sound; the last good copy stays."""


class _Day(msgspec.Struct):
    """One calendar day's session while it is put together."""

    opens: datetime
    closes: datetime
    rests: list[tuple[datetime, datetime]]
    notes: list[str]


def build(today: date, built_at: datetime, rows: Sequence[OverrideRow] = (), days: int = DAYS) -> Calendar:
    """Build the tables from two weeks before ``today`` until ``days`` after it; ``rows`` win over the package's own.

    Raises: BuildError.
    """
    since, until = today - timedelta(days=BACK_DAYS), today + timedelta(days=days)
    dates = sorted(_days(TRADE_DATES, since - _MARGIN, max(until, today + timedelta(days=CLOSED_DAYS)) + _MARGIN))
    if not dates:
        raise BuildError(f"{TRADE_DATES} has no trade dates around {today}")
    tables = tuple(_table(family, (since, until), dates, (*packaged(), *rows)) for family in CALENDARS)
    last = today + timedelta(days=CLOSED_DAYS)
    weekdays = (since + timedelta(days=step) for step in range((last - since).days + 1))
    known = set(dates)
    return Calendar(
        built_at=built_at,
        source=f"{LIBRARY} {version(LIBRARY)}",
        tables=tables,
        closed=tuple(day for day in weekdays if day.weekday() < 5 and day not in known),
        closed_until=last,
    )


def packaged() -> tuple[OverrideRow, ...]:
    """The rows that come with Lockstep."""
    raw = files("engine.calendar").joinpath("overrides.toml").read_bytes()
    return parse(raw, "overrides.toml").override


def _table(family: Family, span: tuple[date, date], dates: Sequence[date], rows: Iterable[OverrideRow]) -> SessionTable:
    since, until = span
    known = [_days(name, since - _MARGIN, until + _MARGIN) for name in CALENDARS[family]]
    days, remarks = _agreed(known)
    for row in rows:
        if family in row.families and since - _MARGIN <= row.date <= until + _MARGIN:
            _lay_over(days, remarks, row, family)
    sessions = _sessions(family, days, remarks, dates)
    kept = [session for session in sessions if since <= session.trade_date <= until]
    after = next((session for session in sessions if session.trade_date > until), None)
    if not kept or after is None:
        raise BuildError(f"{family}: the calendars hold no sessions from {since} to {until}")
    table = SessionTable(
        family=family,
        since=kept[0].opens,
        until=after.opens,
        sessions=tuple(kept),
        is_partial=family is Family.CRYPTO,
        note=CRYPTO_NOTE if family is Family.CRYPTO else "",
    )
    if found := faults(table):
        raise BuildError(f"{family}: {found[0]}")
    return table


def _days(name: str, since: date, until: date) -> dict[date, _Day]:
    """One calendar's sessions by the day on which they close."""
    found = {}
    for day, opens, closes, *rest in _rows(name, since, until):
        # A break without length or at the close is left over from an old schedule.
        rests = [(rest[0], rest[1])] if rest and opens < rest[0] < rest[1] < closes else []
        found[day] = _Day(opens, closes, rests, [])
    return found


@lru_cache(maxsize=64)  # several families and rows look at the same calendar
def _rows(name: str, since: date, until: date) -> tuple[tuple[Any, ...], ...]:
    """Day, opening, close and, where it has them, start and end of a break."""
    frame = (
        import_module("pandas_market_calendars")
        .get_calendar(name)
        .schedule(since.isoformat(), until.isoformat(), tz="UTC")
    )
    columns = ["market_open", "market_close"]
    columns += ["break_start", "break_end"] if "break_start" in frame.columns else []
    days = [stamp.date() for stamp in frame.index]
    return tuple(zip(days, *([_utc(stamp) for stamp in frame[column]] for column in columns), strict=True))


def _utc(stamp: Any) -> datetime:
    moment: datetime = stamp.to_pydatetime()
    return moment.astimezone(UTC)


def _agreed(known: Sequence[dict[date, _Day]]) -> tuple[dict[date, _Day], dict[date, str]]:
    """The shorter of what the calendars say for each day; and remarks on days that one of them has closed."""
    days: dict[date, _Day] = {}
    remarks: dict[date, str] = {}
    for day in sorted(set().union(*known)):
        found = [calendar[day] for calendar in known if day in calendar]
        if len(found) < len(known):
            remarks[day] = f"{day:%a %m-%d} closed: one calendar has it open until {_clock(found[0].closes)}"
            continue
        closes = sorted({one.closes for one in found})
        merged = _Day(max(one.opens for one in found), closes[0], found[0].rests, [])
        if len(closes) > 1:
            told = " and ".join(_clock(close) for close in closes)
            merged.notes.append(f"calendars say {told}, the earlier stands")
        days[day] = merged
    return days, remarks


def _lay_over(days: dict[date, _Day], remarks: dict[date, str], row: OverrideRow, family: Family) -> None:
    """Let a dated row have the last word on one day."""
    said = f"{row.source}; {row.checked}, grade {row.grade}" + (f"; {row.note}" if row.note else "")
    if row.closed:
        days.pop(row.date, None)
        remarks[row.date] = f"{row.date:%a %m-%d} closed ({said})"
        return
    old = days.get(row.date)
    if old is None and (row.opens is None or row.closes is None):
        raise BuildError(f"{family} {row.date}: closed in the calendar; write opens and closes to open it")
    opens = _at(row.date + timedelta(days=row.opens_day), row.opens) if row.opens else old.opens if old else None
    closes = _at(row.date, row.closes) if row.closes else old.closes if old else None
    assert opens is not None
    assert closes is not None
    rests = [rest for rest in (old.rests if old else []) if opens < rest[0] and rest[1] < closes]
    days[row.date] = _Day(opens, closes, rests, [said])
    remarks.pop(row.date, None)


def _sessions(family: Family, days: dict[date, _Day], remarks: dict[date, str], dates: Sequence[date]) -> list[Session]:
    """Days gathered under the trade date that they count for: their own, or the next where they have none."""
    spans: dict[date, list[Span]] = {}
    notes: dict[date, list[str]] = {}
    usual = USUAL_CLOSE.get(family, CLOSE)
    for day in sorted({*days, *remarks}):
        owner = next((one for one in dates if one >= day), None)
        if owner is None:
            continue
        if day in remarks:
            notes.setdefault(owner, []).append(remarks[day])
            continue
        found = days[day]
        is_short = found.closes.astimezone(_CHICAGO).time() < usual
        edges = [found.opens, *(edge for rest in found.rests for edge in rest), found.closes]
        pairs = list(zip(edges[::2], edges[1::2], strict=True))
        spans.setdefault(owner, []).extend(
            Span(opens=opens, closes=closes, is_short=is_short and closes == found.closes) for opens, closes in pairs
        )
        if owner != day:
            notes.setdefault(owner, []).append(f"{day:%a %m-%d} counts as {owner:%a %m-%d}")
        if is_short or found.notes:
            told = f"{day:%a %m-%d} closes {_clock(found.closes)}" + "".join(f" ({note})" for note in found.notes)
            notes.setdefault(owner, []).append(told)
    return [
        Session(trade_date=owner, spans=tuple(own), note="; ".join(notes.get(owner, ())))
        for owner, own in sorted(spans.items())
    ]


def _at(day: date, at: time) -> datetime:
    return instant(day, at, EXCHANGE_ZONE)


def _clock(at: datetime) -> str:
    return f"{at.astimezone(_CHICAGO):%H:%M} CT"
