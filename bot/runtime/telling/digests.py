"""Digests: each person's own, at their own times, once: stored with what says that it was sent, in one transaction."""

from datetime import date, datetime, tzinfo

from bot.core.access import ALL, Person, Room, sees_all
from bot.core.chat import Message, Priority
from bot.core.command import Reply
from bot.core.digest import Digest, Wishes, due, next_slot, read_wish
from bot.runtime.admission.around import Around
from bot.runtime.alerting.climber import Mail
from bot.runtime.lasting import Faults, tried
from bot.runtime.people.rota import Rota
from bot.runtime.telling.editor import Asked, Editor
from bot.storage.alert import AlertStore
from bot.storage.digest import DigestStore
from engine.api import tradedate

TICK_S = 15.0
PATIENCE_S = 600.0  # an engine that is silent when a digest is due is waited for so long


class Digests:
    """Everybody's."""

    def __init__(self, store: DigestStore, around: Around, rota: Rota, editor: Editor, mail: Mail) -> None:
        """Go on where an earlier process ended."""
        self.editor = editor
        self._store = store
        self._people = around.people
        self._rota = rota
        self._mail = mail
        self._clock = around.clock
        self._zone = around.zone
        self._faults = Faults("the digests of")
        self._since: dict[tuple[str, Digest], float] = {}  # since when an engine is waited for

    async def run(self) -> None:
        """Send what is due, for ever."""
        while True:
            await self.tick()
            await self._clock.sleep(TICK_S)

    async def tick(self) -> None:
        """Send what is due now, also what came due while nobody ran."""
        people = {one.person.id: one.person for one in self._people.everybody()}
        for person in (self._people.local, *people.values()):
            error = await tried(self._send_due(person))  # what cannot be written for one keeps no other waiting
            if error is None:
                self._faults.over(person.id)
            else:
                self._faults.failed(error, person.id)

    async def _send_due(self, person: Person) -> None:
        slots = {kind: slot for kind in self._rota.digests(person) if (slot := self._due(person, kind)) is not None}
        for kind in sorted(slots, key=lambda one: slots[one]):
            await self._send(person, kind, slots[kind])

    def _due(self, person: Person, kind: Digest) -> datetime | None:
        wish, sent = self._rota.digests(person).get(kind), self._store.sent(person.id).get(kind)
        return due(kind, wish, sent, self._clock.now(), self.zone_of(person)) if wish is not None else None

    async def _send(self, person: Person, kind: Digest, slot: datetime) -> None:
        chats = self._rota.private(person.id)
        room = self._people.room(chats[0]) if chats else None
        if room is None or not self._people.is_told(chats[0]):
            return
        asked = Asked(kind=kind, person=person, room=room, at=slot, zone=self.zone_of(person), chats=chats)
        written = await self.editor.write(asked)
        now, since = self._clock.monotonic(), self._since.setdefault((person.id, kind), self._clock.monotonic())
        if written.is_silent and now - since < PATIENCE_S:
            return
        self._since.pop((person.id, kind))
        if self._due(person, kind) != slot:  # it was turned off, or moved, while it was written
            return
        messages = [
            Message(chat=chat, card=written.card, files=written.files, silent=True, priority=Priority.REST)
            for chat in chats
        ]
        with self._store.database.begin() as connection:
            self._store.put_sent(connection, person.id, kind, slot)
            if kind is Digest.MORNING:
                for chat in chats:
                    AlertStore.end_missed(connection, chat)
            kept = self._mail.keep(messages, connection)
        self._mail.release(kept)

    def zone_of(self, person: Person) -> tzinfo:
        """The zone that a person has set, or the desk's."""
        return self._people.zone_of(person.id) or self._zone


class DigestDesk:
    """What a command may do with one person's digests, from where they write."""

    def __init__(self, digests: Digests, rota: Rota, person: Person, room: Room, now: datetime, zone: tzinfo) -> None:
        """For one command."""
        self._digests = digests
        self._rota = rota
        self._person = person
        self._room = room
        self._now = now
        self._zone = zone

    def wishes(self) -> Wishes:
        """What is set."""
        return self._rota.digests(self._person)

    def ahead(self) -> dict[Digest, datetime]:
        """When the next ones come."""
        return {kind: next_slot(kind, wish, self._now, self._zone) for kind, wish in self.wishes().items()}

    def set(self, kind: Digest, words: str) -> bool:
        """Set one; ``off`` takes it away. False for words that say no time."""
        wish = read_wish(kind, words, self._now)
        if wish is None and words.lower() != "off":
            return False
        self._rota.set_digest(self._person, kind, wish)
        return True

    @property
    def is_whole(self) -> bool:
        """Say whether all of the desk may be read here."""
        return sees_all(self._person, self._room, self._now)

    async def now(self, kind: Digest, scope: str = ALL, day: date | None = None) -> Reply:
        """One of them as it would come now, or at the end of that day, of what may be seen here."""
        at = self._now if day is None else tradedate.bounds(day)[1]
        asked = Asked(kind=kind, person=self._person, room=self._room, at=at, zone=self._zone, scope=scope)
        written = await self._digests.editor.write(asked)
        return Reply(cards=(written.card,), files=written.files)
