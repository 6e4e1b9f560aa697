"""State: everything of the desk that a checkpoint keeps, and the armed rows that are looked up from it."""

from collections import defaultdict
from datetime import date, datetime
from decimal import Decimal

import msgspec

from engine.domain.contract import root_of
from engine.domain.copier import Copier
from engine.domain.event import QuoteMarked
from engine.domain.group import DeskPlan, Pooled, follower_symbol
from engine.domain.held import LeaderGuard
from engine.domain.ids import AccountId, GroupId, Symbol
from engine.domain.intake import Intake, IntakePlan
from engine.domain.keeping import Keeping, Kept
from engine.domain.lane import Feed, Lane
from engine.domain.leader import LeaderBook
from engine.domain.parting import keep
from engine.domain.risk import arm
from engine.domain.roll import ended
from engine.domain.shot import Shot, aim
from engine.domain.sizing import REACH, bar, feed_for, lay, lay_pool, mark_of, measure, reach_of
from engine.domain.timetable import TIME_HOLDS, Times, Timetable

Row = tuple[Copier, Lane, Feed]


class PoolBook(msgspec.Struct):
    """Where one pool stands. Every field is state that a checkpoint keeps."""

    base: Decimal | None = None  # what its members had earned when the count began
    peak: Decimal = Decimal(0)
    day: date | None = None
    day_base: Decimal = Decimal(0)
    has_acted: bool = False
    has_day_acted: bool = False
    acts: int = 0


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
    run_since: datetime | None = None
    is_unpriced: bool = False  # a missed entry somewhere waits for a first price
    version: int = 0  # grows when positions, sizes or holds change
    pools: dict[GroupId, PoolBook] = {}
    offered: int = 0  # entries that were offered so far: the newest one's number
    trade_date: date | None = None  # the exchange's, as last told …
    closed: tuple[date, ...] = ()  # … with weekdays that are none
    guards: dict[AccountId, LeaderGuard] = {}  # of leaders that have one
    helds: int = 0  # trades that were ever held: the newest is called H and this number

    def fresh_quotes(self) -> dict[Symbol, QuoteMarked]:
        """Quotes that this process has heard itself: one from before a restart is no present price."""
        since = self.run_since
        return {symbol: quote for symbol, quote in self.quotes.items() if since is None or quote.at >= since}


class Rows:
    """The armed followers of one leader contract, in their order of accounts.

    ``former`` are lanes that followed it before the settings changed: their exits are still copied.
    """

    __slots__ = ("former", "has_rivals", "lanes", "patience", "reach", "shots")

    def __init__(self, lanes: list[Row], former: list[Row], reach: int, *, has_rivals: bool) -> None:
        self.lanes = lanes
        self.former = former
        self.reach = reach  # largest leader net that the ladders cover
        self.has_rivals = has_rivals  # another group could hold the other side
        self.shots: list[Shot | None] = [None] * len(lanes)  # whoever asked for these rows may be about to change them
        self.patience = _patience(lanes)

    def aim(self, i: int) -> None:
        """Arm one follower anew."""
        self.shots[i] = aim(*self.lanes[i])

    def takes(self, age_us: int, run_ticks: int) -> bool:
        """Say whether a signal is young and near enough for every follower."""
        return age_us <= self.patience[0] and run_ticks <= self.patience[1]


def _patience(lanes: list[Row]) -> tuple[int, int]:
    """Smallest age and price run that any follower still takes."""
    ages = (lane.max_age_us for _, lane, _ in lanes)
    runs = (lane.max_run for _, lane, _ in lanes)
    return min(ages, default=0), min(runs, default=0)


def leader_groups(plan: DeskPlan) -> dict[AccountId, tuple[GroupId, ...]]:
    """Which groups each leader leads."""
    groups: dict[AccountId, tuple[GroupId, ...]] = defaultdict(tuple)
    for group in plan.groups:
        groups[group.leader] += (group.id,)
    return dict(groups)


