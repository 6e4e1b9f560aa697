"""Lineage: journal entries folded into copies: leader event, the orders it gave, and what became of each.

An order belongs to the copy of the leader's fill that caused it, also when it came later: the second half of a flip, an
exit tried again. What no leader fill explains (a catch-up, a person's act) is a copy of its own, without a leader.
"""

from collections.abc import Iterator
from datetime import timedelta

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
from engine.domain.ids import OrderId
from engine.domain.state import DeskState
from engine.service.copied import Copy, Order, base

KEPT = 500  # copies


class Lineage:
    """The newest copies, walkable from either end."""

    def __init__(self, kept: int = KEPT) -> None:
        """Keep the newest ``kept`` copies."""
        self.copies: dict[str, Copy] = {}
        self.orders: dict[OrderId, Order] = {}
        self.last: dict[str, Order] = {}  # newest order of each account
        self.changed: dict[str, None] = {}  # causes of copies that changed since the reader last cleared it
        self._kept = kept
        self._sends: dict[
            str, list[list[Order]]
        ] = {}  # not told as sent yet, oldest first: an act's sends share a cause
        self._fills: dict[tuple[str, str], None] = {}
        self._nets: dict[tuple[str, str], int] = {}
        self._leaders: dict[str, str] = {}  # leader → group
        self._groups: dict[str, str] = {}  # follower → group
        self.modes: dict[str, str] = {}  # follower → who decides about its entries

    def newest(self) -> Iterator[Copy]:
        """Copies, newest first."""
        return reversed(self.copies.values())

    def configure(self, plan: DeskPlan) -> None:
        """Know who leads whom."""
        self._leaders = {group.leader: group.id for group in plan.groups}
        followers = [(group, follower) for group in plan.groups for follower in group.followers]
        self._groups = {follower.account: group.id for group, follower in followers}
        self.modes = {follower.account: follower.discretion.value for _, follower in followers}

    def seed(self, state: DeskState) -> None:
        """Take over who leads whom, and what the leaders hold, from a state of the desk."""
        self.configure(state.plan)
        self._nets = {
            (book.account, sym): stand.net for book in state.leaders.values() for sym, stand in book.stands.items()
        }
        for fill in (fill for book in state.leaders.values() for fill in book.parked):
            place = (str(fill.account), str(fill.symbol))
            self._nets[place] = self._nets.get(place, 0) + fill.quantity

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
                    copy.modes.setdefault(skip.account, self.modes.get(skip.account, ""))
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
                sends = self._sends.get(cause) or [[]]
                for order, offset in zip(sends.pop(0), offsets, strict=False):
                    order.heard_at, order.sent_at = heard, at + timedelta(microseconds=offset)
                    order.sent_seq = entry.seq
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
        sends: list[Order] = []
        self._sends.setdefault(cause, []).append(sends)
        for client, account, symbol, quantity in lots:
            copy = self._copy_for(entry, origin, cause, account, symbol)
            if cause.startswith(("end:", "retry:", "snapshot:")):
                for older in copy.orders:
                    if older.account == account and older.symbol == symbol and older.is_done:
                        older.is_replaced = True
            mode = self.modes.get(account, "")
            order = Order(client, account, symbol, quantity, cause, copy.cause, entry.event.at, mode=mode)
            self.orders[client] = self.last[account] = order
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
