"""``lockstep guard``: what the guard would have done to a leader's past entries, and how often that is a false alarm."""

import argparse
import tomllib
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from engine.cli.command import Command, desk_argument, show
from engine.cli.history import History, Restated, from_csv, from_journal
from engine.config import home
from engine.domain.contract import root_of
from engine.domain.guard import Hold, Move, Pass, Refuse, explain
from engine.domain.guardplan import GuardPlan, Rate, Rule, faults
from engine.domain.held import LeaderGuard
from engine.domain.ids import AccountId
from engine.domain.profile import ProfilePlan, times
from engine.errors import ConfigError

TRIAL = GuardPlan(
    max_away_ticks=40,
    burst=Rate(count=5, seconds=10),
    flips=Rate(count=3, seconds=60),
    profile=ProfilePlan(),
)
"""Rules of a trial run without ``--rules``."""

SHOWN = 10
_RANK = {"passed": 0, "held": 1, "refused": 2}


class Judged(NamedTuple):
    """One entering order of the leader and the gravest verdict on its parts."""

    at: datetime
    symbol: str
    quantity: int
    word: str  # passed, held, refused
    score: int
    rules: tuple[Rule, ...]
    words: str
    is_known: bool  # the profile knew sizes in this product


def run(options: argparse.Namespace) -> int:
    """Report on each leader of the history."""
    plan = _rules(options.rules) if options.rules else TRIAL
    if options.days is not None and options.days < 1:
        raise ConfigError("--days: write a number of days above 0")
    if options.csv:
        histories = {AccountId(options.leader or options.csv.name): from_csv(options.csv)}
    else:
        histories = from_journal(options.home or home(), options.desk)
        if options.leader:
            histories = {name: steps for name, steps in histories.items() if name == options.leader}
    if not histories:
        raise ConfigError(f"no leader {options.leader or ''} has traded in this history".replace("  ", " "))
    for number, (name, history) in enumerate(histories.items()):
        if number:
            show()
        _report(name, rehearse(name, history, plan), plan, options)
    return 0


def rehearse(name: AccountId, history: History, plan: GuardPlan) -> list[Judged]:
    """Take a history through the guard. What it holds is approved at once, as a person does who knows it was meant."""
    guard = LeaderGuard(name)
    found: dict[str, Judged] = {}
    for step in history:
        if isinstance(step, Restated):
            guard.moved(step.symbol, step.net, step.at)
            continue
        habit = guard.profile.habits.get(root_of(step.symbol))
        least = plan.profile.least if plan.profile else 0
        is_known = habit is not None and len(habit.orders.values) >= least
        judged = _judge(guard, step, plan, is_known=is_known)
        if judged is None:
            continue
        for held in guard.waiting:
            guard.approve(held.id, step.at, "rehearsal")
        before = found.get(step.order)
        found[step.order] = judged if before is None else _graver(before, judged)
    return list(found.values())


def _judge(guard: LeaderGuard, step: Move, plan: GuardPlan, *, is_known: bool) -> Judged | None:
    verdict = guard.fold(step, plan)
    match verdict:
        case None:
            return None
        case Pass():
            word, rules = "passed", ()
        case Hold(rules=rules):
            word = "held"
        case Refuse(rules=rules):
            word = "refused"
    return Judged(step.at, step.symbol, step.rise, word, verdict.score, rules, explain(verdict), is_known)


def _graver(before: Judged, part: Judged) -> Judged:
    worse = max(before, part, key=lambda one: (_RANK[one.word], one.score))
    return worse._replace(at=before.at, quantity=before.quantity + part.quantity, is_known=before.is_known)


# ---- the report ----------------------------------------------------------------------------------------------------


