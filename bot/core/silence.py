"""Silence: what keeps an alert from being pushed: a person's mute, a graver trouble that explains it, a flood."""

from collections import deque
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from bot.core.alert import Alert, Labels
from bot.core.alertgroup import Group
from bot.core.taxonomy import INHIBITIONS, Inhibition
from engine.api import AccountView, HoldView, Severity, Value

UNPLANNED = ("engine", "limits", "hours")  # who stops entries without a person or the news calendar having planned it
CAP = 300
CAP_IN = timedelta(minutes=5)


class Mute(Value, frozen=True):
    """A silence that a person made: a code (``copy.slow``, ``copy.``) or an account, until a time. Never of a P1."""

    id: int
    matcher: str
    by: str
    until: datetime

    def matches(self, group: Group) -> bool:
        """Say whether it silences this group."""
        if group.severity is Severity.P1:
            return False
        wanted = self.matcher.lower()
        is_code = group.code == wanted or (wanted.endswith(".") and group.code.startswith(wanted))
        accounts = {account.lower() for account in group.accounts}
        return is_code or (bool(accounts) and accounts == {wanted})


def held_by(
    group: Group, others: Iterable[Group], mutes: Iterable[Mute], accounts: Sequence[AccountView], now: datetime
) -> tuple[Group | None, str]:
    """What keeps a group from being pushed: the trouble that explains it, where one does, and the reason; empty for nothing."""
    if (source := explained_by(group, others)) is not None:
        return source, f"held: {source.name} {source.code} explains it"
    if (mute := muted_by(group, mutes, now)) is not None:
        return None, f"held: muted by {mute.by}"
    pause = paused_by(group, accounts, now)
    return None, f"held: {pause}" if pause else ""


def muted_by(group: Group, mutes: Iterable[Mute], now: datetime) -> Mute | None:
    """The mute that silences a group now."""
    return next((mute for mute in mutes if mute.until > now and mute.matches(group)), None)


def explained_by(group: Group, others: Iterable[Group]) -> Group | None:
    """An open one of others that explains this one and is no less grave: what is worse than its cause is told for itself.

    Where it concerns several, each of them must be explained, by one cause or another; the first one's is named.
    """
    rules = [rule for rule in INHIBITIONS if rule.covers(group.code)]
    causes = [
        (rule, other)
        for other in (others if rules else ())
        if other.is_open and other.id != group.id and other.severity <= group.severity
        for rule in rules
        if other.code == rule.source and not (rule.lets_go and other.clears_at is not None)
    ]
    if not causes:
        return None
    whom = dict.fromkeys(member.labels for member in group.live) or {group.labels: None}
    found = [next((other for rule, other in causes if _is_same(rule, labels, other)), None) for labels in whom]
    return found[0] if all(found) else None


def paused_by(group: Group, accounts: Sequence[AccountView], now: datetime) -> str:
    """The planned pauses under which all accounts of a mild ``copy.*`` are; empty where one of them is not paused.

    Planned is what has an end and was made by a person or for news: nobody wonders then that copies are late or missing.
    """
    named = group.accounts or {name for name in group.labels.line.split(",") if name}
    if group.severity is not Severity.P3 or not group.code.startswith("copy.") or not named:
        return ""
    found: dict[str, None] = {}
    for name in sorted(named):
        holds = next((view.holds for view in accounts if view.id == name), ())
        hold = next((one for one in holds if one.until is not None and one.until > now and _is_planned(one)), None)
        if hold is None:
            return ""
        assert hold.until is not None
        found[f"pause by {hold.by} until {hold.until:%H:%M} UTC"] = None
    return ", ".join(found)


def _is_planned(hold: HoldView) -> bool:
    return bool(hold.who) or (hold.by not in UNPLANNED and not hold.by.startswith("leader "))


def _is_same(rule: Inhibition, labels: Labels, source: Group) -> bool:
    """Say whether a rule's source and what it would hold are of one thing."""
    mine = getattr(labels, rule.label) if rule.label else ""
    known = (source.labels, *(member.labels for member in source.live))
    return not rule.label or (bool(mine) and any(mine == getattr(one, rule.label) for one in known))


class Cap:
    """How much one source may say: more than that is a storm, told once. A P1 always passes."""

    def __init__(self) -> None:
        """Nobody has said anything."""
        self._said: dict[str, deque[datetime]] = {}

    def takes(self, alert: Alert, now: datetime) -> bool:
        """Count one alert; False where its source has said too much."""
        said = self._said.setdefault(alert.source, deque(maxlen=CAP))
        if alert.severity is Severity.P1:
            return True
        if len(said) == CAP and now - said[0] < CAP_IN:
            return False
        said.append(now)
        return True
