"""Request limits: for each user in rolling windows, for each endpoint with penalty tickets."""

from collections import deque

from engine.ports import Clock
from engine.sim.desk import Limits
from engine.sim.tradovate.ledger import Entity


class Ticket:
    """A penalty that was handed out and not yet served."""

    def __init__(self, wait_s: float, due: float, *, captcha: bool) -> None:
        self.wait_s = wait_s
        self.due = due
        self.captcha = captcha


class Gate:
    """Counts calls and hands out penalties."""

    def __init__(self, clock: Clock, limits: Limits) -> None:
        self._clock = clock
        self._limits = limits
        self._users: dict[str, deque[float]] = {}
        self._calls: dict[str, deque[float]] = {}
        self._tickets: dict[str, Ticket] = {}
        self._count = 0

    def is_over(self, user: str) -> bool:
        """Count a call of a user; say whether it goes over a window."""
        now = self._clock.monotonic()
        calls = self._users.setdefault(user, deque())
        while calls and calls[0] <= now - 3600:
            calls.popleft()
        calls.append(now)
        windows = ((3600, self._limits.per_hour), (60, self._limits.per_minute), (1, self._limits.per_second))
        return any(len(calls) > limit and calls[-limit - 1] > now - window for window, limit in windows)

    def count(self, endpoint: str, *, failed: bool) -> None:
        """Count a call towards its endpoint's own limit."""
        limit = self._limits.endpoints.get(endpoint)
        if limit is not None and (failed or not limit.failures_only):
            self._calls.setdefault(endpoint, deque()).append(self._clock.monotonic())

    def penalty(self, endpoint: str) -> Entity | None:
        """Return a penalty if an endpoint's own limit is used up."""
        limit = self._limits.endpoints.get(endpoint)
        calls = self._calls.get(endpoint)
        if limit is None or calls is None:
            return None
        now = self._clock.monotonic()
        while calls and calls[0] <= now - 3600:
            calls.popleft()
        if len(calls) < limit.per_hour:
            return None
        return self.issue(limit.wait_s, captcha=endpoint == "auth/accesstokenrequest")

    def issue(self, wait_s: float, *, captcha: bool) -> Entity:
        """Hand out a ticket."""
        self._count += 1
        name = f"ticket-{self._count}"
        self._tickets[name] = Ticket(wait_s, self._clock.monotonic() + wait_s, captcha=captcha)
        body: Entity = {"p-ticket": name, "p-time": wait_s}
        if captcha:
            body["p-captcha"] = True
        return body

    def redeem(self, name: str) -> Entity | None:
        """Take a ticket back: None lets the call through, else a new and longer penalty."""
        ticket = self._tickets.pop(name, None)
        if ticket is None:
            return self.issue(15.0, captcha=False)
        if ticket.captcha or self._clock.monotonic() < ticket.due:
            return self.issue(ticket.wait_s * 2, captcha=ticket.captcha)
        return None
