"""``python -m engine.calendar``: the short-lived process that builds session tables and fetches news into files."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from engine.calendar import sessions, setting
from engine.errors import ConfigError


def main(argv: Sequence[str] | None = None) -> int:
    """Do what was asked; 0 if all of it worked. The newest complaint is the last line of standard error."""
    options = _arguments().parse_args(argv)
    now = datetime.now(UTC)
    complaints: list[str] = []
    if not options.only_news:
        complaints += _build(options.home, options.today or now.date(), now, options.days)
    if options.news or options.only_news:
        complaints += _fetch(options.home, now)
    for complaint in complaints:
        sys.stderr.write(f"{complaint}\n")
    return 1 if complaints else 0


def _build(home: Path, today: date, now: datetime, days: int) -> list[str]:
    """Build the session tables; the old ones stay where that fails."""
    from engine.calendar.exchange import BuildError, build

    try:
        sessions.write(home, build(today, now, setting.load(home).override, days))
    except (BuildError, ConfigError, ValueError, OSError, ImportError, LookupError) as error:
        complaint = f"{type(error).__name__}: {error}".splitlines()[0]
        sessions.note_failure(home, now, complaint)
        return [complaint]
    return []


def _fetch(home: Path, now: datetime) -> list[str]:
    from engine.calendar.feed import refresh

    try:
        return asyncio.run(refresh(home, setting.load(home).news, now))
    except (ConfigError, OSError) as error:
        return [str(error).splitlines()[0]]


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m engine.calendar", description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="data directory")
    parser.add_argument("--days", type=int, default=75, help="how far ahead the tables reach")
    parser.add_argument("--today", type=date.fromisoformat, help="build as of another day")
    parser.add_argument("--news", action="store_true", help="also fetch the news feed, if it is due")
    parser.add_argument("--only-news", action="store_true", help="fetch the news feed and build nothing")
    return parser


if __name__ == "__main__":
    sys.exit(main())
