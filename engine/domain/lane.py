"""Lane: one follower's position in one contract, driven by the leader's.

Theory of operation. Four signed numbers and two counts:

    target   what allocation makes of the leader's net position now
    goal     what this follower should hold: the part of the target that was allowed; always between 0 and target
             unless somebody else traded on the account
    held     what it holds, by fills
    buys, sells   contracts of our own orders that may still fill

An exit lowers the goal at once; an entry raises it by what the checks allow, so a skipped entry stays skipped. ``step``
gives the one order that moves ``held`` toward ``goal`` and is safe whatever becomes of the orders in flight: entries never
pass the goal even if every open order fills, exits never pass zero even if every open order fills. So an exit can never
open or reverse a position, and no answer, late or lost, makes a follower hold more than its goal.

Everything here is integers: it runs between the leader's frame and the followers' frames.
"""

from datetime import datetime
from decimal import Decimal

import msgspec

from engine.domain.desync import Course, SyncState
from engine.domain.ids import AccountId, OrderId, Symbol
from engine.domain.position import Cost

NO_LIMIT = 1 << 60


class Feed(msgspec.Struct):
    """What one leader contract contributes to a lane: ``ladder[net]`` for each leader net, negative ones included.

    A list of 2·reach + 1 contracts: index ``net`` works for either sign, since Python counts negatives from the end.
    """

    symbol: Symbol  # the leader's contract
    part: int = 0  # contribution to the lane's target now
    taken: int = 0  # the part of it that was allowed; kept where a lane has several feeds
    net: int = 0  # leader net that ``part`` was read for
    ladder: list[int] = msgspec.field(default_factory=lambda: [0])
    num: int = 0  # the ratio that the ladder was laid by: follower contracts for one of the leader's, before rounding
    den: int = 1
    flat: int = 0  # or this many at any size
    turn: int = 0  # of a pool: who was served first
    words: str = ""  # the arithmetic, for the receipt
    barred: str = ""  # why this contract of the leader gives no entries: "rollover: ..."
    let: int | None = None  # armed: leader net that the guard let through, where he holds more; None where it is all

    @property
    def bound(self) -> int:
        """Contribution to the goal beyond which nothing was let through."""
        return self.part if self.let is None else self.ladder[self.let]


