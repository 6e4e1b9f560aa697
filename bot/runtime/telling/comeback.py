"""Comeback: the bot's sign of life, and one card in each chat after it was away: how long, and what came meanwhile."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import tzinfo
from typing import cast

from bot.core.alertgroup import Group
from bot.core.card import Card
from bot.core.chat import Message, Priority
from bot.core.command import Engine
from bot.core.record import Record
from bot.core.render.comeback import comeback_card
from bot.runtime.admission.around import Around
from bot.runtime.admission.gate import STALE
from bot.runtime.alerting.alerts import Alerts
from bot.runtime.alerting.climber import Mail
from bot.runtime.desk.sight import Sight
from bot.runtime.desk.watch import Watch
from bot.runtime.people.audience import Audience
from bot.storage.beat import BeatStore, Outage
from engine.api import LockstepError, Severity, StatusView

BEAT_S = 10.0
SETTLE_S = 15.0  # after the start: what was written meanwhile has come by then
PATIENCE_S = 60.0  # an engine that does not answer is waited for so long
LOOK_BACK = 300

Seen = frozenset[str] | None


class Comeback:
    """Beats, and tells of a time without beats."""

    def __init__(
        self, store: BeatStore, around: Around, alerts: Alerts, audience: Audience, watch: Watch, mail: Mail
    ) -> None:
        """Nothing is known before the first tick."""
        self._store = store
        self._around = around
        self._alerts = alerts
        self._audience = audience
        self._watch = watch
        self._mail = mail
        self._begun: float | None = None
        self._outage: Outage | None = None

    async def run(self) -> None:
        """Beat for ever."""
        while True:
            await self.tick()
            await self._around.clock.sleep(BEAT_S)

    async def tick(self) -> None:
        """One beat; the card is told when what came meanwhile is in, and the engine answers."""
        now, ran_s = self._around.clock.now(), self._around.clock.monotonic()
        if self._begun is None:
            self._begun, self._outage = ran_s, self._store.begin(now)
            return
        self._store.beat(now)
        ran_s -= self._begun
        is_in = ran_s >= SETTLE_S and (self._watch.connected or ran_s >= PATIENCE_S)
        if self._outage is not None and is_in:
            outage, self._outage = self._outage, None
            await self._tell(outage)

    async def _tell(self, outage: Outage) -> None:
        people, directory = self._around.people, self._around.directory
        with suppress(LockstepError):
            await directory.views()
        chats = {chat: people.seen(chat, directory.known) for chat in self._audience.of(Severity.P2)}
        states = {seen: await self._state(seen) for seen in dict.fromkeys(chats.values())}
        late, raised = self._late(outage), self._raised(outage)
        messages = []
        for chat, seen in chats.items():
            shown = [one for one in raised if seen is None or not one.accounts or one.accounts & seen]
            card = self._card(outage, chat, late, shown, states[seen])
            messages.append(Message(chat=chat, card=card, priority=Priority.REST, is_fresh=True))
        with self._store.database.begin() as connection:
            self._store.end(connection)
            kept = self._mail.keep(messages, connection)
        self._mail.release(kept)

    def _card(
        self, outage: Outage, chat: str, late: Sequence[Record], raised: Sequence[Group], status: StatusView | None
    ) -> Card:
        span = (outage.since, outage.until)
        return comeback_card(span, late, raised, status, self._around.clock.now(), self._zone_of(chat))

    def _zone_of(self, chat: str) -> tzinfo:
        owner = self._around.people.owner_of(chat)
        return (self._around.people.zone_of(owner.id) if owner is not None else None) or self._around.zone

    async def _state(self, seen: Seen) -> StatusView | None:
        engine, known = self._around.engine, self._around.directory.known
        try:
            return await (engine if seen is None else cast("Engine", Sight(engine, seen, known))).status("all")
        except LockstepError:
            return None

    def _late(self, outage: Outage) -> list[Record]:
        """What was written while nobody read, and was not run, the oldest first."""
        newest = self._around.gate.audit.newest(LOOK_BACK)
        return [one for one in reversed(newest) if one.at >= outage.until and one.why == STALE]

    def _raised(self, outage: Outage) -> list[Group]:
        """Groups of alerts that began meanwhile, as they are now."""
        since, until = outage.since, outage.until
        return [one for one in self._alerts.store.begun_by(since, until) if one.opened_at >= until]
