"""Watch: what time decides for one follower: what is asked again, what is repaired, where each lane stands and who is told."""

from datetime import datetime, timedelta

from engine.domain.bracket import cover, drop_lone, naked, trim
from engine.domain.copier import ASK_AFTER, GRACE, Copier
from engine.domain.decision import AskOrder, AskSnapshot, Decision, Severity
from engine.domain.desync import MOVES, Seen, Sight, SyncState
from engine.domain.event import Restriction
from engine.domain.lane import Lane
from engine.domain.missed import PATIENCE
from engine.domain.orphan import sweep
from engine.domain.recovery import repair
from engine.domain.risk import Opposed
from engine.domain.sizing import Quotes

ASK_AGAIN = timedelta(seconds=3)
SOON = timedelta(milliseconds=500)  # a difference that lasts so long, with nothing in flight, is asked about
ASK_SELDOM = timedelta(minutes=1)  # however often the same doubt was answered
ASK_LONG = timedelta(seconds=15)  # an order without an end for so long is looked for in the whole account
HAND_OVER = timedelta(minutes=1)  # a difference that lasts longer is a person's
EXIT_TRIES = 3  # exits in vain after which a person must look; they go on all the same
NOBODY, ENGINE = "nobody yet", "engine"


def check(copier: Copier, quotes: Quotes, opposed: Opposed, at: datetime, out: list[Decision]) -> None:
    """Look after what time decides: unanswered orders, repairs, exits to try again, differences that last."""
    if not copier.is_line_up:
        return
    wants_snapshot = not copier.is_synced
    for client, flight in copier.flights.items():
        since = flight.asked_at or flight.at
        if at - since >= (ASK_AGAIN if flight.asked_at else ASK_AFTER):
            flight.asked_at = at
            out.append(AskOrder(account=copier.account, client=client))
        wants_snapshot |= at - flight.at >= ASK_LONG
    for lane in list(copier.lanes.values()):
        if lane.retry_at is not None and lane.retry_at <= at:
            lane.retry_at = None
            copier.propose(lane, f"retry:{at.isoformat()}", at, out)
        repair(copier, lane, quotes, opposed, at, out)
        wants_snapshot |= _time(copier, lane, at)
        trim(copier.children, lane, copier.account, out)
        _cover(copier, lane, at, out)
        _step(copier, lane, at, out)
    sweep(copier, at, out)
    _ask(copier, at, out, wants_snapshot=wants_snapshot)


def _ask(copier: Copier, at: datetime, out: list[Decision], *, wants_snapshot: bool) -> None:
    """Ask the broker, ever more seldom while the answers change nothing: doubts of many followers are no storm."""
    if not wants_snapshot:
        copier.asks = 0
    elif copier.asked_at is None or at - copier.asked_at >= min(ASK_SELDOM, ASK_AGAIN * 2 ** min(5, copier.asks)):
        copier.asked_at, copier.asks = at, copier.asks + 1
        out.append(AskSnapshot(account=copier.account))


def _time(copier: Copier, lane: Lane, at: datetime) -> bool:
    """Time a difference; True when the broker should be asked."""
    course = lane.course
    lost_at = course.lost_at if lane.lost and not course.stuck else None
    if lost_at is not None and (copier.compared_at is None or copier.compared_at <= lost_at):
        return True
    if lane.buys or lane.sells or not _differs(lane):
        lane.off_since = None
        return False
    if lane.off_since is None:
        lane.off_since = at
        return False
    return at - lane.off_since >= SOON and not (is_opposite(lane) and lane.is_settled())


def _differs(lane: Lane) -> bool:
    is_other = lane.reported is not None and lane.reported != lane.net
    return lane.held != lane.goal or is_other or is_opposite(lane)


def is_opposite(lane: Lane) -> bool:
    """Say whether the follower stands on the other side than the leader's position gives, and nobody adopted that."""
    return lane.held * lane.target < 0 and not lane.apart and (bool(lane.barred) or lane.held != lane.goal)


def _cover(copier: Copier, lane: Lane, at: datetime, out: list[Decision]) -> None:
    """Place missing children again; a stop that was there and is gone is told at once."""
    course, plan = lane.course, copier.plan.bracket
    if lane.is_bracketed and plan is None and not copier.children:  # what stood in for a silent leader is gone
        lane.is_bracketed, lane.naked_since = False, None
        course.naked_why, course.cover_tries = "", 0
    if not lane.is_bracketed or plan is None:
        return
    copier.made += 1
    cause = f"cover:{lane.symbol}#{copier.made}"
    is_tried = course.cover_tries >= max(1, copier.plan.recovery.tries)
    if pair := cover(copier.children, lane, plan, cause, copier.account, at, is_seldom=is_tried):
        drop_lone(copier.children, lane, pair, out)
        out.append(pair)
        if course.naked_why:
            course.cover_tries += 1
            limit = copier.plan.recovery.tries
            tail = (
                "placed again"
                if course.cover_tries <= max(1, limit)
                else f"tried {course.cover_tries} times: look at it"
            )
            said = f"{copier.account} {lane.symbol}: no stop for {abs(pair.quantity)}, {course.naked_why}; {tail}"
            out.append(copier.tell("desync.orders", Severity.P1, said, lane))
    elif course.naked_why and naked(copier.children, lane, is_sure=True) <= 0:
        if course.cover_tries:
            said = (
                f"{copier.account} {lane.symbol}: the stop stands again" if lane.held else f"{copier.account} is flat"
            )
            out.append(copier.tell("desync.over", Severity.P4, said, lane))
        course.naked_why, course.cover_tries = "", 0


