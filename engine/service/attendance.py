"""Attendance: the dead man's deadline. Where nobody can reach the desk any more, it takes no new risk.

Theory of operation. Whoever can reach people says so again and again, with how long the desk may go on without such a word:

    nobody asked ── a word ──► attended until T ── another word ──► attended until a later T
                                    └── T passes ──► paused: entries, as a person's /pause all would ── a word ──► attended

The pause is an act with a key of its own deadline, so that it is one act however often it is sent. Nothing here resumes: a
person does. The deadline outlives the clerk; whoever is started together with it is given a moment to say that he is there.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import msgspec
import structlog

from engine.api.attend import AttendAsk, AttendView
from engine.api.requests import PauseAsk
from engine.api.views import ActState, ActView
from engine.domain.value import Value
from engine.errors import LockstepError
from engine.ports import Clock
from engine.service.asked import AskError
from engine.service.deadman import BY
from engine.service.shelf import Shelf

FILE = "attended.msgpack"
LOOK_S = 1.0
LONGEST_S = 86_400
AGAIN_S = 5.0  # a pause that did not arrive is tried again
GRACE_S = 60.0  # for who is started together with us
_log: structlog.stdlib.BoundLogger = structlog.get_logger("clerk")

Send = Callable[[PauseAsk], Awaitable[ActView]]


class Kept(Value, frozen=True):
    """What the next clerk should know."""

    within_s: int = 0  # 0: nobody has asked for it
    until: datetime | None = None
    is_paused: bool = False  # this deadline has passed, and the pause stands in the journal


class Attendance:
    """One deadline."""

    def __init__(self, shelf: Shelf[Kept], clock: Clock) -> None:
        """Go on with what an earlier clerk kept."""
        self._shelf = shelf
        self._clock = clock
        self._kept = shelf.take() or Kept()
        self._changes = 0
        self._said = ""
        left = (self._kept.until - clock.now()).total_seconds() if self._kept.until is not None else 0.0
        self._due = clock.monotonic() + max(min(left, self._kept.within_s), GRACE_S)  # a wall clock may jump

    async def report(self, ask: AttendAsk) -> AttendView:
        """Somebody can reach the desk.

        Raises: AskError for a time that makes no sense.
        """
        if not 0 <= ask.within_s <= LONGEST_S:
            raise AskError(f"within_s: whole seconds up to {LONGEST_S}; 0 takes it back")
        until = self._clock.now() + timedelta(seconds=ask.within_s) if ask.within_s else None
        self._due = self._clock.monotonic() + ask.within_s
        await self._keep(Kept(within_s=ask.within_s, until=until))
        return AttendView(until=until)

    async def run(self, send: Send) -> None:
        """Watch the deadline for ever."""
        while True:
            is_done = await self.look(send)
            await self._clock.sleep(LOOK_S if is_done else AGAIN_S)

    async def look(self, send: Send) -> bool:
        """Pause where the deadline has passed; False where that did not arrive."""
        kept = self._kept
        if kept.until is None or kept.is_paused or self._clock.monotonic() < self._due:
            return True
        reason = f"nobody could be reached for {kept.within_s // 60} min"
        ask = PauseAsk(key=f"dead-man-{kept.until:%Y%m%dT%H%M%S}", by=BY, reason=reason)
        try:
            view = await send(ask)
        except LockstepError as error:
            self._say(f"the pause did not arrive: {error}")
            return False
        if view.state is ActState.ASKED:
            self._say("the pause was not answered")
            return False
        if self._kept is kept:  # nobody came meanwhile
            await self._keep(msgspec.structs.replace(kept, is_paused=True))
        return True

    def _say(self, text: str) -> None:
        if text != self._said:
            self._said = text
            _log.warning("dead man", fault=text)

    async def _keep(self, kept: Kept) -> None:
        self._kept, self._said = kept, ""
        self._changes += 1
        await asyncio.to_thread(self._shelf.put, msgspec.msgpack.encode(kept), self._changes)
