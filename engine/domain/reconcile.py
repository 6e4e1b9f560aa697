"""Reconcile: a broker snapshot against our belief. Differences become facts of the lane before anything is proposed."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from engine.domain import recovery, rogue
from engine.domain.bracket import trim
from engine.domain.closing import compared
from engine.domain.copier import SETTLE, Copier, remember
from engine.domain.decision import Decision
from engine.domain.event import CLOSED, OrderSeen, OrderStatus, SnapshotTaken
from engine.domain.flight import Flight, Working
from engine.domain.group import MissedEntry
from engine.domain.ids import OrderId, Symbol
from engine.domain.lane import Lane
from engine.domain.risk import Denied
from engine.domain.sizing import Quotes, ticks_away
from engine.domain.stray import listed


def reconcile(copier: Copier, event: SnapshotTaken, quotes: Quotes, out: list[Decision]) -> None:
    """Compare, take over the broker's truth, and let the lanes go on from it."""
    for fill in event.fills:
        remember(copier.seen, fill)
    seen = {order.client: order for order in event.orders if order.client is not None}
    believed = {symbol: lane.net for symbol, lane in copier.lanes.items()}
    unsure: set[Symbol] = set()
    for client, flight in list(copier.flights.items()):
        _settle(copier, client, flight, seen.get(client), event, unsure, quotes)
    held = {holding.symbol: holding for holding in event.holdings}
    for symbol in dict.fromkeys((*copier.lanes, *held)):
        net = held[symbol].net if symbol in held else 0
        if symbol not in copier.lanes and net == 0:
            continue
        lane = copier.lane(symbol)
        lane.reported = net
        if symbol in held and (price := held[symbol].price) is not None and net != believed.get(symbol, 0):
            lane.cost.average = price
        _compare(copier, lane, net, event.at, out, is_sure=symbol not in unsure)
        lane.net_out()
    _count_children(copier, seen)
    copier.working = {
        order.order: Working(
            order.symbol, order.quantity, order.filled, order.kind, order.price, order.stop, order.client,
        ).after(copier.working.get(order.order))
        for order in event.orders
        if order.status not in CLOSED and order.client not in copier.flights
    }  # fmt: skip
    for order in event.orders:
        if order.order in copier.working:
            listed(copier, copier.working[order.order], order, event.at, out)
    copier.is_synced = copier.is_line_up
    copier.is_based, copier.compared_at = True, event.at
    copier.arm()
    for lane in copier.lanes.values():
        trim(copier.children, lane, copier.account, out)
    for lane in list(copier.lanes.values()):
        cause = f"snapshot:{event.at.isoformat()}"
        if lane.is_waiting and copier.is_synced:
            _rejudge(copier, lane, cause, event.at, quotes, out)
        copier.propose(lane, cause, event.at, out)


def _rejudge(copier: Copier, lane: Lane, cause: str, at: datetime, quotes: Quotes, out: list[Decision]) -> None:
    """An entry has waited for this comparison: it goes on if the price is still near."""
    lane.is_waiting = False
    if joins(copier, lane, lane.signal_price, quotes):
        lane.signalled_at = at
        return
    away = ticks_away(lane.symbol, lane.signal_price, quotes)
    if away is None and copier.plan.missed_entry is MissedEntry.JOIN:
        _put_off(copier, lane, lane.hold_back(), at)
        return
    figures = "no price" if away is None else f"{away:.0f} ticks away over {copier.plan.join_ticks}"
    copier.hold_back(lane, cause, Denied(check="missed_entry", figures=figures), out)


def _put_off(copier: Copier, lane: Lane, lost: int, at: datetime) -> None:
    """An entry that is out of the goal again waits for a price."""
    if lost:
        lane.missed, lane.missed_at = lane.missed + lost, at
        copier.arm()


def _settle(
    copier: Copier,
    client: OrderId,
    flight: Flight,
    order: OrderSeen | None,
    event: SnapshotTaken,
    unsure: set[Symbol],
    quotes: Quotes,
) -> None:
    """Bring one flight to what the snapshot says of it."""
    lane = copier.lanes[flight.symbol]
    sign = 1 if flight.quantity > 0 else -1
    if order is None:
        if event.at - flight.at >= SETTLE:
            if joins(copier, lane, lane.signal_price, quotes):  # it never left: the entry is a missed one
                lane.signalled_at = event.at
                _forget(copier, lane, client, flight, event.at, is_kept=True)
            else:
                goal = lane.goal
                _forget(copier, lane, client, flight, event.at)
                if (
                    copier.plan.missed_entry is MissedEntry.JOIN
                    and ticks_away(lane.symbol, lane.signal_price, quotes) is None
                ):
                    _put_off(copier, lane, goal - lane.goal, event.at)
        else:
            unsure.add(flight.symbol)
        return
    flight.order = order.order
    total = abs(flight.quantity)
    filled = total if order.status is OrderStatus.FILLED and not order.filled else min(order.filled, total)
    newly = filled - (total - flight.open)
    if newly > 0:
        flight.open -= newly
        lane.ended(sign * newly)
        lane.held += sign * newly
    if order.status in CLOSED:
        _forget(copier, lane, client, flight, event.at, order.status.value)
    elif flight.open:
        unsure.add(flight.symbol)


