"""Alert desk: the alerts as one person may see and handle them, from where they write."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from bot.core.access import Person
from bot.core.alertgroup import Group
from bot.core.card import Card
from bot.core.pipeline import AlertError, Line, Turn
from bot.core.route import Mode, Quiet
from bot.core.silence import Mute
from bot.runtime.alerting.alerts import Alerts
from bot.runtime.people.rota import DEPUTY, RANKS, WATCH, concerned
from engine.api import Severity


class AlertDesk:
    """What a command may do with alerts. ``seen`` is by account, None for the whole desk."""

    def __init__(self, alerts: Alerts, person: Person, where: str, now: datetime, seen: frozenset[str] | None) -> None:
        """For one command of one person."""
        self._alerts = alerts
        self._person = person
        self._where = where
        self._now = now
        self._seen = seen

    # ---- see -------------------------------------------------------------------------------------------------------

    def open(self) -> list[Group]:
        """Groups that are not over, the gravest first."""
        return [group for group in self._alerts.pipeline.open() if self._may_see(group)]

    def mine(self) -> list[Group]:
        """Open ones that this person has."""
        return [group for group in self.open() if group.holder_id == self._person.id]

    def newest(self, limit: int) -> list[Group]:
        """Also those that are over, the newest first."""
        return [group for group in self._alerts.store.newest(limit) if self._may_see(group)]

    def group(self, name: str) -> Group:
        """One group, also when it is over."""
        number = self._number(name)
        found = self._alerts.pipeline.groups.get(number) or self._alerts.store.group(number)
        if found is None or not self._may_see(found):
            raise AlertError(f"there is no {name}; open ones: /alerts")
        return found

    def history(self, group: Group) -> list[Line]:
        """What happened to it."""
        return self._alerts.store.history(group.id)

    def mutes(self) -> list[Mute]:
        """What is muted now."""
        return [mute for mute in self._alerts.pipeline.mutes if mute.until > self._now]

    def _may_see(self, group: Group) -> bool:
        accounts = concerned(group.labels, group.accounts, self._alerts.known)
        return self._seen is None or not accounts or bool(accounts & self._seen)

    # ---- handle ----------------------------------------------------------------------------------------------------

    def ack(self, name: str, until: datetime | None, note: str) -> Group:
        """Have it until then."""
        hands, by = self._alerts.handling, self._person
        return self._step(name, lambda number, turn: hands.ack(number, by, self._where, until, note, self._now, turn))

    def unack(self, name: str) -> Group:
        """Give it back."""
        return self._step(name, lambda n, turn: self._alerts.handling.unack(n, self._person, self._now, turn))

    def escalate(self, name: str) -> Group:
        """The next people, now."""
        alerts = self._alerts
        by = self._person.name
        return self._step(name, lambda n, turn: alerts.climber.hasten(alerts.pipeline, n, by, self._now, turn))

    def assign(self, name: str, to: Person) -> Group:
        """Ask somebody to take it."""
        return self._step(name, lambda n, turn: self._alerts.handling.assign(n, self._person, to, self._now, turn))

    def snooze(self, name: str, until: datetime) -> Group:
        """Hear nothing of it until then, unless it gets worse."""
        return self._step(name, lambda n, turn: self._alerts.handling.snooze(n, self._person, until, self._now, turn))

    def note(self, name: str, text: str) -> Group:
        """Words that stay with it, also when it is over."""
        group = self.group(name)
        if not group.is_open:
            turn = Turn()
            self._alerts.handling.remember(group, self._person, text, self._now, turn)
            self._alerts.settle(turn)
            return group
        return self._step(name, lambda n, turn: self._alerts.handling.note(n, self._person, text, self._now, turn))

    def resolve(self, name: str, reason: str) -> Group:
        """Say that it is over."""
        return self._step(name, lambda n, turn: self._alerts.handling.resolve(n, self._person, reason, self._now, turn))

    def mute(self, matcher: str, until: datetime) -> Mute:
        """Push nothing of a code or an account until then."""
        turn = Turn()
        mute = self._alerts.handling.mute(matcher, self._person, until, self._now, turn)
        self._alerts.settle(turn)
        return mute

    def drill(self) -> Group:
        """A P1 that is none, to see who answers how fast."""
        if any(group.code == "drill" for group in self.open()):
            raise AlertError("a drill is under way; /alerts shows it")
        number = self._alerts.raise_own(
            "drill", Severity.P1, f"DRILL by {self._person.name}: nothing is wrong. Whoever gets this: press Ack"
        )
        return self._alerts.pipeline.groups[number]

    def _step(self, name: str, step: Callable[[int, Turn], Any]) -> Group:
        number = self.group(name).id
        turn = Turn()
        step(number, turn)
        self._alerts.settle(turn)
        return self._alerts.pipeline.groups[number]

    @staticmethod
    def _number(name: str) -> int:
        number = name.removeprefix("A-")
        if not number.isdecimal():
            raise AlertError(f"{name} names no single alert; one is called A-12")
        return int(number)

    # ---- who, and how they want to hear ----------------------------------------------------------------------------

    def oncall(self) -> list[tuple[str, str, datetime]]:
        """Rank, name, since when."""
        return [(RANKS[one.rank], one.name, one.since) for one in self._alerts.rota.oncall()]

    def set_oncall(self, person: Person, *, is_deputy: bool) -> None:
        """Somebody is on call from now on, and is told of what is grave and nobody has."""
        rank, turn = DEPUTY if is_deputy else WATCH, Turn()
        is_new = (rank, person.id) not in {(one.rank, one.person) for one in self._alerts.rota.oncall()}
        self._alerts.store.set_oncall(rank, person, self._person, self._now)
        if is_new and not is_deputy:
            self._alerts.handling.hand_over(person, turn)
            self._alerts.settle(turn)

    def tell(self, person: Person, card: Card) -> None:
        """Show somebody else a card, where they are alone with the bot."""
        if person.id != self._person.id:
            self._alerts.tell(person.id, card)

    def quiet(self) -> str:
        """This person's quiet hours; empty for none."""
        quiet = self._alerts.rota.quiet(self._person)
        return quiet.words if quiet is not None else ""

    def set_quiet(self, quiet: Quiet | None) -> None:
        """No noise in these hours."""
        self._alerts.rota.set_quiet(self._person, quiet)

    def modes(self) -> dict[str, Mode]:
        """How this person hears of which codes."""
        return self._alerts.rota.modes(self._person)

    def set_mode(self, code: str, mode: Mode) -> dict[str, Mode]:
        """How this person hears of a code from now on."""
        return self._alerts.rota.set_mode(self._person, code, mode)
