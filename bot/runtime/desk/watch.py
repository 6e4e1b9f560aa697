"""What the bot has seen: the newest status, what has come true since the last command, and waiting for it."""

import asyncio
from collections.abc import Callable

from bot.core.chat import Clock, Pulse
from bot.core.command import Engine
from engine.api import AccountState, LockstepError, StatusView

LOOK_EVERY_S = 0.05
WORDS = ("proven", "copy", "flat", "engine", "copying")


class Watch:
    """Counts and waits; decides nothing."""

    def __init__(self, engine: Engine, clock: Clock, heard: Callable[[], float | None]) -> None:
        """``heard`` tells the age of the engine's last answer."""
        self._engine = engine
        self._clock = clock
        self._heard = heard
        self.status: StatusView | None = None
        self.connected = False
        self.copies_shown = 0
        self.moved_at: float | None = None  # when a copy was heard last
        self.open_acts: set[str] = set()
        self.failed_acts = 0
        self._mark = (0, 0)

    def mark(self) -> None:
        """Count from here: a command came in."""
        self._mark = (self.copies_shown, self.failed_acts)

    def pulse(self) -> Pulse:
        """Say how things stand."""
        return Pulse(status=self.status, heard_s=self._heard(), connected=self.connected)

    async def settle(self, what: str, timeout_s: float) -> bool:
        """Wait until ``what`` came true since the mark; False when it did not in time or an act failed."""
        if what not in WORDS:
            raise ValueError(f"wait for what? {', '.join(WORDS)}")
        try:
            async with asyncio.timeout(timeout_s):
                while not await self._is_true(what):
                    await self._clock.sleep(LOOK_EVERY_S)
        except TimeoutError:
            return False
        return self.failed_acts == self._mark[1] or what != "proven"

    async def _is_true(self, what: str) -> bool:
        match what:
            case "proven":
                return not self.open_acts
            case "copy":
                return self.copies_shown > self._mark[0]
            case "engine":
                return self.connected
            case "copying":
                return self.connected and self.status is not None and self.status.word == "COPYING"
            case _:
                return await self._is_flat()

    async def _is_flat(self) -> bool:
        try:
            views = await self._engine.accounts("all")
        except LockstepError:
            return False
        followers = [view for view in views if view.role == "follower"]
        known = all(view.state is not AccountState.OFFLINE for view in followers)
        return known and not any(leg.have or leg.in_flight for view in followers for leg in view.legs)
