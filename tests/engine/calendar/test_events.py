"""Calendars as text: exact times, placeholders, duplicates, clock changes, and a person's three kinds of file."""

import json
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.calendar.events import UnreadableError, parse_feed, parse_own, within
from engine.domain.news import Impact, Release, Timing


def feed(*rows):
    return json.dumps([dict(zip(("title", "country", "date", "impact"), row, strict=True)) for row in rows]).encode()


def test_a_feed_gives_exact_times_currencies_and_releases():
    parsed = parse_feed(
        feed(
            ("S&amp;P  Global Services PMI", "usd", "2026-11-24T09:45:00-05:00", "Medium"),
            ("FOMC Meeting Minutes", "USD", "2026-11-25T14:00:00-05:00", "High"),
            ("German Prelim CPI m/m", "EUR", "2026-11-25T08:00:00-05:00", "High"),
            ("OPEC Meetings", "All", "2026-11-26T03:00:00-05:00", "Low"),
            ("Bank Holiday", "USD", "2026-11-26T00:00:00-05:00", "Holiday"),
            ("President Speaks", "USD", "2026-11-27T00:00:00-05:00", "High"),
            ("Household Spending y/y", "JPY", "2026-11-27T00:00:00-05:00", "Low"),
            ("New word", "USD", "2026-11-27T10:00:00-05:00", "Apocalyptic"),
        ),
        "feed",
    )
    found = {event.title: event for event in parsed.events}
    assert parsed.unread == ()
    assert found["S&P Global Services PMI"].currency == "USD"
    minutes = found["FOMC Meeting Minutes"]
    assert (minutes.at, minutes.release, minutes.impact) == (
        datetime(2026, 11, 25, 19, tzinfo=UTC),
        Release.FOMC_MINUTES,
        Impact.HIGH,
    )
    assert found["German Prelim CPI m/m"].release is Release.OTHER, "firms mean the American one"
    assert found["OPEC Meetings"].currency == "ALL"
    assert found["Bank Holiday"].timing is Timing.ALL_DAY
    assert found["President Speaks"].timing is Timing.TENTATIVE
    assert found["Household Spending y/y"].timing is Timing.EXACT, "midnight in New York is daytime in Tokyo"
    assert found["New word"].impact is Impact.UNKNOWN
    assert parsed.since == datetime(2026, 11, 22, 5, tzinfo=UTC)
    assert parsed.until == datetime(2026, 11, 29, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("told", "utc"),
    [
        ("2026-10-30T08:30:00-04:00", datetime(2026, 10, 30, 12, 30, tzinfo=UTC)),
        ("2026-11-02T08:30:00-05:00", datetime(2026, 11, 2, 13, 30, tzinfo=UTC)),
        ("2027-03-12T08:30:00-05:00", datetime(2027, 3, 12, 13, 30, tzinfo=UTC)),
        ("2027-03-15T08:30:00-04:00", datetime(2027, 3, 15, 12, 30, tzinfo=UTC)),
        ("2027-03-15T12:30:00Z", datetime(2027, 3, 15, 12, 30, tzinfo=UTC)),
    ],
)
def test_clock_changes_move_the_instant_and_the_week_is_new_yorks(told, utc):
    parsed = parse_feed(feed(("CPI m/m", "USD", told, "High")), "feed")
    assert parsed.events[0].at == utc
    own = parse_own(
        f'covers = {{ from = {told[:10]}, until = {told[:10]} }}\n[[event]]\ntitle = "CPI"\ndate = {told[:10]}\n'
        'time = "08:30"\n'.encode(),
        ".toml",
        "mine",
    )
    assert own.events[0].at == utc
    assert parsed.since <= utc < parsed.until


def test_the_week_of_a_clock_change_has_an_hour_more_or_less():
    autumn = parse_feed(feed(("CPI m/m", "USD", "2026-11-02T08:30:00-05:00", "High")), "feed")
    assert (autumn.until - autumn.since).total_seconds() == 169 * 3600
    spring = parse_feed(feed(("CPI m/m", "USD", "2027-03-15T08:30:00-04:00", "High")), "feed")
    assert (spring.until - spring.since).total_seconds() == 167 * 3600


def test_the_same_event_counts_once_at_its_highest_impact():
    parsed = parse_feed(
        feed(
            ("Core CPI m/m", "USD", "2026-11-24T08:30:00-05:00", "Medium"),
            ("core  CPI m/m", "USD", "2026-11-24T13:30:00Z", "High"),
            ("Core CPI m/m", "EUR", "2026-11-24T13:30:00Z", "Low"),
            ("CPI y/y", "USD", "2026-11-24T13:30:00Z", "High"),
        ),
        "feed",
    )
    assert len(parsed.events) == 3
    assert {event.impact for event in parsed.events if event.currency == "USD"} == {Impact.HIGH}


