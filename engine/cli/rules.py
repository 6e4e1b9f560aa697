"""``lockstep rules``: firm rules listed, shown, replayed, and held against a desk."""

import argparse
import os
import tomllib
from collections import UserDict
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import msgspec

from engine.cli.command import Command, desk_argument, show
from engine.config import find, home, load
from engine.domain.drawdown import BarSeen, FloorTold, PaidOut
from engine.domain.terms import Tier
from engine.rules.lint import Level, Surroundings, lint
from engine.rules.own import EXAMPLE, NEEDED, OWN, planned
from engine.rules.pack import plan_named, plans
from engine.rules.plan import Plan
from engine.rules.replay import Replayed, Step, encode, plain, replay_file

DASH = "-"


class _Unasked(UserDict[str, str]):
    """An environment in which every secret is set: what a firm allows can be told without one."""

    def __contains__(self, _key: object) -> bool:
        return True

    def __missing__(self, _key: str) -> str:
        return "unasked"


def run(options: argparse.Namespace) -> int:
    """Run one of the words below ``rules``."""
    code: int = options.word(options)
    return code


def show_list(options: argparse.Namespace) -> int:
    """Print every plan with the figures that make its floor."""
    wanted: str = options.filter
    rows = [("plan", "start", "drawdown", "trails", "lock", "day limit", "grade", "checked")]
    for name, plan in plans().items():
        if wanted in name:
            rules = plan.rules
            daily = " to ".join(map(_money, _ends([tier.dll for tier in rules.tiers] + [rules.dll]))) or DASH
            rows.append(
                (
                    name,
                    _money(rules.start_balance),
                    _money(rules.drawdown),
                    rules.mode,
                    _money(rules.lock),
                    daily,
                    plan.grade(),
                    str(plan.checked),
                )
            )
    _table(rows)
    show()
    show(
        f"{len(rows) - 1} plans. The grade is of start, drawdown, trailing and lock; `lockstep rules show PLAN` has all."
    )
    return 0


def show_plan(options: argparse.Namespace) -> int:
    """Print every value of a plan with its grade, date and source."""
    if options.plan == OWN:
        return show_own()
    plan = plan_named(options.plan)
    show(f"{plan.name}: {plan.title}, {plan.stage}; checked {plan.checked}")
    show()
    facts = [(key, text, plan.facts[key]) for key, text in _values(plan)]
    sources = list(dict.fromkeys((fact.source, fact.date) for _, _, fact in facts))
    rows = [("value", "", "grade", "source", "")]
    for key, text, fact in facts:
        number = sources.index((fact.source, fact.date)) + 1
        rows.append((key, text, fact.grade, f"[{number}] {fact.date}", fact.note))
    _table(rows)
    for tier in plan.rules.tiers:
        show(f"  tier {_tier(tier)}")
    show()
    for number, (source, day) in enumerate(sources, 1):
        show(f"[{number}] {source}, {day}")
    if plan.note:
        show()
        show(plan.note)
    show()
    show(f'In desk.toml: plan = "{plan.name}", and overrides = {{ ... }} for what is otherwise on your account.')
    return 0


def show_own() -> int:
    """Print what an account without a firm's plan must say itself, and what counts where it says nothing."""
    show("own: a plan of your own figures, for an account without a firm; all of it stands in `overrides`")
    show()
    given = planned(OWN, tomllib.loads(EXAMPLE, parse_float=Decimal)["overrides"])
    rows = [("value", "", "")]
    rows += [(key, "you must write it", what) for key, what in NEEDED.items()]
    rows += [(key, text, "where you write nothing") for key, text in _values(given) if key not in NEEDED]
    _table(rows)
    show()
    show(f'In desk.toml: plan = "{OWN}"')
    show(EXAMPLE)
    return 0


def show_replay(options: argparse.Namespace) -> int:
    """Replay a file of cases; a table, or JSON."""
    done = replay_file(options.file, _today())
    if options.json:
        show(encode([one.result for one in done]))
        return 0
    for one in done:
        _case(one)
    show(f"{len(done)} cases, {sum(one.result.breach is not None for one in done)} of them breached.")
    return 0


