"""Guide: what a person may type here: the commands of a menu, and the words that complete one."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from typing import Any

import msgspec

from bot.core.access import Role, reach
from bot.core.chat import Entry, Field, Incoming
from bot.core.command import Command
from bot.core.dialogue import Seat
from bot.core.menu import entries, suggest
from bot.runtime.admission.around import Around
from bot.runtime.admission.gate import Place
from bot.runtime.desk.names import complete
from engine.api import LockstepError


class Guide:
    """Knows every command of this bot, and answers at once."""

    def __init__(
        self,
        around: Around,
        commands: Mapping[str, Command],
        start: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]],
        *,
        has_venue: bool,
    ) -> None:
        """``start`` starts a task that ends with the bot; without a venue its commands are left out."""
        self.commands = {name: command for name, command in commands.items() if has_venue or not command.needs_venue}
        self._people = around.people
        self._directory = around.directory
        self._clock = around.clock
        self._start = start

    def usable(self, place: Place) -> dict[str, Command]:
        """Commands that somebody may use there."""
        now = self._clock.now()
        return {
            name: command
            for name, command in self.commands.items()
            if place.may(command.role, now, of_room=command.is_of_room)
        }

    def menu(self, identity: str = "", chat: str = "") -> tuple[Entry, ...]:
        """Commands that this person may use there; all that there are without a name."""
        if not identity:
            return entries(self.commands.values())
        place = self._place(identity, chat)
        return entries(self.usable(place).values()) if place is not None else ()

    def complete(self, text: str) -> list[str]:
        """Words that may stand at the end of ``text``."""
        return complete(text, self.commands, self._directory.lexicon)

    def suggest(self, identity: str, chat: str, field: Field, text: str) -> list[str]:
        """What may stand in a field, of what this person may see, at once from what is known; newer names for the next time."""
        place = self._place(identity, chat)
        if place is None:
            return []
        if self._directory.is_old:
            self._start(self._look_up())
        seen = reach(place.person, place.room, Role.VIEWER, self._clock.now(), self._directory.known)
        known = self._directory.lexicon
        whole = len(seen) == len(self._directory.known)
        lexicon = known if whole else msgspec.structs.replace(known, accounts=tuple(sorted(seen)), groups=(), tags=())
        return suggest(field, text, lexicon)

    def is_bound(self, chat: str) -> bool:
        """Say whether this chat, or a topic of it, belongs to the desk."""
        return any(room.chat == chat or room.chat.startswith(f"{chat}/") for room in self._people.rooms())

    def _place(self, identity: str, chat: str) -> Place | None:
        platform, _, user = identity.partition(":")
        asked = Incoming(chat=chat or f"{platform}:@{user}", user=user, at=self._clock.now())
        person, room = self._people.person_of(asked), self._people.room(asked.chat)
        if person is None or room is None:
            return None
        return Place(person=person, seat=Seat(person=person.id, chat=asked.chat), room=room, incoming=asked)

    async def _look_up(self) -> None:
        with suppress(LockstepError):
            await self._directory.views()
