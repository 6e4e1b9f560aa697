"""Sizing: arm each follower's ladder of targets from its plan, its money and the leader's, before an order needs it.

A ladder is worked out anew only while the leader is flat in that contract, or when a person resizes, so that money that
moves with the market never trades by itself.
"""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from engine.domain.allocation import Funds, conversion, size, split, target, whole
from engine.domain.aside import bar_of
from engine.domain.contract import PRODUCTS, month_of, product_of, root_of
from engine.domain.copier import Copier
from engine.domain.event import QuoteMarked
from engine.domain.group import BalanceScaled, FollowerPlan, Percentage, Pooled, RoomScaled, follower_symbol
from engine.domain.ids import Symbol
from engine.domain.intake import refused_symbol
from engine.domain.lane import Feed, Lane
from engine.domain.leader import LeaderBook

REACH = 16  # leader contracts that a new ladder covers on either side

Quotes = dict[Symbol, QuoteMarked]


def feed_for(copier: Copier, symbol: Symbol) -> tuple[Lane, Feed] | None:
    """The lane and feed by which a follower follows one leader contract; None where its plan leaves the product out."""
    plan, root = copier.plan, root_of(symbol)
    own = follower_symbol(plan, symbol, root)
    if own is None:
        return None
    lane = copier.lane(own)
    feed = lane.feed(symbol)
    bar(copier, lane, feed)
    return lane, feed


def bar(copier: Copier, lane: Lane, feed: Feed) -> None:
    """Arm why a feed gives no entries: the settings, the end of the contract, or a person's word."""
    feed.barred = refusal(copier, feed.symbol, lane.symbol) or lane.expired or bar_of(copier.asides, lane, feed)


def refusal(copier: Copier, symbol: Symbol, own: Symbol) -> str:
    """Why a contract of the leader's gives this follower no entries in ``own``; empty where it does."""
    plan = copier.plan
    if copier.intake is not None and (why := refused_symbol(copier.intake.plan.entries, own)):
        return why
    if conversion(plan, symbol, own) is None:
        return f"symbol: no size for {own} per {symbol}; set a ratio"
    month, own_month = month_of(symbol), month_of(own)
    if month and own_month and month != own_month:
        return f"rollover: leader trades {symbol}, this follower {own}"
    return ""


def ladder(targets: list[int]) -> list[int]:
    """Targets for nets 0 … reach, mirrored for the short side: index ``net`` works for either sign."""
    return targets + [-size for size in reversed(targets[1:])]


def reach_of(feed: Feed) -> int:
    """Largest leader net that a feed's ladder covers."""
    return (len(feed.ladder) - 1) // 2


def measure(copier: Copier, lane: Lane, feed: Feed, book: LeaderBook, quotes: Quotes, at: datetime) -> None:
    """Work a feed's ratio out anew from plan and money."""
    plan = copier.plan
    convert = conversion(plan, feed.symbol, lane.symbol) or Fraction(0)
    sized = size(plan.sizing, funds_of(copier, quotes, at), leader_funds(book, quotes, at, plan), copier.factor)
    ratio = sized.ratio * convert
    feed.num, feed.den, feed.flat = ratio.numerator, ratio.denominator, sized.flat
    feed.words = _words(sized.words, convert, feed, lane)


def lay(copier: Copier, lane: Lane, feed: Feed, reach: int) -> None:
    """Lay a feed's ladder by its ratio. What the lane holds and its goal stay as they are."""
    ratio, plan = Fraction(feed.num, feed.den), copier.plan
    lane.lay(feed, ladder([target(net, ratio, feed.flat, plan) for net in range(reach + 1)]))


def _plain(number: Fraction) -> str:
    return f"{(Decimal(number.numerator) / Decimal(number.denominator)).normalize():f}"


def _words(words: str, convert: Fraction, feed: Feed, lane: Lane) -> str:
    return words if lane.symbol == feed.symbol else f"{words}, {feed.symbol} to {lane.symbol} x {_plain(convert)}"


