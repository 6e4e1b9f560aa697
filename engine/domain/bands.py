"""Bands: which accounts a quote, a moment or a fact calls for a look at; the others stand inside their bands."""

from datetime import datetime

from engine.domain.band import Band, Box, band_of
from engine.domain.copier import Copier
from engine.domain.decision import Decision
from engine.domain.event import (
    BalanceReported,
    DayClosed,
    DayStarted,
    Event,
    OrderAnswered,
    OrderChanged,
    OrdersSent,
    PersonActed,
    PositionReported,
    QuoteMarked,
    TimePassed,
)
from engine.domain.ids import AccountId, Symbol
from engine.domain.sizing import Quotes, mark_of
from engine.domain.state import DeskState
from engine.domain.stopout import is_moved, look

OUTLASTED = frozenset(  # facts that move no account's money or limits by themselves; ``Band.is_true`` has the last word
    {BalanceReported, OrderAnswered, OrderChanged, OrdersSent, PositionReported, QuoteMarked, TimePassed}
)


class Bands:
    """A memo over the desk's state, never state itself: decisions do not depend on who has a band and who has none."""

    def __init__(self, state: DeskState) -> None:
        """Know nobody yet."""
        self._state = state
        self._bands: dict[AccountId, Band] = {}
        self._boxes: dict[tuple[Symbol, bool], dict[tuple[AccountId, Symbol], Box]] = {}  # by quote and side
        self._open: dict[AccountId, None] | None = None  # with limits and without a band; None where not counted yet
        self._waits: dict[AccountId, datetime] = {}  # until when a band holds at most
        self._fresh: Quotes | None = None

    @property
    def quotes(self) -> Quotes:
        """The desk's fresh quotes."""
        if self._fresh is None:
            self._fresh = self._state.fresh_quotes()
        return self._fresh

    def quote(self, event: QuoteMarked) -> None:
        """Put a quote into the desk's state. The first of its contract may price what another one has priced so far."""
        known = self._state.quotes.get(event.symbol)
        if event.symbol not in self.quotes:
            self.drop(None)
        self._state.quotes[event.symbol] = event if known is None else event.over(known)
        self._fresh = None

    def hear(self, event: Event) -> None:
        """A fact is about to be taken in: whoever it may touch has no band any more, and a ledger that is up to date."""
        if type(event) in OUTLASTED:
            return
        match event:
            case PersonActed():
                named: tuple[AccountId | None, ...] = event.command.accounts or (None,)
            case DayStarted() | DayClosed():
                named = event.accounts
            case _:
                named = (getattr(event, "account", None),)
        for account in named:
            self.drop(account)

    def look(self, copier: Copier, at: datetime, out: list[Decision]) -> None:
        """Look at one account after a fact, unless its band says that there is nothing to see."""
        band = self._bands.get(copier.account)
        if band is not None:
            if band.is_true(copier, at):
                return
            self.drop(copier.account)
        look(copier, self.quotes, at, out)
        if copier.kept is not None and (band := band_of(copier, self.quotes, at)) is not None:
            self._bands[copier.account] = band
            self._wait(copier.account, band.until)
            for (quote, symbol, is_long), box in band.boxes.items():
                self._boxes.setdefault((quote, is_long), {})[copier.account, symbol] = box
            if self._open is not None:
                self._open.pop(copier.account, None)

    def told(self, copier: Copier) -> None:
        """A balance was told: it may count some time later."""
        band = self._bands.get(copier.account)
        if band is not None and copier.kept is not None:
            band.until = copier.kept.sure_at
            self._wait(copier.account, band.until)

    def moved(self, symbol: Symbol, at: datetime) -> list[Copier]:
        """Followers, in their order, whose limits the newest quote of ``symbol`` may concern."""
        for account in [account for account, until in self._waits.items() if until <= at]:
            is_next = is_moved(self._state.copiers[account], symbol, self.quotes)
            self._leave(account, None if is_next else self.quotes)
        mark, found = mark_of(self.quotes, symbol), set()
        if mark is not None:
            for is_long, price in ((True, mark), (False, -mark)):
                for box in self._boxes.get((symbol, is_long), {}).values():
                    if not box.low <= price <= box.high and not box.rises(price):
                        found.add(box.copier.account)
        for account in found:
            self._leave(account, None)
        if self._open is None:
            marked = [name for name, copier in self._state.copiers.items() if copier.kept or copier.bond]
            self._open = {name: None for name in marked if name not in self._bands}
        if not self._open:
            return []
        copiers, quotes = self._state.copiers, self.quotes
        found.update(name for name in self._open if name not in found and is_moved(copiers[name], symbol, quotes))
        return [copier for name, copier in copiers.items() if name in found] if found else []

    def write(self, account: AccountId | None = None) -> None:
        """Bring one ledger, or all of them, up to the present prices; the bands stay."""
        bands = [self._bands[account]] if account in self._bands else [] if account else self._bands.values()
        for band in bands:
            band.write(self.quotes)

    def drop(self, account: AccountId | None) -> None:
        """Something else than a price is about to touch an account; None for all."""
        if account is not None:
            self._leave(account, self.quotes)
            return
        self.write()
        self._bands, self._boxes, self._waits, self._open, self._fresh = {}, {}, {}, None, None

    def _wait(self, account: AccountId, until: datetime | None) -> None:
        if until is None:
            self._waits.pop(account, None)
        else:
            self._waits[account] = until

    def _leave(self, account: AccountId, quotes: Quotes | None) -> None:
        band = self._bands.pop(account, None)
        if band is None:
            return
        band.write(quotes)
        self._waits.pop(account, None)
        for quote, symbol, is_long in band.boxes:
            del self._boxes[quote, is_long][account, symbol]
        if self._open is not None:
            self._open[account] = None
