"""Frames written after the protocol reference, for tests that need no network."""

import json
from typing import Any

from engine.brokers.tradovate import wire
from engine.brokers.tradovate.entity import Entity

STAMP = "2026-11-23T14:30:00.100Z"
DAY = {"year": 2026, "month": 11, "day": 23}
LEADER, FOLLOWER, STRANGER, CONTRACT = 31, 32, 99, 4021

BASES: dict[str, dict[str, Any]] = {
    "account": {"id": LEADER, "name": "DEMO31", "userId": 9, "accountType": "Customer", "isMicro": True},
    "contract": {"id": CONTRACT, "name": "MNQZ6", "contractMaturityId": 5},
    "order": {
        "id": 7001,
        "accountId": LEADER,
        "contractId": CONTRACT,
        "timestamp": STAMP,
        "action": "Buy",
        "ordStatus": "PendingNew",
        "admin": False,
    },
    "orderVersion": {"id": 501, "orderId": 7001, "orderQty": 2, "orderType": "Market", "timeInForce": "Day"},
    "command": {
        "id": 501,
        "orderId": 7001,
        "timestamp": STAMP,
        "commandType": "New",
        "commandStatus": "AtExecution",
        "isAutomated": False,
    },
    "commandReport": {"id": 601, "commandId": 501, "timestamp": STAMP, "commandStatus": "RiskPassed"},
    "executionReport": {
        "id": 611,
        "commandId": 501,
        "name": "x",
        "accountId": LEADER,
        "contractId": CONTRACT,
        "timestamp": STAMP,
        "orderId": 7001,
        "execType": "Trade",
        "action": "Buy",
        "cumQty": 2,
    },
    "fill": {
        "id": 88001,
        "orderId": 7001,
        "contractId": CONTRACT,
        "timestamp": STAMP,
        "tradeDate": DAY,
        "action": "Buy",
        "qty": 2,
        "price": 21500.25,
        "active": True,
        "finallyPaired": 0,
    },
    "position": {
        "id": 910,
        "accountId": LEADER,
        "contractId": CONTRACT,
        "timestamp": STAMP,
        "tradeDate": DAY,
        "netPos": 2,
        "netPrice": 21500.25,
        "bought": 2,
        "boughtValue": 43000.5,
        "sold": 0,
        "soldValue": 0,
        "prevPos": 0,
    },
    "cashBalance": {
        "id": 1,
        "accountId": LEADER,
        "timestamp": STAMP,
        "tradeDate": DAY,
        "currencyId": 1,
        "amount": 50123.45,
        "realizedPnL": 123.45,
    },
    "marginSnapshot": {"id": LEADER, "timestamp": STAMP, "initialMargin": 80, "totalUsedMargin": 100.5},
    "accountRiskStatus": {"id": LEADER, "adminAction": "Normal"},
}


def raw(kind: str, **fields: Any) -> dict[str, Any]:
    """One entity as it is on the wire."""
    return {name: value for name, value in (BASES[kind] | fields).items() if value is not None}


def entity(kind: str, **fields: Any) -> Entity:
    """One entity, decoded by the adapter."""
    (found,) = wire.entities(kind, json.dumps(raw(kind, **fields)).encode())
    return found


def event(kind: str, event_type: str = "Created", **fields: Any) -> dict[str, Any]:
    """One entity event."""
    return {"e": "props", "d": {"entityType": kind, "eventType": event_type, "entity": raw(kind, **fields)}}


def answer(number: int, payload: Any = None, status: int = 200) -> dict[str, Any]:
    """One answer."""
    message: dict[str, Any] = {"i": number, "s": status}
    return message if payload is None else message | {"d": payload}


def frame(*messages: Any) -> bytes:
    """An ``a`` frame."""
    return b"a" + json.dumps(messages).encode()
