"""Views of accounts, folded from the replica of the desk."""

from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from msgspec.structs import replace

from engine.api.views import AccountState, AccountView, HoldView, LegView, OrderView
from engine.domain.allocation import carried
from engine.domain.contract import product_of
from engine.domain.copier import Copier
from engine.domain.desync import SyncState
from engine.domain.drawdown import Limit
from engine.domain.event import Restriction
from engine.domain.group import (
    AccountPlan,
    BalanceScaled,
    Exact,
    Fixed,
    FollowerPlan,
    Multiplier,
    Percentage,
    Pooled,
    RoomScaled,
)
from engine.domain.hold import Hold
from engine.domain.ids import AccountId, Symbol, is_ours
from engine.domain.lane import Lane
from engine.domain.leader import LeaderBook
from engine.domain.parting import HELD
from engine.domain.rogue import STOPS
from engine.domain.sizing import Quotes, mark_of, open_profit
from engine.domain.state import DeskState
from engine.domain.stopout import LIMITS
from engine.domain.watch import seen
from engine.service import risk, sync
from engine.service.expiry import follower_rolls, leader_rolls

LastCopy = Callable[[AccountId], tuple[str, float | None]]
"""Cause and lag of the newest copy of an account; an empty cause for none."""


def account_view(
    state: DeskState, plan: AccountPlan, quotes: Quotes, broker: str, is_up: bool, now: datetime, last: LastCopy
) -> AccountView:
    """One account: follower, leader, or idle."""
    copier, book = state.copiers.get(plan.id), state.leaders.get(plan.id)
    group = next((g.id for g in state.plan.groups if g.leader == plan.id), "")
    if copier is not None:
        view = _follower(copier, plan, quotes, broker, now, last)
        return replace(view, rolls=follower_rolls(state, copier))
    if book is not None:
        return replace(_leader(book, plan, group, quotes, broker), rolls=leader_rolls(state, book))
    return AccountView(
        id=plan.id,
        name=plan.name,
        group="",
        role="idle",
        broker=broker,
        connection=plan.connection,
        state=AccountState.LIVE if is_up else AccountState.OFFLINE,
        why="" if is_up else "line: not connected",
        live=plan.live,
        tags=plan.tags,
    )


def _follower(
    copier: Copier, plan: AccountPlan, quotes: Quotes, broker: str, now: datetime, last: LastCopy
) -> AccountView:
    state, why = state_of(copier)
    opened = _open([(lane.symbol, lane.net, lane.cost.average) for lane in copier.lanes.values()], quotes)
    cause, lag = last(copier.account)
    limits = risk.limit_views(copier, quotes)
    return AccountView(
        id=plan.id,
        name=plan.name,
        group=copier.group,
        role="follower",
        broker=broker,
        connection=plan.connection,
        state=state,
        why=why,
        live=plan.live,
        tags=plan.tags,
        size=size_text(copier.plan, copier.factor),
        factor=copier.factor,
        balance=copier.balance,
        equity=_sum(copier.balance, opened),
        day_profit=_sum(copier.day_profit, opened),
        open_profit=opened,
        legs=tuple(_leg(copier, lane, quotes, now) for lane in copier.lanes.values() if _is_shown(lane)),
        working_orders=len(copier.working),
        holds=tuple(hold_view(hold) for hold in copier.holds),
        last_copy=cause,
        last_lag_ms=lag,
        carried=_carried(copier),
        day_stop_pct=risk.percent(limits, Limit.DAILY_LOSS),
        trail_pct=risk.percent(limits, Limit.MAX_LOSS),
        room=risk.room(limits),
        nearest_limit=risk.nearest(limits),
        planned=tuple(hold_view(hold) for hold in copier.planned),
        mode=copier.plan.discretion.value,
        skips=tuple(f"{key or 'next trade'} {one.why} by {one.by}" for key, one in copier.asides.items()),
        apart=tuple(f"{lane.held:+d} {lane.symbol} {lane.apart}" for lane in copier.lanes.values() if lane.apart),
        own_limits=dict(copier.kept.own) if copier.kept is not None else {},
        sync=sync.worst(copier, now),
        rogue=hands(copier),
    )


