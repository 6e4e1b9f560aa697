"""Allocation: the leader's position to the follower's target, in whole contracts, by a visible rule.

Positions are sized, not single orders, so rounding cannot pile up: at ratio 0.5 a leader who buys 1, 1, 1 gives targets
0, 1, 1. What rounding toward zero holds back is carried in this way into the next size.
Every size is a ratio of two integers by the time an order depends on it; a ladder of targets is armed from it ahead.
Source: docs/allocation.md
"""

from decimal import ROUND_DOWN, Decimal
from fractions import Fraction

from engine.domain.contract import PRODUCTS, root_of
from engine.domain.group import (
    BalanceScaled,
    BelowOne,
    Exact,
    Fixed,
    FollowerPlan,
    Multiplier,
    Percentage,
    Pooled,
    RoomScaled,
    Rounding,
    Sizing,
)
from engine.domain.ids import Symbol
from engine.domain.value import Value

NOTHING = Fraction(0)


class Funds(Value, frozen=True):
    """Money of one account as sizing sees it. ``None`` is not known, which sizes to nothing, never to something.

    Units: account currency. ``cautious`` is what a stale balance is taken for: the smallest one seen of a follower, the
    largest one seen of a leader, so that the size can only be smaller.
    """

    balance: Decimal | None = None
    open_profit: Decimal = Decimal(0)
    margin: Decimal = Decimal(0)
    cautious: Decimal | None = None
    first_equity: Decimal | None = None
    is_stale: bool = False

    def usable(self) -> Decimal | None:
        """Balance to size by: the cautious one when the last is too old."""
        if self.balance is None or self.cautious is None:
            return None
        return self.cautious if self.is_stale else self.balance


class Sized(Value, frozen=True):
    """A sizing rule worked out for now.

    ``ratio`` is follower contracts for one leader contract; ``flat`` > 0 instead means that many at any leader size.
    ``words`` is the arithmetic in one line, for the receipt.
    """

    ratio: Fraction
    words: str
    flat: int = 0


def conversion(plan: FollowerPlan, symbol: Symbol, own: Symbol) -> Fraction | None:
    """Follower contracts that carry the risk of one leader contract: NQ to MNQ is 10, NQ to NQ is 1.

    A ratio in the plan wins. None for a pair that is neither the same product nor a known mini and micro.
    """
    root, own_root = root_of(symbol), root_of(own)
    for key in (symbol, root):
        if key in plan.ratios:
            return Fraction(plan.ratios[key])
    if root == own_root:
        return Fraction(1)
    product, own_product = PRODUCTS.get(root), PRODUCTS.get(own_root)
    if product is None or own_product is None:
        return None
    family, own_family = product.mini or root, own_product.mini or own_root
    return Fraction(product.minis) / Fraction(own_product.minis) if family == own_family else None


def size(sizing: Sizing, own: Funds, leader: Funds, factor: Decimal) -> Sized:
    """Work the rule out, before mini and micro conversion; ``factor`` is the person's resize, 1 by default."""
    by_hand = Fraction(factor)
    tail = "" if factor == 1 else f" x {factor} by hand"
    match sizing:
        case Exact():
            return Sized(ratio=by_hand, words=f"exact{tail}")
        case Multiplier(ratio=ratio):
            return Sized(ratio=Fraction(ratio) * by_hand, words=f"multiplier {ratio}{tail}")
        case Fixed(contracts=contracts):
            return Sized(ratio=NOTHING, flat=int(contracts * by_hand), words=f"fixed {contracts}{tail}")
        case Percentage(factor=share):
            return _scaled("balance", own.usable(), leader.usable(), Fraction(share) * by_hand, (own, leader), tail)
        case BalanceScaled(factor=share):
            return _scaled("free equity", _free(own), _free(leader), Fraction(share) * by_hand, (own, leader), tail)
        case RoomScaled():
            return _roomed(sizing, own, by_hand, tail)
        case Pooled(share=share, pool_ratio=pool):
            return Sized(ratio=Fraction(pool) * by_hand, words=f"share {share} of pool {pool}{tail}")


