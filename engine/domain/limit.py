"""Limit: what a desk does as an account nears a line: steps that are told, then acts that must be carried out.

The ledger says where the lines are; a watch remembers which steps were told and which limits have acted, so that each is
told and each acts once a day, or once for the maximum loss until a person unlocks it.
"""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum

import msgspec

from engine.domain.drawdown import Ledger, Limit
from engine.domain.intake import EntryPlan
from engine.domain.intake import faults as entry_faults
from engine.domain.room import margin_line
from engine.domain.terms import ZERO
from engine.domain.value import Setting, Value

NOTHING: Mapping[str, Decimal] = {}


class Action(StrEnum):
    """What a limit asks for."""

    WARN = "warn"
    CLOSE_ONLY = "close-only"
    FLATTEN = "flatten"
    LOCK_DAY = "lock-day"  # until the firm's next day starts
    LOCK = "lock"  # until a person unlocks


class LimitPlan(Setting, frozen=True):
    """When one limit is told and when it acts, by the share of it that is used up: 1 is the firm's own line."""

    warn_at: tuple[Decimal, ...] = (Decimal("0.70"), Decimal("0.85"), Decimal("0.95"))
    act_at: Decimal = Decimal("0.95")
    ticks_ahead: int = 1  # also act when so many ticks against everything held would touch the line
    actions: tuple[Action, ...] = (Action.WARN, Action.FLATTEN, Action.LOCK_DAY)


class LimitsPlan(EntryPlan, frozen=True):
    """One plan for each limit of an account, beside which entries it takes."""

    max_loss: LimitPlan = LimitPlan(actions=(Action.WARN, Action.FLATTEN, Action.LOCK))
    daily_loss: LimitPlan = LimitPlan()
    daily_target: LimitPlan = LimitPlan(warn_at=(), act_at=Decimal(1), ticks_ahead=0)
    margin: LimitPlan = LimitPlan(actions=(Action.WARN, Action.CLOSE_ONLY))


class Trigger(Value, frozen=True, tag=True):
    """Something to tell or to do, with the figures that say why."""

    limit: Limit
    action: Action
    used: Decimal  # share of the limit
    line: Decimal
    equity: Decimal


class Watch(msgspec.Struct):
    """What was told and what has acted, for one account. It survives a restart with the ledger."""

    told: dict[Limit, int] = {}  # steps
    acted: dict[Limit, Decimal] = {}  # equity at which it did
    waived: dict[Limit, bool] = {}  # a person took the buffer off: only the firm's own line acts

    def look(
        self, ledger: Ledger, plan: LimitsPlan, tick_risk: Decimal = ZERO, tight: Mapping[str, Decimal] = NOTHING
    ) -> list[Trigger]:
        """Compare an account with its limits; call it after every mark that the ledger took.

        ``tick_risk`` is the money that one tick against everything held would cost, ``tight`` a person's tighter figures.
        """
        found: list[Trigger] = []
        for limit, line, span in lines(ledger, tight):
            own: LimitPlan = getattr(plan, limit)
            gap = ledger.equity - line if limit is not Limit.DAILY_TARGET else line - ledger.equity
            used = 1 - gap / span
            if limit not in self.acted and (
                used >= (1 if limit in self.waived else own.act_at)
                or gap <= tick_risk * own.ticks_ahead
                or _is_hit(ledger, limit)
            ):
                self.acted[limit] = ledger.equity
                self.told[limit] = len(own.warn_at)
                found += [
                    Trigger(limit=limit, action=action, used=used, line=line, equity=ledger.equity)
                    for action in own.actions
                ]
                continue
            steps = sum(used >= step for step in own.warn_at)
            if steps > self.told.get(limit, 0):
                self.told[limit] = steps
                found.append(Trigger(limit=limit, action=Action.WARN, used=used, line=line, equity=ledger.equity))
        return found

    def new_day(self) -> None:
        """Forget what a day's limits told and did; a maximum loss that acted stays so."""
        self.told = {}
        self.waived = {limit: True for limit in self.waived if limit is Limit.MAX_LOSS}
        self.acted = {limit: equity for limit, equity in self.acted.items() if limit is Limit.MAX_LOSS}

    def unlock(self, limit: Limit) -> None:
        """Let one limit act again: a person said so."""
        self.acted.pop(limit, None)

    def waive(self, limit: Limit) -> None:
        """Let a limit that has acted do so again at the firm's own line alone: a person goes on inside the buffer."""
        if self.acted.pop(limit, None) is not None:
            self.waived[limit] = True


