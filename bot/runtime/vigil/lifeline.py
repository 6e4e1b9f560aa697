"""Lifeline: the line to the engine: its silence is an alert that lasts until it answers, across restarts of the bot too."""

import asyncio

from bot.core.card import Card
from bot.core.chat import Message, Priority
from bot.core.render.look import age
from bot.runtime.acting.proofs import Proofs
from bot.runtime.admission.around import Around
from bot.runtime.alerting.alerts import Alerts
from bot.runtime.desk.watch import Watch
from engine.api import AccountState, Severity

SILENT, BACK = "eng.crash", "eng.back"


class Lifeline:
    """Hears from the stream whether the engine is there, and tells people when it is not."""

    def __init__(
        self,
        around: Around,
        alerts: Alerts,
        watch: Watch,
        proofs: Proofs,
        *,
        local: tuple[str, ...],
    ) -> None:
        """``local`` chats are told at once, without the wait that spares others a hiccup."""
        self._alerts = alerts
        self._watch = watch
        self._directory = around.directory
        self._proofs = proofs
        self._show = around.show
        self._clock = around.clock
        self._local = local
        self._lost_at: float | None = None
        self._told = False
        self._news = asyncio.Event()

    def found(self) -> None:
        """The engine answers."""
        self._watch.connected = True
        self._news.set()

    def lost(self, _reason: str) -> None:
        """It does not."""
        if self._lost_at is None:
            self._lost_at = self._clock.monotonic()
            self._news.set()
        self._watch.connected = False

    async def run(self) -> None:
        """Tell for ever."""
        while True:
            await self._news.wait()
            self._news.clear()
            await self.look()

    async def look(self) -> None:
        """Tell how it stands now, where that is news."""
        if self._watch.connected:
            await self._say_back()
            await self._proofs.recheck()
        elif self._lost_at is not None:
            await self._say_silent()

    async def _say_silent(self) -> None:
        last = self._watch.pulse().heard_s
        heard = "no answer yet" if last is None else f"last answer {age(last)} ago"
        if not self._told:
            lines = (f"{heard}. I keep trying.",)
            await self._say(Card(title="🔴 The engine is not answering", lines=lines, ref="line", settled=False))
        self._told = True
        if self._alerts.standing(SILENT) is None:
            held = self._held()
            risk = "what is held now is not known" if held is None else held or "nothing was held"
            text = f"The engine is not answering: {heard}; {risk}. I keep trying"
            self._alerts.raise_own(SILENT, Severity.P2 if held == "" else Severity.P1, text)

    async def _say_back(self) -> None:
        gone = self._clock.monotonic() - self._lost_at if self._lost_at is not None else 0.0
        if self._told:
            await self._say(Card(title=f"🟢 The engine answers again, after {age(gone)}", brief=True, ref="line"))
        self._told, self._lost_at = False, None
        if (group := self._alerts.standing(SILENT)) is not None:
            gone = (self._clock.now() - group.opened_at).total_seconds()
            self._alerts.raise_own(BACK, Severity.P5, f"the engine answers again, after {age(gone)}")

    def _held(self) -> str | None:
        """What was held when the engine was heard last; None where that is not known."""
        views = self._directory.known
        moved, asked = self._watch.moved_at, self._directory.asked_at
        is_behind = asked is None or (moved is not None and moved >= asked)
        if not views or is_behind or any(view.state is AccountState.OFFLINE for view in views):
            return None
        if any(leg.in_flight for view in views for leg in view.legs):
            return None
        held = [f"{view.id} {leg.have:+d} {leg.symbol}" for view in views for leg in view.legs if leg.have]
        more = f" and {len(held) - 3} more" if len(held) > 3 else ""
        return f"held then: {', '.join(held[:3])}{more}" if held else ""

    async def _say(self, card: Card) -> None:
        for chat in self._local:
            await self._show(Message(chat=chat, card=card, priority=Priority.URGENT))
