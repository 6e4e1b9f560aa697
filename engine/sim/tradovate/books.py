"""Books of the face: turns what the venue tells into entities, keeps them, and publishes each change."""

from collections.abc import Callable
from decimal import Decimal

from engine.sim.account import Account, Position
from engine.sim.calendar import trade_date
from engine.sim.contract import Contract
from engine.sim.market import Quote
from engine.sim.order import Command, Fill, Order, Pair
from engine.sim.tradovate import entity
from engine.sim.tradovate.ledger import Entity, Ledger
from engine.sim.venue import Venue

Publish = Callable[[str, str, Entity, int], None]  # kind, event, entity, account id


class Books:
    """A witness of the venue that writes Tradovate's entities."""

    def __init__(self, venue: Venue, publish: Publish, quotes: Callable[[int, Entity], None]) -> None:
        self.ledger = Ledger()
        self.users: dict[str, int] = {}
        self._venue = venue
        self._publish = publish
        self._quotes = quotes
        now = venue.clock.now()
        for number, login in enumerate(venue.desk.logins, start=9):
            self.users[login.user] = number
            self.ledger.put("user", entity.user(login, number, now))
        for row in entity.CURRENCIES:
            self.ledger.put("currency", row)
        for row in entity.EXCHANGES:
            self.ledger.put("exchange", row)
        for contract in venue.listing.by_symbol.values():
            self.list_contract(contract)
        for account in venue.accounts.values():
            self._open(account)

    def _open(self, account: Account) -> None:
        now = self._venue.clock.now()
        put = self.ledger.put
        put("account", entity.account(account, self.users[account.login], now), account.id)
        put("cashBalance", entity.cash_balance(account, now, trade_date(now)), account.id)
        put("accountRiskStatus", entity.risk_status(account, now), account.id)
        put("userAccountAutoLiq", entity.auto_liq(account), account.id)
        put("marginSnapshot", entity.margin_snapshot(account, Decimal(0), now), account.id)

    def list_contract(self, contract: Contract) -> Entity:
        """Enter a contract with its month and product."""
        known = self.ledger.get("contract", contract.id)
        if known is not None:
            return known
        row = entity.contract(contract, self._venue.clock.now())
        self.ledger.put("product", entity.product(contract))
        self.ledger.put("contractMaturity", entity.maturity(contract))
        self.ledger.put("contract", row)
        return row

    def _put(self, kind: str, row: Entity, account: Account) -> None:
        self._publish(kind, self.ledger.put(kind, row, account.id), row, account.id)

    def _account(self, order: Order) -> Account:
        return self._venue.accounts[order.account]

    def commanded(self, command: Command) -> None:
        """Write the command, its version, and the order if it is new."""
        account = self._account(command.order)
        if command.kind == "New":
            self.list_contract(command.order.contract)
            self.changed(command.order)
        self._put("command", entity.command(command, self.users[account.login]), account)
        if command.terms is not None:
            self._put("orderVersion", entity.version(command), account)

    def reported(self, command: Command, reason: str | None = None, text: str | None = None) -> None:
        """Write a command report and the command's new status."""
        account = self._account(command.order)
        number = self._venue.exchange.next_id()
        row = entity.command_report(number, command, self._venue.clock.now(), reason, text)
        self._put("commandReport", row, account)
        self._put("command", entity.command(command, self.users[account.login]), account)

    def executed(
        self,
        command: Command,
        kind: str,
        *,
        qty: int = 0,
        price: Decimal | None = None,
        reason: str | None = None,
        text: str | None = None,
    ) -> None:
        """Write an execution report and the order's new state."""
        account = self._account(command.order)
        now = self._venue.clock.now()
        row = entity.execution_report(
            self._venue.exchange.next_id(),
            command,
            account.id,
            now,
            kind=kind,
            qty=qty,
            price=price,
            reason=reason,
            text=text,
        )
        self._put("executionReport", row, account)
        self.changed(command.order)

    def changed(self, order: Order) -> None:
        """Write the order."""
        account = self._account(order)
        self._put("order", entity.order(order, account.id), account)

    def filled(self, account: Account, fill: Fill, pairs: list[Pair], position: Position, fee: Decimal) -> None:
        """Write the fill, what it closed, and where position and money stand."""
        self._put("fill", entity.fill(fill), account)
        self._put("fillFee", entity.fill_fee(fill, fee), account)
        for pair in pairs:
            self._put("fillPair", entity.fill_pair(pair, position.id), account)
            opener = pair.buy if pair.sell is fill else pair.sell
            self._put("fill", entity.fill(opener), account)
        self._stand(account, position)

    def busted(self, account: Account, fill: Fill, dead: list[Pair], pairs: list[Pair], position: Position) -> None:
        """Write the fill as no longer active, and everything that follows."""
        self._put("fill", entity.fill(fill), account)
        for pair in (*dead, *pairs):
            self._put("fillPair", entity.fill_pair(pair, position.id), account)
        self._stand(account, position)

    def _stand(self, account: Account, position: Position) -> None:
        now = self._venue.clock.now()
        today = trade_date(now)
        used = account.margin_used(self._venue.desk.margin)
        self._put("position", entity.position(position, account.id, now, today), account)
        self._put("cashBalance", entity.cash_balance(account, now, today), account)
        self._put("marginSnapshot", entity.margin_snapshot(account, used, now), account)

    def restricted(self, account: Account) -> None:
        """Write the account's risk status."""
        self._put("accountRiskStatus", entity.risk_status(account, self._venue.clock.now()), account)

    def quoted(self, contract: Contract, quote: Quote) -> None:
        """Pass a quote on."""
        self._quotes(contract.id, entity.quote(quote, contract.id))
