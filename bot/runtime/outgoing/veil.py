"""Veil: every card passes here on its way out; no money for chats that are to see none, no name of an account not theirs."""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from sqlalchemy import Connection

from bot.core.chat import Message, Show
from bot.core.veil import bared, nameless, nameless_text, others, veiled
from bot.runtime.alerting.climber import Mail
from bot.runtime.people.people import People
from engine.api import AccountView


class Veil:
    """The one exit."""

    def __init__(self, people: People, show: Show, known: Callable[[], tuple[AccountView, ...]] = tuple) -> None:
        """``show`` is the outbox, ``known`` tells the desk's accounts."""
        self._known = known
        self._people = people
        self._show = show

    async def show(self, message: Message) -> None:
        """Show a card as its chat may see it."""
        await self._show(self.over(message))

    def over(self, message: Message) -> Message:
        """The message as its chat may see it."""
        message = self._without_names(message)
        room = self._people.room(message.chat)
        if room is not None and room.is_redacted:
            card = veiled(message.card)
            if message.files:
                card = msgspec.structs.replace(card, lines=(*card.lines, "The files are not shown here."))
            return msgspec.structs.replace(message, card=card, files=())
        return msgspec.structs.replace(message, card=bared(message.card))

    def _without_names(self, message: Message) -> Message:
        views = self._known()
        seen = self._people.seen(message.chat, views)
        names = others(views, seen) if seen is not None else frozenset()
        if not names:
            return message
        thread = message.thread
        if thread is not None:
            thread = msgspec.structs.replace(thread, name=nameless_text(thread.name, names))
        return msgspec.structs.replace(message, card=nameless(message.card, names), thread=thread)


class VeiledMail:
    """The exit of what is stored together with its cards."""

    def __init__(self, veil: Veil, mail: Mail) -> None:
        """``mail`` is the outbox."""
        self._veil = veil
        self._mail = mail

    def keep(self, messages: Iterable[Message], connection: Connection | None = None) -> list[Any]:
        """Keep them as their chats may see them."""
        return self._mail.keep([self._veil.over(message) for message in messages], connection)

    def release(self, kept: Iterable[Any]) -> None:
        """Let them leave."""
        self._mail.release(kept)
