"""Events: parsing of economic calendars, the weekly feed's and a person's own file, into facts with an exact time.

The feed is a JSON array of ``title, country (a currency), date (ISO 8601 with offset), impact``. It marks neither tentative nor
all-day items: American ones carry New York's midnight instead of a time. A person's file says what it covers, so that an
event-free day in it means something. Source: shared reference on prop-firm rules, section 7.2, 2026-11-22.
"""

import csv
import io
import tomllib
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from engine.domain.hours import instant
from engine.domain.news import RELEASE_ZONE, Coverage, EconomicEvent, Impact, Release, Timing, merged, release_of
from engine.domain.value import Value

LONGEST_TITLE = 120
MOST_TOLD = 10
_NEW_YORK = ZoneInfo(RELEASE_ZONE)
_DAY = timedelta(days=1)
_UNTIMED = {"tentative": Timing.TENTATIVE, "all-day": Timing.ALL_DAY, "all day": Timing.ALL_DAY}


class UnreadableError(ValueError):
    """No calendar can be made of this; one line says why."""


class Parsed(Value, frozen=True):
    """What one text says: its events, the time that it tells completely, and what could not be read of it."""

    events: tuple[EconomicEvent, ...]
    since: datetime
    until: datetime
    unread: tuple[str, ...] = ()


class _OwnFile(Value, frozen=True, forbid_unknown_fields=True):
    covers: dict[str, date]
    event: list[dict[str, Any]] = []
    zone: str = RELEASE_ZONE


def parse_feed(raw: bytes, source: str) -> Parsed:
    """Read the weekly feed. It covers the weeks, Sunday to Saturday in New York, in which it has events.

    Raises: UnreadableError, for an empty one too: a week without any event has never been seen.
    """
    if raw.lstrip()[:1] == b"<":
        raise UnreadableError("a web page came instead of the calendar; the feed answers so when it is asked too often")
    try:
        rows = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnreadableError(f"no whole JSON: {str(error)[:80]}") from None
    if not isinstance(rows, list):
        raise UnreadableError("JSON, but no list of events")
    events, unread = [], []
    for number, row in enumerate(rows, 1):
        try:
            events.append(_feed_event(row, source))
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            unread.append(f"event {number}: {type(error).__name__} {str(error)[:60]}")
    if not events:
        raise UnreadableError("no event that could be read" if rows else "an empty list, which proves nothing")
    days = [event.at.astimezone(_NEW_YORK).date() for event in events]
    first, last = _sunday(min(days)), _sunday(max(days)) + timedelta(days=7)
    if last - first > timedelta(days=14):
        raise UnreadableError(f"events from {min(days)} to {max(days)}: more than the weeks that it should hold")
    return Parsed(
        events=merged(events),
        since=instant(first, time(), RELEASE_ZONE),
        until=instant(last, time(), RELEASE_ZONE),
        unread=(f"{len(unread)} could not be read", *unread[:MOST_TOLD]) if unread else (),
    )


def _sunday(day: date) -> date:
    return day - timedelta(days=(day.weekday() + 1) % 7)


def _feed_event(row: Any, source: str) -> EconomicEvent:
    title = " ".join(unescape(str(row["title"])).split())[:LONGEST_TITLE]
    currency = str(row["country"]).strip().upper()
    at = datetime.fromisoformat(str(row["date"]))
    if not title or not currency:
        raise ValueError("no title or no currency")
    if at.tzinfo is None:
        raise ValueError(f"a time without an offset: {at}")
    impact = _impact(str(row.get("impact", "")))
    local = at.astimezone(_NEW_YORK)
    timing = Timing.EXACT
    if impact is Impact.HOLIDAY:
        timing = Timing.ALL_DAY
    elif currency in ("USD", "ALL") and local.time() == time():
        timing = Timing.TENTATIVE  # nothing American is published at midnight: a placeholder
    return EconomicEvent(
        at=at.astimezone(UTC),
        title=title,
        currency=currency,
        impact=impact,
        timing=timing,
        release=release_of(title, currency),
        source=source,
    )


def _impact(word: str) -> Impact:
    word = word.strip().lower()
    if word in ("non-economic", "none", ""):
        return Impact.LOW if word else Impact.UNKNOWN
    return Impact(word) if word in {impact.value for impact in Impact} else Impact.UNKNOWN


