"""Post: which waiting message leaves next, by urgency, age, each chat's order and what the platform allows; pure.

Theory of operation. Messages wait per chat in their order. Of two cards with the same ``ref`` for one chat only the newest
counts: it takes the older one's place. One message of a chat is under way at a time, so that edits arrive in order, but an
urgent one is the next. A thread of a chat is a lane of its own, which begins once the card that it hangs on has left. Which
chat or lane is served next follows from urgency, then age, among those whose budget allows one now; chats and lanes may share
one budget.
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
    """What waits for one chat, or for one lane of it. ``behind`` is the card that must have left before."""

    def __init__(self, home: str, purse: Purse, behind: str) -> None:
        self.home = home
        self.purse = purse
        self.behind = behind
        self.waiting: dict[int, tuple[int, str, ItemT]] = {}  # by id: priority, ref, item
        self.closed_until = 0.0
        self.under_way: str | None = None  # the ref of what is

    def first(self) -> tuple[int, int] | None:
        """Priority and id of what leaves next."""
        return min(((priority, number) for number, (priority, _, _) in self.waiting.items()), default=None)

    def holds(self, ref: str) -> bool:
        """Say whether something of this card has not left yet."""
        return self.under_way == ref or any(other == ref for _, other, _ in self.waiting.values())


class Post(Generic[ItemT]):
    """Everything that waits for one platform. Times are seconds of a clock that only goes forward."""

    def __init__(self, budget_of: Callable[[str], Budget]) -> None:
        """``budget_of`` tells what may be sent to a chat."""
        self._budget_of = budget_of
        self._boxes: dict[str, _Box[ItemT]] = {}
        self._purses: dict[str, Purse] = {}
        self._whole = Window(budget_of("").platform)
        self._closed_until = 0.0

    def __len__(self) -> int:
        """How many wait or are under way."""
        return sum(len(box.waiting) + (box.under_way is not None) for box in self._boxes.values())

    def add(self, item: ItemT, chat: str, ref: str, priority: int, lane: str = "") -> None:
        """Let a message wait; in a ``lane`` of its chat, named by the card behind which it stands."""
        self._box(chat, lane).waiting[item.id] = (priority, ref, item)

    def same(self, chat: str, ref: str) -> ItemT | None:
        """The newest message for the same card that has not left yet."""
        box = self._boxes.get(chat)
        if box is None or not ref:
            return None
        numbers = [number for number, (_, other, _) in box.waiting.items() if other == ref]
        return box.waiting[max(numbers)][2] if numbers else None

    def waits(self, chat: str, beginning: str) -> bool:
        """Say whether a card of a chat waits whose ref begins so."""
        box = self._boxes.get(chat)
        return box is not None and any(ref.startswith(beginning) for _, ref, _ in box.waiting.values())

    def last(self, chat: str, lane: str) -> ItemT | None:
        """The newest message of a lane that has not left yet."""
        box = self._boxes.get(f"{chat}#{lane}")
        return box.waiting[max(box.waiting)][2] if box is not None and box.waiting else None

    def replace(self, item: ItemT, chat: str, ref: str, priority: int, lane: str = "") -> None:
        """Put newer content in the place of what waits under the same id; it only ever grows more urgent."""
        box = self._box(chat, lane)
        before = box.waiting[item.id][0]
        box.waiting[item.id] = (min(before, priority), ref, item)

    def next(self, now: float) -> tuple[str, ItemT] | None:
        """Take the message that leaves now, if any may, and the name of the chat or lane that it is under way for."""
        if max(self._closed_until, self._whole.free_at()) > now:
            return None
        found: tuple[int, int, str] | None = None
        for name, box, (priority, number) in self._open():
            free = max(box.closed_until, box.purse.free_at(priority)) <= now
            if free and (found is None or (priority, number) < found[:2]):
                found = (priority, number, name)
        if found is None:
            return None
        priority, number, name = found
        box = self._boxes[name]
        _, box.under_way, item = box.waiting.pop(number)
        box.purse.take(priority, now)
        self._whole.take(now)
        return name, item

    def due(self, now: float) -> float | None:
        """Seconds until something may leave; None while nothing waits that could."""
        times = [max(box.closed_until, box.purse.free_at(priority)) for _, box, (priority, _) in self._open()]
        if not times:
            return None
        return max(0.0, max(min(times), self._closed_until, self._whole.free_at()) - now)

    def done(self, name: str, now: float = 0.0) -> None:
        """What was under way for a chat or lane has ended now; the chat may have moved meanwhile."""
        if name in self._boxes:
            self._boxes[name].under_way = None
            self._boxes[name].purse.answered(now)

    def close(self, chat: str, until: float, *, is_whole: bool, lane: str = "") -> None:
        """The platform said: not before ``until``; that holds for all who share the purse."""
        self._box(chat, lane).purse.close(until)
        if is_whole:
            self._closed_until = max(self._closed_until, until)

    def rest(self, chat: str, until: float, lane: str = "") -> None:
        """Something fails for a chat, or for one lane of it: the others go on."""
        box = self._box(chat, lane)
        box.closed_until = max(box.closed_until, until)

    def move(self, old: str, new: str) -> list[ItemT]:
        """A chat has another id: what waited for the old one, oldest first; it is to be added again."""
        left = [name for name, box in self._boxes.items() if box.home == old]
        waiting = [entry for name in left for entry in self._boxes.pop(name).waiting.items()]
        self._box(new, "")
        return [item for _, (_, _, item) in sorted(waiting, key=lambda entry: entry[0])]

    def oldest(self, least: int) -> ItemT | None:
        """What has waited longest of all that is at least so urgent."""
        boxes = self._boxes.values()
        waiting = {n: item for box in boxes for n, (urgency, _, item) in box.waiting.items() if urgency <= least}
        return waiting[min(waiting)] if waiting else None

    def _open(self) -> Iterator[tuple[str, _Box[ItemT], tuple[int, int]]]:
        for name, box in self._boxes.items():
            first = None if box.under_way is not None or self._is_behind(box) else box.first()
            if first is not None:
                yield name, box, first

    def _is_behind(self, box: _Box[ItemT]) -> bool:
        """Say whether the card of a lane has not left yet. Once it has, the lane runs by itself."""
        home = self._boxes.get(box.home) if box.behind else None
        if home is not None and home.holds(box.behind):
            return True
        box.behind = ""
        return False

    def _box(self, chat: str, lane: str) -> _Box[ItemT]:
        name = f"{chat}#{lane}" if lane else chat
        found = self._boxes.get(name)
        if found is None:
            for idle in [one for one, box in self._boxes.items() if box.home != one and not _is_used(box)]:
                del self._boxes[idle]
            budget = self._budget_of(chat)
            purse = self._purses.setdefault(budget.purse or name, Purse(budget))
            found = self._boxes[name] = _Box(chat, purse, lane)
        return found


def _is_used(box: _Box[ItemT]) -> bool:
    return bool(box.waiting) or box.under_way is not None
