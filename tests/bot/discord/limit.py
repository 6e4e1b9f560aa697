"""Discord's limits: a bucket for each route and channel, told in headers; one for all; a front door that refuses by itself.

Source: discord.com/developers/docs/topics/rate-limits, 2026-11-22; the size of a channel's bucket is not published.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

BUCKET = (5, 5.0)
WHOLE = (50, 1.0)
EXEMPT = ("interactions", "webhooks")


@dataclass
class Storm:
    """While it lasts everything is refused: by ``kind`` channel, global or door; without ``retry_s`` nothing says how long."""

    kind: str
    ends: float
    retry_s: float | None = 1.0
    channels: frozenset[int] = frozenset()  # none: all


class Limit:
    """What was asked, and what is left. Without ``is_strict`` only storms refuse."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic, *, is_strict: bool = False) -> None:
        self.monotonic = monotonic
        self.is_strict = is_strict
        self.storms: list[Storm] = []
        self.limited: list[str] = []  # each 429 of a limit, with its rule
        self.stormed = 0
        self._windows: dict[str, tuple[float, int]] = {}

    def take(self, method: str, path: str) -> tuple[web.Response | None, dict[str, str]]:
        """A refusal, or the headers of an answer."""
        parts = path.split("/")
        channel = int(parts[1]) if parts[0] == "channels" else 0
        if stormed := self._storm(channel):
            return stormed, {}
        if not self.is_strict or parts[0] in EXEMPT:
            return None, {}
        if self._over("whole", *WHOLE)[0]:
            self.limited.append("whole")
            return _refusal(1.0, is_global=True), {}
        kind = f"{method} {parts[0]} {parts[-2] if parts[-1] == '@me' else len(parts)}"
        is_over, left, reset = self._over(f"{kind} {channel}", *BUCKET)
        if is_over:
            self.limited.append(f"{method} {path}")
            return _refusal(reset), {}
        headers = {
            "X-RateLimit-Limit": f"{BUCKET[0]}",
            "X-RateLimit-Remaining": f"{left}",
            "X-RateLimit-Reset-After": f"{reset:.3f}",
            "X-RateLimit-Bucket": f"{abs(hash(kind)):x}"[:16],
        }
        return None, headers

    def _over(self, name: str, many: int, span: float) -> tuple[bool, int, float]:
        now = self.monotonic()
        began, count = self._windows.get(name, (now, 0))
        if now >= began + span:
            began, count = now, 0
        if count >= many:
            return True, 0, began + span - now
        self._windows[name] = began, count + 1
        return False, many - count - 1, began + span - now

    def _storm(self, channel: int) -> web.Response | None:
        now = self.monotonic()
        for storm in self.storms:
            if now < storm.ends and channel and (not storm.channels or channel in storm.channels):
                self.stormed += 1
                if storm.kind == "door":
                    headers = {"Retry-After": f"{storm.retry_s:g}"} if storm.retry_s is not None else {}
                    return web.Response(status=429, text="error code: 1015", headers=headers)
                return _refusal(storm.retry_s or 0.0, is_global=storm.kind == "global")
        return None


def _refusal(after: float, *, is_global: bool = False) -> web.Response:
    body = (
        f'{{"message": "You are being rate limited.", "retry_after": {after:.3f}, "global": {str(is_global).lower()}}}'
    )
    headers = {
        "Content-Type": "application/json",
        "Via": "1.1 google",
        "Retry-After": f"{after:.3f}",
        "X-RateLimit-Scope": "global" if is_global else "user",
        **({"X-RateLimit-Global": "true"} if is_global else {}),
    }
    return web.Response(status=429, body=body.encode(), headers=headers)