# ---- where it stands -----------------------------------------------------------------------------------------------


def seen(copier: Copier, lane: Lane, at: datetime) -> Seen:
    """Where a lane stands now, why, who has it, and when the next step comes. Pure: nothing is kept by it."""
    sight, why, deadline = _sight(copier, lane, at)
    course = lane.course
    state = MOVES[course.state, sight]
    owner = ""
    if state is SyncState.NEEDS_PERSON:
        owner = course.owner or NOBODY
    elif state is not SyncState.IN_SYNC:
        owner = course.owner or ENGINE
    since = course.since if state is course.state else lane.off_since
    return Seen(sight=sight, state=state, why=why, owner=owner, deadline=deadline, since=since)


def _sight(copier: Copier, lane: Lane, at: datetime) -> tuple[Sight, str, datetime | None]:
    course = lane.course
    if stuck := _stuck(copier, lane, at):
        return Sight.STUCK, stuck, lane.retry_at
    if not copier.is_line_up or not copier.is_synced:
        return Sight.MOVING, copier.barred or "not yet compared with the broker", None
    if lane.buys or lane.sells:
        flights = [flight for flight in copier.flights.values() if flight.symbol == lane.symbol]
        first = min((flight.at for flight in flights), default=at)
        asked = max((flight.asked_at for flight in flights if flight.asked_at), default=None)
        return Sight.MOVING, "orders in flight", asked + ASK_AGAIN if asked else first + ASK_AFTER
    if lane.retry_at is not None and lane.held != lane.goal:
        return Sight.REPAIRING, f"exit, try {lane.exit_tries + 1}", lane.retry_at
    if lane.lost:
        return Sight.REPAIRING, f"{lane.lost:+d} went missing: {course.why}", course.again_at
    if lane.missed:
        return Sight.MOVING, "a missed entry waits for a price", lane.missed_at and lane.missed_at + PATIENCE
    if course.naked_why and lane.held:
        return Sight.REPAIRING, f"no stop: {course.naked_why}", lane.naked_since
    if not _differs(lane):
        return Sight.EVEN, "", None
    since = lane.off_since or at
    why = f"broker says {lane.reported:+d}" if lane.reported is not None and lane.reported != lane.net else "differs"
    if at - since < GRACE:
        return Sight.OFF, why, since + GRACE
    return Sight.LASTING, why, since + HAND_OVER


def _stuck(copier: Copier, lane: Lane, at: datetime) -> str:
    """Why only a person can bring it back; empty where the engine still can."""
    course = lane.course
    if copier.quarantined:
        return f"set aside: {copier.quarantined}"
    if lane.barred.startswith("desync"):
        return lane.barred
    if lane.lost and course.stuck:
        return f"{lane.lost:+d} is missing: {course.stuck}"
    if lane.held != lane.goal and copier.restriction is Restriction.LOCKED:
        return f"the broker has locked the account: {copier.restricted_because}".rstrip(": ")
    if lane.held != lane.goal and lane.exit_tries >= EXIT_TRIES:
        return f"exit tried {lane.exit_tries} times, goes on trying"
    if lane.held and course.cover_tries > max(1, copier.plan.recovery.tries):
        return f"no stop: {course.naked_why}"
    flights = [flight for flight in copier.flights.values() if flight.symbol == lane.symbol]
    if any(at - flight.at >= HAND_OVER for flight in flights) and copier.is_line_up:
        return f"an order has no end for {HAND_OVER.total_seconds():.0f} s"
    if lane.off_since is not None and at - lane.off_since >= HAND_OVER:
        return f"it lasts for over {HAND_OVER.total_seconds():.0f} s"
    return ""


def _step(copier: Copier, lane: Lane, at: datetime, out: list[Decision]) -> None:
    """Take the lane's next state and tell people what they must know, once, and once more where it grows graver."""
    course, now = lane.course, seen(copier, lane, at)
    course.move(now.sight, at)
    lane.is_off_told = course.told is not None
    if course.state is SyncState.IN_SYNC:
        if course.told is not None:
            course.told, course.is_handed_over, lane.is_off_told = None, False, False
            said = f"{copier.account} {lane.symbol} is in sync again"
            out.append(copier.tell("desync.over", Severity.P4, said, lane))
        return
    if now.state not in (SyncState.DESYNC, SyncState.NEEDS_PERSON) or copier.quarantined:
        return
    is_graver = is_opposite(lane) and lane.off_since is not None and at - lane.off_since >= GRACE
    if not is_graver and (lane.barred.startswith("desync") or lane.exit_tries):
        return  # told already, as what other hands did or as the exit that failed
    severity = Severity.P1 if is_graver else Severity.P2
    is_person = now.state is SyncState.NEEDS_PERSON
    is_news = course.told is None or (is_graver and course.told is not Severity.P1) or is_person > course.is_handed_over
    if not is_news:
        return
    course.told, course.is_handed_over, lane.is_off_told = severity, is_person, True
    out.append(copier.tell("desync.qty", severity, _said(copier, lane, now, at), lane))


def _said(copier: Copier, lane: Lane, now: Seen, at: datetime) -> str:
    lasted = (at - (lane.off_since or lane.course.lost_at or at)).total_seconds()
    side = ", the other side" if is_opposite(lane) else ""
    wanted = lane.target if lane.lost or is_opposite(lane) else lane.goal
    tail = " needs a person" if now.state is SyncState.NEEDS_PERSON else ""
    why = f": {now.why}" if now.why else ""
    return f"{copier.account} {lane.symbol}{tail}: wants {wanted:+d}, has {lane.held:+d}{side} for {lasted:.0f} s{why}"
