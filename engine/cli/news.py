"""``lockstep news``: economic events ahead, how surely they are known, and the windows of a rule around them."""

import argparse
import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from engine.calendar import feed, setting
from engine.cli.command import Command, say, show
from engine.config import home
from engine.domain.hours import Knowledge, Span
from engine.domain.news import (
    RELEASE_ZONE,
    EconomicEvent,
    NewsBook,
    PausePlan,
    Scope,
    Timing,
    covers,
    knowledge,
    pause_plan,
    scope_of,
)

DAYS = 2
_NEW_YORK = ZoneInfo(RELEASE_ZONE)


def run(options: argparse.Namespace) -> int:
    """Print the events; 1 where a part of the time asked for is not known."""
    where: Path = options.home or home()
    table = setting.load(where).news
    now = datetime.now(UTC)
    if not options.offline:
        try:
            asyncio.run(feed.refresh(where, table, now))
        except OSError as error:
            say(f"the news could not be kept: {error}")
    book, fresh = feed.read(where, table), timedelta(hours=table.fresh_hours)
    scope = scope_of(options.rule)
    if scope.doubt:
        say(f'the rule\'s words "{scope.doubt}" are not understood; all red American events count too')
    within = Span(opens=now, closes=now + timedelta(days=7 if options.week else DAYS))
    before, after = timedelta(minutes=options.before), timedelta(minutes=options.after)
    plan = pause_plan(book, scope, before, after, within, now, fresh)
    _state(book, now, fresh, feed.troubles(where, table))
    _events(book, scope, within, now, everything=options.all)
    _windows(plan, options.before, options.after)
    _unknown(plan)
    return 1 if plan.stale or plan.unknown or book.complaints else 0


def _state(book: NewsBook, now: datetime, fresh: timedelta, troubles: list[str]) -> None:
    known = knowledge(book, now, now, fresh)
    ages = [
        f"{part.source}: {_day(part.since)} to {_day(part.until - timedelta(minutes=1))}, {_age(part.fetched_at, now)}"
        + ("" if part.is_whole else ", not whole")
        for part in book.coverage
        if part.until > now
    ]
    show(f"News now: {known}." + (" UNKNOWN IS NOT 'NO NEWS'." if known is Knowledge.UNKNOWN else ""))
    for line in (*ages, *(f"! {line}" for line in (*book.complaints, *troubles))):
        show(f"  {line}")


def _age(fetched_at: datetime | None, now: datetime) -> str:
    if fetched_at is None:
        return "your own file"
    minutes = (now - fetched_at).total_seconds() / 60
    if minutes < 0:
        return "fetched in the future by this computer's clock"
    return f"{minutes:.0f} min old" if minutes < 120 else f"{minutes / 60:.0f} h old"


def _events(book: NewsBook, scope: Scope, within: Span, now: datetime, *, everything: bool) -> None:
    listed = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in ("time (ET)", "in", "cur", "impact", "event", "release", "from"):
        listed.add_column(column, overflow="fold")
    since = now.astimezone(_NEW_YORK).replace(hour=0, minute=0, second=0, microsecond=0)
    for event in book.events:
        if since <= event.at < within.closes and (everything or covers(scope, event)):
            listed.add_row(
                _time(event),
                _left(event, now),
                event.currency,
                event.impact,
                event.title,
                event.release if event.release != "other" else "",
                event.source,
            )
    if listed.row_count:
        Console(highlight=False, emoji=False, markup=False).print(listed)
    else:
        show(
            "No event of this kind in what is known."
            if book.coverage
            else "Nothing is known, so nothing can be listed."
        )


def _time(event: EconomicEvent) -> str:
    local = event.at.astimezone(_NEW_YORK)
    return f"{local:%a %m-%d} " + (f"{local:%H:%M}" if event.timing is Timing.EXACT else event.timing)


def _left(event: EconomicEvent, now: datetime) -> str:
    if event.timing is not Timing.EXACT:
        return "?"
    minutes = round((event.at - now).total_seconds() / 60)
    if minutes < 0:
        return "past"
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"


def _windows(plan: PausePlan, before: int, after: int) -> None:
    if plan.windows:
        show(f"Windows, {before} min before to {after} min after (ET):")
    for window in plan.windows:
        opens, closes = window.opens.astimezone(_NEW_YORK), window.closes.astimezone(_NEW_YORK)
        mark = "guess: " if window.is_guess else ""
        show(f"  {opens:%a %m-%d %H:%M} to {closes:%H:%M}  {mark}{', '.join(window.titles)}")
    for event in plan.untimed:
        show(f"  {_time(event)}: {event.title} has no time, so no window")


def _unknown(plan: PausePlan) -> None:
    for word, spans in (("stale", plan.stale), ("unknown", plan.unknown)):
        for span in spans:
            opens, closes = span.opens.astimezone(_NEW_YORK), span.closes.astimezone(_NEW_YORK)
            show(f"Calendar {word} from {opens:%a %m-%d %H:%M} to {closes:%a %m-%d %H:%M} ET")


def _day(at: datetime) -> str:
    return f"{at.astimezone(_NEW_YORK):%a %m-%d}"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument("--week", action="store_true", help=f"the next seven days (else {DAYS})")
    parser.add_argument("--all", action="store_true", help="every event, not only those that the rule means")
    parser.add_argument(
        "--rule", default="USD high impact", metavar="WORDS", help='a firm\'s words, for example "FOMC, CPI"'
    )
    parser.add_argument("--before", type=int, default=2, metavar="MIN", help="window before an event (2)")
    parser.add_argument("--after", type=int, default=2, metavar="MIN", help="window after an event (2)")
    parser.add_argument("--offline", action="store_true", help="only read what is there, fetch nothing")
    parser.add_argument(
        "--home", type=Path, metavar="DIR", help="data directory (LOCKSTEP_HOME or this system's place)"
    )


COMMAND = Command(
    name="news", summary="Print economic events and the windows around them", arguments=arguments, run=run
)