def _count_children(copier: Copier, seen: dict[OrderId, OrderSeen]) -> None:
    """Keep the children that the broker still lists as open."""
    for client, child in list(copier.children.items()):
        order = seen.get(client)
        if order is None or order.status in CLOSED:
            recovery.child_gone(copier, client, _end_of(order))
        else:
            child.order = order.order
            child.open = abs(order.quantity) - order.filled if order.quantity else child.open


def _end_of(order: OrderSeen | None) -> str:
    """How a child came to its end; empty for one that did what it was for."""
    if order is None:
        return "the broker does not list it"
    return "" if order.status is OrderStatus.FILLED else f"{order.status.value} {order.reason}".rstrip()


def joins(copier: Copier, lane: Lane, price: Decimal | None, quotes: Quotes) -> bool:
    """Say whether the plan still takes an entry that was missed at the leader's ``price``: policy join, price near."""
    return (
        copier.plan.missed_entry is MissedEntry.JOIN
        and (away := ticks_away(lane.symbol, price, quotes)) is not None
        and (away <= copier.plan.join_ticks)
    )


def _forget(
    copier: Copier,
    lane: Lane,
    client: OrderId,
    flight: Flight,
    at: datetime,
    why: str = "",
    *,
    is_kept: bool = False,
) -> None:
    """End a flight whose rest will never fill; ``propose`` at the end of the comparison decides what follows."""
    if flight.open:
        rest = flight.open if flight.quantity > 0 else -flight.open
        lane.ended(rest)
        if not flight.is_exit and not is_kept:
            lost = lane.give_up(rest)
            if why or copier.plan.missed_entry is not MissedEntry.JOIN:  # else ``join_ticks`` has decided
                recovery.lose(copier, lane, lost, at, why or "its order never reached the broker")
    del copier.flights[client]
    remember(copier.done, client)


def _compare(copier: Copier, lane: Lane, broker: int, at: datetime, out: list[Decision], *, is_sure: bool) -> None:
    """Take over the broker's net position; a difference that no order of ours explains bars new entries.

    While an order of ours may be under way unseen, only what it cannot explain counts.
    """
    net = broker - lane.beside
    if not copier.is_based:
        lane.held = net
        if not (lane.held * lane.goal >= 0 and abs(lane.held) <= abs(lane.goal) <= abs(lane.target)):
            rebase(lane)  # else the leader was heard first and the plan joins him
        return
    _liquidated(copier, lane, net)
    low, high = (lane.held, lane.held) if is_sure else (lane.held - lane.sells, lane.held + lane.buys)
    difference = min(0, net - low) or max(0, net - high)
    if not difference:
        if lane.barred.startswith("desync") and is_sure and lane.is_explained():
            lane.barred = ""
        compared(copier, lane, out, is_sure=is_sure)
        return
    rogue.found(copier, lane, difference, f"broker has {broker:+d}, we had {lane.net:+d}", at, out)


def _liquidated(copier: Copier, lane: Lane, net: int) -> None:
    """Count what the broker has closed for us, which it lists under no id of ours."""
    flight = copier.flights.get(lane.liquidation) if lane.liquidation is not None else None
    gone = net - lane.held
    if flight is None or lane.liquidation is None or gone * flight.quantity <= 0:
        return
    counted = min(abs(gone), flight.open)
    signed = counted if gone > 0 else -counted
    flight.open -= counted
    lane.ended(signed)
    lane.held += signed
    if not flight.open:
        copier.land(lane.liquidation)


def rebase(lane: Lane) -> None:
    """Accept what is held as the base to go on from, and say so where the leader's position does not explain it."""
    lane.goal = (
        max(0, lane.held - lane.sells) if lane.held > 0 else min(0, lane.held + lane.buys)
    )  # exits under way go on
    if min(0, lane.target) <= lane.held <= max(0, lane.target):
        lane.barred = ""
    else:
        lane.barred = f"desync: holds {lane.held:+d}, the leader's position would give {lane.target:+d}"


def rebase_all(copiers: Iterable[Copier]) -> None:
    """The leader was compared for the first time: what differed before that is the base to go on from."""
    for copier in copiers:
        for lane in copier.lanes.values() if copier.is_based else ():
            if lane.barred.startswith("desync"):
                rebase(lane)
