"""Plans: which account leads, which follow, and the policy that binds them. Checked once, before anything trades."""

from collections.abc import Iterator
from datetime import time
from decimal import Decimal
from enum import StrEnum
from typing import Any

from msgspec import UNSET, UnsetType

from engine.domain.bond import Parting, RelationshipPlan
from engine.domain.guardplan import GuardPlan
from engine.domain.guardplan import faults as guard_faults
from engine.domain.ids import AccountId, ConnectionId, GroupId, Root, Symbol
from engine.domain.intake import IntakePlan
from engine.domain.keeping import Keeping
from engine.domain.limit import LimitsPlan
from engine.domain.limit import faults as limit_faults
from engine.domain.timetable import HoursPlan, NewsPlan, Timetable
from engine.domain.timetable import faults as time_faults
from engine.domain.value import Setting as Setting  # noqa: PLC0414  whoever writes settings finds it here

LONGEST_OFFER_S = 3600


class Exact(Setting, frozen=True, tag="exact", tag_field="mode"):
    """As many contracts as the leader."""


class Multiplier(Setting, frozen=True, tag="multiplier", tag_field="mode"):
    """``ratio`` contracts for each contract of the leader."""

    ratio: Decimal


class Fixed(Setting, frozen=True, tag="fixed", tag_field="mode"):
    """Always ``contracts`` while the leader holds anything, on the leader's side."""

    contracts: int


class Percentage(Setting, frozen=True, tag="percentage", tag_field="mode"):
    """Follower balance over leader balance, times ``factor``; realised balances only."""

    factor: Decimal = Decimal(1)


class BalanceScaled(Setting, frozen=True, tag="balance-scaled", tag_field="mode"):
    """Ratio of free equity: balance plus open profit less margin in use, follower over leader, times ``factor``."""

    factor: Decimal = Decimal(1)


class RoomScaled(Setting, frozen=True, tag="room-scaled", tag_field="mode"):
    """``ratio`` times the share of the drawdown room that is left, so size shrinks as the limit nears.

    Units: ``room`` is the full distance from the starting equity to the floor, in account currency.
    """

    room: Decimal
    ratio: Decimal = Decimal(1)


class Pooled(Setting, frozen=True, tag="pooled", tag_field="mode"):
    """A member's share of one size for the whole pool; the pool's size is the leader's times ``pool_ratio``."""

    share: Decimal
    pool_ratio: Decimal = Decimal(1)


Sizing = Exact | Multiplier | Fixed | Percentage | BalanceScaled | RoomScaled | Pooled


class Rounding(StrEnum):
    """What becomes of a fraction of a contract. Positions are sized, so what is cut now counts in the next size."""

    TOWARD_ZERO = "toward-zero"
    NEAREST = "nearest"  # a half goes toward zero
    UP = "up"


class BelowOne(StrEnum):
    """What becomes of a size that is more than nothing and less than one contract."""

    ZERO = "zero"
    ONE = "one"


class Flip(StrEnum):
    """How a position goes through zero."""

    REDUCE_FIRST = "reduce-first"  # close, see it confirmed, then open
    ONE_ORDER = "one-order"


class MissedEntry(StrEnum):
    """What a follower does about an entry that it could not copy in time."""

    SKIP = "skip"
    JOIN = "join"  # join if the price is within ``join_ticks`` of the leader's
    ASK = "ask"  # tell a person, who may join by hand


class Discretion(StrEnum):
    """Who decides about an entry that passes every check. Exits are copied in every mode."""

    AUTOMATIC = "automatic"  # it is copied
    APPROVE = "approve"  # it is offered, and copied when a person takes it in time
    SIGNAL = "signal"  # it is told and never entered


class RoguePolicy(StrEnum):
    """What is done about contracts that somebody else opens on a follower. What somebody else closes is never bought back."""

    ALERT = "alert"  # told; the contract takes no entries until a person decides
    CLOSE = "close"  # the foreign part is closed, foreign working orders are cancelled
    ADOPT = "adopt"  # counted in: the leader's next exit closes it as well
    APART = "apart"  # kept beside the copies: our exits leave it alone
    PAUSE = "pause"  # entries stop on the whole account until a person resumes


