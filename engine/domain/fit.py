"""Fit: how many contracts the account's money still lets into a lane: leverage, margin, and the room against all stops.

The room against the stops is that of ``RoomCheck``: if everything that is held or under way, and the entry too, is stopped
out, each contract no worse than planned by more than the slip that the account allows for, then no line is touched. A line
that follows equity upward is nearer by then, at most by what the targets could earn first; so there the whole way from
target to stop must be less than the distance that the line keeps.
"""

from collections.abc import Collection
from decimal import Decimal

from engine.domain.bracket import Children
from engine.domain.contract import Product, product_of
from engine.domain.drawdown import Ledger, Limit, Standing
from engine.domain.group import Bracket
from engine.domain.intake import EntryPlan, Fit, RoomCheck, leverage_fit, margin_fit
from engine.domain.keeping import Kept
from engine.domain.lane import NO_LIMIT, Lane
from engine.domain.limit import lines
from engine.domain.room import fits
from engine.domain.terms import ZERO, Basis, Trail
from engine.domain.value import Value

_MOVING = frozenset({Trail.INTRADAY_EQUITY, Trail.INTRADAY_BALANCE, Trail.EOD_EQUITY})


class Means(Value, frozen=True):
    """What an account has to enter with."""

    plan: EntryPlan
    kept: Kept
    lanes: Collection[Lane]
    children: Children
    margin: Decimal  # in use, as the broker tells it
    bracket: Bracket | None


class Bound(Value, frozen=True):
    """One line that no stop may reach. ``span`` is its distance where it follows equity, up to ``top``; None where not."""

    name: str
    line: Decimal
    span: Decimal | None = None
    top: Decimal | None = None


def fit_of(lane: Lane, means: Means) -> Fit | None:
    """The tightest of the checks that go by money; None where none is set."""
    plan, ledger = means.plan, means.kept.ledger
    if ledger is None:
        return Fit(check="limits", contracts=0, words="no balance and price yet")
    found = (
        leverage_fit(plan, lane, means.lanes, ledger.equity),
        margin_fit(plan, lane, means.lanes, ledger.equity, means.margin),
        _room_fit(lane, means, ledger),
    )
    return min((fit for fit in found if fit is not None), key=lambda fit: fit.contracts, default=None)


def _room_fit(lane: Lane, means: Means, ledger: Ledger) -> Fit | None:
    check, product = means.plan.room_check, product_of(lane.symbol)
    if check is None:
        return None
    stop, target = _stops(check, means.bracket)
    if product is None or not stop:
        why = f"no tick of {lane.symbol} is known" if product is None else "no stop is set"
        return Fit(check="room", contracts=0, words=why)
    risk, reward = ZERO, ZERO
    for one in means.lanes:
        lost, earned = _at_stake(one, means, check, is_entering=one is lane)
        risk, reward = risk + lost, reward + earned
    tick = product.tick
    found = None
    for bound in bounds(ledger, means.kept):
        left = ledger.equity - bound.line - risk
        most = fits(left, stop * tick, product.point, check.cost, check.slip_ticks * tick)
        if bound.span is not None:
            run = bound.span - risk - reward
            trailed = fits(run, (stop + target) * tick, product.point, check.cost, check.slip_ticks * tick)
            locked = ledger.equity - bound.top - risk if bound.top is not None else ZERO
            locked_most = fits(locked, stop * tick, product.point, check.cost, check.slip_ticks * tick)
            if max(trailed, locked_most) < most:
                most, left = max(trailed, locked_most), (run if trailed >= locked_most else locked)
        if found is None or most < found.contracts:
            words = (
                f"{left:,.2f} to the {bound.name} after all stops, one more risks {_each(stop, check, product):,.2f}"
            )
            found = Fit(check="room", contracts=most, words=words)
    return found


