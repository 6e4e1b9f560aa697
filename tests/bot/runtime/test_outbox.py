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
    LacksError,
    LaterError,
    Limits,
    Message,
    MovedError,
    Priority,
    Sign,
    Thread,
    UnreachableError,
    UnsureError,
    VanishedError,
)
from bot.runtime.outgoing.carrier import TRIES
from bot.runtime.outgoing.outbox import Outbox
from bot.storage.database import Database, StorageError
from bot.storage.outbox import OutboxStore
from bot.storage.thread import ThreadStore
from engine.api import Value


class Platform:
    """Shows what it is given; ``answers`` are raised first, one after the other, by chat."""

    def __init__(self) -> None:
        self.answers: dict[str, list[Exception]] = defaultdict(list)
        self.shown: list[tuple[str, str, str]] = []  # chat, title, the message that was edited
        self.messages: list[Message] = []
        self.nonces: list[str] = []
        self.opened: list[tuple[str, str]] = []
        self.tended: list[tuple[str, bool]] = []
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
        self.messages.append(message)
        return known or f"m{len(self.shown)}"

    async def open_thread(self, chat: str, post: str, name: str) -> str:
        self.opened.append((chat, post))
        if self.answers["open"]:
            raise self.answers["open"].pop(0)
        return f"tg:t{len(self.opened)}"

    async def tend_thread(self, place: str, name: str, *, is_shut: bool) -> None:
        self.tended.append((place, is_shut))

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
        self.dead: list[tuple[str, str]] = []
        self.moves: list[tuple[str, str]] = []
        self.lacks: list[tuple[str, str]] = []
        self.base = Database(f"sqlite:///{(path / 'bot.db').as_posix()}")
        spec = ChatSpec(name="tg", options=Value, limits=Limits(), connect=Platform, repeats=repeats)
        self.threads = ThreadStore(self.base)
        self.times: list[tuple[str, float]] = []
        self.outbox = Outbox(
            OutboxStore(self.base), {"tg": (spec, platform)}, SystemClock(), self.threads, shown=self.timed
        )
        self.outbox.report_to(self)

    def shown(self, message: Message) -> None:
        """Nothing."""

    def timed(self, message: Message, took_s: float) -> None:
        self.times.append((message.card.title, took_s))

    def died(self, message: Message, reason: str) -> None:
        self.dead.append((message.card.title, reason))

    def lacked(self, chat: str, right: str) -> None:
        self.lacks.append((chat, right))

    def moved(self, old: str, new: str) -> None:
        self.moves.append((old, new))

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
    assert office.moves == [("tg:1", "tg:100")]


async def test_a_429_delays_one_chat_and_no_other(tmp_path: Path) -> None:
    office = Office(tmp_path, Platform())
    office.platform.answers["tg:1"] = [LaterError("slow down", 0.05)]
    async with office.open() as outbox:
        await outbox.put(card("limited"))
        await outbox.put(card("other", chat="tg:2"))
        await outbox.drain("tg")
    assert office.platform.titles == ["other", "limited"]


async def test_a_p1_behind_fifty_events_leaves_before_them(tmp_path: Path) -> None:
    office = Office(tmp_path, Platform())
    async with office.open() as outbox:
        office.platform.gate.clear()
        for number in range(50):
            await outbox.put(card(f"event {number}", priority=Priority.EVENT))
        await outbox.put(card("P1", priority=Priority.URGENT))
        office.platform.gate.set()
        await outbox.drain("tg")
    assert "P1" in office.platform.titles[:2]  # one event may have been on its way
    assert len(office.platform.titles) >= 2


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
    assert office.dead == [("lost", "bot was kicked")]


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
    assert not office.dead


async def test_a_429_gives_no_message_up_however_often_it_comes(tmp_path: Path) -> None:
    office = Office(tmp_path, Platform())
    office.platform.answers["tg:1"] = [LaterError("slow down", 0.001) for _ in range(3 * TRIES)]
    async with office.open() as outbox:
        await outbox.put(card("urgent", priority=Priority.URGENT))
        await outbox.drain("tg")
    assert office.platform.titles == ["urgent"]
    assert not office.dead


