"""Taking the bot's vital signs: the one place where the health card, the metrics and the health endpoint have them from."""

from collections.abc import Mapping

from bot.core.chat import Chat, ChatSpec, Clock
from bot.core.vital import PlatformVital, Vitals
from bot.runtime.desk.watch import Watch
from bot.runtime.outgoing.outbox import Outbox


class Checkup:
    """Looks at everything that has a pulse; a console, which dies with the process, is left out."""

    def __init__(self, chats: Mapping[str, tuple[ChatSpec, Chat]], outbox: Outbox, watch: Watch, clock: Clock) -> None:
        """The bot starts now."""
        self._chats = {name: chat for name, (spec, chat) in chats.items() if not spec.is_fleeting}
        self._outbox = outbox
        self._watch = watch
        self._clock = clock
        self._since = clock.monotonic()

    def look(self) -> Vitals:
        """Everything as it is now."""
        pulse = self._watch.pulse()
        return Vitals(
            up_s=self._clock.monotonic() - self._since,
            is_connected=pulse.connected,
            engine_s=pulse.heard_s,
            platforms=tuple(self._platform(name, chat) for name, chat in self._chats.items()),
        )

    def _platform(self, name: str, chat: Chat) -> PlatformVital:
        line, queue = chat.health(), self._outbox.health(name)
        return PlatformVital(
            name=name,
            heard_s=line.heard_s,
            trouble=line.trouble,
            out=queue.fault,
            waiting=queue.waiting,
            oldest_s=queue.oldest_s,
            urgent_s=queue.urgent_s,
            dead=queue.dead,
        )
