"""Controller: everything between an event of a platform and the engine, put together once for the bot and for its tests."""

import asyncio
import secrets
from collections.abc import Callable, Coroutine, Mapping
from datetime import tzinfo
from typing import Any

from bot.core.access import Grant, Person, Role
from bot.core.card import Card
from bot.core.chat import Clock, Message, Priority, Show
from bot.core.command import Command, Engine, Venue
from bot.core.dialogue import Dialogue
from bot.runtime.acts import Acts
from bot.runtime.alerts import Alerts
from bot.runtime.around import Around
from bot.runtime.audience import Audience
from bot.runtime.climber import Mail
from bot.runtime.directory import Directory
from bot.runtime.dispatcher import Dispatcher, Mark
from bot.runtime.gate import Gate
from bot.runtime.hand import Hand
from bot.runtime.memory import Memory
from bot.runtime.people import People
from bot.runtime.proofs import Proofs
from bot.runtime.rota import Rota
from bot.runtime.second import Second
from bot.runtime.watch import Watch
from bot.storage.alert import AlertStore
from bot.storage.approval import ApprovalStore
from bot.storage.audit import AuditStore
from bot.storage.database import Database
from bot.storage.handle import HandleStore
from bot.storage.inbox import InboxStore
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
        is_pausing: bool = False,
    ) -> None:
        """``show`` gets each card, ``mail`` those of alerts; ``start`` starts a task that ends with the bot."""
        self._audience = audience
        self._show = show
        around = Around(
            engine=engine,
            people=people,
            directory=Directory(engine, clock),
            dialogue=Dialogue(mint, HandleStore(database)),
            gate=Gate(people, InboxStore(database), AuditStore(database), clock),
            show=show,
            siren=self._siren,
            clock=clock,
            zone=zone,
        )
        self.memory = Memory(engine, watch, around.directory, clock)
        self.proofs = Proofs(engine, show, watch, clock, TrackStore(database), zone=zone)
        store = AlertStore(database)
        self.alerts = Alerts(
            store,
            mail,
            around.dialogue,
            Rota(store, people, audience),
            around.directory,
            clock,
            zone,
            engine=engine,
            is_pausing=is_pausing,
        )
        hand = Hand(around, self.proofs)
        self.second = Second(around, hand, ApprovalStore(database))
        self.dispatcher = Dispatcher(
            around,
            Acts(around, hand, self.second),
            alerts=self.alerts,
            watch=watch,
            memory=self.memory,
            commands=commands,
            mint=mint,
            start=start,
            venue=venue,
            mark=mark,
        )

    async def _siren(self, card: Card) -> None:
        """Tell risk and owner, wherever they are."""
        for chat in self._audience.of_role(Role.RISK):
            await self._show(Message(chat=chat, card=card, priority=Priority.URGENT))


def local_person(name: str, user: str) -> Person:
    """Whoever sits at the desk's own computer."""
    return Person(id=user, name=name, grants=(Grant(role=Role.OWNER),))
