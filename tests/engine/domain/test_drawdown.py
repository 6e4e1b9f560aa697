"""The drawdown ledger: floors never fall, payouts never kill, the strict order of a mark, what a restart keeps."""

from decimal import Decimal
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain.drawdown import (
    TRANSITIONS,
    BarSeen,
    DayOpened,
    DayStarted,
    FloorLocked,
    FloorTold,
    Ledger,
    Limit,
    LimitHit,
    Mark,
    Marked,
    PaidOut,
    SessionClosed,
    Standing,
    Turn,
    opened,
)
from engine.domain.terms import Basis, Compare, DailyLoss, Terms, Tier, Trail, faults, tier_of

D = Decimal


def terms(mode=Trail.EOD_BALANCE, start=50_000, drawdown=2_000, **more) -> Terms:
    return Terms(start_balance=D(start), drawdown=D(drawdown), mode=mode, **more)


def fed(of: Terms, *marks: Mark) -> Ledger:
    ledger = opened(of)
    for mark in marks:
        ledger.take(mark)
    return ledger


def sod(balance, profit=0, **more) -> DayStarted:
    return DayStarted(balance=D(balance), open_profit=D(profit), **more)


def tick(balance, profit=0, **more) -> Marked:
    return Marked(balance=D(balance), open_profit=D(profit), **more)


def eod(balance, profit=0, **more) -> SessionClosed:
    return SessionClosed(balance=D(balance), open_profit=D(profit), **more)


def bar(high, low) -> BarSeen:
    return BarSeen(high=D(high), low=D(low))


def payout(amount) -> PaidOut:
    return PaidOut(amount=D(amount))


money = st.integers(-600_000, 600_000).map(lambda cents: D(cents) / 100)  # round the starting balance
daily = st.builds(
    DailyLoss,
    amount=st.integers(50_000, 200_000).map(lambda cents: D(cents) / 100),
    basis=st.sampled_from([Basis.BALANCE, Basis.LARGER, Basis.HIGH]),
    soft=st.booleans(),
    carries=st.booleans(),
)
lock_gaps = st.sampled_from([None, D(0), D(100), D(3_000)])
START = D(50_000)


@st.composite
def any_terms(draw, **fixed) -> Terms:
    gap = draw(lock_gaps)
    values = {
        "mode": draw(st.sampled_from(list(Trail))),
        "lock": None if gap is None else START + gap,
        "compare": draw(st.sampled_from(list(Compare))),
        "payout_locks_floor": draw(st.booleans()),
        "dll": draw(st.none() | daily),
        "daily_target": draw(st.none() | st.just(D(1_500))),
    }
    return terms(**(values | fixed))


@st.composite
def any_mark(draw) -> Mark:
    balance, profit = START + draw(money), draw(money)
    kind = draw(st.sampled_from("tttttsebpf"))
    short = draw(st.booleans()) if kind in "se" else False
    match kind:
        case "s":
            return DayStarted(balance=balance, open_profit=profit, is_short=short)
        case "e":
            return SessionClosed(balance=balance, open_profit=profit, is_short=short)
        case "b":
            return BarSeen(high=max(balance, START + profit), low=min(balance, START + profit))
        case "p":
            return PaidOut(amount=abs(profit) + 1)
        case "f":
            return FloorTold(floor=balance - 2_000)
        case _:
            return Marked(balance=balance, open_profit=profit)


marks = st.lists(any_mark(), max_size=25)
calm = st.lists(any_mark().filter(lambda mark: not isinstance(mark, PaidOut | FloorTold)), max_size=25)


@given(any_terms(), marks)
def test_a_floor_and_a_peak_never_fall(of, feed):
    ledger = opened(of)
    floors, peaks = [ledger.floor], [ledger.peak]
    for mark in feed:
        ledger.take(mark)
        floors.append(ledger.floor)
        peaks.append(ledger.peak)
    assert all(before <= after for before, after in pairwise(floors))
    assert all(before <= after for before, after in pairwise(peaks))


@given(any_terms(), marks)
def test_same_marks_give_the_same_states_through_any_number_of_restarts(of, feed):
    kept, revived = opened(of), opened(of)
    for mark in feed:
        told = kept.take(mark)
        revived = msgspec.msgpack.decode(msgspec.msgpack.encode(revived), type=Ledger)
        assert revived.take(mark) == told
        assert revived == kept


