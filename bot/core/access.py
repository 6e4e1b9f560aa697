"""Who may do what: roles, persons, and the one question that is asked on every command and every press."""

from enum import IntEnum

from engine.api import Value


class Role(IntEnum):
    """What a person may do; a higher role includes the lower, but for ``ADMIN``, which has no trading rights."""

    VIEWER = 1
    TRADER = 2
    RISK = 3
    ADMIN = 4
    OWNER = 5


class Level(IntEnum):
    """How an act is confirmed: by the direction of its risk, not by its verb."""

    C0 = 0  # read
    C1 = 1  # done now, Undo for 60 s
    C2 = 2  # preview, then Confirm within 30 s
    C3 = 3  # preview, then a code or the word within 60 s


class Person(Value, frozen=True):
    """A human, whatever platform they write from. Names are shown, ids are matched."""

    id: str
    name: str
    role: Role


def may(person: Person, chat_ceiling: Role, needs: Role) -> bool:
    """Say whether ``person`` may use, in a chat with this ceiling, what ``needs`` this role.

    Effective right = the person's grant and the chat's ceiling. An admin runs people and chats and reads, but does not
    trade by that right alone.
    """
    if needs is Role.VIEWER:
        return True
    if needs is Role.ADMIN:
        return person.role in {Role.ADMIN, Role.OWNER} and chat_ceiling >= Role.RISK
    return person.role is not Role.ADMIN and min(person.role, chat_ceiling) >= needs
