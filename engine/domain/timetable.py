"""Timetable: the times that one account keeps (trading windows, flat-by, news), and where it stands in them."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo

import msgspec

from engine.domain.guardplan import Window as TradingHours
from engine.domain.guardplan import minute_of
from engine.domain.hours import EXCHANGE_ZONE, DayClock, SessionTable, Stretch, Window, flat_at, instant, stretches
from engine.domain.news import scope_of
from engine.domain.value import Setting, Value

LONGEST_MIN = 24 * 60
TIME_HOLDS = frozenset({"window", "flat-by", "news"})  # kinds of holds that end by their own fact


class NewsAction(StrEnum):
    """What is done around an event."""

    PAUSE = "pause"  # no entries; exits are copied
    FLATTEN = "flatten"  # nothing is held
    NONE = "none"  # people are told beforehand, nothing else


class HoursPlan(Setting, frozen=True):
    """Times that a person sets for an account; a firm's plan holds beside them, and the stricter of both counts."""

    windows: tuple[TradingHours, ...] = ()  # in which entries are copied; none: always
    flat_by: str = ""  # "15:10": nothing is held from then until the exchange opens again; empty for no such time
    zone: str = EXCHANGE_ZONE
    ahead_min: int = 1  # closing begins so long before the flat-by time, the firm's own too


class NewsPlan(Setting, frozen=True):
    """What a person wants around economic events, beside what the firm asks."""

    action: NewsAction = NewsAction.PAUSE
    events: str = "red"  # or names: "FOMC, CPI"
    before_min: int = 15
    after_min: int = 15


class FlatBy(Setting, frozen=True):
    """By when nothing may be held, and whose word that is."""

    at: time
    zone: str
    ahead_min: int = 1
    whose: str = "own"

    def clock(self) -> DayClock:
        """As the hours reckon with it."""
        return DayClock(zone=self.zone, day_start=self.at, cut_off=self.at, flat_by=self.at)


class NewsRule(Setting, frozen=True):
    """One rule about events, and whose it is."""

    events: str
    before_min: int
    after_min: int
    action: NewsAction
    whose: str = "own"

    @property
    def name(self) -> str:
        """What tells it from another rule of the same account."""
        return f"{self.whose} {self.action}: {self.events or 'red'} -{self.before_min}/+{self.after_min} min"


class Timetable(Setting, frozen=True):
    """All that one account keeps to, the firm's and a person's own together."""

    windows: tuple[Window, ...] = ()
    flat: tuple[FlatBy, ...] = ()
    news: tuple[NewsRule, ...] = ()


class NewsNow(Value, frozen=True):
    """A news window that an account is in."""

    due: datetime
    until: datetime
    titles: tuple[str, ...]
    action: NewsAction
    is_guess: bool
    is_over: bool = False  # and kept at until flat is proven
    is_overridden: bool = False  # a person resumed inside it, knowingly


class Times(msgspec.Struct):
    """Where one account stands in its timetable. Every field is state that a checkpoint keeps."""

    table: Timetable
    is_shut: bool = False  # outside of its windows
    turned_at: datetime | None = None  # when a window opened or closed last
    flat_due: datetime | None = None  # the newest flat-by time that was taken in
    is_flat: bool = False  # it is past one, and the exchange has not opened again …
    is_flat_over: bool = False  # … or it has, and flat is not proven yet
    news: dict[str, NewsNow] = {}  # by rule
    warned: dict[str, datetime] = {}  # what people were told of beforehand
    acts: int = 0


# ---- settings ------------------------------------------------------------------------------------------------------