async def test_what_takes_the_place_of_a_push_that_was_refused_still_rings(tmp_path: Path) -> None:
    office = Office(tmp_path, Platform())
    office.platform.gate.clear()
    office.platform.answers["tg:1"] = [LaterError("slow down", 0.001)]
    async with office.open() as outbox:
        await outbox.put(replace(card("push", "alert:1", priority=Priority.URGENT), is_fresh=True, rings=("tg:9",)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await outbox.put(card("between", priority=Priority.ANSWER))
        await outbox.put(replace(card("its edit", "alert:1", priority=Priority.REST), silent=True))
        office.platform.gate.set()
        await outbox.drain("tg")
    assert office.platform.titles == ["its edit", "between"]
    shown = office.platform.messages[0]
    assert (shown.silent, shown.is_fresh, shown.rings) == (False, True, ("tg:9",))


async def test_an_edit_of_a_push_that_waits_leaves_it_as_urgent_after_a_restart_too(tmp_path: Path) -> None:
    office = Office(tmp_path, Platform())
    await office.outbox.put(replace(card("push", "alert:1", priority=Priority.URGENT), is_fresh=True))
    await office.outbox.put(replace(card("its edit", "alert:1", priority=Priority.REST), silent=True))
    (row,) = OutboxStore(office.base).waiting("tg")
    office.base.close()
    assert row.message.card.title == "its edit"
    assert (row.message.priority, row.message.silent, row.message.is_fresh) == (Priority.URGENT, False, True)


async def test_an_edit_of_what_stands_there_no_more_shows_nothing(tmp_path: Path) -> None:
    office = Office(tmp_path, Platform())
    faded = replace(card("faded", "ask:1"), only_edits=True)
    async with office.open() as outbox:
        await outbox.put(faded)
        await outbox.drain("tg")
        assert office.platform.titles == []
        for fault in (VanishedError("gone"), UnreachableError("too old")):
            await outbox.put(replace(card("asked", "ask:1"), is_fresh=True))
            await outbox.drain("tg")
            office.platform.answers["tg:1"] = [fault]
            await outbox.put(faded)
            await outbox.drain("tg")
    assert (office.platform.titles, office.dead) == (["asked", "asked"], [])


async def test_an_edit_that_meets_its_card_on_the_way_is_shown_with_it(tmp_path: Path) -> None:
    office = Office(tmp_path, Platform())
    async with office.open() as outbox:
        office.platform.gate.clear()
        await outbox.put(card("first"))
        await asyncio.sleep(0)
        await outbox.put(card("asked", "ask:1"))
        await outbox.put(replace(card("faded", "ask:1"), only_edits=True))
        office.platform.gate.set()
        await outbox.drain("tg")
    assert office.platform.titles == ["first", "faded"]


async def test_what_is_under_way_for_long_is_seen_and_what_was_shown_is_timed(tmp_path: Path) -> None:
    office = Office(tmp_path, Platform())
    office.platform.gate.clear()
    async with office.open() as outbox:
        await outbox.put(card("one", priority=Priority.REST))
        await asyncio.sleep(0.02)
        health = outbox.health("tg")
        assert health.oldest_s > 0
        assert health.urgent_s == 0
        await outbox.put(card("now", chat="tg:2", priority=Priority.URGENT))
        await asyncio.sleep(0.02)
        health = outbox.health("tg")
        assert health.oldest_s > health.urgent_s > 0
        office.platform.gate.set()
        await outbox.drain("tg")
        health = outbox.health("tg")
        assert (health.waiting, health.oldest_s, health.urgent_s, health.fault) == (0, 0, 0, "")
    assert dict(office.times).keys() == {"one", "now"}
    assert all(took_s >= 0.02 for _, took_s in office.times)


async def test_why_the_newest_message_did_not_leave_is_told_until_one_does(tmp_path: Path) -> None:
    office = Office(tmp_path, Platform())
    office.platform.answers["tg:1"] = [UnreachableError("the bot was put out of the chat")]
    async with office.open() as outbox:
        await outbox.put(card("one"))
        await outbox.drain("tg")
        assert outbox.health("tg").fault == "the bot was put out of the chat"
        await outbox.put(card("two"))
        await outbox.drain("tg")
        assert outbox.health("tg").fault == ""


def line(title: str, *, is_end: bool = False) -> Message:
    return replace(card(title, priority=Priority.EVENT), thread=Thread(of="alert:1", name="A-1", is_end=is_end))


async def test_a_thread_is_made_from_its_card_closed_and_opened_again_by_a_further_line(tmp_path: Path) -> None:
    office = Office(tmp_path, Platform())
    async with office.open() as outbox:
        for message in (
            line("fired"),
            card("P1", "alert:1", priority=Priority.URGENT),
            line("", is_end=True),
            line("back"),
        ):
            await outbox.put(message)
            await asyncio.sleep(0)
        await outbox.drain("tg")
    assert [chat for chat, _, _ in office.platform.shown] == ["tg:1", "tg:t1", "tg:t1"]
    assert office.platform.tended == [("tg:t1", True), ("tg:t1", False)]


async def test_a_deleted_thread_is_made_anew_once_and_a_missing_right_is_told(tmp_path: Path) -> None:
    office = Office(tmp_path, Platform())
    async with office.open() as outbox:
        await outbox.put(line("one"))
        await outbox.drain("tg")
        for place, title in (("tg:t1", "two"), ("tg:t2", "three"), ("tg:t2", "four")):
            office.platform.answers[place].append(VanishedError("deleted"))
            await outbox.put(line(title))
            await outbox.drain("tg")
        office.platform.answers["open"].append(LacksError("the right to manage topics"))
        await outbox.put(replace(line("elsewhere"), chat="tg:2"))
        await outbox.drain("tg")
    assert [(chat, title) for chat, title, _ in office.platform.shown] == [("tg:t1", "one"), ("tg:t2", "two")]
    assert office.lacks == [("tg:2", "the right to manage topics")]


async def test_a_kill_between_making_a_thread_and_keeping_it_loses_no_line(tmp_path: Path) -> None:
    office = Office(tmp_path, Platform())
    async with office.open() as outbox:
        (kept,) = outbox.keep([line("fired")])
        office.outbox._carriers["tg"].rows.lease(kept[1])
    after = Office(tmp_path, Platform())
    async with after.open() as outbox:
        await asyncio.sleep(0)
        await outbox.drain("tg")
    assert [(chat, title) for chat, title, _ in after.platform.shown] == [("tg:t1", "fired")]


async def test_cards_for_a_platform_that_is_not_served_are_one_line_of_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    office = Office(tmp_path, Platform())
    for number in range(3):
        await office.outbox.put(Message(chat="console:desk", card=Card(title="over", ref=f"alert:{number}")))
    assert caplog.text.count("console is not served") == 1


async def test_what_is_shown_anew_stands_there_once_as_it_is_now(tmp_path: Path) -> None:
    platform = Platform()
    office = Office(tmp_path, platform)
    red = Card(title="🔴 P1 BROKER DOWN · sim", lines=("sim is off",), ref="alert:1")
    async with office.open() as outbox:
        await outbox.put(Message(chat="tg:a", card=red, is_fresh=True, priority=Priority.URGENT))
        await outbox.drain("tg")
        await outbox.put(Message(chat="tg:a", card=replace(red, lines=("Still so.",)), is_fresh=True))
        await outbox.drain("tg")
        await outbox.put(Message(chat="tg:a", card=replace(red, title="🟢 P1 BROKER DOWN · sim")))
        await outbox.drain("tg")
    aside = "↓ P1 BROKER DOWN · sim"
    shown = [
        ("tg:a", red.title, ""),
        ("tg:a", red.title, ""),
        ("tg:a", aside, "m1"),
        ("tg:a", "🟢 P1 BROKER DOWN · sim", "m2"),
    ]
    assert platform.shown == shown
    pointer = platform.messages[2]
    assert (pointer.card.lines, pointer.card.actions, pointer.silent) == (("It stands anew below.",), (), True)
    rows = OutboxStore(office.base)
    assert [rows.ref_of("tg:a", post) for post in ("m1", "m2")] == ["alert:1", "alert:1"]  # and both may be answered


async def test_what_was_over_before_it_could_be_shown_wakes_nobody(tmp_path: Path) -> None:
    platform = Platform()
    office = Office(tmp_path, platform)
    card = Card(title="🔴 P1 BROKER DOWN · sim", ref="alert:1", settled=False)
    over = Card(title="🟢 P1 BROKER DOWN · sim", ref="alert:1", settled=True)
    platform.answers["tg:a"] = [LaterError("too many", 0.05)]
    async with office.open() as outbox:
        await outbox.put(Message(chat="tg:a", card=card, is_fresh=True, priority=Priority.URGENT))
        await asyncio.sleep(0.01)
        await outbox.put(Message(chat="tg:a", card=over, silent=True, priority=Priority.REST))
        await outbox.drain("tg")
    assert [(one.card.title, one.silent) for one in platform.messages] == [(over.title, True)]