def lay_pool(members: list[tuple[Copier, Lane, Feed]], reach: int, turn: int, most: int | None = None) -> None:
    """Lay the ladders of a pool together: one size for the pool, shared by the largest remainder, remainders in turn.

    ``most`` bounds the pool's size, before it is shared.
    """
    shares = [_share(copier) for copier, _, _ in members]
    first, lane, feed = members[0]
    pool = first.plan.sizing
    assert isinstance(pool, Pooled)
    convert = conversion(first.plan, feed.symbol, lane.symbol) or Fraction(0)
    ratio = Fraction(pool.pool_ratio) * convert
    sizes = [whole(net * ratio, first.plan.rounding, first.plan.below_one) for net in range(reach + 1)]
    if most is not None:
        sizes = [min(contracts, most) for contracts in sizes]
    rows = [split(contracts, shares, turn) for contracts in sizes]
    total = sum(shares, Decimal(0))
    for i, (copier, lane, feed) in enumerate(members):
        exact = ratio * Fraction(shares[i]) / Fraction(total) if total else Fraction(0)
        feed.num, feed.den, feed.turn = exact.numerator, exact.denominator, turn
        limit = f", at most {most} together" if most is not None else ""
        words = f"share {shares[i]} of {total} in a pool of {pool.pool_ratio}x{limit}, turn {turn % len(members)}"
        feed.words = _words(words, convert, feed, lane)
        lane.lay(feed, ladder([min(row[i], copier.plan.caps.symbol) for row in rows]))


def _share(copier: Copier) -> Decimal:
    assert isinstance(copier.plan.sizing, Pooled)
    return copier.plan.sizing.share * copier.factor


def is_moving(plan: FollowerPlan) -> bool:
    """Say whether a follower's size moves with money."""
    return isinstance(plan.sizing, Percentage | BalanceScaled | RoomScaled)


def open_profit(lanes: Iterable[tuple[Symbol, int, Decimal]], quotes: Quotes) -> Decimal:
    """Open profit in account currency of positions ``(symbol, net, average)`` at the newest quotes."""
    total = Decimal(0)
    for symbol, net, average in lanes:
        product, mark = product_of(symbol), mark_of(quotes, symbol)
        if net and product is not None and mark is not None:
            total += (mark - average) * net * product.point
    return total


def quote_for(quotes: Quotes, symbol: Symbol) -> QuoteMarked | None:
    """The quote that prices a contract: its own, or else that of the other size of the same product."""
    quote = quotes.get(symbol)
    if quote is None and (product := product_of(symbol)) is not None:
        root = root_of(symbol)
        family = [product.mini] if product.mini else [p.root for p in PRODUCTS.values() if p.mini == root]
        quote = next((q for r in family if (q := quotes.get(Symbol(r + symbol[len(root) :])))), None)
    return quote


def mark_of(quotes: Quotes, symbol: Symbol) -> Decimal | None:
    """Newest price of a contract: last trade, or else the middle; a micro without a quote takes its mini's."""
    quote = quote_for(quotes, symbol)
    if quote is None:
        return None
    if quote.last is not None:
        return quote.last
    if quote.bid is not None and quote.ask is not None:
        return (quote.bid + quote.ask) / 2
    return quote.bid if quote.bid is not None else quote.ask


def ticks_away(symbol: Symbol, price: Decimal | None, quotes: Quotes) -> Decimal | None:
    """Distance of the present price from ``price`` in ticks, unsigned; None where either is not known."""
    mark, product = mark_of(quotes, symbol), product_of(symbol)
    return None if mark is None or product is None or price is None else abs(mark - price) / product.tick


def funds_of(copier: Copier, quotes: Quotes, at: datetime) -> Funds:
    """Money of a follower as sizing sees it at ``at``."""
    held = ((lane.symbol, lane.net, lane.cost.average) for lane in copier.lanes.values())
    return Funds(
        balance=copier.balance,
        open_profit=open_profit(held, quotes),
        margin=copier.margin,
        cautious=copier.smallest,
        first_equity=copier.first_equity,
        is_stale=_is_old(copier.balance_at, at, copier.plan.balance_age_s),
    )


def leader_funds(book: LeaderBook, quotes: Quotes, at: datetime, plan: FollowerPlan) -> Funds:
    """Money of the leader as sizing sees it. A stale leader balance is not made smaller: that would size up."""
    held = ((symbol, stand.net, stand.cost.average) for symbol, stand in book.stands.items())
    return Funds(
        balance=book.balance,
        open_profit=open_profit(held, quotes),
        margin=book.margin,
        cautious=book.largest,
        is_stale=_is_old(book.balance_at, at, plan.balance_age_s),
    )


def _is_old(seen: datetime | None, at: datetime, age_s: int) -> bool:
    return seen is None or (at - seen).total_seconds() > age_s
