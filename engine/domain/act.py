"""Acts: what a person's command does to one follower, from asked to proven.

Progress is told as ``act.acked``, ``act.proven`` or ``act.failed`` with the act's key, once for each change; nothing is
called proven before the broker's own snapshot, or the act's own nature, shows it.
"""

from datetime import datetime

from engine.domain.aside import Aside, mark
from engine.domain.command import (
    Close,
    DropPause,
    Flatten,
    Pause,
    Payout,
    PlanPause,
    PlanWindow,
    Rejoin,
    Relimit,
    Repair,
    Resize,
    Resume,
    Sync,
    Unlock,
)
from engine.domain.copier import Copier
from engine.domain.decision import AskSnapshot, Decision
from engine.domain.desync import Sight, SyncState
from engine.domain.event import PersonActed
from engine.domain.hold import Hold, Task
from engine.domain.lane import Feed, Lane
from engine.domain.pause import drop_pause, override, pause, plan_pause, plan_window, stays
from engine.domain.reconcile import rebase
from engine.domain.recovery import drop
from engine.domain.relimit import payout, relimit
from engine.domain.risk import Opposed, Signal
from engine.domain.task import begin, cancel_working, flatten, holding, tell
from engine.domain.timetable import TIME_HOLDS

LIMIT_HOLDS = frozenset({"lock", "lock-day", "leader-lock", "leader-lock-day"})
KEPT_HOLDS = LIMIT_HOLDS | {"journal", "off", *TIME_HOLDS}  # no person lifts them by resuming


def act(copier: Copier, event: PersonActed, opposed: Opposed, out: list[Decision]) -> None:
    """Carry one command out on one follower."""
    match event.command:
        case Pause() as wish:
            tell(
                copier, event.key, "act.proven", f"{pause(copier, event, wish)}; exits still copy{holding(copier)}", out
            )
        case Resume() | Sync() if any(task.kind == "flatten" for task in copier.tasks):
            tell(copier, event.key, "act.failed", "a flatten is still under way", out)
        case Resume() as wish:
            _resume(copier, event, wish, opposed, out)
        case Resize(factor=factor) if not factor.is_finite() or factor < 0:
            tell(copier, event.key, "act.failed", f"{factor} is no size", out)
        case Resize(factor=factor) as wish:
            before, copier.factor = copier.factor, factor
            if not wish.now:
                tell(copier, event.key, "act.proven", f"size {before.normalize():f}x → {factor.normalize():f}x", out)
        case Close() as wish:
            _close(copier, event, wish, out)
        case Flatten() as wish:
            copier.hold(Hold(event.by, "flatten", wish.reason or "flatten", event.at, who=wish.who))
            flatten(copier, Task(event.key, "flatten", event.at), out)
        case Unlock() as wish:
            _unlock(copier, event, wish, out)
        case Relimit() as wish:
            relimit(copier, event, wish, out)
        case Payout() as wish:
            payout(copier, event, wish, out)
        case Sync() as wish:
            _sync(copier, event, wish, opposed, out)
        case PlanPause() as wish:
            tell(copier, event.key, *plan_pause(copier, event, wish), out)
        case PlanWindow() as wish:
            tell(copier, event.key, *plan_window(copier, event, wish), out)
        case DropPause() as wish:
            tell(copier, event.key, *drop_pause(copier, wish), out)
        case Repair():
            copier.quarantined = ""
            copier.stand_still(line_up=copier.is_line_up)
            out.append(AskSnapshot(account=copier.account))
            tell(copier, event.key, "act.proven", "quarantine lifted, comparing with the broker", out)


def _unlock(copier: Copier, event: PersonActed, wish: Unlock, out: list[Decision]) -> None:
    kept = copier.kept
    if kept is None and not any(hold.kind in LIMIT_HOLDS for hold in copier.holds):
        tell(copier, event.key, "act.failed", "this account has no limits", out)
        return
    if any(task.kind == "flatten" for task in copier.tasks):
        tell(copier, event.key, "act.failed", "a flatten is still under way", out)
        return
    copier.holds = [hold for hold in copier.holds if hold.kind not in LIMIT_HOLDS]
    if kept is not None:
        kept.unlock(is_reset=wish.is_reset)
    copier.arm()
    said = "unlocked, a new ledger begins with the next balance" if wish.is_reset else "unlocked, limits go on counting"
    tail = f", {copier.barred}" if copier.barred else ", copying from the leader's next entry"
    out.append(AskSnapshot(account=copier.account))
    tell(copier, event.key, "act.proven", said + tail, out)


def lock_of(copier: Copier) -> Hold | None:
    """What a limit has locked: no resume lifts it."""
    return next((hold for hold in copier.holds if hold.kind in LIMIT_HOLDS), None)


def locked_until(lock: Hold) -> str:
    """When a lock ends, in words."""
    return "until the firm's next day" if lock.kind.endswith("lock-day") else "until a person unlocks it"


def off_of(copier: Copier) -> Hold | None:
    """Who has turned it off: no resume turns it on."""
    return next((hold for hold in copier.holds if hold.kind == "off"), None)


