"""Rogue: trades of other hands on a follower's account: told at once with their likely source, then handled by the plan's
policy.

Theory of operation. Contracts of other hands first shrink what is kept apart, then what is ours or still coming in: what
somebody else closes is never bought back, under any policy. Only what is left over opens, and that is the policy's:

    alert   counted in, and the contract takes no entries until a person decides
    adopt   counted in: it shrinks with the leader like a copy
    pause   counted in, and entries stop on the account
    apart   kept beside the lane (``Lane.beside``), which our orders never touch
    close   held but not wanted, so the lane's own exit closes it

A closing is bounded: three foreign orders a minute, three tries each, then it is a person's. What a comparison has found is
closed when a second one finds it too. Orders of ours are counted in flight all along, so a person who closes at the same
moment makes nothing worse than a lane that puts itself right.
"""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from engine.domain.closing import begin, may_close, part_of
from engine.domain.command import Close, Command, Flatten, Off, Resume, Sync
from engine.domain.copier import Copier, lots
from engine.domain.decision import AskSnapshot, Decision, Severity
from engine.domain.event import (
    AccountRestricted,
    OrderFilled,
    Restriction,
)
from engine.domain.group import RoguePolicy
from engine.domain.hold import Hold
from engine.domain.lane import Lane
from engine.domain.trace import FOUND, TWICE, Closing, Hand, Source, Trace, liquidates, source_of

COPIERS, BROKER, ROGUE = "copiers", "broker", "rogue"  # kinds of holds
STOPS = frozenset({COPIERS, BROKER})  # holds that stop an account, as opposed to a pause


# ---- fills and positions ---------------------------------------------------------------------------------------------


def filled(copier: Copier, lane: Lane, event: OrderFilled, led: Iterable[Trace], out: list[Decision]) -> None:
    """Take in a fill that no order of ours explains. ``led`` are the leader's newest fills in what this lane copies."""
    source = source_of(
        event.client,
        automated=event.automated,
        is_admin=event.is_admin,
        tag=event.tag,
        restriction=copier.restriction,
        reason=copier.restricted_because,
    )
    what = lots(event.quantity, lane)
    if event.automated and source.hand is not Hand.BROKER:
        side = 1 if event.quantity > 0 else -1
        trace = Trace(lane.symbol, side, event.at, event.order, what)
        if copier.rogue.heard(trace, led):
            source = Source(hand=source.hand, evidence=f"{source.evidence}, {trace.echo}")
            if two_copiers(copier, event.at, out) and source.hand is Hand.PROGRAM:
                source = Source(hand=Hand.COPIER, evidence=trace.echo)
    said = f"{what} at {event.price} on {copier.account} is no copy: {source}"
    policy = _policy(copier, source, event.automated)
    if policy is RoguePolicy.CLOSE and not may_close(copier, event.order, event.at):
        policy, said = RoguePolicy.ALERT, f"{said}; it comes again and again, so it is not closed any more"
    opened = _take(copier, lane, event.quantity, policy)
    copier.trades += bool(opened)  # the firm counts it too
    if opened and policy is RoguePolicy.CLOSE:
        copier.rogue.closed[event.order] = event.at
        begin(copier, lane, opened, source, event.at)
    _told(copier, lane, opened, policy, said, source, event.at, out)


def found(copier: Copier, lane: Lane, difference: int, bar: str, at: datetime, out: list[Decision]) -> None:
    """Take in contracts that a comparison has found and nothing explains; ``bar`` says so."""
    policy = _policy(copier, FOUND, None)
    if policy is RoguePolicy.CLOSE:  # a second comparison must find it too: until then it is left alone
        before, wanted = lane.held, lane.goal
        opened = _take(copier, lane, difference, RoguePolicy.ALERT)
        if opened:
            base = wanted if wanted * opened > 0 and before * lane.held >= 0 else 0
            known = copier.rogue.closings.get(lane.symbol)
            if known is not None and not known.is_sure and known.quantity * opened > 0:
                base, opened = known.base, known.quantity + opened
            closing = Closing(opened, opened, str(FOUND), at, base, is_sure=False, asked_at=at)
            copier.rogue.closings[lane.symbol] = closing
            out.append(AskSnapshot(account=copier.account))
    else:
        opened = _take(copier, lane, difference, policy)
    if policy in (RoguePolicy.ALERT, RoguePolicy.CLOSE):
        lane.barred = f"desync: {bar}"
    said = f"{copier.account} {lane.symbol}: {bar}, nothing of ours explains {difference:+d}"
    _told(copier, lane, opened, policy, said, FOUND, at, out)


