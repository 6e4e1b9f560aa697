"""Almanac: the kept calendars as one reading, and how they are made anew; for the hot process, which loads no pandas."""

from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from msgspec.structs import replace

from engine.calendar import feed, sessions, setting
from engine.domain.hours import Calendar
from engine.domain.news import NewsBook
from engine.domain.value import Value
from engine.errors import ConfigError

Stamp = tuple[tuple[str, int, int], ...]


class Reading(Value, frozen=True):
    """What the files say. Complaints are one line for a person; empty if all is well."""

    calendar: Calendar | None
    book: NewsBook
    fresh: timedelta  # a news copy older than this is stale
    hours_complaint: str = ""
    news_complaint: str = ""


class Almanac:
    """The files of one data directory."""

    def __init__(self, home: Path) -> None:
        """Read nothing yet."""
        self._home = home

    def stamp(self) -> Stamp:
        """Age and size of every file that is read: another stamp, another reading."""
        names = [sessions.FILE, sessions.FAILURE, feed.FILE, setting.FILE, *feed.OWN_FILES]
        found: list[tuple[str, int, int]] = []
        for path in (self._home / name for name in names):
            with suppress(OSError):
                stat = path.stat()
                found.append((path.name, stat.st_mtime_ns, stat.st_size))
        return tuple(found)

    def read(self, now: datetime) -> Reading:
        """Read everything. Never raises: what cannot be read is unknown, and says why."""
        hours = sessions.read(self._home, now)
        try:
            table, wrong = setting.load(self._home).news, ""
        except ConfigError as error:
            table, wrong = setting.NewsTable(), str(error)
        book = feed.read(self._home, table)
        if wrong:  # nothing that the copies say may pass for whole
            book = replace(book, complaints=(*book.complaints, wrong))
        return Reading(
            calendar=hours.calendar,
            book=book,
            fresh=timedelta(hours=table.fresh_hours),
            hours_complaint=hours.complaint,
            news_complaint="; ".join(book.complaints),
        )

    async def rebuild_hours(self, now: datetime) -> bool:
        """Have the trading hours built anew, if they are due; True where that was tried."""
        if not sessions.read(self._home, now).is_due:
            return False
        await sessions.rebuild(self._home)
        return True

    async def fetch_news(self) -> str:
        """Have the news fetched by whatever address is due; what went wrong in one line, or nothing."""
        return await sessions.rebuild(self._home, "--only-news")
