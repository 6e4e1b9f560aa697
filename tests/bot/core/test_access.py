"""Who may do what, where, and for which accounts."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.core.access import Grant, Person, Role, Room, RoomKind, holds, may, reach, resolve
from tests.bot.double import account

NOW = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
DIRECTORY = (account("LEAD-1", "leader"), account("ALPHA", tags=("eval",)), account("BRAVO", group="ES-MAIN"))


@pytest.mark.parametrize(
    ("role", "kind", "needs", "allowed"),
    [
        (Role.VIEWER, RoomKind.PRIVATE, Role.VIEWER, True),
        (Role.VIEWER, RoomKind.PRIVATE, Role.TRADER, False),
        (Role.TRADER, RoomKind.PRIVATE, Role.TRADER, True),
        (Role.OWNER, RoomKind.TEAM, Role.TRADER, False),  # the chat's ceiling holds for everybody
        (Role.OWNER, RoomKind.BROADCAST, Role.VIEWER, False),  # nothing is answered there
        (Role.RISK, RoomKind.OPS, Role.TRADER, True),
        (Role.RISK, RoomKind.DESK, Role.RISK, False),
        (Role.ADMIN, RoomKind.PRIVATE, Role.TRADER, False),  # an admin does not trade by that right
        (Role.ADMIN, RoomKind.PRIVATE, Role.ADMIN, True),
        (Role.ADMIN, RoomKind.DESK, Role.ADMIN, False),
        (Role.RISK, RoomKind.PRIVATE, Role.ADMIN, False),
        (Role.OWNER, RoomKind.LOCAL, Role.OWNER, True),
    ],
)
def test_right_is_grant_and_ceiling(role: Role, kind: RoomKind, needs: Role, allowed: bool) -> None:
    person = Person(id="luis", name="Luis", grants=(Grant(role=role),))
    assert may(person, Room(chat="tg:1", kind=kind), needs, NOW) is allowed


def test_a_right_reaches_the_accounts_that_grant_and_chat_share() -> None:
    trader = Person(id="t", name="T", grants=(Grant(role=Role.TRADER, scope="#eval"), Grant(role=Role.VIEWER)))
    private = Room(chat="tg:@t", kind=RoomKind.PRIVATE)
    assert reach(trader, private, Role.TRADER, NOW, DIRECTORY) == {"ALPHA"}
    assert reach(trader, private, Role.VIEWER, NOW, DIRECTORY) == {"LEAD-1", "ALPHA", "BRAVO"}
    bound = Room(chat="tg:-1", kind=RoomKind.DESK, scope="ES-MAIN")
    assert reach(trader, bound, Role.TRADER, NOW, DIRECTORY) == frozenset()
    assert reach(trader, bound, Role.VIEWER, NOW, DIRECTORY) == {"BRAVO"}


def test_risk_reaches_every_account_and_an_ended_grant_none() -> None:
    risk = Person(id="r", name="R", grants=(Grant(role=Role.RISK, scope="ALPHA"),))
    assert len(reach(risk, Room(chat="c", kind=RoomKind.OPS), Role.RISK, NOW, DIRECTORY)) == 3
    ended = Person(id="e", name="E", grants=(Grant(role=Role.OWNER, until=NOW - timedelta(seconds=1)),))
    assert not may(ended, Room(chat="c", kind=RoomKind.OPS), Role.VIEWER, NOW)


def test_a_scope_is_read_part_by_part_as_the_engine_reads_it_and_an_unknown_part_names_nothing() -> None:
    assert resolve("BRAVO,#eval", DIRECTORY) == {"ALPHA", "BRAVO"}
    assert resolve("ALPHA,all", DIRECTORY) == {"LEAD-1", "ALPHA", "BRAVO"}
    assert resolve("es-main, alpha", DIRECTORY) == {"ALPHA", "BRAVO"}
    assert resolve("ALPHA,nobody", DIRECTORY) == frozenset()
    assert resolve("", DIRECTORY) == frozenset()


def test_a_role_that_has_ended_is_held_no_more() -> None:
    grants = (Grant(role=Role.RISK, until=NOW), Grant(role=Role.TRADER, scope="ALPHA"))
    person = Person(id="e", name="E", grants=grants)
    assert not holds(person, Role.RISK, NOW)
    assert holds(person, Role.RISK, NOW - timedelta(seconds=1))
    assert holds(person, Role.TRADER, NOW)
