"""Digest: the cards that come at a person's own times, and when: arithmetic of wishes, zones and what was sent last.

Each wish has *slots*: the instants at which a clock in the person's zone shows its time, once a day whatever the clocks do
there. A slot is due from its instant on, and not any more when it is twelve hours old, when it lies before the wish was made,
or when it or a later one was sent. So a clock that is set back sends nothing twice.
"""

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum

import msgspec

from engine.api import Value, tradedate

LATE = timedelta(hours=12)
NIGHT = timedelta(hours=12)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WORKDAYS = 5

_CLOCK = re.compile(r"(\d{1,2}):(\d{2})")
_DAY = timedelta(days=1)
_NOON_TO_TURN = timedelta(hours=tradedate.TURN.hour - 12)


class Digest(StrEnum):
    """Which card."""

    MORNING = "morning"  # the night, and the day ahead
    CLOSE = "close"  # the day
    WEEK = "week"


class Wish(Value, frozen=True):
    """When somebody wants one: ``minute`` of the day in their zone, None for the end of the trade date; and since when."""

    since: datetime
    minute: int | None = None
    weekday: int = 6  # of the week's alone

    def words(self, kind: Digest) -> str:
        """As it is typed."""
        if self.minute is None:
            return "on"
        clock = f"{self.minute // 60:02d}:{self.minute % 60:02d}"
        return f"{DAYS[self.weekday]} {clock}" if kind is Digest.WEEK else clock


Wishes = dict[Digest, Wish]
AHEAD = {Digest.MORNING: timedelta(days=4), Digest.CLOSE: timedelta(days=4), Digest.WEEK: timedelta(days=15)}
"""What was sent for a time further ahead was sent by a clock that was wrong, and must not silence the right one."""
_USUAL = {Digest.MORNING: 7 * 60 + 30, Digest.CLOSE: None, Digest.WEEK: 18 * 60}


def read_wish(kind: Digest, words: str, now: datetime) -> Wish | None:
    """``07:30``, ``on``, ``sun 18:00``; None for something else."""
    wish = Wish(since=now, minute=_USUAL[kind])
    for word in words.lower().split():
        match = _CLOCK.fullmatch(word)
        if match is not None and int(match[1]) < 24 and int(match[2]) < 60:
            wish = msgspec.structs.replace(wish, minute=int(match[1]) * 60 + int(match[2]))
        elif kind is Digest.WEEK and word[:3] in DAYS:
            wish = msgspec.structs.replace(wish, weekday=DAYS.index(word[:3]))
        elif word != "on":
            return None
    return wish if words.strip() else None


def read_wishes(text: str) -> Wishes:
    """What a person has set, as it is kept."""
    return msgspec.json.decode(text, type=Wishes) if text else {}


def last_slot(kind: Digest, wish: Wish, now: datetime, zone: tzinfo) -> datetime:
    """The newest slot that is not ahead."""
    return max(slot for slot in _slots(kind, wish, now, zone, range(-9, 2)) if slot <= now)


def next_slot(kind: Digest, wish: Wish, now: datetime, zone: tzinfo) -> datetime:
    """The first slot that is ahead."""
    return min(slot for slot in _slots(kind, wish, now, zone, range(-1, 10)) if slot > now)


def due(kind: Digest, wish: Wish, sent: datetime | None, now: datetime, zone: tzinfo) -> datetime | None:
    """The slot that is to be sent now, if any."""
    slot = last_slot(kind, wish, now, zone)
    if slot <= wish.since or now - slot > LATE:
        return None
    if sent is not None and slot <= sent <= now + AHEAD[kind]:
        return None
    return slot


def _slots(kind: Digest, wish: Wish, now: datetime, zone: tzinfo, days: range) -> list[datetime]:
    here = tradedate.ZONE if wish.minute is None else zone
    clock = tradedate.TURN if wish.minute is None else time(wish.minute // 60, wish.minute % 60)
    today = now.astimezone(here).date()
    found = ((day := today + step * _DAY, _instant(day, clock, here)) for step in days)
    return [slot for day, slot in found if _is_wanted(kind, wish, day, slot)]


def _instant(day: date, clock: time, zone: tzinfo) -> datetime:
    """When a clock there first shows that time; the time that it skips counts from before the skip."""
    return datetime.combine(day, clock, zone).astimezone(UTC)


def _is_wanted(kind: Digest, wish: Wish, day: date, slot: datetime) -> bool:
    match kind:
        case Digest.MORNING:
            return day.weekday() < WORKDAYS
        case Digest.CLOSE:
            return _nearest_end(slot).weekday() < WORKDAYS
        case Digest.WEEK:
            return day.weekday() == wish.weekday


# ---- what a slot is about ------------------------------------------------------------------------------------------


def _nearest_end(slot: datetime) -> date:
    """The day whose end is nearest."""
    return (slot.astimezone(tradedate.ZONE).replace(tzinfo=None) - _NOON_TO_TURN).date()


def trade_day(slot: datetime) -> date:
    """The trade date that a digest of this moment is about: the one whose end is nearest, never one of a weekend."""
    day = _nearest_end(slot)
    return day - _DAY * max(0, day.weekday() - WORKDAYS + 1)


def week_of(slot: datetime) -> tuple[date, date]:
    """Monday and the newest trade date of the week that a digest of this moment is about."""
    day = trade_day(slot)
    return day - day.weekday() * _DAY, day


def night_begins(slot: datetime) -> datetime:
    """From when on the morning tells: twelve hours, or since the last end of a trade date where that is longer."""
    ended = max(end for step in range(-5, 2) if (end := _end_near(slot, step)) is not None and end <= slot)
    return min(ended, slot - NIGHT)


def _end_near(slot: datetime, step: int) -> datetime | None:
    day = slot.astimezone(tradedate.ZONE).date() + step * _DAY
    return tradedate.bounds(day)[1] if day.weekday() < WORKDAYS else None
