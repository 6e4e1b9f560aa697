"""Audience: which chats are told what: the console, bound chats by their floor, and private chats of people by their role."""

from collections.abc import Callable

from bot.core.access import Role, RoomKind
from bot.core.chat import Incoming
from bot.core.routing import UNASKED, destined
from bot.runtime.people.people import LOCAL_CHAT, People
from bot.runtime.people.routes import Routes
from engine.api import Severity


class Audience:
    """Who hears of it."""

    def __init__(self, people: People, *, has_console: bool) -> None:
        """Over the desk's people and chats."""
        self._people = people
        self.routes = Routes(people)
        self.local = (LOCAL_CHAT,) if has_console else ()

    def of(
        self,
        severity: Severity,
        code: str = "",
        *,
        takes: Callable[[str], bool] = lambda _: True,
        oncall: tuple[str, ...] = (),
    ) -> tuple[str, ...]:
        """Chats that are told something this grave; private chats of traders where no chat is bound.

        Rooms that its ``code`` is routed to instead, with operations and ``oncall`` for a P1; of all those that ``takes``.
        """
        rooms = [room for room in self._people.rooms() if room.kind not in UNASKED]
        told = tuple(room.chat for room in rooms if severity <= Severity(room.floor))
        default = tuple(chat for chat in (told if rooms else self._private(Role.TRADER)) if takes(chat))
        named = tuple(chat for chat in self.routes.rooms(code) if takes(chat))
        ops = tuple(room.chat for room in rooms if room.kind is RoomKind.OPS and takes(room.chat))
        return tuple(dict.fromkeys((*self.local, *destined(severity, default, named, oncall, ops))))

    def of_role(self, role: Role) -> tuple[str, ...]:
        """Private chats of everybody with this role, and chats of operations."""
        ops = tuple(room.chat for room in self._people.rooms() if room.kind is RoomKind.OPS)
        return tuple(dict.fromkeys((*self.local, *ops, *self._private(role))))

    def _private(self, role: Role) -> tuple[str, ...]:
        return tuple(private_chat(name) for known in self._people.who_holds(role) for name, _ in known.identities)


def reader_of(incoming: Incoming) -> str:
    """The private chat of whoever alone may read an answer; empty where others may."""
    return private_chat(incoming.identity) if incoming.is_aside else ""


def private_chat(identity: str) -> str:
    """Where somebody is alone with the bot."""
    platform, _, user = identity.partition(":")
    return f"{platform}:@{user}"
