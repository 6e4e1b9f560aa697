"""Matching, and the life of orders, on a venue without sockets."""

from collections.abc import Callable
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.sim.desk import Desk
from engine.sim.fault import RejectLate, SlowExchange, SplitFills
from engine.sim.order import Command, NewOrder, Order, Refusal, Terms
from engine.sim.venue import Venue
from tests.clock import HandClock
from tests.engine.sim.conftest import DESK

EXACT = settings(deadline=None, derandomize=True, database=None)
TICK = Decimal("0.25")


class Delays:
    """What was put off, to be let through by hand."""

    def __init__(self) -> None:
        self.waiting: list[tuple[float, Callable[[], None]]] = []

    def __call__(self, seconds: float, action: Callable[[], None]) -> None:
        self.waiting.append((seconds, action))

    def let_through(self) -> None:
        waiting, self.waiting = self.waiting, []
        for _, action in waiting:
            action()


@pytest.fixture
def delays() -> Delays:
    return Delays()


@pytest.fixture
def venue(delays) -> Venue:
    return make(delays=delays)


def make(desk: Desk = DESK, delays: Delays | None = None, **changes) -> Venue:
    venue = Venue(msgspec.structs.replace(desk, **changes), HandClock(), delays or Delays())
    quote(venue, "21500")
    return venue


def quote(venue: Venue, price: str) -> None:
    bid = Decimal(price)
    venue.set_quote("NQZ6", bid=bid, ask=bid + TICK)


def new(side: int = 1, qty: int = 1, kind: str = "Market", *, price=None, stop=None, tif="Day", account="APX-1"):
    prices = {"price": Decimal(price) if price else None, "stop": Decimal(stop) if stop else None}
    terms = Terms(qty=qty, kind=kind, tif=tif, **prices)
    return NewOrder(account=account, symbol="NQZ6", side=side, terms=terms, is_automated=True)


def place(venue: Venue, *args, **more) -> Order:
    order = venue.place(new(*args, **more))
    assert isinstance(order, Order), order
    return order


def test_market_orders_take_the_far_side(venue):
    assert place(venue, 1).average == Decimal("21500.25")
    assert place(venue, -1).average == Decimal(21500)


def test_a_limit_fills_better_on_arrival_and_at_its_price_when_it_has_rested(venue):
    assert place(venue, 1, kind="Limit", price="21510").average == Decimal("21500.25")
    resting = place(venue, 1, kind="Limit", price="21490")
    quote(venue, "21480")
    assert resting.average == Decimal(21490)


def test_a_stop_waits_for_a_trade_and_then_takes_the_market(venue):
    stop = place(venue, -1, kind="Stop", stop="21490")
    quote(venue, "21490.25")
    assert stop.state == "Working"
    quote(venue, "21480")
    assert (stop.state, stop.average) == ("Filled", Decimal(21480))


def test_a_stop_limit_that_is_jumped_over_rests(venue):
    order = place(venue, -1, kind="StopLimit", stop="21490", price="21489")
    quote(venue, "21480")
    assert (order.state, order.is_triggered) == ("Working", True)
    quote(venue, "21495")
    assert order.average == Decimal(21489)


def test_liquidity_makes_partial_fills_that_go_on_with_the_next_quote():
    venue = make(liquidity=3)
    quote(venue, "21500")
    order = place(venue, 1, 7)
    assert (order.state, order.filled) == ("Working", 3)
    assert place(venue, 1, 1).filled == 0
    quote(venue, "21501")
    assert order.filled == 6
    quote(venue, "21502")
    assert order.state == "Filled"
    assert order.average == (3 * Decimal("21500.25") + 3 * Decimal("21501.25") + Decimal("21502.25")) / 7


def test_ioc_takes_what_there_is_and_fok_all_or_nothing():
    venue = make(liquidity=3)
    quote(venue, "21500")
    assert place(venue, 1, 5, tif="FOK").state == "Expired"
    ioc = place(venue, 1, 5, tif="IOC")
    assert (ioc.state, ioc.filled) == ("Canceled", 3)


def test_a_split_comes_in_the_parts_asked_for(venue):
    venue.faults.arm(SplitFills(sizes=(3, 4, 3)))
    place(venue, 1, 10)
    assert [fill.qty for fill in venue.exchange.fills.values()] == [3, 4, 3]


def test_one_half_of_an_oco_that_fills_in_part_shrinks_the_other():
    venue = make(liquidity=4)
    quote(venue, "21500")
    pair = venue.place_oco(new(1, 10, "Limit", price="21490"), new(1, 10, "Stop", stop="21600"))
    assert not isinstance(pair, Refusal)
    quote(venue, "21489")
    assert (pair[0].filled, pair[1].terms.qty, pair[1].state) == (4, 6, "Working")
    quote(venue, "21489")
    quote(venue, "21489")
    assert (pair[0].state, pair[1].state) == ("Filled", "Canceled")


