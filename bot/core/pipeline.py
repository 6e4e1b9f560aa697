"""Pipeline: alerts to groups, and what of them is pushed, edited, held or over; pure, every time is handed in.

Theory of operation. Each alert ends in exactly one ``Outcome``, which names its stage: told, grouped, held, ended, dropped.
A group goes

    pending ── wait is over ──► firing ── ack ──► acked(by, until) ── until, or worse ──► firing
       │                          │  └── snooze ──► snoozed(until) ── until, or worse ──► firing
       └──────── over ────────────┴── over, and stays so for a while ──► resolved ── comes back soon ──► pending

and is *pushed* only when it is first told, gets graver, doubles, is not acknowledged in time, when an ack or snooze ends, when
what held it is over, and (P1, P2) when it is resolved. Everything else is an edit of its card. Who holds a push back says why.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from bot.core.alert import Alert, Ending, Kind, Labels
from bot.core.alertgroup import FLAP_IN, Group, Stage, ended, joined, key_of, mass_key
from bot.core.silence import CAP, Cap, Mute, held_by
from bot.core.taxonomy import is_cause, kind_of
from engine.api import AccountView, LockstepError, Severity, Value

WAIT_P1 = timedelta(seconds=1)  # the longest for which a P1 waits for what belongs to it
STEADY = timedelta(seconds=30)  # over for so long is over
STEADY_P1 = timedelta(seconds=10)
MASS_IN = timedelta(seconds=10)
MASS = 3
REMEMBERED = 2000


class AlertError(LockstepError):
    """What a person wants of an alert and cannot have, in one line."""


class Why(StrEnum):
    """Why a card is pushed."""

    FIRST = "first"
    WORSE = "worse"
    GROWN = "grown"
    AGAIN = "again"
    ACK_ENDED = "ack ended"
    SNOOZE_ENDED = "snooze ended"
    RELEASED = "released"
    BACK = "back"
    ASKED = "asked"
    OVER = "over"


class Push(Value, frozen=True):
    """A group that is to be shown anew, so that phones ring where it is loud."""

    group: int
    why: Why
    is_loud: bool
    is_elsewhere: bool = False  # only where it is not shown yet
    to: str = ""  # for this person alone


class Outcome(Value, frozen=True):
    """What became of one alert: ``stage`` is told, grouped, held, ended or dropped; ``group`` 0 where it has none."""

    alert: Alert
    stage: str
    reason: str
    group: int = 0


class Line(Value, frozen=True):
    """One line of a group's history."""

    group: int
    at: datetime
    kind: str
    text: str
    by: str = ""


