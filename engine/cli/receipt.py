"""``lockstep receipt ID``: how one copy came to be, from the journal alone."""

import argparse
from pathlib import Path

from engine.cli.command import Command, desk_argument, show
from engine.config import home, load
from engine.errors import ConfigError
from engine.service.receipt import find
from engine.storage.store import Store


def run(options: argparse.Namespace) -> int:
    """Print the receipt."""
    where: Path = options.home or home()
    url = _database(options.desk, where)
    store = Store(url) if url else None
    try:
        show(find(where / "journal", store, options.id).rstrip("\n"))
    finally:
        if store is not None:
            store.close()
    return 0


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
    parser.add_argument("id", metavar="ID", help="a copy or an order, as /copies and the alerts name it")
    parser.add_argument(
        "--home", type=Path, metavar="DIR", help="data directory (LOCKSTEP_HOME or this system's place)"
    )
    desk_argument(parser)


COMMAND = Command(name="receipt", summary="Print how one copy came to be", arguments=arguments, run=run)
