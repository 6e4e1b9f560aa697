"""Gate: what came in once, from a known person, in a known chat, in a form that may act; everything else stops here."""

from datetime import datetime, timedelta
from enum import Enum

from msgspec.structs import replace

from bot.core import code
from bot.core.access import Person, Role, Room, RoomKind, may
from bot.core.chat import Clock, Incoming
from bot.core.denial import Denied
from bot.core.dialogue import Seat
from bot.core.dialogue import Turned as Dead
from bot.core.record import Record
from bot.runtime.alerting.sentry import Sentry
from bot.runtime.people.codes import CodeError
from bot.runtime.people.people import People
from bot.storage.audit import AuditStore
from bot.storage.inbox import InboxStore
from engine.api import LockstepError, Value

STALE = "stale"  # in the audit: came too late to be run
STRANGER_EVERY = timedelta(hours=1)
STRANGER = "I do not know you. Nothing was done."
NO_CODE = "I do not know you yet. Write the word pair and the code that the desk has printed."
OPEN_VERBS = frozenset({"pair", "start"})  # what a stranger may say


class Place(Value, frozen=True):
    """Who writes, and where."""

    person: Person
    seat: Seat
    room: Room
    incoming: Incoming
    line: str = ""  # the command that is being answered
    post: str = ""  # the message that began it, where a button goes on with that

    @property
    def asked(self) -> str:
        """The person's own message that is answered; empty where a press alone began it."""
        return self.post or ("" if self.incoming.handle else self.incoming.post)

    @classmethod
    def of(cls, person: Person, seat: Seat, room: Room, at: datetime) -> "Place":
        """Where somebody asked a while ago."""
        platform, _, _ = seat.chat.partition(":")
        return cls(person=person, seat=seat, room=room, incoming=Incoming(chat=seat.chat, user=platform, at=at))

    def may(self, needs: Role, now: datetime, *, of_room: bool = False) -> bool:
        """Say whether this role is held here, for some account at least; ``of_room`` for what is about this chat itself."""
        room = replace(self.room, kind=RoomKind.UNBOUND) if of_room else self.room
        return may(self.person, room, needs, now)


class Turned(Enum):
    """Why nothing is answered."""

    SILENT = "silent"
    STRANGER = "stranger"
    UNBOUND = "unbound"
    ODD = "odd"


class Gate:
    """The one way in."""

    def __init__(self, people: People, inbox: InboxStore, audit: AuditStore, sentry: Sentry, clock: Clock) -> None:
        """Over the bot's database; ``sentry`` counts who is refused."""
        self._people = people
        self._inbox = inbox
        self.audit = audit
        self._sentry = sentry
        self._clock = clock
        self._told: dict[str, datetime] = {}

    def admit(self, incoming: Incoming) -> Place | Turned:
        """Let in what may be answered; what is refused is audited where somebody tried to act."""
        now = self._clock.now()
        if incoming.update and not self._inbox.take(incoming.platform, incoming.update, now):
            return Turned.SILENT
        person = self._people.person_of(incoming)
        if incoming.odd:
            self._odd(incoming, person)
            return Turned.ODD if person is not None else Turned.SILENT
        if person is None:
            return self._stranger(incoming, now)
        room = self._people.room_of(incoming)
        if room is None:
            room = Room(chat=incoming.chat, kind=RoomKind.UNBOUND)
            if not may(person, room, Role.ADMIN, now):
                return Turned.UNBOUND if incoming.is_summons else Turned.SILENT
        if not (incoming.is_summons or incoming.handle or incoming.sign):
            return Turned.SILENT
        return Place(person=person, seat=Seat(person=person.id, chat=incoming.chat), room=room, incoming=incoming)

    def _odd(self, incoming: Incoming, person: Person | None) -> None:
        """Nothing of it runs; an edit is a slip of the hand, and counts for nothing more."""
        if incoming.odd == "edited" or not incoming.is_summons:
            self.record(incoming, person, "refused", f"{incoming.odd} message")
        else:
            self.deny(incoming, person, Denied.ODD, f"{incoming.odd} message")

    def _stranger(self, incoming: Incoming, now: datetime) -> Turned:
        """Silence in groups, one line an hour in private; what was tried is kept."""
        verb = incoming.text.strip().lstrip("/").partition(" ")[0].lower()
        is_open = incoming.is_private and verb in OPEN_VERBS
        if is_open or not (incoming.is_summons or incoming.handle):  # talk among people is nobody's try
            self.record(incoming, None, "refused", "unknown person")
        else:
            self.deny(incoming, None, Denied.STRANGER, "unknown person")
        if is_open:
            return Turned.STRANGER
        last = self._told.get(incoming.identity)
        if not incoming.is_private or (last is not None and now - last < STRANGER_EVERY):
            return Turned.SILENT
        self._told = {who: at for who, at in self._told.items() if now - at < STRANGER_EVERY}
        self._told[incoming.identity] = now
        return Turned.STRANGER

    def deny(self, incoming: Incoming, person: Person | None, what: Denied, why: str, **more: object) -> None:
        """Write down that something was refused, and count it: whoever is refused again and again is told to others."""
        self.record(incoming, person, "refused", why, **more)
        self.count(incoming, person, what)

    def count(self, incoming: Incoming, person: Person | None, what: Denied) -> None:
        """Count what was refused."""
        self._sentry.denied(incoming, person, what)

    def pressed(self, incoming: Incoming, person: Person, dead: Dead) -> None:
        """A press did nothing."""
        if dead.is_foreign:
            self.deny(incoming, person, Denied.PRESS, dead.text, command="press")
        else:
            self.record(incoming, person, "refused", dead.text, command="press")

    def failed(self, incoming: Incoming, person: Person | None, error: LockstepError, result: str = "failed") -> None:
        """Something did not work out; a wrong code counts as refused."""
        if person is not None:
            self.record(incoming, person, result, str(error))
        if isinstance(error, CodeError):
            self._sentry.denied(incoming, person, error.what, is_shut=error.is_last)

    def paired(self, incoming: Incoming, person: Person) -> None:
        """A code was redeemed."""
        self.record(incoming, person, "ok", "paired")
        self._sentry.paired(person, incoming.platform)

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
            "text": masked(incoming.text or incoming.sign)[:500],
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