class Caps(Setting, frozen=True):
    """Hard sizes. ``order`` and ``symbol`` in contracts of the follower, ``account`` in mini-equivalents."""

    order: int = 1_000
    symbol: int = 1_000
    account: Decimal = Decimal(1_000)
    orders_per_minute: int = 60  # copied entries; the last line against loops


class Bracket(Setting, frozen=True):
    """Protective children that go out with each entry, in ticks of the follower's contract."""

    stop_ticks: int
    target_ticks: int


class Recovery(Setting, frozen=True):
    """How far an entry whose order went missing is tried again without a person. Exits have no such bounds."""

    max_ticks: int = 8  # the market may be so far from the leader's fill
    max_contracts: int = 4  # and so much may be missing
    tries: int = 3  # then a person decides; 0 never tries


class FollowerPlan(Setting, frozen=True):
    """How one account follows."""

    account: AccountId
    sizing: Sizing = Exact()
    rounding: Rounding = Rounding.TOWARD_ZERO
    below_one: BelowOne = BelowOne.ZERO
    symbols: dict[str, str] = {}  # leader's product or contract -> follower's: {"NQ": "MNQ"}; "" refuses it
    ratios: dict[str, Decimal] = {}  # contracts for one of the leader's, for pairs that are no known mini and micro
    caps: Caps = Caps()
    flip: Flip = Flip.REDUCE_FIRST
    max_run_ticks: int = 20  # an entry is skipped when the price ran further against it; -1 never
    max_age_s: Decimal = Decimal(10)  # an entry is skipped when its signal is older; 0 never
    missed_entry: MissedEntry = MissedEntry.SKIP
    join_ticks: int = 4
    balance_age_s: int = 900  # a balance older than this sizes by the smaller of itself and the smallest seen
    bracket: Bracket | None = None
    recovery: Recovery = Recovery()
    pause_after_refusals: int = 3  # refused entries in a row that pause this follower; 0 never
    limits: LimitsPlan | None = None  # when this desk acts ahead of the firm; the account's own table wins
    discretion: Discretion = Discretion.AUTOMATIC
    offer_s: int = 60  # how long an entry is offered; nobody answers: it is left
    hours: HoursPlan | None = None  # when it trades and must be flat; the account's own table wins
    news: NewsPlan | None = None  # what is done around economic events; the account's own table wins
    relationship: RelationshipPlan | None = None  # how much the copies of this leader may lose
    rogue: RoguePolicy = RoguePolicy.ALERT  # what is done about trades of other hands on this account


class PoolPlan(Setting, frozen=True):
    """Limits of a pool as a whole; money is account currency, summed over its members' copies."""

    max_contracts: int | None = None  # of all members together, in each contract
    max_loss: Decimal | None = None  # since the pool is counted
    daily_loss: Decimal | None = None  # of a trade date; entries stop until the next one
    high_water: bool = False  # max_loss is measured from the best result so far
    actions: tuple[Parting, ...] = (Parting.WARN, Parting.CLOSE_ONLY)


class LostAction(StrEnum):
    """What followers do while their leader cannot be heard."""

    HOLD = "hold"
    TIGHTEN = "tighten"  # a stop near the market for what stands without one
    FLATTEN = "flatten"


class LeaderLost(Setting, frozen=True):
    """What a group with open positions does when its leader cannot be heard for ``after_s``."""

    action: LostAction = LostAction.HOLD
    after_s: int = 60
    stop_ticks: int = 40  # of a stop that is placed, from the market


class GroupPlan(Setting, frozen=True):
    """One leader and its followers."""

    id: GroupId
    leader: AccountId
    followers: tuple[FollowerPlan, ...]
    roots: tuple[Root, ...] = ()  # products that are copied; empty copies all
    leader_lost: LeaderLost = LeaderLost()
    pool: PoolPlan | None = None  # limits of the members with a pooled sizing, together


