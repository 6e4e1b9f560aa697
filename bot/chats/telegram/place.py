"""Addresses: ``telegram:@<user>`` is a private chat, ``telegram:<chat>`` a group, ``telegram:<chat>/<thread>`` a topic."""

from bot.core.budget import Budget
from bot.core.chat import Priority, UnreachableError
from engine.api import Value

NAME = "telegram"
SECOND = (1, 1.1)  # one a second, and what the way there varies by
MINUTE_S = 61.0


class Place(Value, frozen=True):
    """One place as Telegram has it."""

    chat: int
    thread: int | None = None

    @property
    def is_private(self) -> bool:
        """Groups and channels have negative ids."""
        return self.chat > 0

    @property
    def address(self) -> str:
        """As the rest of the bot knows it."""
        if self.is_private:
            return f"{NAME}:@{self.chat}"
        return f"{NAME}:{self.chat}/{self.thread}" if self.thread is not None else f"{NAME}:{self.chat}"

    @property
    def group(self) -> str:
        """The chat without its topic."""
        return Place(chat=self.chat).address


def place_of(address: str) -> Place:
    """Read an address.

    Raises: UnreachableError for one that cannot be Telegram's.
    """
    chat, _, thread = address.partition(":")[2].partition("/")
    try:
        return Place(chat=int(chat.removeprefix("@")), thread=int(thread) if thread else None)
    except ValueError:
        raise UnreachableError(f"{address!r} is no chat of Telegram") from None


def budget(address: str) -> Budget:
    """What Telegram takes: about 30 a second in all, one a second for each chat, 20 a minute for each group.

    In a group six a minute are kept for what is urgent, and four for answers; its topics share what it has.
    Source: core.telegram.org/bots/faq, 2026-11-22; the exact limits are not published.
    """
    platform = ((28, 1.0),)
    if not address or ":@" in address:
        return Budget(chat=(SECOND,), platform=platform, shares={int(Priority.REST): ((1, 3.0),)})
    shares = {Priority.ANSWER: ((14, MINUTE_S),), Priority.STATUS: ((10, MINUTE_S),), Priority.REST: ((6, MINUTE_S),)}
    return Budget(
        purse=address.partition("/")[0],
        chat=(SECOND, (20, MINUTE_S)),
        platform=platform,
        shares={int(priority): rules for priority, rules in shares.items()},
    )
