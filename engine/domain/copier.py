"""Copier: one follower's state machine. It holds the lanes, the orders in flight, the holds, and judges every entry.

Theory of operation. Facts about the account change the lanes (``Lane`` explains the four numbers); after each change
``propose`` asks the lane for its one safe next order. An order of ours is a ``Flight`` from the decision to send it until
nothing of it can fill any more; it is counted in the lane all that time, so an answer that is late, lost or doubled cannot
make the follower hold more than its goal. Nothing is proposed before the broker's own snapshot has been compared.

Entries pass ``risk``; exits pass always. An entry that ends unfilled lowers the goal; an exit that ends unfilled is tried
again, each time later, then through the broker's own liquidation, and a person is told.
"""

from datetime import datetime, timedelta
from decimal import Decimal

import msgspec

from engine.domain.decision import (
    AskOrder,
    AskSnapshot,
    Decision,
    Liquidate,
    Raised,
    SendLots,
    Severity,
    Skipped,
)
from engine.domain.event import (
    CLOSED,
    Absent,
    Accepted,
    BalanceReported,
    OrderAnswered,
    OrderChanged,
    OrderFilled,
    OrderStatus,
    PositionReported,
    RefusalKind,
    Refused,
    Restriction,
    Unclear,
)
from engine.domain.group import FollowerPlan
from engine.domain.ids import AccountId, BrokerOrderId, GroupId, OrderId, Symbol, account_mark, is_ours, order_id
from engine.domain.lane import Feed, Lane
from engine.domain.risk import Denied, Signal, Standing, verdict

SETTLE = timedelta(seconds=3)  # an order that a snapshot this much later does not list has never reached the broker
ASK_AFTER = timedelta(seconds=5)  # an order without an end is asked about
GRACE = timedelta(seconds=10)  # a difference that lasts longer, with nothing in flight, is a desync
REMEMBERED = 4_000  # fills and finished orders that are still recognised


class Flight(msgspec.Struct):
    """One order of ours that may still fill."""

    symbol: Symbol
    quantity: int  # signed, as sent
    cause: str
    at: datetime
    is_exit: bool
    open: int = 0  # unsigned contracts that may still fill
    order: BrokerOrderId | None = None
    asked_at: datetime | None = None
    told: bool = False


class Working(msgspec.Struct):
    """One open order that the broker lists and that is none of our flights: by hand, a bracket, another program."""

    symbol: Symbol
    quantity: int
    filled: int = 0
    kind: str = ""
    price: Decimal | None = None
    stop: Decimal | None = None
    client: OrderId | None = None
    cancelled_at: datetime | None = None  # when we asked for its end


class Hold(msgspec.Struct):
    """Entries are stopped: by whom, why, until when. ``kind`` is person, engine or flatten."""

    by: str
    kind: str
    reason: str
    since: datetime
    until: datetime | None = None


class Task(msgspec.Struct):
    """A person's act that takes time: flatten, close or sync."""

    key: str
    kind: str
    since: datetime
    symbol: Symbol | None = None
    asked_at: datetime | None = None  # when the proof was asked for
    text: str = ""  # last progress told


