"""The joiner: whatever the order and number of an order's entities, the same facts come out, each once."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.brokers.tradovate.ledger import Ledger
from engine.domain.event import (
    AccountRestricted,
    BalanceReported,
    FillBusted,
    OrderChanged,
    OrderFilled,
    OrderStatus,
    PositionReported,
    Restriction,
)
from engine.domain.ids import AccountId, order_id
from tests.engine.brokers.tradovate.frames import CONTRACT, FOLLOWER, STRANGER, entity

NOW = datetime(2026, 11, 23, 14, 30, 1, tzinfo=UTC)
NAMES = {"DEMO31": AccountId("LEAD"), "DEMO32": AccountId("ONE")}
OURS = order_id("cause", AccountId("ONE"))
DAY_BEFORE = {"year": 2026, "month": 11, "day": 20}


class Waiting:
    """Which accounts have an unanswered order of ours."""

    def __init__(self) -> None:
        self.on: set[str] = set()

    def __call__(self, account):
        return account in self.on


def made(names=True, waiting=None):
    ledger = Ledger(NAMES, waiting or Waiting())
    ledger.take(entity("account"))
    ledger.take(entity("account", id=FOLLOWER, name="DEMO32"))
    if names:
        ledger.take(entity("contract"))
    return ledger


def run(ledger, entities):
    facts = []
    for each in entities:
        ledger.take(each)
        facts += ledger.fills(NOW)
        facts += ledger.changes(NOW)
    return facts


def of(facts, kind):
    return [fact for fact in facts if isinstance(fact, kind)]


STORY = [
    entity("order", accountId=FOLLOWER),
    entity("command", clOrdId=OURS, isAutomated=True, commandStatus="Pending"),
    entity("command", clOrdId=OURS, isAutomated=True),
    entity("orderVersion", orderQty=3),
    entity("commandReport"),
    entity("executionReport", id=610, accountId=FOLLOWER, execType="New", cumQty=None),
    entity("order", accountId=FOLLOWER, ordStatus="Working"),
    entity("fill", qty=1),
    entity("executionReport", id=611, accountId=FOLLOWER, cumQty=1),
    entity("fill", id=88002, qty=2, price=21500.5),
    entity("executionReport", id=612, accountId=FOLLOWER, cumQty=3),
    entity("order", accountId=FOLLOWER, ordStatus="Filled"),
    entity("contract"),
]


@given(
    order=st.permutations(range(len(STORY))),
    again=st.lists(st.integers(0, len(STORY) - 1), max_size=8),
    answered=st.integers(0, len(STORY) + 8),
)
def test_any_order_and_any_repetition_give_the_same_facts(order, again, answered):
    waiting = Waiting()
    waiting.on.add("ONE")
    ledger = made(names=False, waiting=waiting)
    facts = []
    for place, number in enumerate([*order, *again]):
        if place == answered:
            ledger.own(7001, OURS)
            waiting.on.clear()
        facts += run(ledger, [STORY[number]])
    fills = of(facts, OrderFilled)
    assert sorted((f.fill, f.quantity, f.price) for f in fills) == [
        ("88001", 1, Decimal("21500.25")),
        ("88002", 2, Decimal("21500.5")),
    ]
    assert {(f.account, f.client, f.order, f.symbol) for f in fills} == {("ONE", OURS, "7001", "MNQZ6")}
    last = of(facts, OrderChanged)[-1]
    assert (last.status, last.quantity, last.filled, last.client) == (OrderStatus.FILLED, 3, 3, OURS)
    assert (last.kind, last.automated, last.account) == ("market", True, "ONE")
    assert all(change.client == OURS for change in of(facts, OrderChanged))


@given(order=st.permutations(range(3)))
def test_a_rejected_order_says_why(order):
    parts = [
        entity("order", ordStatus="Rejected"),
        entity("commandReport", commandStatus="RiskRejected", rejectReason="MaxPosLimitReached", text="too many"),
        entity("command", commandStatus="RiskRejected"),
    ]
    last = of(run(made(), [parts[number] for number in order]), OrderChanged)[-1]
    assert (last.status, last.reason) == (OrderStatus.REJECTED, "MaxPosLimitReached: too many")


def test_a_leader_s_fill_waits_for_nothing_but_its_order():
    ledger = made()
    ledger.take(entity("fill"))
    assert ledger.fills(NOW) == []
    ledger.take(entity("order"))
    (fill,) = ledger.fills(NOW)
    assert (fill.account, fill.quantity, fill.client, fill.automated) == ("LEAD", 2, None, None)


def test_an_execution_report_stands_in_for_an_order_that_has_not_come():
    (fill,) = of(run(made(), [entity("fill", action="Sell"), entity("executionReport", action="Sell")]), OrderFilled)
    assert (fill.account, fill.quantity) == ("LEAD", -2)


def test_a_fill_waits_while_an_order_of_ours_on_its_account_is_unanswered():
    waiting = Waiting()
    waiting.on.add("ONE")
    ledger = made(waiting=waiting)
    story = [entity("order", accountId=FOLLOWER), entity("fill")]
    assert of(run(ledger, story), OrderFilled) == []
    ledger.own(7001, OURS)
    assert ledger.fills(NOW)[0].client == OURS


def test_a_command_without_an_id_shows_that_an_order_is_not_ours():
    waiting = Waiting()
    waiting.on.add("ONE")
    ledger = made(waiting=waiting)
    run(ledger, [entity("order", accountId=FOLLOWER), entity("fill")])
    (fill,) = of(run(ledger, [entity("command")]), OrderFilled)
    assert fill.client is None


def test_what_nobody_can_explain_is_told_in_the_end():
    waiting = Waiting()
    waiting.on.add("ONE")
    ledger = made(waiting=waiting)
    run(ledger, [entity("order", accountId=FOLLOWER), entity("fill")])
    asked = 0
    while not (facts := ledger.fills(NOW)):
        assert ledger.overdue() == [7001]
        asked += 1
    assert len(facts) == 1
    assert 2 <= asked <= 5


def test_a_contract_without_a_name_is_asked_for():
    ledger = made(names=False)
    assert of(run(ledger, [entity("order"), entity("fill"), entity("position")]), OrderFilled) == []
    assert ledger.unnamed == {CONTRACT}
    assert ledger.unknown_contracts() == {CONTRACT}
    facts = run(ledger, [entity("contract")])
    assert [type(fact) for fact in facts] == [OrderFilled, OrderChanged, PositionReported]


def test_accounts_that_are_not_on_the_desk_are_passed_over():
    ledger = made()
    ledger.changes(NOW)
    strange = [entity("order", accountId=STRANGER), entity("fill"), entity("position", accountId=STRANGER)]
    assert run(ledger, strange) == []


def test_a_busted_fill_is_told_once():
    ledger = made()
    facts = run(ledger, [entity("order"), entity("fill"), entity("fill", active=False), entity("fill", active=False)])
    (bust,) = of(facts, FillBusted)
    assert (bust.fill, bust.quantity, bust.price) == ("88001", 2, Decimal("21500.25"))
    assert of(facts, OrderChanged)[-1].filled == 0
    facts = run(made(), [entity("order"), entity("fill", active=False), entity("fill")])
    assert not of(facts, OrderFilled), "busted before it was heard of"


def snapshot(ledger, *entities, accounts=("LEAD", "ONE")):
    return {fact.account: fact for fact in ledger.load(entities, accounts, NOW) if hasattr(fact, "holdings")}


def test_a_snapshot_is_joined_and_told_once():
    ledger = made()
    taken = snapshot(
        ledger,
        entity("position"),
        entity("order", ordStatus="Filled"),
        entity("fill"),
        entity("order", id=7002, accountId=FOLLOWER, ordStatus="Working", action="Sell"),
        entity("orderVersion", id=502, orderId=7002, orderType="Stop", stopPrice=21400.25, orderQty=1),
        entity("command", id=502, orderId=7002, clOrdId=OURS),
        entity("cashBalance"),
        entity("marginSnapshot"),
    )
    lead, one = taken["LEAD"], taken["ONE"]
    assert [(h.symbol, h.net, h.price) for h in lead.holdings] == [("MNQZ6", 2, Decimal("21500.25"))]
    assert lead.orders == ()
    assert lead.fills == ("88001",)
    assert (lead.balance, lead.margin, lead.day_profit) == (Decimal("50123.45"), Decimal("100.5"), Decimal("123.45"))
    (order,) = one.orders
    assert (order.client, order.status, order.quantity, order.stop) == (
        OURS,
        OrderStatus.WORKING,
        -1,
        Decimal("21400.25"),
    )
    assert one.balance is None
    again = run(
        ledger, [entity("fill"), entity("position"), entity("order", ordStatus="Filled"), entity("cashBalance")]
    )
    assert again == []


@pytest.mark.parametrize(
    "old",
    [
        {"tradeDate": DAY_BEFORE},
        {"timestamp": "2026-11-23T14:29:50.000Z"},
    ],
)
def test_an_unknown_fill_of_earlier_is_inside_the_snapshot(old):
    ledger = made()
    snapshot(ledger, entity("position"), entity("cashBalance"))
    assert of(run(ledger, [entity("order", id=6000), entity("fill", id=5, orderId=6000, **old)]), OrderFilled) == []
    assert len(of(run(ledger, [entity("order"), entity("fill", id=6)]), OrderFilled)) == 1


def test_prices_of_carried_positions_and_flat_ones():
    ledger = made()
    ledger.changes(NOW)
    carried = entity("position", netPrice=None, prevPrice=21000.5, prevPos=2)
    facts = run(ledger, [carried, entity("position", netPos=0, netPrice=None)])
    assert [(f.net, f.price) for f in of(facts, PositionReported)] == [(2, Decimal("21000.5")), (0, None)]
    older = entity("position", timestamp="2026-11-23T14:00:00.000Z", netPos=5)
    assert run(ledger, [older]) == []


def test_money_and_restrictions_are_told_when_they_change():
    ledger = made()
    run(ledger, [])
    facts = run(
        ledger, [entity("cashBalance"), entity("cashBalance"), entity("cashBalance", id=2, currencyId=7, amount=1)]
    )
    assert [(f.balance, f.day_profit) for f in of(facts, BalanceReported)] == [(Decimal("50123.45"), Decimal("123.45"))]
    locked = entity("accountRiskStatus", adminAction="LockTradingImmediately")
    facts = run(ledger, [locked, locked, entity("accountRiskStatus")])
    assert [f.restriction for f in of(facts, AccountRestricted)] == [Restriction.LOCKED, Restriction.NONE]


def test_terms_in_force_are_those_that_the_exchange_has_taken():
    ledger = made()
    limit = {"orderType": "Limit", "price": 21000.25}
    facts = run(
        ledger,
        [
            entity("order", ordStatus="Working"),
            entity("command"),
            entity("orderVersion", **limit),
            entity("orderVersion", id=503, orderQty=5, **limit),
            entity("command", id=503, commandType="Modify", commandStatus="Pending"),
        ],
    )
    assert of(facts, OrderChanged)[-1].quantity == 2
    facts = run(ledger, [entity("command", id=503, commandType="Modify", commandStatus="AtExecution")])
    assert (of(facts, OrderChanged)[-1].quantity, of(facts, OrderChanged)[-1].price) == (5, Decimal("21000.25"))


def test_an_unknown_word_counts_as_open():
    ledger = made()
    (change,) = of(run(ledger, [entity("order", ordStatus="Thinking")]), OrderChanged)
    assert change.status is OrderStatus.UNKNOWN
