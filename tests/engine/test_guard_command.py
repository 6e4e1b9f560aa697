"""``lockstep guard``: the same report from a file and from the journal, and one line for whatever is wrong."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from engine.cli import main
from engine.domain.event import QuoteMarked
from engine.storage.store import Store
from engine.storage.tail import segments
from tests.engine.service.hot import LEAD, NQ, Hot

START = datetime(2026, 11, 2, 15, 0, tzinfo=UTC)

REPORT = Path(__file__).with_name("guard_report.txt")


def _rows():
    """Sixty ordinary entries, then one of each kind that is odd."""
    rows = ["Time,Symbol,Side,Quantity,Price,Order,Mark"]

    def fill(at, quantity, price="20000", mark=""):
        side = "buy" if quantity > 0 else "sell"
        rows.append(f"{at.isoformat()},NQZ6,{side},{abs(quantity)},{price},,{mark}")

    for number in range(50):
        at = START + timedelta(days=number // 5, minutes=20 * (number % 5))
        fill(at, number % 2 + 1)
        fill(at + timedelta(minutes=2), -(number % 2 + 1))
    day = START + timedelta(days=10)
    fill(day, 7)
    fill(day + timedelta(minutes=1), -7)
    fill(day + timedelta(hours=1), 1, "20010.25", "20000")
    fill(day + timedelta(hours=1, minutes=1), -1)
    for second in range(6):
        fill(day + timedelta(hours=2, seconds=second), 1)
    fill(day + timedelta(hours=2, minutes=1), -6)
    for number, quantity in enumerate((1, -2, 2, -2, 2)):
        fill(day + timedelta(hours=3, seconds=13 * number), quantity)
    fill(day + timedelta(hours=4), -1)
    return rows


@pytest.fixture
def fills(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "fills.csv"
    path.write_text("\n".join(_rows()) + "\n", "utf-8")
    return path


def test_a_file_of_fills_gives_the_false_alarms_by_rule(fills, capsys):
    assert main(["guard", "--csv", str(fills)]) == 0
    assert capsys.readouterr().out == REPORT.read_text("utf-8")
    assert main(["guard", "--csv", str(fills), "--days", "1"]) == 0
    shown = capsys.readouterr().out
    assert "13 entries, 2026-11-12 to 2026-11-12" in shown
    assert "held          6" in shown  # what came before has taught the profile


def test_rules_of_ones_own_are_read_from_a_file(fills, capsys):
    rules = fills.with_name("mine.toml")
    rules.write_text('[guard]\nsizes = { NQ = { order = 1 } }\nrefuses = ["order-size"]\n', "utf-8")
    assert main(["guard", "--csv", str(fills), "--rules", str(rules)]) == 0
    shown = capsys.readouterr().out
    assert "by mine.toml" in shown
    assert re.search(r"refused +26 ", shown)
    assert "2 NQ in one order is over the limit of 1" in shown
    rules.write_text('roots = ["ES"]\n', "utf-8")
    assert main(["guard", "--csv", str(fills), "--rules", str(rules)]) == 0
    assert re.search(r"product +63 +63", capsys.readouterr().out)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("time,symbol,price\n", "fills.csv: no column quantity; the first line names the columns"),
        ("time,symbol,quantity,price\nnoon,NQZ6,1,20000\n", "fills.csv, line 2: a time is 2026-11-23T14:30:05Z"),
        ("time,symbol,quantity,price\n2026-11-23T14:30Z,NQZ6,1,NaN\n", "not a price: NaN"),
        ("time,symbol,quantity,price\n2026-11-23T14:30Z,NQZ6,0,1\n", "a symbol and contracts other than 0"),
        ("time,symbol,quantity,price,side\n2026-11-23T14:30Z,NQZ6,1,1,up\n", "line 2: side is buy or sell"),
    ],
)
def test_a_wrong_file_is_one_line_that_says_where(fills, capsys, text, said):
    fills.write_text(text, "utf-8")
    assert main(["guard", "--csv", str(fills)]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert said in lines[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[guard\n", "rules.toml: "),
        ("[guard]\nbursts = 1\n", "bursts"),
        ("[guard]\nhold_s = 0\n", "rules.toml: hold_s: write seconds above 0, not 0"),
    ],
)
def test_wrong_rules_are_one_line(fills, capsys, text, said):
    rules = fills.with_name("rules.toml")
    rules.write_text(text, "utf-8")
    assert main(["guard", "--csv", str(fills), "--rules", str(rules)]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert said in lines[0]
    assert main(["guard", "--csv", "nowhere.csv"]) == 2
    assert main(["guard", "--csv", str(fills), "--days", "0"]) == 2


async def test_the_journal_tells_each_leader_and_counts_a_fill_once(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    hot = Hot(tmp_path)
    hot.begin()
    for quantity in (2, -2, 1):
        hot.answer(hot.lead(quantity))
    hot.lead(1, "20015.00")
    hot.fills -= 1
    hot.fill(LEAD, 1, "20015.00")  # told twice
    await hot.close()
    assert main(["guard", "--home", str(tmp_path)]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("LEAD: 3 entries, 2026-11-23 to 2026-11-23, by the trial rules")
    assert "20015.00 is 60 ticks from the market (20000), over 40" in shown
    assert main(["guard", "--home", str(tmp_path), "--leader", "NOBODY"]) == 2
    assert "no leader NOBODY has traded" in capsys.readouterr().err
    assert main(["guard", "--home", str(tmp_path / "empty")]) == 1
    assert "holds no journal" in capsys.readouterr().err


async def test_a_log_that_was_pruned_begins_at_its_checkpoint_or_in_the_database(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    hot = Hot(tmp_path, segment_bytes=1 << 16)
    hot.begin()
    hot.answer(hot.lead(2))
    seq = hot.log.next_seq
    while len(segments(tmp_path / "journal")) < 2 or hot.log.next_seq == seq:
        hot.seconds += 1
        hot.hear(QuoteMarked(at=hot.at, symbol=NQ, last=Decimal(20000)))
        hot.log.checkpoint(hot.desk.checkpoint())
    older = list(hot.log.read(1))
    hot.answer(hot.lead(-3))  # one of them opens the other side
    await hot.close()
    (_, first), (kept, _) = segments(tmp_path / "journal")[-2:]
    for _, path in segments(tmp_path / "journal")[:-1]:
        path.unlink()
    assert first.exists() is False
    assert main(["guard", "--home", str(tmp_path)]) == 0
    assert capsys.readouterr().out.startswith("LEAD: 1 entry, ")
    store = Store(f"sqlite:///{(tmp_path / 'journal.db').as_posix()}")
    store.prepare()
    store.put([record for record in older if record.seq < kept])
    store.close()
    assert main(["guard", "--home", str(tmp_path)]) == 0
    assert capsys.readouterr().out.startswith("LEAD: 2 entries, ")
