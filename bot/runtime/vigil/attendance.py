"""Attendance: tells the engine that somebody can reach the desk, so that it takes no new risk once nobody can."""

import logging
from collections.abc import Mapping
from typing import Protocol

from bot.core.chat import Chat, ChatSpec, Clock
from bot.runtime.vigil.watchman import is_heard
from engine.api import AttendView
from engine.api.client import EngineError, EngineSilentError

OFTEN_S = 15.0
LEAST_S = 5.0

log = logging.getLogger(__name__)


class Desk(Protocol):
    """The part of the client that this needs."""

    async def attended(self, within_s: int) -> AttendView: ...


class Attendance:
    """Says it again and again while a platform hears us or a console is open; the engine keeps the deadline."""

    def __init__(
        self,
        desk: Desk,
        within_s: int,
        chats: Mapping[str, tuple[ChatSpec, Chat]],
        clock: Clock,
        *,
        has_console: bool,
    ) -> None:
        """``chats`` are the platforms by name, without the console; ``within_s`` 0 takes back what an earlier bot asked for."""
        self._desk = desk
        self._within_s = within_s
        self._chats = chats
        self._clock = clock
        self._has_console = has_console
        self._said = ""

    async def run(self) -> None:
        """Report for ever; where nothing is wanted, until that is known."""
        while True:
            is_known = await self.report()
            if is_known and not self._within_s:
                return
            await self._clock.sleep(max(LEAST_S, min(OFTEN_S, self._within_s / 8)))

    async def report(self) -> bool:
        """Report once, if there is somebody; whether the engine knows now."""
        if self._within_s and not self._is_attended():
            return False
        try:
            await self._desk.attended(self._within_s)
        except EngineSilentError:
            return False  # told by others; its own deadline goes on
        except EngineError as error:
            if str(error) != self._said:
                self._said = str(error)
                log.warning("the engine keeps no dead man's deadline: %s", error)
            return not self._within_s
        self._said = ""
        return True

    def _is_attended(self) -> bool:
        return self._has_console or any(is_heard(chat.health()) for _, chat in self._chats.values())
