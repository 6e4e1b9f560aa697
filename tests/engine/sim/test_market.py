"""Quotes, the walk, tapes, contracts and the set-up file."""

import gzip
from datetime import date, timedelta
from decimal import Decimal
from itertools import islice

import pytest

from engine.domain.ids import Symbol
from engine.errors import ConfigError
from engine.sim.calendar import trade_date
from engine.sim.contract import Listing, expiry, next_symbol
from engine.sim.desk import DEMO, load
from engine.sim.market import Market, Move, walk
from engine.sim.tape import tape
from tests.clock import HandClock
from tests.engine.sim.test_matching import make

TODAY = date(2026, 11, 23)


def test_a_trade_sets_the_quote_on_the_side_that_took_it():
    contract = Listing().find("NQZ6", TODAY)
    market, now = Market(), HandClock().now()
    bought = market.move(contract, Move("NQZ6", Decimal(100), 2, "B"), now)
    assert (bought.bid, bought.ask, bought.last) == (Decimal("99.75"), Decimal(100), Decimal(100))
    sold = market.move(contract, Move("NQZ6", Decimal(101), 3, "A"), now)
    assert (sold.bid, sold.ask, sold.volume) == (Decimal(101), Decimal("101.25"), 5)
    assert (sold.opening, sold.high, sold.low) == (Decimal(100), Decimal(101), Decimal(100))


def test_the_walk_repeats_with_its_seed_and_stays_on_the_grid():
    venue = make()
    families = {"NQZ6": venue.family("NQZ6")}

    def steps(seed):
        return list(islice(walk(families, {"NQZ6": Decimal(21500)}, seed=seed, every_s=0.5), 50))

    assert steps(1) == steps(1) != steps(2)
    for step in steps(1):
        assert {move.symbol for move in step.moves} == {"NQZ6", "MNQZ6"}
        assert len({move.price for move in step.moves}) == 1
        assert step.moves[0].price % Decimal("0.25") == 0


def test_a_tape_of_trades_keeps_prices_and_gaps(tmp_path):
    path = tmp_path / "trades.csv"
    path.write_text("ts_ns,price,size,aggressor\n1000000000,4800.25,44,N\n3000000000,4800.50,1,B\n")
    first, second = tape(path, ("ESZ6",), speed=4)
    assert (first.wait_s, first.moves) == (0.0, (Move("ESZ6", Decimal("4800.25"), 44, "N"),))
    assert (second.wait_s, second.moves[0].price) == (0.5, Decimal("4800.50"))


def test_a_tape_of_bars_passes_every_extreme(tmp_path):
    path = tmp_path / "bars.csv.gz"
    with gzip.open(path, "wt") as out:
        out.write("timestamp_utc,open,high,low,close,volume\n2024-01-01 23:01:00,1.1076,1.1079,1.1075,1.1078,205\n")
    steps = list(tape(path, ("6EH4", "M6EH4")))
    assert [step.moves[0].price for step in steps] == [Decimal(p) for p in ("1.1076", "1.1075", "1.1079", "1.1078")]
    assert [step.wait_s for step in steps] == [0, 15, 15, 15]
    assert {move.symbol for step in steps for move in step.moves} == {"6EH4", "M6EH4"}


def test_a_file_that_is_no_tape_is_refused(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(ConfigError, match="neither"):
        tape(path, ("ESZ6",))
    with pytest.raises(ConfigError):
        tape(tmp_path / "missing.csv", ("ESZ6",))


@pytest.mark.parametrize(
    ("symbol", "expires"),
    [
        ("NQZ6", date(2026, 12, 18)),
        ("ESH4", date(2024, 3, 15)),
        ("6EH27", date(2027, 3, 19)),
        ("NQ", None),
        ("X", None),
    ],
)
def test_contract_names(symbol, expires):
    assert expiry(Symbol(symbol), TODAY if symbol != "ESH4" else date(2024, 1, 1)) == expires


def test_rolling():
    assert next_symbol(Symbol("NQZ6"), forward=True) == "NQH7"
    assert next_symbol(Symbol("NQH7"), forward=False) == "NQZ6"
    assert next_symbol(Symbol("GCZ29"), forward=True) == "GCF30"


def test_a_session_belongs_to_the_day_on_which_it_ends():
    monday = HandClock().now().replace(hour=22, minute=59)
    assert trade_date(monday) == date(2026, 11, 23)
    assert trade_date(monday + timedelta(minutes=1)) == date(2026, 11, 24)
    assert trade_date(monday + timedelta(days=5)) == date(2026, 11, 30)


def test_a_set_up_from_a_file(tmp_path):
    path = tmp_path / "venue.toml"
    path.write_text(
        'contracts = ["ESZ6"]\nprices = {ESZ6 = 6000.25}\n[[logins]]\nuser = "u"\npassword = "p"\n'
        '[[logins.accounts]]\nname = "A-1"\nbalance = 50000\nmax_position = 3\n'
    )
    desk = load(path)
    assert desk.prices == {"ESZ6": Decimal("6000.25")}
    assert desk.logins[0].accounts[0].max_position == 3
    path.write_text("logins = []\nlogin = 1\n")
    with pytest.raises(ConfigError, match="login"):
        load(path)
    with pytest.raises(ConfigError):
        load(tmp_path / "none.toml")


def test_the_demo_desk_has_a_leader_and_eight_followers_of_every_size():
    users = [login.user for login in DEMO.logins]
    accounts = [account for login in DEMO.logins[1:] for account in login.accounts]
    assert (users[0], len(users), len(accounts)) == ("lead", 4, 8)
    assert (min(a.balance for a in accounts), max(a.balance for a in accounts)) == (25_000, 150_000)