def configure(state: DeskState, plan: DeskPlan) -> list[Copier]:
    """Put new settings in force; what followers hold and what is under way stays.

    Returns: followers that are no longer on the desk.
    """
    _pool(state, plan)
    state.plan = plan
    owners = {account.id: account.owner for account in plan.accounts}
    followers = {follower.account: (group, follower) for group in plan.groups for follower in group.followers}
    for account, (group, follower) in followers.items():
        known = state.copiers.get(account)
        if known is None:
            state.copiers[account] = Copier(account, group.id, owners[account], follower)
        else:
            if known.plan != follower:
                state.stale[account] = True
            if known.group != group.id:
                _leave(known)
            known.group, known.owner, known.plan = group.id, owners[account], follower
        _keep(state.copiers[account], plan.keepings.get(account))
        _take_in(state.copiers[account], plan.intakes.get(account))
        _time(state.copiers[account], plan.timetables.get(account))
        is_pooled = group.pool is not None and isinstance(follower.sizing, Pooled)
        keep(state.copiers[account], follower, is_pooled=is_pooled)
    gone = [state.copiers.pop(account) for account in list(state.copiers) if account not in followers]
    leads = leader_groups(plan)
    state.leaders = {name: state.leaders.get(name) or LeaderBook(name, ids) for name, ids in leads.items()}
    for name, ids in leads.items():
        state.leaders[name].groups = ids
        _keep(state.leaders[name], plan.keepings.get(name))
    _guard(state, plan)
    for copier in state.copiers.values():
        for lane in copier.lanes.values():
            arm(lane, copier.plan)
            for feed in lane.feeds.values():
                if follower_symbol(copier.plan, feed.symbol, root_of(feed.symbol)) == lane.symbol:
                    bar(copier, lane, feed)
        copier.arm()
        copier.refit()
    state.version += 1
    return gone


def _pool(state: DeskState, plan: DeskPlan) -> None:
    """Put the limits of pools in force; what was counted stays. A new number of contracts sizes the members anew."""
    before = {group.id: group.pool for group in state.plan.groups}
    for group in plan.groups:
        if group.pool != before.get(group.id):
            members = [state.copiers[one.account] for one in group.followers if one.account in state.copiers]
            state.stale |= {copier.account: True for copier in members}
            for feed in (feed for copier in members for lane in copier.lanes.values() for feed in lane.feeds.values()):
                feed.ladder = feed.ladder if feed.net else [0]  # the leader's next fill may be the next fact
    state.pools = {one.id: state.pools.get(one.id) or PoolBook() for one in plan.groups if one.pool is not None}


def _most(state: DeskState, group: GroupId) -> int | None:
    """Contracts that a pool may hold in one contract; None without a limit."""
    plan = next((one.pool for one in state.plan.groups if one.id == group), None)
    return plan.max_contracts if plan is not None else None


def _guard(state: DeskState, plan: DeskPlan) -> None:
    """Put the leaders' guards in force: what they know stays, and what a new one finds was let through."""
    known = state.guards
    watched = [account.id for account in plan.accounts if account.guard is not None and account.id in state.leaders]
    state.guards = {name: known.get(name) or LeaderGuard(name) for name in watched}
    for name, guard in state.guards.items():
        guard.fault = ""
        if name not in known:
            guard.begin({symbol: stand.net for symbol, stand in state.leaders[name].stands.items() if stand.net})
    leads = {group.id: group.leader for group in plan.groups}
    for copier in state.copiers.values():
        if leads[copier.group] not in state.guards:
            for lane in copier.lanes.values():
                for feed in lane.feeds.values():
                    feed.let = None


def _keep(copier: Copier | LeaderBook, keeping: Keeping | None) -> None:
    """Put an account's limits in force; what they have counted so far stays."""
    if keeping is None:
        copier.kept = None
    elif copier.kept is None:
        copier.kept = Kept(keeping)
    else:
        copier.kept.change(keeping)


def _take_in(copier: Copier, plan: IntakePlan | None) -> None:
    """Put in force which entries an account takes; what it has counted today stays."""
    if plan is None:
        copier.intake = None
    elif copier.intake is None:
        copier.intake = Intake(plan)
    else:
        copier.intake.plan = plan


def _time(copier: Copier, table: Timetable | None) -> None:
    """Put an account's times in force; where it stands in them stays until a fact says otherwise."""
    if table is None:
        copier.times = None
        copier.holds = [hold for hold in copier.holds if hold.kind not in TIME_HOLDS]
    elif copier.times is None:
        copier.times = Times(table)
    else:
        copier.times.table = table


def _leave(copier: Copier) -> None:
    """Forget the leader that was followed; what is held from him is a person's to close."""
    for lane in copier.lanes.values():
        lane.feeds, lane.total, lane.target = {}, 0, 0
        if lane.held or lane.goal:
            lane.barred = f"desync: holds {lane.held:+d} from its former group"


