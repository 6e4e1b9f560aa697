"""Guard: is what the leader just did odd? Hard rules and his own profile give a verdict on the part that adds risk.

Exits are never asked about: ``Move.rise`` is all that ``judge`` looks at, and a move without one passes. ``judge`` is the
rule in full and says why in words; ``armed`` works out beforehand what would pass, so that the hot path only compares
numbers; ``held`` is what becomes of a trade that did not pass.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from engine.domain.contract import product_of, root_of
from engine.domain.guardplan import GuardPlan, Rule, Window
from engine.domain.ids import BrokerOrderId, Root, Symbol
from engine.domain.profile import Profile, Seen, hundredths, times, total
from engine.domain.value import Value

MINUTE = timedelta(minutes=1)
MOST_ORDERS = 32  # orders whose further fills are recognised
MOST_TIMES = 64  # entries and turns remembered; no rule counts more
MOST_TRACKS = 64


class Move(Value, frozen=True):
    """One fill of the leader. ``rise`` is the part of it that adds risk, the rest is an exit."""

    at: datetime
    cause: str  # as the copies' cause: account and fill
    order: BrokerOrderId
    symbol: Symbol
    quantity: int  # signed, the whole fill
    net: int  # his position after it
    price: Decimal
    mark: Decimal | None = None  # the market's price, if known

    @property
    def rise(self) -> int:
        """Signed contracts by which the fill enlarges his position, or opens one on the other side."""
        before = self.net - self.quantity
        if before * self.quantity >= 0:
            return self.quantity
        return self.net if self.net * self.quantity > 0 else 0


class Reason(Value, frozen=True):
    """One rule that an entry breaks, in words, with its figures."""

    rule: Rule
    words: str
    measured: Decimal | None = None
    bound: Decimal | None = None


class Pass(Value, frozen=True, tag=True):
    """Copy it. ``reasons`` are oddities that were not grave enough. ``score`` is in hundredths."""

    score: int = 0
    reasons: tuple[Reason, ...] = ()


class Hold(Value, frozen=True, tag=True):
    """A person decides. ``rules`` are those that were broken; ``reasons`` may name milder oddities beside them."""

    score: int
    rules: tuple[Rule, ...]
    reasons: tuple[Reason, ...]


class Refuse(Value, frozen=True, tag=True):
    """Not copied, and nobody is asked."""

    score: int
    rules: tuple[Rule, ...]
    reasons: tuple[Reason, ...]


Verdict = Pass | Hold | Refuse


class Fate(StrEnum):
    """What became of the newest entering part of an order."""

    PASSED = "passed"
    HELD = "held"
    REFUSED = "refused"


class Tally(msgspec.Struct):
    """One entering order of the leader, over all its fills."""

    symbol: Symbol
    size: int = 0  # signed contracts that added risk so far
    fate: Fate = Fate.PASSED
    held: str = ""  # the held trade that its newest part belongs to
    refusal: Refuse | None = None  # by a rule: its later parts are refused as well
    is_learned: bool = False


class Track(msgspec.Struct):
    """The leader in one contract."""

    net: int = 0
    passed: int = 0  # the part of it that was let through; between 0 and net
    peak: int = 0  # largest ``passed``, unsigned, since he was flat
    since: datetime | None = None  # when he opened it
    side: int = 0  # of his newest entry: 1 or -1
    turns: list[datetime] = []  # entries on the other side than the one before


class Past(msgspec.Struct):
    """What the rules remember of one leader."""

    tracks: dict[Symbol, Track] = {}
    orders: dict[BrokerOrderId, Tally] = {}
    entries: list[datetime] = []  # one for each order

    def track(self, symbol: Symbol) -> Track:
        """His track in a contract, made at first sight; one in which he is flat makes room."""
        found = self.tracks.get(symbol)
        if found is None:
            if len(self.tracks) >= MOST_TRACKS:
                flat = next((name for name, track in self.tracks.items() if not track.net), None)
                if flat is not None:
                    del self.tracks[flat]
            found = self.tracks[symbol] = Track()
        return found

    def record(self, move: Move) -> Tally:
        """Count an entry in, whatever the verdict: a leader who runs wild stays held."""
        track, side = self.track(move.symbol), 1 if move.rise > 0 else -1
        tally = self.orders.get(move.order)
        if tally is None:
            if len(self.orders) >= MOST_ORDERS:
                del self.orders[next(iter(self.orders))]
            tally = self.orders[move.order] = Tally(move.symbol)
            _keep(self.entries, move.at)
        if track.side == -side:
            _keep(track.turns, move.at)
        tally.size = move.rise + (tally.size if tally.size * side > 0 else 0)
        track.side = side
        if track.since is None or move.net == move.rise:
            track.since = move.at
        return tally


def _keep(times_: list[datetime], at: datetime) -> None:
    times_.append(at)
    if len(times_) > MOST_TIMES:
        del times_[0]


# ---- the rule in full ----------------------------------------------------------------------------------------------


class _Look(NamedTuple):
    """One entry with everything that the rules compare it with."""

    move: Move
    root: Root
    size: int  # of its order so far, this part included
    is_new: bool  # the order's first part
    track: Track
    past: Past
    plan: GuardPlan


def judge(move: Move, past: Past, profile: Profile, plan: GuardPlan) -> Verdict:
    """Judge the part of a move that adds risk. Nothing is changed; ``past`` is what was before the move."""
    if not move.rise:
        return Pass()
    look = _look(move, past, plan)
    reasons = [reason for ask in _ASKED if (reason := ask(look)) is not None]
    grave = {reason.rule for reason in reasons}
    score = 0
    if plan.profile is not None:
        traits = profile.traits(_seen(look), plan.profile.least)
        score = total(traits)
        reasons += [
            Reason(rule=Rule.PROFILE, words=trait.words, measured=Decimal(trait.points) / 100, bound=Decimal(1))
            for trait in traits
        ]
        if score >= hundredths(plan.profile.hold_at):
            grave.add(Rule.PROFILE)
    why, rules = tuple(reasons), tuple(rule for rule in Rule if rule in grave)
    if grave & set(plan.refuses) or _is_refused(score, plan):
        return Refuse(score=score, rules=rules, reasons=why)
    return Hold(score=score, rules=rules, reasons=why) if grave else Pass(score=score, reasons=why)


def measured(move: Move, past: Past, plan: GuardPlan) -> Seen:
    """What the profile is asked about, and what it learns, of one entry."""
    return _seen(_look(move, past, plan))


def _is_refused(score: int, plan: GuardPlan) -> bool:
    line = plan.profile.refuse_at if plan.profile is not None else None
    return line is not None and score >= hundredths(line)


def _look(move: Move, past: Past, plan: GuardPlan) -> _Look:
    track, tally = past.tracks.get(move.symbol) or Track(), past.orders.get(move.order)
    before = tally.size if tally is not None and tally.size * move.rise > 0 else 0
    return _Look(move, root_of(move.symbol), abs(before + move.rise), tally is None, track, past, plan)


def _seen(look: _Look) -> Seen:
    """An entry as the profile measures it."""
    move, since = look.move, look.track.since
    adds = since is not None and move.net != move.rise
    return Seen(
        root=look.root,
        size=look.size,
        position=abs(move.net),
        hour=hour_of_week(move.at, look.plan.zone),
        rate=recent(look.past.entries, move.at, MINUTE) + look.is_new,
        held_s=(move.at - since) // timedelta(seconds=1) if since is not None and adds else None,
    )


def _product(look: _Look) -> Reason | None:
    roots = look.plan.roots
    if not roots or look.root in roots:
        return None
    return Reason(rule=Rule.PRODUCT, words=f"{look.root} is not among the allowed products ({', '.join(roots)})")


def _hours(look: _Look) -> Reason | None:
    plan = look.plan
    if not plan.hours or any(time_left(window, plan.zone, look.move.at) is not None for window in plan.hours):
        return None
    windows = ", ".join(f"{window.days} {window.opens} to {window.closes}" for window in plan.hours)
    local = look.move.at.astimezone(ZoneInfo(plan.zone))
    return Reason(rule=Rule.HOURS, words=f"{local:%a %H:%M} in {plan.zone} is outside the allowed hours ({windows})")


def _order_size(look: _Look) -> Reason | None:
    bound = look.plan.size_of(look.root).order
    if bound is None or look.size <= bound:
        return None
    words = f"{look.size} {look.root} in one order is over the limit of {bound}"
    return Reason(rule=Rule.ORDER_SIZE, words=words, measured=Decimal(look.size), bound=Decimal(bound))


def _position_size(look: _Look) -> Reason | None:
    bound, net = look.plan.size_of(look.root).position, abs(look.move.net)
    if bound is None or net <= bound:
        return None
    words = f"a position of {net} {look.root} is over the limit of {bound}"
    return Reason(rule=Rule.POSITION_SIZE, words=words, measured=Decimal(net), bound=Decimal(bound))


def _price(look: _Look) -> Reason | None:
    move, bound, product = look.move, look.plan.max_away_ticks, product_of(look.move.symbol)
    if bound is None or product is None or move.mark is None:
        return None
    away = abs(move.price - move.mark) / product.tick
    if away <= bound:
        return None
    words = f"{move.price} is {away:.0f} ticks from the market ({move.mark}), over {bound}"
    return Reason(rule=Rule.PRICE, words=words, measured=away, bound=Decimal(bound))


def _burst(look: _Look) -> Reason | None:
    rate = look.plan.burst
    if rate is None or not look.is_new:
        return None
    count = recent(look.past.entries, look.move.at, timedelta(seconds=rate.seconds)) + 1
    if count <= rate.count:
        return None
    words = f"{count} entries within {rate.seconds} s, over {rate.count}"
    return Reason(rule=Rule.BURST, words=words, measured=Decimal(count), bound=Decimal(rate.count))


def _flips(look: _Look) -> Reason | None:
    rate = look.plan.flips
    if rate is None or look.track.side * look.move.rise >= 0:
        return None
    count = recent(look.track.turns, look.move.at, timedelta(seconds=rate.seconds)) + 1
    if count <= rate.count:
        return None
    words = f"{count} turns between long and short within {rate.seconds} s, over {rate.count}"
    return Reason(rule=Rule.FLIPS, words=words, measured=Decimal(count), bound=Decimal(rate.count))


_ASKED: tuple[Callable[[_Look], Reason | None], ...] = (
    _product,
    _hours,
    _order_size,
    _position_size,
    _price,
    _burst,
    _flips,
)


def recent(times_: list[datetime], at: datetime, span: timedelta) -> int:
    after = at - span
    return sum(time > after for time in times_)


def hour_of_week(at: datetime, zone: str) -> int:
    local = at.astimezone(ZoneInfo(zone))
    return local.weekday() * 24 + local.hour


def time_left(window: Window, zone: str, at: datetime) -> timedelta | None:
    """Time until a window closes; None outside it. A window that closes before it opens runs over midnight."""
    local = at.astimezone(ZoneInfo(zone))
    opens, closes, days = window.span()
    minute = local.hour * 60 + local.minute
    if opens < closes:
        is_inside = local.weekday() in days and opens <= minute < closes
    elif minute >= opens:
        is_inside = local.weekday() in days
    else:
        is_inside = (local.weekday() - 1) % 7 in days and minute < closes
    if not is_inside:
        return None
    return timedelta(minutes=(closes - minute) % 1440 or 1440, seconds=-local.second, microseconds=-local.microsecond)


def explain(verdict: Verdict) -> str:
    """A verdict in one line: reasons in words, and the sum where several traits made it."""
    words = "; ".join(reason.words for reason in verdict.reasons)
    several = sum(reason.rule is Rule.PROFILE for reason in verdict.reasons) > 1
    return f"{words} (together {times(verdict.score)})" if several else words
