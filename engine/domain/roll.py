"""Roll: which contract month is in front, when the volume moves on, and the last day on which a contract can be held.

Dates are exchange rules of thumb, counted in business days; the broker's own record of a contract is the authority. Between
``begins`` and ``rolls`` either month may be the one that people trade, so both count as front.
Source: shared reference on prop-firm rules, section 6.4, 2026-11-22; marked where from general knowledge of the contracts.
"""

from collections.abc import Set as AbstractSet
from datetime import date, timedelta
from typing import Literal

from engine.domain.contract import month_of, root_of
from engine.domain.ids import Root, Symbol
from engine.domain.value import Value

MONTHS = "FGHJKMNQUVXZ"
NO_DAYS: AbstractSet[date] = frozenset()
_LISTED = 24  # months ahead that are looked at
_WEDNESDAY, _FRIDAY = 2, 4

Rule = Literal["third-friday", "fx", "notice", "crude", "gas", "last-friday"]


class Cycle(Value, frozen=True):
    """How the contracts of some products end. ``begins`` and ``rolls`` are business days before the deadline."""

    months: str
    rule: Rule
    begins: int
    rolls: int
    early: int = 0  # business days that trading ends before the rule's day


class Roll(Value, frozen=True):
    """The end of one contract. Days are counted from a trade date; below zero they have passed."""

    symbol: Symbol
    deadline: date  # last trade, or the day before which a physical delivery may begin
    reason: str
    begins: date  # from here on the next month may be in front
    rolls: date  # from here on it is
    next: Symbol
    days_to_roll: int
    days_to_deadline: int


class Front(Value, frozen=True):
    """The month that a product's volume is in; both months while it moves."""

    symbol: Symbol
    also: Symbol | None = None


_QUARTERS = "HMUZ"
_EQUITY = Cycle(months=_QUARTERS, rule="third-friday", begins=6, rolls=4)
_FX = Cycle(months=_QUARTERS, rule="fx", begins=4, rolls=1)
_NOTES = Cycle(months=_QUARTERS, rule="notice", begins=5, rolls=2)
_CRUDE = Cycle(months=MONTHS, rule="crude", begins=5, rolls=2)
_GAS = Cycle(months=MONTHS, rule="gas", begins=4, rolls=2)
# October gold is listed, but the volume goes from August to December (general knowledge).
_GOLD = Cycle(months="GJMQZ", rule="notice", begins=5, rolls=2)
_METAL = Cycle(months="HKNUZ", rule="notice", begins=5, rolls=2)
_COIN = Cycle(months=MONTHS, rule="last-friday", begins=4, rolls=1)
# Micro and mini crude and gas end one business day before the big contract (general knowledge).
_SMALL_CRUDE = Cycle(months=MONTHS, rule="crude", begins=5, rolls=2, early=1)
_SMALL_GAS = Cycle(months=MONTHS, rule="gas", begins=4, rolls=2, early=1)

_ROOTS: tuple[tuple[Cycle, str], ...] = (
    (_EQUITY, "ES MES NQ MNQ YM MYM RTY M2K"),
    (_FX, "6A 6B 6C 6E 6J 6N 6S M6A M6B M6E MCD MJY MSF"),
    (_NOTES, "ZT ZF ZN TN ZB UB"),
    (_CRUDE, "CL"),
    (_SMALL_CRUDE, "MCL QM"),
    (_GAS, "NG"),
    (_SMALL_GAS, "MNG QG"),
    (_GOLD, "GC MGC"),
    (_METAL, "SI SIL HG MHG"),
    (_COIN, "BTC MBT ETH MET"),
)
CYCLES: dict[Root, Cycle] = {Root(root): cycle for cycle, roots in _ROOTS for root in roots.split()}


def roll_of(symbol: Symbol, today: date, closed: AbstractSet[date] = NO_DAYS) -> Roll | None:
    """End of one contract as seen on a trade date; None for a product or a month that we do not know.

    ``closed`` are weekdays without a trade date; without them a holiday moves a date by a day or two.
    """
    root, code = root_of(symbol), month_of(symbol)
    cycle = CYCLES.get(root)
    if cycle is None or not code or code[0] not in cycle.months:
        return None
    year = _year(code[1:], today)
    month = MONTHS.index(code[0]) + 1
    deadline = _deadline(cycle, year, month, closed)
    begins = business_day(deadline, -cycle.begins, closed)
    rolls = business_day(deadline, -cycle.rolls, closed)
    if cycle.rule == "third-friday":  # Thursday of the week before and Monday, also where the Friday is a holiday
        friday = _weekday(date(year, month, 1), _FRIDAY, 3)
        begins, rolls = friday - timedelta(days=8), friday - timedelta(days=4)
    return Roll(
        symbol=symbol,
        deadline=deadline,
        reason="first notice is the next business day" if cycle.rule == "notice" else "last trade",
        begins=begins,
        rolls=rolls,
        next=_name(root, *_following(cycle, year, month), len(code) - 1),
        days_to_roll=(rolls - today).days,
        days_to_deadline=(deadline - today).days,
    )


