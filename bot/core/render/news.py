"""Events ahead, windows around them, and planned pauses; what is not known says so first."""

from collections.abc import Sequence
from datetime import datetime, tzinfo

from bot.core.card import Card, one_line
from bot.core.render.look import told, until
from engine.api import NewsLine, NewsView, PlannedView, often

MARKS = {"pause": "⏸", "flatten": "🟥", "none": "🔔"}
MOST = 12


def news_card(view: NewsView, now: datetime, zone: tzinfo) -> Card:
    """S12: what is coming, and who pauses around it."""
    lines = [line for one in view.lines[:MOST] for line in _line(one, now, zone)]
    if len(view.lines) > MOST:
        lines.append(f"and {len(view.lines) - MOST} more")
    if not view.lines:
        lines.append("No red event is known ahead." if view.knowledge == "known" else "Nothing is known ahead.")
    lines.extend(f"No time yet: {one_line(text)}" for text in view.untimed)
    lines.extend(f"Planned {_planned(one, now, zone)}" for one in view.planned)
    lines.extend(f"Calendar {told(text, now, zone)}" for text in view.doubts)
    word = "" if view.knowledge == "known" else f" · CALENDAR {view.knowledge.upper()}"
    footer = "" if view.knowledge == "known" else "Unknown is not 'no news'."
    return Card(title=f"NEWS{word}", lines=tuple(lines), footer=footer, ref="news")


def _line(one: NewsLine, now: datetime, zone: tzinfo) -> list[str]:
    titles = ", ".join(one_line(title) for title in one.titles)
    if not one.action:
        return [f"{until(one.begins, now, zone)} {titles}", " nothing pauses for it"]
    times = f"{until(one.begins, now, zone)}-{one.ends.astimezone(zone):%H:%M}"
    guess = "guess: " if one.is_guess else ""
    return [
        f"{times} {guess}{titles}",
        f" {MARKS.get(one.action, '')} {one.action} {names(one.accounts)} ({one.whose})",
    ]


def _planned(one: PlannedView, now: datetime, zone: tzinfo) -> str:
    times = f"{until(one.begins, now, zone)}-{one.ends.astimezone(zone):%H:%M}"
    weekly = f", {often(one.weekly)}" if one.weekly else ""
    return f"{times} {names(one.accounts)}: {one_line(one.reason)} by {one_line(one.by)}{weekly}"


def names(accounts: Sequence[str]) -> str:
    """Accounts in one line, the first two where they are many."""
    return ", ".join(accounts) if len(accounts) <= 3 else f"{', '.join(accounts[:2])} and {len(accounts) - 2} more"
