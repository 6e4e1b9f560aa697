"""Day: the entries of one trade date folded into copies, moves and books, with a replica of the desk for what was meant."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

import msgspec

from engine.domain.allocation import whole
from engine.domain.contract import family_of
from engine.domain.copier import Copier
from engine.domain.desk import Desk
from engine.domain.entry import Entry, decode_entry
from engine.domain.event import (
    BalanceReported,
    DeskConfigured,
    Event,
    FillBusted,
    OrderFilled,
    OrdersSent,
    QuoteMarked,
    SnapshotTaken,
)
from engine.domain.group import Pooled
from engine.domain.ids import AccountId, OrderId, Symbol, is_ours
from engine.domain.lane import Lane
from engine.domain.leader import LeaderBook
from engine.domain.position import Cost
from engine.domain.sizing import mark_of
from engine.report.books import Books, Place
from engine.report.shortfall import Aim, Cause, Fill
from engine.service.lineage import Lineage
from engine.storage.tail import Checkpoint, Record

KEPT = 1_000_000  # copies


class Move(msgspec.Struct):
    """One thing that moved a follower in one contract, or should have: a leader's fill, a settings change, a hand."""

    at: datetime
    copy: str
    price: Decimal
    rest: Cause  # what explains contracts that nothing else explains
    aim: Aim | None = None
    wanted: int = 0  # change of the target
    fills: list[Fill] = []


class Money(msgspec.Struct):
    """Balances that the broker told: before the day's first fill, and after its newest."""

    opening: Decimal | None = None
    closing: Decimal | None = None


