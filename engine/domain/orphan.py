"""Orphan: working orders with our tag that no flight and no child explains are cancelled, told, and proven gone.

They are what a crash or a lost data directory leaves behind. Orders without our tag are never touched here.
"""

from datetime import datetime, timedelta

from engine.domain.copier import Copier
from engine.domain.decision import CancelOrder, Decision, Severity
from engine.domain.flight import Orphan, Working
from engine.domain.ids import BrokerOrderId, is_ours

AGAIN = timedelta(seconds=5)
LOUD = 3  # cancels in vain, after which a person must look


def sweep(copier: Copier, at: datetime, out: list[Decision]) -> None:
    """Cancel what nothing explains; say of what has gone that it has."""
    for order in [order for order in copier.orphans if order not in copier.working]:
        gone = copier.orphans.pop(order)
        out.append(copier.tell("desync.over", Severity.P4, f"{copier.account}: {gone.text} is proven gone"))
    if not copier.is_synced:
        return
    for order, working in copier.working.items():
        if not is_orphan(copier, working) or _is_ending(copier, working, at):
            continue
        known = copier.orphans.get(order)
        if known is None:
            copier.orphans[order] = Orphan(text_of(order, working), at)
            said = f"{copier.account}: {copier.orphans[order].text} is ours and nothing explains it: cancelling it"
            out.append(copier.tell("desync.orders", Severity.P2, said))
        elif at - known.asked_at < AGAIN:
            continue
        else:
            known.asked_at, known.tries = at, known.tries + 1
            if known.tries == LOUD:
                said = f"{copier.account}: {known.text} is ours and does not go: cancel it at the broker"
                out.append(copier.tell("desync.orders", Severity.P1, said))
        working.cancelled_at = at
        out.append(CancelOrder(account=copier.account, order=order))


def is_orphan(copier: Copier, working: Working) -> bool:
    """Say whether an order of ours works without anything that explains it."""
    client = working.client
    if client is None or not is_ours(client) or client in copier.flights:
        return False
    child = copier.children.get(client)
    if child is None:
        return True
    lane = copier.lanes.get(working.symbol)
    if child.is_ending:
        return True
    # while flat none of ours is left, whatever became of its cancel
    return lane is not None and not lane.held and not lane.goal and not lane.buys and not lane.sells


def _is_ending(copier: Copier, working: Working, at: datetime) -> bool:
    """Say whether what we know of it may just be on its way: a child whose cancel was asked for, an order that has ended."""
    if working.client not in copier.children and working.client not in copier.done:
        return False
    if working.cancelled_at is None:
        working.cancelled_at = at
    return at - working.cancelled_at < AGAIN


def text_of(order: BrokerOrderId, working: Working) -> str:
    """An order in words: SELL 2 NQZ6 stop 20980 (order 77)."""
    side = "BUY" if working.quantity > 0 else "SELL"
    at = working.stop if working.stop is not None else working.price
    price = f" {at}" if at is not None else ""
    return f"{side} {abs(working.quantity)} {working.symbol} {working.kind or 'order'}{price} (order {order})"
