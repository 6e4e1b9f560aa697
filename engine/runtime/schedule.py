"""Schedule: tells the desk what has come due by the kept calendars, and has them made anew when they grow old."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from engine.domain.event import Event
from engine.domain.hours import Calendar
from engine.domain.news import NewsBook
from engine.domain.state import DeskState
from engine.ports import Clock
from engine.runtime.day import Days
from engine.runtime.timing import Timings

LOOK_S = 1.0  # how often something may come due
READ_S = 15.0  # how often the kept files are looked at; they are read where one has changed …
READ_AGAIN = timedelta(hours=1)  # … and this often in any case, for their age
REBUILD_S = 3600.0


class Read(Protocol):
    """What kept calendars say."""

    @property
    def calendar(self) -> Calendar | None: ...
    @property
    def book(self) -> NewsBook: ...
    @property
    def fresh(self) -> timedelta: ...
    @property
    def hours_complaint(self) -> str: ...
    @property
    def news_complaint(self) -> str: ...


class Calendars(Protocol):
    """The kept calendars of one data directory."""

    def stamp(self) -> object: ...
    def read(self, now: datetime) -> Read: ...
    async def rebuild_hours(self, now: datetime) -> bool: ...
    async def fetch_news(self) -> str: ...


class Schedule:
    """Wall-clock plans as facts: days, trade dates, windows, flat-by times, news."""

    def __init__(
        self,
        calendars: Calendars,
        state: Callable[[], DeskState],
        clock: Clock,
        hear: Callable[[list[Event]], None],
        tell: Callable[[str], None],
    ) -> None:
        """Know no calendar yet. ``hear`` takes facts in, ``tell`` a line for a person."""
        self._calendars, self._state, self._clock, self._hear, self._tell = calendars, state, clock, hear, tell
        self._days, self._timings = Days(), Timings()
        self._stamp: object = None
        self._read_at: datetime | None = None
        self._said: dict[str, str] = {}

    async def run(self) -> None:
        """Tell what is due by the files that are there before anything else is awaited, then keep at it."""
        self._read()
        self._look()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep_fresh())
            tasks.create_task(self._keep_reading())
            while True:
                await self._clock.sleep(LOOK_S)
                self._look()

    def _look(self) -> None:
        now, state = self._clock.now(), self._state()
        copiers = list(state.copiers.values())
        due: list[Event] = [
            *self._timings.trade_date(state, now),
            *self._timings.due(copiers, now),
            *self._days.due((*state.leaders.values(), *copiers), now),
        ]
        if due:
            self._hear(due)

    async def _keep_reading(self) -> None:
        while True:
            await self._clock.sleep(READ_S)
            now = self._clock.now()
            if self._read_at is None or now - self._read_at >= READ_AGAIN or self._stamp != self._calendars.stamp():
                self._read()

    async def _keep_fresh(self) -> None:
        """Whatever fails leaves the last good files, which grow old in sight."""
        while True:
            if self._needs_hours() and await self._calendars.rebuild_hours(self._clock.now()):
                self._read()
            if self._needs_news():
                self._say("news", await self._calendars.fetch_news())
                self._read()
            await self._clock.sleep(REBUILD_S)

    def _needs_hours(self) -> bool:
        plan = self._state().plan
        return bool(plan.keepings) or any(table.flat for table in plan.timetables.values())

    def _needs_news(self) -> bool:
        return any(table.news for table in self._state().plan.timetables.values())

    def _read(self) -> None:
        self._read_at, self._stamp = self._clock.now(), self._calendars.stamp()
        read = self._calendars.read(self._read_at)
        self._days.learn(read.calendar)
        self._timings.learn(read.calendar)
        self._timings.learn_news(read.book, read.fresh)
        if self._needs_hours():
            self._say("days of accounts may not turn", read.hours_complaint)
        if self._needs_news():
            self._say("news files", read.news_complaint)

    def _say(self, about: str, complaint: str) -> None:
        """Tell a complaint when it is another one than before."""
        if complaint and complaint != self._said.get(about):
            self._tell(f"{about}: {complaint}")
        self._said[about] = complaint
