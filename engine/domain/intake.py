"""Intake: which entries one account takes beside its size caps: in what products, how many a day, how far its money carries.

Theory of operation. What depends on money is armed as one number for each lane: ``Lane.fits``, the contracts that may still
be added. ``refit`` works it out when a mark of the account, its orders or a quote has moved, never between the leader's frame
and the followers' frames; there one comparison of integers asks whether a closer look is needed. The closer look
(``Copier.judge``) works it out once more with everything that was ordered meanwhile, so the figure can be old by one quote,
but never by an order of ours. What is not known (a price, a margin) lets nothing in and says so.
"""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import ROUND_FLOOR, Decimal

import msgspec

from engine.domain.contract import month_of, product_of, root_of
from engine.domain.hours import DayClock
from engine.domain.ids import Symbol
from engine.domain.lane import NO_LIMIT, Lane
from engine.domain.terms import ZERO
from engine.domain.value import Setting, Value


class RoomCheck(Setting, frozen=True):
    """An entry may be no larger than what all stops together may lose without touching a line."""

    slip_ticks: int = 4  # how much worse than planned entry and stop together may fill
    stop_ticks: int | None = None  # where the follower has no bracket: how far away its stop will be
    cost: Decimal = ZERO  # fees of one contract, in and out


class EntryPlan(Setting, frozen=True):
    """Which entries an account takes. Products are told by their own root: MNQ is not NQ."""

    allow_symbols: tuple[str, ...] = ()  # entries in these alone; empty allows all
    deny_symbols: tuple[str, ...] = ()
    trades_per_day: int | None = None  # entries, each one that raises a position
    leverage: Decimal | None = None  # most notional value for 1 of equity
    margin_floor: Decimal | None = None  # least equity for 1 of margin in use
    margins: dict[str, Decimal] = {}  # margin of one contract by product
    room_check: RoomCheck | None = None

    @property
    def is_by_money(self) -> bool:
        """Say whether a figure of it depends on the account's money."""
        return self.leverage is not None or self.margin_floor is not None or self.room_check is not None


class IntakePlan(Setting, frozen=True):
    """Which entries an account takes, and by whose day it counts them."""

    entries: EntryPlan
    clock: DayClock


class Intake(msgspec.Struct):
    """What one account takes, and the day that its entries are counted in."""

    plan: IntakePlan
    turned_at: datetime | None = None  # the newest turn of the day that was taken in
    day: date | None = None

    def turns(self, due: datetime, trade_date: date, *, is_short: bool) -> bool:
        """Say whether a new day begins: told twice it counts once, and a short session may begin none."""
        self.turned_at = due if self.turned_at is None else max(self.turned_at, due)
        if self.day == trade_date or (is_short and self.plan.clock.carries):
            return False
        self.day = trade_date
        return True


class Fit(Value, frozen=True):
    """How many contracts a lane may still add, by which check and figures."""

    check: str
    contracts: int
    words: str


def refused_symbol(plan: EntryPlan, symbol: Symbol) -> str:
    """Why entries in a contract are not taken, with the name of the check; empty where they are."""
    root = root_of(symbol)
    if root in plan.deny_symbols:
        return f"symbol_list: {root} is denied on this account"
    if plan.allow_symbols and root not in plan.allow_symbols:
        return f"symbol_list: {root} is none of {', '.join(plan.allow_symbols)}"
    return ""


def leverage_fit(plan: EntryPlan, lane: Lane, lanes: Iterable[Lane], equity: Decimal) -> Fit | None:
    """Contracts until the notional value of everything reaches ``leverage`` times equity."""
    cap = plan.leverage
    if cap is None:
        return None
    used = ZERO
    for one in lanes:
        count = exposed(one, lane)
        value = _notional(one) if count else ZERO
        if value is None:
            return Fit(check="leverage", contracts=0, words=f"no price of {one.symbol} is known")
        used += value * count
    each = _notional(lane)
    if each is None or each <= 0:
        return Fit(check="leverage", contracts=0, words=f"no price of {lane.symbol} is known")
    room = cap * equity - used
    words = f"{used:,.2f} of {cap} x {equity:,.2f} is used, one more is {each:,.2f}"
    return Fit(check="leverage", contracts=_floor(room, each), words=words)


