"""Fan-out: one leader fill to the orders of all his followers. The hot path: integers and look-ups, no Decimal, no await.

Quiet followers fire a shot that was aimed ahead (``shot``), so that between the leader's frame and theirs there is one
look-up each; their books are written when the orders have left. Everybody else is followed in full, at once. ``risk.verdict``
is the same rule as the condition in ``follow``, which only decides whether it needs to be asked.
"""

from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal

from engine.domain import missed
from engine.domain.contract import family_of, product_of
from engine.domain.copier import Copier
from engine.domain.decision import Decision, Lot, Raised, SendLots, Severity
from engine.domain.event import FollowerFailed, OrderFilled, QuoteMarked
from engine.domain.flight import Flight
from engine.domain.ids import TAG, AccountId, OrderId, Root, Symbol, cause_hash, is_ours
from engine.domain.lane import NO_LIMIT, Feed, Lane
from engine.domain.risk import Denied, Signal, named
from engine.domain.state import DeskState, Rows

MICROSECOND = timedelta(microseconds=1)


class FanOut:
    """One leader fill on its way to his followers: decided at once, settled when the orders have left.

    ``settle`` does for the followers that fired a shot what ``follow`` does for the others at once: the books.
    """

    __slots__ = ("_entries", "_exits", "_fired", "_net", "_prefix", "_price", "_rows", "_signal", "_state")

    def __init__(self, state: DeskState, rows: Rows, event: OrderFilled, net: int, held: str = "") -> None:
        """``net`` is what the leader holds now; ``held`` says why the leader guard lets no entry through."""
        self._state = state
        self._rows = rows
        self._net = net
        self._price = event.price
        self._signal = signal = _signal(state, rows, event, held)
        self._prefix = TAG + cause_hash(signal.cause)
        self._exits: list[Lot] = []
        self._entries: list[Lot] = []
        self._fired: list[int] = []

    def decide(self) -> list[Decision]:
        """Orders of all followers: exits first, one order each, the first follower rotating."""
        rows, net, prefix, signal = self._rows, self._net, self._prefix, self._signal
        exits, entries, fired, shots = self._exits, self._entries, self._fired, rows.shots
        out: list[Decision] = []
        count = len(shots)
        if count:
            self._state.turn = turn = (self._state.turn + 1) % count
            order = [*range(turn, count), *range(turn)] if turn else range(count)
            plain = rows.takes(signal.age_us, signal.run_ticks) and not (
                signal.is_looped or signal.opposed or signal.held
            )
            for i in order:
                shot = shots[i]
                if shot is not None and plain:
                    ladder, held, low, high, mark, account, symbol = shot
                    want = ladder[net]
                    if low <= want <= high:
                        fired.append(i)
                        quantity = want - held
                        if quantity:
                            lot = (prefix + mark, account, symbol, quantity)
                            (exits if held * quantity < 0 else entries).append(lot)  # type: ignore[arg-type]  # OrderId() is a call
                        continue
                if bug := self._follow(i, exits, entries, out):
                    quarantine(rows.lanes[i][0], bug, out)
        if exits or entries:
            out.insert(0, SendLots(cause=signal.cause, lots=(*exits, *entries), exits=len(exits)))
        if rows.former:
            _follow_out(rows, signal, net, out)
        return out

    def settle(self) -> list[FollowerFailed]:
        """Write the books of those who fired; the same rule, in full, must come to the same orders.

        Returns: followers of whom that was not true, to be set aside.
        """
        sent = {lot[1]: lot for lot in (*self._exits, *self._entries)}
        failed: list[FollowerFailed] = []
        for i in self._fired:
            lots: list[Lot] = []
            out: list[Decision] = []
            bug = self._follow(i, lots, lots, out)
            account = self._rows.lanes[i][0].account
            if bug or out or (lots[0] if lots else None) != sent.get(account):
                error = bug or f"sent {sent.get(account)}, the rule says {lots or out}"
                failed.append(FollowerFailed(at=self._signal.at, account=account, error=error))
        return failed

    def _follow(self, i: int, exits: list[Lot], entries: list[Lot], out: list[Decision]) -> str:
        """Follow in full; a fault of ours in words, empty for none."""
        copier, lane, feed = self._rows.lanes[i]
        try:
            follow(copier, lane, feed, self._net, self._signal, self._price, self._prefix, exits, entries, out)
        except Exception as bug:  # noqa: BLE001  one follower's fault must not stop the others
            return repr(bug)
        return ""


