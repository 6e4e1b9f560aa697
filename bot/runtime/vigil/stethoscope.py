"""Stethoscope: asks the engine how it is; a loop that lags is an alert until it is well again."""

from bot.core.chat import Clock
from bot.core.command import Engine
from bot.core.render.look import lag
from bot.runtime.alerting.alerts import Alerts
from bot.runtime.desk.watch import Watch
from engine.api import LockstepError, Severity

LOOK_S = 10.0
SLOW_MS = 500.0
SLOW = "eng.slow"


class Stethoscope:
    """Listens while the engine answers; its silence is an alert of its own."""

    def __init__(self, engine: Engine, alerts: Alerts, watch: Watch, clock: Clock) -> None:
        """Raises what it hears through ``alerts``."""
        self._engine = engine
        self._alerts = alerts
        self._watch = watch
        self._clock = clock

    async def run(self) -> None:
        """Listen for ever."""
        while True:
            await self.look()
            await self._clock.sleep(LOOK_S)

    async def look(self) -> None:
        """Raise a lag that is not told yet; end it where the loop is quick again."""
        if not self._watch.connected:
            return
        try:
            worst = (await self._engine.health()).loop_ms
        except LockstepError:
            return
        is_told = self._alerts.standing(SLOW) is not None
        if worst > SLOW_MS and not is_told:
            said = f"the engine's loop lagged by {lag(worst)}: copies leave that much later"
            self._alerts.raise_own(SLOW, Severity.P3, said)
        elif worst <= SLOW_MS and is_told:
            self._alerts.raise_own(SLOW, Severity.P5, f"the engine's loop is quick again: {lag(worst)}")
