"""Parting: a relationship that has lost too much is told, narrowed or stopped, on its own account alone."""

from datetime import datetime
from decimal import Decimal

from engine.domain.bond import Bond, Parting
from engine.domain.command import On, Resume
from engine.domain.copier import Copier
from engine.domain.decision import Decision, Severity
from engine.domain.event import PersonActed
from engine.domain.group import FollowerPlan
from engine.domain.hold import Hold, Task
from engine.domain.ids import Symbol
from engine.domain.sizing import Quotes, mark_of
from engine.domain.task import flatten
from engine.domain.terms import ZERO

RELATIONSHIP = "relationship"  # who holds an account whose copies have lost too much
HELD = frozenset({RELATIONSHIP, "pool"})
_WORDS = {
    Parting.CLOSE_ONLY: "closing only",
    Parting.FLATTEN: "flattening",
    Parting.STOP: "off until a person turns it on",
}


def keep(copier: Copier, plan: FollowerPlan, *, is_pooled: bool) -> None:
    """Put the settings of a relationship in force; what it has earned so far stays."""
    if plan.relationship is None and not is_pooled:
        copier.bond = None
        return
    if copier.bond is None:
        copier.bond = Bond()
        for lane in copier.lanes.values():
            if lane.held:
                copier.bond.adopt(lane.symbol, lane.held, lane.cost.average)
    copier.bond.plan = plan.relationship


def marks_of(bond: Bond, quotes: Quotes) -> dict[Symbol, Decimal | None]:
    """Newest prices of what the copies hold."""
    return {symbol: mark_of(quotes, symbol) for symbol, net in bond.nets.items() if net}


def settle(copier: Copier, quotes: Quotes) -> None:
    """Take in what a snapshot has told."""
    if copier.bond is not None:
        for lane in copier.lanes.values():
            price = mark_of(quotes, lane.symbol) or lane.cost.average or None
            copier.bond.settle(lane.symbol, lane.held, price, is_ours=not lane.barred.startswith("desync"))


def look(copier: Copier, quotes: Quotes, at: datetime, out: list[Decision]) -> None:
    """Mark one relationship; call it after every fact that may have moved its money."""
    bond = copier.bond
    earned = bond.earned(marks_of(bond, quotes)) if bond is not None else None
    if bond is None or earned is None:
        return  # without a price nothing is known, and silence marks nothing
    if bond.base is None:
        bond.begin(at, earned)
    result = earned - (bond.base or ZERO)
    bond.peak = max(bond.peak, result)
    plan = bond.plan
    if plan is None or bond.has_acted:
        return
    lost = (bond.peak if plan.high_water else ZERO) - result
    since = " from its best" if plan.high_water else ""
    words = f"copies of its leader have lost {lost:.2f}{since}, {plan.max_loss:.2f} allowed"
    if lost >= plan.max_loss:
        bond.has_acted, bond.acts = True, bond.acts + 1
        stop(copier, RELATIONSHIP, f"relation:{copier.account}:{bond.acts}", words, plan.actions, at, out)
        return
    steps = sum(lost >= step * plan.max_loss for step in plan.warn_at)
    if steps > bond.told:
        out.append(copier.tell("rel.warn", Severity.P3, f"{copier.account}: {words}"))
    bond.told = max(bond.told, steps)


def stop(
    copier: Copier,
    by: str,
    key: str,
    words: str,
    actions: tuple[Parting, ...],
    at: datetime,
    out: list[Decision],
    until: datetime | None = None,
) -> None:
    """Carry out what a loss asks for on one account, once people have been told why."""
    acts = ", ".join(_WORDS[action] for action in actions if action in _WORDS) or "told only"
    severity = Severity.P2 if acts == "told only" else Severity.P1
    out.append(copier.tell("rel.loss", severity, f"{copier.account}: {words} → {acts}", key=key))
    if Parting.STOP in actions and until is None:
        copier.hold(Hold(by, "off", words, at))
    elif set(actions) & set(_WORDS):
        copier.hold(Hold(by, "close-only", words, at, until))
    if Parting.FLATTEN in actions and not any(task.kind == "flatten" for task in copier.tasks):
        flatten(copier, Task(key, "flatten", at, is_limit=True), out)


def heard(copier: Copier, event: PersonActed, quotes: Quotes) -> None:
    """A person lets the copying go on: where the loss had stopped it, it is counted anew from here."""
    bond = copier.bond
    if (
        bond is None
        or not isinstance(event.command, On | Resume)
        or any(hold.is_by(name) for hold in copier.holds for name in HELD)
    ):
        return
    if bond.has_acted or isinstance(event.command, On):
        bond.begin(event.at, bond.earned(marks_of(bond, quotes)))
