"""Directory: the desk's accounts as rights and names need them, kept for a breath, and over a restart."""

import asyncio
from contextlib import suppress

from bot.core.chat import Clock
from bot.core.command import Engine
from bot.core.words import Lexicon
from bot.runtime.desk.names import lexicon_of
from bot.storage.database import StorageError
from bot.storage.directory import DirectoryStore
from engine.api import AccountView, LockstepError

FRESH_S = 2.0
PATIENCE_S = 2.0  # an engine that hangs keeps nobody longer who is known already


class Directory:
    """Every account of the desk; the last one that was known while the engine is silent."""

    def __init__(self, engine: Engine, clock: Clock, store: DirectoryStore) -> None:
        """What an earlier process knew: whom a room is for must not depend on who starts first."""
        self._engine = engine
        self._clock = clock
        self._store = store
        self._views = store.load()
        self._asked_at: float | None = None
        self.lexicon = lexicon_of(self._views) if self._views else Lexicon()

    async def views(self) -> tuple[AccountView, ...]:
        """Every account.

        Raises: LockstepError where the engine has never answered.
        """
        if not self.is_old:
            return self._views
        try:
            async with asyncio.timeout(None if self._asked_at is None else PATIENCE_S):
                self.learn(await self._engine.accounts("all"))
        except (LockstepError, TimeoutError):
            if self._asked_at is None:
                raise
        return self._views

    def learn(self, views: tuple[AccountView, ...]) -> None:
        """Every account, as the engine has just told somebody."""
        self._views = views
        self._asked_at = self._clock.monotonic()
        self.lexicon = lexicon_of(views)
        with suppress(StorageError):  # the next answer is kept
            self._store.save(views)

    @property
    def is_old(self) -> bool:
        """Say whether asking would tell more than is known."""
        return self._asked_at is None or self._clock.monotonic() - self._asked_at >= FRESH_S

    @property
    def asked_at(self) -> float | None:
        """When the engine answered last, by the clock's own counter."""
        return self._asked_at

    @property
    def known(self) -> tuple[AccountView, ...]:
        """What was known last, without asking."""
        return self._views
