"""Outlook: what a size that counts now would trade, and which trades a skip would leave out."""

from decimal import Decimal
from fractions import Fraction

from engine.domain.allocation import target
from engine.domain.aside import trades
from engine.domain.copier import Copier
from engine.domain.group import Fixed
from engine.domain.ids import Symbol
from engine.domain.lane import Lane
from engine.domain.relation import scaled


def resized(copier: Copier, factor: Decimal) -> list[tuple[Lane, int]]:
    """Lanes that would trade, with signed contracts, before the checks. A pool shares anew: its figures are about."""
    found = []
    for lane in copier.lanes.values():
        total = sum(_part(copier, lane, source, factor) for source in lane.feeds)
        want = scaled(lane.goal, lane.target, max(-lane.cap, min(lane.cap, total)))
        if want is not None and not lane.apart and want != lane.held:
            found.append((lane, want - lane.held))
    return found


def _part(copier: Copier, lane: Lane, source: Symbol, factor: Decimal) -> int:
    feed, sizing = lane.feeds[source], copier.plan.sizing
    if isinstance(sizing, Fixed):
        return target(feed.net, Fraction(0), int(sizing.contracts * factor), copier.plan)
    if not copier.factor:
        return 0
    ratio = Fraction(feed.num, feed.den) * Fraction(factor) / Fraction(copier.factor)
    return target(feed.net, ratio, 0, copier.plan)


def skipped(copier: Copier, symbol: str | None) -> str:
    """The leader's trades that a skip would leave out, in words."""
    found = [str(feed.symbol) for _, feed in trades(copier.lanes.values(), symbol)]
    return f"the trade in {', '.join(found)}" if found else f"the next trade{f' in {symbol}' if symbol else ''}"
