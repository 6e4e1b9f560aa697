"""Held trades: what a leader traded that waits for a person, why, and what approving would do to each follower."""

from collections.abc import Sequence
from datetime import datetime, tzinfo

from bot.core.card import Card, one_line
from bot.core.render.look import age, price, signed, told
from engine.api import HeldLine, HeldView

OPEN = "open"


def held_card(view: HeldView, now: datetime, zone: tzinfo) -> Card:
    """One held trade."""
    if view.state != OPEN:
        return Card(title=_title(view), lines=(told(view.outlook, now, zone),), brief=True)
    lines = [*(one_line(reason) for reason in view.reasons), *_followers(view.followers)]
    return Card(
        title=f"🔴 {_title(view)} HELD",
        lines=(*lines, told(view.outlook, now, zone)),
        footer=f"{age(view.left_s)} left, then it is refused",
        ref=f"held:{view.id}",
        settled=False,
    )


def ended_card(views: Sequence[HeldView], now: datetime, zone: tzinfo) -> Card:
    """What waits, where nothing does: how the newest ones ended."""
    lines = [f"{_title(view)}: {told(view.outlook, now, zone)}" for view in views]
    return Card(title="HELD · nothing waits", lines=tuple(lines), ref="held")


def _title(view: HeldView) -> str:
    verb, size = ("BUY" if view.quantity > 0 else "SELL"), view.left or view.quantity
    return f"{view.id} {view.leader} {verb} {abs(size)} {view.symbol} {price(view.price)}"


def _followers(lines: Sequence[HeldLine]) -> list[str]:
    """What would change, followers with the same change together."""
    same: dict[tuple[int, int, str, str], list[str]] = {}
    for line in lines:
        same.setdefault((line.before, line.after, line.symbol, line.note), []).append(line.account)
    return [
        f"{', '.join(names)} {signed(before)} → {signed(after)} {symbol}{f' ({one_line(note)})' if note else ''}"
        for (before, after, symbol, note), names in same.items()
    ]
