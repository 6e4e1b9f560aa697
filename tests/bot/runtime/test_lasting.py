"""A database that does not answer, a row that cannot be read, a message that cannot be shown: each costs itself alone."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import Connection, text

from bot.core.card import Card
from bot.core.chat import ChatSpec, Limits, Message, Priority
from bot.core.dialogue import Intent, Seat
from bot.core.pipeline import AlertError
from bot.runtime.lasting import AGAIN_S, last
from bot.runtime.outgoing.outbox import Outbox
from bot.storage.approval import Approval, Waiting
from bot.storage.database import Database, StorageError
from bot.storage.outbox import OutboxStore
from engine.api import Notice, Severity, Value
from tests.bot.double import AT
from tests.bot.office import DESK, OPS, Office
from tests.bot.runtime.test_outbox import Platform
from tests.clock import HandClock


class Stored(Office):
    """Shows through rows, as the outbox does."""

    async def show(self, message: Message) -> None:
        with self.database.begin():
            await super().show(message)


class Failing:
    """Fails as told, then ends."""

    def __init__(self, *faults: Exception) -> None:
        self.faults = list(faults)
        self.runs = 0

    async def run(self) -> None:
        self.runs += 1
        if self.faults:
            raise self.faults.pop(0)


class Switch:
    """A database that can be taken away, and given back."""

    def __init__(self, database: Database) -> None:
        self.is_off = False
        self._begin = database.begin
        database.begin = self.begin  # type: ignore[method-assign]

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        if self.is_off:
            raise StorageError("the bot's database does not answer: database is locked")
        with self._begin() as connection:
            yield connection


def p1(seq: int = 1, account: str = "ALPHA") -> Notice:
    return Notice(seq=seq, at=AT, code="dd.fail", severity=Severity.P1, account=account, text=f"{account} not flat")


async def test_a_work_that_fails_begins_anew_and_says_why_once(caplog: pytest.LogCaptureFixture) -> None:
    clock, same = HandClock(), "database is locked"
    work = Failing(
        StorageError(same), ExceptionGroup("tasks", [StorageError(same)]), KeyError("odd"), StorageError(same)
    )
    with caplog.at_level(logging.ERROR):
        task = asyncio.create_task(last(work, clock))
        for _ in range(5):
            await clock.turn(AGAIN_S)
    assert task.done()
    assert work.runs == 5
    said = [record.getMessage() for record in caplog.records]
    assert said == [
        f"Failing failed: StorageError: {same}",
        "Failing failed: KeyError: 'odd'",
        f"Failing failed: StorageError: {same}",
    ]
    assert [record.exc_info is not None for record in caplog.records] == [False, True, False]


async def test_alerts_that_cannot_be_stored_are_told_once_when_they_can(tmp_path: Path) -> None:
    office = Office(database=Database(f"sqlite:///{(tmp_path / 'bot.db').as_posix()}"))
    alerts, switch = office.controller.alerts, Switch(office.database)
    office.clock.jump(1)
    await alerts.tick()
    switch.is_off = True
    await alerts.take([p1()])
    for _ in range(5):
        office.clock.jump(1)
        await alerts.tick()
    assert office.messages == office.lines == []
    switch.is_off = False
    assert alerts.seq is None  # the engine would tell it again
    await alerts.tick()
    told = [one for one in office.messages if one.chat == DESK]
    assert ["NOT PROVEN FLAT" in one.card.title for one in told] == [True]
    assert alerts.seq == 1
    kinds = [line.kind for line in alerts.store.history(1)]
    assert kinds.count("fired") == 1
    assert len(kinds) == len(set(kinds))
    await alerts.tick()
    assert len([one for one in office.messages if one.chat == DESK]) == 1
    steps = len(office.messages)
    switch.is_off = True
    for _ in range(20):
        office.clock.jump(60)
        await alerts.tick()
    assert len(office.messages) == steps
    switch.is_off = False
    for _ in range(10):
        office.clock.jump(60)
        await alerts.tick()
    assert {one.chat for one in office.messages[steps:]} >= {OPS, "tg:@ana"}  # the next people all the same


async def test_a_command_while_the_database_is_away_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    office = Stored()
    switch = Switch(office.database)
    switch.is_off = True
    with caplog.at_level(logging.ERROR):
        assert await office.say("/status") == ""
    assert "Dispatcher._answer failed: StorageError" in caplog.text
    switch.is_off = False
    assert "COPYING" in await office.say("/status")


def outbox(database: Database, platform: Any, clock: HandClock) -> tuple[Outbox, OutboxStore]:
    spec = ChatSpec(name="tg", options=Value, limits=Limits(), connect=Platform, repeats=True)
    rows = OutboxStore(database)
    return Outbox(rows, {"tg": (spec, platform)}, clock), rows


def card(title: str, chat: str = "tg:1") -> Message:
    return Message(chat=chat, card=Card(title=title), priority=Priority.ANSWER)


async def test_messages_wait_for_a_database_that_is_away_and_one_that_cannot_be_shown_is_dead(tmp_path: Path) -> None:
    platform, clock = Platform(), HandClock()
    database = Database(f"sqlite:///{(tmp_path / 'bot.db').as_posix()}")
    office, rows = outbox(database, platform, clock)
    switch, dead = Switch(database), []

    class Ears:
        def shown(self, message: Message) -> None: ...
        def died(self, message: Message, reason: str) -> None:
            dead.append((message.card.title, reason))

        def lacked(self, chat: str, right: str) -> None: ...
        def moved(self, old: str, new: str) -> None: ...

    office.report_to(Ears())
    work = asyncio.create_task(office.run())
    platform.answers["tg:2"].append(KeyError("no such"))
    await office.put(card("cannot be shown", "tg:2"))
    await office.put(card("after it", "tg:2"))
    await office.drain("tg")
    assert platform.titles == ["after it"]
    assert dead == [("cannot be shown", "a fault in the bot: KeyError")]
    await office.put(card("waits"))
    switch.is_off = True
    await clock.turn(5)
    assert platform.titles == ["after it"]
    switch.is_off = False
    await clock.turn(5)
    await office.drain("tg")
    assert not work.done()
    assert platform.titles == ["after it", "waits"]
    assert rows.waiting("tg") == []
    work.cancel()
    await asyncio.wait([work])
    database.close()


async def test_rows_that_nobody_can_read_keep_no_others_waiting(tmp_path: Path) -> None:
    office = Office(database=Database(f"sqlite:///{(tmp_path / 'bot.db').as_posix()}"))
    rows, clock = OutboxStore(office.database), office.clock
    rows.put(card("of another version"), "tg", clock.now())
    await office.say("/flatten ALPHA")
    with office.database.begin() as connection:
        for table in ("outbox", "fading"):
            connection.execute(text(f"update {table} set payload = x'01'"))
    rows.put(card("of this one"), "tg", clock.now())
    await office.say("/flatten BRAVO")
    clock.jump(31)
    before = len(office.messages)
    await office.controller.fader.look()
    await office.controller.fader.look()
    assert [one.card.footer for one in office.messages[before:]] == ["expired"]
    assert [one.message.card.title for one in rows.waiting("tg")] == ["of this one"]
    assert rows.dead() == 1
    await office.say("/flatten ALPHA")
    handle = office.handle("y")
    with office.database.begin() as connection:
        connection.execute(text("update handle set payload = x'01'"))
    assert "not valid any more" in await office.say(handle=handle)
    assert not office.sent


async def test_one_act_that_waits_and_fails_keeps_no_other_waiting(caplog: pytest.LogCaptureFixture) -> None:
    office = Office(live=True)
    second = office.controller.second
    seen = []

    def end(approval: Any, state: Waiting, *_: object) -> None:
        seen.append(approval.id)
        if approval.id == "R1":
            raise AlertError("odd")

    store = second._approvals
    for number in (1, 2):
        approval = await _waiting(office, f"R{number}")
        store.put(replace(approval, due=office.clock.now() - timedelta(seconds=1)))
    second._end = end  # type: ignore[method-assign]
    with caplog.at_level(logging.ERROR):
        await second.tick()
        await second.tick()
    assert seen == ["R1", "R2", "R1", "R2"]
    assert caplog.text.count("R1 failed") == 1


async def _waiting(office: Office, name: str) -> Any:
    now = office.clock.now()
    return Approval(
        id=name,
        intent=Intent(ask=None),
        preview=None,
        seat=Seat(person="tess", chat=DESK),
        asker="Tess",
        reason="",
        state=Waiting.ASKED,
        made_at=now,
        due=now,
        chats=(),
    )
