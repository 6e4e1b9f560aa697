"""``lockstep rules``: what it prints, and its exit codes."""

import json
from datetime import date
from pathlib import Path

import pytest

from engine.cli import main, rules

EXAMPLES = Path(__file__).parent / "examples.json"
DESK = """
[[connection]]
id = "login"
broker = "tradovate"
environment = "demo"
user = "env:NOT_SET_USER"
password = "env:NOT_SET_PASSWORD"
cid = "env:NOT_SET_CID"
sec = "env:NOT_SET_SEC"
[[account]]
id = "LEAD"
connection = "login"
name = "DEMO1"
plan = "apex/eod-100k/evaluation/tradovate"
[[account]]
id = "ALPHA"
connection = "login"
name = "DEMO2"
plan = "PLAN"
overrides = { drawdown = 1500.50, flat_by = 16:00:00 }
[[group]]
id = "MAIN"
leader = "LEAD"
[[group.follower]]
account = "ALPHA"
"""


@pytest.fixture(autouse=True)
def today(monkeypatch):
    monkeypatch.setattr(rules, "_today", lambda: date(2026, 11, 22))


@pytest.fixture
def desk(tmp_path, monkeypatch):
    monkeypatch.setenv("LOCKSTEP_HOME", str(tmp_path))

    def write(plan):
        path = tmp_path / "desk.toml"
        path.write_text(DESK.replace("PLAN", plan), "utf-8")
        return str(path)

    return write


def test_list(capsys, snapshot):
    assert main(["rules", "list", "apex/eod"]) == 0
    assert capsys.readouterr().out == snapshot


def test_list_shows_all_of_them(capsys):
    assert main(["rules", "list"]) == 0
    out = capsys.readouterr().out
    assert "251 plans." in out
    assert all(f"{name} " in out for name in rules.plans())


@pytest.mark.parametrize("plan", ["apex/eod-50k/evaluation/tradovate", "topstep/50k/xfa", "lucid/pro-50k-dll/funded"])
def test_show(capsys, snapshot, plan):
    assert main(["rules", "show", plan]) == 0
    assert capsys.readouterr().out == snapshot


def test_show_of_a_plan_that_is_not_there(capsys):
    assert main(["rules", "show", "topstep/50k/xfaa"]) == 2
    assert capsys.readouterr().err.startswith('lockstep: there is no plan "topstep/50k/xfaa"; near it: topstep/50k/xfa')


def test_replay_as_tables(capsys, snapshot, tmp_path):
    kept = [case for case in json.loads(EXAMPLES.read_text("utf-8")) if case["id"] in {"S05", "S09", "S12"}]
    steps = [["sod", 50000, 0], ["floor", 48250.5]]
    kept.append({"id": "P", "plan": "apex/intraday-50k/evaluation/tradovate", "steps": steps})
    (tmp_path / "few.json").write_text(json.dumps(kept), "utf-8")
    assert main(["rules", "replay", str(tmp_path / "few.json")]) == 0
    assert capsys.readouterr().out == snapshot


def test_replay_as_json(capsys):
    assert main(["rules", "replay", str(EXAMPLES), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    for result, example in zip(found, json.loads(EXAMPLES.read_text("utf-8")), strict=True):
        assert list(result) == ["id", "floor", "state", "dll_line", "breach", "soft"]
        assert {key: result[key] for key in example if key in result} == {
            key: value for key, value in example.items() if key in result
        }


def test_replay_of_a_bad_file(capsys, tmp_path):
    (tmp_path / "bad.json").write_text('[{"id": "X", "plan": "topstep/50k/xfa", "steps": [["tick", 1]]}]', "utf-8")
    assert main(["rules", "replay", str(tmp_path / "bad.json"), "--json"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "lockstep: bad.json: case 1 (X): step 1: Expected `array` of at least length 3, got 2\n"


def test_lint(capsys, snapshot, desk):
    assert main(["rules", "lint", "--desk", desk("apex/eod-50k/evaluation/tradovate")]) == 0
    assert capsys.readouterr().out == snapshot


def test_lint_of_a_desk_that_breaks_a_rule(capsys, desk):
    assert main(["rules", "lint", "--desk", desk("tpt/50k/pro")]) == 1
    assert "tools that it names; this is none of them" in capsys.readouterr().out
    path = desk("apex/eod-50k/evaluation/tradovate")
    assert main(["rules", "lint", "--desk", path, "--server"]) == 1
    assert "error    ALPHA  apex forbids orders from a server" in capsys.readouterr().out


def test_lint_of_a_desk_that_is_wrong(capsys, tmp_path):
    (tmp_path / "desk.toml").write_text("[[acount]]", "utf-8")
    assert main(["rules", "lint", "--desk", str(tmp_path / "desk.toml")]) == 2
    assert 'the key "acount" is unknown' in capsys.readouterr().err
