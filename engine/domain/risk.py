"""Risk: may this follower take new contracts? An ordered list of checks, each with its name and figures.

Exits are never asked here. The hot path looks at armed figures (``Copier.barred``, ``Lane.barred``, ``Lane.max_run`` …);
``verdict`` is the same rule spelled out, and says in words what the armed figures refused.
"""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from engine.domain.contract import family_of, weight_of
from engine.domain.group import Flip, FollowerPlan
from engine.domain.ids import Root
from engine.domain.lane import NO_LIMIT, Feed, Lane
from engine.domain.value import Value

CHECKS = (
    "follower",
    "contract",
    "loop",
    "guard",
    "signal_age",
    "price_run",
    "opposite",
    "apart",
    "rate_limit",
    "trades_per_day",
    "order_size",
    "account_size",
    "leverage",
    "margin_floor",
    "room",
)
"""The checks in their order. ``follower`` and ``contract`` carry the name of what barred them inside their figures; of the
last three, which go by the account's money, the tightest speaks."""


class Signal(Value, frozen=True):
    """A change of the leader's position, as followers see it.

    ``run_ticks`` is how far the price has run against an entry since the leader's fill, 0 if not known.
    """

    cause: str
    at: datetime  # when we heard of it
    age_us: int
    run_ticks: int
    minute: int  # whole minutes since the epoch, for the rate limit
    opposed: frozenset[tuple[str, Root]] = frozenset()  # owners who hold the other side in another group, and of what
    is_looped: bool = False  # the leader's own order carries our tag: a copy is never copied
    price: Decimal | None = None  # the leader's
    is_by_hand: bool = False  # a person asked for this very entry: nobody needs to be asked again
    held: str = ""  # why the leader guard lets nothing of it through


Opposed = Callable[[int], frozenset[tuple[str, Root]]]
"""Who holds the other side of a signed quantity in another group."""


class Denied(Value, frozen=True):
    """Why, and by how much; ``allowed`` contracts (unsigned) still pass."""

    check: str
    figures: str
    allowed: int = 0


class Standing(Value, frozen=True):
    """What the checks need to know of the follower as a whole."""

    barred: str
    owner: str
    minute: int
    copies: int  # entries sent in ``minute``
    per_minute: int
    room: int  # thousandths of a mini
    trades: int = 0  # entries of today
    per_day: int = NO_LIMIT


def verdict(more: int, lane: Lane, feed: Feed, signal: Signal, standing: Standing) -> Denied | None:
    """Judge an entry of ``more`` signed contracts; None when all of it passes."""
    wanted = abs(more)
    copies = standing.copies if standing.minute == signal.minute else 0
    if standing.barred:
        return named("follower", standing.barred)
    if lane.barred or feed.barred:
        return named("contract", lane.barred or feed.barred)
    if signal.is_looped:
        return Denied(check="loop", figures="the leader's order is itself a copy")
    if signal.held:
        return Denied(check="guard", figures=signal.held)
    if feed.let is not None and not signal.is_by_hand and (left := _let_through(more, lane, feed)) < wanted:
        figures = f"{wanted} over {left}: the guard let {feed.let:+d} of the leader's position through"
        return Denied(check="guard", figures=figures, allowed=left)
    if signal.age_us > lane.max_age_us:
        return Denied(check="signal_age", figures=f"{signal.age_us / 1e6:.1f} s over {lane.max_age_us / 1e6:.1f} s")
    if signal.run_ticks > lane.max_run:
        return Denied(check="price_run", figures=f"{signal.run_ticks} ticks over {lane.max_run}")
    if signal.opposed and (standing.owner, family_of(lane.symbol)) in signal.opposed:
        return Denied(check="opposite", figures=f"{standing.owner} holds the other side in another group")
    if lane.beside and (denied := _beside(more, lane)):
        return denied
    if copies >= standing.per_minute:
        return Denied(check="rate_limit", figures=f"{copies} entries this minute over {standing.per_minute}")
    if standing.trades >= standing.per_day:
        return Denied(check="trades_per_day", figures=f"{standing.trades} entries today over {standing.per_day}")
    if wanted > lane.max_order:
        return Denied(check="order_size", figures=f"{wanted} over {lane.max_order}", allowed=lane.max_order)
    if wanted * lane.weight > standing.room:
        fits = max(0, standing.room // lane.weight)
        return Denied(
            check="account_size", figures=f"{wanted} over {fits}, the room under the account cap", allowed=fits
        )
    if wanted > lane.fits:
        return Denied(check=lane.fit_check, figures=f"{wanted} over {lane.fits}: {lane.fit_words}", allowed=lane.fits)
    return None


def _let_through(more: int, lane: Lane, feed: Feed) -> int:
    """Contracts, unsigned, that the guard leaves for an entry: what followers size is the position that was let through."""
    have = lane.goal if len(lane.feeds) < 2 else feed.taken
    left = feed.bound - have
    return max(0, left if more > 0 else -left)


def _beside(more: int, lane: Lane) -> Denied | None:
    """Judge an entry beside contracts of other hands that are kept apart: they count under the cap, and are not netted."""
    if lane.beside * more < 0:
        return Denied(check="apart", figures=f"{lane.beside:+d} of other hands is kept apart on the other side")
    fits = max(0, lane.cap - abs(lane.beside) - (abs(lane.goal) if lane.goal * more > 0 else 0))
    if abs(more) <= fits:
        return None
    figures = f"{abs(more)} over {fits}, {lane.beside:+d} is kept apart under a cap of {lane.cap}"
    return Denied(check="apart", figures=figures, allowed=fits)


def named(check: str, barred: str) -> Denied:
    """Denial by an armed bar: what stands before the colon names the check."""
    name, _, figures = barred.partition(": ")
    return Denied(check=name if figures else check, figures=figures or barred)


def arm(lane: Lane, plan: FollowerPlan) -> None:
    """Write the plan's limits into the lane."""
    lane.weight = weight_of(lane.symbol)
    lane.cap = plan.caps.symbol
    lane.max_order = plan.caps.order
    lane.max_run = plan.max_run_ticks if plan.max_run_ticks >= 0 else NO_LIMIT
    lane.max_age_us = int(plan.max_age_s * 1_000_000) if plan.max_age_s > 0 else NO_LIMIT
    lane.is_one_order = plan.flip is Flip.ONE_ORDER
    lane.is_bracketed = plan.bracket is not None