class Day:
    """One trade date. Its entries in order; no clock but the facts' own."""

    def __init__(self, state: Checkpoint | None) -> None:
        """Begin from a state of the desk that lies before the day."""
        self.desk = Desk.restore(state.state) if state else Desk()
        self.lineage = Lineage(kept=KEPT)
        self.lineage.seed(self.desk.state)
        self.books = Books()
        self.moves: dict[Place, list[Move]] = {}
        self.begun: dict[OrderId, datetime] = {}  # when the fan-out of an order began to leave
        self.money: dict[AccountId, Money] = {}
        self.carried: set[AccountId] = set()  # accounts that held something when the day began
        self.modes: dict[AccountId, list[tuple[datetime, str]]] = {}  # who decides about entries, from when on
        self.first_at: datetime | None = None
        self.last_at: datetime | None = None
        self.last_seq = 0
        self.is_whole = state is not None  # the desk is known from before the day, or from the journal's first entry on
        self._aims: dict[Place, Aim] = {}
        self._copies: dict[tuple[Place, str], Move] = {}
        self._fills: dict[tuple[AccountId, str], tuple[Move, Fill] | None] = {}
        self._inside: dict[AccountId, set[str]] = {}  # fills that a snapshot has counted before they were told
        self._unseen: dict[Place, list[Fill]] = {}  # contracts that a snapshot told and no fill
        self._is_open = False

    @property
    def leaders(self) -> dict[AccountId, LeaderBook]:
        """Who leads."""
        return self.desk.state.leaders

    def lead_in(self, records: Iterable[Record]) -> None:
        """Bring the desk from the checkpoint to the day's beginning."""
        for record in records:
            self.is_whole |= record.seq == 1
            if (entry := _read(record)) is not None:
                self.desk.handle(entry.event)
                self.lineage.fold(entry)

    def fold(self, record: Record) -> None:
        """Take in one entry of the day."""
        self.last_seq = record.seq
        self.is_whole |= record.seq == 1
        entry = _read(record)
        if entry is None:
            return
        if not self._is_open:
            self._open(entry.event.at)
        self.last_at = entry.event.at
        self.desk.handle(entry.event)
        self.lineage.fold(entry)
        self._fact(entry, entry.event)
        self.books.sample(entry.event.at)

    # ---- facts -----------------------------------------------------------------------------------------------------

    def _fact(self, entry: Entry, event: Event) -> None:
        match event:
            case QuoteMarked(symbol=symbol):
                mark = mark_of(self.desk.state.quotes, symbol)
                if mark is not None:
                    self.books.quote(symbol, mark, event.at)
            case OrderFilled():
                self._filled(event)
            case FillBusted(account=account, fill=fill):
                self._busted(event, self._fills.get((account, fill)))
            case OrdersSent(at=at, cause=cause):
                copy = self.lineage.copies.get(cause)
                sent = (order for order in (copy.orders if copy else ()) if order.sent_seq == entry.seq)
                self.begun |= {order.client: at for order in sent}
            case BalanceReported(account=account, balance=balance):
                self._balanced(account, balance)
            case SnapshotTaken():
                self._snapped(event)
            case DeskConfigured():
                self._mode(event.at)
                for book in self.leaders.values():
                    self._aimed(book, event.at, f"settings:{event.at.isoformat()}", Cause.SETTINGS)
            case _:
                pass

    def _filled(self, event: OrderFilled) -> None:
        account, fill = event.account, (event.quantity, event.price)
        known = (account, str(event.fill))
        if known in self._fills:
            return
        self._fills[known] = None
        if event.fill in self._inside.get(account, ()) and not self._unbook(event):
            return
        self.books.trade(account, event.symbol, *fill, event.at)
        if self.money.setdefault(account, Money()).closing is not None:
            self.money[account].closing = None
        if account in self.leaders:
            book = self.leaders[account]
            if all(parked.fill != event.fill for parked in book.parked):  # otherwise the snapshot tells what it meant
                self._aimed(book, event.at, f"{account}:{event.fill}", Cause.MISSED, event)
            return
        move = self._move_of(event)
        move.fills.append(fill)
        self._fills[known] = (move, fill)

    def _unbook(self, event: OrderFilled) -> bool:
        """A fill comes after the snapshot that counted it: its own price replaces the one that it was taken in at."""
        place = (event.account, event.symbol)
        for seen in self._unseen.get(place, []):
            if seen[0] * event.quantity > 0 and abs(seen[0]) >= abs(event.quantity):
                self._unseen[place].remove(seen)
                if seen[0] != event.quantity:
                    self._unseen[place].append((seen[0] - event.quantity, seen[1]))
                self._take(place, event.at, (-event.quantity, seen[1]))
                return True
        return False

    def _busted(self, event: FillBusted, known: tuple[Move, Fill] | None) -> None:
        if (event.account, str(event.fill)) not in self._fills:
            return
        self.books.hold(event.account, event.symbol, -event.quantity, event.price)
        if known is not None and known[1] in known[0].fills:
            known[0].fills.remove(known[1])

    def _snapped(self, event: SnapshotTaken) -> None:
        account, state = event.account, self.desk.state
        if event.balance is not None:
            self._balanced(account, event.balance)
        self._inside.setdefault(account, set()).update(event.fills)
        book, copier = self.leaders.get(account), state.copiers.get(account)
        held: dict[Symbol, int] = {}
        if book is not None:
            held = {symbol: stand.net for symbol, stand in book.stands.items()}
        elif copier is not None:
            held = {symbol: lane.net for symbol, lane in copier.lanes.items()}
        prices = {holding.symbol: holding.price for holding in event.holdings}
        for symbol, net in held.items():
            off = net - self.books.nets.get((account, symbol), 0)
            price = self.books.mark(symbol) or prices.get(symbol)
            if off and price is not None:
                self._take((account, symbol), event.at, (off, price))
                self._unseen.setdefault((account, symbol), []).append((off, price))
        if book is not None:
            self._aimed(book, event.at, f"missed:{event.at.isoformat()}", Cause.MISSED)

    def _take(self, place: Place, at: datetime, fill: Fill) -> None:
        """Book contracts that a snapshot told, or take that back."""
        self.books.hold(*place, *fill)
        if place[0] not in self.leaders:
            move = Move(at=at, copy=f"snapshot:{at.isoformat()}", price=fill[1], rest=Cause.HAND, fills=[fill])
            self.moves.setdefault(place, []).append(move)

    def _balanced(self, account: AccountId, balance: Decimal) -> None:
        money = self.money.setdefault(account, Money())
        if account in self.books.traded:
            money.closing = balance
        else:
            money.opening = balance

    # ---- moves -----------------------------------------------------------------------------------------------------

    def _open(self, at: datetime) -> None:
        """What is held and meant when the day begins."""
        self._is_open, self.first_at, state = True, at, self.desk.state
        self._mode(at)
        for book in self.leaders.values():
            self.money[book.account] = Money(opening=book.balance)
            for symbol, stand in book.stands.items():
                self._carry((book.account, symbol), stand.net, stand.cost, at)
        for copier in state.copiers.values():
            self.money[copier.account] = Money(opening=copier.balance)
            for symbol, lane in copier.lanes.items():
                price = self._carry((copier.account, symbol), lane.net, lane.cost, at)
                aim = _aim(copier, lane)
                if price is not None and (aim != Aim() or lane.net):
                    place = (copier.account, symbol)
                    self._aims[place] = aim
                    fills = [(lane.net, price)] if lane.net else []
                    move = Move(at=at, copy="carried", price=price, rest=Cause.CARRIED, aim=aim, fills=fills)
                    self.moves.setdefault(place, []).append(move)

    def _mode(self, at: datetime) -> None:
        """Note who decides about entries, where that changed."""
        for name, mode in self.lineage.modes.items():
            known = self.modes.setdefault(AccountId(name), [])
            if not known or known[-1][1] != mode:
                known.append((at, mode))

    def mode_at(self, account: AccountId, at: datetime) -> str:
        """Who decided about an account's entries at a time."""
        return next((mode for since, mode in reversed(self.modes.get(account, [])) if since <= at), "")

    def _carry(self, place: Place, net: int, cost: Cost, at: datetime) -> Decimal | None:
        symbol = place[1]
        price = mark_of(self.desk.state.quotes, symbol) or cost.average or None
        if price is not None:
            self.books.quote(symbol, price, at)
            if net:
                self.books.hold(*place, net, price)
                self.carried.add(place[0])
        return price

    def _aimed(self, book: LeaderBook, at: datetime, copy: str, rest: Cause, fill: OrderFilled | None = None) -> None:
        """Note for each follower of a leader by how much it is meant to move, and at which price."""
        for copier in self.desk.state.copiers.values():
            if copier.group not in book.groups:
                continue
            for symbol, lane in copier.lanes.items():
                place = (copier.account, symbol)
                was, now = self._aims.get(place, Aim()), _aim(copier, lane)
                if now == was and not (fill is not None and fill.symbol in lane.feeds):
                    continue
                is_kin = fill is not None and family_of(fill.symbol) == family_of(symbol)
                price = fill.price if fill is not None and is_kin else self.books.mark(symbol)
                if price is None:
                    self.books.unknown.add(symbol)
                    continue
                self._aims[place] = now
                wanted = now.target - was.target
                move = Move(at=at, copy=copy, price=price, rest=rest, aim=now, wanted=wanted)
                self.moves.setdefault(place, []).append(move)
                self._copies[place, copy] = move

    def _move_of(self, event: OrderFilled) -> Move:
        """The move that a follower's fill belongs to: its copy's, unless it goes against it to meet a later one."""
        place = (event.account, event.symbol)
        order = self.lineage.orders.get(event.client) if event.client is not None else None
        copy = order.copy if order is not None else ""
        own = self._copies.get((place, copy))
        if own is None:
            name = copy or f"{event.account}:{event.fill}"
            move = Move(at=event.at, copy=name, price=event.price, rest=self._rest(copy, event))
            self.moves.setdefault(place, []).append(move)
            return move
        if own.wanted * event.quantity < 0:
            for later in reversed(self.moves[place]):
                open_contracts = abs(later.wanted) - abs(sum(quantity for quantity, _ in later.fills))
                if later.aim is not None and later.wanted * event.quantity > 0 and open_contracts > 0:
                    return later
        return own

    def _rest(self, copy: str, event: OrderFilled) -> Cause:
        """What a fill is that no move of the leader explains."""
        if not copy:
            return Cause.BRACKET if is_ours(event.client) else Cause.HAND
        known = self.lineage.copies.get(copy)
        is_late = copy.startswith(("missed:", "snapshot:", "retry:")) or (known is not None and bool(known.leader))
        return Cause.MISSED if is_late else Cause.HAND


def _aim(copier: Copier, lane: Lane) -> Aim:
    """What is meant to be held now: exact, in whole contracts, and within the cap."""
    ideal, total, plan = Fraction(0), 0, copier.plan
    for feed in lane.feeds.values():
        sign = (feed.net > 0) - (feed.net < 0)
        exact = Fraction(feed.flat) if feed.flat and sign else abs(feed.net) * Fraction(feed.num, feed.den)
        ideal += sign * exact
        if isinstance(plan.sizing, Pooled):
            total += feed.part
        else:
            total += sign * (int(exact) if feed.flat else whole(exact, plan.rounding, plan.below_one))
    return Aim(ideal, total, lane.target)


def _read(record: Record) -> Entry | None:
    try:
        return decode_entry(record.payload)
    except msgspec.DecodeError:
        return None
