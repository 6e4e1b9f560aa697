"""Echo: one silent line to every chat that would hear of a P1, and what the outbox knows of each within ten seconds."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from bot.core.access import Person, Room
from bot.core.card import Card
from bot.core.chat import Clock, Incoming, Message, Show
from bot.core.escalation import Reach
from bot.core.render.route import Heard, echo_card, line_card
from bot.core.routing import Spot
from bot.runtime.people.audience import reader_of
from bot.runtime.people.codes import PeopleError
from bot.runtime.people.people import People
from bot.runtime.people.rota import Rota
from bot.runtime.people.routes import Routes
from engine.api import Severity

PATIENCE_S = 10.0


class Echo:
    """Asks all of them, one test at a time."""

    def __init__(
        self,
        show: Show,
        rota: Rota,
        people: People,
        routes: Routes,
        clock: Clock,
        start: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]],
    ) -> None:
        """``start`` starts a task that ends with the bot."""
        self.routes = routes
        self._show = show
        self._rota = rota
        self._people = people
        self._clock = clock
        self._start = start
        self._ref = ""  # of the test that is under way
        self._begun = 0.0
        self._heard: dict[str, Heard] = {}
        self._all = asyncio.Event()

    async def call(self, by: Person, incoming: Incoming) -> Card:
        """Ask all of them; the card is edited there when all have answered, at the latest after ten seconds.

        Raises: PeopleError while another test is under way.
        """
        if self._ref:
            raise PeopleError("a test is under way; its result comes within ten seconds")
        self._ref, self._begun = f"echo:{self._clock.now():%y%m%d%H%M%S}", self._clock.monotonic()
        self._heard = {one: Heard(name=self._rota.name_of(one)) for one in self._chats()}
        self._all = asyncio.Event()
        card = line_card(by.name, self._ref)
        self._start(self._follow(incoming, self._ref))
        for one in list(self._heard):
            await self._show(Message(chat=one, card=card, silent=True, is_fresh=True))
        return echo_card(tuple(self._heard.values()), f"{self._ref}:{incoming.chat}", is_over=False)

    def shown(self, message: Message) -> None:
        """A platform has shown a message."""
        self._take(message, Heard(name="", after_s=self._clock.monotonic() - self._begun))

    def died(self, message: Message, reason: str) -> None:
        """A message will never arrive."""
        self._take(message, Heard(name="", fault=reason or "not delivered"))

    def _take(self, message: Message, heard: Heard) -> None:
        known = self._heard.get(message.chat)
        if not self._ref or message.card.ref != self._ref or known is None:
            return
        self._heard[message.chat] = Heard(name=known.name, after_s=heard.after_s, fault=heard.fault)
        if all(one.is_known for one in self._heard.values()):
            self._all.set()

    async def _follow(self, incoming: Incoming, ref: str) -> None:
        waits = [asyncio.ensure_future(self._all.wait()), asyncio.ensure_future(self._clock.sleep(PATIENCE_S))]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        card = echo_card(tuple(self._heard.values()), f"{ref}:{incoming.chat}", is_over=True)
        self._ref = ""
        await self._show(Message(chat=incoming.chat, card=card, is_private=True, reader=reader_of(incoming)))

    def _chats(self) -> tuple[str, ...]:
        """Every chat that hears of a P1 sooner or later: rooms, who is on call, the deputy, everybody with the role risk."""
        calls = [self._rota.call(reach, Severity.P1).chats for reach in (Reach.ONCALL, Reach.DEPUTY, Reach.RISK)]
        rooms = self._rota.chats("", Severity.P1, frozenset(), ())
        routed = [one.room.chat for spots in self.routes.table().values() for one in spots]
        return tuple(dict.fromkeys((*rooms, *routed, *(chat for chats in calls for chat in chats))))


class RouteDesk:
    """The routes as one person may handle them, from where they write."""

    def __init__(self, echo: Echo, person: Person, incoming: Incoming) -> None:
        """For one command of one person."""
        self._echo = echo
        self._person = person
        self._incoming = incoming

    def table(self) -> dict[str, tuple[Spot, ...]]:
        """Rooms by code or family."""
        return self._echo.routes.table()

    def spots(self) -> list[Spot]:
        """Every bound room."""
        return self._echo.routes.spots()

    def find(self, word: str, here: Room) -> Spot:
        """The room that a word means."""
        return self._echo.routes.find(word, here)

    async def test(self) -> Card:
        """Ask every chat that would hear of a P1."""
        return await self._echo.call(self._person, self._incoming)
