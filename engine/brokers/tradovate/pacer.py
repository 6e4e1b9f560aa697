"""The request budget of one login: two rolling windows, and a reserve that only exits may use."""

from collections import deque


class _Window:
    """Requests of the last ``span_s`` seconds."""

    __slots__ = ("_spent", "limit", "reserve", "span_s", "used")

    def __init__(self, span_s: float, limit: int, reserve: int) -> None:
        self.span_s = span_s
        self.limit = limit
        self.reserve = reserve
        self.used = 0
        self._spent: deque[tuple[float, int]] = deque()

    def free(self, now: float) -> int:
        spent = self._spent
        while spent and spent[0][0] <= now - self.span_s:
            self.used -= spent.popleft()[1]
        return self.limit - self.used

    def add(self, now: float, count: int) -> None:
        self._spent.append((now, count))
        self.used += count


class Pacer:
    """Says how many requests may leave now. Sync, amortised constant time."""

    def __init__(self, per_minute: int, per_hour: int, exit_reserve: float) -> None:
        """Units: ``exit_reserve`` is the share of both limits that entries and questions leave alone."""
        self._windows = (
            _Window(60.0, per_minute, int(per_minute * exit_reserve)),
            _Window(3_600.0, per_hour, int(per_hour * exit_reserve)),
        )
        self._paused_until = 0.0

    def take(self, count: int, now: float, *, exits: bool) -> int:
        """Spend up to ``count`` requests; returns how many may be sent."""
        granted = min(count, self.left(now, exits=exits))
        if granted > 0:
            for window in self._windows:
                window.add(now, granted)
        return max(granted, 0)

    def spend(self, now: float) -> None:
        """Count a request that cannot wait: signing on, the snapshot after it."""
        for window in self._windows:
            window.add(now, 1)

    def left(self, now: float, *, exits: bool = False) -> int:
        """Requests that could leave now; never below 0."""
        minute, hour = self._windows
        if exits:
            return max(0, min(minute.free(now), hour.free(now)))
        if now < self._paused_until:
            return 0
        return max(0, min(minute.free(now) - minute.reserve, hour.free(now) - hour.reserve))

    def pause(self, until: float) -> None:
        """Let nothing but exits leave before ``until``: the broker has asked us to wait."""
        self._paused_until = max(self._paused_until, until)

    def paused_for(self, now: float) -> float:
        """Seconds until entries may leave again."""
        return max(0.0, self._paused_until - now)
