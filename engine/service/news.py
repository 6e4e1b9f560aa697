"""News: what the kept calendar says of the days ahead, each account's windows around it, and which event is meant."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from engine.api.news import NewsLine, NewsView
from engine.api.requests import NewsPauseAsk
from engine.calendar.almanac import Reading
from engine.domain.command import PlanPause
from engine.domain.copier import Copier
from engine.domain.hours import Knowledge, Span
from engine.domain.ids import AccountId
from engine.domain.news import EconomicEvent, Scope, Timing, covers, knowledge, pause_plan, scope_of
from engine.domain.timetable import LONGEST_MIN, NewsAction, NewsRule
from engine.errors import LockstepError
from engine.service.plan import planned_views

RED = Scope(is_red=True)
MINUTE = timedelta(minutes=1)
AHEAD = timedelta(days=14)  # no event further ahead is planned for


class NewsError(LockstepError):
    """An event that cannot be found, or a time that makes no sense; the line says what to write."""


def news_view(reading: Reading, copiers: Iterable[Copier], now: datetime, days: int) -> NewsView:
    """The next days, by the rules of these accounts; red American events that nobody has planned for too."""
    copiers = list(copiers)
    within = Span(opens=now, closes=now + timedelta(days=days))
    lines: list[NewsLine] = []
    for rule, names in _rules(copiers).items():
        lines += _windows(rule, names, reading, within, now)
    plan = pause_plan(reading.book, RED, MINUTE, MINUTE, within, now, reading.fresh)
    planned = {title for line in lines for title in line.titles}
    for event in _coming(reading, RED, now, within.closes):
        if event.title not in planned:
            lines.append(NewsLine(begins=event.at, ends=event.at, titles=(event.title,)))
    parts = [("stale", span) for span in plan.stale] + [("unknown", span) for span in plan.unknown]
    doubts = [f"{word} from {span.opens:%Y-%m-%d %H:%M} to {span.closes:%Y-%m-%d %H:%M} UTC" for word, span in parts]
    return NewsView(
        since=within.opens,
        until=within.closes,
        knowledge=knowledge(reading.book, now, now, reading.fresh).value,
        lines=tuple(sorted(lines, key=lambda line: (line.begins, line.ends, line.whose))),
        planned=planned_views(copiers),
        untimed=tuple(f"{event.at:%a %d %b} {event.title}" for event in plan.untimed),
        doubts=(*doubts, *([reading.news_complaint] if reading.news_complaint else [])),
    )


def _rules(copiers: Iterable[Copier]) -> dict[NewsRule, list[AccountId]]:
    found: dict[NewsRule, list[AccountId]] = {}
    for copier in copiers:
        for rule in copier.times.table.news if copier.times is not None else ():
            found.setdefault(rule, []).append(copier.account)
    return found


def _windows(
    rule: NewsRule, names: list[AccountId], reading: Reading, within: Span, now: datetime
) -> Iterable[NewsLine]:
    before, after = rule.before_min * MINUTE, rule.after_min * MINUTE
    plan = pause_plan(reading.book, scope_of(rule.events), before, after, within, now, reading.fresh)
    for window in plan.windows:
        if window.closes > now:
            action = NewsAction.PAUSE if window.is_guess and rule.action is NewsAction.FLATTEN else rule.action
            yield NewsLine(
                begins=window.opens,
                ends=window.closes,
                titles=window.titles,
                action=action.value,
                accounts=tuple(names),
                whose=rule.whose,
                is_guess=window.is_guess,
            )


def _coming(reading: Reading, scope: Scope, now: datetime, until: datetime) -> list[EconomicEvent]:
    return [
        event
        for event in reading.book.events
        if event.timing is Timing.EXACT and now < event.at < until and covers(scope, event)
    ]


def plan_of(ask: NewsPauseAsk, accounts: tuple[AccountId, ...], reading: Reading, now: datetime) -> PlanPause:
    """The pause that a person means: around the next event of that name, or around a time.

    Raises: NewsError.
    """
    for key, minutes in (("before_min", ask.before_min), ("after_min", ask.after_min)):
        if not 0 <= minutes <= LONGEST_MIN:
            raise NewsError(f"{key}: minutes from 0 to {LONGEST_MIN}")
    if not ask.before_min and not ask.after_min:
        raise NewsError("before_min, after_min: both are 0, so nothing would be paused")
    at, title = _event(ask, reading, now) if ask.at is None else (ask.at, ask.event or "planned pause")
    if at.tzinfo is None or not now < at + ask.after_min * MINUTE <= now + AHEAD:
        raise NewsError("at: a time with its zone, within the next 14 days")
    return PlanPause(
        accounts=accounts,
        begins=max(now, at - ask.before_min * MINUTE),
        until=at + ask.after_min * MINUTE,
        reason=title,
    )


def _event(ask: NewsPauseAsk, reading: Reading, now: datetime) -> tuple[datetime, str]:
    """Time and title of the next event that is meant."""
    scope = scope_of(ask.event) if ask.event else RED
    named = _coming(reading, scope, now, now + AHEAD) if not scope.doubt else []
    if not named:
        words = ask.event.casefold()
        every = [
            event for event in reading.book.events if event.timing is Timing.EXACT and now < event.at < now + AHEAD
        ]
        named = [event for event in every if words and words in event.title.casefold()]
    if named:
        first = min(named, key=lambda event: event.at)
        return first.at, first.title
    known = knowledge(reading.book, now, now, reading.fresh)
    what = f'no coming event "{ask.event[:40]}"' if ask.event else "no coming red event"
    hint = "" if known is Knowledge.KNOWN else f"; the news calendar is {known.value}, so that proves nothing"
    raise NewsError(f"event: {what} is known{hint}; /news shows what is, or name a time such as 14:30")
