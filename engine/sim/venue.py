"""The venue as one thing: accounts, market and exchange, with the rules that a broker applies before an order goes in.

Pure and synchronous: time comes from the clock, delays go through ``later``, and the witnesses are told what happens.
"""

from decimal import Decimal
from typing import TypeVar

from engine.domain.contract import PRODUCTS
from engine.domain.ids import Symbol
from engine.ports import Clock
from engine.sim.account import Account, Position
from engine.sim.contract import Contract, Listing
from engine.sim.desk import Desk, LoginPlan
from engine.sim.exchange import Exchange, Later
from engine.sim.fault import FaultBox
from engine.sim.market import Market, Move, Quote
from engine.sim.order import Command, Fill, Instant, NewOrder, Order, Pair, Received, Refusal, Terms
from engine.sim.witness import Witness

Answer = TypeVar("Answer", bound=Order | Refusal)
DENIED = Refusal(reason="UnknownReason", text="Access is denied")


class Venue:
    """An exchange with accounts."""

    def __init__(self, desk: Desk, clock: Clock, later: Later) -> None:
        self.desk = desk
        self.clock = clock
        self.faults = FaultBox()
        self.market = Market(desk.spread_ticks)
        self.listing = Listing()
        self.exchange = Exchange(desk, clock, self.faults, self.market, later)
        self.received: list[Received] = []
        self.heard: Instant | None = None  # when the request in hand came in; none: now
        self.logins: dict[str, LoginPlan] = {login.user: login for login in desk.logins}
        self.accounts = self.exchange.accounts
        self.by_id: dict[int, Account] = {}
        self._witnesses = self.exchange.witnesses
        for login in desk.logins:
            for plan in login.accounts:
                account = Account(31 + len(self.accounts), plan, login.user)
                self.accounts[plan.name] = account
                self.by_id[account.id] = account
        for symbol in desk.contracts:
            self.contract(symbol)
        for symbol, price in desk.prices.items():
            self.set_price(symbol, price)

    def join(self, witness: Witness) -> None:
        """Let a face hear what happens."""
        self._witnesses.append(witness)

    # --- market

    def contract(self, symbol: str | int) -> Contract | None:
        """Return a contract by full name or id; None for what is not one."""
        return self.listing.get(symbol, self.clock.now().date())

    def family(self, symbol: str) -> list[Contract]:
        """Return the listed contracts that share a price with ``symbol``, itself among them."""
        contract = self.contract(symbol)
        if contract is None:
            return []
        return [other for other in self.listing.by_symbol.values() if other.family == contract.family]

    def set_price(self, symbol: str, price: Decimal) -> None:
        """Trade a contract and its mini or micro at a price."""
        self.tick(tuple(Move(contract.symbol, price) for contract in self.family(symbol)))

    def set_quote(self, symbol: str, *, bid: Decimal, ask: Decimal, last: Decimal | None = None) -> None:
        """Set the quote of one contract, alone, as given."""
        contract = self.contract(symbol)
        assert contract is not None, symbol
        at = self.clock.now()
        self._spread_word(contract, self.market.put(contract, bid=bid, ask=ask, last=last or bid, at=at))

    def tick(self, moves: tuple[Move, ...]) -> None:
        """Take prices in: quotes move, resting orders may fill, the broker looks at the accounts that are in."""
        at = self.clock.now()
        for move in moves:
            contract = self.contract(move.symbol)
            if contract is not None:
                self._spread_word(contract, self.market.move(contract, move, at))

    def _spread_word(self, contract: Contract, quote: Quote) -> None:
        for witness in self._witnesses:
            witness.quoted(contract, quote)
        book = self.exchange.book(contract)
        book.refresh()
        for order in list(book.orders.values()):
            self.exchange.match(order)
        for account in self.accounts.values():
            position = account.positions.get(contract.symbol)
            if position is not None and position.lots:
                self._watch(account)

    def set_liquidity(self, contracts: int | None) -> None:
        """Let each quote offer so many contracts a side from now on."""
        self.exchange.liquidity = contracts
        for book in self.exchange.books.values():
            book.liquidity = contracts
            book.refresh()

    def marks(self) -> dict[str, Decimal]:
        """Last price of each contract. Shape: {symbol: price}."""
        return {symbol: quote.last for symbol, quote in self.market.quotes.items()}

    def equity(self, account: Account) -> Decimal:
        """Cash and open profit."""
        return account.cash + account.open_profit(self.marks())

    def _watch(self, account: Account) -> None:
        plan = account.plan
        if account.admin_action != "Normal" or (
            plan.daily_loss_auto_liq is None and plan.trailing_max_drawdown is None
        ):
            return
        if account.must_liquidate(self.equity(account)) is not None:
            self.liquidate_account(account)

    # --- orders

    def place(self, new: NewOrder) -> Order | Refusal:
        """Take one order, or say why not."""
        refusal = self._objection(new)
        if refusal is not None:
            return self._log(new, refusal)
        order = self.exchange.admit(new, self._listed(new.symbol))
        self._log(new, order)
        self.exchange.send(order)
        return order

    def place_oco(self, new: NewOrder, other: NewOrder) -> tuple[Order, Order] | Refusal:
        """Take two orders of which one cancels the other."""
        for leg in (new, other):
            refusal = self._objection(leg)
            if refusal is not None:
                return self._log(new, refusal)
        contract = self._listed(new.symbol)
        one, two = self.exchange.admit(new, contract), self.exchange.admit(other, contract)
        self.exchange.link(one, two)
        for leg, order in ((new, one), (other, two)):
            self._log(leg, order)
        for order in (one, two):
            if not order.is_final:
                self.exchange.send(order)
        return one, two

    def place_oso(self, new: NewOrder, brackets: list[NewOrder]) -> tuple[Order, list[Order]] | Refusal:
        """Take an order whose brackets wait until it has filled; two brackets are an OCO."""
        refusal = self._objection(new)
        for bracket in brackets:
            refusal = refusal or self._bad_terms(bracket)
        if refusal is not None:
            return self._log(new, refusal)
        contract = self._listed(new.symbol)
        parent = self.exchange.admit(new, contract)
        for bracket in brackets:
            self.exchange.admit(bracket, contract, parent=parent)
        if len(parent.children) == 2:
            self.exchange.link(*parent.children)
        self._log(new, parent)
        for bracket, child in zip(brackets, parent.children, strict=True):
            self._log(bracket, child)
        self.exchange.send(parent)
        return parent, parent.children

    def modify(
        self, order_id: int, terms: Terms, client_id: str | None = None, *, is_automated: bool = False
    ) -> Command | Refusal:
        """Change a working order."""
        order = self.exchange.orders.get(order_id)
        if order is None:
            return DENIED
        wrong = self._bad_price(order.contract, terms)
        return wrong or self.exchange.modify(order, terms, client_id, is_automated=is_automated)

    def cancel(self, order_id: int, client_id: str | None = None, *, is_automated: bool = False) -> Command | Refusal:
        """Take a working order out."""
        order = self.exchange.orders.get(order_id)
        return DENIED if order is None else self.exchange.cancel(order, client_id, is_automated=is_automated)

    def working(self, account: Account, symbol: str | None = None) -> list[Order]:
        """Orders of an account that can still fill."""
        return [
            order
            for order in self.exchange.orders.values()
            if order.account == account.name and not order.is_final and symbol in (None, order.contract.symbol)
        ]

    def liquidate(self, account: Account, symbol: str, *, is_automated: bool, admin: bool = False) -> Order | Refusal:
        """Cancel the working orders of a contract and close its position at the market."""
        for order in self.working(account, symbol):
            if not order.is_final:
                self.exchange.cancel(order, is_automated=is_automated)
        net = account.net(symbol)
        if not net:
            return Refusal(reason="UnknownReason", text="Nothing to liquidate")
        return self.trade(account, symbol, -net, is_automated=is_automated, admin=admin)

    def liquidate_account(self, account: Account) -> None:
        """Close everything on an account as the broker, and lock it."""
        self.restrict(account, "LiquidateImmediately")
        for symbol in list(account.positions):
            self.liquidate(account, symbol, is_automated=True, admin=True)
        for order in self.working(account):
            self.exchange.cancel(order)

    def restrict(self, account: Account, action: str) -> None:
        """Set the broker's admin action."""
        account.admin_action = action
        for witness in self._witnesses:
            witness.restricted(account)

    def trade(
        self, account: Account, symbol: str, quantity: int, *, is_automated: bool = False, admin: bool = False
    ) -> Order | Refusal:
        """Trade so many contracts at the market, as a person at the screen does. Units: signed contracts."""
        terms = Terms(qty=abs(quantity), kind="Market")
        side = 1 if quantity > 0 else -1
        new = NewOrder(
            account=account.name, symbol=symbol, side=side, terms=terms, is_automated=is_automated, admin=admin
        )
        return self.place(new)

    def bust(self, account: Account, fill_id: int | None = None) -> Fill | None:
        """Take a fill back (the last one that counts), and count the position anew."""
        fills = [f for f in self.exchange.fills.values() if f.order.account == account.name and f.active]
        fill = next((f for f in reversed(fills) if fill_id in (None, f.id)), None)
        if fill is None:
            return None
        fill.active = False
        symbol = fill.order.contract.symbol
        position = account.positions[symbol]
        key = f"{account.name}/{symbol}"
        dead = [pair for pair in self.exchange.pairs.pop(key, []) if pair.active]
        pairs = self._recount(position, [f for f in fills if f.active and f.order.contract.symbol == symbol])
        for pair in dead:
            pair.active = False
        self.exchange.pairs[key] = pairs
        for witness in self._witnesses:
            witness.busted(account, fill, dead, pairs, position)
        return fill

    def _recount(self, position: Position, fills: list[Fill]) -> list[Pair]:
        position.clear()
        pairs: list[Pair] = []
        for fill in fills:
            fill.paired = 0
            pairs += position.apply(fill, self.exchange.next_id)
        return pairs

    def _listed(self, symbol: str) -> Contract:
        contract = self.contract(symbol)
        assert contract is not None, symbol
        return contract

    def _bad_terms(self, new: NewOrder) -> Refusal | None:
        contract = self.contract(Symbol(new.symbol))
        if contract is None or new.symbol in PRODUCTS or new.account not in self.accounts:
            return DENIED
        terms = new.terms
        if (terms.kind in ("Limit", "StopLimit") and terms.price is None) or (
            terms.kind in ("Stop", "StopLimit") and terms.stop is None
        ):
            return Refusal(reason="InvalidPrice", text="Price is missing")
        return self._bad_price(contract, terms)

    def _bad_price(self, contract: Contract, terms: Terms) -> Refusal | None:
        if all(price is None or contract.is_on_grid(price) for price in (terms.price, terms.stop)):
            return None
        return Refusal(reason="InvalidPrice", text="Invalid price increment")

    def _objection(self, new: NewOrder) -> Refusal | None:
        wrong = self._bad_terms(new)
        if wrong is not None:
            return wrong
        contract = self._listed(new.symbol)
        if self.market.quote(new.symbol) is None:
            return Refusal(reason="NoQuote", text="No quote available")
        if new.admin:
            return None
        account = self.accounts[new.account]
        return account.objection(
            contract, new.side * new.terms.qty, equity=self.equity(account), margin=self.desk.margin
        )

    def _log(self, new: NewOrder, answer: Answer) -> Answer:
        heard = self.heard or Instant.of(self.clock)
        self.received.append(
            Received(
                number=len(self.received) + 1,
                account=new.account,
                symbol=new.symbol,
                side=new.side,
                qty=new.terms.qty,
                kind=new.terms.kind,
                client_id=new.client_id,
                text=new.terms.text,
                is_automated=new.is_automated,
                received_ns=heard.epoch_ns,
                received_monotonic_ns=heard.monotonic_ns,
                order_id=answer.id if isinstance(answer, Order) else None,
                answer="accepted" if isinstance(answer, Order) else f"{answer.reason}: {answer.text}",
            )
        )
        return answer
