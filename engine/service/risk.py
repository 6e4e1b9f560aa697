"""Views of limits: how far each account is from each of them, in money, in share and in price."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from engine.api.views import LimitView, RiskView
from engine.domain.copier import Copier
from engine.domain.drawdown import Limit
from engine.domain.ids import AccountId
from engine.domain.limit import act_room, lines
from engine.domain.room import stop_price, tick_risk
from engine.domain.sizing import Quotes
from engine.domain.stopout import WORDS, holdings

CENT = Decimal("0.01")
SHARE = Decimal("0.0001")


def gap_of(limit: Limit, line: Decimal, equity: Decimal) -> Decimal:
    """Money between an account and a line."""
    return line - equity if limit is Limit.DAILY_TARGET else equity - line


def used_of(gap: Decimal, span: Decimal) -> Decimal:
    """Share of a limit that is used up."""
    return max(Decimal(0), (1 - gap / span).quantize(SHARE))


def shares(copier: Copier) -> Iterator[tuple[Limit, Decimal]]:
    """Each limit of an account as it was last marked, and how much of it is used up."""
    kept = copier.kept
    if kept is not None and kept.ledger is not None:
        for limit, line, span in lines(kept.ledger, kept.own):
            yield limit, used_of(gap_of(limit, line, kept.ledger.equity), span)


def limit_views(copier: Copier, quotes: Quotes) -> list[LimitView]:
    """Limits of one account as they were last marked, nearest to the edge first; none where nothing was marked yet."""
    kept = copier.kept
    if kept is None or kept.ledger is None:
        return []
    ledger, held = kept.ledger, holdings(copier, quotes) or []
    found = []
    for limit, line, span in lines(ledger, kept.own):
        is_up, gap = limit is Limit.DAILY_TARGET, gap_of(limit, line, ledger.equity)
        left = act_room(limit, gap, span, kept.keeping.limits, kept.watch, tick_risk(held))
        has_acted = limit in kept.watch.acted
        one = held[0] if len(held) == 1 and not has_acted else None
        found.append(
            LimitView(
                account=copier.account,
                limit=limit.value,
                used=used_of(gap, span),
                gone=max(Decimal(0), span - gap).quantize(CENT),
                span=span.quantize(CENT),
                line=line.quantize(CENT),
                equity=ledger.equity.quantize(CENT),
                has_acted=has_acted,
                symbol=one.symbol if one else "",
                price=one.price if one else None,
                stop=stop_price(-left if is_up else left, one) if one else None,
            )
        )
    return sorted(found, key=lambda view: -view.used)


def risk_view(accounts: Iterable[AccountId], copiers: dict[AccountId, Copier], quotes: Quotes) -> RiskView:
    """All followers of a scope."""
    followers = [copiers[name] for name in accounts if name in copiers]
    found = [view for copier in followers for view in limit_views(copier, quotes)]
    return RiskView(
        limits=tuple(sorted(found, key=lambda view: -view.used)),
        unknown=tuple(
            copier.account
            for copier in followers
            if copier.kept is not None and (copier.kept.ledger is None or copier.kept.blind_since is not None)
        ),
        free=tuple(copier.account for copier in followers if copier.kept is None),
    )


def percent(views: Iterable[LimitView], limit: Limit) -> Decimal | None:
    """How much of one limit is used up; None where there is none."""
    return next(((view.used * 100).quantize(Decimal("0.1")) for view in views if view.limit == limit.value), None)


def nearest(views: list[LimitView]) -> str:
    """The limit nearest to the edge in words: "daily loss 84 %"."""
    return f"{WORDS[Limit(views[0].limit)]} {views[0].used * 100:.0f} %" if views else ""


def room(views: list[LimitView]) -> Decimal | None:
    """Money to the nearest line below; None where no limit is known."""
    losses = [view.equity - view.line for view in views if view.limit != Limit.DAILY_TARGET.value]
    return min(losses, default=None)
