"""Keeping: what one account must keep to, and where it stands; its money is folded from fills between the broker's words.

Theory of operation. A broker tells balances and fills in either order, so a balance that is heard amid fills may or may not
contain them. Each fill is therefore counted at once, on top of the last balance that was sure; a told balance becomes sure
after a second in which nothing filled and nothing was in flight, or at once where it comes inside a snapshot. A lost balance
is so never counted twice, and no false peak can lift a floor that never falls again.
"""

from datetime import date, datetime, timedelta
from decimal import Decimal

import msgspec

from engine.domain.drawdown import DayStarted, FloorTold, Ledger, Limit, Marked, PaidOut, Standing, opened
from engine.domain.hours import DayClock
from engine.domain.limit import LimitsPlan, Watch
from engine.domain.terms import ZERO, Terms, Trail
from engine.domain.value import Setting

QUIET = timedelta(seconds=1)
FEE = Decimal(10)  # more than a contract costs on one side, in any account currency that firms use
LEAST = Decimal(1)  # a difference that is not worth a word


class Keeping(Setting, frozen=True):
    """What one account must keep to and what this desk does as it nears it."""

    terms: Terms
    clock: DayClock
    limits: LimitsPlan = LimitsPlan()
    floor: Decimal | None = None  # the firm's own figure
    plan: str = ""  # its name, for people
    minis: Decimal | None = None  # most contracts at once, in mini-equivalents; a tier of the day may allow fewer


