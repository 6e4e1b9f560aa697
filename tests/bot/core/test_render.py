"""Views to cards: the look, the widths with the longest names, and n/a for what is not known."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from syrupy.assertion import SnapshotAssertion

from bot.core.card import CARD_CELLS, TABLE_CELLS, Card, cells, plain, table_lines
from bot.core.render.act import act_card, preview_card, told_card
from bot.core.render.desk import account_card, accounts_card, orders_card, positions_card, status_card
from bot.core.render.desync import desync_card
from bot.core.render.health import health_card
from bot.core.render.held import ended_card, held_card
from bot.core.render.look import money, price, ticks, told, until_twice
from bot.core.render.risk import risk_card
from bot.core.render.trade import copies_card, copies_summary, copy_card, notice_card
from bot.core.tally import Tally
from bot.core.veil import unmarked
from engine.api import (
    AccountState,
    AccountView,
    ActLine,
    ActState,
    ActView,
    CloseAsk,
    CopyLine,
    CopyView,
    DesyncLine,
    DesyncView,
    FlattenAsk,
    HealthView,
    HeldLine,
    HeldView,
    HoldView,
    LegView,
    LimitView,
    LineView,
    Notice,
    OrderView,
    PauseAsk,
    PreviewLine,
    PreviewView,
    ResumeAsk,
    RiskView,
    Severity,
    SizeAsk,
    StatusView,
    SyncAsk,
    SyncState,
)
from tests.bot.double import account

NOW = datetime(2026, 11, 23, 19, 3, 12, tzinfo=UTC)
ZONE = ZoneInfo("America/Bogota")  # UTC-5 all year
LONG = "APEX-FUNDED-150K-ACCOUNT-NUMBER-7"

HELD = HeldView(
    id="H1",
    leader="LEAD-1",
    symbol="NQZ6",
    quantity=7,
    left=5,
    price=Decimal("21044.25"),
    mark=Decimal(21046),
    run_ticks=7,
    leader_net=7,
    reasons=("7 NQ in one order is over the limit of 5", "7 NQ is 3.5 times his usual most (2)"),
    since=NOW - timedelta(seconds=14),
    expires=NOW + timedelta(seconds=106),
    left_s=106.0,
    state="open",
    outlook="Approving now buys what follows from 5 NQZ6 of the 7 that were held; he has closed 2. "
    "The price has run 7 ticks against it in 14 s. He holds +7 now. 106 s left to decide.",
    followers=(
        HeldLine(account="APX-1", symbol="NQZ6", before=2, after=7),
        HeldLine(account="APX-2", symbol="NQZ6", before=2, after=7),
        HeldLine(account=LONG, symbol="MNQZ6", before=0, after=0, note="hold: lunch by Luis"),
    ),
)
HELD_OVER = replace(HELD, id="H2", state="refused", outlook="Luis refused it at 19:01:00 UTC", followers=(), left_s=0.0)
HOLD = HoldView(by="Luis", reason="NFP", since=NOW - timedelta(minutes=21), until=NOW + timedelta(minutes=15))
STATUS = StatusView(
    seq=812,
    version=9,
    at=NOW - timedelta(seconds=12),
    word="PART PAUSED",
    copying=6,
    followers=8,
    leaders=("LEAD-1  long 2 NQ",),
    day_profit=Decimal("1240.4"),
    open_profit=Decimal("-85.2"),
    worst="APX-3: 3 entries refused in a row",
    lag_ms=180.0,
    desynced=("APX-4",),
    offline=("TS-02",),
    holds=(HOLD,),
)
LEG = LegView(symbol="NQZ6", have=1, want=1, price=Decimal("21044.25"), open_profit=Decimal(-85))
ACCOUNTS = (
    account("LEAD-1", "leader", legs=(replace(LEG, have=2, want=2),), day_profit=Decimal(1240)),
    account("APX-1", legs=(replace(LEG, have=2, want=2),), day_profit=Decimal(310), open_profit=Decimal(-85)),
    account("APX-2", legs=(replace(LEG, have=0, want=2, in_flight=2),), day_profit=Decimal(295), size="0.5x → MNQ"),
    account("APX-3", legs=(replace(LEG, want=2, off_s=72.0),), state=AccountState.DESYNC, day_profit=Decimal(-420)),
    account(
        "APX-4", legs=(LegView(symbol="ESZ6", have=1, want=0, note="rogue"),), state=AccountState.STOPPED, why="rogue"
    ),
    account("TS-01", state=AccountState.PAUSED, holds=(HOLD,), why="NFP", day_profit=Decimal(250_000)),
    account(
        "TS-02",
        state=AccountState.OFFLINE,
        why="line lost",
        day_profit=None,
        open_profit=None,
        equity=None,
        balance=None,
    ),
)
LINES = (
    CopyLine(
        account="APX-1", symbol="NQZ6", wanted=2, sent=2, filled=2, status="ok", lag_ms=180.4, slip_ticks=Decimal(0)
    ),
    CopyLine(
        account="APX-2",
        symbol="MNQZ6",
        wanted=20,
        sent=20,
        filled=20,
        status="ok",
        lag_ms=0.42,
        slip_ticks=Decimal("1.5"),
    ),
    CopyLine(account="APX-3", symbol="NQZ6", wanted=2, sent=2, filled=1, status="part", lag_ms=210.0),
    CopyLine(
        account="TS-01", symbol="NQZ6", wanted=2, sent=0, filled=0, status="skipped", reason="pause: NFP until 14:18"
    ),
    CopyLine(account="TS-02", symbol="NQZ6", wanted=2, sent=2, filled=0, status="refused", reason="LiquidationOnly"),
)
COPY = CopyView(
    cause="fill-1",
    seq=800,
    at=NOW,
    group="NQ-MAIN",
    leader="LEAD-1",
    symbol="NQZ6",
    quantity=2,
    price=Decimal("21044.25"),
    net=2,
    what="BUY 2 NQZ6",
    lines=LINES,
)
HEALTH = HealthView(
    run="r1",
    version="0.1.0",
    up_s=273_600.0,
    loop_ms=21.0,
    journal_seq=812,
    stored_seq=810,
    database="ok",
    lines=(
        LineView(
            connection="sim", broker="tradovate", up=True, text="ok", heard_s=0.4, round_trip_ms=88.0, budget_left=300
        ),
        LineView(
            connection="apex",
            broker="tradovate",
            up=False,
            text="captcha, try after 15:04",
            heard_s=240.0,
            round_trip_ms=None,
            budget_left=0,
            waiting=2,
        ),
    ),
    quarantined=("APX-9",),
)
ORDER = OrderView(
    account="APX-1",
    order="1",
    symbol="NQZ6",
    quantity=-2,
    kind="stop",
    price=None,
    stop=Decimal(21020),
    status="working",
    ours=False,
)


def preview(kind: str, **more: Any) -> PreviewView:
    fields: dict[str, Any] = {
        "kind": kind,
        "version": 9,
        "accounts": 2,
        "contracts": 0,
        "orders": 0,
        "open_profit": None,
        "adds_risk": False,
        "live": False,
        "lines": (),
    }
    return PreviewView(**{**fields, **more})


def act(kind: str, state: ActState, **more: Any) -> ActView:
    fields: dict[str, Any] = {
        "key": "k1",
        "kind": kind,
        "by": "Luis",
        "scope": "all",
        "state": state,
        "asked_at": NOW,
        "took_s": 0.3 if state is ActState.PROVEN else None,
        "lines": (),
    }
    return ActView(**{**fields, **more})


def part(alias: str, text: str, state: ActState = ActState.PROVEN) -> ActLine:
    return ActLine(account=alias, state=state, text=text)


PAUSE = PauseAsk(key="k1", by="Luis", until=NOW + timedelta(minutes=15), reason="NFP")
SIZE_LINES = (PreviewLine(account="APX-3", before="0.5x", after="1x", note="max NQ 1 → 2"),)
FLAT_LINES = (
    part("APX-1", "flat 0.9 s"),
    part("APX-2", "flat 1.1 s"),
    part("APX-5", "1 left, try 2", ActState.ACKED),
    part("TS-01", "was flat"),
    part("TS-02", "OFFLINE", ActState.FAILED),
)


def limit(alias: str, kind: str, gone: int, span: int, stop: str | None, **more: Any) -> LimitView:
    return LimitView(
        account=alias,
        limit=kind,
        used=Decimal(gone) / span,
        gone=Decimal(gone),
        span=Decimal(span),
        line=Decimal(49_500),
        equity=Decimal(50_000),
        symbol="NQZ6" if stop else "",
        price=Decimal("21044.25") if stop else None,
        stop=Decimal(stop) if stop else None,
        **more,
    )


RISK = RiskView(
    limits=(
        limit("APX-4", "daily_loss", 500, 500, None, has_acted=True),
        limit("APX-3", "daily_loss", 434, 500, "21040.25"),
        limit("APX-1", "max_loss", 640, 2_500, "20950.5"),
        limit("APX-1", "daily_target", 120, 1_000, "21100"),
    ),
    unknown=("TS-02",),
)

SYNC_LINES = (PreviewLine(account="TS-02", before="flat", after="+2 NQZ6", orders=("BUY 2 NQZ6 at market",)),)
DESYNC = DesyncView(
    lines=(
        DesyncLine(
            account="TS-02",
            symbol="NQZ6",
            want=2,
            have=0,
            in_flight=0,
            state=SyncState.NEEDS_PERSON,
            owner="nobody yet",
            why="+2 is missing: 12 ticks away over 8, 3 tries",
            off_s=192,
        ),
        DesyncLine(
            account=LONG,
            symbol="ESZ6",
            want=0,
            have=1,
            in_flight=-1,
            state=SyncState.RECOVERING,
            owner="engine",
            why="exit, try 2",
            deadline=NOW + timedelta(seconds=4),
            off_s=40,
        ),
    ),
    followers=6,
)

CARDS: dict[str, Card] = {
    "S1 status": status_card(STATUS, NOW, ZONE),
    "S1 nothing known": status_card(
        replace(
            STATUS, word="STARTING", day_profit=None, open_profit=None, lag_ms=None, worst="", leaders=(), holds=()
        ),
        NOW,
        ZONE,
    ),
    "S2 accounts": accounts_card(ACCOUNTS, NOW, ZONE),
    "S3 account": account_card(ACCOUNTS[3], NOW, ZONE),
    "S3 offline": account_card(ACCOUNTS[6], NOW, ZONE),
    "S4 positions": positions_card(ACCOUNTS),
    "S4 one symbol": positions_card(ACCOUNTS, "ES"),
    "S4 flat": positions_card((account("LEAD-1", "leader"), account("APX-1"))),
    "orders": orders_card((ORDER,)),
    "S6 risk": risk_card(RISK),
    "S6 nothing known": risk_card(RiskView(limits=(), unknown=("APX-1",), free=("APX-2",))),
    "S8 desync": desync_card(DESYNC, ZONE, NOW),
    "S8 all in sync": desync_card(DesyncView(lines=(), followers=6, offline=("TS-02",)), ZONE, NOW),
    "held": held_card(HELD, NOW, ZONE),
    "held ended": held_card(HELD_OVER, NOW, ZONE),
    "nothing held": ended_card((HELD_OVER,), NOW, ZONE),
    "S7 copies": copies_card((COPY,), ZONE),
    "S9 health": health_card(HEALTH),
    "copy": copy_card(COPY, ZONE),
    "copies together": copies_summary(
        Tally(ref="copies:1").add((COPY, replace(COPY, cause="fill-2", lines=LINES[:1]))), ZONE
    ),
    "K1 asked": act_card(act("pause", ActState.ASKED, until=PAUSE.until), PAUSE, None, now=NOW, zone=ZONE),
    "K1 proven": act_card(
        act("pause", ActState.PROVEN, until=PAUSE.until, reason="NFP", lines=(part("APX-1", ""), part("APX-2", ""))),
        PAUSE,
        None,
        now=NOW,
        zone=ZONE,
        remarks=("Exits are still copied. 3 positions open",),
    ),
    "K2 preview": preview_card(
        SizeAsk(key="k1", by="Luis", scope="APX-3", factor=Decimal(1)),
        preview("size", accounts=1, lines=SIZE_LINES, adds_risk=True, live=True),
        ttl_s=30,
        changed=False,
        now=NOW,
        zone=ZONE,
    ),
    "K2 done": act_card(
        act("size", ActState.PROVEN, scope="APX-3", lines=(part("APX-3", ""),)),
        SizeAsk(key="k1", by="Luis", scope="APX-3", factor=Decimal(1)),
        preview("size", lines=SIZE_LINES),
        now=NOW,
        zone=ZONE,
    ),
    "K3 close": preview_card(
        CloseAsk(key="k1", by="Luis", scope="APX-1", symbol="NQZ6", quantity=1),
        preview("close", accounts=1, contracts=1, open_profit=Decimal(-85)),
        ttl_s=30,
        changed=True,
        now=NOW,
        zone=ZONE,
    ),
    "K3 sync": preview_card(
        SyncAsk(key="k1", by="Luis", scope="TS-02"),
        preview("sync", accounts=1, contracts=2, orders=1, remarks=("est -6 ticks slip",), lines=SYNC_LINES),
        ttl_s=30,
        changed=False,
        now=NOW,
        zone=ZONE,
    ),
    "K4 flatten": preview_card(
        FlattenAsk(key="k1", by="Luis"),
        preview(
            "flatten",
            accounts=6,
            contracts=11,
            orders=2,
            open_profit=Decimal(-385),
            live=True,
            excluded=("TS-02 (offline!)",),
        ),
        word="FLATTEN",
        ttl_s=60,
        changed=False,
        now=NOW,
        zone=ZONE,
    ),
    "K5 under way": act_card(act("flatten", ActState.ACKED, lines=FLAT_LINES), None, None, now=NOW, zone=ZONE),
    "K5 failed": act_card(
        act("flatten", ActState.FAILED, lines=FLAT_LINES, text="APX-5 still holds 1"), None, None, now=NOW, zone=ZONE
    ),
    "K6 resume": preview_card(
        ResumeAsk(key="k1", by="Luis"),
        preview("resume", lines=(PreviewLine(account="APX-1", before="paused", after="live"),), adds_risk=True),
        remarks=("Paused 21m by Luis NFP", "Meanwhile the leader: 2 entries, 1 exits"),
        ttl_s=30,
        changed=False,
        now=NOW,
        zone=ZONE,
    ),
    "by another": told_card(act("pause", ActState.PROVEN), ZONE),
    "notice": notice_card(
        Notice(
            seq=1,
            at=NOW,
            code="copy.reject",
            severity=Severity.P2,
            text="LiquidationOnly",
            account="TS-02",
            symbol="NQZ6",
        ),
        ZONE,
    ),
}


@pytest.mark.parametrize("name", CARDS)
def test_the_look(name: str, snapshot: SnapshotAssertion) -> None:
    assert "\n".join(plain(CARDS[name])) == snapshot


@pytest.mark.parametrize("name", CARDS)
def test_widths(name: str) -> None:
    card = CARDS[name]
    assert all(cells(line) <= CARD_CELLS for line in plain(card))
    if card.table is not None:
        assert all(cells(line) <= TABLE_CELLS for line in table_lines(card.table))


AMOUNT = st.none() | st.decimals(min_value=-(10**12), max_value=10**12, places=2)
NAME = st.text(alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-", min_size=1, max_size=40)
TEXT = st.text(max_size=120)


@st.composite
def any_account(draw: st.DrawFn) -> AccountView:
    legs = draw(
        st.lists(
            st.builds(
                LegView,
                symbol=NAME,
                have=st.integers(-99_999, 99_999),
                want=st.integers(-99_999, 99_999),
                in_flight=st.integers(-9, 9),
                price=AMOUNT,
                open_profit=AMOUNT,
                off_s=st.none() | st.floats(0, 1e7),
                note=TEXT,
            ),
            max_size=2,
        )
    )
    return account(
        draw(NAME),
        draw(st.sampled_from(["leader", "follower", "idle"])),
        name=draw(TEXT),
        state=draw(st.sampled_from(AccountState)),
        why=draw(TEXT),
        size=draw(TEXT),
        day_profit=draw(AMOUNT),
        open_profit=draw(AMOUNT),
        legs=tuple(legs),
    )


@given(st.lists(any_account(), max_size=4), TEXT)
def test_no_account_is_wider_than_a_phone(views: list[AccountView], text: str) -> None:
    cards = [accounts_card(views, NOW, ZONE), positions_card(views), *(account_card(view, NOW, ZONE) for view in views)]
    cards.append(
        status_card(replace(STATUS, worst=text, leaders=(text,), offline=tuple(v.id for v in views)), NOW, ZONE)
    )
    for card in cards:
        assert all(cells(line) <= CARD_CELLS for line in plain(card))
        if card.table is not None:
            assert all(cells(line) <= TABLE_CELLS for line in table_lines(card.table))


@given(NAME, TEXT, st.integers(-9999, 9999), AMOUNT)
def test_no_copy_or_act_is_wider_than_a_phone(name: str, text: str, quantity: int, amount: Decimal | None) -> None:
    line = replace(LINES[0], account=name, reason=text, symbol=name, filled=quantity)
    copy = replace(COPY, what=text, lines=(line, replace(line, status="refused")), price=amount, leader=name)
    view = act("flatten", ActState.FAILED, text=text, by=text, scope=name, lines=(part(name, text),))
    look = preview("close", lines=(PreviewLine(account=name, before=text, after=text, note=text),), open_profit=amount)
    notice = Notice(seq=1, at=NOW, code="copy.reject", severity=Severity.P1, text=text, account=name)
    ask = CloseAsk(key="k", by=text, scope=name, symbol=name)
    for card in (
        copy_card(copy, ZONE),
        copies_card((copy,), ZONE),
        act_card(view, ask, look, now=NOW, zone=ZONE),
        preview_card(ask, look, ttl_s=30, changed=True, remarks=(text,), now=NOW, zone=ZONE),
        notice_card(notice, ZONE),
    ):
        assert all(cells(line) <= CARD_CELLS for line in plain(card))
        assert all(sign.isprintable() for row in plain(card) for sign in row)


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (None, "n/a"),
        ("0", "+0"),
        ("-0.4", "+0"),
        ("1240.4", "+1,240"),
        ("-85.2", "-85"),
        ("99999", "+99,999"),
        ("100000", "+100k"),
        ("-1234567", "-1,234k"),
        ("123456789", "+123M"),
    ],
)
def test_money(amount: str | None, text: str) -> None:
    assert unmarked(money(Decimal(amount) if amount is not None else None)) == text


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**18), max_value=10**18, places=4))
def test_money_is_short_and_signed(amount: Decimal) -> None:
    text = unmarked(money(amount))
    assert len(text) <= 8
    assert text[0] in "+-"


def test_prices_keep_what_they_need() -> None:
    assert price(Decimal("21044.2500")) == "21,044.25"
    assert price(Decimal(21044)) == "21,044.00"
    assert price(Decimal("1.08755")) == "1.08755"
    assert price(None) == "n/a"
    assert ticks(Decimal("1.50")) == "+1.5t"


def test_an_end_is_told_in_the_readers_zone_and_in_utc() -> None:
    assert until_twice(datetime(2026, 11, 23, 19, 45, tzinfo=UTC), NOW, ZONE) == "14:45 (19:45 UTC)"
    assert until_twice(datetime(2026, 11, 27, 19, 45, tzinfo=UTC), NOW, ZONE) == "Fri 27 Nov 14:45 (19:45 UTC)"


@pytest.mark.parametrize("state", [ActState.ASKED, ActState.ACKED, ActState.FAILED])
def test_nothing_is_called_done_before_it_is_proven(state: ActState) -> None:
    for kind in ("pause", "resume", "close", "flatten", "sync"):
        title = act_card(act(kind, state, lines=FLAT_LINES), None, None, now=NOW, zone=ZONE).title
        assert not any(word in title for word in ("PAUSED", "RESUMED", "CLOSED", "FLAT ", "SYNCED"))


def test_the_same_reason_is_told_once_for_all_who_stayed_out() -> None:
    """A pause of eight followers is one line on the copy card, and its end stands in the reader's zone."""
    paused = "hold: paused by you until 19:18:55 UTC"
    names = ("ECHO", "FOXTROT", "ALPHA")
    lines = (
        *(
            CopyLine(account=n, symbol="MNQZ6", wanted=2, sent=0, filled=0, status="skipped", reason=paused)
            for n in names
        ),
        replace(LINES[0], account="BRAVO"),
        CopyLine(account="GOLF", symbol="NQZ6", wanted=2, sent=0, filled=0, status="skipped", reason="run: 21 ticks"),
    )
    shown = plain(copy_card(replace(COPY, lines=lines), ZONE))
    assert shown[1:-1] == [
        " ECHO, FOXTROT, ALPHA - skipped hold:",
        " paused by you until 14:18:55",
        " BRAVO +2 ok  180ms +0t",
        " GOLF - skipped run: 21 ticks",
    ]
    many = [replace(lines[0], account=f"A{place}") for place in range(200)]
    assert " and 188 more" in " ".join(plain(copy_card(replace(COPY, lines=tuple(many)), ZONE)))


