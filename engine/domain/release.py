"""Release: what a person's word about a held trade does to the followers, each by its own checks, and what it would do."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import NamedTuple

from engine.domain.command import Approve, Refuse
from engine.domain.copier import Copier
from engine.domain.decision import Decision, Raised, Severity, Skipped
from engine.domain.event import PersonActed
from engine.domain.fanout import rivals
from engine.domain.gate import OVER, Gate, side_of
from engine.domain.group import Discretion, MissedEntry
from engine.domain.held import Dropped, Held, HeldState, LeaderGuard, NotOpen, Released
from engine.domain.hold import Task
from engine.domain.ids import AccountId
from engine.domain.lane import NO_LIMIT, Feed, Lane
from engine.domain.offer import run_since
from engine.domain.outlook import rise_of
from engine.domain.ranks import Ranks
from engine.domain.risk import Denied, Signal, verdict
from engine.domain.sizing import Quotes
from engine.domain.state import DeskState, Row
from engine.domain.task import begin

With = Callable[[AccountId, datetime, list[Decision], Callable[[Copier], None]], None]
"""Runs one follower's step; a fault of ours there stops no other."""


class Letting(NamedTuple):
    """How much of the leader's position was let through and is to be, and the trade as his followers see it now."""

    before: int
    after: int
    signal: Signal
    is_priced: bool  # how far the price has run is known


class Share(NamedTuple):
    """What letting a held trade through gives one follower: signed contracts, and what its own checks say against it."""

    wanted: int
    allowed: int
    words: str


def decide(state: DeskState, gate: Gate, ranks: Ranks, event: PersonActed, run: With, out: list[Decision]) -> None:
    """Carry out a person's word about a held trade: once, and only while it waits."""
    wish = event.command
    assert isinstance(wish, Approve | Refuse)
    found = gate.find(wish.held, event.at, out)
    if found is None:
        _tell(wish.accounts, event, "act.failed", f"no trade named {wish.held} is held", out)
        return
    guard, held = found
    following = [name for name, copier in state.copiers.items() if copier.group in state.leaders[guard.account].groups]
    strangers = tuple(name for name in wish.accounts if name not in following)
    _tell(strangers, event, "act.failed", f"it does not follow {guard.account}", out)
    named = tuple(name for name in wish.accounts if name in following)
    if not named:
        return
    is_known = state.leaders[guard.account].is_synced
    if isinstance(wish, Approve) and held.state is HeldState.OPEN and not is_known:
        said = f"what {guard.account} holds is not known now; {held.id} waits until {held.expires:%H:%M:%S} UTC"
        _tell(named, event, "act.failed", said, out)
        return
    before = guard.passed(held.symbol)
    done: Released | Dropped | NotOpen
    if isinstance(wish, Refuse):
        done = guard.refuse(held.id, event.at, event.by)
    else:
        done = guard.approve(held.id, event.at, event.by, () if set(named) == set(following) else named)
    if isinstance(done, NotOpen):
        _tell(named, event, "act.failed", f"{held.id}: {done.words}", out)
        return
    gate.stale(guard.account, event.at)
    what = f"{held.id}: {guard.account} {side_of(held.left, held.symbol)}"
    if isinstance(done, Released):
        who = ", ".join(named) if done.followers else "all"
        _over(guard, held, f"{what} was approved by {event.by} for {who}", out)
        _release(state, ranks, guard, held, before, frozenset(named), event, run, out)
    else:
        _over(guard, held, f"{what} was refused by {event.by}: not copied", out)
        _tell(named, event, "act.proven", f"{held.id} refused, nothing of it is copied", out)


def _release(
    state: DeskState,
    ranks: Ranks,
    guard: LeaderGuard,
    held: Held,
    before: int,
    named: frozenset[AccountId],
    event: PersonActed,
    run: With,
    out: list[Decision],
) -> None:
    book = state.leaders[guard.account]
    net, after = book.stands[held.symbol].net, guard.passed(held.symbol)
    rows = ranks.rows(book, held.symbol, net, net, event.at)
    cause, quotes = f"act:{event.key}", state.fresh_quotes()
    letting = letting_of(state, guard, held, before, after, cause, event.at, quotes)
    copying = {copier.account for copier, _, _ in rows.lanes}
    _tell(tuple(sorted(named - copying)), event, "act.proven", f"it does not copy {held.symbol}", out)
    for row in rows.lanes:
        copier, lane, feed = row
        feed.let = None if after == net else after
        if copier.account in named:
            step = partial(_give, row=row, letting=letting, event=event, held=held, out=out)
            run(copier.account, event.at, out, step)
        elif wanted := rise_of(lane.goal, feed.ladder, before, after):
            figures = f"{held.id} was approved for others by {event.by}"
            out.append(copier.skipped(lane, cause, wanted, Denied(check="guard", figures=figures)))


