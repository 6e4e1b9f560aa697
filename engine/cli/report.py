"""``lockstep report day``: what one trade date was worth, as text, CSV and picture, from the journal alone."""

import argparse
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
from sqlalchemy import make_url

from engine.calendar.almanac import Almanac
from engine.cli.command import Command, desk_argument, say, show
from engine.config import home, load
from engine.domain.tradedate import holiday, trade_date
from engine.errors import ConfigError, JournalError, LockstepError
from engine.report import table
from engine.report.evidence import Report
from engine.report.reader import report
from engine.report.source import Source
from engine.report.text import text
from engine.storage.store import Store

DAYS = 10


def run(options: argparse.Namespace) -> int:
    """Run one of the words below ``report``."""
    code: int = options.word(options)
    return code


def show_day(options: argparse.Namespace) -> int:
    """Print the report of a trade date and write the files that were asked for."""
    where: Path = options.home or home()
    store = _store(options.desk, where)
    try:
        found = report(Source(where / "journal", store), options.date or _today(), options.days)
    finally:
        if store is not None:
            store.close()
    calendar = Almanac(where).read(datetime.now(UTC)).calendar
    show(text(found, holiday(calendar, found.day)).rstrip("\n"))
    if found.rows:
        _write(found, options)
    return 0


def _write(found: Report, options: argparse.Namespace) -> None:
    try:
        if options.csv is not None:
            rows = table.write(found, options.csv)
            say(f"{options.csv}: {rows} row{'s' * (rows != 1)}")
        if options.png is not None:
            from engine.report.picture import draw

            options.png.write_bytes(draw(found, is_dark=options.theme == "dark"))
            say(f"{options.png}: written")
        if options.json is not None:
            options.json.write_bytes(msgspec.json.encode([account.line for account in found.accounts]))
            say(f"{options.json}: written")
    except OSError as error:
        raise LockstepError(f"{error.filename}: cannot be written: {error.strerror}") from error


def _store(desk: Path | None, where: Path) -> Store | None:
    """Where older entries are; settings that are not right are no reason to keep a report back.

    Raises: ConfigError where the settings were named; JournalError where there is neither log nor database.
    """
    try:
        url = load(desk, home=where).database_url
    except ConfigError:
        if desk is not None:
            raise
        url = f"sqlite:///{(where / 'journal.db').as_posix()}"
    file = make_url(url).database if url.startswith("sqlite") else None
    if file is not None and not Path(file).is_file():  # opening it would make it
        if not (where / "journal").is_dir():
            raise JournalError(f"{where} holds no journal; run `lockstep up` first, or name its home with --home")
        return None
    return Store(url)


def _today() -> date:
    return trade_date(datetime.now(UTC))


def _days(word: str) -> int:
    days = int(word)
    if not 0 <= days <= 250:
        raise ValueError
    return days


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    words = parser.add_subparsers(metavar="WORD", required=True)
    day = words.add_parser("day", help="one trade date: money, delay, slippage, fills, what was unusual")
    day.add_argument(
        "--date",
        type=date.fromisoformat,
        metavar="YYYY-MM-DD",
        help="trade date, from 17:00 to 17:00 in Chicago; the present one without",
    )
    day.add_argument(
        "--days",
        type=_days,
        default=DAYS,
        metavar="N",
        help=f"trade dates before it that tell what is normal ({DAYS}); 0 compares nothing",
    )
    day.add_argument("--csv", type=Path, metavar="FILE", help="also write one row a copy")
    day.add_argument("--json", type=Path, metavar="FILE", help="also write the figures of each account")
    day.add_argument("--png", type=Path, metavar="FILE", help="also draw it")
    day.add_argument("--theme", choices=("light", "dark"), default="light", help="of the picture")
    day.add_argument("--home", type=Path, metavar="DIR", help="data directory (LOCKSTEP_HOME or this system's place)")
    desk_argument(day)
    day.set_defaults(word=show_day)


COMMAND = Command(name="report", summary="Evidence of a day: delay, slippage, money", arguments=arguments, run=run)