def follow(
    copier: Copier,
    lane: Lane,
    feed: Feed,
    net: int,
    signal: Signal,
    price: Decimal,
    prefix: str,
    exits: list[Lot],
    entries: list[Lot],
    out: list[Decision],
) -> None:
    """Follow the leader to ``net``: check, count and name the order of one follower, if it needs one."""
    more = lane.shift(feed, net)
    if more:
        size = more if more > 0 else -more
        if copier.minute != signal.minute:
            copier.minute, copier.copies = signal.minute, 0
        if (
            copier.barred
            or lane.barred
            or lane.beside
            or feed.barred
            or signal.age_us > lane.max_age_us
            or signal.run_ticks > lane.max_run
            or signal.is_looped
            or signal.opposed
            or feed.let is not None  # so it is where the guard holds this very signal
            or copier.copies >= copier.max_copies
            or copier.trades >= copier.max_trades
            or copier.is_spent
            or size > lane.fits
            or size > lane.max_order
            or size * lane.weight > copier.room
        ):
            if lane.mark is None and family_of(lane.symbol) == family_of(feed.symbol):
                lane.mark = price  # he has traded here just now
            more = copier.judge(more, lane, feed, signal, out)
            size = more if more > 0 else -more
        if more:
            lane.goal += more
            feed.taken += more
            copier.room -= size * lane.weight
            copier.copies += 1
            copier.trades += 1
            copier.is_spent = lane.fits != NO_LIMIT
            lane.entered_by, lane.signalled_at, lane.signal_price = feed.symbol, signal.at, price
    if copier.is_ready and (copier.barred or lane.barred):
        copier.hold_back(lane, signal.cause, named("contract", copier.barred or lane.barred), out)
    quantity = lane.step()
    if not quantity or not copier.is_ready:
        return
    is_exit = lane.held * quantity < 0
    client = OrderId(prefix + copier.mark)
    lane.sent(quantity)
    copier.flights[client] = Flight(lane.symbol, quantity, signal.cause, signal.at, is_exit, abs(quantity))
    lot = (client, copier.account, lane.symbol, quantity)
    if lane.is_bracketed and copier.guard(lane, lot, signal.cause, price, out, is_exit=is_exit):
        return
    (exits if is_exit and abs(quantity) <= abs(lane.held) else entries).append(lot)  # a flip adds risk


def _follow_out(rows: Rows, signal: Signal, net: int, out: list[Decision]) -> None:
    """Copy the exits of lanes that followed this contract before the settings changed."""
    for copier, lane, feed in rows.former:
        try:
            if more := lane.shift(feed, net):
                copier.judge(more, lane, feed, signal, out)
            copier.propose(lane, signal.cause, signal.at, out)
        except Exception as bug:  # noqa: BLE001  one follower's fault must not stop the others
            quarantine(copier, repr(bug), out)