def _give(copier: Copier, *, row: Row, letting: Letting, event: PersonActed, held: Held, out: list[Decision]) -> None:
    _, lane, feed = row
    signal, share, count = letting.signal, would(row, letting), len(out)
    if not share.wanted:
        _tell((copier.account,), event, "act.proven", f"{held.id} gives it nothing at its size", out)
        return
    if unpriced := _unpriced(lane, letting):
        out.append(copier.skipped(lane, signal.cause, share.wanted, unpriced))
    allowed = 0 if unpriced else copier.judge(share.wanted, lane, feed, signal, out)
    why = "; ".join(f"{one.check}: {one.figures}" for one in out[count:] if isinstance(one, Skipped))
    if not allowed:
        _tell((copier.account,), event, "act.failed", f"not copied, {why}", out)
        return
    copier.take_in(lane, feed, allowed)
    lane.signalled_at, lane.signal_price = event.at, held.price
    if copier.minute != signal.minute:
        copier.minute, copier.copies = signal.minute, 0
    copier.copies += 1
    copier.arm()
    note = f", {share.wanted - allowed:+d} not: {why}" if why else ""
    begin(copier, Task(event.key, "approve", event.at, lane.symbol, short=note, wanted=lane.goal), out)


def letting_of(
    state: DeskState,
    guard: LeaderGuard,
    held: Held,
    before: int,
    after: int,
    cause: str,
    at: datetime,
    quotes: Quotes,
) -> Letting:
    """A held trade as its followers see it when it is let through: as young as the approval, at the price of now."""
    run = run_since(held.symbol, held.quantity, held.price, quotes)
    signal = Signal(
        cause=cause,
        at=at,
        age_us=0,
        run_ticks=max(0, run or 0),
        minute=int(at.timestamp()) // 60,
        opposed=rivals(state, guard.account, held.quantity) if len(state.plan.groups) > 1 else frozenset(),
        price=held.price,
        is_by_hand=True,
    )
    return Letting(before, after, signal, is_priced=run is not None)


def would(row: Row, letting: Letting) -> Share:
    """What letting a held trade through would give a follower now; nothing is changed."""
    copier, lane, feed = row
    wanted = _share(lane, feed, letting.before, letting.after)
    if wanted and (unpriced := _unpriced(lane, letting)):
        return Share(wanted, 0, f"{unpriced.check}: {unpriced.figures}")
    is_waiting = not copier.is_ready and copier.plan.missed_entry is MissedEntry.JOIN
    standing, allowed, words = copier.standing(lane, is_waiting=is_waiting), wanted, []
    while allowed and (denied := verdict(allowed, lane, feed, letting.signal, standing)) is not None:
        words.append(f"{denied.check}: {denied.figures}")
        allowed = denied.allowed if allowed > 0 else -denied.allowed
    if allowed and copier.plan.discretion is Discretion.SIGNAL:
        words.append("signal: this account is told, nothing is entered")
        allowed = 0
    return Share(wanted, allowed, "; ".join(words))


def _unpriced(lane: Lane, letting: Letting) -> Denied | None:
    """Nobody knows how far the price has run, and the follower wants to know."""
    is_asked = not letting.is_priced and lane.max_run < NO_LIMIT
    return Denied(check="price_run", figures="no price now") if is_asked else None


def _share(lane: Lane, feed: Feed, before: int, after: int) -> int:
    """Signed contracts by which the goal may rise, never past the target."""
    more = rise_of(lane.goal if len(lane.feeds) < 2 else feed.taken, feed.ladder, before, after)
    left = lane.target - lane.goal
    return max(0, min(more, left)) if more > 0 else min(0, max(more, left))


def _tell(accounts: tuple[AccountId, ...], event: PersonActed, code: str, text: str, out: list[Decision]) -> None:
    out += [Raised(code=code, severity=Severity.P4, text=text, account=name, key=event.key) for name in accounts]


def _over(guard: LeaderGuard, held: Held, text: str, out: list[Decision]) -> None:
    raised = Raised(code=OVER, severity=Severity.P4, text=text, account=guard.account, symbol=held.symbol)
    out.append(raised)
