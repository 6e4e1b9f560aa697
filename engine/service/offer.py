"""Views of entries that wait for a person: size, price run since, room left, and how long they still wait."""

from datetime import datetime
from decimal import Decimal

from engine.api.views import OfferView
from engine.domain.copier import Copier
from engine.domain.group import AccountPlan
from engine.domain.offer import Offer, run_since
from engine.domain.room import room_of
from engine.domain.sizing import Quotes, mark_of
from engine.service.projection import Projection
from engine.service.scope import accounts_of


def offer_views(projection: Projection, scope: str, now: datetime) -> list[OfferView]:
    """Open offers of a scope, the next to expire first.

    Raises: ScopeError.
    """
    projection.desk.mark()
    plan, copiers = projection.state.plan, projection.state.copiers
    named = set(accounts_of(plan, scope)) if plan.accounts or scope != "all" else set()
    found = [
        _view(copiers[account.id], account, offer, projection.quotes, now)
        for account in plan.accounts
        if account.id in named and account.id in copiers
        for offer in copiers[account.id].offers.values()
        if offer.id and offer.expires > now
    ]
    return sorted(found, key=lambda view: view.expires)


def _view(copier: Copier, plan: AccountPlan, offer: Offer, quotes: Quotes, now: datetime) -> OfferView:
    lane, price = copier.lanes[offer.symbol], offer.price
    ledger = copier.kept.ledger if copier.kept is not None else None
    return OfferView(
        id=offer.id,
        account=copier.account,
        owner=plan.owner,
        symbol=offer.symbol,
        quantity=offer.left,
        leader_symbol=offer.source,
        price=price.quantize(Decimal("1E-8")).normalize() if price is not None else None,
        mark=mark_of(quotes, offer.source),
        run_ticks=run_since(offer.source, offer.left, price, quotes),
        room=room_of(ledger).least.quantize(Decimal("0.01")) if ledger is not None else None,
        room_contracts=max(0, copier.room // lane.weight),
        since=offer.since,
        expires=offer.expires,
        left_s=max(0.0, (offer.expires - now).total_seconds()),
        live=plan.live,
        barred=copier.barred or lane.barred or lane.feeds[offer.source].barred,
    )