def hands(copier: Copier) -> str:
    """The policy for trades of other hands, and what they have on the account now."""
    told = [f"policy {copier.plan.rogue.value}"]
    told += [f"{lane.beside:+d} {lane.symbol} kept apart" for lane in copier.lanes.values() if lane.beside]
    told += [f"closing {c.left:+d} {symbol}" for symbol, c in copier.rogue.closings.items() if c.left]
    stray = sum(working.is_told for working in copier.working.values())
    return ", ".join([*told, *([f"{stray} working orders"] if stray else [])])


def hold_view(hold: Hold) -> HoldView:
    """As the API shows it."""
    return HoldView(
        by=hold.by, reason=hold.reason, since=hold.since, until=hold.until, who=hold.who or "", kind=hold.kind
    )


def state_of(copier: Copier) -> tuple[AccountState, str]:
    """State of a follower and why it is not live, in one line."""
    if not copier.is_line_up:
        return AccountState.OFFLINE, "line: not connected"
    if copier.quarantined:
        return AccountState.STOPPED, f"quarantine: {copier.quarantined}"
    if copier.restriction is not Restriction.NONE:
        return AccountState.STOPPED, f"broker: {copier.restriction.value} {copier.restricted_because}".rstrip()
    if not copier.is_synced:
        return AccountState.OFFLINE, "sync: not yet compared with the broker"
    engine = next(
        (one for one in copier.holds if one.kind in ("engine", *STOPS) or any(map(one.is_by, (LIMITS, *HELD)))), None
    )
    if engine is not None:
        return AccountState.STOPPED, engine.reason
    for lane in copier.lanes.values():
        if lane.barred.startswith("desync"):
            return AccountState.DESYNC, f"{lane.symbol} {lane.barred}; policy {copier.plan.rogue.value}"
        if lane.is_off_told or lane.course.state in (SyncState.DESYNC, SyncState.NEEDS_PERSON):
            wanted, helper = (
                lane.goal + lane.lost,
                ", needs a person" if lane.course.state is SyncState.NEEDS_PERSON else "",
            )
            return AccountState.DESYNC, f"desync: {lane.symbol} wants {wanted:+d}, has {lane.held:+d}{helper}"
    if copier.holds:
        hold = copier.holds[0]
        until = f" until {hold.until:%H:%M} UTC" if hold.until else ""
        return AccountState.PAUSED, f"{hold.reason or 'paused'} by {hold.by}{until}"
    if copier.factor == 0:
        return AccountState.PAUSED, "size 0x"
    return AccountState.LIVE, ""


def leader_state_of(book: LeaderBook) -> tuple[AccountState, str]:
    """State of a leader and why it is not live, in one line."""
    if book.is_line_up and book.is_synced:
        return AccountState.LIVE, ""
    why = "sync: not yet compared with the broker" if book.is_line_up else "line: not connected"
    return AccountState.OFFLINE, why


def size_text(plan: FollowerPlan, factor: Decimal) -> str:
    """Sizing in a word: ``0.5x → MNQ``, with the resize factor inside."""
    match plan.sizing:
        case Exact():
            text = f"{_plain(factor)}x"
        case Multiplier(ratio=ratio):
            text = f"{_plain(ratio * factor)}x"
        case Fixed(contracts=contracts):
            text = f"fixed {int(contracts * factor)}"
        case Percentage(factor=share):
            text = f"{_plain(share * factor)}x by balance"
        case BalanceScaled(factor=share):
            text = f"{_plain(share * factor)}x by free equity"
        case RoomScaled(ratio=ratio):
            text = f"{_plain(ratio * factor)}x by room"
        case Pooled(share=share):
            text = f"share {_plain(share * factor)} of pool"
    targets = sorted({to for to in plan.symbols.values() if to})
    return f"{text} → {', '.join(targets)}" if targets else text


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"


def _is_shown(lane: Lane) -> bool:
    return bool(lane.net or lane.goal or lane.target or lane.buys or lane.sells or lane.reported)


