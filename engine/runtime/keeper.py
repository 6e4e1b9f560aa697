"""The clerk's keeper: starts the process that stores and serves, and starts it again when it ends."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping

from engine.ports import Clock

BACK_OFF_S = (0.5, 1.0, 2.0, 5.0, 10.0)
STABLE_S = 60.0
CONFIG_EXIT = 2  # its settings are wrong: starting it again would not help


class Keeper:
    """One child process that lives and dies with us."""

    def __init__(self, environment: Mapping[str, str], clock: Clock, tell: Callable[[str], None]) -> None:
        """``tell`` gets one line whenever the clerk ends."""
        self._environment = environment
        self._clock = clock
        self._tell = tell
        self._child: subprocess.Popen[bytes] | None = None

    async def run(self) -> None:
        """Keep it running until cancelled."""
        failures = 0
        try:
            while True:
                started = self._clock.monotonic()
                self._child = subprocess.Popen(  # noqa: ASYNC220  starting takes no wait; its life is watched by polling
                    [sys.executable, "-m", "engine.service"], env={**os.environ, **self._environment}
                )
                while (code := self._child.poll()) is None:
                    await self._clock.sleep(0.2)
                if code == CONFIG_EXIT:
                    self._tell("the control API cannot start; copying goes on without it, see the line above")
                    return
                failures = 0 if self._clock.monotonic() - started > STABLE_S else failures + 1
                wait = BACK_OFF_S[min(failures, len(BACK_OFF_S)) - 1] if failures else BACK_OFF_S[0]
                self._tell(f"the control API ended with code {code}; started again in {wait:g} s")
                await self._clock.sleep(wait)
        finally:
            self.stop()

    def stop(self) -> None:
        """End it; what it has not stored yet, the next one stores from the log."""
        if self._child is not None and self._child.poll() is None:
            self._child.terminate()
            try:
                self._child.wait(5)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()
