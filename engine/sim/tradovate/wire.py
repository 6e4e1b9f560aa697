"""Frames and answers of the protocol, as bytes."""

from typing import Any

import msgspec

from engine.domain.value import Value

_ENCODER = msgspec.json.Encoder(decimal_format="number")
OPEN = "o"
HEARTBEAT = "h"


class Answer(Value, frozen=True):
    """What a call is answered with; ``lost`` ones never leave, ``cut`` drops the line instead.

    ``more`` holds the further bodies of an answer that comes in several messages.
    """

    status: int = 200
    body: Any = None
    delay_s: float = 0.0
    lost: bool = False
    cut: bool = False
    more: tuple[Any, ...] = ()


def encode(body: Any) -> bytes:
    """JSON with decimals as numbers."""
    return _ENCODER.encode(body)


def response(number: int, answer: Answer) -> bytes:
    """One response message, for an ``a`` frame."""
    message: dict[str, Any] = {"i": number, "s": answer.status}
    if answer.body is not None:
        message["d"] = answer.body
    return encode(message)


def event(kind: str, body: Any) -> bytes:
    """One event message, for an ``a`` frame."""
    return encode({"e": kind, "d": body})


def frame(messages: list[bytes]) -> bytes:
    """An ``a`` frame of messages."""
    return b"a[" + b",".join(messages) + b"]"


def close(code: int, reason: str) -> bytes:
    """A close notice in SockJS form."""
    return b"c" + encode([code, reason])


def split(text: str) -> tuple[str, int, str, str] | None:
    """Take a client's frame apart: endpoint, id, query, body. The body may hold further line ends."""
    parts = text.split("\n", 3)
    if len(parts) < 2 or not parts[1].strip().isdigit():
        return None
    endpoint, number, query, body = (*parts, "", "")[:4]
    return endpoint, int(number), query.strip(), body.strip()


def refusal(reason: str, text: str) -> dict[str, str]:
    """The body of a refused order."""
    return {"failureReason": reason, "failureText": text}


def violation(constraint: str, value: Any, description: str) -> dict[str, Any]:
    """The body of a request that names no account, or lacks a field."""
    return {"violations": [{"constraint": constraint, "value": value, "description": description}]}
