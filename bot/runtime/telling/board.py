"""Board: one pinned status card in each bound chat, edited when something changed; its age shows when nobody edits it.

The card says when it was true, and the platform shows how long ago that is: when the bot dies, its board visibly grows old.
"""

from collections.abc import Callable
from typing import cast

import msgspec

from bot.core.access import ALL, Role, Room, RoomKind, resolve
from bot.core.card import Card
from bot.core.chat import Message, Priority, Show
from bot.core.command import Engine
from bot.core.render.board import alerts_line, platforms_line, status_buttons
from bot.core.render.desk import status_card
from bot.core.standing import Standing
from bot.core.vital import Vitals
from bot.runtime.admission.around import Around
from bot.runtime.alerting.alerts import Alerts
from bot.runtime.desk.sight import Sight
from bot.runtime.desk.watch import Watch
from bot.runtime.people.rota import concerned
from engine.api import LockstepError, StatusView

LOOK_S = 1.0
PACES = {"telegram": 15.0}  # seconds between two edits in a group …
PACE = 5.0  # … and elsewhere
FORCED_S = 60.0  # edited at least this often, so that the age stays young while all is well
SHOWN = frozenset({RoomKind.TEAM, RoomKind.DESK, RoomKind.OPS})


class Board:
    """The pinned cards."""

    def __init__(
        self,
        around: Around,
        alerts: Alerts,
        watch: Watch,
        show: Show,
        vitals: Callable[[], Vitals] | None = None,
    ) -> None:
        """Shown through the outbox, so that newer content takes the place of what waits."""
        self._engine = around.engine
        self._directory = around.directory
        self._people = around.people
        self._standing = Standing(around.dialogue)
        self._alerts = alerts
        self._watch = watch
        self._show = show
        self._clock = around.clock
        self._zone = around.zone
        self._vitals = vitals
        self._told: dict[str, tuple[Card, float]] = {}  # by chat: what was shown but for its time, and when
        self._parts: dict[str, tuple[StatusView, float]] = {}  # by scope: what was answered, and when

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
        now = self._clock.monotonic()
        for room in self._people.rooms():
            if room.kind not in SHOWN:
                continue
            part = status if room.scope == ALL else await self._part(room.scope)
            if part is None:
                continue
            card = self._card(part, room)
            plain = msgspec.structs.replace(card, stamp=None)
            before, at = self._told.get(room.chat, (None, -FORCED_S))
            pace = PACES.get(room.chat.partition(":")[0], PACE)
            if now - at >= (pace if plain != before else FORCED_S):
                self._told[room.chat] = (plain, now)
                await self._show(
                    Message(chat=room.chat, card=card, silent=True, priority=Priority.STATUS, is_pinned=True)
                )

    async def _part(self, scope: str) -> StatusView | None:
        """How a part of the desk stands, asked at the pace of its board; None where nobody tells."""
        now = self._clock.monotonic()
        known = self._parts.get(scope)
        if known is not None and now - known[1] < PACE:
            return known[0]
        try:
            views = await self._directory.views()
            part = cast("Engine", Sight(self._engine, resolve(scope, views), views))
            status = await part.status(ALL)
        except LockstepError:
            return None  # the board's age says so
        self._parts[scope] = status, now
        return status

    def _card(self, status: StatusView, room: Room) -> Card:
        known = self._alerts.known
        mine = resolve(room.scope, known)
        groups = [
            group
            for group in self._alerts.pipeline.open()
            if not (about := concerned(group.labels, group.accounts, known)) or room.scope == ALL or about & mine
        ]
        bot = platforms_line(self._vitals() if self._vitals is not None else None)
        card = status_card(status, status.at, self._zone, alerts=alerts_line(groups), bot=bot)
        is_acting = room.ceiling is not None and room.ceiling >= Role.TRADER
        buttons, now = status_buttons(room.scope, len(groups), is_acting=is_acting), self._clock.now()
        card = msgspec.structs.replace(card, footer="", stamp=now, ref="board", settled=False)
        return self._standing.dress(card, room.chat, buttons, now)
