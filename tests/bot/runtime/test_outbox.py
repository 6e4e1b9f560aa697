"""The outbox over a platform that answers as platforms do: late, not at all, with a refusal; and a kill in between."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from bot.app import SystemClock
from bot.core.card import Card
from bot.core.chat import (
    ChatSpec,
    Door,
    Health,
    LaterError,
    Limits,
    Message,
    MovedError,
    Priority,
    Sign,
    UnreachableError,
    UnsureError,
    VanishedError,
)
from bot.runtime.outbox import TRIES, Outbox
from bot.storage.database import Database, StorageError
from bot.storage.outbox import OutboxStore
from engine.api import Value


class Platform:
    """Shows what it is given; ``answers`` are raised first, one after the other, by chat."""

    def __init__(self) -> None:
        self.answers: dict[str, list[Exception]] = defaultdict(list)
        self.shown: list[tuple[str, str, str]] = []  # chat, title, the message that was edited
        self.nonces: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def run(self, door: Door) -> int:
        return 0

    async def post(self, message: Message, known: str, nonce: str) -> str:
        await self.gate.wait()
        self.nonces.append(nonce)
        if self.answers[message.chat]:
            raise self.answers[message.chat].pop(0)
        self.shown.append((message.chat, message.card.title, known))
        return known or f"m{len(self.shown)}"

    async def mark(self, chat: str, post: str, sign: Sign) -> None:
        """Nothing."""

    def health(self) -> Health:
        return Health(heard_s=0.0)

    @property
    def titles(self) -> list[str]:
        return [title for _, title, _ in self.shown]


class Office:
    """One outbox over one platform and one file."""

    def __init__(self, path: Path, platform: Platform, *, repeats: bool = True) -> None:
        self.platform = platform
        self.died: list[tuple[str, str]] = []
        self.moved: list[tuple[str, str]] = []
        self.base = Database(f"sqlite:///{(path / 'bot.db').as_posix()}")
        spec = ChatSpec(name="tg", options=Value, limits=Limits(), connect=Platform, repeats=repeats)
        self.outbox = Outbox(
            OutboxStore(self.base),
            {"tg": (spec, platform)},
            SystemClock(),
            died=lambda message, reason: self.died.append((message.card.title, reason)),
            moved=lambda old, new: self.moved.append((old, new)),
        )

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Outbox]:
        work = asyncio.create_task(self.outbox.run())
        try:
            yield self.outbox
        finally:
            work.cancel()
            await asyncio.wait([work])
            self.base.close()


def card(title: str, ref: str = "", chat: str = "tg:1", priority: Priority = Priority.ANSWER) -> Message:
    return Message(chat=chat, card=Card(title=title, ref=ref), priority=priority)


async def test_a_card_is_edited_in_place_and_the_same_card_is_not_sent_again(tmp_path: Path) -> None:
    office = Office(tmp_path, Platform())
    async with office.open() as outbox:
        for title in ("asked", "acked", "acked", "proven"):
            await outbox.put(card(title, "act:1"))
            await outbox.drain("tg")
    assert office.platform.shown == [("tg:1", "asked", ""), ("tg:1", "acked", "m1"), ("tg:1", "proven", "m1")]


async def test_what_waits_behind_a_slow_platform_is_told_once_with_the_newest_content(tmp_path: Path) -> None:
    office = Office(tmp_path, Platform())
    office.platform.gate.clear()
    async with office.open() as outbox:
        await outbox.put(card("first"))
        await asyncio.sleep(0)
        for title in ("asked", "acked", "proven"):
            await outbox.put(card(title, "act:1"))
        office.platform.gate.set()
        await outbox.drain("tg")
    assert office.platform.titles == ["first", "proven"]


async def test_a_deleted_message_is_shown_anew_and_a_moved_chat_followed(tmp_path: Path) -> None:
    office = Office(tmp_path, Platform())
    async with office.open() as outbox:
        await outbox.put(card("one", "a"))
        await outbox.drain("tg")
        office.platform.answers["tg:1"] = [VanishedError("gone"), MovedError("tg:100")]
        await outbox.put(card("two", "a"))
        await outbox.drain("tg")
    assert office.platform.shown[1:] == [("tg:100", "two", "")]
    assert office.moved == [("tg:1", "tg:100")]


async def test_a_429_delays_one_chat_and_no_other(tmp_path: Path) -> None:
    office = Office(tmp_path, Platform())
    office.platform.answers["tg:1"] = [LaterError("slow down", 0.05)]
    async with office.open() as outbox:
        await outbox.put(card("limited"))
        await outbox.put(card("other", chat="tg:2"))
        await outbox.drain("tg")
    assert office.platform.titles == ["other", "limited"]


async def test_what_may_have_been_shown_is_repeated_only_where_that_is_right(tmp_path: Path) -> None:
    office = Office(tmp_path, Platform())
    office.platform.answers["tg:1"] = [UnsureError("no answer"), UnsureError("no answer")]
    async with office.open() as outbox:
        await outbox.put(card("plain"))
        await outbox.drain("tg")
        await outbox.put(card("urgent", priority=Priority.URGENT))
        await outbox.drain("tg")
    assert office.platform.titles == ["urgent"]
    nonced = Office(tmp_path / "d", Platform(), repeats=False) if (tmp_path / "d").mkdir() is None else office
    nonced.platform.answers["tg:1"] = [UnsureError("no answer")]
    async with nonced.open() as outbox:
        await outbox.put(card("plain"))
        await outbox.drain("tg")
    assert nonced.platform.titles == ["plain"]
    assert len(set(nonced.platform.nonces)) == 1


async def test_a_chat_that_put_us_out_is_told_as_dead(tmp_path: Path) -> None:
    office = Office(tmp_path, Platform())
    office.platform.answers["tg:1"] = [UnreachableError("bot was kicked")]
    async with office.open() as outbox:
        await outbox.put(card("lost"))
        await outbox.drain("tg")
        assert outbox.health("tg").dead == 1
    assert office.died == [("lost", "bot was kicked")]


async def test_a_kill_between_commit_and_send_loses_nothing(tmp_path: Path) -> None:
    office = Office(tmp_path, Platform())
    office.platform.gate.clear()
    async with office.open() as outbox:
        await outbox.put(card("under way", priority=Priority.URGENT))
        await asyncio.sleep(0.01)
        await outbox.put(card("waiting"))
    after = Office(tmp_path, Platform())
    async with after.open() as outbox:
        await asyncio.sleep(0)
        await outbox.drain("tg")
    assert after.platform.titles == ["under way", "waiting"]


async def test_what_is_kept_with_other_rows_leaves_after_them_and_falls_with_them(tmp_path: Path) -> None:
    office = Office(tmp_path, Platform())

    def fall(outbox: Outbox) -> None:
        with office.base.begin() as connection:
            outbox.keep([card("rolled back")], connection)
            connection.exec_driver_sql("insert into nowhere values (1)")

    async with office.open() as outbox:
        with office.base.begin() as connection:
            outbox.keep([card("kept, then killed")], connection)
        with pytest.raises(StorageError):
            fall(outbox)
        await asyncio.sleep(0)
        assert office.platform.titles == []
    after = Office(tmp_path, Platform())
    async with after.open() as outbox:
        await asyncio.sleep(0)
        await outbox.drain("tg")
    assert after.platform.titles == ["kept, then killed"]


async def test_an_answer_is_shown_anew_though_its_card_was_shown_before(tmp_path: Path) -> None:
    office = Office(tmp_path, Platform())
    async with office.open() as outbox:
        await outbox.put(card("status", "status"))
        await outbox.drain("tg")
        await outbox.put(replace(card("status", "status"), is_fresh=True))
        await outbox.drain("tg")
        await outbox.put(card("later", "status"))
        await outbox.drain("tg")
    assert office.platform.shown == [("tg:1", "status", ""), ("tg:1", "status", ""), ("tg:1", "later", "m2")]


async def test_a_platform_that_is_away_gives_no_message_up(tmp_path: Path) -> None:
    office = Office(tmp_path, Platform())
    office.platform.answers["tg:1"] = [LaterError("no line", 0.001, is_whole=True) for _ in range(3 * TRIES)]
    async with office.open() as outbox:
        await outbox.put(card("patient"))
        await outbox.drain("tg")
    assert office.platform.titles == ["patient"]
    assert not office.died
