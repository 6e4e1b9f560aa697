"""Relation: a person's word on what one follower has to do with its leader: skip a trade, let it go, off and on, size now.

None of these touches another follower, and none keeps an exit from being copied but a disconnect, which says so.
"""

from collections.abc import Mapping
from datetime import datetime

from engine.domain.aside import ANY, Aside, mark, trades
from engine.domain.command import Disconnect, Off, On, Resize, Skip
from engine.domain.copier import Copier
from engine.domain.decision import Decision, Severity
from engine.domain.event import PersonActed
from engine.domain.hold import Hold, Task
from engine.domain.ids import Symbol
from engine.domain.lane import Feed, Lane
from engine.domain.risk import Denied, Opposed, Signal
from engine.domain.task import begin, close_all, holding, tell

WORDS = Skip | Disconnect | Off | On


def relate(copier: Copier, event: PersonActed, out: list[Decision]) -> None:
    """Carry one of these commands out on one follower."""
    match event.command:
        case Skip() as wish:
            _skip(copier, event, wish, out)
        case Disconnect() as wish:
            _disconnect(copier, event, wish, out)
        case Off() as wish:
            copier.hold(Hold(event.by, "off", wish.reason or "off", event.at, who=wish.who))
            if wish.close:
                close_all(copier, event.key, event.at, out)
            else:
                tell(copier, event.key, "act.proven", f"off; exits still copy{holding(copier)}", out)
        case On():
            _on(copier, event, out)


def _on(copier: Copier, event: PersonActed, out: list[Decision]) -> None:
    if not any(hold.kind == "off" for hold in copier.holds):
        tell(copier, event.key, "act.failed", "it is not off" + (f": {copier.barred}" if copier.barred else ""), out)
        return
    if any(task.kind == "flatten" for task in copier.tasks):
        tell(copier, event.key, "act.failed", "a flatten is still under way", out)
        return
    copier.holds = [hold for hold in copier.holds if hold.kind != "off"]
    copier.refusals = 0
    copier.arm()
    tail = f", {copier.barred}" if copier.barred else ", copying from the leader's next entry"
    tell(copier, event.key, "act.proven", f"on{tail}", out)


# ---- skip ----------------------------------------------------------------------------------------------------------


def _skip(copier: Copier, event: PersonActed, wish: Skip, out: list[Decision]) -> None:
    lanes, found = copier.lanes.values(), trades(copier.lanes.values(), wish.symbol)
    keys = [str(feed.symbol) for _, feed in found] or [str(wish.symbol or ANY)]
    if wish.is_over:
        gone = [key for key in (list(copier.asides) if wish.symbol is None else keys) if copier.asides.pop(key, None)]
        mark(copier.asides, lanes)
        copier.arm()
        said = "skips nothing any more, copying from the leader's next entry" if gone else "nothing was skipped"
        tell(copier, event.key, "act.proven" if gone else "act.failed", said, out)
        return
    for key in keys:
        copier.asides[key] = Aside(event.by, "skipped", event.at)
    mark(copier.asides, lanes)
    for lane, feed in found:
        copier.hold_back(lane, f"act:{event.key}", Denied(check="skip", figures=feed.barred), out)
    copier.arm()
    what = f"trade in {', '.join(keys)}" if found else f"next trade{f' in {wish.symbol}' if wish.symbol else ''}"
    tell(copier, event.key, "act.proven", f"skips the leader's {what}; exits still copy{holding(copier)}", out)


# ---- disconnect ----------------------------------------------------------------------------------------------------


def _disconnect(copier: Copier, event: PersonActed, wish: Disconnect, out: list[Decision]) -> None:
    lane = copier.lanes.get(wish.symbol)
    if lane is None or not lane.held:
        tell(copier, event.key, "act.failed", f"it holds no {wish.symbol}", out)
        return
    lane.apart, lane.is_apart_told = f"by {event.by} since {event.at:%H:%M:%S} UTC", False
    mark(copier.asides, copier.lanes.values())
    copier.hold_back(lane, f"act:{event.key}", Denied(check="disconnected", figures=lane.apart), out)
    copier.arm()
    said = f"{lane.held:+d} {lane.symbol} stays and is a person's to close; the leader drives it no more"
    tell(copier, event.key, "act.proven", said, out)


def watch(copier: Copier, at: datetime, out: list[Decision]) -> None:
    """Look after positions that are apart; called after every fact while there is one."""
    for lane in copier.lanes.values():
        if lane.apart and not lane.held and not lane.buys and not lane.sells:
            rest = [feed for feed in lane.feeds.values() if feed.net]
            for feed in rest:
                copier.asides[feed.symbol] = Aside("disconnect", "closed", at)
            lane.apart, lane.goal = "", 0
            mark(copier.asides, copier.lanes.values())
            copier.arm()
            tail = "what is left of the leader's trade is skipped" if rest else "copying from the leader's next entry"
            said = f"{copier.account} {lane.symbol} is flat and connected again; {tail}"
            out.append(copier.tell("apart.over", Severity.P4, said, lane))
        elif lane.apart and not lane.target and not lane.is_apart_told:
            lane.is_apart_told = True
            said = f"{copier.account} holds {lane.held:+d} {lane.symbol} apart and its leader is out: close it by hand"
            out.append(copier.tell("apart.left", Severity.P2, said, lane))


# ---- size now ------------------------------------------------------------------------------------------------------


def scale(
    copier: Copier, event: PersonActed, before: Mapping[Symbol, int], opposed: Opposed, out: list[Decision]
) -> None:
    """Bring what is held to the size that is in force now: down at once, up by what the checks allow.

    What was skipped stays so: a position that was half of its target is half of the new one, toward zero.
    """
    wish = event.command
    if not isinstance(wish, Resize) or not wish.now or copier.factor != wish.factor:  # another factor: it was refused
        return
    short = []
    for lane in list(copier.lanes.values()):
        want = scaled(lane.goal, before.get(lane.symbol, 0), lane.target)
        if lane.apart or want is None:
            continue
        lane.goal = max(0, min(lane.goal, want)) if want >= 0 and lane.goal > 0 else max(lane.goal, min(want, 0))
        more = want - lane.goal
        if more:
            _grow(copier, lane, more, event, opposed, out)
        if lane.goal != want:
            short.append(f"{want - lane.goal:+d} {lane.symbol}")
    copier.arm()
    begin(copier, Task(event.key, "size", event.at, short=", ".join(short)), out)


def scaled(goal: int, was: int, now: int) -> int | None:
    """Goal at the new target; None where there is nothing to scale."""
    if goal * was <= 0 or goal * now < 0:
        return None
    size = abs(goal) * abs(now) // abs(was)
    return size if goal > 0 else -size


def _grow(copier: Copier, lane: Lane, more: int, event: PersonActed, opposed: Opposed, out: list[Decision]) -> None:
    feed: Feed | None = next((feed for feed in lane.feeds.values() if feed.part * more > 0), None)
    if feed is None:
        return
    minute = int(event.at.timestamp()) // 60
    signal = Signal(
        cause=f"act:{event.key}",
        at=event.at,
        age_us=0,
        run_ticks=0,
        minute=minute,
        opposed=opposed(more),
        is_by_hand=True,
    )
    copier.take_in(lane, feed, copier.judge(more, lane, feed, signal, out))
    lane.signalled_at = event.at
    copier.arm()


def targets(copier: Copier) -> dict[Symbol, int]:
    """Targets as they stand, for ``scale``."""
    return {symbol: lane.target for symbol, lane in copier.lanes.items()}
