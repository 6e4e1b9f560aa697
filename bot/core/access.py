"""Who may do what, and where: roles, grants, rooms, and the one question that is asked on every command and every press."""

from datetime import datetime
from enum import IntEnum, StrEnum

from engine.api import AccountView, Value

ALL = "all"


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
    C3 = 3  # C2 and a one-time code, or C2 inside an armed window
    C4 = 4  # C3, and another person approves


class Grant(Value, frozen=True):
    """One right of a person. ``scope`` is ``all``, aliases joined by commas, a group, or ``#tag``."""

    role: Role
    scope: str = ALL
    until: datetime | None = None


class Person(Value, frozen=True):
    """A human, whatever platform they write from. Names are shown, ids are matched."""

    id: str
    name: str
    grants: tuple[Grant, ...] = ()

    @property
    def role(self) -> Role:
        """The highest role, wherever it holds: what a person is called by."""
        return max((grant.role for grant in self.grants), default=Role.VIEWER)


class Known(Value, frozen=True):
    """A person and where he writes from: identity and the name that the platform shows."""

    person: Person
    identities: tuple[tuple[str, str], ...]


class Frozen(Value, frozen=True):
    """A freeze of changes: only its holder, risk and owner may add risk."""

    scope: str
    holder: str
    name: str
    reason: str = ""
    until: datetime | None = None


class RoomKind(StrEnum):
    """What a chat is for; how much may be done there follows from it."""

    BROADCAST = "broadcast"
    TEAM = "team"
    DESK = "desk"
    OPS = "ops"
    AUDIT = "audit"
    PRIVATE = "private"
    LOCAL = "local"  # the desk's own computer
    UNBOUND = "unbound"  # nobody has said yet what it is for: an admin may


CEILINGS: dict[RoomKind, Role | None] = {
    RoomKind.BROADCAST: None,
    RoomKind.TEAM: Role.VIEWER,
    RoomKind.DESK: Role.TRADER,
    RoomKind.OPS: Role.OWNER,
    RoomKind.AUDIT: Role.VIEWER,
    RoomKind.PRIVATE: Role.OWNER,
    RoomKind.LOCAL: Role.OWNER,
    RoomKind.UNBOUND: None,
}


class Room(Value, frozen=True):
    """A chat as the desk knows it. ``floor`` is the least severity that is told there."""

    chat: str
    kind: RoomKind
    scope: str = ALL
    floor: str = "P4"
    is_redacted: bool = False
    is_locked_down: bool = False

    @property
    def ceiling(self) -> Role | None:
        """The most that anybody may do here; None for nothing at all."""
        return CEILINGS[self.kind]

    @property
    def is_alone(self) -> bool:
        """Say whether nobody else reads along: codes may be typed."""
        return self.kind in (RoomKind.PRIVATE, RoomKind.LOCAL)


def may(person: Person, room: Room, needs: Role, now: datetime) -> bool:
    """Say whether ``person`` may do, in this room and anywhere on the desk, what ``needs`` this role."""
    return any(_holds(grant, room, needs, now) for grant in person.grants)


def reach(person: Person, room: Room, needs: Role, now: datetime, directory: tuple[AccountView, ...]) -> frozenset[str]:
    """Accounts for which ``person`` may do here what ``needs`` this role: the grant, the ceiling and both scopes at once."""
    found: frozenset[str] = frozenset()
    for grant in person.grants:
        if _holds(grant, room, needs, now):
            found |= resolve(_scope(grant), directory)
    return found & resolve(room.scope, directory)


def holds(person: Person, needs: Role, now: datetime) -> bool:
    """Say whether ``person`` holds this role now, for some account at least, wherever they write."""
    return any(_lasts(grant, now) and _carries(grant.role, needs) for grant in person.grants)


def sees_all(person: Person, room: Room, now: datetime) -> bool:
    """Say whether all of the desk may be read here, so that nobody needs to ask what that is."""
    return reaches_all(person, room, Role.VIEWER, now)


def reaches_all(person: Person, room: Room, needs: Role, now: datetime) -> bool:
    """Say whether ``person`` may do here what ``needs`` this role for every account, whatever there are."""
    whole = (grant for grant in person.grants if _scope(grant) == ALL)
    return room.scope == ALL and any(_holds(grant, room, needs, now) for grant in whole)


def _scope(grant: Grant) -> str:
    """Risk and owner answer for every account."""
    return ALL if grant.role in (Role.RISK, Role.OWNER) else grant.scope


def _lasts(grant: Grant, now: datetime) -> bool:
    return grant.until is None or grant.until > now


def _holds(grant: Grant, room: Room, needs: Role, now: datetime) -> bool:
    if not _lasts(grant, now):
        return False
    if room.kind is RoomKind.UNBOUND:
        return needs is Role.ADMIN and _carries(grant.role, needs)
    return _carries(grant.role, needs) and _allows(room.ceiling, needs)


def _carries(role: Role, needs: Role) -> bool:
    """An admin runs people and chats and reads, but does not trade by that right alone."""
    if needs is Role.ADMIN:
        return role in (Role.ADMIN, Role.OWNER)
    return needs is Role.VIEWER or (role is not Role.ADMIN and role >= needs)


def _allows(ceiling: Role | None, needs: Role) -> bool:
    return ceiling is not None and (needs is Role.VIEWER or ceiling >= needs)


def resolve(scope: str, directory: tuple[AccountView, ...]) -> frozenset[str]:
    """Accounts that a scope names, part by part as the engine reads it; none where a part of it names nobody."""
    parts = [_named(word.strip().lower(), directory) for word in scope.split(",") if word.strip()]
    return frozenset().union(*parts) if all(parts) else frozenset()


def _named(word: str, directory: tuple[AccountView, ...]) -> frozenset[str]:
    if word == ALL:
        return frozenset(view.id for view in directory)
    if word.startswith("#"):
        return frozenset(view.id for view in directory if word[1:] in {tag.lower() for tag in view.tags})
    return frozenset(view.id for view in directory if word in (view.id.lower(), view.group.lower()))
