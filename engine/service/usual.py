"""Usual: what is normal of one measure of one account, and when it has left that range for the worse.

Theory of operation. The newest copies are looked at together: ``slow`` is when the middle of the last five lies above the upper
end of what was usual before them, so no single late copy says anything. The upper end is the highest of three figures: the
median plus four spreads, the median plus what is worth a word at all, and the figure that two of a hundred usual copies pass.
The last one makes the rate of false words independent of the shape of the noise: of copies that are all alike, three of five
among the worst two in a hundred are seen once in some two thousand copies at the least history, and rarer as it grows.

What was told as slow does not count as usual, so that one bad hour does not hide the next; a change that lasts becomes usual.
"""

import math
from collections.abc import Sequence
from statistics import median

import msgspec

WORDS = {"hand": "to the socket", "answer": "to the broker's answer", "fill": "to the fill", "slip": "slippage"}
WIDTH = 4.0  # spreads above the median that are still normal; a spread is 1.4826 MAD, as the deviation of a bell curve
LEAST_SPREAD = 0.1  # of the median, for figures that were all alike

LAST = 5  # copies that are looked at together
LEAST = 50  # earlier copies without which nothing is said; a change that lasts so many is the new usual
KEPT = 100  # newest copies that say what is usual
RARE = 0.02  # share of usual copies that may lie above the upper end
WORTH = {
    "hand": 25.0,
    "answer": 25.0,
    "fill": 25.0,
    "slip": 1.0,
}  # ms and ticks above the median: less is not worth a word


def upper(usual: Sequence[float], least: float) -> float:
    """Upper end of a normal range: robust, so that one bad figure does not make the next one normal."""
    middle = median(usual)
    spread = 1.4826 * median(abs(value - middle) for value in usual)
    return middle + max(WIDTH * max(spread, LEAST_SPREAD * math.fabs(middle)), least)


class Usual(msgspec.Struct):
    """One measure of one account."""

    usual: list[float] = []
    last: list[float] = []
    aside: list[float] = []  # left ``last`` while it was slow
    is_slow: bool = False
    doubts: int = 0  # of ``last``, the oldest that were there while it was slow

    @property
    def is_known(self) -> bool:
        """Say whether there is enough to judge by."""
        return len(self.usual) >= LEAST and len(self.last) == LAST

    def bound(self, measure: str) -> float:
        """Upper end of what is usual."""
        rank = math.ceil((1 - RARE) * (len(self.usual) + 1))
        return max(upper(self.usual, WORTH[measure]), sorted(self.usual)[min(rank, len(self.usual)) - 1])

    def take(self, measure: str, value: float) -> bool:
        """Take in one copy; say whether it has just become slow."""
        self.last.append(value)
        if len(self.last) > LAST:
            self._leave(measure, self.last.pop(0))
        if len(self.aside) >= LEAST:
            self.usual, self.aside, self.is_slow = self.aside, [], False
        if not self.is_known:
            return False
        bound, was = self.bound(measure), self.is_slow
        self.is_slow = median(self.last) > bound
        if was and not self.is_slow:
            self.usual = [*self.usual, *(value for value in self.aside if value <= bound)][-KEPT:]
            self.aside, self.doubts = [], LAST
        return self.is_slow and not was

    def _leave(self, measure: str, value: float) -> None:
        """A copy is no longer among the last."""
        if self.is_slow:
            self.aside.append(value)
            return
        is_doubted, self.doubts = self.doubts > 0, max(0, self.doubts - 1)
        if not is_doubted or value <= self.bound(measure):
            self.usual.append(value)
            del self.usual[:-KEPT]