def _signal(state: DeskState, rows: Rows, event: OrderFilled, held: str) -> Signal:
    at = event.at
    opposed = rivals(state, event.account, event.quantity) if rows.has_rivals else frozenset()
    return Signal(
        cause=f"{event.account}:{event.fill}",
        at=at,
        age_us=max(0, (at - event.traded_at) // MICROSECOND),
        run_ticks=run_ticks(state.quotes.get(event.symbol), event),
        minute=int(at.timestamp()) // 60,
        opposed=opposed,
        is_looped=is_ours(event.client),
        price=event.price,
        held=held,
    )


def run_ticks(quote: QuoteMarked | None, event: OrderFilled) -> int:
    """Ticks that the price to be paid now is worse than the leader's; 0 without a quote or a known tick."""
    product = product_of(event.symbol)
    if quote is None or product is None:
        return 0
    if event.quantity > 0:
        worse = quote.ask - event.price if quote.ask is not None else Decimal(0)
    else:
        worse = event.price - quote.bid if quote.bid is not None else Decimal(0)
    return int((worse / product.tick).to_integral_value(ROUND_CEILING)) if worse > 0 else 0


def rivals(state: DeskState, leader: AccountId, quantity: int) -> frozenset[tuple[str, Root]]:
    """Who holds, or may come to hold, the side against ``quantity`` in another group: owner and product family."""
    groups, side = state.leaders[leader].groups, 1 if quantity > 0 else -1
    found: set[tuple[str, Root]] = set()
    for copier in state.copiers.values():
        if copier.group not in groups:
            for lane in copier.lanes.values():
                against = lane.net - lane.sells if side > 0 else -lane.net - lane.buys
                if against < 0 or lane.goal * side < 0:
                    found.add((copier.owner, family_of(lane.symbol)))
    owner_of = {account.id: account.owner for account in state.plan.accounts}
    for book in state.leaders.values():
        if book.account != leader:
            found |= {
                (owner_of[book.account], family_of(s)) for s, stand in book.stands.items() if stand.net * side < 0
            }
    return frozenset(found)


def catch_up(
    state: DeskState,
    leader: AccountId,
    symbol: Symbol,
    believed: int,
    rows: Rows,
    at: datetime,
    out: list[Decision],
    held: str = "",
) -> None:
    """Follow a leader whose moves were missed: exits now, entries by their policies, unless the guard holds them."""
    stand = state.leaders[leader].stands[symbol]
    opposed = rivals(state, leader, stand.net - believed) if rows.has_rivals else frozenset()
    signal, quotes = _catch_up_signal(symbol, at, opposed), state.fresh_quotes()
    for copier, lane, feed in rows.lanes:
        try:
            more = lane.shift(feed, stand.net)
            if more and held:
                out.append(copier.skipped(lane, signal.cause, more, Denied(check="guard", figures=held)))
            elif more:
                missed.judge(copier, lane, feed, stand, signal, more, quotes, out)
                state.is_unpriced |= bool(lane.missed)
            copier.propose(lane, signal.cause, at, out)
        except Exception as bug:  # noqa: BLE001  one follower's fault must not stop the others
            quarantine(copier, repr(bug), out)
    _follow_out(rows, signal, stand.net, out)


def join_priced(state: DeskState, at: datetime, out: list[Decision]) -> None:
    """Judge missed entries that waited for a price."""
    copiers, quotes = list(state.copiers.values()), state.fresh_quotes()
    for book in state.leaders.values():
        for copier, lane, feed, stand in missed.waiting(book, copiers, quotes, at):
            left = lane.target - lane.goal
            more = max(0, min(lane.missed, left)) if lane.missed > 0 else min(0, max(lane.missed, left))
            lane.missed, lane.missed_at = 0, None
            if more:
                opposed = rivals(state, book.account, more) if len(state.plan.groups) > 1 else frozenset()
                signal = _catch_up_signal(feed.symbol, at, opposed)
                missed.judge(copier, lane, feed, stand, signal, more, quotes, out, may_wait=False)
                copier.propose(lane, signal.cause, at, out)
    state.is_unpriced = any(lane.missed for copier in copiers for lane in copier.lanes.values())
    state.version += 1


def _catch_up_signal(symbol: Symbol, at: datetime, opposed: frozenset[tuple[str, Root]]) -> Signal:
    cause, minute = f"missed:{symbol}:{at.isoformat()}", int(at.timestamp()) // 60
    return Signal(cause=cause, at=at, age_us=0, run_ticks=0, minute=minute, opposed=opposed)


def quarantine(copier: Copier, error: str, out: list[Decision]) -> None:
    """Set a follower aside after a fault of ours: exits by hand only."""
    copier.quarantined = error
    copier.arm()
    said = f"{copier.account} is set aside after a fault of ours: {error}. Exits by hand only."
    out.append(Raised(code="eng.quarantine", severity=Severity.P1, text=said, account=copier.account))
