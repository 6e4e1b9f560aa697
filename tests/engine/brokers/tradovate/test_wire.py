"""Frames are decoded whole, tolerantly, and answers are sorted into what they mean."""

import json
from decimal import Decimal

import msgspec
import pytest

from engine.brokers.tradovate import wire
from engine.brokers.tradovate.entity import Account, AccountRiskStatus, Fill, Order, restriction
from engine.domain.event import Accepted, RefusalKind, Refused, Restriction, Unclear
from tests.engine.brokers.tradovate import frames
from tests.engine.brokers.tradovate.frames import answer, event, frame


def told(payload, status=200):
    raw = msgspec.Raw(b"" if payload is None else json.dumps(payload).encode())
    return wire.verdict(status, raw, 3_600.0)[0]


def test_a_frame_of_events_is_decoded_in_one_go():
    (first, second) = wire.events_only(frame(event("fill"), event("order", ordStatus="Working"))[1:])
    assert isinstance(first.entities()[0], Fill)
    assert first.entities()[0].price == Decimal("21500.25")
    assert isinstance(second.entities()[0], Order)


def test_a_mixed_frame_is_left_to_the_general_way():
    assert wire.events_only(frame(answer(3, {}), event("fill"))[1:]) is None
    first, second = wire.messages(frame(answer(3, {"orderId": 1}), event("fill"))[1:])
    assert (first.i, first.s, second.e) == (3, 200, "props")
    assert isinstance(wire.events(second.d)[0].entities()[0], Fill)


def test_an_entity_may_be_an_array_and_so_may_the_payload():
    many = {"entityType": "fill", "eventType": "Created", "entity": [frames.raw("fill"), frames.raw("fill", id=2)]}
    assert [fill.id for fill in wire.events(json.dumps(many).encode())[0].entities()] == [88001, 2]
    assert len(wire.events(json.dumps([many, event("order")["d"]]).encode())) == 2


def test_unknown_types_and_words_and_fields_pass():
    odd = {"entityType": "auditUserAction", "eventType": "Created", "entity": {"id": 1, "x": {}}}
    assert wire.events(json.dumps(odd).encode()) == []
    (order,) = wire.events(json.dumps(event("order", ordStatus="Thinking", archived=True)["d"]).encode())
    assert order.entities()[0].ord_status == "Thinking"
    assert wire.events(json.dumps(event("order", "Deleted")["d"]).encode())[0].entities() == []


def test_a_known_type_in_an_unknown_shape_is_an_error_and_not_silence():
    with pytest.raises(msgspec.DecodeError):
        wire.events(json.dumps(event("fill", qty="many")["d"]).encode())


@pytest.mark.parametrize(
    ("payload", "kind", "reason"),
    [
        ({"failureReason": "InvalidPrice", "failureText": "tick"}, RefusalKind.ORDER, "InvalidPrice"),
        ({"failureReason": "TradingLocked"}, RefusalKind.ACCOUNT, "TradingLocked"),
        ({"failureReason": "LiquidationOnly"}, RefusalKind.ACCOUNT, "LiquidationOnly"),
        ({"failureReason": "AccountClosed"}, RefusalKind.ACCOUNT, "AccountClosed"),
        ({"failureReason": "Unauthorized"}, RefusalKind.ACCOUNT, "Unauthorized"),
        ({"failureReason": "UnknownReason", "failureText": "Access is denied"}, RefusalKind.ORDER, "UnknownReason"),
        ({"errorText": "no"}, RefusalKind.ORDER, "errorText"),
        (
            {"violations": [{"constraint": "accountSpec", "value": None, "description": "x"}]},
            RefusalKind.ORDER,
            "violations",
        ),
    ],
)
def test_refusals_with_status_200(payload, kind, reason):
    outcome = told(payload)
    assert isinstance(outcome, Refused)
    assert (outcome.kind, outcome.reason) == (kind, reason)


@pytest.mark.parametrize(
    ("status", "text", "kind"),
    [
        (400, "malformed", RefusalKind.ORDER),
        (401, "Access is denied", RefusalKind.ACCOUNT),
        (401, "Invalid access token", RefusalKind.LINE),
        (403, "x", RefusalKind.ACCOUNT),
        (404, "Not found", RefusalKind.ORDER),
        (423, "locked", RefusalKind.LINE),
    ],
)
def test_refusals_by_status(status, text, kind):
    outcome = told(text, status)
    assert isinstance(outcome, Refused)
    assert outcome.kind is kind


@pytest.mark.parametrize(
    ("payload", "status"),
    [
        ("slot", 408),
        ("oops", 500),
        (None, 502),
        ({}, 200),
        (None, 200),
        ("text", 200),
        ({"orderId": 7, "failureReason": "TooLate"}, 200),
        ({"failureReason": "Success"}, 200),
    ],
)
def test_whatever_may_have_been_executed_is_unclear(payload, status):
    assert isinstance(told(payload, status), Unclear)


def test_success():
    assert told({"orderId": 7}) == Accepted(order="7")
    assert told({"orderId": 7, "failureReason": "Success"}) == Accepted(order="7")
    assert told({"commandId": 9}) == Accepted(order="")


def test_penalties():
    assert told({"p-ticket": "QUJD", "p-time": 5}) == wire.Penalty("QUJD", 5.0, "p-ticket")
    assert told({"p-ticket": "QUJD", "p-time": 5, "p-captcha": True}) == wire.Penalty(None, 3_600.0, "captcha")
    assert told(None, 429) == wire.Penalty(None, 3_600.0, "429")


def test_requests_and_closes():
    assert wire.request("order/placeorder", 5, body='{"a":1}') == b'order/placeorder\n5\n\n{"a":1}'
    assert wire.request("order/ldeps", 13, "masterids=31,32") == b"order/ldeps\n13\nmasterids=31,32\n"
    assert wire.close_text(b'c[3000,"Go away!"]') == "closed by the server: 3000 Go away!"
    assert wire.close_text(b"c") == "closed by the server"


@pytest.mark.parametrize(
    ("account", "risk", "expected"),
    [
        ({}, {}, Restriction.NONE),
        ({"active": False}, {}, Restriction.LOCKED),
        ({"active": True}, {}, Restriction.NONE),
        ({"closed": True}, {}, Restriction.LOCKED),
        ({"restricted": True}, {}, Restriction.CLOSE_ONLY),
        ({"readonly": True}, {}, Restriction.LOCKED),
        ({}, {"adminAction": "LockTradingImmediately"}, Restriction.LOCKED),
        ({}, {"adminAction": "LiquidateImmediately"}, Restriction.LOCKED),
        ({}, {"adminAction": "LiquidateOnlyModeImmediately"}, Restriction.CLOSE_ONLY),
        ({}, {"adminAction": "DisableAutoLiq"}, Restriction.NONE),
        ({}, {"adminAction": "SomethingNew"}, Restriction.NONE),
        ({}, {"liquidateOnly": frames.STAMP}, Restriction.CLOSE_ONLY),
        ({}, {"userTriggeredLiqOnly": True}, Restriction.CLOSE_ONLY),
    ],
)
def test_both_generations_of_accounts_say_what_they_may_do(account, risk, expected):
    one, two = frames.entity("account", **account), frames.entity("accountRiskStatus", **risk)
    assert isinstance(one, Account)
    assert isinstance(two, AccountRiskStatus)
    assert restriction(one, two)[0] is expected
