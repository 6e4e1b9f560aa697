"""How far the accounts are from their limits, nearest to the edge first."""

from collections.abc import Sequence
from decimal import Decimal

from bot.core.card import Card, Column, Table
from bot.core.render.look import money, plain_money, price
from engine.api import LimitView, PoolView, RelationView, RiskView, Symbol, root_of

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
    lines.extend(line for pool in view.pools for line in _pool_lines(pool))
    lines.extend(map(_relation_line, view.relations))
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


def _pool_lines(pool: PoolView) -> list[str]:
    """A pool's limits, and each member's part; a stopped member's share is traded by nobody."""
    most = f", at most {pool.max_contracts} contracts" if pool.max_contracts is not None else ""
    spent = [
        f"{word} {money(result)} of {plain_money(limit)}"
        for word, result, limit in (("", pool.result, pool.max_loss), ("today", pool.today, pool.daily_loss))
        if limit is not None
    ]
    acted = " stop" if pool.has_acted else ""
    head = f"Pool {pool.group}{most} {', '.join(word.strip() for word in spent)}{acted}".rstrip()
    parts = [f" {one.account} share {one.share.normalize():f} {money(one.result)}" for one in pool.members]
    idle = [one.account for one in pool.members if one.stopped]
    return [head, *parts, *([f" Not traded by others: share of {', '.join(idle)}"] if idle else [])]


def _relation_line(one: RelationView) -> str:
    acted = " stop" if one.has_acted else ""
    return (
        f"{one.account} copies {money(one.result)}, lost {plain_money(one.lost)} of {plain_money(one.max_loss)}{acted}"
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
