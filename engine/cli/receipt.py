"""``lockstep receipt ID``: how one copy came to be, from the journal alone."""

import argparse
from pathlib import Path

from engine.cli.command import Command, desk_argument, show
from engine.config import home, load
from engine.domain.entry import decode_entry
from engine.errors import ConfigError, JournalError
from engine.service.lineage import Lineage
from engine.service.receipt import find
from engine.storage.store import Store
from engine.storage.tail import read, segments

KEPT = 100


def run(options: argparse.Namespace) -> int:
    """Print the receipt."""
    where: Path = options.home or home()
    url = _database(options.desk, where)
    store = Store(url) if url else None
    try:
        name = _newest(where / "journal") if options.id == "last" else options.id
        show(find(where / "journal", store, name).rstrip("\n"))
    finally:
        if store is not None:
            store.close()
    return 0


def _newest(directory: Path) -> str:
    """Cause of the newest copy in the log.

    Raises: JournalError where there is none.
    """
    lineage = Lineage(kept=KEPT)
    for record in read(directory, next((first for first, _ in segments(directory)), 1)):
        lineage.fold(decode_entry(record.payload))
    if not lineage.copies:
        raise JournalError(f"{directory} holds no copy yet")
    return next(reversed(lineage.copies))


def _database(desk: Path | None, where: Path) -> str:
    """Where older entries are; settings that are not right are no reason to keep a receipt back."""
    try:
        return load(desk, home=where).database_url
    except ConfigError:
        if desk is not None:
            raise
    file = where / "journal.db"
    return f"sqlite:///{file.as_posix()}" if file.is_file() else ""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument(
        "id",
        metavar="ID",
        nargs="?",
        default="last",
        help="an order's client id or a copy's cause; the newest copy without",
    )
    parser.add_argument(
        "--home", type=Path, metavar="DIR", help="data directory (LOCKSTEP_HOME or this system's place)"
    )
    desk_argument(parser)


COMMAND = Command(name="receipt", summary="Print how one copy came to be", arguments=arguments, run=run)
