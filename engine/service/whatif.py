"""What-if: a leader's trade that nobody made, handled by the domain itself on a copy of the desk.

The copy hears the leader's fill, then the fills of what it sent, then the price of the stop. Whatever the desk would check,
round, cap, hold or skip comes out as it would in earnest, because it is the same code on the same state.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from msgspec.structs import replace

from engine.api.views import LimitView
from engine.api.whatif import BlockView, WhatIfLeader, WhatIfLine, WhatIfView
from engine.domain.allocation import whole
from engine.domain.contract import family_of, month_of, product_of, root_of
from engine.domain.copier import Copier
from engine.domain.decision import Decision, Lot, Raised, SendBracketed, SendLots, Skipped
from engine.domain.desk import Desk
from engine.domain.event import Event, OrderFilled, QuoteMarked
from engine.domain.group import FollowerPlan, follower_symbol
from engine.domain.ids import AccountId, BrokerOrderId, FillId, OrderId, Symbol
from engine.domain.lane import Feed, Lane
from engine.domain.leader import LeaderBook
from engine.domain.sizing import mark_of
from engine.service.risk import CENT, limit_views, room
from engine.service.trade import MOST, Trade, TradeError, contract, distance_of

ROUNDS = 100  # orders of one follower that are followed to their fills
_NAME = "what-if"
_OWN = frozenset({"entry.offer", "signal"})  # what stands in a follower's own line
_NOMINAL = Decimal(10_000)


def what_if(
    checkpoint: bytes, trade: Trade, leaders: Iterable[AccountId], wanted: frozenset[AccountId], seq: int, at: datetime
) -> WhatIfView:
    """What ``trade`` of each of these leaders would do to the followers among ``wanted``.

    Raises: TradeError.
    """
    if not 0 < abs(trade.quantity) <= MOST:
        raise TradeError(f"quantity: 1 to {MOST} contracts")
    steps: list[WhatIfLeader] = []
    lines: list[WhatIfLine] = []
    remarks: list[str] = []
    view: WhatIfView | None = None
    for leader in leaders:  # each on a copy of his own: one leader's trade is no part of another's
        thought = _Thought(Desk.restore(checkpoint), leader, trade, at)
        lines += thought.lines(wanted)
        steps.append(thought.step())
        remarks += [text for text in thought.remarks if text not in remarks]
        view = view or thought.view(seq)
    if view is None:
        raise TradeError("scope: nobody in it is led; name a group, its leader or a follower")
    known = [line.at_risk for line in lines if line.at_risk is not None]
    return WhatIfView(
        seq=view.seq,
        at=at,
        symbol=view.symbol,
        quantity=view.quantity,
        price=view.price,
        distance=view.distance,
        ticks=view.ticks,
        leaders=tuple(steps),
        lines=tuple(lines),
        at_risk=sum(known, Decimal(0)) if known else None,
        remarks=tuple(remarks),
    )


class _Thought:
    """One leader's trade on one copy of the desk."""

    def __init__(self, desk: Desk, leader: AccountId, trade: Trade, at: datetime) -> None:
        self.desk = desk
        self.leader = leader
        self.quantity = trade.quantity
        self.at = at
        self.book: LeaderBook = desk.state.leaders[leader]
        self.symbol = contract(desk.state, [leader], trade.symbol)
        self.product = product_of(self.symbol)
        self.distance = distance_of(trade.stop, self.product)
        self.is_nominal = self._stand_in()
        self.price = self._price(self.symbol, trade.quantity)
        self.has = self.book.stand(self.symbol).net
        self.after = self.has + trade.quantity
        self.remarks: list[str] = []
        self._fills = 0

    def _stand_in(self) -> bool:
        """Before the first price of a product nobody holds any of it: money then depends on distances alone, at any price."""
        state, family = self.desk.state, family_of(self.symbol)
        lanes = (lane for copier in state.copiers.values() for lane in copier.lanes.values())
        is_held = any((lane.held or lane.buys or lane.sells) and family_of(lane.symbol) == family for lane in lanes)
        if mark_of(state.fresh_quotes(), self.symbol) is not None or is_held or state.is_unpriced:
            return False
        nominal = QuoteMarked(at=self.at, symbol=self.symbol, bid=_NOMINAL, ask=_NOMINAL, last=_NOMINAL)
        state.quotes[self.symbol] = nominal  # not as a fact: a fact would have sizes worked out anew
        return True

    def _price(self, symbol: Symbol, quantity: int) -> Decimal | None:
        """What one would pay now; the other product of the family stands in for one without a quote."""
        quotes = self.desk.state.fresh_quotes()
        quote = quotes.get(symbol)
        side = None if quote is None else quote.ask if quantity > 0 else quote.bid
        return side if side is not None else mark_of(quotes, symbol)

    @property
    def shown_price(self) -> Decimal | None:
        """Price of the trade, where one is known."""
        return None if self.is_nominal else self.price

    @property
    def stop(self) -> Decimal | None:
        """Against what the leader then holds; none where he is flat."""
        if self.price is None or self.distance is None or not self.after:
            return None
        return self.price - self.distance if self.after > 0 else self.price + self.distance

    def step(self) -> WhatIfLeader:
        """The leader himself."""
        stop = None if self.is_nominal else self.stop
        return WhatIfLeader(account=self.leader, has=self.has, after=self.after, stop=stop)

    def view(self, seq: int) -> WhatIfView:
        """What does not depend on followers."""
        ticks = self.distance / self.product.tick if self.distance is not None and self.product is not None else None
        return WhatIfView(
            seq=seq,
            at=self.at,
            symbol=self.symbol,
            quantity=self.quantity,
            price=self.shown_price,
            distance=self.distance,
            ticks=ticks,
            leaders=(),
            lines=(),
        )

    # ---- the trade, and what follows ---------------------------------------------------------------------------------

    def _hear(self, event: Event) -> list[Decision]:
        """Handle a fact, and what comes of it, as a shard would."""
        out = self.desk.decide(event)
        for failed in self.desk.settle():
            out += self._hear(failed)
        return out

    def lines(self, wanted: frozenset[AccountId]) -> list[WhatIfLine]:
        """Each follower's part, in the desk's order."""
        rows = [row for row in self._rows() if row[1].account in wanted]
        copiers = self.desk.state.copiers
        rooms = {plan.account: self._room(copiers[plan.account]) for _, plan in rows}
        before = {plan.account: _stand(copiers[plan.account], own) for own, plan in rows}
        out = self._hear(self._fill(self.leader, self.symbol, self.quantity, self.price))
        self._remark(out)
        sent, stops = _lots(out), {lot[1]: stop for lot, stop in _stops(out)}
        skipped = [decision for decision in out if isinstance(decision, Skipped)]
        targets = {plan.account: self._sized(copiers[plan.account], own) for own, plan in rows}
        under_way = self._under_way([copiers[plan.account] for _, plan in rows], {lot[0] for lot in sent})
        skipped += self._fill_all([*under_way, *sent])
        after = {plan.account: self._after(copiers[plan.account], own) for own, plan in rows}
        stopped = self._reach_stop()
        found = []
        for own, plan in rows:
            account, (held, in_flight) = plan.account, before[plan.account]
            exact, target, words = targets[account]
            send = sum(lot[3] for lot in sent if lot[1] == account)
            net, room_after, limits = after[account]
            found.append(
                WhatIfLine(
                    account=account,
                    leader=self.leader,
                    symbol=own or "",
                    has=held,
                    in_flight=in_flight,
                    exact=exact,
                    target=target,
                    send=send,
                    later=net - held - in_flight - send,
                    after=net,
                    words=words,
                    blocks=(*self._cut(copiers[account], own), *_blocks(skipped, account)),
                    at_risk=self._at_risk(own, net),
                    room=rooms[account],
                    room_after=room_after,
                    room_at_stop=self._room(copiers[account]) if self.stop is not None else None,
                    is_stopped=account in stopped,
                    own_stop=stops.get(account),
                    limits=limits,
                )
            )
        return found

    def _rows(self) -> Iterator[tuple[Symbol | None, FollowerPlan]]:
        """Followers of this leader with the contract that each would trade."""
        root = root_of(self.symbol)
        for group in self.desk.state.plan.groups:
            for plan in group.followers if group.id in self.book.groups else ():
                is_copied = not group.roots or root in group.roots
                yield follower_symbol(plan, self.symbol, root) if is_copied else None, plan

    def _remark(self, out: list[Decision]) -> None:
        if not self.book.is_synced:
            self.remarks.append(f"{self.leader} is not compared with the broker yet: what he trades waits for that")
        self.remarks += [told.text for told in out if isinstance(told, Raised) and told.code not in _OWN]
        if self.price is None:
            self.remarks.append(f"no price of {self.symbol} is known: rooms after the trade are left out")

    def _fill(
        self, account: AccountId, symbol: Symbol, quantity: int, price: Decimal | None, lot: Lot | None = None
    ) -> OrderFilled:
        self._fills += 1
        return OrderFilled(
            at=self.at,
            account=account,
            fill=FillId(f"{_NAME} {self._fills}"),
            order=BrokerOrderId(f"{_NAME} {self._fills}"),
            symbol=symbol,
            quantity=quantity,
            price=price if price is not None else Decimal(1),
            traded_at=self.at,
            client=lot[0] if lot is not None else None,
        )

    def _under_way(self, copiers: list[Copier], new: set[OrderId]) -> Iterator[Lot]:
        """What was in flight before: the figures of afterwards are those when all has filled."""
        for copier in copiers:
            for client, flight in copier.flights.items():
                if client not in new and flight.open:
                    yield client, copier.account, flight.symbol, flight.open if flight.quantity > 0 else -flight.open

    def _fill_all(self, sent: list[Lot]) -> list[Skipped]:
        """Everything that was sent fills at once, and what is sent for it then."""
        skipped: list[Skipped] = []
        waiting, count = list(sent), 0
        while waiting and count < ROUNDS * len(sent):
            count += 1
            lot = waiting.pop(0)
            _, account, symbol, quantity = lot
            out = self._hear(self._fill(account, symbol, quantity, self._price(symbol, quantity), lot))
            waiting += [more for more in _lots(out) if more[1] == account]
            skipped += [decision for decision in out if isinstance(decision, Skipped)]
        return skipped

    def _reach_stop(self) -> set[AccountId]:
        """Tell the price of the stop; accounts on which a limit acts then."""
        stop = self.stop
        if stop is None:
            return set()
        family, month = family_of(self.symbol), month_of(self.symbol)
        known = {name for name in self.desk.state.quotes if family_of(name) == family and month_of(name) == month}
        stopped = set()
        for name in sorted(known | {self.symbol}):
            quote = QuoteMarked(at=self.at, symbol=name, bid=stop, ask=stop, last=stop)
            out = self._hear(quote)
            stopped |= {told.account for told in out if isinstance(told, Raised) and told.code == "dd.hard"}
        return {account for account in stopped if account is not None}

    # ---- figures -----------------------------------------------------------------------------------------------------

    def _limits(self, copier: Copier) -> list[LimitView]:
        """Limits of an account; none where something that it holds has no price."""
        if copier.kept is None or copier.kept.blind_since is not None:
            return []
        self.desk.mark()
        return limit_views(copier, self.desk.state.fresh_quotes())

    def _room(self, copier: Copier) -> Decimal | None:
        return room(self._limits(copier))

    def _after(self, copier: Copier, own: Symbol | None) -> tuple[int, Decimal | None, tuple[LimitView, ...]]:
        views = self._limits(copier)
        shown = [replace(view, symbol="", price=None, stop=None) for view in views] if self.is_nominal else views
        return _stand(copier, own)[0], room(views), tuple(shown)

    def _sized(self, copier: Copier, own: Symbol | None) -> tuple[Decimal, int, str]:
        """Exact size of the whole position, its target, and the arithmetic of this contract's share."""
        lane = copier.lanes.get(own) if own is not None else None
        if lane is None:
            return Decimal(0), 0, ""
        exact = sum((_exact(feed) for feed in lane.feeds.values()), Fraction(0))
        feed = lane.feeds.get(self.symbol)
        shown = (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(Decimal("0.0001"))
        return shown, lane.target, feed.words if feed is not None else ""

    def _cut(self, copier: Copier, own: Symbol | None) -> Iterator[BlockView]:
        """What the checks are never asked about: a product that is left out, a size above the symbol cap."""
        if own is None:
            said = f"{root_of(self.symbol)} is not copied by this account's settings"
            yield BlockView(check="symbol", figures=said, contracts=self.quantity)
            return
        lane = copier.lanes.get(own)
        feed = lane.feeds.get(self.symbol) if lane is not None else None
        if lane is None or feed is None:
            return
        plan, offer = copier.plan, copier.offers.get(self.symbol)
        if offer is not None and offer.left:
            yield BlockView(check="offer", figures="offered to a person, who may take it", contracts=offer.left)
        full = whole(abs(_exact(feed)), plan.rounding, plan.below_one)
        if abs(feed.part) == plan.caps.symbol < full:
            lost = full - plan.caps.symbol
            figures = f"{full} over {plan.caps.symbol}"
            yield BlockView(check="symbol_cap", figures=figures, contracts=lost if feed.net > 0 else -lost)

    def _at_risk(self, own: Symbol | None, net: int) -> Decimal | None:
        """Money between the price of the trade and the stop, where the follower's contract moves with the leader's."""
        if self.distance is None or own is None or family_of(own) != family_of(self.symbol):
            return None
        product = product_of(own)
        if product is None:
            return None
        side = (self.after > 0) - (self.after < 0)
        return (net * side * self.distance * product.point).quantize(CENT)


def _exact(feed: Feed) -> Fraction:
    """Signed size that a feed asks for, before rounding and caps."""
    if feed.flat:
        return Fraction(feed.flat * ((feed.net > 0) - (feed.net < 0)))
    return Fraction(feed.num, feed.den) * feed.net


def _stand(copier: Copier, own: Symbol | None) -> tuple[int, int]:
    """Held, and under way."""
    lane: Lane | None = copier.lanes.get(own) if own is not None else None
    return (lane.held, lane.buys - lane.sells) if lane is not None else (0, 0)


def _lots(out: Iterable[Decision]) -> list[Lot]:
    found: list[Lot] = []
    for decision in out:
        if isinstance(decision, SendLots):
            found += decision.lots
        elif isinstance(decision, SendBracketed):
            found.append(decision.lot)
    return found


def _stops(out: Iterable[Decision]) -> Iterator[tuple[Lot, Decimal]]:
    """Entries that leave with a protective stop, and its price."""
    for decision in out:
        if isinstance(decision, SendBracketed):
            for leg in decision.legs:
                if leg.stop is not None:
                    yield decision.lot, leg.stop


def _blocks(skipped: Iterable[Skipped], account: AccountId) -> Iterator[BlockView]:
    for skip in skipped:
        if skip.account == account:
            yield BlockView(check=skip.check, figures=skip.figures, contracts=skip.wanted)
