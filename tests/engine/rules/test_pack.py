"""Packs: every file loads, every value has a source, a date and a grade, and a typo is an error."""

import json
import re
from datetime import date, time
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

import msgspec
import pytest

from engine.domain.terms import Basis, Compare, Terms, Tier, Trail
from engine.errors import ConfigError
from engine.rules.pack import overridden, plan_named, plans, read
from engine.rules.plan import Automation, Grade, News, Permission, Rules, SizeRule, Stage

D = Decimal
TODAY = date(2026, 11, 22)
PACKS = sorted(entry.name for entry in files("engine.rules").iterdir() if entry.name.endswith(".toml"))
FIRMS = ["alpha", "apex", "bulenox", "fundednext", "lucid", "mffu", "topstep", "tpt", "tradeday", "tradeify"]

FILE = """
firm = "acme"
title = "Acme"
checked = 2026-11-01
[sources]
page = { what = "a page", date = 2026-10-30 }
[rules]
zone = { value = "America/Chicago", grade = "A", source = "page" }
day_start = { value = 17:00:00, grade = "A", source = "page" }
cut_off = { value = 16:00:00, grade = "A", source = "page" }
flat_by = { value = 15:50:00, grade = "A", source = "page" }
mode = { value = "eod_balance", grade = "A", source = "page" }
compare = { value = "le", grade = "A", source = "page" }
automation = { value = "allowed", grade = "A", source = "page" }
server = { value = "allowed", grade = "A", source = "page" }
copying = { value = "allowed", grade = "A", source = "page" }
hedging = { value = "forbidden", grade = "A", source = "page" }
[set.money]
start_balance = { by_size = [25000, 50000], grade = "A", source = "page" }
drawdown = { by_size = [1000, 2000.50], grade = ["B", "A"], source = "page", note = "as sold" }
lock = { by_size = ["none", 50100], grade = "A", source = "page" }
[[family]]
title = "trial"
plans = ["{size}/trial"]
stage = "evaluation"
sizes = ["25k", "50k"]
use = ["money"]
"""


def test_every_firm_of_the_reference_has_its_pack():
    assert [f"{firm}.toml" for firm in FIRMS] == PACKS
    assert sorted({plan.firm for plan in plans().values()}) == FIRMS


@pytest.mark.parametrize("pack", PACKS)
def test_every_number_has_source_date_and_grade(pack):
    found = read(files("engine.rules").joinpath(pack).read_text("utf-8"), pack)
    plain = msgspec.structs.asdict(Rules(**dict.fromkeys(Rules.__struct_fields__[: len(required())])))
    for plan in found:
        for key, value in msgspec.structs.asdict(plan.rules).items():
            fact = plan.facts.get(key)
            assert fact is not None or (key not in required() and value == plain[key]), (plan.name, key)
            if fact is not None:
                assert fact.grade in {Grade.A, Grade.B, Grade.C, Grade.UNCONFIRMED}
                assert len(fact.source) > 8
                assert date(2025, 11, 1) <= fact.date <= TODAY
        assert plan.checked <= TODAY
        assert plan.rules.terms().drawdown > 0


def required() -> tuple[str, ...]:
    return tuple(field.name for field in msgspec.structs.fields(Rules) if field.required)


@pytest.mark.parametrize("pack", PACKS)
def test_every_source_is_used(pack):
    text = files("engine.rules").joinpath(pack).read_text("utf-8")
    named = re.findall(r"^([\w-]+) = \{ what", text, re.MULTILINE)
    used = set(re.findall(r'source = "([\w-]+)"', text))
    assert [name for name in named if name not in used] == []


def test_names_are_unique_and_speak():
    shape = re.compile(r"[a-z]+/[a-z0-9-]+/[a-z]+(/[a-z]+)?")
    assert all(shape.fullmatch(name) for name in plans())
    assert all(name == plan.name and name.startswith(f"{plan.firm}/") for name, plan in plans().items())


def test_plans_come_with_the_installed_package():
    assert Path(str(files("engine.rules"))).joinpath("apex.toml").is_file()


