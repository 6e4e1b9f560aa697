"""Shortfall: what a follower made less than the leader's trades at his size would have, taken apart by cause, exactly.

Theory of operation. For one account and contract, ideal is the leader's position at the follower's exact ratio, at the
leader's own prices. At each move of the leader, three numbers say what was meant and fills say what was done:

    ideal   exact size, fractions and all        ideal - total    rounding
    total   whole contracts of the allocation    total - target   the cap on this contract
    target  within the cap                       target - held    what was skipped, refused, missed, done by hand …

A gap of g contracts that opens at price P costs g * (M - P) by the time the mark is M, so each gap is kept as contracts and
what they would have been bought for; one that closes again is taken from the causes that opened it, oldest first. What did
fill costs the difference between the leader's price and its own. These parts add up to the difference by construction: every
contract that was meant or traded stands in exactly one of them. Fractions throughout; ``in_cents`` rounds at the very end.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

ZERO = Fraction(0)
CENT = Decimal("0.01")


class Cause(StrEnum):
    """Why a follower's money is another than the leader's."""

    PRICE = "price"  # fills worse than the leader's: delay, price run, spread
    ROUNDING = "rounding"
    CAP = "cap"
    SKIPPED = "skipped"  # by a check
    REFUSED = "refused"  # by the broker, or never sent
    UNFILLED = "unfilled"  # sent, and not or not yet filled
    MISSED = "missed"  # moves that could not be copied in time
    BRACKET = "bracket"  # the follower's own stops and targets
    HAND = "hand"  # a person's acts, and fills by other hands
    SETTINGS = "settings"  # what is followed, or how large, was changed
    CARRIED = "carried"  # differences that the day began with
    FEES = "fees"


class Aim(NamedTuple):
    """What is meant to be held: see the theory of operation."""

    ideal: Fraction = ZERO
    total: int = 0
    target: int = 0


class Share(NamedTuple):
    """One part: ``contracts`` that are lacking, and what they and the fills' prices come to. Units: price points."""

    copy: str
    cause: Cause
    contracts: Fraction
    paid: Fraction

    def points(self, mark: Decimal) -> Fraction:
        """Worth at a mark, negative where the follower has less."""
        return self.paid - self.contracts * Fraction(mark)


Fill = tuple[int, Decimal]
"""Signed contracts and their price."""


class Shortfall:
    """One account, one contract, one day. Moves are told in their order, each with all that ever came of it."""

    def __init__(self) -> None:
        """Begin with nothing meant and nothing held."""
        self.shares: list[Share] = []
        self._aim = Aim()
        self._gaps: dict[Cause, int] = {}  # signed contracts that are lacking, oldest cause first

    def move(
        self,
        copy: str,
        price: Decimal,
        aim: Aim | None,
        fills: Iterable[Fill],
        reasons: Iterable[tuple[Cause, int]],
        rest: Cause,
    ) -> None:
        """Take in one move at the leader's ``price``.

        ``aim`` is what is meant after it, None for no change; ``reasons`` explain contracts that were not traded, and
        ``rest`` what they leave unexplained.
        """
        at, was = Fraction(price), self._aim
        self._aim = now = aim or was
        done = 0
        for quantity, paid in fills:
            done += quantity
            self._add(Share(copy, Cause.PRICE, ZERO, quantity * (at - Fraction(paid))))
        self._lack(copy, Cause.ROUNDING, (now.ideal - now.total) - (was.ideal - was.total), at)
        self._lack(copy, Cause.CAP, Fraction((now.total - now.target) - (was.total - was.target)), at)
        for cause, contracts in self._causes(now.target - was.target - done, reasons, rest):
            self._lack(copy, cause, Fraction(contracts), at)

    def parts(self, mark: Decimal) -> dict[Cause, Fraction]:
        """Price points times contracts by cause at a mark."""
        found: dict[Cause, Fraction] = {}
        for share in self.shares:
            found[share.cause] = found.get(share.cause, ZERO) + share.points(mark)
        return found

    def _causes(self, gap: int, reasons: Iterable[tuple[Cause, int]], rest: Cause) -> Iterable[tuple[Cause, int]]:
        """Explain a change of the gap: first what it closes, then what opened it."""
        for cause in list(self._gaps):
            closed = _within(gap, -self._gaps[cause])
            yield self._open(cause, closed)
            gap -= closed
        for cause, contracts in reasons:
            opened = _within(gap, contracts)
            yield self._open(cause, opened)
            gap -= opened
        yield self._open(rest, gap)

    def _open(self, cause: Cause, contracts: int) -> tuple[Cause, int]:
        left = self._gaps.get(cause, 0) + contracts
        if left:
            self._gaps[cause] = left
        else:
            self._gaps.pop(cause, None)
        return cause, contracts

    def _lack(self, copy: str, cause: Cause, contracts: Fraction, at: Fraction) -> None:
        if contracts:
            self._add(Share(copy, cause, contracts, contracts * at))

    def _add(self, share: Share) -> None:
        if share.contracts or share.paid:
            self.shares.append(share)


def _within(gap: int, most: int) -> int:
    """As much of ``gap`` as lies on the side of ``most`` and within it."""
    if gap * most <= 0:
        return 0
    return max(gap, most) if gap < 0 else min(gap, most)


def in_cents(parts: Mapping[Cause, Fraction]) -> dict[Cause, Decimal]:
    """Parts in cents that add up to their exact sum in cents: the largest remainders are rounded up.

    Returns: what comes to nothing is left out.
    """
    floors = {cause: (part * 100).__floor__() for cause, part in parts.items()}
    total = round(sum(parts.values(), ZERO) * 100)
    left = total - sum(floors.values())
    by_rest = sorted(parts, key=lambda cause: (floors[cause] - parts[cause] * 100, cause))
    for cause in by_rest[: max(0, left)]:
        floors[cause] += 1
    return {cause: cents * CENT for cause in Cause if (cents := floors.get(cause, 0))}
