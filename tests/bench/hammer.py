"""A busy database: another program that writes into the engine's own SQLite file as often as it is let."""

import contextlib
import sqlite3
import sys
import time
from pathlib import Path


def main(home: str) -> None:
    """Write until killed."""
    path = Path(home) / "journal.db"
    while not path.exists():
        time.sleep(0.05)
    database = sqlite3.connect(path, timeout=5, isolation_level=None)
    rows = [(i, b"x" * 200) for i in range(200)]
    while True:
        with contextlib.suppress(sqlite3.OperationalError):
            database.execute("CREATE TABLE IF NOT EXISTS hammer (number INTEGER, content BLOB)")
            database.execute("BEGIN IMMEDIATE")
            database.executemany("INSERT INTO hammer VALUES (?, ?)", rows)
            time.sleep(0.02)  # holds the one write lock most of the time without taking a core
            database.execute("DELETE FROM hammer")
            database.execute("COMMIT")
        time.sleep(0.005)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main(sys.argv[1])
