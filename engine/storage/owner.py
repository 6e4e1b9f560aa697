"""Ownership of a data directory: one process writes a journal, and its death frees it whatever killed it.

The lock is SQLite's own exclusive file lock on an empty database: one mechanism for every system, held by the operating
system and gone with the process.
"""

import contextlib
import os
import sqlite3
from pathlib import Path

from engine.errors import StaleOwner


class Owner:
    """Holds a journal directory until ``release``."""

    def __init__(self, directory: Path) -> None:
        """Take the directory.

        Raises: StaleOwner where another process holds it.
        """
        note = directory / "owner.pid"
        self._lock = sqlite3.connect(directory / "owner.lock", timeout=0, isolation_level=None, check_same_thread=False)
        try:
            self._lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            self._lock.close()
            holder = ""
            with contextlib.suppress(OSError):
                holder = f" by process {note.read_text(encoding='ascii').strip()}"
            raise StaleOwner(
                f"the journal {directory} is already held{holder}: stop that engine, or set another LOCKSTEP_HOME"
            ) from error
        note.write_text(str(os.getpid()), encoding="ascii")

    def release(self) -> None:
        """Let another process have it."""
        self._lock.close()
