"""The joiner: Tradovate's scattered entities, in any order and any number, to facts of ours, each told once.

A fill names neither account nor client id. It waits on its order's row until the account is known (from the order or an
execution report), the contract's name is known, and it is sure whose order it was: at once, unless an order of ours on
that account is still unanswered; then until the New command or our own answer names it. ``overdue`` says what to ask
about fills that wait too long. What a snapshot contains is never told again.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Final

from engine.brokers.tradovate.book import Book, aware
from engine.brokers.tradovate.entity import (
    CommandReport,
    Contract,
    Entity,
    ExecutionReport,
    Fill,
    Order,
    OrderCommand,
    OrderVersion,
    Position,
    side,
)
from engine.brokers.tradovate.row import Row
from engine.domain.event import (
    AccountRestricted,
    Event,
    FillBusted,
    OrderChanged,
    OrderFilled,
    OrderSeen,
    SnapshotTaken,
)
from engine.domain.ids import AccountId, BrokerOrderId, FillId, OrderId, Symbol, is_ours

_LATE: Final = timedelta(seconds=5)  # an unknown fill this much older than all that a snapshot held was inside it
_REMEMBERED: Final = timedelta(days=7)  # older fills are known by their trade date
_FORCE_AFTER: Final = 3  # a fill that was asked about this often is told without a client id


class Ledger:
    """What is known of the orders of one login."""

    def __init__(self, names: Mapping[str, AccountId], is_awaiting: Callable[[AccountId], bool]) -> None:
        """``is_awaiting`` says whether an order of ours on an account has no known broker id yet."""
        self.book = Book(names)
        self.learned: list[tuple[AccountId, OrderId, int]] = []  # orders recognised by their command's client id
        self._is_awaiting = is_awaiting
        self._owned: dict[int, OrderId] = {}
        self._seen: dict[int, Fill | None] = {}  # None: busted
        self._rows: dict[int, Row] = {}
        self._order_of: dict[int, int] = {}  # command -> order
        self._reports: dict[int, list[CommandReport]] = {}  # of commands not known yet
        self._waiting: dict[int, int] = {}  # orders with untold fills -> how often they were asked about
        self._dirty: dict[int, Row] = {}
        self._busts: list[tuple[Row, Fill]] = []
        self._latest: dict[int, datetime] = {}
        self._days: dict[int, date] = {}
        self._is_loading = False
        self.unnamed: set[int] = set()  # contracts for which a fill or an order has had to wait

    # ---------------------------------------------------------------- taking in

    def own(self, order: int, client: OrderId) -> None:
        """Note that the broker's order is ours, as the answer to our request says."""
        self._owned[order] = client
        row = self._row(order)
        row.client = row.client or client

    def take(self, entity: Entity) -> None:
        """Take in one entity, whichever it is."""
        match entity:
            case Fill():
                self._take_fill(entity)
            case Order():
                self._row(entity.id).order(entity)
            case OrderCommand():
                self._take_command(entity)
            case OrderVersion():
                self._row(entity.order_id).versions[entity.id] = entity
            case ExecutionReport():
                self._row(entity.order_id).report(entity)
            case CommandReport():
                order = self._order_of.get(entity.command_id)
                if order is None:
                    self._reports.setdefault(entity.command_id, []).append(entity)
                else:
                    self._row(order).report(entity)
            case Contract():
                self._name(entity)
            case _:
                self.book.take(entity)

    def _name(self, contract: Contract) -> None:
        if self.book.symbols.get(contract.id) == contract.name:
            return
        self.book.symbols[contract.id] = Symbol(contract.name)
        self.book.rename(contract.id)
        self._dirty |= {row.id: row for row in self._rows.values() if row.contract == contract.id}

    def _row(self, order: int) -> Row:
        """Find or begin the row of an order, and mark it for telling."""
        row = self._rows.get(order)
        if row is None:
            row = self._rows[order] = Row(order)
            row.client = self._owned.get(order)
        self._dirty[order] = row
        return row

    def _take_command(self, entity: OrderCommand) -> None:
        row = self._row(entity.order_id)
        self._order_of[entity.id] = entity.order_id
        row.command(entity)
        for report in self._reports.pop(entity.id, ()):
            row.report(report)

    def _take_fill(self, entity: Fill) -> None:
        row = self._row(entity.order_id)
        if entity.id in self._seen:
            held = self._seen[entity.id]
            if held is not None and not entity.active:
                self._bust(row, held)
            elif held is not None:
                row.fills[entity.id] = entity.qty
            return
        self._seen[entity.id] = entity if entity.active else None
        if not entity.active:
            row.busted += entity.qty
            return
        row.contract = entity.contract_id if row.contract is None else row.contract
        row.side = row.side or side(entity.action)
        row.fills[entity.id] = entity.qty
        if not self._is_loading:
            row.waiting.append(entity)
            self._waiting.setdefault(entity.order_id, 0)

    def _bust(self, row: Row, fill: Fill) -> None:
        self._seen[fill.id] = None
        row.fills.pop(fill.id, None)
        row.busted += fill.qty
        if fill in row.waiting:
            row.waiting.remove(fill)
        elif not self._is_loading:
            self._busts.append((row, fill))

    # ---------------------------------------------------------------- telling

    def fills(self, now: datetime) -> list[Event]:
        """Fills that can be told: the hot half of a frame."""
        if not self._waiting:
            return []
        facts: list[Event] = []
        for order in list(self._waiting):
            row = self._rows[order]
            if not row.waiting or self._is_clear(row):
                self._tell_fills(row, now, facts)
                del self._waiting[order]
        return facts

    def _is_clear(self, row: Row) -> bool:
        """Say whether account and contract are known, and it is sure whose order this is."""
        if row.account is None or not self.book.aliases:
            return False
        alias = self.book.aliases.get(row.account)
        if alias is None:
            return True  # another account of the same login
        if row.contract is None:
            return False
        if row.contract not in self.book.symbols:
            self.unnamed.add(row.contract)
            return False
        if row.client is not None or row.new_seen or not self._is_awaiting(alias):
            return True
        return self._waiting.get(row.id, 0) >= _FORCE_AFTER

    def _tell_fills(self, row: Row, now: datetime, facts: list[Event]) -> None:
        waiting, row.waiting = row.waiting, []
        alias = self.book.aliases.get(row.account) if row.account is not None else None
        if alias is None:
            return
        assert row.account is not None
        for fill in waiting:
            if self._is_old(row.account, fill):
                continue
            facts.append(
                OrderFilled(
                    at=now,
                    account=alias,
                    fill=FillId(str(fill.id)),
                    order=BrokerOrderId(str(row.id)),
                    symbol=self.book.symbols[fill.contract_id],
                    quantity=fill.qty * side(fill.action),
                    price=fill.price,
                    traded_at=aware(fill.timestamp),
                    client=row.client,
                    automated=row.automated,
                    is_admin=row.admin,
                    tag=row.tag,
                )
            )

    def _is_old(self, account: int, fill: Fill) -> bool:
        """Say whether a fill that we never saw was inside the last snapshot: of an earlier day, or clearly earlier."""
        day = self._days.get(account)
        if day is not None and fill.trade_date is not None and fill.trade_date.as_date() < day:
            return True
        latest = self._latest.get(account)
        return latest is not None and aware(fill.timestamp) < latest - _LATE

    def changes(self, now: datetime) -> list[Event]:
        """Everything else that changed since it was told last: the cold half of a frame."""
        facts: list[Event] = []
        for row, fill in self._busts:
            alias = self.book.aliases.get(row.account) if row.account is not None else None
            if alias is not None:
                facts.append(
                    FillBusted(
                        at=now,
                        account=alias,
                        fill=FillId(str(fill.id)),
                        symbol=self.book.symbols[fill.contract_id],
                        quantity=fill.qty * side(fill.action),
                        price=fill.price,
                    )
                )
        self._busts.clear()
        if self._dirty:
            for row in list(self._dirty.values()):
                self._tell_row(row, now, facts)
        return facts + self.book.changes(now)

    def _tell_row(self, row: Row, now: datetime, facts: list[Event]) -> None:
        """Tell an order's state if it is new; a row that cannot be told yet stays marked."""
        if row.status is None or not self._is_clear(row):
            return
        del self._dirty[row.id]
        alias = self.book.aliases.get(row.account) if row.account is not None else None
        if alias is None:
            return
        if row.client is not None:
            self.learned.append((alias, row.client, row.id))
        state = row.state()
        if state == row.told:
            return
        row.told = state
        status, quantity, filled, client, kind, price, stop, reason, parent, automated, admin, tag = state
        assert row.contract is not None
        facts.append(
            OrderChanged(
                at=now,
                account=alias,
                order=BrokerOrderId(str(row.id)),
                symbol=self.book.symbols[row.contract],
                status=status,
                quantity=quantity,
                filled=filled,
                client=client,
                kind=kind,
                price=price,
                stop=stop,
                reason=reason,
                parent=BrokerOrderId(str(parent)) if parent is not None else None,
                automated=automated,
                is_admin=admin,
                tag=tag,
            )
        )

    def retell(self, order: int) -> None:
        """Tell an order's state again with the next changes, as it was asked for."""
        row = self._row(order)
        row.told = None

    # ---------------------------------------------------------------- snapshots

    def forget(self) -> None:
        """A new connection: what was open before is told anew; fills and owners stay known."""
        for held in (self._rows, self._order_of, self._reports, self._waiting, self._dirty):
            held.clear()
        self._busts.clear()
        self.book.forget()
        newest = max((aware(fill.timestamp) for fill in self._seen.values() if fill is not None), default=None)
        if newest is not None:
            oldest = newest - _REMEMBERED
            self._seen = {
                number: fill for number, fill in self._seen.items() if fill is None or aware(fill.timestamp) >= oldest
            }

    def load(self, entities: Iterable[Entity], accounts: Iterable[AccountId], now: datetime) -> list[Event]:
        """Take in a whole answer without telling its parts; returns a snapshot for each account, and restrictions.

        Every contract in it must be known by name.
        """
        self._is_loading = True
        for entity in entities:
            self.take(entity)
        self._is_loading = False
        for row in list(self._dirty.values()):
            self._tell_row(row, now, [])
        rest = [fact for fact in self.book.changes(now) if isinstance(fact, AccountRestricted)]
        return [*(self._snapshot(account, now) for account in accounts), *rest]

    def _snapshot(self, alias: AccountId, now: datetime) -> SnapshotTaken:
        account = self.book.ids[alias]
        rows = [row for row in self._rows.values() if row.account == account]
        fills = [number for row in rows for number in row.fills]
        known = [self._seen.get(number) for number in fills]
        times = [aware(fill.timestamp) for fill in known if fill is not None]
        days = [fill.trade_date.as_date() for fill in known if fill is not None and fill.trade_date is not None]
        latest, day = self.book.latest(account), self.book.day(account)
        if latest is not None or times:
            self._latest[account] = max([*times, *([latest] if latest is not None else [])])
        if day is not None or days:
            self._days[account] = max([*days, *([day] if day is not None else [])])
        money = self.book.money(account)
        return SnapshotTaken(
            at=now,
            account=alias,
            holdings=self.book.holdings(account),
            orders=tuple(self._seen_order(row) for row in rows if row.is_open or is_ours(row.client)),
            fills=tuple(FillId(str(number)) for number in sorted(fills)),
            balance=money[0] if money is not None else None,
            margin=money[1] if money is not None else None,
            day_profit=money[2] if money is not None else None,
        )

    def _seen_order(self, row: Row) -> OrderSeen:
        status, quantity, filled, client, kind, price, stop, reason, _, automated, admin, tag = row.state()
        symbol = self.book.symbols[row.contract] if row.contract is not None else Symbol("")
        return OrderSeen(
            order=BrokerOrderId(str(row.id)),
            symbol=symbol,
            status=status,
            quantity=quantity,
            filled=filled,
            client=client,
            kind=kind,
            price=price,
            stop=stop,
            reason=reason,
            automated=automated,
            is_admin=admin,
            tag=tag,
        )

    # ---------------------------------------------------------------- questions

    def overdue(self) -> list[int]:
        """Orders whose fills still wait; each call counts as one time that they were asked about."""
        for order in self._waiting:
            self._waiting[order] += 1
        return list(self._waiting)

    def find(self, alias: AccountId, client: OrderId) -> int | None:
        """The broker's id of an order of ours, if any entity or answer has named it."""
        account = self.book.ids.get(alias)
        for row in self._rows.values():
            if row.client == client and row.account in (None, account):
                return row.id
        return None

    def orders_of(self, alias: AccountId) -> set[int]:
        """Every order of an account that we know."""
        account = self.book.ids.get(alias)
        return {row.id for row in self._rows.values() if row.account == account}

    def unnamed_commands(self, orders: Iterable[int]) -> list[int]:
        """Those orders whose New command we have not seen."""
        return [number for number in orders if number not in self._rows or not self._rows[number].new_seen]

    def has_waiting(self, alias: AccountId) -> bool:
        """Say whether a fill that may be this account's is not told yet."""
        account = self.book.ids.get(alias)
        return any(self._rows[order].account in (None, account) for order in self._waiting)

    def unknown_contracts(self) -> set[int]:
        """Contracts that something waits for and whose name we do not know."""
        wanted = {row.contract for row in self._dirty.values() if row.contract is not None}
        wanted |= {fill.contract_id for order in self._waiting for fill in self._rows[order].waiting}
        return {number for number in wanted | self.book.wanted() if number not in self.book.symbols}

    def contracts_in(self, entities: Iterable[Entity]) -> set[int]:
        """Contracts that ``entities`` speak of and whose name neither we nor they know."""
        found: set[int] = set()
        named = set(self.book.symbols)
        for entity in entities:
            match entity:
                case Contract():
                    named.add(entity.id)
                case (
                    Order(contract_id=int(number)) | Fill(contract_id=number) | ExecutionReport(contract_id=int(number))
                ):
                    found.add(number)
                case Position() if entity.net_pos:
                    found.add(entity.contract_id)
                case _:
                    pass
        return found - named