def fit_anew(state: DeskState, copier: Copier) -> bool:
    """Work out at the newest prices what an account's money lets in; True where that has changed."""
    if not copier.is_by_money and not copier.is_spent:
        return False
    quotes = state.fresh_quotes()
    return copier.refit({lane.symbol: mark_of(quotes, lane.symbol) for lane in copier.lanes.values()})


def fits_of(copier: Copier) -> list[int]:
    """What an account's money lets into each lane."""
    return [lane.fits for lane in copier.lanes.values()]


def attend(state: DeskState, copier: Copier, at: datetime) -> None:
    """Look after what an account takes, after every fact of its own."""
    if copier.intake is not None and copier.intake.turned_at is None:
        copier.intake.turned_at = at
    fit_anew(state, copier)


def rows_of(state: DeskState, book: LeaderBook, symbol: Symbol, before: int, net: int, at: datetime) -> Rows:
    """Look up and arm the followers of one leader contract, of which the leader held ``before`` and now holds ``net``.

    A ratio that was worked out stays as it is: only a longer ladder is laid by it. Who is new follows from ``before`` on.
    """
    lanes, former = _rows(state, book, symbol)
    reach = max((reach_of(feed) for _, _, feed in lanes + former), default=0)
    if reach < max(abs(net), abs(before)) or not reach:
        reach = max(REACH, 2 * abs(net), 2 * abs(before))
    pools = _pools(lanes)
    for copier, lane, feed in lanes:
        is_new = reach_of(feed) == 0
        if is_new:
            feed.net = before
        if reach_of(feed) >= reach or isinstance(copier.plan.sizing, Pooled):
            continue
        if is_new:
            measure(copier, lane, feed, book, state.quotes, at)
        lay(copier, lane, feed, reach)
    for copier, lane, feed in former:
        if reach_of(feed) < reach:
            lay(copier, lane, feed, reach)
    for members in pools.values():
        if any(reach_of(feed) < reach for _, _, feed in members):
            lay_pool(members, reach, members[0][2].turn, _most(state, members[0][0].group))
    for copier in {copier.account: copier for copier, _, _ in lanes if copier.is_spent}.values():
        fit_anew(state, copier)
    return Rows(lanes, former, reach, has_rivals=len(state.plan.groups) > 1)


def _rows(state: DeskState, book: LeaderBook, symbol: Symbol) -> tuple[list[Row], list[Row]]:
    lanes: list[Row] = []
    former: list[Row] = []
    for group in state.plan.groups:
        if group.id not in book.groups:
            continue
        is_copied = not group.roots or root_of(symbol) in group.roots
        for plan in group.followers:
            copier = state.copiers[plan.account]
            found = feed_for(copier, symbol) if is_copied else None
            if found is not None:
                end_lane(state, copier, found[0])
                lanes.append((copier, *found))
            for lane in copier.lanes.values():
                feed = lane.feeds.get(symbol)
                if feed is not None and (found is None or lane is not found[0]):
                    feed.barred = f"settings: {symbol} is no longer copied into {lane.symbol}"
                    former.append((copier, lane, feed))
    return lanes, former


def end_lane(state: DeskState, copier: Copier, lane: Lane) -> None:
    """Arm why a contract takes no entries any more, by the trade date."""
    lane.expired = ended(lane.symbol, state.trade_date, frozenset(state.closed)) if state.trade_date is not None else ""
    for feed in lane.feeds.values():
        if not feed.barred.startswith("settings"):
            bar(copier, lane, feed)


def _pools(lanes: list[Row]) -> dict[GroupId, list[Row]]:
    pools: dict[GroupId, list[Row]] = defaultdict(list)
    for row in lanes:
        if isinstance(row[0].plan.sizing, Pooled):
            pools[row[0].group].append(row)
    return pools


def rearm(state: DeskState, book: LeaderBook, rows: Rows, row: Row, at: datetime, *, is_forced: bool) -> None:
    """Work one follower's size out anew; in a pool everybody's, and after a position the next member is served first."""
    copier, lane, feed = row
    if isinstance(copier.plan.sizing, Pooled):
        members = _pools(rows.lanes)[copier.group]
        first = members[0][2]
        if is_forced or feed is first:
            turn = first.turn if is_forced else first.turn + 1
            lay_pool(members, rows.reach, turn, _most(state, copier.group))
    else:
        measure(copier, lane, feed, book, state.quotes, at)
        lay(copier, lane, feed, rows.reach)