def _report(name: str, judged: list[Judged], plan: GuardPlan, options: argparse.Namespace) -> None:
    if not judged:
        show(f"{name}: no entries.")
        return
    newest = judged[-1].at
    if options.days is not None:
        judged = [one for one in judged if one.at > newest - timedelta(days=options.days)]
    zone = ZoneInfo(plan.zone)
    first, last = judged[0].at.astimezone(zone), newest.astimezone(zone)
    count, rules = len(judged), options.rules.name if options.rules else "the trial rules"
    show(f"{name}: {count} {_plural('entry', count)}, {first:%Y-%m-%d} to {last:%Y-%m-%d}, by {rules}")
    if plan.profile is not None:
        known = sum(one.is_known for one in judged)
        show(f"The profile knew his sizes in {known} of them; before that it says nothing about size.")
    show()
    words = Counter(one.word for one in judged)
    for word in _RANK:
        show(f"  {word:<8} {words[word]:>6}  {_share(words[word], count):>6} %")
    show()
    _alarms(count - words["passed"], count, (last.date() - first.date()).days + 1)
    _by_rule(judged)
    _unusual(judged, zone, plan.zone)


def _alarms(alarms: int, count: int, days: int) -> None:
    if not alarms:
        show("No false alarm.")
        return
    week = (Decimal(alarms) * 7 / days).quantize(Decimal("0.1"))
    text = f", about {week} a week" if days >= 7 else ""
    show(f"If all of them were meant: {alarms} false {_plural('alarm', alarms)}, 1 in {count // alarms} entries{text}.")


def _by_rule(judged: list[Judged]) -> None:
    rows = [
        (rule.value, sum(rule in one.rules for one in judged), sum(one.rules == (rule,) for one in judged))
        for rule in Rule
    ]
    found = [row for row in rows if row[1]]
    if found:
        show()
        show("  rule           stopped  by it alone")
    for rule, stopped, alone in found:
        show(f"  {rule:<13} {stopped:>8} {alone:>12}")


def _unusual(judged: list[Judged], zone: ZoneInfo, name: str) -> None:
    odd = [one for one in judged if one.score or one.word != "passed"]
    odd.sort(key=lambda one: (-_RANK[one.word], -one.score, one.at))
    if not odd:
        return
    show()
    show(f"The most unusual entries (times in {name}; score 1 is his usual most):")
    for one in odd[:SHOWN]:
        local = one.at.astimezone(zone)
        text = f"{one.quantity:+d} {one.symbol}"
        score = times(one.score) if one.score else "-"
        show(f"  {local:%a %Y-%m-%d %H:%M:%S}  {text:<9}  {score:>5}  {one.word:<8} {one.words}")


def _share(part: int, whole: int) -> Decimal:
    return (Decimal(100) * part / whole).quantize(Decimal("0.1"))


def _plural(word: str, count: int) -> str:
    return word if count == 1 else word[:-1] + "ies" if word.endswith("y") else word + "s"


# ---- rules ---------------------------------------------------------------------------------------------------------


def _rules(path: Path) -> GuardPlan:
    """Rules from a TOML file: the keys of a ``[guard]`` table, with or without its head.

    Raises: ConfigError.
    """
    try:
        table: dict[str, Any] = tomllib.loads(path.read_text("utf-8"), parse_float=Decimal)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path.name}: {error}") from error
    try:
        plan = msgspec.convert(table.get("guard", table), GuardPlan)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{path.name}: {error}; docs/guard.md has the keys") from error
    wrong: Sequence[str] = faults(plan)
    if wrong:
        raise ConfigError("\n".join(f"{path.name}: {line}" for line in wrong))
    return plan


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument("--days", type=int, metavar="N", help="report on the last N days; all before them only teach")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="a file of fills in place of the journal")
    parser.add_argument("--rules", type=Path, metavar="FILE", help="TOML file with a [guard] table; docs/guard.md")
    parser.add_argument("--leader", metavar="ID", help="one leader only")
    parser.add_argument(
        "--home", type=Path, metavar="DIR", help="data directory (LOCKSTEP_HOME or this system's place)"
    )
    desk_argument(parser)


COMMAND = Command(
    name="guard", summary="How often the leader guard would have stopped past entries", arguments=arguments, run=run
)