def show_lint(options: argparse.Namespace) -> int:
    """Print what a desk's firms would not like; 1 where something is forbidden."""
    settings = load(options.desk or find(), env=_Unasked(os.environ), home=home())
    around = Surroundings(
        today=_today(),
        brokers={connection.id: connection.broker for connection in settings.connections},
        is_server=options.server,
    )
    found = lint(settings.desk, around)
    rows = [(finding.level.value, finding.about, finding.text) for finding in found]
    _table(rows)
    count = {level: sum(finding.level is level for finding in found) for level in Level}
    words = ", ".join(f"{number} {level}{'s' * (number != 1)}" for level, number in count.items() if number)
    show(f"{settings.path.name}: {words or 'nothing to say'}.")
    return 1 if count[Level.ERROR] else 0


def _today() -> date:
    return datetime.now(UTC).date()


def _case(one: Replayed) -> None:
    title = f"{one.case.id}: {one.case.plan}" if one.case.plan else str(one.case.id)
    show(title)
    rows = [("#", "event", "balance", "equity", "peak", "floor", "day line", "state")]
    for number, step in enumerate(one.steps, 1):
        rows.append(
            (
                str(number),
                _event(step),
                _money(step.balance),
                _money(step.equity),
                _money(step.peak),
                _money(step.floor),
                _money(step.line),
                step.standing,
            )
        )
    _table(rows, right=range(2, 7))
    for word, hit in (("soft", one.result.soft), ("breach", one.result.breach)):
        if hit is not None:
            show(f"{word}: step {hit[0]}, {hit[1]} at {_money(hit[2])}")
    show()


def _event(step: Step) -> str:
    mark = step.mark
    name = str(mark.__struct_config__.tag)
    match mark:
        case PaidOut():
            return f"{name} {_money(mark.amount)}"
        case BarSeen():
            return f"{name} {_money(mark.high)} / {_money(mark.low)}"
        case FloorTold():
            return f"{name} {_money(mark.floor)}"
        case _:
            return name


def _values(plan: Plan) -> list[tuple[str, str]]:
    values = msgspec.structs.asdict(plan.rules)
    return [(key, _text(values[key])) for key in values if key in plan.facts]


def _text(value: object) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
        case Decimal() | int():
            return _money(value)
        case tuple():
            return f"{len(value)}, below" if value else "none"
        case dict():
            return ", ".join(f"{key} {item}" for key, item in value.items())
        case _:
            return str(value)


def _tier(tier: Tier) -> str:
    minis = [f"{plain(tier.minis)} minis"] if tier.minis is not None else []
    daily = [f"day {_money(tier.dll)}"] if tier.dll is not None else []
    return f"from {_money(tier.profit)}: {', '.join(minis + daily)}"


def _money(value: Decimal | int | None) -> str:
    return DASH if value is None else f"{plain(Decimal(value)):,}"


def _ends(values: Sequence[Decimal | None]) -> list[Decimal]:
    """Smallest and largest of what there is; one where they are the same."""
    known = [value for value in values if value is not None]
    return sorted({min(known), max(known)}) if known else []


def _table(rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> None:
    """Print rows in columns; the last one runs on."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))] if rows else []
    for row in rows:
        cells = [
            text.rjust(width) if column in right else text.ljust(width)
            for column, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        show("  ".join(cells).rstrip())


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    words = parser.add_subparsers(metavar="WORD", required=True)
    listing = words.add_parser("list", help="all plans of all firms")
    listing.add_argument("filter", nargs="?", default="", metavar="TEXT", help="only names that hold this text")
    listing.set_defaults(word=show_list)
    one = words.add_parser("show", help="one plan, each value with grade, date and source")
    one.add_argument("plan", metavar="PLAN", help="for example apex/eod-50k/evaluation/tradovate")
    one.set_defaults(word=show_plan)
    replay = words.add_parser("replay", help="take cases of marks through the drawdown ledger")
    replay.add_argument("file", type=Path, metavar="FILE", help="JSON list of cases; docs/rules.md has the format")
    replay.add_argument("--json", action="store_true", help="print JSON in place of tables")
    replay.set_defaults(word=show_replay)
    check = words.add_parser("lint", help="hold desk.toml against the rules of its firms")
    desk_argument(check)
    check.add_argument("--server", action="store_true", help="it runs on a rented computer")
    check.set_defaults(word=show_lint)


COMMAND = Command(name="rules", summary="Firm rules: list, show, replay, lint", arguments=arguments, run=run)
