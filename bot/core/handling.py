"""Handling: what people do with a group of alerts: have it, give it, put it off, end it, silence its kind."""

from datetime import datetime, timedelta

import msgspec

from bot.core.access import Person
from bot.core.alert import Ending
from bot.core.alertgroup import Group, Stage
from bot.core.pipeline import AlertError, Pipeline, Push, Turn, Why
from bot.core.silence import Mute
from bot.core.taxonomy import KINDS, kind_of
from engine.api import Severity

ACK = timedelta(minutes=15)
LONGEST_ACK = timedelta(hours=12)
SNOOZE_P1 = timedelta(minutes=15)
MOST_MUTES = 50


class Handling:
    """The acts of people on one pipeline; each raises ``AlertError`` for what cannot be had."""

    def __init__(self, pipeline: Pipeline) -> None:
        """Over the groups."""
        self._pipeline = pipeline

    def ack(
        self, number: int, by: Person, where: str, until: datetime | None, note: str, now: datetime, turn: Turn
    ) -> Group:
        """Somebody has it, until a time: then it asks again. Whoever had it before does not any more."""
        end = min(until or now + ACK, now + LONGEST_ACK)
        group = self._held(self._pipeline.find(number), by, Stage.ACKED, end, where, note)
        said = f"ack until {end:%H:%M} UTC" + (f': "{note}"' if note else "")
        return self._kept(group, "ack", said, by, now, turn)

    def unack(self, number: int, by: Person, now: datetime, turn: Turn) -> Group:
        """Nobody has it any more: it asks again at once."""
        group = self._pipeline.find(number)
        if group.stage not in (Stage.ACKED, Stage.SNOOZED):
            raise AlertError(f"{group.name}: nobody has it")
        freed = msgspec.structs.replace(group, stage=Stage.FIRING, holder="", holder_id="", until=None, due=None)
        self._kept(freed, "unack", f"{group.stage.value} by {group.holder} taken back", by, now, turn)
        if not self._pipeline.hold(freed, now, turn):
            self._pipeline.push(freed, Why.ACK_ENDED, now, turn)
        return self._pipeline.groups[number]

    def snooze(self, number: int, by: Person, until: datetime, now: datetime, turn: Turn) -> Group:
        """Nobody hears of it until then, unless it gets worse."""
        group = self._pipeline.find(number)
        if group.severity is Severity.P1 and until - now > SNOOZE_P1:
            raise AlertError(f"{group.name} is a P1: 15 minutes at most, or /ack it")
        if until - now > LONGEST_ACK:
            raise AlertError("12 hours at most")
        group = self._held(group, by, Stage.SNOOZED, until, group.where, group.note)
        return self._kept(group, "snooze", f"snoozed until {until:%H:%M} UTC", by, now, turn)

    def assign(self, number: int, by: Person, to: Person, now: datetime, turn: Turn) -> Group:
        """Somebody is asked to take it, where they are; it goes on asking until they acknowledge."""
        group = self._pipeline.find(number)
        if group.stage in (Stage.ACKED, Stage.SNOOZED) and group.holder_id != to.id:
            group = msgspec.structs.replace(group, stage=Stage.FIRING, until=None, due=group.repeat(now))
        group = msgspec.structs.replace(group, holder=to.name, holder_id=to.id)
        if to.id != by.id:
            turn.pushes.append(self._asked(group, Why.ASKED, to.id))
        return self._kept(group, "assigned", f"to {to.name}", by, now, turn)

    def hand_over(self, to: Person, turn: Turn) -> None:
        """Somebody has the watch from now on: they are told of what is grave and nobody has."""
        for group in self._pipeline.open():
            is_free = group.stage is Stage.FIRING and group.pushes > 0 and not group.held
            if is_free and group.severity <= Severity.P2:
                turn.pushes.append(self._asked(group, Why.AGAIN, to.id))

    @staticmethod
    def _asked(group: Group, why: Why, person: str) -> Push:
        return Push(group=group.id, why=why, is_loud=group.severity <= Severity.P2, to=person)

    def note(self, number: int, by: Person, text: str, now: datetime, turn: Turn) -> Group:
        """Words that stay with it."""
        group = msgspec.structs.replace(self._pipeline.find(number), note=text[:200])
        return self._kept(group, "note", text, by, now, turn)

    def remember(self, group: Group, by: Person, text: str, now: datetime, turn: Turn) -> None:
        """Words about one that is over."""
        self._pipeline.line(group, now, "note", text, turn, by.name)

    def resolve(self, number: int, by: Person, reason: str, now: datetime, turn: Turn) -> Group:
        """It is over, because a person says so; not where the desk itself can tell."""
        group = self._pipeline.find(number)
        if kind_of(group.code).ending is Ending.DESK:
            raise AlertError(f"{group.name} {group.code} ends when the desk says so, not by hand; /ack or /snooze it")
        self._pipeline.resolve(group, reason, by.name, now, turn)
        return self._pipeline.groups[number]

    def mute(self, matcher: str, by: Person, until: datetime, now: datetime, turn: Turn) -> Mute:
        """Push nothing of a code or an account until then; a P1 passes."""
        known = matcher.lower() in KINDS or (
            matcher.endswith(".") and any(code.startswith(matcher.lower()) for code in KINDS)
        )
        if "." in matcher and not known:
            raise AlertError(f"no alert has the code {matcher[:30]}; codes are in docs/alerts.md")
        if until - now > LONGEST_ACK * 2:
            raise AlertError("24 hours at most")
        if len(self._pipeline.mutes) >= MOST_MUTES:
            raise AlertError(f"{MOST_MUTES} mutes are in force already")
        number = max((one.id for one in self._pipeline.mutes), default=0) + 1
        mute = Mute(id=number, matcher=matcher, by=by.name, until=until)
        others = [one for one in self._pipeline.mutes if one.matcher.lower() != matcher.lower()]
        self._pipeline.mutes = [*others, mute] if until > now else others
        turn.mutes = True
        return mute

    def _held(self, group: Group, by: Person, stage: Stage, until: datetime, where: str, note: str) -> Group:
        return msgspec.structs.replace(
            group,
            stage=stage,
            holder=by.name,
            holder_id=by.id,
            where=where,
            until=until,
            due=None,
            note=note or group.note,
            told_severity=group.severity,  # they have seen it as it is now
            told_members=len(group.live),
        )

    def _kept(self, group: Group, kind: str, text: str, by: Person, now: datetime, turn: Turn) -> Group:
        self._pipeline.line(group, now, kind, text, turn, by.name)
        self._pipeline.keep(group, turn)
        return group
