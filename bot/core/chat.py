"""The port to a chat platform: what comes in, what goes out, and what a platform must be."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Protocol

from bot.core.card import Card
from engine.api import StatusView, Value


class Incoming(Value, frozen=True):
    """One thing that a person did on a platform: wrote ``text``, or pressed the button of ``handle``.

    ``user`` is the platform's own id of the person; ``chat`` the place's, after the platform's name and a colon. Names
    are never matched.
    """

    chat: str
    user: str
    at: datetime
    text: str = ""
    handle: str = ""


class Message(Value, frozen=True):
    """One card for one place. A card whose ``ref`` was shown there before replaces the older one."""

    chat: str
    card: Card
    silent: bool = False


class Limits(Value, frozen=True):
    """What one message of a platform may hold."""

    card_cells: int = 40
    table_cells: int = 34
    text: int = 4096
    buttons: int = 100
    handle_bytes: int = 64


class Pulse(Value, frozen=True):
    """What a status line shows: the newest status, and how long ago the engine was heard."""

    status: StatusView | None
    heard_s: float | None
    connected: bool


class Door(Protocol):
    """What a platform is given of the bot."""

    def receive(self, incoming: Incoming) -> Awaitable[None]:
        """Start answering at once; the result is awaited only by who wants to know that the reply was shown."""
        ...

    def pulse(self) -> Pulse:
        """Say how things stand, without asking anybody."""
        ...

    def complete(self, text: str) -> list[str]:
        """Words that may stand at the end of ``text``."""
        ...

    async def settle(self, what: str, timeout_s: float) -> bool:
        """Wait until ``what`` has come true since the last command: proven, copy, flat, engine, copying.

        Returns: False when it did not in time, or when an act failed.
        Raises: ValueError for a word that is none of these.
        """
        ...


class Chat(Protocol):
    """One connected platform."""

    async def run(self, door: Door) -> int:
        """Serve until the platform ends, such as a console's end of input; an exit code, 0 when all went well."""
        ...

    async def show(self, message: Message) -> None:
        """Show a card, or edit the one with the same ``ref``."""
        ...


class Clock(Protocol):
    """Time. Tests turn it by hand."""

    def now(self) -> datetime:
        """Aware UTC time."""
        ...

    def monotonic(self) -> float:
        """Seconds that only go forward."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after ``seconds`` of this clock's time."""
        ...


class ChatSpec(Value, frozen=True):
    """A plug-in: ``bot.chats.<name>.CHAT``. ``options`` is the type of its table in desk.toml."""

    name: str
    options: type[Value]
    limits: Limits
    connect: Callable[..., Chat]  # (options, Clock)
