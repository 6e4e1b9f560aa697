"""Room: how far an account is from its nearest line, in money, in price, and in contracts that still fit.

Source: shared reference on prop-firm rules, section 3.6, 2026-11-22.
"""

from collections.abc import Iterable
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from engine.domain.drawdown import Ledger, Limit, Standing
from engine.domain.ids import Symbol
from engine.domain.terms import ZERO
from engine.domain.value import Value


class Room(Value, frozen=True):
    """Money between equity and each line; None where there is no such line or where it was hit already."""

    floor: Decimal
    day: Decimal | None
    margin: Decimal | None
    nearest: Limit
    least: Decimal  # to the nearest line, less the buffer; may be below zero
    is_hard_first: bool  # a loss now ends the account before the soft limit saves it
    is_estimated: bool


class Holding(Value, frozen=True):
    """One position at its mark. Units: ``tick`` in price, ``point`` in money for one contract and 1.0 of price."""

    symbol: Symbol
    net: int
    price: Decimal
    tick: Decimal
    point: Decimal


def room_of(ledger: Ledger, buffer: Decimal = ZERO) -> Room:
    """Room of an account now; ``buffer`` is kept back from it."""
    line, margin = ledger.day_line, margin_line(ledger)
    floor = ledger.equity - ledger.floor
    day = ledger.equity - line if line is not None and ledger.standing is Standing.OK else None
    spare = ledger.equity - margin if margin is not None else None
    rooms = [(floor, Limit.MAX_LOSS)]
    rooms += [(day, Limit.DAILY_LOSS)] if day is not None else []
    rooms += [(spare, Limit.MARGIN)] if spare is not None else []
    least, nearest = min(rooms, key=lambda pair: pair[0])
    return Room(
        floor=floor,
        day=day,
        margin=spare,
        nearest=nearest,
        least=least - buffer,
        is_hard_first=line is not None and ledger.floor >= line,
        is_estimated=ledger.is_estimated,
    )


def margin_line(ledger: Ledger) -> Decimal | None:
    """Equity at which the broker would stop the account out for margin; None without margin in use."""
    level = ledger.terms.margin_level
    return None if level is None or ledger.margin <= 0 else level * ledger.margin


def stop_price(room: Decimal, holding: Holding) -> Decimal | None:
    """First tick of one contract at which ``room`` is used up if nothing else moves; None when nothing is held.

    A ``room`` below zero is money still to be earned: then it is the first tick at which that is earned.
    """
    if holding.net == 0:
        return None
    exact = holding.price - room / (holding.net * holding.point)
    toward = ROUND_FLOOR if (holding.net > 0) == (room >= 0) else ROUND_CEILING
    return (exact / holding.tick).quantize(Decimal(1), rounding=toward) * holding.tick


def tick_risk(holdings: Iterable[Holding], ticks: int = 1) -> Decimal:
    """Money lost when every position moves ``ticks`` against itself; opposite ones do not help each other."""
    return sum((abs(held.net) * held.tick * held.point * ticks for held in holdings), ZERO)


def fits(room: Decimal, stop: Decimal, point: Decimal, cost: Decimal = ZERO, slip: Decimal = ZERO) -> int:
    """Contracts whose loss at a stop ``stop`` points away is less than the room, since a touch already counts.

    Units: ``stop`` and ``slip`` in price, ``point`` in money for 1.0 of price, ``cost`` in money for one round trip.
    """
    each = (stop + slip) * point + cost
    if each <= 0 or room <= 0:
        return 0
    return int((room / each).to_integral_value(rounding=ROUND_CEILING)) - 1
