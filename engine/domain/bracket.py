"""Bracket: protective children of a follower's entries, so that no position stands naked.

An entry leaves with its stop and its target as one server-side order. When the follower shrinks, the children shrink with
it, the newest first, and when it is flat none is left, so that no orphan can open a position. A position that stands
without children for longer than ``PATIENCE``, after a join, a restart or a refusal, is covered by a pair of its own.
"""

from datetime import datetime, timedelta
from decimal import Decimal

import msgspec

from engine.domain.contract import product_of
from engine.domain.decision import CancelOrder, Decision, Leg, Lot, ModifyLeg, Protect, SendBracketed
from engine.domain.group import Bracket
from engine.domain.ids import AccountId, BrokerOrderId, OrderId, Symbol, order_id
from engine.domain.lane import Lane

PATIENCE = timedelta(seconds=2)
TRY_EVERY = timedelta(seconds=5)
TRY_SELDOM = timedelta(seconds=30)  # once a person was asked to look


class Child(msgspec.Struct):
    """One resting order of ours that closes contracts at a price."""

    symbol: Symbol
    quantity: int  # signed: closes a position of the other sign
    leg: Leg
    order: BrokerOrderId | None = None
    open: int = 0  # unsigned contracts that it may still close
    is_ending: bool = False  # we asked for its end
    is_tight: bool = False  # stands in for a leader who is not heard


Children = dict[OrderId, Child]


def enter(
    children: Children, lane: Lane, plan: Bracket, lot: Lot, cause: str, price: Decimal | None
) -> SendBracketed | None:
    """One entry with its children around ``price``; None where price or tick is not known, then it leaves alone."""
    legs = _legs(lane.symbol, lot[3], plan, cause, lot[1], price)
    if not legs:
        return None
    _remember(children, lane.symbol, -lot[3], legs)
    return SendBracketed(cause=cause, lot=lot, legs=legs)


def _legs(
    symbol: Symbol, entry: int, plan: Bracket, cause: str, account: AccountId, price: Decimal | None
) -> tuple[Leg, ...]:
    """Children of an entry: the stop against it, the target with it, on the tick grid."""
    product = product_of(symbol)
    if product is None or price is None:
        return ()
    side = 1 if entry > 0 else -1
    base = (price / product.tick).to_integral_value() * product.tick
    stop = base - side * plan.stop_ticks * product.tick
    target = base + side * plan.target_ticks * product.tick
    return (
        Leg(client=order_id(f"{cause}:stop", account), stop=stop),
        Leg(client=order_id(f"{cause}:target", account), price=target),
    )


def _remember(children: Children, symbol: Symbol, quantity: int, legs: tuple[Leg, ...]) -> None:
    for leg in legs:
        children[leg.client] = Child(symbol, quantity, leg, None, abs(quantity))


def trim(children: Children, lane: Lane, account: AccountId, out: list[Decision]) -> None:
    """Let children close no more than the goal leaves: the newest shrink or end first."""
    for is_stop in (True, False):
        mine = [c for c in children.values() if c.symbol == lane.symbol and (c.leg.stop is not None) == is_stop]
        excess = sum(child.open for child in mine if not child.is_ending) - abs(lane.goal)
        for child in reversed(mine):
            if excess <= 0 or child.is_ending or child.order is None:
                continue
            if child.open <= excess:
                excess -= child.open
                child.is_ending = True
                out.append(CancelOrder(account=account, order=child.order))
            else:
                child.open -= excess
                excess = 0
                out.append(ModifyLeg(account=account, order=child.order, quantity=child.open, leg=child.leg))


def naked(children: Children, lane: Lane, *, is_sure: bool = False) -> int:
    """Contracts that stand without a stop; ``is_sure`` counts only stops that the broker has shown."""
    mine = [child for child in children.values() if child.symbol == lane.symbol and not child.is_ending]
    stops = (child for child in mine if child.leg.stop is not None and (child.order is not None or not is_sure))
    return abs(lane.held) - sum(child.open for child in stops)


def drop_lone(children: Children, lane: Lane, pair: Protect, out: list[Decision]) -> None:
    """End targets whose stop is gone before a new pair takes their place: two for the same contracts would open a position."""
    own = {leg.client for leg in pair.legs}
    mine = [
        (client, child) for client, child in children.items() if child.symbol == lane.symbol and not child.is_ending
    ]
    left = abs(pair.quantity)
    for client, child in mine:
        if client not in own and child.leg.stop is None and child.order is not None and left > 0:
            left -= child.open
            child.is_ending = True
            out.append(CancelOrder(account=pair.account, order=child.order))


def cover(
    children: Children,
    lane: Lane,
    plan: Bracket,
    cause: str,
    account: AccountId,
    at: datetime,
    *,
    is_seldom: bool = False,
) -> Protect | None:
    """A pair of children for what stands naked, around the average price; None where nothing does or it was just tried."""
    if not lane.held or lane.held != lane.goal or lane.buys or lane.sells:
        lane.naked_since = None
        return None
    bare = naked(children, lane)
    if bare <= 0:
        lane.naked_since = None
        return None
    if lane.naked_since is None:
        lane.naked_since = at
        return None
    if at - lane.naked_since < PATIENCE:
        return None
    lane.naked_since = at + (TRY_SELDOM if is_seldom else TRY_EVERY)
    quantity = bare if lane.held > 0 else -bare
    legs = _legs(lane.symbol, quantity, plan, cause, account, lane.cost.average)
    if not legs:
        return None
    _remember(children, lane.symbol, -quantity, legs)
    return Protect(cause=cause, account=account, symbol=lane.symbol, quantity=-quantity, legs=legs)