def parse_own(raw: bytes, suffix: str, source: str) -> Parsed:
    """Read a person's file: .toml, .json or .csv.

    Raises: UnreadableError with the first fault: half of a person's file would hide the other half.
    """
    try:
        text = raw.decode("utf-8-sig")
        file = _own_csv(text) if suffix == ".csv" else _own_tables(text, suffix)
        since, until = file.covers["from"], file.covers["until"]
        zone = ZoneInfo(file.zone)
    except UnicodeDecodeError:
        raise UnreadableError("not UTF-8 text") from None
    except KeyError as error:
        raise UnreadableError(f"covers: write both from and until; missing: {error}") from None
    except (ZoneInfoNotFoundError, OSError):
        raise UnreadableError(f'zone: there is no time zone "{file.zone[:40]}"') from None
    except (msgspec.DecodeError, tomllib.TOMLDecodeError, ValueError, csv.Error) as error:
        raise UnreadableError(str(error).splitlines()[0][:160]) from None
    events = []
    for number, row in enumerate(file.event, 1):
        try:
            events.append(_own_event(row, zone, source))
        except (KeyError, TypeError, ValueError) as error:
            told = f"{error} is missing" if isinstance(error, KeyError) else str(error).splitlines()[0]
            raise UnreadableError(f"event {number}: {told[:120]}") from None
    if until < since:
        raise UnreadableError(f"covers: until ({until}) lies before from ({since})")
    return Parsed(
        events=merged(events),
        since=instant(since, time(), file.zone),
        until=instant(until + _DAY, time(), file.zone),
    )


def _own_tables(text: str, suffix: str) -> _OwnFile:
    table = tomllib.loads(text) if suffix == ".toml" else msgspec.json.decode(text)
    return msgspec.convert(table, _OwnFile)


def _own_csv(text: str) -> _OwnFile:
    """``# covers 2026-11-01 2026-12-31`` on the first line, then a header line and the events."""
    head, _, body = text.partition("\n")
    words = head.strip("# \r").split()
    if len(words) != 3 or words[0] != "covers":
        raise UnreadableError('write "# covers 2026-11-01 2026-12-31" (from, until) on the first line')
    rows = [
        {key.strip(): value.strip() for key, value in row.items() if key and value and value.strip()}
        for row in csv.DictReader(io.StringIO(body), skipinitialspace=True)
    ]
    return _OwnFile(
        covers={"from": date.fromisoformat(words[1]), "until": date.fromisoformat(words[2])},
        event=[dict(row) for row in rows],
    )


def _own_event(row: dict[str, Any], zone: ZoneInfo, source: str) -> EconomicEvent:
    unknown = sorted(set(row) - {"title", "currency", "impact", "date", "time", "release"})
    if unknown:
        raise ValueError(f'there is no "{unknown[0]}"; known: title, currency, impact, date, time, release')
    day = row["date"] if isinstance(row["date"], date) else date.fromisoformat(str(row["date"]))
    told = row.get("time", "tentative")
    timing = _UNTIMED.get(str(told).lower(), Timing.EXACT)
    at = time()
    if timing is Timing.EXACT:
        at = told if isinstance(told, time) else time.fromisoformat(str(told))
    local = datetime.combine(day, at, zone)
    if local.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != local.replace(tzinfo=None):
        raise ValueError(f"{day} {at:%H:%M}: there is no such time, the clocks go forward")
    title, currency = str(row["title"]).strip()[:LONGEST_TITLE], str(row.get("currency", "USD")).upper()
    impact = str(row.get("impact", "high")).lower()
    named = row.get("release")
    return EconomicEvent(
        at=local.astimezone(UTC),
        title=title,
        currency=currency,
        impact=Impact(impact),
        timing=timing,
        release=Release(named) if named else release_of(title, currency),
        source=source,
    )


def coverage(parsed: Parsed, source: str, fetched_at: datetime | None) -> Coverage:
    """What a text covers, and since when we have it."""
    return Coverage(
        since=parsed.since, until=parsed.until, source=source, fetched_at=fetched_at, is_whole=not parsed.unread
    )


def within(events: Sequence[EconomicEvent], since: datetime, until: datetime) -> tuple[EconomicEvent, ...]:
    """Events from one instant until just before another."""
    return tuple(event for event in events if since <= event.at < until)
