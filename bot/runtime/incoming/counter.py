"""Counter: puts together what a command may reach for one person at one place: of the accounts alone that are seen there."""

from collections.abc import Callable
from datetime import tzinfo
from typing import cast

from bot.core.access import Role, reach, sees_all
from bot.core.command import Desk, Engine, Venue
from bot.core.vital import Vitals
from bot.runtime.admission.around import Around
from bot.runtime.admission.gate import Place
from bot.runtime.alerting.alertdesk import AlertDesk
from bot.runtime.alerting.alerts import Alerts
from bot.runtime.alerting.echo import Echo, RouteDesk
from bot.runtime.desk.sight import Sight
from bot.runtime.incoming.guide import Guide
from bot.runtime.telling.digests import DigestDesk, Digests


class Counter:
    """Hands out desks."""

    def __init__(
        self,
        around: Around,
        guide: Guide,
        alerts: Alerts,
        digests: Digests,
        echo: Echo,
        *,
        mint: Callable[[], str],
        venue: Venue | None = None,
        vitals: Callable[[], Vitals] | None = None,
    ) -> None:
        """``mint`` makes keys that nobody can guess."""
        self._around = around
        self._guide = guide
        self._alerts = alerts
        self._digests = digests
        self._echo = echo
        self._mint = mint
        self._venue = venue
        self._vitals = vitals

    def zone_of(self, place: Place) -> tzinfo:
        """The zone that a person has set, or the desk's."""
        return self._around.zone_of(place.person.id)

    def alert_of(self, place: Place) -> str:
        """The alert in whose own place something was written; empty elsewhere."""
        return self._alerts.talk.here(place.incoming.chat)

    async def desk(self, place: Place, engine: Engine) -> Desk:
        """What a command may reach; ``engine`` answers about what is seen here."""
        now, where, zone = self._around.clock.now(), place.incoming.platform, self.zone_of(place)
        views = () if sees_all(place.person, place.room, now) else await self._around.directory.views()
        seen = reach(place.person, place.room, Role.VIEWER, now, views)
        is_whole = len(seen) == len(views)
        return Desk(
            engine=engine if is_whole else cast("Engine", Sight(engine, seen, views)),
            person=place.person,
            now=now,
            zone=zone,
            commands=self._guide.usable(place),
            mint=self._mint,
            room=place.room,
            people=self._around.people,
            audit=self._around.gate.audit,
            venue=self._venue,
            alerts=AlertDesk(self._alerts, place.person, where, now, None if is_whole else seen),
            digests=DigestDesk(self._digests, self._alerts.rota, place.person, place.room, now, zone),
            vitals=self._vitals,
            chat=place.incoming.chat,
            alert=self.alert_of(place),
            routes=RouteDesk(self._echo, place.person, place.incoming),
        )
