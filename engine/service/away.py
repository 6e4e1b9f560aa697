"""Away: how far the price may run until an account stops, at its size now and at another one."""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

from engine.domain.command import Resize
from engine.domain.contract import root_of
from engine.domain.copier import Copier
from engine.domain.drawdown import Limit
from engine.domain.ids import Symbol
from engine.domain.sizing import Quotes
from engine.service.risk import limit_views

NAMED = 4
CENT = Decimal("0.01")


def away(copiers: Iterable[Copier], command: Resize, quotes: Quotes) -> tuple[str, ...]:
    """One line for each account that holds one contract and has limits: points until it stops, before and after."""
    found = []
    for copier in copiers:
        stops = [
            (abs(view.price - view.stop), view.symbol)
            for view in limit_views(copier, quotes)
            if view.price is not None and view.stop is not None and view.limit != Limit.DAILY_TARGET.value
        ]
        if not stops or not copier.factor:
            continue
        now, symbol = min(stops)
        held = Decimal(abs(copier.lanes[Symbol(symbol)].net))
        later = (held * command.factor / copier.factor).to_integral_value(ROUND_HALF_UP)
        then = f"{(now * held / later).quantize(CENT)} pt" if later else "never"
        found.append(f"{copier.account} stops in {now} pt of {root_of(Symbol(symbol))}, at that size in {then}")
    return tuple(found[:NAMED])
