"""Door: what a platform is given of the bot."""

from collections.abc import Awaitable, Callable, Coroutine, Generator
from typing import Any

from msgspec.structs import replace

from bot.core.chat import Entry, Field, Incoming, Pulse
from bot.runtime.desk.watch import Watch
from bot.runtime.incoming.dispatcher import Dispatcher
from bot.runtime.incoming.guide import Guide
from bot.runtime.outgoing.outbox import Outbox


class FrontDoor:
    """One for all platforms; ``home`` is the platform whose script waits for what it is shown."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        guide: Guide,
        watch: Watch,
        outbox: Outbox,
        *,
        home: str,
        heard: Callable[[Incoming], None] | None = None,
        notes: Callable[[], tuple[str, ...]] = tuple,
    ) -> None:
        """Put together from the parts that answer; ``heard`` is told of everything that comes.

        ``notes`` says what the person at the desk is reminded of.
        """
        self._heard = heard
        self._dispatcher = dispatcher
        self._guide = guide
        self._watch = watch
        self._outbox = outbox
        self._home = home
        self._notes = notes

    def receive(self, incoming: Incoming) -> Awaitable[None]:
        """Start answering at once; the result ends when the answer was shown, and answering goes on if nobody waits."""
        if self._heard is not None:
            self._heard(incoming)
        answered = self._dispatcher.receive(incoming)

        async def wait() -> None:
            await answered
            await self._outbox.drain(incoming.platform)

        return _Lazy(wait)

    def pulse(self) -> Pulse:
        """Say how things stand."""
        return replace(self._watch.pulse(), notes=self._notes())

    def complete(self, text: str) -> list[str]:
        """Words that may stand at the end of ``text``."""
        return self._guide.complete(text)

    def menu(self, identity: str = "", chat: str = "") -> tuple[Entry, ...]:
        """Commands that this person may use there."""
        return self._guide.menu(identity, chat)

    def suggest(self, identity: str, chat: str, field: Field, text: str) -> list[str]:
        """What may stand in a field."""
        return self._guide.suggest(identity, chat, field, text)

    def moved(self, old: str, new: str) -> None:
        """A chat has another id from now on."""
        self._outbox.follow(old, new)

    def is_bound(self, chat: str) -> bool:
        """Say whether this chat belongs to the desk."""
        return self._guide.is_bound(chat)

    async def settle(self, what: str, timeout_s: float) -> bool:
        """Wait until ``what`` has come true and was shown."""
        is_true = await self._watch.settle(what, timeout_s)
        await self._outbox.drain(self._home)
        return is_true


class _Lazy:
    """A coroutine that is made only where somebody awaits it."""

    def __init__(self, make: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._make = make

    def __await__(self) -> Generator[Any, None, None]:
        return self._make().__await__()
