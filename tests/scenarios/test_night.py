"""A night: one account hits its day's stop while its watch sleeps; whoever comes next takes it from the other platform."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyotp

from bot.core.access import Grant, Person, Role, Room, RoomKind
from bot.runtime.people.people import People
from bot.runtime.people.rota import QUIET
from bot.storage.alert import AlertStore
from bot.storage.database import Database
from bot.storage.people import PeopleStore
from engine.ports import Clock
from tests.bot.discord.server import CHANNEL
from tests.scenarios.phone import DiscordPhone, Scene, TelegramPhone, phoned
from tests.scenarios.stage import follower
from tests.scenarios.swift import SwiftClock
from tests.scenarios.test_limit import START, calendar, down, keeping

ANA = Person(id="ana", name="Ana", grants=(Grant(role=Role.RISK),))
BEN = Person(id="ben", name="Ben", grants=(Grant(role=Role.RISK),))
CARD = "DRAWDOWN STOP"


class TwoPhones(TelegramPhone):
    """Ana's, on Telegram; Ben's lies beside it, on Discord."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.ben = DiscordPhone(clock)

    @asynccontextmanager
    async def up(self) -> AsyncIterator[object]:  # type: ignore[override]  # both platforms
        async with super().up(), self.ben.up():
            yield self

    def tables(self) -> dict[str, dict[str, Any]]:
        there = self.ben.tables()["discord"] | {"deaf_s": 1e9}  # its beats keep the world's time
        return super().tables() | {"discord": there}


def watch(scene: Scene) -> pyotp.TOTP:
    """Ana is on call and wants quiet, Ben is her deputy, the desk's channel is on Discord; Ana's one-time codes."""
    base = Database(scene.settings().database)
    store, now = PeopleStore(base), scene.stage.clock.now()
    for person, identity in ((ANA, TelegramPhone.identity), (BEN, DiscordPhone.identity)):
        store.add(person, "local", now)
        store.link(identity, person.id, person.name, now)
    store.bind(Room(chat=f"discord:{CHANNEL}", kind=RoomKind.DESK), "local", now)
    for rank, person in enumerate((ANA, BEN)):
        AlertStore(base).set_oncall(rank, person, ANA, now)
    people = People(store, scene.stage.clock, ANA)
    people.set_wish(ANA.id, QUIET, "14:00-16:00")
    people.set_wish(BEN.id, QUIET, "14:00-16:00")
    totp = pyotp.TOTP(people.new_secret(ANA).partition("secret=")[2].partition("&")[0])
    people.check_code(ANA, totp.at(now - timedelta(seconds=30)))
    base.close()
    return totp


async def test_a_stop_at_night_is_answered_by_the_second_person_and_lifted_by_two(tmp_path: Path) -> None:
    clock = SwiftClock(20.0)
    calendar(tmp_path, clock.now(), clock.now() + timedelta(days=1))
    desk = {"keepings": {"APX-3": keeping()}, "balances": {"APX-3": START, "B": START}, "is_live": True}
    plans = [follower("APX-3"), follower("B")]
    async with phoned(TwoPhones, tmp_path, plans, with_bot=False, clock=clock, **desk) as scene:
        stage, ana = scene.stage, scene.phone
        assert isinstance(ana, TwoPhones)
        ben, totp = ana.ben, watch(scene)
        await scene.open_bot()
        stage.lead(2)
        await stage.until_held({"APX-3": 2, "B": 2})
        await down(stage, "20981", "20975")
        await scene.sees(CARD, "APX-3")  # P1: not even quiet hours hold it
        told = clock.monotonic()
        mine = [post for post in ben.server.posts if post.channel == ben.server.dms.get(5001)]
        assert not [post for post in mine if CARD in post.text]
        alone = ben.server.dm(5001)["id"]

        def waked() -> bool:
            return any(post.channel == int(alone) and CARD in post.text for post in ben.server.posts)

        await stage.until(waked, "the deputy is called")
        assert 100 < clock.monotonic() - told < 300  # his own step: at five minutes everybody is called
        name = next(match[1] for text in ben.read() if (match := re.search(rf"{CARD}.*(A-\d+)", text)))
        await ben.type(f"/ack {name} 1m I look")
        await scene.sees(CARD, "Ben has it until", "discord")
        before = len(ana.server.rooms[11].bots)
        await stage.until(
            lambda: any(CARD in post.text for post in ana.server.rooms[11].bots[before:]), "it asks again"
        )
        clock.pace(2.0)  # people have a minute of the story to decide
        await scene.type("/unlock APX-3")
        await scene.sees("UNLOCK APX-3", "A second person must approve this")
        await scene.press("Ask risk")
        await ana.type(totp.at(clock.now()))
        await stage.until(lambda: any("SECOND PERSON" in text for text in ben.read()), "Ben is asked")
        assert "Unlock" not in scene.wishes()
        await ben.press("Approve")
        await stage.until(lambda: "Unlock" in scene.wishes(), "two have said so")
        await scene.sees("UNLOCKED APX-3", "proven ✔")
        stage.assert_no_double()
