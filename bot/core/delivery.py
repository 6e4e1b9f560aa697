"""Delivery: how long a grave alert took to each platform, from the alert's time to the platform's answer; pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from bot.core.alertgroup import Delivered, Group
from bot.core.chat import Message
from engine.api import Severity

LATE = timedelta(seconds=30)


def number_of(message: Message) -> int:
    """The group that a message is about, by its number; 0 for none."""
    kind, _, number = message.about.partition(":")
    return int(number) if kind == "alert" and number.isdecimal() else 0


def is_alert(message: Message) -> bool:
    """Say whether it is the card of a group, or of a storm: of each a chat has one."""
    return message.thread is None and (number_of(message) > 0 or message.card.ref.startswith("storm:"))


def expect(group: Group, platforms: Iterable[str], now: datetime, *, is_anew: bool) -> Group:
    """The group, told on these platforms from now on; ``is_anew`` counts from the beginning, after it had been over.

    The first ones are counted from the alert's own time, those to which it was taken later from then.
    """
    if group.severity is not Severity.P1:
        return group
    known = () if is_anew else group.delivered
    began = min((member.at for member in group.live if member.severity is Severity.P1), default=now)
    names = [name for name in dict.fromkeys(platforms) if name not in {one.platform for one in known}]
    since = now if known else min(began, now)
    added = tuple(Delivered(platform=name, since=since, asked_at=now) for name in names)
    return msgspec.structs.replace(group, delivered=(*known, *added))


def answered(group: Group, platform: str, at: datetime) -> Group:
    """The group after a platform has shown it; the first time counts."""
    kept = tuple(
        msgspec.structs.replace(one, after_s=max(0.0, (at - one.since).total_seconds()))
        if one.platform == platform and one.after_s is None
        else one
        for one in group.delivered
    )
    return msgspec.structs.replace(group, delivered=kept) if kept != group.delivered else group


def overdue(group: Group, now: datetime) -> list[str]:
    """Platforms that have not shown it in time, and of which nobody was told yet."""
    if not group.is_open:
        return []
    return [
        one.platform for one in group.delivered if one.after_s is None and not one.is_late and now - one.asked_at > LATE
    ]


def late(group: Group, platform: str) -> Group:
    """The group after somebody was told that a platform does not show it."""
    kept = tuple(
        msgspec.structs.replace(one, is_late=True) if one.platform == platform else one for one in group.delivered
    )
    return msgspec.structs.replace(group, delivered=kept)


def is_complete(group: Group) -> bool:
    """Say whether every platform has answered."""
    return all(one.after_s is not None for one in group.delivered)
