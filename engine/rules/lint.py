"""Lint: what of a desk its firms would not like, before they notice."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from itertools import combinations

from engine.domain.contract import PRODUCTS, root_of
from engine.domain.group import AccountPlan, DeskPlan, Exact, FollowerPlan, GroupPlan, Multiplier
from engine.domain.ids import AccountId, ConnectionId, Symbol
from engine.domain.value import Value
from engine.errors import ConfigError
from engine.rules.own import OWN, planned
from engine.rules.plan import Automation, Bracket, Copying, CountBy, Permission, Plan, Stage

OLD_DAYS = 60
PROJECTX = "projectx"  # the broker plug-in that speaks the interface of firms with one of their own


class Level(StrEnum):
    """How bad a finding is."""

    ERROR = "error"  # forbidden, or not understood
    WARNING = "warning"  # will go wrong, or costs an account when it does
    NOTE = "note"  # to be confirmed or kept in mind


class Finding(Value, frozen=True):
    """One line, and what it is about."""

    level: Level
    about: str
    text: str


class Surroundings(Value, frozen=True):
    """What the desk itself does not say."""

    today: date
    brokers: Mapping[ConnectionId, str] = {}
    is_server: bool = False  # it runs, or will run, on a rented computer


Plans = Mapping[AccountId, Plan]


def lint(desk: DeskPlan, around: Surroundings) -> list[Finding]:
    """Check a desk against the plans that its accounts name; the worst first."""
    found: list[Finding] = []
    plans: dict[AccountId, Plan] = {}
    for account in desk.accounts:
        try:
            if account.plan:
                plans[account.id] = planned(account.plan, account.overrides, around.today)
            elif account.overrides:
                found.append(_say(Level.ERROR, account.id, "overrides need a plan; write its name as plan"))
            else:
                found.append(_say(Level.NOTE, account.id, "names no plan, so no firm rules are checked for it"))
        except ConfigError as error:
            found += [_say(Level.ERROR, account.id, line) for line in str(error).splitlines()]
    for account in desk.accounts:
        if account.id in plans:
            found += _conduct(account, plans[account.id], around)
    for group in desk.groups:
        for follower in group.followers:
            found += _pair(group, follower, plans)
    found += _counts(desk, plans)
    found += _opposites(desk, plans)
    found += _elsewhere(plans)
    found += _ages(plans, around.today)
    order = list(Level)
    return sorted(dict.fromkeys(found), key=lambda finding: order.index(finding.level))


def _say(level: Level, about: str, text: str) -> Finding:
    return Finding(level=level, about=about, text=text)


def _conduct(account: AccountPlan, plan: Plan, around: Surroundings) -> Iterator[Finding]:
    rules, who = plan.rules, account.id
    broker = around.brokers.get(account.connection, "")
    match rules.automation:
        case Automation.FORBIDDEN:
            level = Level.ERROR if rules.copying is Copying.FORBIDDEN else Level.WARNING
            yield _say(level, who, f"{plan.firm} forbids bots: every order of its leader must be entered by hand")
        case Automation.PLATFORM:
            yield _say(Level.ERROR, who, f"{plan.firm} takes only its platforms' own automation, no other program")
        case Automation.FIRM_API if broker != PROJECTX:
            have = f"this login speaks {broker}" if broker else "its login's broker is not known here"
            yield _say(
                Level.ERROR if broker else Level.WARNING, who, f"{plan.firm} takes programs only by its own API; {have}"
            )
        case Automation.UNKNOWN:
            yield _say(Level.WARNING, who, f"what {plan.firm} says of programs was not found: ask before copying")
        case _:
            pass
    match rules.copying:
        case Copying.NAMED_TOOLS:
            yield _say(Level.ERROR, who, f"{plan.firm} takes copies from the tools that it names; this is none of them")
        case Copying.FORBIDDEN:
            yield _say(Level.ERROR, who, f"{plan.firm} forbids copying between accounts")
        case Copying.UNKNOWN:
            yield _say(Level.WARNING, who, f"what {plan.firm} says of copying between own accounts was not found: ask")
        case _:
            pass
    if rules.server is Permission.FORBIDDEN:
        unsure = " (UNCONFIRMED)" if "server" in plan.unconfirmed() else ""
        text = f"{plan.firm} forbids orders from a server{unsure}: run Lockstep on the trader's own computer"
        yield _say(Level.ERROR if around.is_server else Level.NOTE, who, text)
    elif rules.server is Permission.UNKNOWN and around.is_server:
        yield _say(Level.WARNING, who, f"whether {plan.firm} allows a server was not found: ask")
    waiting = plan.unconfirmed()
    if waiting:
        yield _say(Level.NOTE, who, f"UNCONFIRMED, the stricter reading stands: {', '.join(waiting)}")


def _pair(group: GroupPlan, follower: FollowerPlan, plans: Plans) -> Iterator[Finding]:
    own, who = plans.get(follower.account), follower.account
    if own is not None and own.rules.bracket is Bracket.REQUIRED and follower.bracket is None:
        yield _say(
            Level.WARNING,
            who,
            f"{own.firm} wants a protective order with each position: give it a bracket {{ stop_ticks, target_ticks }}",
        )
    leading = plans.get(group.leader)
    ratio = _ratio(follower)
    if own is None or leading is None or ratio is None:
        return
    for word, larger, smaller in (
        ("may hold", most_minis(leading), most_minis(own)),
        ("may lose in all", leading.rules.drawdown, own.rules.drawdown),
        ("may lose in a day", leading.rules.dll, own.rules.dll),
    ):
        if smaller is None or (larger is None and word != "may lose in a day"):
            continue
        if larger is None or larger * ratio > smaller:
            limit = "without limit" if larger is None else f"{larger:,}"
            unit = " minis" if word == "may hold" else ""
            yield _say(
                Level.WARNING,
                who,
                f"the leader has the larger limit: {group.leader} {word} {limit}{unit}, at {ratio:f}x {who} only "
                f"{smaller:,}{unit}",
            )


def _ratio(follower: FollowerPlan) -> Decimal | None:
    match follower.sizing:
        case Exact():
            return Decimal(1)
        case Multiplier(ratio=ratio):
            return ratio
        case _:
            return None


def most_minis(plan: Plan) -> Decimal | None:
    """Contracts that a plan allows at its best, in minis; None where it does not say."""
    steps = [tier.minis for tier in plan.rules.tiers if tier.minis is not None]
    return max(steps) if steps else plan.rules.minis


def _counts(desk: DeskPlan, plans: Plans) -> Iterator[Finding]:
    sets: dict[tuple[str, ...], list[Plan]] = defaultdict(list)
    for account in desk.accounts:
        plan = plans.get(account.id)
        if plan is not None:
            product = (plan.product,) if plan.rules.count_by is CountBy.PRODUCT else ()
            sets[(plan.firm, account.owner, *product)].append(plan)
    for key, mine in sets.items():
        firm, owner = key[:2]
        funded = [plan for plan in mine if plan.stage is Stage.FUNDED]
        trying = [plan for plan in mine if plan.stage is Stage.EVALUATION]
        for kind, some, caps in (
            ("funded accounts", funded, [plan.rules.max_funded for plan in funded]),
            ("evaluations", trying, [plan.rules.max_evaluations for plan in trying]),
            ("accounts", mine, [plan.rules.max_accounts for plan in mine]),
        ):
            known = [cap for cap in caps if cap is not None]
            if known and len(some) > min(known):
                name = " ".join((firm, *key[2:]))
                yield _say(Level.ERROR, owner, f"{len(some)} {kind} at {name}, over its cap of {min(known)}")


def _opposites(desk: DeskPlan, plans: Plans) -> Iterator[Finding]:
    owners = {account.id: account.owner for account in desk.accounts}
    for one, other in combinations(desk.groups, 2):
        if one.leader == other.leader:
            continue
        shared = _families(one) & _families(other) if one.roots and other.roots else _families(one) | _families(other)
        if one.roots and other.roots and not shared:
            continue
        firms = _sides(one, plans, owners) & _sides(other, plans, owners)
        for firm, owner in sorted(firms):
            what = ", ".join(sorted(shared)) or "any product"
            yield _say(
                Level.WARNING,
                f"{one.id}, {other.id}",
                f"{owner}'s {firm} accounts follow two leaders in {what}: opposite positions are a breach there; "
                "give both groups one leader, or products of their own",
            )


def _families(group: GroupPlan) -> set[str]:
    """Products of a group, each micro under its mini."""
    return {_family(root) for root in group.roots}


def _family(root: str) -> str:
    product = PRODUCTS.get(root_of(Symbol(root)))
    return product.mini or product.root if product else root


def _sides(group: GroupPlan, plans: Plans, owners: Mapping[AccountId, str]) -> set[tuple[str, str]]:
    """Firm and owner of the accounts of a group that may not be opposed."""
    members = [group.leader, *(follower.account for follower in group.followers)]
    return {
        (plans[member].firm, owners[member])
        for member in members
        if member in plans and plans[member].rules.hedging is not Permission.ALLOWED
    }


def _elsewhere(plans: Plans) -> Iterator[Finding]:
    firms = {plan.firm for plan in plans.values()} - {OWN}
    for account, plan in plans.items():
        others = sorted(firms - {plan.firm})
        if others and plan.rules.bot_elsewhere is Permission.FORBIDDEN:
            text = f"{plan.firm} does not want the same program at other firms; this desk has {', '.join(others)} too"
            yield _say(Level.WARNING, account, text)


def _ages(plans: Plans, today: date) -> Iterator[Finding]:
    for firm, checked in sorted({(plan.firm, plan.checked) for plan in plans.values()}):
        age = (today - checked).days
        if age > OLD_DAYS:
            yield _say(
                Level.WARNING,
                firm,
                f"its rules were checked {checked}, {age} days ago: compare them with the firm's pages and override "
                "what changed",
            )
