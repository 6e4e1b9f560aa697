"""The what-if card: a table for a phone, one account in full, and nothing wider than the screen."""

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from bot.core.card import CARD_CELLS, TABLE_CELLS, cells, plain, table_lines
from bot.core.render.whatif import whatif_card
from engine.api import BlockView, LimitView, WhatIfLeader, WhatIfLine, WhatIfView

NOW = datetime(2026, 11, 23, 19, 3, 12, tzinfo=UTC)
ZONE = ZoneInfo("America/Bogota")  # UTC-5 all year
DAY = LimitView(
    account="APX-1",
    limit="daily_loss",
    used=Decimal(0),
    gone=Decimal(0),
    span=Decimal(1_500),
    line=Decimal(48_500),
    equity=Decimal(50_000),
    symbol="NQZ6",
    price=Decimal(21_000),
    stop=Decimal("20964.50"),
)


def line(account: str, send: int = 2, **more: object) -> WhatIfLine:
    fields = {
        "leader": "LEAD-1",
        "symbol": "NQZ6",
        "has": 0,
        "in_flight": 0,
        "exact": Decimal("2.0000"),
        "target": 2,
        "later": 0,
        "after": send,
        "words": "multiplier 1",
        "at_risk": Decimal(600 * send),
        "room": Decimal(1_500),
        "room_after": Decimal(1_490),
        "room_at_stop": Decimal(290),
        **more,
    }
    return WhatIfLine(account=account, send=send, **fields)


VIEW = WhatIfView(
    seq=7,
    at=NOW,
    symbol="NQZ6",
    quantity=2,
    price=Decimal("21000.25"),
    distance=Decimal(30),
    ticks=Decimal(120),
    leaders=(WhatIfLeader(account="LEAD-1", has=0, after=2, stop=Decimal("20970.25")),),
    lines=(
        line("APX-1"),
        line("APX-2", 1, exact=Decimal("1.5000"), target=1, is_stopped=True, room_at_stop=Decimal(-110)),
        line(
            "APX-3",
            0,
            blocks=(BlockView(check="hold", figures="NFP by Luis until 19:45:00 UTC", contracts=2),),
        ),
        line("TS-01", room=None, room_after=None, room_at_stop=None),
    ),
    at_risk=Decimal(3_000),
)


def test_the_table() -> None:
    assert plain(whatif_card(VIEW, ZONE)) == [
        "WHAT IF · BUY 2 NQZ6 at 21,000.25",
        "LEAD-1 0 → +2",
        "Stop 30 pt, 120 ticks at 20,970.25",
        "At risk to the stop: 3,000 in all",
        "APX-2: its own limits act before the",
        " stop",
        "APX-3: +2 not sent, hold: NFP by Luis",
        " until 14:45:00",
        "ACCT  SIZE SEND ROOM BLOCKED",
        "APX-1    2   +2  290",
        "APX-2  1.5   +1 -110 limit!",
        "APX-3    2    0  290 hold",
        "TS-01    2   +2    -",
        "ROOM: room at the stop. Nothing was",
        " sent.",
    ]


def test_one_account_in_full() -> None:
    alone = line("APX-2", 1, exact=Decimal("1.5000"), target=1, later=2, limits=(DAY,), own_stop=Decimal(20_990))
    card = whatif_card(replace(VIEW, lines=(alone,), remarks=("held until 19:45 UTC",)), ZONE)
    assert plain(card) == [
        "WHAT IF · BUY 2 NQZ6 at 21,000.25 ·",
        " APX-2",
        "LEAD-1 0 → +2",
        "Stop 30 pt, 120 ticks at 20,970.25",
        "held until 14:45",
        "holds         0 NQZ6",
        "size          1.5  multiplier 1",
        "rounding      -0.5 → +1",
        "sends         +1, then +2",
        "then holds    +1",
        "at risk       600",
        "room now      1,500",
        "room then     1,490",
        "room at stop  290",
        "day           1,500 acts at 20,964.50",
        "own stop      20,990.00",
        "Nothing was sent.",
    ]


def test_an_exit_and_an_unknown_price() -> None:
    flat = replace(VIEW, quantity=-2, leaders=(WhatIfLeader(account="LEAD-1", has=2, after=0),), price=None)
    shown = plain(whatif_card(flat, ZONE))
    assert shown[:3] == ["WHAT IF · SELL 2 NQZ6", "LEAD-1 +2 → 0", "No stop: flat afterwards"]
    none = plain(whatif_card(replace(VIEW, distance=None, ticks=None, at_risk=None), ZONE))
    assert "ROOM: room afterwards. Nothing was sent." in none
    assert not any("Stop" in row or "risk" in row for row in none)


def test_of_many_those_who_do_not_simply_follow_are_shown() -> None:
    many = tuple(line(f"A{place}") for place in range(200))
    odd = line("ODD", 0, blocks=(BlockView(check="hold", figures="x", contracts=2),))
    shown = plain(whatif_card(replace(VIEW, lines=(*many, odd)), ZONE))
    assert any(row.startswith("ODD") for row in shown)
    assert "185 more, name one." in " ".join(shown)


AMOUNT = st.none() | st.decimals(min_value=-(10**12), max_value=10**12, places=2)
TEXT = st.text(max_size=60)
LINES = st.builds(
    WhatIfLine,
    account=st.text(alphabet="ABCDEFGHIJ0123456789-", min_size=1, max_size=40),
    leader=TEXT,
    symbol=TEXT,
    has=st.integers(-999, 999),
    in_flight=st.integers(-9, 9),
    exact=st.decimals(min_value=-99_999, max_value=99_999, places=4),
    target=st.integers(-999, 999),
    send=st.integers(-999, 999),
    later=st.integers(-9, 9),
    after=st.integers(-999, 999),
    words=TEXT,
    blocks=st.lists(st.builds(BlockView, check=TEXT, figures=TEXT, contracts=st.integers(-9, 9)), max_size=2).map(
        tuple
    ),
    at_risk=AMOUNT,
    room=AMOUNT,
    room_after=AMOUNT,
    room_at_stop=AMOUNT,
    is_stopped=st.booleans(),
    own_stop=AMOUNT,
    limits=st.sampled_from([(), (DAY,)]),
)


@given(st.lists(LINES, max_size=5), TEXT)
def test_no_answer_is_wider_than_a_phone(lines: list[WhatIfLine], text: str) -> None:
    view = replace(VIEW, lines=tuple(lines), remarks=(text,), symbol=text)
    for card in (whatif_card(view, ZONE), *(whatif_card(replace(view, lines=(one,)), ZONE) for one in lines)):
        assert all(cells(row) <= CARD_CELLS for row in plain(card))
        assert all(sign.isprintable() for row in plain(card) for sign in row)
        if card.table is not None:
            assert all(cells(row) <= TABLE_CELLS for row in table_lines(card.table))
