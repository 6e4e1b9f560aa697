"""Climber: takes unanswered groups to the next people, step by step; and the batch in which one step's cards are gathered."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import Connection

from bot.core import escalation
from bot.core.alertgroup import DRILL, Group, Stage
from bot.core.chat import Message
from bot.core.escalation import Climb, Reach
from bot.core.jump import moved_climb
from bot.core.pipeline import Pipeline, Push, Turn, Why
from bot.runtime.people.rota import Rota
from bot.storage.alert import Missed
from engine.api import Severity


class Mail(Protocol):
    """The part of the outbox that this needs: rows in the caller's transaction, which leave once it is done."""

    def keep(self, messages: Iterable[Message], connection: Connection | None = None) -> list[Any]: ...
    def release(self, kept: Iterable[Any]) -> None: ...


class Batch:
    """What one step shows, by chat and card."""

    def __init__(self) -> None:
        """Nothing."""
        self.wanted: dict[str, dict[int, Push]] = {}
        self.rings: dict[tuple[str, int], tuple[str, ...]] = {}
        self.messages: list[Message] = []
        self.missed: list[Missed] = []
        self.told_missed: list[str] = []
        self.climbs: dict[int, Climb | None] = {}
        self.told: dict[int, list[str]] = {}  # by group: chats that it is told in

    def want(self, chat: str, push: Push, rings: tuple[str, ...] = ()) -> None:
        """A card goes to a chat, once."""
        known = self.wanted.setdefault(chat, {}).get(push.group)
        if known is None or (push.is_loud and not known.is_loud):
            self.wanted[chat][push.group] = push
        if rings:
            self.rings[chat, push.group] = tuple(
                one for one in rings if one.partition(":")[0] == chat.partition(":")[0]
            )


class Climber:
    """Every escalation under way."""

    def __init__(self, climbs: Iterable[Climb], rota: Rota) -> None:
        """Go on with what was stored."""
        self._climbs = {climb.group: climb for climb in climbs}
        self._rota = rota
        self._moved: dict[int, None] = {}  # not stored yet

    def memory(self) -> Callable[[], None]:
        """Puts back how everything stands now."""
        climbs, moved = dict(self._climbs), dict(self._moved)

        def restore() -> None:
            self._climbs, self._moved = climbs, moved

        return restore

    def policies(self, pipeline: Pipeline, now: datetime) -> list[int]:
        """Groups for which the desk itself is to act now: nobody has them, and they go on."""
        due = [one.group for one in self._climbs.values() if one.due is not None and one.due <= now and _is_policy(one)]
        groups = [pipeline.groups[number] for number in due if number in pipeline.groups]
        return [group.id for group in groups if group.clears_at is None and _is_free(group)]

    def climb(self, pipeline: Pipeline, turn: Turn, now: datetime, batch: Batch, *, acted: frozenset[int]) -> None:
        """Follow the groups that changed, and carry out the steps that are due; the desk's own only where it has acted."""
        batch.climbs.update({number: self._climbs[number] for number in self._moved})
        self._moved = {}
        for number in turn.changed:
            self._keep(number, _follow(pipeline.groups[number], self._climbs.get(number), now), batch)
        for climb in [one for one in self._climbs.values() if one.due is not None and one.due <= now]:
            group = pipeline.groups.get(climb.group)
            if group is None or not group.is_open:
                self._keep(climb.group, None, batch)
                continue
            if group.clears_at is not None:  # it seems over: nobody is called meanwhile
                continue
            if not _is_free(group):
                self._ask_besides(group, climb, now, turn, batch, pipeline)
                continue
            if _is_policy(climb) and group.id not in acted:
                continue
            step, after = escalation.advance(climb, now)
            self._keep(climb.group, after, batch)
            if step.reach is Reach.POLICY:
                pipeline.line(group, now, "unanswered", _unanswered(group), turn)
                continue
            self._call(group, step.reach, climb, now, turn, batch, pipeline)

    def _ask_besides(
        self, group: Group, climb: Climb, now: datetime, turn: Turn, batch: Batch, pipeline: Pipeline
    ) -> None:
        """Somebody wants the next people although one has it: one step, of which the desk's own act is none."""
        if _is_policy(climb):
            reach, after = Reach.RISK, climb
        else:
            step, after = escalation.advance(climb, now)
            reach = step.reach
        self._keep(climb.group, escalation.stop(after), batch)
        self._call(group, reach, climb, now, turn, batch, pipeline)

    def _call(
        self, group: Group, reach: Reach, climb: Climb, now: datetime, turn: Turn, batch: Batch, pipeline: Pipeline
    ) -> None:
        call = self._rota.call(reach, climb.severity)
        pipeline.line(group, now, "escalated", call.words, turn)
        why = next((push.why for push in turn.pushes if push.group == group.id), Why.AGAIN)
        for chat in call.chats:
            batch.want(chat, Push(group=group.id, why=why, is_loud=True), call.rings)

    def move(self, by: timedelta) -> None:
        """The clock was set back: the next steps move along."""
        self._climbs = {number: moved_climb(climb, by) for number, climb in self._climbs.items()}
        self._moved = dict.fromkeys(self._climbs)

    def hasten(self, pipeline: Pipeline, number: int, by: str, now: datetime, turn: Turn) -> None:
        """The next step, now.

        Raises: AlertError where the group is over.
        """
        group = pipeline.find(number)
        climb = self._climbs.get(number) or escalation.begin(number, min(group.severity, Severity.P2), now)
        if climb is not None:
            self._climbs[number] = escalation.resume(climb, now)
        pipeline.line(group, now, "escalate", "the next step now", turn, by)

    def _keep(self, number: int, climb: Climb | None, batch: Batch) -> None:
        if self._climbs.get(number) == climb:
            return
        batch.climbs[number] = climb
        if climb is None:
            self._climbs.pop(number, None)
        else:
            self._climbs[number] = climb


def _is_free(group: Group) -> bool:
    """Say whether it was told, and nobody has it."""
    return group.stage is Stage.FIRING and not group.held and group.pushes > 0


def _unanswered(group: Group) -> str:
    return "nobody answered; a real one would be paused now" if group.code == DRILL else "nobody answered"


def _is_policy(climb: Climb) -> bool:
    chain = escalation.CHAINS[climb.severity]
    return climb.step < len(chain) and chain[climb.step].reach is Reach.POLICY


def _follow(group: Group, climb: Climb | None, now: datetime) -> Climb | None:
    """Where a group's escalation stands after the group changed."""
    if not group.is_open:
        return None
    if not _is_free(group):
        return escalation.stop(climb) if climb is not None else None
    if climb is None:
        return escalation.begin(group.id, group.severity, now)
    climb = escalation.worsen(climb, group.severity, now)
    return escalation.resume(climb, now) if climb.due is None else climb
