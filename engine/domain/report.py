"""Report: what the broker tells of a follower's orders, fills and positions, taken into its lanes."""

from datetime import datetime, timedelta
from decimal import Decimal

from engine.domain import rogue
from engine.domain.bracket import trim
from engine.domain.closing import give_up
from engine.domain.copier import Copier, lots, remember
from engine.domain.decision import AskOrder, AskSnapshot, Decision, Liquidate, Raised, Severity
from engine.domain.event import (
    CLOSED,
    Absent,
    Accepted,
    AccountRestricted,
    BalanceReported,
    FillBusted,
    OrderAnswered,
    OrderChanged,
    OrderFilled,
    OrderStatus,
    PositionReported,
    RefusalKind,
    Refused,
    Restriction,
    SnapshotTaken,
    Unclear,
)
from engine.domain.flight import Flight, Working
from engine.domain.hold import Hold
from engine.domain.ids import OrderId, order_id
from engine.domain.lane import Lane
from engine.domain.lookout import led
from engine.domain.recovery import child_gone, lose
from engine.domain.state import DeskState
from engine.domain.stray import listed


def filled(state: DeskState, copier: Copier, event: OrderFilled, out: list[Decision]) -> None:
    """Take in a fill, once."""
    if event.fill in copier.seen:
        return
    remember(copier.seen, event.fill)
    lane, quantity = copier.lane(event.symbol), event.quantity
    client = event.client or _liquidation(copier, lane, quantity)
    flight = copier.flights.get(client) if client is not None else None
    lane.cost.fold(lane.net, quantity, event.price)
    if copier.bond is not None:
        is_ours = any(client in known for known in (copier.flights, copier.children, copier.done))
        copier.bond.fold(lane.symbol, quantity, event.price, is_ours=is_ours)
    if copier.kept is not None:
        copier.kept.count_fill(abs(quantity), event.at)
    if flight is not None and client is not None:
        counted = min(flight.open, abs(quantity))
        flight.open -= counted
        lane.ended(counted if quantity > 0 else -counted)
        lane.held += quantity
        if lane.exit_tries:
            said = f"the exit of {lane.symbol} on {copier.account} goes through, holds {lane.held:+d}"
            out.append(copier.tell("exit.filled", Severity.P4, said, lane))
        lane.exit_tries, lane.retry_at = 0, None
        copier.refusals = 0
        rogue.copied(copier, event, out)
        if flight.open == 0:
            copier.land(client)
        elif flight.final is not None and abs(flight.quantity) - flight.open >= flight.final:
            _ended(copier, client, flight, event.at, "ended by the broker", out)
    elif event.client is not None and event.client in copier.children:
        _child_filled(copier, lane, event.client, quantity, event, out)
    elif event.client is not None and event.client in copier.done:
        lane.held += quantity  # ours, told after we had written it off: the lane puts it right
        copier.arm()
    else:
        rogue.filled(copier, lane, event, led(state, copier, event.symbol), out)
    if lane.beside:
        lane.net_out()
    copier.propose(lane, f"fill:{event.fill}", event.at, out)


def _liquidation(copier: Copier, lane: Lane, quantity: int) -> OrderId | None:
    """The broker's own closing that we asked for comes without a client id of ours: it fills the flight that stands for it."""
    flight = copier.flights.get(lane.liquidation) if lane.liquidation is not None else None
    return lane.liquidation if flight is not None and flight.quantity * quantity > 0 else None


def _child_filled(
    copier: Copier, lane: Lane, client: OrderId, quantity: int, event: OrderFilled, out: list[Decision]
) -> None:
    """A stop or target of ours closed contracts: they are not bought back."""
    child = copier.children[client]
    child.open = max(0, child.open - abs(quantity))
    if not child.open:
        del copier.children[client]
    lane.meddled(quantity)
    kind = "stop" if child.leg.stop is not None else "target"
    said = f"{kind} of {copier.account} filled: {lots(quantity, lane)} at {event.price}"
    out.append(copier.tell("bracket.filled", Severity.P3, said, lane))


