"""Planned pauses, numbered: when each comes next, for whom, how often, and who planned it."""

from collections.abc import Sequence
from datetime import datetime, tzinfo

from bot.core.card import Card, one_line
from bot.core.render.look import until
from bot.core.render.news import names
from engine.api import PlannedView, often


def plans_card(planned: Sequence[PlannedView], now: datetime, zone: tzinfo) -> Card:
    """As S12, with numbers that ``/plan delete`` takes."""
    lines = [line for number, one in enumerate(planned, 1) for line in _lines(number, one, now, zone)]
    footer = "/plan delete 1 takes one back" if planned else "/plan pause 13:25-13:45 NFP weekly"
    return Card(title="PLANNED PAUSES", lines=tuple(lines) or ("None is planned.",), footer=footer, ref="plan")


def _lines(number: int, one: PlannedView, now: datetime, zone: tzinfo) -> tuple[str, str]:
    about = " · ".join(filter(None, (names(one.accounts), often(one.weekly), one_line(one.by))))
    return f"{number}  {span(one, now, zone)} {one_line(one.reason)}", f" ⏸ {about}"


def span(one: PlannedView, now: datetime, zone: tzinfo) -> str:
    """When it comes next, or that it is under way."""
    begins = "now" if one.begins <= now else until(one.begins, now, zone)
    return f"{begins}-{one.ends.astimezone(zone):%H:%M}"
