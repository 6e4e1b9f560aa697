"""Fader: buttons die visibly: what was pressed or ran out leaves its card, which then says so and offers to ask anew.

Every card that is shown with buttons is a row until they are gone. A press takes its card's one-shot buttons away at once; what
runs out is found by a look each second, also after a restart. The edits are the least urgent of all messages.
"""

from collections.abc import Sequence

import msgspec

from bot.core.card import Action
from bot.core.chat import Clock, Message, Priority, Show
from bot.core.dialogue import Button, Dialogue, Run, Seat
from bot.core.fade import alive, faded, is_expired
from bot.runtime.lasting import Faults, tried
from bot.storage.database import StorageError
from bot.storage.fade import FadeStore, Fading
from bot.storage.handle import HandleStore

LOOK_S = 1.0
AT_A_LOOK = 20
REFRESH = "↻ Refresh"


class Fader:
    """Between whoever shows cards and the platforms."""

    def __init__(self, show: Show, handles: HandleStore, rows: FadeStore, dialogue: Dialogue, clock: Clock) -> None:
        """``show`` takes each card further."""
        self._show = show
        self._handles = handles
        self._rows = rows
        self._dialogue = dialogue
        self._clock = clock
        self._faults = Faults("a card with buttons")

    async def run(self) -> None:
        """Look for what ran out, for ever; first for what was pressed when an earlier process ended."""
        await self._fade_all(self._rows.all())
        while True:
            await self.look()
            await self._clock.sleep(LOOK_S)

    async def show(self, message: Message) -> None:
        """Show a card, with the buttons that may still be pressed, and remember it while it has any."""
        card = message.card
        if not card.actions:
            if card.ref:
                self._rows.end(message.chat, card.ref)
            await self._show(message)
            return
        offers = self._handles.find([action.handle for action in card.actions])
        if not offers or message.files:  # an edit would take the files away
            await self._show(message)
            return
        left = alive(card, offers, self._clock.now())
        first = next(iter(offers.values()))
        left = msgspec.structs.replace(left, ref=card.ref or f"ask:{first.kin}")
        message = msgspec.structs.replace(message, card=left)
        if left.actions:
            due = min(offers[action.handle].due for action in left.actions)
            self._rows.put(Fading(message=message, kin=first.kin, person=first.seat.person, due=due))
        else:
            self._rows.end(message.chat, left.ref)
        await self._show(message)

    def settled(self, chat: str, ref: str) -> None:
        """A card gets what has no buttons, on another way than this."""
        self._rows.end(chat, ref)

    async def pressed(self, handle: str) -> None:
        """Somebody pressed: what that ended, or what had run out before, leaves its card."""
        offer = self._handles.get(handle)
        for fading in self._rows.of(offer.kin) if offer is not None else ():
            await self._fade(fading)

    async def look(self) -> None:
        """Take away what ran out."""
        await self._fade_all(self._rows.due(self._clock.now())[:AT_A_LOOK])

    async def _fade_all(self, found: Sequence[Fading]) -> None:
        for fading in found:
            error = await tried(self._fade(fading))
            if error is not None:
                self._faults.failed(error)
            if error is not None and not isinstance(error, StorageError):  # it keeps no other waiting
                self._rows.end(fading.message.chat, fading.message.card.ref)

    async def _fade(self, fading: Fading) -> None:
        message, now = fading.message, self._clock.now()
        offers = self._handles.find([action.handle for action in message.card.actions])
        card = faded(message.card, offers, now)
        if card is message.card:
            return
        if message.anew and is_expired(message.card, offers, now):
            card = msgspec.structs.replace(card, actions=(*card.actions, *self._again(fading)))
            message = msgspec.structs.replace(message, anew="")
        await self.show(
            msgspec.structs.replace(
                message,
                card=card,
                answers="",
                silent=True,
                is_fresh=False,
                rings=(),
                priority=Priority.REST,
                only_edits=True,
            )
        )

    def _again(self, fading: Fading) -> tuple[Action, ...]:
        button = Button(label=REFRESH, key="0", payload=Run(line=fading.message.anew))
        seat = Seat(person=fading.person, chat=fading.message.chat)
        return self._dialogue.offer(seat, (button,), now=self._clock.now(), ttl_s=0.0)
