"""Silence: what a group does when its leader can no longer be heard while positions are open: hold, tighten, flatten.

Theory of operation. The time runs from the loss of the leader's line, or from a start at which it has not come yet, and is
state: a restart neither shortens nor renews it. The leader's own snapshot ends it. A stop that was placed meanwhile is taken
away then; who was flattened waits for the leader's next entry, or for a person's sync.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial

from engine.domain.bracket import TRY_EVERY, TRY_SELDOM, Child, naked
from engine.domain.contract import product_of
from engine.domain.copier import GRACE, Copier
from engine.domain.decision import CancelOrder, Decision, Leg, Protect, Raised, Severity
from engine.domain.group import GroupPlan, LostAction
from engine.domain.hold import LEADER_LOST, Hold, Task
from engine.domain.ids import AccountId, order_id
from engine.domain.lane import Lane
from engine.domain.leader import LeaderBook
from engine.domain.recovery import drop
from engine.domain.sizing import Quotes, mark_of
from engine.domain.state import DeskState
from engine.domain.task import begin, cancel_working, flatten


def groups_of(state: DeskState, book: LeaderBook) -> list[GroupPlan]:
    """Groups of a silent leader in which somebody holds anything."""
    led = [group for group in state.plan.groups if group.id in book.groups]
    return [group for group in led if any(holds(state.copiers[one.account]) for one in group.followers)]


def holds(copier: Copier) -> bool:
    """Say whether a follower has, or may come to have, a position."""
    return any((lane.held or lane.buys or lane.sells) and not lane.apart for lane in copier.lanes.values())


def fell(book: LeaderBook, at: datetime, *, is_told: bool) -> None:
    """The leader cannot be heard from now on; what runs already runs on."""
    if book.silent_since is None:
        book.silent_since, book.is_silence_told = at, False
    book.is_silence_told |= is_told


def words(state: DeskState, account: AccountId, at: datetime) -> str:
    """The policy of each group that holds anything, and the time that is left."""
    book = state.leaders[account]
    said = [f"{group.id} {_policy(group, book, at)}" for group in groups_of(state, book)]
    return f"; {', '.join(said)}" if said else ""


def _policy(group: GroupPlan, book: LeaderBook, at: datetime) -> str:
    plan = group.leader_lost
    left = _due(group, book, at) - at
    when = f"in {left.total_seconds():.0f} s unless he is back" if left > timedelta(0) else "now"
    match plan.action:
        case LostAction.HOLD:
            return "holds what it has"
        case LostAction.TIGHTEN:
            return f"places stops {plan.stop_ticks} ticks from the market {when}"
        case LostAction.FLATTEN:
            return f"flattens {when}"


def _due(group: GroupPlan, book: LeaderBook, at: datetime) -> datetime:
    return (book.silent_since or at) + timedelta(seconds=group.leader_lost.after_s)


def due(state: DeskState, at: datetime, out: list[Decision]) -> Iterator[tuple[AccountId, Callable[[Copier], None]]]:
    """Followers for whom the policy acts now, and how; the loss is told before, where a start has brought no leader."""
    for book in state.leaders.values():
        if book.silent_since is None:
            continue
        holding = groups_of(state, book)
        if holding and not book.is_silence_told and at - book.silent_since >= GRACE:
            book.is_silence_told = True
            said = f"{book.account} has not come back since the start{words(state, book.account, at)}"
            out.append(Raised(code="leader.lost", severity=Severity.P1, text=said, account=book.account))
        for group in holding:
            if group.leader_lost.action is not LostAction.HOLD and at >= _due(group, book, at):
                quotes, since = state.fresh_quotes(), book.silent_since
                for follower in group.followers:
                    yield (
                        follower.account,
                        partial(act_on, group=group, silent_since=since, quotes=quotes, at=at, out=out),
                    )


def act_on(
    copier: Copier, group: GroupPlan, silent_since: datetime, quotes: Quotes, at: datetime, out: list[Decision]
) -> None:
    """Do for one follower what its group's policy says; again only where something of it is missing."""
    if group.leader_lost.action is LostAction.TIGHTEN:
        for lane in [lane for lane in copier.lanes.values() if not lane.apart]:
            _tighten(copier, lane, group.leader_lost.stop_ticks, quotes, at, out)
        return
    key = f"lost:{group.leader}:{silent_since.isoformat()}"
    if copier.lost_key == key or not holds(copier) or any(task.kind == "flatten" for task in copier.tasks):
        return
    copier.lost_key = key
    lasted = (at - silent_since).total_seconds()
    said = f"{copier.account}: the leader {group.leader} is not heard for {lasted:.0f} s: flattening"
    out.append(copier.tell("leader.flatten", Severity.P1, said, key=key))
    copier.hold(Hold("engine", LEADER_LOST, f"leader {group.leader} not heard, flattening", at))
    if not any(lane.apart for lane in copier.lanes.values()):
        flatten(copier, Task(key, "flatten", at, is_limit=True, family="leader"), out)
        return
    for lane in [lane for lane in copier.lanes.values() if not lane.apart]:  # what is apart is a person's
        lane.goal = 0
        drop(lane)
        cancel_working(copier, at, out, lane)
        begin(copier, Task(f"{key}:{lane.symbol}", "close", at, lane.symbol, is_limit=True, family="leader"), out)


