"""Closing a part counts what is still coming in."""

from engine.domain.command import Close
from engine.domain.ids import AccountId, Symbol
from tests.engine.domain.test_shot import Twin


def test_a_part_of_an_entry_in_flight_is_sold_when_it_fills() -> None:
    twin = Twin()
    twin.step("lead", 3, "NQZ6")
    part = Close(accounts=(AccountId("A"),), symbol=Symbol("NQZ6"), quantity=1)
    twin.act("part", part)
    while twin.open:
        twin.step("fill", 0, True)
    assert twin.plain.state.copiers[AccountId("A")].lanes[Symbol("NQZ6")].held == 2
