"""Lineage: journal entries folded into copies: leader event, the orders it gave, and what became of each.

An order belongs to the copy of the leader's fill that caused it, also when it came later: the second half of a flip, an
exit tried again. What no leader fill explains (a catch-up, a person's act) is a copy of its own, without a leader.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

import msgspec

from engine.api.views import CopyLine, CopyView
from engine.domain.contract import product_of
from engine.domain.decision import Lot, SendBracketed, SendLots, Skipped
from engine.domain.entry import Entry
from engine.domain.event import (
    CLOSED,
    Absent,
    Accepted,
    DeskConfigured,
    Event,
    FillBusted,
    OrderAnswered,
    OrderChanged,
    OrderFilled,
    OrdersSent,
    OrderStatus,
    PersonActed,
    Refused,
    SnapshotTaken,
    Unclear,
)
from engine.domain.group import DeskPlan
from engine.domain.ids import OrderId, Symbol

KEPT = 500  # copies


class Order(msgspec.Struct):
    """One order of ours and what is known of it."""

    client: OrderId
    account: str
    symbol: Symbol
    quantity: int
    cause: str
    copy: str  # the copy that it belongs to
    decided_at: datetime
    heard_at: datetime | None = None  # when the cause's frame was read
    sent_at: datetime | None = None
    answered_at: datetime | None = None
    filled_at: datetime | None = None
    fills: dict[str, tuple[int, Decimal]] = {}
    told: int = 0  # contracts that a snapshot says are filled; it may know more than the fills we heard
    is_ended: bool = False
    is_unclear: bool = False
    is_replaced: bool = False  # its unfilled rest was tried again by a later order
    reason: str = ""

    @property
    def filled(self) -> int:
        """Signed contracts."""
        heard = sum(quantity for quantity, _ in self.fills.values())
        return heard if abs(heard) >= abs(self.told) else self.told

    @property
    def is_done(self) -> bool:
        """Say whether nothing more will come of it."""
        return self.is_ended or abs(self.filled) >= abs(self.quantity)


class Copy(msgspec.Struct):
    """One leader event."""

    cause: str
    seq: int
    changed: int  # newest entry that changed it
    at: datetime
    group: str
    leader: str
    symbol: str
    quantity: int
    price: Decimal | None
    net: int
    what: str
    orders: list[Order] = []
    skips: list[Skipped] = []

    def view(self) -> CopyView:
        """As the API shows it."""
        keys = dict.fromkeys([(o.account, o.symbol) for o in self.orders] + [(s.account, s.symbol) for s in self.skips])
        return CopyView(
            cause=self.cause,
            seq=self.seq,
            at=self.at,
            group=self.group,
            leader=self.leader,
            symbol=self.symbol,
            quantity=self.quantity,
            price=self.price,
            net=self.net,
            what=self.what,
            lines=tuple(self.line(account, Symbol(symbol)) for account, symbol in keys),
        )

    def line(self, account: str, symbol: Symbol) -> CopyLine:
        """What one follower did in one contract."""
        orders = [o for o in self.orders if o.account == account and o.symbol == symbol]
        skips = [s for s in self.skips if s.account == account and s.symbol == symbol]
        sent = sum(o.filled if o.is_replaced else o.quantity for o in orders)
        filled = sum(o.filled for o in orders)
        wanted = sent + sum(s.wanted for s in skips)
        first = orders[0] if orders else None
        last = orders[-1] if orders else None
        reasons = [f"{s.check}: {s.figures}" for s in skips] + [o.reason for o in orders if o.reason]
        return CopyLine(
            account=account,
            symbol=symbol,
            wanted=wanted,
            sent=sent,
            filled=filled,
            status=_status(orders, wanted, filled),
            reason="; ".join(dict.fromkeys(reasons)),
            client=first.client if first else "",
            price=average(orders),
            lag_ms=_ms(first.heard_at, first.sent_at) if first else None,
            ack_ms=_ms(first.sent_at, first.answered_at) if first else None,
            fill_ms=_ms(last.sent_at, last.filled_at) if last and last.is_done else None,
            slip_ticks=slip(orders, Symbol(self.symbol), self.price),
        )


def _status(orders: list[Order], wanted: int, filled: int) -> str:
    if not orders:
        return "skipped"
    if any(o.is_unclear and not o.is_done for o in orders):
        return "unclear"
    if not all(o.is_done for o in orders):
        return "sent"
    if not filled:
        return "refused"
    return "ok" if abs(filled) >= abs(wanted) else "part"


def average(orders: list[Order]) -> Decimal | None:
    """Average fill price, exact to eight decimals; None while a price is not known."""
    fills = [fill for o in orders for fill in o.fills.values()]
    total = sum(abs(quantity) for quantity, _ in fills)
    if not total or total < sum(abs(o.told) for o in orders):
        return None
    mean = sum((price * abs(quantity) for quantity, price in fills), Decimal(0)) / total
    return mean.quantize(Decimal("1E-8")).normalize() if mean.as_tuple().exponent != 0 else mean


def slip(orders: list[Order], symbol: Symbol, price: Decimal | None) -> Decimal | None:
    """Ticks of the follower's contract by which the fills are worse than the leader's price."""
    mean = average(orders)
    if mean is None or price is None or not orders:
        return None
    own, theirs = product_of(orders[0].symbol), product_of(symbol)
    if own is None or theirs is None or (own.mini or own.root) != (theirs.mini or theirs.root):
        return None
    worse = mean - price if orders[0].quantity > 0 else price - mean
    return (worse / own.tick).quantize(Decimal("0.01"))


def _ms(start: datetime | None, end: datetime | None) -> float | None:
    return None if start is None or end is None else (end - start) / timedelta(milliseconds=1)


def base(cause: str) -> str:
    """A cause without the number that makes a later order of it unique."""
    head, mark, tail = cause.rpartition("#")
    return head if mark and tail.isdigit() else cause


class Lineage:
    """The newest copies, walkable from either end."""

    def __init__(self, kept: int = KEPT) -> None:
        """Keep the newest ``kept`` copies."""
        self.copies: dict[str, Copy] = {}
        self.orders: dict[OrderId, Order] = {}
        self.changed: dict[str, None] = {}  # causes of copies that changed since the reader last cleared it
        self._kept = kept
        self._sends: dict[str, list[Order]] = {}
        self._fills: dict[tuple[str, str], None] = {}
        self._nets: dict[tuple[str, str], int] = {}
        self._leaders: dict[str, str] = {}  # leader → group
        self._groups: dict[str, str] = {}  # follower → group

    def newest(self) -> Iterator[Copy]:
        """Copies, newest first."""
        return reversed(self.copies.values())

    def configure(self, plan: DeskPlan) -> None:
        """Know who leads whom."""
        self._leaders = {group.leader: group.id for group in plan.groups}
        self._groups = {follower.account: group.id for group in plan.groups for follower in group.followers}

    def fold(self, entry: Entry) -> None:
        """Take one entry in."""
        origin = self._fact(entry, entry.event)
        for decision in entry.decisions:
            match decision:
                case SendLots(cause=cause, lots=lots):
                    self._sent(entry, origin, cause, lots)
                case SendBracketed(cause=cause, lot=lot):
                    self._sent(entry, origin, cause, (lot,))
                case Skipped() as skip:
                    copy = self._copy_for(entry, origin, skip.cause, skip.account, skip.symbol)
                    copy.skips.append(skip)
                    self._touch(copy, entry.seq)
                case _:
                    pass

    # ---- facts -----------------------------------------------------------------------------------------------------

    def _fact(self, entry: Entry, event: Event) -> Order | None:
        """Fold the fact; the order of ours that it is about, if any."""
        match event:
            case DeskConfigured(plan=plan):
                self.configure(plan)
            case OrderFilled():
                return self._filled(entry, event)
            case OrdersSent(at=at, cause=cause, heard_at=heard, offsets_us=offsets):
                for order, offset in zip(self._sends.get(cause, ()), offsets, strict=False):
                    order.heard_at, order.sent_at = heard, at + timedelta(microseconds=offset)
                    self._touched(order, entry.seq)
            case OrderAnswered(client=client) if client in self.orders:
                return self._answered(entry, event, self.orders[client])
            case OrderChanged(client=client) if client is not None and client in self.orders:
                self._stands(self.orders[client], event.status, event.filled, event.reason)
                return self._touched(self.orders[client], entry.seq)
            case FillBusted(account=account, fill=fill):
                for order in self.orders.values():
                    if order.account == account and fill in order.fills:
                        del order.fills[fill]
                        order.told = 0
                        self._touched(order, entry.seq)
            case SnapshotTaken():
                self._snapped(entry, event)
            case _:
                pass
        return None

    def _filled(self, entry: Entry, event: OrderFilled) -> Order | None:
        known = (event.account, event.fill)
        if known in self._fills:
            return None
        self._fills[known] = None
        if len(self._fills) > 20 * self._kept:
            del self._fills[next(iter(self._fills))]
        if event.account in self._leaders:
            self._led(entry, event)
            return None
        order = self.orders.get(event.client) if event.client is not None else None
        if order is None:
            return None
        order.fills[event.fill] = (event.quantity, event.price)
        order.filled_at = event.at
        return self._touched(order, entry.seq)

    def _led(self, entry: Entry, event: OrderFilled) -> None:
        place = (event.account, event.symbol)
        self._nets[place] = self._nets.get(place, 0) + event.quantity
        side = "BUY" if event.quantity > 0 else "SELL"
        self._add(
            Copy(
                cause=f"{event.account}:{event.fill}",
                seq=entry.seq,
                changed=entry.seq,
                at=event.at,
                group=self._leaders[event.account],
                leader=event.account,
                symbol=event.symbol,
                quantity=event.quantity,
                price=event.price,
                net=self._nets[place],
                what=f"{side} {abs(event.quantity)} {event.symbol}",
            )
        )

    def _answered(self, entry: Entry, event: OrderAnswered, order: Order) -> Order:
        order.answered_at = order.answered_at or event.at
        match event.outcome:
            case Accepted():
                order.is_unclear, order.reason = False, ""
            case Refused() as no:
                order.is_ended, order.is_unclear = True, False
                order.reason = f"{no.reason} {no.text}".strip()
            case Unclear(reason=reason):
                order.is_unclear, order.reason = True, reason
            case Absent():
                order.is_ended, order.is_unclear, order.reason = True, False, "never reached the broker"
        return self._touched(order, entry.seq)

    def _stands(self, order: Order, status: OrderStatus, filled: int, reason: str) -> None:
        """Take over what the broker says of an order's state."""
        sign = 1 if order.quantity > 0 else -1
        if abs(filled) > abs(order.told):
            order.told = sign * min(abs(filled), abs(order.quantity))
        if status is OrderStatus.FILLED:
            order.told = order.quantity
        if status in CLOSED:
            order.is_ended, order.is_unclear = True, False
            if abs(order.filled) < abs(order.quantity):
                order.reason = reason or order.reason or status.value
        elif status is not OrderStatus.UNKNOWN:
            order.is_unclear = False

    def _snapped(self, entry: Entry, event: SnapshotTaken) -> None:
        if event.account in self._leaders:
            for place in [place for place in self._nets if place[0] == event.account]:
                del self._nets[place]
            self._nets |= {(event.account, holding.symbol): holding.net for holding in event.holdings}
        for seen in event.orders:
            order = self.orders.get(seen.client) if seen.client is not None else None
            if order is not None and not order.is_done:
                self._stands(order, seen.status, seen.filled, seen.reason)
                self._touched(order, entry.seq)

    # ---- decisions -------------------------------------------------------------------------------------------------

    def _sent(self, entry: Entry, origin: Order | None, cause: str, lots: tuple[Lot, ...]) -> None:
        sends = self._sends[cause] = []
        for client, account, symbol, quantity in lots:
            copy = self._copy_for(entry, origin, cause, account, symbol)
            if cause.startswith(("end:", "retry:", "snapshot:")):
                for older in copy.orders:
                    if older.account == account and older.symbol == symbol and older.is_done:
                        older.is_replaced = True
            order = Order(client, account, symbol, quantity, cause, copy.cause, entry.event.at)
            self.orders[client] = order
            copy.orders.append(order)
            sends.append(order)
            self._touch(copy, entry.seq)

    def _copy_for(self, entry: Entry, origin: Order | None, cause: str, account: str, symbol: str) -> Copy:
        """The copy that a decision belongs to."""
        name = base(cause)
        if name in self.copies:
            return self.copies[name]
        if origin is not None and origin.copy in self.copies:
            return self.copies[origin.copy]
        if name.startswith(("retry:", "snapshot:")):
            for copy in self.newest():
                mine = [o for o in copy.orders if o.account == account and o.symbol == symbol]
                if mine:
                    if abs(mine[-1].filled) < abs(mine[-1].quantity):
                        return copy
                    break
        return self._add(
            Copy(
                cause=name,
                seq=entry.seq,
                changed=entry.seq,
                at=entry.event.at,
                group=self._groups.get(account, ""),
                leader="",
                symbol=symbol,
                quantity=0,
                price=None,
                net=0,
                what=_what(entry.event),
            )
        )

    def _add(self, copy: Copy) -> Copy:
        self.copies[copy.cause] = copy
        self.changed[copy.cause] = None
        if len(self.copies) > self._kept:
            gone = self.copies.pop(next(iter(self.copies)))
            self.changed.pop(gone.cause, None)
            for order in gone.orders:
                self.orders.pop(order.client, None)
                self._sends.pop(order.cause, None)
        return copy

    def _touched(self, order: Order, seq: int) -> Order:
        if order.copy in self.copies:
            self._touch(self.copies[order.copy], seq)
        return order

    def _touch(self, copy: Copy, seq: int) -> None:
        copy.changed = seq
        self.changed[copy.cause] = None


def _what(event: Event) -> str:
    match event:
        case PersonActed(by=by, command=command):
            return f"{type(command).__name__.lower()} by {by}"
        case OrderFilled(account=account):
            return f"put right after a fill on {account}"
        case _:
            return "catch-up"