def faults(hours: HoursPlan | None, news: NewsPlan | None) -> list[str]:
    """Say in one line each what is wrong with a person's times; empty when all is well."""
    found: list[str] = []
    if hours is not None:
        try:
            ZoneInfo(hours.zone)
        except (KeyError, ValueError, OSError):  # zoneinfo raises each of them, by what is wrong with the name
            found.append(f'hours.zone: there is no time zone "{hours.zone[:40]}"; write one such as America/Chicago')
        for window in hours.windows:
            try:
                window.span()
            except ValueError as error:
                found.append(f"hours.windows: {error}")
        if hours.flat_by:
            try:
                minute_of(hours.flat_by)
            except ValueError as error:
                found.append(f"hours.flat_by: {error}")
        if not 0 <= hours.ahead_min <= 60:
            found.append(f"hours.ahead_min: write minutes from 0 to 60, not {hours.ahead_min}")
    if news is not None:
        for key, number in (("before_min", news.before_min), ("after_min", news.after_min)):
            if not 0 <= number <= LONGEST_MIN:
                found.append(f"news.{key}: write minutes from 0 to {LONGEST_MIN}, not {number}")
        if doubt := scope_of(news.events).doubt:
            found.append(
                f'news.events: "{doubt[:40]}" is not understood; write "red", or names such as "FOMC, CPI, NFP, PPI, GDP"'
            )
        if not (news.before_min or news.after_min):
            found.append(
                "news.before_min: both before_min and after_min are 0, so nothing would be done; write minutes"
            )
    return found


def time_of(minute: int) -> time:
    """Time of day of a minute of the day."""
    return time(minute // 60, minute % 60)


def windows_of(hours: HoursPlan) -> tuple[Window, ...]:
    """A person's windows, which must be sound, as the hours reckon with them."""
    spans = [window.span() for window in hours.windows]
    return tuple(
        Window(opens=time_of(opens), closes=time_of(closes), zone=hours.zone, weekdays=tuple(sorted(days)))
        for opens, closes, days in spans
    )


# ---- working out ---------------------------------------------------------------------------------------------------


class Spell(Value, frozen=True):
    """Windows are open, or not, from ``since`` until just before ``until``; None where there is no such end."""

    is_open: bool
    since: datetime | None
    until: datetime | None


def spell(windows: tuple[Window, ...], at: datetime) -> Spell:
    """Whether one of the windows is open, and since and until when."""
    spans: list[tuple[datetime, datetime]] = []
    for opens, closes in sorted(span for window in windows for span in _spans(window, at)):
        if spans and opens <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(closes, spans[-1][1]))
        else:
            spans.append((opens, closes))
    for opens, closes in spans:
        if opens <= at < closes:
            return Spell(is_open=True, since=opens, until=closes)
    return Spell(
        is_open=not windows,
        since=max((closes for _, closes in spans if closes <= at), default=None),
        until=min((opens for opens, _ in spans if opens > at), default=None),
    )


def _spans(window: Window, at: datetime) -> Iterator[tuple[datetime, datetime]]:
    today = at.astimezone(ZoneInfo(window.zone)).date()
    for step in range(-8, 9):
        day = today + timedelta(days=step)
        if day.weekday() in window.weekdays:
            ends = day if window.opens < window.closes else day + timedelta(days=1)
            yield instant(day, window.opens, window.zone), instant(ends, window.closes, window.zone)


class Flat(Value, frozen=True):
    """One stretch of trading and when an account must be out of it."""

    opens: datetime
    due: datetime  # closing begins
    by: datetime  # by when it must be done
    trade_date: date
    until: datetime | None  # the next opening; None where the table ends


def flats(table: SessionTable, rules: tuple[FlatBy, ...]) -> tuple[Flat, ...]:
    """Each stretch with the earliest of the rules, in order of time."""
    runs = stretches(table)
    return tuple(
        _flat(run, rules, following.opens if following else None)
        for run, following in pairwise((*runs, None))
        if run is not None
    )


def _flat(run: Stretch, rules: tuple[FlatBy, ...], until: datetime | None) -> Flat:
    due, by = min(
        (at - timedelta(minutes=rule.ahead_min), at) for rule in rules for at in (flat_at(run, rule.clock()),)
    )
    return Flat(opens=run.opens, due=due, by=by, trade_date=run.trade_date, until=until)
