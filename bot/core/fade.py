"""What becomes of a card whose buttons ran out or were pressed: they go, and the card says so; pure."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from bot.core.card import Card
from bot.core.dialogue import Offer, Stage

RECEIPT = "act:"  # the cards of acts: their text is the act's own
EXPIRED = "expired"
DECIDED = "decided"


def alive(card: Card, offers: Mapping[str, Offer], now: datetime) -> Card:
    """The card without the buttons that mean nothing any more; a button of which nothing is known counts as gone."""
    kept = tuple(
        action
        for action in card.actions
        if (offer := offers.get(action.handle)) is not None and offer.stage is Stage.OFFERED and now <= offer.due
    )
    return card if len(kept) == len(card.actions) else msgspec.structs.replace(card, actions=kept)


def faded(card: Card, offers: Mapping[str, Offer], now: datetime) -> Card:
    """The card as it is to be shown now; the same one where nothing has ended."""
    left = alive(card, offers, now)
    if left is card or left.actions or card.ref.startswith(RECEIPT):
        return left
    stages = {action.label: offers[action.handle].stage for action in card.actions if action.handle in offers}
    pressed = next((label for label, stage in stages.items() if stage is Stage.USED), "")
    ended = f"pressed: {pressed}" if pressed else DECIDED if Stage.CLOSED in stages.values() else EXPIRED
    return msgspec.structs.replace(left, footer=ended, settled=True)


def is_expired(card: Card, offers: Mapping[str, Offer], now: datetime) -> bool:
    """Say whether time alone ended a button of it: nobody has decided anything."""
    found = [offers.get(action.handle) for action in card.actions]
    return any(one is None or now > one.due for one in found) and all(
        one is None or one.stage is Stage.OFFERED for one in found
    )
