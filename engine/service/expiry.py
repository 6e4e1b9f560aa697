"""Expiry: which contracts of an account are near their end, and where a follower stands in another month than its leader."""

from engine.domain.contract import month_of
from engine.domain.copier import Copier
from engine.domain.ids import Symbol
from engine.domain.leader import LeaderBook
from engine.domain.rollover import NEAR_DAYS, roll_in, words
from engine.domain.state import DeskState


def roll_text(state: DeskState, symbol: Symbol) -> str:
    """How far a contract is from its roll, where that is near; empty where it is not."""
    roll = roll_in(state, symbol)
    return f"{symbol} {words(roll)}" if roll is not None and roll.days_to_roll <= NEAR_DAYS else ""


def leader_rolls(state: DeskState, book: LeaderBook) -> tuple[str, ...]:
    """What a leader holds that is near its roll."""
    found = (roll_text(state, symbol) for symbol, stand in book.stands.items() if stand.net)
    return tuple(text for text in found if text)


def follower_rolls(state: DeskState, copier: Copier) -> tuple[str, ...]:
    """What a follower holds, or should, that is near its roll; and both months where they differ."""
    found: dict[str, None] = {}
    for lane in copier.lanes.values():
        if lane.held or lane.goal:
            found[roll_text(state, lane.symbol)] = None
        for feed in lane.feeds.values():
            months = month_of(feed.symbol), month_of(lane.symbol)
            if feed.net and all(months) and months[0] != months[1]:
                found[f"leader in {feed.symbol}, here {lane.symbol}: no entries"] = None
    return tuple(text for text in found if text)
