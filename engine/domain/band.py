"""Band: the prices between which a quote can change nothing of an account's limits, worked out before the quote comes.

Theory of operation. While nothing but prices moves, equity is a straight line of every price that is held. Between two
levels of equity nothing is told, nothing acts and nothing moves but the last mark:

    low    the nearest level below at which a step is told, a limit acts or a line is hit
    high   the nearest level above at which a day's target does so, or what trails tick by tick begins to move

So the test of a quote is one comparison, and only a quote outside asks for a look (``stopout.look``). Where one contract is
held and a peak trails, the band rises with a new best price instead: levels that trail come up by as much as equity does,
which is never less than what they truly do, and the best price is kept. Where several are held, each gets an equal part of
the way to either level. An account whose limits wait for a moment, a price or a proof has no band and is looked at always.

A band is a memo and never state: what quiet quotes have moved is written into the ledger (``write``) before anything else
touches the account, so that decisions, checkpoints and views are those of a desk that looks at each quote.
"""

from datetime import datetime
from decimal import Decimal

from engine.domain.copier import Copier
from engine.domain.drawdown import Ledger, Limit, Marked, Standing
from engine.domain.ids import Symbol
from engine.domain.keeping import Kept
from engine.domain.limit import LimitPlan, lines
from engine.domain.room import Holding, tick_risk
from engine.domain.sizing import Quotes, mark_of, quote_for
from engine.domain.stopout import holdings, positions, worth
from engine.domain.terms import ZERO, Basis, Trail
from engine.domain.value import Value

EDGE = Decimal("0.000001")  # money: nearer than this to a level is on it; divisions round far below
FAR = Decimal("Infinity")


class Levels(Value, frozen=True):
    """Levels of equity around an account that was just looked at."""

    low: Decimal  # the nearest below that stays where it is …
    trailing: Decimal  # … and the nearest that comes up with equity, from ``moving`` on
    moving: Decimal
    high: Decimal


class Box:
    """What one price may do; ``low`` and ``high`` are inside. Prices of a short position are negative here."""

    __slots__ = ("best", "cap", "copier", "high", "low", "trail")

    def __init__(self, copier: Copier, low: Decimal, high: Decimal) -> None:
        self.copier = copier
        self.low = low
        self.high = high
        self.cap = high  # the highest that it may rise to …
        self.trail = FAR  # … with a level this far behind it
        self.best: Decimal | None = None  # what it has risen to

    def rises(self, price: Decimal) -> bool:
        """Go up with a price above, if nothing else happens there."""
        if not self.high < price <= self.cap:
            return False
        self.best = self.high = price
        self.low = max(self.low, price - self.trail)
        return True


class Band:
    """One account between two looks."""

    __slots__ = ("_balance", "_basis", "_ledger", "_margin", "_parts", "boxes", "until")

    def __init__(self, copier: Copier, ledger: Ledger, until: datetime | None, held: list[Holding]) -> None:
        self._ledger = ledger
        self._balance, self._margin = ledger.balance, copier.margin
        self.until = until  # when a told balance may count
        self._basis = positions(copier)
        self._parts = [(one, copier.lanes[one.symbol].cost.average) for one in held]
        self.boxes: dict[tuple[Symbol, Symbol, bool], Box] = {}  # by quote, contract and side

    def is_true(self, copier: Copier, at: datetime) -> bool:
        """Say whether all that was taken for granted still stands."""
        return (
            not copier.tasks
            and (self.until is None or at < self.until)
            and copier.margin == self._margin
            and positions(copier) == self._basis
        )

    def write(self, quotes: Quotes | None) -> None:
        """Bring the ledger up to the best price and to the present ones; without quotes to the best alone."""
        for (_, _, is_long), box in self.boxes.items():
            if box.best is not None:
                self._mark([box.best if is_long else -box.best])  # only ever one box rises
                box.best = None
        if quotes is not None and self._parts:
            marks = [mark_of(quotes, one.symbol) for one, _ in self._parts]
            self._mark([mark for mark in marks if mark is not None])

    def _mark(self, marks: list[Decimal]) -> None:
        opened = worth((mark, average, one) for mark, (one, average) in zip(marks, self._parts, strict=True))
        self._ledger.take(Marked(balance=self._balance, open_profit=opened, margin=self._margin))


