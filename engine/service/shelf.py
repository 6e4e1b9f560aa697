"""Shelf: one thing that a clerk keeps over restarts in a file of its own, written only when it changed."""

from pathlib import Path
from typing import Generic, TypeVar

import msgspec
import structlog

from engine.calendar.kept import keep, recall

_log: structlog.stdlib.BoundLogger = structlog.get_logger("clerk")

T = TypeVar("T")


class Shelf(Generic[T]):
    """One file. What cannot be read is begun anew; what cannot be written is told, and tried again."""

    def __init__(self, path: Path, kind: type[T]) -> None:
        """Open nothing yet."""
        self._path = path
        self._kind = kind
        self._kept = 0

    def take(self) -> T | None:
        """What an earlier clerk kept; None for nothing that can be read."""
        try:
            content = recall(self._path)
            return msgspec.msgpack.decode(content, type=self._kind) if content is not None else None
        except (OSError, msgspec.DecodeError) as error:
            _log.warning("kept", fault=f"{self._path.name} cannot be read, it is begun anew: {error}")
            return None

    def is_due(self, changes: int) -> bool:
        """Say whether something has changed since it was kept; ``changes`` counts."""
        return changes != self._kept

    def put(self, content: bytes, changes: int) -> None:
        """Keep it, as of so many changes."""
        try:
            keep(self._path, content)
            self._kept = changes
        except OSError as error:
            _log.warning("kept", fault=f"{self._path.name} cannot be written: {error}")
