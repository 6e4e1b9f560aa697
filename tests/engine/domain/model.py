"""A desk before a model of its brokers: every order may fill, fail, hang or vanish, and every fact may be late, lost or
doubled."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec

from engine.domain.command import Command
from engine.domain.contract import PRODUCTS, root_of
from engine.domain.copier import Copier
from engine.domain.decision import AskOrder, AskSnapshot, CancelOrder, Decision, Liquidate, SendLots
from engine.domain.desk import Desk
from engine.domain.entry import encode_entry
from engine.domain.event import (
    Absent,
    Accepted,
    DeskConfigured,
    EngineStarted,
    Event,
    Holding,
    LineLost,
    LineRestored,
    OrderAnswered,
    OrderChanged,
    OrderFilled,
    OrderSeen,
    OrderStatus,
    PersonActed,
    PositionReported,
    QuoteMarked,
    RefusalKind,
    Refused,
    SnapshotTaken,
    TimePassed,
    Unclear,
)
from engine.domain.group import AccountPlan, DeskPlan, FollowerPlan, GroupPlan
from engine.domain.guardplan import GuardPlan
from engine.domain.ids import AccountId, BrokerOrderId, ConnectionId, FillId, GroupId, OrderId, Symbol
from engine.domain.keeping import Keeping
from engine.domain.lane import Lane
from engine.domain.position import Cost

START = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
LEAD = AccountId("LEAD")
NQ, MNQ, ES = Symbol("NQZ6"), Symbol("MNQZ6"), Symbol("ESZ6")
PRICE = Decimal(20_000)


def line_of(account: str) -> ConnectionId:
    return ConnectionId(f"line-{account}")


def plan(
    followers: Iterable[FollowerPlan],
    *more: GroupPlan,
    keepings: dict[AccountId, Keeping] | None = None,
    guard: GuardPlan | None = None,
) -> DeskPlan:
    """A desk with one group of LEAD, and ``more``; every account on a line of its own."""
    groups = (GroupPlan(id=GroupId("MAIN"), leader=LEAD, followers=tuple(followers)), *more)
    names = [name for group in groups for name in (group.leader, *(follower.account for follower in group.followers))]
    accounts = (
        AccountPlan(id=name, connection=line_of(name), name=f"D-{name}", guard=guard if name == LEAD else None)
        for name in dict.fromkeys(names)
    )
    return DeskPlan(accounts=tuple(accounts), groups=groups, keepings=keepings or {})


@dataclass
class Order:
    """One order as the broker has it. ``is_lost`` has never reached it."""

    client: OrderId | None
    symbol: Symbol
    quantity: int
    open: int
    number: int
    at: datetime
    status: OrderStatus = OrderStatus.WORKING
    is_lost: bool = False
    is_resting: bool = False  # at a price that does not come
    is_gone: bool = False  # has ended, and nobody was told
    automated: bool | None = None
    is_admin: bool | None = None

    @property
    def id(self) -> BrokerOrderId:
        return BrokerOrderId(f"b{self.number}")

    @property
    def filled(self) -> int:
        return abs(self.quantity) - self.open

    @property
    def can_fill(self) -> int:
        """Signed contracts that may still fill."""
        if self.is_lost or self.is_resting or self.status is not OrderStatus.WORKING:
            return 0
        return self.open if self.quantity > 0 else -self.open


@dataclass
class Broker:
    """One account at its broker, and the facts that are on their way from it."""

    account: AccountId
    nets: dict[Symbol, int] = field(default_factory=dict)
    orders: list[Order] = field(default_factory=list)
    fills: list[FillId] = field(default_factory=list)
    queue: list[Event] = field(default_factory=list)
    is_up: bool = True
    wants_snapshot: bool = False
    start: Decimal | None = None  # balance before the first fill; None tells none
    costs: dict[Symbol, Cost] = field(default_factory=dict)

    @property
    def balance(self) -> Decimal | None:
        if self.start is None:
            return None
        return self.start + sum(cost.realised * PRODUCTS[root_of(symbol)].point for symbol, cost in self.costs.items())

    def equity(self, price: Decimal) -> Decimal:
        """With open profit, where every contract stands at one price."""
        opened = (
            (price - cost.average) * self.nets.get(symbol, 0) * PRODUCTS[root_of(symbol)].point
            for symbol, cost in self.costs.items()
        )
        return (self.balance or Decimal(0)) + sum(opened)

    def open_orders(self) -> list[Order]:
        return [order for order in self.orders if order.can_fill]

    def extremes(self, symbol: Symbol) -> tuple[int, int]:
        """Smallest and largest net that any subset of the open orders can make."""
        net = self.nets.get(symbol, 0)
        rests = [order.can_fill for order in self.orders if order.symbol == symbol]
        return net + sum(rest for rest in rests if rest < 0), net + sum(rest for rest in rests if rest > 0)


class Stage:
    """The desk, its brokers and everything that was decided. Facts of the leader are told at once, those of followers when
    ``hear`` says so."""

    def __init__(self, desk_plan: DeskPlan, balances: dict[AccountId, Decimal] | None = None) -> None:
        self.at = START
        self.price = PRICE  # of every fill
        self.desk = Desk()
        self.plan = desk_plan
        self.brokers = {
            account.id: Broker(account.id, start=(balances or {}).get(account.id)) for account in desk_plan.accounts
        }
        self.count = 0
        self.journal: list[tuple[Event, bytes]] = []
        self.decisions: list[Decision] = []
        self.clients: set[OrderId] = set()
        self.goals: dict[tuple[AccountId, Symbol], set[int]] = {}
        self.manual: set[AccountId] = set()
        self.reports = False  # brokers tell positions as well as fills
        self.tell(EngineStarted(at=self.at, run="r0", version="1"))
        self.tell(DeskConfigured(at=self.at, plan=desk_plan))
        for account in self.brokers:
            self.tell(LineRestored(at=self.at, connection=line_of(account)))
            self.snapshot(account)

    # ---- facts in, decisions out -----------------------------------------------------------------------------------

    def tell(self, event: Event) -> list[Decision]:
        barred = {name: bool(copier.barred) for name, copier in self.desk.state.copiers.items()}
        if self.count % 3:
            self.desk.aim()  # the replay never aims: decisions must not depend on it
        decisions = self.desk.decide(event)
        assert not self.desk.settle()
        self.journal.append((event, encode_entry(len(self.journal) + 1, event, decisions)))
        self.decisions += decisions
        for decision in decisions:
            self._take(decision, barred)
        self._check()
        return decisions

    def _take(self, decision: Decision, barred: dict[AccountId, bool]) -> None:
        match decision:
            case SendLots(lots=lots, exits=exits):
                for place, (client, account, symbol, quantity) in enumerate(lots):
                    assert client not in self.clients, "a client order id was used twice"
                    self.clients.add(client)
                    lane = self.lane(account, symbol)
                    assert (place < exits) == (lane.held * quantity < 0 and abs(quantity) <= abs(lane.held))
                    if self.copier(account).barred and barred.get(account):
                        assert abs(quantity) <= abs(lane.held), "a bar stops every entry"
                        assert lane.held * quantity < 0
                    if account in self.manual:
                        self._assert_modest(lane, quantity)
                    self._send(account, client, symbol, quantity)
            case AskSnapshot(account=account):
                self.brokers[account].wants_snapshot = True
            case AskOrder(account=account, client=client):
                self._look_up(account, client)
            case Liquidate(account=account, symbol=symbol):
                broker = self.brokers[account]
                if (net := broker.nets.get(symbol, 0)) and broker.is_up:
                    self._trade(broker, self._order(broker, None, symbol, -net), abs(net))
            case CancelOrder(account=account, order=number):
                for order in self.brokers[account].orders:
                    if order.id == number and not order.is_gone and self.brokers[account].is_up:
                        order.status, order.is_gone = OrderStatus.CANCELED, True
                        self.brokers[account].queue.append(self._changed(self.brokers[account], order))
            case _:
                pass

    def _assert_modest(self, lane: Lane, quantity: int) -> None:
        """Beside other hands an entry stays within target and cap, and an exit within what the broker has."""
        broker = self.brokers[lane.account]
        if lane.held * quantity >= 0:
            assert min(0, lane.target) <= lane.goal <= max(0, lane.target), (lane, quantity)
            assert abs(lane.held + quantity + lane.beside) <= lane.cap, (lane, quantity)
            assert quantity * lane.beside >= 0
        elif (
            lane.liquidation is None
            and not broker.queue
            and not [order for order in broker.open_orders() if order.symbol == lane.symbol]
        ):
            net = broker.nets.get(lane.symbol, 0)
            flip = abs(lane.goal) if lane.goal * lane.held < 0 else 0
            assert net * quantity < 0, (lane, quantity, net)
            assert abs(quantity) <= abs(net) + flip, (lane, quantity, net)

    def _order(self, broker: Broker, client: OrderId | None, symbol: Symbol, quantity: int) -> Order:
        self.count += 1
        order = Order(client, symbol, quantity, abs(quantity), self.count, self.at)
        broker.orders.append(order)
        return order

    def _send(self, account: AccountId, client: OrderId, symbol: Symbol, quantity: int) -> None:
        broker = self.brokers[account]
        order = self._order(broker, client, symbol, quantity)
        if not broker.is_up:
            order.is_lost = True

    def _look_up(self, account: AccountId, client: OrderId) -> None:
        broker = self.brokers[account]
        order = next((order for order in broker.orders if order.client == client), None)
        if not broker.is_up:
            return
        if order is None or order.is_lost:
            broker.queue.append(OrderAnswered(at=self.at, account=account, client=client, outcome=Absent()))
        else:
            broker.queue.append(self._changed(broker, order))

    def _changed(self, broker: Broker, order: Order) -> OrderChanged:
        return OrderChanged(
            at=self.at,
            account=broker.account,
            order=order.id,
            symbol=order.symbol,
            status=order.status,
            quantity=order.quantity,
            filled=order.filled,
            client=order.client,
            kind="limit" if order.is_resting else "market",
            automated=order.automated,
            is_admin=order.is_admin,
        )

    def _trade(self, broker: Broker, order: Order, size: int) -> OrderFilled:
        sign = 1 if order.quantity > 0 else -1
        order.open -= size
        if not order.open:
            order.status = OrderStatus.FILLED
        cost = broker.costs.setdefault(order.symbol, Cost())
        cost.fold(broker.nets.get(order.symbol, 0), sign * size, self.price)
        broker.nets[order.symbol] = broker.nets.get(order.symbol, 0) + sign * size
        self.count += 1
        fill = OrderFilled(
            at=self.at,
            account=broker.account,
            fill=FillId(f"f{self.count}"),
            order=order.id,
            symbol=order.symbol,
            quantity=sign * size,
            price=self.price,
            traded_at=self.at,
            client=order.client,
            automated=order.automated,
            is_admin=order.is_admin,
        )
        broker.fills.append(fill.fill)
        broker.queue.append(fill)
        if self.reports:
            net = broker.nets[order.symbol]
            broker.queue.append(PositionReported(at=self.at, account=broker.account, symbol=order.symbol, net=net))
        return fill

    # ---- what may happen -------------------------------------------------------------------------------------------

    def lead(
        self,
        quantity: int,
        symbol: Symbol = NQ,
        leader: AccountId = LEAD,
        client: OrderId | None = None,
        *,
        is_more: bool = False,
    ) -> None:
        """``is_more`` is a further part of his newest order, where that is on the same side of the same contract."""
        broker = self.brokers[leader]
        last = broker.orders[-1] if broker.orders else None
        if is_more and last is not None and last.symbol == symbol and last.quantity * quantity > 0:
            order = last
            order.open += abs(quantity)
        else:
            order = self._order(broker, client, symbol, quantity)
        fill = self._trade(broker, order, abs(quantity))
        broker.queue.clear()
        if broker.is_up:
            self.tell(fill)

    def net(self, symbol: Symbol = NQ, account: AccountId = LEAD) -> int:
        return self.brokers[account].nets.get(symbol, 0)

    def fill(self, account: AccountId, order: Order, size: int) -> None:
        if order.can_fill:
            self._trade(self.brokers[account], order, min(size, order.open))

    def refuse(self, account: AccountId, order: Order, kind: RefusalKind = RefusalKind.ORDER) -> None:
        if order.can_fill and not order.filled:
            order.status, order.is_lost = OrderStatus.REJECTED, True
            no = Refused(kind=kind, reason="no")
            self._answer(account, order, OrderAnswered(at=self.at, account=account, client=order.client, outcome=no))

    def reject(self, account: AccountId, order: Order) -> None:
        """Refuse after acceptance."""
        if order.can_fill:
            accepted = OrderAnswered(at=self.at, account=account, client=order.client, outcome=Accepted(order=order.id))
            self._answer(account, order, accepted)
            order.status = OrderStatus.REJECTED if not order.filled else OrderStatus.CANCELED
            self._answer(account, order, self._changed(self.brokers[account], order))

    def cancel(self, account: AccountId, order: Order) -> None:
        if order.can_fill:
            order.status = OrderStatus.CANCELED
            self._answer(account, order, self._changed(self.brokers[account], order))

    def hang(self, account: AccountId, order: Order, *, is_lost: bool) -> None:
        """No answer: the order is there all the same, or it has never arrived."""
        if order.can_fill and order.client is not None:
            order.is_lost = is_lost and not order.filled
            unclear = Unclear(reason="timeout")
            self._answer(
                account, order, OrderAnswered(at=self.at, account=account, client=order.client, outcome=unclear)
            )

    def _answer(self, account: AccountId, order: Order, event: Event) -> None:
        if order.client is not None or isinstance(event, OrderChanged):
            self.brokers[account].queue.append(event)

    def hear(self, account: AccountId, count: int = 1_000) -> None:
        broker = self.brokers[account]
        for _ in range(min(count, 1_000)):
            if not broker.queue or not broker.is_up:
                return
            self.tell(broker.queue.pop(0))

    def trade_by_hand(
        self,
        account: AccountId,
        quantity: int,
        symbol: Symbol = NQ,
        *,
        automated: bool | None = None,
        is_admin: bool | None = None,
        client: OrderId | None = None,
    ) -> None:
        self.manual.add(account)
        broker = self.brokers[account]
        order = self._order(broker, client, symbol, quantity)
        order.automated, order.is_admin = automated, is_admin
        self._trade(broker, order, abs(quantity))

    def rest(self, account: AccountId, quantity: int = 1, *, is_gone: bool) -> None:
        """A person's resting order; ``is_gone`` has ended unheard by the time anybody cancels it."""
        broker = self.brokers[account]
        order = self._order(broker, None, NQ, quantity)
        order.is_resting = True
        broker.queue.append(self._changed(broker, order))
        if is_gone:
            order.status, order.is_gone = OrderStatus.CANCELED, True

    def lose(self, account: AccountId) -> None:
        broker = self.brokers[account]
        if broker.is_up:
            broker.is_up = False
            broker.queue.clear()
            self.tell(LineLost(at=self.at, connection=line_of(account), reason="gone"))

    def restore(self, account: AccountId) -> None:
        broker = self.brokers[account]
        if not broker.is_up:
            broker.is_up = True
            self.tell(LineRestored(at=self.at, connection=line_of(account)))

    def snapshot(self, account: AccountId) -> None:
        """Tell the account as the broker has it now; older facts may still be on their way."""
        broker = self.brokers[account]
        if not broker.is_up:
            return
        broker.wants_snapshot = False
        seen = tuple(
            OrderSeen(
                order=order.id,
                symbol=order.symbol,
                status=order.status,
                quantity=order.quantity,
                filled=order.filled,
                client=order.client,
                kind="limit" if order.is_resting else "market",
                automated=order.automated,
            )
            for order in broker.orders
            if not order.is_lost and (order.client is not None or order.status is OrderStatus.WORKING)
        )
        holdings = tuple(
            Holding(symbol=s, net=net, price=broker.costs[s].average) for s, net in broker.nets.items() if net
        )
        fills = tuple(broker.fills)
        taken = SnapshotTaken(
            at=self.at, account=account, holdings=holdings, orders=seen, fills=fills, balance=broker.balance
        )
        self.tell(taken)

    def restart(self) -> None:
        """The process dies with what was on its way to it, and another one goes on from the checkpoint."""
        self.desk = Desk.restore(self.desk.checkpoint())
        for broker in self.brokers.values():
            broker.queue.clear()
            broker.is_up = False
        self.count += 1
        self.tell(EngineStarted(at=self.at, run=f"r{self.count}", version="1"))
        for quote in list(self.desk.state.quotes.values()):  # the new process watches the same prices
            self.tell(msgspec.structs.replace(quote, at=self.at))

    def act(self, command: Command, key: str = "") -> list[Decision]:
        self.count += 1
        return self.tell(PersonActed(at=self.at, key=key or f"act{self.count}", by="ann", command=command))

    def quote(self, price: Decimal = PRICE, symbol: Symbol = NQ) -> None:
        self.price = price if symbol == NQ else self.price
        self.tell(QuoteMarked(at=self.at, symbol=symbol, bid=price, ask=price, last=price))

    def wait(self, seconds: int) -> None:
        """Turn the clock, telling time whenever it is due."""
        end = self.at + timedelta(seconds=seconds)
        while self.desk.due is not None and self.desk.due <= end:
            self.at = max(self.at, self.desk.due)
            self.tell(TimePassed(at=self.at))
        self.at = end

    # ---- what is ---------------------------------------------------------------------------------------------------

    def copier(self, account: AccountId) -> Copier:
        return self.desk.state.copiers[account]

    def lane(self, account: AccountId, symbol: Symbol = NQ) -> Lane:
        return self.copier(account).lanes.get(symbol) or Lane(account, symbol)

    def _check(self) -> None:
        """For every subset of the orders that may still fill, the position is within what was asked for."""
        for name, copier in self.desk.state.copiers.items():
            broker = self.brokers[name]
            for symbol, lane in copier.lanes.items():
                assert lane.beside * lane.held >= 0, "the broker nets: both parts are on one side"
                asked = self.goals.setdefault((name, symbol), {0})
                asked.add(lane.goal)
                if name in self.manual:
                    continue
                low, high = broker.extremes(symbol)
                assert min(asked) <= low <= high <= max(asked), (name, symbol, low, high, asked)
                if (
                    lane.is_settled()
                    and not broker.queue
                    and not broker.open_orders()
                    and broker.nets.get(symbol, 0) == lane.net
                ):
                    self.goals[name, symbol] = {lane.goal}

    def tell_of(self, happen: Callable[[], None]) -> list[Decision]:
        """What is decided while something happens."""
        before = len(self.decisions)
        happen()
        return self.decisions[before:]

    def settle_lines(self) -> None:
        """Every line comes back and is compared."""
        for account in self.brokers:
            self.restore(account)
            self.snapshot(account)

    def settle(self) -> None:
        """From here on brokers answer: everything fills, every question is answered, time passes."""
        for account, broker in self.brokers.items():
            self.restore(account)
            broker.wants_snapshot = True
        for _ in range(60):
            for account, broker in self.brokers.items():
                for order in broker.open_orders():
                    self.fill(account, order, 1_000)
                self.hear(account)
                if broker.wants_snapshot:
                    self.snapshot(account)
            self.wait(2)
        for account, copier in self.desk.state.copiers.items():
            for symbol, lane in copier.lanes.items():
                assert lane.net == self.net(symbol, account), (account, symbol, lane, self.brokers[account])
                assert lane.is_settled(), (account, symbol, lane)
            assert not copier.flights

    def assert_replays(self) -> None:
        """A fresh desk that hears the same makes the same of it, byte for byte, and ends in the same state."""
        fresh = Desk()
        for number, (event, entry) in enumerate(self.journal, 1):
            assert encode_entry(number, event, fresh.handle(event)) == entry
        assert fresh.checkpoint() == self.desk.checkpoint()