@given(any_terms(), marks, st.integers(1, 10_000_000))
def test_a_payout_ends_nothing_and_lowers_no_room_to_the_day_line(of, feed, cents):
    ledger = fed(of, *feed)
    standing, line = ledger.standing, ledger.day_line
    room = None if line is None else ledger.equity - line
    hits = [notice for notice in ledger.take(payout(D(cents) / 100)) if isinstance(notice, LimitHit)]
    assert (hits, ledger.standing) == ([], standing)
    assert (None if room is None else ledger.equity - ledger.day_line) == room


@given(any_terms(), calm)
def test_without_payouts_and_the_firms_own_figure_the_floor_stops_at_its_lock(of, feed):
    ledger = fed(of, *feed)
    if of.lock is not None:
        assert ledger.floor <= max(of.lock, of.start_balance - of.drawdown)


@given(any_terms(), marks)
def test_a_touch_ends_an_account_no_later_than_falling_below_does(of, feed):
    touch = opened(msgspec.structs.replace(of, compare=Compare.TOUCH))
    below = opened(msgspec.structs.replace(of, compare=Compare.BELOW))
    for mark in feed:
        touch.take(mark)
        below.take(mark)
        assert touch.standing is Standing.BREACHED or below.standing is not Standing.BREACHED


@given(any_terms(dll=None, daily_target=None), calm, money, money)
def test_of_a_bar_no_order_of_its_marks_would_have_ended_sooner(of, feed, one, other):
    high, low = START + max(one, other), START + min(one, other)
    bars, up, down = fed(of, *feed), fed(of, *feed), fed(of, *feed)
    for ledger, path in ((up, (low, high)), (down, (high, low))):
        for equity in path:
            ledger.take(Marked(balance=ledger.balance, open_profit=equity - ledger.balance))
    bars.take(BarSeen(high=high, low=low))
    ended = [ledger.standing is Standing.BREACHED for ledger in (up, down)]
    assert bars.standing is Standing.BREACHED or not any(ended)
    if not any(ended) and bars.breach is None:
        assert bars.floor >= max(up.floor, down.floor)


@given(any_terms(), marks, any_mark())
def test_nothing_moves_after_a_breach(of, feed, mark):
    ledger = fed(of, *feed)
    if ledger.standing is Standing.BREACHED:
        before = msgspec.structs.asdict(ledger)
        assert ledger.take(mark) == []
        assert msgspec.structs.asdict(ledger) == before


@given(any_terms(), marks)
def test_a_locked_day_opens_only_by_a_new_day(of, feed):
    ledger = opened(of)
    for mark in feed:
        before = ledger.standing
        ledger.take(mark)
        if before is Standing.DAY_LOCKED and ledger.standing is Standing.OK:
            assert isinstance(mark, DayStarted)


@given(any_terms(), marks)
@settings(max_examples=40)
def test_every_change_of_standing_is_in_the_table(of, feed):
    ledger = opened(of)
    for mark in feed:
        before = ledger.standing
        ledger.take(mark)
        reachable = {before} | {TRANSITIONS[before, turn] for turn in Turn}
        reachable |= {TRANSITIONS[TRANSITIONS[before, Turn.DAY], turn] for turn in Turn}
        assert ledger.standing in reachable
    assert set(TRANSITIONS) == {(standing, turn) for standing in Standing for turn in Turn}


def test_a_payout_below_the_floor_waits_for_the_next_mark():
    ledger = fed(terms(start=0, lock=D(0), payout_locks_floor=True), sod(0), eod(800), payout(800))
    assert (ledger.floor, ledger.equity, ledger.standing) == (0, 0, Standing.OK)
    assert ledger.take(tick(0))[0].limit is Limit.MAX_LOSS


def test_a_payout_locks_the_floor_for_good_where_the_plan_says_so():
    of = terms(lock=D(50_100), payout_locks_floor=True)
    ledger = opened(of)
    ledger.take(eod(50_500))
    assert ledger.floor == 48_500
    assert ledger.take(payout(300)) == [FloorLocked(floor=D(50_100))]
    ledger.take(eod(58_000))
    assert ledger.floor == 50_100
    assert fed(terms(lock=D(50_100)), eod(50_500), payout(300)).floor == 48_500


