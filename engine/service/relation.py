"""Views of relationships and pools: what their copies have earned, and how far they are from their own limits."""

from collections.abc import Iterable
from decimal import Decimal

from engine.api.views import PoolView, RelationView, ShareView
from engine.domain.copier import Copier
from engine.domain.group import GroupPlan, Pooled
from engine.domain.ids import AccountId
from engine.domain.parting import marks_of
from engine.domain.pool import members_of, result_of
from engine.domain.state import DeskState

CENT = Decimal("0.01")


def relation_views(state: DeskState, named: Iterable[AccountId]) -> tuple[RelationView, ...]:
    """Relationships of a scope that have a limit, nearest to it first."""
    found = [view for name in named if (view := relation_view(state, state.copiers.get(name))) is not None]
    return tuple(sorted(found, key=lambda view: -(view.lost or Decimal(0)) / view.max_loss))


def relation_view(state: DeskState, copier: Copier | None) -> RelationView | None:
    """One relationship; None where it has no limit."""
    bond = copier.bond if copier is not None else None
    if copier is None or bond is None or bond.plan is None:
        return None
    result = bond.result(marks_of(bond, state.fresh_quotes()))
    lost = None
    if result is not None:
        lost = max(Decimal(0), (bond.peak if bond.plan.high_water else Decimal(0)) - result).quantize(CENT)
    return RelationView(
        account=copier.account,
        result=_cents(result),
        lost=lost,
        max_loss=bond.plan.max_loss,
        since=bond.since,
        has_acted=bond.has_acted,
    )


def pool_views(state: DeskState, named: Iterable[AccountId]) -> tuple[PoolView, ...]:
    """Pools with a member in the scope."""
    wanted = set(named)
    groups = [group for group in state.plan.groups if group.id in state.pools]
    return tuple(_pool(state, group) for group in groups if wanted & {one.account for one in members_of(state, group)})


def _pool(state: DeskState, group: GroupPlan) -> PoolView:
    book, plan, total = state.pools[group.id], group.pool, result_of(state, group)
    return PoolView(
        group=group.id,
        members=tuple(_share(state, copier) for copier in members_of(state, group)),
        result=_cents(None if total is None or book.base is None else total - book.base),
        today=_cents(None if total is None or book.day is None else total - book.day_base),
        max_contracts=plan.max_contracts if plan is not None else None,
        max_loss=plan.max_loss if plan is not None else None,
        daily_loss=plan.daily_loss if plan is not None else None,
        has_acted=book.has_acted or book.has_day_acted,
    )


def _share(state: DeskState, copier: Copier) -> ShareView:
    assert isinstance(copier.plan.sizing, Pooled)
    bond = copier.bond
    return ShareView(
        account=copier.account,
        share=copier.plan.sizing.share * copier.factor,
        result=_cents(bond.result(marks_of(bond, state.fresh_quotes()))) if bond is not None else None,
        stopped=copier.barred,
    )


def _cents(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else amount.quantize(CENT)
