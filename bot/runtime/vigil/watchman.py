"""Watchman: the platforms' own lines: one that is deaf, or whose token somebody else uses, is an alert on every platform."""

from collections.abc import Mapping

from bot.core.chat import Chat, ChatSpec, Clock, Health
from bot.core.render.look import age
from bot.runtime.alerting.alerts import Alerts
from engine.api import Severity

LOOK_S = 5.0
DEAF, CONFLICT, BACK = "bridge.deaf", "bridge.conflict", "bridge.back"


class Watchman:
    """Looks at each platform's health; while one is deaf, what is grave finds its way over the others."""

    def __init__(self, chats: Mapping[str, tuple[ChatSpec, Chat]], alerts: Alerts, clock: Clock) -> None:
        """``chats`` by the platform's name."""
        self._chats = chats
        self._alerts = alerts
        self._clock = clock

    async def run(self) -> None:
        """Look for ever."""
        while True:
            await self.look()
            await self._clock.sleep(LOOK_S)

    async def look(self) -> None:
        """Raise what is wrong now and is not told yet; end what an earlier look, or an earlier process, has raised."""
        lines = {name: chat.health() for name, (_, chat) in self._chats.items()}
        self._alerts.rota.deaf = frozenset(name for name, health in lines.items() if health.trouble or health.is_rival)
        self._end_unserved()
        for name, health in lines.items():
            if health.is_rival:
                self._raise(CONFLICT, Severity.P1, name, _rival_words(name, health))
            elif health.trouble:
                self._raise(DEAF, Severity.P2, name, _deaf_words(name, health))
            elif is_heard(health):
                self._end(name)

    def _raise(self, code: str, severity: Severity, name: str, text: str) -> None:
        if self._alerts.standing(code, connection=name) is None:
            self._alerts.raise_own(code, severity, text, connection=name)

    def _end_unserved(self) -> None:
        """A platform that an earlier bot served, and that is not in desk.toml any more, is no trouble."""
        for group in self._alerts.pipeline.open():
            name = group.labels.connection
            if group.code in (DEAF, CONFLICT) and group.clears_at is None and name not in self._chats:
                self._alerts.raise_own(BACK, Severity.P5, f"{name} is not served any more", connection=name)

    def _end(self, name: str) -> None:
        standing = [self._alerts.standing(code, connection=name) for code in (DEAF, CONFLICT)]
        since = [group.opened_at for group in standing if group is not None]
        if since:
            away = age((self._clock.now() - min(since)).total_seconds())
            self._alerts.raise_own(BACK, Severity.P5, f"{name} is heard again, after {away}", connection=name)


def is_heard(health: Health) -> bool:
    """Say whether a platform brings us what people write."""
    return health.heard_s is not None and not health.trouble and not health.is_rival


def _rival_words(name: str, health: Health) -> str:
    return f"{name}: {health.trouble}. If it is not yours: /lockdown, then a new token"


def _deaf_words(name: str, health: Health) -> str:
    heard = f"heard {age(health.heard_s)} ago" if health.heard_s is not None else "not heard yet"
    return f"Commands on {name} do not arrive: {health.trouble}; {heard}"
