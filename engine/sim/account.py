"""An account at the venue: cash, positions, profit, margin and the broker's own rules, all exact."""

from collections import deque
from dataclasses import dataclass, field
from decimal import Decimal

from engine.sim.contract import Contract
from engine.sim.desk import AccountPlan
from engine.sim.order import Fill, Pair, Refusal

ZERO = Decimal(0)
OPEN_ACTIONS = frozenset({"Normal", "PlaceAutoLiqOnHold", "DisableAutoLiq"})
REDUCE_ACTIONS = frozenset({"LiquidateOnlyModeImmediately", "AgreedOnLiqOnlyModeByAutoLiq"})


@dataclass(slots=True)
class Lot:
    """What is still open of one fill."""

    fill: Fill
    qty: int


@dataclass(slots=True)
class Position:
    """Net position of one account in one contract; it stays listed when flat. Fills close the oldest lots first."""

    id: int
    account: str
    contract: Contract
    bought: int = 0
    bought_value: Decimal = ZERO
    sold: int = 0
    sold_value: Decimal = ZERO
    lots: deque[Lot] = field(default_factory=deque)
    realized: Decimal = ZERO

    @property
    def net(self) -> int:
        """Contracts, long positive."""
        return sum(lot.qty * lot.fill.order.side for lot in self.lots)

    @property
    def cost(self) -> Decimal:
        """Sum of price * signed quantity over the open lots."""
        return sum((lot.fill.price * lot.qty * lot.fill.order.side for lot in self.lots), ZERO)

    @property
    def price(self) -> Decimal | None:
        """Average price of what is open."""
        net = self.net
        return self.cost / net if net else None

    def open_profit(self, mark: Decimal) -> Decimal:
        """Profit of what is open, at ``mark``."""
        return (mark * self.net - self.cost) * self.contract.point

    def clear(self) -> None:
        """Forget every fill, to take in anew those that still count."""
        self.bought = self.sold = 0
        self.bought_value = self.sold_value = self.realized = ZERO
        self.lots.clear()

    def apply(self, fill: Fill, next_id: "NextId") -> list[Pair]:
        """Take a fill in; return the pairs that it closes."""
        side = fill.order.side
        if side > 0:
            self.bought += fill.qty
            self.bought_value += fill.price * fill.qty
        else:
            self.sold += fill.qty
            self.sold_value += fill.price * fill.qty
        left = fill.qty
        pairs: list[Pair] = []
        while left and self.lots and self.lots[0].fill.order.side != side:
            lot = self.lots[0]
            qty = min(left, lot.qty)
            self.realized += (fill.price - lot.fill.price) * lot.fill.order.side * qty * self.contract.point
            buy, sell = (lot.fill, fill) if side < 0 else (fill, lot.fill)
            pairs.append(Pair(id=next_id(), buy=buy, sell=sell, qty=qty))
            lot.fill.paired += qty
            fill.paired += qty
            lot.qty -= qty
            left -= qty
            if not lot.qty:
                self.lots.popleft()
        if left:
            self.lots.append(Lot(fill, left))
        return pairs


class NextId:
    """Numbers that never repeat."""

    def __init__(self, start: int) -> None:
        self._last = start

    def __call__(self) -> int:
        """Return the next one."""
        self._last += 1
        return self._last


class Account:
    """Money and positions of one account. At every moment cash is start + realized - fees, to the last digit."""

    def __init__(self, account_id: int, plan: AccountPlan, login: str) -> None:
        self.id = account_id
        self.name = plan.name
        self.login = login
        self.plan = plan
        self.start = plan.balance
        self.fees = ZERO
        self.positions: dict[str, Position] = {}
        self.admin_action = plan.admin_action
        self.high = plan.balance  # best equity so far
        self.day_start = plan.balance  # equity when the trade date began

    @property
    def realized(self) -> Decimal:
        """Profit of all closed lots, before fees."""
        return sum((position.realized for position in self.positions.values()), ZERO)

    @property
    def cash(self) -> Decimal:
        """Balance: start + realized - fees."""
        return self.start + self.realized - self.fees

    def net(self, symbol: str) -> int:
        """Net position in a contract."""
        position = self.positions.get(symbol)
        return position.net if position else 0

    def open_profit(self, marks: dict[str, Decimal]) -> Decimal:
        """Profit of everything open. Shape: ``marks`` is {symbol: price}; what has no mark counts at cost."""
        return sum((p.open_profit(marks[s]) for s, p in self.positions.items() if s in marks and p.lots), ZERO)

    def margin_used(self, margin: Decimal, *, beside: str = "") -> Decimal:
        """Initial margin of the positions, leaving out the one in ``beside``. Units: ``margin`` for one mini."""
        held = (p for symbol, p in self.positions.items() if symbol != beside)
        return sum((abs(p.net) * p.contract.product.minis * margin for p in held), ZERO)

    def objection(self, contract: Contract, signed: int, *, equity: Decimal, margin: Decimal) -> Refusal | None:
        """Say why the broker will not let this order in, if it will not. Admin orders are not asked."""
        before = self.net(contract.symbol)
        after = before + signed
        grows = abs(after) > abs(before)
        if self.admin_action not in OPEN_ACTIONS and self.admin_action not in REDUCE_ACTIONS:
            return Refusal(reason="TradingLocked", text=f"Trading is locked: {self.admin_action}")
        if self.admin_action in REDUCE_ACTIONS and (grows or before * after < 0):
            return Refusal(reason="LiquidationOnly", text="Account is in liquidation only mode")
        if self.plan.max_order is not None and abs(signed) > self.plan.max_order:
            return Refusal(reason="MaxOrderQtyLimitReached", text=f"Max order quantity is {self.plan.max_order}")
        if self.plan.max_position is not None and grows and abs(after) > self.plan.max_position:
            return Refusal(reason="MaxPosLimitReached", text=f"Max position is {self.plan.max_position}")
        used = self.margin_used(margin, beside=contract.symbol)
        need = used + abs(after) * contract.product.minis * margin
        if grows and need > equity:
            return Refusal(reason="UnknownReason", text=f"Insufficient margin: {need} needed, {equity} available")
        return None

    def must_liquidate(self, equity: Decimal) -> str | None:
        """Name the broker's rule that this equity breaks, if it breaks one. Moves the high-water mark."""
        self.high = max(self.high, equity)
        daily, trail = self.plan.daily_loss_auto_liq, self.plan.trailing_max_drawdown
        if daily is not None and equity <= self.day_start - daily:
            return "dailyLossAutoLiq"
        if trail is not None:
            top = self.plan.trailing_max_drawdown_limit
            floor = self.high - trail if top is None else min(self.high - trail, top)
            if equity <= floor:
                return "trailingMaxDrawdown"
        return None
