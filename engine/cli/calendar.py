"""``lockstep calendar``: when the exchange trades, what is unusual ahead, and when contracts roll."""

import argparse
import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from engine.calendar import sessions
from engine.cli.command import Command, say, show
from engine.config import home
from engine.domain.contract import root_of
from engine.domain.hours import EXCHANGE_ZONE, FAMILIES, Calendar, Knowledge, Phase, Session, SessionTable, moment
from engine.domain.ids import Root, Symbol
from engine.domain.roll import CYCLES, front, roll_of
from engine.errors import ConfigError

_CHICAGO = ZoneInfo(EXCHANGE_ZONE)


def run(options: argparse.Namespace) -> int:
    """Print the calendar; 1 where the hours are not known or are old."""
    where: Path = options.home or home()
    root = _root(options.product) if options.product else None
    found = sessions.read(where, datetime.now(UTC))
    if found.is_due and not options.offline:
        complaint = asyncio.run(sessions.rebuild(where))
        if complaint:
            say(f"the trading hours could not be built: {complaint}")
        found = sessions.read(where, datetime.now(UTC))
    now = datetime.now(UTC)
    show(f"Trading hours: {found.knowledge}{_age(found.age_s)}. {_source(found.calendar)}")
    if found.complaint:
        show(found.complaint)
    if found.calendar is None:
        show("Unknown is not closed and not open: nothing can be said about any session.")
        return 1
    if root is not None:
        _product(found.calendar, root, now, options.days)
    else:
        _families(found.calendar, now, options.days)
    return 0 if found.knowledge is Knowledge.KNOWN else 1


def _root(word: str) -> Root:
    root = root_of(Symbol(word.upper()))
    if root not in FAMILIES:
        raise ConfigError(f'no hours are known for "{word}"; known products: {" ".join(sorted(FAMILIES))}')
    return root


def _age(age_s: float | None) -> str:
    if age_s is None:
        return ""
    if age_s < 0:
        return ", from the future by this computer's clock"
    hours = age_s / 3600
    return (
        f", {hours * 60:.0f} min old"
        if hours < 2
        else f", {hours:.0f} h old"
        if hours < 72
        else f", {hours / 24:.0f} days old"
    )


def _source(calendar: Calendar | None) -> str:
    return f"From {calendar.source} and dated rows. Times are Chicago's (CT)." if calendar else ""


def _families(calendar: Calendar, now: datetime, days: int) -> None:
    """Print each family's state now, and every session ahead that is not as usual."""
    states = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in ("family", "now", "until (CT)", "trade date", "note"):
        states.add_column(column, overflow="fold")
    for table in calendar.tables:
        here = moment(table, now)
        until = _at(here.until) if here.until else "-"
        states.add_row(table.family, here.phase, until, str(here.trade_date or "-"), table.note)
    _print(states)
    odd = Table(title=f"unusual in the next {days} days", title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    for column in ("trade date", "families", "what"):
        odd.add_column(column, overflow="fold")
    rows: dict[tuple[date, str], list[str]] = {}
    for table in calendar.tables:
        for session in _ahead(table, now, days):
            if session.note:
                rows.setdefault((session.trade_date, session.note), []).append(table.family)
    for (day, note), families in sorted(rows.items()):
        odd.add_row(f"{day:%a %Y-%m-%d}", ", ".join(families), note)
    last = (now + timedelta(days=days)).date()
    for day in calendar.closed:
        if now.date() <= day <= last:
            odd.add_row(f"{day:%a %Y-%m-%d}", "all", "no trade date of its own")
    _print(odd) if odd.row_count else show("Nothing unusual ahead.")
    _horizon(calendar.tables, now, days)


def _product(calendar: Calendar, root: Root, now: datetime, days: int) -> None:
    """Print one product's sessions and its contract months."""
    table = calendar.table(root)
    if table is None:
        show(f"{root}: no hours in this build; unknown.")
        return
    here = moment(table, now)
    until = f" until {_at(here.until)}" if here.until else ""
    show(f"{root} ({table.family}): {here.phase}{until}, trade date {here.trade_date or 'unknown'}.")
    if table.note:
        show(table.note)
    _months(root, here.trade_date or now.date(), frozenset(calendar.closed))
    listed = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in ("trade date", "trades (CT)", "note"):
        listed.add_column(column, overflow="fold")
    for session in _ahead(table, now, days):
        spans = ", ".join(f"{_at(span.opens)} to {_at(span.closes)}" for span in session.spans)
        listed.add_row(f"{session.trade_date:%a %Y-%m-%d}", spans, session.note)
    _print(listed)
    _horizon((table,), now, days)


def _months(root: Root, today: date, closed: frozenset[date]) -> None:
    found = front(root, today, closed) if root in CYCLES else None
    if found is None:
        show("Contract months: not known for this product.")
        return
    for symbol in filter(None, (found.symbol, found.also)):
        roll = roll_of(symbol, today, closed)
        if roll is not None:
            moving = " (or the next: volume is moving)" if found.also and symbol == found.symbol else ""
            show(
                f"{'Front' if symbol == found.symbol else 'Next'} month {symbol}{moving}: rolls to {roll.next} about "
                f"{roll.rolls} ({roll.days_to_roll} days); hold until {roll.deadline} at the latest ({roll.reason}, "
                f"{roll.days_to_deadline} days)"
            )


def _ahead(table: SessionTable, now: datetime, days: int) -> list[Session]:
    until = now + timedelta(days=days)
    return [session for session in table.sessions if session.closes > now and session.opens < until]


def _horizon(tables: Sequence[SessionTable], now: datetime, days: int) -> None:
    """Say where the tables end: what comes after it is unknown, not usual."""
    end = min(table.until for table in tables)
    if now + timedelta(days=days) > end:
        show(f"From {end:%Y-%m-%d} on nothing is known yet.")
    if any(moment(table, now).phase is Phase.UNKNOWN for table in tables):
        show('"unknown" is neither open nor closed: no source says which.')


def _at(at: datetime) -> str:
    return f"{at.astimezone(_CHICAGO):%a %H:%M}"


def _print(table: Table) -> None:
    Console(highlight=False, emoji=False, markup=False).print(table)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument("--days", type=int, default=14, help="how far ahead (14)")
    parser.add_argument("--product", metavar="NQ", help="one product or contract, with every session and its months")
    parser.add_argument("--offline", action="store_true", help="only read what is there, build nothing")
    parser.add_argument(
        "--home", type=Path, metavar="DIR", help="data directory (LOCKSTEP_HOME or this system's place)"
    )


COMMAND = Command(
    name="calendar", summary="Print trading hours, holidays and contract rolls", arguments=arguments, run=run
)
