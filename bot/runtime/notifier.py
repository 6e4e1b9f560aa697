"""The event stream to cards: copies conflated, notices to the alerts, acts to their proof, and the line itself."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import tzinfo
from typing import Protocol, assert_never

from bot.core.card import Card
from bot.core.chat import Clock, Message, Priority, Show
from bot.core.render.act import told_card
from bot.core.render.look import age
from bot.core.render.trade import copies_summary, copy_card, is_settled
from bot.runtime.alerts import Alerts
from bot.runtime.audience import Audience
from bot.runtime.proofs import Proofs
from bot.runtime.watch import Watch
from engine.api import ActState, ActTold, CopyTold, CopyView, Notice, Severity, Snapshot, StatusTold
from engine.api import Message as Told

BREATH_S = 0.25  # what comes within one breath is told together
PATIENCE_S = 2.0  # an unsettled copy is told anyway after this
ASK_AGAIN_S = 0.5  # an act that nobody acknowledged is asked about this often
TOGETHER = 3
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
        self._copies: dict[str, tuple[CopyView, float]] = {}  # by cause: newest view, when it was first heard
        self._told: dict[str, CopyView] = {}
        self._notices: list[Notice] = []
        self._seen: dict[tuple[int, str, str, str | None], None] = {}
        self._lost_at: float | None = None
        self._news = asyncio.Event()
        self._line_news = asyncio.Event()

    async def run(self) -> None:
        """Serve for ever."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen())
            group.create_task(self._breathe())
            group.create_task(self._mind_the_line())
            group.create_task(self._mind_the_unknown())

    async def _listen(self) -> None:
        since = self._alerts.seq
        is_late = since is not None  # what was missed comes first: its copies were told, or are no news any more
        async for message in self._stream.events(since, found=self._found, lost=self._lost):
            match message:
                case Snapshot():
                    self._watch.status, is_late = message.status, False
                case StatusTold():
                    self._watch.status, is_late = message.status, False
                case CopyTold() if is_late:
                    self._told[message.copy.cause] = message.copy
                case CopyTold():
                    self._heard_copy(message.copy)
                case ActTold() if not is_late or self._proofs.knows(message.act.key):
                    await self._heard_act(message)
                case ActTold():
                    pass
                case Notice():
                    self._heard_notice(message)
                case _:
                    assert_never(message)

    def _found(self) -> None:
        self._watch.connected = True
        self._line_news.set()

    def _lost(self, _reason: str) -> None:
        if self._lost_at is None:
            self._lost_at = self._clock.monotonic()
            self._line_news.set()
        self._watch.connected = False

    async def _mind_the_line(self) -> None:
        told = False
        while True:
            await self._line_news.wait()
            self._line_news.clear()
            if not self._watch.connected:
                last = self._watch.pulse().heard_s
                text = "no answer yet" if last is None else f"last answer {age(last)} ago"
                card = Card(
                    title="🔴 The engine is not answering",
                    severity=Severity.P1,
                    lines=(f"{text}. I keep trying.",),
                    ref="line",
                    settled=False,
                )
                told = True
                await self._tell(card)
                continue
            if told and self._lost_at is not None:
                gone = self._clock.monotonic() - self._lost_at
                card = Card(title=f"🟢 The engine answers again, after {age(gone)}", brief=True, ref="line")
                await self._tell(card)
            told, self._lost_at = False, None
            await self._proofs.recheck()

    async def _mind_the_unknown(self) -> None:
        while True:
            await self._clock.sleep(ASK_AGAIN_S)
            if self._watch.connected and self._proofs.has_unknown:
                await self._proofs.recheck()

    def _heard_copy(self, view: CopyView) -> None:
        if self._told.get(view.cause) == view:
            return
        _, since = self._copies.get(view.cause, (view, self._clock.monotonic()))
        self._copies[view.cause] = (view, since)
        self._news.set()

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
            await self._tell(told_card(view, self._zone))

    async def _breathe(self) -> None:
        while True:
            await self._news.wait()
            await self._clock.sleep(BREATH_S)
            self._news.clear()
            notices, self._notices = self._notices, []
            await self._alerts.take(notices)
            await self._tell_copies()
            if self._copies:
                self._news.set()

    async def _tell_copies(self) -> None:
        now = self._clock.monotonic()
        ready = [view for view, since in self._copies.values() if is_settled(view) or now - since >= PATIENCE_S]
        for view in ready:
            del self._copies[view.cause]
            self._told[view.cause] = view
        for old in list(self._told)[:-REMEMBERED]:
            del self._told[old]
        if len(ready) > TOGETHER:
            await self._tell(copies_summary(ready, self._zone))
        else:
            for view in ready:
                await self._tell(copy_card(view, self._zone))
        self._watch.copies_shown += sum(is_settled(view) for view in ready)

    async def _tell(self, card: Card) -> None:
        severity = card.severity or Severity.P4
        silent = severity not in {Severity.P1, Severity.P2}
        priority = Priority.URGENT if severity is Severity.P1 else Priority.REST
        for chat in self._audience.of(severity):
            await self._show(Message(chat=chat, card=card, silent=silent, priority=priority))
