"""Lookout: what of other hands is only seen beside the leader's own fills, or beside the broker's word on a position."""

from datetime import datetime

from engine.domain.copier import Copier
from engine.domain.decision import Decision
from engine.domain.event import PositionReported
from engine.domain.ids import Symbol
from engine.domain.rogue import two_copiers
from engine.domain.sizes import leader_of
from engine.domain.state import DeskState
from engine.domain.trace import Trace


def look_back(state: DeskState, copier: Copier, at: datetime, out: list[Decision]) -> None:
    """The leader may have followed a fill of others: another copier heard of him sooner than we did."""
    symbols = dict.fromkeys(trace.symbol for trace in copier.rogue.foreign if not trace.echo)
    if any([copier.rogue.followed(at, symbol, led(state, copier, symbol)) for symbol in symbols]):  # noqa: C419  all are looked at
        two_copiers(copier, at, out)


def led(state: DeskState, copier: Copier, symbol: Symbol) -> list[Trace]:
    """The leader's newest fills in what this follower copies into ``symbol``."""
    lane, book = copier.lanes.get(symbol), leader_of(state, copier)
    stands = [book.stands[feed] for feed in lane.feeds if feed in book.stands] if lane and book else []
    return [Trace(symbol, 1 if stand.moved > 0 else -1, stand.moved_at) for stand in stands if stand.moved_at]


def is_off(state: DeskState, event: PositionReported) -> bool:
    """Say whether the broker's word differs from ours with nothing in flight: that is looked into soon."""
    copier = state.copiers.get(event.account)
    lane = copier.lanes.get(event.symbol) if copier is not None else None
    return lane is not None and not lane.buys and not lane.sells and lane.net != event.net