def _tighten(copier: Copier, lane: Lane, ticks: int, quotes: Quotes, at: datetime, out: list[Decision]) -> None:
    """Give a lane that stands without a stop one near the market."""
    bare = naked(copier.children, lane) if lane.held and copier.is_synced and not lane.buys and not lane.sells else 0
    if bare <= 0 or (lane.naked_since is not None and at < lane.naked_since):
        return
    course, product, mark = lane.course, product_of(lane.symbol), mark_of(quotes, lane.symbol)
    course.cover_tries += 1
    lane.naked_since = at + (TRY_EVERY if course.cover_tries <= 3 else TRY_SELDOM)
    if product is None or mark is None:
        said = f"{copier.account} {lane.symbol}: no price to place a stop by; {lane.held:+d} stands without one"
        out.append(copier.tell("desync.orders", Severity.P1, said, lane))
        return
    side = 1 if lane.held > 0 else -1
    stop = (mark / product.tick).to_integral_value() * product.tick - side * ticks * product.tick
    copier.made += 1
    cause = f"tighten:{lane.symbol}#{copier.made}"
    leg = Leg(client=order_id(f"{cause}:stop", copier.account), stop=stop)
    copier.children[leg.client] = Child(lane.symbol, -side * bare, leg, None, bare, is_tight=True)
    lane.is_bracketed = True  # it shrinks with the position from now on
    out.append(Protect(cause=cause, account=copier.account, symbol=lane.symbol, quantity=-side * bare, legs=(leg,)))
    said = f"{copier.account} {lane.symbol}: leader not heard, stop for {bare} at {stop}, {ticks} ticks from {mark}"
    out.append(copier.tell("leader.tighten", Severity.P2, said, lane))


def heard(state: DeskState, book: LeaderBook, at: datetime, out: list[Decision]) -> None:
    """The leader's own snapshot is here: what was pending is over, stops that stood in for him go."""
    if book.silent_since is None or not book.is_synced:
        return
    lasted, was_told = (at - book.silent_since).total_seconds(), book.is_silence_told
    pending = [group.id for group in groups_of(state, book) if group.leader_lost.action is not LostAction.HOLD]
    book.silent_since, book.is_silence_told = None, False
    if was_told and pending:
        said = f"{book.account} is heard again after {lasted:.0f} s; {', '.join(pending)} follows him again"
        out.append(Raised(code="leader.back", severity=Severity.P4, text=said, account=book.account))
    for copier in state.copiers.values():
        if copier.group in book.groups:
            _loosen(copier, out)


def _loosen(copier: Copier, out: list[Decision]) -> None:
    for child in copier.children.values():
        if child.is_tight and not child.is_ending:
            child.is_ending = True
            if child.order is not None:
                out.append(CancelOrder(account=copier.account, order=child.order))
