"""What a chat may see: no amounts where it is redacted; a platform's trouble is told on the others; the anchor of the audit."""

from dataclasses import dataclass, field
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.access import Role, Room, RoomKind
from bot.core.card import MARK, Card, Column, Table, cells, plain
from bot.core.chat import ChatSpec, File, Health, Limits, Message
from bot.core.render.look import money
from bot.core.veil import bared, unmarked, veiled
from bot.runtime.anchor import Anchor
from bot.runtime.audience import Audience
from bot.runtime.veil import Veil
from bot.runtime.watchman import Watchman
from engine.api import Severity, Value
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


@dataclass
class Line:
    is_well: Health = field(default_factory=lambda: Health(heard_s=1.0))

    def health(self) -> Health:
        return self.is_well


async def test_a_deaf_platform_is_told_on_the_others_and_so_is_a_stolen_token() -> None:
    office, out = Office(), []

    async def put(message: Message) -> None:
        out.append(message)

    spec = ChatSpec(name="tg", options=Value, limits=Limits(), connect=Line)  # type: ignore[arg-type]  # a line, no chat
    line = Line()
    audience = Audience(office.people, has_console=True)
    watchman = Watchman({"tg": (spec, line)}, audience, put, office.clock)  # type: ignore[dict-item]  # as above
    await watchman.look()
    assert not out
    line.is_well = Health(heard_s=50.0, trouble="no update for 50 s")
    await watchman.look()
    await watchman.look()
    assert {message.chat for message in out} == {"console:desk", OPS}
    assert all(message.card.severity is Severity.P2 for message in out)
    line.is_well = Health(heard_s=1.0, trouble="Conflict", is_rival=True)
    await watchman.look()
    assert out[-1].card.severity is Severity.P1
    line.is_well = Health(heard_s=1.0)
    await office.clock.turn(60)
    await watchman.look()
    assert "heard again" in out[-1].card.title


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
