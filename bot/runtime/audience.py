"""Audience: which chats are told what: the console, bound chats by their floor, and private chats of people by their role."""

from bot.core.access import Role, RoomKind
from bot.runtime.people import LOCAL_CHAT, People
from engine.api import Severity

QUIET = frozenset({RoomKind.BROADCAST, RoomKind.AUDIT})  # nobody is told anything there unasked


class Audience:
    """Who hears of it."""

    def __init__(self, people: People, *, has_console: bool) -> None:
        """Over the desk's people and chats."""
        self._people = people
        self._local = (LOCAL_CHAT,) if has_console else ()

    def of(self, severity: Severity) -> tuple[str, ...]:
        """Chats that are told something this grave; private chats of traders where no chat is bound."""
        rooms = [room for room in self._people.rooms() if room.kind not in QUIET]
        told = tuple(room.chat for room in rooms if severity <= Severity(room.floor))
        return self._local + (told if rooms else self._private(Role.TRADER))

    def of_role(self, role: Role) -> tuple[str, ...]:
        """Private chats of everybody with this role, and chats of operations."""
        ops = tuple(room.chat for room in self._people.rooms() if room.kind is RoomKind.OPS)
        return tuple(dict.fromkeys((*self._local, *ops, *self._private(role))))

    def _private(self, role: Role) -> tuple[str, ...]:
        return tuple(
            private_chat(identity)
            for known in self._people.everybody()
            if known.person.role >= role and known.person.role is not Role.ADMIN
            for identity, _ in known.identities
        )


def private_chat(identity: str) -> str:
    """Where somebody is alone with the bot."""
    platform, _, user = identity.partition(":")
    return f"{platform}:@{user}"
