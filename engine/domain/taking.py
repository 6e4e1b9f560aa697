"""Taking: what becomes of offered entries: told, taken, left, expired, or gone with the leader's position.

A taken entry is judged like one that was heard this moment: all checks, the price as it is now, the age from the taking.
What is denied as a whole stays offered until its time is over; the reason is told to whoever wanted it.
"""

from datetime import datetime

from engine.domain.command import Leave, Take
from engine.domain.copier import Copier, lots
from engine.domain.decision import Decision, Severity, Skipped
from engine.domain.event import Event, OrderFilled, PersonActed
from engine.domain.group import Discretion
from engine.domain.hold import Task
from engine.domain.ids import AccountId
from engine.domain.lane import NO_LIMIT, Lane
from engine.domain.offer import Offer, Part, run_since
from engine.domain.risk import Denied, Opposed, Signal
from engine.domain.room import room_of
from engine.domain.sizing import Quotes
from engine.domain.state import DeskState
from engine.domain.task import begin, tell


def askers(state: DeskState) -> tuple[AccountId, ...]:
    """Followers that need ``tend``."""
    return tuple(
        name
        for name, copier in state.copiers.items()
        if copier.plan.discretion is not Discretion.AUTOMATIC
        or copier.offers
        or copier.signalled
        or any(lane.apart for lane in copier.lanes.values())
    )


def tend(state: DeskState, copier: Copier, event: Event, out: list[Decision]) -> None:
    """Look after one follower's offers and signals; called after every fact while it has any."""
    at = event.at
    for offer in list(copier.offers.values()):
        _shrink(copier, offer, at, out)
        if not offer.left:
            del copier.offers[offer.source]
        elif offer.is_news:
            offer.is_news = False
            if not offer.id:
                state.offered += 1
                offer.id = f"E{state.offered}"
            out.append(_told(copier, offer))
    if copier.plan.discretion is Discretion.SIGNAL:
        _signal(state, copier, event, out)
    elif copier.signalled:
        copier.signalled = {}


def _shrink(copier: Copier, offer: Offer, at: datetime, out: list[Decision]) -> None:
    """Take off what is no longer on offer."""
    lane = copier.lanes[offer.symbol]
    feed = lane.feeds.get(offer.source)
    sign = 1 if offer.left > 0 else -1
    part = feed.part if feed is not None else 0
    closed = max(0, sign * (offer.held - part))
    offer.held = part
    room = max(0, sign * (lane.target - lane.goal))
    others = sum(
        max(0, sign * other.left)
        for other in copier.offers.values()
        if other is not offer and other.symbol == lane.symbol
    )
    if copier.plan.discretion is not Discretion.APPROVE:
        _end(copier, offer, "the settings ask nobody any more", out)
    elif offer.expires <= at:
        _end(copier, offer, f"nobody answered in {(offer.expires - offer.since).total_seconds():.0f} s", out)
    elif feed is not None and feed.barred:
        _end(copier, offer, feed.barred, out)
    elif part * sign <= 0:
        _end(copier, offer, "the leader is out", out)
    else:
        keep = min(abs(offer.left) - closed, room - others)
        _drop(copier, lane, offer, abs(offer.left) - max(0, keep), "the leader holds less by now", out)
        if not offer.left:
            _over(copier, offer, "nothing of it is left to enter", out)


def _end(copier: Copier, offer: Offer, why: str, out: list[Decision]) -> None:
    _drop(copier, copier.lanes[offer.symbol], offer, abs(offer.left), why, out)
    _over(copier, offer, why, out)


def _drop(copier: Copier, lane: Lane, offer: Offer, contracts: int, why: str, out: list[Decision]) -> None:
    said = Denied(check="offer", figures=why)
    out += [copier.skipped(lane, gone.cause, gone.quantity, said) for gone in offer.drop(contracts)]


def _over(copier: Copier, offer: Offer, why: str, out: list[Decision]) -> None:
    if offer.id:
        lane = copier.lanes[offer.symbol]
        out.append(copier.tell("entry.over", Severity.P4, f"{offer.id} {copier.account} is over: {why}", lane))


def _told(copier: Copier, offer: Offer) -> Decision:
    lane = copier.lanes[offer.symbol]
    leader = f"Leader at {offer.price:f}, " if offer.price is not None else ""
    lasts = (offer.expires - offer.since).total_seconds() if len(offer.parts) == 1 else copier.plan.offer_s
    said = (
        f"{offer.id} {copier.account}: {lots(offer.left, lane)}? {leader}{room_words(copier, lane)}. "
        f"/take {offer.id} or /leave {offer.id} within {lasts:.0f} s, until {offer.expires:%H:%M:%S} UTC"
    )
    return copier.tell("entry.offer", Severity.P2, said, lane)


def room_words(copier: Copier, lane: Lane) -> str:
    """What is left for an entry: money to the nearest limit, or contracts under the account cap."""
    ledger = copier.kept.ledger if copier.kept is not None else None
    if ledger is not None:
        return f"room {room_of(ledger).least:.2f} to the nearest limit"
    return f"room for {max(0, copier.room // lane.weight)} contracts"


