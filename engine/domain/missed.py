"""Missed: entries that a follower could not copy in time, and what its plan makes of them: skip, join near, ask.

To join, a price must be known that is not older than this process: one from before a restart says nothing of how far the
market has run. Until one is heard the entry waits beside the lane (``Lane.missed``), outside the goal, so that nothing else
depends on it; when none comes it is skipped.
"""

from datetime import datetime, timedelta

import msgspec

from engine.domain.copier import Copier
from engine.domain.decision import Decision, Severity
from engine.domain.group import MissedEntry
from engine.domain.lane import Feed, Lane
from engine.domain.leader import LeaderBook, Stand
from engine.domain.risk import Denied, Signal
from engine.domain.sizing import Quotes, ticks_away

PATIENCE = timedelta(seconds=30)  # how long a missed entry waits for a first price

Missing = tuple[Copier, Lane, Feed, Stand]


def judge(
    copier: Copier,
    lane: Lane,
    feed: Feed,
    stand: Stand,
    signal: Signal,
    more: int,
    quotes: Quotes,
    out: list[Decision],
    *,
    may_wait: bool = True,
) -> None:
    """Judge an entry of ``more`` signed contracts that was missed."""
    policy, plan = copier.plan.missed_entry, copier.plan
    if policy is MissedEntry.JOIN:
        away = ticks_away(feed.symbol, stand.cost.average, quotes)
        if away is None and may_wait:
            lane.missed, lane.missed_at = more, signal.at
            return
        if away is not None and away <= plan.join_ticks:
            signal = msgspec.structs.replace(signal, price=stand.cost.average)
            copier.take_in(lane, feed, copier.judge(more, lane, feed, signal, out, is_waiting=not copier.is_ready))
            lane.signalled_at, lane.signal_price = signal.at, stand.cost.average
            copier.arm()
            return
        figures = "no price" if away is None else f"{away:.0f} ticks away over {plan.join_ticks}"
    else:
        figures = f"policy {policy.value}"
    out.append(copier.skipped(lane, signal.cause, more, Denied(check="missed_entry", figures=figures)))
    if policy is MissedEntry.ASK:
        said = f"{copier.account} missed {more:+d} {lane.symbol} of its leader: join with /sync, or leave it"
        out.append(copier.tell("entry.missed", Severity.P2, said, lane))


def waiting(book: LeaderBook, copiers: list[Copier], quotes: Quotes, at: datetime) -> list[Missing]:
    """Followers of one leader whose missed entry can be judged now: a price is known, or they waited long enough."""
    found: list[Missing] = []
    for copier in copiers:
        for lane in copier.lanes.values() if copier.group in book.groups else ():
            feeds = [feed for feed in lane.feeds.values() if feed.symbol in book.stands] if lane.missed else []
            if feeds:
                feed = next((feed for feed in feeds if feed.net), feeds[0])
                stand = book.stands[feed.symbol]
                if not feed.net or _is_due(lane, feed, stand, quotes, at):
                    found.append((copier, lane, feed, stand))
    return found


def _is_due(lane: Lane, feed: Feed, stand: Stand, quotes: Quotes, at: datetime) -> bool:
    is_late = lane.missed_at is None or at - lane.missed_at >= PATIENCE
    return is_late or ticks_away(feed.symbol, stand.cost.average, quotes) is not None
