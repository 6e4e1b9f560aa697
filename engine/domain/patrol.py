"""Patrol: every account is compared with its broker now and then, though nothing seems to differ; few logins at once."""

from collections import defaultdict
from datetime import datetime, timedelta

from engine.domain.copier import Copier
from engine.domain.decision import AskSnapshot, Decision
from engine.domain.ids import ConnectionId
from engine.domain.leader import LeaderBook
from engine.domain.state import DeskState

EVERY = timedelta(minutes=5)
SHARE = 10  # of the logins that are asked at one time at most: a tenth


def patrol(state: DeskState, at: datetime, out: list[Decision]) -> None:
    """Ask for snapshots of the logins whose last comparison is the oldest. Accounts of one login share its requests."""
    of: dict[ConnectionId, list[Copier | LeaderBook]] = defaultdict(list)
    for account in state.plan.accounts:
        member = state.leaders.get(account.id) or state.copiers.get(account.id)
        if member is not None and member.is_line_up and member.is_synced:  # the others are asked for anyway
            of[account.connection].append(member)
    due = [
        (oldest, connection)
        for connection, members in of.items()
        if at - (oldest := min(_looked_at(member, at) for member in members)) >= EVERY
    ]
    for _, connection in sorted(due)[: len(of) // SHARE + 1]:
        for member in of[connection]:
            member.asked_at = at
            out.append(AskSnapshot(account=member.account))


def _looked_at(member: Copier | LeaderBook, at: datetime) -> datetime:
    """When an account was compared or asked for last."""
    return max((moment for moment in (member.compared_at, member.asked_at) if moment is not None), default=at)
