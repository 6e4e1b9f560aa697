"""What a chat may see: no amounts where it is redacted; the anchor of the audit."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.access import Role, Room, RoomKind
from bot.core.card import MARK, Card, Column, Table, cells, plain
from bot.core.chat import File, Message, Thread
from bot.core.render.look import money
from bot.core.veil import bared, nameless, unmarked, veiled
from bot.runtime.outgoing.veil import Veil
from bot.runtime.people.audience import Audience
from bot.runtime.telling.anchor import Anchor
from engine.api import Severity
from tests.bot.office import DESK, OPS, TEAM, Office

CARD = Card(
    title=f"Day {money(Decimal(-420))}",
    lines=("APX-3: daily loss 84 % used, equity 51204.00, line 50,700.25", "long 2 NQ, 3 of 8, at 14:02:11, 0.5x"),
    table=Table(columns=(Column(head="ACCT"), Column(head="DAY", right=True)), rows=(("APX-3", money(Decimal(-420))),)),
)


def test_a_veil_hides_amounts_and_leaves_contracts_percent_and_times() -> None:
    text = "\n".join(plain(veiled(CARD)))
    for amount in ("420", "51204", "50,700"):
        assert amount not in text
    for kept in ("84 %", "long 2 NQ", "3 of 8", "14:02:11", "0.5x", "APX-3"):
        assert kept in " ".join(text.split())
    assert [cells(line) for line in plain(veiled(CARD))] == [cells(line) for line in plain(bared(CARD))]
    assert "-420" in "\n".join(plain(bared(CARD)))


@given(st.decimals(-(10**9), 10**9, places=2))
def test_no_amount_shows_through(amount: Decimal) -> None:
    card = Card(title=f"open {money(amount)} now", lines=(f"equity {amount:.2f}", f"equity {amount:,.2f}"))
    text = "".join(plain(veiled(card)))
    assert not any(sign.isdigit() for sign in text)
    assert MARK not in text
    assert unmarked(money(amount)) in "".join(plain(card))


async def test_a_room_for_a_part_of_the_desk_reads_no_name_of_another_account() -> None:
    office, out = Office(), []

    async def put(message: Message) -> None:
        out.append(message)

    office.store.bind(Room(chat=TEAM, kind=RoomKind.TEAM, scope="ALPHA"), "local", office.clock.now())
    veil = Veil(office.people, put, lambda: tuple(office.double.accounts.values()))
    card = Card(title="A-1 STOP BRAVO", lines=("ALPHA, BRAVO: off; DEMOBRAVO", "sec: bravo. BRAVO-2 stays"))
    thread = Thread(of="alert:1", name="A-1 STOP BRAVO")
    for chat in (TEAM, DESK, "tg:@tess", "tg:@nobody"):
        await veil.show(Message(chat=chat, card=card, thread=thread))
    team, desk, tess, nobody = out
    assert plain(team.card)[0] == "A-1 STOP •••"
    assert team.card.lines == ("ALPHA, •••: off; •••", "sec: •••. BRAVO-2 stays")
    assert team.thread is not None
    assert team.thread.name == "A-1 STOP •••"
    assert desk.card == tess.card == card
    assert "ALPHA" not in str(nobody.card)


def test_a_number_is_a_name_only_by_itself() -> None:
    card = nameless(Card(title="12 lost 12.50, -12, $12 of 1,212 and (12)"), frozenset({"12"}))
    assert card.title == "••• lost 12.50, -12, $12 of 1,212 and (•••)"


async def test_a_redacted_chat_sees_no_money_and_no_files_and_others_see_no_marks() -> None:
    office, out = Office(), []

    async def put(message: Message) -> None:
        out.append(message)

    office.store.bind(Room(chat=TEAM, kind=RoomKind.TEAM, is_redacted=True), "local", office.clock.now())
    veil = Veil(office.people, put)
    files = (File(name="pnl.png", body=b"1"),)
    await veil.show(Message(chat=TEAM, card=CARD, files=files))
    await veil.show(Message(chat=DESK, card=CARD, files=files))
    assert "420" not in str(out[0].card)
    assert not out[0].files
    assert MARK not in str(out[1].card)
    assert out[1].files == files


async def test_the_audits_head_is_posted_once_a_day_and_can_be_found_again() -> None:
    office, out = Office(), []

    async def put(message: Message) -> None:
        out.append(message)

    anchor = Anchor(office.people, office.store, office.audit, put, office.clock)
    await anchor.look()
    assert not out  # the first day has no end yet
    await office.say("/pause all 15m")
    number, head = office.audit.head()
    office.clock.jump(86_400)
    await anchor.look()
    await anchor.look()
    (posted,) = out
    assert posted.chat == OPS
    assert "".join(posted.card.lines[:2]) == head
    await office.say("/pause all 15m")
    assert office.audit.head_at(number) == head


async def test_times_are_read_in_a_persons_own_zone() -> None:
    office = Office()
    assert "no time zone" in await office.say("/tz Nowhere/Here")
    assert "America/Chicago" in await office.say("/tz America/Chicago")
    assert "America/Chicago" in await office.say("/whoami")
    assert "America/Chicago" not in await office.say("/whoami", who="tess")


@pytest.mark.parametrize("kind", [RoomKind.AUDIT, RoomKind.BROADCAST])
def test_quiet_rooms_are_told_nothing_unasked(kind: RoomKind) -> None:
    office = Office()
    office.store.bind(Room(chat="tg:-9", kind=kind), "local", office.clock.now())
    assert "tg:-9" not in Audience(office.people, has_console=True).of(Severity.P1)
    assert "tg:-9" not in Audience(office.people, has_console=True).of_role(Role.RISK)
