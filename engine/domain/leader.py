"""Leader: the book of one leader account, folded from its fills and corrected by its snapshots."""

from datetime import datetime, timedelta
from decimal import Decimal

import msgspec

from engine.domain.copier import remember
from engine.domain.event import BalanceReported, OrderFilled, SnapshotTaken
from engine.domain.ids import AccountId, GroupId, Symbol
from engine.domain.keeping import Kept
from engine.domain.position import Cost

ASK_EVERY = timedelta(seconds=5)
DOUBT = timedelta(seconds=1)  # a position that differs from the fills this long is asked about


class Stand(msgspec.Struct):
    """The leader's position in one contract."""

    net: int = 0
    cost: Cost = msgspec.field(default_factory=Cost)
    reported: int | None = None
    off_since: datetime | None = None
    moved: int = 0  # his newest fill, signed, and when we heard of it
    moved_at: datetime | None = None


class LeaderBook(msgspec.Struct):
    """What one leader holds."""

    account: AccountId
    groups: tuple[GroupId, ...]
    stands: dict[Symbol, Stand] = {}
    seen: dict[str, None] = {}  # fill ids
    parked: list[OrderFilled] = []  # fills heard before the comparison that says what they came on top of
    is_line_up: bool = False
    is_synced: bool = False
    was_synced: bool = False  # has been compared with the broker at least once
    asked_at: datetime | None = None
    compared_at: datetime | None = None
    silent_since: datetime | None = None  # he cannot be heard …
    is_silence_told: bool = False  # … and people know
    balance: Decimal | None = None
    balance_at: datetime | None = None
    largest: Decimal | None = None  # largest balance seen: what a stale leader balance is taken for
    margin: Decimal = Decimal(0)
    day_profit: Decimal | None = None
    kept: Kept | None = None  # his own limits; None for an account that has none

    def stand(self, symbol: Symbol) -> Stand:
        """Position in a contract, made at first sight."""
        found = self.stands.get(symbol)
        if found is None:
            found = self.stands[symbol] = Stand()
        return found

    def fold(self, event: OrderFilled) -> Stand | None:
        """Take in a fill; None when it was known."""
        if event.fill in self.seen:
            return None
        remember(self.seen, event.fill)
        if self.kept is not None:
            self.kept.filled_at = event.at
        stand = self.stand(event.symbol)
        stand.cost.fold(stand.net, event.quantity, event.price)
        stand.net += event.quantity
        stand.moved, stand.moved_at = event.quantity, event.at
        return stand

    def restate(self, event: SnapshotTaken) -> dict[Symbol, int]:
        """Take over a snapshot.

        Returns: what we believed of each contract whose net is another one, exits and entries alike.
        """
        for fill in event.fills:
            remember(self.seen, fill)
        nets = {holding.symbol: holding for holding in event.holdings}
        believed: dict[Symbol, int] = {}
        for symbol in {**self.stands, **nets}:
            stand = self.stand(symbol)
            holding = nets.get(symbol)
            net = holding.net if holding else 0
            stand.reported = net
            if net == stand.net:
                continue
            believed[symbol], stand.net = stand.net, net
            stand.cost.average = holding.price if holding and holding.price is not None else Decimal(0)
        self.is_synced, self.compared_at = self.is_line_up, event.at
        return believed

    def doubts(self, at: datetime) -> bool:
        """Say whether the broker should be asked: not compared yet, or a position differs from the fills for a while."""
        wants = self.is_line_up and not self.is_synced
        for stand in self.stands.values():
            if stand.reported is None or stand.reported == stand.net:
                stand.off_since = None
            elif stand.off_since is None:
                stand.off_since = at
            else:
                wants |= at - stand.off_since >= DOUBT
        if not wants or (self.asked_at is not None and at - self.asked_at < ASK_EVERY):
            return False
        self.asked_at = at
        return True

    def stand_still(self, *, line_up: bool) -> None:
        """The line went or came: nothing new is believed until a snapshot."""
        self.is_line_up, self.is_synced = line_up, False

    def take_balance(self, event: BalanceReported) -> None:
        """Take in the broker's word on money."""
        self.balance, self.balance_at = event.balance, event.at
        self.largest = event.balance if self.largest is None else max(self.largest, event.balance)
        self.margin = event.margin if event.margin is not None else self.margin
        self.day_profit = event.day_profit if event.day_profit is not None else self.day_profit
