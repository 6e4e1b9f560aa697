"""Orders of one login on their way: rendering, budget, pending answers, and the small queue where exits wait.

Each order that we are given ends in one answer: accepted, refused, or unclear after ``answer_timeout_s`` or a lost line.
The true answer to an unclear one is still told when it comes. An exit that the budget or a penalty holds back waits here
and leaves as soon as it may; an entry is refused at once, because a late entry is another trade.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import msgspec

from engine.brokers.tradovate.body import Bodies, Sent
from engine.brokers.tradovate.frame import Arms, Framer
from engine.brokers.tradovate.line import Line
from engine.brokers.tradovate.options import Options
from engine.brokers.tradovate.pacer import Pacer
from engine.brokers.tradovate.wire import Penalty, Reply, Verdict, request, verdict
from engine.domain.decision import Leg, Lot
from engine.domain.event import Accepted, Event, OrderAnswered, Outcome, RefusalKind, Refused, Unclear
from engine.domain.ids import AccountId, BrokerOrderId, OrderId
from engine.ports import Clock

_NO_LINE: Final = Refused(kind=RefusalKind.LINE, reason="no line", text="nothing was sent")
_NO_BUDGET: Final = Refused(kind=RefusalKind.BUDGET, reason="request budget", text="nothing was sent")
_NO_ACCOUNT: Final = Refused(kind=RefusalKind.ACCOUNT, reason="unknown account", text="this login does not list it")
_ARMS_LIMIT: Final = 20_000
_FORGET_LATE_S: Final = 120.0


class OrderDesk:
    """Sends orders over whatever line it is given."""

    def __init__(
        self,
        options: Options,
        names: Mapping[AccountId, str],
        pacer: Pacer,
        framer: Framer,
        clock: Clock,
        tell: Callable[[list[Event]], None],
        own: Callable[[int, OrderId], None],
    ) -> None:
        """``tell`` hands on facts after the present callback; ``own`` learns the broker's id of each order of ours."""
        self.round_trip_s: float | None = None
        self._options = options
        self._bodies = Bodies(options, names)
        self._pacer = pacer
        self._framer = framer
        self._clock = clock
        self._now = clock.monotonic
        self._tell = tell
        self._own = own
        self._line: Line | None = None
        self._ids: dict[AccountId, int] = {}
        self._arms: Arms = {}
        self._next = 1
        self._pending: dict[int, Lot] = {}
        self._others: dict[int, Sent] = {}
        self._batches: deque[tuple[float, int, int, int]] = deque()  # (sent at, first id, end, exits)
        self._late: dict[tuple[AccountId, OrderId], float] = {}  # told unclear, by when
        self._late_ids: dict[int, Lot | Sent] = {}
        self._queue: deque[tuple[float, Sent]] = deque()  # exits that wait: (not before, request)

    # ---------------------------------------------------------------- the line

    def attach(self, line: Line, ids: Mapping[AccountId, int]) -> None:
        """Orders may leave from now on."""
        self._line = line
        if ids != self._ids:
            self._ids = self._bodies.ids = dict(ids)
            self._arms.clear()

    def detach(self, reason: str) -> list[Event]:
        """The line is gone: what was sent is unclear, what waited was never sent."""
        self._line = None
        facts: list[Event] = []
        for lot in self._pending.values():
            facts += self._unclear(lot, reason)
        for sent in self._others.values():
            facts += self._unclear(sent, reason)
        self._pending.clear()
        self._others.clear()
        self._batches.clear()
        self._late_ids.clear()  # answers to these cannot come any more
        for _, sent in self._queue:
            facts += self._answers(sent, _NO_LINE)
        self._queue.clear()
        return facts

    @property
    def is_open(self) -> bool:
        """Say whether an order could leave now."""
        line = self._line
        return line is not None and line.open

    @property
    def is_attached(self) -> bool:
        """Say whether a line was given and not taken back."""
        return self._line is not None

    @property
    def waiting(self) -> int:
        """Requests held back."""
        return len(self._queue)

    def number(self) -> int:
        """Take the next request id of this connection's single counter."""
        number, self._next = self._next, self._next + 1
        return number

    # ---------------------------------------------------------------- sending

    def send(self, lots: Sequence[Lot], exits: int) -> None:
        """Write market orders, exits first; see ``Framer.orders`` for the cost."""
        line = self._line
        if line is None or not line.open or (line.feed.paused and line.is_stuck()):
            self._tell_all(lots, _NO_LINE)
            return
        now = self._now()
        count = len(lots)
        pacer = self._pacer
        if count == 1 and pacer.room and not self._queue and (arm := self._arms.get(lots[0][1:])) is not None:
            pacer.room -= 1
            pacer.owed += 1
            number, lot = self._next, lots[0]
            self._next = number + 1
            self._pending[number] = lot
            self._batches.append((now, number, number + 1, exits))
            line.write(self._framer.order(lot, number, arm))
            return
        if self._queue or not self._pacer.take_all(count, now):
            lots, exits = self._within_budget(lots, exits, now)
            count = len(lots)
            if count == 0:
                return
        first = self._next
        try:
            frames = self._framer.orders(lots, first, self._arms, self._pending)
        except KeyError:
            exits = sum(lot[1] in self._ids for lot in lots[:exits])
            lots = self._arm(lots)
            count = len(lots)
            frames = self._framer.orders(lots, first, self._arms, self._pending)
        self._next = first + count
        self._batches.append((now, first, first + count, exits))
        line.write(frames)

    def _within_budget(self, lots: Sequence[Lot], exits: int, now: float) -> tuple[list[Lot], int]:
        """Lots that may leave now; further exits wait in the queue, further entries are refused."""
        granted = 0 if self._queue else self._pacer.take(exits, now, exits=True)
        for lot in lots[granted:exits]:
            if lot[1] in self._ids:
                self._queue.append((now, self._market(lot, is_exit=True)))
            else:
                self._tell_all([lot], _NO_ACCOUNT)
        entries = self._pacer.take(len(lots) - exits, now, exits=False)
        self._tell_all(lots[exits + entries :], _NO_BUDGET)
        return [*lots[:granted], *lots[exits : exits + entries]], granted

    def _arm(self, lots: Sequence[Lot]) -> list[Lot]:
        """Build what is missing; lots of accounts that this login does not list are refused and left out."""
        if len(self._arms) > _ARMS_LIMIT:
            self._arms.clear()
        known = [lot for lot in lots if lot[1] in self._ids]
        self._tell_all([lot for lot in lots if lot[1] not in self._ids], _NO_ACCOUNT)
        for lot in known:
            key = lot[1:]
            if key not in self._arms:
                before, after = self._bodies.halves(lot)
                self._arms[key] = (f"\n\n{before}", after)
        return known

    def _market(self, lot: Lot, *, is_exit: bool) -> Sent:
        return Sent("order/placeorder", self._bodies.market(lot, lot[0]), ((lot[1], lot[0]),), is_exit=is_exit)

    def bracketed(self, lot: Lot, legs: Sequence[Leg]) -> None:
        """Write an entry with its children as one OSO."""
        account = lot[1]
        lots = ((account, lot[0]), *((account, leg.client) for leg in legs))
        if self._may_ask(account, lots):
            self.post(Sent("order/placeoso", self._bodies.oso(lot, legs), lots, is_exit=False))

    def either(self, lot: Lot, legs: Sequence[Leg]) -> None:
        """Write two resting orders of which the first to fill cancels the other, or a single one."""
        account = lot[1]
        lots = tuple((account, leg.client) for leg in legs)
        if self._may_ask(account, lots):
            way, body = "order/placeoco" if len(legs) > 1 else "order/placeorder", self._bodies.oco(lot, legs)
            self.post(Sent(way, body, lots, is_exit=True))

    def _may_ask(self, account: AccountId, lots: Iterable[tuple[AccountId, OrderId]]) -> bool:
        """Say whether a body can be rendered; refuses the orders if not."""
        if self._line is not None and account in self._ids:
            return True
        refused = _NO_LINE if self._line is None else _NO_ACCOUNT
        self._tell([self._answered(mine, client, refused) for mine, client in lots])
        return False

    def modify(self, order: BrokerOrderId, quantity: int, leg: Leg, on_answer: Callable[[Verdict], None]) -> None:
        """Write the full new terms of a resting order."""
        body = self._bodies.modify(order, quantity, leg)
        self.post(Sent("order/modifyorder", body, (), is_exit=True, on_answer=on_answer))

    def cancel(self, order: BrokerOrderId, on_answer: Callable[[Verdict], None]) -> None:
        """Write a cancel; it may use the exit reserve, as it can only take risk away."""
        self.post(Sent("order/cancelorder", self._bodies.cancel(order), (), is_exit=True, on_answer=on_answer))

    def liquidate(self, account: AccountId, contract: int, on_answer: Callable[[Verdict], None]) -> None:
        """Write the broker's own close of one contract.

        Exits of that account which still wait are refused: behind a closed position they would open the other side.
        """
        if account in self._ids:
            kept: deque[tuple[float, Sent]] = deque()
            for due, sent in self._queue:
                if (account in {mine for mine, _ in sent.lots}) and sent.endpoint == "order/placeorder":
                    self._tell(self._answers(sent, _NO_BUDGET))
                else:
                    kept.append((due, sent))
            self._queue = kept
            body = self._bodies.liquidate(account, contract)
            self.post(Sent("order/liquidateposition", body, (), is_exit=True, on_answer=on_answer))

    def post(self, sent: Sent) -> None:
        """Write one request within the budget."""
        line = self._line
        if line is None or not line.open or line.is_stuck():
            self._tell(self._answers(sent, _NO_LINE))
            return
        now = self._clock.monotonic()
        if self._pacer.take(1, now, exits=sent.is_exit):
            self._write(line, sent, now)
        elif sent.is_exit:
            self._queue.append((now, sent))
        else:
            self._tell(self._answers(sent, _NO_BUDGET))

    def _write(self, line: Line, sent: Sent, now: float) -> None:
        number = self.number()
        self._others[number] = sent
        self._batches.append((now, number, number + 1, int(sent.is_exit)))
        line.say(request(sent.endpoint, number, body=sent.body))

    # ---------------------------------------------------------------- answers

    def answer(self, number: int, status: int, raw: msgspec.Raw) -> list[Event] | None:
        """Facts from the answer to request ``number``; None if that was no order of ours."""
        lot = self._pending.pop(number, None)
        sent: Lot | Sent | None = lot if lot is not None else self._others.pop(number, None)
        if sent is None:
            sent = self._late_ids.pop(number, None)
            if sent is None:
                return None
        batches = self._batches
        if batches and batches[-1][1] == number:
            self.round_trip_s = self._clock.monotonic() - batches[-1][0]
        outcome, reply = verdict(status, raw, self._options.blocked_wait_s)
        if isinstance(outcome, Penalty):
            return self._held_back(number, sent, outcome)
        if isinstance(outcome, Refused) and outcome.kind is RefusalKind.LINE and self._line is not None:
            self._line.end(f"refused: {outcome.reason} {outcome.text}"[:80])
        if isinstance(sent, Sent):
            if sent.on_answer is not None:
                sent.on_answer(outcome)
            return self._spread(sent, outcome, reply)
        client, account, _, _ = sent
        return [self._answered(account, client, self._placed(outcome, client))]

    def _placed(self, outcome: Outcome, client: OrderId) -> Outcome:
        if isinstance(outcome, Accepted):
            if not outcome.order:
                return Unclear(reason="answer without an order id")
            self._own(int(outcome.order), client)
        return outcome

    def _spread(self, sent: Sent, outcome: Outcome, reply: Reply) -> list[Event]:
        """Tell one answer for each order of a request: a parent and its children share a no, not an id."""
        facts: list[Event] = []
        for (account, client), order in zip(
            sent.lots, (reply.order_id, reply.oso1_id or reply.oco_id, reply.oso2_id), strict=False
        ):
            mine = outcome
            if isinstance(outcome, Accepted):
                mine = Accepted(order=BrokerOrderId(str(order) if order > 0 else ""))
            facts.append(self._answered(account, client, self._placed(mine, client)))
        return facts

    def _answered(self, account: AccountId, client: OrderId, outcome: Outcome) -> OrderAnswered:
        if not isinstance(outcome, Unclear) and self._late:
            self._late.pop((account, client), None)
        return OrderAnswered(at=self._clock.now(), account=account, client=client, outcome=outcome)

    def answers(self, account: AccountId, client: OrderId, outcome: Outcome) -> list[Event]:
        """Tell what became of an order, as found by asking; an order that was answered already is told no twice."""
        return [self._answered(account, client, outcome)]

    def _answers(self, sent: Sent, outcome: Outcome) -> list[Event]:
        return [self._answered(account, client, outcome) for account, client in sent.lots]

    def _held_back(self, number: int, sent: "Lot | Sent", penalty: Penalty) -> list[Event]:
        """Nothing was executed: stop entries for a while; an exit goes again with its ticket."""
        now = self._clock.monotonic()
        self._pacer.pause(now + penalty.wait_s)
        if not isinstance(sent, Sent):
            sent = self._market(sent, is_exit=self._was_exit(number))
        if sent.is_exit and penalty.ticket is not None and penalty.wait_s <= self._options.ticket_patience_s:
            self._queue.append((now + penalty.wait_s, sent.with_ticket(penalty.ticket)))
            return []
        text = f"the broker asks for {penalty.wait_s:.0f} s"
        refused = Refused(kind=RefusalKind.BUDGET, reason=penalty.reason, text=text)
        if sent.on_answer is not None:
            sent.on_answer(refused)
        return self._answers(sent, refused)

    def _was_exit(self, number: int) -> bool:
        return any(first <= number < first + exits for _, first, _, exits in self._batches)

    # ---------------------------------------------------------------- time

    def tick(self) -> list[Event]:
        """Let waiting exits go, and give up on answers that are overdue."""
        now = self._clock.monotonic()
        facts: list[Event] = []
        overdue = now - self._options.answer_timeout_s
        while self._batches and self._batches[0][0] <= overdue:
            _, first, end, _ = self._batches.popleft()
            for number in range(first, end):
                sent: Lot | Sent | None = self._pending.pop(number, None) or self._others.pop(number, None)
                if sent is not None:
                    self._late_ids[number] = sent
                    facts += self._unclear(sent, "no answer in time")
        self._release(now)
        for key in [key for key, until in self._late.items() if until <= now]:
            del self._late[key]
        return facts

    def _release(self, now: float) -> None:
        line = self._line
        if line is None or not self._queue:
            return
        held = [each for each in self._queue if each[0] > now]
        due = deque(each for each in self._queue if each[0] <= now)
        while due and line.open and not line.is_stuck() and self._pacer.take(1, now, exits=True):
            self._write(line, due.popleft()[1], now)
        if self._line is line:  # a stuck line has emptied the queue with its answers
            self._queue = deque([*due, *held])

    def _unclear(self, sent: "Lot | Sent", reason: str) -> list[Event]:
        unclear = Unclear(reason=reason)
        until = self._clock.monotonic() + _FORGET_LATE_S
        if isinstance(sent, Sent):
            if sent.on_answer is not None:
                sent.on_answer(unclear)
            self._late |= dict.fromkeys(sent.lots, until)
            return self._answers(sent, unclear)
        self._late[sent[1], sent[0]] = until
        return [self._answered(sent[1], sent[0], unclear)]

    # ---------------------------------------------------------------- what is open

    def is_awaiting(self, account: AccountId) -> bool:
        """Say whether an order of ours on ``account`` has no known broker id yet."""
        return (
            any(lot[1] == account for lot in self._pending.values())
            or any(account == mine for sent in self._others.values() for mine, _ in sent.lots)
            or any(account == mine for mine, _ in self._late)
        )

    def is_under_way(self, account: AccountId, client: OrderId) -> bool:
        """Say whether an order waits here or for its answer: then nobody may call it absent."""
        key = (account, client)
        return (
            any(lot[0] == client and lot[1] == account for lot in self._pending.values())
            or any(key in sent.lots for sent in self._others.values())
            or any(key in sent.lots for _, sent in self._queue)
        )

    def unclear_for(self, account: AccountId, client: OrderId) -> float | None:
        """Seconds for which an order has been unclear, or None if it is not."""
        until = self._late.get((account, client))
        return None if until is None else _FORGET_LATE_S - (until - self._clock.monotonic())

    def recognised(self, account: AccountId, client: OrderId, order: int) -> list[Event]:
        """An order that was told unclear has shown itself: tell the true answer."""
        if (account, client) not in self._late:
            return []
        return [self._answered(account, client, Accepted(order=BrokerOrderId(str(order))))]

    def _tell_all(self, lots: Sequence[Lot], outcome: Outcome) -> None:
        if lots:
            self._tell([self._answered(account, client, outcome) for client, account, _, _ in lots])