def _policy(copier: Copier, source: Source, automated: bool | None) -> RoguePolicy:
    if any(task.kind == "flatten" for task in copier.tasks):
        return RoguePolicy.ADOPT  # the flatten closes whatever it finds
    if automated and any(hold.kind == COPIERS for hold in copier.holds):
        return RoguePolicy.APART  # its exits will come as well: only what is ours is ours to close
    return RoguePolicy.ALERT if source.hand is Hand.BROKER else copier.plan.rogue


def _take(copier: Copier, lane: Lane, quantity: int, policy: RoguePolicy) -> int:
    """Take contracts of other hands into the books.

    Returns: signed contracts that they opened; 0 where they only closed.
    """
    rest = quantity - part_of(-lane.beside, quantity)
    lane.beside += quantity - rest
    if not rest:
        return 0
    before, closing = lane.held, part_of(-lane.held, rest)
    if policy in (RoguePolicy.CLOSE, RoguePolicy.APART):
        if closing:
            lane.meddled(closing)
        opened = rest - closing
        coming = part_of(-lane.goal, opened) if opened and not lane.held else 0
        if coming:  # it meets an entry of ours that is not in yet
            lane.meddled(coming)
            opened -= coming
        if policy is RoguePolicy.APART:
            lane.beside += opened
            if lane.goal * lane.beside < 0:
                lane.hold_back()
        else:
            lane.held += opened
    else:
        opened = rest - closing - (0 if before else part_of(-lane.goal, rest))
        lane.meddled(rest)
        if policy is not RoguePolicy.ALERT:
            if before * lane.held < 0:
                lane.goal = lane.held + lane.buys - lane.sells  # what is in flight still comes on top
            lane.count_in()
    copier.arm()
    return opened


def _told(
    copier: Copier,
    lane: Lane,
    opened: int,
    policy: RoguePolicy,
    said: str,
    source: Source,
    at: datetime,
    out: list[Decision],
) -> None:
    """Say what happened and what is done about it; stop what the policy stops."""
    name, severity = copier.account, Severity.P2
    if opened:
        done = {
            RoguePolicy.ALERT: f"{lane.symbol} takes no entries until a person decides: /sync {name} adopt, /sync {name} apart"
            f" or /close {name}",
            RoguePolicy.CLOSE: "closing it",
            RoguePolicy.ADOPT: "counted in, the leader's next exit closes it as well",
            RoguePolicy.APART: f"kept apart: {lane.beside:+d} beside the copies",
            RoguePolicy.PAUSE: "counted in, entries stop until a person resumes",
        }[policy]
        if any(task.kind == "flatten" for task in copier.tasks):
            done = "the flatten that is under way closes it"
        if policy is RoguePolicy.ALERT and not lane.barred:
            lane.barred = f"desync: holds {lane.net:+d}, {source.hand.value}"
        if is_huge(copier, lane):
            severity, done = Severity.P1, f"{done}; {lane.net:+d} is more than twice the cap"
    else:
        done = "not bought back"
        if lane.barred.startswith("desync") and source is not FOUND and lane.is_explained():
            lane.barred = ""
    if policy is RoguePolicy.PAUSE:
        copier.hold(Hold("engine", ROGUE, f"a trade of other hands: {source.hand.value}", at))
    if source.hand is Hand.BROKER:
        severity, done = Severity.P1, f"{done}; copying stops here until a person resumes"
        _broker_stop(copier, str(source), at)
    copier.arm()
    out.append(copier.tell("rogue.open" if opened else "rogue.close", severity, f"{said}; {done}", lane))


def is_huge(copier: Copier, lane: Lane) -> bool:
    """Say whether a contract is held at more than twice what the follower's caps allow."""
    kept = copier.kept
    allowed = copier.plan.caps.account if kept is None or kept.cap is None else min(copier.plan.caps.account, kept.cap)
    return abs(lane.net) > 2 * lane.cap or Decimal(abs(lane.net) * lane.weight) > 2000 * allowed


# ---- another copier, the broker --------------------------------------------------------------------------------------


