"""Timed: what the wall clock does to one follower: trading windows, flat-by, news.

Theory of operation. A fact names the time that came due; the account keeps what it has taken in (``Times``), so a fact that is
told twice, or before and after a restart, counts once. Each kind is a hold of its own that stops entries only, and ends by its
own fact:

    open ── WindowClosed ──► hold "window" ── WindowOpened ──► open
    open ── FlatByCame ──► hold "flat-by", flatten until proven ── StretchOpened, and proven ──► open
    open ── NewsBegan ──► hold "news", flatten if the rule says so ── NewsEnded, and proven ──► open

Nothing is joined at an end: entries go on with the leader's next one, and what differs by then is said.
"""

from datetime import datetime

import msgspec

from engine.domain.copier import Copier
from engine.domain.decision import Decision, Severity
from engine.domain.due import (
    Due,
    FlatByCame,
    FlatByNeared,
    NewsBegan,
    NewsEnded,
    NewsNeared,
    StretchOpened,
    WindowClosed,
    WindowOpened,
)
from engine.domain.hold import Hold, Task
from engine.domain.hours import Knowledge
from engine.domain.pause import clock, end, gap_of, hold_news, holds_of
from engine.domain.task import flatten
from engine.domain.timetable import NewsAction, NewsNow, Times

HOURS = "hours"  # who holds an account that keeps times


def take(copier: Copier, event: Due, out: list[Decision]) -> None:
    """Take in what came due, once."""
    times = copier.times
    if times is None:
        return
    match event:
        case WindowClosed() | WindowOpened():
            _turn(copier, times, event, out)
        case FlatByNeared():
            _warn_flat(copier, times, event, out)
        case FlatByCame():
            _flat(copier, times, event, out)
        case StretchOpened():
            times.is_flat_over = times.is_flat and (times.flat_due is None or event.due > times.flat_due)
        case NewsNeared():
            _warn_news(copier, times, event, out)
        case NewsBegan():
            _begin_news(copier, times, event, out)
        case NewsEnded() if event.rule in times.news:
            times.news[event.rule] = msgspec.structs.replace(times.news[event.rule], is_over=True)
        case _:
            pass
    settle(copier, out)


def settle(copier: Copier, out: list[Decision]) -> None:
    """End what is over, unless a flatten is not proven yet."""
    times = copier.times
    if times is None or any(task.kind == "flatten" for task in copier.tasks):
        return
    if times.is_flat_over:
        times.is_flat = times.is_flat_over = False
        _lift(copier, "flat-by", "the exchange is open again", out)
    over = [rule for rule, now in times.news.items() if now.is_over]
    ended = [times.news.pop(rule) for rule in over]
    if not ended:
        return
    hold_news(copier, times)
    if not times.news and any(not now.is_overridden for now in ended):
        titles = ", ".join(dict.fromkeys(title for now in ended for title in now.titles))
        end(copier, f"news window over ({titles})", out)


def _is_at_risk(copier: Copier) -> bool:
    return bool(copier.flights or copier.working) or any(lane.net or lane.goal for lane in copier.lanes.values())


# ---- trading windows -----------------------------------------------------------------------------------------------


def _turn(copier: Copier, times: Times, event: WindowClosed | WindowOpened, out: list[Decision]) -> None:
    is_shut = isinstance(event, WindowClosed)
    if is_shut is times.is_shut or (times.turned_at is not None and event.due <= times.turned_at):
        return
    times.is_shut, times.turned_at = is_shut, event.due
    if not isinstance(event, WindowClosed):
        _lift(copier, "window", "its trading hours begin", out)
        return
    copier.hold(Hold(HOURS, "window", "outside its trading hours", event.at, event.until))
    again = f" until {event.until:%Y-%m-%d %H:%M} UTC" if event.until else ""
    held = f", holds {holds_of(copier)}" if holds_of(copier) else ""
    said = f"{copier.account}: its trading hours are over, no entries{again}; exits still copy{held}"
    out.append(copier.tell("hours.closed", Severity.P4, said))


def _lift(copier: Copier, kind: str, why: str, out: list[Decision]) -> None:
    copier.holds = [hold for hold in copier.holds if (hold.by, hold.kind) != (HOURS, kind)]
    copier.arm()
    tail = copier.barred or "copying from the leader's next entry"
    gap = f"; NOT JOINED: {gap_of(copier)}" if gap_of(copier) else ""
    out.append(copier.tell("hours.opened", Severity.P4, f"{copier.account}: {why}, {tail}{gap}"))


# ---- flat-by -------------------------------------------------------------------------------------------------------


