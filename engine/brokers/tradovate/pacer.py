"""The request budget of one login: two rolling windows, and a reserve that only exits may use."""

from collections import deque


class _Window:
    """Requests of the last ``span_s`` seconds."""

    __slots__ = ("limit", "reserve", "span_s", "spent", "used")

    def __init__(self, span_s: float, limit: int, reserve: int) -> None:
        self.span_s = span_s
        self.limit = limit
        self.reserve = reserve
        self.used = 0
        self.spent: deque[tuple[float, int]] = deque()

    def free(self, now: float) -> int:
        spent = self.spent
        while spent and spent[0][0] <= now - self.span_s:
            self.used -= spent.popleft()[1]
        return self.limit - self.used


class Pacer:
    """Says how many requests may leave now. Sync, amortised constant time.

    ``room`` is a lower bound of what entries may still use: time only makes it larger, so it is counted anew only when
    it does not suffice.
    """

    __slots__ = ("_hour", "_minute", "_paused_until", "owed", "room")

    def __init__(self, per_minute: int, per_hour: int, exit_reserve: float) -> None:
        """Units: ``exit_reserve`` is the share of both limits that entries and questions leave alone."""
        self._minute = _Window(60.0, per_minute, int(per_minute * exit_reserve))
        self._hour = _Window(3_600.0, per_hour, int(per_hour * exit_reserve))
        self._paused_until = 0.0
        self.room = 0
        self.owed = 0  # spent, not yet in the windows

    def take_all(self, count: int, now: float) -> bool:
        """Spend ``count`` requests without touching the reserve, or none."""
        if count > self.room:
            self.room = self.left(now)
            if count > self.room:
                return False
        self.room -= count
        self.owed += count  # written into the windows when somebody next asks: this is the way of the fan-out
        return True

    def take(self, count: int, now: float, *, exits: bool) -> int:
        """Spend up to ``count`` requests; returns how many may be sent."""
        granted = min(count, self.left(now, exits=exits))
        if granted <= 0:
            return 0
        self._add(granted, now)
        return granted

    def spend(self, now: float) -> None:
        """Count a request that cannot wait: signing on, the snapshot after it."""
        self._add(1, now)

    def _add(self, count: int, now: float) -> None:
        entry = (now, count)
        minute, hour = self._minute, self._hour
        minute.spent.append(entry)
        minute.used += count
        hour.spent.append(entry)
        hour.used += count
        self.room -= count

    def left(self, now: float, *, exits: bool = False) -> int:
        """Requests that could leave now; never below 0."""
        if self.owed:
            owed, self.owed = self.owed, 0
            self.room += owed
            self._add(owed, now)
        minute, hour = self._minute.free(now), self._hour.free(now)
        if exits:
            return max(0, min(minute, hour))
        if now < self._paused_until:
            return 0
        return max(0, min(minute - self._minute.reserve, hour - self._hour.reserve))

    def pause(self, until: float) -> None:
        """Let nothing but exits leave before ``until``: the broker has asked us to wait."""
        self._paused_until = max(self._paused_until, until)
        self.room = 0

    def paused_for(self, now: float) -> float:
        """Seconds until entries may leave again."""
        return max(0.0, self._paused_until - now)