@pytest.mark.parametrize(
    ("name", "start", "drawdown", "mode", "lock", "dll", "forced"),
    [
        ("apex/eod-50k/evaluation/tradovate", 50_000, 2_000, "eod_balance", None, 1_000, False),
        ("apex/eod-50k/evaluation/rithmic", 50_000, 2_000, "eod_balance", 53_000, 1_000, False),
        ("apex/intraday-100k/evaluation/wealthcharts", 100_000, 3_000, "intraday_equity", 106_000, None, False),
        ("apex/intraday-100k/evaluation/tradovate", 100_000, 3_000, "intraday_equity", None, None, False),
        ("apex/intraday-50k/pa", 50_000, 2_000, "intraday_equity", 50_100, 1_000, False),
        ("apex/intraday-25k/pa", 25_000, 1_000, "intraday_equity", 25_100, 500, False),
        ("apex/legacy-300k/pa", 300_000, 7_500, "intraday_equity", 300_100, None, True),
        ("apex/legacy-static-100k/evaluation", 100_000, 625, "static", None, None, False),
        ("topstep/100k/combine", 100_000, 3_000, "eod_balance", 100_000, None, False),
        ("topstep/150k-dll/combine", 150_000, 4_500, "eod_balance", 150_000, 3_000, False),
        ("topstep/150k/xfa", 0, 4_500, "eod_balance", 0, None, True),
        ("tradeify/growth-100k/funded", 100_000, 3_500, "eod_balance", 100_100, 2_500, True),
        ("tradeify/growth-100k/evaluation", 100_000, 3_500, "eod_balance", None, 2_500, False),
        ("tradeify/growth-150k/funded", 150_000, 5_000, "eod_balance", 150_100, 3_000, True),
        ("tradeify/lightning-25k/funded", 25_000, 1_000, "eod_balance", 25_100, None, True),
        ("lucid/pro-100k-dll/evaluation", 100_000, 3_000, "eod_balance", 100_100, 1_800, False),
        ("lucid/flex-150k/funded", 150_000, 4_500, "eod_balance", 150_100, None, True),
        ("lucid/direct-100k/funded", 100_000, 3_500, "eod_balance", 100_100, 2_100, True),
        ("lucid/daily-50k/funded", 50_000, 2_000, "intraday_equity", 50_100, None, True),
        ("alpha/zero-50k/qualified", 50_000, 2_000, "eod_balance", 50_000, 1_000, False),
        ("alpha/standard-150k/evaluation", 150_000, 4_500, "eod_balance", 150_000, None, False),
        ("alpha/advanced-50k/evaluation", 50_000, 1_750, "eod_balance", 50_000, None, False),
        ("mffu/rapid-50k/funded", 0, 2_000, "intraday_equity", 100, None, True),
        ("mffu/rapid-50k/evaluation", 50_000, 2_000, "eod_balance", None, None, False),
        ("mffu/builder-50k-1500/funded", 50_000, 1_500, "eod_balance", 50_100, 1_000, True),
        ("tpt/75k/test", 75_000, 2_500, "eod_balance", 75_000, None, False),
        ("tpt/150k/pro", 150_000, 4_500, "intraday_equity", 150_000, None, True),
        ("fundednext/legacy-50k/challenge", 50_000, 2_000, "eod_balance", 50_000, 1_200, False),
        ("fundednext/rapid-100k/funded", 100_000, 2_500, "eod_balance", 100_000, None, True),
        ("bulenox/option1-250k/master", 250_000, 5_500, "intraday_equity", 250_100, None, True),
        ("bulenox/option2-50k/qualification", 50_000, 2_500, "eod_balance", None, 1_100, False),
        ("tradeday/quick-intraday-100k/evaluation", 100_000, 3_000, "intraday_equity", 100_000, None, False),
    ],
)
def test_figures_of_the_reference(name, start, drawdown, mode, lock, dll, forced):
    terms = plan_named(name).rules.terms()
    assert (terms.start_balance, terms.drawdown, terms.mode, terms.lock) == (start, drawdown, mode, lock)
    assert (terms.dll.amount if terms.dll else None, terms.payout_locks_floor) == (dll, forced)


