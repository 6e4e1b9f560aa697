"""A session that fails while it is handed an order keeps no other follower waiting."""

from collections.abc import Sequence
from typing import Any

from engine.domain.decision import Lot, SendLots
from engine.domain.ids import AccountId, OrderId, Symbol
from engine.runtime.executor import Executor


class Wire:
    """Takes orders down; a broken one raises."""

    def __init__(self, *, is_broken: bool = False) -> None:
        self.sent: list[Lot] = []
        self.is_broken = is_broken

    def send(self, lots: Sequence[Lot], exits: int) -> None:
        if self.is_broken:
            raise ZeroDivisionError("broken")
        self.sent += lots


def _lots(*names: str) -> tuple[Lot, ...]:
    return tuple((OrderId(f"LS-{name}"), AccountId(name), Symbol("NQZ6"), 1) for name in names)


def _sent(executor: Executor, lots: tuple[Lot, ...]) -> list[str]:
    offsets = executor.send(SendLots(cause="c", lots=lots))
    assert len(offsets) == len(lots)
    return [account for account, _ in executor.failed()]


def test_the_others_are_sent_when_each_has_a_line_of_its_own() -> None:
    a, b, c = Wire(), Wire(is_broken=True), Wire()
    sessions: dict[Any, Any] = {"A": a, "B": b, "C": c}
    executor = Executor(sessions)
    assert _sent(executor, _lots("A", "B", "C")) == ["B"]
    assert [len(wire.sent) for wire in (a, b, c)] == [1, 0, 1]
    assert executor.failed() == [], "told once"


def test_the_others_are_sent_when_lines_are_shared() -> None:
    broken, whole = Wire(is_broken=True), Wire()
    sessions: dict[Any, Any] = {"A": broken, "B": broken, "C": whole}
    executor = Executor(sessions)
    assert _sent(executor, _lots("A", "B", "C")) == ["A", "B"]
    assert len(whole.sent) == 1
