"""Owner: one bot at a time serves the platforms of a data directory; whatever ends it, the next one may."""

import sqlite3
from pathlib import Path

FILE = "bot.lock"


def is_taken(home: Path) -> bool:
    """Say whether a bot serves a data directory now; nothing is made there."""
    if not (home / FILE).is_file():
        return False
    owner = Owner(home)
    is_free = owner.take()
    owner.release()
    return not is_free


class Owner:
    """The right to serve, held by an open transaction, which no process can forget to give back."""

    def __init__(self, home: Path) -> None:
        """In a data directory."""
        self._file = home / FILE
        self._connection: sqlite3.Connection | None = None

    def take(self) -> bool:
        """Take the right; False while another process has it."""
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        connection = sqlite3.connect(self._file, timeout=0, isolation_level=None)
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            connection.close()
            return False
        self._connection = connection
        return True

    def release(self) -> None:
        """Give the right back."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
