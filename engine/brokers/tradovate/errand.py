"""Errands beside the stream: questions that a caller put, and those that waiting fills put by themselves."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any, Final

from engine.brokers.tradovate.ledger import Ledger
from engine.brokers.tradovate.line import Line
from engine.brokers.tradovate.market import Market
from engine.brokers.tradovate.options import Options
from engine.brokers.tradovate.order import OrderDesk
from engine.brokers.tradovate.stream import Stream
from engine.brokers.tradovate.survey import Survey
from engine.brokers.tradovate.wire import Verdict
from engine.domain.event import Absent, Accepted, Event, Refused
from engine.domain.ids import AccountId, BrokerOrderId, OrderId, Symbol
from engine.errors import LockstepError
from engine.ports import Clock, Sink

_CHASE_LIMIT_S: Final = 30.0


class Errands:
    """Runs on one live line; without one an errand ends in silence, as doubt should."""

    def __init__(
        self,
        options: Options,
        survey: Survey,
        stream: Stream,
        desk: OrderDesk,
        ledger: Ledger,
        market: Market,
        clock: Clock,
        sink: Sink,
    ) -> None:
        self.note = ""  # what went wrong last, for the health card
        self._options = options
        self._survey = survey
        self._stream = stream
        self._desk = desk
        self._ledger = ledger
        self._market = market
        self._clock = clock
        self._sink = sink
        self._line: Line | None = None
        self._wanted: dict[AccountId, None] = {}  # accounts whose snapshot is asked for
        self._survey_task: asyncio.Task[None] | None = None
        self._lost: dict[tuple[AccountId, OrderId], None] = {}  # orders that are asked about
        self._search_task: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._chased = 0.0
        self._chase_wait_s = options.park_s
        self._is_naming = False

    def start(self, line: Line) -> None:
        """The snapshots of ``line`` are about to be told."""
        self._line, self.note = line, ""
        self._is_naming, self._chase_wait_s = False, self._options.park_s

    async def stop(self) -> None:
        """The line is gone, and with it whatever was asked over it."""
        self._line = None
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        self._wanted.clear()
        self._lost.clear()

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None] | None:
        """Run one errand; None if there is no line to run it on."""
        if self._line is None or not self._line.open:
            work.close()
            return None
        task = asyncio.create_task(self._guarded(work))
        self._tasks.add(task)
        return task

    async def _guarded(self, work: Awaitable[None]) -> None:
        try:
            await work
        except LockstepError as error:
            self.note = str(error)

    def tick(self) -> None:
        """Ask about fills that have waited too long; let errands that ended in a bug end the session."""
        for task in [task for task in self._tasks if task.done()]:
            self._tasks.discard(task)
            task.result()
        now = self._clock.monotonic()
        if not self._stream.is_live or now - self._chased < self._chase_wait_s:
            return
        self._chased = now
        orders, contracts = self._ledger.overdue(), self._ledger.unknown_contracts()
        if orders or contracts:
            self._chase_wait_s = min(self._chase_wait_s * 2, _CHASE_LIMIT_S)  # a broker that cannot say is not asked on
            self._stream.tell()
            self.spawn(self._survey.about(orders, sorted(contracts), self._stream.take))
        else:
            self._chase_wait_s = self._options.park_s

    # ---------------------------------------------------------------- what callers ask

    def ask_snapshot(self, accounts: Iterable[AccountId]) -> None:
        """Read accounts as they are; those that are asked for at one time share one set of requests."""
        self._wanted |= dict.fromkeys(accounts)
        if self._survey_task is None or self._survey_task.done():
            self._survey_task = self.spawn(self._snapshots())

    async def _snapshots(self) -> None:
        while self._wanted:
            await asyncio.sleep(0)  # whoever asks in the same turn of the loop comes along
            wanted = list(self._wanted)
            self._wanted.clear()
            await self._survey.again(wanted, lambda: self._stream.fills_heard, self._stream.tell_snapshots)
            self.note = ""

    def ask_order(self, account: AccountId, client: OrderId) -> None:
        """Find one order by our id, not before it has had time to arrive."""
        since = self._desk.unclear_for(account, client)
        wait_s = 0.0 if since is None else self._options.absent_after_s - since
        self.spawn(self._ask_order(account, client, wait_s))

    async def _ask_order(self, account: AccountId, client: OrderId, wait_s: float) -> None:
        await self._clock.sleep(wait_s)
        self._lost[account, client] = None
        if self._search_task is None or self._search_task.done():
            self._search_task = self.spawn(self._search())

    async def _search(self) -> None:
        """Tell what became of all orders that are asked about, with one set of requests."""
        while self._lost:
            await asyncio.sleep(0)
            asked = list(self._lost)
            self._lost.clear()
            unknown = [each for each in asked if self._ledger.find(*each) is None]
            absent = await self._survey.absent(unknown, self._stream.take) if unknown else []
            facts: list[Event] = []
            for account, client in asked:
                order = self._ledger.find(account, client)
                if order is not None:
                    self._ledger.retell(order)
                    facts += self._desk.answers(account, client, Accepted(order=BrokerOrderId(str(order))))
                elif (account, client) in absent and not self._desk.is_under_way(account, client):
                    facts += self._desk.answers(account, client, Absent())
            if facts:
                self._sink(facts)
            self._stream.tell()

    def look_unless_yes(self, order: BrokerOrderId) -> Callable[[Verdict], None]:
        """What to do with the answer to a change of ``order``: whatever is no plain yes, ask the order itself."""

        def look(outcome: Verdict) -> None:
            if not isinstance(outcome, Accepted):
                self.spawn(self._look_at(int(order)))

        return look

    async def _look_at(self, order: int) -> None:
        self._ledger.retell(order)
        await self._survey.about([order], [], self._stream.take)

    def liquidate(self, account: AccountId, symbol: Symbol) -> None:
        """Have the broker close one contract."""
        self.spawn(self._liquidate(account, symbol))

    async def _liquidate(self, account: AccountId, symbol: Symbol) -> None:
        contract = await self._survey.contract(symbol, must=True)

        def note(outcome: Verdict) -> None:
            if isinstance(outcome, Refused):
                self.note = f"liquidation of {account} refused: {outcome.reason} {outcome.text}".strip()

        self._desk.liquidate(account, contract, note)

    # ---------------------------------------------------------------- names

    def learn_names(self) -> None:
        """Something waits for a contract's name: ask at once, not with the next tick."""
        if not self._is_naming:
            self._is_naming = True
            self.spawn(self._learn_names())

    async def _learn_names(self) -> None:
        unnamed = sorted(self._ledger.unnamed)
        self._ledger.unnamed.clear()
        try:
            await self._survey.about([], unnamed, self._stream.take)
        finally:
            self._is_naming = False

    def resolve_watched(self) -> None:
        """Learn the contract numbers of what is watched, then subscribe: quotes carry nothing else."""
        self.spawn(self._resolve_watched())

    async def _resolve_watched(self) -> None:
        for symbol in list(self._market.symbols):
            await self._survey.contract(symbol)
        self._market.subscribe()
