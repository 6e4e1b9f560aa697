"""Gate: the leader guards of a desk at work: what of a leader's fill may pass to his followers, and what waits for a person.

Between the leader's frame and the followers' orders stands a comparison (``Armed.passes``); what it lets through is written
into the guard when the orders have left. What it does not is judged in full at once, so that an odd trade is held before any
follower has entered. Exits are decided without the guard. What is armed is a memo: a gate that never arms decides the same.

A fault of ours in here lets nothing more through and stops no exit; it is caught whole for that, see
docs/adr/0003-quarantine-inside-the-domain.md.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from engine.domain.armed import Armed
from engine.domain.decision import Decision, Raised, Severity
from engine.domain.event import OrderFilled
from engine.domain.group import MissedEntry
from engine.domain.guard import Hold, Move, Refuse, Verdict, explain
from engine.domain.guardplan import GuardPlan
from engine.domain.held import Dropped, Held, HeldState, LeaderGuard
from engine.domain.ids import AccountId, BrokerOrderId, Symbol
from engine.domain.leader import LeaderBook
from engine.domain.sizing import mark_of
from engine.domain.state import DeskState, Rows

SOON = timedelta(seconds=30)  # armed figures that end within this are armed anew, where time passes
SHOWN = 8  # followers named in a notice
OVER = "rogue.ended"
ODD = "rogue.leader"


class Gate:
    """All leader guards of one desk. What is armed here is a look-up over them, never state itself."""

    def __init__(self, state: DeskState) -> None:
        """Nothing is armed yet."""
        self._state = state
        self._armed: dict[AccountId, dict[Symbol, Armed]] = {}
        self._stale: dict[AccountId, datetime] = {}
        self._unwritten: list[tuple[LeaderGuard, OrderFilled, int, Decimal | None]] = []
        self._plans: dict[AccountId, GuardPlan] = {}

    # ---- the leader's way ------------------------------------------------------------------------------------------

    def passes(self, guard: LeaderGuard, event: OrderFilled, net: int) -> bool:
        """Say whether a fill needs no look: an exit while nothing waits, or an entry that is sure to pass."""
        armed = self._armed.get(guard.account, {}).get(event.symbol)
        if armed is None:
            return False
        mark, before = None, net - event.quantity
        if before * event.quantity >= 0 or net * event.quantity > 0:  # as ``Move.rise``
            if armed.away is not None:
                mark = self._mark(event.symbol)
            if not armed.passes(event.at, event.order, net, event.price, mark):
                return False
        self._unwritten.append((guard, event, net, mark))
        return True

    def judge(self, guard: LeaderGuard, rows: Rows, event: OrderFilled, net: int, out: list[Decision]) -> str:
        """Judge a fill in full; why its entry does not pass, empty where it does."""
        self.settle()
        move = _move(event, net, self._mark(event.symbol))
        if not rows.lanes:
            self._admit(guard, move)
            return ""
        return self._judged(guard, rows, move, out)

    def restated(
        self, book: LeaderBook, symbol: Symbol, believed: int, rows: Rows, at: datetime, out: list[Decision]
    ) -> str:
        """Judge what was missed of a leader where a follower would join it by itself; why it may not, or empty."""
        guard, stand = self._state.guards.get(book.account), book.stands[symbol]
        if guard is None:
            return ""
        cause = f"missed:{symbol}:{at.isoformat()}"
        move = Move(
            at=at,
            cause=cause,
            order=BrokerOrderId(cause),
            symbol=symbol,
            quantity=stand.net - believed,
            net=stand.net,
            price=stand.cost.average,
        )
        if not any(copier.plan.missed_entry is MissedEntry.JOIN for copier, _, _ in rows.lanes):
            self._admit(guard, move)
            _bound(guard, rows, symbol)
            return ""
        return self._judged(guard, rows, move, out, is_missed=True)

    def _judged(
        self, guard: LeaderGuard, rows: Rows, move: Move, out: list[Decision], *, is_missed: bool = False
    ) -> str:
        self._expire(guard, move.at, out)
        left = {held.id: held.left for held in guard.waiting}
        verdict = self._fold(guard, move, is_missed=is_missed)
        out += _gone(guard, left)
        _tell_fault(guard, out)
        _bound(guard, rows, move.symbol)
        tally = guard.past.orders.get(move.order)
        match verdict:
            case Hold():
                held = guard.held[tally.held] if tally is not None else guard.waiting[-1]
                if held.id not in left:
                    self._state.helds += 1
                out.append(_told_held(guard, held, verdict, rows, is_new=held.id not in left))
                return f"{held.id} waits until {held.expires:%H:%M:%S} UTC: {explain(verdict)}"
            case Refuse():
                is_first = tally is None or abs(tally.size) == abs(move.rise)
                out.append(_told_refused(guard, move, verdict, rows, is_first=is_first))
                return f"refused: {explain(verdict)}"
            case _:
                return f"fault: {guard.fault}" if guard.fault and move.rise else ""

    def _fold(self, guard: LeaderGuard, move: Move, *, is_missed: bool = False) -> Verdict | None:
        self.stale(guard.account, move.at)
        if guard.fault:
            guard.set_aside(move.symbol, move.net, guard.fault)
            return None
        try:
            name = f"H{self._state.helds + 1}"
            return guard.fold(move, self._plan(guard.account), name, is_missed=is_missed)
        except Exception as bug:  # noqa: BLE001  no exit waits for the guard
            guard.set_aside(move.symbol, move.net, repr(bug))
            return None

    def _admit(self, guard: LeaderGuard, move: Move) -> None:
        self.stale(guard.account, move.at)
        if guard.fault:
            guard.set_aside(move.symbol, move.net, guard.fault)
        else:
            guard.admit(move)

    def settle(self) -> None:
        """Write what passed into the guards, now that the orders have left."""
        unwritten, self._unwritten = self._unwritten, []
        for guard, event, net, mark in unwritten:
            self._fold(guard, _move(event, net, mark))

    # ---- arming ----------------------------------------------------------------------------------------------------

    def stale(self, account: AccountId, at: datetime) -> None:
        """A guard has heard something: it is asked in full until it is armed anew."""
        self._armed.pop(account, None)
        self._stale[account] = at

    def aim(self) -> None:
        """Work out what would pass, for a moment when nothing waits. Decisions do not depend on it."""
        for account, at in self._stale.items():
            guard, plan = self._state.guards.get(account), self._plan(account)
            if guard is None or guard.fault or guard.waiting:
                continue
            known = [symbol for symbol, track in guard.past.tracks.items() if track.passed == track.net]
            try:
                self._armed[account] = {symbol: guard.arm(symbol, at, plan) for symbol in known}
            except Exception:  # noqa: BLE001  unarmed it is asked in full, and says there what is wrong
                self._armed.pop(account, None)
        self._stale.clear()

    def _plan(self, account: AccountId) -> GuardPlan:
        if account not in self._plans:
            self._plans = {one.id: one.guard for one in self._state.plan.accounts if one.guard is not None}
        return self._plans.get(account) or GuardPlan()

    def _mark(self, symbol: Symbol) -> Decimal | None:
        """Market's price that this process has heard itself."""
        quote, since = self._state.quotes.get(symbol), self._state.run_since
        if quote is None or (since is not None and quote.at < since):
            return None
        return mark_of({symbol: quote}, symbol)

    # ---- settings and time -----------------------------------------------------------------------------------------

    def configured(self, before: dict[AccountId, LeaderGuard], at: datetime, out: list[Decision]) -> None:
        """Settings changed; trades that wait at a guard that was taken away are not copied."""
        self._plans, self._armed = {}, {}
        for account, guard in before.items():
            if account not in self._state.guards:
                out += [_ended(guard, held, "its guard was taken out of the settings") for held in guard.waiting]
        for account in self._state.guards:
            self.stale(account, at)

    def passed(self, at: datetime, out: list[Decision]) -> None:
        """Time has passed: refuse what nobody answered, and keep the armed figures young."""
        for account, guard in self._state.guards.items():
            self._expire(guard, at, out)
            _tell_fault(guard, out)
            armed = self._armed.get(account)
            if armed is None or any(one.until - at < SOON for one in armed.values()):
                self._stale[account] = at

    def clock_changed(self, at: datetime) -> None:
        """Times that were armed belong to the clock as it was."""
        for account in self._state.guards:
            self.stale(account, at)

    @property
    def due(self) -> datetime | None:
        """When the next waiting trade expires."""
        return min((due for guard in self._state.guards.values() if (due := guard.due) is not None), default=None)

    def _expire(self, guard: LeaderGuard, at: datetime, out: list[Decision]) -> None:
        for dropped in guard.expire(at):
            self.stale(guard.account, at)
            out.append(_dropped(guard, dropped))

    # ---- people ----------------------------------------------------------------------------------------------------

    def find(self, name: str, at: datetime, out: list[Decision]) -> tuple[LeaderGuard, Held] | None:
        """A held trade by the name that a person types, and whose guard holds it; what is too old has ended."""
        for guard in self._state.guards.values():
            held = guard.held.get(name)
            if held is not None:
                self._expire(guard, at, out)
                return guard, held
        return None


