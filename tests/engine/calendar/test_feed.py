"""The news feed over a real socket: whatever it does, a failure never makes a week look free of events."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from engine.calendar.feed import FILE, is_due, read, recall_copies, refresh, troubles
from engine.calendar.setting import NewsTable
from engine.domain.hours import Knowledge, Span
from engine.domain.news import knowledge, pause_plan, scope_of
from tests.engine.calendar.server import serving

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)  # Monday 07:00 in New York
FRESH = timedelta(hours=24)
HOUR = timedelta(hours=1)
RED = scope_of("USD high impact")


def week(*, monday="2026-11-23", extra=()):
    rows = [
        {"title": "Core CPI m\\/m", "country": "USD", "date": f"{monday}T08:30:00-05:00", "impact": "High"},
        {"title": "Bank Holiday", "country": "USD", "date": f"{monday}T00:00:00-05:00", "impact": "Holiday"},
        *extra,
    ]
    return json.dumps(rows).encode()


@pytest.fixture
async def feed():
    async with serving() as server:
        server.answer(body=week(), ETag='"one"', Last_Modified="Mon, 23 Nov 2026 10:00:00 GMT")
        yield server


@pytest.fixture
def table(feed):
    return NewsTable(urls=(f"{feed.base}/this.json",))


def titles(home, table):
    return [event.title for event in read(home, table).events]


def state(home, table, at=NOW, now=NOW):
    return knowledge(read(home, table), at, now, FRESH)


async def test_a_good_answer_is_known_for_its_week_and_nothing_else(feed, table, tmp_path):
    assert state(tmp_path, table) is Knowledge.UNKNOWN, "before the first fetch"
    assert await refresh(tmp_path, table, NOW) == []
    assert state(tmp_path, table) is Knowledge.KNOWN
    assert state(tmp_path, table, at=datetime(2026, 11, 29, 4, 59, tzinfo=UTC)) is Knowledge.KNOWN, "Saturday night ET"
    assert state(tmp_path, table, at=datetime(2026, 11, 29, 5, 0, tzinfo=UTC)) is Knowledge.UNKNOWN, "Sunday ET"
    assert state(tmp_path, table, at=datetime(2026, 11, 22, 4, 59, tzinfo=UTC)) is Knowledge.UNKNOWN
    path, headers = feed.asked[0]
    assert path == "/this.json"
    assert headers["user-agent"].startswith("lockstep-desk/")
    plan = pause_plan(
        read(tmp_path, table), RED, 2 * HOUR / 60, 2 * HOUR / 60, Span(opens=NOW, closes=NOW + 6 * HOUR), NOW, FRESH
    )
    (window,) = plan.windows
    assert (window.opens, window.closes) == (
        datetime(2026, 11, 23, 13, 28, tzinfo=UTC),
        datetime(2026, 11, 23, 13, 32, tzinfo=UTC),
    )
    assert (plan.stale, plan.unknown, plan.untimed) == ((), (), ())


async def test_it_asks_once_an_hour_however_often_it_is_called(feed, table, tmp_path):
    for minutes in (0, 1, 30, 59):
        await refresh(tmp_path, table, NOW + timedelta(minutes=minutes))
    assert len(feed.asked) == 1
    await refresh(tmp_path, table, NOW + HOUR)
    assert len(feed.asked) == 2
    assert feed.asked[1][1]["if-none-match"] == '"one"'
    assert feed.asked[1][1]["if-modified-since"] == "Mon, 23 Nov 2026 10:00:00 GMT"


async def test_304_makes_the_copy_young_again(feed, table, tmp_path):
    await refresh(tmp_path, table, NOW)
    later = NOW + 30 * HOUR
    assert state(tmp_path, table, at=later, now=later) is Knowledge.STALE
    feed.answer(304)
    assert await refresh(tmp_path, table, later) == []
    assert state(tmp_path, table, at=later, now=later) is Knowledge.KNOWN
    assert "Core CPI m\\/m" in titles(tmp_path, table)


async def test_304_without_a_copy_is_no_answer(feed, table, tmp_path):
    feed.answer(304)
    assert await refresh(tmp_path, table, NOW) == [f"{table.urls[0]}: 304, but we hold no copy"]
    assert state(tmp_path, table) is Knowledge.UNKNOWN


BAD = [
    ("429", (429, {"Retry-After": "900"}, b"slow down"), "HTTP 429"),
    ("404", (404, {}, b""), "HTTP 404"),
    ("500", (500, {}, b"oops"), "HTTP 500"),
    ("503", (503, {}, b"[]"), "HTTP 503"),
    ("html", (200, {}, b"<!DOCTYPE html><title>Request Denied</title>"), "a web page came"),
    ("cut", (200, {}, week()[:-20]), "no whole JSON"),
    ("short", (200, {"Content-Length": "9999"}, week()), "no answer"),
    ("empty", (200, {}, b""), "no whole JSON"),
    ("empty-list", (200, {}, b"[]"), "proves nothing"),
    ("object", (200, {}, b'{"error": "no"}'), "no list"),
    ("garbage", (200, {}, b'[1, {"title": "x"}, null]'), "no event that could be read"),
    (
        "years",
        (200, {}, week(extra=[{"title": "x", "country": "USD", "date": "2031-01-01T08:30:00Z", "impact": "High"}])),
        "more than the weeks",
    ),
    ("hang-up", (0, {}, b""), "no answer"),
]


@pytest.mark.parametrize(("answer", "told"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
async def test_a_failure_never_means_no_news(feed, table, tmp_path, answer, told):
    feed.answers = [answer]
    (complaint,) = await refresh(tmp_path, table, NOW)
    assert told in complaint
    assert state(tmp_path, table) is Knowledge.UNKNOWN
    plan = pause_plan(
        read(tmp_path, table), RED, HOUR / 30, HOUR / 30, Span(opens=NOW, closes=NOW + 12 * HOUR), NOW, FRESH
    )
    assert plan.unknown == (Span(opens=NOW, closes=NOW + 12 * HOUR),)
    assert all(window.is_guess for window in plan.windows)
    assert len(plan.windows) == 3, "08:30, 10:00 and 14:00 stand in"


@pytest.mark.parametrize(("answer", "told"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
async def test_a_failure_keeps_the_last_good_copy_which_grows_old(feed, table, tmp_path, answer, told):
    await refresh(tmp_path, table, NOW)
    held = read(tmp_path, table)
    feed.answers = [answer]
    later = NOW + 25 * HOUR
    (complaint,) = await refresh(tmp_path, table, later)
    assert told in complaint
    assert read(tmp_path, table) == held
    assert state(tmp_path, table, at=later, now=later) is Knowledge.STALE
    assert told in troubles(tmp_path, table)[0]
    monday = NOW + timedelta(days=7)
    assert state(tmp_path, table, at=monday, now=monday) is Knowledge.UNKNOWN, "next week was never told"


async def test_a_refusal_is_waited_out(feed, table, tmp_path):
    feed.answer(429, Retry_After="900")
    await refresh(tmp_path, table, NOW)
    await refresh(tmp_path, table, NOW + timedelta(seconds=899))
    assert len(feed.asked) == 1
    await refresh(tmp_path, table, NOW + timedelta(seconds=900))
    assert len(feed.asked) == 2


@pytest.mark.parametrize(
    ("word", "minutes"),
    [("Mon, 23 Nov 2026 12:40:00 GMT", 40), ("1", 5), ("99999999999", 360), ("nonsense", 5), ("-5", 5)],
)
async def test_how_long_a_refusal_is_waited_out(feed, table, tmp_path, word, minutes):
    feed.answer(429, Retry_After=word)
    await refresh(tmp_path, table, NOW)
    (asked,) = recall_copies(tmp_path)[0].asked
    assert asked.wait_until == NOW + timedelta(minutes=minutes)


async def test_failures_are_asked_again_later_and_later_but_never_more_rarely_than_the_plan(feed, table, tmp_path):
    feed.answer(500)
    now, waits = NOW, []
    for _ in range(6):
        await refresh(tmp_path, table, now)
        (asked,) = recall_copies(tmp_path)[0].asked
        waits.append((asked.wait_until - now) / timedelta(minutes=1))
        now = asked.wait_until
    assert waits == [5, 10, 20, 40, 60, 60]


async def test_a_clock_that_jumps_back_neither_blocks_fetching_nor_makes_an_old_copy_young(feed, table, tmp_path):
    await refresh(tmp_path, table, NOW)
    back = NOW - timedelta(hours=20)
    assert state(tmp_path, table, now=back) is Knowledge.STALE, "fetched in the future"
    await refresh(tmp_path, table, back)
    assert len(feed.asked) == 2
    assert state(tmp_path, table, now=back) is Knowledge.KNOWN


async def test_a_clock_that_jumps_ahead_makes_the_copy_stale_until_it_is_fetched_again(feed, table, tmp_path):
    await refresh(tmp_path, table, NOW)
    ahead = NOW + timedelta(days=2)
    assert state(tmp_path, table, at=ahead, now=ahead) is Knowledge.STALE
    await refresh(tmp_path, table, ahead)
    assert state(tmp_path, table, at=ahead, now=ahead) is Knowledge.KNOWN


async def test_an_answer_with_faults_is_stale_and_does_not_push_out_a_whole_one(feed, table, tmp_path):
    await refresh(tmp_path, table, NOW)
    untimed = {"title": "FOMC Statement", "country": "USD", "date": "sometime", "impact": "High"}
    broken = [*json.loads(week())[1:], untimed]
    feed.answer(body=json.dumps(broken).encode(), ETag='"two"')
    (complaint,) = await refresh(tmp_path, table, NOW + HOUR)
    assert "not whole: 1 could not be read" in complaint
    assert "Core CPI m\\/m" in titles(tmp_path, table), "the whole copy's events stay"
    assert state(tmp_path, table) is Knowledge.KNOWN, "by the whole copy, while it is fresh"
    feed.answer(304)
    (complaint,) = await refresh(tmp_path, table, NOW + 2 * HOUR)
    assert "304" in complaint, "nothing that was not whole can be confirmed as unchanged"
    later = NOW + 24.5 * HOUR
    assert state(tmp_path, table, at=later, now=later) is Knowledge.STALE


async def test_a_cancelled_event_goes_with_the_next_whole_copy(feed, table, tmp_path):
    await refresh(tmp_path, table, NOW)
    feed.answer(
        body=week(
            extra=[{"title": "ISM", "country": "USD", "date": "2026-11-24T10:00:00-05:00", "impact": "High"}]
        ).replace(b"Core CPI", b"CPI")
    )
    await refresh(tmp_path, table, NOW + HOUR)
    assert [title for title in titles(tmp_path, table) if "CPI" in title] == ["CPI m\\/m"]


async def test_a_week_that_suddenly_lost_most_of_its_events_is_doubted(feed, table, tmp_path):
    more = [
        {"title": f"Release {hour}", "country": "USD", "date": f"2026-11-24T{hour}:00:00-05:00", "impact": "High"}
        for hour in range(10, 20)
    ]
    feed.answer(body=week(extra=more))
    await refresh(tmp_path, table, NOW)
    feed.answer(body=week())
    (complaint,) = await refresh(tmp_path, table, NOW + HOUR)
    assert "only 2 of the 12 events" in complaint
    assert len(titles(tmp_path, table)) == 12
    later = NOW + 24.5 * HOUR
    assert state(tmp_path, table, at=later, now=later) is Knowledge.STALE


async def test_next_week_may_be_absent_and_is_then_unknown(feed, table, tmp_path):
    two = NewsTable(urls=(*table.urls, f"{feed.base}/next.json"))
    feed.answers = [(200, {}, week()), (404, {}, b"")]
    (complaint,) = await refresh(tmp_path, two, NOW)
    assert "next.json: HTTP 404" in complaint
    assert state(tmp_path, two) is Knowledge.KNOWN
    feed.answers = [(200, {}, week()), (200, {}, week(monday="2026-11-30"))]
    await refresh(tmp_path, two, NOW + 2 * HOUR)
    assert state(tmp_path, two, at=NOW + timedelta(days=7), now=NOW + 2 * HOUR) is Knowledge.KNOWN
    book = read(tmp_path, two)
    assert len(book.coverage) == 2
    assert len(book.events) == 4


async def test_a_spoiled_file_of_copies_is_unknown_and_heals(feed, table, tmp_path):
    await refresh(tmp_path, table, NOW)
    (tmp_path / FILE).write_bytes(b'{"copies": [')
    book = read(tmp_path, table)
    assert "cannot be read" in book.complaints[0]
    assert knowledge(book, NOW, NOW, FRESH) is Knowledge.UNKNOWN
    await refresh(tmp_path, table, NOW + timedelta(minutes=1))
    assert state(tmp_path, table) is Knowledge.KNOWN


async def test_old_weeks_are_dropped(feed, table, tmp_path):
    await refresh(tmp_path, table, NOW)
    feed.answer(body=week(monday="2026-12-21"))
    await refresh(tmp_path, table, NOW + timedelta(days=28))
    assert len(recall_copies(tmp_path)[0].copies) == 1


def test_what_was_never_asked_is_due():
    assert is_due(None, NOW)


async def test_a_feed_that_is_switched_off_asks_nobody_and_knows_nothing(feed, tmp_path):
    assert await refresh(tmp_path, NewsTable(urls=()), NOW) == []
    assert feed.asked == []
    assert state(tmp_path, NewsTable(urls=())) is Knowledge.UNKNOWN


async def test_a_persons_file_covers_what_the_feed_does_not(feed, table, tmp_path):
    (tmp_path / "events.toml").write_text(
        'covers = { from = 2026-12-06, until = 2026-12-12 }\n[[event]]\ntitle = "FOMC Statement"\n'
        "date = 2026-12-09\ntime = 14:00:00\n",
        "utf-8",
    )
    await refresh(tmp_path, table, NOW)
    december = datetime(2026, 12, 9, 12, tzinfo=UTC)
    assert state(tmp_path, table, at=december) is Knowledge.KNOWN
    assert state(tmp_path, table, at=december - timedelta(days=5)) is Knowledge.UNKNOWN
    (tmp_path / "events.toml").write_text("covers = 3\n", "utf-8")
    assert state(tmp_path, table, at=december) is Knowledge.UNKNOWN
    assert state(tmp_path, table) is Knowledge.STALE, "a file that we cannot read may hold events of this week"
    named = NewsTable(urls=table.urls, file="mine.csv")
    assert "mine.csv" in read(tmp_path, named).complaints[0]
