"""Limits in desk.toml: own figures without a firm, lists and caps with and without a plan; each gap is one line."""

from datetime import time
from decimal import Decimal
from pathlib import Path

import pytest

from engine.cli import main
from engine.domain.ids import AccountId
from engine.rules.own import EXAMPLE, NEEDED
from tests.engine.test_config import complaint, read

DESK = (Path(__file__).parents[2] / "desk.toml").read_text("utf-8")
ALPHA = AccountId("ALPHA")
OWN = f'plan = "own"\n{EXAMPLE}'


def desk(*lines: str, defaults: str = "") -> str:
    """The example with more said of ALPHA's account, and for the whole group."""
    begin = DESK.index('id = "ALPHA"')
    text = DESK[:begin] + 'id = "ALPHA"\n' + "\n".join(lines) + DESK[begin + len('id = "ALPHA"') :]
    return text.replace("[group.defaults]", f"[group.defaults]\n{defaults}") if defaults else text


def test_an_account_without_a_firm_gives_its_own_figures() -> None:
    keeping = read(desk(OWN)).desk.keepings[ALPHA]
    assert (keeping.terms.start_balance, keeping.terms.drawdown, keeping.minis) == (50_000, 2_500, 5)
    assert keeping.terms.dll is not None
    assert keeping.terms.dll.amount == 1_000
    assert keeping.terms.daily_target is None
    assert (keeping.clock.day_start, keeping.clock.cut_off) == (time(18), time(18))


def test_each_missing_figure_is_one_line() -> None:
    lines = complaint(desk('plan = "own"', "overrides = { drawdown = 2500, lokc = 1 }"))
    assert [line.split(": ")[3].split(" is missing")[0] for line in lines] == [
        key for key in NEEDED if key != "drawdown"
    ]


def test_a_figure_that_is_not_right_is_told_with_its_key() -> None:
    (line,) = complaint(desk(OWN.replace("2500", "-5").replace("none", "5")))
    assert line == 'desk.toml: [[account]] "ALPHA": overrides: drawdown: write an amount above 0, not -5'


@pytest.mark.parametrize(
    ("account", "defaults", "said"),
    [
        ("limits = { leverage = 10 }", "", 'limits.leverage: write a plan too, such as "apex'),
        ("limits = { daily_loss = { act_at = 0.9 } }", "", "limits.daily_loss: write a plan too"),
        ("", "limits = { margin_floor = 2 }", "limits.margin_floor: write a plan too"),
        (OWN + "\nlimits = { room_check = {} }", "", "limits.room_check: needs a stop"),
        ('limits = { deny_symbols = ["NQZ6"] }', "", "limits.deny_symbols: write products such as NQ"),
    ],
)
def test_a_check_that_cannot_hold_stops_the_start(account: str, defaults: str, said: str) -> None:
    assert any(said in line for line in complaint(desk(account, defaults=defaults)))


def test_lists_and_counts_need_no_plan_and_the_stricter_of_two_counts() -> None:
    plain = read(desk('limits = { deny_symbols = ["GC"], trades_per_day = 7 }')).desk
    assert plain.intakes[ALPHA].entries.trades_per_day == 7
    assert ALPHA not in plain.keepings
    both = OWN.replace(
        "minis = 5", 'minis = 5, trades_per_day = 4, allow_symbols = ["NQ", "MNQ"], deny_symbols = ["CL"]'
    )
    entries = (
        read(desk(both, 'limits = { trades_per_day = 9, allow_symbols = ["NQ", "ES"] }')).desk.intakes[ALPHA].entries
    )
    assert (entries.trades_per_day, entries.allow_symbols, entries.deny_symbols) == (4, ("NQ",), ("CL",))


def test_the_room_check_reads_its_table() -> None:
    text = desk(OWN, "limits = { room_check = { slip_ticks = 6, stop_ticks = 40, cost = 4.5 } }")
    check = read(text).desk.intakes[ALPHA].entries.room_check
    assert check is not None
    assert (check.slip_ticks, check.stop_ticks, check.cost) == (6, 40, Decimal("4.5"))


def test_rules_show_says_what_an_own_plan_needs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "show", "own"]) == 0
    shown = capsys.readouterr().out
    assert all(f"{key} " in shown for key in NEEDED)
    assert 'plan = "own"' in shown
