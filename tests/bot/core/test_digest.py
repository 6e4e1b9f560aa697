"""Digests: once for each of a person's own mornings, closes and weeks, whatever the clocks do."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.digest import (
    AHEAD,
    LATE,
    Digest,
    Wish,
    due,
    last_slot,
    next_slot,
    night_begins,
    read_wish,
    trade_day,
    week_of,
)
from engine.domain.tradedate import bounds

NOW = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
ZONES = st.sampled_from(
    ["UTC", "America/New_York", "America/Chicago", "Europe/Berlin", "Asia/Tokyo", "Australia/Lord_Howe",
     "America/Havana", "America/St_Johns", "Africa/Casablanca", "Pacific/Kiritimati"]
).map(ZoneInfo)  # fmt: skip
MOMENTS = st.datetimes(datetime(2009, 1, 1), datetime(2037, 12, 31), timezones=st.just(UTC))
KINDS = st.sampled_from(list(Digest))
WISHES = st.builds(
    Wish, since=st.just(datetime(2000, 1, 1, tzinfo=UTC)), minute=st.integers(0, 1439), weekday=st.integers(0, 6)
)
STEPS = st.lists(st.integers(1, 11 * 3600), min_size=1, max_size=60)


@given(KINDS, WISHES, ZONES, MOMENTS)
def test_the_slots_are_in_order_and_at_most_a_weekend_apart(
    kind: Digest, wish: Wish, zone: ZoneInfo, now: datetime
) -> None:
    last, ahead = last_slot(kind, wish, now, zone), next_slot(kind, wish, now, zone)
    assert last <= now < ahead
    assert last_slot(kind, wish, ahead, zone) == ahead
    assert next_slot(kind, wish, last, zone) == ahead
    longest = timedelta(days=8 if kind is Digest.WEEK else 4)
    assert ahead - last <= longest + timedelta(hours=25)  # a zone may skip a whole day


@given(KINDS, WISHES, ZONES, MOMENTS, STEPS)
def test_each_slot_is_sent_once_however_time_goes_on(
    kind: Digest, wish: Wish, zone: ZoneInfo, now: datetime, steps: list[int]
) -> None:
    begins, sent, told = now, None, []
    for step in steps:
        now += timedelta(seconds=step)
        if (slot := due(kind, wish, sent, now, zone)) is not None:
            assert now - slot <= LATE
            sent = slot
            told.append(slot)
        assert due(kind, wish, sent, now, zone) is None
    slots, at = [], begins - LATE
    while (at := next_slot(kind, wish, at, zone)) <= now:
        slots.append(at)
    late = [slot for slot in slots if slot <= begins]
    assert [slot for slot in told if slot > begins] == [slot for slot in slots if slot > begins]
    assert told[: len(told) - len(slots) + len(late)] in ([], late[-1:])


@given(KINDS, WISHES, ZONES, MOMENTS, st.floats(0, 1))
def test_a_clock_that_is_set_back_sends_nothing_twice(
    kind: Digest, wish: Wish, zone: ZoneInfo, now: datetime, share: float
) -> None:
    sent = last_slot(kind, wish, now, zone)
    earlier = sent - AHEAD[kind] * share
    assert due(kind, wish, sent, earlier, zone) is None


def test_a_clock_that_was_days_ahead_does_not_silence_for_days() -> None:
    wish = Wish(since=NOW - timedelta(days=1), minute=14 * 60)
    assert due(Digest.MORNING, wish, NOW + timedelta(days=6), NOW, UTC) == NOW.replace(minute=0)


@given(ZONES, WISHES, MOMENTS)
def test_a_morning_comes_on_every_workday_at_what_the_clock_there_shows(
    zone: ZoneInfo, wish: Wish, now: datetime
) -> None:
    days, at = [], now
    for _ in range(10):
        at = next_slot(Digest.MORNING, wish, at, zone)
        local = at.astimezone(zone).replace(tzinfo=None)
        assert wish.minute is not None
        wanted = datetime.combine(local.date(), time(wish.minute // 60, wish.minute % 60))
        is_missing = wanted.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None) != wanted
        assert local == wanted or is_missing
        assert local.weekday() < 5
        days.append(local.date())
    assert days == sorted(set(days))


@pytest.mark.parametrize(
    ("now", "slot"),
    [
        ("2026-03-08T06:59:00+00:00", "2026-03-06T07:30:00+00:00"),  # Friday 02:30 EST; Sunday's is none
        ("2026-03-09T06:30:00+00:00", "2026-03-09T06:30:00+00:00"),  # 02:30 EDT
        ("2026-11-02T07:29:00+00:00", "2026-10-30T06:30:00+00:00"),
        ("2026-11-02T07:30:00+00:00", "2026-11-02T07:30:00+00:00"),  # 02:30 EST again
    ],
)
def test_new_york_changes_its_clocks(now: str, slot: str) -> None:
    wish = Wish(since=NOW, minute=150)
    zone = ZoneInfo("America/New_York")
    assert last_slot(Digest.MORNING, wish, datetime.fromisoformat(now), zone) == datetime.fromisoformat(slot)


@pytest.mark.parametrize(
    ("now", "slot"),
    [
        ("2026-11-23T22:59:59+00:00", "2026-11-20T23:00:00+00:00"),  # Monday before the end: Friday's
        ("2026-11-23T23:00:00+00:00", "2026-11-23T23:00:00+00:00"),
        ("2026-07-06T22:00:00+00:00", "2026-07-06T22:00:00+00:00"),  # summer time
    ],
)
def test_on_is_the_end_of_the_trade_date_wherever_one_reads(now: str, slot: str) -> None:
    wish = Wish(since=NOW)
    for name in ("Asia/Tokyo", "UTC"):
        zone = ZoneInfo(name)
        assert last_slot(Digest.CLOSE, wish, datetime.fromisoformat(now), zone) == datetime.fromisoformat(slot)


@given(MOMENTS)
def test_a_close_is_about_the_trade_date_whose_end_is_nearest(slot: datetime) -> None:
    day = trade_day(slot)
    assert day.weekday() < 5
    begins, ends = bounds(day)
    assert begins < ends
    assert {at.astimezone(ZoneInfo("America/Chicago")).time() for at in (begins, ends)} == {time(17)}
    monday, newest = week_of(slot)
    assert monday.weekday() == 0
    assert timedelta() <= newest - monday < timedelta(days=5)
    assert timedelta(hours=12) <= slot - night_begins(slot) <= timedelta(days=4)


def test_what_a_moment_is_about() -> None:
    assert trade_day(datetime(2026, 11, 23, 21, 10, tzinfo=UTC)) == date(2026, 11, 23)  # 16:10 in New York
    assert trade_day(datetime(2026, 11, 23, 23, 10, tzinfo=UTC)) == date(2026, 11, 23)
    assert trade_day(datetime(2026, 11, 22, 23, 0, tzinfo=UTC)) == date(2026, 11, 20)  # Sunday: Friday's
    assert week_of(datetime(2026, 11, 22, 23, 0, tzinfo=UTC)) == (date(2026, 11, 16), date(2026, 11, 20))
    monday = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)
    assert night_begins(monday) == datetime(2026, 11, 20, 23, tzinfo=UTC)  # the whole weekend


@pytest.mark.parametrize(
    ("kind", "text", "words"),
    [
        (Digest.MORNING, "7:30", "07:30"),
        (Digest.MORNING, "on", "07:30"),
        (Digest.CLOSE, "on", "on"),
        (Digest.CLOSE, "16:10", "16:10"),
        (Digest.WEEK, "sun 18:00", "sun 18:00"),
        (Digest.WEEK, "friday", "fri 18:00"),
        (Digest.WEEK, "on", "sun 18:00"),
        (Digest.MORNING, "sun 18:00", None),
        (Digest.CLOSE, "24:00", None),
        (Digest.CLOSE, "later", None),
        (Digest.CLOSE, "", None),
    ],
)
def test_wishes_are_read_as_they_are_written(kind: Digest, text: str, words: str | None) -> None:
    wish = read_wish(kind, text, NOW)
    assert (wish.words(kind) if wish is not None else None) == words
    if wish is not None:
        assert read_wish(kind, wish.words(kind), NOW) == wish
