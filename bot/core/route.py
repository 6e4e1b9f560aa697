"""Route: how one chat is told of something: loud, in silence, later in a digest, or within one card of many."""

from collections import deque
from datetime import UTC, datetime, time, timedelta, tzinfo
from enum import StrEnum

import msgspec

from bot.core.routing import closest
from engine.api import Severity, Value

STORM = 10  # cards within a minute; what is more comes as one
STORM_IN = timedelta(minutes=1)


class Conduct(Value, frozen=True):
    """What the settings say about alerts."""

    is_pausing: bool = False  # the desk pauses what a P1 concerns that nobody has answered
    has_threads: bool = True  # a P1 has a place of its own beside its card, where the platform has such
    platforms: frozenset[str] = frozenset()  # those that are served and tell what they have shown


CONDUCT = Conduct()


class Mode(StrEnum):
    """How somebody wants to hear of a kind of alert."""

    ON = "on"
    SILENT = "silent"
    DIGEST = "digest"
    OFF = "off"


class Quiet(Value, frozen=True):
    """Hours in which a chat wants no noise, in minutes of the day; over midnight where the end lies before the beginning."""

    begins: int
    ends: int

    @staticmethod
    def read(text: str) -> "Quiet | None":
        """``22:00-06:30``, or None for something else."""
        parts = [part.split(":") for part in text.split("-")]
        if len(parts) != 2 or any(len(part) != 2 or not all(one.isdecimal() for one in part) for part in parts):
            return None
        (a, b), (c, d) = ((int(hour), int(minute)) for hour, minute in parts)
        begins, ends = a * 60 + b, c * 60 + d
        is_clock = max(a, c) < 24 and max(b, d) < 60 and begins != ends
        return Quiet(begins=begins, ends=ends) if is_clock else None

    @property
    def words(self) -> str:
        """As it is typed."""
        return f"{self.begins // 60:02d}:{self.begins % 60:02d}-{self.ends // 60:02d}:{self.ends % 60:02d}"

    def holds(self, now: datetime, zone: tzinfo) -> bool:
        """Say whether it is quiet now."""
        local = now.astimezone(zone)
        minute = local.hour * 60 + local.minute
        if self.begins < self.ends:
            return self.begins <= minute < self.ends
        return minute >= self.begins or minute < self.ends

    def ended(self, now: datetime, zone: tzinfo) -> datetime:
        """When they were over last; what was held back before then is told after it."""
        local = now.astimezone(zone)
        end = time(self.ends // 60, self.ends % 60)
        found = (datetime.combine(local.date() - timedelta(days=back), end, zone) for back in (0, 1))
        return next(at.astimezone(UTC) for at in found if at.astimezone(UTC) <= now)


class Wishes(Value, frozen=True):
    """What the person of a chat has set. ``modes`` by code, or by the beginning of codes with a dot at its end."""

    quiet: Quiet | None = None
    modes: dict[str, Mode] = {}
    is_on_call: bool = False

    def mode(self, code: str) -> Mode:
        """The closest of them."""
        return closest(self.modes, code) or Mode.ON


class Told(Value, frozen=True):
    """How a chat is told; ``held`` says why it is not, and ``is_later`` that it stands in the digest."""

    is_silent: bool = True
    held: str = ""
    is_later: bool = False


def told(code: str, severity: Severity, wishes: Wishes, now: datetime, zone: tzinfo, *, is_loud: bool) -> Told:
    """How somebody is told now: a P1 passes everything, a P2 passes quiet hours of whoever is on call."""
    if severity is Severity.P1:
        return Told(is_silent=not is_loud)
    mode = wishes.mode(code)
    if mode is Mode.OFF:
        return Told(held=f"/notify {code} off")
    is_quiet = wishes.quiet is not None and wishes.quiet.holds(now, zone)
    if is_quiet and not (severity is Severity.P2 and wishes.is_on_call):
        assert wishes.quiet is not None
        return Told(held=f"quiet {wishes.quiet.words}", is_later=True)
    if mode is Mode.DIGEST and wishes.quiet is not None:
        return Told(held="for the digest", is_later=True)
    return Told(is_silent=not is_loud or mode is not Mode.ON)


class Flood:
    """How much one chat was shown lately."""

    def __init__(self) -> None:
        """Nothing."""
        self._shown: deque[datetime] = deque(maxlen=STORM)
        self.since: datetime | None = None
        self.last: datetime | None = None

    def is_over(self, coming: int, now: datetime) -> bool:
        """Say whether ``coming`` further cards are too many; a flood lasts until a minute has brought nothing."""
        if self.since is not None and self.last is not None and now - self.last > STORM_IN:
            self.since = None
        if self.since is None and coming + sum(now - at <= STORM_IN for at in self._shown) > STORM:
            self.since = now
        if self.since is not None and coming:
            self.last = now
        return self.since is not None

    def shown(self, count: int, now: datetime) -> None:
        """Count cards."""
        self._shown.extend([now] * min(count, STORM))


def read_modes(text: str) -> dict[str, Mode]:
    """What a person has set, as it is kept."""
    return msgspec.json.decode(text, type=dict[str, Mode]) if text else {}
