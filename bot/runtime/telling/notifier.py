"""The event stream to those who tell it: copies, notices to the alerts, acts to their proof, and how the line stands."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import tzinfo
from typing import Protocol, assert_never

from bot.core.card import Card
from bot.core.chat import Clock, Message, Priority, Show
from bot.core.render.act import told_card
from bot.runtime.acting.proofs import Proofs
from bot.runtime.alerting.alerts import Alerts
from bot.runtime.desk.watch import Watch
from bot.runtime.people.audience import Audience
from bot.runtime.telling.copies import Copies
from bot.runtime.vigil.lifeline import Lifeline
from engine.api import ActState, ActTold, CopyTold, Notice, Severity, Snapshot, StatusTold
from engine.api import Message as Told

BREATH_S = 0.25  # what comes within one breath is told together
ASK_AGAIN_S = 0.5  # an act that nobody acknowledged is asked about this often
REMEMBERED = 500


class Stream(Protocol):
    """The part of the client that this needs."""

    def events(
        self,
        from_seq: int | None = None,
        *,
        found: Callable[[], None] | None = None,
        lost: Callable[[str], None] | None = None,
    ) -> AsyncIterator[Told]:
        """Messages for ever."""
        ...


class Notifier:
    """Reads the stream and tells every chat whom it concerns."""

    def __init__(
        self,
        stream: Stream,
        show: Show,
        proofs: Proofs,
        watch: Watch,
        alerts: Alerts,
        copies: Copies,
        lifeline: Lifeline,
        *,
        clock: Clock,
        zone: tzinfo,
        audience: Audience,
    ) -> None:
        """Tell through ``show``."""
        self._stream = stream
        self._show = show
        self._proofs = proofs
        self._watch = watch
        self._clock = clock
        self._zone = zone
        self._audience = audience
        self._alerts = alerts
        self._copies = copies
        self._lifeline = lifeline
        self._notices: list[Notice] = []
        self._seen: dict[tuple[int, str, str, str | None], None] = {}
        self._news = asyncio.Event()

    async def run(self) -> None:
        """Serve for ever."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen())
            group.create_task(self._breathe())
            group.create_task(self._lifeline.run())
            group.create_task(self._mind_the_unknown())

    async def _listen(self) -> None:
        since = self._alerts.seq
        is_late = since is not None  # what was missed comes first: its copies were told, or are no news any more
        async for message in self._stream.events(since, found=self._lifeline.found, lost=self._lifeline.lost):
            match message:
                case Snapshot():
                    self._watch.status, is_late = message.status, False
                    self._alerts.begin(message.seq)
                case StatusTold():
                    self._watch.status, is_late = message.status, False
                case CopyTold() if is_late:
                    self._copies.skip(message.copy)
                case CopyTold():
                    if self._copies.heard(message.copy):
                        self._news.set()
                case ActTold() if not is_late or self._proofs.knows(message.act.key):
                    await self._heard_act(message)
                case ActTold():
                    pass
                case Notice():
                    self._heard_notice(message)
                case _:
                    assert_never(message)

    async def _mind_the_unknown(self) -> None:
        while True:
            await self._clock.sleep(ASK_AGAIN_S)
            if self._watch.connected and self._proofs.has_unknown:
                await self._proofs.recheck()

    def _heard_notice(self, notice: Notice) -> None:
        mark = (notice.seq, notice.code, notice.text, notice.account)
        mine = notice.key is not None and self._proofs.knows(notice.key) and notice.severity >= Severity.P3
        if mark in self._seen or mine:
            return
        self._seen[mark] = None
        for old in list(self._seen)[:-REMEMBERED]:
            del self._seen[old]
        self._notices.append(notice)
        self._news.set()

    async def _heard_act(self, message: ActTold) -> None:
        view = message.act
        if self._proofs.knows(view.key):
            await self._proofs.told(view)
        elif view.state in {ActState.PROVEN, ActState.FAILED}:
            await self._tell(told_card(view, self._zone), f"act.{view.state.value}")

    async def _breathe(self) -> None:
        while True:
            await self._news.wait()
            await self._clock.sleep(BREATH_S)
            self._news.clear()
            notices, self._notices = self._notices, []
            await self._alerts.take(notices)
            await self._copies.tell()
            if self._copies.has_more:
                self._news.set()

    async def _tell(self, card: Card, code: str) -> None:
        severity = card.severity or Severity.P4
        silent = severity not in {Severity.P1, Severity.P2}
        priority = Priority.URGENT if severity is Severity.P1 else Priority.REST
        for chat in self._audience.of(severity, code):
            await self._show(Message(chat=chat, card=card, silent=silent, priority=priority))
