"""Post: which waiting message leaves next, by urgency, age, each chat's order and what the platform allows; pure.

Theory of operation. Messages wait per chat in their order. Of two cards with the same ``ref`` for one chat only the newest
counts: it takes the older one's place. One message of a chat is under way at a time, so that edits arrive in order, but an
urgent one is the next. Which chat is served next follows from urgency, then age, among those whose budget allows one now.
"""

from collections.abc import Callable, Iterator
from typing import Generic, Protocol, TypeVar

from bot.core.budget import Budget, Purse, Window


class Item(Protocol):
    """What waits."""

    @property
    def id(self) -> int:
        """Grows with age."""
        ...


ItemT = TypeVar("ItemT", bound=Item)


class _Box(Generic[ItemT]):
    """What waits for one chat."""

    def __init__(self, budget: Budget) -> None:
        self.waiting: dict[int, tuple[int, str, ItemT]] = {}  # by id: priority, ref, item
        self.purse = Purse(budget)
        self.closed_until = 0.0
        self.is_busy = False

    def first(self) -> tuple[int, int] | None:
        """Priority and id of what leaves next."""
        return min(((priority, number) for number, (priority, _, _) in self.waiting.items()), default=None)


class Post(Generic[ItemT]):
    """Everything that waits for one platform. Times are seconds of a clock that only goes forward."""

    def __init__(self, budget_of: Callable[[str], Budget]) -> None:
        """``budget_of`` tells what may be sent to a chat."""
        self._budget_of = budget_of
        self._boxes: dict[str, _Box[ItemT]] = {}
        self._whole = Window(budget_of("").platform)
        self._closed_until = 0.0

    def __len__(self) -> int:
        """How many wait or are under way."""
        return sum(len(box.waiting) + box.is_busy for box in self._boxes.values())

    def add(self, item: ItemT, chat: str, ref: str, priority: int) -> None:
        """Let a message wait."""
        self._box(chat).waiting[item.id] = (priority, ref, item)

    def same(self, chat: str, ref: str) -> ItemT | None:
        """A message for the same card that has not left yet."""
        box = self._boxes.get(chat)
        if box is None or not ref:
            return None
        return next((item for _, other, item in box.waiting.values() if other == ref), None)

    def replace(self, item: ItemT, chat: str, ref: str, priority: int) -> None:
        """Put newer content in the place of what waits under the same id; it only ever grows more urgent."""
        box = self._boxes[chat]
        before = box.waiting[item.id][0]
        box.waiting[item.id] = (min(before, priority), ref, item)

    def next(self, now: float) -> tuple[str, ItemT] | None:
        """Take the message that leaves now, if any may."""
        if max(self._closed_until, self._whole.free_at()) > now:
            return None
        found: tuple[int, int, str] | None = None
        for chat, box, (priority, number) in self._open():
            free = max(box.closed_until, box.purse.free_at(priority)) <= now
            if free and (found is None or (priority, number) < found[:2]):
                found = (priority, number, chat)
        if found is None:
            return None
        priority, number, chat = found
        box = self._boxes[chat]
        _, _, item = box.waiting.pop(number)
        box.is_busy = True
        box.purse.take(priority, now)
        self._whole.take(now)
        return chat, item

    def due(self, now: float) -> float | None:
        """Seconds until something may leave; None while nothing waits that could."""
        times = [max(box.closed_until, box.purse.free_at(priority)) for _, box, (priority, _) in self._open()]
        if not times:
            return None
        return max(0.0, max(min(times), self._closed_until, self._whole.free_at()) - now)

    def done(self, chat: str) -> None:
        """What was under way for a chat has ended; the chat may have moved meanwhile."""
        if chat in self._boxes:
            self._boxes[chat].is_busy = False

    def close(self, chat: str, until: float, *, is_whole: bool) -> None:
        """The platform said: not before ``until``."""
        box = self._box(chat)
        box.closed_until = max(box.closed_until, until)
        if is_whole:
            self._closed_until = max(self._closed_until, until)

    def move(self, old: str, new: str) -> list[ItemT]:
        """A chat has another id: what waited for the old one, oldest first; it is to be added again."""
        box = self._boxes.pop(old, None)
        self._box(new)
        return [item for _, (_, _, item) in sorted(box.waiting.items())] if box is not None else []

    def oldest(self) -> ItemT | None:
        """What has waited longest."""
        waiting = {number: item for box in self._boxes.values() for number, (_, _, item) in box.waiting.items()}
        return waiting[min(waiting)] if waiting else None

    def _open(self) -> Iterator[tuple[str, _Box[ItemT], tuple[int, int]]]:
        for chat, box in self._boxes.items():
            first = None if box.is_busy else box.first()
            if first is not None:
                yield chat, box, first

    def _box(self, chat: str) -> _Box[ItemT]:
        found = self._boxes.get(chat)
        if found is None:
            found = self._boxes[chat] = _Box(self._budget_of(chat))
        return found
