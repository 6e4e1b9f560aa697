"""Watchman: the platforms' own lines: one that is deaf, or whose token somebody else uses, is told on all the others."""

from collections.abc import Mapping

from bot.core.card import Card
from bot.core.chat import Chat, ChatSpec, Clock, Health, Message, Priority, Show
from bot.runtime.audience import Audience
from engine.api import Severity

LOOK_S = 5.0


class Watchman:
    """Looks at each platform's health; what it says goes where it can be read."""

    def __init__(
        self, chats: Mapping[str, tuple[ChatSpec, Chat]], audience: Audience, show: Show, clock: Clock
    ) -> None:
        """``chats`` by the platform's name."""
        self._chats = chats
        self._audience = audience
        self._show = show
        self._clock = clock
        self._known: dict[str, Health] = {}
        self._since: dict[str, float] = {}

    async def run(self) -> None:
        """Look for ever."""
        while True:
            await self.look()
            await self._clock.sleep(LOOK_S)

    async def look(self) -> None:
        """Tell what has changed since the last look."""
        for name, (_, chat) in self._chats.items():
            now, before = chat.health(), self._known.get(name)
            self._known[name] = now
            if before is not None and (now.trouble, now.is_rival) == (before.trouble, before.is_rival):
                continue
            if now.trouble or now.is_rival:
                self._since.setdefault(name, self._clock.monotonic())
                await self._tell(name, _trouble_card(name, now))
            elif before is not None:
                away = self._clock.monotonic() - self._since.pop(name, self._clock.monotonic())
                card = Card(title=f"🟢 {name} is heard again, after {away:.0f} s", brief=True, ref=f"bridge:{name}")
                await self._tell(name, card)

    def trouble(self) -> dict[str, str]:
        """What is wrong with which platform."""
        return {name: health.trouble for name, health in self._known.items() if health.trouble}

    async def _tell(self, name: str, card: Card) -> None:
        severity = card.severity or Severity.P4
        for chat in self._audience.of(severity):
            if chat.partition(":")[0] != name:
                urgent = Priority.URGENT if severity is Severity.P1 else Priority.REST
                await self._show(Message(chat=chat, card=card, priority=urgent))


def _trouble_card(name: str, health: Health) -> Card:
    if health.is_rival:
        lines = (
            health.trouble,
            "Another program reads with our token.",
            "If it is not yours: /lockdown, then a new token.",
        )
        return Card(
            title=f"🔴 {name}: somebody else has our token", severity=Severity.P1, lines=lines, ref=f"bridge:{name}"
        )
    heard = f"heard {health.heard_s:.0f} s ago" if health.heard_s is not None else "not heard yet"
    return Card(
        title=f"🟠 {name} is deaf: commands there do not arrive",
        severity=Severity.P2,
        lines=(f"{health.trouble}; {heard}",),
        ref=f"bridge:{name}",
        settled=False,
    )
