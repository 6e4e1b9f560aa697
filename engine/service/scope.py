"""Scopes: ``all``, aliases, groups and ``#tags``, joined by commas, to accounts of the desk."""

from engine.domain.group import DeskPlan
from engine.domain.ids import AccountId
from engine.errors import LockstepError


class ScopeError(LockstepError):
    """A scope that names nothing; the line says what there is."""


def accounts_of(plan: DeskPlan, scope: str) -> tuple[AccountId, ...]:
    """Accounts of a scope, leaders included, in the desk's order.

    Raises: ScopeError where a part of it names nothing.
    """
    words = [word.strip() for word in scope.split(",") if word.strip()]
    if not words:
        raise ScopeError("scope: empty; say all, an account, a group or #tag")
    found: set[AccountId] = set()
    for word in words:
        found |= _named(plan, word)
    return tuple(account.id for account in plan.accounts if account.id in found)


def followers_of(plan: DeskPlan, scope: str) -> tuple[AccountId, ...]:
    """Followers of a scope: those whom an act can be for.

    Raises: ScopeError where a part of it names nothing, or nobody in it follows.
    """
    following = {follower.account for group in plan.groups for follower in group.followers}
    named = accounts_of(plan, scope)
    found = tuple(account for account in named if account in following)
    if not found:
        who = f"{', '.join(named)} follows nobody" if named else "nobody is in it"
        raise ScopeError(f"scope {scope}: {who}; acts are for followers")
    return found


def led_of(plan: DeskPlan, scope: str) -> tuple[tuple[AccountId, ...], frozenset[AccountId]]:
    """Leaders whose trades reach into a scope, and the followers there: a leader alone stands for all who follow him.

    Raises: ScopeError where a part of it names nothing, or nobody in it follows.
    """
    named = frozenset(accounts_of(plan, scope))
    leaders: dict[AccountId, None] = {}
    wanted: set[AccountId] = set()
    for leader in dict.fromkeys(group.leader for group in plan.groups):
        led = {follower.account for group in plan.groups if group.leader == leader for follower in group.followers}
        mine = led & named or (led if leader in named else set())
        if mine:
            leaders[leader] = None
            wanted |= mine
    if not wanted:
        raise ScopeError(f"scope {scope}: nobody in it follows; name a group, its leader or a follower")
    return tuple(leaders), frozenset(wanted)


def _named(plan: DeskPlan, word: str) -> set[AccountId]:
    folded = word.casefold()
    if folded == "all":
        return {account.id for account in plan.accounts}
    if folded.startswith("#"):
        tagged = {account.id for account in plan.accounts if folded[1:] in {tag.casefold() for tag in account.tags}}
        if tagged:
            return tagged
    for account in plan.accounts:
        if account.id.casefold() == folded:
            return {account.id}
    for group in plan.groups:
        if group.id.casefold() == folded:
            return {group.leader, *(follower.account for follower in group.followers)}
    known = [account.id for account in plan.accounts] + [group.id for group in plan.groups]
    shown = ", ".join(known[:8]) + (", …" if len(known) > 8 else "")
    raise ScopeError(f"scope: no account, group or #tag named {word!r}; there are {shown or 'none yet'}")