# ---- a person's word -----------------------------------------------------------------------------------------------


def answer(state: DeskState, copier: Copier, event: PersonActed, opposed: Opposed, out: list[Decision]) -> None:
    """Carry out what a person says about an offer."""
    wish = event.command
    assert isinstance(wish, Take | Leave)
    offer = next((offer for offer in copier.offers.values() if offer.id == wish.offer), None)
    if offer is not None:
        _shrink(copier, offer, event.at, out)
    if offer is None or not offer.left:
        tell(copier, event.key, "act.failed", f"{wish.offer} is not on offer any more", out)
    elif isinstance(wish, Leave):
        said = f"left {offer.id}: {lots(offer.left, copier.lanes[offer.symbol])}"
        _drop(copier, copier.lanes[offer.symbol], offer, abs(offer.left), f"left by {event.by}", out)
        tell(copier, event.key, "act.proven", said, out)
    elif wish.quantity is not None and not 0 < wish.quantity <= abs(offer.left):
        tell(copier, event.key, "act.failed", f"{offer.id} offers {abs(offer.left)}, not {wish.quantity}", out)
    elif not _is_leader_known(state, copier):
        said = f"what the leader holds is not known now; {offer.id} stays on offer until {offer.expires:%H:%M:%S} UTC"
        tell(copier, event.key, "act.failed", said, out)
    else:
        _take(copier, offer, event, wish.quantity or abs(offer.left), state.fresh_quotes(), opposed, out)


def _is_leader_known(state: DeskState, copier: Copier) -> bool:
    return any(copier.group in book.groups and book.is_synced for book in state.leaders.values())


def _take(
    copier: Copier, offer: Offer, event: PersonActed, size: int, quotes: Quotes, opposed: Opposed, out: list[Decision]
) -> None:
    lane, before = copier.lanes[offer.symbol], copier.lanes[offer.symbol].goal
    skips: list[Decision] = []
    orders: list[Decision] = []
    for part in offer.parts:
        wanted = min(size, abs(part.quantity))
        size -= wanted
        rest = abs(part.quantity) - wanted
        sign = 1 if part.quantity > 0 else -1
        if rest:
            left = Denied(check="offer", figures=f"left by {event.by}")
            skips.append(copier.skipped(lane, part.cause, sign * rest, left))
        if wanted:
            _enter(
                copier, lane, offer, Part(part.cause, sign * wanted, part.price), event, quotes, opposed, skips, orders
            )
    if lane.goal == before:
        why = next((f"{skip.check}: {skip.figures}" for skip in skips if isinstance(skip, Skipped)), "no room")
        said = f"not taken, {why}; {offer.id} stays on offer until {offer.expires:%H:%M:%S} UTC"
        tell(copier, event.key, "act.failed", said, out)
        return
    del copier.offers[offer.source]
    out += skips + orders
    begin(copier, Task(event.key, "take", event.at, lane.symbol, wanted=lane.goal), out)


def _enter(
    copier: Copier,
    lane: Lane,
    offer: Offer,
    part: Part,
    event: PersonActed,
    quotes: Quotes,
    opposed: Opposed,
    skips: list[Decision],
    orders: list[Decision],
) -> None:
    """Judge one part as of now and order what of it may pass."""
    run = run_since(offer.source, part.quantity, part.price, quotes)
    if run is None and lane.max_run < NO_LIMIT:
        skips.append(copier.skipped(lane, part.cause, part.quantity, Denied(check="price_run", figures="no price now")))
        return
    signal = Signal(
        cause=part.cause,
        at=event.at,
        age_us=0,
        run_ticks=max(0, run or 0),
        minute=int(event.at.timestamp()) // 60,
        opposed=opposed(part.quantity),
        price=part.price,
        is_by_hand=True,
    )
    if copier.minute != signal.minute:
        copier.minute, copier.copies = signal.minute, 0
    more = copier.judge(part.quantity, lane, lane.feeds[offer.source], signal, skips)
    if more:
        copier.take_in(lane, lane.feeds[offer.source], more)
        copier.copies += 1
        lane.signalled_at, lane.signal_price = event.at, part.price
        copier.arm()
        copier.propose(lane, part.cause, event.at, orders)


# ---- signals -------------------------------------------------------------------------------------------------------


def _signal(state: DeskState, copier: Copier, event: Event, out: list[Decision]) -> None:
    """Say what the leader did and what size it would be, once for each change."""
    for lane in copier.lanes.values():
        was = copier.signalled.get(lane.symbol, 0)
        if lane.target == was:
            continue
        copier.signalled[lane.symbol] = lane.target
        did = ""
        if isinstance(event, OrderFilled) and event.account in state.leaders:
            verb = "bought" if event.quantity > 0 else "sold"
            did = f", {event.account} {verb} {abs(event.quantity)} {event.symbol} at {event.price:f}"
        said = (
            f"{copier.account}: {lots(lane.target - was, lane)} by its size{did}; makes {lane.target:+d}, not entered"
        )
        out.append(copier.tell("signal", Severity.P4, said, lane))
