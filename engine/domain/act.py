"""Acts: what a person's command does to one follower, from asked to proven.

Progress is told as ``act.acked``, ``act.proven`` or ``act.failed`` with the act's key, once for each change; nothing is
called proven before the broker's own snapshot, or the act's own nature, shows it.
"""

from datetime import datetime

from engine.domain.command import Close, Flatten, Pause, Rejoin, Repair, Resize, Resume, Sync, Wish
from engine.domain.copier import Copier, Hold, Task
from engine.domain.decision import AskSnapshot, CancelOrder, Decision, Severity
from engine.domain.event import PersonActed, Restriction
from engine.domain.lane import Lane
from engine.domain.reconcile import rebase


def act(copier: Copier, event: PersonActed, out: list[Decision]) -> None:
    """Carry one command out on one follower."""
    match event.command:
        case Pause() as wish:
            copier.hold(Hold(event.by, "person", wish.reason or "paused", event.at, wish.until))
            until = f" until {wish.until:%H:%M} UTC" if wish.until else ""
            _tell(copier, event.key, "act.proven", f"paused{until}; exits still copy{_holding(copier)}", out)
        case Resume() as wish:
            _resume(copier, event, wish, out)
        case Resize(factor=factor):
            before, copier.factor = copier.factor, factor
            _tell(copier, event.key, "act.proven", f"size {before.normalize():f}x → {factor.normalize():f}x", out)
        case Close() as wish:
            _close(copier, event, wish, out)
        case Flatten() as wish:
            copier.hold(Hold(event.by, "flatten", wish.reason or "flatten", event.at))
            _clear(copier, event, out)
        case Sync() as wish:
            _sync(copier, event, wish, out)
        case Repair():
            copier.quarantined = ""
            copier.stand_still(line_up=copier.is_line_up)
            out.append(AskSnapshot(account=copier.account))
            _tell(copier, event.key, "act.proven", "quarantine lifted, comparing with the broker", out)


def _tell(copier: Copier, key: str, code: str, text: str, out: list[Decision]) -> None:
    out.append(copier.tell(code, Severity.P4, text, key=key))


def _holding(copier: Copier) -> str:
    held = [f"{lane.held:+d} {lane.symbol}" for lane in copier.lanes.values() if lane.held]
    return f", holds {', '.join(held)}" if held else ", holds nothing"


def _resume(copier: Copier, event: PersonActed, wish: Resume, out: list[Decision]) -> None:
    copier.holds = []
    copier.refusals = 0
    copier.arm()
    missed = [
        f"{lane.target - lane.goal:+d} {lane.symbol}" for lane in copier.lanes.values() if lane.target != lane.goal
    ]
    tail = f", {copier.barred}" if copier.barred else ""
    if wish.rejoin is Rejoin.JOIN:
        _join(copier, event, out)
        _begin(copier, event, "sync", out)
        return
    said = f"copying from the leader's next entry, not joined: {', '.join(missed)}" if missed else "copying, in step"
    _tell(copier, event.key, "act.proven", said + tail, out)


def _join(copier: Copier, event: PersonActed, out: list[Decision]) -> None:
    for lane in list(copier.lanes.values()):
        lane.goal, lane.barred, lane.signalled_at = lane.target, "", event.at
        copier.propose(lane, f"act:{event.key}", event.at, out, by_hand=True)
    copier.arm()


def _sync(copier: Copier, event: PersonActed, wish: Sync, out: list[Decision]) -> None:
    if wish.adopt:
        for lane in copier.lanes.values():
            rebase(lane)
            lane.barred = ""
        copier.arm()
        _tell(copier, event.key, "act.proven", f"adopted{_holding(copier)}", out)
        return
    _join(copier, event, out)
    _begin(copier, event, "sync", out)


def _close(copier: Copier, event: PersonActed, wish: Close, out: list[Decision]) -> None:
    for lane in list(copier.lanes.values()):
        if wish.symbol not in (None, lane.symbol) or not lane.held:
            continue
        size = abs(lane.held) if wish.quantity is None else min(wish.quantity, abs(lane.held))
        lane.goal = lane.held - size if lane.held > 0 else lane.held + size
        lane.retry_at = None
        if not lane.goal:
            _cancel(copier, event.at, out, lane)
        copier.propose(lane, f"act:{event.key}", event.at, out, by_hand=True)
    copier.arm()
    _begin(copier, event, "close", out, wish)


def _clear(copier: Copier, event: PersonActed, out: list[Decision]) -> None:
    """Cancel what works, then close what is held."""
    _cancel(copier, event.at, out, None)
    for lane in list(copier.lanes.values()):
        lane.goal, lane.retry_at = 0, None
        copier.propose(lane, f"act:{event.key}", event.at, out, by_hand=True)
    copier.arm()
    _begin(copier, event, "flatten", out)


def _cancel(copier: Copier, at: datetime, out: list[Decision], lane: Lane | None, again_s: int = 0) -> None:
    """Cancel working orders; ``again_s`` leaves out those asked less long ago."""
    for order, working in copier.working.items():
        if working.cancelled_at is not None and (at - working.cancelled_at).total_seconds() < again_s:
            continue
        if lane is None or working.symbol == lane.symbol:
            working.cancelled_at = at
            out.append(CancelOrder(account=copier.account, order=order))


def _begin(copier: Copier, event: PersonActed, kind: str, out: list[Decision], wish: Wish | None = None) -> None:
    symbol = wish.symbol if isinstance(wish, Close) else None
    copier.tasks.append(Task(event.key, kind, event.at, symbol))
    progress(copier, event.at, out)


def progress(copier: Copier, at: datetime, out: list[Decision], *, is_snapshot: bool = False) -> None:
    """See how far the tasks have come; called after every fact of this follower while it has any."""
    for task in list(copier.tasks):
        text = _missing(copier, task)
        if task.kind == "flatten" and copier.is_synced:
            _cancel(copier, at, out, None, again_s=3)
        if text:
            task.asked_at = None
            if text != task.text:
                task.text = text
                _tell(copier, task.key, "act.acked", text, out)
        elif is_snapshot and task.asked_at is not None:
            copier.tasks.remove(task)
            _tell(copier, task.key, "act.proven", _outcome(copier, task, at), out)
        elif task.asked_at is None or (at - task.asked_at).total_seconds() >= 3:
            task.asked_at = at
            out.append(AskSnapshot(account=copier.account))


def _missing(copier: Copier, task: Task) -> str:
    """What still stands between a task and its proof; empty when only the proof is missing."""
    if not copier.is_line_up:
        return "OFFLINE, goes on when the line is back"
    if copier.restriction is Restriction.LOCKED:
        return f"the broker has locked the account: {copier.restricted_because}"
    lanes = [lane for lane in copier.lanes.values() if task.symbol in (None, lane.symbol)]
    left = [f"{lane.held:+d} {lane.symbol}" for lane in lanes if lane.held != lane.goal]
    if left:
        tries = max(lane.exit_tries for lane in lanes)
        return f"{', '.join(left)} to go" + (f", try {tries + 1}" if tries else "")
    if any(lane.buys or lane.sells for lane in lanes):
        return "orders in flight"
    if task.kind == "flatten" and copier.working:
        return f"{len(copier.working)} orders still working"
    return ""


def _outcome(copier: Copier, task: Task, at: datetime) -> str:
    took = f"{(at - task.since).total_seconds():.1f} s"
    if task.kind == "flatten":
        return f"flat {took}" if task.text else "was flat"
    return f"done {took}{_holding(copier)}"
