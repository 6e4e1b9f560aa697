"""One Tradovate login: connects, streams, and reconnects for ever; sends at once and tells what comes of it.

    sign in ── dial ── 'o' ── authorize ── accounts ── orders may leave ── syncrequest ── REST agrees ── snapshots ── live
       ▲                                                                                                            │
       └──────────── back-off, or a long wait after a refusal or a lost slot ◄─────────── line lost ◄───────────────┘

Events that come before the snapshots are out are held and told after them. Facts that arise inside a call of ours
(``send`` without a line) reach the sink in the loop's next turn, so that a caller is never re-entered.
"""

import asyncio
import random
from collections.abc import Awaitable, Coroutine, Iterable, Sequence
from datetime import timedelta
from typing import Any, Final

import msgspec

from engine.brokers.tradovate import wire
from engine.brokers.tradovate.auth import Access, Barred, Rest
from engine.brokers.tradovate.entity import Entity, Fill
from engine.brokers.tradovate.frame import Framer
from engine.brokers.tradovate.gate import gate
from engine.brokers.tradovate.ledger import Ledger
from engine.brokers.tradovate.line import Line, SlotLost, dial
from engine.brokers.tradovate.market import Market
from engine.brokers.tradovate.options import Options
from engine.brokers.tradovate.order import OrderDesk
from engine.brokers.tradovate.pacer import Pacer
from engine.brokers.tradovate.question import Questions
from engine.brokers.tradovate.survey import Survey
from engine.domain.decision import Leg, Lot
from engine.domain.event import (
    Absent,
    Accepted,
    AccessRefused,
    Event,
    LineLost,
    LineRestored,
    Refused,
)
from engine.domain.ids import AccountId, BrokerOrderId, OrderId, Symbol
from engine.errors import AccessError, LockstepError, TransientError
from engine.ports import Clock, ConnectContext, LineHealth, Sink

_TICK_S: Final = 0.25
_HOT: Final = frozenset({"fill", "order", "command"})


