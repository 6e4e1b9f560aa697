"""Money and positions of an account, to the last digit."""

from decimal import Decimal

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from engine.sim.account import Account
from engine.sim.desk import AccountPlan
from engine.sim.venue import Venue
from tests.clock import HandClock
from tests.engine.sim.conftest import DESK
from tests.engine.sim.test_matching import EXACT, Delays

TRADES = st.lists(
    st.tuples(
        st.sampled_from(["NQZ6", "MNQZ6", "ESZ6", "ZNZ6"]),
        st.integers(-7, 7).filter(bool),
        st.integers(-80, 80),
    ),
    max_size=25,
)
STARTS = {"NQZ6": Decimal(21500), "ESZ6": Decimal(6000), "ZNZ6": Decimal("110.015625")}


def traded(trades) -> tuple[Venue, Account]:
    plan = AccountPlan(name="APX-1", balance=Decimal(50_000_000))
    login = msgspec.structs.replace(DESK.logins[1], accounts=(plan,))
    desk = msgspec.structs.replace(DESK, logins=(login,), prices=STARTS, contracts=("NQZ6", "MNQZ6", "ESZ6", "ZNZ6"))
    venue = Venue(desk, HandClock(), Delays())
    for symbol, quantity, ticks in trades:
        contract = venue.contract(symbol)
        assert contract is not None
        base = next(price for start, price in STARTS.items() if venue.contract(start).family == contract.family)
        venue.set_price(symbol, base + ticks * contract.tick)
        venue.trade(venue.accounts["APX-1"], symbol, quantity)
    return venue, venue.accounts["APX-1"]


def cash_flow(venue: Venue) -> Decimal:
    """Money in and out if every fill were paid in full, and what is open were sold at its cost."""
    fills = [fill for fill in venue.exchange.fills.values() if fill.active]
    return -sum((f.price * f.qty * f.order.side * f.order.contract.point for f in fills), Decimal(0))


@EXACT
@given(trades=TRADES)
def test_cash_is_start_and_realized_less_fees_exactly(trades):
    venue, account = traded(trades)
    cost = sum((p.cost * p.contract.point for p in account.positions.values()), Decimal(0))
    assert account.realized == cash_flow(venue) + cost
    fees = sum(
        (f.qty * (venue.desk.micro_fee if f.order.contract.product.mini else venue.desk.fee))
        for f in venue.exchange.fills.values()
    )
    assert account.fees == fees
    assert account.cash == account.start + account.realized - fees


@EXACT
@given(trades=TRADES)
def test_the_sum_of_the_fills_is_the_position_and_pairs_use_each_contract_once(trades):
    venue, account = traded(trades)
    for symbol, position in account.positions.items():
        fills = [f for f in venue.exchange.fills.values() if f.order.contract.symbol == symbol]
        assert position.net == sum(f.qty * f.order.side for f in fills)
        assert position.bought - position.sold == position.net
        pairs = venue.exchange.pairs[f"{account.name}/{symbol}"]
        for fill in fills:
            assert fill.paired == sum(p.qty for p in pairs if fill in (p.buy, p.sell)) <= fill.qty


@EXACT
@given(trades=TRADES)
def test_equity_moves_with_the_mark_and_not_with_closing(trades):
    venue, account = traded(trades)
    fees = account.fees
    marks = venue.marks()
    assert venue.equity(account) + fees == account.start + cash_flow(venue) + sum(
        (marks[s] * p.net * p.contract.point for s, p in account.positions.items()), Decimal(0)
    )


@EXACT
@given(trades=TRADES, place=st.integers(0, 24))
def test_a_busted_fill_leaves_what_the_others_make(trades, place):
    venue, account = traded(trades)
    fills = list(venue.exchange.fills.values())
    if not fills:
        assert venue.bust(account) is None
        return
    busted = fills[place % len(fills)]
    assert venue.bust(account, busted.id) is busted
    cost = sum((p.cost * p.contract.point for p in account.positions.values()), Decimal(0))
    assert account.realized == cash_flow(venue) + cost
    for symbol, position in account.positions.items():
        still = [f for f in fills if f.active and f.order.contract.symbol == symbol]
        assert position.net == sum(f.qty * f.order.side for f in still)


def test_a_flat_position_stays_listed():
    _, account = traded([("NQZ6", 2, 0), ("NQZ6", -2, 4)])
    assert account.positions["NQZ6"].net == 0
    assert account.positions["NQZ6"].price is None
    assert account.realized == 2 * 20 * (Decimal(21501) - Decimal("21500.25"))
