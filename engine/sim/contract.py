"""Contracts that the venue lists, made on demand from the product table."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from engine.domain.contract import PRODUCTS, Product, month_of, root_of
from engine.domain.ids import Symbol

MONTHS = "FGHJKMNQUVXZ"
QUARTERLY = frozenset({"ES", "MES", "NQ", "MNQ", "YM", "MYM", "RTY", "M2K", "6E", "M6E", "ZB", "ZN", "ZF"})


@dataclass(frozen=True, slots=True)
class Contract:
    """One listed contract."""

    id: int
    maturity_id: int
    product_id: int
    symbol: Symbol
    product: Product
    expires: date

    @property
    def point(self) -> Decimal:
        """Account currency for 1.0 of price and one contract."""
        return self.product.point

    @property
    def tick(self) -> Decimal:
        """Price increment."""
        return self.product.tick

    @property
    def family(self) -> str:
        """Name that a mini shares with its micro of the same month, such as NQZ6."""
        return (self.product.mini or self.product.root) + month_of(self.symbol)

    def is_on_grid(self, price: Decimal) -> bool:
        """Say whether a price is a multiple of the tick."""
        return price % self.tick == 0


def expiry(symbol: Symbol, today: date) -> date | None:
    """Third Friday of the contract's month, in the year nearest to today; None for what is no contract name."""
    month = month_of(symbol)
    if not month or root_of(symbol) not in PRODUCTS:
        return None
    digits = month[1:]
    span = 10 ** len(digits)
    year = today.year - today.year % span + int(digits)
    year = min((year - span, year, year + span), key=lambda candidate: abs(candidate - today.year))
    first = date(year, MONTHS.index(month[0]) + 1, 1)
    return first + timedelta(days=(4 - first.weekday()) % 7 + 14)


def next_symbol(symbol: Symbol, *, forward: bool) -> Symbol:
    """Name of the contract one listed month later or earlier."""
    root, month = root_of(symbol), month_of(symbol)
    months = "HMUZ" if root in QUARTERLY else MONTHS
    digits = len(month) - 1
    place = months.index(month[0]) + (1 if forward else -1)
    year = (int(month[1:]) + place // len(months)) % 10**digits
    return Symbol(f"{root}{months[place % len(months)]}{year:0{digits}d}")


class Listing:
    """The contracts known so far; ids are handed out in order of first mention, so a run repeats."""

    def __init__(self) -> None:
        self.by_symbol: dict[str, Contract] = {}
        self.by_id: dict[int, Contract] = {}
        self.products: dict[str, int] = {root: 100 + place for place, root in enumerate(PRODUCTS)}
        self._next = 4001

    def find(self, symbol: str, today: date) -> Contract | None:
        """Return the contract of a full name, listing it at first mention; None for a bare root or an unknown name."""
        known = self.by_symbol.get(symbol)
        if known is not None:
            return known
        name = Symbol(symbol)
        expires = expiry(name, today)
        if expires is None:
            return None
        root = root_of(name)
        contract = Contract(
            id=self._next,
            maturity_id=self._next + 50_000,
            product_id=self.products[root],
            symbol=name,
            product=PRODUCTS[root],
            expires=expires,
        )
        self._next += 1
        self.by_symbol[symbol] = contract
        self.by_id[contract.id] = contract
        return contract

    def get(self, key: str | int, today: date) -> Contract | None:
        """Return a contract by name or by id, as market-data requests may use either."""
        if isinstance(key, int) or key.isdigit():
            return self.by_id.get(int(key))
        return self.find(key, today)