def answered(copier: Copier, event: OrderAnswered, out: list[Decision]) -> None:
    """Take in the answer to an order of ours."""
    flight = copier.flights.get(event.client)
    if flight is None:
        if isinstance(event.outcome, Refused | Absent) and event.client in copier.children:
            no = event.outcome
            child_gone(copier, event.client, f"refused: {no.reason}" if isinstance(no, Refused) else "it never arrived")
        return
    match event.outcome:
        case Accepted(order=order):
            flight.order = order
        case Refused() as refused:
            _refused(copier, event.client, flight, refused, event.at, out)
        case Unclear():
            flight.asked_at = event.at
            out.append(AskOrder(account=copier.account, client=event.client))
        case Absent():
            out.append(AskSnapshot(account=copier.account))  # the comparison ends it, and decides what follows


def _refused(
    copier: Copier, client: OrderId, flight: Flight, refused: Refused, at: datetime, out: list[Decision]
) -> None:
    why = f"{refused.reason} {refused.text}".strip()
    lane = copier.lanes[flight.symbol]
    if not flight.is_exit:
        said = f"entry {lots(flight.quantity, lane)} refused: {why}"
        out.append(copier.tell("copy.reject", Severity.P2, said, lane))
        if refused.kind in (RefusalKind.ORDER, RefusalKind.ACCOUNT):
            _count_refusal(copier, refused.kind, why, at, out)
    _ended(copier, client, flight, at, why, out, is_missing=refused.kind in (RefusalKind.BUDGET, RefusalKind.LINE))


def _count_refusal(copier: Copier, kind: RefusalKind, why: str, at: datetime, out: list[Decision]) -> None:
    copier.refusals += 1
    limit = copier.plan.pause_after_refusals
    if kind is RefusalKind.ACCOUNT or (limit and copier.refusals >= limit):
        copier.hold(Hold("engine", "engine", f"refused: {why}", at))
        out.append(copier.tell("copy.stopped", Severity.P2, f"entries stopped on {copier.account}: {why}"))


def _ended(
    copier: Copier,
    client: OrderId,
    flight: Flight,
    at: datetime,
    why: str,
    out: list[Decision],
    *,
    is_missing: bool = True,
) -> None:
    """The open rest of a flight will never fill; ``is_missing`` says that nobody decided so."""
    rest, lane = flight.open, copier.lanes[flight.symbol]
    copier.land(client)
    if not rest:
        return
    sign = 1 if flight.quantity > 0 else -1
    lane.ended(sign * rest)
    closing = min(rest, max(0, -sign * lane.held)) if flight.is_exit else 0
    if rest > closing:  # the entry in it, all of it or the far side of a flip
        lost = lane.give_up(sign * (rest - closing))
        if is_missing:
            lose(copier, lane, lost, at, why)
        copier.arm()
    if closing and sign * lane.step() > 0:
        _exit_failed(copier, lane, sign * closing, at, why, out)
        return
    copier.propose(lane, f"end:{client}", at, out)


def _exit_failed(copier: Copier, lane: Lane, quantity: int, at: datetime, why: str, out: list[Decision]) -> None:
    """An exit did not fill: try again, each time later; from the third time on through the broker's own liquidation."""
    lane.exit_tries += 1
    pause_s = min(30, 2 ** min(5, lane.exit_tries - 1))
    lane.retry_at = at + timedelta(seconds=pause_s)
    told = len(out)
    out.append(AskSnapshot(account=copier.account))
    then = f"again in {pause_s} s"
    if lane.exit_tries % 3 == 0 and give_up(copier, lane, out):
        then = "what is left of it is a person's"
    elif (
        lane.exit_tries % 3 == 0 and not lane.buys and not lane.sells
    ):  # it closes all: nothing of ours may fill beside it
        then = "the broker is asked to close all of it"
        out.append(Liquidate(account=copier.account, symbol=lane.symbol))
        copier.made += 1
        cause = f"liquidate:{lane.symbol}#{copier.made}"
        lane.goal, lane.liquidation = 0, order_id(cause, copier.account)
        copier.fly(lane, -lane.held, cause, lane.liquidation, at, is_exit=True)
        copier.arm()
    said = f"exit {lots(quantity, lane)} did not fill: {why}; {then}"
    out.insert(told, copier.tell("exit.refused", Severity.P1, said, lane))


