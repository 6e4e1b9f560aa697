"""Pool: limits of a pool as a whole: its contracts, what its members may lose together, and in a day.

The pool's result is the sum of its members' copies, so it is each member's share of every trade as it was really filled.
Whatever the pool asks for is asked of every member. A member that is stopped for itself alone leaves its share untraded: the
others' do not grow.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import partial

from msgspec import UNSET

from engine.domain.bond import Parting
from engine.domain.command import On, Resume
from engine.domain.copier import Copier
from engine.domain.decision import Decision
from engine.domain.event import Event, PersonActed, QuoteMarked
from engine.domain.group import DeskPlan, GroupPlan, Pooled, PoolPlan
from engine.domain.ids import AccountId
from engine.domain.parting import marks_of, stop
from engine.domain.state import DeskState, PoolBook
from engine.domain.terms import ZERO
from engine.domain.tradedate import ZONE, bounds, trade_date

POOL = "pool"
FORMER_TURN = time(16)  # in Chicago, where a plan names none

Step = Callable[[Copier], None]


def members_of(state: DeskState, group: GroupPlan) -> list[Copier]:
    """Followers that share one size."""
    return [state.copiers[one.account] for one in group.followers if isinstance(one.sizing, Pooled)]


def result_of(state: DeskState, group: GroupPlan) -> Decimal | None:
    """What the pool's copies have earned together since they are counted; None where a price is missing."""
    total, quotes = ZERO, state.fresh_quotes()
    for copier in members_of(state, group):
        earned = copier.bond.earned(marks_of(copier.bond, quotes)) if copier.bond is not None else None
        if earned is None:
            return None
        total += earned
    return total


def look(state: DeskState, event: Event, out: list[Decision]) -> Iterator[tuple[AccountId, Step]]:
    """Mark every pool; what each member has to do about it."""
    for group in state.plan.groups:
        book, plan = state.pools.get(group.id), group.pool
        if book is None or plan is None:
            continue
        members = members_of(state, group)
        if isinstance(event, QuoteMarked) and not any(c.bond and any(c.bond.nets.values()) for c in members):
            continue
        total = result_of(state, group)
        if total is None:
            continue
        today, ends = _day(state.plan, event.at)
        _turn(book, total, today)
        if _goes_on(event) and book.has_acted and not all(map(_is_held, members)):
            book.base, book.peak, book.has_acted = total, ZERO, False  # a person lets it go on: counted anew
        for words, actions, until in _losses(book, plan, total, ends):
            book.acts += 1
            for copier in members:
                said, key = f"pool {group.id}: {words}", f"pool:{group.id}:{book.acts}:{copier.account}"
                yield (
                    copier.account,
                    partial(_stop, key=key, words=said, actions=actions, at=event.at, until=until, out=out),
                )


def _stop(
    copier: Copier,
    *,
    key: str,
    words: str,
    actions: tuple[Parting, ...],
    at: datetime,
    until: datetime | None,
    out: list[Decision],
) -> None:
    stop(copier, POOL, key, words, actions, at, out, until)


def _goes_on(event: Event) -> bool:
    return isinstance(event, PersonActed) and isinstance(event.command, On | Resume)


def _is_held(copier: Copier) -> bool:
    return any(hold.is_by(POOL) for hold in copier.holds)


def _turn(book: PoolBook, total: Decimal, today: date) -> None:
    if book.base is None:
        book.base = total
    book.peak = max(book.peak, total - book.base)
    if book.day != today:
        book.day, book.day_base, book.has_day_acted = today, total, False


def _day(plan: DeskPlan, at: datetime) -> tuple[date, datetime]:
    """The day of an instant, and when it ends."""
    if plan.turn is not UNSET:
        today = trade_date(at)
        return today, bounds(today)[1]
    midnight = timedelta(days=1) - timedelta(hours=FORMER_TURN.hour)
    today = (at.astimezone(ZONE) + midnight).date()
    return today, datetime.combine(today, FORMER_TURN, tzinfo=ZONE).astimezone(UTC)


def _losses(
    book: PoolBook, plan: PoolPlan, total: Decimal, ends: datetime
) -> Iterator[tuple[str, tuple[Parting, ...], datetime | None]]:
    """Limits that are hit now, each once: in words, with what is to be done, and until when."""
    lost = (book.peak if plan.high_water else ZERO) - (total - (book.base or ZERO))
    if plan.max_loss is not None and not book.has_acted and lost >= plan.max_loss:
        book.has_acted = True
        yield f"its members have lost {lost:.2f} together, {plan.max_loss:.2f} allowed", plan.actions, None
    lost_today = book.day_base - total
    if plan.daily_loss is not None and not book.has_day_acted and lost_today >= plan.daily_loss:
        book.has_day_acted = True
        yield f"its members have lost {lost_today:.2f} today, {plan.daily_loss:.2f} allowed", plan.actions, ends
