"""Recovery: an allowed entry whose order went missing is tried again, within the plan's bounds and a few times, then a person
decides.

Missing is what ended unfilled by nobody's decision: it never arrived, was never sent, or was cancelled at the broker. What
the broker refused, what a check skipped and what other hands closed is not tried again. Exits have no bounds; they are tried
until they fill (``report``).
"""

from datetime import datetime, timedelta

from engine.domain.bracket import Children
from engine.domain.copier import Copier
from engine.domain.decision import Decision, Skipped
from engine.domain.ids import OrderId
from engine.domain.lane import Feed, Lane
from engine.domain.risk import Denied, Opposed, Signal
from engine.domain.sizing import Quotes, ticks_away

FIRST = timedelta(seconds=2)
LONGEST = timedelta(minutes=5)  # what has been missing for longer is a person's


def lose(copier: Copier, lane: Lane, lost: int, at: datetime, why: str) -> None:
    """An entry that the goal has ``lost``, signed contracts, is to be tried again."""
    recovery, course = copier.plan.recovery, lane.course
    if not lost or not recovery.tries or any(task.kind in ("flatten", "close") for task in copier.tasks):
        return
    lane.lost = lane.lost + lost if lane.lost * lost >= 0 else lost
    lane.keep_lost()
    course.why = why
    course.lost_at = at
    course.again_at = at + FIRST * 2 ** min(4, course.tries)


def drop(lane: Lane) -> None:
    """Nothing that went missing is wanted any more."""
    lane.lost = 0
    lane.course.clear()


def repair(copier: Copier, lane: Lane, quotes: Quotes, opposed: Opposed, at: datetime, out: list[Decision]) -> None:
    """Try a missing entry again when its time has come: only after a comparison, with nothing else under way."""
    course = lane.course
    lane.keep_lost()
    if not lane.lost:
        if lane.is_settled() and (course.tries or course.stuck):
            course.clear()
        return
    if course.stuck or course.again_at is None or at < course.again_at or not copier.is_ready or not lane.is_settled():
        return
    cause = f"recover:{lane.symbol}:{at.isoformat()}"
    feed = next((feed for feed in lane.feeds.values() if feed.part * lane.lost > 0), None)
    bar = copier.barred or lane.barred or (feed.barred if feed is not None else "leader: he is out")
    if bar or feed is None:  # whoever stopped entries stopped this one
        name, _, figures = bar.partition(": ")
        skip = copier.skipped(lane, cause, lane.lost, Denied(check=name, figures=figures or bar))
        out.append(skip)
        drop(lane)
        return
    if copier.compared_at is None or course.lost_at is None or copier.compared_at <= course.lost_at:
        return  # ``check`` asks for the comparison
    if course.tries >= copier.plan.recovery.tries:
        course.stuck = f"{course.why}, {course.tries} tries"
        return
    course.tries += 1
    if at - course.lost_at > LONGEST:
        course.stuck = (
            f"missing for {(at - course.lost_at).total_seconds():.0f} s, over {LONGEST.total_seconds():.0f} s"
        )
    elif abs(lane.lost) > copier.plan.recovery.max_contracts:
        course.stuck = f"{abs(lane.lost)} contracts are missing, over {copier.plan.recovery.max_contracts}"
    elif figures := _too_far(copier, lane, quotes):
        _later(copier, lane, figures, at)
    else:
        _enter(copier, lane, feed, opposed, cause, at, out)


def _too_far(copier: Copier, lane: Lane, quotes: Quotes) -> str:
    """Why the price does not allow it; empty where it does."""
    away = ticks_away(lane.symbol, lane.signal_price, quotes)
    if away is None:
        return "no price to compare"
    return (
        f"{away:.0f} ticks away over {copier.plan.recovery.max_ticks}" if away > copier.plan.recovery.max_ticks else ""
    )


def _later(copier: Copier, lane: Lane, why: str, at: datetime) -> None:
    course = lane.course
    course.why = why
    if course.tries >= copier.plan.recovery.tries:
        course.stuck = f"{why}, {course.tries} tries"
    else:
        course.again_at = at + FIRST * 2 ** min(4, course.tries)


def _enter(
    copier: Copier, lane: Lane, feed: Feed, opposed: Opposed, cause: str, at: datetime, out: list[Decision]
) -> None:
    course, wanted = lane.course, lane.lost
    minute = int(at.timestamp()) // 60
    signal = Signal(
        cause=cause, at=at, age_us=0, run_ticks=0, minute=minute, opposed=opposed(wanted), is_by_hand=True
    )  # whoever is asked about entries has been asked about this one
    before = len(out)
    more = copier.judge(wanted, lane, feed, signal, out)
    skips = [skip for skip in out[before:] if isinstance(skip, Skipped)]
    if more != wanted and skips:
        course.stuck = f"{skips[0].check}: {skips[0].figures}"
    if not more:
        return
    lane.lost -= more
    lane.allow(feed, more)
    lane.signalled_at = at
    copier.arm()
    copier.propose(lane, cause, at, out)


def child_gone(copier: Copier, client: OrderId, why: str) -> None:
    """A protective child is no longer at the broker; a stop whose end we did not ask for is missing, with ``why``."""
    children: Children = copier.children
    child = children.pop(client)
    lane = copier.lanes.get(child.symbol)
    if lane is not None and why and not child.is_ending and child.leg.stop is not None:
        lane.course.naked_why = why
