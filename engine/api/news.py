"""What is known of economic events, and what is planned around them."""

from datetime import datetime

from engine.domain.value import Value


class NewsLine(Value, frozen=True):
    """One window, or an event that nobody has planned for. A guess stands for what a calendar would say."""

    begins: datetime
    ends: datetime
    titles: tuple[str, ...]
    action: str = ""  # pause, flatten, or none; empty where nobody has planned for it
    accounts: tuple[str, ...] = ()
    whose: str = ""  # firm or own
    is_guess: bool = False


class PlannedView(Value, frozen=True):
    """A pause that a person has planned; ``plan`` is the act by which it can be taken back."""

    plan: str
    begins: datetime
    ends: datetime
    accounts: tuple[str, ...]
    by: str
    reason: str = ""
    weekly: tuple[int, ...] = ()  # weekdays on which it comes again, Monday 0; empty: once
    zone: str = ""  # of the window of the clock that it is; empty for a pause around an event


class NewsView(Value, frozen=True):
    """Events ahead, windows around them, and how far the calendar can be trusted."""

    since: datetime
    until: datetime
    knowledge: str  # known, stale or unknown: of now
    lines: tuple[NewsLine, ...]
    planned: tuple[PlannedView, ...] = ()
    untimed: tuple[str, ...] = ()  # events without a time, which get no window
    doubts: tuple[str, ...] = ()  # for which hours the calendar is stale or unknown, and what could not be read
