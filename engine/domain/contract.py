"""Contracts: tick, value of a point, month codes, and the mini/micro families.

The figures are exchange facts for sizing and display; a broker's own product record replaces them where it is known.
Source: exchange contract specifications, 2026-11; shared reference on futures facts.
"""

import re
from decimal import Decimal
from functools import lru_cache

from engine.domain.ids import Root, Symbol
from engine.domain.value import Value

_NAME = re.compile(r"^([A-Z0-9]{1,5}?)([FGHJKMNQUVXZ])(\d{1,2})$")


class Product(Value, frozen=True):
    """One product.

    Units: ``tick`` in price, ``point`` in account currency for one contract and 1.0 of price, ``minis`` in
    mini-equivalents for one contract (a micro is 0.1 of its mini).
    """

    root: Root
    tick: Decimal
    point: Decimal
    minis: Decimal = Decimal(1)
    mini: Root | None = None  # the big brother of a micro


def _table(*rows: tuple[str, str, str, str, str]) -> dict[Root, Product]:
    products: dict[Root, Product] = {}
    for root, tick, point, minis, mini in rows:
        products[Root(root)] = Product(
            root=Root(root),
            tick=Decimal(tick),
            point=Decimal(point),
            minis=Decimal(minis),
            mini=Root(mini) if mini else None,
        )
    return products


PRODUCTS: dict[Root, Product] = _table(
    ("ES", "0.25", "50", "1", ""),
    ("MES", "0.25", "5", "0.1", "ES"),
    ("NQ", "0.25", "20", "1", ""),
    ("MNQ", "0.25", "2", "0.1", "NQ"),
    ("YM", "1", "5", "1", ""),
    ("MYM", "1", "0.5", "0.1", "YM"),
    ("RTY", "0.1", "50", "1", ""),
    ("M2K", "0.1", "5", "0.1", "RTY"),
    ("GC", "0.1", "100", "1", ""),
    ("MGC", "0.1", "10", "0.1", "GC"),
    ("SI", "0.005", "5000", "1", ""),
    ("SIL", "0.005", "1000", "0.2", "SI"),
    ("CL", "0.01", "1000", "1", ""),
    ("MCL", "0.01", "100", "0.1", "CL"),
    ("NG", "0.001", "10000", "1", ""),
    ("HG", "0.0005", "25000", "1", ""),
    ("ZB", "0.03125", "1000", "1", ""),
    ("ZN", "0.015625", "1000", "1", ""),
    ("ZF", "0.0078125", "1000", "1", ""),
    ("6E", "0.00005", "125000", "1", ""),
    ("M6E", "0.0001", "12500", "0.1", "6E"),
)


@lru_cache(maxsize=4096)
def root_of(symbol: Symbol) -> Root:
    """Product of a full contract name: NQZ6 gives NQ, 6EH4 gives 6E; a bare root is its own."""
    match = _NAME.match(symbol)
    return Root(match.group(1)) if match else Root(symbol)


def month_of(symbol: Symbol) -> str:
    """Month code and year of a full contract name: NQZ6 gives Z6; empty for a bare root."""
    match = _NAME.match(symbol)
    return match.group(2) + match.group(3) if match else ""


def product_of(symbol: Symbol) -> Product | None:
    """Exchange facts of a contract, or None for a product that we do not know."""
    return PRODUCTS.get(root_of(symbol))


def family_of(symbol: Symbol) -> Root:
    """Product whose risk a contract carries: NQ for NQZ6 and for MNQZ6."""
    root = root_of(symbol)
    product = PRODUCTS.get(root)
    return (product.mini or root) if product else root


def weight_of(symbol: Symbol) -> int:
    """Thousandths of a mini that one contract counts; a product that we do not know counts as a mini."""
    product = product_of(symbol)
    return int(product.minis * 1000) if product else 1000
