"""Veil: every card passes here on its way out; chats that are to see no money get it without, and no files."""

import msgspec

from bot.core.chat import Message, Show
from bot.core.veil import bared, veiled
from bot.runtime.people import People


class Veil:
    """The one exit."""

    def __init__(self, people: People, show: Show) -> None:
        """``show`` is the outbox."""
        self._people = people
        self._show = show

    async def show(self, message: Message) -> None:
        """Show a card as its chat may see it."""
        room = self._people.room(message.chat)
        if room is not None and room.is_redacted:
            card = veiled(message.card)
            if message.files:
                card = msgspec.structs.replace(card, lines=(*card.lines, "The files are not shown here."))
            message = msgspec.structs.replace(message, card=card, files=())
        else:
            message = msgspec.structs.replace(message, card=bared(message.card))
        await self._show(message)
