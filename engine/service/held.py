"""Views of held trades: what waits for a person, why, and what approving would do to each follower now."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from engine.api.requests import ApproveAsk, RefuseAsk
from engine.api.views import HeldLine, HeldView, PreviewLine, PreviewView
from engine.domain.command import Approve, Refuse
from engine.domain.held import Held, HeldState, LeaderGuard, NotOpen, not_open
from engine.domain.ids import AccountId
from engine.domain.outlook import now_would
from engine.domain.release import Share, letting_of, would
from engine.domain.sizing import Quotes, mark_of
from engine.domain.state import DeskState, Row
from engine.errors import LockstepError
from engine.service.projection import Projection
from engine.service.scope import accounts_of

SHOWN_ENDED = 8


class HeldError(LockstepError):
    """A held trade that cannot be decided; the line says why."""


class _Part(NamedTuple):
    row: Row
    share: Share


def held_views(projection: Projection, scope: str, now: datetime) -> list[HeldView]:
    """Trades that wait, the next to expire first, then the newest that have ended.

    Raises: ScopeError.
    """
    state, plan = projection.state, projection.state.plan
    named = set(accounts_of(plan, scope)) if plan.accounts or scope != "all" else set()
    known = [
        (guard, held)
        for guard in state.guards.values()
        if guard.account in named or named & set(_following(state, guard))
        for held in guard.held.values()
    ]
    waiting = sorted((pair for pair in known if _waits(pair[1], now)), key=lambda pair: pair[1].expires)
    ended = sorted((pair for pair in known if not _waits(pair[1], now)), key=lambda pair: pair[1].at, reverse=True)
    return [_view(state, *pair, projection.quotes, now) for pair in (*waiting, *ended[:SHOWN_ENDED])]


def _waits(held: Held, now: datetime) -> bool:
    return held.state is HeldState.OPEN and held.expires > now


def _following(state: DeskState, guard: LeaderGuard) -> list[AccountId]:
    groups = state.leaders[guard.account].groups
    return [name for name, copier in state.copiers.items() if copier.group in groups]


def _parts(state: DeskState, guard: LeaderGuard, held: Held, quotes: Quotes, now: datetime) -> Iterator[_Part]:
    """Each follower's part of a trade that waits."""
    before = guard.passed(held.symbol)
    letting = letting_of(state, guard, held, before, before + held.left, "", now, quotes)
    for name in _following(state, guard):
        copier = state.copiers[name]
        for lane in copier.lanes.values():
            feed = lane.feeds.get(held.symbol)
            if feed is not None:
                row = (copier, lane, feed)
                yield _Part(row, would(row, letting))


def _view(state: DeskState, guard: LeaderGuard, held: Held, quotes: Quotes, now: datetime) -> HeldView:
    mark, live = mark_of(quotes, held.symbol), {account.id for account in state.plan.accounts if account.live}
    outlook = now_would(guard, held.id, now, mark)
    is_open = not isinstance(outlook, NotOpen)
    parts = list(_parts(state, guard, held, quotes, now)) if is_open else []
    is_late = held.state is HeldState.OPEN and not is_open
    return HeldView(
        id=held.id,
        leader=guard.account,
        symbol=held.symbol,
        quantity=held.quantity,
        left=held.left,
        price=Decimal(f"{held.price.quantize(Decimal('1E-8')).normalize():f}"),
        mark=mark,
        run_ticks=None if isinstance(outlook, NotOpen) else outlook.run_ticks,
        leader_net=state.leaders[guard.account].stand(held.symbol).net,
        reasons=tuple(reason.words for reason in held.reasons),
        since=held.at,
        expires=held.expires,
        left_s=max(0.0, (held.expires - now) / timedelta(seconds=1)) if is_open else 0.0,
        state=HeldState.EXPIRED.value if is_late else held.state.value,
        outlook=outlook.words,
        followers=tuple(_line(part, is_live=part.row[0].account in live) for part in parts),
        cause=held.cause,
    )


def _line(part: _Part, *, is_live: bool) -> HeldLine:
    (copier, lane, _), share = part
    return HeldLine(
        account=copier.account,
        symbol=lane.symbol,
        before=lane.goal,
        after=lane.goal + share.allowed,
        note=share.words,
        room_contracts=max(0, copier.room // lane.weight),
        live=is_live,
    )


def decided(
    ask: ApproveAsk | RefuseAsk, accounts: tuple[AccountId, ...], state: DeskState, now: datetime
) -> Approve | Refuse:
    """The wish of an ask, for those of the scope who follow this leader.

    Raises: HeldError where the trade does not wait, or nobody of the scope follows its leader.
    """
    guard, held = _find(ask.held, state, now)
    if not _waits(held, now):
        raise HeldError(f"{held.id}: {not_open(held.id, held).words}")
    following = _following(state, guard)
    named = tuple(name for name in accounts if name in following)
    if not named:
        raise HeldError(f"scope {ask.scope}: nobody in it follows {guard.account}")
    if isinstance(ask, ApproveAsk):
        return Approve(accounts=named, held=held.id)
    return Refuse(accounts=tuple(following), held=held.id)


def _find(name: str, state: DeskState, now: datetime) -> tuple[LeaderGuard, Held]:
    for guard in state.guards.values():
        if held := guard.held.get(name.upper()):
            return guard, held
    open_now = [held.id for guard in state.guards.values() for held in guard.waiting if _waits(held, now)]
    what = f"held now: {', '.join(open_now)}" if open_now else "nothing is held now"
    raise HeldError(f"held {name[:12]}: {what}")


def held_preview(wish: Approve | Refuse, state: DeskState, quotes: Quotes, version: int, now: datetime) -> PreviewView:
    """What deciding would do now: what each follower would send, and what its own checks say."""
    guard, held = _find(wish.held, state, now)
    is_approval, named = isinstance(wish, Approve), set(wish.accounts)
    live = {account.id for account in state.plan.accounts if account.live}
    parts = [part for part in _parts(state, guard, held, quotes, now) if part.row[0].account in named]
    lines = []
    for (copier, lane, _), share in parts:
        after = lane.goal + (share.allowed if is_approval else 0)
        room = f"room for {max(0, copier.room // lane.weight)}"
        notes = (share.words or room, "real money" if copier.account in live else "") if is_approval else ()
        before = f"{lane.goal:+d} {lane.symbol}" if lane.goal else "flat"
        line = PreviewLine(
            account=copier.account,
            before=before,
            after=f"{after:+d} {lane.symbol}" if after else "flat",
            note=", ".join(filter(None, notes)),
        )
        lines.append(line)
    outlook = now_would(guard, held.id, now, mark_of(quotes, held.symbol))
    refused = [f"{part.row[0].account}: {part.share.words}" for part in parts if part.share.words]
    return PreviewView(
        kind="approve" if is_approval else "refuse",
        version=version,
        accounts=len(named),
        contracts=sum(abs(part.share.allowed) for part in parts) if is_approval else 0,
        orders=0,
        open_profit=None,
        adds_risk=is_approval,
        live=bool(named & live),
        lines=tuple(lines),
        excluded=tuple(refused) if is_approval else (),
        remarks=(outlook.words if is_approval else "Nothing of it is copied, to anybody.",),
    )
