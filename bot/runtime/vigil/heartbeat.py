"""Heartbeat: a word to an outside watchman, each minute that everything answers; he rings when it does not come."""

import logging
from collections.abc import Mapping

import httpx

from bot.core.chat import Chat, ChatSpec, Clock, Finding
from bot.core.render.look import age
from bot.runtime.alerting.alerts import Alerts
from bot.runtime.desk.watch import Watch
from bot.runtime.vigil.watchman import is_heard
from engine.api import Severity

TIMEOUT_S = 10.0
LOOK_S = 5.0  # how soon it is looked again whether all is well
TELL_AFTER_S = 600.0
FAILED, BACK = "beat.failed", "beat.back"

log = logging.getLogger(__name__)


class Heartbeat:
    """Gets a URL while the engine answers and a platform hears us. The URL is a secret: nothing here shows it."""

    def __init__(
        self,
        url: str,
        every_s: float,
        chats: Mapping[str, tuple[ChatSpec, Chat]],
        watch: Watch,
        alerts: Alerts,
        clock: Clock,
    ) -> None:
        """``chats`` are the platforms by name, without the desk's own console."""
        self._url = url
        self._every_s = every_s
        self._chats = chats
        self._watch = watch
        self._alerts = alerts
        self._clock = clock
        self._failing_since: float | None = None

    async def run(self) -> None:
        """Beat for ever."""
        async with httpx.AsyncClient(timeout=TIMEOUT_S) as http:
            while True:
                has_beaten = await self.beat(http)
                await self._clock.sleep(self._every_s if has_beaten else min(LOOK_S, self._every_s))

    async def beat(self, http: httpx.AsyncClient) -> bool:
        """Beat once; False where all is not well: silence is what the watchman outside rings for."""
        if not self._is_well():
            self._failing_since = None
            return False
        reason = await failure(http, self._url)
        now = self._clock.monotonic()
        if not reason:
            self._failing_since = None
            if self._alerts.standing(FAILED) is not None:
                self._alerts.raise_own(BACK, Severity.P5, "the outside heartbeat arrives again")
            return True
        log.warning("the heartbeat did not arrive: %s", reason)
        self._failing_since = now if self._failing_since is None else self._failing_since
        gone = now - self._failing_since
        if gone >= TELL_AFTER_S:
            text = f"The outside heartbeat has not arrived for {age(gone)}: {reason}. Whoever watches it will ring"
            self._alerts.raise_own(FAILED, Severity.P3, text)
        return True

    def _is_well(self) -> bool:
        return self._watch.connected and (
            not self._chats or any(is_heard(chat.health()) for _, chat in self._chats.values())
        )


async def failure(http: httpx.AsyncClient, url: str) -> str:
    """Get it; why it did not arrive, without the URL, empty where it did."""
    try:
        response = await http.get(url)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return type(error).__name__
    return "" if response.is_success else f"answer {response.status_code}"


async def probe(url: str) -> Finding:
    """Does it answer?"""
    async with httpx.AsyncClient(timeout=TIMEOUT_S) as http:
        reason = await failure(http, url)
    if reason:
        return Finding(mark="!!", text=f"no answer ({reason}): check the URL in .env and the network")
    return Finding(mark="ok", text="answers; this look was one beat")