def test_when_one_mark_crosses_both_lines_the_floor_is_told():
    of = terms(dll=DailyLoss(amount=D(1_000), soft=True))
    ledger = fed(of, sod(50_000))
    told = ledger.take(tick(50_000, -2_500))
    assert told == [
        LimitHit(limit=Limit.MAX_LOSS, line=D(48_000), equity=D(47_500), standing=Standing.BREACHED),
    ]
    assert ledger.breach == told[0]


def test_the_floor_is_tested_while_the_day_is_locked_and_slippage_is_no_second_hit():
    of = terms(dll=DailyLoss(amount=D(1_000)))
    ledger = fed(of, sod(50_000), tick(50_000, -1_000))
    assert ledger.standing is Standing.DAY_LOCKED
    assert ledger.take(tick(48_900)) == []
    assert ledger.take(tick(48_000))[0].standing is Standing.BREACHED


def test_the_closing_balance_moves_the_floor_after_the_old_one_was_tested():
    ledger = fed(terms(), sod(50_000), eod(53_000, -2_500))
    assert (ledger.floor, ledger.standing) == (51_000, Standing.OK)
    assert ledger.take(tick(53_000, -2_500))[0].line == 51_000
    ended = fed(terms(), eod(53_000, -6_000))
    assert (ended.floor, ended.peak, ended.breach.line) == (48_000, 50_000, 48_000)


def test_no_day_line_before_the_first_day_starts():
    ledger = fed(terms(dll=DailyLoss(amount=D(1_000))), tick(50_000, -1_500))
    assert (ledger.day_line, ledger.standing) == (None, Standing.OK)


@pytest.mark.parametrize(
    ("loss", "lines"),
    [
        (DailyLoss(amount=D(1_000), basis=Basis.BALANCE), [49_000, 49_000, 49_000, 48_500]),
        (DailyLoss(amount=D(1_000), basis=Basis.LARGER), [49_600, 49_600, 49_600, 49_100]),
        (DailyLoss(amount=D(1_000), basis=Basis.HIGH), [49_600, 49_900, 49_900, 49_400]),
        (DailyLoss(pct=D("0.02"), basis=Basis.SHARE), [49_000, 49_000, 49_000, 48_500]),
    ],
)
def test_what_a_days_loss_is_measured_from(loss, lines):
    ledger, found = opened(terms(dll=loss)), []
    for mark in (sod(50_000, 600), tick(50_000, 900), tick(50_000, 100), payout(500)):
        ledger.take(mark)
        found.append(ledger.day_line)
    assert found == lines


def test_a_new_high_after_a_payout_does_not_hide_behind_it():
    of = terms(dll=DailyLoss(amount=D(1_000), basis=Basis.HIGH))
    ledger = fed(of, sod(52_000), payout(1_500), tick(51_000))
    assert ledger.day_line == 51_000 - 1_000


def test_modes_that_follow_other_figures():
    assert fed(terms(Trail.INTRADAY_BALANCE), tick(50_000, 900), tick(50_400, 0)).peak == 50_400
    assert fed(terms(Trail.EOD_EQUITY), tick(50_000, 900), eod(50_000, 700)).peak == 50_700
    assert fed(terms(Trail.STATIC), tick(53_000), eod(53_000)).floor == 48_000


def test_tiers_hold_for_the_whole_session_and_a_payout_counts_at_once():
    tiers = (
        Tier(profit=D(0), minis=D(2), dll=D(1_000)),
        Tier(profit=D(1_500), minis=D(3), dll=D(1_000)),
        Tier(profit=D(3_000), minis=D(4), dll=D(2_000)),
    )
    of = terms(tiers=tiers, dll=DailyLoss(amount=D(1_000)))
    ledger = opened(of)
    assert ledger.take(sod(50_000)) == [DayOpened(line=D(49_000), minis=D(2))]
    ledger.take(tick(53_100))
    assert ledger.minis == 2
    ledger.take(eod(53_100))
    assert ledger.take(sod(53_100)) == [DayOpened(line=D(51_100), minis=D(4))]
    ledger.take(eod(53_100))
    ledger.take(payout(200))
    assert ledger.take(sod(52_900)) == [DayOpened(line=D(51_900), minis=D(3))]
    assert tier_of(of, D(40_000)) == tiers[0]
    assert tier_of(terms(), D(60_000)) is None