def ended(symbol: Symbol, today: date, closed: AbstractSet[date] = NO_DAYS) -> str:
    """Why nothing is entered in a contract any more, with its dates; empty while it may be, or where we cannot tell."""
    roll = roll_of(symbol, today, closed)
    if roll is None or today <= roll.deadline:
        return ""
    what = "last trade" if roll.reason == "last trade" else "last day before first notice"
    return f"expired: {symbol} {what} {roll.deadline}, trade date {today}; {roll.next} follows"


def front(root: Root, today: date, closed: AbstractSet[date] = NO_DAYS) -> Front | None:
    """Month in front on a trade date; None for a product that we do not know."""
    cycle = CYCLES.get(root)
    if cycle is None:
        return None
    year, month = today.year, today.month
    for _ in range(_LISTED):
        if MONTHS[month - 1] in cycle.months:
            symbol = _name(root, year, month, 1)
            roll = roll_of(symbol, today, closed)
            if roll is not None and today < roll.rolls:
                return Front(symbol=symbol, also=roll.next if today >= roll.begins else None)
        year, month = _step(year, month)
    return None


def is_front(symbol: Symbol, today: date, closed: AbstractSet[date] = NO_DAYS) -> bool | None:
    """Say whether a contract is in front; None where we cannot tell."""
    found = front(root_of(symbol), today, closed)
    roll = roll_of(symbol, today, closed)
    if found is None or roll is None:
        return None
    mine = roll.deadline
    return any(
        other is not None and (ahead := roll_of(other, today, closed)) is not None and ahead.deadline == mine
        for other in (found.symbol, found.also)
    )


def business_day(day: date, step: int, closed: AbstractSet[date] = NO_DAYS) -> date:
    """Business day ``step`` before (negative) or after ``day``; 0 gives ``day`` itself or the one before it."""
    while not _is_business(day, closed):
        day -= timedelta(days=1)
    for _ in range(abs(step)):
        day += timedelta(days=1 if step > 0 else -1)
        while not _is_business(day, closed):
            day += timedelta(days=1 if step > 0 else -1)
    return day


def _is_business(day: date, closed: AbstractSet[date]) -> bool:
    return day.weekday() <= _FRIDAY and day not in closed


def _deadline(cycle: Cycle, year: int, month: int, closed: AbstractSet[date]) -> date:
    first = date(year, month, 1)
    match cycle.rule:
        case "third-friday":
            day = business_day(_weekday(first, _FRIDAY, 3), 0, closed)
        case "fx":
            # The Wednesday counts as it stands: two business days before it is the Monday, or earlier around a holiday.
            day = business_day(_weekday(first, _WEDNESDAY, 3), -2, closed)
        case "notice":
            # First notice is the last business day of the month before; the day ahead of it is the last safe one.
            day = business_day(first - timedelta(days=1), -1, closed)
        case "crude":
            # Where the 25th is no business day, stepping back to the one ahead of it makes the fourth.
            day = business_day((first - timedelta(days=1)).replace(day=25), -3, closed)
        case "gas":
            day = business_day(first, -3, closed) if _is_business(first, closed) else business_day(first, -2, closed)
        case "last-friday":
            following = date(*_step(year, month), 1)
            back = (following.weekday() - _FRIDAY - 1) % 7 + 1
            day = business_day(following - timedelta(days=back), 0, closed)
    return business_day(day, -cycle.early, closed) if cycle.early else day


def _weekday(first: date, weekday: int, nth: int) -> date:
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1))


def _step(year: int, month: int) -> tuple[int, int]:
    return (year + 1, 1) if month == 12 else (year, month + 1)


def _following(cycle: Cycle, year: int, month: int) -> tuple[int, int]:
    year, month = _step(year, month)
    while MONTHS[month - 1] not in cycle.months:
        year, month = _step(year, month)
    return year, month


def _year(digits: str, today: date) -> int:
    """Year of a contract name: with one digit the one of these ten that is nearest ahead, last year included."""
    span = 10 if len(digits) == 1 else 100
    least = today.year - 1
    return least + (int(digits) - least) % span


def _name(root: Root, year: int, month: int, digits: int) -> Symbol:
    return Symbol(f"{root}{MONTHS[month - 1]}{year % 10**digits:0{digits}d}")
