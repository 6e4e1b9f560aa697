"""News: economic events, what a firm's rule means by them, and the windows around them as plain facts.

A book says what is known, from when until when, and since when. Outside of that it says ``unknown``; an empty window list
means "no news" only for a time that ``knowledge`` calls known.
Source: shared reference on prop-firm rules, section 7, 2026-11-22.
"""

import re
from collections.abc import Iterable
from datetime import datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo

from engine.domain.hours import Family, Knowledge, Span, instant
from engine.domain.value import Value

RELEASE_ZONE = "America/New_York"
USUAL_TIMES = (time(8, 30), time(10, 0), time(14, 0))  # when most American releases come


class Impact(StrEnum):
    """How much a source expects of an event; ``high`` is the red folder."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    HOLIDAY = "holiday"
    UNKNOWN = "unknown"  # a word that we do not know: counts as high


class Timing(StrEnum):
    """How surely the time is known. The ``at`` of the others is the start of the day."""

    EXACT = "exact"
    TENTATIVE = "tentative"
    ALL_DAY = "all-day"


class Release(StrEnum):
    """Releases that firms' rules name."""

    FOMC = "fomc"  # rate decision, statement, projections, press conference
    FOMC_MINUTES = "fomc-minutes"
    CPI = "cpi"
    EMPLOYMENT = "employment"  # the Employment Situation: payrolls, unemployment rate, earnings
    PPI = "ppi"
    PCE = "pce"
    GDP = "gdp"
    RETAIL = "retail-sales"
    CLAIMS = "jobless-claims"
    DURABLE = "durable-goods"
    ADP = "adp"
    PRODUCTION = "industrial-production"
    ISM = "ism"
    JOLTS = "jolts"
    SENTIMENT = "sentiment"
    HOMES = "new-home-sales"
    EIA_OIL = "eia-petroleum"
    EIA_GAS = "eia-gas"
    USDA = "usda"
    AUCTION = "auction"
    SPEECH = "speech"
    OTHER = "other"


# The first that fits wins: ADP's "Non-Farm Employment Change" is not the Employment Situation.
_RELEASES: tuple[tuple[Release, re.Pattern[str]], ...] = tuple(
    (release, re.compile(pattern, re.IGNORECASE))
    for release, pattern in (
        (Release.ADP, r"\badp\b"),
        (Release.FOMC_MINUTES, r"\b(fomc|fed)\b.*\bminutes\b"),
        (Release.FOMC, r"\bfomc (statement|economic|press|rate|decision|meeting|projections)|federal funds rate"),
        (Release.FOMC, r"\bfed\b.*\b(rate decision|interest rate)|^fomc$"),
        (Release.SPEECH, r"\b(speaks|speech|testif|testimony)"),
        (Release.CPI, r"\bcpi\b|consumer price index"),
        (Release.EMPLOYMENT, r"non-?farm|\bnfp\b|employment situation|^unemployment rate|average hourly earnings"),
        (Release.PCE, r"\bpce\b"),
        (Release.PPI, r"\bppi\b|producer price index"),
        (Release.GDP, r"\bgdp\b"),
        (Release.RETAIL, r"retail sales"),
        (Release.CLAIMS, r"(unemployment|jobless) claims"),
        (Release.DURABLE, r"durable goods"),
        (Release.PRODUCTION, r"industrial production"),
        (Release.ISM, r"\bism\b"),
        (Release.JOLTS, r"\bjolts\b"),
        (Release.SENTIMENT, r"\b(uom|michigan)\b"),
        (Release.HOMES, r"new home sales"),
        (Release.EIA_OIL, r"crude oil (inventories|stocks)|\beia\b.*(petroleum|crude)"),
        (Release.EIA_GAS, r"natural gas storage|\beia\b.*gas"),
        (Release.USDA, r"\b(usda|wasde)\b"),
        (Release.AUCTION, r"\bauction\b"),
    )
)


class EconomicEvent(Value, frozen=True):
    """One release. ``currency`` is ALL where a source says so."""

    at: datetime  # UTC
    title: str
    currency: str
    impact: Impact
    timing: Timing = Timing.EXACT
    release: Release = Release.OTHER
    source: str = ""


class Coverage(Value, frozen=True):
    """A time for which one source told everything it has. ``is_whole`` is false where a part could not be read."""

    since: datetime
    until: datetime
    source: str
    fetched_at: datetime | None = None  # None: a person's own file, which does not age
    is_whole: bool = True


