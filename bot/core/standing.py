"""Standing: buttons of cards that stay for days; whoever may press them is looked up at the press."""

from datetime import datetime, timedelta

import msgspec

from bot.core.card import Action, Card
from bot.core.dialogue import ANYBODY, Button, Dialogue, Seat

LIFE = timedelta(days=7)


class Standing:
    """The same buttons keep their handles, so that an unchanged card is not edited; before they die they are made anew."""

    def __init__(self, dialogue: Dialogue) -> None:
        """``dialogue`` puts them out."""
        self._dialogue = dialogue
        self._known: dict[tuple[str, str], tuple[tuple[Button, ...], tuple[Action, ...], datetime]] = {}

    def dress(self, card: Card, chat: str, buttons: tuple[Button, ...], now: datetime) -> Card:
        """A card of a chat, by its ``ref``, with its buttons."""
        place = chat, card.ref
        if not buttons:
            self._known.pop(place, None)
            return card
        known = self._known.get(place)
        if known is None or known[0] != buttons or now - known[2] > LIFE / 2:
            seat = Seat(person=ANYBODY, chat=chat)
            actions = self._dialogue.offer(seat, buttons, now=now, ttl_s=LIFE.total_seconds())
            self._known[place] = known = buttons, actions, now
        return msgspec.structs.replace(card, actions=known[1])
