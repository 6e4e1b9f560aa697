"""Messages only grow: every type's bytes are kept in a file, and no number is a float."""

import inspect
import json
import types
import typing
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any

import msgspec
import pytest

from engine.api import attend, news, notices, requests, views, whatif
from engine.domain import command, decision, due, event
from engine.domain.value import Value
from tests.engine.domain.model import START

GOLDEN = Path(__file__).parent / "golden"


def sample(kind: Any, name: str = "x") -> Any:
    """A value of a type with every field filled, the same each time."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return sample(next(one for one in arguments if one is not type(None)), name)
    if kind is Any:
        return name
    if isinstance(kind, typing.NewType):
        return sample(kind.__supertype__, name)
    if origin is tuple:
        of = arguments[:1] if arguments[-1] is Ellipsis else arguments
        return tuple(sample(one, name) for one in of)
    if origin in (list, frozenset, set):
        return origin([sample(arguments[0], name)])
    if origin is dict:
        return {sample(arguments[0], name): sample(arguments[1], name)}
    if origin is typing.Literal:
        return arguments[0]
    plain = {
        str: name,
        int: 3,
        bool: True,
        Decimal: Decimal("1.25"),
        datetime: START,
        date: START.date(),
        time: START.time(),
        float: 0.5,
        timedelta: timedelta(0),
    }
    if kind in plain:
        return plain[kind]
    if issubclass(kind, Enum):
        return next(iter(kind))
    if not issubclass(kind, msgspec.Struct):
        return kind(sample(int))
    return kind(**{field.name: sample(field.type, field.name) for field in msgspec.structs.fields(kind)})


def messages(*modules: types.ModuleType) -> list[type[Value]]:
    found = [
        member
        for module in modules
        for _, member in inspect.getmembers(module, inspect.isclass)
        if issubclass(member, Value) and member.__module__ == module.__name__
    ]
    return [kind for kind in found if not kind.__subclasses__()]


SETS = {
    "event": (event, due),
    "decision": (decision,),
    "command": (command,),
    "api": (requests, views, notices, whatif, news, attend),
}


def path_of(name: str) -> Path:
    return GOLDEN / f"{name}.jsonl"


def read(name: str) -> dict[str, Any]:
    """Samples as they were first written, by message."""
    lines = path_of(name).read_text(encoding="utf-8").splitlines()
    return dict(json.loads(line) for line in lines)


@pytest.mark.parametrize("name", SETS)
def test_messages_only_grow(name: str) -> None:
    """What was written once is read for ever; a new field stands behind, with a default."""
    known, kinds = read(name), {kind.__name__: kind for kind in messages(*SETS[name])}
    assert set(known) == set(kinds), "none is ever taken away; add new ones: python -m tests.engine.domain.test_message"
    for word, kind in kinds.items():
        now = msgspec.json.encode(sample(kind))
        assert msgspec.json.decode(now, type=kind) == sample(kind)
        assert _begins(msgspec.json.decode(now), known[word]), f"{word} has changed: {now!r}"
        msgspec.json.decode(msgspec.json.encode(known[word]), type=kind)


def _begins(now: Any, then: Any) -> bool:
    """Say whether ``now`` is ``then`` with nothing but additions behind."""
    if isinstance(then, list) and isinstance(now, list):
        return len(then) <= len(now) and all(_begins(a, b) for a, b in zip(now, then, strict=False))
    if isinstance(then, dict) and isinstance(now, dict):
        return set(then) <= set(now) and all(_begins(now[key], then[key]) for key in then)
    return bool(now == then)


def add() -> None:
    """Write samples of messages that have none yet."""
    GOLDEN.mkdir(exist_ok=True)
    for name, modules in SETS.items():
        known = read(name) if path_of(name).exists() else {}
        fresh = {kind.__name__: json.loads(msgspec.json.encode(sample(kind))) for kind in messages(*modules)}
        lines = [json.dumps([word, known.get(word, fresh.get(word))]) + "\n" for word in sorted({**fresh, **known})]
        path_of(name).write_text("".join(lines), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    add()
