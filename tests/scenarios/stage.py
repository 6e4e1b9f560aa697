"""The stage of every scenario: a venue and an engine over real sockets, in one process, with a leader to trade.

The venue's own books are the judge: positions, orders received by client id, working orders. Time is a ``SwiftClock``:
a story that waits for the domain's seconds runs with ``speed`` above 1.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from engine.app import Engine
from engine.brokers.tradovate.options import Options
from engine.domain.command import Command
from engine.domain.copier import Copier
from engine.domain.decision import Raised, Skipped
from engine.domain.entry import decode_entry
from engine.domain.group import AccountPlan, Caps, DeskPlan, Exact, FollowerPlan, GroupPlan, LeaderLost
from engine.domain.guardplan import GuardPlan
from engine.domain.ids import AccountId, ConnectionId, GroupId, Symbol, is_ours
from engine.domain.intake import IntakePlan
from engine.domain.keeping import Keeping
from engine.domain.timetable import Timetable
from engine.ports import Clock, ConnectContext
from engine.sim.desk import AccountPlan as VenueAccount
from engine.sim.desk import Desk as VenueDesk
from engine.sim.desk import LoginPlan
from engine.sim.fault import Armed, Happening
from engine.sim.order import Order, Received
from engine.sim.server import VenueServer
from engine.sim.tradovate.call import Addressed, Call
from engine.sim.tradovate.wire import Answer
from tests.scenarios.swift import SwiftClock

LEADER = AccountId("LEAD-1")
RIVAL = AccountId("LEAD-2")
PATIENCE_S = 20.0
PRICES = {
    "NQZ6": "21000", "ESZ6": "6000", "GCZ6": "2650", "YMZ6": "44000", "RTYZ6": "2300", "CLF7": "70", "6EZ6": "1.10",
}  # fmt: skip
MICROS = ("MNQZ6", "MESZ6", "MGCZ6", "MYMZ6", "M2KZ6", "MCLF7")
QUICK = {
    "connect_spacing_s": 0.0,
    "backoff_s": 0.05,
    "backoff_limit_s": 0.2,
    "split_quiet_s": 0.2,
    "settle_s": 0.05,
    "quota_wait_s": 0.5,
    "requests_per_minute": 100_000,
    "requests_per_hour": 1_000_000,
    "liveness_s": 1e6,  # on a busy machine a swift clock must not take a breath for a dead line
    "answer_timeout_s": 1e4,
    "request_timeout_s": 1e4,
}


class Placing(Addressed, frozen=True, kw_only=True):
    """What the ear wants to know of an order request."""

    cl_ord_id: str | None = msgspec.field(name="clOrdId", default=None)


def follower(name: str, **plan: Any) -> FollowerPlan:
    plan.setdefault("sizing", Exact())
    plan.setdefault("caps", Caps(orders_per_minute=10_000))
    plan.setdefault("max_run_ticks", -1)
    plan.setdefault("max_age_s", Decimal(0))
    return FollowerPlan(account=AccountId(name), **plan)


@dataclass
class Stage:
    """Handles to everything on stage. Accounts are spread over logins of up to ``per_login`` followers.

    ``rivals`` are the followers of a second leader, LEAD-2. ``rules`` are the venue's own for an account,
    ``venue_options`` its set-up, ``options`` the adapter's.
    """

    home: Path
    followers: list[FollowerPlan]
    per_login: int = 2
    rivals: list[FollowerPlan] = field(default_factory=list)
    balances: dict[str, Decimal] = field(default_factory=dict)
    rules: dict[str, dict[str, Any]] = field(default_factory=dict)
    venue_options: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    keepings: dict[str, Keeping] = field(default_factory=dict)  # limits of followers, or of a leader
    intakes: dict[str, IntakePlan] = field(default_factory=dict)  # which entries followers take
    timetables: dict[str, Timetable] = field(default_factory=dict)  # times that followers keep
    leader_lost: LeaderLost = field(default_factory=LeaderLost)
    guard: GuardPlan | None = None  # of LEAD-1
    passwords: dict[str, str] = field(default_factory=dict)  # what the engine believes, by login
    is_live: bool = False  # real money, as people are told
    speed: float = 1.0
    clock: Clock = None  # type: ignore[assignment]  # a SwiftClock of ``speed`` unless given
    venue: VenueServer = field(init=False)
    engine: Engine = field(init=False)
    clerk: dict[str, str] | None = None  # the environment of the control API's process; none: no such process
    told: list[str] = field(default_factory=list)  # lines for the terminal
    asked: list[tuple[str, str, str | None]] = field(default_factory=list)  # endpoint, login, client id: every request
    _task: asyncio.Task[None] | None = None

    def __post_init__(self) -> None:
        if self.clock is None:
            self.clock = SwiftClock(self.speed)

    def logins(self) -> dict[str, list[str]]:
        names = [plan.account for plan in (*self.followers, *self.rivals)]
        groups = {"lead": [str(LEADER)]}
        if self.rivals:
            groups["lead2"] = [str(RIVAL)]
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
                    VenueAccount(
                        name=name, balance=self.balances.get(name, Decimal(100_000)), **self.rules.get(name, {})
                    )
                    for name in names
                ),
            )
            for login, names in self.logins().items()
        )
        prices = {symbol: Decimal(price) for symbol, price in PRICES.items()}
        settings = {"contracts": (*PRICES, *MICROS), "prices": prices, "silence_s": 1e6, **self.venue_options}
        self.venue = VenueServer(VenueDesk(logins=plans, **settings), clock=self.clock, source=iter(()))
        self._listen_in()
        await self.venue.start()

    def _listen_in(self) -> None:
        """Keep every request that reaches the venue, also those that a fault refuses."""
        face, answer = self.venue.face, self.venue.face.answer

        def heard(call: Call) -> Answer:
            is_order = call.endpoint.startswith("order/place")
            client = call.read(Placing).cl_ord_id if is_order else None
            self.asked.append((call.endpoint, call.user or "", client))
            return answer(call)

        face.answer = heard  # type: ignore[method-assign]  # a test's ear

    def plan(self) -> DeskPlan:
        accounts = tuple(
            AccountPlan(
                id=AccountId(name),
                connection=ConnectionId(login),
                name=name,
                live=self.is_live,
                guard=self.guard if name == LEADER else None,
            )
            for login, names in self.logins().items()
            for name in names
        )
        plans = tuple(self.followers)
        groups = [GroupPlan(id=GroupId("MAIN"), leader=LEADER, followers=plans, leader_lost=self.leader_lost)]
        if self.rivals:
            groups.append(GroupPlan(id=GroupId("OTHER"), leader=RIVAL, followers=tuple(self.rivals)))
        keepings = {AccountId(name): keeping for name, keeping in self.keepings.items()}
        intakes = {AccountId(name): intake for name, intake in self.intakes.items()}
        timetables = {AccountId(name): table for name, table in self.timetables.items()}
        return DeskPlan(
            accounts=accounts, groups=tuple(groups), keepings=keepings, intakes=intakes, timetables=timetables
        )

    def connections(self) -> list[tuple[str, ConnectContext]]:
        urls = {name: getattr(self.venue, name) for name in ("rest_url", "socket_url", "market_url", "oauth_url")}
        plan = self.plan()
        return [
            (
                "tradovate",
                ConnectContext(
                    connection=ConnectionId(login),
                    accounts=tuple(
                        msgspec.structs.replace(account, live=False)
                        for account in plan.accounts
                        if account.connection == login
                    ),
                    options=Options(**{**urls, "user": login, **QUICK, **self.options}),
                    secrets={"password": self.passwords.get(login, "secret")},
                    device="stage",
                ),
            )
            for login in self.logins()
        ]

    async def open_engine(self, *, wait: bool = True) -> None:
        self.engine = Engine(self.home, self.plan(), self.connections(), self.clock)
        self._task = asyncio.create_task(self.engine.run(self.clerk, self.told.append))
        if wait:
            await self.until(self.is_in_step, "leader and followers in step")

    def is_in_step(self) -> bool:
        state = self.engine.shard.desk.state
        return (
            state.run == self.engine.run_id  # what was in step belongs to the process before this one
            and all(book.is_synced for book in state.leaders.values())
            and all(copier.is_ready for copier in state.copiers.values())
        )

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

    def fault(self, fault: Armed | Happening) -> None:
        self.venue.fault(fault)

    # ---- seeing ----------------------------------------------------------------------------------------------------

    def copiers(self) -> dict[AccountId, Copier]:
        return self.engine.shard.desk.state.copiers

    def copier(self, name: str) -> Copier:
        return self.copiers()[AccountId(name)]

    def held(self, name: str, symbol: str = "NQZ6") -> int:
        """What the VENUE says the account holds."""
        position = self.venue.venue.accounts[name].positions.get(symbol)
        return position.net if position else 0

    def traded(self, name: str) -> int:
        """Contracts that an account has traded in all, bought and sold, by the VENUE's fills."""
        fills = self.venue.venue.exchange.fills.values()
        return sum(fill.qty for fill in fills if fill.order.account == name)

    def received(self, name: str) -> list[Received]:
        """Orders of ours that the VENUE was asked for on an account, refused ones too."""
        return [order for order in self.venue.venue.received if order.account == name and is_ours(order.client_id)]

    def sizes(self, name: str) -> list[int]:
        """Signed sizes of ``received``, in order of arrival."""
        return [order.side * order.qty for order in self.received(name)]

    def working(self, name: str) -> list[Order]:
        """Orders of an account that can still fill, by the VENUE's books."""
        return self.venue.venue.working(self.venue.venue.accounts[name])

    def path(self, name: str, symbol: str = "NQZ6") -> list[int]:
        """Every position that the account has held, in order, by the VENUE's fills."""
        nets, net = [], 0
        for fill in self.venue.venue.exchange.fills.values():
            if fill.order.account == name and fill.order.contract.symbol == symbol:
                net += fill.qty * fill.order.side
                nets.append(net)
        return nets

    def assert_no_double(self) -> None:
        """Each client order id reached the venue at most once, a request with a ticket aside."""
        ids = [order.client_id for order in self.venue.venue.received if is_ours(order.client_id)]
        assert len(ids) == len(set(ids)), f"doubled: {[name for name in ids if ids.count(name) > 1]}"

    def is_quiet(self) -> bool:
        """The leaders' fills are heard, nothing is in flight, each position is as its lane wants, the venue agrees."""
        leaders = self.engine.shard.desk.state.leaders
        is_heard = all(
            str(fill.id) in leaders[AccountId(fill.order.account)].seen
            for fill in self.venue.venue.exchange.fills.values()
            if fill.order.account in leaders
        )
        return is_heard and all(
            not copier.flights and lane.is_settled() and lane.held == self.held(name, symbol)
            for name, copier in self.copiers().items()
            for symbol, lane in copier.lanes.items()
        )

    async def until_quiet(self) -> None:
        await self.until(self.is_quiet, "quiet")

    async def stand(self, seconds: float) -> None:
        """Let so many seconds of the story's clock pass."""
        end = self.clock.monotonic() + seconds
        await self.until(lambda: self.clock.monotonic() >= end, f"{seconds} s")

    def notices(self, code: str, account: str | None = None) -> list[str]:
        """Texts of what people were told."""
        return [
            raised.text
            for raised in self.decisions(Raised)
            if raised.code == code and account in (None, raised.account)
        ]

    def skips(self, account: str) -> list[tuple[str, int]]:
        """Check and size of each entry that was not copied."""
        return [(skip.check, skip.wanted) for skip in self.decisions(Skipped) if skip.account == account]

    async def until_skipped(self, account: str, *skips: tuple[str, int]) -> None:
        await self.until(lambda: self.skips(account) == list(skips), f"{account} skips {skips}")

    def believed(self, name: str, symbol: str = "NQZ6") -> int:
        """What the engine says the follower holds."""
        lane = self.copier(name).lanes.get(Symbol(symbol))
        return lane.held if lane else 0

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
            if loop.time() > deadline:
                raise AssertionError(f"waited {PATIENCE_S:g} s in vain for: {what}\n{self.picture()}")
            await asyncio.sleep(0.003)

    async def until_held(self, wanted: dict[str, int], symbol: str = "NQZ6") -> None:
        """Wait until the VENUE says that the accounts hold this, and the engine has heard of it."""
        await self.until(
            lambda: all(self.held(name, symbol) == self.believed(name, symbol) == net for name, net in wanted.items()),
            f"{symbol} {wanted}",
        )

    def picture(self) -> str:
        """What the venue and the engine hold now, for a failure's message."""
        lines = [f"  {name}: venue {self.path(name)} received {self.sizes(name)}" for name in self.venue.venue.accounts]
        if not hasattr(self, "engine"):  # it runs in another process
            return "\n".join(lines)
        for name, copier in self.copiers().items():
            lines += [
                f"  {name} {lane.symbol}: target {lane.target} goal {lane.goal} held {lane.held} +{lane.buys} -{lane.sells}"
                f" {lane.barred} {copier.barred} {list(copier.flights)}"
                for lane in copier.lanes.values()
            ]
        lines += [
            f"  skipped {skip.account} {skip.wanted}: {skip.check} {skip.figures}" for skip in self.decisions(Skipped)
        ]
        return "\n".join(lines + [f"  {raised.code}: {raised.text}" for raised in self.decisions(Raised)[-8:]])


@asynccontextmanager
async def staged(home: Path, followers: list[FollowerPlan], **settings: Any) -> AsyncIterator[Stage]:
    stage = Stage(home, followers, **settings)
    await stage.open_venue()
    try:
        await stage.open_engine()
        yield stage
    finally:
        await stage.close()
