"""Bond: what the copies of one leader have earned on one account since their relationship began, and when it was enough.

Only copies count: fills of our own orders, of their children, and of whatever closes what those opened, by whosever hand.
What a snapshot tells without a fill is counted at the price that the snapshot or the market gives.
"""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

import msgspec

from engine.domain.contract import product_of
from engine.domain.ids import Symbol
from engine.domain.position import Cost
from engine.domain.terms import ZERO
from engine.domain.value import Setting


class Parting(StrEnum):
    """What becomes of a relationship, or of a pool, that has lost too much."""

    WARN = "warn"
    CLOSE_ONLY = "close-only"  # entries stop until a person resumes
    FLATTEN = "flatten"  # … and everything is closed
    STOP = "stop"  # entries stop until a person turns it on again


class RelationshipPlan(Setting, frozen=True):
    """How much the copies of this leader may lose on this account, in account currency, since the relationship began."""

    max_loss: Decimal
    high_water: bool = False  # measured from the best result so far instead of from the beginning
    warn_at: tuple[Decimal, ...] = (Decimal("0.7"), Decimal("0.9"))  # shares of it that are told
    actions: tuple[Parting, ...] = (Parting.WARN, Parting.CLOSE_ONLY)


class Bond(msgspec.Struct):
    """One account's copies. Every field is state that a checkpoint keeps."""

    plan: RelationshipPlan | None = None  # None counts only: for a pool
    nets: dict[Symbol, int] = {}
    costs: dict[Symbol, Cost] = {}
    since: datetime | None = None
    base: Decimal | None = None  # what was earned when the relationship began; None before it could be marked
    peak: Decimal = ZERO
    told: int = 0  # steps
    has_acted: bool = False
    acts: int = 0

    def adopt(self, symbol: Symbol, net: int, average: Decimal) -> None:
        """Count a position that is held when the counting begins."""
        self.nets[symbol], self.costs[symbol] = net, Cost(average=average)

    def fold(self, symbol: Symbol, quantity: int, price: Decimal, *, is_ours: bool) -> None:
        """Take in a fill of the account."""
        net = self.nets.get(symbol, 0)
        if not is_ours:
            if net * quantity >= 0:
                return
            quantity = max(quantity, -net) if net > 0 else min(quantity, -net)
        self.costs.setdefault(symbol, Cost()).fold(net, quantity, price)
        self.nets[symbol] = net + quantity

    def settle(self, symbol: Symbol, held: int, price: Decimal | None, *, is_ours: bool) -> None:
        """Take in what a snapshot says is held; ``is_ours`` where nothing of it was opened by other hands."""
        net = self.nets.get(symbol, 0)
        if held == net or price is None:
            return
        most = held if is_ours else max(0, min(net, held)) if net > 0 else min(0, max(net, held))
        self.fold(symbol, most - net, price, is_ours=True)

    def earned(self, marks: dict[Symbol, Decimal | None]) -> Decimal | None:
        """Realised and open together, in money, since the counting began; None where something held has no price."""
        total = ZERO
        for symbol, cost in self.costs.items():
            product, net = product_of(symbol), self.nets.get(symbol, 0)
            if product is None:
                continue
            total += cost.realised * product.point
            if net:
                mark = marks.get(symbol)
                if mark is None:
                    return None
                total += (mark - cost.average) * net * product.point
        return total

    def result(self, marks: dict[Symbol, Decimal | None]) -> Decimal | None:
        """What the relationship has earned."""
        earned = self.earned(marks)
        return None if earned is None or self.base is None else earned - self.base

    def begin(self, at: datetime, earned: Decimal | None) -> None:
        """The relationship begins anew."""
        self.since, self.base, self.peak = at, earned, ZERO
        self.told, self.has_acted = 0, False