class Copier(msgspec.Struct):
    """One follower. Every field is state that a checkpoint keeps."""

    account: AccountId
    group: GroupId
    owner: str
    plan: FollowerPlan
    lanes: dict[Symbol, Lane] = {}
    flights: dict[OrderId, Flight] = {}
    working: dict[BrokerOrderId, Working] = {}
    holds: list[Hold] = []
    tasks: list[Task] = []
    seen: dict[str, None] = {}  # fill ids
    done: dict[str, None] = {}  # client ids of orders that have ended
    # the line and the broker
    is_line_up: bool = False
    is_synced: bool = False
    is_based: bool = False  # has been compared with the broker at least once since this follower exists
    restriction: Restriction = Restriction.NONE
    restricted_because: str = ""
    quarantined: str = ""
    # money
    balance: Decimal | None = None
    balance_at: datetime | None = None
    smallest: Decimal | None = None
    first_equity: Decimal | None = None
    margin: Decimal = Decimal(0)
    day_profit: Decimal | None = None
    asked_at: datetime | None = None  # when the broker was last asked for a snapshot
    # armed
    barred: str = "line: not connected yet"
    room: int = 0  # thousandths of a mini
    mark: str = ""
    is_ready: bool = False  # orders may leave at all: line, comparison, no quarantine
    max_copies: int = 0
    # counts
    factor: Decimal = Decimal(1)
    made: int = 0
    refusals: int = 0
    minute: int = 0
    copies: int = 0

    # ---- armed figures ---------------------------------------------------------------------------------------------

    def arm(self) -> None:
        """Work out why no entry may pass, and the room under the account cap."""
        self.mark = account_mark(self.account)
        self.barred = self._bar()
        self.is_ready = self.is_line_up and self.is_synced and not self.quarantined
        self.max_copies = self.plan.caps.orders_per_minute
        used = sum(abs(lane.goal) * lane.weight for lane in self.lanes.values())
        self.room = int(self.plan.caps.account * 1000) - used

    def _bar(self) -> str:
        if self.quarantined:
            return f"quarantine: {self.quarantined}"
        if not self.is_line_up:
            return "line: not connected"
        if not self.is_synced:
            return "sync: not yet compared with the broker"
        if self.restriction is not Restriction.NONE:
            return f"restriction: {self.restriction.value} {self.restricted_because}".rstrip()
        if self.holds:
            hold = self.holds[0]
            until = f" until {hold.until:%H:%M:%S} UTC" if hold.until else ""
            return f"hold: {hold.reason or 'paused'} by {hold.by}{until}"
        return ""

    def standing(self) -> Standing:
        """What the risk checks need to know of the follower as a whole."""
        return Standing(
            barred=self.barred,
            owner=self.owner,
            minute=self.minute,
            copies=self.copies,
            per_minute=self.plan.caps.orders_per_minute,
            room=self.room,
        )

    # ---- orders ----------------------------------------------------------------------------------------------------

    def judge(self, more: int, lane: Lane, feed: Feed, signal: Signal, out: list[Decision]) -> int:
        """Signed part of an entry that may pass; what may not is recorded."""
        denied = verdict(more, lane, feed, signal, self.standing())
        if denied is None:
            return more
        allowed = denied.allowed if more > 0 else -denied.allowed
        out.append(self.skipped(lane, signal.cause, more - allowed, denied))
        return self.judge(allowed, lane, feed, signal, out) if allowed else 0

    def skipped(self, lane: Lane, cause: str, wanted: int, denied: Denied) -> Skipped:
        """Record of an entry that is not copied."""
        return Skipped(
            account=self.account,
            symbol=lane.symbol,
            cause=cause,
            wanted=wanted,
            check=denied.check,
            figures=denied.figures,
        )

    def fly(self, lane: Lane, quantity: int, cause: str, client: OrderId, at: datetime, *, is_exit: bool) -> None:
        """Count an order as in flight, from its decision on."""
        lane.sent(quantity)
        self.flights[client] = Flight(lane.symbol, quantity, cause, at, is_exit, abs(quantity))

    def propose(self, lane: Lane, cause: str, at: datetime, out: list[Decision], *, by_hand: bool = False) -> None:
        """Order what the lane needs next, if anything."""
        if not self.is_line_up or not self.is_synced or (self.quarantined and not by_hand):
            return
        if lane.retry_at is not None and lane.retry_at > at and not by_hand:
            return
        quantity = lane.step()
        if not quantity:
            return
        is_exit = lane.held * quantity < 0
        if not is_exit and not by_hand and (denied := self._late(lane, at)):
            lane.give_up(quantity)
            out.append(self.skipped(lane, cause, quantity, denied))
            return
        self.made += 1
        cause = f"{cause}#{self.made}"
        client = order_id(cause, self.account)
        self.fly(lane, quantity, cause, client, at, is_exit=is_exit)
        out.append(SendLots(cause=cause, lots=((client, self.account, lane.symbol, quantity),), exits=int(is_exit)))

    def _late(self, lane: Lane, at: datetime) -> Denied | None:
        """Judge again an entry that had to wait for an exit: the world may have moved on."""
        if self.barred:
            return Denied(check="follower", figures=self.barred)
        if lane.barred:
            return Denied(check="contract", figures=lane.barred)
        if lane.signalled_at is None:
            return Denied(check="signal_age", figures="no signal")
        age_us = int((at - lane.signalled_at) / timedelta(microseconds=1))
        if age_us > lane.max_age_us:
            return Denied(check="signal_age", figures=f"{age_us / 1e6:.1f} s over {lane.max_age_us / 1e6:.1f} s")
        return None

    def _ended(self, client: OrderId, flight: Flight, at: datetime, why: str, out: list[Decision]) -> None:
        """The open rest of a flight will never fill."""
        rest, lane = flight.open, self.lanes[flight.symbol]
        self._land(client)
        if not rest:
            return
        quantity = rest if flight.quantity > 0 else -rest
        lane.ended(quantity)
        if not flight.is_exit:
            lane.give_up(quantity)
            self.arm()
            if not lane.step():
                return
        elif lane.held * quantity < 0:
            lane.exit_tries += 1
            lane.retry_at = at + timedelta(seconds=min(30, 2 ** (lane.exit_tries - 1)))
            out.append(
                self.tell("exit.refused", Severity.P1, f"exit {_lots(quantity, lane)} did not fill: {why}", lane)
            )
            out.append(AskSnapshot(account=self.account))
            if lane.exit_tries == 3:
                out.append(Liquidate(account=self.account, symbol=lane.symbol))
            return
        self.propose(lane, f"end:{client}", at, out)

    def _land(self, client: OrderId) -> None:
        del self.flights[client]
        remember(self.done, client)
        self.arm()

    def tell(
        self, code: str, severity: Severity, text: str, lane: Lane | None = None, key: str | None = None
    ) -> Raised:
        """A notice about this account."""
        return Raised(
            code=code,
            severity=severity,
            text=text,
            account=self.account,
            symbol=lane.symbol if lane else None,
            key=key,
        )

    def lane(self, symbol: Symbol) -> Lane:
        """The lane of a contract, made at first sight."""
        found = self.lanes.get(symbol)
        if found is None:
            found = self.lanes[symbol] = Lane(self.account, symbol)
        return found

    # ---- facts -----------------------------------------------------------------------------------------------------

    def filled(self, event: OrderFilled, out: list[Decision]) -> None:
        """Take in a fill, once."""
        if event.fill in self.seen:
            return
        remember(self.seen, event.fill)
        lane, quantity = self.lane(event.symbol), event.quantity
        flight = self.flights.get(event.client) if event.client is not None else None
        lane.cost.fold(lane.held, quantity, event.price)
        if flight is not None and event.client is not None:
            counted = min(flight.open, abs(quantity))
            flight.open -= counted
            lane.ended(counted if quantity > 0 else -counted)
            lane.held += quantity
            lane.exit_tries, lane.retry_at = 0, None
            self.refusals = 0
            if flight.open == 0:
                self._land(event.client)
        elif event.client is not None and event.client in self.done:
            lane.held += quantity  # ours, told after we had written it off: the lane puts it right
        else:
            self._meddled(lane, quantity, event, out)
        self.propose(lane, f"fill:{event.fill}", event.at, out)

    def _meddled(self, lane: Lane, quantity: int, event: OrderFilled, out: list[Decision]) -> None:
        is_close = lane.held * quantity < 0
        lane.meddled(quantity)
        source = "another Lockstep" if is_ours(event.client) else "another program" if event.automated else "by hand"
        what = f"{_lots(quantity, lane)} at {event.price} on {self.account} is no copy: {source}"
        if not is_close:
            lane.barred = f"desync: holds {lane.held:+d}, {source}"
        out.append(self.tell("rogue.close" if is_close else "rogue.open", Severity.P2, what, lane))

    def answered(self, event: OrderAnswered, out: list[Decision]) -> None:
        """Take in the answer to an order of ours."""
        flight = self.flights.get(event.client)
        if flight is None:
            return
        match event.outcome:
            case Accepted(order=order):
                flight.order = order
            case Refused() as refused:
                self._refused(event.client, flight, refused, event.at, out)
            case Unclear():
                flight.asked_at = event.at
                out.append(AskOrder(account=self.account, client=event.client))
            case Absent():
                if event.at - flight.at >= SETTLE:
                    self._ended(event.client, flight, event.at, "never reached the broker", out)

    def _refused(self, client: OrderId, flight: Flight, refused: Refused, at: datetime, out: list[Decision]) -> None:
        why = f"{refused.reason} {refused.text}".strip()
        lane = self.lanes[flight.symbol]
        if not flight.is_exit:
            said = f"entry {_lots(flight.quantity, lane)} refused: {why}"
            out.append(self.tell("copy.reject", Severity.P2, said, lane))
            if refused.kind in (RefusalKind.ORDER, RefusalKind.ACCOUNT):
                self._count_refusal(refused.kind, why, at, out)
        self._ended(client, flight, at, why, out)

    def _count_refusal(self, kind: RefusalKind, why: str, at: datetime, out: list[Decision]) -> None:
        self.refusals += 1
        limit = self.plan.pause_after_refusals
        if kind is RefusalKind.ACCOUNT or (limit and self.refusals >= limit):
            self.hold(Hold("engine", "engine", f"refused: {why}", at))
            out.append(self.tell("copy.stopped", Severity.P2, f"entries stopped on {self.account}: {why}"))

    def changed(self, event: OrderChanged, out: list[Decision]) -> None:
        """Take in a new state of any order on the account."""
        flight = self.flights.get(event.client) if event.client is not None else None
        if flight is not None and event.client is not None:
            flight.order = event.order
            if event.status is OrderStatus.REJECTED:
                refused = Refused(kind=RefusalKind.ORDER, reason="rejected", text=event.reason)
                self._refused(event.client, flight, refused, event.at, out)
            elif event.status in (OrderStatus.CANCELED, OrderStatus.EXPIRED):
                self._ended(event.client, flight, event.at, event.status.value, out)
            return
        if event.status in CLOSED:
            self.working.pop(event.order, None)
        elif event.client not in self.done:
            known = self.working.get(event.order)
            asked = known.cancelled_at if known else None
            self.working[event.order] = Working(
                event.symbol, event.quantity, event.filled, event.kind, event.price, event.stop, event.client, asked
            )

    def reported(self, event: PositionReported) -> None:
        """Keep the broker's view of a position beside ours; ``check`` compares them when nothing moves."""
        if event.symbol in self.lanes or event.net:
            self.lane(event.symbol).reported = event.net

    def take_balance(self, event: BalanceReported) -> None:
        """Take in the broker's word on money."""
        self.balance, self.balance_at = event.balance, event.at
        self.smallest = event.balance if self.smallest is None else min(self.smallest, event.balance)
        if self.first_equity is None:
            self.first_equity = event.balance + (event.open_profit or 0)
        self.margin = event.margin if event.margin is not None else self.margin
        self.day_profit = event.day_profit if event.day_profit is not None else self.day_profit

    def hold(self, hold: Hold) -> None:
        """Stop entries, once for each person and kind."""
        self.holds = [old for old in self.holds if (old.by, old.kind) != (hold.by, hold.kind)]
        self.holds.append(hold)
        self.arm()

    def stand_still(self, *, line_up: bool) -> None:
        """The line went or came: nothing is proposed until a snapshot has been compared."""
        self.is_line_up, self.is_synced = line_up, False
        self.arm()

    def shift_clock(self, by: timedelta) -> None:
        """Move every running wait along with the computer's clock; ends that a person named stay where they are."""
        for flight in self.flights.values():
            flight.at += by
            flight.asked_at = _moved(flight.asked_at, by)
        for lane in self.lanes.values():
            lane.signalled_at, lane.retry_at = _moved(lane.signalled_at, by), _moved(lane.retry_at, by)
            lane.off_since = _moved(lane.off_since, by)
        for task in self.tasks:
            task.since += by
            task.asked_at = _moved(task.asked_at, by)
        self.balance_at, self.asked_at = _moved(self.balance_at, by), _moved(self.asked_at, by)

    def is_busy(self) -> bool:
        """Say whether something is under way that time must look after."""
        return bool(self.flights or self.tasks) or any(
            not lane.is_settled() or lane.retry_at or (lane.reported is not None and lane.reported != lane.held)
            for lane in self.lanes.values()
        )


def _moved(moment: datetime | None, by: timedelta) -> datetime | None:
    return None if moment is None else moment + by


def _lots(quantity: int, lane: Lane) -> str:
    return f"{'BUY' if quantity > 0 else 'SELL'} {abs(quantity)} {lane.symbol}"


def remember(memory: dict[str, None], item: str) -> None:
    """Keep ``item``, forget the oldest beyond what is kept."""
    memory[item] = None
    if len(memory) > REMEMBERED:
        del memory[next(iter(memory))]
