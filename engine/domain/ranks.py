"""Ranks: the armed followers of every leader contract, and who of them may fire a shot."""

from datetime import datetime

from engine.domain.ids import AccountId, Symbol
from engine.domain.leader import LeaderBook
from engine.domain.state import DeskState, Rows, rows_of


class Ranks:
    """A look-up over the desk's state, never state itself: decisions do not depend on what is aimed and what is not."""

    def __init__(self, state: DeskState) -> None:
        """Stand nobody anywhere yet."""
        self._state = state
        self._rows: dict[tuple[AccountId, Symbol], Rows] = {}
        self._places: dict[AccountId, list[tuple[Rows, int]]] = {}  # where each follower stands
        self._unaimed: dict[AccountId, None] = {}

    def rows(self, book: LeaderBook, symbol: Symbol, before: int, net: int, at: datetime) -> Rows:
        """Armed followers of one leader contract; their ladders reach ``net`` at least."""
        key = (book.account, symbol)
        rows = self._rows.get(key)
        if rows is None or abs(net) > rows.reach:
            self.disarm(None)  # a new contract may feed a lane that others fire from
            for account, places in self._places.items():
                self._places[account] = [place for place in places if place[0] is not rows]
            rows = self._rows[key] = rows_of(self._state, book, symbol, before, net, at)
            for i, (copier, _, _) in enumerate(rows.lanes):
                self._places.setdefault(copier.account, []).append((rows, i))
                self._unaimed[copier.account] = None
        return rows

    def disarm(self, account: AccountId | None) -> None:
        """Whoever hears a fact is looked at closely until aimed anew; a fact for nobody in particular is for all."""
        for name in (account,) if account in self._places else tuple(self._places):
            self._unaimed[name] = None
            for rows, i in self._places[name]:
                rows.shots[i] = None

    def aim(self) -> None:
        """Arm everybody who has heard something."""
        for account in self._unaimed:
            for rows, i in self._places.get(account, ()):
                rows.aim(i)
        self._unaimed.clear()

    def dissolve(self) -> None:
        """Settings changed: everybody finds a place anew."""
        self._rows, self._places, self._unaimed = {}, {}, {}
