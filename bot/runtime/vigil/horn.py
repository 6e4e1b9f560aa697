"""Horn: the desk's own computer makes a noise where a P1 reaches nobody: the last way to be heard when every other is gone."""

from datetime import datetime, timedelta
from typing import Protocol

from bot.core.alertgroup import Group, Stage
from bot.core.chat import Clock, Message
from bot.core.render.alert import heading
from bot.runtime.alerting.alerts import Alerts
from engine.api import Severity, Value

LOOK_S = 1.0
UNHEARD_S = 30.0
STORM = "storm"


class Noise(Protocol):
    """A way to be seen and heard at this computer."""

    async def make(self, title: str, text: str) -> None: ...


class _Wait(Value, frozen=True):
    """One push that must be delivered: the how many-th of its group, and since when it was waited for."""

    pushes: int
    since: float
    is_over: bool = False


class Horn:
    """Watches whether what is gravest was shown on any platform that is not this computer."""

    def __init__(
        self, alerts: Alerts, noise: Noise, platforms: frozenset[str], clock: Clock, *, is_eager: bool = False
    ) -> None:
        """``is_eager`` makes a noise for every P1 at once, also for what is delivered."""
        self._alerts = alerts
        self._noise = noise
        self._platforms = platforms
        self._clock = clock
        self._is_eager = is_eager
        self._shown: dict[str, datetime] = {}  # by the card's ref: when a platform showed it anew
        self._was_deaf = False
        old = clock.now() - timedelta(seconds=UNHEARD_S)  # what an earlier process had the time to care for
        self._waits = {
            group.id: _Wait(pushes=group.pushes, since=0.0, is_over=True)
            for group in alerts.pipeline.open()
            if group.pushed_at is not None and group.pushed_at <= old
        }

    def shown(self, message: Message, _took_s: float) -> None:
        """A message was shown."""
        if message.is_fresh and message.chat.partition(":")[0] in self._platforms:
            self._shown[STORM if message.card.ref.startswith(STORM) else message.card.ref] = self._clock.now()

    async def run(self) -> None:
        """Look for ever."""
        while True:
            await self.look()
            await self._clock.sleep(LOOK_S)

    async def look(self) -> None:
        """Make a noise for what has reached nobody."""
        firing = [group for group in self._alerts.pipeline.open() if _is_ringing(group)]
        for group in firing:
            await self._mind(group)
        self._waits = {number: one for number, one in self._waits.items() if number in self._alerts.pipeline.groups}
        self._shown = {ref: at for ref, at in self._shown.items() if self._clock.now() - at < timedelta(days=1)}
        is_deaf = bool(self._platforms) and self._platforms <= self._alerts.rota.deaf
        if is_deaf and not self._was_deaf:
            names = " and ".join(sorted(self._platforms))
            await self._noise.make(
                "Nobody can reach the desk", f"{names}: what people write does not arrive. Look here."
            )
        self._was_deaf = is_deaf

    async def _mind(self, group: Group) -> None:
        now, known = self._clock.monotonic(), self._waits.get(group.id)
        if known is None or known.pushes != group.pushes:
            known = _Wait(pushes=group.pushes, since=now)
        if not known.is_over:
            is_shown = any(self._is_since(ref, group.pushed_at) for ref in (f"alert:{group.id}", STORM))
            if self._is_eager or (not is_shown and now - known.since >= UNHEARD_S):
                why = "" if is_shown or self._is_eager else "No platform has delivered this. "
                await self._noise.make(f"P1 {heading(group)}", why + (group.live or group.members)[0].text)
                is_shown = True
            known = _Wait(pushes=known.pushes, since=known.since, is_over=is_shown)
        self._waits[group.id] = known

    def _is_since(self, ref: str, pushed_at: datetime | None) -> bool:
        at = self._shown.get(ref)
        return at is not None and pushed_at is not None and at >= pushed_at


def _is_ringing(group: Group) -> bool:
    """Say whether it is a P1 that was told and that nobody has."""
    return group.severity is Severity.P1 and group.stage is Stage.FIRING and group.pushes > 0 and not group.held
