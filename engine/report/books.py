"""Books: positions, marks and profit of every account over one day, from its fills alone, before fees."""

from datetime import datetime, timedelta
from decimal import Decimal

from engine.domain.contract import family_of, month_of, product_of
from engine.domain.ids import AccountId, Symbol

SAMPLE = timedelta(seconds=30)  # between two points of a curve while nothing is traded
FRESH = timedelta(seconds=10)  # a quote of that age is a better mark than somebody's fill
ZERO = Decimal(0)

Place = tuple[AccountId, Symbol]


class Books:
    """Money is account currency: what the day's fills, and what was held before it, are worth since the day began."""

    def __init__(self) -> None:
        """Begin flat."""
        self.nets: dict[Place, int] = {}
        self.trips: dict[AccountId, list[Decimal]] = {}  # what each position made, from flat to flat, in points
        self.traded: dict[AccountId, int] = {}  # contracts, each side counted
        self.unknown: set[Symbol] = set()  # products whose point has no known value
        self.curves: dict[AccountId, list[tuple[datetime, Decimal]]] = {}
        self._paid: dict[AccountId, Decimal] = {}
        self._trips: dict[Place, Decimal] = {}  # points paid for the position that is open
        self._marks: dict[str, Decimal] = {}
        self._quoted_at: dict[str, datetime] = {}
        self._moved: set[AccountId] = set()
        self._sampled_at: datetime | None = None

    def quote(self, symbol: Symbol, price: Decimal, at: datetime) -> None:
        """Take in a price; a micro and its mini share their newest one."""
        self._marks[_key(symbol)] = price
        self._quoted_at[_key(symbol)] = at

    def mark(self, symbol: Symbol) -> Decimal | None:
        """Newest price of a contract, or of its mini or micro."""
        return self._marks.get(_key(symbol))

    def hold(self, account: AccountId, symbol: Symbol, quantity: int, price: Decimal) -> None:
        """Take in contracts at a price that no fill tells: held before, or seen in a snapshot."""
        self._travel((account, symbol), quantity, price)
        self.nets[account, symbol] = self.nets.get((account, symbol), 0) + quantity
        product = product_of(symbol)
        if product is None:
            self.unknown.add(symbol)
            return
        self._paid[account] = self._paid.get(account, ZERO) - quantity * price * product.point
        self._moved.add(account)

    def trade(self, account: AccountId, symbol: Symbol, quantity: int, price: Decimal, at: datetime) -> None:
        """Take in a fill."""
        quoted_at = self._quoted_at.get(_key(symbol))
        if quoted_at is None or at - quoted_at > FRESH:
            self._marks[_key(symbol)] = price
        self.hold(account, symbol, quantity, price)
        self.traded[account] = self.traded.get(account, 0) + abs(quantity)

    def _travel(self, place: Place, quantity: int, price: Decimal) -> None:
        """Go on with a position's trip; what turns it round ends one and begins another."""
        net = self.nets.get(place, 0)
        closing = -net if net * quantity < 0 and abs(quantity) > abs(net) else quantity
        self._trips[place] = self._trips.get(place, ZERO) - closing * price
        if net and net + closing == 0:
            self.trips.setdefault(place[0], []).append(self._trips[place])
            self._trips[place] = -(quantity - closing) * price

    def is_flat(self, account: AccountId) -> bool:
        """Say whether an account holds nothing."""
        return not any(net for (owner, _), net in self.nets.items() if owner == account)

    def profit(self, account: AccountId) -> Decimal:
        """Profit of the day so far, open and closed."""
        total = self._paid.get(account, ZERO)
        for (owner, symbol), net in self.nets.items():
            product, mark = product_of(symbol), self.mark(symbol)
            if owner == account and net and product is not None and mark is not None:
                total += net * mark * product.point
        return total

    def sample(self, at: datetime) -> None:
        """Go on with the curves: at once for whoever traded, once in a while for whoever holds something."""
        is_due = self._sampled_at is None or at - self._sampled_at >= SAMPLE
        if not is_due and not self._moved:
            return
        holding = {account for (account, _), net in self.nets.items() if net} if is_due else set()
        for account in holding | self._moved:
            self.curves.setdefault(account, []).append((at, self.profit(account)))
        self._moved.clear()
        if is_due:
            self._sampled_at = at


def _key(symbol: Symbol) -> str:
    return family_of(symbol) + month_of(symbol)
