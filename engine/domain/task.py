"""Task: an act that takes time, from asked to proven: told once for each change, and kept at until a snapshot shows it."""

from datetime import datetime, timedelta

from engine.domain.copier import Copier
from engine.domain.decision import AskSnapshot, CancelOrder, Decision, Severity
from engine.domain.event import Restriction
from engine.domain.hold import LEADER_LOST, Task
from engine.domain.lane import Lane
from engine.domain.recovery import drop
from engine.domain.rogue import gather

FAIL_AFTER = timedelta(seconds=5)
WAS_FLAT = "was flat"
FAIL_AGAIN = timedelta(minutes=1)


def tell(copier: Copier, key: str, code: str, text: str, out: list[Decision]) -> None:
    """Say how far an act has come."""
    out.append(copier.tell(code, Severity.P4, text, key=key))


def holding(copier: Copier) -> str:
    """What is held, as the end of a sentence."""
    held = [f"{lane.net:+d} {lane.symbol}" for lane in copier.lanes.values() if lane.net]
    return f", holds {', '.join(held)}" if held else ", holds nothing"


def flatten(copier: Copier, task: Task, out: list[Decision]) -> None:
    """Cancel what works and close all of a follower that is held; ``progress`` keeps at it until a snapshot proves it."""
    cancel_working(copier, task.since, out, None)
    begin(copier, task, out)


def close_all(copier: Copier, key: str, at: datetime, out: list[Decision]) -> None:
    """Close what is held and what is still coming in."""
    for lane in copier.lanes.values():
        lane.goal = 0
    cancel_working(copier, at, out, None)
    copier.arm()
    begin(copier, Task(key, "close", at), out)


def cancel_working(copier: Copier, at: datetime, out: list[Decision], lane: Lane | None, again_s: int = 0) -> None:
    """Cancel working orders; ``again_s`` leaves out those asked less long ago."""
    for order, working in copier.working.items():
        if working.cancelled_at is not None and (at - working.cancelled_at).total_seconds() < again_s:
            continue
        if lane is None or working.symbol == lane.symbol:
            working.cancelled_at = at
            out.append(CancelOrder(account=copier.account, order=order))


def begin(copier: Copier, task: Task, out: list[Decision]) -> None:
    """Order what a task needs now; ``progress`` looks after it from then on."""
    copier.tasks.append(task)
    _zero(copier, task)
    for lane in list(copier.lanes.values()):
        if task.symbol in (None, lane.symbol):
            copier.propose(lane, f"act:{task.key}", task.since, out, by_hand=True)
    progress(copier, task.since, out)


def _zero(copier: Copier, task: Task) -> bool:
    """A flatten wants nothing, whatever was found or opened since; True where that is news."""
    is_any = task.kind == "flatten"
    wanted = [lane for lane in copier.lanes.values() if is_any and (lane.goal or lane.beside)]
    for lane in wanted:
        gather(lane)
        lane.goal = 0
        drop(lane)
    if wanted:
        copier.arm()
    return bool(wanted)


def progress(copier: Copier, at: datetime, out: list[Decision], *, is_snapshot: bool = False) -> None:
    """See how far the tasks have come; called after every fact of this follower while it has any."""
    for task in list(copier.tasks):
        if _zero(copier, task):
            for lane in list(copier.lanes.values()):
                copier.propose(lane, f"act:{task.key}", at, out)
        text = _missing(copier, task)
        if task.kind == "flatten" and copier.is_synced:
            cancel_working(copier, at, out, None, again_s=3)
        if text:
            if task.is_limit:
                _unproven(copier, task, text, at, out)
            elif text != task.text:
                tell(copier, task.key, "act.acked", text, out)
            task.text = text
            if not copier.working or task.kind != "flatten":
                task.asked_at = None
            elif task.asked_at is None or (at - task.asked_at).total_seconds() >= 3:
                task.asked_at = at  # an order that neither works nor ends is resolved, not assumed
                out.append(AskSnapshot(account=copier.account))
        elif is_snapshot and task.asked_at is not None:
            copier.tasks.remove(task)
            if task.family == "leader" and all(
                other.family != "leader" for other in copier.tasks
            ):  # no lock: it copies from the leader's next entry
                copier.holds = [hold for hold in copier.holds if hold.kind != LEADER_LOST]
                copier.arm()
            code, said = _outcome(copier, task, at)
            if task.is_limit:
                severity = Severity.P4 if task.why and said == WAS_FLAT else Severity.P2
                why = f" ({task.why})" if task.why else ""
                proof = f"{copier.account} {said if said == WAS_FLAT else f'is proven {said}'}{why}"
                out.append(copier.tell(f"{task.family}.flat", severity, proof, key=task.key))
            else:
                tell(copier, task.key, code, said, out)
        elif task.asked_at is None or (at - task.asked_at).total_seconds() >= 3:
            task.asked_at = at
            out.append(AskSnapshot(account=copier.account))


def _unproven(copier: Copier, task: Task, text: str, at: datetime, out: list[Decision]) -> None:
    """A limit's flatten that lasts is money at risk: say so, and again each minute."""
    since, lasted = task.failed_at or task.since, (at - task.since).total_seconds()
    if task.why and not copier.is_line_up and not any(lane.held or lane.goal for lane in copier.lanes.values()):
        return  # a time that comes while the line is off and nothing is believed held: proven when it is back
    if at - since >= (FAIL_AGAIN if task.failed_at else FAIL_AFTER):
        task.failed_at = at
        why = f" ({task.why})" if task.why else ""
        said = f"{copier.account} is not proven flat after {lasted:.0f} s and goes on trying{why}: {text}"
        out.append(copier.tell(f"{task.family}.fail", Severity.P1, said, key=task.key))


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


def _outcome(copier: Copier, task: Task, at: datetime) -> tuple[str, str]:
    """Code and words of a task's end: a join that was refused is not called done."""
    took = f"{(at - task.since).total_seconds():.1f} s"
    if task.kind == "flatten":
        return "act.proven", f"flat {took}" if task.text else WAS_FLAT
    if task.kind == "approve":
        return _approved(copier, task, took)
    short = [
        f"{lane.target - lane.held:+d} {lane.symbol}" for lane in copier.lanes.values() if lane.target != lane.held
    ]
    if task.kind == "sync" and short:
        return "act.failed", f"not joined: {', '.join(short)}{holding(copier)}"
    if task.short:
        return "act.failed", f"not brought up: {task.short}{holding(copier)}"
    if task.kind == "take":
        lane = copier.lanes[task.symbol] if task.symbol is not None else None
        sign = 1 if task.wanted > 0 else -1
        if lane is not None and sign * lane.held < min(sign * task.wanted, sign * lane.target):
            return "act.failed", f"not all of it was entered{holding(copier)}"
    return "act.proven", f"done {took}{holding(copier)}"


def _approved(copier: Copier, task: Task, took: str) -> tuple[str, str]:
    """An approval is done when what it gave is held, as far as the leader has not closed it meanwhile."""
    lane = next(lane for lane in copier.lanes.values() if lane.symbol == task.symbol)
    aim = max(0, min(task.wanted, lane.target)) if task.wanted > 0 else min(0, max(task.wanted, lane.target))
    short = aim - lane.held
    if short * task.wanted > 0:
        return "act.failed", f"{short:+d} {lane.symbol} did not fill{task.short}{holding(copier)}"
    return "act.proven", f"copied {took}{task.short}{holding(copier)}"
