"""Armed: what the guard would pass in one contract, worked out beforehand, so that the hot path only compares numbers.

Whatever ``Armed.passes`` lets through, ``guard.judge`` would pass as well; what it does not, ``judge`` is asked about.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from engine.domain.contract import product_of, root_of
from engine.domain.guard import MINUTE, Fate, Past, Tally, Track, hour_of_week, recent, time_left
from engine.domain.guardplan import GuardPlan
from engine.domain.ids import BrokerOrderId, Root, Symbol
from engine.domain.profile import UNBOUNDED, Profile, Seen
from engine.domain.value import Value

EVER = datetime.max.replace(tzinfo=UTC)
NEVER = datetime.min.replace(tzinfo=UTC)
QUARTER = timedelta(minutes=15)  # time zones change, and local hours begin, on quarters of an hour


class Armed(Value, frozen=True):
    """What passes without asking, in one contract, as long as nothing else is recorded."""

    low: int  # nets between which an entry may bring him
    high: int
    since: datetime  # from when on …
    until: datetime  # … and until just before when
    orders: dict[BrokerOrderId, tuple[int, int]] = {}  # orders that already had a part: their own low and high
    away: Decimal | None = None  # largest distance from the market, in price

    def passes(self, at: datetime, order: BrokerOrderId, net: int, price: Decimal, mark: Decimal | None) -> bool:
        """Say whether an entry that brings the leader to ``net`` is sure to pass; False only means that ``judge`` decides."""
        low, high = self.orders.get(order) or (self.low, self.high)
        return (
            low <= net <= high
            and self.since <= at < self.until
            and (self.away is None or mark is None or abs(price - mark) <= self.away)
        )


OPEN = Armed(low=-UNBOUNDED, high=UNBOUNDED, since=NEVER, until=EVER)


def arm(symbol: Symbol, at: datetime, past: Past, profile: Profile, plan: GuardPlan) -> Armed:
    """Work out what the next entry in ``symbol`` may be, from ``at`` on: after each of the leader's facts, off the hot path.

    An entry in one contract bears on all of them (rates), so all are armed again.
    """
    track, root = past.tracks.get(symbol) or Track(), root_of(symbol)
    known = {name: tally for name, tally in past.orders.items() if tally.symbol == symbol}
    is_free = all(tally.fate is Fate.PASSED for tally in known.values())
    if not plan.is_on and is_free:
        return OPEN
    until = _until(track, at, profile, plan)
    if until is None or (plan.roots and root not in plan.roots):
        return Armed(low=1, high=0, since=NEVER, until=EVER)
    order, position = _caps(root, track, at, past, profile, plan)
    long, short = max(track.net, 0), max(-track.net, 0)
    high, low = min(position, long + order), -min(position, short + order)
    if plan.flips is not None:
        spent = recent(track.turns, at, timedelta(seconds=plan.flips.seconds)) >= plan.flips.count
        if spent and track.side > 0:
            low = 0
        elif spent and track.side < 0:
            high = 0
    since = at  # a clock that is set back makes older entries count again
    if plan.burst is not None and len(past.entries) >= plan.burst.count:
        since = max(at, sorted(past.entries)[-plan.burst.count] + timedelta(seconds=plan.burst.seconds))
    product = product_of(symbol)
    away = product.tick * plan.max_away_ticks if product and plan.max_away_ticks is not None else None
    bounds = {name: _rest(tally, track, order, (low, high)) for name, tally in known.items()}
    return Armed(low=low, high=high, since=since, until=until, orders=bounds, away=away)


def _rest(tally: Tally, track: Track, order: int, bounds: tuple[int, int]) -> tuple[int, int]:
    """What a further part of an order may bring him to."""
    left = order - abs(tally.size)
    if tally.fate is not Fate.PASSED or left <= 0:
        return 1, 0
    if tally.size > 0:
        return 0, min(bounds[1], max(track.net, 0) + left)
    return max(bounds[0], min(track.net, 0) - left), 0


def _until(track: Track, at: datetime, profile: Profile, plan: GuardPlan) -> datetime | None:
    """Until when the armed figures hold; None while the allowed hours are over."""
    until = EVER
    if plan.hours:
        left = [left for window in plan.hours if (left := time_left(window, plan.zone, at)) is not None]
        if not left:
            return None
        until = at + max(left)
    if plan.hours or plan.profile is not None:
        until = min(until, NEVER + (at - NEVER) // QUARTER * QUARTER + QUARTER)
    if plan.profile is not None and track.since is not None and track.net:
        quiet = profile.quiet_s(plan.profile.least)
        grows = track.since + timedelta(seconds=(quiet or 0) + 1)
        if quiet is not None and at < grows:
            until = min(until, grows)
    return until


def _caps(root: Root, track: Track, at: datetime, past: Past, profile: Profile, plan: GuardPlan) -> tuple[int, int]:
    """Largest order and position, unsigned, by the hard rules and the profile together."""
    hard = plan.size_of(root)
    order = hard.order if hard.order is not None else UNBOUNDED
    position = hard.position if hard.position is not None else UNBOUNDED
    if plan.profile is None:
        return order, position
    age = (at - track.since) // timedelta(seconds=1) if track.since is not None and track.net else None
    quiet = profile.quiet_s(plan.profile.least)
    if age is not None and quiet is not None and age > quiet:
        age = 2 * quiet  # from here on it may grow up to what age can count at most
    rate = recent(past.entries, at, MINUTE) + 1
    usual = Seen(root=root, size=0, position=0, hour=hour_of_week(at, plan.zone), rate=rate, held_s=age)
    own_order, own_position = profile.caps(usual, plan.profile)
    return min(order, own_order), min(position, own_position)
