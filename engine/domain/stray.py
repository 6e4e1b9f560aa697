"""Stray: working orders of other hands on a follower's account: named, told, and cancelled where the plan closes them."""

from datetime import datetime, timedelta

from engine.domain.copier import Copier, lots
from engine.domain.decision import CancelOrder, Decision, Severity
from engine.domain.event import OrderChanged, OrderSeen, OrderStatus, Restriction
from engine.domain.flight import Working
from engine.domain.group import RoguePolicy
from engine.domain.ids import OrderId, is_ours
from engine.domain.trace import source_of

MINUTE = timedelta(minutes=1)
AGAIN = timedelta(seconds=3)
TOLD = 5  # orders that are told one by one in a minute
TRIES = 3  # cancels of one order, then a person must


def is_foreign(client: OrderId | None) -> bool:
    """Say whether a working order is of other hands. One with our tag is ours to look after (``orphan``)."""
    return not is_ours(client)


def listed(
    copier: Copier, working: Working, order: OrderChanged | OrderSeen, at: datetime, out: list[Decision]
) -> None:
    """Name and tell a working order of other hands, once; market orders are told by their fills."""
    if working.is_told or working.kind == "market" or not is_foreign(working.client):
        return
    if not working.kind and order.status is not OrderStatus.WORKING:
        return  # its terms are still on their way
    source = source_of(
        working.client,
        automated=order.automated,
        is_admin=order.is_admin,
        tag=order.tag,
        restriction=Restriction.NONE,
        reason="",
    )
    working.is_told, working.source = True, str(source)
    told = copier.rogue.told = [when for when in copier.rogue.told if at - when < MINUTE]
    if len(told) > TOLD:
        return
    told.append(at)
    lane = copier.lane(working.symbol)
    if len(told) > TOLD:
        said = f"orders of other hands keep coming on {copier.account}: no more are told one by one for a minute"
        out.append(copier.tell("rogue.order", Severity.P2, f"{said}; /orders {copier.account} lists them", lane))
        return
    prices = " ".join(
        f"{word} {price}" for word, price in (("at", working.price), ("stop", working.stop)) if price is not None
    )
    said = f"{working.kind or 'an order'} {lots(working.quantity, lane)} {prices}".rstrip()
    if copier.plan.rogue is RoguePolicy.CLOSE:
        done = "left to close what is held" if _only_closes(copier, working) else "cancelling it"
    else:
        done = "left alone; what it fills is told and handled"
    said = f"{said} works on {copier.account} and is no copy: {source}; {done}"
    out.append(copier.tell("rogue.order", Severity.P2, said, lane))


def _only_closes(copier: Copier, working: Working) -> bool:
    """Say whether an order can do nothing but close what is held: a person's stop is not taken away."""
    lane = copier.lanes.get(working.symbol)
    return lane is not None and working.quantity * lane.net < 0 and _left(working) <= abs(lane.net)


def _left(working: Working) -> int:
    return abs(working.quantity) - working.filled


def sweep(copier: Copier, at: datetime, out: list[Decision]) -> None:
    """Cancel working orders of other hands that could open something; bounded, then a person is told."""
    for order, working in copier.working.items():
        if not working.is_told or working.tries > TRIES or _only_closes(copier, working):
            continue
        if working.cancelled_at is not None and at - working.cancelled_at < AGAIN:
            continue
        working.tries += 1
        if working.tries > TRIES:
            said = f"an order of other hands on {copier.account} does not end: {working.quantity:+d} {working.symbol}"
            text = f"{said}, {TRIES} tries, {working.source}: a person must cancel it"
            out.append(copier.tell("rogue.stuck", Severity.P1, text, copier.lane(working.symbol)))
            continue
        working.cancelled_at = at
        out.append(CancelOrder(account=copier.account, order=order))


def sweeps(copier: Copier) -> bool:
    """Say whether cancels of the close policy are to be looked after."""
    return any(0 < working.tries <= TRIES for working in copier.working.values())
