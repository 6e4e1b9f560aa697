"""State: everything of the desk that a checkpoint keeps, and the armed rows that are looked up from it."""

from collections import defaultdict
from datetime import datetime

import msgspec

from engine.domain.contract import root_of
from engine.domain.copier import Copier
from engine.domain.event import QuoteMarked
from engine.domain.group import DeskPlan, Pooled
from engine.domain.ids import AccountId, GroupId, Symbol
from engine.domain.lane import Feed, Lane
from engine.domain.leader import LeaderBook
from engine.domain.sizing import REACH, feed_for, lay, lay_pool, measure, reach_of

Row = tuple[Copier, Lane, Feed]


class DeskState(msgspec.Struct):
    """Everything that a checkpoint keeps."""

    plan: DeskPlan = DeskPlan(accounts=(), groups=())
    leaders: dict[AccountId, LeaderBook] = {}
    copiers: dict[AccountId, Copier] = {}
    quotes: dict[Symbol, QuoteMarked] = {}
    acts: dict[str, None] = {}  # keys of acts that were taken in
    stale: dict[AccountId, bool] = {}  # whose size is to be worked out anew; True even while the leader holds
    turn: int = 0  # who is first in the next fan-out
    due: datetime | None = None  # when time should be told next
    run: str = ""  # the process that runs this desk
    version: int = 0  # grows when positions, sizes or holds change


class Rows:
    """The armed followers of one leader contract, in their order of accounts."""

    __slots__ = ("has_rivals", "lanes", "reach")

    def __init__(self, lanes: list[Row], reach: int, *, has_rivals: bool) -> None:
        self.lanes = lanes
        self.reach = reach  # largest leader net that the ladders cover
        self.has_rivals = has_rivals  # another group could hold the other side


def leader_groups(plan: DeskPlan) -> dict[AccountId, tuple[GroupId, ...]]:
    """Which groups each leader leads."""
    groups: dict[AccountId, tuple[GroupId, ...]] = defaultdict(tuple)
    for group in plan.groups:
        groups[group.leader] += (group.id,)
    return dict(groups)


def configure(state: DeskState, plan: DeskPlan) -> None:
    """Put new settings in force; what followers hold and what is under way stays."""
    state.plan = plan
    owners = {account.id: account.owner for account in plan.accounts}
    followers = {follower.account: (group, follower) for group in plan.groups for follower in group.followers}
    for account, (group, follower) in followers.items():
        known = state.copiers.get(account)
        if known is None:
            state.copiers[account] = Copier(account, group.id, owners[account], follower)
        else:
            known.group, known.owner, known.plan = group.id, owners[account], follower
    for account in [account for account in state.copiers if account not in followers]:
        del state.copiers[account]
    leads = leader_groups(plan)
    state.leaders = {name: state.leaders.get(name) or LeaderBook(name, ids) for name, ids in leads.items()}
    for name, ids in leads.items():
        state.leaders[name].groups = ids
    for copier in state.copiers.values():
        copier.arm()
        state.stale[copier.account] = True
    state.version += 1


def rows_of(state: DeskState, book: LeaderBook, symbol: Symbol, net: int, at: datetime) -> Rows:
    """Look up and arm the followers of one leader contract.

    A ratio that was worked out stays as it is: only a longer ladder is laid by it.
    """
    reach = max(REACH, 2 * abs(net))
    lanes: list[Row] = []
    for group in state.plan.groups:
        if group.id not in book.groups or (group.roots and root_of(symbol) not in group.roots):
            continue
        for plan in group.followers:
            copier = state.copiers[plan.account]
            found = feed_for(copier, symbol)
            if found is not None:
                lanes.append((copier, *found))
                reach = max(reach, reach_of(found[1]))
    pools = _pools(lanes)
    for copier, lane, feed in lanes:
        if isinstance(copier.plan.sizing, Pooled) or reach_of(feed) >= reach:
            continue
        if reach_of(feed) == 0:
            measure(copier, lane, feed, book, state.quotes, at)
        lay(copier, lane, feed, reach)
    for members in pools.values():
        if any(reach_of(feed) < reach for _, _, feed in members):
            lay_pool(members, reach, members[0][2].turn)
    for copier, _, _ in lanes:
        copier.arm()
    return Rows(lanes, reach, has_rivals=len(state.plan.groups) > 1)


def _pools(lanes: list[Row]) -> dict[GroupId, list[Row]]:
    pools: dict[GroupId, list[Row]] = defaultdict(list)
    for row in lanes:
        if isinstance(row[0].plan.sizing, Pooled):
            pools[row[0].group].append(row)
    return pools


def rearm(state: DeskState, book: LeaderBook, rows: Rows, row: Row, at: datetime) -> None:
    """Work one follower's size out anew; in a pool everybody's, the next member served first."""
    copier, lane, feed = row
    if isinstance(copier.plan.sizing, Pooled):
        members = _pools(rows.lanes)[copier.group]
        if copier is members[0][0]:
            lay_pool(members, rows.reach, feed.turn + 1)
        else:
            lay_pool(members, rows.reach, members[0][2].turn)
    else:
        measure(copier, lane, feed, book, state.quotes, at)
        lay(copier, lane, feed, rows.reach)
    copier.arm()
