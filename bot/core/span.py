"""Times as people write them: how long, until when, and what is only meant to be one."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo

from engine.api import Value, tradedate

CLOSED = (4, 5)  # weekdays on whose evenings no session begins: Friday, Saturday
LONGEST = timedelta(days=31)
FORMS = "write 90m, 1h30m, until 14:45 or eod"

_HOURS = re.compile(r"(\d{1,4})h", re.ASCII)
_MINUTES = re.compile(r"(\d{1,5})m", re.ASCII)
_LENGTH = re.compile(r"(?:(\d{1,4})h)?(?:(\d{1,5})m?)?", re.ASCII)
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})", re.ASCII)
_MEANT = re.compile(r"until|[-+]?\d[\d.,:]*(?:[dhms]|min|mins|hours?|am|pm)?")  # of any script: none of them is read


class Span(Value, frozen=True):
    """A time until which something holds."""

    until: datetime


class Moment(Value, frozen=True):
    """The next time that a clock shows."""

    at: datetime


def span_of(words: Sequence[str], now: datetime, zone: tzinfo) -> tuple[Span, int] | None:
    """The time that words begin with, and how many of them it takes; a bare number is minutes."""
    word = words[0].lower()
    if word == "until" and len(words) > 1:
        until = clock_of(words[1], now, zone)
        return (Span(until=until), 2) if until is not None else None
    if word == "eod":
        return Span(until=tradedate.bounds(tradedate.trade_date(now))[1]), 1
    if word == "next":
        return Span(until=_session(now)), 1
    second = words[1].lower() if len(words) > 1 else ""
    if (hours := _HOURS.fullmatch(word)) and (minutes := _MINUTES.fullmatch(second)):
        return _ahead(now, int(hours[1]), int(minutes[1]), 2)
    match = _LENGTH.fullmatch(word)
    return _ahead(now, int(match[1] or 0), int(match[2] or 0), 1) if match is not None and word else None


def _ahead(now: datetime, hours: int, minutes: int, took: int) -> tuple[Span, int] | None:
    length = timedelta(hours=hours, minutes=minutes)
    return (Span(until=now + length), took) if timedelta(0) < length <= LONGEST else None


def clock_of(word: str, now: datetime, zone: tzinfo) -> datetime | None:
    """The next time at which a clock of ``zone`` shows this; None for what is no time of day."""
    match = _CLOCK.fullmatch(word)
    if match is None or int(match[1]) > 23 or int(match[2]) > 59:
        return None
    return _next(now.astimezone(zone), int(match[1]), int(match[2]))


def is_meant(word: str) -> bool:
    """Say whether a word that was not understood looks like a time: it must not pass as a remark."""
    return _MEANT.fullmatch(word.lower()) is not None


def _session(now: datetime) -> datetime:
    """When the next one begins; on a holiday perhaps later, when nothing is traded before."""
    start = _next(now.astimezone(tradedate.ZONE), tradedate.TURN.hour, tradedate.TURN.minute)
    while start.weekday() in CLOSED:
        start += timedelta(days=1)
    return start


def _next(local: datetime, hour: int, minute: int) -> datetime:
    due = local.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return due if due > local else due + timedelta(days=1)
