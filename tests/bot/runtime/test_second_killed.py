"""Killed anywhere between a second person's yes and the engine's receipt: it is done once, or both hear that it was not.

The story: Luis asks to unlock ALPHA, Ana approves. A point is after each commit that writes, when a platform has shown a card
and not yet answered, and on either side of the engine's taking the act. After the kill the bot comes back at once, late, to
positions that have changed, or to an asker without rights.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from bot.core.access import Grant, Role
from bot.core.card import plain
from bot.core.chat import Message
from engine.api import ActAsk, ActView
from engine.api.client import EngineError
from tests.bot.office import Direct
from tests.bot.runtime.test_killed import KilledError, Mortal, Platform, Reaper, Slate

ASKER, SECOND = "tg:@luis", "dc:@ana"
FOLLOWED_S = 20  # long enough to know that nothing of an earlier process is still under way


class Screen(Platform):
    """Keeps what each card says now, and every text that ever stood there."""

    def __init__(self, name: str, *, has_nonces: bool) -> None:
        super().__init__(name, has_nonces=has_nonces)
        self.cards: dict[tuple[str, str], str] = {}
        self.texts: list[tuple[str, str]] = []

    async def post(self, message: Message, known: str, nonce: str) -> str:
        self.reaper.check()
        text = "\n".join(plain(message.card))
        self.cards[message.chat, message.card.ref] = text
        self.texts.append((message.chat, text))
        return await super().post(message, known, nonce)


class Wire(Direct):
    """The engine, which outlives the bot: it takes one key once, and refuses what the state has left behind."""

    def __init__(self, office: "Approved") -> None:
        super().__init__(office.double)
        self.office = office

    async def _met(self) -> None:
        self.office.reaper.check()
        await super()._met()

    async def send(self, ask: ActAsk) -> ActView:
        await self._met()
        self.office.reaper.point("on its way to the engine")
        is_known = ask.key in self.double.acts
        if not is_known and ask.version is not None and ask.version != self.double.version:
            raise EngineError("positions changed since; look again", 409)
        view = self.double.order(ask)
        self.office.reaper.point("taken by the engine, not answered")
        return view

    async def act(self, key: str) -> ActView:
        await self._met()
        if key not in self.double.acts:
            raise EngineError(f"no act has the key {key}", 404)
        return self.double.acts[key]


class Approved(Mortal):
    """Luis has asked, and Ana has the buttons before her."""

    def __init__(self, slate: Slate) -> None:
        slate.blank.backup(slate.raw())
        super().__init__(Reaper(), slate.base, live=True)
        self.platforms = {"tg": Screen("tg", has_nonces=False), "dc": Screen("dc", has_nonces=True)}
        self.direct = Wire(self)
        self.first = self.next = self.reaper  # of the process with the yes, and of the one after its kill

    async def show(self, message: Message) -> None:
        self.messages.append(message)
        await super().show(message)

    async def ask(self) -> None:
        """Everything up to the waiting card."""
        process = self.start()
        totp = self.codes("luis")
        await self.say("/unlock ALPHA")
        await self.say(self.code(totp), handle=self.handle("y", ASKER))
        await self.clock.turn(1)
        await self._end(process)

    async def life(self, what: Callable[[], Any], at: int = 0) -> Reaper:
        """A process that does something and is looked at for a while, killed at a point."""
        self.reaper = Reaper(at)
        process = None
        with suppress(KilledError):
            process = self.start()
            await what()
            for _ in range(FOLLOWED_S):
                await self.controller.second.tick()
                await self.controller.proofs.recheck()
                await self.clock.turn(1)
                self.reaper.check()
        await self._end(process)
        return self.reaper

    async def _end(self, process: Any) -> None:
        if process is not None:
            process.cancel()
            with suppress(BaseException):
                await process

    async def approve(self) -> None:
        await self.say(handle=self.handle("y", SECOND), who="ana", chat=SECOND, update="7")

    async def nothing(self) -> None:
        """Nobody does anything."""

    async def expire(self) -> None:
        """Five minutes later."""
        self.clock.jump(301)

    def texts(self, chat: str) -> list[str]:
        screen = self.platforms[chat.partition(":")[0]]
        assert isinstance(screen, Screen)
        return [text for place, text in screen.texts if place == chat]

    def told(self, chat: str, word: str) -> bool:
        return any(word in text.lower() for text in self.texts(chat))

    def fault(self) -> str:
        """What is wrong in the end; empty where all is well."""
        sent, not_done = len(self.sent), [self.told(chat, "not done") for chat in (ASKER, SECOND)]
        never = any(self.told(chat, "never arrived") for chat in (ASKER, SECOND))
        if sent > 1:
            return f"done {sent} times"
        if sent and (any(not_done) or never):
            return "done, and said not to be"
        if sent and not any(text.startswith("UNLOCK ALPHA") and "acked" in text for text in self.texts(ASKER)):
            return f"done, and its card never came: {self.texts(ASKER)}"
        if not sent and not all(not_done):
            return f"not done, and not said to both: {not_done}"
        if any(row.state in ("asked", "approved") for row in self.rows()):
            return "it waits for ever"
        return "" if self.controller.around.gate.audit.fault() == "" else "the audit does not fit"

    def rows(self) -> list[Any]:
        with self.real_begin() as connection:
            return list(connection.exec_driver_sql("select state from approval"))


def at_once(office: Approved) -> None:
    """The next process starts without delay."""


def late(office: Approved) -> None:
    office.clock.jump(timedelta(minutes=4).total_seconds())


def moved(office: Approved) -> None:
    office.double.hold(3)


def disowned(office: Approved) -> None:
    office.store.grant("luis", Grant(role=Role.VIEWER), "local", office.clock.now())


@pytest.fixture
def slate() -> Iterator[Slate]:
    made = Slate()
    yield made
    made.close()


async def tell(slate: Slate, at: int, meanwhile: Callable[[Approved], None] = at_once, then: int = 0) -> Approved:
    """The story, killed at a point and, where ``then`` names one, at a point of the next process too."""
    office = Approved(slate)
    try:
        await office.ask()
        office.first = await office.life(office.approve, at)
        if at:
            assert office.first.is_dead
            office.reaper = Reaper()
            meanwhile(office)
            office.next = await office.life(office.nothing, then)
            if then:
                assert office.next.is_dead
                await office.life(office.nothing)
            await office.life(office.expire)
    finally:
        event.remove(slate.base._engine, "before_cursor_execute", office._executes)
        slate.base.begin = slate.begin  # type: ignore[method-assign]  # as it was
    return office


@pytest.mark.parametrize("meanwhile", [at_once, late, moved, disowned])
async def test_killed_anywhere_after_the_yes_it_is_done_once_or_both_hear_that_it_was_not(
    slate: Slate, meanwhile: Callable[[Approved], None]
) -> None:
    whole = await tell(slate, 0)
    assert (whole.fault(), len(whole.sent)) == ("", 1)
    points = whole.first.points
    assert len(points) > 12
    wrong = []
    for at in range(1, len(points) + 1):
        office = await tell(slate, at, meanwhile)
        if fault := office.fault():
            wrong.append(f"{at} of {len(points)}, {points[at - 1]}: {fault}")
        is_approved = any(row.result == "approved" for row in office.audit.newest(20))
        if meanwhile is at_once and is_approved and not office.sent:
            wrong.append(f"{at} of {len(points)}, {points[at - 1]}: approved, nothing changed, and not done")
    assert not wrong, "\n".join(wrong)


async def test_killed_again_while_it_is_made_good(slate: Slate) -> None:
    points = (await tell(slate, 0)).first.points
    on_its_way = points.index("on its way to the engine")
    wrong = []
    for meanwhile in (at_once, late):
        for at in (on_its_way, on_its_way + 1, on_its_way + 2):
            again = (await tell(slate, at, meanwhile)).next.points
            for then in range(1, len(again) + 1):
                office = await tell(slate, at, meanwhile, then)
                if fault := office.fault():
                    wrong.append(f"{meanwhile.__name__}, {points[at - 1]}, then {again[then - 1]}: {fault}")
    assert not wrong, "\n".join(wrong)
