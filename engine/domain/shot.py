"""Shot: what a quiet follower will order for any net of its leader, looked up instead of worked out.

A follower is quiet when it holds what it should, nothing of it is in flight and nothing bars it. Its next order then depends
on the leader's net alone, inside bounds that the checks leave; the shot keeps ladder and bounds. It is a memo and never a
second rule: whoever fires it runs ``fanout.follow`` afterwards, which must come to the same order, and a follower that has
heard any fact since has no shot until it is aimed anew.
"""

from engine.domain.copier import Copier
from engine.domain.ids import AccountId, Symbol
from engine.domain.lane import Feed, Lane

Shot = tuple[list[int], int, int, int, str, AccountId, Symbol]
"""(ladder, contracts held, lowest and highest target that passes every check, account mark, account, contract)."""


def aim(copier: Copier, lane: Lane, feed: Feed) -> Shot | None:
    """Arm one follower for one leader contract; None where the next order needs a closer look."""
    held = lane.held
    if (
        copier.barred
        or lane.barred
        or feed.barred
        or feed.let is not None
        or not copier.is_ready
        or not held == lane.goal == lane.target == lane.total == feed.part == feed.ladder[feed.net]
        or lane.buys
        or lane.sells
        or lane.retry_at is not None
        or lane.is_bracketed
        or lane.beside
        or len(lane.feeds) != 1
        or copier.copies >= copier.max_copies
        or copier.trades >= copier.max_trades
        or copier.is_spent
    ):
        return None
    most = min(lane.max_order, lane.fits, max(0, copier.room) // lane.weight)
    low = 0 if held > 0 else held - most
    high = 0 if held < 0 else held + most
    return feed.ladder, held, max(low, -lane.cap), min(high, lane.cap), copier.mark, copier.account, lane.symbol