def band_of(copier: Copier, quotes: Quotes, at: datetime) -> Band | None:
    """Work the band of an account out, right after it was looked at; None where it must be looked at on every quote."""
    kept = copier.kept
    if kept is None or kept.ledger is None or kept.sure is None or kept.blind_since is not None or copier.tasks:
        return None
    if copier.is_by_money or copier.bond is not None:  # what fits and what copies have earned moves with each price
        return None
    if kept.sure_at is not None and at >= kept.sure_at:
        return None
    held = holdings(copier, quotes)
    around = levels(kept, tick_risk(held)) if held is not None else None
    if held is None or around is None:
        return None
    band, equity = Band(copier, kept.ledger, kept.sure_at, held), kept.ledger.equity
    down = equity - max(around.low, around.trailing) - EDGE
    for one in held:
        quote = quote_for(quotes, one.symbol)
        if quote is None:
            return None
        share = abs(one.net) * one.point * len(held)
        price = one.price if one.net > 0 else -one.price
        ahead = max(ZERO, min(around.high, around.moving) - equity - EDGE)
        box = Box(copier, price - down / share, price + ahead / share)
        if len(held) == 1 and around.moving < around.high:
            box.cap = price + (around.high - equity - EDGE) / share
            box.trail = (around.moving - around.trailing - EDGE) / share
        band.boxes[quote.symbol, one.symbol, one.net > 0] = box
    return band


def levels(kept: Kept, step: Decimal) -> Levels | None:
    """Levels at which something may happen, for an account that was just looked at; None where it stands on one.

    What lies behind has been told or has acted already, and does not so again. ``step`` is the money of one tick.
    """
    ledger = kept.ledger
    assert ledger is not None
    if ledger.standing is Standing.BREACHED:
        return Levels(low=-FAR, trailing=-FAR, moving=FAR, high=FAR)
    equity, terms = ledger.equity, ledger.terms
    trailing: set[Limit] = set()
    low, high, moved, moving = -FAR, FAR, -FAR, FAR
    if terms.mode is Trail.INTRADAY_EQUITY:
        moving = ledger.peak
        if not ledger.is_locked:
            trailing.add(Limit.MAX_LOSS)
    if terms.dll is not None and terms.dll.basis is Basis.HIGH and ledger.reference is not None:
        moving = min(moving, ledger.reference - ledger.withdrawn)
        trailing.add(Limit.DAILY_LOSS)
    stops: list[tuple[Limit, Decimal, tuple[Decimal, ...]]] = [(limit, line, (ZERO,)) for limit, line in _hard(ledger)]
    stops += [(limit, line, _gaps(kept, limit, line, span, step)) for limit, line, span in lines(ledger, kept.own)]
    for limit, line, gaps in stops:
        is_up = limit is Limit.DAILY_TARGET
        gap = line - equity if is_up else equity - line
        for ahead in gaps:
            if abs(gap - ahead) <= EDGE:
                return None
            if gap < ahead:
                continue
            if is_up:
                high = min(high, line - ahead)
            elif limit in trailing:
                moved = max(moved, line + ahead)
            else:
                low = max(low, line + ahead)
    return Levels(low=low, trailing=moved, moving=moving, high=high) if equity <= moving else None


def _hard(ledger: Ledger) -> list[tuple[Limit, Decimal]]:
    """The firm's own lines; a person's may lie nearer."""
    found = [(Limit.MAX_LOSS, ledger.floor)]
    found += [(Limit.DAILY_LOSS, ledger.day_line)] if ledger.day_line is not None else []
    found += [(Limit.DAILY_TARGET, ledger.target_line)] if ledger.target_line is not None else []
    return found


def _gaps(kept: Kept, limit: Limit, line: Decimal, span: Decimal, step: Decimal) -> tuple[Decimal, ...]:
    """How far before its line a limit is told next and acts; the line itself is one."""
    own: LimitPlan = getattr(kept.keeping.limits, limit)
    told, shares = kept.watch.told.get(limit, 0), [*own.warn_at]
    shares = shares[told : told + 1]
    found: tuple[Decimal, ...] = (ZERO,)
    if limit not in kept.watch.acted:
        found = (ZERO, step * own.ticks_ahead)
        if limit not in kept.watch.waived:
            shares.append(own.act_at)
    # The share of margin is line over equity, every other one counts the way to the line.
    return (*found, *(line / share - line if limit is Limit.MARGIN else (1 - share) * span for share in shares))
