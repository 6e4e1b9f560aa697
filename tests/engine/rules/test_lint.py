"""Lint: for each of its checks a desk that fails it and one that passes."""

from datetime import date
from decimal import Decimal

import pytest

from engine.domain.group import (
    AccountPlan,
    Bracket,
    DeskPlan,
    Exact,
    Fixed,
    FollowerPlan,
    GroupPlan,
    Multiplier,
)
from engine.rules.lint import Level, Surroundings, lint

EARLY = date(2026, 10, 5)
BRACKET = Bracket(stop_ticks=40, target_ticks=80)
COMBINE = "topstep/50k/combine"


def account(name, plan="", login="one", owner="me", **overrides) -> AccountPlan:
    return AccountPlan(id=name, connection=login, name=f"DEMO-{name}", owner=owner, plan=plan, overrides=overrides)


def follower(name, sizing=None, bracket=BRACKET) -> FollowerPlan:
    return FollowerPlan(account=name, sizing=sizing or Exact(), bracket=bracket)


def group(name, leader, *followers, roots=()) -> GroupPlan:
    return GroupPlan(id=name, leader=leader, followers=followers, roots=roots)


def told(accounts, groups=(), level=None, today=EARLY, **around) -> list[str]:
    found = lint(DeskPlan(accounts=tuple(accounts), groups=tuple(groups)), Surroundings(today=today, **around))
    return [f"{finding.about}: {finding.text}" for finding in found if level is None or finding.level is level]


def larger(accounts, groups) -> list[str]:
    return [line for line in told(accounts, groups, Level.WARNING) if "larger limit" in line]


def test_an_account_without_a_plan_is_a_note():
    assert told([account("A")]) == ["A: names no plan, so no firm rules are checked for it"]
    assert "overrides need a plan" in told([account("A", drawdown=5)], level=Level.ERROR)[0]


def test_a_plan_that_is_not_there_and_an_override_that_is_none():
    assert 'there is no plan "apex/50k"' in told([account("A", "apex/50k")], level=Level.ERROR)[0]
    wrong = told([account("A", "apex/eod-50k/pa", drawdwn=5, lokc=4)], level=Level.ERROR)
    assert [line.split(";")[0] for line in wrong] == [
        'A: overrides: the key "drawdwn" is unknown',
        'A: overrides: the key "lokc" is unknown',
    ]


def test_the_leader_has_the_larger_limit():
    accounts = [
        account("BIG", "apex/eod-100k/evaluation/tradovate"),
        account("SMALL", "apex/eod-50k/evaluation/tradovate"),
    ]
    assert larger(accounts, [group("G", "BIG", follower("SMALL"))]) == [
        "SMALL: the leader has the larger limit: BIG may hold 8 minis, at 1x SMALL only 6 minis",
        "SMALL: the leader has the larger limit: BIG may lose in all 3,000, at 1x SMALL only 2,000",
        "SMALL: the leader has the larger limit: BIG may lose in a day 1,500, at 1x SMALL only 1,000",
    ]
    half = follower("SMALL", Multiplier(ratio=Decimal("0.5")))
    assert larger(accounts, [group("G", "BIG", half)]) == []
    assert larger(accounts, [group("G", "BIG", follower("SMALL", Fixed(contracts=1)))]) == []


def test_a_leader_without_a_daily_limit_has_the_larger_one():
    accounts = [account("FREE", COMBINE), account("DLL", "topstep/50k-dll/combine")]
    lines = told(accounts, [group("G", "FREE", follower("DLL"))], Level.WARNING, brokers={"one": "projectx"})
    assert lines == ["DLL: the leader has the larger limit: FREE may lose in a day without limit, at 1x DLL only 1,000"]


@pytest.mark.parametrize(
    ("plan", "level", "words"),
    [
        ("apex/eod-50k/pa", Level.WARNING, "forbids bots: every order of its leader must be entered by hand"),
        ("alpha/zero-50k/evaluation", Level.WARNING, "forbids bots"),
        ("tpt/50k/test", Level.ERROR, "takes copies from the tools that it names"),
        ("tradeday/fast-eod-50k/funded", Level.ERROR, "takes only its platforms' own automation"),
        ("fundednext/rapid-50k/funded", Level.WARNING, "of copying between own accounts was not found"),
        ("fundednext/rapid-50k/funded", Level.WARNING, "of programs was not found"),
        (COMBINE, Level.ERROR, "only by its own API; this login speaks tradovate"),
    ],
)
def test_a_firm_that_forbids_automation(plan, level, words):
    lines = told([account("A", plan)], level=level, brokers={"one": "tradovate"})
    assert any(words in line for line in lines)


def test_the_firms_own_api_is_fine():
    assert told([account("A", COMBINE)], level=Level.ERROR, brokers={"one": "projectx"}) == []
    assert "is not known here" in told([account("A", COMBINE)], level=Level.WARNING)[0]


def test_lucid_has_nothing_against_copying():
    assert told([account("A", "lucid/flex-50k/evaluation")], level=Level.ERROR) == []
    assert told([account("A", "lucid/flex-50k/evaluation")], level=Level.WARNING) == []


