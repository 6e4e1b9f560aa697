"""Deeds: acts on the desk's people and chats, which the engine does not know of. One closed union."""

from collections.abc import Callable
from datetime import datetime

from bot.core.access import Grant, RoomKind
from engine.api import Value


class Deed(Value, frozen=True, tag=True):
    """Something that changes who may do what."""


class GiveRole(Deed, frozen=True):
    """Give a person a role."""

    person: str
    name: str
    grant: Grant


class Revoke(Deed, frozen=True):
    """Take every right of a person, now."""

    person: str
    name: str


class Invite(Deed, frozen=True):
    """Make a pairing code for a new person, or for a further identity of ``person``."""

    name: str
    grant: Grant
    person: str = ""


class Bind(Deed, frozen=True):
    """Say what a chat is for."""

    chat: str
    kind: RoomKind
    scope: str
    floor: str = "P4"


class Unbind(Deed, frozen=True):
    """The desk leaves a chat."""

    chat: str


class Redact(Deed, frozen=True):
    """Show percent instead of money in a chat, or money again."""

    chat: str
    is_on: bool


class Route(Deed, frozen=True):
    """Tell a room of a code or family instead of the rooms of its severity; without a room, those again."""

    code: str
    chat: str = ""
    name: str = ""


class NameRoom(Deed, frozen=True):
    """Say what a room is called."""

    chat: str
    name: str


class NewSecret(Deed, frozen=True):
    """Begin anew with one's own one-time codes; what the app shows of the old secret is void."""


class Arm(Deed, frozen=True):
    """Need no code until then."""

    until: datetime


class Lockdown(Deed, frozen=True):
    """A chat may only read, pause and flatten, until somebody at the desk's own computer lifts it; ``*`` is every chat."""

    chat: str
    is_on: bool = True


class Freeze(Deed, frozen=True):
    """Only risk and owner, and whoever asked for it, may add risk to these accounts; lifted by ``is_on`` False."""

    scope: str
    until: datetime | None = None
    reason: str = ""
    is_on: bool = True


class BreakGlass(Deed, frozen=True):
    """Go on with an act that waits for a second person."""

    id: str
    reason: str


OF_ROOM = (
    Bind,
    Unbind,
    Redact,
)  # about the very chat where it is asked: no ceiling of that chat holds an admin from it
AnyDeed = (
    BreakGlass
    | GiveRole
    | Revoke
    | Invite
    | Bind
    | Unbind
    | Redact
    | Route
    | NameRoom
    | NewSecret
    | Arm
    | Lockdown
    | Freeze
)
ALWAYS_CODED = (Arm, NewSecret)  # a code is given for these inside an armed window too: else it would never end


def scope_of(deed: AnyDeed | None) -> str:
    """The accounts that a deed is about; empty for one that is about none."""
    match deed:
        case Freeze(scope=scope):
            return scope
        case GiveRole(grant=grant) | Invite(person="", grant=grant):
            return grant.scope
        case _:
            return ""


def _utc(at: datetime) -> str:
    return f"{at:%H:%M} UTC"


def words(deed: AnyDeed, end: Callable[[datetime], str] = _utc) -> str:
    """What would be done, in one line; ``end`` tells a time."""
    match deed:
        case BreakGlass(id=name, reason=reason):
            return f"BREAK-GLASS {name}: {reason}"
        case GiveRole(name=name, grant=grant):
            return f"ROLE {name}: {role_words(grant)}"
        case Revoke(name=name):
            return f"REVOKE {name}: every right, at once"
        case Invite(name=name, person=""):
            return f"INVITE {name}: {role_words(deed.grant)}"
        case Invite(name=name):
            return f"INVITE {name} on a further platform"
        case Bind(kind=kind, scope=scope):
            return f"BIND this chat as {kind.value} for {scope}"
        case Unbind():
            return "UNBIND this chat"
        case Redact(is_on=is_on):
            return "REDACT this chat: no money shown" if is_on else "SHOW money in this chat again"
        case Route(chat="", code=code):
            return f"ROUTE {code} off: the rooms of its severity"
        case Route(code=code, name=name):
            return f"ROUTE {code} to {name}"
        case NameRoom(chat=chat, name=name):
            return f"NAME {chat} {name}"
        case NewSecret():
            return "NEW SECRET for your one-time codes: the old one is void"
        case Arm(until=until):
            return f"ARM until {end(until)}: acts of level 3 need no code"
        case Lockdown(chat="*", is_on=is_on):
            return "LOCKDOWN every chat" if is_on else "LIFT the lockdown of every chat"
        case Lockdown(is_on=is_on):
            return "LOCKDOWN this chat: read, pause, flatten" if is_on else "LIFT the lockdown of this chat"
        case Freeze(scope=scope, is_on=is_on, until=until):
            if not is_on:
                return f"UNFREEZE {scope}"
            return f"🔒 FREEZE changes of {scope}" + (f" until {end(until)}" if until else "")


def role_words(grant: Grant) -> str:
    """A right for people."""
    until = f" until {grant.until:%Y-%m-%d %H:%M} UTC" if grant.until else ""
    return f"{grant.role.name.lower()} on {grant.scope}{until}"
