"""Feed: fetches the weekly news feed at most once an hour, keeps the last good copy of each week, and reads it as a book.

Whatever the feed does (an error, a refusal, a web page, half a file, an empty list), the copies that we hold stay as they
are and grow old in sight. Nothing that fails can make a week look free of events.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from pathlib import Path

import httpx
import msgspec

from engine.calendar.events import Parsed, UnreadableError, coverage, parse_feed, parse_own
from engine.calendar.kept import keep, recall
from engine.calendar.setting import NewsTable
from engine.domain.news import Coverage, EconomicEvent, NewsBook, merged
from engine.domain.value import Value

FILE = "news.json"
OWN_FILES = ("events.toml", "events.json", "events.csv")
AGENT = f"lockstep-desk/{version('lockstep-desk')}"
LARGEST = 4 * 2**20
PATIENCE_S = 20.0
SHORTEST_WAIT = timedelta(minutes=5)
LONGEST_WAIT = timedelta(hours=6)
OLD = timedelta(days=14)  # past weeks are dropped


class Copy(Value, frozen=True):
    """The last good copy of what one address said about some weeks."""

    url: str
    fetched_at: datetime
    parsed: Parsed


class Asked(Value, frozen=True):
    """How the newest request to one address went. ``wait_until`` is what the feed or our own patience asks for."""

    url: str
    tried_at: datetime
    wait_until: datetime
    complaint: str = ""
    failures: int = 0  # in a row
    since: datetime | None = None  # which copy its marks below belong to
    etag: str = ""
    modified: str = ""


class Kept(Value, frozen=True):
    """The file of copies."""

    copies: tuple[Copy, ...] = ()
    asked: tuple[Asked, ...] = ()


class Answer(Value, frozen=True):
    """What one request gave: a new text, the word that the old one still holds, or a complaint."""

    parsed: Parsed | None = None
    is_unchanged: bool = False
    complaint: str = ""
    wait: timedelta | None = None
    etag: str = ""
    modified: str = ""


def recall_copies(home: Path) -> tuple[Kept, str]:
    """The copies on disk and, where the file cannot be read, a complaint: then nothing is known, and nothing is lost."""
    try:
        raw = recall(home / FILE)
        return (msgspec.json.decode(raw, type=Kept) if raw is not None else Kept()), ""
    except (OSError, ValueError) as error:
        return Kept(), f"{FILE} cannot be read: {str(error)[:100]}"


async def refresh(home: Path, table: NewsTable, now: datetime) -> list[str]:
    """Ask each address that is due, and keep what came. Call it as often as you like.

    Returns: a complaint for each address whose newest answer was none.
    Raises: OSError where the file cannot be written.
    """
    kept, _ = recall_copies(home)
    asked = {one.url: one for one in kept.asked if one.url in table.urls}
    due = [url for url in table.urls if is_due(asked.get(url), now)]
    if due:
        async with httpx.AsyncClient(
            timeout=PATIENCE_S, follow_redirects=True, headers={"User-Agent": AGENT, "Accept": "application/json"}
        ) as client:
            for url in due:
                answer = await _ask(client, url, asked.get(url), now)
                kept, asked[url] = _fold(kept, asked.get(url), answer, url, now, timedelta(minutes=table.every_min))
        fresh = tuple(one for one in kept.copies if one.parsed.until > now - OLD)
        keep(home / FILE, msgspec.json.encode(Kept(copies=fresh, asked=tuple(asked.values()))))
    return [f"{url}: {one.complaint}" for url in table.urls if (one := asked.get(url)) and one.complaint]


def is_due(asked: Asked | None, now: datetime) -> bool:
    """Say whether an address may be asked again. A wait that only a turned-back clock explains does not count."""
    if asked is None:
        return True
    return now >= asked.wait_until or asked.tried_at - now > SHORTEST_WAIT


async def _ask(client: httpx.AsyncClient, url: str, before: Asked | None, now: datetime) -> Answer:
    headers = {}
    if before is not None and before.since is not None:
        headers = {"If-None-Match": before.etag} if before.etag else {}
        headers |= {"If-Modified-Since": before.modified} if before.modified else {}
    try:
        async with client.stream("GET", url, headers=headers) as response:
            body = b""
            async for part in response.aiter_bytes():
                body += part
                if len(body) > LARGEST:
                    return Answer(complaint=f"larger than {LARGEST // 2**20} MB")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return Answer(complaint=f"no answer: {type(error).__name__} {str(error)[:80]}".rstrip())
    if response.status_code == httpx.codes.NOT_MODIFIED:
        return Answer(is_unchanged=True) if headers else Answer(complaint="304, but we hold no copy")
    if response.status_code != httpx.codes.OK:
        wait = _retry_after(response.headers.get("Retry-After", ""), now)
        return Answer(complaint=f"HTTP {response.status_code}", wait=wait)
    try:
        parsed = parse_feed(body, "feed")
    except UnreadableError as error:
        return Answer(complaint=str(error))
    return Answer(
        parsed=parsed,
        etag=response.headers.get("ETag", "")[:200],
        modified=response.headers.get("Last-Modified", "")[:100],
    )


def _retry_after(word: str, now: datetime) -> timedelta | None:
    """How long a refusal asks us to wait: seconds or a date; None where it does not say."""
    if word.strip().isdecimal():
        return timedelta(seconds=min(int(word.strip()[:9]), int(LONGEST_WAIT.total_seconds())))
    with suppress(ValueError, TypeError):
        return parsedate_to_datetime(word).astimezone(UTC) - now
    return None


def _fold(
    kept: Kept, before: Asked | None, answer: Answer, url: str, now: datetime, every: timedelta
) -> tuple[Kept, Asked]:
    """The copies and the state of one address after an answer."""
    copies = kept.copies
    if answer.parsed is not None:
        answer = _doubted(answer, answer.parsed, copies)
        assert answer.parsed is not None
        new = Copy(url=url, fetched_at=now, parsed=answer.parsed)
        # An answer that lost events to faults does not push out a whole copy of the same weeks.
        others = tuple(one for one in copies if not _replaces(answer.parsed, one.parsed))
        told = f"not whole: {answer.parsed.unread[0]}" if answer.parsed.unread else ""
        asked = Asked(url=url, tried_at=now, wait_until=now + every, complaint=told)
        if not told:  # "unchanged" must never be said of a list that was not whole
            asked = msgspec.structs.replace(
                asked, since=answer.parsed.since, etag=answer.etag, modified=answer.modified
            )
        return Kept(copies=(*others, new), asked=kept.asked), asked
    if answer.is_unchanged and before is not None:
        mine = [one for one in copies if one.url == url and one.parsed.since == before.since]
        if mine:
            fresh = tuple(msgspec.structs.replace(one, fetched_at=now) if one in mine else one for one in copies)
            asked = msgspec.structs.replace(before, tried_at=now, wait_until=now + every, complaint="", failures=0)
            return Kept(copies=fresh, asked=kept.asked), asked
        answer = Answer(complaint="304, but the copy is gone")
    failures = (before.failures if before else 0) + 1
    wait = answer.wait if answer.wait is not None else SHORTEST_WAIT * 2 ** min(failures - 1, 10)
    gone = answer.complaint.startswith("304")
    return kept, Asked(
        url=url,
        tried_at=now,
        wait_until=now
        + min(max(wait, SHORTEST_WAIT), LONGEST_WAIT if answer.wait is not None else max(every, SHORTEST_WAIT)),
        complaint=answer.complaint,
        failures=failures,
        since=before.since if before and not gone else None,
        etag=before.etag if before and not gone else "",
        modified=before.modified if before and not gone else "",
    )


def _doubted(answer: Answer, parsed: Parsed, copies: Sequence[Copy]) -> Answer:
    """Mark a list that suddenly lost most of a week's events as not whole: calendars do not shrink like that."""
    had = max((len(one.parsed.events) for one in copies if one.parsed.since == parsed.since), default=0)
    if len(parsed.events) * 2 >= had:
        return answer
    lost = f"only {len(parsed.events)} of the {had} events that this week had"
    return msgspec.structs.replace(answer, parsed=msgspec.structs.replace(parsed, unread=(*parsed.unread, lost)))