@pytest.mark.parametrize(
    ("example", "name"),
    [
        ("S02", "apex/intraday-100k/evaluation/rithmic"),
        ("S03", "apex/intraday-100k/evaluation/tradovate"),
        ("S04", "topstep/100k/combine"),
        ("S05", "topstep/150k/xfa"),
        ("S08", "apex/legacy-static-100k/evaluation"),
        ("S09", "lucid/pro-100k-dll/evaluation"),
        ("S11", "lucid/pro-150k/evaluation"),
        ("S13", "tradeday/quick-intraday-100k/evaluation"),
    ],
)
def test_a_worked_example_has_the_terms_of_the_plan_that_it_names(example, name):
    cases = json.loads((Path(__file__).parent / "examples.json").read_text("utf-8"))
    wanted = msgspec.convert(next(case["params"] for case in cases if case["id"] == example), Terms)
    terms = plan_named(name).rules.terms()
    for field in ("start_balance", "drawdown", "mode", "lock", "compare", "payout_locks_floor"):
        assert getattr(terms, field) == getattr(wanted, field)
    assert (terms.dll is None) == (wanted.dll is None)
    if terms.dll and wanted.dll:
        assert (terms.dll.amount, terms.dll.soft) == (wanted.dll.amount, wanted.dll.soft)


def test_where_sources_differ_the_stricter_reading_stands_and_says_so():
    for name, key, value in (
        ("alpha/standard-100k/evaluation", "drawdown", D(3_000)),
        ("tradeify/growth-150k/funded", "dll", D(3_000)),
        ("fundednext/legacy-50k/funded", "drawdown", D(2_000)),
        ("apex/legacy-50k/evaluation/wealthcharts", "lock", None),
        ("mffu/rapid-50k/evaluation", "lock", None),
        ("bulenox/option1-50k/qualification", "lock", None),
    ):
        plan = plan_named(name)
        assert getattr(plan.rules, key) == value
        assert plan.facts[key].grade is Grade.UNCONFIRMED
        assert plan.facts[key].note
        assert key in plan.unconfirmed()


def test_an_uncertain_comparator_is_a_touch():
    below = [plan for plan in plans().values() if plan.rules.compare is Compare.BELOW]
    assert {plan.firm for plan in below} == {"mffu"}
    assert all(plan.facts["compare"].grade is Grade.A for plan in below)


def test_conduct_of_the_firms():
    assert plan_named("topstep/50k/xfa").rules.server is Permission.FORBIDDEN
    assert plan_named("topstep/50k/xfa").rules.automation is Automation.FIRM_API
    assert plan_named("topstep/50k/xfa").rules.flat_by == time(15, 10)
    assert plan_named("alpha/zero-50k/qualified").rules.automation is Automation.FORBIDDEN
    assert plan_named("lucid/daily-50k/funded").rules.news is News.FLAT
    assert plan_named("mffu/pro-50k/funded").rules.size_rule is SizeRule.EITHER
    assert plan_named("apex/eod-50k/pa").product == "eod"
    assert plan_named("tradeify/select-daily-50k/funded").product == "select-daily"
    assert plan_named("topstep/50k-dll/xfa").stage is Stage.FUNDED


def test_a_file_gives_its_plans():
    small, large = read(FILE, "acme.toml")
    assert (small.name, large.name) == ("acme/25k/trial", "acme/50k/trial")
    assert (small.rules.drawdown, large.rules.drawdown) == (1_000, D("2000.50"))
    assert (small.rules.lock, large.rules.lock) == (None, 50_100)
    assert (small.facts["drawdown"].grade, large.facts["drawdown"].grade) == (Grade.B, Grade.A)
    assert (large.facts["drawdown"].source, large.facts["drawdown"].date) == ("a page", date(2026, 10, 30))
    assert (small.grade(), large.grade()) == (Grade.B, Grade.A)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("lock = {", "lokc = {", 'the key "lokc" is unknown; did you mean "lock"?'),
        ('grade = ["B", "A"]', 'grade = "D"', "Invalid enum value 'D'"),
        ('grade = ["B", "A"]', 'grade = ["B"]', "write one grade, or as many as values"),
        ('grade = ["B", "A"], source = "page"', 'grade = "A"', "missing required field `source`"),
        ('grade = ["B", "A"], source = "page"', 'source = "page"', "missing required field `grade`"),
        ('grade = ["B", "A"], source = "page"', 'grade = "A", source = "pge"', "there is no source pge"),
        ("[1000, 2000.50]", "[1000]", "1 values for 2 sizes"),
        ("by_size = [1000, 2000.50]", "by_size = [1000, 2000], value = 3", "write either value or by_size"),
        ("[1000, 2000.50]", "[-1000, 2000]", "drawdown: write an amount above 0, not -1000"),
        ("[1000, 2000.50]", "[1000, nan]", "drawdown: write a number of at most"),
        ('"eod_balance"', '"eod"', "mode: Invalid enum value 'eod'"),
        ('"America/Chicago"', '"America/Chikago"', 'there is no time zone "America/Chikago"'),
        ('use = ["money"]', 'use = ["mony"]', "there is no set mony"),
        ('use = ["money"]', "", "missing required field"),
        ("checked = 2026-11-01", "", "missing required field `checked`"),
        ("date = 2026-10-30", 'date = 2026-10-30, x = "y"', "unknown field `x`"),
        ("sizes =", "sises =", "sises"),
        ('title = "Acme"', "title = Acme", "acme.toml: "),
    ],
)
def test_a_pack_tolerates_nothing(old, new, words):
    assert old in FILE
    with pytest.raises(ConfigError) as caught:
        read(FILE.replace(old, new), "acme.toml")
    assert words in str(caught.value)
    assert str(caught.value).startswith("acme.toml: ")
    assert len(str(caught.value).splitlines()) == 1


