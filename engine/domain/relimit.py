"""Relimit: a person's tighter limits at run time, and the money that a person says was withdrawn.

A figure that is set here stands over the settings and is part of the account's state; of two figures the stricter counts, so
one from here can never loosen the plan's own, and neither a restart nor new settings make it forgotten.
"""

from decimal import Decimal

from engine.domain.command import LimitKind, Payout, Relimit
from engine.domain.copier import Copier
from engine.domain.decision import AskSnapshot, Decision, Severity
from engine.domain.event import PersonActed
from engine.domain.keeping import Kept
from engine.domain.terms import ZERO

COUNTED = frozenset({LimitKind.TRADES_PER_DAY})


def planned(copier: Copier, kind: LimitKind) -> Decimal | None:
    """What the settings say of one limit today; None where they say nothing."""
    kept, entries = copier.kept, copier.intake.plan.entries if copier.intake is not None else None
    if kept is None:
        return None
    terms, ledger = kept.keeping.terms, kept.ledger
    match kind:
        case LimitKind.MAX_LOSS:
            return terms.drawdown
        case LimitKind.DAILY_LOSS if ledger is not None and ledger.allowance:
            return ledger.allowance
        case LimitKind.DAILY_LOSS:
            return terms.dll.amount if terms.dll is not None else None
        case LimitKind.DAILY_TARGET:
            return terms.daily_target
        case LimitKind.CONTRACTS:
            known = [
                cap for cap in (kept.keeping.minis, ledger.minis if ledger is not None else None) if cap is not None
            ]
            return min(known, default=None)
        case LimitKind.TRADES_PER_DAY:
            count = entries.trades_per_day if entries is not None else None
            return None if count is None else Decimal(count)
        case LimitKind.LEVERAGE:
            return entries.leverage if entries is not None else None


def in_force(copier: Copier, kind: LimitKind) -> Decimal | None:
    """The figure that counts: the stricter of the settings' and a person's."""
    own = copier.kept.own.get(kind) if copier.kept is not None else None
    return min((figure for figure in (planned(copier, kind), own) if figure is not None), default=None)


def refusal(copier: Copier, kind: LimitKind, figure: Decimal | None) -> str:
    """Why a figure cannot be set; empty where it can."""
    if copier.kept is None:
        return 'this account has no limits: give it a plan in the settings, "own" will do'
    if figure is None:
        return ""
    firm = planned(copier, kind)
    if not figure.is_finite() or figure <= 0:
        return f"{kind}: an amount above 0, not {figure}"
    if kind in COUNTED and figure != int(figure):
        return f"{kind}: a whole number, not {figure}"
    if firm is not None and figure > firm:
        return f"{kind}: {figure} is over the plan's {plain(firm)}; a limit can be tighter than the plan, never looser"
    return ""


def is_looser(copier: Copier, kind: LimitKind, figure: Decimal | None) -> bool:
    """Say whether a figure lets more happen than the one that counts now."""
    now = in_force(copier, kind)
    then = planned(copier, kind) if figure is None else figure
    return now is not None and (then is None or then > now)


def plain(figure: Decimal | None) -> str:
    """A figure for people."""
    return "none" if figure is None else f"{figure.normalize():f}"


def relimit(copier: Copier, event: PersonActed, wish: Relimit, out: list[Decision]) -> None:
    """Put a person's figure in force, or take it off again."""
    why = refusal(copier, wish.kind, wish.figure)
    if why or copier.kept is None:
        out.append(copier.tell("act.failed", Severity.P4, why, key=event.key))
        return
    before = plain(in_force(copier, wish.kind))
    if wish.figure is None:
        copier.kept.own.pop(wish.kind, None)
    else:
        copier.kept.own[wish.kind] = wish.figure
    copier.arm()
    copier.refit()
    said = f"{wish.kind} {before} → {plain(in_force(copier, wish.kind))}"
    out.append(copier.tell("act.proven", Severity.P4, said, key=event.key))


def payout(copier: Copier, event: PersonActed, wish: Payout, out: list[Decision]) -> None:
    """Take in that money was, or will be, withdrawn: it is no loss, and may lock the floor."""
    kept = copier.kept
    if kept is None or kept.ledger is None:
        why = "this account has no limits" if kept is None else "no balance yet"
        out.append(copier.tell("act.failed", Severity.P4, why, key=event.key))
        return
    if not wish.amount.is_finite() or wish.amount <= 0:
        out.append(copier.tell("act.failed", Severity.P4, f"{wish.amount} is no amount", key=event.key))
        return
    coming = kept.pay_out(wish.amount)
    copier.arm()
    rest = f", {coming:.2f} of it still to leave the balance" if coming else ""
    said = f"payout {wish.amount:.2f}, no loss{rest}; {stand(kept)}"
    out.append(copier.tell("act.proven", Severity.P4, said, key=event.key))
    out.append(AskSnapshot(account=copier.account))


def stand(kept: Kept) -> str:
    """Where the floor is after it."""
    ledger = kept.ledger
    if ledger is None:
        return "no balance yet"
    locked = " locked" if ledger.is_locked or ledger.is_forced else ""
    return f"balance {ledger.balance:.2f}, floor {ledger.floor:.2f}{locked}"


def tell_moved(copier: Copier, fell: Decimal, balance: Decimal, out: list[Decision]) -> None:
    """Say that money went by other hands."""
    if fell <= ZERO:
        return
    said = (
        f"{copier.account}: the balance fell by {fell:.2f} to {balance:.2f} while flat, and no fill or fee explains it. "
        f"It counts as a loss. If it was withdrawn, say so: /payout {copier.account} {fell:.2f}"
    )
    out.append(copier.tell("acct.balance", Severity.P2, said))
