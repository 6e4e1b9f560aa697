"""Matching of orders against the quote of one contract.

The book holds the working orders of one contract in order of arrival. A new order is matched against the quote as it
stands; a resting one when the quote moves. A market order takes the far side of the quote, a limit order fills at the
quote when it arrives and at its own price once it has rested, a stop waits for a trade at or through its price and then
acts as a market or limit order. Each quote offers so many contracts a side; what is left over waits for the next.
"""

from decimal import Decimal
from typing import NamedTuple

from engine.sim.market import Quote
from engine.sim.order import Order


class Match(NamedTuple):
    """So many contracts of one order, at a price."""

    order: Order
    qty: int
    price: Decimal


class Book:
    """The working orders of one contract."""

    def __init__(self, liquidity: int | None = None) -> None:
        self.orders: dict[int, Order] = {}
        self.liquidity = liquidity
        self._left: dict[int, int] = {}  # contracts that the present quote still offers, by side of the taker

    def refresh(self) -> None:
        """Take note of a new quote: its liquidity is whole again."""
        self._left.clear()

    def add(self, order: Order) -> None:
        """Let an order work."""
        self.orders[order.id] = order

    def remove(self, order: Order) -> None:
        """Take an order out, if it is in."""
        self.orders.pop(order.id, None)

    def match(self, order: Order, quote: Quote) -> Match | None:
        """Say what ``order`` can have of ``quote`` now, and take that much liquidity."""
        price = fill_price(order, quote)
        if price is None:
            return None
        qty = self._available(order)
        if qty < order.left and order.terms.tif == "FOK":
            return None
        if qty <= 0:
            return None
        if self.liquidity is not None:
            self._left[order.side] = self._left.get(order.side, self.liquidity) - qty
        return Match(order, qty, price)

    def _available(self, order: Order) -> int:
        if self.liquidity is None:
            return order.left
        return min(order.left, self._left.get(order.side, self.liquidity))


def fill_price(order: Order, quote: Quote) -> Decimal | None:
    """Price at which ``quote`` would fill ``order``, or None while it must wait. A touched stop stays touched."""
    terms, side = order.terms, order.side
    if terms.stop is not None and not order.is_triggered:
        if (quote.last - terms.stop) * side < 0:
            return None
        order.is_triggered = True
    far = quote.ask if side > 0 else quote.bid
    if terms.price is None:
        return far
    if (terms.price - far) * side < 0:
        return None
    return terms.price if order.is_resting else far
