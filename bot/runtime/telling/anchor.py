"""Anchor: once a day the head of the audit's chain is posted, so that a later change of the record shows in the chat."""

from datetime import UTC

from bot.core.access import RoomKind
from bot.core.card import Card
from bot.core.chat import Clock, Message, Priority, Show
from bot.runtime.people.people import People
from bot.storage.audit import AuditStore
from bot.storage.people import PeopleStore

LOOK_S = 60.0
KEY = "anchored"
SHOWN = frozenset({RoomKind.AUDIT, RoomKind.OPS})


class Anchor:
    """Posts the head."""

    def __init__(self, people: People, store: PeopleStore, audit: AuditStore, show: Show, clock: Clock) -> None:
        """The day that was posted last is kept with the desk's wishes."""
        self._people = people
        self._store = store
        self._audit = audit
        self._show = show
        self._clock = clock

    async def run(self) -> None:
        """Look for ever."""
        while True:
            await self.look()
            await self._clock.sleep(LOOK_S)

    async def look(self) -> None:
        """Post the head of a day that has ended and was not posted: in chats for the audit, else in those of operations."""
        now = self._clock.now().astimezone(UTC)
        today = now.date().isoformat()
        last = self._store.pref("", KEY)
        if last == today:
            return
        number, head = self._audit.head()
        rooms = [room for room in self._people.rooms() if room.kind in SHOWN]
        audits = [room for room in rooms if room.kind is RoomKind.AUDIT] or rooms
        if not last or not number:
            self._store.set_pref("", KEY, today)
            return
        card = Card(
            title=f"AUDIT until {now:%d %b} 00:00 UTC · {number} rows",
            lines=(head[:32], head[32:], "lockstep audit must show this head for as many rows."),
            ref=f"anchor:{today}",
        )
        for room in audits:
            await self._show(Message(chat=room.chat, card=card, silent=True, priority=Priority.REST))
        self._store.set_pref("", KEY, today)  # a kill before this posts the same card once more
