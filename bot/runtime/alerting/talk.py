"""Talk: the history of a grave alert as lines in a place of its own beside its card, in each room that shows it."""

from collections.abc import Sequence
from datetime import tzinfo

import msgspec

from bot.core.alertgroup import Group
from bot.core.chat import Message, Priority, Thread
from bot.core.pipeline import Line, Pipeline, Turn
from bot.core.render.alert import lines_card, thread_name
from bot.runtime.alerting.climber import Batch
from bot.runtime.people.rota import Rota
from bot.storage.alert import AlertStore
from bot.storage.thread import ThreadStore
from engine.api import Severity

HANDLED = {"ack", "unack", "snooze", "assigned", "note", "escalate", "escalated", "unanswered"}
TOLD = frozenset({"fired", "over", "resolved", "flapping", "broken", "proven", "ack ended", "snooze ended"} | HANDLED)


class Talk:
    """The places where an alert is talked about."""

    def __init__(self, store: AlertStore, rota: Rota, zone: tzinfo) -> None:
        """Over the bot's database."""
        self._store = store
        self._rota = rota
        self._zone = zone
        self._threads = ThreadStore(store.database)

    def here(self, chat: str) -> str:
        """The alert that a chat is the place of: A-12; empty for every other chat."""
        kind, _, number = (self._threads.ref_of(chat) or "").partition(":")
        return f"A-{number}" if kind == "alert" else ""

    def say(self, pipeline: Pipeline, turn: Turn, batch: Batch) -> None:
        """What this step wrote into the histories; from the beginning in a room that shows an alert for the first time."""
        for number in dict.fromkeys((*turn.changed, *(line.group for line in turn.lines))):
            group = pipeline.groups.get(number)
            if group is None or group.severity is not Severity.P1:
                continue
            new = [line for line in turn.lines if line.group == number and line.kind in TOLD]
            for chat in self._rooms(group):
                is_first = chat not in group.threads
                if is_first and not group.is_open:
                    continue
                lines = [*self._history(number), *new] if is_first else new
                batch.messages += self._messages(chat, group, lines)
                if is_first:
                    group = msgspec.structs.replace(group, threads=(*group.threads, chat))
                    pipeline.keep(group, turn)
            if not group.is_open and any(line.kind == "resolved" for line in new):
                batch.messages += [self._message(chat, group, is_end=True) for chat in group.threads]

    def _rooms(self, group: Group) -> list[str]:
        """Rooms that show it, each group of topics once: where its place is already, else where it is shown first."""
        found: dict[str, str] = {}
        for chat in self._rota.still((*group.threads, *filter(self._rota.is_room, group.chats))):
            found.setdefault(chat.partition("/")[0], chat)
        return list(found.values())

    def _history(self, number: int) -> list[Line]:
        return [line for line in self._store.history(number) if line.kind in TOLD]

    def _messages(self, chat: str, group: Group, lines: Sequence[Line]) -> list[Message]:
        return [self._message(chat, group, lines)] if lines else []

    def _message(self, chat: str, group: Group, lines: Sequence[Line] = (), *, is_end: bool = False) -> Message:
        name = thread_name(group)
        return Message(
            chat=chat,
            card=lines_card(name, lines, self._zone),
            silent=True,
            priority=Priority.EVENT,
            thread=Thread(of=f"alert:{group.id}", name=name, is_end=is_end),
        )