def _leg(copier: Copier, lane: Lane, quotes: Quotes, now: datetime) -> LegView:
    source = next((feed.symbol for feed in lane.feeds.values() if feed.net), next(iter(lane.feeds), Symbol("")))
    off = (now - lane.off_since).total_seconds() if lane.off_since else None
    note, view = "", seen(copier, lane, now)
    if lane.apart:
        note = "disconnected"
    elif lane.barred.startswith("desync"):
        note = "rogue"
    elif lane.exit_tries:
        note = f"exit try {lane.exit_tries + 1}"
    elif lane.target != lane.goal and copier.is_synced:
        note = f"skipped {abs(lane.target - lane.goal)}"
    if lane.beside:
        note = ", ".join(filter(None, (note, f"{lane.beside:+d} apart")))
    return LegView(
        symbol=lane.symbol,
        have=lane.net,
        want=lane.goal + lane.beside,
        in_flight=lane.buys - lane.sells,
        price=lane.cost.average if lane.net else None,
        open_profit=_open([(lane.symbol, lane.net, lane.cost.average)], quotes),
        leader_symbol=source,
        off_s=max(0.0, off) if off is not None else None,
        note=note,
        sync=view.state,
        owner=view.owner,
        deadline=view.deadline,
        why=view.why,
    )


def _carried(copier: Copier) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    if isinstance(copier.plan.sizing, Pooled):
        return found
    for lane in copier.lanes.values():
        for feed in lane.feeds.values():
            rest = Decimal(0) if feed.flat else carried(feed.net, Fraction(feed.num, feed.den), feed.part)
            if rest > 0:
                found[lane.symbol] = found.get(lane.symbol, Decimal(0)) + rest
    return found


def _leader(book: LeaderBook, plan: AccountPlan, group: str, quotes: Quotes, broker: str) -> AccountView:
    held = {symbol: stand for symbol, stand in book.stands.items() if stand.net}
    opened = _open([(symbol, stand.net, stand.cost.average) for symbol, stand in held.items()], quotes)
    legs = [
        LegView(
            symbol=symbol,
            have=stand.net,
            want=stand.net,
            price=stand.cost.average,
            open_profit=_open([(symbol, stand.net, stand.cost.average)], quotes),
            leader_symbol=symbol,
        )
        for symbol, stand in held.items()
    ]
    state, why = leader_state_of(book)
    return AccountView(
        id=plan.id,
        name=plan.name,
        group=group,
        role="leader",
        broker=broker,
        connection=plan.connection,
        state=state,
        why=why,
        live=plan.live,
        tags=plan.tags,
        balance=book.balance,
        equity=_sum(book.balance, opened),
        day_profit=_sum(book.day_profit, opened),
        open_profit=opened,
        legs=tuple(legs),
    )


def _open(held: Iterable[tuple[Symbol, int, Decimal]], quotes: Quotes) -> Decimal | None:
    """Open profit of positions; None where a position has no price to be marked at."""
    positions = [(symbol, net, price) for symbol, net, price in held if net]
    if any(mark_of(quotes, symbol) is None or product_of(symbol) is None for symbol, _, _ in positions):
        return None
    return open_profit(positions, quotes).quantize(Decimal("0.01"))


def _sum(known: Decimal | None, more: Decimal | None) -> Decimal | None:
    return None if known is None or more is None else known + more


def orders_of(copier: Copier) -> list[OrderView]:
    """Working orders of a follower: what the broker lists and what of ours is on its way."""
    return [
        OrderView(
            account=copier.account,
            order=order,
            symbol=working.symbol,
            quantity=working.quantity,
            kind=working.kind,
            price=working.price,
            stop=working.stop,
            status="cancelling" if working.cancelled_at else "working",
            ours=is_ours(working.client),
        )
        for order, working in copier.working.items()
    ] + [
        OrderView(
            account=copier.account,
            order=flight.order or client,
            symbol=flight.symbol,
            quantity=flight.quantity,
            kind="market",
            price=None,
            stop=None,
            status="in flight",
            ours=True,
        )
        for client, flight in copier.flights.items()
    ]


def signature(state: DeskState, account: AccountId) -> object:
    """What a person who acts on an account relies on: positions, sizes, holds. Differs when one of them does."""
    copier, book = state.copiers.get(account), state.leaders.get(account)
    if copier is not None:
        lanes = tuple(
            (lane.symbol, lane.held, lane.beside, lane.goal, lane.target, bool(lane.barred))
            for lane in copier.lanes.values()
        )
        holds = tuple((*hold.owner, hold.since, hold.until) for hold in copier.holds)
        offers = tuple((offer.id, offer.left) for offer in copier.offers.values())
        aside = (tuple(copier.asides), tuple(lane.apart for lane in copier.lanes.values()))
        return lanes, offers, aside, holds, copier.factor, copier.quarantined, copier.restriction, copier.is_ready
    if book is not None:
        return tuple((symbol, stand.net) for symbol, stand in book.stands.items())
    return None
