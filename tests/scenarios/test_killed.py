"""The engine is killed between a P1 and the people: after the restart it comes once, with its own time; nothing is doubled."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.config import ChatSettings
from engine.api.client import EngineClient, EngineError
from engine.domain.decision import Raised
from tests.scenarios.mortal import Part
from tests.scenarios.phone import LUIS, PATIENCE_S, PHONES, TOKENS, Scene, TimedDiscord, TimedTelegram
from tests.scenarios.served import PLACES, BotPart, Sudden, serve_bot, served
from tests.scenarios.stage import Stage, follower
from tests.scenarios.swift import SwiftClock
from tests.scenarios.test_limit import START, calendar, keeping

SPEED = 10.0
CARD, DEAD, AGAIN = "P1 DRAWDOWN STOP", "P1 ENGINE NOT ANSWERING", "P2 ENGINE RESTARTED"


class Doomed(Scene):
    """A scene whose engine and bot are processes that can be killed."""

    def __init__(self, stage: Stage, phone: Any, clock: SwiftClock) -> None:
        super().__init__(stage, phone)
        self.clock = clock
        self.chat = ChatSettings(name=LUIS.name, zone="UTC")
        self.engine: Sudden | None = None
        self.bot: Sudden | None = None

    def open_doomed(self, place: str) -> None:
        """Engine and clerk, until the P1 kills them at ``place``."""
        stage, clock = self.stage, self.clock
        part = Part(stage.home, stage.plan(), stage.connections(), clock.speed, clock.anchor, None)
        self.engine = served(part, place)

    async def ready(self) -> None:
        """Both copy, as the API says; the bot is up."""
        find = self.settings().find_engine
        await self.stage.until(lambda: find() is not None, "the API serves")
        found = find()
        assert found is not None
        client = EngineClient(found.url, found.token)
        try:
            async with asyncio.timeout(PATIENCE_S):
                while True:
                    with suppress(EngineError):
                        if (await client.status("all")).copying == len(self.stage.followers):
                            break
                    await asyncio.sleep(0.01)
        finally:
            await client.close()
        self.start_doomed_bot()
        await self.type("/status")
        await self.sees("COPYING · 2 of 2")

    def start_doomed_bot(self) -> None:
        tables = self.phone.tables()
        tables.get("discord", {})["deaf_s"] = 1e9  # its beats keep the world's time
        home, clock = self.stage.home, self.clock
        self.bot = Sudden(serve_bot, BotPart(home, self.chat, tables, TOKENS, clock.speed, clock.anchor))

    def end(self) -> None:
        """Kill what still lives."""
        for process in (self.engine, self.bot):
            if process is not None:
                process.end()

    def news(self, word: str) -> list[str]:
        """What each message that says ``word`` said first; an alert that nobody has taken says it again as such."""
        server: Any = self.phone.server  # type: ignore[attr-defined]  # of the platforms that have one
        assert isinstance(server, TimedTelegram | TimedDiscord)
        first: dict[Any, str] = {}
        for number, text in server.said:
            if word in text:
                first.setdefault(number, text)
        return [text for text in first.values() if "Still so." not in text]


@asynccontextmanager
async def doomed(home: Path, platform: str, place: str) -> AsyncIterator[Doomed]:
    """A desk that copies, two followers long 2, and a bot that hears of it."""
    clock = SwiftClock(SPEED)
    calendar(home, clock.now(), clock.now() + timedelta(days=1))
    plans = [follower("APX-3"), follower("B")]
    stage = Stage(
        home, plans, clock=clock, keepings={"APX-3": keeping()}, balances={"APX-3": START, "B": START}, is_live=True
    )
    await stage.open_venue()
    scene = Doomed(stage, PHONES[platform](clock), clock)
    try:
        async with scene.phone.up():
            scene.people()
            scene.open_doomed(place)
            try:
                await scene.ready()
                stage.lead(2)
                await stage.until(lambda: stage.held("APX-3") == stage.held("B") == 2, "both are long")
                await scene.sees("BUY 2 NQZ6")
                yield scene
            finally:
                scene.end()
    finally:
        await scene.close_engine()
        await stage.venue.stop()


async def hit(scene: Doomed) -> None:
    """APX-3's day is lost, and the engine dies of it."""
    assert scene.engine is not None
    scene.stage.price("20975")
    await scene.stage.until(lambda: bool(scene.engine and scene.engine.is_dead), "the engine dies")
    scene.engine.end()


async def stopped(scene: Doomed) -> None:
    """The engine is there again: the stop goes on, its alert comes once and has its own time."""
    stage = scene.stage
    await scene.open_engine()
    text = await scene.sees(CARD, "APX-3")
    await scene.type(f"/ack {text.partition(' · dd.hard')[0].rpartition('A-')[2].split()[0]}")
    await stage.until_held({"APX-3": 0, "B": 2})
    await stage.until_quiet()
    at = next(entry.event.at for entry in stage.entries() if any(is_stop(one) for one in entry.decisions))
    assert f"{at:%H:%M:%S}" in text
    for word in ("is proven flat", AGAIN, "ENGINE NOT ANSWERING: over after"):
        await stage.until(lambda word=word: bool(scene.news(word)), word)
    assert [len(scene.news(word)) for word in (CARD, DEAD, AGAIN)] == [1, 1, 1]
    assert [sum(map(is_stop, entry.decisions)) for entry in stage.entries()].count(1) == 1
    stage.assert_no_double()
    assert (stage.path("APX-3"), stage.path("B")) == ([2, 0], [2])


def is_stop(decision: Any) -> bool:
    return isinstance(decision, Raised) and decision.code == "dd.hard"


@pytest.mark.parametrize("place", PLACES)
async def test_a_stop_whose_engine_died_of_it_is_told_once_with_its_own_time(tmp_path: Path, place: str) -> None:
    """In the journal and not told, told and not heard, half heard, heard: people are told of the silence, then of the stop."""
    async with doomed(tmp_path, "telegram", place) as scene:
        await hit(scene)
        await scene.sees(DEAD)
        await stopped(scene)


@pytest.mark.parametrize("place", ["journaled", "told"])
async def test_both_are_killed_between_the_stop_and_the_people(tmp_path: Path, place: str) -> None:
    """Engine and bot die together, the bot comes back first: what it was told and what it was not told comes once."""
    async with doomed(tmp_path, "discord", place) as scene:
        await hit(scene)
        assert scene.bot is not None
        scene.bot.end()
        scene.start_doomed_bot()
        await scene.sees(DEAD)
        await stopped(scene)
