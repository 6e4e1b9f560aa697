"""Board: one pinned status card in each bound chat, edited when something changed; its age shows when nobody edits it.

The card says when it was true, and the platform shows how long ago that is: when the bot dies, its board visibly grows old.
"""

from datetime import tzinfo

import msgspec

from bot.core.access import RoomKind
from bot.core.card import Card
from bot.core.chat import Clock, Message, Priority, Show
from bot.core.render.desk import status_card
from bot.runtime.people import People
from bot.runtime.watch import Watch
from engine.api import StatusView

LOOK_S = 1.0
PACES = {"telegram": 15.0}  # seconds between two edits in a group …
PACE = 5.0  # … and elsewhere
FORCED_S = 60.0  # edited at least this often, so that the age stays young while all is well
SHOWN = frozenset({RoomKind.TEAM, RoomKind.DESK, RoomKind.OPS})


class Board:
    """The pinned cards."""

    def __init__(self, people: People, watch: Watch, show: Show, clock: Clock, zone: tzinfo) -> None:
        """Shown through the outbox, so that newer content takes the place of what waits."""
        self._people = people
        self._watch = watch
        self._show = show
        self._clock = clock
        self._zone = zone
        self._told: dict[str, tuple[Card, float]] = {}  # by chat: what was shown but for its time, and when

    async def run(self) -> None:
        """Keep every board young, for ever."""
        while True:
            await self.look()
            await self._clock.sleep(LOOK_S)

    async def look(self) -> None:
        """Show what has changed, within each chat's pace."""
        status = self._watch.status
        if status is None or not self._watch.connected:
            return  # its age says so
        card, now = self._card(status), self._clock.monotonic()
        plain = msgspec.structs.replace(card, stamp=None)
        for room in self._people.rooms():
            if room.kind not in SHOWN:
                continue
            before, at = self._told.get(room.chat, (None, -FORCED_S))
            pace = PACES.get(room.chat.partition(":")[0], PACE)
            if now - at >= (pace if plain != before else FORCED_S):
                self._told[room.chat] = (plain, now)
                await self._show(
                    Message(chat=room.chat, card=card, silent=True, priority=Priority.STATUS, is_pinned=True)
                )

    def _card(self, status: StatusView) -> Card:
        card = status_card(status, status.at, self._zone)
        return msgspec.structs.replace(card, footer="", stamp=self._clock.now(), ref="board", settled=False)
