"""Copier: one follower's state machine. It holds the lanes, the orders in flight, the holds, and judges every entry.

Theory of operation. Facts about the account change the lanes (``Lane`` explains the four numbers); after each change
``propose`` asks the lane for its one safe next order. An order of ours is a ``Flight`` from the decision to send it until
nothing of it can fill any more; it is counted in the lane all that time, so an answer that is late, lost or doubled cannot
make the follower hold more than its goal. Nothing is proposed before the broker's own snapshot has been compared.

Entries pass ``risk``; exits pass always. An entry that ends unfilled lowers the goal; an exit that ends unfilled is tried
again, each time later, then through the broker's own liquidation, and a person is told.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal

import msgspec

from engine.domain import bracket, fit
from engine.domain.aside import Asides, bind
from engine.domain.bond import Bond
from engine.domain.decision import Decision, Lot, Raised, SendLots, Severity, Skipped
from engine.domain.event import BalanceReported, Restriction
from engine.domain.flight import Flight, Orphan, Working
from engine.domain.group import Discretion, FollowerPlan, MissedEntry
from engine.domain.hold import Hold, Task
from engine.domain.ids import AccountId, BrokerOrderId, GroupId, OrderId, Symbol, account_mark, order_id
from engine.domain.intake import EntryPlan, Intake
from engine.domain.keeping import Kept
from engine.domain.lane import NO_LIMIT, Feed, Lane
from engine.domain.offer import Offer, ask
from engine.domain.risk import Denied, Signal, Standing, arm, named, verdict
from engine.domain.timetable import Times
from engine.domain.trace import Traces

SETTLE = timedelta(seconds=3)  # an order that a snapshot this much later does not list has never reached the broker
ASK_AFTER = timedelta(seconds=5)  # an order without an end is asked about
GRACE = timedelta(seconds=10)  # a difference that lasts longer, with nothing in flight, is a desync
REMEMBERED = 4_000  # fills and finished orders that are still recognised


class Copier(msgspec.Struct):
    """One follower. Every field is state that a checkpoint keeps."""

    account: AccountId
    group: GroupId
    owner: str
    plan: FollowerPlan
    lanes: dict[Symbol, Lane] = {}
    flights: dict[OrderId, Flight] = {}
    children: bracket.Children = {}
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
    kept: Kept | None = None  # its limits; None for an account that has none
    intake: Intake | None = None  # which entries it takes; None for an account that takes all
    times: Times | None = None  # the times that it keeps; None for an account that keeps none
    planned: list[Hold] = []  # pauses that a person has planned, by their beginning
    bond: Bond | None = None  # what the copies of its leader have earned, where that is limited
    asked_at: datetime | None = None  # when the broker was last asked for a snapshot
    asks: int = 0  # how often in a row for the same doubt
    compared_at: datetime | None = None  # the newest snapshot that was taken in
    lost_key: str = ""  # the leader's silence for which it was flattened
    orphans: dict[BrokerOrderId, Orphan] = {}  # orders of ours that nothing explains, on their way out
    # armed
    barred: str = "line: not connected yet"
    room: int = 0  # thousandths of a mini
    mark: str = ""
    is_ready: bool = False  # orders may leave at all: line, comparison, no quarantine
    max_copies: int = 0
    max_trades: int = NO_LIMIT
    is_spent: bool = False  # an entry since has used some of what ``Lane.fits`` says of the others
    # counts
    factor: Decimal = Decimal(1)
    made: int = 0
    refusals: int = 0
    minute: int = 0
    copies: int = 0
    trades: int = 0  # entries today
    # entries that a person is asked about, by the leader's contract
    offers: dict[Symbol, Offer] = {}
    asides: Asides = {}  # trades of the leader that it does not take
    signalled: dict[Symbol, int] = {}  # targets that people were told of, where entries are told and not entered
    rogue: Traces = msgspec.field(default_factory=Traces)  # what other hands do on the account

    # ---- armed figures ---------------------------------------------------------------------------------------------

    def arm(self) -> None:
        """Work out why no entry may pass, and the room under the account cap."""
        self.mark = account_mark(self.account)
        self.barred = self._bar()
        self.is_ready = self.is_line_up and self.is_synced and not self.quarantined
        is_automatic = self.plan.discretion is Discretion.AUTOMATIC
        self.max_copies = self.plan.caps.orders_per_minute if is_automatic else 0  # who asks looks at each entry
        self.max_trades = self._max_trades()
        self.room = self._room(None)

    def _max_trades(self) -> int:
        planned = self.intake.plan.entries.trades_per_day if self.intake is not None else None
        own = self.kept.own.get("trades_per_day") if self.kept is not None else None
        return min(NO_LIMIT if planned is None else planned, NO_LIMIT if own is None else int(own))

    def take_in(self, lane: Lane, feed: Feed, more: int) -> None:
        """Raise a lane's goal by an entry that may pass, and count it."""
        lane.allow(feed, more)
        if more:
            self.trades += 1
            self.is_spent = self.is_by_money

    @property
    def is_by_money(self) -> bool:
        """Say whether what fits into a lane depends on money."""
        return self.intake is not None and self.kept is not None and self.entry_plan.is_by_money

    @property
    def entry_plan(self) -> EntryPlan:
        """Which entries it takes, with a person's tighter figures."""
        plan = self.intake.plan.entries if self.intake is not None else EntryPlan()
        own = self.kept.own.get("leverage") if self.kept is not None else None
        if own is None or (plan.leverage is not None and plan.leverage <= own):
            return plan
        return msgspec.structs.replace(plan, leverage=own)

    def refit(self, marks: Mapping[Symbol, Decimal | None] | None = None) -> bool:
        """Work out what the account's money lets in, at new marks where there are; True where that has changed."""
        if not self.is_by_money or self.kept is None:
            return self._unfit()
        for lane in self.lanes.values():
            if marks is not None:
                lane.mark = marks.get(lane.symbol)
        means = fit.Means(
            plan=self.entry_plan,
            kept=self.kept,
            lanes=self.lanes.values(),
            children=self.children,
            margin=self.margin,
            bracket=self.plan.bracket,
        )
        self.is_spent = False
        changed = [fit.arm(lane, means) for lane in self.lanes.values()]  # each one, not up to the first
        return any(changed)

    def _unfit(self) -> bool:
        """Nothing depends on money any more."""
        changed = [lane for lane in self.lanes.values() if lane.fits != NO_LIMIT]
        for lane in changed:
            lane.fits, lane.fit_check, lane.fit_words = NO_LIMIT, "", ""
        self.is_spent = False
        return bool(changed)

    def _room(self, entering: Lane | None) -> int:
        """Thousandths of a mini under the account cap; the lane that enters counts with its goal alone."""
        used = sum(lane.counted(is_entering=lane is entering) * lane.weight for lane in self.lanes.values())
        allowed, firm = self.plan.caps.account, self.kept.cap if self.kept is not None else None
        return int((allowed if firm is None else min(allowed, firm)) * 1000) - used

    def _bar(self, *, is_waiting: bool = False) -> str:
        """Why no entry may pass. ``is_waiting`` asks for an entry that leaves only after line and comparison."""
        if self.quarantined:
            return f"quarantine: {self.quarantined}"
        if not self.is_line_up and not is_waiting:
            return "line: not connected"
        if not self.is_synced and not is_waiting:
            return "sync: not yet compared with the broker"
        if self.restriction is not Restriction.NONE:
            return f"restriction: {self.restriction.value} {self.restricted_because}".rstrip()
        if self.kept is not None and self.kept.ledger is None:
            return "limits: no balance and price yet"
        if self.holds:
            hold = self.holds[0]
            until = f" until {hold.until:%H:%M:%S} UTC" if hold.until else ""
            return f"hold: {hold.reason or 'paused'} by {hold.by}{until}"
        return ""

    def standing(self, lane: Lane, *, is_waiting: bool = False) -> Standing:
        """What the risk checks need to know of the follower as a whole when ``lane`` wants to enter."""
        return Standing(
            barred=self._bar(is_waiting=True) if is_waiting else self.barred,
            owner=self.owner,
            minute=self.minute,
            copies=self.copies,
            per_minute=self.plan.caps.orders_per_minute,
            room=self._room(lane),
            trades=self.trades,
            per_day=self.max_trades,
        )

    # ---- orders ----------------------------------------------------------------------------------------------------

    def judge(
        self, more: int, lane: Lane, feed: Feed, signal: Signal, out: list[Decision], *, is_waiting: bool = False
    ) -> int:
        """Signed part of an entry that may pass; what may not is recorded.

        ``is_waiting`` asks for one that can leave only after a comparison, which judges its price again: without a line the
        plan's policy for missed entries decides.
        """
        is_waiting = is_waiting or (not self.is_ready and self.plan.missed_entry is MissedEntry.JOIN)
        lane.is_waiting |= is_waiting
        self.refit()
        denied = verdict(more, lane, feed, signal, self.standing(lane, is_waiting=is_waiting))
        if denied is None:
            return self._decided(more, lane, feed, signal, out)
        if denied.check == "skip":
            bind(self.asides, lane, feed, self.lanes.values())
        allowed = denied.allowed if more > 0 else -denied.allowed
        out.append(self.skipped(lane, signal.cause, more - allowed, denied))
        if denied.check in ("rollover", "expired"):
            said = f"{self.account}: no entry in {lane.symbol}, {denied.figures}"
            out.append(self.tell("copy.unmapped", Severity.P2, said, lane))
        return self.judge(allowed, lane, feed, signal, out, is_waiting=is_waiting) if allowed else 0

    def _decided(self, more: int, lane: Lane, feed: Feed, signal: Signal, out: list[Decision]) -> int:
        """What of an entry that passes every check is entered without asking a person."""
        match self.plan.discretion:
            case Discretion.SIGNAL:
                said = Denied(check="signal", figures="this account is told, nothing is entered")
                out.append(self.skipped(lane, signal.cause, more, said))
                return 0
            case Discretion.APPROVE if not signal.is_by_hand:
                ask(self.offers, lane, feed, more, signal, self.plan.offer_s)
                return 0
            case _:
                return more

    def skipped(self, lane: Lane, cause: str, wanted: int, denied: Denied) -> Skipped:
        """Record of an entry that is not copied."""
        check, figures = denied.check, denied.figures
        return Skipped(
            account=self.account, symbol=lane.symbol, cause=cause, wanted=wanted, check=check, figures=figures
        )

    def fly(self, lane: Lane, quantity: int, cause: str, client: OrderId, at: datetime, *, is_exit: bool) -> None:
        """Count an order as in flight, from its decision on."""
        lane.sent(quantity)
        self.flights[client] = Flight(lane.symbol, quantity, cause, at, is_exit, abs(quantity))

    def propose(self, lane: Lane, cause: str, at: datetime, out: list[Decision], *, by_hand: bool = False) -> None:
        """Order what the lane needs next, if anything; ``by_hand`` does not wait for the next try."""
        if not self.is_line_up or not self.is_synced or (self.quarantined and not self.is_ending(lane)):
            return
        if lane.retry_at is not None and lane.retry_at > at and not by_hand:
            return
        if denied := self._late(lane, at):
            self.hold_back(lane, cause, denied, out)
        quantity = lane.next()
        if not quantity:
            return
        is_exit = lane.held * quantity < 0
        self.made += 1
        cause = f"{cause}#{self.mark}.{self.made}"
        client = order_id(cause, self.account)
        self.fly(lane, quantity, cause, client, at, is_exit=is_exit)
        lot = (client, self.account, lane.symbol, quantity)
        if not lane.is_bracketed or not self.guard(lane, lot, cause, lane.signal_price, out, is_exit=is_exit):
            out.append(SendLots(cause=cause, lots=(lot,), exits=int(is_exit and abs(quantity) <= abs(lane.held))))

    def hold_back(self, lane: Lane, cause: str, denied: Denied, out: list[Decision]) -> None:
        """Give up what was to be entered and has not left yet."""
        if lost := lane.hold_back():
            out.append(self.skipped(lane, cause, lost, denied))
            self.arm()

    def is_ending(self, lane: Lane) -> bool:
        """Say whether a person is closing what this lane holds."""
        return any(task.kind in ("flatten", "close") and task.symbol in (None, lane.symbol) for task in self.tasks)

    def guard(
        self, lane: Lane, lot: Lot, cause: str, price: Decimal | None, out: list[Decision], *, is_exit: bool
    ) -> bool:
        """Keep the protective children in step with an order; True when the order itself leaves with its children."""
        if is_exit or self.plan.bracket is None:
            bracket.trim(self.children, lane, self.account, out)
            return False
        sent = bracket.enter(self.children, lane, self.plan.bracket, lot, cause, price)
        if sent is None:
            return False
        out.append(sent)
        return True

    def _late(self, lane: Lane, at: datetime) -> Denied | None:
        """Judge again an entry that had to wait for an exit: the world may have moved on."""
        if self.barred or lane.barred:
            return named("contract", self.barred or lane.barred)
        if lane.signalled_at is None:
            return Denied(check="signal_age", figures="no signal")
        age_us = int((at - lane.signalled_at) / timedelta(microseconds=1))
        if age_us > lane.max_age_us:
            return Denied(check="signal_age", figures=f"{age_us / 1e6:.1f} s over {lane.max_age_us / 1e6:.1f} s")
        return None

    def land(self, client: OrderId) -> None:
        """A flight has ended."""
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
            arm(found, self.plan)
            self.is_spent = self.is_by_money  # nothing is known yet of what fits into it
        return found

    # ---- what it knows ---------------------------------------------------------------------------------------------

    def take_balance(self, event: BalanceReported) -> None:
        """Take in the broker's word on money."""
        self.balance, self.balance_at = event.balance, event.at
        if self.kept is not None:
            self.kept.hear(event.balance, event.at)
        self.smallest = event.balance if self.smallest is None else min(self.smallest, event.balance)
        if self.first_equity is None:
            self.first_equity = event.balance + (event.open_profit or 0)
        self.margin = event.margin if event.margin is not None else self.margin
        self.day_profit = event.day_profit if event.day_profit is not None else self.day_profit

    def hold(self, hold: Hold) -> None:
        """Stop entries, once for each person and kind."""
        self.holds = [old for old in self.holds if old.owner != hold.owner]
        self.holds.append(hold)
        self.arm()

    def stand_still(self, *, line_up: bool) -> None:
        """The line went or came: nothing is proposed until a snapshot has been compared."""
        self.is_line_up, self.is_synced = line_up, False
        self.arm()

    def is_flat(self) -> bool:
        """Say whether nothing is held and nothing under way."""
        return not self.flights and not any(lane.net for lane in self.lanes.values())

    def is_busy(self) -> bool:
        """Say whether something is under way that time must look after."""
        is_any = bool(self.flights or self.tasks or self.offers or self.orphans or self.rogue.is_busy)
        return is_any or any(lane.is_busy() for lane in self.lanes.values())


def lots(quantity: int, lane: Lane) -> str:
    """An order in words: BUY 2 NQZ6."""
    return f"{'BUY' if quantity > 0 else 'SELL'} {abs(quantity)} {lane.symbol}"


def remember(memory: dict[str, None], item: str) -> None:
    """Keep ``item``, forget the oldest beyond what is kept."""
    memory[item] = None
    if len(memory) > REMEMBERED:
        del memory[next(iter(memory))]