def bounds(ledger: Ledger, kept: Kept) -> list[Bound]:
    """The lines that a stop may not reach, each where this desk acts on it."""
    found = []
    terms = ledger.terms
    for limit, line, span in lines(ledger, kept.own):
        if limit not in (Limit.MAX_LOSS, Limit.DAILY_LOSS) or (
            limit is Limit.DAILY_LOSS and ledger.standing is not Standing.OK
        ):
            continue
        plan = kept.keeping.limits.max_loss if limit is Limit.MAX_LOSS else kept.keeping.limits.daily_loss
        kept_back = ZERO if limit in kept.watch.waived else (1 - plan.act_at) * span
        if limit is Limit.DAILY_LOSS:
            moves = terms.dll is not None and terms.dll.basis is Basis.HIGH
            found.append(Bound(name="day line", line=line + kept_back, span=span - kept_back if moves else None))
            continue
        nearer = line - ledger.floor + kept_back  # this desk's line above the firm's own
        top = None if terms.lock is None or ledger.is_forced else terms.lock + nearer
        floor = ledger.floor
        if terms.mode is Trail.EOD_BALANCE:  # where the next cut-off may move it, were it now
            after = max(ledger.peak, ledger.balance) - terms.drawdown
            floor = max(floor, after if terms.lock is None else min(after, terms.lock))
        moves = terms.mode in _MOVING and not ledger.is_locked
        found.append(Bound(name="floor", line=floor + nearer, span=terms.drawdown - nearer if moves else None, top=top))
    return found


def _stops(check: RoomCheck, bracket: Bracket | None) -> tuple[int, int]:
    if bracket is not None:
        return bracket.stop_ticks, bracket.target_ticks
    return check.stop_ticks or 0, 0


def _each(stop: int, check: RoomCheck, product: Product) -> Decimal:
    return (stop + check.slip_ticks) * product.tick * product.point + check.cost


def _at_stake(lane: Lane, means: Means, check: RoomCheck, *, is_entering: bool) -> tuple[Decimal, Decimal]:
    """Money that a lane loses from here if it is stopped out, and what it earns at its targets."""
    product = product_of(lane.symbol)
    count = lane.counted(is_entering=is_entering)
    if product is None or not (count or lane.net):
        return ZERO, ZERO
    stop, target = _stops(check, means.bracket)
    tick = product.tick * product.point
    held = abs(lane.net)
    coming = max(0, count - (held if lane.goal * lane.net >= 0 else 0))
    slip = check.slip_ticks * tick + check.cost
    lost = coming * (stop * tick + slip) + held * slip
    earned = coming * target * tick
    if not held:
        return lost, earned
    side, mark, average = (1 if lane.net > 0 else -1), lane.mark or lane.cost.average, lane.cost.average
    stops = _resting(lane, means.children, held, average - side * stop * product.tick, is_stop=True)
    targets = _resting(lane, means.children, held, average + side * target * product.tick, is_stop=False)
    lost += sum((max(ZERO, (mark - price) * side) * product.point * size for price, size in stops), ZERO)
    earned += sum((max(ZERO, (price - mark) * side) * product.point * size for price, size in targets), ZERO)
    return lost, earned


def _resting(
    lane: Lane, children: Children, held: int, planned: Decimal, *, is_stop: bool
) -> list[tuple[Decimal, int]]:
    """Prices at which what is held ends, with contracts; what no child covers counts at the planned price."""
    found, left = [], held
    for child in children.values():
        price = child.leg.stop if is_stop else child.leg.price
        if child.symbol == lane.symbol and child.quantity * lane.net < 0 and price is not None and left:
            size = min(child.open, left)
            left -= size
            found.append((price, size))
    return [*found, (planned, left)] if left else found


def arm(lane: Lane, means: Means) -> bool:
    """Write into the lane what fits; True where that changes what may pass."""
    before, fit = lane.fits, fit_of(lane, means)
    lane.fits = fit.contracts if fit is not None else NO_LIMIT
    lane.fit_check, lane.fit_words = (fit.check, fit.words) if fit is not None else ("", "")
    return lane.fits != before
