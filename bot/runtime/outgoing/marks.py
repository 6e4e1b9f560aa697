"""Marks: the bot's own signs on people's messages, one after the other: what is seen is never put over what is proven."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from bot.core.chat import Sign

Mark = Callable[[str, str, Sign], Awaitable[None]]
"""Puts a sign on a message of a chat; failing is no matter."""


class Marks:
    """Puts them, beside everything else."""

    def __init__(self, mark: Mark, start: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]]) -> None:
        """``start`` starts a task that ends with the bot."""
        self._mark = mark
        self._start = start
        self._under_way: dict[tuple[str, str], asyncio.Task[None]] = {}

    def put(self, chat: str, post: str, sign: Sign) -> None:
        """Put a sign on a message once the one before it is there."""
        here = (chat, post)
        task = self._under_way[here] = self._start(self._after(self._under_way.get(here), chat, post, sign))
        task.add_done_callback(lambda done: self._ended(here, done))

    async def _after(self, before: asyncio.Task[None] | None, chat: str, post: str, sign: Sign) -> None:
        if before is not None:
            await asyncio.wait({before})
        await self._mark(chat, post, sign)

    def _ended(self, here: tuple[str, str], done: asyncio.Task[None]) -> None:
        if self._under_way.get(here) is done:
            del self._under_way[here]
