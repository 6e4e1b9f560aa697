"""Closing: the close policy at work on what other hands have opened: bounded, proven by a snapshot, or left to a person."""

from datetime import datetime, timedelta

from engine.domain.copier import Copier
from engine.domain.decision import AskSnapshot, Decision, Severity
from engine.domain.group import RoguePolicy
from engine.domain.ids import BrokerOrderId
from engine.domain.lane import Lane
from engine.domain.stray import sweep, sweeps
from engine.domain.trace import Closing, Source

MINUTE = timedelta(minutes=1)
AGAIN = timedelta(seconds=3)
CLOSES = 3  # foreign orders that are closed in a minute


def may_close(copier: Copier, order: BrokerOrderId, at: datetime) -> bool:
    """Say whether a foreign order may still be answered by a close: whoever opens again and again is a person's matter."""
    closed = copier.rogue.closed = {name: when for name, when in copier.rogue.closed.items() if at - when < MINUTE}
    return order in closed or len(closed) < CLOSES


def begin(copier: Copier, lane: Lane, opened: int, source: Source, at: datetime) -> None:
    """Note what is to be closed; the lane, which does not want it, orders that by itself."""
    known = copier.rogue.closings.get(lane.symbol)
    if known is not None and known.quantity * opened > 0 and known.is_sure:
        known.quantity, known.left, known.asked_at = known.quantity + opened, known.left + opened, None
    else:
        copier.rogue.closings[lane.symbol] = Closing(opened, opened, str(source), at)


def pursue(copier: Copier, at: datetime, out: list[Decision]) -> None:
    """Look after what the close policy has begun; after every fact of this follower."""
    for symbol, closing in list(copier.rogue.closings.items()):
        lane = copier.lanes[symbol]
        if closing.is_sure:
            closing.left = part_of(_excess(lane, closing.left), closing.left)
        if closing.is_sure and closing.left:
            closing.asked_at = None
        elif copier.is_line_up and (closing.asked_at is None or at - closing.asked_at >= AGAIN):
            closing.asked_at = at
            out.append(AskSnapshot(account=copier.account))
    if copier.plan.rogue is RoguePolicy.CLOSE and copier.working and copier.is_ready:
        sweep(copier, at, out)
        copier.rogue.is_sweeping = sweeps(copier)
    else:
        copier.rogue.is_sweeping = False


def _excess(lane: Lane, side: int) -> int:
    """Signed contracts that are held, or still coming in, beyond what the lane wants."""
    if side > 0:
        return max(0, lane.held + lane.buys - max(0, lane.goal))
    return min(0, lane.held - lane.sells - min(0, lane.goal))


def compared(copier: Copier, lane: Lane, out: list[Decision], *, is_sure: bool) -> None:
    """A comparison has shown nothing new in this lane: what was found before is there, what was closed is gone."""
    closing = copier.rogue.closings.get(lane.symbol)
    if closing is None or not is_sure:
        return
    if not closing.is_sure:
        closing.is_sure = True
        wanted = min(lane.goal, max(0, closing.base)) if closing.left > 0 else max(lane.goal, min(0, closing.base))
        lane.goal = wanted
        closing.left = part_of(_excess(lane, closing.left), closing.left)
        if lane.barred.startswith("desync"):
            lane.barred = ""
        copier.arm()
    elif not part_of(_excess(lane, closing.left), closing.left):
        del copier.rogue.closings[lane.symbol]
        said = (
            f"{closing.quantity:+d} {lane.symbol} of other hands on {copier.account} is proven closed: {closing.source}"
        )
        out.append(copier.tell("rogue.closed", Severity.P4, said, lane))


def give_up(copier: Copier, lane: Lane, out: list[Decision]) -> bool:
    """Exits keep failing: leave the foreign part to a person rather than let the broker close the copies with it.

    Returns: True where nothing else is left to close.
    """
    closing = copier.rogue.closings.pop(lane.symbol, None)
    if closing is None or not closing.is_sure or not closing.left or copier.is_ending(lane):
        return False
    lane.goal += part_of(lane.held - lane.goal, closing.left)
    lane.barred = f"desync: holds {lane.net:+d}, {closing.left:+d} of other hands could not be closed"
    copier.arm()
    said = f"{closing.left:+d} {lane.symbol} of other hands on {copier.account} could not be closed in {lane.exit_tries} tries"
    out.append(copier.tell("rogue.stuck", Severity.P1, f"{said}: a person must", lane))
    if lane.held != lane.goal:
        return False
    lane.exit_tries, lane.retry_at = 0, None
    return True


def part_of(against: int, quantity: int) -> int:
    """Part of ``quantity`` that lies on the side of ``against``, no larger than it."""
    if against * quantity <= 0:
        return 0
    return min(against, quantity) if quantity > 0 else max(against, quantity)