def test_names_are_whole_beside_the_sizes_of_the_demo() -> None:
    """An account's name is what a person types next: the words of its size give way, not the name."""
    sizes = ("1x by free equity → MES, MNQ", "1x by balance", "1x by room", "share 3 of pool", "fixed 1")
    card = accounts_card([account("FOXTROT", size=size) for size in sizes], NOW, ZONE)
    assert [line.split()[0] for line in plain(card)[2:-1]] == ["FOXTROT"] * len(sizes)


def test_the_engines_times_are_told_in_the_readers_zone() -> None:
    """UTC times of day are translated; a time with its date, and what is no time, stay."""
    assert told("paused until 19:45 UTC; exits still copy", NOW, ZONE) == "paused until 14:45; exits still copy"
    assert told("paused until 19:45 UTC", NOW, UTC) == "paused until 19:45 UTC"
    assert told("opens 2026-11-23 19:45 UTC, 99:99 UTC", NOW, ZONE) == "opens 2026-11-23 19:45 UTC, 99:99 UTC"


def test_an_offline_account_is_never_called_flat() -> None:
    card = "\n".join(plain(account_card(ACCOUNTS[6], NOW, ZONE)))
    assert "not known" in card
    assert "n/a" in card
    assert "? offline" in "\n".join(plain(positions_card(ACCOUNTS)))


