"""Sentry: tells everybody what somebody does that others must hear of: refusals, rights, the word, broken glass, added risk."""

from datetime import datetime

from bot.core.access import Person, Room
from bot.core.alert import Labels
from bot.core.change import Change, change_of, together
from bot.core.chat import Clock, Incoming
from bot.core.deed import AnyDeed
from bot.core.denial import Denials, Denied
from bot.core.dialogue import Intent
from bot.core.security import Report, of_deed, paired
from bot.runtime.alerting.alerts import Alerts
from engine.api import PreviewView, Severity

CHANGE_WAIT_S = 2.0  # so that one act over many accounts is one line
TICK_S = 0.5


class Sentry:
    """What people do, on its way to the alerts."""

    def __init__(self, alerts: Alerts, clock: Clock) -> None:
        """Raises what it sees through ``alerts``."""
        self._alerts = alerts
        self._clock = clock
        self._denials = Denials()
        self._changes: dict[tuple[str, str], tuple[datetime, list[Change]]] = {}  # by person and chat

    async def run(self) -> None:
        """Tell what has waited, for ever."""
        while True:
            self.tick()
            await self._clock.sleep(TICK_S)

    def tick(self) -> None:
        """Tell changes whose wait is over."""
        now = self._clock.now()
        for key, (since, changes) in [*self._changes.items()]:
            if (now - since).total_seconds() >= CHANGE_WAIT_S:
                del self._changes[key]
                self._tell(together(changes), key[1])

    # ---- the doors -------------------------------------------------------------------------------------------------

    def denied(self, incoming: Incoming, person: Person | None, what: Denied, *, is_shut: bool = False) -> None:
        """Somebody was refused; ``is_shut`` where that shut them out for an hour."""
        who = person.id if person is not None else incoming.identity
        count = self._denials.take(who, self._clock.now())
        if not count and not is_shut:
            return
        name = person.name if person is not None else incoming.name[:80] or "somebody"
        said = f"{name} on {incoming.platform}: {count} refused in 10 min, last: {what.value}"
        if is_shut:
            said = f"{name} on {incoming.platform}: shut out for an hour, too often {what.value}"
        labels = Labels(who=who, person=person.id if person is not None else "", name=name)
        self._raise(Report(code="sec.denied", severity=Severity.P2, text=said, labels=labels))

    def did(self, deed: AnyDeed, by: Person, room: Room) -> None:
        """A deed was done."""
        self._raise(of_deed(deed, by, room, self._clock.now()))

    def paired(self, person: Person, platform: str) -> None:
        """A code was redeemed."""
        self._raise(paired(person, platform))

    def broke_glass(self, by: Person, approval: str, what: str, scope: str, reason: str) -> None:
        """Somebody goes on without a second person."""
        said = f"{by.name} alone, no second person: {what}. Reason: {reason}"
        labels = Labels(who=by.id, person=by.id, name=by.name, ref=approval, scope=scope)
        self._raise(Report(code="sec.breakglass", severity=Severity.P1, text=said, labels=labels))

    def by_word(self, by: Person, scope: str, key: str) -> None:
        """Somebody flattens with the word, for want of a code."""
        said = f"{by.name} flattens {scope} with the word, without a code"
        labels = Labels(who=by.id, person=by.id, name=by.name, ref=key, scope=scope)
        self._raise(Report(code="sec.flatten", severity=Severity.P1, text=said, labels=labels))

    def _raise(self, report: Report | None) -> None:
        if report is not None:
            self._alerts.raise_own(report.code, report.severity, report.text, **report.labels.known())

    # ---- risk ------------------------------------------------------------------------------------------------------

    def sent(
        self, by: Person, chat: str, intent: Intent, preview: PreviewView | None, *, is_undo: bool = False
    ) -> None:
        """An act left for the engine; where it adds risk, every other chat hears of it."""
        change = change_of(by.name, intent, preview, is_undo=is_undo)
        if change is None:
            return
        if change.severity < Severity.P4:  # a group waits in the database, so that a kill loses nothing
            self._tell(change, chat)
            return
        _, waiting = self._changes.setdefault((by.id, chat), (self._clock.now(), []))
        waiting.append(change)

    def _tell(self, change: Change, besides: str) -> None:
        labels = Labels(scope=change.scope, was=change.was, name=change.by)
        said = f"{change.by}: {change.text}"
        self._alerts.raise_own("ctl.change", change.severity, said, besides=besides, **labels.known())
