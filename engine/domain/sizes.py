"""Sizes: whose size is to be worked out anew, and when: where the leader is flat, or where a person asked for it."""

from datetime import datetime

from engine.domain.aside import lift
from engine.domain.contract import root_of
from engine.domain.copier import Copier
from engine.domain.group import Pooled, follower_symbol
from engine.domain.ids import AccountId
from engine.domain.leader import LeaderBook
from engine.domain.ranks import Ranks
from engine.domain.sizing import is_moving
from engine.domain.state import DeskState, Rows, rearm

AT_ONCE = 8  # followers whose size is worked out anew on one fact, so that no fact is slow


class Sizes:
    """Keeps the sizes of a desk up to date; what is still to do is the desk's state."""

    def __init__(self, state: DeskState, ranks: Ranks) -> None:
        """Over one desk."""
        self._state = state
        self._ranks = ranks

    def leader_flat(self, rows: Rows) -> None:
        """Sizes that move with money or take turns are worked out again before the next entry; what was skipped is over."""
        for copier, _, feed in rows.lanes:
            if copier.asides:
                lift(copier.asides, feed.symbol, copier.lanes.values())
            if is_moving(copier.plan) or isinstance(copier.plan.sizing, Pooled):
                self._state.stale.setdefault(copier.account, False)

    def anew(self) -> None:
        """Money has moved, or grown old: so may the sizes that go by it."""
        for copier in self._state.copiers.values():
            if is_moving(copier.plan):
                self._state.stale.setdefault(copier.account, False)

    def stale(self) -> list[tuple[AccountId, bool]]:
        """Take a few followers to ``rearm`` now, and whether that was asked for by a person."""
        return [(account, self._state.stale.pop(account)) for account in list(self._state.stale)[:AT_ONCE]]

    def rearm(self, copier: Copier, at: datetime, *, is_forced: bool) -> None:
        """Work one follower's sizes out anew."""
        book = leader_of(self._state, copier)
        if book is None:
            return
        for lane in list(copier.lanes.values()):
            for feed in lane.feeds.values():
                is_current = follower_symbol(copier.plan, feed.symbol, root_of(feed.symbol)) == lane.symbol
                if is_current and (feed.net == 0 or is_forced):
                    net = book.stand(feed.symbol).net
                    rows = self._ranks.rows(book, feed.symbol, net, net, at)
                    rearm(self._state, book, rows, (copier, lane, feed), at, is_forced=is_forced)


def leader_of(state: DeskState, copier: Copier) -> LeaderBook | None:
    """Book of the leader that a follower follows."""
    group = next((group for group in state.plan.groups if group.id == copier.group), None)
    return state.leaders.get(group.leader) if group else None
