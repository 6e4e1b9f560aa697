"""Cards of alerts as messages: each chat's part of a group or of a storm, in its reader's time, with buttons that stay."""

from collections.abc import Sequence
from datetime import datetime, tzinfo

import msgspec

from bot.core.alert import Alert
from bot.core.alertgroup import Group
from bot.core.chat import Message, Priority
from bot.core.dialogue import ANYBODY, UNDO_S, Dialogue, Seat
from bot.core.pipeline import Push
from bot.core.render.alert import STORM_BUTTONS, event_buttons, event_cards, group_buttons, group_card, storm_card
from bot.core.standing import Standing
from bot.runtime.desk.directory import Directory
from bot.runtime.people.rota import Rota
from engine.api import Severity

PUSHES = {Severity.P1: Priority.URGENT, Severity.P2: Priority.ANSWER}


class Cards:
    """Writes what a chat is shown."""

    def __init__(self, rota: Rota, dialogue: Dialogue, directory: Directory, zone: tzinfo) -> None:
        """``zone`` is the desk's own."""
        self._rota = rota
        self._dialogue = dialogue
        self._directory = directory
        self._zone = zone
        self._zones: dict[str, tzinfo] = {}  # as they are in one step
        self._standing = Standing(dialogue)

    def begin(self) -> None:
        """A step begins: what people have set is looked up anew."""
        self._zones = {}

    def zone(self, chat: str) -> tzinfo:
        """The zone that the reader of a chat has set, or the desk's."""
        found = self._zones.get(chat)
        if found is None:
            found = self._zones[chat] = self._rota.zone_of(chat) or self._zone
        return found

    def group(
        self,
        chat: str,
        group: Group,
        now: datetime,
        push: Push | None = None,
        *,
        is_silent: bool = True,
        rings: tuple[str, ...] = (),
    ) -> Message:
        """One group as it stands; shown anew with a ``push``."""
        why = push.why if push is not None and chat in group.chats else None  # where it is news, it is not "still so"
        group = self._rota.part(group, chat, self._directory.known)
        card = group_card(group, now, self.zone(chat), why)
        return Message(
            chat=chat,
            card=self._standing.dress(card, chat, group_buttons(group), now),
            silent=is_silent,
            priority=PUSHES.get(group.severity, Priority.REST) if push is not None else Priority.REST,
            is_fresh=push is not None,
            rings=rings,
        )

    def storm(
        self,
        chat: str,
        number: int,
        groups: Sequence[Group],
        now: datetime,
        *,
        is_fresh: bool,
        rings: tuple[str, ...] = (),
    ) -> Message:
        """The one card of many; ``is_fresh`` shows it anew, so that it rings."""
        parts = [self._rota.part(group, chat, self._directory.known) for group in groups]
        card = storm_card(parts, number, self.zone(chat))
        buttons = STORM_BUTTONS if any(group.is_open for group in groups) else ()
        return Message(
            chat=chat,
            card=self._standing.dress(card, chat, buttons, now),
            silent=not is_fresh,
            priority=PUSHES.get(card.severity or Severity.P2, Priority.REST) if is_fresh else Priority.REST,
            is_fresh=is_fresh,
            rings=rings,
        )

    def events(self, chat: str, same: Sequence[Alert], now: datetime) -> list[Message]:
        """Events of one code, each as one line, with what may be pressed on it for as long as an act may be taken back."""
        buttons = event_buttons(same[0]) if len(same) == 1 else ()
        cards = event_cards(same, self.zone(chat))
        if buttons:
            actions = self._dialogue.offer(Seat(person=ANYBODY, chat=chat), buttons, now=now, ttl_s=UNDO_S)
            cards = [msgspec.structs.replace(card, actions=actions) for card in cards]
        return [Message(chat=chat, card=card, silent=True, priority=Priority.EVENT) for card in cards]
