"""The engine under measure: the real one, in a process of its own, with a desk as large as asked for."""

import asyncio
import contextlib
import sys
from datetime import time
from decimal import Decimal
from pathlib import Path
from typing import Literal

import msgspec

from engine.app import Engine
from engine.brokers.tradovate.options import Options
from engine.config.settings import EngineTable
from engine.domain.group import AccountPlan, Caps, DeskPlan, Exact, FollowerPlan, GroupPlan
from engine.domain.guardplan import GuardPlan, Rate, SizeLimit, Window
from engine.domain.hours import DayClock
from engine.domain.ids import AccountId, ConnectionId, GroupId, Root
from engine.domain.keeping import Keeping
from engine.domain.terms import DailyLoss, Terms, Trail
from engine.ports import ConnectContext
from engine.runtime import shard
from tests.bench import control

KEEPING = Keeping(  # a firm's strictest kind: the floor follows equity tick by tick, and a day's loss ends the day
    terms=Terms(
        start_balance=Decimal(50_000),
        drawdown=Decimal(2_500),
        mode=Trail.INTRADAY_EQUITY,
        dll=DailyLoss(amount=Decimal(1_000)),
        margin_level=Decimal(1),
    ),
    clock=DayClock(zone="America/New_York", day_start=time(18), cut_off=time(17), flat_by=time(16, 59)),
)

GUARD = GuardPlan(  # every rule that needs no history, none of which the bench's leader breaks
    roots=(Root("NQ"),),
    hours=(
        Window(opens="00:00", closes="23:59", days="mon-sun"),
        Window(opens="23:59", closes="00:00", days="mon-sun"),
    ),
    sizes={"NQ": SizeLimit(order=5, position=20)},
    max_away_ticks=40,
    burst=Rate(count=60, seconds=1),
    flips=Rate(count=60, seconds=1),
)


class Order(msgspec.Struct, frozen=True):
    """What kind of desk to run; handed over as the one argument."""

    name: str
    port: int
    side_port: int
    followers: int
    per_login: int = 1
    home: str = ""
    journal: Literal["on", "off"] = "on"
    clerk: Literal["on", "off"] = "off"
    limits: Literal["on", "off"] = "off"  # limits on each follower, a guard on the leader
    awake_s: int = EngineTable().awake_s  # as a user has it

    def logins(self) -> dict[str, list[str]]:
        """Accounts of each login, the leader's first."""
        names = [f"{self.name}-{i + 1}" for i in range(self.followers)]
        groups = {f"{self.name}-lead": [f"{self.name}-LEAD"]}
        for i in range(0, len(names), self.per_login):
            groups[f"{self.name}-login{i // self.per_login + 1}"] = names[i : i + self.per_login]
        return groups


class NoJournal:
    """Takes everything and keeps nothing: what the journal costs is the difference."""

    next_seq = 1
    is_due = False
    is_urgent = False

    def append_all(self, payloads: list[bytes]) -> None:
        self.next_seq += len(payloads)

    def checkpoint(self, state: bytes) -> None:
        pass


def build(order: Order) -> Engine:
    """The engine with its limits set wide: the bench is no trader."""
    options = Options(
        rest_url=f"http://127.0.0.1:{order.port}/v1",
        socket_url=f"ws://127.0.0.1:{order.port}/v1/websocket",
        market_url=f"ws://127.0.0.1:{order.port}/md",
        requests_per_minute=100_000_000,
        requests_per_hour=100_000_000,
        connect_spacing_s=0.0,
        connect_timeout_s=60.0,
        request_timeout_s=60.0,
        settle_s=0.05,
    )
    caps = Caps(orders_per_minute=1_000_000)
    logins = order.logins()
    accounts = tuple(
        AccountPlan(id=AccountId(name), connection=ConnectionId(login), name=name)
        for login, names in logins.items()
        for name in names
    )
    leader, *followers = (account.id for account in accounts)
    plans = tuple(FollowerPlan(account=name, sizing=Exact(), caps=caps) for name in followers)
    group = GroupPlan(id=GroupId("BENCH"), leader=leader, followers=plans)
    connections = [
        (
            "tradovate",
            ConnectContext(
                connection=ConnectionId(login),
                accounts=tuple(account for account in accounts if account.connection == login),
                options=msgspec.structs.replace(options, user=login),
                secrets={"password": "bench"},
                device="bench",
            ),
        )
        for login in logins
    ]
    keepings = dict.fromkeys(followers, KEEPING) if order.limits == "on" else {}
    if order.limits == "on":
        accounts = (msgspec.structs.replace(accounts[0], guard=GUARD), *accounts[1:])
    desk = DeskPlan(accounts=accounts, groups=(group,), keepings=keepings)
    return Engine(Path(order.home), desk, connections, awake_s=order.awake_s)


class Asked:
    """What the bench may ask of the engine."""

    def __init__(self, desk: Engine, followers: int) -> None:
        self._desk = desk
        self._followers = followers
        self._stuck: set[str] = set()

    async def ready(self) -> str:
        """Return when every follower has been compared and may trade, its limits known."""
        state = self._desk.shard.desk.state
        while len(state.copiers) < self._followers or not (  # noqa: ASYNC110  the engine has no event for the bench
            all(book.is_synced for book in state.leaders.values())
            and all(copier.is_ready and not copier.barred for copier in state.copiers.values())
        ):
            await asyncio.sleep(0.02)
        return "ok"

    async def settle(self) -> str:
        """Return when nothing is in flight; a stuck follower is not waited for."""
        for name, copier in self._desk.shard.desk.state.copiers.items():
            if name not in self._stuck:
                while copier.flights:  # noqa: ASYNC110  as above
                    await asyncio.sleep(0.0005)
        return "ok"

    async def clog(self) -> str:
        """Fill the last follower's socket, which the venue does not read, until the system takes no more."""
        account = list(self._desk.shard.desk.state.copiers)[-1]
        self._stuck.add(account)
        session = self._desk._sessions[ConnectionId(account.rsplit("-", 1)[0] + f"-login{self._followers}")]
        transport = session._line._transport  # type: ignore[attr-defined]  # no port has a use for this
        while transport.get_write_buffer_size() < 65_536:
            transport.write(bytes(65_536))
            await asyncio.sleep(0)
        return str(transport.get_write_buffer_size())


async def main(order: Order) -> None:
    """Run the engine until the bench hangs up."""
    desk = build(order)
    if order.journal == "off":
        desk.shard._journal = NoJournal()
        vars(shard)["encode_entry"] = lambda *_: b""
    clerk = {"LOCKSTEP_HOME": order.home, "LOCKSTEP_API_PORT": "0", "LOCKSTEP_DATABASE": "sqlite"}
    running = asyncio.create_task(desk.run(clerk if order.clerk == "on" else None))
    asked = Asked(desk, order.followers)
    answers: control.Answers = {
        "ready": asked.ready,
        "settle": asked.settle,
        "usage": control.usage,
        "clog": asked.clog,
    }
    serving = asyncio.create_task(control.serve(order.side_port, order.name, answers))
    await asyncio.wait({running, serving}, return_when=asyncio.FIRST_COMPLETED)
    if running.done():
        running.result()
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


if __name__ == "__main__":
    control.raise_limits()
    control.run(main(msgspec.json.decode(sys.argv[1], type=Order)))
