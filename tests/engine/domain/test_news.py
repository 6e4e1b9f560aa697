"""News: what a firm's words mean, windows that join, and knowledge that is never better than its source."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.hours import Family, Knowledge, Span
from engine.domain.news import (
    Coverage,
    EconomicEvent,
    Impact,
    NewsBook,
    Release,
    Timing,
    covers,
    guesses,
    knowledge,
    merged,
    pause_plan,
    release_of,
    scope_of,
    windows,
)

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
FRESH = timedelta(hours=24)
TIER_ONE = scope_of("FOMC, minutes, employment situation, CPI; EIA for energy, USDA for grains")


def event(title, at=NOW, currency="USD", impact=Impact.HIGH, timing=Timing.EXACT):
    return EconomicEvent(
        at=at, title=title, currency=currency, impact=impact, timing=timing, release=release_of(title, currency)
    )


@pytest.mark.parametrize(
    ("title", "release"),
    [
        ("Non-Farm Employment Change", Release.EMPLOYMENT),
        ("ADP Non-Farm Employment Change", Release.ADP),
        ("Average Hourly Earnings m/m", Release.EMPLOYMENT),
        ("Unemployment Rate", Release.EMPLOYMENT),
        ("Unemployment Claims", Release.CLAIMS),
        ("FOMC Statement", Release.FOMC),
        ("Federal Funds Rate", Release.FOMC),
        ("FOMC Press Conference", Release.FOMC),
        ("FOMC Economic Projections", Release.FOMC),
        ("FOMC Meeting Minutes", Release.FOMC_MINUTES),
        ("FOMC Member Cook Speaks", Release.SPEECH),
        ("Core CPI m/m", Release.CPI),
        ("Core PCE Price Index m/m", Release.PCE),
        ("Core PPI m/m", Release.PPI),
        ("Advance GDP q/q", Release.GDP),
        ("Core Retail Sales m/m", Release.RETAIL),
        ("ISM Services PMI", Release.ISM),
        ("JOLTS Job Openings", Release.JOLTS),
        ("Crude Oil Inventories", Release.EIA_OIL),
        ("Natural Gas Storage", Release.EIA_GAS),
        ("10-y Bond Auction", Release.AUCTION),
        ("Richmond Manufacturing Index", Release.OTHER),
    ],
)
def test_releases_are_known_by_their_titles(title, release):
    assert release_of(title, "USD") is release


def test_firms_words_become_scopes():
    for words in ("high impact (Forex Factory red folder)", "USD high impact"):
        scope = scope_of(words)
        assert (scope.is_red, scope.releases, scope.doubt) == (True, (), "")
    only = scope_of("CPI")
    assert (only.is_red, only.releases, only.doubt) == (False, (Release.CPI,), "")
    assert TIER_ONE.doubt == ""
    assert not TIER_ONE.is_red
    assert covers(TIER_ONE, event("FOMC Meeting Minutes"))
    assert not covers(TIER_ONE, event("ISM Services PMI"))
    assert covers(only, event("CPI y/y", impact=Impact.LOW)), "a named release counts at any impact"
    assert not covers(only, event("CPI y/y", currency="EUR"))


def test_words_that_we_do_not_understand_take_the_stricter_reading():
    for words in ("", "big surprises, CPI"):
        assert covers(scope_of(words), event("ISM Services PMI"))
    assert scope_of("big surprises, CPI").doubt == "big surprises"
    assert covers(scope_of("high impact"), event("?", impact=Impact.UNKNOWN)), "an unknown impact counts as red"
    assert not covers(scope_of("high impact"), event("Bank Holiday", impact=Impact.HOLIDAY))


def test_energy_releases_bind_energy_products():
    oil = event("Crude Oil Inventories", impact=Impact.LOW)
    assert covers(TIER_ONE, oil, Family.ENERGY)
    assert not covers(TIER_ONE, oil, Family.EQUITY)
    assert covers(TIER_ONE, oil), "an account that may trade anything"


def test_windows_of_one_time_are_one_and_those_that_touch_join():
    found = windows(
        [
            event("CPI m/m"),
            event("Core CPI m/m"),
            event("Unemployment Claims", NOW + 4 * MINUTE),
            event("ISM Services PMI", NOW + 90 * MINUTE),
            event("Speech", NOW, timing=Timing.TENTATIVE),
        ],
        scope_of("high impact"),
        2 * MINUTE,
        2 * MINUTE,
    )
    assert [(window.opens, window.closes, len(window.titles)) for window in found] == [
        (NOW - 2 * MINUTE, NOW + 6 * MINUTE, 3),
        (NOW + 88 * MINUTE, NOW + 92 * MINUTE, 1),
    ]


@given(st.lists(st.integers(0, 600), max_size=12), st.integers(0, 30), st.integers(0, 30))
def test_every_event_lies_in_one_window_and_windows_never_overlap(minutes, before, after):
    events = [event(f"CPI {number}", NOW + at * MINUTE) for number, at in enumerate(minutes)]
    found = windows(events, scope_of("CPI"), before * MINUTE, after * MINUTE)
    for one in events:
        assert (
            sum(
                window.opens <= one.at - before * MINUTE and one.at + after * MINUTE <= window.closes
                for window in found
            )
            == 1
        )
    for early, late in pairwise(found):
        assert early.closes < late.opens


def part(since, until, fetched_at=NOW, **told):
    return Coverage(since=since, until=until, source="feed", fetched_at=fetched_at, **told)


@pytest.mark.parametrize(
    ("book", "known"),
    [
        (NewsBook(), Knowledge.UNKNOWN),
        (NewsBook(events=(event("CPI"),)), Knowledge.UNKNOWN),
        (NewsBook(coverage=(part(NOW - DAY, NOW + DAY),)), Knowledge.KNOWN),
        (NewsBook(coverage=(part(NOW - DAY, NOW),)), Knowledge.UNKNOWN),
        (NewsBook(coverage=(part(NOW - DAY, NOW + DAY, NOW - 25 * HOUR),)), Knowledge.STALE),
        (NewsBook(coverage=(part(NOW - DAY, NOW + DAY, NOW + HOUR),)), Knowledge.STALE),
        (NewsBook(coverage=(part(NOW - DAY, NOW + DAY, None),)), Knowledge.KNOWN),
        (NewsBook(coverage=(part(NOW - DAY, NOW + DAY, is_whole=False),)), Knowledge.STALE),
        (NewsBook(coverage=(part(NOW - DAY, NOW + DAY),), complaints=("mine.csv: no",)), Knowledge.STALE),
    ],
)
def test_knowledge_is_never_better_than_its_source(book, known):
    assert knowledge(book, NOW, NOW, FRESH) is known


def test_a_plan_names_what_is_stale_and_what_is_unknown_and_guesses_there():
    book = NewsBook(
        events=(event("CPI m/m", NOW + 90 * MINUTE), event("Speech", NOW, timing=Timing.TENTATIVE)),
        coverage=(part(NOW - DAY, NOW + 2 * HOUR), part(NOW + 2 * HOUR, NOW + 4 * HOUR, NOW - 2 * DAY)),
    )
    within = Span(opens=NOW, closes=NOW + 9 * HOUR)
    plan = pause_plan(book, scope_of("high impact"), 2 * MINUTE, 2 * MINUTE, within, NOW, FRESH)
    assert plan.stale == (Span(opens=NOW + 2 * HOUR, closes=NOW + 4 * HOUR),)
    assert plan.unknown == (Span(opens=NOW + 4 * HOUR, closes=NOW + 9 * HOUR),)
    assert [(window.opens - NOW, window.is_guess) for window in plan.windows] == [
        (88 * MINUTE, False),
        (178 * MINUTE, True),  # 10:00 ET, in the stale part
        (418 * MINUTE, True),  # 14:00 ET, in the unknown part
    ]
    assert [one.title for one in plan.untimed] == ["Speech"]
    plain = pause_plan(book, scope_of("high impact"), 2 * MINUTE, 2 * MINUTE, within, NOW, FRESH, guess=False)
    assert [window.is_guess for window in plain.windows] == [False]
    assert plain.unknown == plan.unknown, "allowed or not, it is said"


def test_guesses_keep_new_yorks_clock_and_leave_weekends_out():
    before = guesses(datetime(2026, 10, 30, 0, tzinfo=UTC), datetime(2026, 10, 31, 0, tzinfo=UTC), MINUTE, MINUTE)
    after = guesses(datetime(2026, 10, 31, 0, tzinfo=UTC), datetime(2026, 11, 3, 0, tzinfo=UTC), MINUTE, MINUTE)
    assert [(window.opens + MINUTE).hour for window in before] == [12, 14, 18]
    assert [(window.opens + MINUTE).hour for window in after] == [13, 15, 19]


@given(
    st.permutations(
        [
            event("CPI m/m"),
            event("cpi  m/m", impact=Impact.LOW),
            event("CPI m/m", NOW + HOUR),
            event("CPI m/m", currency="EUR"),
        ]
    )
)
def test_merging_does_not_depend_on_the_order(events):
    found = merged(events)
    assert len(found) == 3
    assert [one.at for one in found] == sorted(one.at for one in found)
    assert found[[one.currency for one in found].index("USD")].impact is Impact.HIGH
    assert merged(found) == found
