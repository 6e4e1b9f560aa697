"""Requests whose answer somebody awaits: numbered, budgeted, timed, and failed together when the line goes."""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec

from engine.brokers.tradovate.body import with_ticket
from engine.brokers.tradovate.line import Line, SessionLost
from engine.brokers.tradovate.options import Options
from engine.brokers.tradovate.pacer import Pacer
from engine.brokers.tradovate.wire import penalty_of, reply, request
from engine.errors import AccessError, TransientError
from engine.ports import Clock

Part = Callable[[msgspec.Raw], None]


class Questions:
    """Asks over the line that it is given; answers are whole or an error, never half."""

    def __init__(self, options: Options, pacer: Pacer, clock: Clock, number: Callable[[], int]) -> None:
        self._options = options
        self._pacer = pacer
        self._clock = clock
        self._number = number
        self._line: Line | None = None
        self._open: dict[int, tuple[float, asyncio.Future[tuple[int, msgspec.Raw]]]] = {}
        self._streams: dict[int, Part] = {}

    def attach(self, line: Line) -> None:
        """Ask over ``line`` from now on."""
        self._line = line

    def detach(self, reason: str) -> None:
        """Fail everything that is open."""
        self._line = None
        opened, self._open = self._open, {}
        self._streams.clear()
        for _, future in opened.values():
            fail(future, f"line lost: {reason}")

    async def ask(
        self,
        endpoint: str,
        query: str = "",
        body: str = "",
        *,
        must: bool = False,
        number: int | None = None,
        parts: Part | None = None,
    ) -> msgspec.Raw:
        """Return the payload of a 200 answer; a penalty ticket is waited out and answered once.

        ``must`` asks even when the budget is spent; ``parts`` is called with every answer that carries the number, the
        first one included, until the line goes.

        Raises: TransientError, SlotLost for 408, AccessError for 401 and 403.
        """
        raw = await self._once(endpoint, query, body, must=must, number=number, parts=parts)
        penalty = None
        if b'"p-' in memoryview(raw).tobytes()[:400]:
            try:
                penalty = penalty_of(reply(raw), self._options.blocked_wait_s)
            except msgspec.DecodeError:
                penalty = None
        if penalty is None:
            return raw
        if penalty.ticket is None or penalty.wait_s > 60:
            raise TransientError(f"{endpoint}: held back by the broker ({penalty.reason})", penalty.wait_s)
        await self._clock.sleep(penalty.wait_s)
        raw = await self._once(endpoint, query, with_ticket(body, penalty.ticket), must=must, number=None, parts=parts)
        if b'"p-ticket"' in memoryview(raw).tobytes()[:400]:
            raise TransientError(f"{endpoint}: held back by the broker again", penalty.wait_s)
        return raw

    async def _once(
        self, endpoint: str, query: str, body: str, *, must: bool, number: int | None, parts: Part | None
    ) -> msgspec.Raw:
        line, now = self._line, self._clock.monotonic()
        if line is None or not line.open:
            raise TransientError("no line")
        if must:
            self._pacer.spend(now)
        elif not self._pacer.take(1, now, exits=False):
            raise TransientError("the request budget is spent")
        number = self._number() if number is None else number
        future: asyncio.Future[tuple[int, msgspec.Raw]] = asyncio.get_running_loop().create_future()
        self._open[number] = (now + self._options.request_timeout_s, future)
        if parts is not None:
            self._streams[number] = parts
        line.say(request(endpoint, number, query, body))
        try:
            status, raw = await future
        finally:
            self._open.pop(number, None)
        if status == 200:
            return raw
        self._streams.pop(number, None)
        if status == 408:
            raise SessionLost("408: another session of this login took the slot")
        if status in (401, 403):
            raise AccessError(f"{endpoint}: {status}")
        if status in (423, 429):
            self._pacer.pause(now + self._options.blocked_wait_s)
            raise TransientError(f"{endpoint}: {status}", self._options.blocked_wait_s)
        raise TransientError(f"{endpoint}: {status}")

    def answer(self, number: int, status: int, raw: msgspec.Raw) -> None:
        """Take in an answer; one that nobody waits for any more is dropped."""
        part = self._streams.get(number)
        if part is not None and status == 200:
            part(raw)
        held = self._open.get(number)
        if held is not None and not held[1].done():
            held[1].set_result((status, raw))

    def tick(self) -> None:
        """Fail what is overdue."""
        now = self._clock.monotonic()
        for due, future in list(self._open.values()):
            if due <= now:
                fail(future, "no answer in time")


def fail(future: asyncio.Future[Any], reason: str) -> None:
    """End a wait with a TransientError, also one that nobody waits for any more."""
    if not future.done():
        future.set_exception(TransientError(reason))
        future.exception()  # marks it as seen: its task may be gone already
