"""calendar.toml in the data directory: where news comes from, and the rows that a person lays over the calendars."""

import tomllib
from datetime import date, time
from pathlib import Path

import msgspec

from engine.calendar.kept import recall
from engine.domain.group import Setting
from engine.domain.hours import Family
from engine.errors import ConfigError

FILE = "calendar.toml"


class NewsTable(Setting, frozen=True):
    """The [news] table. ``urls`` are asked in turn, each at most once in ``every_min``; none switches the feed off."""

    urls: tuple[str, ...] = (
        "https://nfs.faireconomy.media/ff_calendar_thisweek.json",
        "https://nfs.faireconomy.media/ff_calendar_nextweek.json",
    )
    every_min: int = 60  # the feed refuses whoever asks more than about twice in five minutes
    fresh_hours: int = 24  # an older copy is stale
    file: str = ""  # a person's own events: .toml, .json or .csv, beside calendar.toml or a full path


class OverrideRow(Setting, frozen=True):
    """One dated correction of the exchange's hours, in exchange time, and where it comes from."""

    checked: date
    date: date  # the day on which the session closes
    families: tuple[Family, ...]
    source: str
    grade: str = "own"
    opens: time | None = None
    opens_day: int = -1  # -1: on the evening before, 0: on the day itself
    closes: time | None = None
    closed: bool = False
    note: str = ""


class CalendarFile(Setting, frozen=True):
    """Everything in calendar.toml."""

    news: NewsTable = NewsTable()
    override: tuple[OverrideRow, ...] = ()


def load(home: Path) -> CalendarFile:
    """Read calendar.toml of the data directory; the defaults where there is none.

    Raises: ConfigError, one line that says what to edit.
    """
    try:
        raw = recall(home / FILE)
    except OSError as error:
        raise ConfigError(f"{FILE}: cannot be read: {error.strerror or error}") from None
    found = parse(raw, FILE) if raw is not None else CalendarFile()
    if found.news.every_min < 5:
        raise ConfigError(f"{FILE}: [news] every_min: write 5 or more; the feed refuses whoever asks more often")
    if found.news.fresh_hours < 1:
        raise ConfigError(f"{FILE}: [news] fresh_hours: write 1 or more")
    for url in found.news.urls:
        if not url.startswith(("https://", "http://")):
            raise ConfigError(f'{FILE}: [news] urls: "{url[:60]}" is no http address')
    return found


def parse(raw: bytes, name: str) -> CalendarFile:
    """Check the bytes of such a file.

    Raises: ConfigError.
    """
    try:
        return msgspec.convert(tomllib.loads(raw.decode("utf-8-sig")), CalendarFile)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError, RecursionError) as error:
        raise ConfigError(f"{name}: {str(error).splitlines()[0]}") from None