class NewsBook(Value, frozen=True):
    """All that is known of coming events. ``complaints`` say what could not be read or fetched."""

    events: tuple[EconomicEvent, ...] = ()
    coverage: tuple[Coverage, ...] = ()
    complaints: tuple[str, ...] = ()


class Scope(Value, frozen=True):
    """Which events a rule means. ``only_for`` limits a release to products of one family."""

    is_red: bool = False
    releases: tuple[Release, ...] = ()
    only_for: dict[Release, Family] = {}
    currencies: tuple[str, ...] = ("USD",)
    doubt: str = ""  # words of the rule that we do not understand


class NewsWindow(Value, frozen=True):
    """A time around one or more events. A guess stands for what a calendar would say if we had one."""

    opens: datetime
    closes: datetime
    titles: tuple[str, ...]
    is_guess: bool = False


class PausePlan(Value, frozen=True):
    """Windows of one rule in one span, what has no time, and for which parts the calendar is not known."""

    windows: tuple[NewsWindow, ...]
    untimed: tuple[EconomicEvent, ...]
    stale: tuple[Span, ...]
    unknown: tuple[Span, ...]


def release_of(title: str, currency: str) -> Release:
    """Which release a title names. Only American ones have a name here."""
    if currency not in ("USD", "ALL"):
        return Release.SPEECH if re.search(r"\bspeaks\b", title, re.IGNORECASE) else Release.OTHER
    return next((release for release, pattern in _RELEASES if pattern.search(title)), Release.OTHER)


# Words of firms' rules, in the order in which they are taken out of the sentence.
_WORDS: tuple[tuple[str, Release | None, Family | None], ...] = (
    (r"fomc minutes|fed minutes|\bminutes\b", Release.FOMC_MINUTES, None),
    (r"\bfomc( decision| statement)?", Release.FOMC, None),
    (r"\bcpi\b", Release.CPI, None),
    (r"employment situation|non-?farm( payrolls)?|\bnfp\b", Release.EMPLOYMENT, None),
    (r"\bppi\b", Release.PPI, None),
    (r"\bpce\b", Release.PCE, None),
    (r"\bgdp\b", Release.GDP, None),
    (r"\beia\b( for energy)?", Release.EIA_OIL, Family.ENERGY),
    (r"\busda\b( for grains)?", Release.USDA, Family.GRAINS),
    (r"high impact|red folder|\bred\b", None, None),
)
_FILLER = re.compile(r"\b(forex ?factory|usd|us|events?|news|and|or|releases?)\b|[\s,;:()/+.]+", re.IGNORECASE)


def scope_of(words: str) -> Scope:
    """What a rule's words mean. Words that we do not know leave a doubt, and then every red event counts too."""
    rest, releases, only = words, [], {}
    is_red = False
    for pattern, release, family in _WORDS:
        rest, count = re.subn(pattern, " ", rest, flags=re.IGNORECASE)
        if not count:
            continue
        if release is None:
            is_red = True
            continue
        releases.append(release)
        if release is Release.EIA_OIL:
            releases.append(Release.EIA_GAS)
        if family is not None:
            only.update(dict.fromkeys(releases[releases.index(release) :], family))
    doubt = " ".join(_FILLER.sub(" ", rest).split())
    nothing = not releases and not is_red
    return Scope(is_red=is_red or bool(doubt) or nothing, releases=tuple(releases), only_for=only, doubt=doubt)


def covers(scope: Scope, event: EconomicEvent, family: Family | None = None) -> bool:
    """Say whether a rule means an event, for an account that trades ``family``; None stands for all."""
    if event.impact is Impact.HOLIDAY or event.currency not in (*scope.currencies, "ALL"):
        return False
    if scope.is_red and event.impact in (Impact.HIGH, Impact.UNKNOWN):
        return True
    only = scope.only_for.get(event.release)
    return event.release in scope.releases and (only is None or family is None or only is family)


def merged(events: Iterable[EconomicEvent]) -> tuple[EconomicEvent, ...]:
    """Events in order of time, each once: the same title of one currency at one instant, at its highest impact."""
    order = [Impact.HIGH, Impact.UNKNOWN, Impact.MEDIUM, Impact.LOW, Impact.HOLIDAY]
    found: dict[tuple[datetime, str, str], EconomicEvent] = {}
    for event in events:
        key = (event.at, event.currency, " ".join(event.title.casefold().split()))
        kept = found.get(key)
        if kept is None or order.index(event.impact) < order.index(kept.impact):
            found[key] = event
    return tuple(found[key] for key in sorted(found))