class AccountPlan(Setting, frozen=True):
    """One account that the desk knows."""

    id: AccountId
    connection: ConnectionId
    name: str  # the broker's own name of it
    owner: str = "me"  # whose it is: opposite positions across one person's accounts are refused
    tags: tuple[str, ...] = ()
    live: bool = False  # real money
    plan: str = ""  # of the firm's rules: "apex/eod-50k/evaluation/tradovate"; empty for none
    overrides: dict[str, Any] = {}  # values of that plan that are otherwise on this account
    limits: LimitsPlan | None = None  # when this desk acts ahead of the firm, in place of the follower's table
    floor: Decimal | None = None  # the firm's own figure of the floor, for an account that has traded before
    hours: HoursPlan | None = None  # when it trades and must be flat, in place of the follower's table
    news: NewsPlan | None = None  # what is done around economic events, in place of the follower's table
    guard: GuardPlan | None = None  # of a leader: which of his trades wait for a person before they are copied


class DeskPlan(Setting, frozen=True):
    """The whole desk."""

    accounts: tuple[AccountPlan, ...]
    groups: tuple[GroupPlan, ...]
    keepings: dict[AccountId, Keeping] = {}  # what accounts must keep to, worked out of plans and limits
    intakes: dict[AccountId, IntakePlan] = {}  # which entries followers take, where not all
    timetables: dict[AccountId, Timetable] = {}  # the times that followers keep, worked out of plans, hours and news
    turn: time | UnsetType = UNSET  # of a trade date, in Chicago; unset in journals of before: an hour earlier


def follower_symbol(plan: FollowerPlan, symbol: Symbol, root: Root) -> Symbol | None:
    """Contract that the follower trades for the leader's ``symbol``; None where the plan refuses it.

    A whole contract name in the map wins over its product; a product on the right keeps the leader's month.
    """
    if symbol in plan.symbols:
        to = plan.symbols[symbol]
        return Symbol(to) if to else None
    if root not in plan.symbols:
        return symbol
    to = plan.symbols[root]
    return Symbol(to + symbol[len(root) :]) if to else None


def faults(plan: DeskPlan) -> list[str]:
    """Say in one line each what is wrong with a desk, naming the setting to edit; empty when all is well."""
    found: list[str] = []
    known = {account.id for account in plan.accounts}
    if len(known) < len(plan.accounts):
        found.append("accounts: two accounts share one id; give each its own")
    roles: dict[AccountId, str] = {}
    for account in plan.accounts:
        found += [f"account {account.id}: limits.{line}" for line in limit_faults(account.limits)]
        found += [f"account {account.id}: {line}" for line in time_faults(account.hours, account.news)]
    leads = {group.leader for group in plan.groups}
    found += _guard_faults(plan, leads)
    for group in plan.groups:
        if group.leader not in known:
            found.append(f"group {group.id}: leader {group.leader} is no account of this desk")
        if group.leader_lost.after_s < 0:
            found.append(f"group {group.id}: leader_lost.after_s must not be below 0, not {group.leader_lost.after_s}")
        if group.leader_lost.stop_ticks <= 0:
            found.append(
                f"group {group.id}: leader_lost.stop_ticks must be above 0, not {group.leader_lost.stop_ticks}"
            )
        for follower in group.followers:
            found += _follower_faults(group, follower, known, leads, roles)
        found += _pool_faults(group)
    if len({group.id for group in plan.groups}) < len(plan.groups):
        found.append("groups: two groups share one id; give each its own")
    return found


def _guard_faults(plan: DeskPlan, leads: set[AccountId]) -> Iterator[str]:
    for account in plan.accounts:
        if account.guard is None:
            continue
        if account.id not in leads:
            yield f"account {account.id}: guard: it leads no group; move [account.guard] under the leader's [[account]]"
        if not account.guard.is_on:
            rules = "roots, hours, sizes, max_away_ticks, burst, flips or profile"
            yield f"account {account.id}: guard: no rule is set; write {rules}, or take the table out"
        yield from (f"account {account.id}: guard.{line}" for line in guard_faults(account.guard))


def _follower_faults(
    group: GroupPlan, follower: FollowerPlan, known: set[AccountId], leads: set[AccountId], roles: dict[AccountId, str]
) -> list[str]:
    name, found = follower.account, []
    if name not in known:
        found.append(f"group {group.id}: follower {name} is no account of this desk")
    if name in leads:
        found.append(f"group {group.id}: {name} leads and follows; an account plays one role, so no circle can form")
    if name in roles:
        found.append(f"group {group.id}: {name} already follows in {roles[name]}; an account plays one role")
    roles[name] = group.id
    found += [f"follower {name}: limits.{line}" for line in limit_faults(follower.limits)]
    found += [f"follower {name}: {line}" for line in time_faults(follower.hours, follower.news)]
    if follower.bracket is not None and min(follower.bracket.stop_ticks, follower.bracket.target_ticks) <= 0:
        found.append(f"follower {name}: bracket needs stop_ticks and target_ticks above 0")
    return found + [f"follower {name}: {line}" for line in (*_size_faults(follower.sizing), *_number_faults(follower))]


