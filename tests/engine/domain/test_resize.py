"""A person's size counts from the leader's very next fill, with nothing heard in between."""

from decimal import Decimal

from engine.domain.command import Resize
from engine.domain.ids import AccountId
from tests.engine.domain.test_shot import Twin


def test_the_next_fill_is_sized_anew() -> None:
    twin = Twin()
    twin.step("lead", 2, "NQZ6")
    while twin.open:
        twin.step("fill", 0, True)
    half = Resize(accounts=(AccountId("A"),), factor=Decimal("0.5"))
    twin.act("half", half)
    sent = [lot for lot in _sent(twin, -6) if lot[1] == "A"]
    assert [lot[3] for lot in sent] == [-2], "out of what is held …"
    while twin.open:
        twin.step("fill", 0, True)
    assert twin.plain.state.copiers[AccountId("A")].lanes["NQZ6"].held == -2, "… and half of the leader's four"


def _sent(twin: Twin, quantity: int) -> list[tuple[str, str, str, int]]:
    twin.open.clear()
    twin.step("lead", quantity, "NQZ6")
    return list(twin.open)
