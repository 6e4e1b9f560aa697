"""Held: the guard on one leader as a state machine: what passed, what waits for a person, and how each wait ended.

Theory of operation. Every fill of the leader is folded in, whatever becomes of it. Its exit part is never asked about: it
shrinks what waits, newest first, and what was let through can never be more than he still holds. Its rising part is judged:

    open ──approve──► approved      all of it, or for some followers only; the profile learns it
      ├────refuse───► refused       by a person
      ├────time─────► expired       nobody answered: refused
      └────exits────► gone          he closed it himself before anybody answered

Only ``open`` changes. Later parts of an order that waits join it; of one that was refused or has expired they are refused;
of one that is gone they wait anew; of an approved one they are judged again, since nobody has seen them. Nothing
here has a clock: every call says the time.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

import msgspec

from engine.domain.armed import Armed, arm
from engine.domain.contract import root_of
from engine.domain.guard import Fate, Hold, Move, Pass, Past, Reason, Refuse, Tally, Track, Verdict, judge, measured
from engine.domain.guardplan import GuardPlan, Rule
from engine.domain.ids import AccountId, BrokerOrderId, Symbol
from engine.domain.profile import Profile, Seen
from engine.domain.value import Value

KEPT = 32  # held trades that have ended, for taps that come late
ZERO = Decimal(0)


class HeldState(StrEnum):
    """Where a held trade stands."""

    OPEN = "open"
    APPROVED = "approved"
    REFUSED = "refused"
    EXPIRED = "expired"
    GONE = "gone"


class Held(msgspec.Struct):
    """One trade that waits for a person, or waited. ``quantity`` and ``left`` are signed contracts of the leader."""

    id: str  # short enough to type; without one, the cause
    order: BrokerOrderId
    symbol: Symbol
    at: datetime
    expires: datetime
    rules: tuple[Rule, ...]
    reasons: tuple[Reason, ...]
    score: int
    seen: Seen
    quantity: int = 0  # as it was traded
    left: int = 0  # what of it he still holds
    worth: Decimal = ZERO  # sum of price times unsigned contracts
    state: HeldState = HeldState.OPEN
    ended_at: datetime | None = None
    by: str = ""  # who ended it
    followers: tuple[AccountId, ...] = ()  # approved for these; empty is all
    cause: str = ""  # of its first fill

    @property
    def price(self) -> Decimal:
        """Average price of his fills."""
        return self.worth / abs(self.quantity)


class Released(Value, frozen=True, tag=True):
    """Copy it now: at most ``quantity`` signed contracts of the leader, to these followers; none named is all."""

    id: str
    symbol: Symbol
    quantity: int
    followers: tuple[AccountId, ...]
    by: str


class Dropped(Value, frozen=True, tag=True):
    """It will not be copied."""

    id: str
    symbol: Symbol
    quantity: int
    words: str


class NotOpen(Value, frozen=True, tag=True):
    """Nothing was done: it has ended already, or was never held."""

    id: str
    words: str


class LeaderGuard(msgspec.Struct):
    """The guard on one leader; a checkpoint keeps all of it."""

    account: AccountId
    past: Past = msgspec.field(default_factory=Past)
    profile: Profile = msgspec.field(default_factory=Profile)
    held: dict[str, Held] = {}
    fault: str = ""  # our own code failed here: nothing that adds risk is let through any more …
    is_fault_told: bool = False  # … and people know

    def begin(self, nets: Mapping[Symbol, int]) -> None:
        """Start watching a leader who holds something already: that is let through."""
        for symbol, net in nets.items():
            track = self.past.track(symbol)
            track.net = track.passed = net
            track.peak = abs(net)

    def passed(self, symbol: Symbol) -> int:
        """The part of his position that was let through."""
        track = self.past.tracks.get(symbol)
        return track.passed if track is not None else 0

    def set_aside(self, symbol: Symbol, net: int, error: str) -> None:
        """After a fault of ours: exits go on, what adds risk is refused."""
        track, self.fault, self.is_fault_told = self.past.track(symbol), error, self.is_fault_told and bool(self.fault)
        track.net, track.passed = net, _within(track.passed, net)

    # ---- the leader's fills ----------------------------------------------------------------------------------------

    def fold(self, move: Move, plan: GuardPlan, name: str = "", *, is_missed: bool = False) -> Verdict | None:
        """Take in one fill; the verdict on its rising part, None for an exit. ``name`` is for a trade that is held now.

        Call it once for every fill, in order; after ``Armed.passes`` it may be called when the orders have left. What was
        missed during a gap, nobody knows when and in how many orders, is judged and teaches nothing.
        """
        track, before = self.past.track(move.symbol), self.past.orders.get(move.order)
        if not move.rise:
            self._shrink(track, move)
            track.net = move.net
            return None
        verdict = self._standing(before) or judge(move, self.past, self.profile, plan)
        seen = measured(move, self.past, plan)
        self._shrink(track, move)  # after judging: what it teaches counts from the next entry on
        tally = self.past.record(move)
        tally.is_learned |= is_missed
        track.net = move.net
        match verdict:
            case Pass():
                track.passed += move.rise
                track.peak = max(track.peak, abs(track.passed))
                tally.fate, tally.held = Fate.PASSED, ""
                if before is None and not is_missed:
                    self.profile.learn_entry(seen)
            case Hold():
                self._hold(move, tally, verdict, seen, plan, name)
            case Refuse():
                tally.fate, tally.refusal = Fate.REFUSED, verdict
        self._learn_orders(but=move.order)
        return verdict

    def admit(self, move: Move) -> None:
        """Take in a fill that nothing is asked about: nobody would enter because of it."""
        track = self.past.track(move.symbol)
        self._shrink(track, move)
        track.net, track.passed = move.net, track.passed + move.rise
        track.peak = max(track.peak, abs(track.passed))
        if track.since is None and move.net:
            track.since = move.at

    def moved(self, symbol: Symbol, net: int, at: datetime) -> None:
        """His position was found to be ``net``, not by a fill: less of it may pass or wait than before, never more."""
        track = self.past.track(symbol)
        if net * track.net < 0 or abs(net) < abs(track.net):
            left = net if net * track.net > 0 else 0
            self._close(symbol, track, abs(track.net) - abs(left), left, at)
        if track.since is None and net:
            track.since = at
        track.net = net

    def arm(self, symbol: Symbol, at: datetime, plan: GuardPlan) -> Armed:
        """What the next entry in a contract may be without asking."""
        return arm(symbol, at, self.past, self.profile, plan)

    def _standing(self, tally: Tally | None) -> Hold | Refuse | None:
        """Verdict that an order has from its earlier parts."""
        if tally is None or tally.refusal is not None:
            return tally.refusal if tally is not None else None
        held = self.held.get(tally.held)
        if held is None or held.state is HeldState.APPROVED:
            return None
        kind = Hold if held.state in (HeldState.OPEN, HeldState.GONE) else Refuse
        return kind(score=held.score, rules=held.rules, reasons=held.reasons)

    def _hold(self, move: Move, tally: Tally, verdict: Hold, seen: Seen, plan: GuardPlan, name: str) -> None:
        held = self.held.get(tally.held)
        if held is None or held.state is not HeldState.OPEN:
            name = name or move.cause
            held = self.held[name] = Held(
                id=name,
                cause=move.cause,
                order=move.order,
                symbol=move.symbol,
                at=move.at,
                expires=move.at + timedelta(seconds=plan.hold_s),
                rules=verdict.rules,
                reasons=verdict.reasons,
                score=verdict.score,
                seen=seen,
            )
            tally.fate, tally.held = Fate.HELD, held.id
        held.quantity += move.rise
        held.left += move.rise
        held.worth += move.price * abs(move.rise)
        self._forget()

    def _shrink(self, track: Track, move: Move) -> None:
        """Take the exit part of a fill off what waits and what was let through."""
        closed = abs(move.quantity) - abs(move.rise)
        if closed:
            self._close(move.symbol, track, closed, 0 if move.rise else move.net, move.at)

    def _close(self, symbol: Symbol, track: Track, closed: int, net: int, at: datetime) -> None:
        waiting = [held for held in self.held.values() if held.symbol == symbol and held.state is HeldState.OPEN]
        for held in reversed(waiting):
            gone = min(closed, abs(held.left))
            held.left -= gone if held.left > 0 else -gone
            closed -= gone
            if not held.left:
                self._end(held, HeldState.GONE, at, "the leader")
        track.passed = _within(track.passed, net)
        if net:
            return
        if track.peak and track.since is not None:
            seconds = max(0, (at - track.since) // timedelta(seconds=1))
            self.profile.learn_trip(root_of(symbol), track.peak, seconds)
        track.since, track.peak = None, 0
        self._learn_orders(of=symbol)

    def _learn_orders(self, *, but: BrokerOrderId | None = None, of: Symbol | None = None) -> None:
        """Learn sizes of orders that another one followed, or whose position has ended."""
        for order, tally in self.past.orders.items():
            if tally.fate is Fate.PASSED and not tally.is_learned and order != but and of in (None, tally.symbol):
                tally.is_learned = True
                self.profile.learn_order(root_of(tally.symbol), abs(tally.size))

    # ---- people and time -------------------------------------------------------------------------------------------

    def approve(self, held_id: str, at: datetime, by: str, followers: tuple[AccountId, ...] = ()) -> Released | NotOpen:
        """Let a held trade through, for some followers or for all: once, and only while it waits."""
        held = self._open(held_id, at)
        if isinstance(held, NotOpen):
            return held
        self._end(held, HeldState.APPROVED, at, by)
        held.followers = followers
        track = self.past.track(held.symbol)
        track.passed += held.left
        track.peak = max(track.peak, abs(track.passed))
        self.profile.learn_entry(held.seen)
        return Released(id=held.id, symbol=held.symbol, quantity=held.left, followers=followers, by=by)

    def refuse(self, held_id: str, at: datetime, by: str) -> Dropped | NotOpen:
        """Do not copy a held trade."""
        held = self._open(held_id, at)
        if isinstance(held, NotOpen):
            return held
        self._end(held, HeldState.REFUSED, at, by)
        return _dropped(held, f"refused by {by}")

    def expire(self, at: datetime) -> list[Dropped]:
        """Refuse what nobody answered in time."""
        late = [held for held in self.held.values() if held.state is HeldState.OPEN and held.expires <= at]
        for held in late:
            self._end(held, HeldState.EXPIRED, at, "")
        return [_dropped(held, f"nobody answered within {seconds_of(held.expires - held.at)} s") for held in late]

    def shift_clock(self, by: timedelta) -> None:
        """Move every running wait along with the computer's clock."""
        for held in self.waiting:
            held.at, held.expires = held.at + by, held.expires + by
        self.past.entries = [at + by for at in self.past.entries]
        for track in self.past.tracks.values():
            track.since = track.since + by if track.since is not None else None
            track.turns = [at + by for at in track.turns]

    @property
    def waiting(self) -> list[Held]:
        """Trades that wait for a person, oldest first."""
        return [held for held in self.held.values() if held.state is HeldState.OPEN]

    @property
    def due(self) -> datetime | None:
        """When ``expire`` should be called next."""
        return min((held.expires for held in self.waiting), default=None)

    def _open(self, held_id: str, at: datetime) -> Held | NotOpen:
        held = self.held.get(held_id)
        if held is not None and held.state is HeldState.OPEN and held.expires <= at:
            self._end(held, HeldState.EXPIRED, at, "")
        return held if held is not None and held.state is HeldState.OPEN else not_open(held_id, held)

    def _end(self, held: Held, state: HeldState, at: datetime, by: str) -> None:
        held.state, held.ended_at, held.by = state, at, by
        tally = self.past.orders.get(held.order)
        if tally is not None and tally.held == held.id:
            tally.fate = Fate.PASSED if state is HeldState.APPROVED else Fate.REFUSED

    def _forget(self) -> None:
        """Keep what waits, and the newest of what has ended."""
        ended = [held.id for held in self.held.values() if held.state is not HeldState.OPEN]
        for name in ended[:-KEPT]:
            del self.held[name]


def _within(part: int, net: int) -> int:
    return max(0, min(part, net)) if net >= 0 else min(0, max(part, net))


def _dropped(held: Held, words: str) -> Dropped:
    return Dropped(id=held.id, symbol=held.symbol, quantity=held.left, words=words)


_SAID: Mapping[HeldState, Callable[[Held], str]] = {
    HeldState.OPEN: lambda held: f"it expired at {held.expires:%H:%M:%S} UTC",
    HeldState.APPROVED: lambda held: f"{held.by} approved it at {held.ended_at:%H:%M:%S} UTC",
    HeldState.REFUSED: lambda held: f"{held.by} refused it at {held.ended_at:%H:%M:%S} UTC",
    HeldState.EXPIRED: lambda held: f"it expired at {held.expires:%H:%M:%S} UTC",
    HeldState.GONE: lambda held: f"the leader closed it himself at {held.ended_at:%H:%M:%S} UTC",
}


def not_open(held_id: str, held: Held | None) -> NotOpen:
    """Why a tap does nothing."""
    words = "no trade of that name is held" if held is None else _SAID[held.state](held)
    return NotOpen(id=held_id, words=words)


def seconds_of(span: timedelta) -> int:
    """Whole seconds."""
    return span // timedelta(seconds=1)