def _is_above_zero(number: Decimal) -> bool:
    return number.is_finite() and number > 0


def _size_faults(sizing: Sizing) -> Iterator[str]:
    match sizing:
        case Multiplier(ratio=ratio) if not _is_above_zero(ratio):
            yield f"ratio must be above 0, not {ratio} (inverse copying is not offered)"
        case Fixed(contracts=contracts) if contracts <= 0:
            yield f"contracts must be above 0, not {contracts}"
        case Percentage(factor=factor) | BalanceScaled(factor=factor) if not _is_above_zero(factor):
            yield f"factor must be above 0, not {factor}"
        case RoomScaled(room=room, ratio=ratio) if not (_is_above_zero(room) and _is_above_zero(ratio)):
            yield "room and ratio must be above 0"
        case Pooled(share=share, pool_ratio=pool) if not (_is_above_zero(share) and _is_above_zero(pool)):
            yield "share and pool_ratio must be above 0"
        case _:
            pass


def _number_faults(plan: FollowerPlan) -> Iterator[str]:
    for symbol, ratio in plan.ratios.items():
        if not _is_above_zero(ratio):
            yield f"ratios.{symbol} must be above 0, not {ratio}"
    caps = plan.caps
    for setting, number in (
        ("caps.order", caps.order),
        ("caps.symbol", caps.symbol),
        ("caps.orders_per_minute", caps.orders_per_minute),
        ("join_ticks", plan.join_ticks),
        ("balance_age_s", plan.balance_age_s),
        ("pause_after_refusals", plan.pause_after_refusals),
        ("recovery.max_ticks", plan.recovery.max_ticks),
        ("recovery.max_contracts", plan.recovery.max_contracts),
        ("recovery.tries", plan.recovery.tries),
    ):
        if number < 0:
            yield f"{setting} must not be below 0, not {number}"
    bond = plan.relationship
    if bond is not None and not _is_above_zero(bond.max_loss):
        yield f"relationship.max_loss must be above 0, not {bond.max_loss}"
    if bond is not None and (not bond.actions or any(not 0 < step < 1 for step in bond.warn_at)):
        yield "relationship needs at least one of its actions, and warn_at shares between 0 and 1"
    if not 1 <= plan.offer_s <= LONGEST_OFFER_S:
        yield f"offer_s must be from 1 to {LONGEST_OFFER_S}, not {plan.offer_s}"
    for setting, amount in (("caps.account", caps.account), ("max_age_s", plan.max_age_s)):
        if not amount.is_finite() or amount < 0:
            yield f"{setting} must not be below 0, not {amount}"


def _pool_faults(group: GroupPlan) -> Iterator[str]:
    """Members of a pool share one size: what turns it into contracts must be the same for all."""
    members = [follower for follower in group.followers if isinstance(follower.sizing, Pooled)]
    if group.pool is not None:
        if not members:
            yield f"group {group.id}: pool: nobody has sizing pooled; write it for its members, or leave pool out"
        for name in ("max_contracts", "max_loss", "daily_loss"):
            figure = getattr(group.pool, name)
            if figure is not None and not _is_above_zero(Decimal(figure)):
                yield f"group {group.id}: pool.{name} must be above 0, not {figure}"
    for setting, values in (
        ("sizing.pool_ratio", {m.sizing.pool_ratio for m in members if isinstance(m.sizing, Pooled)}),
        ("rounding", {m.rounding for m in members}),
        ("below_one", {m.below_one for m in members}),
        ("symbols", {tuple(sorted(m.symbols.items())) for m in members}),
        ("ratios", {tuple(sorted(m.ratios.items())) for m in members}),
    ):
        if len(values) > 1:
            yield f"group {group.id}: members of a pool must have the same {setting}"
