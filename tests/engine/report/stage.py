"""Days for the reports' tests: the true desk, the true log, made of facts."""

import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from engine.domain.decision import SendLots
from engine.domain.event import (
    Accepted,
    BalanceReported,
    OrderAnswered,
    OrderFilled,
    OrdersSent,
    QuoteMarked,
    RefusalKind,
    Refused,
)
from engine.domain.ids import AccountId, BrokerOrderId, FillId, OrderId, Symbol
from tests.engine.service.hot import LEAD, NQ, START, Hot

TICK = Decimal("0.25")


class Stage(Hot):
    """A hot process whose leader, followers and prices are moved by the test."""

    def __init__(self, home: Path, start: datetime = START, segment_bytes: int = 1 << 20) -> None:
        super().__init__(home, segment_bytes)
        self.start = start
        self.price = Decimal(20_000)
        self.decided: list[SendLots] = []

    @property
    def at(self) -> datetime:
        return self.start + timedelta(seconds=self.seconds)

    def quote(self, price: str | Decimal, seconds: float = 1) -> None:
        self.seconds += seconds
        self.price = Decimal(price)
        self.hear(QuoteMarked(at=self.at, symbol=NQ, bid=self.price, ask=self.price + TICK, last=self.price))

    def go(self, quantity: int, price: str | Decimal | None = None) -> list[SendLots]:
        """A leader fill at the present price; the orders leave, 20 µs apart, 120 µs after it was heard."""
        self.seconds += 1
        heard = self.at
        decided = self.fill(LEAD, quantity, str(self.price if price is None else price))
        sends = [decision for decision in decided if isinstance(decision, SendLots)]
        self.leave(sends, heard)
        return sends

    def leave(self, sends: Sequence[SendLots], heard: datetime) -> None:
        for send in sends:
            offsets = tuple(20 * (i + 1) for i in range(len(send.lots)))
            self.hear(
                OrdersSent(at=heard + timedelta(microseconds=100), cause=send.cause, heard_at=heard, offsets_us=offsets)
            )

    def settle(
        self,
        sends: Sequence[SendLots],
        slip: Callable[[AccountId], int] = lambda account: 1,
        answer_ms: float = 40,
        fill_ms: float = 55,
    ) -> None:
        """Every order is accepted and filled, ``slip`` ticks worse than the present price; what follows from it too."""
        waiting = list(sends)
        while waiting:
            send, before = waiting.pop(0), self.seconds
            for client, account, symbol, quantity in send.lots:
                self.seconds = before + answer_ms / 1000
                self.accept(client, account)
                self.seconds = before + fill_ms / 1000
                worse = slip(account) * TICK * (1 if quantity > 0 else -1)
                heard = self.at
                more = self.hit(client, account, symbol, quantity, self.price + worse)
                self.leave(more, heard)
                waiting += more
            self.seconds = before + fill_ms / 1000 + 0.05

    def accept(self, client: OrderId, account: AccountId) -> None:
        yes = Accepted(order=BrokerOrderId(f"b-{client}"))
        self.hear(OrderAnswered(at=self.at, account=account, client=client, outcome=yes))

    def refuse(self, client: OrderId, account: AccountId, reason: str = "Margin") -> list[SendLots]:
        no = Refused(kind=RefusalKind.ORDER, reason=reason, text="not enough")
        decided = self.hear(OrderAnswered(at=self.at, account=account, client=client, outcome=no))
        return [decision for decision in decided if isinstance(decision, SendLots)]

    def hit(
        self, client: OrderId | None, account: AccountId, symbol: Symbol, quantity: int, price: Decimal
    ) -> list[SendLots]:
        self.fills += 1
        decided = self.hear(
            OrderFilled(
                at=self.at,
                account=account,
                fill=FillId(f"f{self.fills}"),
                order=BrokerOrderId(f"o{self.fills}"),
                symbol=symbol,
                quantity=quantity,
                price=price,
                traded_at=self.at - timedelta(milliseconds=2),
                client=client,
            )
        )
        return [decision for decision in decided if isinstance(decision, SendLots)]

    def balance(self, account: AccountId, balance: str) -> None:
        self.hear(BalanceReported(at=self.at, account=account, balance=Decimal(balance)))


def walk(stage: Stage, seed: int, steps: int, accounts: Sequence[AccountId], hands: float = 0.1) -> None:
    """Trade at random for a while: entries, exits, flips, refusals, partial fills, hands, prices that move."""
    dice = random.Random(seed)
    net = 0
    for _ in range(steps):
        stage.quote(stage.price + dice.randint(-12, 12) * TICK, dice.uniform(1, 400))
        quantity = dice.choice((-3, -2, -1, 1, 2, 3))
        if abs(net + quantity) > 5:
            quantity = -net
        net += quantity
        for send in stage.go(quantity):
            for client, account, symbol, size in send.lots:
                luck = dice.random()
                stage.seconds += 0.01
                if luck < 0.08:
                    stage.refuse(client, account)
                    continue
                stage.accept(client, account)
                worse = dice.randint(-2, 4) * TICK * (1 if size > 0 else -1)
                first = size if luck < 0.8 or abs(size) < 2 else size // 2
                more = stage.hit(client, account, symbol, first, stage.price + worse)
                stage.leave(more, stage.at)
                stage.settle(more)
                if first != size and luck < 0.9:
                    stage.hit(client, account, symbol, size - first, stage.price + 2 * worse)
        if dice.random() < hands:
            stage.hit(None, dice.choice(accounts), NQ, dice.choice((-1, 1)), stage.price)
