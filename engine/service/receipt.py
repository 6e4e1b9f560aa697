"""Receipts: the whole story of one copy in plain text, from journal entries alone: the same journal, the same bytes."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from engine.domain.decision import SendBracketed, SendLots, Skipped
from engine.domain.desk import Desk
from engine.domain.entry import Entry, decode_entry
from engine.domain.event import (
    Absent,
    Accepted,
    Event,
    OrderAnswered,
    OrderChanged,
    OrderFilled,
    Refused,
    Unclear,
)
from engine.domain.group import Pooled
from engine.domain.ids import AccountId, OrderId, Symbol
from engine.domain.risk import CHECKS
from engine.errors import JournalError, LockstepError, TransientError
from engine.service.copied import Copy, Order, average, slip
from engine.service.lineage import Lineage
from engine.storage.replay import fold
from engine.storage.store import Store
from engine.storage.tail import Record, newest_checkpoint, read, segments

WINDOW = 20_000  # entries after the first one in which a copy's story is looked for


class UnknownReceiptError(LockstepError):
    """No order, cause or copy of that name stands in the journal."""


def find(directory: Path, store: Store | None, name: str) -> str:
    """Receipt of an order (by client id) or of a copy (by cause), from the log, or from the database where it is older.

    Raises: UnknownReceiptError, TransientError, JournalError.
    """
    first = _place(directory, store, name)
    if store is None or segments(directory):
        try:
            return _from_log(directory, first, name)
        except JournalError:
            if store is None:
                raise
    checkpoint = store.checkpoint(first - 1)
    before = fold(store.read((checkpoint.seq if checkpoint else 0) + 1, first), checkpoint, first - 1)
    return receipt(store.read(first, first + WINDOW), name, before)


def _from_log(directory: Path, first: int, name: str) -> str:
    checkpoint = newest_checkpoint(directory, first - 1)
    before = fold(read(directory, (checkpoint.seq if checkpoint else 0) + 1), checkpoint, first - 1)
    return receipt(_until(read(directory, first), first + WINDOW), name, before)


def _until(records: Iterable[Record], last: int) -> Iterator[Record]:
    for record in records:
        if record.seq > last:
            return
        yield record


def _place(directory: Path, store: Store | None, name: str) -> int:
    """Entry in which the story of ``name`` begins."""
    if store is not None:
        try:
            found = store.root(name)
        except TransientError:
            found = None
        if found is not None:
            return found
    lineage = Lineage(kept=1_000_000)
    try:
        for record in read(directory, _first(directory)):
            lineage.fold(decode_entry(record.payload))
    except JournalError:
        pass
    copy = _copy_of(lineage, name)
    if copy is None:
        raise UnknownReceiptError(f"no order and no copy is named {name[:60]!r} in this journal")
    return copy.seq


def _first(directory: Path) -> int:
    found = segments(directory)
    return found[0][0] if found else 1


def _copy_of(lineage: Lineage, name: str) -> Copy | None:
    order = lineage.orders.get(OrderId(name))
    return lineage.copies.get(order.copy if order else name)


def receipt(records: Iterable[Record], name: str, before: Desk) -> str:
    """Text of one copy. ``records`` begin with the entry that began it, ``before`` is the desk as it was then.

    Raises: UnknownReceiptError.
    """
    lineage = Lineage(kept=1_000_000)
    lineage.seed(before.state)
    entries = [decode_entry(record.payload) for record in records]
    for entry in entries:
        lineage.fold(entry)
    copy = _copy_of(lineage, name)
    if copy is None or not entries:
        raise UnknownReceiptError(f"no order and no copy is named {name[:60]!r} in this journal")
    first = next(entry for entry in entries if entry.seq == copy.seq)
    if entries[0].seq == copy.seq:
        before.handle(first.event)
    order = lineage.orders.get(OrderId(name))
    only = order.account if order else None
    lines = [*_head(copy, first)]
    for account, symbol in copy.parts():
        if only in (None, account):
            lines += ["", *_follower(copy, AccountId(account), symbol, before, entries)]
    return "\n".join(lines) + "\n"


def _head(copy: Copy, first: Entry) -> Iterator[str]:
    yield f"RECEIPT {copy.cause}"
    yield f"{_time(copy.at)} UTC, journal entry {copy.seq}"
    if not copy.leader:
        yield f"No leader fill: {copy.what}"
        return
    yield f"Leader {copy.leader} in {copy.group}: {copy.what} at {copy.price}, net now {copy.net:+d}"
    if isinstance(first.event, OrderFilled):
        heard = _ms(first.event.traded_at, first.event.at)
        yield f"Exchange {_time(first.event.traded_at)}, heard {heard} later"


def _follower(copy: Copy, account: AccountId, symbol: Symbol, desk: Desk, entries: list[Entry]) -> Iterator[str]:
    yield f"{account} {symbol}"
    yield from _arithmetic(copy, account, symbol, desk)
    orders, skips = copy.parts()[account, symbol]
    yield from _checks(skips, _is_entry(orders, entries))
    for order in orders:
        yield from _order(order, copy.at, entries)
    line = copy.line(account, symbol)
    yield f"  result   {line.status}: {line.filled:+d} of {line.wanted:+d}" + (
        f" at {line.price}" if line.price is not None else ""
    )
    if line.slip_ticks is not None:
        word = "worse" if line.slip_ticks > 0 else "better" if line.slip_ticks < 0 else "off"
        yield f"  slippage {abs(line.slip_ticks)} ticks {word}: leader {copy.price}, follower {line.price}"
    yield from _pool(copy, account, symbol, desk)
    stages = [("heard to sent", line.lag_ms), ("sent to answer", line.ack_ms), ("sent to filled", line.fill_ms)]
    known = [f"{name} {value:.3f} ms" for name, value in stages if value is not None]
    if known:
        yield f"  delay    {', '.join(known)}"


def _pool(copy: Copy, account: AccountId, symbol: Symbol, desk: Desk) -> Iterator[str]:
    """How far a pool member's price lies from the average of the whole pool."""
    members = {copier.plan.account for copier in desk.state.copiers.values() if isinstance(copier.plan.sizing, Pooled)}
    if account not in members or not copy.leader:
        return
    orders = [order for order in copy.orders if order.account in members and order.symbol == symbol and order.filled]
    mean = average(orders)
    worse = slip([order for order in orders if order.account == account], symbol, mean)
    if mean is None or worse is None or len({order.quantity > 0 for order in orders}) > 1:
        return
    place = f"{abs(worse)} ticks {'worse' if worse > 0 else 'better'}" if worse else "the same"
    filled, count = sum(order.filled for order in orders), len({order.account for order in orders})
    yield f"  pool     {count} members filled {filled:+d} at {mean} on average, this one {place}"


