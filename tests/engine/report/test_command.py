"""The command: text on standard output, files beside it, one line where there is nothing."""

import os
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import pytest

from engine.api import ReportLine
from engine.calendar.exchange import build
from engine.calendar.sessions import write
from engine.cli import main
from engine.service.daily import report_of
from engine.service.setting import ClerkSettings
from engine.storage.drain import Drain
from engine.storage.store import Store
from tests.engine.report.stage import Stage
from tests.engine.service.hot import LEAD, A, B


@pytest.fixture
def home(stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("LOCKSTEP_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    stage.begin()
    stage.settle(stage.go(2))
    return tmp_path / "home"


def ask(home: Path, *more: str) -> int:
    return main(["report", "day", "--home", str(home), "--date", "2026-11-23", *more])


def test_text_csv_and_png_of_a_journal_that_is_being_written(home: Path, tmp_path: Path, capsys):
    assert ask(home, "--csv", str(tmp_path / "day.csv"), "--png", str(tmp_path / "day.png"), "--theme", "dark") == 0
    out, err = capsys.readouterr()
    assert out.startswith(
        "TRADE DATE Monday 2026-11-23, entries of Mon 08:30 to Mon 08:30 Chicago\n1 leader event copied"
    )
    assert "day.csv: 2 rows" in err
    assert (tmp_path / "day.csv").read_text("utf-8").startswith("trade_date,at,copy,")
    assert (tmp_path / "day.png").read_bytes().startswith(b"\x89PNG")
    assert not (home / "journal.db").exists()


def test_the_figures_of_each_account_are_what_the_control_api_tells(home: Path, tmp_path: Path):
    assert ask(home, "--json", str(tmp_path / "day.json")) == 0
    lines = msgspec.json.decode((tmp_path / "day.json").read_bytes(), type=tuple[ReportLine, ...])
    assert [(line.account, line.is_leader, line.copies) for line in lines] == [
        (LEAD, True, 0),
        (A, False, 1),
        (B, False, 1),
    ]
    assert lines[1].slip_ticks is not None


def test_a_day_without_copies_is_one_line(home: Path, tmp_path: Path, capsys):
    csv = tmp_path / "day.csv"
    assert ask(home, "--date", "2026-11-19", "--csv", str(csv)) == 0
    assert capsys.readouterr().out == "2026-11-19: no copies on this trade date.\n"
    assert not csv.exists()


def test_of_a_holiday_it_says_so(home: Path, capsys):
    write(home, build(date(2026, 11, 22), datetime.now(UTC)))
    assert ask(home, "--date", "2026-12-25") == 0
    assert capsys.readouterr().out == "2026-12-25: holiday: no session; no copies on this trade date.\n"


async def test_the_control_api_tells_of_it(home: Path, tmp_path: Path):
    calendar = build(date(2026, 11, 22), datetime.now(UTC))
    settings = ClerkSettings(home=str(home), link_port=0, link_token="")
    view = await report_of(settings, calendar, "2026-11-26", datetime.now(UTC), with_files=False)
    assert (view.holiday, view.lines) == ("holiday: a short session, counts as Fri 27 Nov", ())


def test_older_days_come_from_the_database(home: Path, stage: Stage, capsys):
    store = Store(f"sqlite:///{(home / 'journal.db').as_posix()}")
    drain = Drain(stage.log.directory, store)
    drain.step()
    drain.close()
    store.close()
    assert ask(home) == 0
    from_log = capsys.readouterr().out
    for segment in stage.log.directory.glob("*.log"):
        segment.unlink()
    assert ask(home) == 0
    assert capsys.readouterr().out == from_log


def test_what_is_wrong_is_said_in_one_line(home: Path, tmp_path: Path, capsys):
    assert ask(tmp_path / "nobody") == 1
    assert "holds no journal; run `lockstep up` first" in capsys.readouterr().err
    assert ask(home, "--csv", str(tmp_path / "no" / "day.csv")) == 1
    assert "day.csv: cannot be written: No such file or directory\n" in capsys.readouterr().err
    for wrong in (("--date", "23.11.2026"), ("--days", "-1"), ("--days", "many")):
        with pytest.raises(SystemExit) as caught:
            ask(home, *wrong)
        assert caught.value.code == 2
