"""Copies told as fast as a chat takes them, and only to those whom they concern."""

import pytest

from bot.core.access import Grant, Role, Room, RoomKind
from bot.runtime.people.audience import Audience
from bot.runtime.telling.copies import Copies
from engine.api import CopyView
from tests.bot.office import DESK, OPS, TEAM, Office


class Desk:
    """An office whose chats show nothing while they are ``busy``."""

    def __init__(self) -> None:
        self.office = Office()
        self.busy: set[str] = set()
        audience = Audience(self.office.people, has_console=False)
        self.copies = Copies(self.office.controller.around, self.waits, self.office.watch, audience)
        self.count = 0

    def waits(self, chat: str, beginning: str) -> bool:
        return chat in self.busy and any(ref.startswith(beginning) for ref in self.cards(chat))

    def cards(self, chat: str) -> dict[str, str]:
        """Title by ref, of what stands there."""
        return {one.card.ref: one.card.title for one in self.office.messages if one.chat == chat}

    async def trade(self, count: int = 1, status: str = "ok") -> CopyView:
        for _ in range(count):
            self.count += 1
            view = self.office.double.copy(f"fill-{self.count}", 1, status)
            assert self.copies.heard(view)
        await self.copies.tell()
        return view


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_a_chat_that_keeps_up_is_shown_every_copy(desk: Desk) -> None:
    await desk.trade()
    await desk.trade()
    assert list(desk.cards(DESK)) == ["copy:fill-1", "copy:fill-2"]


async def test_what_a_chat_cannot_take_is_counted_in_one_card_and_others_do_not_wait_for_it(desk: Desk) -> None:
    desk.busy = {DESK}
    for _ in range(500):
        await desk.trade(2)
    shown = desk.cards(DESK)
    assert len(shown) <= 4
    assert any(title.startswith("✔ 998 copies") for title in shown.values())
    assert len(desk.cards(OPS)) == 1000


async def test_when_the_chat_has_caught_up_a_new_card_begins(desk: Desk) -> None:
    desk.busy = {DESK}
    await desk.trade(5)
    await desk.trade(3)
    desk.busy = set()
    await desk.trade()
    await desk.trade(4)
    assert next(iter(desk.cards(DESK).values())).startswith("✔ 8 copies")
    assert list(desk.cards(DESK)) == ["copies:fill-1", "copy:fill-9", "copies:fill-10"]


async def test_a_failed_copy_stays_on_the_card_that_counts(desk: Desk) -> None:
    desk.busy = {DESK}
    await desk.trade(4)
    await desk.trade(1, status="refused")
    await desk.trade(40)
    card = next(one.card for one in reversed(desk.office.messages) if one.chat == DESK)
    assert "45 copies" in card.title
    assert card.footer.startswith("1 with trouble")
    assert any("REFUSED" in line for line in card.lines)


async def test_nobody_is_told_of_accounts_that_are_not_his(desk: Desk) -> None:
    store, now = desk.office.store, desk.office.clock.now()
    store.bind(Room(chat=TEAM, kind=RoomKind.TEAM, scope="ALPHA"), "local", now)
    await desk.trade()
    there = next(one.card for one in desk.office.messages if one.chat == TEAM)
    assert any("ALPHA" in line for line in there.lines)
    assert not any("BRAVO" in line or "LEAD" in line for line in (*there.lines, there.footer))
    for room in store.rooms():
        store.unbind(room.chat)
    with desk.office.database.begin() as connection:
        connection.exec_driver_sql("delete from granted where principal = 'tess'")
    store.grant("tess", Grant(role=Role.TRADER, scope="BRAVO"), "local", now)
    await desk.trade()
    there = next(one.card for one in reversed(desk.office.messages) if one.chat == "tg:@tess")
    assert not any("ALPHA" in line for line in there.lines)
    assert any("BRAVO" in line for line in there.lines)


async def test_a_chat_for_grave_things_hears_of_failed_copies_only(desk: Desk) -> None:
    desk.office.store.bind(Room(chat=OPS, kind=RoomKind.OPS, floor="P2"), "local", desk.office.clock.now())
    await desk.trade()
    assert not desk.cards(OPS)
    await desk.trade(status="refused")
    assert list(desk.cards(OPS)) == ["copy:fill-2"]
