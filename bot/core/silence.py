"""Silence: what keeps an alert from being pushed: a person's mute, a graver trouble that explains it, a flood."""

from collections import deque
from collections.abc import Iterable
from datetime import datetime, timedelta

from bot.core.alert import Alert
from bot.core.alertgroup import Group
from bot.core.taxonomy import INHIBITIONS
from engine.api import Severity, Value

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


def muted_by(group: Group, mutes: Iterable[Mute], now: datetime) -> Mute | None:
    """The mute that silences a group now."""
    return next((mute for mute in mutes if mute.until > now and mute.matches(group)), None)


def explained_by(group: Group, others: Iterable[Group]) -> Group | None:
    """An open group that explains this one and is no less grave: what is worse than its cause is told for itself."""
    rules = [rule for rule in INHIBITIONS if rule.covers(group.code)]
    for other in others if rules else ():
        if other.is_open and other.id != group.id and other.severity <= group.severity:
            for rule in rules:
                mine, theirs = getattr(group.labels, rule.label), getattr(other.labels, rule.label)
                if other.code == rule.source and mine and mine == theirs:
                    return other
    return None


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
