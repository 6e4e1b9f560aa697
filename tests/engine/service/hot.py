"""A hot process for tests: the true log, the true desk and the true link, without brokers."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from engine.domain.decision import Decision, SendLots
from engine.domain.desk import Desk
from engine.domain.entry import encode_entry
from engine.domain.event import (
    Accepted,
    DeskConfigured,
    EngineStarted,
    Event,
    LineRestored,
    OrderAnswered,
    OrderFilled,
    OrdersSent,
    PersonActed,
    QuoteMarked,
    SnapshotTaken,
)
from engine.domain.group import AccountPlan, DeskPlan, FollowerPlan, GroupPlan, Multiplier
from engine.domain.ids import AccountId, BrokerOrderId, ConnectionId, FillId, GroupId, OrderId, Symbol
from engine.ports import LineHealth
from engine.runtime.link import Act, Acted, Declined, LinkServer, Pulse
from engine.storage.log import Log

START = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
TOKEN = "link-token"
LEAD, A, B = AccountId("LEAD"), AccountId("A"), AccountId("B")
NQ = Symbol("NQZ6")


def plan(followers: Sequence[AccountId] = (A, B)) -> DeskPlan:
    line = ConnectionId("line")
    return DeskPlan(
        accounts=(
            AccountPlan(id=LEAD, connection=line, name="D1"),
            *(AccountPlan(id=name, connection=line, name=f"D-{name}", tags=(f"t{name}",)) for name in followers),
        ),
        groups=(
            GroupPlan(
                id=GroupId("MAIN"),
                leader=LEAD,
                followers=tuple(
                    FollowerPlan(account=name, sizing=Multiplier(ratio=Decimal("0.5" if name == B else "1")))
                    for name in followers
                ),
            ),
        ),
    )


class Hot:
    """Facts in, journal out. Time is turned by hand: ``seconds`` after 14:30."""

    def __init__(self, home: Path, segment_bytes: int = 1 << 20) -> None:
        self.log = Log(home, segment_bytes=segment_bytes)
        self.desk = Desk()
        self.link = LinkServer(TOKEN, self.take)
        self.seconds = 0.0
        self.fills = 0
        self.acts: list[Act] = []

    @property
    def at(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    def hear(self, event: Event) -> list[Decision]:
        decisions = self.desk.handle(event)
        self.log.append(encode_entry(self.log.next_seq, event, decisions))
        return decisions

    def take(self, act: Act) -> Acted | Declined:
        self.acts.append(act)
        if act.key in self.desk.state.acts:
            return Acted(ask=act.ask, seq=0)
        if act.by == "eve":
            return Declined(ask=act.ask, error="not Eve")
        self.hear(PersonActed(at=self.at, key=act.key, by=act.by, command=act.command))
        return Acted(ask=act.ask, seq=self.log.next_seq - 1)

    def begin(self, followers: Sequence[AccountId] = (A, B)) -> None:
        """Settings, a line, and everybody flat."""
        self.hear(EngineStarted(at=self.at, run="run-1", version="1"))
        self.hear(DeskConfigured(at=self.at, plan=plan(followers)))
        self.hear(LineRestored(at=self.at, connection=ConnectionId("line")))
        for account in (LEAD, *followers):
            self.hear(
                SnapshotTaken(
                    at=self.at,
                    account=account,
                    holdings=(),
                    orders=(),
                    fills=(),
                    balance=Decimal(50_000),
                    day_profit=Decimal(0),
                )
            )
        self.hear(QuoteMarked(at=self.at, symbol=NQ, bid=Decimal(20000), ask=Decimal("20000.25"), last=Decimal(20000)))

    def fill(self, account: AccountId, quantity: int, price: str, client: OrderId | None = None) -> list[Decision]:
        self.fills += 1
        return self.hear(
            OrderFilled(
                at=self.at,
                account=account,
                fill=FillId(f"f{self.fills}"),
                order=BrokerOrderId(f"o{self.fills}"),
                symbol=NQ,
                quantity=quantity,
                price=Decimal(price),
                traded_at=self.at - timedelta(milliseconds=5),
                client=client,
            )
        )

    def lead(self, quantity: int, price: str = "20000.00") -> SendLots:
        """A leader fill; the orders are sent 150 µs later."""
        self.seconds += 1
        heard = self.at
        sends = next(d for d in self.fill(LEAD, quantity, price) if isinstance(d, SendLots))
        offsets = tuple(10 * (i + 1) for i in range(len(sends.lots)))
        sent_at = heard + timedelta(microseconds=140)
        self.hear(OrdersSent(at=sent_at, cause=sends.cause, heard_at=heard, offsets_us=offsets))
        return sends

    def answer(self, sends: SendLots, price: str = "20000.25") -> None:
        """Every order is accepted 50 ms after the leader's fill and filled 60 ms after it."""
        before = self.seconds
        for client, account, _, quantity in sends.lots:
            self.seconds = before + 0.05
            self.hear(
                OrderAnswered(
                    at=self.at, account=account, client=client, outcome=Accepted(order=BrokerOrderId(f"b-{client}"))
                )
            )
            self.seconds = before + 0.06
            self.fill(account, quantity, price, client)
        self.seconds = before + 0.1

    def pulse(self) -> Pulse:
        line = LineHealth(
            connection=ConnectionId("line"),
            broker="paper",
            up=True,
            text="ok",
            heard_s=0.1,
            round_trip_ms=12.0,
            budget_left=60,
        )
        return Pulse(
            at=self.at,
            run="run-1",
            version="1",
            up_s=self.seconds,
            seq=self.log.next_seq - 1,
            loop_ms=0.2,
            events_per_s=3.0,
            lines=(line,),
        )

    async def close(self) -> None:
        await self.link.close()
        self.log.close()