def test_a_firm_that_forbids_a_server():
    desk = [account("A", COMBINE)]
    text = "A: topstep forbids orders from a server: run Lockstep on the trader's own computer"
    assert text in told(desk, level=Level.NOTE)
    assert text in told(desk, level=Level.ERROR, is_server=True)
    unknown = [account("A", "lucid/flex-50k/evaluation")]
    assert told(unknown, level=Level.WARNING, is_server=True) == ["A: whether lucid allows a server was not found: ask"]


def test_a_bracket_where_the_firm_wants_one():
    accounts = [account("L"), account("A", "apex/eod-50k/pa")]
    bare = told(accounts, [group("G", "L", follower("A", bracket=None))], Level.WARNING)
    assert any("wants a protective order with each position" in line for line in bare)
    dressed = told(accounts, [group("G", "L", follower("A"))], Level.WARNING)
    assert not any("protective order" in line for line in dressed)


def test_more_accounts_than_the_firm_takes():
    six = [account(f"A{n}", "lucid/flex-50k/funded") for n in range(6)]
    assert told(six, level=Level.ERROR) == ["me: 6 funded accounts at lucid, over its cap of 5"]
    assert told(six[:5], level=Level.ERROR) == []
    shared = [*six[:5], account("B", "lucid/flex-50k/funded", owner="you")]
    assert told(shared, level=Level.ERROR) == []
    both = six[:4] + [account(f"E{n}", "lucid/pro-50k/evaluation") for n in range(7)]
    assert told(both, level=Level.ERROR) == ["me: 11 accounts at lucid, over its cap of 10"]


def test_a_cap_by_plan():
    four = [account(f"A{n}", "alpha/advanced-50k/qualified") for n in range(4)]
    assert told(four, level=Level.ERROR) == ["me: 4 funded accounts at alpha advanced, over its cap of 3"]
    mixed = four[:3] + [account(f"Z{n}", "alpha/zero-50k/qualified") for n in range(5)]
    assert told(mixed, level=Level.ERROR) == []


def test_the_smallest_cap_of_a_mix_holds():
    mix = [account(f"A{n}", "mffu/rapid-50k/funded") for n in range(3)] + [account("B", "mffu/rapid-100k/funded")]
    assert told(mix, level=Level.ERROR) == ["me: 4 funded accounts at mffu, over its cap of 3"]


def test_two_leaders_in_one_product():
    accounts = [
        account("L1"),
        account("L2"),
        account("A", "lucid/flex-50k/funded"),
        account("B", "lucid/pro-50k/funded"),
    ]

    def lines(one, other):
        groups = [group("G1", "L1", follower("A"), roots=one), group("G2", "L2", follower("B"), roots=other)]
        return told(accounts, groups, Level.WARNING)

    (line,) = lines(("NQ", "ES"), ("MNQ",))
    assert line.startswith("G1, G2: me's lucid accounts follow two leaders in NQ: opposite positions are a breach")
    assert "in any product" in lines((), ())[0]
    assert "in NQ" in lines((), ("NQ",))[0]
    assert lines(("NQ",), ("GC",)) == []
    one_leader = [group("G1", "L1", follower("A")), group("G2", "L1", follower("B"))]
    assert told(accounts, one_leader, Level.WARNING) == []
    apart = [*accounts[:3], account("B", "lucid/pro-50k/funded", owner="you")]
    groups = [group("G1", "L1", follower("A")), group("G2", "L2", follower("B"))]
    assert told(apart, groups, Level.WARNING) == []


def test_the_same_program_at_another_firm():
    accounts = [account("A", "tradeify/growth-50k/funded"), account("B", "lucid/flex-50k/funded")]
    assert told(accounts, level=Level.WARNING) == [
        "A: tradeify does not want the same program at other firms; this desk has lucid too"
    ]
    assert told(accounts[:1], level=Level.WARNING) == []


def test_rules_older_than_sixty_days():
    desk = [account("A", "lucid/flex-50k/funded"), account("B", "lucid/pro-50k/funded")]
    assert told(desk, level=Level.WARNING, today=date(2026, 12, 3)) == []
    assert told(desk, level=Level.WARNING, today=date(2026, 12, 4)) == [
        "lucid: its rules were checked 2026-10-04, 61 days ago: compare them with the firm's pages and override what changed"
    ]


def test_what_nobody_confirmed_is_named_until_it_is_overridden():
    (line,) = [line for line in told([account("A", "lucid/pro-25k-dll/evaluation")]) if "UNCONFIRMED" in line]
    assert line == "A: UNCONFIRMED, the stricter reading stands: cut_off, server, dll"
    confirmed = account("A", "lucid/pro-25k-dll/evaluation", dll=600, cut_off="16:45:00", server="allowed")
    assert told([confirmed]) == []


def test_the_worst_comes_first():
    desk = [account("A", "tpt/50k/test"), account("B"), account("C", "nowhere")]
    found = lint(DeskPlan(accounts=tuple(desk), groups=()), Surroundings(today=date(2027, 1, 1)))
    levels = [finding.level for finding in found]
    assert levels == sorted(levels, key=list(Level).index)
    assert {Level.ERROR, Level.WARNING, Level.NOTE} == set(levels)