def _warn_flat(copier: Copier, times: Times, event: FlatByNeared, out: list[Decision]) -> None:
    if not _is_newer(times, "flat-by", event.due) or not _is_at_risk(copier):
        return
    left = max(0, int((event.due - event.at).total_seconds()) // 60)
    held = holds_of(copier) or "working orders"
    said = f"{copier.account}: must be flat by {clock(event.due)}, in {left} min, and has {held}"
    out.append(copier.tell("acct.rule", Severity.P2, said))


def _flat(copier: Copier, times: Times, event: FlatByCame, out: list[Decision]) -> None:
    """Freeze, cancel, close, prove; entries stay stopped until the exchange opens again."""
    if times.flat_due is not None and event.due <= times.flat_due:
        return
    times.flat_due, times.is_flat, times.is_flat_over = event.due, True, False
    why = f"flat by {clock(event.by)}"
    copier.hold(Hold(HOURS, "flat-by", f"{why}, until the exchange opens again", event.at, event.until))
    again = f" until {event.until:%Y-%m-%d %H:%M} UTC" if event.until else ""
    guess = "; no calendar reaches here, usual hours are taken" if event.is_guess else ""
    acts = (
        f"closing {holds_of(copier) or 'what is under way'}" if _is_at_risk(copier) else "holds nothing, being proven"
    )
    severity = Severity.P2 if _is_at_risk(copier) else Severity.P4
    said = f"{copier.account}: {why} ({event.trade_date}): {acts}, no entries{again}{guess}"
    out.append(copier.tell("acct.rule", severity, said))
    _flatten(copier, times, why, event.at, out)


def _flatten(copier: Copier, times: Times, why: str, at: datetime, out: list[Decision]) -> None:
    times.acts += 1
    if not any(task.kind == "flatten" for task in copier.tasks):
        key = f"hours:{copier.account}:{times.acts}"
        flatten(copier, Task(key, "flatten", at, is_limit=True, why=why), out)


# ---- news ----------------------------------------------------------------------------------------------------------


def _is_newer(times: Times, what: str, due: datetime) -> bool:
    """Say whether people have not been told of this yet; from here on they have."""
    before = times.warned.get(what)
    if before is not None and due <= before:
        return False
    times.warned[what] = due
    return True


def _warn_news(copier: Copier, times: Times, event: NewsNeared, out: list[Decision]) -> None:
    if not _is_newer(times, f"news-{event.minutes}", event.due) or not _is_at_risk(copier):
        return
    left = max(0, -int((event.at - event.due).total_seconds()) // 60)
    severity = Severity.P2 if event.minutes <= 5 else Severity.P3
    held = holds_of(copier) or "working orders"
    said = f"{copier.account}: {', '.join(event.titles)} at {clock(event.due)}, in {left} min, and it has {held}"
    out.append(copier.tell("news.soon", severity, said))


def _begin_news(copier: Copier, times: Times, event: NewsBegan, out: list[Decision]) -> None:
    before = times.news.get(event.rule)
    lasts = before is not None and not before.is_over and before.until >= event.due
    now = NewsNow(
        due=event.due,
        until=event.until,
        titles=event.titles,
        action=event.action,
        is_guess=event.is_guess,
        is_overridden=before is not None and lasts and before.is_overridden,
    )
    if now == before:
        return
    times.news[event.rule] = now
    hold_news(copier, times)
    closes = event.action is NewsAction.FLATTEN and not event.is_guess and not now.is_overridden
    if before is None or not lasts or before.is_guess != now.is_guess:
        out.append(copier.tell("news.begin", *_begun(copier, event, closes=closes)))
        if closes:
            _flatten(copier, times, f"news: {', '.join(event.titles)}", event.at, out)


def _begun(copier: Copier, event: NewsBegan, *, closes: bool) -> tuple[Severity, str]:
    said = f"{copier.account}: no entries until {clock(event.until)}: {', '.join(event.titles)}"
    held = holds_of(copier)
    if event.is_guess:
        said += f" (the news calendar is {event.knowledge.value}: silence is not 'no news')"
        asked = event.action is NewsAction.FLATTEN and held
        return (Severity.P2 if asked else Severity.P3), said + (
            f"; NOT closed on a guess: holds {held}" if asked else ""
        )
    if event.knowledge is not Knowledge.KNOWN:
        said += f" (the news calendar is {event.knowledge.value})"
    if closes and _is_at_risk(copier):
        return Severity.P2, f"{said}; closing {held or 'what is under way'}"
    return Severity.P4, said + (f"; exits still copy, holds {held}" if held else "; exits still copy")