def test_a_share_of_the_best_close_widens_the_day_and_never_narrows_it():
    loss = DailyLoss(amount=D(1_800), best_close_share=D("0.6"), best_close_from=D(3_100))
    of = terms(start=100_000, drawdown=3_000, lock=D(100_100), dll=loss)
    ledger = fed(of, sod(100_000), eod(103_000), sod(103_000))
    assert ledger.allowance == 1_800
    for close, allowance in ((104_000, 2_400), (102_000, 2_400), (105_000, 3_000)):
        ledger.take(eod(close))
        ledger.take(sod(close))
        assert ledger.allowance == allowance


def test_a_half_day_starts_no_new_day_where_the_firm_says_so():
    carried = terms(drawdown=4_000, dll=DailyLoss(amount=D(1_000), carries=True))
    feed = (sod(50_000), tick(50_000, -1_000), eod(49_000), sod(49_000, is_short=True))
    assert fed(carried, *feed).standing is Standing.DAY_LOCKED
    assert fed(carried, *feed).day_line == 49_000
    assert fed(carried, *feed, eod(49_200, is_short=True), sod(49_200)).standing is Standing.OK
    fresh = terms(drawdown=4_000, dll=DailyLoss(amount=D(1_000)))
    assert fed(fresh, *feed).standing is Standing.OK


def test_a_half_days_close_gives_no_tier():
    of = terms(tiers=(Tier(profit=D(0), minis=D(2)), Tier(profit=D(1_500), minis=D(3))))
    assert fed(of, sod(50_000), eod(50_000), eod(51_600, is_short=True), sod(51_600)).minis == 2


def test_the_days_target_locks_the_day():
    ledger = fed(terms(daily_target=D(600)), sod(50_000), tick(50_000, 599))
    assert ledger.standing is Standing.OK
    hit = ledger.take(tick(50_000, 600))[0]
    assert (hit.limit, hit.line, hit.standing) == (Limit.DAILY_TARGET, 50_600, Standing.DAY_LOCKED)
    ledger.take(sod(50_600))
    assert (ledger.standing, ledger.target_line) == (Standing.OK, 51_200)
    ledger.take(payout(200))
    assert ledger.target_line == 51_000


def test_the_firms_own_floor_wins_where_it_is_higher():
    ledger = fed(terms(Trail.INTRADAY_EQUITY), bar(50_500, 50_100))
    assert (ledger.floor, ledger.is_estimated) == (48_500, True)
    ledger.take(FloorTold(floor=D(48_700)))
    assert (ledger.floor, ledger.is_estimated) == (48_700, False)
    ledger.take(FloorTold(floor=D(48_000)))
    assert ledger.floor == 48_700


def test_an_account_that_has_traded_brings_its_peak():
    ledger = opened(terms(Trail.INTRADAY_EQUITY, lock=D(50_100)), balance=D(51_000), peak=D(51_800))
    assert (ledger.floor, ledger.equity) == (49_800, 51_000)


def test_new_terms_never_lower_a_floor():
    ledger = fed(terms(Trail.INTRADAY_EQUITY), tick(51_000))
    ledger.terms = terms(Trail.INTRADAY_EQUITY, drawdown=3_000)
    ledger.take(tick(51_000))
    assert ledger.floor == 49_000


@pytest.mark.parametrize(
    ("of", "words"),
    [
        (terms(drawdown=0), "drawdown: write an amount above 0"),
        (terms(dll=DailyLoss()), "dll: write an amount, or a pct"),
        (terms(dll=DailyLoss(amount=D(5), pct=D("0.1"))), "not both"),
        (terms(dll=DailyLoss(amount=D(-5))), "dll.amount: write an amount above 0"),
        (terms(dll=DailyLoss(pct=D(2))), "0.02 for two percent"),
        (terms(daily_target=D(0)), "daily_target"),
        (terms(tiers=(Tier(profit=D(5)), Tier(profit=D(0)))), "rising profit"),
    ],
)
def test_terms_that_cannot_be_kept_are_told(of, words):
    assert len(faults(of)) == 1
    assert words in faults(of)[0]
