"""Outlook: what approving a held trade would do now that time has passed; nothing here changes anything."""

from collections.abc import Sequence
from datetime import datetime
from decimal import ROUND_CEILING, Decimal
from typing import NamedTuple

import msgspec

from engine.domain.contract import product_of
from engine.domain.held import Held, HeldState, LeaderGuard, NotOpen, not_open, seconds_of
from engine.domain.ids import AccountId, Symbol
from engine.domain.value import Value


class Prospect(NamedTuple):
    """A follower as it stands: what it should hold now, and its target for each net of the leader (as ``Feed.ladder``)."""

    account: AccountId
    symbol: Symbol
    goal: int
    ladder: Sequence[int]


class Change(Value, frozen=True):
    """What approving would do to one follower: contracts before and after, by its sizing, before its own checks."""

    account: AccountId
    symbol: Symbol
    before: int
    after: int


class Outlook(Value, frozen=True):
    """What approving a held trade would do now."""

    id: str
    symbol: Symbol
    quantity: int  # signed contracts that would be let through
    leader_net: int
    price: Decimal  # the leader's
    mark: Decimal | None
    run_ticks: int | None  # since then; positive is worse for an entry now
    waited_s: int
    left_s: int
    changes: tuple[Change, ...]
    words: str


def now_would(
    guard: LeaderGuard, held_id: str, at: datetime, mark: Decimal | None, prospects: Sequence[Prospect] = ()
) -> Outlook | NotOpen:
    """What approving would do now that time has passed. Nothing is changed."""
    held = guard.held.get(held_id)
    if held is None or held.state is not HeldState.OPEN or held.expires <= at:
        return not_open(held_id, held)
    track = guard.past.tracks[held.symbol]
    changes = tuple(_change(one, track.passed, track.passed + held.left) for one in prospects)
    outlook = Outlook(
        id=held.id,
        symbol=held.symbol,
        quantity=held.left,
        leader_net=track.net,
        price=held.price,
        mark=mark,
        run_ticks=_run(held, mark),
        waited_s=max(0, seconds_of(at - held.at)),
        left_s=seconds_of(held.expires - at),
        changes=changes,
        words="",
    )
    return msgspec.structs.replace(outlook, words=_words(outlook, held))


def rise_of(goal: int, ladder: Sequence[int], before: int, after: int) -> int:
    """Signed contracts by which letting the leader's ``after`` through, and not ``before`` alone, raises a goal."""
    more, left = ladder[after] - ladder[before], ladder[after] - goal
    return max(0, min(more, left)) if after > 0 else min(0, max(more, left))


def _change(one: Prospect, before: int, after: int) -> Change:
    goal = one.goal + rise_of(one.goal, one.ladder, before, after)
    return Change(account=one.account, symbol=one.symbol, before=one.goal, after=goal)


def _run(held: Held, mark: Decimal | None) -> int | None:
    product = product_of(held.symbol)
    if product is None or mark is None:
        return None
    worse = mark - held.price if held.quantity > 0 else held.price - mark
    return int((worse / product.tick).to_integral_value(ROUND_CEILING))


def _words(outlook: Outlook, held: Held) -> str:
    side = "buys" if outlook.quantity > 0 else "sells"
    closed = abs(held.quantity) - abs(held.left)
    of = f" of the {abs(held.quantity)} that were held; he has closed {closed}" if closed else ""
    parts = [f"Approving now {side} what follows from {abs(outlook.quantity)} {outlook.symbol}{of}."]
    if outlook.run_ticks is None:
        parts.append("How far the price has run is not known.")
    elif outlook.run_ticks:
        way = "against" if outlook.run_ticks > 0 else "for"
        parts.append(f"The price has run {abs(outlook.run_ticks)} ticks {way} it in {outlook.waited_s} s.")
    else:
        parts.append(f"The price is where it was {outlook.waited_s} s ago.")
    parts.append(f"He holds {outlook.leader_net:+d} now. {outlook.left_s} s left to decide.")
    return " ".join(parts)
