"""Who may do what."""

import pytest

from bot.core.access import Person, Role, may


@pytest.mark.parametrize(
    ("role", "ceiling", "needs", "allowed"),
    [
        (Role.VIEWER, Role.OWNER, Role.VIEWER, True),
        (Role.VIEWER, Role.OWNER, Role.TRADER, False),
        (Role.TRADER, Role.OWNER, Role.TRADER, True),
        (Role.OWNER, Role.VIEWER, Role.TRADER, False),  # the chat's ceiling holds for everybody
        (Role.RISK, Role.RISK, Role.TRADER, True),
        (Role.ADMIN, Role.OWNER, Role.TRADER, False),  # an admin does not trade by that right
        (Role.ADMIN, Role.OWNER, Role.ADMIN, True),
        (Role.RISK, Role.OWNER, Role.ADMIN, False),
        (Role.OWNER, Role.OWNER, Role.OWNER, True),
    ],
)
def test_right_is_grant_and_ceiling(role: Role, ceiling: Role, needs: Role, allowed: bool) -> None:
    assert may(Person(id="console:local", name="Luis", role=role), ceiling, needs) is allowed
