"""Limits of a desk: each account's firm plan with its overrides, worked out once, so that a typo stops the start."""

from engine.domain.group import AccountPlan, DeskPlan
from engine.domain.hours import DayClock
from engine.domain.ids import AccountId
from engine.domain.keeping import Keeping
from engine.domain.limit import LimitsPlan
from engine.errors import ConfigError
from engine.rules.pack import overridden, plan_named


def keepings(desk: DeskPlan) -> tuple[dict[AccountId, Keeping], list[str]]:
    """What each follower with a plan must keep to; and one line for each fault."""
    found: dict[AccountId, Keeping] = {}
    faults: list[str] = []
    followers = {follower.account: follower for group in desk.groups for follower in group.followers}
    for account in desk.accounts:
        label, follower = f'[[account]] "{account.id}"', followers.get(account.id)
        if not account.plan:
            faults += [f"{label}: {key}: write a plan too, such as {EXAMPLE}" for key in _idle(account)]
            continue
        try:
            named = plan_named(account.plan)
            rules = overridden(named, account.overrides, named.checked).rules
        except ConfigError as error:
            faults += [f"{label}: {line}" for line in str(error).splitlines()]
            continue
        if follower is not None:
            clock = DayClock(
                zone=rules.zone,
                day_start=rules.day_start,
                cut_off=rules.cut_off,
                flat_by=rules.flat_by,
                carries=rules.dll_carries,
            )
            found[account.id] = Keeping(
                terms=rules.terms(),
                clock=clock,
                limits=account.limits or follower.limits or LimitsPlan(),
                floor=account.floor,
                plan=account.plan,
                minis=rules.minis,
            )
    return found, faults


EXAMPLE = '"apex/eod-50k/evaluation/tradovate"'


def _idle(account: AccountPlan) -> list[str]:
    """Settings that mean nothing without a plan."""
    written = {"overrides": account.overrides, "limits": account.limits, "floor": account.floor}
    return [key for key, value in written.items() if value]
