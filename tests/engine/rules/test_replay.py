"""Replay: every worked example step by step, plans in place of params, and one line for whatever is wrong in a file."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from engine.errors import ConfigError
from engine.rules.replay import cases, encode, plain, replay, replay_file

EXAMPLES = Path(__file__).parent / "examples.json"
TODAY = date(2026, 11, 22)
CASES = json.loads(EXAMPLES.read_text("utf-8"))


def replayed(text: str) -> list[dict]:
    return json.loads(encode([replay(case, TODAY).result for case in cases(text.encode(), "cases.json")]))


def case(steps: str, params: str = "", **more) -> str:
    given = f'"params":{{"start_balance":50000,"drawdown":2000,"mode":"eod_balance"{params}}}'
    extra = "".join(f',"{key}":{value}' for key, value in more.items())
    return f'[{{"id":"X",{given},"steps":[{steps}]{extra}}}]'


@pytest.mark.parametrize("example", CASES, ids=lambda example: example["id"])
def test_worked_example(example):
    (found,) = replayed(json.dumps([example]))
    for key in ("id", "floor", "state", "breach", "soft"):
        assert found[key] == example[key]
    assert found["dll_line"] == example.get("dll_line", [None] * len(example["steps"]))


def test_the_examples_are_all_there():
    assert [example["id"] for example in CASES] == [
        *(f"S{number:02}" for number in range(1, 10)),
        "S10a",
        "S10b",
        *(f"S{number}" for number in range(11, 17)),
    ]


def test_expected_values_in_the_file_are_ignored():
    wrong = [example | {"floor": ["x"], "state": 3, "breach": {}, "note": "whatever"} for example in CASES]
    assert replayed(json.dumps(wrong)) == replayed(json.dumps(CASES))


def test_the_file_is_read_as_it_is():
    found = json.loads(encode([one.result for one in replay_file(EXAMPLES, TODAY)]))
    assert found == replayed(json.dumps(CASES))
    assert set(found[0]) == {"id", "floor", "state", "dll_line", "breach", "soft"}


def test_amounts_are_exact_and_whole_ones_have_no_point():
    text = case(
        '["sod",50000.10,0],["eod",50000.30,0],["tick",50000.3,-2000]', ',"dll":{"amount":999.95,"basis":"sod_balance"}'
    )
    result = encode([replay(one, TODAY).result for one in cases(text.encode(), "f")])
    assert '"floor":[48000,48000.3,48000.3]' in result
    assert '"dll_line":[49000.15,49000.15,49000.15]' in result
    assert '"breach":[3,"max_loss",48000.3]' in result
    assert repr(plain(Decimal("5E+4"))) == "50000"


def test_nothing_moves_after_the_breach_and_the_first_soft_hit_is_the_one_told():
    daily = ',"dll":{"amount":500,"basis":"sod_balance","soft":true}'
    (found,) = replayed(
        case(
            '["sod",50000,0],["tick",49500,0],["sod",49500,0],["tick",49000,0],["tick",48000,0],["eod",60000,0]', daily
        )
    )
    assert found["soft"] == [2, "daily_loss", 49500]
    assert found["breach"] == [5, "max_loss", 48000]
    assert found["state"] == ["ok", "day_locked", "ok", "day_locked", "breached", "breached"]
    assert found["floor"] == [48000] * 6


def test_a_payout_into_the_floor_is_told_at_the_next_mark():
    (found,) = replayed(
        '[{"id":1,"params":{"start_balance":0,"drawdown":4500,"mode":"eod_balance","lock":0,"payout_locks_floor":true},'
        '"steps":[["eod",900,0],["payout",900],["tick",0,0]]}]'
    )
    assert (found["id"], found["state"], found["floor"]) == (1, ["ok", "ok", "breached"], [-3600, 0, 0])


def test_a_plan_in_place_of_params():
    steps = '"steps":[["sod",50000,0],["tick",50000,-1000],["eod",51000,0],["sod",51000,0]]'
    (plain_plan,) = replayed(f'[{{"id":"P","plan":"apex/eod-50k/evaluation/tradovate",{steps}}}]')
    assert plain_plan["state"] == ["ok", "day_locked", "day_locked", "ok"]
    assert plain_plan["floor"] == [48000, 48000, 49000, 49000]
    assert plain_plan["dll_line"] == [49000, 49000, 49000, 50000]
    (own,) = replayed(
        f'[{{"id":"P","plan":"apex/eod-50k/evaluation/tradovate","overrides":{{"drawdown":1500,"dll":"none"}},{steps}}}]'
    )
    assert (own["floor"][0], own["dll_line"]) == (48500, [None] * 4)


def test_an_empty_file_and_an_empty_case():
    assert replayed("[]") == []
    assert replayed(case(""))[0]["floor"] == []
    assert replayed("\ufeff[]") == []


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "f.json: not JSON: Input data was truncated"),
        ("{}", "f.json: write a list of cases: [ { ... }, { ... } ]"),
        ('[\n{"id" 5}]', "f.json: line 2: not JSON"),
        ("[3]", "f.json: case 1: Expected `object`, got `int`"),
        ("[{}]", "f.json: case 1: Object missing required field `id`"),
        ('[{"id":"X","steps":[]}]', 'f.json: case 1 (X): write either "params" or "plan"'),
        ('[{"id":"X","plan":"a","params":null}]', "f.json: case 1 (X): Object missing required field `steps`"),
        (case('["sod",1]'), "f.json: case 1 (X): step 1: Expected `array` of at least length 3, got 2"),
        (case('["sod",1,2],["tik",1,2]'), "f.json: case 1 (X): step 2, value 1: Invalid value 'tik'"),
        (case('["tick",1,"much"]'), "f.json: case 1 (X): step 1, value 3: Invalid decimal string"),
        (case('["tick",1,"NaN"]'), "f.json: case 1 (X): step 1: open_profit: write a number of at most"),
        (case('["tick",1e400,0]'), "f.json: case 1 (X): step 1: balance: write a number of at most"),
        (case('["tick",1e-400,0]'), "f.json: case 1 (X): step 1: balance: write a number with at most 8 decimals"),
        (case('["tick",1.123456789,0]'), "f.json: case 1 (X): step 1: balance: write a number with at most 8 decimals"),
        (case('["payout",0]'), "f.json: case 1 (X): step 1: a payout is above 0, not 0"),
        (case('["bar",1,2]'), "f.json: case 1 (X): step 1: the bar's high 1 lies below its low 2"),
        (case("", ',"lokc":5'), "f.json: case 1 (X): params: Object contains unknown field `lokc`"),
        (case("", ',"mode":"eod"'), "f.json: case 1 (X): params.mode: Invalid enum value 'eod'"),
        (case("", ',"drawdown":-1'), "f.json: case 1 (X): params: drawdown: write an amount above 0, not -1"),
        (case("", ',"dll":{"amount":5,"basis":"x"}'), "f.json: case 1 (X): params.dll.basis: Invalid enum value 'x'"),
        (case("", overrides='{"dll":5}'), 'f.json: case 1 (X): "overrides" go with "plan"'),
        ("[" * 5000, "f.json: "),
    ],
)
def test_what_is_wrong_is_told_in_one_line(text, line):
    with pytest.raises(ConfigError) as caught:
        list(cases(text.encode(), "f.json"))
    assert str(caught.value).startswith(line)
    assert len(str(caught.value).splitlines()) == 1


def test_a_plan_that_is_not_there_names_its_neighbours():
    with pytest.raises(ConfigError, match=r"case P: there is no plan .*near it: apex/eod-50k/pa"):
        replayed('[{"id":"P","plan":"apex/eod-50k/paa","steps":[]}]')


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        replay_file(tmp_path / "none.json", TODAY)
    with pytest.raises(ConfigError, match="cannot be read"):
        replay_file(tmp_path, TODAY)
    (tmp_path / "latin.json").write_bytes(b'[{"id":"\xff"}]')
    with pytest.raises(ConfigError, match="latin"):
        replay_file(tmp_path / "latin.json", TODAY)
