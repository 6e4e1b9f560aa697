"""Quotes of each contract, and the sources that move them."""

import random
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from engine.domain.value import Value
from engine.sim.contract import Contract


class Quote(Value, frozen=True):
    """Best bid and offer and the last trade of one contract."""

    bid: Decimal
    ask: Decimal
    last: Decimal
    at: datetime
    bid_size: int = 10
    ask_size: int = 10
    last_size: int = 1
    volume: int = 0
    opening: Decimal | None = None
    high: Decimal | None = None
    low: Decimal | None = None


class Move(NamedTuple):
    """One price in a source: which symbol, where, and who took it (``B``, ``A`` or neither)."""

    symbol: str
    price: Decimal
    size: int = 1
    aggressor: str = ""


class Step(NamedTuple):
    """Moves that happen together, so many seconds after the step before."""

    wait_s: float
    moves: tuple[Move, ...]


class Market:
    """The present quote of each contract that has one."""

    def __init__(self, spread_ticks: int = 1) -> None:
        self.quotes: dict[str, Quote] = {}
        self._spread = spread_ticks

    def quote(self, symbol: str) -> Quote | None:
        """Return the present quote, or None before the first price."""
        return self.quotes.get(symbol)

    def move(self, contract: Contract, move: Move, at: datetime) -> Quote:
        """Take a trade price into the quote: a seller's trade was on the bid, a buyer's on the offer."""
        gap = contract.tick * self._spread
        bid = move.price - gap if move.aggressor == "B" else move.price
        return self.put(contract, bid=bid, ask=bid + gap, last=move.price, size=move.size, at=at)

    def put(
        self, contract: Contract, *, bid: Decimal, ask: Decimal, last: Decimal, at: datetime, size: int = 1
    ) -> Quote:
        """Set a quote as given."""
        before = self.quotes.get(contract.symbol)
        quote = Quote(
            bid=bid,
            ask=ask,
            last=last,
            at=at,
            last_size=size,
            volume=(before.volume if before else 0) + size,
            opening=before.opening if before else last,
            high=max(before.high, last) if before and before.high is not None else last,
            low=min(before.low, last) if before and before.low is not None else last,
        )
        self.quotes[contract.symbol] = quote
        return quote


def scripted(steps: list[Step]) -> Iterator[Step]:
    """Play a list written by hand."""
    yield from steps


def walk(starts: dict[str, list[Contract]], prices: dict[str, Decimal], *, seed: int, every_s: float) -> Iterator[Step]:
    """Walk each family of contracts at random on its tick grid, for ever.

    Shape: ``starts`` is {family: its contracts}; a mini and its micro share every price.
    """
    dice = random.Random(seed)  # noqa: S311  a repeatable market, not a secret
    now = dict(prices)
    while True:
        moves: list[Move] = []
        for family, contracts in starts.items():
            tick = max(contract.tick for contract in contracts)
            ticks = dice.choice((-2, -1, -1, 0, 0, 0, 1, 1, 2))
            now[family] = max(tick, now[family] + ticks * tick)
            size = dice.randint(1, 5)
            moves += [Move(contract.symbol, now[family], size) for contract in contracts]
        yield Step(every_s, tuple(moves))