def test_an_account_overrides_any_value():
    plan = plan_named("apex/eod-50k/pa")
    own = overridden(
        plan,
        {"drawdown": D(1_500), "lock": "none", "flat_by": time(16, 0), "news": "flat", "ratios": {"SIL": 5}},
        TODAY,
    )
    assert (own.rules.drawdown, own.rules.lock, own.rules.news) == (1_500, None, News.FLAT)
    assert (own.rules.flat_by, own.rules.ratios) == (time(16), {"SIL": 5})
    assert (own.facts["drawdown"].grade, own.facts["drawdown"].date) == (Grade.OWN, TODAY)
    assert own.facts["mode"] == plan.facts["mode"]
    assert own.rules.terms().tiers == plan.rules.terms().tiers
    assert overridden(plan, {}, TODAY) is plan


def test_an_override_reads_the_same_from_the_file_and_from_the_journal():
    plan = plan_named("apex/eod-50k/pa")
    own = {"drawdown": D("1500.5"), "flat_by": time(16, 0), "tiers": [{"profit": 0, "minis": 1}]}
    again = msgspec.msgpack.decode(msgspec.msgpack.encode(own))
    assert overridden(plan, own, TODAY) == overridden(plan, again, TODAY)


def test_an_override_of_a_figure_takes_its_place_in_the_tiers():
    plan = plan_named("apex/eod-50k/pa")
    daily = overridden(plan, {"dll": D(600)}, TODAY).rules
    assert (daily.dll, daily.tiers[0]) == (600, Tier(profit=D(0), minis=D(2)))
    assert overridden(plan, {"dll": "none"}, TODAY).rules.terms().dll is None
    assert overridden(plan, {"minis": 1}, TODAY).rules.tiers[0] == Tier(profit=D(0), dll=D(1_000))
    tiers = [{"profit": 0, "minis": 1, "dll": 300}]
    assert overridden(plan, {"dll": 500, "tiers": tiers}, TODAY).rules.tiers[0].dll == 300


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"drawdwn": 5}, 'overrides: the key "drawdwn" is unknown; did you mean "drawdown"?'),
        ({"drawdown": "none"}, "overrides.drawdown: Invalid decimal string"),
        ({"drawdown": "x"}, "overrides.drawdown: Invalid decimal string"),
        ({"drawdown": 0}, "overrides: drawdown: write an amount above 0"),
        ({"dll_soft": "yes"}, "overrides.dll_soft: Expected `bool`, got `str`"),
        ({"mode": "EOD"}, "overrides.mode: Invalid enum value 'EOD'"),
        ({"zone": "Mars/Olympus"}, "overrides: zone: there is no time zone"),
    ],
)
def test_a_wrong_override_is_told(overrides, words):
    with pytest.raises(ConfigError) as caught:
        overridden(plan_named("apex/eod-50k/pa"), overrides, TODAY)
    assert str(caught.value).startswith(words)


def test_terms_carry_what_the_rules_say():
    rules = plan_named("lucid/pro-50k-dll/funded").rules
    loss = rules.terms().dll
    assert (loss.best_close_share, loss.best_close_from, loss.basis) == (D("0.6"), D(2_100), Basis.BALANCE)
    assert plan_named("apex/eod-50k/pa").rules.terms().dll.carries
    assert plan_named("apex/eod-50k/pa").rules.terms().mode is Trail.EOD_BALANCE
