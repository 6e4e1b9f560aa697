"""Budgets: how many messages a platform takes, and what of that is kept for whom; pure, times are handed in."""

from collections import deque
from collections.abc import Iterable

from engine.api import Value

Rule = tuple[int, float]
"""At most so many within so many seconds, whenever one looks."""


class Budget(Value, frozen=True):
    """What may go to one chat. ``shares`` are further rules by priority, for it alone and what is less urgent.

    A share keeps the rest of a chat's rule free for whoever is more urgent: with 20 a minute and 14 a minute from
    ANSWER on, six are always left for what is URGENT. Chats that name the same ``purse`` spend from one,
    with all their threads; without a name each chat and each thread has its own.
    """

    purse: str = ""
    chat: tuple[Rule, ...] = ()
    platform: tuple[Rule, ...] = ()
    shares: dict[int, tuple[Rule, ...]] = {}

    @staticmethod
    def boundless(_chat: str) -> "Budget":
        """No limits."""
        return Budget()


class Window:
    """What was sent, counted under some rules."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        """Nothing was sent yet."""
        self._rules = tuple(rules)
        self._sent: deque[float] = deque(maxlen=max((count for count, _ in self._rules), default=1))

    def free_at(self) -> float:
        """Earliest time at which one more may be sent."""
        return max(
            (self._sent[-count] + seconds for count, seconds in self._rules if len(self._sent) >= count),
            default=0.0,
        )

    def take(self, now: float) -> None:
        """Count one as sent."""
        self._sent.append(now)

    def answered(self, now: float) -> None:
        """The newest was counted there at some time until now: as late as that, for all that is known."""
        if self._sent:
            self._sent[-1] = max(self._sent[-1], now)


class Purse:
    """What is left of the budget of one chat, or of those that share it."""

    def __init__(self, budget: Budget) -> None:
        """Nothing was sent yet."""
        self._closed_until = 0.0
        self._chat = Window(budget.chat)
        self._shares = {priority: Window(rules) for priority, rules in sorted(budget.shares.items())}

    def free_at(self, priority: int) -> float:
        """Earliest time at which a message of this priority may go."""
        bounds = [window.free_at() for least, window in self._shares.items() if least <= priority]
        return max(self._closed_until, self._chat.free_at(), *bounds)

    def close(self, until: float) -> None:
        """Nothing may go before then, whatever the rules say."""
        self._closed_until = max(self._closed_until, until)

    def answered(self, now: float) -> None:
        """What was under way has been answered."""
        self._chat.answered(now)

    def take(self, priority: int, now: float) -> None:
        """Count a message as sent."""
        self._chat.take(now)
        for least, window in self._shares.items():
            if least <= priority:
                window.take(now)
