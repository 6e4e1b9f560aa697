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

from engine.domain.ids import AccountId, Symbol
from engine.domain.position import Cost

NO_LIMIT = 1 << 60


class Feed(msgspec.Struct):
    """What one leader contract contributes to a lane: ``ladder[net]`` for each leader net, negative ones included.

    A list of 2·reach + 1 contracts: index ``net`` works for either sign, since Python counts negatives from the end.
    """

    symbol: Symbol  # the leader's contract
    part: int = 0  # contribution to the lane's target now
    net: int = 0  # leader net that ``part`` was read for
    ladder: list[int] = msgspec.field(default_factory=lambda: [0])
    num: int = 0  # the ratio that the ladder was laid by: follower contracts for one of the leader's, before rounding
    den: int = 1
    flat: int = 0  # or this many at any size
    turn: int = 0  # of a pool: who was served first
    words: str = ""  # the arithmetic, for the receipt
    barred: str = ""  # why this contract of the leader gives no entries: "rollover: ..."


class Lane(msgspec.Struct):
    """One follower, one contract. See the theory of operation above."""

    account: AccountId
    symbol: Symbol
    feeds: dict[Symbol, Feed] = {}
    target: int = 0
    goal: int = 0
    held: int = 0
    buys: int = 0
    sells: int = 0
    # armed: worked out when its inputs change, looked up when an order depends on it
    barred: str = ""  # why this lane takes no entries: "desync: ..."; empty when it does
    weight: int = 1000  # thousandths of a mini for one contract
    max_order: int = NO_LIMIT
    max_run: int = NO_LIMIT  # ticks
    max_age_us: int = NO_LIMIT
    is_one_order: bool = False  # flips through zero with one net order
    is_bracketed: bool = False  # entries leave with protective children
    naked_since: datetime | None = None  # … and since when a position stands without
    # the newest entry signal, for an entry that has to wait for an exit
    signalled_at: datetime | None = None
    signal_price: Decimal | None = None
    # the exit that would not go through
    exit_tries: int = 0
    retry_at: datetime | None = None
    # what the broker says, and since when it differs
    reported: int | None = None
    off_since: datetime | None = None
    is_off_told: bool = False
    cost: Cost = msgspec.field(default_factory=Cost)

    def shift(self, feed: Feed, net: int) -> int:
        """Follow the leader to ``net``: lower the goal where he shrank.

        Returns: signed contracts by which an entry would raise the goal, for the caller to check and ``allow``.
        """
        part = feed.ladder[net]
        before, after = self.target, self.target + part - feed.part
        feed.part, feed.net, self.target = part, net, after
        if after == before:
            return 0
        if after >= 0:
            if before < 0:  # through zero: out first, whatever becomes of the entry
                self.goal = max(self.goal, 0)
                return after
            if after > before:
                return after - before
            self.goal = min(self.goal, after)
            return 0
        if before > 0:
            self.goal = min(self.goal, 0)
            return after
        if after < before:
            return after - before
        self.goal = max(self.goal, after)
        return 0

    def step(self) -> int:
        """Signed contracts to order now, 0 for none."""
        goal, held = self.goal, self.held
        if held > 0:
            if goal >= held:
                room = goal - held - self.buys
                return max(0, room)
            excess = held - self.sells - (max(0, goal))
            if excess <= 0:
                return 0
            return goal - excess if goal < 0 and self.is_one_order and not self.buys and not self.sells else -excess
        if held < 0:
            if goal <= held:
                room = held - goal - self.sells
                return -room if room > 0 else 0
            excess = -held - self.buys + (min(0, goal))
            if excess <= 0:
                return 0
            return goal + excess if goal > 0 and self.is_one_order and not self.buys and not self.sells else excess
        if goal > 0:
            return goal - self.buys if goal > self.buys and not self.sells else 0
        if goal < 0:
            return goal + self.sells if -goal > self.sells and not self.buys else 0
        return 0

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

    def is_exit(self, quantity: int) -> bool:
        """Say whether an order of ``quantity`` only shrinks what is held."""
        return self.held * quantity < 0 and abs(quantity) <= abs(self.held)

    def give_up(self, quantity: int) -> None:
        """Lower the goal by an entry of ``quantity`` that will not come, never below what is held or still coming."""
        if quantity > 0:
            self.goal = max(self.goal - quantity, min(self.goal, max(self.held + self.buys, 0)))
        else:
            self.goal = min(self.goal - quantity, max(self.goal, min(self.held - self.sells, 0)))

    def meddled(self, quantity: int) -> None:
        """Take in a fill that is not ours. A close by other hands is not bought back; an opening is left alone."""
        before, self.held = self.held, self.held + quantity
        if before * quantity < 0:  # closing, maybe through zero
            self.goal = _between(self.goal, self.held)
        else:
            self.goal += quantity

    def is_settled(self) -> bool:
        """Say whether nothing is to do and nothing is under way."""
        return self.held == self.goal and not self.buys and not self.sells


def _between(goal: int, held: int) -> int:
    """Goal that asks for no more than what is held, on the held side."""
    return max(0, min(goal, held)) if held >= 0 else min(0, max(goal, held))
