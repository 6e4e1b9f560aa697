"""Addresses: ``discord:@<user>`` is a private chat, ``discord:<channel>`` a channel or a thread."""

from bot.core.budget import Budget
from bot.core.chat import Priority, UnreachableError
from engine.api import Value

NAME = "discord"
CHANNEL = (5, 5.0)
PLATFORM = (45, 1.0)


class Place(Value, frozen=True):
    """One place as Discord has it: a channel, or the person to be alone with."""

    channel: int = 0
    user: int = 0

    @property
    def is_private(self) -> bool:
        """Nobody else reads along."""
        return bool(self.user)

    @property
    def address(self) -> str:
        """As the rest of the bot knows it."""
        return f"{NAME}:@{self.user}" if self.user else f"{NAME}:{self.channel}"


def place_of(address: str) -> Place:
    """Read an address.

    Raises: UnreachableError for one that cannot be Discord's.
    """
    number = address.partition(":")[2]
    try:
        return Place(user=int(number[1:])) if number.startswith("@") else Place(channel=int(number))
    except ValueError:
        raise UnreachableError(f"{address!r} is no chat of Discord") from None


def budget(_address: str) -> Budget:
    """What Discord takes: 50 a second in all; each channel's own limit comes with its answers, about 5 in 5 s.

    Source: discord.com/developers/docs/topics/rate-limits, 2026-11-22; the library waits for what the headers say besides.
    """
    return Budget(chat=(CHANNEL,), platform=(PLATFORM,), shares={int(Priority.REST): ((1, 3.0),)})
