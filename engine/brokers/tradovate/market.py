"""The market-data socket: best prices of the watched contracts, on a line of its own."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from engine.brokers.tradovate import wire
from engine.brokers.tradovate.auth import Access
from engine.brokers.tradovate.body import json_text
from engine.brokers.tradovate.frame import Framer
from engine.brokers.tradovate.gate import gate
from engine.brokers.tradovate.line import Line, dial
from engine.brokers.tradovate.options import Options
from engine.domain.event import Event, QuoteMarked
from engine.domain.ids import Symbol
from engine.errors import TransientError
from engine.ports import Clock, Sink

_TICK_S: Final = 0.5


class Market:
    """Connects when something is watched and a token is there, and reconnects for ever."""

    def __init__(
        self,
        options: Options,
        framer: Framer,
        access: Access,
        clock: Clock,
        names: Mapping[int, Symbol],
        sink: Sink,
    ) -> None:
        """``names`` are the contracts known by number, shared with whoever learns them: quotes carry nothing else."""
        self.symbols: list[Symbol] = []
        self.text = ""  # what is wrong, for the health card
        self._options = options
        self._framer = framer
        self._access = access
        self._clock = clock
        self._names = names
        self._sink = sink
        self._asked: set[Symbol] = set()
        self._line: Line | None = None
        self._is_authorised = False
        self._number = 0

    def watch(self, symbols: Sequence[Symbol]) -> None:
        """Add to what is watched."""
        self.symbols += [symbol for symbol in symbols if symbol not in self.symbols]
        self.subscribe()

    def _mark(self, quotes: list[wire.Quote]) -> None:
        now = self._clock.now()
        found: list[Event] = []
        for quote in quotes:
            symbol = self._names.get(quote.contract_id)
            bid, ask, last = (quote.entries.get(name) for name in ("Bid", "Offer", "Trade"))
            if symbol is None or not (bid or ask or last):
                continue
            found.append(
                QuoteMarked(
                    at=now,
                    symbol=symbol,
                    bid=bid.price if bid is not None else None,
                    ask=ask.price if ask is not None else None,
                    last=last.price if last is not None else None,
                )
            )
        if found:
            self._sink(found)

    async def run(self) -> None:
        """Stream for ever; returns only when cancelled."""
        attempt = 0
        while True:
            if not self.symbols or not self._access.token:
                await self._clock.sleep(_TICK_S)
                continue
            try:
                began = self._clock.monotonic()
                await self._visit()
                attempt = 0 if self._clock.monotonic() - began > 60 else attempt + 1
            except TransientError as error:
                attempt += 1
                self.text = f"quotes: {error}"
            await self._clock.sleep(
                min(self._options.backoff_limit_s, self._options.backoff_s * 2.0 ** min(attempt, 16))
            )

    async def _visit(self) -> None:
        options = self._options
        async with gate().passing(self._clock, options.connect_spacing_s):
            line = self._line = await dial(options.market, options, self._framer, self._clock)
        line.listen(self._on_frame)
        try:
            beat = self._clock.monotonic()
            while line.open:
                await self._clock.sleep(_TICK_S)
                now = self._clock.monotonic()
                if now - line.heard > options.liveness_s:
                    line.end("silent")
                elif now - beat >= options.heartbeat_s:
                    beat = now
                    line.beat()
            self.text = f"quotes: line lost ({line.lost.result()})"
        finally:
            self._line, self._is_authorised = None, False
            self._asked.clear()
            await line.close()

    def _on_frame(self, data: bytes) -> None:
        line = self._line
        if line is None:
            return
        if data[:1] == b"o":
            self._number = 0
            line.say(wire.request("authorize", 0, body=self._access.market_token))
        elif data[:1] == b"c":
            line.end(wire.close_text(data))
        elif data[:1] == b"a":
            try:
                for message in wire.messages(data[1:]):
                    self._message(line, message)
            except msgspec.DecodeError:
                line.end("frame not understood")

    def _message(self, line: Line, message: wire.Message) -> None:
        if message.e == "md":
            self._mark(wire.quotes(message.d).quotes)
        elif message.e == "shutdown":
            line.end(wire.shutdown(message.d).reason_code)
        elif message.i == 0 and not message.e:
            if message.s == 200:
                self._is_authorised, self.text = True, ""
                self.subscribe()
            else:
                line.end(f"market data refused: {message.s}")
        elif message.i > 0 and (message.s != 200 or b"errorText" in bytes(message.d)):
            self.text = "quotes: a subscription was refused"

    def subscribe(self) -> None:
        """Ask for the quotes of every watched contract whose number is known and that was not asked for yet."""
        line = self._line
        if line is None or not self._is_authorised or not line.open:
            return
        known = set(self._names.values())
        for symbol in self.symbols:
            if symbol in known and symbol not in self._asked:
                self._asked.add(symbol)
                self._number += 1
                line.say(wire.request("md/subscribeQuote", self._number, body=json_text({"symbol": symbol})))