def knowledge(book: NewsBook, at: datetime, now: datetime, fresh: timedelta) -> Knowledge:
    """How surely the book tells of ``at``, as seen ``now``: the best of what covers it.

    A copy older than ``fresh``, one from the future (a clock was set) and one that is not whole are stale; so is everything
    while something could not be read.
    """
    found = [part for part in book.coverage if part.since <= at < part.until]
    if not found:
        return Knowledge.UNKNOWN
    whole = any(
        part.is_whole and (part.fetched_at is None or timedelta(minutes=-5) <= now - part.fetched_at <= fresh)
        for part in found
    )
    return Knowledge.KNOWN if whole and not book.complaints else Knowledge.STALE


def windows(
    events: Iterable[EconomicEvent], scope: Scope, before: timedelta, after: timedelta, family: Family | None = None
) -> tuple[NewsWindow, ...]:
    """Windows around the timed events that a rule means; those that touch are one."""
    return _joined(
        NewsWindow(opens=event.at - before, closes=event.at + after, titles=(event.title,))
        for event in events
        if event.timing is Timing.EXACT and covers(scope, event, family)
    )


def _joined(found: Iterable[NewsWindow]) -> tuple[NewsWindow, ...]:
    kept: list[NewsWindow] = []
    for window in sorted(found, key=lambda one: (one.opens, one.closes)):
        last = kept[-1] if kept else None
        if last is None or window.opens > last.closes or window.is_guess != last.is_guess:
            kept.append(window)
            continue
        kept[-1] = NewsWindow(
            opens=last.opens,
            closes=max(last.closes, window.closes),
            titles=tuple(dict.fromkeys((*last.titles, *window.titles))),
            is_guess=last.is_guess,
        )
    return tuple(kept)


def guesses(since: datetime, until: datetime, before: timedelta, after: timedelta) -> tuple[NewsWindow, ...]:
    """Windows at the usual times of American releases on weekdays: a stand-in while the calendar is not known."""
    zone = ZoneInfo(RELEASE_ZONE)
    day, last = (since - after).astimezone(zone).date(), (until + before).astimezone(zone).date()
    found = []
    while day <= last:
        for at in USUAL_TIMES if day.weekday() < 5 else ():
            due = instant(day, at, RELEASE_ZONE)
            if due + after > since and due - before < until:
                title = f"calendar unknown; releases are usual at {at:%H:%M} ET"
                found.append(NewsWindow(opens=due - before, closes=due + after, titles=(title,), is_guess=True))
        day += timedelta(days=1)
    return tuple(found)


def pause_plan(
    book: NewsBook,
    scope: Scope,
    before: timedelta,
    after: timedelta,
    within: Span,
    now: datetime,
    fresh: timedelta,
    family: Family | None = None,
    *,
    guess: bool = True,
) -> PausePlan:
    """What one rule asks between two instants, as far as it is known; the rest is named, and guessed at if ``guess``."""
    stale, unknown = _doubts(book, within, now, fresh)
    found = windows(book.events, scope, before, after, family)
    if guess:
        found += tuple(
            window for part in (*stale, *unknown) for window in guesses(part.opens, part.closes, before, after)
        )
    near = (window for window in found if window.closes >= within.opens and window.opens < within.closes)
    return PausePlan(
        windows=tuple(sorted(near, key=lambda one: (one.opens, one.is_guess))),
        untimed=tuple(
            event
            for event in book.events
            if event.timing is Timing.TENTATIVE
            and covers(scope, event, family)
            and event.at < within.closes
            and event.at + timedelta(days=1) > within.opens
        ),
        stale=stale,
        unknown=unknown,
    )


def _doubts(book: NewsBook, within: Span, now: datetime, fresh: timedelta) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """Parts of a span that the book tells only from a stale copy, and parts that it does not tell."""
    edges = {within.opens, within.closes}
    edges |= {
        edge for part in book.coverage for edge in (part.since, part.until) if within.opens < edge < within.closes
    }
    ordered = sorted(edges)
    parts: dict[Knowledge, list[Span]] = {Knowledge.STALE: [], Knowledge.UNKNOWN: [], Knowledge.KNOWN: []}
    for opens, closes in pairwise(ordered):
        found = parts[knowledge(book, opens, now, fresh)]
        if found and found[-1].closes == opens:
            found[-1] = Span(opens=found[-1].opens, closes=closes)
        else:
            found.append(Span(opens=opens, closes=closes))
    return tuple(parts[Knowledge.STALE]), tuple(parts[Knowledge.UNKNOWN])
