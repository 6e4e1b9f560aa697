"""Room: money, price and contracts left; a stop that is sized by room never reaches the line."""

from decimal import Decimal

from hypothesis import assume, given
from hypothesis import strategies as st

from engine.domain.drawdown import DayStarted, Ledger, Limit, Marked, Standing, opened
from engine.domain.ids import Symbol
from engine.domain.room import Holding, fits, room_of, stop_price, tick_risk
from engine.domain.terms import DailyLoss, Terms, Trail

D = Decimal
TERMS = Terms(
    start_balance=D(50_000),
    drawdown=D(2_000),
    mode=Trail.INTRADAY_EQUITY,
    dll=DailyLoss(amount=D(1_000)),
    lock=D(50_100),
)


def marked(balance, profit, margin=0, of=TERMS) -> Ledger:
    ledger = opened(of)
    ledger.take(DayStarted(balance=D(50_000), open_profit=D(0)))
    ledger.take(Marked(balance=D(balance), open_profit=D(profit), margin=D(margin)))
    return ledger


def nq(net, price="20000") -> Holding:
    return Holding(symbol=Symbol("NQZ6"), net=net, price=D(price), tick=D("0.25"), point=D(20))


def test_the_nearest_line_counts():
    room = room_of(marked(50_000, -400), buffer=D(100))
    assert (room.floor, room.day, room.nearest, room.least) == (1_600, 600, Limit.DAILY_LOSS, 500)
    assert not room.is_hard_first
    after = room_of(marked(50_000, 1_500))
    assert (after.floor, after.nearest, after.is_hard_first) == (2_000, Limit.MAX_LOSS, True)


def test_a_day_that_is_locked_has_no_room_of_its_own():
    ledger = marked(50_000, -1_000)
    assert ledger.standing is Standing.DAY_LOCKED
    assert room_of(ledger).day is None


def test_margin_counts_where_the_terms_have_it():
    of = Terms(start_balance=D(50_000), drawdown=D(40_000), mode=Trail.STATIC, margin_level=D("0.5"))
    room = room_of(marked(50_000, -10_000, 60_000, of))
    assert (room.margin, room.nearest) == (10_000, Limit.MARGIN)


def test_the_price_that_stops_the_account():
    assert stop_price(D(600), nq(2)) == D("19985.00")
    assert stop_price(D(600), nq(-2)) == D("20015.00")
    assert stop_price(D(601), nq(2)) == D("19984.75")
    assert stop_price(D(601), nq(-2)) == D("20015.25")
    assert stop_price(D(-601), nq(2)) == D("20015.25")
    assert stop_price(D(-601), nq(-2)) == D("19984.75")
    assert stop_price(D(600), nq(0)) is None
    assert tick_risk([nq(2), nq(-1)]) == 15


@given(
    st.integers(1, 400_000).map(lambda cents: D(cents) / 100),
    st.integers(-8, 8).filter(bool),
    st.integers(60_000, 90_000).map(lambda ticks: D(ticks) / 4),
)
def test_the_stop_price_is_the_first_tick_that_uses_the_room_up(room, net, price):
    held = nq(net, str(price))
    loss = (price - stop_price(room, held)) * net * held.point
    assert loss - abs(net) * held.tick * held.point < room <= loss
    earned = (stop_price(-room, held) - price) * net * held.point
    assert earned - abs(net) * held.tick * held.point < room <= earned


@given(
    st.integers(1, 400_000).map(lambda cents: D(cents) / 100),
    st.integers(1, 400).map(lambda ticks: D(ticks) / 4),
    st.integers(0, 40).map(lambda ticks: D(ticks) / 4),
    st.integers(0, 900).map(lambda cents: D(cents) / 100),
)
def test_a_stop_within_the_stated_slippage_never_reaches_the_line(profit, stop, slip, cost):
    ledger = marked(50_000, -800 + profit)
    assume(ledger.standing is Standing.OK)
    room = room_of(ledger).least
    count = fits(room, stop, D(20), cost, slip)
    loss = count * ((stop + slip) * 20 + cost)
    ledger.take(Marked(balance=ledger.equity - loss, open_profit=D(0)))
    assert ledger.standing is Standing.OK
    assert count + 1 >= room / ((stop + slip) * 20 + cost)


def test_no_room_fits_nothing():
    assert fits(D(0), D(5), D(20)) == 0
    assert fits(D(-5), D(5), D(20)) == 0
    assert fits(D(500), D(0), D(20)) == 0
    assert fits(D(500), D(5), D(20)) == 4
