"""Timing: works out which times have come for which accounts, by kept calendars and their timetables. It decides nothing.

What is told follows from where each account stands: whatever differs from what the calendars say now is due. So nothing is told
twice, and nothing is lost over a restart or a calendar that comes late.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

import msgspec

from engine.domain.copier import Copier
from engine.domain.due import (
    FlatByCame,
    FlatByNeared,
    NewsBegan,
    NewsEnded,
    NewsNeared,
    StretchOpened,
    Timed,
    TradeDateTold,
    WindowClosed,
    WindowOpened,
)
from engine.domain.hours import Calendar, SessionTable, Span, Window, trade_date, usual_hours
from engine.domain.ids import AccountId, Root
from engine.domain.news import EconomicEvent, NewsBook, NewsWindow, Timing, covers, knowledge, pause_plan, scope_of
from engine.domain.state import DeskState
from engine.domain.timetable import Flat, FlatBy, NewsAction, NewsRule, Spell, Times, Timetable, flats, spell

OF = Root("ES")  # firms reckon their days by the hours of the equity indices
NEAR = timedelta(minutes=10)  # a flat-by time is told so long ahead
SOON_MIN = (5, 30)  # an event is told so many minutes ahead; the nearest first
AHEAD = timedelta(days=1)
AGAIN = timedelta(minutes=1)  # how often news windows are worked out anew: a copy grows old
SPREAD_S = tuple(timedelta(seconds=20 + step) for step in range(40))  # quiet accounts are looked at in turns
_MINUTE = timedelta(minutes=1)

Quiet = tuple[Timetable, datetime]
"""By which timetable nothing was due for an account, and until just before when."""


class Outlook(msgspec.Struct):
    """What the news calendar says of one rule, as seen at one moment."""

    at: datetime
    windows: tuple[NewsWindow, ...]
    events: tuple[EconomicEvent, ...]


class Timings:
    """Due facts of every account that keeps times."""

    def __init__(self) -> None:
        """Nothing is known before a calendar is: usual hours are taken, and news windows are guessed."""
        self._calendar: Calendar | None = None
        self._book, self._fresh = NewsBook(), timedelta(hours=24)
        self._flats: dict[tuple[FlatBy, ...], tuple[Flat, ...]] = {}
        self._usual: SessionTable | None = None
        self._spells: dict[tuple[Window, ...], Spell] = {}
        self._outlooks: dict[NewsRule, Outlook] = {}
        self._quiet: dict[AccountId, Quiet] = {}

    def learn(self, calendar: Calendar | None) -> None:
        """Go by a newer calendar of trading hours from here on."""
        if calendar is not None:
            self._calendar, self._flats, self._quiet = calendar, {}, {}

    def learn_news(self, book: NewsBook, fresh: timedelta) -> None:
        """Go by newer news; a copy older than ``fresh`` is stale."""
        self._book, self._fresh, self._outlooks, self._quiet = book, fresh, {}, {}

    def trade_date(self, state: DeskState, now: datetime) -> list[TradeDateTold]:
        """The exchange's trade date, where the desk does not know it yet."""
        table, _ = self._table(now)
        day = trade_date(table, now)
        closed = self._calendar.closed if self._calendar is not None else ()
        if day is None or (day, closed) == (state.trade_date, state.closed):
            return []
        return [TradeDateTold(at=now, trade_date=day, closed=closed)]

    def due(self, copiers: Iterable[Copier], now: datetime) -> list[Timed]:
        """What has come due, each fact once for all the accounts that it is for."""
        found: dict[Timed, list[AccountId]] = {}
        for copier in copiers:
            times, quiet = copier.times, self._quiet.get(copier.account)
            if times is None or (quiet is not None and quiet[0] is times.table and now < quiet[1]):
                continue
            facts = list(self._of(times, now))
            for fact in facts:
                found.setdefault(fact, []).append(copier.account)
            if facts:
                self._quiet.pop(copier.account, None)
            else:
                spread = SPREAD_S[len(self._quiet) % len(SPREAD_S)]
                self._quiet[copier.account] = (times.table, self._next(times.table, now, now + spread))
        return [msgspec.structs.replace(fact, accounts=tuple(names)) for fact, names in found.items()]

    def _of(self, times: Times, now: datetime) -> Iterator[Timed]:
        yield from self._windows(times, now)
        yield from self._flat(times, now)
        yield from self._news(times, now)

    def _next(self, table: Timetable, now: datetime, latest: datetime) -> datetime:
        """When something may come due for an account for which nothing is due now; ``latest`` where nothing is earlier."""
        stretch = self._stretch(table.flat, now)[0] if table.flat else None
        edges = [self._spell(table.windows, now).until]
        edges += [stretch.due - NEAR, stretch.due, stretch.until] if stretch is not None else []
        for rule in table.news:
            look = self._look(rule, now)
            edges += [edge for window in look.windows for edge in (window.opens, window.closes)]
            edges += [event.at - minutes * _MINUTE for event in look.events for minutes in SOON_MIN]
        return min([latest, *(edge for edge in edges if edge is not None and edge > now)])

    # ---- trading windows -------------------------------------------------------------------------------------------

    def _windows(self, times: Times, now: datetime) -> Iterator[Timed]:
        known = self._spell(times.table.windows, now)
        if known.is_open is not times.is_shut:
            return
        due = known.since or now
        if times.turned_at is not None and due <= times.turned_at:
            due = now  # other windows were written: they count from here
        if known.is_open:
            yield WindowOpened(at=now, accounts=(), due=due)
        else:
            yield WindowClosed(at=now, accounts=(), due=due, until=known.until)

    def _spell(self, windows: tuple[Window, ...], now: datetime) -> Spell:
        known = self._spells.get(windows)
        if known is None or not (known.since or now) <= now < (known.until or now + _MINUTE):
            known = self._spells[windows] = spell(windows, now)
        return known

    # ---- flat-by ---------------------------------------------------------------------------------------------------

    def _table(self, now: datetime) -> tuple[SessionTable, bool]:
        """Hours that reach ``now``; True where they are only the usual ones."""
        table = self._calendar.table(OF) if self._calendar is not None else None
        if table is not None and table.since <= now < table.until:
            return table, False
        if self._usual is None or not self._usual.since + AHEAD <= now < self._usual.until - AHEAD:
            self._usual, self._flats = usual_hours(now), {}
        return self._usual, True

    def _flat(self, times: Times, now: datetime) -> Iterator[Timed]:
        rules = times.table.flat
        stretch, is_guess = self._stretch(rules, now) if rules else (None, False)
        if times.is_flat and not times.is_flat_over and (stretch is None or now < stretch.due):
            opens = stretch.opens if stretch is not None else now
            due = max(opens, times.flat_due + timedelta(microseconds=1)) if times.flat_due is not None else opens
            day = stretch.trade_date if stretch is not None else now.date()
            yield StretchOpened(at=now, accounts=(), due=due, trade_date=day)
        if stretch is None:
            return
        if now >= stretch.due:
            if times.flat_due is None or times.flat_due < stretch.due:
                yield FlatByCame(
                    at=now,
                    accounts=(),
                    due=stretch.due,
                    by=stretch.by,
                    trade_date=stretch.trade_date,
                    until=stretch.until,
                    is_guess=is_guess,
                )
        elif now >= stretch.due - NEAR and not _was_warned(times, "flat-by", stretch.by):
            yield FlatByNeared(at=now, accounts=(), due=stretch.by, trade_date=stretch.trade_date)

    def _stretch(self, rules: tuple[FlatBy, ...], now: datetime) -> tuple[Flat | None, bool]:
        table, is_guess = self._table(now)
        runs = self._flats.get(rules)
        if runs is None:
            runs = self._flats[rules] = flats(table, rules)
        number = bisect_right(runs, now, key=_opens) - 1
        return (runs[number] if number >= 0 else None), is_guess

    # ---- news ------------------------------------------------------------------------------------------------------

    def _news(self, times: Times, now: datetime) -> Iterator[Timed]:
        rules = {rule.name: rule for rule in times.table.news}
        for name, past in times.news.items():
            if name not in rules and not past.is_over:
                yield NewsEnded(at=now, accounts=(), due=now, rule=name)
        for name, rule in rules.items():
            look = self._look(rule, now)
            yield from _soon(times, look, now)
            if rule.action is NewsAction.NONE:
                continue
            here = [window for window in look.windows if window.opens <= now < window.closes]
            window = min(here, key=lambda one: (one.is_guess, one.opens), default=None)
            held = times.news.get(name)
            if window is None:
                if held is not None and not held.is_over:
                    yield NewsEnded(at=now, accounts=(), due=min(held.until, now), rule=name)
            elif held is None or held.is_over or (held.until, held.titles) != (window.closes, window.titles):
                yield self._began(rule, window, now)

    def _began(self, rule: NewsRule, window: NewsWindow, now: datetime) -> NewsBegan:
        return NewsBegan(
            at=now,
            accounts=(),
            due=window.opens,
            rule=rule.name,
            until=window.closes,
            titles=window.titles,
            action=rule.action,
            is_guess=window.is_guess,
            knowledge=knowledge(self._book, window.opens + rule.before_min * _MINUTE, now, self._fresh),
        )

    def _look(self, rule: NewsRule, now: datetime) -> Outlook:
        """What is known of one rule; worked out anew now and then, for what is known grows old."""
        known = self._outlooks.get(rule)
        if known is not None and timedelta(0) <= now - known.at < AGAIN:
            return known
        before, after, scope = rule.before_min * _MINUTE, rule.after_min * _MINUTE, scope_of(rule.events)
        within = Span(opens=now - before - after - _MINUTE, closes=now + AHEAD)
        plan = pause_plan(self._book, scope, before, after, within, now, self._fresh)
        events = tuple(
            event
            for event in self._book.events
            if event.timing is Timing.EXACT and covers(scope, event) and now < event.at < within.closes
        )
        found = self._outlooks[rule] = Outlook(at=now, windows=plan.windows, events=events)
        return found


def _soon(times: Times, look: Outlook, now: datetime) -> Iterator[Timed]:
    """The next event, where people have not been told of it at this distance."""
    coming = [event for event in look.events if event.at > now]
    if not coming:
        return
    first = min(event.at for event in coming)
    minutes = next((step for step in SOON_MIN if first - now <= step * _MINUTE), None)
    if minutes is not None and not _was_warned(times, f"news-{minutes}", first):
        titles = tuple(dict.fromkeys(event.title for event in coming if event.at == first))
        yield NewsNeared(at=now, accounts=(), due=first, minutes=minutes, titles=titles)


def _was_warned(times: Times, what: str, due: datetime) -> bool:
    before = times.warned.get(what)
    return before is not None and before >= due


def _opens(flat: Flat) -> datetime:
    return flat.opens