class Turn:
    """What came of one step: to be stored together, then shown."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.outcomes: list[Outcome] = []
        self.tells: list[Alert] = []  # events: told once, in silence
        self.pushes: list[Push] = []
        self.changed: dict[int, None] = {}  # groups to store, and to edit where they are shown
        self.lines: list[Line] = []
        self.mutes: bool = False

    def __bool__(self) -> bool:
        """Say whether anything came of it."""
        return bool(self.outcomes or self.pushes or self.changed or self.lines or self.mutes)


class Pipeline:
    """Every group that is not forgotten yet."""

    def __init__(self, groups: Iterable[Group] = (), mutes: Iterable[Mute] = (), next_id: int = 1) -> None:
        """Go on with what was stored."""
        self.groups: dict[int, Group] = {group.id: group for group in groups}
        self.mutes: list[Mute] = list(mutes)
        self._next_id = max([next_id, *(number + 1 for number in self.groups)])
        self._by_key = {group.key: group.id for group in sorted(self.groups.values(), key=lambda one: one.id)}
        self._causes = {group.id: None for group in self.groups.values() if is_cause(group.code)}
        self.accounts: tuple[AccountView, ...] = ()  # as they are known now: who is paused
        self._cap = Cap()
        self._seen: dict[tuple[int, str, str, Labels], None] = {}

    def open(self) -> list[Group]:
        """Groups that are not over, the gravest first, then the oldest."""
        found = [group for group in self.groups.values() if group.is_open]
        return sorted(found, key=lambda group: (group.severity, group.id))

    def count_anew(self) -> None:
        """What sources said counts no more: the times of it are not comparable."""
        self._cap = Cap()

    # ---- alerts ----------------------------------------------------------------------------------------------------

    def take(self, alert: Alert, now: datetime, turn: Turn) -> None:
        """Take one alert in."""
        mark = (alert.seq, alert.code, alert.text, alert.labels)
        if alert.seq and mark in self._seen:
            turn.outcomes.append(Outcome(alert=alert, stage="dropped", reason="told already"))
            return
        self._seen[mark] = None
        if len(self._seen) > REMEMBERED:
            del self._seen[next(iter(self._seen))]
        kind = kind_of(alert.code)
        ended = self._end(alert, kind, now, turn)
        if alert.severity >= Severity.P4 or kind.proves:
            proved = self._prove(alert, kind, now, turn)
            self._event(alert, ended or proved, turn)
        elif not self._cap.takes(alert, now):
            reason = f"over {CAP} in 5 min from {alert.source}"
            turn.outcomes.append(Outcome(alert=alert, stage="dropped", reason=reason))
            self._storm(alert, reason, now, turn)
        else:
            self._join(alert, kind, now, turn)

    def _event(self, alert: Alert, ended: int, turn: Turn) -> None:
        if alert.severity is Severity.P5:
            turn.outcomes.append(Outcome(alert=alert, stage="held", reason="for the day's report"))
        elif ended:
            stage, word = ("grouped", "proves") if kind_of(alert.code).proves else ("ended", "ends")
            turn.outcomes.append(Outcome(alert=alert, stage=stage, reason=f"{word} A-{ended}", group=ended))
        else:
            turn.outcomes.append(Outcome(alert=alert, stage="told", reason="an event"))
            turn.tells.append(msgspec.structs.replace(alert, severity=Severity.P4))

    def _storm(self, alert: Alert, reason: str, now: datetime, turn: Turn) -> None:
        said = f"{alert.source} says too much, newest {alert.code}: {reason}; only its P1 pass"
        storm = Alert(code="storm", severity=Severity.P2, text=said, at=now, labels=Labels(reason=alert.source))
        self._join(storm, kind_of("storm"), now, turn)

    def _end(self, alert: Alert, kind: Kind, now: datetime, turn: Turn) -> int:
        """Members of other groups that this alert ends; the group that people saw, 0 for none."""
        seen = 0
        if alert.code in kind.ends and alert.severity < Severity.P4:
            return 0
        for group in [one for one in self.groups.values() if one.is_open and one.code in kind.ends]:
            members = tuple(
                msgspec.structs.replace(one, is_over=True) if one.labels.agrees(alert.labels) else one
                for one in group.members
            )
            if members == group.members:
                continue
            seen = group.id if group.pushes else seen
            left = msgspec.structs.replace(group, members=members)
            self.line(left, now, "over", alert.text, turn)
            if not left.live:
                steady = STEADY_P1 if left.severity is Severity.P1 else STEADY
                left = msgspec.structs.replace(left, clears_at=now + steady, outcome=alert.text)
            self.keep(left, turn)
        return seen

    def _prove(self, alert: Alert, kind: Kind, now: datetime, turn: Turn) -> int:
        """Write it onto the cards of what it proves; the newest of these, 0 for none."""
        proved = 0
        for group in [one for one in self.groups.values() if one.is_open and one.code in kind.proves]:
            members = tuple(
                msgspec.structs.replace(one, proof=alert.text)
                if one.labels.account == alert.labels.account and not one.is_over
                else one
                for one in group.members
            )
            if members != group.members:
                self.line(group, now, "proven", alert.text, turn)
                self.keep(msgspec.structs.replace(group, members=members), turn)
                proved = group.id
        return proved

    def _join(self, alert: Alert, kind: Kind, now: datetime, turn: Turn) -> None:
        group = self._find(alert, kind, now)
        is_new = group is None
        if group is None:
            group = Group(
                id=self._next_id,
                key=self._key(alert, kind, now),
                code=alert.code,
                severity=alert.severity,
                opened_at=now,
                since=min(alert.at, now),
                last_at=now,
                labels=alert.labels,
                due=now + _wait(kind, alert.severity),
            )
            self._next_id += 1
            self._by_key[group.key] = group.id
        elif group.clears_at is not None or not group.is_open:
            group = self._back(group, alert, now, turn)
        elif group.stage is Stage.PENDING and group.due is not None:
            group = msgspec.structs.replace(group, due=min(group.due, now + _wait(kind, alert.severity)))
        was, had = group.severity, len(group.members)
        group = msgspec.structs.replace(
            joined(group, alert), count=group.count + 1, last_at=now, severity=min(group.severity, alert.severity)
        )
        if is_new or group.severity < was or len(group.members) > had:
            self.line(group, now, "fired", f"{alert.severity} {alert.text}", turn)
            if source := self.groups.get(group.held_by):
                self.keep(msgspec.structs.replace(source, holding=source.holding + 1), turn)
        self.keep(group, turn)
        self._worsen(group, now, turn)
        if group.stage is Stage.PENDING and group.due is not None and group.due <= now:
            self._wake(group, now, turn)
        group = self.groups[group.id]
        stage = "held" if group.held else "grouped"
        turn.outcomes.append(Outcome(alert=alert, stage=stage, reason=group.held or group.name, group=group.id))

    def _find(self, alert: Alert, kind: Kind, now: datetime) -> Group | None:
        group = self._of(key_of(alert.code, alert.labels), now)
        if group is None and kind.is_mass:
            mass = self._of(mass_key(alert.code), now)
            return mass if mass is not None and (mass.is_open and now - mass.last_at <= FLAP_IN) else None
        return group

    def _of(self, key: str, now: datetime) -> Group | None:
        group = self.groups.get(self._by_key.get(key, 0))
        is_known = group is not None and (group.is_open or now - (group.ended_at or now) <= FLAP_IN)
        return group if is_known else None

    def _key(self, alert: Alert, kind: Kind, now: datetime) -> str:
        if kind.is_mass:
            near = [one for one in self.groups.values() if one.code == alert.code and now - one.opened_at <= MASS_IN]
            if len(near) >= MASS - 1:
                return mass_key(alert.code)
        return key_of(alert.code, alert.labels)

    def _back(self, group: Group, alert: Alert, now: datetime, turn: Turn) -> Group:
        """It came back before, or soon after, it was over: the same card."""
        cycles = tuple(at for at in (*group.cycles, now) if now - at <= FLAP_IN)
        was_open = group.is_open
        group = msgspec.structs.replace(group, clears_at=None, cycles=cycles, ended_at=None, outcome="")
        if not was_open:
            told = group.told_severity
            group = msgspec.structs.replace(
                group,
                stage=Stage.PENDING,
                severity=alert.severity,
                told_severity=max(told, alert.severity) if told is not None else None,
                due=now + _wait(kind_of(group.code), alert.severity),
                holder="", holder_id="", until=None, note="", held="", held_by=0, holding=0,
            )  # fmt: skip
        if group.is_flapping(now):
            self.line(group, now, "flapping", f"came back {len(cycles)} times in 10 min", turn)
        return group

    def _worsen(self, group: Group, now: datetime, turn: Turn) -> None:
        """Who has it, or does not want to hear of it, hears that it got worse."""
        if group.stage is Stage.PENDING or not (group.is_worse() or group.has_grown()):
            return
        why = Why.RELEASED if group.told_severity is None else Why.WORSE if group.is_worse() else Why.GROWN
        if group.stage is Stage.SNOOZED or (group.stage is Stage.ACKED and why is Why.WORSE):
            self.line(group, now, "broken", f"it got worse: {group.stage.value} by {group.holder} ends", turn)
            group = msgspec.structs.replace(group, stage=Stage.FIRING, until=None)
            self.keep(group, turn)
        if not self.hold(group, now, turn):
            self.push(group, why, now, turn)

    # ---- time ------------------------------------------------------------------------------------------------------

    def tick(self, now: datetime, turn: Turn) -> None:
        """Carry out everything that is due."""
        if ended := [mute for mute in self.mutes if mute.until <= now]:
            self.mutes = [mute for mute in self.mutes if mute not in ended]
            turn.mutes = True
        for group in [*self.groups.values()]:
            if not group.is_open:
                if now - (group.ended_at or now) > FLAP_IN:
                    del self.groups[group.id]
                    self._causes.pop(group.id, None)
                    if self._by_key.get(group.key) == group.id:
                        del self._by_key[group.key]
                continue
            kind = kind_of(group.code)
            if group.clears_at is not None and group.clears_at <= now:
                self.resolve(group, group.outcome, "", now, turn)
            elif kind.ending in (Ending.FADES, Ending.ONCE) and now - group.last_at >= timedelta(seconds=kind.fade_s):
                self.resolve(group, f"nothing more for {kind.fade_s // 60} min", "", now, turn)
            elif group.clears_at is None:
                self._wake(group, now, turn)

    def _wake(self, group: Group, now: datetime, turn: Turn) -> None:
        is_due = group.due is not None and group.due <= now
        match group.stage:
            case Stage.PENDING if is_due:
                group = msgspec.structs.replace(group, stage=Stage.FIRING, due=None)
                self.keep(group, turn)
                if group.is_flapping(now) and not group.is_worse():
                    self.keep(msgspec.structs.replace(group, due=group.repeat(now)), turn)
                elif not self.hold(group, now, turn):
                    self.push(group, Why.BACK if group.pushes else Why.FIRST, now, turn)
            case Stage.FIRING if group.held:
                if not self.hold(group, now, turn):
                    self.push(self.groups[group.id], Why.RELEASED, now, turn)
            case Stage.FIRING if is_due:
                if not self.hold(group, now, turn):
                    self.push(group, Why.AGAIN, now, turn)
            case Stage.ACKED | Stage.SNOOZED if group.until is not None and group.until <= now:
                why = Why.ACK_ENDED if group.stage is Stage.ACKED else Why.SNOOZE_ENDED
                self.line(group, now, why.value, f"{group.stage.value} by {group.holder} is over, asks again", turn)
                group = msgspec.structs.replace(group, stage=Stage.FIRING, until=None, due=None)
                self.keep(group, turn)
                if not self.hold(group, now, turn):
                    self.push(group, why, now, turn)
            case _:
                pass

    def hold(self, group: Group, now: datetime, turn: Turn) -> bool:
        """Say whether something keeps it from being pushed; what does is written on the group, and counted."""
        causes = [self.groups[number] for number in self._causes if number in self.groups]
        source, reason = held_by(group, causes, self.mutes, self.accounts, now)
        if reason == group.held:
            return bool(reason)
        group = msgspec.structs.replace(group, held=reason, held_by=source.id if source is not None else 0)
        self.line(group, now, "held" if reason else "released", reason or "nothing holds it any more", turn)
        self.keep(group, turn)
        if source is not None:
            self.keep(msgspec.structs.replace(source, holding=source.holding + max(1, len(group.members))), turn)
        return bool(reason)

    def push(self, group: Group, why: Why, now: datetime, turn: Turn) -> None:
        is_loud = group.severity <= Severity.P2
        group = msgspec.structs.replace(
            group,
            pushes=group.pushes + 1,
            pushed_at=now,
            told_members=len(group.live),
            told_severity=group.severity,
            held="",
            held_by=0,
        )
        if group.stage is Stage.FIRING:
            group = msgspec.structs.replace(group, due=group.repeat(now))
        turn.pushes = [push for push in turn.pushes if push.group != group.id]
        turn.pushes.append(Push(group=group.id, why=why, is_loud=is_loud))
        self.line(group, now, "pushed", why.value, turn)
        self.keep(group, turn)

    def resolve(self, group: Group, outcome: str, by: str, now: datetime, turn: Turn) -> None:
        group = ended(group, outcome, now)
        self.line(group, now, "resolved", outcome, turn, by)
        self.keep(group, turn)
        if group.pushes and group.told_severity is not None and group.told_severity <= Severity.P2:
            turn.pushes = [push for push in turn.pushes if push.group != group.id]
            if not group.is_flapping(now):
                turn.pushes.append(Push(group=group.id, why=Why.OVER, is_loud=False))

    def keep(self, group: Group, turn: Turn) -> None:
        self.groups[group.id] = group
        if is_cause(group.code):
            self._causes[group.id] = None
        turn.changed[group.id] = None

    @staticmethod
    def line(group: Group, at: datetime, kind: str, text: str, turn: Turn, by: str = "") -> None:
        turn.lines.append(Line(group=group.id, at=at, kind=kind, text=text[:300], by=by))

    def find(self, number: int) -> Group:
        """An open group.

        Raises: AlertError where there is none.
        """
        group = self.groups.get(number)
        if group is None or not group.is_open:
            raise AlertError(f"A-{number} is over, or never was; open ones: /alerts")
        return group


def _wait(kind: Kind, severity: Severity) -> timedelta:
    """How long the first push waits."""
    wait = timedelta(seconds=kind.wait_s)
    return min(wait, WAIT_P1) if severity is Severity.P1 and not kind.must_last else wait
