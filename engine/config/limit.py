"""Limits of a desk: each account's plan with its overrides, worked out once, so that a typo stops the start."""

import msgspec

from engine.domain.group import AccountPlan, DeskPlan, FollowerPlan
from engine.domain.hours import EXCHANGE_ZONE, DayClock
from engine.domain.ids import AccountId
from engine.domain.intake import EntryPlan, IntakePlan
from engine.domain.keeping import Keeping
from engine.domain.limit import LimitsPlan
from engine.domain.tradedate import CLOSE, TURN
from engine.errors import ConfigError
from engine.rules.own import planned
from engine.rules.plan import Rules

EXAMPLE = '"apex/eod-50k/evaluation/tradovate", or "own" with your own figures'
EXCHANGE = DayClock(zone=EXCHANGE_ZONE, day_start=TURN, cut_off=CLOSE, flat_by=CLOSE)
"""By whose day an account without a plan counts its entries."""


def limited(desk: DeskPlan) -> tuple[DeskPlan, list[str]]:
    """The desk with what each account must keep to and which entries it takes; and one line for each fault."""
    keepings: dict[AccountId, Keeping] = {}
    intakes: dict[AccountId, IntakePlan] = {}
    faults: list[str] = []
    followers = {follower.account: follower for group in desk.groups for follower in group.followers}
    leaders = {group.leader for group in desk.groups}
    for account in desk.accounts:
        label, follower = f'[[account]] "{account.id}"', followers.get(account.id)
        limits = account.limits or (follower.limits if follower is not None else None) or LimitsPlan()
        rules = None
        if account.plan:
            try:
                rules = planned(account.plan, account.overrides).rules
            except ConfigError as error:
                faults += [f"{label}: {line}" for line in str(error).splitlines()]
                continue
            if follower is not None or account.id in leaders:
                keepings[account.id] = _keeping(account, rules, limits)
        else:
            faults += [f"{label}: {key}: write a plan too, such as {EXAMPLE}" for key in _idle(account, follower)]
        if follower is not None:
            intake, wrong = _intake(follower, limits, rules)
            faults += [f"{label}: limits.{line}" for line in wrong]
            if intake is not None:
                intakes[account.id] = intake
    return msgspec.structs.replace(desk, keepings=keepings, intakes=intakes), faults


def _clock(rules: Rules) -> DayClock:
    return DayClock(
        zone=rules.zone,
        day_start=rules.day_start,
        cut_off=rules.cut_off,
        flat_by=rules.flat_by,
        carries=rules.dll_carries,
    )


def _keeping(account: AccountPlan, rules: Rules, limits: LimitsPlan) -> Keeping:
    return Keeping(
        terms=rules.terms(),
        clock=_clock(rules),
        limits=limits,
        floor=account.floor,
        plan=account.plan,
        minis=rules.minis,
    )


def _intake(follower: FollowerPlan, limits: LimitsPlan, rules: Rules | None) -> tuple[IntakePlan | None, list[str]]:
    """The person's checks and the firm's own, the stricter of each; None for an account that takes all."""
    wrong = []
    if limits.room_check is not None and limits.room_check.stop_ticks is None and follower.bracket is None:
        wrong.append("room_check: needs a stop: give the follower a bracket, or write room_check.stop_ticks")
    allowed, denied, most = limits.allow_symbols, limits.deny_symbols, limits.trades_per_day
    if rules is not None:
        both = tuple(root for root in allowed if root in rules.allow_symbols)
        if allowed and rules.allow_symbols and not both:
            wrong.append(f"allow_symbols: its plan allows only {', '.join(rules.allow_symbols)}")
        allowed = both or allowed or rules.allow_symbols
        denied = tuple(dict.fromkeys((*denied, *rules.deny_symbols)))
        most = min((count for count in (most, rules.trades_per_day) if count is not None), default=None)
    entries = EntryPlan(
        allow_symbols=allowed,
        deny_symbols=denied,
        trades_per_day=most,
        leverage=limits.leverage,
        margin_floor=limits.margin_floor,
        margins=limits.margins,
        room_check=limits.room_check,
    )
    if rules is None and entries == EntryPlan():
        return None, wrong
    return IntakePlan(entries=entries, clock=_clock(rules) if rules is not None else EXCHANGE), wrong


_NEED_PLAN = ("leverage", "margin_floor", "room_check", "max_loss", "daily_loss", "daily_target", "margin")


def _idle(account: AccountPlan, follower: FollowerPlan | None) -> list[str]:
    """Settings that mean nothing without a plan."""
    written = {"overrides": account.overrides, "floor": account.floor}
    found = [key for key, value in written.items() if value]
    keys = _NEED_PLAN if account.limits is not None else _NEED_PLAN[:3]  # a group's defaults may be for others
    own = account.limits or (follower.limits if follower is not None else None)
    unset = LimitsPlan()
    return found + [f"limits.{key}" for key in keys if own is not None and getattr(own, key) != getattr(unset, key)]
