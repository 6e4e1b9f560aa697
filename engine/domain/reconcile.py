"""Reconcile: a broker snapshot against our belief. Differences become facts of the lane before anything is proposed."""

from datetime import datetime, timedelta
from decimal import Decimal

from engine.domain.bracket import cover
from engine.domain.contract import product_of
from engine.domain.copier import ASK_AFTER, GRACE, SETTLE, Copier, Flight, Working, remember
from engine.domain.decision import AskOrder, AskSnapshot, Decision, Severity
from engine.domain.event import CLOSED, OrderSeen, OrderStatus, SnapshotTaken
from engine.domain.group import MissedEntry
from engine.domain.ids import OrderId, Symbol
from engine.domain.lane import Lane
from engine.domain.sizing import Quotes, mark_of

ASK_AGAIN = timedelta(seconds=3)


def reconcile(copier: Copier, event: SnapshotTaken, quotes: Quotes, out: list[Decision]) -> None:
    """Compare, take over the broker's truth, and let the lanes go on from it."""
    for fill in event.fills:
        remember(copier.seen, fill)
    seen = {order.client: order for order in event.orders if order.client is not None}
    unsure: set[Symbol] = set()
    for client, flight in list(copier.flights.items()):
        _settle(copier, client, flight, seen.get(client), event, unsure, quotes)
    held = {holding.symbol: holding for holding in event.holdings}
    for symbol in {*held, *copier.lanes}:
        net = held[symbol].net if symbol in held else 0
        lane = copier.lanes.get(symbol)
        if lane is None and net == 0:
            continue
        lane = lane or copier.lane(symbol)
        lane.reported = net
        if symbol in held and (price := held[symbol].price) is not None and net != lane.held:
            lane.cost.average = price
        if symbol not in unsure:
            _compare(copier, lane, net, out)
    _count_children(copier, seen)
    copier.working = {
        order.order: Working(
            order.symbol, order.quantity, order.filled, order.kind, order.price, order.stop, order.client,
            copier.working[order.order].cancelled_at if order.order in copier.working else None,
        )
        for order in event.orders
        if order.status not in CLOSED and order.client not in copier.flights
    }  # fmt: skip
    copier.is_synced = copier.is_line_up
    copier.is_based = True
    copier.arm()
    for lane in list(copier.lanes.values()):
        copier.propose(lane, f"snapshot:{event.at.isoformat()}", event.at, out)


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
                _forget(copier, lane, client, flight, is_kept=True)
            else:
                _forget(copier, lane, client, flight)
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
        _forget(copier, lane, client, flight)
    elif flight.open:
        unsure.add(flight.symbol)


def _count_children(copier: Copier, seen: dict[OrderId, OrderSeen]) -> None:
    """Keep the children that the broker still lists as open."""
    for client, child in list(copier.children.items()):
        order = seen.get(client)
        if order is None or order.status in CLOSED:
            del copier.children[client]
        else:
            child.order = order.order
            child.open = abs(order.quantity) - order.filled if order.quantity else child.open


def joins(copier: Copier, lane: Lane, price: Decimal | None, quotes: Quotes) -> bool:
    """Say whether the plan still takes an entry that was missed at the leader's ``price``: policy join, price near."""
    return (
        copier.plan.missed_entry is MissedEntry.JOIN
        and (away := ticks_away(lane.symbol, price, quotes)) is not None
        and (away <= copier.plan.join_ticks)
    )


def ticks_away(symbol: Symbol, price: Decimal | None, quotes: Quotes) -> Decimal | None:
    """Distance of the present price from ``price`` in ticks, unsigned; None where either is not known."""
    mark, product = mark_of(quotes, symbol), product_of(symbol)
    return None if mark is None or product is None or price is None else abs(mark - price) / product.tick


def _forget(copier: Copier, lane: Lane, client: OrderId, flight: Flight, *, is_kept: bool = False) -> None:
    """End a flight whose rest will never fill; ``propose`` at the end of the comparison decides what follows."""
    if flight.open:
        rest = flight.open if flight.quantity > 0 else -flight.open
        lane.ended(rest)
        if not flight.is_exit and not is_kept:
            lane.give_up(rest)
    del copier.flights[client]
    remember(copier.done, client)


def _compare(copier: Copier, lane: Lane, net: int, out: list[Decision]) -> None:
    """Take over the broker's net position; a difference that no order of ours explains bars new entries."""
    difference = net - lane.held
    if not copier.is_based:
        lane.held = net
        rebase(lane)
        return
    if not difference:
        if (
            lane.barred.startswith("desync")
            and lane.held == lane.goal
            and min(0, lane.target) <= net <= max(0, lane.target)
        ):
            lane.barred = ""
        return
    is_close = lane.held * difference < 0
    lane.meddled(difference)
    lane.barred = f"desync: broker has {net:+d}, we had {net - difference:+d}"
    said = f"{copier.account} {lane.symbol}: broker has {net:+d}, our orders explain {net - difference:+d}"
    out.append(copier.tell("rogue.close" if is_close else "rogue.open", Severity.P2, said, lane))


def rebase(lane: Lane) -> None:
    """Accept what is held as the base to go on from, and say so where the leader's position does not explain it."""
    lane.goal = lane.held
    if min(0, lane.target) <= lane.held <= max(0, lane.target):
        lane.barred = ""
    else:
        lane.barred = f"desync: holds {lane.held:+d}, the leader's position would give {lane.target:+d}"


def check(copier: Copier, at: datetime, out: list[Decision]) -> None:
    """Look after what time decides: unanswered orders, exits to try again, differences that last."""
    if not copier.is_line_up:
        return
    wants_snapshot = not copier.is_synced
    for client, flight in copier.flights.items():
        since = flight.asked_at or flight.at
        if at - since >= (ASK_AGAIN if flight.asked_at else ASK_AFTER):
            flight.asked_at = at
            out.append(AskOrder(account=copier.account, client=client))
    for lane in list(copier.lanes.values()):
        if lane.retry_at is not None and lane.retry_at <= at:
            lane.retry_at = None
            copier.propose(lane, f"retry:{at.isoformat()}", at, out)
        wants_snapshot |= _watch(copier, lane, at, out)
        if lane.is_bracketed and copier.plan.bracket is not None:
            copier.made += 1
            cause = f"cover:{lane.symbol}#{copier.made}"
            if pair := cover(copier.children, lane, copier.plan.bracket, cause, copier.account, at):
                out.append(pair)
    if wants_snapshot and (copier.asked_at is None or at - copier.asked_at >= ASK_AGAIN):
        copier.asked_at = at
        out.append(AskSnapshot(account=copier.account))


def _watch(copier: Copier, lane: Lane, at: datetime, out: list[Decision]) -> bool:
    """Time a difference; True when the broker should be asked."""
    differs = lane.reported is not None and lane.reported != lane.held
    if lane.buys or lane.sells or (lane.held == lane.goal and not differs):
        if lane.is_off_told:
            out.append(
                copier.tell("desync.over", Severity.P4, f"{copier.account} {lane.symbol} is in sync again", lane)
            )
        lane.off_since, lane.is_off_told = None, False
        return False
    if lane.off_since is None:
        lane.off_since = at
        return False
    lasted = at - lane.off_since
    if lasted >= GRACE and not lane.is_off_told:
        lane.is_off_told = True
        said = f"{copier.account} {lane.symbol}: wants {lane.goal:+d}, has {lane.held:+d} for {lasted.total_seconds():.0f} s"
        out.append(copier.tell("desync.qty", Severity.P2, said, lane))
    return lasted >= timedelta(seconds=1)
