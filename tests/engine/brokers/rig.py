"""A session against the simulated venue on a hand-turned clock, and the inbox where its facts land."""

import asyncio
from collections.abc import Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from engine.brokers import load
from engine.domain.event import Event, SnapshotTaken
from engine.domain.group import AccountPlan
from engine.domain.ids import AccountId, ConnectionId, OrderId, Symbol, order_id
from engine.ports import ConnectContext, Session
from engine.sim.desk import AccountPlan as VenueAccount
from engine.sim.desk import Desk, LoginPlan
from engine.sim.server import VenueServer
from tests.clock import HandClock

F = TypeVar("F", bound=Event)
CONNECTION = ConnectionId("firm")
LEAD, ONE, TWO = AccountId("LEAD"), AccountId("ONE"), AccountId("TWO")
NAMES = {LEAD: "DEMO1", ONE: "DEMO2", TWO: "DEMO3"}
MNQ = Symbol("MNQZ6")
DESK = Desk(
    logins=(
        LoginPlan(
            user="trader",
            password="pass-word-1",
            accounts=tuple(VenueAccount(name=name) for name in NAMES.values()),
            cid="7",
            sec="key-secret",
            code="code-one",
        ),
    )
)
SECRETS = {"password": "pass-word-1", "cid": "7", "sec": "key-secret", "client_secret": "key-secret"}


class Inbox:
    """Every fact in order; waits for one without sleeping."""

    def __init__(self) -> None:
        self.facts: list[Any] = []
        self.calls: list[list[Any]] = []
        self._news = asyncio.Event()

    def __call__(self, facts: list[Event]) -> None:
        self.calls.append(facts)
        self.facts += facts
        self._news.set()

    def of(self, kind: type[F]) -> list[F]:
        return [fact for fact in self.facts if isinstance(fact, kind)]

    async def until(self, check: Callable[[], object], timeout_s: float = 5.0) -> None:
        try:
            async with asyncio.timeout(timeout_s):
                while not check():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"waited in vain; got {self.facts[-8:]}") from None

    async def one(self, kind: type[F], count: int = 1) -> list[F]:
        await self.until(lambda: len(self.of(kind)) >= count)
        return self.of(kind)

    def clear(self) -> None:
        self.facts.clear()
        self.calls.clear()


class Rig:
    """One session and its venue."""

    def __init__(self, server: VenueServer, clock: HandClock, **options: Any) -> None:
        self.server = server
        self.venue = server.venue
        self.clock = clock
        self.inbox = Inbox()
        broker = load("tradovate")
        settings: dict[str, Any] = {
            "user": "trader",
            "rest_url": server.rest_url,
            "socket_url": server.socket_url,
            "market_url": server.market_url,
            "oauth_url": server.oauth_url,
            "connect_spacing_s": 0.0,
        }
        secrets = {**SECRETS, **options.pop("secrets", {})}
        accounts = options.pop("accounts", NAMES)
        self.context = ConnectContext(
            connection=CONNECTION,
            accounts=tuple(AccountPlan(id=alias, connection=CONNECTION, name=name) for alias, name in accounts.items()),
            options=broker.options(**(settings | options)),
            secrets=secrets,
            device="machine-1",
        )
        self.session: Session = broker.connect(self.context, self.inbox, clock)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self.session.run())

    async def live(self) -> None:
        self.start()
        await self.inbox.one(SnapshotTaken, len(self.context.accounts))

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def turning(self, seconds: float, check: Callable[[], object], step_s: float = 0.25) -> None:
        """Turn the clock in steps, with room for the sockets in between, until ``check`` holds."""
        for _ in range(int(seconds / step_s) + 1):
            if check():
                return
            await self.clock.turn(step_s)
            for _ in range(30):
                if check():
                    return
                await asyncio.sleep(0)
            await self.breathe()
        assert check(), self.inbox.facts[-8:]

    async def breathe(self) -> None:
        """Let bytes that are under way on the loopback arrive: one round trip to the control port."""
        url = self.server.control_url.removeprefix("http://")
        host, port = url.split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"GET /sim/fault HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        await reader.readline()
        writer.close()
        await writer.wait_closed()

    def account(self, alias: AccountId) -> Any:
        return self.venue.accounts[NAMES[alias]]

    def lot(self, cause: str, alias: AccountId, quantity: int) -> tuple[OrderId, AccountId, Symbol, int]:
        return order_id(cause, alias), alias, MNQ, quantity


@asynccontextmanager
async def rig(desk: Desk = DESK, **options: Any):
    clock = HandClock()
    async with VenueServer(desk, clock=clock) as server:
        made = Rig(server, clock, **options)
        try:
            yield made
        finally:
            await made.stop()
