"""How far the accounts are from their limits, nearest to the edge first."""

from collections.abc import Sequence
from decimal import Decimal

from bot.core.card import Card, Column, Table
from bot.core.render.look import money, plain_money, price
from engine.api import LimitView, RiskView, Symbol, root_of

WORDS = {"max_loss": "trail", "daily_loss": "day", "daily_target": "target", "margin": "margin"}
MOST = 12
NEAR = Decimal("0.85")


def risk_card(view: RiskView) -> Card:
    """S6: what is nearest to the edge, and the price that would stop it."""
    lines = [_sentence(one) for one in _nearest_stops(view.limits)]
    if view.unknown:
        lines.append(f"Not known now: {', '.join(view.unknown)}")
    if view.free:
        lines.append(f"Without limits: {', '.join(view.free)}")
    if not view.limits:
        return Card(title="NEAREST LIMITS · none known", lines=tuple(lines), ref="risk")
    columns = (
        Column(head="ACCT", firm=False, least=5),
        Column(head="LIMIT"),
        Column(head="USED", right=True),
        Column(head="OF", right=True),
        Column(head="%", right=True),
    )
    rows = tuple(_row(one) for one in view.limits[:MOST])
    more = len(view.limits) - MOST
    return Card(
        title="NEAREST LIMITS",
        table=Table(columns=columns, rows=rows),
        lines=tuple(lines),
        footer=f"{more} more" if more > 0 else "",
        ref="risk",
    )


def _row(one: LimitView) -> tuple[str, ...]:
    mark = " stop" if one.has_acted else " !" if one.used >= NEAR and one.limit != "daily_target" else ""
    gone = -one.gone if one.limit in ("max_loss", "daily_loss") else one.gone
    return (
        one.account,
        WORDS.get(one.limit, one.limit),
        money(gone),
        plain_money(one.span),
        f"{one.used * 100:.0f}{mark}",
    )


def _nearest_stops(limits: Sequence[LimitView]) -> list[LimitView]:
    """The one stop for each product that the smallest move of its price would bring."""
    nearest: dict[str, LimitView] = {}
    for one in limits:
        if one.price is not None and one.stop is not None and one.limit != "daily_target":
            root = str(root_of(Symbol(one.symbol)))
            if root not in nearest or _move(one) < _move(nearest[root]):
                nearest[root] = one
    return sorted(nearest.values(), key=lambda one: -one.used)


def _move(one: LimitView) -> Decimal:
    return abs((one.price or Decimal(0)) - (one.stop or Decimal(0)))


def _sentence(one: LimitView) -> str:
    moved = "drops" if (one.stop or 0) < (one.price or 0) else "rises"
    root = root_of(Symbol(one.symbol))
    return f"If {root} {moved} {price(_move(one)).removesuffix('.00')} pt to {price(one.stop)}, {one.account} stops."
