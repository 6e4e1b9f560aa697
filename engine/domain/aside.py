"""Aside: trades of the leader that a follower does not take, and positions that he no longer drives.

A skip bars the entries of one leader contract until he is flat in it again; what is held of it leaves with his exits. One that
was asked for while he was flat waits for his next trade and binds to its contract when its first entry is barred. A position
that is *apart* is not driven by him at all: it stays until a person closes it, and the rest of his trade is skipped then.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

import msgspec

from engine.domain.contract import root_of
from engine.domain.ids import Symbol
from engine.domain.lane import Feed, Lane

ANY = ""
"""Key of a skip that waits for the leader's next trade, whatever its contract."""


class Aside(msgspec.Struct):
    """Entries that are skipped: by whose word."""

    by: str
    why: str  # skipped, closed
    since: datetime


Asides = dict[str, Aside]
"""By the leader's contract; by a product or ``ANY`` while the trade has not begun."""


def _keys(lane: Lane, feed: Feed) -> Iterator[str]:
    yield from (feed.symbol, root_of(feed.symbol), lane.symbol, root_of(lane.symbol), ANY)


def bar_of(asides: Asides, lane: Lane, feed: Feed) -> str:
    """Why a feed gives no entries; empty where none of this bars it."""
    if lane.apart:
        return f"disconnected: {lane.apart}"
    key = next((key for key in _keys(lane, feed) if key in asides), None)
    if key is None:
        return ""
    return f"skip: {asides[key].why} by {asides[key].by} until the leader is flat"


def mark(asides: Asides, lanes: Iterable[Lane]) -> None:
    """Arm every feed anew; what bars it for other reasons stays."""
    for lane in lanes:
        for feed in lane.feeds.values():
            if not feed.barred or feed.barred.startswith(("skip:", "disconnected:")):
                feed.barred = bar_of(asides, lane, feed)


def bind(asides: Asides, lane: Lane, feed: Feed, lanes: Iterable[Lane]) -> None:
    """The trade that a skip has waited for begins: it is this contract's from here on."""
    key = next((key for key in _keys(lane, feed) if key in asides), feed.symbol)
    if key != feed.symbol:
        asides[feed.symbol] = asides.pop(key)
        mark(asides, lanes)


def lift(asides: Asides, source: Symbol, lanes: Iterable[Lane]) -> None:
    """The leader is flat in a contract: his next trade in it is copied again."""
    if asides.pop(source, None) is not None:
        mark(asides, lanes)


def trades(lanes: Iterable[Lane], symbol: str | None) -> list[tuple[Lane, Feed]]:
    """What the leader holds now and this follower follows; by contract or product of either of them, all where None."""
    return [
        (lane, feed)
        for lane in lanes
        for feed in lane.feeds.values()
        if feed.net and (symbol is None or symbol in tuple(_keys(lane, feed))[:-1])
    ]
