"""One Tradovate login: connects, streams, and reconnects for ever; sends at once and tells what comes of it.

    sign in ── dial ── 'o' ── authorize ── accounts ── orders may leave ── syncrequest ── REST agrees ── snapshots ── live
       ▲                                                                                                            │
       └──────────── back-off, or a long wait after a refusal or a lost slot ◄─────────── line lost ◄───────────────┘

Facts that arise inside a call of ours (``send`` without a line) reach the sink in the loop's next turn, so that a caller
is never re-entered.
"""

import asyncio
import random
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from engine.brokers.tradovate.auth import Access, Barred, Rest
from engine.brokers.tradovate.errand import Errands
from engine.brokers.tradovate.frame import Framer
from engine.brokers.tradovate.gate import gate
from engine.brokers.tradovate.ledger import Ledger
from engine.brokers.tradovate.line import Line, SessionLost, SlotLost, dial
from engine.brokers.tradovate.market import Market
from engine.brokers.tradovate.options import Options
from engine.brokers.tradovate.order import OrderDesk
from engine.brokers.tradovate.pacer import Pacer
from engine.brokers.tradovate.question import Questions
from engine.brokers.tradovate.stream import Stream
from engine.brokers.tradovate.survey import Survey
from engine.domain.decision import Leg, Lot
from engine.domain.event import AccessRefused, Event, LineLost, LineRestored
from engine.domain.ids import AccountId, BrokerOrderId, OrderId, Symbol
from engine.errors import AccessError, LockstepError, TransientError
from engine.ports import Clock, ConnectContext, LineHealth, Sink

_TICK_S: Final = 0.25
_STEADY_S: Final = 60.0  # a line that lasted so long was a good one: the next back-off begins anew
_MAINTENANCE_WAIT_S: Final = 30.0


