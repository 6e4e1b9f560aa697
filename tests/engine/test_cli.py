"""The ``lockstep`` command: its words, its exit codes, and one clear line for whatever is wrong."""

import asyncio
import json
import os
import re
import socket
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.cli import COMMANDS, check, doctor, main, up
from engine.cli.command import show_wrapped
from engine.cli.demo.cast import CAST, LEADER_NAME, PASSWORD, desk_toml, venue_toml
from engine.config import load
from engine.runtime.clock import SystemClock
from engine.runtime.supervisor import Program
from engine.sim.desk import load as load_venue
from engine.sim.server import VenueServer
from tests.engine.service.hot import Hot

EXAMPLE = Path(__file__).parents[2] / "desk.toml"


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """The example desk with its secrets, in a directory of its own, and nothing of ours in the environment."""
    for name in [name for name in os.environ if name.startswith("LOCKSTEP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("LOCKSTEP_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "desk.toml").write_text(EXAMPLE.read_text("utf-8"), "utf-8")
    secrets = (EXAMPLE.parent / ".env.example").read_text("utf-8")
    (tmp_path / ".env").write_text(re.sub(r"=$", "=value", secrets, flags=re.MULTILINE), "utf-8")
    return tmp_path / "desk.toml"


def test_every_command_has_one_clear_line(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    assert caught.value.code == 0
    shown = capsys.readouterr().out
    for command in COMMANDS:
        assert re.search(rf"^ +{command.name} +{re.escape(command.summary)}$", shown, re.MULTILINE)


def test_what_if_without_a_desk_says_how_to_start_one(tmp_path, capsys):
    assert main(["whatif", "buy", "2", "NQ", "--home", str(tmp_path)]) == 1
    assert capsys.readouterr().err.endswith("is missing); start one with `lockstep up`\n")


def test_an_unknown_command_names_the_nearest(capsys):
    assert main(["chek"]) == 2
    assert capsys.readouterr().err == 'lockstep: there is no command "chek"; did you mean "check"?\n'
    assert main(["zzz"]) == 2
    assert "there are: demo, up, check" in capsys.readouterr().err


def test_check_shows_the_desk_as_it_was_understood(desk, capsys):
    assert main(["check"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "LEAD DEMO1000001 leader-login LEADER" in shown
    assert "0.5x, NQ→MNQ," in shown
    assert "right. 2 logins, 1 leader, 2 followers." in shown
    assert "Nothing was sent." in shown


def test_check_tells_every_fault_in_a_line_and_exits_2(desk, capsys):
    desk.write_text(
        desk.read_text("utf-8").replace("api_port", "api_prt").replace("env:LEADER_USER", "env:NOBODY"), "utf-8"
    )
    assert main(["check"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert all(line.startswith("lockstep: desk.toml: ") for line in lines)


def test_check_lets_each_broker_look_at_its_own_options(desk, capsys):
    text = desk.read_text("utf-8").replace('environment = "demo"', 'environment = "live"', 1)
    desk.write_text(text, "utf-8")
    assert main(["check"]) == 2
    assert "environment is live, so it is real money" in capsys.readouterr().err


def test_up_refuses_wrong_settings_before_it_starts_anything(desk, capsys):
    desk.write_text("[engine", "utf-8")
    assert main(["up"]) == 2
    assert re.match(r"lockstep: desk\.toml, line 1: .*\n$", capsys.readouterr().err)


def test_up_refuses_a_desk_on_which_nobody_copies(tmp_path, capsys):
    (tmp_path / "desk.toml").write_text("[engine]\napi_port = 0\n", "utf-8")
    assert main(["up", "--desk", str(tmp_path / "desk.toml")]) == 2
    told = capsys.readouterr().err
    assert "desk.toml: there is no [[group]]" in told
    assert told.count("\n") == 1


def test_words_are_not_broken_on_a_narrow_terminal(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "40")
    show_wrapped("2/3 the engine is up, its control API answers (1.8 s)\n")
    assert capsys.readouterr().out == "2/3 the engine is up, its control API\n answers (1.8 s)\n\n"


def test_a_missing_settings_file_says_where_to_get_one(desk, capsys):
    desk.unlink()
    for command in ("up", "check"):
        assert main([command]) == 2
        assert "there is no such file; copy desk.toml" in capsys.readouterr().err


async def test_check_connect_reads_and_changes_nothing(tmp_path):
    venue_file = tmp_path / "venue.toml"
    venue_file.write_text(venue_toml(walks=False), "utf-8")
    async with VenueServer(load_venue(venue_file), clock=SystemClock(), source=iter(())) as server:
        (tmp_path / "desk.toml").write_text(desk_toml(server.urls, "auto"), "utf-8")
        said: list[str] = []
        settings = load(tmp_path / "desk.toml", {"DEMO_PASSWORD": PASSWORD}, tmp_path)
        assert await check._probe(settings, said.append)
        assert f"  ok  LEAD: {LEADER_NAME} found, 0 open positions, may trade" in said
        assert sum(line.startswith("  ok  ") for line in said) == len(CAST) + 1
        assert not server.venue.received

        said.clear()
        wrong = load(tmp_path / "desk.toml", {"DEMO_PASSWORD": "hunter2"}, tmp_path)
        assert not await check._probe(wrong, said.append)
        faults = [line for line in said if line.startswith("  !!  ")]
        assert len(faults) == 4
        assert not any("hunter2" in line for line in said)


def test_up_starts_the_engine_and_a_window_only_where_there_is_a_terminal(desk):
    settings = load(desk)
    engine, bot = up.programs(settings, window=True)
    assert engine.argv[1:] == ("-m", "engine", "--desk", str(desk))
    assert bot.argv[1:] == ("-m", "bot", "--desk", str(desk))
    assert (engine.is_needed, engine.is_window, bot.is_needed, bot.is_window) == (True, False, False, True)
    assert engine.env["LOCKSTEP_HOME"] == str(settings.home)
    assert [program.name for program in up.programs(settings, window=False)] == ["engine"]


@pytest.mark.parametrize(("code", "told"), [(3, ["why"]), (0, [])])
async def test_what_a_hidden_program_said_last_is_told_when_it_fails(tmp_path, code, told):
    said: list[str] = []
    program = Program(name="engine", argv=(sys.executable, "-c", f"print('lockstep: why'); exit({code})"))
    child = up.spawn(program, tmp_path, said.append)
    assert await asyncio.wait_for(child.wait(), 20) == code
    assert said == told
    assert (tmp_path / "engine.out").read_text() == f"lockstep: why{os.linesep}"


async def test_replay_and_receipt_read_the_journal(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    hot = Hot(tmp_path)
    hot.begin()
    hot.answer(hot.lead(2))
    count = hot.log.next_seq - 1
    await hot.close()
    assert main(["replay", "--home", str(tmp_path)]) == 0
    assert capsys.readouterr().out.startswith(f"{count} entries up to {count}: the same decisions, byte for byte")
    assert main(["receipt", "--home", str(tmp_path)]) == 0
    newest = capsys.readouterr().out
    assert newest.startswith("RECEIPT LEAD:")
    assert main(["receipt", newest.split()[1], "--home", str(tmp_path)]) == 0
    assert capsys.readouterr().out == newest
    assert main(["receipt", "LSnothing", "--home", str(tmp_path)]) == 1
    assert "LSnothing" in capsys.readouterr().err


def test_replay_without_a_journal_is_one_line(tmp_path, capsys):
    assert main(["replay", "--home", str(tmp_path)]) == 1
    assert "holds no journal" in capsys.readouterr().err


def test_doctor_looks_at_everything_and_ends_well_without_a_desk(desk, capsys):
    desk.unlink()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        assert doctor.port(0, desk.parent).mark == "ok"
    code = main(["doctor"])
    shown = capsys.readouterr().out
    assert all(re.match(r"(ok|--|!!)  \S", line) for line in shown.splitlines()[:-2])
    assert "not there yet" in shown
    assert (code == 0) == ("All is well." in shown)


def test_doctor_tells_each_fault_of_the_settings(desk):
    desk.write_text("x = 1\n", "utf-8")
    texts = [finding.text for finding in doctor.findings(desk, desk.parent) if finding.mark == "!!"]
    assert any('the key "x" is unknown' in text for text in texts)


def test_doctor_tries_a_phone_before_the_brokers_secrets_are_there(desk):
    with desk.open("a", encoding="utf-8") as file:
        file.write('[telegram]\ntoken = "env:TELEGRAM_TOKEN"\n')
    (desk.parent / ".env").write_text("", "utf-8")
    texts = [finding.text for finding in doctor.findings(desk, desk.parent) if finding.mark == "!!"]
    assert any("LEADER_USER is not set" in text for text in texts)
    assert any(text.startswith("telegram: TELEGRAM_TOKEN is not set") for text in texts)


def test_doctor_on_python_and_loops():
    assert doctor.python((3, 11, 0)).mark == "ok"
    assert doctor.python((3, 10, 9)).mark == "!!"
    assert doctor.loop("win32", has_uvloop=False).mark == "--"
    assert doctor.loop("linux", has_uvloop=True).mark == "ok"
    assert "pip install uvloop" in doctor.loop("darwin", has_uvloop=False).text


def test_doctor_on_the_data_directory(tmp_path, monkeypatch):
    assert doctor.directory(tmp_path / "new").mark == "ok"
    (tmp_path / "file").touch()
    assert "LOCKSTEP_HOME" in doctor.directory(tmp_path / "file").text
    monkeypatch.setattr(doctor, "LEAST_SPACE", 2**60)
    assert "make room" in doctor.directory(tmp_path).text


def test_doctor_on_a_port_that_is_taken(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        assert "set api_port" in doctor.port(number, tmp_path).text
        (tmp_path / "api.json").write_text(json.dumps({"url": f"http://127.0.0.1:{number}"}))
        assert "seems that a Lockstep engine is running" in doctor.port(number, tmp_path).text
    assert doctor.port(number, tmp_path).mark == "ok"


def test_doctor_on_the_clock():
    now = datetime(2026, 11, 23, 14, 30, 0, 500_000, UTC)
    assert doctor.skew("host", "Mon, 23 Nov 2026 14:30:00 GMT", now).mark == "ok"
    assert "10 s ahead of host" in doctor.skew("host", "Mon, 23 Nov 2026 14:29:50 GMT", now).text
    assert "10 s behind host" in doctor.skew("host", "Mon, 23 Nov 2026 14:30:10 GMT", now).text
    assert doctor.skew("host", "soon", now).mark == "--"


def test_doctor_on_a_database_that_does_not_answer():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        found = doctor.database(f"postgresql://me:hunter2@127.0.0.1:{closed.getsockname()[1]}/desk")
    assert found.mark == "!!"
    assert "hunter2" not in found.text
    assert doctor.database("sqlite:///x").mark == "ok"
