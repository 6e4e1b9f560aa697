"""Gate: what came in once, from a known person, in a known chat, in a form that may act; everything else stops here."""

from datetime import datetime, timedelta
from enum import Enum

from bot.core import code
from bot.core.access import Person, Role, Room, RoomKind, may
from bot.core.chat import Clock, Incoming
from bot.core.dialogue import Seat
from bot.core.record import Record
from bot.runtime.people import People
from bot.storage.audit import AuditStore
from bot.storage.inbox import InboxStore
from engine.api import Value

STRANGER_EVERY = timedelta(hours=1)
STRANGER = "I do not know you. Nothing was done."
OPEN_VERBS = frozenset({"pair", "start"})  # what a stranger may say


class Place(Value, frozen=True):
    """Who writes, and where."""

    person: Person
    seat: Seat
    room: Room
    incoming: Incoming

    @classmethod
    def of(cls, person: Person, seat: Seat, room: Room, at: datetime) -> "Place":
        """Where somebody asked a while ago."""
        platform, _, _ = seat.chat.partition(":")
        return cls(person=person, seat=seat, room=room, incoming=Incoming(chat=seat.chat, user=platform, at=at))

    def may(self, needs: Role, now: datetime) -> bool:
        """Say whether this role is held here, for some account at least."""
        return may(self.person, self.room, needs, now)


class Turned(Enum):
    """Why nothing is answered."""

    SILENT = "silent"
    STRANGER = "stranger"
    UNBOUND = "unbound"
    ODD = "odd"


class Gate:
    """The one way in."""

    def __init__(self, people: People, inbox: InboxStore, audit: AuditStore, clock: Clock) -> None:
        """Over the bot's database."""
        self._people = people
        self._inbox = inbox
        self.audit = audit
        self._clock = clock
        self._told: dict[str, datetime] = {}

    def admit(self, incoming: Incoming) -> Place | Turned:
        """Let in what may be answered; what is refused is audited where somebody tried to act."""
        now = self._clock.now()
        if incoming.update and not self._inbox.take(incoming.platform, incoming.update, now):
            return Turned.SILENT
        person = self._people.person_of(incoming)
        if incoming.odd:
            self.record(incoming, person, "refused", f"{incoming.odd} message")
            return Turned.ODD if person is not None else Turned.SILENT
        if person is None:
            return self._stranger(incoming, now)
        room = self._people.room_of(incoming)
        if room is None:
            room = Room(chat=incoming.chat, kind=RoomKind.UNBOUND)
            if not may(person, room, Role.ADMIN, now):
                return Turned.UNBOUND if incoming.is_summons else Turned.SILENT
        if not incoming.is_summons and not incoming.handle:
            return Turned.SILENT
        return Place(person=person, seat=Seat(person=person.id, chat=incoming.chat), room=room, incoming=incoming)

    def _stranger(self, incoming: Incoming, now: datetime) -> Turned:
        """Silence in groups, one line an hour in private; what was tried is kept."""
        self.record(incoming, None, "refused", "unknown person")
        verb = incoming.text.strip().lstrip("/").partition(" ")[0].lower()
        if incoming.is_private and verb in OPEN_VERBS:
            return Turned.STRANGER
        last = self._told.get(incoming.identity)
        if not incoming.is_private or (last is not None and now - last < STRANGER_EVERY):
            return Turned.SILENT
        self._told = {who: at for who, at in self._told.items() if now - at < STRANGER_EVERY}
        self._told[incoming.identity] = now
        return Turned.STRANGER

    def record(self, incoming: Incoming, person: Person | None, result: str, why: str, **more: object) -> None:
        """Write what somebody tried, and what came of it, into the audit."""
        now = self._clock.now()
        fields = {
            "at": now,
            "person": person.id if person is not None else "",
            "name": person.name if person is not None else incoming.name[:80],
            "identity": incoming.identity,
            "chat": incoming.chat,
            "command": "",
            "text": masked(incoming.text)[:500],
            "result": result,
            "why": why,
            "latency_ms": max(0, int((now - incoming.at).total_seconds() * 1000)),
        }
        self.audit.append(Record(**{**fields, **more}))  # type: ignore[arg-type]  # fields are Record's own


def masked(text: str) -> str:
    """A text as it may be kept: without codes."""
    verb, *rest = text.split(maxsplit=1) or [""]
    is_secret = code.is_one_time(text) or verb.lower().lstrip("/") in OPEN_VERBS
    return (
        f"{verb if not code.is_one_time(text) else ''} ••••".strip()
        if is_secret and (rest or code.is_one_time(text))
        else text
    )
