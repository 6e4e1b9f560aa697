"""Deliveries: what became of messages on their way: shown and when, not in time, never, or to a chat with another id."""

import logging
from datetime import datetime

import msgspec

from bot.core import delivery
from bot.core.alertgroup import LOSS, Group
from bot.core.chat import Clock, Message
from bot.core.pipeline import Push, Turn, Why
from bot.core.render.alert import pushed
from bot.runtime.alerting.alerts import Alerts
from bot.runtime.alerting.echo import Echo
from bot.runtime.people.people import People
from bot.runtime.people.routes import Routes
from engine.api import Severity

LOOK_S = 1.0

log = logging.getLogger(__name__)


class Deliveries:
    """What the outbox tells, for the alerts."""

    def __init__(self, alerts: Alerts, people: People, clock: Clock, routes: Routes, echo: Echo) -> None:
        """Over every alert and every chat of the desk."""
        self._routes = routes
        self._echo = echo
        self._alerts = alerts
        self._people = people
        self._clock = clock

    async def run(self) -> None:
        """Look for ever."""
        while True:
            self.look()
            await self._clock.sleep(LOOK_S)

    # ---- in time ---------------------------------------------------------------------------------------------------

    def shown(self, message: Message) -> None:
        """A platform has taken a message."""
        if message.thread is None:
            self._routes.heard(message.chat)
            self._echo.shown(message)
        for group in self._shown_by(message):
            self._answered(group, message.chat.partition(":")[0], self._clock.now())

    def look(self) -> None:
        """Tell, once and elsewhere, of each P1 that a platform has not shown in time."""
        now = self._clock.now()
        for group in self._alerts.pipeline.open():
            for platform in delivery.overdue(group, now) if group.code != LOSS else ():
                at = self._alerts.store.shown_at(platform, f"alert:{group.id}")
                if at is not None:  # shown just before the process that waited for the answer ended
                    self._answered(group, platform, at)
                else:
                    self._late(group, platform, now)

    def _shown_by(self, message: Message) -> list[Group]:
        """Groups whose card a message is: one, or all that stand in a storm card."""
        kind, _, number = message.card.ref.partition(":")
        if kind == "storm" and number.isdecimal():
            return self._alerts.storm(message.chat, int(number))
        one = self._alerts.pipeline.groups.get(delivery.number_of(message)) if message.thread is None else None
        return [one] if one is not None else []

    def _answered(self, group: Group, platform: str, at: datetime) -> None:
        pipeline, turn = self._alerts.pipeline, Turn()
        after = delivery.answered(pipeline.groups[group.id], platform, at)
        if after == pipeline.groups[group.id]:
            return
        pipeline.keep(after, turn)
        if delivery.is_complete(after):
            pipeline.line(after, self._clock.now(), "pushed", pushed(after), turn)
            self._alerts.settle(turn, is_tick=False)
        else:
            self._alerts.keep(turn)  # shown with the next edit: the last platform's answer makes one

    def _late(self, group: Group, platform: str, now: datetime) -> None:
        pipeline, turn = self._alerts.pipeline, Turn()
        after = delivery.late(pipeline.groups[group.id], platform)
        pipeline.keep(after, turn)
        pipeline.line(after, now, "late", f"{platform} has not shown it for {delivery.LATE.seconds} s", turn)
        self._alerts.settle(turn, is_tick=False)
        said = f"{group.name} is not shown on {platform} yet: it waits there. Reach its people elsewhere"
        self._alerts.raise_own("outbox.dead", Severity.P1, said, reason=platform, name=platform)

    # ---- never -----------------------------------------------------------------------------------------------------

    def died(self, message: Message, reason: str) -> None:
        """A message will never arrive: where a room was to hear of a kind of alert, others do from now on."""
        log.error("a card for %s never arrived: %s", message.chat, reason)
        if message.thread is None:
            self._routes.lost(message.chat, reason)
            self._echo.died(message, reason)
        pipeline, turn = self._alerts.pipeline, Turn()
        for group in self._shown_by(message):  # that its platform is late needs no telling besides
            pipeline.keep(delivery.late(group, message.chat.partition(":")[0]), turn)
            if group.is_open and message.is_fresh:
                turn.pushes.append(Push(group=group.id, why=Why.AGAIN, is_loud=not message.silent, is_elsewhere=True))
        if turn.pushes:
            self._alerts.settle(turn, is_tick=False)
        elif turn:
            self._alerts.keep(turn)
        self._alerts.lost(message, reason)

    def lacked(self, chat: str, right: str) -> None:
        """Alerts have no place of their own in a chat, because of a right: told once a day."""
        where = self._alerts.rota.name_of(chat)
        said = f"alerts have no place of their own in {where}; there the bot lacks {right}"
        self._alerts.raise_own("chat.right", Severity.P3, said, reason=chat)

    def moved(self, old: str, new: str) -> None:
        """A chat has another id: what is open is shown anew there; that a topic had to be made anew is told."""
        self._people.moved(old, new)
        self._routes.heard(new)
        turn = Turn()
        for group in [one for one in self._alerts.pipeline.groups.values() if old in _chats(one)]:
            chats = tuple(dict.fromkeys(new if chat == old else chat for chat in group.chats))
            is_group = "/" not in old  # it took no topic along: the history is written anew
            kept = [new if chat == old else chat for chat in group.threads if not (is_group and chat == old)]
            threads = tuple(dict.fromkeys(kept))
            storms = tuple(msgspec.structs.replace(one, chat=new) if one.chat == old else one for one in group.storms)
            moved = msgspec.structs.replace(group, chats=chats, threads=threads, storms=storms)
            self._alerts.pipeline.keep(moved, turn)
        if turn:
            self._alerts.settle(turn, is_tick=False)
        if "/" in old:
            said = f"the topic {old} is gone: a new one was made, {new}"
            self._alerts.raise_own("chat.topic", Severity.P4, said, reason=new)


def _chats(group: Group) -> tuple[str, ...]:
    """Everywhere that something of it stands."""
    return (*group.chats, *group.threads, *(one.chat for one in group.storms))
