"""Journal entries for tests: one leader event, its copies and what came of them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from engine.domain.command import Pause
from engine.domain.decision import Decision, SendLots, Skipped
from engine.domain.entry import encode_entry
from engine.domain.event import (
    Accepted,
    Event,
    FillBusted,
    OrderAnswered,
    OrderFilled,
    OrdersSent,
    PersonActed,
    RefusalKind,
    Refused,
    TimePassed,
    Unclear,
)
from engine.domain.ids import AccountId, BrokerOrderId, FillId, OrderId, Symbol, order_id
from engine.storage.tail import Record

START = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
A, B = AccountId("A"), AccountId("B")
NQ = Symbol("NQZ6")
CAUSE = "fill:1"
OA, OB = order_id(CAUSE, A), order_id(CAUSE, B)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def fill(
    account: str, name: str, quantity: int, price: str, seconds: float, client: OrderId | None = None
) -> OrderFilled:
    return OrderFilled(
        at=at(seconds),
        account=AccountId(account),
        fill=FillId(name),
        order=BrokerOrderId("o-" + name),
        symbol=NQ,
        quantity=quantity,
        price=Decimal(price),
        traded_at=at(seconds),
        client=client,
    )


STORY: list[tuple[Event, list[Decision]]] = [
    (TimePassed(at=at(0)), []),
    (
        fill("LEAD", "1", 2, "20000.25", 1),
        [
            SendLots(cause=CAUSE, lots=((OA, A, NQ, 2), (OB, B, NQ, 1))),
            Skipped(account=AccountId("C"), symbol=NQ, cause=CAUSE, wanted=2, check="paused", figures="by Ann"),
        ],
    ),
    (OrdersSent(at=at(1.001), cause=CAUSE, heard_at=at(1), offsets_us=(150, 170)), []),
    (OrderAnswered(at=at(1.1), account=A, client=OA, outcome=Unclear(reason="timeout")), []),
    (OrderAnswered(at=at(1.2), account=B, client=OB, outcome=Refused(kind=RefusalKind.ORDER, reason="Margin")), []),
    (fill("A", "2", 1, "20000.50", 1.3, OA), []),
    (OrderAnswered(at=at(1.4), account=A, client=OA, outcome=Accepted(order=BrokerOrderId("77"))), []),
    (fill("A", "3", 1, "20000.75", 1.5, OA), []),
    (fill("A", "3", 1, "20000.75", 1.5, OA), []),
    (PersonActed(at=at(2), key="k1", by="ann", command=Pause(accounts=(A,))), []),
    (FillBusted(at=at(3), account=A, fill=FillId("3"), symbol=NQ, quantity=1, price=Decimal("20000.75")), []),
]


def records(story: list[tuple[Event, list[Decision]]] = STORY, first: int = 1) -> list[Record]:
    return [Record(seq, encode_entry(seq, event, did)) for seq, (event, did) in enumerate(story, first)]
