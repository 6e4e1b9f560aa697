"""The stage of every scenario: a venue and an engine over real sockets, in one process, with a leader to trade."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from engine.app import Engine
from engine.brokers.tradovate.options import Options
from engine.domain.command import Command
from engine.domain.copier import Copier
from engine.domain.entry import decode_entry
from engine.domain.group import AccountPlan, Caps, DeskPlan, Exact, FollowerPlan, GroupPlan
from engine.domain.ids import AccountId, ConnectionId, GroupId, Symbol
from engine.ports import ConnectContext
from engine.runtime.clock import SystemClock
from engine.sim.desk import AccountPlan as VenueAccount
from engine.sim.desk import Desk as VenueDesk
from engine.sim.desk import LoginPlan
from engine.sim.server import VenueServer

LEADER = AccountId("LEAD-1")
PATIENCE_S = 15.0
QUICK = {
    "connect_spacing_s": 0.0,
    "backoff_s": 0.05,
    "backoff_limit_s": 0.2,
    "split_quiet_s": 0.2,
    "settle_s": 0.05,
    "quota_wait_s": 0.5,
    "requests_per_minute": 100_000,
    "requests_per_hour": 1_000_000,
}


def follower(name: str, **plan: Any) -> FollowerPlan:
    plan.setdefault("sizing", Exact())
    plan.setdefault("caps", Caps(orders_per_minute=10_000))
    plan.setdefault("max_run_ticks", -1)
    return FollowerPlan(account=AccountId(name), **plan)


@dataclass
class Stage:
    """Handles to everything on stage. Accounts are spread over logins of up to ``per_login`` followers."""

    home: Path
    followers: list[FollowerPlan]
    per_login: int = 2
    balances: dict[str, Decimal] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    clock: SystemClock = field(default_factory=SystemClock)
    venue: VenueServer = field(init=False)
    engine: Engine = field(init=False)
    _task: asyncio.Task[None] | None = None

    def logins(self) -> dict[str, list[str]]:
        names = [plan.account for plan in self.followers]
        groups = {"lead": [str(LEADER)]}
        for i in range(0, len(names), self.per_login):
            groups[f"login{i // self.per_login + 1}"] = [str(name) for name in names[i : i + self.per_login]]
        return groups

    def login_of(self, account: str) -> str:
        return next(login for login, names in self.logins().items() if account in names)

    async def open_venue(self) -> None:
        plans = tuple(
            LoginPlan(
                user=login,
                password="secret",
                accounts=tuple(
                    VenueAccount(name=name, balance=self.balances.get(name, Decimal(100_000))) for name in names
                ),
            )
            for login, names in self.logins().items()
        )
        self.venue = VenueServer(VenueDesk(logins=plans), clock=self.clock, source=iter(()))
        await self.venue.start()
        for symbol, price in (("NQZ6", "21000"), ("ESZ6", "6000"), ("GCZ6", "2650")):
            self.venue.venue.set_price(symbol, Decimal(price))

    def plan(self) -> DeskPlan:
        accounts = tuple(
            AccountPlan(id=AccountId(name), connection=ConnectionId(login), name=name)
            for login, names in self.logins().items()
            for name in names
        )
        group = GroupPlan(id=GroupId("MAIN"), leader=LEADER, followers=tuple(self.followers))
        return DeskPlan(accounts=accounts, groups=(group,))

    def connections(self) -> list[tuple[str, ConnectContext]]:
        urls = {name: getattr(self.venue, name) for name in ("rest_url", "socket_url", "market_url", "oauth_url")}
        plan = self.plan()
        return [
            (
                "tradovate",
                ConnectContext(
                    connection=ConnectionId(login),
                    accounts=tuple(account for account in plan.accounts if account.connection == login),
                    options=Options(**{**urls, "user": login, **QUICK, **self.options}),
                    secrets={"password": "secret"},
                    device="stage",
                ),
            )
            for login in self.logins()
        ]

    async def open_engine(self) -> None:
        self.engine = Engine(self.home, self.plan(), self.connections(), self.clock)
        self._task = asyncio.create_task(self.engine.run())
        await self.until(self.is_in_step, "leader and followers in step")

    def is_in_step(self) -> bool:
        state = self.engine.shard.desk.state
        books = list(state.leaders.values())
        return bool(books) and all(book.is_synced for book in books) and all(c.is_ready for c in state.copiers.values())

    async def close_engine(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def close(self) -> None:
        await self.close_engine()
        await self.venue.stop()

    # ---- acting ----------------------------------------------------------------------------------------------------

    def lead(self, quantity: int, symbol: str = "NQZ6") -> None:
        """The leader trades at market in his own platform."""
        self.trade(str(LEADER), quantity, symbol)

    def trade(self, name: str, quantity: int, symbol: str = "NQZ6") -> None:
        """Somebody trades at market on any account, by hand."""
        self.venue.venue.trade(self.venue.venue.accounts[name], symbol, quantity)

    def price(self, price: str, symbol: str = "NQZ6") -> None:
        """The market trades at a price."""
        self.venue.venue.set_price(symbol, Decimal(price))

    def act(self, command: Command, key: str = "act-1") -> None:
        self.engine.act(key, "tester", command)

    # ---- seeing ----------------------------------------------------------------------------------------------------

    def copiers(self) -> dict[AccountId, Copier]:
        return self.engine.shard.desk.state.copiers

    def copier(self, name: str) -> Copier:
        return self.copiers()[AccountId(name)]

    def held(self, name: str, symbol: str = "NQZ6") -> int:
        """What the VENUE says the account holds."""
        position = self.venue.venue.accounts[name].positions.get(symbol)
        return position.net if position else 0

    def entries(self) -> list[Any]:
        self.engine.shard.flush()
        return [decode_entry(record.payload) for record in self.engine.log.read()]

    def decisions(self, kind: type[Any]) -> list[Any]:
        return [decision for entry in self.entries() for decision in entry.decisions if isinstance(decision, kind)]

    async def until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait for something that sockets bring about."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + PATIENCE_S
        while not condition():
            if self._task is not None and self._task.done():
                self._task.result()
            assert loop.time() < deadline, f"waited {PATIENCE_S:g} s in vain for: {what}"
            await asyncio.sleep(0.005)

    async def until_held(self, wanted: dict[str, int], symbol: str = "NQZ6") -> None:
        await self.until(
            lambda: all(self.held(name, symbol) == net for name, net in wanted.items()),
            f"{symbol} {wanted}, has { {name: self.held(name, symbol) for name in wanted} }",
        )


@asynccontextmanager
async def staged(home: Path, followers: list[FollowerPlan], **settings: Any) -> AsyncIterator[Stage]:
    stage = Stage(home, followers, **settings)
    await stage.open_venue()
    try:
        await stage.open_engine()
        yield stage
    finally:
        await stage.close()