def margin_fit(plan: EntryPlan, lane: Lane, lanes: Iterable[Lane], equity: Decimal, told: Decimal) -> Fit | None:
    """Contracts until equity is less than ``margin_floor`` times the margin in use; ``told`` is the broker's figure of it."""
    floor = plan.margin_floor
    if floor is None:
        return None
    used, known = ZERO, ZERO
    for one in (*lanes, lane):
        margin = plan.margins.get(root_of(one.symbol))
        if margin is None and (one is lane or exposed(one, lane) or one.held):
            words = f"no margin of {root_of(one.symbol)} is known; write limits.margins.{root_of(one.symbol)}"
            return Fit(check="margin_floor", contracts=0, words=words)
    for one in lanes:
        margin = plan.margins.get(root_of(one.symbol), ZERO)
        used += margin * exposed(one, lane)
        known += margin * abs(one.held)
    used += max(ZERO, told - known)  # the broker asks for more than the table says
    each = plan.margins[root_of(lane.symbol)]
    words = f"{used:,.2f} of margin in use, one more is {each:,.2f}, equity {equity:,.2f} must be {floor} times it"
    return Fit(check="margin_floor", contracts=_floor(equity - floor * used, floor * each), words=words)


def exposed(lane: Lane, entering: Lane) -> int:
    """Contracts, unsigned, that a lane holds or may come to hold; the one that enters counts with its goal alone."""
    return abs(lane.goal) if lane is entering else lane.worst


def _notional(lane: Lane) -> Decimal | None:
    product = product_of(lane.symbol)
    return None if product is None or lane.mark is None else lane.mark * product.point


def _floor(room: Decimal, each: Decimal) -> int:
    if each <= 0:
        return NO_LIMIT
    return max(0, int((room / each).to_integral_value(rounding=ROUND_FLOOR)))


def faults(plan: EntryPlan | None) -> list[str]:
    """Say in one line each what is wrong with a person's figures; empty when all is well."""
    if plan is None:
        return []
    found = []
    for key, roots in (("allow_symbols", plan.allow_symbols), ("deny_symbols", plan.deny_symbols)):
        wrong = [root for root in roots if not root or month_of(Symbol(root))]
        found += [f"{key}: write products such as NQ or MNQ, not {root!r}" for root in wrong]
    both = sorted(set(plan.allow_symbols) & set(plan.deny_symbols))
    if both:
        found.append(f"deny_symbols: {', '.join(both)} is allowed and denied; write it once")
    if plan.trades_per_day is not None and plan.trades_per_day < 1:
        found.append(f"trades_per_day: write 1 or more, not {plan.trades_per_day}")
    amounts = [("leverage", plan.leverage), ("margin_floor", plan.margin_floor)]
    amounts += [(f"margins.{root}", margin) for root, margin in plan.margins.items()]
    for name, amount in amounts:
        if amount is not None and not (amount.is_finite() and amount > 0):
            found.append(f"{name}: write a number above 0, not {amount}")
    check = plan.room_check
    if check is not None:
        if not 0 <= check.slip_ticks <= 10_000:
            found.append(f"room_check.slip_ticks: write a number from 0 to 10000, not {check.slip_ticks}")
        if check.stop_ticks is not None and check.stop_ticks < 1:
            found.append(f"room_check.stop_ticks: write 1 or more, not {check.stop_ticks}")
        if not (check.cost.is_finite() and check.cost >= 0):
            found.append(f"room_check.cost: write an amount of at least 0, not {check.cost}")
    return found
