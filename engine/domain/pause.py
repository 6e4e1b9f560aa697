"""Pause: pauses that end by themselves, planned ones among them, and what is said at the end: nothing is joined silently."""

from datetime import datetime, timedelta

import msgspec

from engine.domain import recurrence
from engine.domain.command import DropPause, Pause, PlanPause, PlanWindow
from engine.domain.copier import Copier
from engine.domain.decision import Decision, Severity
from engine.domain.event import PersonActed
from engine.domain.hold import Hold
from engine.domain.hours import Span, Window
from engine.domain.timetable import TIME_HOLDS, Times

NEWS = "news"  # who holds an account around news
ENDING = timedelta(minutes=2)
MOST_PLANNED = 20
TOO_MANY = ("act.failed", f"{MOST_PLANNED} pauses are planned already; take one back first")


def end(copier: Copier, what: str, out: list[Decision]) -> None:
    """Say that a pause around news is over, and what is otherwise than before: nothing is joined silently."""
    gap = gap_of(copier)
    found = [f"stays stopped, {copier.barred}"] if copier.barred else ["copying from the leader's next entry"]
    if gap:
        found.append(f"NOT JOINED: {gap}")
    severity = Severity.P3 if gap or copier.barred else Severity.P4
    out.append(copier.tell("news.end", severity, f"{copier.account}: {what}; {'; '.join(found)}"))


def gap_of(copier: Copier) -> str:
    """Where the leader's position would give another one than is held."""
    return ", ".join(
        f"holds {lane.held:+d} {lane.symbol}, the leader's position would give {lane.target:+d}"
        for lane in copier.lanes.values()
        if lane.target != lane.held
    )


def holds_of(copier: Copier) -> str:
    """What is held, in words; empty for nothing."""
    return ", ".join(f"{lane.net:+d} {lane.symbol}" for lane in copier.lanes.values() if lane.net)


def clock(at: datetime) -> str:
    """A time of day in words."""
    return f"{at:%H:%M} UTC"


# ---- news


def hold_news(copier: Copier, times: Times) -> None:
    """One hold for all the windows that the account is in."""
    found = [now for now in times.news.values() if not now.is_overridden]
    since = next((hold.since for hold in copier.holds if hold.is_by(NEWS)), None)
    copier.holds = [hold for hold in copier.holds if not hold.is_by(NEWS)]
    if found:
        titles = ", ".join(dict.fromkeys(title for now in found for title in now.titles))
        begun = since or min(now.due for now in found)
        copier.holds.append(Hold(NEWS, "news", titles, begun, max(now.until for now in found)))
    copier.arm()


def stays(copier: Copier, *, over_news: bool = False) -> str:
    """Which times a resume does not lift, and why; empty where there are none."""
    found = []
    for hold in copier.holds:
        until = f" until {hold.until:%Y-%m-%d %H:%M} UTC" if hold.until else ""
        if hold.kind == "news" and not over_news:
            found.append(f"news pause{until} ({hold.reason}): say `news` with the resume to override it")
        elif hold.kind in TIME_HOLDS and hold.kind != "news":
            found.append(f"{hold.reason}{until}: it ends by itself, nobody resumes it")
    return "; ".join(found)


def override(copier: Copier) -> list[str]:
    """Let entries pass inside the news windows that the account is in; what they are about."""
    times = copier.times
    if times is None:
        return []
    titles = [title for now in times.news.values() if not now.is_overridden for title in now.titles]
    times.news = {rule: msgspec.structs.replace(now, is_overridden=True) for rule, now in times.news.items()}
    hold_news(copier, times)
    return list(dict.fromkeys(titles))


# ---- pauses of people ----------------------------------------------------------------------------------------------


def pause(copier: Copier, event: PersonActed, wish: Pause) -> str:
    """Stop entries now, in words: a pause never ends earlier than the one of theirs that holds already."""
    mine = Hold(event.by, "person", wish.reason or "paused", event.at, wish.until, who=wish.who)
    old = next((hold for hold in copier.holds if hold.owner == mine.owner), None)
    if old is not None and (old.until is None or (wish.until is not None and wish.until < old.until)):
        return f"paused already{f' until {clock(old.until)}' if old.until else ', without an end'}, which holds"
    copier.hold(mine)
    return f"paused{f' until {clock(wish.until)}' if wish.until else ''}"


def plan_pause(copier: Copier, event: PersonActed, wish: PlanPause) -> tuple[str, str]:
    """Keep a pause for later; code and words of the answer."""
    if wish.until <= event.at or wish.until <= wish.begins:
        return "act.failed", f"{clock(wish.until)} is no end for it: it lies before its beginning, or before now"
    if len(copier.planned) >= MOST_PLANNED:
        return TOO_MANY
    why = wish.reason or "planned pause"
    hold = Hold(event.by, "planned", why, wish.begins, wish.until, key=event.key, who=wish.who)
    _keep(copier, hold)
    return "act.proven", f"pauses {wish.begins:%Y-%m-%d %H:%M} UTC to {wish.until:%Y-%m-%d %H:%M} UTC; exits still copy"