def _resume(copier: Copier, event: PersonActed, wish: Resume, opposed: Opposed, out: list[Decision]) -> None:
    before = len(copier.holds)
    copier.holds = [hold for hold in copier.holds if hold.kind in KEPT_HOLDS]
    is_lifted = len(copier.holds) < before
    over = override(copier) if wish.over_news else []
    copier.refusals = 0
    copier.arm()
    if lock := lock_of(copier):
        tell(copier, event.key, "act.failed", f"locked {locked_until(lock)}: {lock.reason}", out)
        return
    if off := off_of(copier):
        tell(copier, event.key, "act.failed", f"off by {off.by}, {off.reason}: /on {copier.account} turns it on", out)
        return
    if copier.kept is not None:
        copier.kept.waive()
    kept = stays(copier)
    if kept and not is_lifted and not over:
        tell(copier, event.key, "act.failed", kept, out)
        return
    missed = [
        f"{lane.target - lane.goal:+d} {lane.symbol}" for lane in copier.lanes.values() if lane.target != lane.goal
    ]
    tail = f", {copier.barred}" if copier.barred else ""
    tail += f"; {kept}" if kept else ""
    tail += f"; the news pause is overridden by {event.by}: {', '.join(over)}" if over else ""
    if wish.rejoin is Rejoin.JOIN:
        _join(copier, event, opposed, out)
        return
    said = f"copying from the leader's next entry, not joined: {', '.join(missed)}" if missed else "copying, in step"
    tell(copier, event.key, "act.proven", said + tail, out)


def _join(copier: Copier, event: PersonActed, opposed: Opposed, out: list[Decision]) -> None:
    """Go to the leader's target: down without asking, up by what the checks allow. What was skipped or apart is over."""
    copier.asides = {}
    for lane in copier.lanes.values():
        lane.apart = ""
    mark(copier.asides, copier.lanes.values())
    for lane in list(copier.lanes.values()):
        take_on(lane, event.by, event.at)
        lane.barred = ""
        goal, target = lane.goal, lane.target
        lane.goal = max(0, min(goal, target)) if goal > 0 else min(0, max(goal, target))
        more = target - lane.goal
        if more:
            signal = Signal(
                cause=f"act:{event.key}",
                at=event.at,
                age_us=0,
                run_ticks=0,
                minute=int(event.at.timestamp()) // 60,
                opposed=opposed(more),
                is_by_hand=True,
            )
            feed = next((feed for feed in lane.feeds.values() if feed.part * more > 0), None)
            feed = feed or Feed(lane.symbol)
            copier.take_in(lane, feed, copier.judge(more, lane, feed, signal, out, is_waiting=True))
            lane.signalled_at, lane.is_waiting = event.at, False  # a person's word needs no price
    copier.arm()
    begin(copier, Task(event.key, "sync", event.at), out)


def _sync(copier: Copier, event: PersonActed, wish: Sync, opposed: Opposed, out: list[Decision]) -> None:
    if wish.close:
        _close_off(copier, event, out)
        return
    if not wish.adopt:
        _join(copier, event, opposed, out)
        return
    for lane in copier.lanes.values():
        take_on(lane, event.by, event.at)
        rebase(lane)
        lane.barred = ""
    copier.arm()
    tell(copier, event.key, "act.proven", f"adopted{holding(copier)}", out)


def take_on(lane: Lane, by: str, at: datetime) -> None:
    """A person decides about a lane: what went missing is not tried on by itself, and it is his until it is in sync."""
    drop(lane)
    lane.course.move(Sight.HELPED, at)
    if lane.course.state is not SyncState.IN_SYNC:
        lane.course.owner = by


def _close_off(copier: Copier, event: PersonActed, out: list[Decision]) -> None:
    """Close what the leader's position does not explain; nothing is bought."""
    for lane in [lane for lane in copier.lanes.values() if not lane.apart]:
        take_on(lane, event.by, event.at)
        lane.goal, lane.barred = unexplained(lane)[0], ""
        if not lane.goal:
            cancel_working(copier, event.at, out, lane)
    copier.arm()
    begin(copier, Task(event.key, "close", event.at), out)


def unexplained(lane: Lane) -> tuple[int, int]:
    """What is left of a lane where everything beyond the leader's position is closed, and the closing order's size."""
    if lane.apart:  # it is not the leader's to explain
        return lane.held, 0
    kept = min(lane.held, max(0, lane.target)) if lane.held > 0 else max(lane.held, min(0, lane.target))
    return kept, kept - lane.held


def _close(copier: Copier, event: PersonActed, wish: Close, out: list[Decision]) -> None:
    if wish.quantity is not None and wish.quantity <= 0:
        tell(copier, event.key, "act.failed", f"{wish.quantity} is no number of contracts to close", out)
        return
    for lane in list(copier.lanes.values()):
        if wish.symbol not in (None, lane.symbol):
            continue
        take_on(lane, event.by, event.at)
        held, size = lane.held, abs(lane.held) if wish.quantity is None else min(wish.quantity, abs(lane.held))
        if wish.quantity is None or held * lane.goal < 0:  # with what is still coming in, and no flip after it
            lane.goal = 0
        elif held > 0:
            lane.goal = min(lane.goal, held - size)
        elif held < 0:
            lane.goal = max(lane.goal, held + size)
        else:  # all of it is still coming in: so much less is kept of it
            coming = min(wish.quantity, abs(lane.goal))
            lane.goal -= coming if lane.goal > 0 else -coming
        if not lane.goal:
            cancel_working(copier, event.at, out, lane)
        if wish.quantity is None:  # who got out of a trade is not brought back into it
            trades = [feed.symbol for feed in lane.feeds.values() if feed.net]
            copier.asides |= {symbol: Aside(event.by, "closed", event.at) for symbol in trades}
    mark(copier.asides, copier.lanes.values())
    copier.arm()
    begin(copier, Task(event.key, "close", event.at, wish.symbol), out)
