"""Lasting: what runs as long as the bot outlives its faults: each is one line of the log, and the work begins anew."""

import logging
from collections.abc import Awaitable, Coroutine
from typing import Any, Protocol

from bot.core.chat import Clock
from engine.api import LockstepError

AGAIN_S = 5.0

log = logging.getLogger(__name__)


class Work(Protocol):
    """Something that runs as long as the bot."""

    async def run(self) -> None: ...


class Faults:
    """What failed of one work: said once, not at each try."""

    def __init__(self, name: str) -> None:
        """``name`` is whose faults they are."""
        self._name = name
        self._said: dict[str, str] = {}

    def failed(self, error: Exception, what: str = "") -> None:
        """It failed; an error of our own tells itself in one line, another one with where it arose."""
        leaves = list(_leaves(error))
        said = "; ".join(dict.fromkeys(f"{type(one).__name__}: {one}" for one in leaves))
        if self._said.get(what) == said:
            return
        self._said[what] = said
        unknown = next((one for one in leaves if not isinstance(one, LockstepError)), None)
        name = " ".join(filter(None, (self._name, what)))
        log.error("%s failed: %s", name, said, exc_info=unknown)

    def over(self, what: str = "") -> None:
        """It did not fail: the next fault is news."""
        self._said.pop(what, None)


async def last(work: Work, clock: Clock) -> None:
    """Run a work until it ends by itself."""
    faults = Faults(type(work).__name__)
    while True:
        error = await tried(work.run())
        if error is None:
            return
        faults.failed(error)
        await clock.sleep(AGAIN_S)


async def once(work: Coroutine[Any, Any, None]) -> None:
    """Do something beside everything else: whatever it fails with is a line of the log, and ends nothing."""
    error = await tried(work)
    if error is not None:
        Faults(getattr(work, "__qualname__", "a work")).failed(error)


async def tried(work: Awaitable[object]) -> Exception | None:
    """Do it; what it failed with, so that it ends nothing else."""
    try:
        await work
    except Exception as error:  # noqa: BLE001  whatever it is: all others go on
        return error
    return None


def _leaves(error: BaseException) -> "list[BaseException]":
    if isinstance(error, BaseExceptionGroup):
        return [leaf for one in error.exceptions for leaf in _leaves(one)]
    return [error]
