"""Orders from their acceptance to their last fill, for every account of the venue.

An order is admitted (PendingNew), passes the risk check, arrives at the exchange (Working) and is matched; each stage
may be put off by latency or by a fault. Children of an OSO stay Suspended until their parent has filled; when one half
of an OCO fills, the other is reduced or cancelled. A cancel or change that comes too late is rejected with TooLate.
"""

from collections.abc import Callable
from decimal import Decimal

import msgspec

from engine.ports import Clock
from engine.sim.account import Account, NextId, Position
from engine.sim.calendar import trade_date
from engine.sim.contract import Contract
from engine.sim.desk import Desk
from engine.sim.fault import FaultBox, RejectLate, SlowExchange, SplitFills
from engine.sim.market import Market
from engine.sim.matching import Book
from engine.sim.order import Command, CommandKind, Fill, NewOrder, Order, Pair, Refusal, Terms
from engine.sim.witness import Witness

Later = Callable[[float, Callable[[], None]], None]
TOO_LATE = Refusal(reason="TooLate", text="Too late: the order is finished")


class Exchange:
    """The life of every order."""

    def __init__(self, desk: Desk, clock: Clock, faults: FaultBox, market: Market, later: Later) -> None:
        self.orders: dict[int, Order] = {}
        self.fills: dict[int, Fill] = {}
        self.pairs: dict[str, list[Pair]] = {}
        self.books: dict[str, Book] = {}
        self.witnesses: list[Witness] = []
        self.next_id = NextId(7000)
        self.accounts: dict[str, Account] = {}
        self.liquidity = desk.liquidity  # contracts a side and quote; none is endless
        self._desk = desk
        self._clock = clock
        self._faults = faults
        self._market = market
        self._later = later

    def admit(self, new: NewOrder, contract: Contract, *, parent: Order | None = None) -> Order:
        """Take an order in; it is not at the exchange yet, and a child waits for its parent."""
        now = self._clock.now()
        order = Order(
            id=self.next_id(),
            account=new.account,
            contract=contract,
            side=new.side,
            terms=new.terms,
            at=now,
            client_id=new.client_id,
            is_automated=new.is_automated,
            tag50=new.tag50,
            admin=new.admin,
            state="PendingNew" if parent is None else "Suspended",
            parent=parent,
        )
        self.orders[order.id] = order
        if parent is not None:
            parent.children.append(order)
        order.current = self._command(order, "New", new.terms, new.client_id, is_automated=new.is_automated)
        return order

    def link(self, one: Order, other: Order) -> None:
        """Make two orders an OCO."""
        one.partner, other.partner = other, one
        for order in (one, other):
            self._changed(order)

    def send(self, order: Order) -> None:
        """Pass an admitted order through the risk check and on to the exchange."""
        command = order.current
        assert command is not None
        account = self.accounts[order.account]
        late = self._faults.take(RejectLate, login=account.login, account=account.name)
        if late is not None:
            if late.status == "ExecutionRejected":
                self._report(command, "RiskPassed")
            self.reject(order, late.status, late.reason, late.text)
            return
        self._report(command, "RiskPassed")
        delay = self._faults.take(SlowExchange, login=account.login, account=account.name, endpoint="order/placeorder")
        wait_s = self._desk.latency_s + (delay.accept_s if delay else 0.0)
        fill_s = delay.fill_s if delay else 0.0
        if wait_s > 0:
            self._later(wait_s, lambda: self._arrive(order, fill_s))
        else:
            self._arrive(order, fill_s)

    def reject(self, order: Order, status: str, reason: str, text: str) -> None:
        """Turn an admitted order down after all, and its children with it."""
        command = order.current
        assert command is not None
        order.state = "Rejected"
        self._report(command, status, reason, text)
        self._executed(command, "Rejected", reason=reason, text=text)
        for child in order.children:
            if not child.is_final:
                self.reject(child, "ExecutionRejected", "ParentRejected", "The parent order was rejected")

    def _arrive(self, order: Order, fill_s: float = 0.0) -> None:
        if order.is_final:
            return
        command = order.current
        assert command is not None
        order.state = "Working"
        self._report(command, "AtExecution")
        self._executed(command, "New")
        self.book(order.contract).add(order)
        if fill_s > 0:
            self._later(fill_s, lambda: self._try(order))
        else:
            self._try(order)

    def _try(self, order: Order) -> None:
        self.match(order)
        if not order.is_final and order.terms.tif in ("IOC", "FOK"):
            self._canceled(order, "Expired" if order.terms.tif == "FOK" else "Canceled")

    def book(self, contract: Contract) -> Book:
        """Return the book of a contract."""
        return self.books.setdefault(contract.symbol, Book(self.liquidity))

    def match(self, order: Order) -> None:
        """Give a working order what the present quote has for it."""
        quote = self._market.quote(order.contract.symbol)
        if quote is None or order.state not in ("Working", "PendingCancel", "PendingReplace"):
            return
        match = self.book(order.contract).match(order, quote)
        order.is_resting = order.terms.stop is None or order.is_triggered
        if match is None:
            return
        account = self.accounts[order.account]
        split = self._faults.take(SplitFills, login=account.login, account=account.name)
        left = match.qty
        for size in split.sizes if split else ():
            part = min(size, left)
            if part > 0 and left > part:
                self._fill(order, part, match.price)
                left -= part
        self._fill(order, left, match.price)

    def _fill(self, order: Order, qty: int, price: Decimal) -> None:
        now = self._clock.now()
        account = self.accounts[order.account]
        fill = Fill(id=self.next_id(), order=order, qty=qty, price=price, at=now, day=trade_date(now))
        self.fills[fill.id] = fill
        order.filled += qty
        order.value += price * qty
        if order.left <= 0:
            order.state = "Filled"
            self.book(order.contract).remove(order)
        position = account.positions.get(order.contract.symbol)
        if position is None:
            position = Position(id=self.next_id(), account=account.name, contract=order.contract)
            account.positions[order.contract.symbol] = position
        pairs = position.apply(fill, self.next_id)
        self.pairs.setdefault(f"{account.name}/{order.contract.symbol}", []).extend(pairs)
        fee = (self._desk.fee if order.contract.product.mini is None else self._desk.micro_fee) * qty
        account.fees += fee
        command = order.current
        assert command is not None
        self._executed(command, "Trade", qty=qty, price=price)
        for witness in self.witnesses:
            witness.filled(account, fill, pairs, position, fee)
        self._after_fill(order, qty)

    def _after_fill(self, order: Order, qty: int) -> None:
        partner = order.partner
        if partner is not None and not partner.is_final:
            if order.is_final or partner.left <= qty:
                self._canceled(partner)
            else:
                less = msgspec.structs.replace(partner.terms, qty=partner.terms.qty - qty)
                self._replaced(self._command(partner, "Modify", less, None, is_automated=True))
        if order.state == "Filled":
            self._release(order)

    def _release(self, order: Order) -> None:
        """Let the children of a filled parent work, for as much as it has filled."""
        for child in order.children:
            if child.state == "Suspended":
                if order.filled < child.terms.qty:
                    child.terms = msgspec.structs.replace(child.terms, qty=order.filled)
                self._arrive(child)

    def modify(self, order: Order, terms: Terms, client_id: str | None, *, is_automated: bool) -> Command | Refusal:
        """Ask for new terms."""
        if order.is_final or terms.qty <= order.filled:
            return TOO_LATE
        if order.pending is not None:
            return Refusal(reason="AnotherCommandPending", text="Another command is pending")
        command = self._command(order, "Modify", terms, client_id, is_automated=is_automated)
        self._through(order, command, "order/modifyorder", lambda: self._replaced(command))
        return command

    def cancel(self, order: Order, client_id: str | None = None, *, is_automated: bool = False) -> Command | Refusal:
        """Ask for an order to be taken out."""
        if order.is_final:
            return TOO_LATE
        if order.pending is not None and order.pending.kind == "Cancel":
            return Refusal(reason="AnotherCommandPending", text="Another command is pending")
        command = self._command(order, "Cancel", None, client_id, is_automated=is_automated)
        self._through(order, command, "order/cancelorder", lambda: self._canceled(order, command=command))
        return command

    def _through(self, order: Order, command: Command, endpoint: str, then: Callable[[], None]) -> None:
        account = self.accounts[order.account]
        self._report(command, "RiskPassed")
        delay = self._faults.take(SlowExchange, login=account.login, account=account.name, endpoint=endpoint)
        wait_s = self._desk.latency_s + (delay.accept_s if delay else 0.0)
        if wait_s <= 0:
            then()
            return
        order.pending = command
        if order.state == "Working":
            order.state = "PendingCancel" if command.kind == "Cancel" else "PendingReplace"
            self._changed(order)
        self._later(wait_s, lambda: self._settle(order, command, then))

    def _settle(self, order: Order, command: Command, then: Callable[[], None]) -> None:
        """Carry out a command that was on its way, unless the order has finished meanwhile."""
        if order.pending is command:
            order.pending = None
        if order.is_final or (command.terms is not None and command.terms.qty <= order.filled):
            if order.state == "PendingReplace":
                order.state = "Working"
            self._report(command, "ExecutionRejected", TOO_LATE.reason, TOO_LATE.text)
        else:
            then()

    def _replaced(self, command: Command) -> None:
        order, before = command.order, command.order.current
        assert command.terms is not None
        order.terms = command.terms
        order.current = command
        order.is_resting = order.is_triggered = False
        if order.state == "PendingReplace":
            order.state = "Working"
        self._report(command, "AtExecution" if order.state != "Suspended" else "ExecutionSuspended")
        self._executed(command, "Replaced")
        if before is not None:
            self._report(before, "Replaced")
        self.match(order)

    def _canceled(self, order: Order, kind: str = "Canceled", command: Command | None = None) -> None:
        order.state = kind
        order.pending = None
        self.book(order.contract).remove(order)
        if command is not None:
            self._report(command, "AtExecution")
        self._executed(command or order.current, kind)
        if order.children and order.filled:
            self._release(order)
        for child in order.children:
            if child.state == "Suspended":
                self._canceled(child)

    def _command(
        self, order: Order, kind: CommandKind, terms: Terms | None, client_id: str | None, *, is_automated: bool
    ) -> Command:
        command = Command(
            id=self.next_id(),
            order=order,
            kind=kind,
            at=self._clock.now(),
            terms=terms,
            client_id=client_id,
            is_automated=is_automated,
            tag50=order.tag50,
        )
        for witness in self.witnesses:
            witness.commanded(command)
        return command

    def _report(self, command: Command, status: str, reason: str | None = None, text: str | None = None) -> None:
        command.status = status
        for witness in self.witnesses:
            witness.reported(command, reason, text)

    def _executed(
        self,
        command: Command | None,
        kind: str,
        *,
        qty: int = 0,
        price: Decimal | None = None,
        reason: str | None = None,
        text: str | None = None,
    ) -> None:
        assert command is not None
        for witness in self.witnesses:
            witness.executed(command, kind, qty=qty, price=price, reason=reason, text=text)

    def _changed(self, order: Order) -> None:
        for witness in self.witnesses:
            witness.changed(order)