def act_room(limit: Limit, gap: Decimal, span: Decimal, plan: LimitsPlan, watch: Watch, tick_risk: Decimal) -> Decimal:
    """Money until a limit acts: its line is ``gap`` away, less what this desk keeps back; never below zero."""
    own: LimitPlan = getattr(plan, limit)
    kept_back = ZERO if limit in watch.waived else (1 - own.act_at) * span
    return max(ZERO, gap - max(kept_back, own.ticks_ahead * tick_risk))


def faults(plan: LimitsPlan | None) -> list[str]:
    """Say in one line each what is wrong with a person's limits; empty when all is well."""
    found = entry_faults(plan)
    for limit in Limit if plan is not None else ():
        own: LimitPlan = getattr(plan, limit)
        if not (own.act_at.is_finite() and 0 < own.act_at <= 1):
            found.append(f"{limit}.act_at: write a share above 0 and at most 1, such as 0.95, not {own.act_at}")
        if any(not (step.is_finite() and 0 < step <= 1) for step in own.warn_at):
            found.append(f"{limit}.warn_at: write shares above 0 and at most 1, such as [0.7, 0.85, 0.95]")
        elif list(own.warn_at) != sorted(set(own.warn_at)):
            found.append(f"{limit}.warn_at: write rising shares, each once")
        if not 0 <= own.ticks_ahead <= 1_000:
            found.append(f"{limit}.ticks_ahead: write a number from 0 to 1000, not {own.ticks_ahead}")
        if not own.actions:
            found.append(f"{limit}.actions: write at least one action, such as warn")
    return found


def _tighter(own: Decimal | None, firm: Decimal | None) -> Decimal | None:
    return min((amount for amount in (own, firm) if amount is not None), default=None)


def _is_hit(ledger: Ledger, limit: Limit) -> bool:
    hit = ledger.breach or ledger.day_hit
    return hit is not None and hit.limit is limit


def lines(ledger: Ledger, own: Mapping[str, Decimal] = NOTHING) -> list[tuple[Limit, Decimal, Decimal]]:
    """Each limit in force with its line and the money between its untouched state and the line.

    ``own`` are a person's tighter figures by limit: each moves its line nearer, never farther than the firm's.
    """
    spans = {Limit.MAX_LOSS: ledger.terms.drawdown, Limit.DAILY_LOSS: ledger.allowance or None}
    spans[Limit.DAILY_TARGET] = ledger.terms.daily_target
    tight = {limit: _tighter(own.get(limit), span) for limit, span in spans.items()}
    found = []
    if (span := tight[Limit.MAX_LOSS]) is not None:
        found.append((Limit.MAX_LOSS, ledger.floor + ledger.terms.drawdown - span, span))
    if (span := tight[Limit.DAILY_LOSS]) is not None and ledger.reference is not None:
        found.append((Limit.DAILY_LOSS, ledger.reference - ledger.withdrawn - span, span))
    if (span := tight[Limit.DAILY_TARGET]) is not None and ledger.reference is not None:
        found.append((Limit.DAILY_TARGET, ledger.opening - ledger.withdrawn + span, span))
    margin = margin_line(ledger)
    if margin is not None:
        # Used is line over equity: twice the needed equity is half used.
        found.append((Limit.MARGIN, margin, max(ledger.equity, margin)))
    return found