def _arithmetic(copy: Copy, account: AccountId, symbol: Symbol, desk: Desk) -> Iterator[str]:
    copier = desk.state.copiers.get(account)
    lane = copier.lanes.get(symbol) if copier else None
    feed = lane.feeds.get(Symbol(copy.symbol)) if lane else None
    if copier is None or lane is None or feed is None or not copy.leader:
        return
    words = feed.words or "not armed"
    yield f"  size     {words}: leader {feed.net:+d} gives {feed.part:+d}, rounded {copier.plan.rounding.value}"
    yield f"  position target {lane.target:+d}, allowed {lane.goal:+d}, held {lane.held:+d}"


def _is_entry(orders: list[Order], entries: list[Entry]) -> bool | None:
    """Say whether any of these orders added risk; None where there are none."""
    clients = {order.client for order in orders}
    sends = (d for entry in entries for d in entry.decisions if isinstance(d, SendLots | SendBracketed))
    entering = {c for d in sends for c in (_clients(d)[d.exits :] if isinstance(d, SendLots) else _clients(d))}
    return bool(clients & entering) if clients else None


def _checks(skips: list[Skipped], is_entry: bool | None) -> Iterator[str]:
    for skip in skips:
        yield f"  check    {skip.check}: {skip.figures}; {skip.wanted:+d} not copied"
    if is_entry and not skips:
        yield f"  checks   passed: {', '.join(CHECKS)}"
    elif is_entry is False:
        yield "  checks   none: an exit always passes"


def _order(order: Order, heard_at: datetime, entries: list[Entry]) -> Iterator[str]:
    side = "BUY" if order.quantity > 0 else "SELL"
    yield f"  order    {order.client}: {side} {abs(order.quantity)} {order.symbol}"
    for entry in entries:
        for decision in entry.decisions:
            if isinstance(decision, SendLots | SendBracketed) and order.client in _clients(decision):
                place = "" if isinstance(decision, SendBracketed) else _kind(decision, order.client)
                yield f"  {_after(heard_at, entry.event.at)} decided{place}, entry {entry.seq}"
        said = "sent" if entry.seq == order.sent_seq else _told(entry.event, order)
        if said:
            at = order.sent_at if entry.seq == order.sent_seq and order.sent_at else entry.event.at
            yield f"  {_after(heard_at, at)} {said}, entry {entry.seq}"


def _clients(decision: SendLots | SendBracketed) -> tuple[str, ...]:
    return tuple(lot[0] for lot in decision.lots) if isinstance(decision, SendLots) else (decision.lot[0],)


def _kind(decision: SendLots, client: str) -> str:
    place = _clients(decision).index(client)
    return f" as {'exit' if place < decision.exits else 'entry'} {place + 1} of {len(decision.lots)}"


def _told(event: Event, order: Order) -> str:
    match event:
        case OrderAnswered(client=client, outcome=outcome) if client == order.client:
            match outcome:
                case Accepted(order=number):
                    return f"accepted as {number}"
                case Refused(kind=kind, reason=reason, text=text):
                    return f"refused ({kind.value}): {reason} {text}".rstrip()
                case Unclear(reason=reason):
                    return f"unclear: {reason}"
                case Absent():
                    return "never reached the broker"
        case OrderChanged(client=client, status=status, filled=filled) if client == order.client:
            return f"{status.value}" + (f", {filled} filled" if filled else "")
        case OrderFilled(client=client, quantity=quantity, price=price) if client == order.client:
            return f"filled {quantity:+d} at {price}"
        case _:
            pass
    return ""


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S.%f}"[:-3]


def _ms(start: datetime, end: datetime) -> str:
    return f"{Decimal((end - start) // timedelta(microseconds=1)) / 1000:f} ms"


def _after(start: datetime, at: datetime) -> str:
    return f"{f'+{Decimal((at - start) // timedelta(microseconds=1)) / 1000:.3f} ms':<12}"
