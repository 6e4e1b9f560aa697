"""Owed: a step of the alerts that could not be stored is undone in memory, and carried out with the next one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bot.core.pipeline import Turn
from bot.runtime.lasting import Faults
from bot.storage.database import StorageError

Restore = Callable[[], None]
"""Puts back how things stood."""


class Owed:
    """What came of steps and stands in no row yet: nobody was shown anything of it."""

    def __init__(self, remember: Callable[[], Restore]) -> None:
        """``remember`` keeps in mind what a step changes besides its turn."""
        self._remember = remember
        self._turn: Turn | None = None
        self._faults = Faults("storing alerts")

    @contextmanager
    def step(self, turn: Turn) -> Iterator[Turn]:
        """The step, together with what earlier ones could not store."""
        whole = turn if self._turn is None else joined(self._turn, turn)
        restore, lines = self._remember(), len(whole.lines)
        try:
            yield whole
        except StorageError as error:
            restore()
            del whole.lines[lines:]
            self._turn = whole
            self._faults.failed(error)
        else:
            self._turn = None
            self._faults.over()

    @contextmanager
    def alone(self, turn: Turn) -> Iterator[None]:
        """A step that shows nobody anything: what is owed waits on."""
        try:
            yield
        except StorageError as error:
            self._turn = turn if self._turn is None else joined(self._turn, turn)
            self._faults.failed(error)


def joined(earlier: Turn, later: Turn) -> Turn:
    """Both as one; neither is changed."""
    whole = Turn()
    for one in (earlier, later):
        whole.outcomes += one.outcomes
        whole.tells += one.tells
        whole.pushes += one.pushes
        whole.lines += one.lines
        whole.changed.update(one.changed)
        whole.mutes |= one.mutes
    return whole
