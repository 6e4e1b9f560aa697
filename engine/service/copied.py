"""One copy: a leader event with the orders that it gave, and the figures that are drawn from them."""

from datetime import datetime, timedelta
from decimal import Decimal

import msgspec

from engine.api.views import CopyLine, CopyView
from engine.domain.contract import product_of
from engine.domain.decision import Skipped
from engine.domain.ids import OrderId, Symbol


class Order(msgspec.Struct):
    """One order of ours and what is known of it."""

    client: OrderId
    account: str
    symbol: Symbol
    quantity: int
    cause: str
    copy: str  # the copy that it belongs to
    decided_at: datetime
    heard_at: datetime | None = None  # when the cause's frame was read
    sent_at: datetime | None = None
    sent_seq: int = 0  # entry that tells of it
    answered_at: datetime | None = None
    filled_at: datetime | None = None
    fills: dict[str, tuple[int, Decimal]] = {}
    told: int = 0  # contracts that a snapshot says are filled; it may know more than the fills we heard
    is_ended: bool = False
    is_unclear: bool = False
    is_replaced: bool = False  # its unfilled rest was tried again by a later order
    reason: str = ""
    mode: str = ""  # who decided, by the settings in force when it was decided

    @property
    def filled(self) -> int:
        """Signed contracts."""
        heard = sum(quantity for quantity, _ in self.fills.values())
        return heard if abs(heard) >= abs(self.told) else self.told

    @property
    def lag_ms(self) -> float | None:
        """From the frame of its cause to its bytes handed over."""
        return _ms(self.heard_at, self.sent_at)

    @property
    def is_done(self) -> bool:
        """Say whether nothing more will come of it."""
        return self.is_ended or abs(self.filled) >= abs(self.quantity)


class Copy(msgspec.Struct):
    """One leader event."""

    cause: str
    seq: int
    changed: int  # newest entry that changed it
    at: datetime
    group: str
    leader: str
    symbol: str
    quantity: int
    price: Decimal | None
    net: int
    what: str
    orders: list[Order] = []
    skips: list[Skipped] = []
    modes: dict[str, str] = {}  # of each account that it reached: who decides, by the settings then in force

    def view(self) -> CopyView:
        """As the API shows it."""
        return CopyView(
            cause=self.cause,
            seq=self.seq,
            at=self.at,
            group=self.group,
            leader=self.leader,
            symbol=self.symbol,
            quantity=self.quantity,
            price=self.price,
            net=self.net,
            what=self.what,
            lines=tuple(self._line(*place, orders, skips) for place, (orders, skips) in self.parts().items()),
        )

    def parts(self) -> dict[tuple[str, Symbol], tuple[list[Order], list[Skipped]]]:
        """Orders and skips by account and contract."""
        found: dict[tuple[str, Symbol], tuple[list[Order], list[Skipped]]] = {}
        for order in self.orders:
            found.setdefault((order.account, order.symbol), ([], []))[0].append(order)
        for skip in self.skips:
            found.setdefault((skip.account, skip.symbol), ([], []))[1].append(skip)
        return found

    def line(self, account: str, symbol: Symbol) -> CopyLine:
        """What one follower did in one contract."""
        return self._line(account, symbol, *self.parts()[account, symbol])

    def lag_ms(self) -> float | None:
        """From the leader's frame to the last order of its fan-out; None while nothing was sent."""
        return max((lag for order in self.orders if (lag := order.lag_ms) is not None), default=None)

    def _line(self, account: str, symbol: Symbol, orders: list[Order], skips: list[Skipped]) -> CopyLine:
        sent = sum(o.filled if o.is_replaced else o.quantity for o in orders)
        filled = sum(o.filled for o in orders)
        wanted = sent + sum(s.wanted for s in skips)
        first = orders[0] if orders else None
        last = orders[-1] if orders else None
        reasons = [f"{s.check}: {s.figures}" for s in skips] + [o.reason for o in orders if o.reason]
        return CopyLine(
            account=account,
            symbol=symbol,
            wanted=wanted,
            sent=sent,
            filled=filled,
            status=_status(orders, wanted, filled),
            reason="; ".join(dict.fromkeys(reasons)),
            client=first.client if first else "",
            price=average(orders),
            lag_ms=first.lag_ms if first else None,
            ack_ms=_ms(first.sent_at, first.answered_at) if first else None,
            fill_ms=_ms(last.sent_at, last.filled_at) if last and last.is_done else None,
            slip_ticks=slip(orders, Symbol(self.symbol), self.price),
            mode=orders[0].mode if orders else self.modes.get(account, ""),
        )


def _status(orders: list[Order], wanted: int, filled: int) -> str:
    if not orders:
        return "skipped"
    if any(o.is_unclear and not o.is_done for o in orders):
        return "unclear"
    if not all(o.is_done for o in orders):
        return "sent"
    if not filled:
        return "refused"
    return "ok" if abs(filled) >= abs(wanted) else "part"


def average(orders: list[Order]) -> Decimal | None:
    """Average fill price, exact to eight decimals; None while a price is not known."""
    fills = [fill for o in orders for fill in o.fills.values()]
    total = sum(abs(quantity) for quantity, _ in fills)
    if not total or total < sum(abs(o.told) for o in orders):
        return None
    mean = sum((price * abs(quantity) for quantity, price in fills), Decimal(0)) / total
    return Decimal(f"{mean.quantize(Decimal('1E-8')).normalize():f}")  # never 2.15E+4


def slip(orders: list[Order], symbol: Symbol, price: Decimal | None) -> Decimal | None:
    """Ticks of the follower's contract by which the fills are worse than the leader's price."""
    mean = average(orders)
    if mean is None or price is None or not orders:
        return None
    own, theirs = product_of(orders[0].symbol), product_of(symbol)
    if own is None or theirs is None or (own.mini or own.root) != (theirs.mini or theirs.root):
        return None
    worse = mean - price if orders[0].quantity > 0 else price - mean
    return (worse / own.tick).quantize(Decimal("0.01"))


def stages(order: Order, begun: datetime | None) -> dict[str, float]:
    """Milliseconds of each stage; one that a set clock made negative is left out, and one that was never reached."""
    ends = {
        "decide": (order.heard_at, begun),
        "hand": (begun, order.sent_at),
        "answer": (order.sent_at, order.answered_at),
        "fill": (order.sent_at, order.filled_at if abs(order.filled) >= abs(order.quantity) else None),
    }
    spans = {name: (end - start) / timedelta(milliseconds=1) for name, (start, end) in ends.items() if start and end}
    return {name: span for name, span in spans.items() if span >= 0}


def _ms(start: datetime | None, end: datetime | None) -> float | None:
    return None if start is None or end is None else (end - start) / timedelta(milliseconds=1)


def base(cause: str) -> str:
    """A cause without the number that makes a later order of it unique."""
    head, mark, tail = cause.rpartition("#")
    return head if mark and tail.rpartition(".")[2].isdigit() else cause