class Lane(msgspec.Struct):
    """One follower, one contract. See the theory of operation above."""

    account: AccountId
    symbol: Symbol
    feeds: dict[Symbol, Feed] = {}
    total: int = 0  # sum of the feeds' parts …
    target: int = 0  # … within the cap
    goal: int = 0
    held: int = 0
    buys: int = 0
    sells: int = 0
    # armed: worked out when its inputs change, looked up when an order depends on it
    barred: str = ""  # why this lane takes no entries: "desync: ..."; empty when it does
    weight: int = 1000  # thousandths of a mini for one contract
    cap: int = NO_LIMIT  # contracts on either side, whatever the feeds add up to
    max_order: int = NO_LIMIT
    max_run: int = NO_LIMIT  # ticks
    max_age_us: int = NO_LIMIT
    fits: int = NO_LIMIT  # contracts that the account's money lets in on top of the goal …
    fit_check: str = ""  # … by this check …
    fit_words: str = ""  # … for these figures
    mark: Decimal | None = None  # newest price that they were worked out with
    is_one_order: bool = False  # flips through zero with one net order
    is_bracketed: bool = False  # entries leave with protective children
    naked_since: datetime | None = None  # … and since when a position stands without
    # the newest entry signal, for an entry that has to wait for an exit
    signalled_at: datetime | None = None
    signal_price: Decimal | None = None
    entered_by: Symbol | None = None
    is_waiting: bool = False  # … or for a comparison with the broker
    missed: int = 0  # signed contracts of a missed entry that waits for a first price, and since when
    missed_at: datetime | None = None
    # the exit that would not go through
    exit_tries: int = 0
    retry_at: datetime | None = None
    liquidation: OrderId | None = None  # the flight that stands for the broker's own closing
    # what the broker says, and since when it differs
    reported: int | None = None
    off_since: datetime | None = None
    is_off_told: bool = False
    cost: Cost = msgspec.field(default_factory=Cost)
    apart: str = ""  # by whose word the leader drives it no more; empty when he does
    is_apart_told: bool = False  # … and people know that he is out
    expired: str = ""  # why the contract takes no entries any more, by its dates
    lost: int = 0  # signed contracts of an allowed entry whose order went missing: to be tried again within bounds
    course: Course = msgspec.field(default_factory=Course)
    beside: int = 0  # signed contracts of other hands that are kept beside ``held``: never on the other side of it

    def shift(self, feed: Feed, net: int) -> int:
        """Follow the leader to ``net``: lower the goal where he shrank.

        Returns: signed contracts by which an entry would raise the goal, never past the target, for the caller to check.
        """
        if len(self.feeds) > 1:
            return self._shift_one_of(feed, net)
        was, part, before, goal = feed.net, feed.ladder[net], self.target, self.goal
        self.total = after = self.total + part - feed.part
        if after > self.cap:
            after = self.cap
        elif after < -self.cap:
            after = -self.cap
        feed.part, feed.net, self.target = part, net, after
        if after < before or (after == before and net < was):
            if (before > 0 or was > 0) and goal > 0 and goal > after and not self.apart:
                self.goal = goal = max(after, 0)  # out first, whatever becomes of an entry on the other side
            if self.lost:
                self.keep_lost()
            if after >= 0:
                return 0
            bound = before if before < 0 else 0  # noqa: FURB136  min and max cost a call each, for every follower
            bound = goal if goal < bound else bound  # noqa: FURB136  as above
            return after - bound if after < bound else 0
        if (before < 0 or was < 0) and goal < 0 and goal < after and not self.apart:
            self.goal = goal = min(after, 0)
        if self.lost:
            self.keep_lost()
        if after <= 0:
            return 0
        bound = before if before > 0 else 0  # noqa: FURB136  as above
        bound = goal if goal > bound else bound  # noqa: FURB136  as above
        return after - bound if after > bound else 0

    def _shift_one_of(self, feed: Feed, net: int) -> int:
        """As ``shift``, where several contracts of the leader end in this lane: what one of them was refused hides no exit
        of another."""
        part, before, goal = feed.ladder[net], self.target, self.goal
        moved = part - feed.part
        self.total += moved
        self.target = after = max(-self.cap, min(self.cap, self.total))
        feed.part, feed.net = part, net
        if moved * before < 0 and part * moved > 0:  # against the others: it only shrinks what is held
            feed.taken = part
        else:
            feed.taken = max(0, min(feed.taken, part)) if part >= 0 else min(0, max(feed.taken, part))
        bound = sum(other.taken for other in self.feeds.values())
        if self.apart:
            pass
        elif moved < 0 < goal:
            self.goal = goal = min(goal, max(bound, 0))
        elif moved > 0 > goal:
            self.goal = goal = max(goal, min(bound, 0))
        if self.lost:
            self.keep_lost()
        if moved > 0 and after > 0:
            return max(0, min(after - max(before, 0), after - goal))
        return min(0, max(after - min(before, 0), after - goal)) if moved < 0 and after < 0 else 0

    def feed(self, symbol: Symbol) -> Feed:
        """What one leader contract contributes, made at first sight."""
        found = self.feeds.get(symbol)
        if found is None:
            for other in self.feeds.values():
                part = other.part
                other.taken = max(0, min(self.goal, part)) if part >= 0 else min(0, max(self.goal, part))
            found = self.feeds[symbol] = Feed(symbol)
        return found

    def allow(self, feed: Feed, more: int) -> None:
        """Raise the goal by an entry that may pass."""
        self.goal += more
        feed.taken += more
        self.entered_by = feed.symbol

    def lay(self, feed: Feed, ladder: list[int]) -> None:
        """Put another ladder in force. What is held and the goal stay as they are."""
        feed.ladder = ladder
        part = ladder[feed.net]
        self.total += part - feed.part
        feed.part = part
        self.target = max(-self.cap, min(self.cap, self.total))

    def step(self) -> int:
        """Signed contracts to order now, 0 for none. Entries in pieces of the largest order that is allowed."""
        goal, held = self.goal, self.held
        if held > 0:
            if goal >= held:
                return min(goal - held - self.buys, self.max_order) if goal - held > self.buys else 0
            excess = held - self.sells - (max(0, goal))
            if excess <= 0:
                return 0
            return goal - excess if goal < 0 and self._is_one_flip(excess - goal) else -excess
        if held < 0:
            if goal <= held:
                return -min(held - goal - self.sells, self.max_order) if held - goal > self.sells else 0
            excess = -held - self.buys + (min(0, goal))
            if excess <= 0:
                return 0
            return goal + excess if goal > 0 and self._is_one_flip(excess + goal) else excess
        if goal > 0:
            return min(goal - self.buys, self.max_order) if goal > self.buys and not self.sells else 0
        if goal < 0:
            return -min(-goal - self.sells, self.max_order) if -goal > self.sells and not self.buys else 0
        return 0

    def next(self) -> int:
        """As ``step``, where no entry of ours is to go beyond the target, whatever other hands have made of the goal."""
        self.count_in()
        return self.step()

    def _is_one_flip(self, contracts: int) -> bool:
        return self.is_one_order and not self.buys and not self.sells and contracts <= self.max_order

    def sent(self, quantity: int) -> None:
        """Count an order of ours as in flight."""
        if quantity > 0:
            self.buys += quantity
        else:
            self.sells -= quantity

    def ended(self, quantity: int) -> None:
        """Count ``quantity`` signed contracts of our orders as no longer in flight."""
        if quantity > 0:
            self.buys = max(0, self.buys - quantity)
        else:
            self.sells = max(0, self.sells + quantity)

    def keep_lost(self) -> None:
        """Of an entry that went missing no more is wanted than the target leaves open."""
        left = self.target - self.goal
        self.lost = max(0, min(self.lost, left)) if self.lost > 0 else min(0, max(self.lost, left))

    def give_up(self, quantity: int) -> int:
        """Lower the goal by an entry of ``quantity`` that will not come, never below what is held or still coming.

        Returns: signed contracts that the goal lost.
        """
        before = self.goal
        if quantity > 0:
            goal = max(self.goal - quantity, min(self.goal, max(self.held + self.buys, 0)))
        else:
            goal = min(self.goal - quantity, max(self.goal, min(self.held - self.sells, 0)))
        self._lose(self.goal - goal)
        return before - goal

    def hold_back(self) -> int:
        """Give up every entry that has not left yet.

        Returns: signed contracts that the goal lost.
        """
        goal = self.goal
        coming = max(self.held + self.buys, 0) if goal > 0 else min(self.held - self.sells, 0)
        lost = goal - (min(goal, coming) if goal > 0 else max(goal, coming))
        self._lose(lost)
        return lost

    def _lose(self, lost: int) -> None:
        self.goal -= lost
        if lost and len(self.feeds) > 1:  # the newest entry first, then whoever has something
            for feed in sorted(self.feeds.values(), key=lambda feed: feed.symbol != self.entered_by):
                gone = max(0, min(lost, feed.taken)) if lost > 0 else min(0, max(lost, feed.taken))
                feed.taken -= gone
                lost -= gone

    def count_in(self) -> None:
        """Let contracts of other hands count toward what has not left yet: no entry of ours goes beyond the target."""
        if self.goal > 0:
            most = max(0, self.target, self.held + self.buys)
            self._lose(max(0, self.goal - most))
        elif self.goal < 0:
            most = min(0, self.target, self.held - self.sells)
            self._lose(min(0, self.goal - most))

    def meddled(self, quantity: int) -> bool:
        """Take in a fill that is not ours. A close by other hands is not bought back; an opening is left alone.

        Returns: True for a close.
        """
        before, self.held, self.lost = self.held, self.held + quantity, 0
        if before * quantity >= 0:
            self.goal += quantity
            return False
        if before * self.held < 0:  # through zero: what is left was opened by other hands
            self.goal = self.held
            return False
        if before * self.goal > 0:  # a goal on the other side is a flip under way, which goes on
            self.hold_back()
            coming = self.held + self.buys - self.sells  # exits of ours in flight close some of it as well
            goal = max(0, min(self.goal, coming)) if self.goal > 0 else min(0, max(self.goal, coming))
            self._lose(self.goal - goal)
        return True

    def is_settled(self) -> bool:
        """Say whether nothing is to do and nothing is under way."""
        return self.held == self.goal and not self.buys and not self.sells

    def is_busy(self) -> bool:
        """Say whether time must look after it."""
        return bool(
            not self.is_settled()
            or self.retry_at
            or self.lost
            or self.course.state is not SyncState.IN_SYNC
            or (self.is_bracketed and self.held)
            or (self.reported is not None and self.reported != self.net)
        )

    def counted(self, *, is_entering: bool) -> int:
        """Contracts, unsigned, that count under the account's caps; a lane that enters counts with its goal alone."""
        return (abs(self.goal) if is_entering else self.worst) + abs(self.beside)

    def is_explained(self) -> bool:
        """Say whether the leader's position explains what is held, with nothing under way."""
        return self.is_settled() and min(0, self.target) <= self.held <= max(0, self.target)

    @property
    def net(self) -> int:
        """What the broker has: our own part and what is kept apart."""
        return self.held + self.beside

    def net_out(self) -> None:
        """Our part and what is kept apart met on opposite sides: the broker has netted them, nothing is bought back."""
        if self.beside * self.held < 0:
            gone = min(abs(self.beside), abs(self.held))
            signed = gone if self.beside > 0 else -gone
            self.beside -= signed
            self.meddled(signed)

    @property
    def worst(self) -> int:
        """Largest position, unsigned, that goal and orders in flight can still make."""
        return max(abs(self.goal), self.held + self.buys, self.sells - self.held)
