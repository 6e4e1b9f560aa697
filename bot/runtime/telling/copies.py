"""Copies: what followers did after each leader event, told in every chat as fast as that chat takes it.

One copy is one card that is edited until it is settled. Where more come than a chat takes, those that have not left yet are one
card that counts them: a phone is never shown the trades of half an hour ago as if they were new.
"""

from collections.abc import Callable

import msgspec

from bot.core.card import Card
from bot.core.chat import Message, Priority
from bot.core.render.trade import copies_summary, copy_card, is_settled
from bot.core.routing import COPIES
from bot.core.tally import Tally, has_failed
from bot.runtime.admission.around import Around
from bot.runtime.desk.watch import Watch
from bot.runtime.people.audience import Audience
from engine.api import AccountView, CopyView, LockstepError, Severity

PATIENCE_S = 2.0  # an unsettled copy is told anyway after this
TOGETHER = 3
REMEMBERED = 500
ONE, MANY = "copy:", "copies:"

Waits = Callable[[str, str], bool]
"""Says whether a card for a chat has not left yet whose ref begins so."""


class Copies:
    """Copies on their way to people."""

    def __init__(self, around: Around, waits: Waits, watch: Watch, audience: Audience) -> None:
        """Nothing was told yet."""
        self._show = around.show
        self._people = around.people
        self._directory = around.directory
        self._clock = around.clock
        self._zone = around.zone
        self._waits = waits
        self._watch = watch
        self._audience = audience
        self._coming: dict[str, tuple[CopyView, float]] = {}  # by cause: newest view, when it was first heard
        self._told: dict[str, CopyView] = {}
        self._tallies: dict[str, Tally] = {}  # by chat: what its newest common card counts

    @property
    def has_more(self) -> bool:
        """Say whether something waits to be told."""
        return bool(self._coming)

    def heard(self, view: CopyView) -> bool:
        """Take in the newest view of a copy; whether it is news."""
        if self._told.get(view.cause) == view:
            return False
        _, since = self._coming.get(view.cause, (view, self._clock.monotonic()))
        self._coming[view.cause] = (view, since)
        self._watch.moved_at = self._clock.monotonic()
        return True

    def skip(self, view: CopyView) -> None:
        """It was told before, or is no news any more."""
        self._told[view.cause] = view

    async def tell(self) -> None:
        """Show what is settled, or has waited long enough."""
        now = self._clock.monotonic()
        ready = [view for view, since in self._coming.values() if is_settled(view) or now - since >= PATIENCE_S]
        if not ready:
            return
        for view in ready:
            del self._coming[view.cause]
            self._told[view.cause] = view
        for old in list(self._told)[:-REMEMBERED]:
            del self._told[old]
        try:
            directory = await self._directory.views()
        except LockstepError:
            directory = self._directory.known
        for chat, views in self._shared(ready, directory).items():
            await self._tell(chat, views)
        self._watch.copies_shown += sum(is_settled(view) for view in ready)

    def _shared(self, ready: list[CopyView], directory: tuple[AccountView, ...]) -> dict[str, list[CopyView]]:
        """Copies by chat, as each may see them: where they are routed to, else by floor: those that failed from P2 on."""
        local, named = self._audience.local, self._audience.routes.rooms(COPIES)
        everywhere, graver = self._audience.of(Severity.P4), self._audience.of(Severity.P2)
        seen = {chat: self._people.seen(chat, directory) for chat in (*local, *named, *graver)}
        shared: dict[str, list[CopyView]] = {}
        for view in ready:
            routed = [chat for chat in named if _as_seen(view, seen[chat]) is not None]
            for chat in dict.fromkeys((*local, *routed) if routed else graver):
                one = _as_seen(view, seen[chat])
                if one is not None and (routed or chat in everywhere or has_failed(one)):
                    shared.setdefault(chat, []).append(one)
        return shared

    async def _tell(self, chat: str, views: list[CopyView]) -> None:
        if not views:
            return
        tally = self._tallies.get(chat)
        is_behind = tally is not None and self._waits(chat, tally.ref)
        if tally is not None and is_behind:
            tally = tally.add(views)
        elif len(views) > TOGETHER or self._waits(chat, ONE):
            tally = Tally(ref=f"{MANY}{views[0].cause}").add(views)
        else:
            for view in views:
                await self._put(chat, copy_card(view, self._zone))
            return
        self._tallies[chat] = tally
        await self._put(chat, copies_summary(tally, self._zone))

    async def _put(self, chat: str, card: Card) -> None:
        is_silent = card.severity is not Severity.P2
        priority = Priority.EVENT if is_silent else Priority.REST
        await self._show(Message(chat=chat, card=card, silent=is_silent, priority=priority))


def _as_seen(view: CopyView, seen: frozenset[str] | None) -> CopyView | None:
    """A copy as somebody may see it; None where nothing of it is his."""
    if seen is None:
        return view
    lines = tuple(line for line in view.lines if line.account in seen)
    if not lines and view.leader not in seen:
        return None
    return msgspec.structs.replace(view, lines=lines, leader=view.leader if view.leader in seen else "")
