"""Views of who is in sync with the leader and who is not."""

from datetime import datetime

from engine.api.views import DesyncLine, DesyncView
from engine.domain.copier import Copier
from engine.domain.desync import SyncState
from engine.domain.state import DeskState
from engine.domain.watch import seen
from engine.service.scope import accounts_of

_GRAVEST = tuple(SyncState)


def worst(copier: Copier, now: datetime) -> SyncState:
    """State of the account's contract that is worst off."""
    states = (seen(copier, lane, now).state for lane in copier.lanes.values())
    return max(states, key=_GRAVEST.index, default=SyncState.IN_SYNC)


def desync_view(state: DeskState, scope: str, now: datetime) -> DesyncView:
    """Contracts of a scope that are not in sync, the gravest first.

    Raises: ScopeError.
    """
    plan, copiers = state.plan, state.copiers
    named = accounts_of(plan, scope) if plan.accounts or scope != "all" else ()
    followers = [copiers[account] for account in named if account in copiers]
    lines = [line for copier in followers for line in _lines(copier, now)]
    return DesyncView(
        lines=tuple(sorted(lines, key=lambda line: -_GRAVEST.index(line.state))),
        followers=len(followers),
        offline=tuple(copier.account for copier in followers if not copier.is_line_up),
    )


def _lines(copier: Copier, now: datetime) -> list[DesyncLine]:
    found = []
    for lane in copier.lanes.values():
        view = seen(copier, lane, now)
        if view.state is SyncState.IN_SYNC:
            continue
        since = view.since or lane.off_since
        line = DesyncLine(
            account=copier.account,
            symbol=lane.symbol,
            want=lane.target,
            have=lane.held,
            in_flight=lane.buys - lane.sells,
            state=view.state,
            owner=view.owner,
            why=view.why,
            deadline=view.deadline,
            off_s=max(0.0, (now - since).total_seconds()) if since is not None else None,
        )
        found.append(line)
    return found