def _move(event: OrderFilled, net: int, mark: Decimal | None) -> Move:
    return Move(
        at=event.at,
        cause=f"{event.account}:{event.fill}",
        order=event.order,
        symbol=event.symbol,
        quantity=event.quantity,
        net=net,
        price=event.price,
        mark=mark,
    )


def _bound(guard: LeaderGuard, rows: Rows, symbol: Symbol) -> None:
    """Arm how far the followers may enter: the part of the leader's position that was let through."""
    track = guard.past.track(symbol)
    let = None if track.passed == track.net else track.passed
    for _, _, feed in rows.lanes:
        feed.let = let


# ---- notices -------------------------------------------------------------------------------------------------------


def side_of(quantity: int, symbol: Symbol) -> str:
    """A trade in words: BUY 7 NQZ6."""
    return f"{'BUY' if quantity > 0 else 'SELL'} {abs(quantity)} {symbol}"


def _raised(guard: LeaderGuard, symbol: Symbol, severity: Severity, text: str, code: str = ODD) -> Raised:
    return Raised(code=code, severity=severity, text=text, account=guard.account, symbol=symbol)


def _tell_fault(guard: LeaderGuard, out: list[Decision]) -> None:
    if guard.fault and not guard.is_fault_told:
        guard.is_fault_told = True
        text = f"the guard on {guard.account} failed: {guard.fault}. Exits are copied, entries are not until a restart."
        out.append(Raised(code="eng.guard", severity=Severity.P1, text=text, account=guard.account))


