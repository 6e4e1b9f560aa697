"""Views of the desk as a whole: the first look, the accounts of a scope, health."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from itertools import islice
from statistics import median

import msgspec

from engine.api.views import (
    AccountState,
    AccountView,
    CopyView,
    HealthView,
    HoldView,
    LineView,
    OrderView,
    RiskView,
    StatusView,
)
from engine.domain.copier import GRACE
from engine.domain.ids import AccountId
from engine.domain.leader import LeaderBook
from engine.service.account import account_view, orders_of
from engine.service.projection import Projection
from engine.service.relation import pool_views, relation_views
from engine.service.risk import risk_view
from engine.service.scope import accounts_of

LAG_COPIES = 20
_FAILED = frozenset({"refused", "unclear", "part"})
_WORST = (AccountState.STOPPED, AccountState.DESYNC, AccountState.OFFLINE, AccountState.PAUSED)


def account_views(projection: Projection, scope: str, now: datetime) -> list[AccountView]:
    """Accounts of a scope.

    Raises: ScopeError.
    """
    projection.desk.mark()
    plan = projection.state.plan
    named = set(accounts_of(plan, scope)) if plan.accounts or scope != "all" else set()
    lines = {line.connection: line for line in projection.pulse.lines} if projection.pulse else {}
    views: list[AccountView] = []
    for account in plan.accounts:
        if account.id in named:
            line = lines.get(account.connection)
            broker, is_up = (line.broker, line.up) if line else ("", False)
            view = account_view(projection.state, account, projection.quotes, broker, is_up, now, projection.last_copy)
            views.append(view)
    return views


def order_views(projection: Projection, scope: str) -> list[OrderView]:
    """Working orders of a scope.

    Raises: ScopeError.
    """
    plan, found = projection.state.plan, []
    for account in accounts_of(plan, scope) if plan.accounts or scope != "all" else ():
        copier = projection.state.copiers.get(account)
        found += orders_of(copier) if copier is not None else projection.working.of(account)
    return found


def copy_views(projection: Projection, limit: int, scope: str, *, failed: bool) -> list[CopyView]:
    """Newest copies that reach into a scope, newest first.

    Raises: ScopeError.
    """
    projection.desk.mark()
    plan = projection.state.plan
    named = set(accounts_of(plan, scope)) if scope != "all" else None
    found: list[CopyView] = []
    for copy in projection.lineage.newest():
        if len(found) >= limit:
            break
        if named is not None and copy.leader not in named:
            touched = {AccountId(order.account) for order in copy.orders} | {skip.account for skip in copy.skips}
            if not touched & named:
                continue
        view = copy.view()
        if not failed or any(line.status in _FAILED for line in view.lines):
            found.append(view)
    return found


def status_view(projection: Projection, scope: str, now: datetime) -> StatusView:
    """The first look.

    Raises: ScopeError.
    """
    views = account_views(projection, scope, now)
    followers = [view for view in views if view.role == "follower"]
    by_state = {state: [v.id for v in followers if v.state is state] for state in AccountState}
    worst = next((v for state in _WORST for v in followers if v.state is state), None)
    led = islice((copy for copy in projection.lineage.newest() if copy.leader), LAG_COPIES)
    lags = [lag for copy in led if (lag := copy.lag_ms()) is not None]
    return StatusView(
        seq=projection.seq,
        version=projection.version,
        at=projection.at,
        word=_word(projection, views, followers),
        copying=len(by_state[AccountState.LIVE]),
        followers=len(followers),
        leaders=tuple(f"{view.id}  {_stand(view)}" for view in views if view.role == "leader"),
        day_profit=_total([view.day_profit for view in followers]),
        open_profit=_total([view.open_profit for view in followers]),
        worst=f"{worst.id}: {worst.why or worst.state.value}" if worst else _nearest(followers),
        lag_ms=median(lags) if lags else None,
        desynced=tuple(by_state[AccountState.DESYNC]),
        offline=tuple(view.id for view in views if view.state is AccountState.OFFLINE and view.role != "idle"),
        holds=_holds(followers),
        rolls=tuple(dict.fromkeys(text for view in views for text in view.rolls)),
        apart=tuple(f"{view.id} {one}" for view in followers for one in view.apart),
        rogue=tuple(f"{view.id}: {view.rogue}" for view in followers if "," in view.rogue),
    )


def _nearest(followers: Sequence[AccountView]) -> str:
    """Where nobody is in trouble: the account that is nearest to one of its limits."""
    used = [(max(view.day_stop_pct or 0, view.trail_pct or 0), view) for view in followers if view.nearest_limit]
    if not used:
        return ""
    view = max(used, key=lambda pair: pair[0])[1]
    return f"{view.id}: {view.nearest_limit}"


def risk_of(projection: Projection, scope: str) -> RiskView:
    """Distance to every limit of a scope.

    Raises: ScopeError.
    """
    projection.desk.mark()
    plan = projection.state.plan
    named = accounts_of(plan, scope) if plan.accounts or scope != "all" else ()
    view = risk_view(named, projection.state.copiers, projection.state.quotes)
    relations, pools = relation_views(projection.state, named), pool_views(projection.state, named)
    return msgspec.structs.replace(view, relations=relations, pools=pools)


def _word(projection: Projection, views: Sequence[AccountView], followers: Sequence[AccountView]) -> str:
    books = projection.state.leaders.values()
    if not followers or not any(book.was_synced for book in books):
        return "STARTING"
    if all(view.state is AccountState.OFFLINE for view in views if view.role == "leader"):
        return "OFFLINE"
    states = {view.state for view in followers}
    if AccountState.LIVE in states:
        return "PART PAUSED" if AccountState.PAUSED in states else "COPYING"
    if AccountState.PAUSED in states:
        return "PAUSED"
    return "OFFLINE" if states == {AccountState.OFFLINE} else "STOPPED"


def _stand(view: AccountView) -> str:
    if view.state is AccountState.OFFLINE:
        return "offline"
    held = [f"{'long' if leg.have > 0 else 'short'} {abs(leg.have)} {leg.symbol}" for leg in view.legs if leg.have]
    return ", ".join(held) or "flat"


def _total(known: Sequence[Decimal | None]) -> Decimal | None:
    """Sum of what is known; None where nothing is, for that is not zero."""
    found = [amount for amount in known if amount is not None]
    return sum(found, Decimal(0)) if found else None


def _holds(followers: Sequence[AccountView]) -> tuple[HoldView, ...]:
    return tuple(dict.fromkeys(hold for view in followers for hold in view.holds))


def is_silent(book: LeaderBook, at: datetime) -> bool:
    """Say whether a leader cannot be heard for longer than a line may take to come back."""
    return book.silent_since is not None and at - book.silent_since >= GRACE


def health_view(projection: Projection, stored_seq: int, database: str, now: datetime) -> HealthView:
    """How the engine itself is doing."""
    pulse, plan, leaders = projection.pulse, projection.state.plan, projection.state.leaders
    lines = pulse.lines if pulse else ()
    leads: defaultdict[str, list[str]] = defaultdict(list)
    for account in plan.accounts:
        if account.id in leaders:
            leads[account.connection].append(account.id)
    words = [pulse.journal] if pulse and pulse.journal else []
    return HealthView(
        run=pulse.run if pulse else projection.state.run,
        version=pulse.version if pulse else "",
        up_s=pulse.up_s if pulse else 0.0,
        loop_ms=pulse.loop_ms if pulse else 0.0,
        journal_seq=max(projection.seq, pulse.seq if pulse else 0),
        stored_seq=stored_seq,
        database="; ".join(words + ([database] if database else [])) or "ok",
        lines=tuple(
            LineView(
                connection=line.connection,
                broker=line.broker,
                up=line.up,
                text=line.text,
                heard_s=line.heard_s,
                round_trip_ms=line.round_trip_ms,
                budget_left=line.budget_left,
                waiting=line.waiting,
                leads=tuple(leads[line.connection]),
            )
            for line in lines
        ),
        events_per_s=pulse.events_per_s if pulse else 0.0,
        quarantined=tuple(name for name, copier in projection.state.copiers.items() if copier.quarantined),
        silent=tuple(name for name, book in leaders.items() if is_silent(book, max(projection.at, now))),
    )
