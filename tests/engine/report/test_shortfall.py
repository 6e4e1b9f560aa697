"""Shortfall: whatever happens, the parts add up to the difference, to the last fraction."""

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from engine.report.shortfall import Aim, Cause, Shortfall, in_cents

PRICES = st.integers(79_000, 81_000).map(lambda quarters: Decimal(quarters) / 4)
FILLS = st.lists(st.tuples(st.integers(-4, 4).filter(bool), PRICES), max_size=3)
REASONS = st.lists(st.tuples(st.sampled_from((Cause.SKIPPED, Cause.REFUSED)), st.integers(-3, 3)), max_size=2)
AIMS = st.builds(Aim, st.fractions(-9, 9, max_denominator=12), st.integers(-9, 9), st.integers(-9, 9))
MOVES = st.lists(
    st.tuples(PRICES, st.none() | AIMS, FILLS, REASONS, st.sampled_from((Cause.MISSED, Cause.HAND, Cause.CARRIED)))
)


@given(MOVES, PRICES)
def test_the_parts_add_up_exactly(moves, mark):
    book = Shortfall()
    made = meant = position = Fraction(0)
    for number, (price, aim, fills, reasons, rest) in enumerate(moves):
        book.move(str(number), price, aim, fills, reasons, rest)
        made += sum((quantity * (Fraction(mark) - Fraction(paid)) for quantity, paid in fills), Fraction(0))
        if aim is not None:
            meant += (aim.ideal - position) * (Fraction(mark) - Fraction(price))
            position = aim.ideal
    assert sum(book.parts(mark).values(), Fraction(0)) == made - meant
    by_copy = sum((share.points(mark) for share in book.shares), Fraction(0))
    assert by_copy == made - meant


@given(st.dictionaries(st.sampled_from(Cause), st.fractions(-10_000, 10_000, max_denominator=97)))
def test_cents_add_up_to_the_rounded_sum_and_stay_beside_their_parts(parts):
    cents = in_cents(parts)
    assert sum(cents.values(), Decimal(0)) * 100 == round(sum(parts.values(), Fraction(0)) * 100)
    for cause, part in parts.items():
        assert abs(Fraction(cents.get(cause, Decimal(0))) - part) < Fraction(1, 100)


def test_a_gap_that_closes_is_taken_from_what_opened_it():
    book = Shortfall()
    book.move("1", Decimal(100), Aim(Fraction(2), 2, 2), [], [(Cause.SKIPPED, 2)], Cause.MISSED)
    book.move("2", Decimal(110), Aim(), [], [], Cause.MISSED)
    assert book.parts(Decimal(500)) == {Cause.SKIPPED: -20}


def test_an_exit_by_hand_costs_what_came_after_it():
    book = Shortfall()
    book.move("1", Decimal(100), Aim(Fraction(1), 1, 1), [(1, Decimal("100.25"))], [], Cause.MISSED)
    book.move("hand", Decimal(105), None, [(-1, Decimal(105))], [], Cause.HAND)
    book.move("2", Decimal(110), Aim(), [], [], Cause.MISSED)
    assert book.parts(Decimal(110)) == {Cause.PRICE: Fraction(-1, 4), Cause.HAND: -5}


def test_rounding_and_cap_are_told_apart():
    book = Shortfall()
    book.move("1", Decimal(100), Aim(Fraction(7, 2), 3, 2), [(2, Decimal(100))], [], Cause.MISSED)
    assert book.parts(Decimal(101)) == {Cause.ROUNDING: Fraction(-1, 2), Cause.CAP: -1}