def test_children_are_cancelled_or_rejected_with_their_parent(venue):
    brackets = [new(-1, 1, "Stop", stop="21400"), new(-1, 1, "Limit", price="21600")]
    placed = venue.place_oso(new(1, 1, "Limit", price="21490"), brackets)
    assert not isinstance(placed, Refusal)
    venue.cancel(placed[0].id)
    assert {child.state for child in placed[1]} == {"Canceled"}
    venue.faults.arm(RejectLate())
    placed = venue.place_oso(new(1), brackets)
    assert not isinstance(placed, Refusal)
    assert [order.state for order in (placed[0], *placed[1])] == ["Rejected"] * 3


def test_a_cancel_that_is_overtaken_by_the_fill_is_too_late(venue, delays):
    order = place(venue, 1, kind="Limit", price="21490")
    venue.faults.arm(SlowExchange(endpoint="order/cancelorder", accept_s=1.0))
    command = venue.cancel(order.id)
    assert isinstance(command, Command)
    assert order.state == "PendingCancel"
    assert venue.modify(order.id, order.terms) == Refusal(
        reason="AnotherCommandPending", text="Another command is pending"
    )
    quote(venue, "21480")
    delays.let_through()
    assert (order.state, command.status) == ("Filled", "ExecutionRejected")
    late = venue.cancel(order.id)
    assert isinstance(late, Refusal)
    assert late.reason == "TooLate"


def test_an_order_under_way_can_be_cancelled_before_it_arrives(venue, delays):
    venue.faults.arm(SlowExchange(accept_s=1.0))
    order = place(venue, 1)
    assert order.state == "PendingNew"
    venue.cancel(order.id)
    delays.let_through()
    assert (order.state, order.filled) == ("Canceled", 0)


def test_latency_of_the_desk_puts_arrival_off(delays):
    venue = make(delays=delays, latency_s=0.05)
    order = place(venue, 1)
    assert (order.state, delays.waiting[0][0]) == ("PendingNew", 0.05)
    delays.let_through()
    assert order.state == "Filled"


def test_the_broker_locks_reduces_and_liquidates(venue):
    account = venue.accounts["APX-2"]
    place(venue, 1, 2, account="APX-2")
    venue.restrict(account, "LiquidateOnlyModeImmediately")
    assert refused(venue, 1) == "LiquidationOnly"
    assert refused(venue, -3) == "LiquidationOnly"
    place(venue, -1, account="APX-2")
    venue.restrict(account, "LockTradingImmediately")
    assert refused(venue, -1) == "TradingLocked"
    venue.restrict(account, "Normal")
    quote(venue, "21470")
    assert (account.net("NQZ6"), account.admin_action) == (0, "LiquidateImmediately")
    assert refused(venue, 1) == "TradingLocked"


def refused(venue: Venue, quantity: int) -> str:
    done = venue.trade(venue.accounts["APX-2"], "NQZ6", quantity)
    assert isinstance(done, Refusal)
    return done.reason


SIDES = st.sampled_from([1, -1])
PRICES = st.integers(-40, 40).map(lambda ticks: Decimal(21500) + ticks * TICK)


@EXACT
@given(
    orders=st.lists(
        st.tuples(SIDES, st.integers(1, 9), st.sampled_from(["Market", "Limit", "Stop"]), PRICES), max_size=8
    ),
    walk=st.lists(PRICES, max_size=12),
    liquidity=st.sampled_from([None, 1, 3]),
)
def test_no_order_fills_more_than_it_asked_or_worse_than_its_limit(orders, walk, liquidity):
    venue = make(liquidity=liquidity)
    placed = []
    for side, qty, kind, price in orders:
        prices = {"price": str(price)} if kind == "Limit" else {"stop": str(price)} if kind == "Stop" else {}
        placed.append(place(venue, side, qty, kind, **prices, account="LEAD-1"))
    for price in walk:
        before = len(venue.exchange.fills)
        quote(venue, str(price))
        taken = sum(fill.qty for fill in list(venue.exchange.fills.values())[before:])
        assert liquidity is None or taken <= 2 * liquidity
    for order in placed:
        fills = [fill for fill in venue.exchange.fills.values() if fill.order is order]
        assert sum(fill.qty for fill in fills) == order.filled <= order.terms.qty
        assert (order.state == "Filled") == (order.filled == order.terms.qty)
        if order.terms.price is not None:
            assert all((order.terms.price - fill.price) * order.side >= 0 for fill in fills)
        assert (order.id in venue.exchange.book(order.contract).orders) == (order.state == "Working")