class TokenRefused(AccessError):  # noqa: N818  as the tree in engine.errors reads
    """The socket does not take our token: a new sign-in is due."""


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
        self._rest = Rest(options, lambda: self._pacer.spend(clock.monotonic()))
        self._access = Access(context, options, self._rest, clock)
        names = {account.id: account.name for account in context.accounts}
        self._desk = OrderDesk(options, names, self._pacer, self._framer, clock, self._tell, self._own)
        self._ledger = Ledger({name: account for account, name in names.items()}, self._desk.is_awaiting)
        self._questions = Questions(options, self._pacer, clock, self._desk.number)
        self._survey = Survey(options, self._ledger, self._questions, self._rest, self._access, clock)
        self._stream = Stream(self._ledger, self._desk, self._questions, clock, sink)
        self._market = Market(options, self._framer, self._access, clock, self._ledger.book.symbols, sink)
        self._errands = Errands(
            options, self._survey, self._stream, self._desk, self._ledger, self._market, clock, sink
        )
        self._stream.on_unnamed = self._errands.learn_names
        self._line: Line | None = None
        self._text = "not started"
        self._missing = ""
        self._attempt = 0
        self._live_since = 0.0
        self._token_refusals = 0

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

    async def probe(self) -> list[str]:
        """Sign in and read over REST only: no socket, so nobody's slot is taken."""
        try:
            await self._access.ensure()
            return await self._survey.seen(self._accounts)
        except LockstepError as error:
            return [f"{self.connection}: {error}"]
        finally:
            await self._rest.close()

    def send(self, lots: Sequence[Lot], exits: int) -> None:
        """Write market orders now."""
        self._desk.send(lots, exits)

    def send_bracketed(self, lot: Lot, legs: Sequence[Leg]) -> None:
        """Write one OSO."""
        self._desk.bracketed(lot, legs)

    def place_oco(self, lot: Lot, legs: Sequence[Leg]) -> None:
        """Write two resting orders for ``lot``'s contracts and side; the first to fill cancels the other."""
        self._desk.either(lot, legs)

    def modify(self, order: BrokerOrderId, quantity: int, leg: Leg) -> None:
        """Write a resting order's full new terms; what came of it arrives as ``OrderChanged``."""
        self._desk.modify(order, quantity, leg, self._errands.look_unless_yes(order))

    def cancel(self, account: AccountId, order: BrokerOrderId) -> None:  # noqa: ARG002  the port names the account
        """Cancel a working order; whatever is no plain yes, the order itself is asked about."""
        self._desk.cancel(order, self._errands.look_unless_yes(order))

    def liquidate(self, account: AccountId, symbol: Symbol) -> None:
        """Have the broker close one contract."""
        self._errands.liquidate(account, symbol)

    def ask_order(self, account: AccountId, client: OrderId) -> None:
        """Find one order by our id."""
        self._errands.ask_order(account, client)

    def ask_snapshot(self, accounts: Sequence[AccountId]) -> None:
        """Read accounts as they are."""
        self._errands.ask_snapshot(accounts)

    def watch(self, symbols: Sequence[Symbol]) -> None:
        """Subscribe to quotes."""
        self._market.watch(symbols)
        self._errands.resolve_watched()

    def health(self) -> LineHealth:
        """Say how the line is doing."""
        line, now = self._line, self._clock.monotonic()
        trip = self._desk.round_trip_s
        text = self._text
        if text == "ok":
            paused = self._pacer.paused_for(now)
            held = f"the broker asks for no entries for {paused:.0f} s" if paused > 0 else ""
            text = held or self._missing or self._errands.note or self._market.text or text
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

    # ---------------------------------------------------------------- one connection after the other

    async def _turn(self) -> float:
        """Keep one connection as long as it lasts; returns how long to wait before the next."""
        try:
            reason = await self._visit()
            if self._clock.monotonic() - self._live_since > _STEADY_S:
                self._attempt = 0
            wait_s = _MAINTENANCE_WAIT_S if self._stream.shutdown == "Maintenance" else self._backoff()
            self._text = f"line lost ({reason}), next try in {wait_s:.0f} s"
        except Barred as error:
            wait_s = error.wait_s
            self._refused(str(error), wait_s)
        except SlotLost as error:
            if isinstance(error, SessionLost):
                self._access.forget()
            wait_s = self._options.quota_wait_s
            self._refused(str(error), wait_s)
        except TokenRefused as error:
            self._access.forget()
            self._token_refusals += 1
            wait_s = self._backoff()
            self._text = f"{error}, signing in anew"
            if self._token_refusals > 1:
                wait_s = self._options.login_retry_s
                self._refused(str(error), wait_s)
        except AccessError as error:
            wait_s = self._options.login_retry_s
            self._refused(str(error), wait_s)
        except TransientError as error:
            wait_s = max(error.retry_after_s, self._backoff())
            self._text = f"{error}, next try in {wait_s:.0f} s"
        return wait_s

    def _backoff(self) -> float:
        limit, first = self._options.backoff_limit_s, self._options.backoff_s
        wait_s = min(limit, first * float(2 ** min(self._attempt, 16)))
        self._attempt += 1
        return wait_s * random.uniform(1.0, 1.1)  # noqa: S311  spreads reconnects, guards nothing

    def _refused(self, reason: str, wait_s: float) -> None:
        now = self._clock.now()
        until = now + timedelta(seconds=wait_s)
        self._text = f"{reason}; next try after {until:%H:%M} UTC"
        self._sink(
            [
                AccessRefused(
                    at=now, connection=self.connection, reason=reason.removeprefix("login refused: "), until=until
                )
            ]
        )

    async def _visit(self) -> str:
        """Open a line, use it until it is lost, and tidy up; returns why it was lost."""
        async with gate().passing(self._clock, self._options.connect_spacing_s):
            self._text = "signing in"
            await self._access.ensure()
            self._text = "connecting"
            line = self._line = await dial(self._options.socket, self._options, self._framer, self._clock)
        self._stream.attach(line)
        self._questions.attach(line)
        line.listen(self._stream.on_frame, self._on_lost)
        ticking = asyncio.create_task(self._ticking(line))
        settling = asyncio.create_task(self._settle_in(line))
        try:
            ends: set[asyncio.Future[Any]] = {ticking, line.lost}
            await asyncio.wait({settling, *ends}, return_when=asyncio.FIRST_COMPLETED)
            if not line.lost.done() and not ticking.done():
                settling.result()
                await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            if ticking.done():
                ticking.result()
            if self._stream.shutdown.endswith("QuotaReached"):
                kind = SessionLost if self._stream.is_session_lost else SlotLost
                raise kind(f"{self._stream.shutdown}: another session of this login took the slot")
            return line.lost.result()
        finally:
            await self._tidy(line, ticking, settling)

    async def _tidy(self, line: Line, *tasks: asyncio.Task[None]) -> None:
        if line.open:
            error = tasks[-1].exception() if tasks[-1].done() and not tasks[-1].cancelled() else None
            self._on_lost(str(error) if isinstance(error, LockstepError) else "closed by us")
        for task in tasks:
            task.cancel()
        await line.close()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._errands.stop()
        self._line = None

    async def _settle_in(self, line: Line) -> None:
        """From an open socket to live facts."""
        assert self._stream.opened is not None
        try:
            async with asyncio.timeout(self._options.connect_timeout_s):
                await self._stream.opened
        except TimeoutError:
            raise TransientError("the server did not open the stream") from None
        self._text = "authorising"
        try:
            await self._questions.ask("authorize", body=self._access.token, must=True, number=0)
        except AccessError as error:
            raise TokenRefused(f"the socket refused the token ({error})") from None
        self._token_refusals = 0
        self._ledger.forget()
        listed = await self._survey.accounts()
        for account in listed:
            self._ledger.take(account)
        there = {account.name for account in listed}
        mine = [account.id for account in self._accounts if account.name in there]
        missing = [account.name for account in self._accounts if account.name not in there]
        self._missing = f"not on this login: {', '.join(missing)}" if missing else ""
        if not mine:
            raise TransientError(f"none of our accounts is {self._missing.removeprefix('not ')}", 30.0)
        self._desk.attach(line, {account: self._ledger.book.ids[account] for account in mine})
        self._sink([LineRestored(at=self._clock.now(), connection=self.connection)])
        self._text = "signed in, waiting for the snapshot"
        found = await self._survey.first(mine, self._stream.held)
        self._errands.start(line)
        self._stream.go_live(found, mine)
        self._text, self._live_since = "ok", self._clock.monotonic()
        self._errands.spawn(self._renewing(line))
        self._errands.resolve_watched()

    async def _renewing(self, line: Line) -> None:
        """Prolong the token well before its end; the open socket is not touched."""
        while line.open:
            await self._clock.sleep(max(self._access.renew_in_s, 1.0))
            if self._access.renew_in_s > 0:
                continue
            try:
                if not await self._access.renew():
                    raise AccessError("the token could not be renewed; the next connect signs in anew")
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
            self._errands.tick()

    def _on_lost(self, reason: str) -> None:
        """The line can no longer be used: say so at once, and what it means for orders under way."""
        was_up = self._desk.is_attached
        facts = self._desk.detach(reason)
        self._questions.detach(reason)
        self._survey.drop(reason)
        self._stream.detach(reason)
        self._text = f"line lost ({reason})"
        if was_up:
            facts.insert(0, LineLost(at=self._clock.now(), connection=self.connection, reason=reason))
        self._tell(facts)

    def _own(self, order: int, client: OrderId) -> None:
        self._ledger.own(order, client)

    def _tell(self, facts: list[Event]) -> None:
        if facts:
            asyncio.get_running_loop().call_soon(self._sink, facts)
