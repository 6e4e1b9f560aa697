"""Facts of the wall clock, for accounts that keep times: a shell works out what is due, the domain decides what follows.

``due`` is the time of the rule itself, ``at`` when a shell told it. Told twice it counts once; told late it counts as of now.
"""

from datetime import date, datetime

from engine.domain.hours import Knowledge
from engine.domain.ids import AccountId
from engine.domain.timetable import NewsAction
from engine.domain.value import Stamped


class Due(Stamped, frozen=True):
    """Something came due for these accounts."""

    accounts: tuple[AccountId, ...]
    due: datetime


class WindowClosed(Due, frozen=True):
    """The last open trading window closed."""

    until: datetime | None = None  # when the next one opens; None where nobody can tell


class WindowOpened(Due, frozen=True):
    """A trading window opened."""


class FlatByNeared(Due, frozen=True):
    """Nothing may be held from ``due`` on, and that is near."""

    trade_date: date


class FlatByCame(Due, frozen=True):
    """Closing must begin now, so that nothing is held at ``by``; until the exchange opens again."""

    by: datetime
    trade_date: date
    until: datetime | None = None
    is_guess: bool = False  # reckoned by the usual hours, as no calendar reaches here


class StretchOpened(Due, frozen=True):
    """The exchange opened again after a flat-by time."""

    trade_date: date


class NewsNeared(Due, frozen=True):
    """An event comes at ``due``, in no more than ``minutes``."""

    minutes: int
    titles: tuple[str, ...]


class NewsBegan(Due, frozen=True):
    """A rule's window around events began, or turned out to last otherwise. ``knowledge`` is the calendar's."""

    rule: str
    until: datetime
    titles: tuple[str, ...]
    action: NewsAction
    is_guess: bool = False
    knowledge: Knowledge = Knowledge.KNOWN


class NewsEnded(Due, frozen=True):
    """A rule's window is over, or the rule was taken back."""

    rule: str


class TradeDateTold(Stamped, frozen=True):
    """The exchange's trade date, and weekdays ahead that are none: contracts end by them."""

    trade_date: date
    closed: tuple[date, ...] = ()


Timed = WindowClosed | WindowOpened | FlatByNeared | FlatByCame | StretchOpened | NewsNeared | NewsBegan | NewsEnded
KINDS = (
    WindowClosed,
    WindowOpened,
    FlatByNeared,
    FlatByCame,
    StretchOpened,
    NewsNeared,
    NewsBegan,
    NewsEnded,
)
