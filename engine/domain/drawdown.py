"""Drawdown: the ledger of one account, which turns marks of its money into a floor, a day line and a standing.

Theory of operation. Three figures decide whether an account lives:

    peak      what trails: equity or balance, tick by tick or at the firm's cut-off; never falls, not even by a payout
    floor     the equity at which the account ends: max(start - drawdown, min(peak - drawdown, lock)); never falls
    day line  the equity at which the day ends: reference of the day's start, less payouts since, less the allowance

One mark moves them in one order: peak, floor, equity against the floor, equity against the day line; so when one mark
crosses both, the floor is what is told. At the cut-off the old floor is tested before the closing balance moves it. Of a
bar the high comes first, because the true order is not known and this one cannot be too late. A payout is no mark: it
lowers the balance and moves the day line with it, and ends nothing by itself.

    standing    a day starts    a soft line or the day's target is hit    a hard line or the floor is hit
    ok          ok              day_locked                                breached
    day_locked  ok              day_locked                                breached
    breached    breached        breached                                  breached

The ledger has no clock: whoever feeds it says when the firm's day starts and when it is cut off. It never decides what to
do; ``engine.domain.limit`` does. Source: shared reference on prop-firm rules, sections 3 and 4, 2026-11-22.
"""

from decimal import Decimal
from enum import StrEnum

import msgspec

from engine.domain.terms import ZERO, Basis, Compare, Terms, Tier, Trail, tier_of
from engine.domain.value import Value

_INTRADAY = frozenset({Trail.INTRADAY_EQUITY, Trail.INTRADAY_BALANCE})


class DayStarted(Value, frozen=True, tag="sod", array_like=True, forbid_unknown_fields=True):
    """The firm's day begins: new reference, soft lock cleared. Also a mark."""

    balance: Decimal
    open_profit: Decimal
    is_short: bool = False  # a session that a holiday cuts short


class Marked(Value, frozen=True, tag="tick", array_like=True, forbid_unknown_fields=True):
    """What the account is worth now: after a fill, and on every quote while it holds anything."""

    balance: Decimal
    open_profit: Decimal
    margin: Decimal = ZERO


class SessionClosed(Value, frozen=True, tag="eod", array_like=True, forbid_unknown_fields=True):
    """The firm's cut-off. Also a mark."""

    balance: Decimal
    open_profit: Decimal
    is_short: bool = False


class PaidOut(Value, frozen=True, tag="payout", array_like=True, forbid_unknown_fields=True):
    """Money was withdrawn."""

    amount: Decimal


class BarSeen(Value, frozen=True, tag="bar", array_like=True, forbid_unknown_fields=True):
    """Highest and lowest equity of a time without marks; which came first is not known."""

    high: Decimal
    low: Decimal


class FloorTold(Value, frozen=True, tag="floor", array_like=True, forbid_unknown_fields=True):
    """The firm's own figure of the floor; it wins where it is higher."""

    floor: Decimal


Mark = DayStarted | Marked | SessionClosed | PaidOut | BarSeen | FloorTold


class Standing(StrEnum):
    """Where an account stands."""

    OK = "ok"
    DAY_LOCKED = "day_locked"
    BREACHED = "breached"


class Limit(StrEnum):
    """What may be hit."""

    MAX_LOSS = "max_loss"
    DAILY_LOSS = "daily_loss"
    DAILY_TARGET = "daily_target"
    MARGIN = "margin"


class Turn(StrEnum):
    """What may change a standing."""

    DAY = "day"
    SOFT = "soft"
    HARD = "hard"


TRANSITIONS: dict[tuple[Standing, Turn], Standing] = {
    (Standing.OK, Turn.DAY): Standing.OK,
    (Standing.OK, Turn.SOFT): Standing.DAY_LOCKED,
    (Standing.OK, Turn.HARD): Standing.BREACHED,
    (Standing.DAY_LOCKED, Turn.DAY): Standing.OK,
    (Standing.DAY_LOCKED, Turn.SOFT): Standing.DAY_LOCKED,
    (Standing.DAY_LOCKED, Turn.HARD): Standing.BREACHED,
    (Standing.BREACHED, Turn.DAY): Standing.BREACHED,
    (Standing.BREACHED, Turn.SOFT): Standing.BREACHED,
    (Standing.BREACHED, Turn.HARD): Standing.BREACHED,
}