class TradovateSession:
    """Fits ``ports.Session``."""

    def __init__(self, context: ConnectContext, sink: Sink, clock: Clock) -> None:
        options = context.options
        assert isinstance(options, Options)
        self.connection = context.connection
        self._accounts = context.accounts
        self._options = options
        self._sink = sink
        self._clock = clock
        self._framer = Framer()
        self._pacer = Pacer(options.requests_per_minute, options.requests_per_hour, options.exit_reserve)
        self._rest = Rest(options)
        self._access = Access(context, options, self._rest, clock)
        names = {account.id: account.name for account in context.accounts}
        self._desk = OrderDesk(options, names, self._pacer, self._framer, clock, self._tell, self._own)
        self._ledger = Ledger({account.name: account.id for account in context.accounts}, self._desk.is_awaiting)
        self._questions = Questions(options, self._pacer, clock, self._desk.number)
        self._survey = Survey(options, self._ledger, self._questions, self._rest, self._access, clock)
        self._market = Market(options, self._framer, self._access, clock, self._quotes)
        self._line: Line | None = None
        self._opened: asyncio.Future[None] | None = None
        self._held: list[wire.Props] | None = None  # events that wait for the snapshots
        self._shutdown = ""
        self._text = "not started"
        self._note = ""
        self._tasks: set[asyncio.Task[None]] = set()
        self._attempt = 0
        self._denials = 0
        self._parked_at = 0.0

    # ---------------------------------------------------------------- the port

    async def run(self) -> None:
        """Connect, sign in, stream, and reconnect for ever."""
        market = asyncio.create_task(self._market.run())
        try:
            while True:
                wait_s = await self._turn()
                await self._clock.sleep(wait_s)
                if market.done():
                    market.result()
        finally:
            market.cancel()
            await asyncio.gather(market, return_exceptions=True)
            await self._rest.close()

    def send(self, lots: Sequence[Lot], exits: int) -> None:
        """Write market orders now."""
        self._desk.send(lots, exits)

    def send_bracketed(self, lot: Lot, legs: Sequence[Leg]) -> None:
        """Write one OSO."""
        self._desk.bracketed(lot, legs)

    def cancel(self, account: AccountId, order: BrokerOrderId) -> None:  # noqa: ARG002  the port names the account
        """Cancel; whatever the answer says, the order itself is asked if it was no plain yes."""

        def resolve(outcome: wire.Verdict) -> None:
            if not isinstance(outcome, Accepted):
                self._spawn(self._look_at(int(order)))

        self._desk.cancel(order, resolve)

    def liquidate(self, account: AccountId, symbol: Symbol) -> None:
        """Have the broker close one contract."""
        self._spawn(self._liquidate(account, symbol))

    def ask_order(self, account: AccountId, client: OrderId) -> None:
        """Find one order by our id."""
        self._spawn(self._ask_order(account, client))

    def ask_snapshot(self, accounts: Sequence[AccountId]) -> None:
        """Read accounts as they are."""
        self._spawn(self._survey.again(list(accounts), self._snapshots))

    def watch(self, symbols: Sequence[Symbol]) -> None:
        """Subscribe to quotes."""
        self._market.watch(symbols)
        if self._line is not None and self._held is None:
            self._spawn(self._resolve())

    def health(self) -> LineHealth:
        """Say how the line is doing."""
        line, now = self._line, self._clock.monotonic()
        trip = self._desk.round_trip_s
        text = self._text
        if text == "ok" and (self._note or self._market.text):
            text = self._note or self._market.text
        return LineHealth(
            connection=self.connection,
            broker="tradovate",
            up=self._desk.is_open,
            text=text,
            heard_s=None if line is None else now - line.heard,
            round_trip_ms=None if trip is None else trip * 1_000,
            budget_left=self._pacer.left(now),
            waiting=self._desk.waiting,
        )

    async def probe(self) -> list[str]:
        """Sign in and read over REST only; no socket, so nobody's slot is taken."""
        try:
            await self._access.ensure()
            return await self._survey.seen(self._accounts)
        except LockstepError as error:
            return [f"{self.connection}: {error}"]
        finally:
            await self._rest.close()

    # ---------------------------------------------------------------- one connection after the other

    async def _turn(self) -> float:
        """Keep one connection as long as it lasts; returns how long to wait before the next."""
        try:
            reason = await self._visit()
            if self._shutdown and self._shutdown != "Maintenance":
                raise SlotLost(f"{self._shutdown}: another session of this login took the slot")  # noqa: TRY301
            wait_s = 30.0 if self._shutdown == "Maintenance" else self._backoff()
            self._text = f"line lost ({reason}), reconnecting"
        except Barred as error:
            wait_s = error.wait_s
            self._refused(str(error), wait_s)
        except SlotLost as error:
            wait_s = self._options.quota_wait_s
            self._refused(str(error), wait_s)
        except AccessError as error:
            self._denials += 1
            self._access.forget()
            wait_s = self._backoff() if self._denials < 2 else self._options.login_retry_s
            self._refused(str(error), wait_s)
        except TransientError as error:
            wait_s = max(error.retry_after_s, self._backoff())
            self._text = f"{error}, next try in {wait_s:.0f} s"
        self._shutdown = ""
        return wait_s

    def _backoff(self) -> float:
        limit, first = self._options.backoff_limit_s, self._options.backoff_s
        wait_s = min(limit, first * float(2 ** min(self._attempt, 16)))
        self._attempt += 1
        return wait_s * random.uniform(1.0, 1.1)  # noqa: S311  spreads reconnects, guards nothing

    def _refused(self, reason: str, wait_s: float) -> None:
        now = self._clock.now()
        until = now + timedelta(seconds=wait_s)
        self._text = f"{reason}, next try after {until:%H:%M} UTC"
        self._sink([AccessRefused(at=now, connection=self.connection, reason=reason, until=until)])

    async def _visit(self) -> str:
        """Open a line, use it until it is lost, and tidy up; returns why it was lost."""
        options = self._options
        async with gate().passing(self._clock, options.connect_spacing_s):
            self._text = "signing in"
            await self._access.ensure()
            self._text = "connecting"
            self._opened = asyncio.get_running_loop().create_future()
            line = self._line = await dial(
                options.socket,
                self._framer,
                self._clock,
                self._on_frame,
                timeout_s=options.connect_timeout_s,
                max_frame=options.max_frame,
                max_write_buffer=options.max_write_buffer,
            )
        line.on_lost = self._on_lost
        self._held = []
        self._questions.attach(line)
        ticking = asyncio.create_task(self._ticking(line))
        settling = asyncio.create_task(self._settle_in(line))
        try:
            ends: set[asyncio.Future[Any]] = {ticking, line.lost}
            await asyncio.wait({settling, *ends}, return_when=asyncio.FIRST_COMPLETED)
            if settling.done() and not line.lost.done():
                settling.result()
                await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            if ticking.done():
                ticking.result()
            if settling.done() and isinstance(settling.exception(), LockstepError) and not self._shutdown:
                settling.result()
            return line.lost.result()
        finally:
            await self._tidy(line, ticking, settling)

    async def _tidy(self, line: Line, *tasks: asyncio.Task[None]) -> None:
        was_up = line.on_lost is not None and line.open
        await line.close()
        if was_up:
            self._on_lost("closed by us")
        gone = [*tasks, *self._tasks]
        for task in gone:
            task.cancel()
        await asyncio.gather(*gone, return_exceptions=True)
        self._tasks.clear()
        self._line = None

    async def _settle_in(self, line: Line) -> None:
        """From an open socket to live facts."""
        assert self._opened is not None
        async with asyncio.timeout(self._options.connect_timeout_s):
            await self._opened
        self._text = "authorising"
        await self._questions.ask("authorize", body=self._access.token, must=True, number=0)
        self._denials = 0
        self._ledger.forget()
        for account in await self._survey.accounts():
            self._ledger.take(account)
        mine = self._ledger.book.ids
        self._desk.attach(line, mine)
        missing = [account.name for account in self._accounts if account.id not in mine]
        self._note = f"not on this login: {', '.join(missing)}" if missing else ""
        self._sink([LineRestored(at=self._clock.now(), connection=self.connection)])
        self._text = "signed in, waiting for the snapshot"
        found = await self._survey.first(list(mine), self._held_entities)
        self._go_live(found, list(mine))
        self._attempt = 0
        self._spawn(self._renewing(line))
        await self._resolve()

    def _held_entities(self) -> list[Entity]:
        return [entity for event in self._held or () for entity in wire.entities(event.entity_type, event.entity)]

    def _go_live(self, found: list[Entity], accounts: list[AccountId]) -> None:
        """Tell the snapshots, then everything that came since."""
        now = self._clock.now()
        facts = self._ledger.load(found, accounts, now) + self._recognised()
        held, self._held = self._held or [], None
        self._text = "ok"
        self._sink(facts)
        for event in held:
            self._take(event)
        self._tell_joined()

    async def _renewing(self, line: Line) -> None:
        """Prolong the token well before its end; the open socket is not touched."""
        while line.open:
            await self._clock.sleep(max(self._access.renew_in_s, 1.0))
            if self._access.renew_in_s > 0:
                continue
            try:
                if not await self._access.renew():
                    self._note = "the token could not be renewed; a new one is taken at the next connect"
                    self._access.forget()
                    return
            except TransientError as error:
                await self._clock.sleep(max(error.retry_after_s, 30.0))

    async def _ticking(self, line: Line) -> None:
        """Everything that time alone brings about while a line lasts."""
        beat = self._clock.monotonic()
        while line.open:
            await self._clock.sleep(_TICK_S)
            now = self._clock.monotonic()
            if now - line.heard > self._options.liveness_s:
                line.end("silent")
                return
            if now - beat >= self._options.heartbeat_s:
                beat = now
                line.beat()
                self._framer.refill()
            facts = self._desk.tick()
            if facts:
                self._sink(facts)
            self._questions.tick()
            self._survey.tick()
            self._chase(now)
            self._reap()

    def _chase(self, now: float) -> None:
        """Ask about fills that cannot be told yet, and give them another try."""
        if self._held is not None or now - self._parked_at < self._options.park_s:
            return
        self._parked_at = now
        orders, contracts = self._ledger.overdue(), self._ledger.unknown_contracts()
        if orders or contracts:
            self._tell_joined()
            self._spawn(self._survey.about(orders, sorted(contracts), self._take_found))

    def _on_lost(self, reason: str) -> None:
        """The line can no longer be used: say so at once, and what it means for orders under way."""
        reason = self._shutdown or reason
        was_up = self._desk.is_attached
        facts = self._desk.detach(reason)
        self._questions.detach(reason)
        self._survey.drop(reason)
        self._text = f"line lost ({reason})"
        if was_up:
            facts.insert(0, LineLost(at=self._clock.now(), connection=self.connection, reason=reason))
        self._tell(facts)
        if self._opened is not None and not self._opened.done():
            self._opened.set_exception(TransientError(f"line lost: {reason}"))

    # ---------------------------------------------------------------- frames

    def _on_frame(self, data: bytes) -> None:
        """Read one frame: fills leave for the sink before anything else is looked at."""
        first = data[:1]
        if first == b"a":
            self._messages(data[1:])
        elif first == b"o":
            if self._opened is not None and not self._opened.done():
                self._opened.set_result(None)
        elif first == b"c" and self._line is not None:
            self._line.end(wire.close_text(data))

    def _messages(self, data: bytes) -> None:
        facts: list[Event] = []
        cold: list[wire.Props] = []
        try:
            for message in wire.messages(data):
                if message.e == "props":
                    self._sort(message.d, cold)
                elif message.i >= 0 and not message.e:
                    answered = self._desk.answer(message.i, message.s, message.d)
                    if answered is None:
                        self._questions.answer(message.i, message.s, message.d)
                    else:
                        facts += answered
                elif message.e == "shutdown":
                    self._shut(wire.shutdown(message.d))
        except msgspec.DecodeError:
            if self._line is not None:
                self._line.end("frame not understood")
            return
        facts += self._ledger.fills(self._clock.now())
        if facts:
            self._sink(facts)
        for event in cold:
            self._take(event)
        self._tell_joined()

    def _sort(self, raw: msgspec.Raw, cold: list[wire.Props]) -> None:
        """Take in what fills depend on at once, the rest after they are told."""
        events = wire.props_list(raw) if wire.is_array(raw) else (wire.props(raw),)
        for event in events:
            if self._held is not None:
                self._held.append(event)
            elif event.entity_type in _HOT:
                self._take(event)
            else:
                cold.append(event)

    def _take(self, event: wire.Props) -> None:
        if event.event_type == "Deleted":
            return
        for entity in wire.entities(event.entity_type, event.entity):
            if isinstance(entity, Fill):
                self._survey.fills_heard += 1
            self._ledger.take(entity)

    def _take_found(self, found: Iterable[Entity]) -> None:
        """Take in entities that an answer brought, as if they had come by themselves."""
        for entity in found:
            self._ledger.take(entity)
        self._tell_joined()

    def _tell_joined(self) -> None:
        """Tell whatever the joined parts now allow."""
        if self._held is not None:
            return
        now = self._clock.now()
        facts = self._ledger.fills(now)
        changes = self._ledger.changes(now)
        facts += self._recognised()
        facts += changes
        if facts:
            self._sink(facts)

    def _recognised(self) -> list[Event]:
        learned = self._ledger.learned
        if not learned:
            return []
        facts = [fact for each in learned for fact in self._desk.recognised(*each)]
        learned.clear()
        return facts

    def _shut(self, notice: wire.Shutdown) -> None:
        self._shutdown = notice.reason_code or "shutdown"
        if self._line is not None:
            self._line.end(self._shutdown)

    def _quotes(self, quotes: list[wire.Quote]) -> None:
        facts = self._market.facts(quotes, self._ledger.book.symbols)
        if facts:
            self._sink(facts)

    # ---------------------------------------------------------------- errands

    def _own(self, order: int, client: OrderId) -> None:
        self._ledger.own(order, client)

    def _tell(self, facts: list[Event]) -> None:
        if facts:
            asyncio.get_running_loop().call_soon(self._sink, facts)

    def _snapshots(self, found: list[Entity], accounts: list[AccountId]) -> None:
        if self._held is None and self._desk.is_open:
            self._sink(self._ledger.load(found, accounts, self._clock.now()) + self._recognised())

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run an errand beside the stream; without a live line it ends in silence, as doubt should."""
        if self._line is None or not self._line.open:
            work.close()
            return
        self._tasks.add(asyncio.create_task(self._errand(work)))

    async def _errand(self, work: Awaitable[None]) -> None:
        try:
            await work
        except LockstepError as error:
            self._note = str(error)
        else:
            self._note = "" if not self._note.startswith("no") else self._note

    def _reap(self) -> None:
        """Errands that ended in a bug end the session: a supervisor must see them."""
        for task in [task for task in self._tasks if task.done()]:
            self._tasks.discard(task)
            task.result()

    async def _look_at(self, order: int) -> None:
        self._ledger.retell(order)
        await self._survey.about([order], [], self._take_found)

    async def _liquidate(self, account: AccountId, symbol: Symbol) -> None:
        contract = await self._survey.contract(symbol)

        def note(outcome: wire.Verdict) -> None:
            if isinstance(outcome, Refused):
                self._note = f"liquidation of {account} refused: {outcome.reason} {outcome.text}".strip()

        self._desk.liquidate(account, contract, note)

    async def _resolve(self) -> None:
        """Learn the contract numbers of what is watched: quotes carry nothing else."""
        for symbol in self._market.symbols:
            await self._survey.contract(symbol)

    async def _ask_order(self, account: AccountId, client: OrderId) -> None:
        since = self._desk.unclear_for(account, client)
        if since is not None:
            await self._clock.sleep(self._options.absent_after_s - since)
        order = self._ledger.find(account, client)
        is_absent = order is None and await self._survey.is_absent(account, client, self._take_found)
        order = self._ledger.find(account, client)
        if order is not None:
            outcome = Accepted(order=BrokerOrderId(str(order)))
            self._ledger.retell(order)
            self._sink(self._desk.answers(account, client, outcome))
            self._tell_joined()
        elif is_absent:
            self._sink(self._desk.answers(account, client, Absent()))
