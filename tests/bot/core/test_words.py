"""Text to typed arguments."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands import close, copies, flatten, lead, off, pause, positions, resume, size
from bot.core.words import Context, Lexicon, Missing, Wrong, parse, slots
from engine.api import Value

NOW = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)  # 08:30 in Chicago, 09:30 in New York
CHICAGO = ZoneInfo("America/Chicago")
LEXICON = Lexicon(
    accounts=("LEAD-1", "ALPHA", "BRAVO", "ALPINE"), groups=("NQ-MAIN",), tags=("funded",), symbols=("NQZ6",)
)


def read(args: type[Value], text: str, *, exact: bool = True, lexicon: Lexicon = LEXICON) -> Value | Missing | Wrong:
    return parse(args, text.split(), Context(lexicon=lexicon, now=NOW, zone=CHICAGO, exact=exact))


def test_pause_alone_is_the_whole_desk() -> None:
    assert read(pause.Args, "") == pause.Args()
    got = read(pause.Args, "15m")
    assert isinstance(got, pause.Args)
    assert (got.scope, got.span and got.span.until) == ("all", NOW + timedelta(minutes=15))


@pytest.mark.parametrize(
    ("text", "until"),
    [
        ("15m", NOW + timedelta(minutes=15)),
        ("1h30m", NOW + timedelta(minutes=90)),
        ("2h", NOW + timedelta(hours=2)),
        ("until 14:45", datetime(2026, 11, 23, 20, 45, tzinfo=UTC)),
        ("until 08:30", datetime(2026, 11, 24, 14, 30, tzinfo=UTC)),  # past today: tomorrow
        ("eod", datetime(2026, 11, 23, 23, 0, tzinfo=UTC)),
        ("next", datetime(2026, 11, 23, 23, 0, tzinfo=UTC)),  # 17:00 in Chicago
        ("90", NOW + timedelta(minutes=90)),
        ("1h30", NOW + timedelta(minutes=90)),
        ("1h 30m", NOW + timedelta(minutes=90)),
    ],
)
def test_durations(text: str, until: datetime) -> None:
    got = read(pause.Args, f"alpha {text} NFP and more")
    assert isinstance(got, pause.Args)
    assert got.span is not None
    assert (got.scope, got.span.until, got.reason) == ("ALPHA", until, "NFP and more")


@pytest.mark.parametrize(
    ("now", "text", "until"),
    [
        ("2026-11-27T20:00Z", "next", "2026-11-29T23:00Z"),  # Friday afternoon: Sunday evening
        ("2026-11-28T20:00Z", "next", "2026-11-29T23:00Z"),
        ("2026-11-29T22:30Z", "next", "2026-11-29T23:00Z"),
        ("2026-11-23T22:59Z", "eod", "2026-11-23T23:00Z"),
        ("2026-11-23T23:00Z", "eod", "2026-11-24T23:00Z"),
        ("2026-10-31T22:00Z", "eod", "2026-11-02T23:00Z"),  # Chicago leaves summer time in between
        ("2026-03-07T23:00Z", "next", "2026-03-08T22:00Z"),  # and takes it up
        ("2026-03-08T07:30Z", "until 02:30", "2026-03-08T08:30Z"),  # 01:30 in Chicago: 02:30 is never, 03:30 comes then
        ("2026-11-01T05:30Z", "until 01:30", "2026-11-01T06:30Z"),  # the first of two
        ("2026-11-01T07:10Z", "until 01:30", "2026-11-01T07:30Z"),  # 01:10 for the second time
        (
            "2026-11-01T06:40Z",
            "until 01:30",
            "2026-11-02T07:30Z",
        ),  # past it for the first time: never shorter than said
    ],
)
def test_ends_where_the_clocks_change_and_over_weekends(now: str, text: str, until: str) -> None:
    context = Context(lexicon=LEXICON, now=datetime.fromisoformat(now), zone=CHICAGO, exact=True)
    got = parse(pause.Args, text.split(), context)
    assert isinstance(got, pause.Args)
    assert got.span is not None
    assert got.span.until.astimezone(UTC) == datetime.fromisoformat(until)


@pytest.mark.parametrize(
    "text",
    [
        "until 2pm",
        "until",
        "until 25:00",
        "8:30 CPI",
        "1.5h",
        "0m",
        "0",
        "90s",
        "-15m",
        "1d",
        "999h",
        "15min",
        "2pm",
        "\uff11\uff15m",
    ],
)
def test_what_looks_like_a_time_is_no_remark(text: str) -> None:
    """Whoever means a time must not get a pause without an end."""
    got = read(pause.Args, f"alpha {text}")
    assert isinstance(got, Wrong)
    assert "is no time here" in got.text
    assert "90m, 1h30m, until 14:45 or eod" in got.text


@pytest.mark.parametrize("text", ["2nd loss", "15m 8:30 CPI", "NFP 8:30", "0DTE expiry"])
def test_a_remark_may_hold_figures(text: str) -> None:
    assert isinstance(read(pause.Args, f"alpha {text}"), pause.Args)


@pytest.mark.parametrize(
    ("text", "scope"),
    [
        ("all", "all"),
        ("alpha", "ALPHA"),
        ("alpha,bravo", "ALPHA,BRAVO"),
        ("alpha bravo", "ALPHA,BRAVO"),
        ("nq-main", "NQ-MAIN"),
        ("#Funded", "#funded"),
    ],
)
def test_scopes_are_case_insensitive_and_canonical(text: str, scope: str) -> None:
    got = read(flatten.Args, text)
    assert isinstance(got, flatten.Args)
    assert got.scope == scope


def test_reading_takes_a_unique_prefix_and_acting_does_not() -> None:
    got = read(positions.Args, "bra", exact=False)
    assert isinstance(got, positions.Args)
    assert got.scope == "BRAVO"
    assert isinstance(read(positions.Args, "alp", exact=False), Wrong)  # ALPHA or ALPINE
    assert isinstance(read(flatten.Args, "bra"), Wrong)


@pytest.mark.parametrize("text", ["APLHA 15m", "15m APLHA", "15m BRAV0 NFP"])
def test_a_misspelt_account_is_no_remark(text: str) -> None:
    got = read(pause.Args, text)
    assert isinstance(got, Wrong)
    assert "Did you mean" in got.text


@pytest.mark.parametrize(
    ("text", "factor", "change"),
    [
        ("0.5x", "0.5", None),
        ("50%", "0.5", None),
        ("half", "0.5", None),
        ("off", "0", None),
        ("2x", "2", None),
        ("+10%", None, "1.1"),
        ("-25%", None, "0.75"),
    ],
)
def test_sizes(text: str, factor: str | None, change: str | None) -> None:
    got = read(size.Args, f"ALPHA {text}")
    assert isinstance(got, size.Args)
    assert got.size.factor == (Decimal(factor) if factor else None)
    assert got.size.change == (Decimal(change) if change else None)


def test_a_misspelt_flag_is_no_remark() -> None:
    assert "Did you mean close?" in getattr(read(off.Args, "ALPHA cloes"), "text", "")
    found = read(off.Args, "ALPHA firm is slow")
    assert (getattr(found, "close", None), getattr(found, "reason", None)) == (False, "firm is slow")


@pytest.mark.parametrize("text", ["-0.5x", "x", "50", "0.5", "-150%", "1e9x", "½x", "+2x", "99999x", "1/2", "\uff12x"])
def test_what_is_no_size(text: str) -> None:
    assert isinstance(read(size.Args, f"ALPHA {text}"), Wrong)


def test_missing_scope_and_missing_size() -> None:
    assert read(size.Args, "0.5x") == Missing(field="scope", kind="scope")
    missing = read(size.Args, "ALPHA")
    assert isinstance(missing, Missing)
    assert missing.field == "size"
    assert isinstance(read(flatten.Args, ""), Missing)
    assert isinstance(read(resume.Args, ""), resume.Args)


def test_close_reads_scope_symbol_and_quantity_in_any_order() -> None:
    for text in ("ALPHA NQ 2", "nq alpha 2", "2 NQ ALPHA"):
        got = read(close.Args, text)
        assert isinstance(got, close.Args)
        assert (got.scope, got.symbol, got.quantity) == ("ALPHA", "NQ", 2)
    assert isinstance(read(close.Args, "ALPHA 0"), Wrong)
    assert isinstance(read(close.Args, "ALPHA -1"), Wrong)


def test_flags_and_choices() -> None:
    got = read(copies.Args, "20 failed ALPHA", exact=False)
    assert isinstance(got, copies.Args)
    assert (got.limit, got.failed, got.scope) == (20, True, "ALPHA")
    led = read(lead.Args, "SELL 1 nq")
    assert isinstance(led, lead.Args)
    assert (led.side, led.quantity, led.symbol) == (lead.Side.SELL, 1, "NQ")


def test_a_word_too_many_is_refused() -> None:
    assert isinstance(read(close.Args, "ALPHA NQ 1 today"), Wrong)


def test_the_syntax_line_comes_from_the_fields() -> None:
    assert [slot.shape for slot in slots(pause.Args)] == ["[scope]", "[15m|1h30m|until 14:45|eod|next]", "[reason…]"]


@given(st.text(max_size=60))
def test_nothing_that_is_typed_breaks_reading(text: str) -> None:
    for args in (pause.Args, size.Args, close.Args, flatten.Args, copies.Args, lead.Args):
        assert isinstance(read(args, text), Value)


@given(st.lists(st.sampled_from(["all", "ALPHA", "15m", "NQ", "2", "half", "until", "14:45", "eod", "x"]), max_size=6))
def test_reading_is_the_same_twice(words: list[str]) -> None:
    assert read(pause.Args, " ".join(words)) == read(pause.Args, " ".join(words))