def test_events_that_cannot_be_read_are_counted_and_never_lost_in_silence():
    parsed = parse_feed(
        feed(
            ("CPI m/m", "USD", "2026-11-24T08:30:00-05:00", "High"),
            ("", "USD", "2026-11-24T08:30:00-05:00", "High"),
            ("NFP", "USD", "2026-11-24 08:30", "High"),
            ("NFP", "USD", "Tentative", "High"),
        ),
        "feed",
    )
    assert len(parsed.events) == 1
    assert parsed.unread[0] == "3 could not be read"
    assert "event 2" in parsed.unread[1]


@given(
    st.binary(max_size=300)
    | st.recursive(
        st.none() | st.text() | st.integers(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    ).map(lambda value: json.dumps(value).encode())
)
def test_nonsense_is_unreadable_and_nothing_worse(raw):
    for parse in (
        lambda: parse_feed(raw, "feed"),
        lambda: parse_own(raw, ".toml", "m"),
        lambda: parse_own(raw, ".json", "m"),
        lambda: parse_own(raw, ".csv", "m"),
    ):
        with suppress(UnreadableError):
            parsed = parse()
            assert parsed.since < parsed.until


CSV = """# covers 2026-12-01 2026-12-31
title, currency, impact, date, time
FOMC Statement, USD, high, 2026-12-09, 14:00
CPI m/m, USD, high, 2026-12-10, 08:30
Treasury report, USD, high, 2026-12-15, tentative
Bank holiday, USD, holiday, 2026-12-25, all-day
"""
TOML = """covers = { from = 2026-12-01, until = 2026-12-31 }
event = [
  { title = "FOMC Statement", date = 2026-12-09, time = 14:00:00 },
  { title = "CPI m/m", date = "2026-12-10", time = "08:30", impact = "high" },
  { title = "Treasury report", date = 2026-12-15 },
  { title = "Bank holiday", date = 2026-12-25, time = "all-day", impact = "holiday" },
]
"""
JSON = json.dumps(
    {
        "covers": {"from": "2026-12-01", "until": "2026-12-31"},
        "event": [
            {"title": "FOMC Statement", "date": "2026-12-09", "time": "14:00"},
            {"title": "CPI m/m", "date": "2026-12-10", "time": "08:30"},
            {"title": "Treasury report", "date": "2026-12-15", "time": "Tentative"},
            {"title": "Bank holiday", "date": "2026-12-25", "time": "all day", "impact": "holiday"},
        ],
    }
)


@pytest.mark.parametrize(("text", "suffix"), [(CSV, ".csv"), (TOML, ".toml"), (JSON, ".json")])
def test_a_persons_file_says_the_same_in_three_formats(text, suffix):
    parsed = parse_own(text.encode(), suffix, "mine")
    assert (parsed.since, parsed.until) == (datetime(2026, 12, 1, 5, tzinfo=UTC), datetime(2027, 1, 1, 5, tzinfo=UTC))
    assert [(event.at, event.release, event.timing, event.impact) for event in parsed.events] == [
        (datetime(2026, 12, 9, 19, tzinfo=UTC), Release.FOMC, Timing.EXACT, Impact.HIGH),
        (datetime(2026, 12, 10, 13, 30, tzinfo=UTC), Release.CPI, Timing.EXACT, Impact.HIGH),
        (datetime(2026, 12, 15, 5, tzinfo=UTC), Release.OTHER, Timing.TENTATIVE, Impact.HIGH),
        (datetime(2026, 12, 25, 5, tzinfo=UTC), Release.OTHER, Timing.ALL_DAY, Impact.HOLIDAY),
    ]


@pytest.mark.parametrize(
    ("text", "suffix", "told"),
    [
        ("covers = { from = 2026-12-01 }\n", ".toml", "until"),
        ("covers = { from = 2026-12-31, until = 2026-12-01 }\n", ".toml", "before"),
        ("[[event]]\n", ".toml", "covers"),
        (TOML.replace("date = 2026-12-15", "day = 2026-12-15"), ".toml", 'there is no "day"'),
        (TOML.replace('title = "Treasury report", ', ""), ".toml", "'title' is missing"),
        (TOML.replace('"08:30"', '"half past"'), ".toml", "event 2"),
        (TOML.replace('"holiday"', '"festive"'), ".toml", "festive"),
        (TOML.replace("event = [", 'zone = "Mars/Crater"\nevent = ['), ".toml", "time zone"),
        (TOML.replace("2026-12-09, time = 14:00:00", "2027-03-14, time = 02:30:00"), ".toml", "no such time"),
        (CSV.replace("# covers 2026-12-01 2026-12-31\n", ""), ".csv", "first line"),
        ("\ufeff" + JSON[:-9], ".json", "truncated"),
    ],
)
def test_a_persons_file_with_a_fault_is_refused_whole(text, suffix, told):
    with pytest.raises(UnreadableError, match=told):
        parse_own(text.encode(), suffix, "mine")


def test_events_between_two_instants():
    parsed = parse_own(CSV.encode(), ".csv", "mine")
    first = parsed.events[0].at
    assert [event.title for event in within(parsed.events, first, parsed.events[1].at)] == ["FOMC Statement"]