class LimitHit(Value, frozen=True, tag=True):
    """A limit was hit: the ``line`` that it stood at, the equity that hit it, and where the account stands now."""

    limit: Limit
    line: Decimal
    equity: Decimal
    standing: Standing


class FloorLocked(Value, frozen=True, tag=True):
    """The floor reached its lock and moves no more."""

    floor: Decimal


class DayOpened(Value, frozen=True, tag=True):
    """A day began: its line and its contract cap, None where there is none."""

    line: Decimal | None
    minis: Decimal | None


Notice = LimitHit | FloorLocked | DayOpened


class Ledger(msgspec.Struct):
    """One account. Everything here survives a restart; ``opened`` makes a new one."""

    terms: Terms
    balance: Decimal
    peak: Decimal
    floor: Decimal
    open_profit: Decimal = ZERO
    margin: Decimal = ZERO
    standing: Standing = Standing.OK
    is_forced: bool = False  # a payout locked the floor
    is_estimated: bool = False  # the peak comes from bars, not from marks
    reference: Decimal | None = None  # of the day's loss; None before the first day starts
    opening: Decimal = ZERO  # balance at the day's start
    withdrawn: Decimal = ZERO  # since the day's start
    allowance: Decimal | None = None  # what this day may lose
    minis: Decimal | None = None  # contracts that this day's tier allows
    close: Decimal | None = None  # closing balance of the last full session
    best_close: Decimal | None = None
    breach: LimitHit | None = None
    day_hit: LimitHit | None = None  # what locked this day

    @property
    def equity(self) -> Decimal:
        """Balance with open profit."""
        return self.balance + self.open_profit

    @property
    def is_locked(self) -> bool:
        """Say whether the floor has reached its lock."""
        return self.terms.lock is not None and self.floor >= self.terms.lock

    @property
    def day_line(self) -> Decimal | None:
        """Equity at which the day ends; None without a daily limit, or before the first day starts."""
        if self.reference is None or self.allowance is None:
            return None
        return self.reference - self.withdrawn - self.allowance

    @property
    def target_line(self) -> Decimal | None:
        """Equity at which the day has earned enough; None without a target, or before the first day starts."""
        if self.reference is None or self.terms.daily_target is None:
            return None
        return self.opening - self.withdrawn + self.terms.daily_target

    def take(self, mark: Mark) -> list[Notice]:
        """Take one mark in.

        Returns: what happened, in its order. After a breach nothing moves any more.
        """
        if self.standing is Standing.BREACHED:
            return []
        was_locked, told = self.is_locked, []
        match mark:
            case DayStarted():
                self.balance, self.open_profit = mark.balance, mark.open_profit
                told += self._start_day(is_short=mark.is_short)
                told += self._test()
            case Marked():
                self.balance, self.open_profit, self.margin = mark.balance, mark.open_profit, mark.margin
                told += self._test()
            case SessionClosed():
                self.balance, self.open_profit = mark.balance, mark.open_profit
                told += self._test()
                if self.breach is None:
                    self._close(is_short=mark.is_short)
            case PaidOut():
                self.balance -= mark.amount
                self.withdrawn += mark.amount
                self.is_forced = self.is_forced or self.terms.payout_locks_floor
                self._raise_floor()
            case BarSeen():
                self.is_estimated = self.is_estimated or self.terms.mode in _INTRADAY
                self.open_profit = mark.high - self.balance
                self._raise_peak()
                self.open_profit = mark.low - self.balance
                told += self._test()
            case FloorTold():
                self.floor = max(self.floor, mark.floor)
                self.is_estimated = False
        if self.is_locked and not was_locked:
            told.append(FloorLocked(floor=self.floor))
        return told

    def _start_day(self, *, is_short: bool) -> list[Notice]:
        loss = self.terms.dll
        if is_short and loss is not None and loss.carries and self.reference is not None:
            return []
        self.standing, self.day_hit = TRANSITIONS[self.standing, Turn.DAY], None
        self.opening, self.withdrawn = self.balance, ZERO
        match loss.basis if loss is not None else Basis.BALANCE:
            case Basis.LARGER:
                self.reference = max(self.balance, self.equity)
            case Basis.HIGH:
                self.reference = self.equity
            case _:
                self.reference = self.balance
        tier = tier_of(self.terms, self._tier_balance())
        self.minis = tier.minis if tier else None
        self.allowance = self._allowed(tier)
        return [DayOpened(line=self.day_line, minis=self.minis)]

    def _tier_balance(self) -> Decimal:
        """A payout since the close counts at once: the lower tier is the stricter one."""
        return self.balance if self.close is None else min(self.close, self.balance)

    def _allowed(self, tier: Tier | None) -> Decimal | None:
        loss = self.terms.dll
        if loss is None:
            return None
        amount = loss.amount
        if amount is None and loss.pct is not None:
            amount = loss.pct * self.terms.start_balance
        if tier is not None and tier.dll is not None:
            amount = tier.dll
        if loss.best_close_share is not None and self.best_close is not None:
            best = self.best_close - self.terms.start_balance
            if best >= loss.best_close_from:
                amount = max(amount or ZERO, loss.best_close_share * best)
        return amount

    def _close(self, *, is_short: bool) -> None:
        if not is_short:
            self.close = self.balance
        self.best_close = self.balance if self.best_close is None else max(self.best_close, self.balance)
        if self.terms.mode is Trail.EOD_BALANCE:
            self.peak = max(self.peak, self.balance)
        elif self.terms.mode is Trail.EOD_EQUITY:
            self.peak = max(self.peak, self.equity)
        self._raise_floor()

    def _raise_peak(self) -> None:
        """Move what trails tick by tick: the peak, the floor behind it, and a day's high."""
        if self.terms.mode is Trail.INTRADAY_EQUITY:
            self.peak = max(self.peak, self.equity)
        elif self.terms.mode is Trail.INTRADAY_BALANCE:
            self.peak = max(self.peak, self.balance)
        self._raise_floor()
        loss = self.terms.dll
        if loss is not None and loss.basis is Basis.HIGH and self.reference is not None:
            # What was withdrawn today was earned before: without it a new high would hide behind the payout.
            self.reference = max(self.reference, self.equity + self.withdrawn)

    def _raise_floor(self) -> None:
        terms = self.terms
        trailing = self.peak - terms.drawdown
        if terms.lock is not None:
            trailing = terms.lock if self.is_forced else min(terms.lock, trailing)  # of equal ones always the same
        self.floor = max(self.floor, terms.start_balance - terms.drawdown, trailing)

    def _test(self) -> list[Notice]:
        self._raise_peak()
        equity, line, target = self.equity, self.day_line, self.target_line
        is_below = equity < self.floor if self.terms.compare is Compare.BELOW else equity <= self.floor
        if is_below:
            return [self._hit(Limit.MAX_LOSS, self.floor, Turn.HARD)]
        loss = self.terms.dll
        if loss is not None and line is not None and equity <= line:
            if not loss.soft:
                return [self._hit(Limit.DAILY_LOSS, line, Turn.HARD)]
            if self.standing is Standing.OK:
                return [self._hit(Limit.DAILY_LOSS, line, Turn.SOFT)]
        if target is not None and equity >= target and self.standing is Standing.OK:
            return [self._hit(Limit.DAILY_TARGET, target, Turn.SOFT)]
        return []

    def _hit(self, limit: Limit, line: Decimal, turn: Turn) -> LimitHit:
        self.standing = TRANSITIONS[self.standing, turn]
        hit = LimitHit(limit=limit, line=line, equity=self.equity, standing=self.standing)
        if self.standing is Standing.BREACHED:
            self.breach = hit
        else:
            self.day_hit = hit
        return hit


def opened(terms: Terms, balance: Decimal | None = None, peak: Decimal | None = None) -> Ledger:
    """Begin a ledger; an account that has traded before brings its balance and, if it is known, its peak."""
    now = terms.start_balance if balance is None else balance
    top = max(terms.start_balance, terms.start_balance if peak is None or terms.mode is Trail.STATIC else peak)
    ledger = Ledger(terms=terms, balance=now, peak=top, floor=terms.start_balance - terms.drawdown)
    ledger._raise_floor()  # noqa: SLF001  the second half of building one
    return ledger
