"""A trade that somebody asks about: its contract and the distance of its stop, out of a person's words."""

import re
from collections.abc import Iterable
from decimal import Decimal

from engine.domain.contract import Product, month_of, root_of
from engine.domain.ids import AccountId, Symbol
from engine.domain.state import DeskState
from engine.domain.value import Value
from engine.errors import LockstepError

MOST = 1_000  # contracts that may be asked about
_STOP = re.compile(r"(\d{1,7}(?:\.\d{1,9})?)(t|ticks?|pt|points?)?", re.IGNORECASE)


class TradeError(LockstepError):
    """A trade that cannot be thought through as it is asked; the line says what to change."""


class Trade(Value, frozen=True):
    """The leader's trade in question. ``quantity`` is signed; ``stop`` is "30" points or "120t" ticks, empty for none."""

    symbol: str
    quantity: int
    stop: str = ""


def contract(state: DeskState, leaders: Iterable[AccountId], symbol: str) -> Symbol:
    """The contract that is meant: a product names the one month of it that is held, traded or quoted.

    Raises: TradeError where that is none or several.
    """
    if month_of(Symbol(symbol)):
        return Symbol(symbol)
    stands = [item for leader in leaders for item in state.leaders[leader].stands.items()]
    for known in (
        {name for name, stand in stands if stand.net},
        {name for name, _ in stands},
        set(state.fresh_quotes()),
    ):
        found = sorted(name for name in known if root_of(name) == symbol)
        if len(found) == 1:
            return found[0]
        if found:
            raise TradeError(f"symbol {symbol}: {', '.join(found)} are known; name one")
    raise TradeError(f"symbol {symbol}: no contract of it was traded here yet; name the month, such as {symbol}Z6")


def distance_of(stop: str, product: Product | None) -> Decimal | None:
    """Distance of a stop in price; None for none.

    Raises: TradeError.
    """
    if not stop:
        return None
    match = _STOP.fullmatch(stop.strip())
    if match is None or not (number := Decimal(match.group(1))):
        raise TradeError(f"stop {stop[:20]}: write points such as 30, or ticks such as 120t, above 0")
    if not (match.group(2) or "").lower().startswith("t"):
        return number
    if product is None:
        raise TradeError(f"stop {stop[:20]}: the tick of this contract is not known; write the distance in points")
    return number * product.tick