class Kept(msgspec.Struct):
    """Where one account stands. Every field is state that a checkpoint keeps."""

    keeping: Keeping
    ledger: Ledger | None = None  # None before the first balance
    watch: Watch = msgspec.field(default_factory=Watch)
    sure: Decimal | None = None  # the last balance that was sure …
    earned: Decimal = ZERO  # … what had been realised by then, by our fills …
    told: Decimal | None = None  # … and a newer one that is not sure yet
    told_at: datetime | None = None
    filled_at: datetime | None = None
    day: date | None = None  # trade date of the day that runs
    day_at: datetime | None = None  # when it began here
    turned_at: datetime | None = None  # the newest turn of the firm's day that was taken in
    blind_since: datetime | None = None  # something is held that has no price …
    is_blind: bool = False  # … and people were told
    is_reset: bool = False  # the firm has reset the account: what it earned before today's balance is void
    stops: int = 0
    paid: Decimal = ZERO  # withdrawn by a person's word, still in the broker's balance
    moved: Decimal = ZERO  # gone from it by other hands, and nobody has said yet what it was
    fees: Decimal = ZERO  # most that our fills since the sure balance can have cost
    own: dict[str, Decimal] = {}  # a person's tighter figures by limit, over the settings'
    cut_at: datetime | None = None  # the newest cut-off that was taken in …
    started_at: datetime | None = None  # … and the newest start: at one instant each counts by itself

    @property
    def cap(self) -> Decimal | None:
        """Most mini-equivalents that may be held today; None without a cap."""
        tier = self.ledger.minis if self.ledger is not None else None
        known = [minis for minis in (self.keeping.minis, tier, self.own.get("contracts")) if minis is not None]
        return min(known, default=None)

    def change(self, keeping: Keeping) -> None:
        """Put new settings in force. The floor stays: it never falls."""
        self.keeping = keeping
        if self.ledger is not None:
            self.ledger.terms = keeping.terms
            if keeping.floor is not None:
                self.ledger.take(FloorTold(floor=keeping.floor))

    def hear(self, balance: Decimal, at: datetime) -> None:
        """Take in a balance that the broker told."""
        self.told, self.told_at = balance, at

    def trust(self, earned: Decimal, at: datetime, *, is_busy: bool, is_flat: bool = False) -> Decimal:
        """Make a told balance the sure one, once nothing can be on its way any more.

        Returns: by how much it fell unexplained.
        """
        if self.told is None or self.sure_at is None:
            return ZERO
        if self.ledger is None or (not is_busy and at >= self.sure_at):
            return self.settle(self.told, earned, is_plain=is_flat)
        return ZERO

    def count_fill(self, contracts: int, at: datetime) -> None:
        """A fill moves money, and costs a fee."""
        self.filled_at = at
        self.fees += contracts * FEE

    @property
    def sure_at(self) -> datetime | None:
        """When a told balance may count; None where none waits."""
        if self.told is None or self.told_at is None:
            return None
        return max(self.told_at, self.filled_at or self.told_at) + QUIET

    def shift_clock(self, by: timedelta) -> None:
        """Move running waits along with the computer's clock; the firm's own times stay."""
        self.told_at = self.told_at and self.told_at + by
        self.filled_at = self.filled_at and self.filled_at + by
        self.blind_since = self.blind_since and self.blind_since + by

    def settle(self, balance: Decimal, earned: Decimal, *, is_plain: bool = False) -> Decimal:
        """A balance is sure as of what our fills have ``earned`` until now.

        ``is_plain`` where every fill since the last sure one is known, and nothing is held.
        Returns: by how much it fell without a fill, a fee or a person's word that explains it.
        """
        fell = ZERO if self.sure is None else self.sure + earned - self.earned - balance
        fell = fell if fell > self.fees + LEAST else ZERO
        named = min(fell, self.paid)
        self.paid -= named
        fell = fell - named if is_plain else ZERO
        self.moved += fell
        self.sure, self.earned, self.told, self.told_at, self.fees = balance, earned, None, None, ZERO
        return fell

    def pay_out(self, amount: Decimal) -> Decimal:
        """A person says that money was withdrawn.

        Returns: what of it the broker's balance still holds; until it has left, it counts as gone.
        """
        known = min(amount, self.moved)
        self.moved -= known
        self.paid += amount - known
        if self.ledger is not None:
            standing, self.ledger.standing = (
                self.ledger.standing,
                Standing.OK,
            )  # a stop that it caused is a person's to lift
            self.ledger.balance += known  # it was taken for a loss
            self.ledger.take(PaidOut(amount=amount))
            self.ledger.standing = standing
        return amount - known

    def balance(self, earned: Decimal) -> Decimal | None:
        """What the account has, by its sure balance and our fills since; None before the first."""
        return None if self.sure is None else self.sure + earned - self.earned - self.paid

    def heard(self, *, is_cut: bool) -> datetime | None:
        """The newest cut-off, or the newest start, that was taken in; what came before either counts as taken in."""
        own = self.cut_at if is_cut else self.started_at
        return own if own is not None else self.turned_at

    def turn(self, due: datetime, *, is_cut: bool) -> bool:
        """Take in a turn of the firm's day; False where it was before, or is older than the newest one."""
        heard, newest = self.cut_at if is_cut else self.started_at, self.turned_at
        if (newest is not None and due < newest) or (heard is not None and due <= heard):
            return False
        if self.cut_at is None and self.started_at is None:  # one of both comes first: the other counts from here
            self.cut_at = self.started_at = newest
        self.turned_at = due
        if is_cut:
            self.cut_at = due
        else:
            self.started_at = due
        return True

    def begin(self, balance: Decimal, at: datetime, day_profit: Decimal, open_profit: Decimal) -> Ledger:
        """Open the ledger. Of an account that has traded before, the highest balance that trails is not known: the present
        one counts, and the firm's own figure of the floor where a person wrote it."""
        keeping = self.keeping
        self.ledger = ledger = opened(keeping.terms, balance, balance)
        ledger.is_estimated = keeping.terms.mode is not Trail.STATIC and balance != keeping.terms.start_balance
        if keeping.floor is not None:
            ledger.take(FloorTold(floor=keeping.floor))
        self.watch, self.day_at, self.turned_at = Watch(), at, self.turned_at or at
        ledger.take(DayStarted(balance=balance if self.is_reset else balance - day_profit, open_profit=ZERO))
        self.is_reset = False
        ledger.take(Marked(balance=balance, open_profit=open_profit))
        return ledger

    def unlock(self, *, is_reset: bool) -> None:
        """A person lets the account trade again."""
        if is_reset:
            self.ledger, self.sure, self.told, self.is_reset = None, None, None, True
            self.paid, self.moved = ZERO, ZERO
        elif self.ledger is not None:
            self.ledger.standing, self.ledger.breach, self.ledger.day_hit = Standing.OK, None, None
        self.waive()

    def waive(self) -> None:
        """A person goes on where limits have acted: inside the buffer only the firm's own lines act."""
        for limit in Limit:
            self.watch.waive(limit)
