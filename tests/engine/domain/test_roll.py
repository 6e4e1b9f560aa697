"""Rolls: deadlines of real contracts, holidays among them, and which month is in front on the way."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.contract import PRODUCTS
from engine.domain.roll import CYCLES, business_day, front, is_front, roll_of

CLOSED = frozenset(
    {date(2026, 6, 19), date(2026, 11, 26), date(2026, 12, 25), date(2027, 1, 1), date(2027, 1, 18), date(2027, 2, 15)}
)
TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("symbol", "deadline", "rolls", "following"),
    [
        ("NQZ6", date(2026, 12, 18), date(2026, 12, 14), "NQH7"),
        ("MNQZ26", date(2026, 12, 18), date(2026, 12, 14), "MNQH27"),
        ("ESM6", date(2026, 6, 18), date(2026, 6, 15), "ESU6"),  # the third Friday is Juneteenth
        ("6EZ6", date(2026, 12, 14), date(2026, 12, 11), "6EH7"),
        ("ZNZ6", date(2026, 11, 27), date(2026, 11, 24), "ZNH7"),
        ("CLF7", date(2026, 12, 21), date(2026, 12, 17), "CLG7"),  # the 25th is Christmas: four days before it
        ("CLG7", date(2027, 1, 20), date(2027, 1, 15), "CLH7"),
        ("MCLG7", date(2027, 1, 19), date(2027, 1, 14), "MCLH7"),
        ("NGF7", date(2026, 12, 29), date(2026, 12, 24), "NGG7"),
        ("GCG7", date(2027, 1, 28), date(2027, 1, 26), "GCJ7"),
        ("SIH7", date(2027, 2, 25), date(2027, 2, 23), "SIK7"),
        ("MBTX6", date(2026, 11, 27), date(2026, 11, 25), "MBTZ6"),
    ],
)
def test_deadlines_and_rolls(symbol, deadline, rolls, following):
    roll = roll_of(symbol, TODAY, CLOSED)
    assert (roll.deadline, roll.rolls, roll.next) == (deadline, rolls, following)
    assert roll.days_to_roll == (rolls - TODAY).days
    assert roll.begins <= roll.rolls <= roll.deadline


def test_the_front_month_moves_from_one_to_both_to_the_next():
    seen = [
        (found.symbol, found.also)
        for day in (9, 10, 13, 14)
        if (found := front("NQ", date(2026, 12, day), CLOSED)) is not None
    ]
    assert seen == [("NQZ6", None), ("NQZ6", "NQH7"), ("NQZ6", "NQH7"), ("NQH7", None)]
    assert is_front("MNQH7", date(2026, 12, 10), CLOSED) is True
    assert is_front("MNQH7", date(2026, 12, 9), CLOSED) is False
    assert is_front("MNQZ26", date(2026, 12, 14), CLOSED) is False


def test_what_we_do_not_know_is_said_to_be_unknown():
    assert roll_of("XYZZ6", TODAY) is None
    assert roll_of("NQF7", TODAY) is None, "no such month"
    assert roll_of("NQ", TODAY) is None
    assert front("XYZ", TODAY) is None
    assert is_front("XYZZ6", TODAY) is None
    assert set(PRODUCTS) <= set(CYCLES), "every product whose figures we know has a cycle"


def test_one_digit_years_are_the_nearest_ahead():
    assert roll_of("NQZ5", TODAY).deadline.year == 2025
    assert roll_of("NQZ9", TODAY).deadline.year == 2029
    assert roll_of("NQZ4", TODAY).deadline.year == 2034


@given(st.sampled_from(sorted(CYCLES)), st.dates(min_value=date(2026, 1, 1), max_value=date(2028, 12, 31)))
def test_there_is_always_one_front_month_and_it_never_goes_back(root, day):
    today, tomorrow = front(root, day, CLOSED), front(root, day + timedelta(days=1), CLOSED)
    ends = [roll_of(found.symbol, day, CLOSED).deadline for found in (today, tomorrow)]
    assert ends[0] <= ends[1]
    assert day < roll_of(today.symbol, day, CLOSED).rolls
    assert is_front(today.symbol, day, CLOSED) is True


@given(st.dates(min_value=date(2026, 1, 1), max_value=date(2027, 12, 31)), st.integers(-10, 10))
def test_business_days_are_business_days(day, step):
    found = business_day(day, step, CLOSED)
    assert found.weekday() < 5
    assert found not in CLOSED
