"""Controller: everything between an event of a platform and the engine, put together once for the bot and for its tests."""

import asyncio
import secrets
from collections.abc import Callable, Coroutine, Mapping
from datetime import tzinfo
from typing import Any

from bot.core.access import Grant, Person, Role
from bot.core.chat import Clock, Show
from bot.core.command import Command, Engine, Venue
from bot.core.dialogue import Dialogue
from bot.core.route import CONDUCT, Conduct
from bot.core.vital import Vitals
from bot.runtime.acting.acts import Acts
from bot.runtime.acting.hand import Hand
from bot.runtime.acting.proofs import Proofs
from bot.runtime.acting.second import Second
from bot.runtime.admission.around import Around
from bot.runtime.admission.gate import Gate
from bot.runtime.alerting.alerts import Alerts
from bot.runtime.alerting.climber import Mail
from bot.runtime.alerting.delivery import Deliveries
from bot.runtime.alerting.echo import Echo
from bot.runtime.alerting.sentry import Sentry
from bot.runtime.desk.directory import Directory
from bot.runtime.desk.memory import Memory
from bot.runtime.desk.watch import Watch
from bot.runtime.incoming.counter import Counter
from bot.runtime.incoming.dispatcher import Dispatcher
from bot.runtime.incoming.guide import Guide
from bot.runtime.incoming.replies import Replies
from bot.runtime.lasting import Work
from bot.runtime.outgoing.fader import Fader
from bot.runtime.outgoing.marks import Mark, Marks
from bot.runtime.people.audience import Audience
from bot.runtime.people.people import People
from bot.runtime.people.rota import Rota
from bot.runtime.sweeper import Sweeper
from bot.runtime.telling.comeback import Comeback
from bot.runtime.telling.digests import Digests
from bot.runtime.telling.editor import Editor
from bot.storage.alert import AlertStore
from bot.storage.approval import ApprovalStore
from bot.storage.audit import AuditStore
from bot.storage.beat import BeatStore
from bot.storage.database import Database
from bot.storage.digest import DigestStore
from bot.storage.directory import DirectoryStore
from bot.storage.fade import FadeStore
from bot.storage.handle import HandleStore
from bot.storage.inbox import InboxStore
from bot.storage.outbox import OutboxStore
from bot.storage.thread import ThreadStore
from bot.storage.track import TrackStore

HANDLE_BYTES = 12


def mint() -> str:
    """An opaque handle that nobody can guess: 16 characters."""
    return secrets.token_urlsafe(HANDLE_BYTES)


class Controller:
    """The parts that answer people."""

    def __init__(
        self,
        *,
        engine: Engine,
        database: Database,
        people: People,
        audience: Audience,
        show: Show,
        mail: Mail,
        watch: Watch,
        clock: Clock,
        zone: tzinfo,
        commands: Mapping[str, Command],
        start: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]],
        venue: Venue | None = None,
        mark: Mark | None = None,
        conduct: Conduct = CONDUCT,
        vitals: Callable[[], Vitals] | None = None,
    ) -> None:
        """``show`` gets each card, ``mail`` those of alerts; ``start`` starts a task that ends with the bot."""
        store, directory = AlertStore(database), Directory(engine, clock, DirectoryStore(database))
        dialogue, rota = Dialogue(mint, HandleStore(database)), Rota(store, people, audience)
        known = (dialogue, rota, directory, clock, zone)
        self.alerts = Alerts(store, mail, *known, engine=engine, conduct=conduct)
        echo = Echo(show, rota, people, audience.routes, clock, start)
        self.deliveries = Deliveries(self.alerts, people, clock, audience.routes, echo)
        self.sentry = Sentry(self.alerts, clock)
        self.fader = Fader(show, HandleStore(database), FadeStore(database), dialogue, clock)
        self.around = around = Around(
            engine=engine,
            people=people,
            directory=directory,
            dialogue=dialogue,
            fader=self.fader,
            gate=Gate(people, InboxStore(database), AuditStore(database), self.sentry, clock),
            show=self.fader.show,
            sentry=self.sentry,
            clock=clock,
            zone=zone,
        )
        self.memory = Memory(engine, watch, around.directory, clock)
        marks = Marks(mark, start) if mark is not None else None
        self.proofs = Proofs(around, watch, TrackStore(database), marks=marks)
        hand = Hand(around, self.proofs)
        self.second = Second(around, hand, ApprovalStore(database), self.proofs, mail)
        self.guide = Guide(around, commands, start, has_venue=venue is not None)
        self.digests = Digests(DigestStore(database), around, rota, Editor(around, self.alerts), mail)
        self.comeback = Comeback(BeatStore(database), around, self.alerts, audience, watch, mail)
        self.sweeper = Sweeper((store, OutboxStore(database), ThreadStore(database)), clock)
        self.dispatcher = Dispatcher(
            around,
            Acts(around, hand, self.second),
            watch=watch,
            memory=self.memory,
            guide=self.guide,
            counter=Counter(around, self.guide, self.alerts, self.digests, echo, mint=mint, venue=venue, vitals=vitals),
            start=start,
            replies=Replies(around, self.alerts, OutboxStore(database)),
            marks=marks,
        )

    @property
    def works(self) -> tuple[Work, ...]:
        """What of it runs for ever."""
        return (
            self.second,
            self.alerts,
            self.deliveries,
            self.sentry,
            self.memory,
            self.digests,
            self.fader,
            self.comeback,
            self.sweeper,
        )


def local_person(name: str, user: str) -> Person:
    """Whoever sits at the desk's own computer."""
    return Person(id=user, name=name, grants=(Grant(role=Role.OWNER),))