def _names(rows: Rows) -> str:
    names = [str(copier.account) for copier, _, _ in rows.lanes]
    return ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")


def _told_held(guard: LeaderGuard, held: Held, verdict: Hold, rows: Rows, *, is_new: bool) -> Raised:
    if not is_new:
        text = f"{held.id} has grown to {side_of(held.left, held.symbol)}"
        return _raised(guard, held.symbol, Severity.P3, text)
    text = (
        f"{held.id}: {guard.account} {side_of(held.left, held.symbol)} at {held.price} is held: {explain(verdict)}. "
        f"{_names(rows)} wait until {held.expires:%H:%M:%S} UTC, then it is refused. "
        f"/approve {held.id}, /refuse {held.id}, or look: /held"
    )
    return _raised(guard, held.symbol, Severity.P1, text)


def _told_refused(guard: LeaderGuard, move: Move, verdict: Refuse, rows: Rows, *, is_first: bool) -> Raised:
    what = f"{guard.account} {side_of(move.rise, move.symbol)} at {move.price}"
    text = f"{what} is refused: {explain(verdict)}. Not copied to {_names(rows)}."
    return _raised(guard, move.symbol, Severity.P2 if is_first else Severity.P3, text)


def _ended(guard: LeaderGuard, held: Held, words: str) -> Raised:
    text = f"{held.id}: {guard.account} {side_of(held.quantity, held.symbol)} is over: {words}"
    return _raised(guard, held.symbol, Severity.P4, text, OVER)


def _dropped(guard: LeaderGuard, dropped: Dropped) -> Raised:
    return _ended(guard, guard.held[dropped.id], f"{dropped.words}, not copied")


def _gone(guard: LeaderGuard, left: dict[str, int]) -> Iterator[Raised]:
    """What the leader closed himself of that which waited."""
    for name, before in left.items():
        held = guard.held.get(name)
        if held is None or abs(held.left) >= abs(before):
            continue
        if held.state is HeldState.GONE:
            yield _ended(guard, held, "the leader closed it himself")
        else:
            text = f"{name}: the leader has closed part of it; {side_of(held.left, held.symbol)} still waits"
            yield _raised(guard, held.symbol, Severity.P4, text)