def test_accounts_show_what_is_used_up_of_the_days_stop_and_the_nearest_first() -> None:
    used = {"APX-1": "38.2", "APX-2": "99.9", "APX-3": None, "APX-4": "80"}
    views = [account(name, day_stop_pct=Decimal(pct) if pct else None) for name, pct in used.items()]
    card = accounts_card(views, NOW, ZONE, by_stop=True)
    assert card.table is not None
    assert [(row[0], row[-1]) for row in card.table.rows] == [
        ("APX-2", "99%!"),
        ("APX-4", "80%!"),
        ("APX-1", "38%"),
        ("APX-3", "-"),
    ]
    assert card.table.columns[-1].head == "STOP"


def test_an_account_shows_how_near_its_limits_are_and_flat_once() -> None:
    legs = (LegView(symbol="NQZ6", have=0, want=0, note="skipped 2"),)
    view = account("APX-3", day_stop_pct=Decimal("84.6"), trail_pct=Decimal(31), room=Decimal(80), legs=legs)
    lines = plain(account_card(replace(view, nearest_limit="daily loss 84 %"), NOW, ZONE))
    assert "Day stop  ████████░░ 84%" in lines
    assert "Drawdown  ███░░░░░░░ 31%" in lines
    assert any(line.startswith("Room 80") and "daily loss 84 %" in line for line in map(unmarked, lines))
    assert sum("flat" in line for line in lines) == 1
    assert " NQZ6 skipped 2" in lines


def test_an_empty_answer_is_never_called_flat() -> None:
    assert "flat" not in " ".join(plain(positions_card(()))).lower()
    views = (account("LEAD-1", "leader"), account("APX-1", state=AccountState.OFFLINE))
    said = " ".join(plain(positions_card(views, "NQ")))
    assert "Nobody is known to hold NQ" in said
