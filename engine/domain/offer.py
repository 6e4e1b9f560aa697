"""Offer: an entry that passed every check and waits for a person to take it, in parts as the leader traded it.

One offer is open for each leader contract of a follower: a further entry joins it and its time begins anew. What the leader
closes leaves the offer first, newest part first, so it is never more than he still holds. Each part keeps the leader's fill
that caused it, so that the record of every copy says what became of it.
"""

from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal

import msgspec

from engine.domain.contract import product_of
from engine.domain.event import QuoteMarked
from engine.domain.ids import Symbol
from engine.domain.lane import Feed, Lane
from engine.domain.risk import Signal


class Part(msgspec.Struct):
    """What one fill of the leader adds to an offer: signed contracts of the follower."""

    cause: str
    quantity: int
    price: Decimal | None  # the leader's


class Offer(msgspec.Struct):
    """An entry that a person may take."""

    source: Symbol  # the leader's contract
    symbol: Symbol  # the follower's
    since: datetime
    expires: datetime
    held: int  # what the leader's contract gave the target when it was looked at last
    parts: list[Part]
    id: str = ""  # E1, E2 ...; the desk gives it when it tells
    is_news: bool = True  # not told yet, or it has grown since

    @property
    def left(self) -> int:
        """Signed contracts that may still be taken."""
        return sum(part.quantity for part in self.parts)

    @property
    def price(self) -> Decimal | None:
        """The leader's average; None where one of his prices is not known."""
        total = Decimal(0)
        for part in self.parts:
            if part.price is None:
                return None
            total += part.price * abs(part.quantity)
        return total / abs(self.left) if self.left else None

    def drop(self, contracts: int) -> list[Part]:
        """Take ``contracts`` (unsigned) off, newest part first.

        Returns: what is gone of each part.
        """
        gone: list[Part] = []
        while contracts > 0 and self.parts:
            newest = self.parts[-1]
            size = min(contracts, abs(newest.quantity))
            signed = size if newest.quantity > 0 else -size
            gone.append(Part(newest.cause, signed, newest.price))
            newest.quantity -= signed
            contracts -= size
            if not newest.quantity:
                self.parts.pop()
        return gone


def ask(offers: dict[Symbol, Offer], lane: Lane, feed: Feed, more: int, signal: Signal, offer_s: int) -> None:
    """Offer an entry of ``more`` signed contracts, or let it join the offer that is open."""
    part = Part(signal.cause, more, signal.price)
    expires = signal.at + timedelta(seconds=offer_s)
    known = offers.get(feed.symbol)
    if known is not None and known.symbol == lane.symbol and known.left * more > 0:
        known.parts.append(part)
        known.held, known.expires, known.is_news = feed.part, expires, True
        return
    offers[feed.symbol] = Offer(feed.symbol, lane.symbol, signal.at, expires, feed.part, [part])


def run_since(symbol: Symbol, quantity: int, price: Decimal | None, quotes: dict[Symbol, QuoteMarked]) -> int | None:
    """Ticks that an entry now would pay more than the leader did; negative is cheaper, None where a price is not known."""
    product, quote = product_of(symbol), quotes.get(symbol)
    if product is None or quote is None or price is None:
        return None
    now = quote.ask if quantity > 0 else quote.bid
    now = quote.last if now is None else now
    if now is None:
        return None
    worse = now - price if quantity > 0 else price - now
    return int((worse / product.tick).to_integral_value(ROUND_CEILING))