def _replaces(new: Parsed, old: Parsed) -> bool:
    return new.since <= old.since and old.until <= new.until and (not new.unread or bool(old.unread))


def read(home: Path, table: NewsTable) -> NewsBook:
    """Everything that the files say. Never raises: what cannot be read is a complaint, and covers nothing."""
    kept, broken = recall_copies(home)
    complaints = [broken] if broken else []
    events: list[EconomicEvent] = []
    parts: list[Coverage] = []
    copies = [one for one in kept.copies if one.url in table.urls]
    for one in copies:
        if not _outdated(one, copies):
            events += one.parsed.events
        parts.append(coverage(one.parsed, one.url, one.fetched_at))
    for path in _own_files(home, table):
        try:
            parsed = parse_own(recall(path) or b"", path.suffix.lower(), path.name)
        except (UnreadableError, OSError) as error:
            complaints.append(f"{path.name}: {error}")
            continue
        events += parsed.events
        parts.append(coverage(parsed, path.name, None))
    return NewsBook(events=merged(events), coverage=tuple(parts), complaints=tuple(complaints))


def _outdated(one: Copy, copies: Sequence[Copy]) -> bool:
    """Say whether a newer whole copy of the same weeks exists: its list counts, also for what it no longer has."""
    return any(
        other.fetched_at > one.fetched_at and _replaces(other.parsed, one.parsed)
        for other in copies
        if other is not one
    )


def _own_files(home: Path, table: NewsTable) -> list[Path]:
    if table.file:
        named = Path(table.file).expanduser()
        return [named if named.is_absolute() else home / named]
    return [home / name for name in OWN_FILES if (home / name).is_file()]


def troubles(home: Path, table: NewsTable) -> list[str]:
    """How the newest requests failed, for a person."""
    kept, _ = recall_copies(home)
    return [
        f"{one.url}: {one.complaint} (asked {one.tried_at:%Y-%m-%d %H:%M} UTC)"
        for one in kept.asked
        if one.complaint and one.url in table.urls
    ]