def _free(funds: Funds) -> Decimal | None:
    """Live equity that is not tied up: balance, open profit, less margin in use."""
    balance = funds.usable()
    return None if balance is None else balance + funds.open_profit - funds.margin


def _scaled(
    what: str, own: Decimal | None, leader: Decimal | None, factor: Fraction, funds: tuple[Funds, Funds], tail: str
) -> Sized:
    if own is None or leader is None:
        missing = "follower" if own is None else "leader"
        return Sized(ratio=NOTHING, words=f"{what} of the {missing} is not known: size 0")
    if own <= 0 or leader <= 0:
        return Sized(ratio=NOTHING, words=f"{what} {own} over {leader}: size 0")
    stale = _stale(*funds)
    return Sized(ratio=Fraction(own) / Fraction(leader) * factor, words=f"{what} {own} over {leader}{tail}{stale}")


def _stale(own: Funds, leader: Funds | None = None) -> str:
    follower = ", stale balance: the smallest one seen" if own.is_stale else ""
    return follower + (", stale balance of the leader: the largest one seen" if leader and leader.is_stale else "")


def _roomed(rule: RoomScaled, own: Funds, by_hand: Fraction, tail: str) -> Sized:
    """The floor lies ``room`` under the equity that was seen first; a firm's own floor is the drawdown ledger's."""
    balance = own.usable()
    if balance is None or own.first_equity is None:
        return Sized(ratio=NOTHING, words="room is not known: size 0")
    left = balance + own.open_profit - (own.first_equity - rule.room)
    left = max(Decimal(0), min(left, rule.room))
    words = f"room {left} of {rule.room} at ratio {rule.ratio}{tail}{_stale(own)}"
    return Sized(ratio=Fraction(left) / Fraction(rule.room) * Fraction(rule.ratio) * by_hand, words=words)


def whole(exact: Fraction, rounding: Rounding, below_one: BelowOne) -> int:
    """Whole contracts of an unsigned exact size. Grows only where the plan says so by name."""
    floor = exact.numerator // exact.denominator
    rest = exact - floor
    if floor == 0 and rest > 0:
        return 1 if below_one is BelowOne.ONE else 0
    match rounding:
        case Rounding.TOWARD_ZERO:
            return floor
        case Rounding.NEAREST:
            return floor + (rest > Fraction(1, 2))
        case Rounding.UP:
            return floor + (rest > 0)


def target(net: int, ratio: Fraction, flat: int, plan: FollowerPlan) -> int:
    """Net position that the follower should hold for the leader's ``net``.

    Units:   contracts, signed; ``ratio`` is follower contracts for one of the leader's, mini and micro included;
             ``flat`` above 0 is the size at any ``net``.
    Returns: toward zero never larger in size than ``ratio * net``, and never than the symbol cap.
    """
    if net == 0:
        return 0
    contracts = flat or whole(abs(net) * ratio, plan.rounding, plan.below_one)
    contracts = min(contracts, plan.caps.symbol)
    return contracts if net > 0 else -contracts


def split(contracts: int, shares: list[Decimal], turn: int) -> list[int]:
    """Share one unsigned size over a pool's members by the largest remainder.

    Equal remainders are served in turn, so that over many positions no member is always first.
    Returns: one size each, in the members' order; they add up to ``contracts``.
    """
    total = sum(shares, Decimal(0))
    if not total:
        return [0] * len(shares)
    exact = [Fraction(share) / Fraction(total) * contracts for share in shares]
    sizes = [part.numerator // part.denominator for part in exact]
    left = contracts - sum(sizes)
    count = len(shares)
    order = sorted(range(count), key=lambda i: (-(exact[i] - sizes[i]), (i - turn) % count))
    for i in order[:left]:
        sizes[i] += 1
    return sizes


def carried(net: int, ratio: Fraction, target: int) -> Decimal:
    """Fraction of a contract that rounding holds back now: exact size less target, unsigned."""
    rest = abs(net) * ratio - abs(target)
    return (Decimal(rest.numerator) / Decimal(rest.denominator)).quantize(Decimal("0.01"), ROUND_DOWN)
