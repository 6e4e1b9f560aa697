"""The venue on real sockets: REST and user socket on one port, market data on a second, control on a third."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from functools import partial
from types import TracebackType
from typing import Any, Self

from engine.ports import Clock
from engine.sim.control import Control
from engine.sim.desk import DEMO, Desk
from engine.sim.fault import Armed, Fault, Happening
from engine.sim.http import HttpAnswer, HttpRequest, HttpWire, Port
from engine.sim.market import Step, walk
from engine.sim.socket import SocketWire
from engine.sim.tradovate.face import Face
from engine.sim.tradovate.line import Line, Role
from engine.sim.tradovate.strike import strike
from engine.sim.tradovate.wire import Answer, encode
from engine.sim.venue import Venue

HOST = "127.0.0.1"
ROLES: tuple[Role, Role] = ("user", "market")


class VenueServer:
    """A venue that listens. ``venue`` and ``face`` may be used directly by a test in the same process."""

    def __init__(
        self,
        desk: Desk = DEMO,
        *,
        clock: Clock,
        source: Iterator[Step] | None = None,
        control_token: str | None = None,
    ) -> None:
        self.venue = Venue(desk, clock, self._later)
        self.face = Face(self.venue, later=self._later, soon=self._soon)
        self.control = Control(self.face, control_token)
        self.rest_url = self.oauth_url = self.socket_url = self.market_url = self.control_url = ""
        self._clock = clock
        self._source = source if source is not None else self._walk()
        self._servers: list[asyncio.Server] = []
        self._open: set[asyncio.Transport] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        """Start."""
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        await self.stop()

    @property
    def urls(self) -> dict[str, str]:
        """Where everything is, for a file that another process reads."""
        return {
            "rest_url": self.rest_url,
            "oauth_url": self.oauth_url,
            "socket_url": self.socket_url,
            "market_url": self.market_url,
            "control_url": self.control_url,
        }

    async def start(self) -> None:
        """Listen on three free ports and let the market move."""
        user, market = (
            Port(
                answer=self._rest,
                later=self._later,
                clock=self._clock,
                connect=partial(self._connect, role),
                refuse_upgrade=self.face.refuse_upgrade,
            )
            for role in ROLES
        )
        control = Port(answer=self.control.answer, later=self._later, clock=self._clock)
        main = await self._listen(user)
        self.rest_url = f"http://{HOST}:{main}/v1"
        self.oauth_url = f"http://{HOST}:{main}/auth/oauthtoken"
        self.socket_url = f"ws://{HOST}:{main}/v1/websocket"
        self.market_url = f"ws://{HOST}:{await self._listen(market)}/v1/websocket"
        self.control_url = f"http://{HOST}:{await self._listen(control)}"
        self._spawn(self._pulse())
        self._spawn(self._trade())

    async def stop(self) -> None:
        """Close every port, line and task."""
        for server in self._servers:
            server.close()
        for transport in list(self._open):
            transport.abort()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for server in self._servers:
            await server.wait_closed()
        self._servers.clear()

    def fault(self, fault: Armed | Happening) -> object:
        """Arm a fault or let an act happen, as the control port does."""
        if isinstance(fault, Fault):
            self.venue.faults.arm(fault)
            return None
        return strike(self.face, fault)

    async def _listen(self, port: Port) -> int:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: HttpWire(port, self._open), HOST, 0)
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    def _connect(self, role: Role, under: SocketWire) -> Line:
        return self.face.connect(role, under)

    def _rest(self, request: HttpRequest) -> HttpAnswer:
        answer = self.face.answer_rest(request.path, request.query, request.body, request.token, request.basic)
        return _http(answer)

    async def _pulse(self) -> None:
        while True:
            await self._clock.sleep(self.venue.desk.heartbeat_s)
            self.face.pulse()

    async def _trade(self) -> None:
        for step in self._source:
            await self._clock.sleep(step.wait_s)
            self.venue.tick(step.moves)

    def _walk(self) -> Iterator[Step]:
        desk = self.venue.desk
        if desk.walk_every_s <= 0:
            return iter(())
        families = {}
        prices = {}
        for symbol in desk.contracts:
            contract = self.venue.contract(symbol)
            quote = self.venue.market.quote(symbol)
            if contract is not None and quote is not None:
                families[contract.family] = self.venue.family(symbol)
                prices[contract.family] = quote.last
        return walk(families, prices, seed=desk.seed, every_s=desk.walk_every_s)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _later(self, seconds: float, action: Callable[[], None]) -> None:
        self._spawn(self._wait(seconds, action))

    async def _wait(self, seconds: float, action: Callable[[], None]) -> None:
        await self._clock.sleep(seconds)
        action()

    def _soon(self, action: Callable[[], None]) -> None:
        asyncio.get_running_loop().call_soon(action)


def _http(answer: Answer) -> HttpAnswer:
    body = b"" if answer.body is None else encode(answer.body)
    return HttpAnswer(status=answer.status, body=body, delay_s=answer.delay_s, lost=answer.lost, cut=answer.cut)