def copied(copier: Copier, event: OrderFilled, out: list[Decision]) -> None:
    """Take in a fill of ours: another copier may have been a moment faster."""
    trace = Trace(event.symbol, 1 if event.quantity > 0 else -1, event.at, event.order)
    if copier.rogue.copied(trace):
        two_copiers(copier, event.at, out)


def two_copiers(copier: Copier, at: datetime, out: list[Decision]) -> bool:
    """Stop copying where another copier trades in our timing; what it holds is its own to close."""
    if any(hold.kind == COPIERS for hold in copier.holds):
        return True
    echoes = copier.rogue.echoes(at)
    if len(echoes) < TWICE:
        return False
    copier.hold(Hold("engine", COPIERS, "two copiers on one account", at))
    copier.rogue.closings.clear()
    for lane in copier.lanes.values():
        set_apart(lane)
    copier.arm()
    seen = "; ".join(trace.echo for trace in echoes[-3:])
    said = f"another copier trades on {copier.account}: {seen}. Entries stop here until a person resumes; exits go on"
    out.append(copier.tell("rogue.copier", Severity.P1, said))
    return True


def restricted(copier: Copier, event: AccountRestricted) -> None:
    """A broker that closes an account's positions stops its copies until a person resumes."""
    if event.restriction is not Restriction.NONE and liquidates(event.reason):
        _broker_stop(copier, event.reason, event.at)


def _broker_stop(copier: Copier, why: str, at: datetime) -> None:
    copier.hold(Hold("engine", BROKER, f"closed by the broker: {why}", at))


# ---- by hand ---------------------------------------------------------------------------------------------------------


def decided(copier: Copier) -> None:
    """A person has decided about this account: no policy goes on against it."""
    copier.rogue.closings.clear()


def reach(copier: Copier, command: Command) -> None:
    """Before a person's command: no policy goes on against it, and a close or an adoption reaches what is kept apart."""
    match command:
        case Resume():
            resumed(copier)
        case Close(symbol=symbol, quantity=quantity):
            decided(copier)
            for lane in copier.lanes.values():
                if symbol in (None, lane.symbol):
                    gather(lane, quantity)
        case Flatten() | Sync(adopt=True) | Off(close=True):
            decided(copier)
            for lane in copier.lanes.values():
                gather(lane)
        case Sync():
            decided(copier)
        case _:
            pass


def resumed(copier: Copier) -> None:
    """A person lets the account copy again: what was in our timing before counts no more."""
    copier.rogue.foreign, copier.rogue.closed = [], {}


def keep_apart(copier: Copier, key: str, out: list[Decision]) -> None:
    """Carry out a person's word to keep apart what the leader's position does not explain."""
    if any(task.kind == "flatten" for task in copier.tasks):
        out.append(copier.tell("act.failed", Severity.P4, "a flatten is still under way", key=key))
        return
    decided(copier)
    kept = [f"{extra:+d} {lane.symbol}" for lane in copier.lanes.values() if (extra := set_apart(lane))]
    copier.arm()
    if kept:
        out.append(copier.tell("act.proven", Severity.P4, f"kept apart: {', '.join(kept)}; copies go on", key=key))
    else:
        said = "nothing to keep apart: the leader's position explains what is held"
        out.append(copier.tell("act.failed", Severity.P4, said, key=key))


def gather(lane: Lane, quantity: int | None = None) -> None:
    """Let what is kept apart count as ours again, so that a person's close reaches it: all, or what ``quantity`` needs."""
    more = lane.beside
    if quantity is not None:
        size = max(0, min(abs(lane.beside), quantity - abs(lane.held)))
        more = size if lane.beside > 0 else -size
    lane.beside -= more
    lane.held += more
    lane.goal += more


def set_apart(lane: Lane) -> int:
    """Keep apart what the leader's position does not explain.

    Returns: signed contracts.
    """
    extra = beyond(lane)
    lane.held -= extra
    lane.goal -= extra
    lane.beside += extra
    if extra and lane.barred.startswith("desync"):
        lane.barred = ""
    return extra


def beyond(lane: Lane) -> int:
    """What ``set_apart`` keeps apart: signed contracts held and wanted beyond the leader's target."""
    if lane.apart:
        return 0  # a person has let go of the leader here: what is held is his
    low, high = min(0, lane.target), max(0, lane.target)
    held = lane.held - max(low, min(high, lane.held))
    wanted = lane.goal - max(low, min(high, lane.goal))
    return part_of(held, wanted)
