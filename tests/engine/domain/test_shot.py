"""A shot is a memo: a desk that aims decides byte for byte what a desk that never aims decides."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain.command import Command, Pause, Resize, Resume
from engine.domain.decision import Decision, SendLots
from engine.domain.desk import Desk
from engine.domain.entry import encode_entry
from engine.domain.event import (
    DeskConfigured,
    EngineStarted,
    Event,
    LineRestored,
    OrderAnswered,
    OrderFilled,
    PersonActed,
    QuoteMarked,
    RefusalKind,
    Refused,
    SnapshotTaken,
    TimePassed,
)
from engine.domain.group import AccountPlan, Caps, DeskPlan, Exact, FollowerPlan, GroupPlan, Multiplier, Pooled
from engine.domain.guardplan import GuardPlan
from engine.domain.ids import AccountId, BrokerOrderId, ConnectionId, FillId, GroupId, OrderId, Symbol

START = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
LEADER = AccountId("L")
FOLLOWERS = (
    FollowerPlan(account=AccountId("A"), sizing=Exact()),
    FollowerPlan(account=AccountId("B"), sizing=Multiplier(ratio=Decimal("0.5")), caps=Caps(order=2, symbol=3)),
    FollowerPlan(account=AccountId("C"), symbols={"NQ": "MNQ"}, caps=Caps(account=Decimal("2.5"))),
    FollowerPlan(account=AccountId("D"), sizing=Pooled(share=Decimal(3)), max_run_ticks=2),
    FollowerPlan(account=AccountId("E"), sizing=Pooled(share=Decimal(2)), caps=Caps(orders_per_minute=3)),
    FollowerPlan(account=AccountId("F"), symbols={"NQ": "MNQ", "MNQ": "MNQ"}),
)
steps = st.one_of(
    st.tuples(st.just("lead"), st.integers(-4, 4).filter(bool), st.sampled_from(["NQZ6", "MNQZ6"])),
    st.tuples(st.just("fill"), st.integers(0, 9), st.booleans()),
    st.tuples(st.just("refuse"), st.integers(0, 9), st.booleans()),
    st.tuples(st.just("act"), st.sampled_from(["pause", "resume", "half", "whole"]), st.sampled_from("ABCDEF")),
    st.tuples(st.just("quote"), st.integers(-12, 12), st.none()),
    st.tuples(st.just("time"), st.integers(1, 90), st.none()),
)


class Twin:
    """Two desks that hear the same facts; one aims after each, and sends before its books are written."""

    def __init__(self, guard: GuardPlan | None = None) -> None:
        self.aimed, self.plain = Desk(), Desk()
        self.now, self.count, self.fired, self.unasked = START, 0, 0, 0
        self.open: list[tuple[OrderId, AccountId, Symbol, int]] = []
        names = [plan.account for plan in FOLLOWERS]
        accounts = tuple(
            AccountPlan(id=name, connection=ConnectionId("c"), name=name, guard=guard if name == LEADER else None)
            for name in (LEADER, *names)
        )
        group = GroupPlan(id=GroupId("G"), leader=LEADER, followers=FOLLOWERS)
        self.hear(EngineStarted(at=self.now, run="r", version="0"))
        self.hear(DeskConfigured(at=self.now, plan=DeskPlan(accounts=accounts, groups=(group,))))
        self.hear(LineRestored(at=self.now, connection=ConnectionId("c")))
        for name in (LEADER, *names):
            money = Decimal(50_000)
            self.hear(SnapshotTaken(at=self.now, account=name, holdings=(), orders=(), fills=(), balance=money))

    def hear(self, event: Event) -> None:
        self.count += 1
        decided: list[Decision] = self.aimed.decide(event)
        fan_out = self.aimed._fan_out
        self.unasked += len(self.aimed._gate._unwritten)
        self.fired += len(fan_out._fired) if fan_out is not None else 0
        assert self.aimed.settle() == []
        self.aimed.aim()
        expected = self.plain.handle(event)
        assert encode_entry(self.count, event, decided) == encode_entry(self.count, event, expected)
        assert self.aimed.checkpoint() == self.plain.checkpoint()
        for decision in expected:
            if isinstance(decision, SendLots):
                self.open += decision.lots

    def trade(
        self, account: AccountId, symbol: str, quantity: int, client: OrderId | None = None, order: str = ""
    ) -> None:
        fill = OrderFilled(
            at=self.now,
            account=account,
            fill=FillId(str(self.count)),
            order=BrokerOrderId(order or "1"),
            symbol=Symbol(symbol),
            quantity=quantity,
            price=Decimal(21_000),
            traded_at=self.now - timedelta(milliseconds=20),
            client=client,
        )
        self.hear(fill)

    def act(self, key: str, command: Command) -> None:
        self.hear(PersonActed(at=self.now, key=key, by="me", command=command))

    def step(self, kind: str, what: int | str, how: object) -> None:
        self.now += timedelta(milliseconds=200)
        match kind:
            case "lead":
                self.trade(LEADER, str(how), int(what))
            case "fill" if self.open:
                client, account, symbol, quantity = self.open.pop(int(what) % len(self.open))
                part = quantity if how or abs(quantity) == 1 else (1 if quantity > 0 else -1)
                if part != quantity:
                    self.open.append((client, account, symbol, quantity - part))
                self.trade(account, symbol, part, client)
            case "refuse" if self.open:
                client, account, _, _ = self.open.pop(int(what) % len(self.open))
                no = Refused(kind=RefusalKind.ORDER, reason="MaxPosLimitReached")
                self.hear(OrderAnswered(at=self.now, account=account, client=client, outcome=no))
            case "act":
                one = (AccountId(str(how)),)
                wishes = {
                    "pause": Pause(accounts=one),
                    "resume": Resume(accounts=one),
                    "half": Resize(accounts=one, factor=Decimal("0.5")),
                    "whole": Resize(accounts=one, factor=Decimal(1)),
                }
                self.act(str(self.count), wishes[str(what)])
            case "quote":
                mark = Decimal(21_000) + int(what) * Decimal("0.25")
                self.hear(QuoteMarked(at=self.now, symbol=Symbol("NQZ6"), bid=mark, ask=mark, last=mark))
            case "time":
                self.now += timedelta(seconds=int(what))
                self.hear(TimePassed(at=self.now))


@settings(max_examples=150, deadline=None)
@given(st.lists(steps, max_size=40))
def test_aiming_changes_nothing(story: list[tuple[str, int | str, object]]) -> None:
    twin = Twin()
    for step in story:
        twin.step(*step)


def test_quiet_followers_do_fire() -> None:
    twin = Twin()
    twin.step("lead", 1, "NQZ6")
    while twin.open:
        twin.step("fill", 0, True)
    fired = twin.fired
    twin.step("lead", 1, "NQZ6")
    assert twin.fired > fired