def changed(copier: Copier, event: OrderChanged, out: list[Decision]) -> None:
    """Take in a new state of any order on the account."""
    flight = copier.flights.get(event.client) if event.client is not None else None
    if flight is not None and event.client is not None:
        flight.order = event.order
        if event.status is OrderStatus.REJECTED:
            refused = Refused(kind=RefusalKind.ORDER, reason="rejected", text=event.reason)
            _refused(copier, event.client, flight, refused, event.at, out)
        elif event.status in (OrderStatus.CANCELED, OrderStatus.EXPIRED):
            if event.filled > abs(flight.quantity) - flight.open:
                flight.final = event.filled
            else:
                _ended(copier, event.client, flight, event.at, event.status.value, out)
        return
    child = copier.children.get(event.client) if event.client is not None else None
    if child is not None and event.client is not None:
        child.order = event.order
        if event.status in CLOSED and event.status is not OrderStatus.FILLED:
            child_gone(copier, event.client, f"{event.status.value} {event.reason}".rstrip())
        else:
            trim(copier.children, copier.lane(event.symbol), copier.account, out)
    if event.status in CLOSED:
        copier.working.pop(event.order, None)
    elif event.client not in copier.done:
        known = copier.working.get(event.order)
        working = Working(
            event.symbol, event.quantity, event.filled, event.kind, event.price, event.stop, event.client
        ).after(known)
        copier.working[event.order] = working
        listed(copier, working, event, event.at, out)


def reported(copier: Copier, event: PositionReported) -> None:
    """Keep the broker's view of a position beside ours; ``check`` compares them when nothing moves."""
    if event.symbol in copier.lanes or event.net:
        lane = copier.lane(event.symbol)
        lane.reported = event.net
        if event.net != lane.net and lane.off_since is None and not lane.buys and not lane.sells:
            lane.off_since = event.at  # its time runs from the broker's word on


def restricted(copier: Copier, event: AccountRestricted, out: list[Decision]) -> None:
    """Take in what the broker still takes from the account."""
    if copier.restriction is event.restriction:
        return
    copier.restriction, copier.restricted_because = event.restriction, event.reason
    rogue.restricted(copier, event)
    copier.arm()
    why = f": {event.reason}" if event.reason else ""
    match event.restriction:
        case Restriction.LOCKED:
            told = copier.tell("acct.lock", Severity.P2, f"{event.account}: the broker has locked it{why}")
        case Restriction.CLOSE_ONLY:
            told = copier.tell("acct.lock", Severity.P2, f"{event.account}: the broker takes closing orders alone{why}")
        case Restriction.NONE:
            told = copier.tell("acct.free", Severity.P4, f"{event.account}: the broker takes orders again")
    out.append(told)


def money(event: SnapshotTaken, balance: Decimal) -> BalanceReported:
    """What a snapshot says of money, as the broker would tell it alone."""
    return BalanceReported(
        at=event.at,
        account=event.account,
        balance=balance,
        open_profit=event.open_profit,
        margin=event.margin,
        day_profit=event.day_profit,
    )


def busted(event: FillBusted, out: list[Decision]) -> None:
    """The exchange took a fill back: the account's own word decides what is left."""
    said = f"the exchange took back {event.quantity:+d} {event.symbol} at {event.price} on {event.account}"
    code, severity = "fill.busted", Severity.P1
    out.append(Raised(code=code, severity=severity, text=said, account=event.account, symbol=event.symbol))
    out.append(AskSnapshot(account=event.account))