def plan_window(copier: Copier, event: PersonActed, wish: PlanWindow) -> tuple[str, str]:
    """Keep a window of the clock, and begin it where it is under way; code and words of the answer."""
    if len(copier.planned) >= MOST_PLANNED:
        return TOO_MANY
    window, span = first_of(wish, event.at)
    weekly = window if wish.is_weekly else None
    reason = wish.reason or "planned pause"
    hold = Hold(event.by, "planned", reason, span.opens, span.closes, key=event.key, weekly=weekly, who=wish.who)
    words = recurrence.told(window, span, is_weekly=wish.is_weekly)
    if span.opens > event.at:
        _keep(copier, hold)
        return "act.proven", f"pauses {words}; exits still copy"
    copier.holds.append(hold)
    _keep_next(copier, hold, event.at)
    copier.arm()
    return "act.proven", f"paused now, {words}; exits still copy"


def first_of(wish: PlanWindow, now: datetime) -> tuple[Window, Span]:
    """The window on its weekdays, and its first occurrence that is not over."""
    span = recurrence.coming(wish.window, now)
    days = wish.window.weekdays or (recurrence.day_of(wish.window, span),)
    return msgspec.structs.replace(wish.window, weekdays=days), span


def _keep(copier: Copier, hold: Hold) -> None:
    copier.planned = sorted([*copier.planned, hold], key=lambda one: (one.since, one.key))


def _keep_next(copier: Copier, hold: Hold, at: datetime) -> None:
    """Keep what a weekly plan comes to next, after the one that begins or has been slept through."""
    if hold.weekly is None:
        return
    span = recurrence.coming(hold.weekly, at, after=hold.since)
    later = msgspec.structs.replace(hold, since=span.opens, until=span.closes, is_ending_told=False)
    _keep(copier, later)


def drop_pause(copier: Copier, wish: DropPause) -> tuple[str, str]:
    """Take a planned pause back; code and words of the answer."""
    kept = [hold for hold in copier.planned if hold.key != wish.plan]
    holds = [hold for hold in copier.holds if hold.kind != "planned" or hold.key != wish.plan]
    if len(kept) == len(copier.planned) and len(holds) == len(copier.holds):
        return "act.failed", "no such pause is planned here any more"
    copier.planned, copier.holds = kept, holds
    copier.arm()
    return "act.proven", "not paused then" + (f", {copier.barred}" if copier.barred else "")


def look_after(copier: Copier, at: datetime, out: list[Decision]) -> bool:
    """Begin and end what people have timed; True where a hold changed."""
    begun = [hold for hold in copier.planned if hold.since <= at]
    ended = [hold for hold in copier.holds if _is_ended(hold, at)]
    for hold in begun:
        copier.planned.remove(hold)
        _keep_next(copier, hold, at)
        if hold.until is not None and at < hold.until:
            copier.holds.append(hold)
            said = f"{copier.account}: planned pause until {clock(hold.until)} by {hold.by}: {hold.reason}"
            out.append(copier.tell("news.begin", Severity.P4, said))
    if ended:
        copier.holds = [hold for hold in copier.holds if hold not in ended]
    if begun or ended:
        copier.arm()
    for hold in ended:
        if hold.kind == "planned":
            end(copier, f"planned pause over ({hold.reason})", out)
        else:
            tail = f", {copier.barred}" if copier.barred else ", copying from the leader's next entry"
            out.append(copier.tell("pause.ended", Severity.P4, f"{copier.account}: pause is over{tail}"))
    for hold in copier.holds:
        _warn_ending(copier, hold, at, out)
    return bool(begun or ended)


def _is_ended(hold: Hold, at: datetime) -> bool:
    return hold.until is not None and hold.until <= at and hold.kind not in TIME_HOLDS


def _warn_ending(copier: Copier, hold: Hold, at: datetime, out: list[Decision]) -> None:
    """Two minutes before a person's pause ends, once, if the leader has moved on meanwhile."""
    if hold.kind not in ("person", "planned") or hold.until is None or hold.is_ending_told:
        return
    gap = gap_of(copier)
    if at < hold.until - ENDING or hold.until - hold.since <= ENDING or not gap:
        return
    hold.is_ending_told = True
    said = f"{copier.account}: the pause by {hold.by} ends at {clock(hold.until)} and it will not join: {gap}"
    out.append(copier.tell("pause.ending", Severity.P3, said))
