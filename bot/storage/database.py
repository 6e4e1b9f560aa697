"""The bot's database: opened, tuned and migrated once; its callers are in one thread, and each call is short."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from engine.api import ConfigError, LockstepError

_MIGRATING = Lock()  # Alembic keeps the migration under way in globals of the process


class StorageError(LockstepError):
    """The bot's database does not answer; one line, without secrets."""


class Database:
    """One database."""

    def __init__(self, url: str) -> None:
        """Open the database and bring its tables to this version.

        Raises: ConfigError for a URL that no database understands; StorageError where it does not answer.
        """
        try:
            parsed = make_url(url)
            if parsed.drivername in ("postgres", "postgresql"):
                parsed = parsed.set(drivername="postgresql+psycopg")
            self._engine = create_engine(parsed)
        except (ArgumentError, NoSuchModuleError, ImportError, ValueError) as error:
            raise ConfigError("[chat] database: not a sqlite:/// or postgresql:// address; edit desk.toml") from error
        self._whole: Connection | None = None
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        if self.is_sqlite:
            event.listen(self._engine, "connect", _tune)
        config = Config()
        config.set_main_option("script_location", "bot.storage:migrations")
        with self.begin() as connection:
            if self.is_sqlite:  # two programs that start at once make the tables one after the other
                connection.exec_driver_sql("PRAGMA busy_timeout=20000")
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            config.attributes["connection"] = connection
            with _MIGRATING:
                command.upgrade(config, "head")
        if self.is_sqlite:
            with self.begin() as connection:
                connection.exec_driver_sql("PRAGMA busy_timeout=2000")

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """One transaction: all of it or nothing. Within another it is a part of that one.

        Raises: StorageError where the database does not answer.
        """
        if self._whole is not None:
            yield self._whole
            return
        try:
            with self._engine.begin() as connection:
                self._whole = connection
                try:
                    yield connection
                finally:
                    self._whole = None
        except SQLAlchemyError as error:
            line = (str(getattr(error, "orig", None) or error).strip().splitlines() or ["no reason given"])[0]
            raise StorageError(f"the bot's database does not answer: {line}") from error

    def close(self) -> None:
        """Let the database go."""
        self._engine.dispose()


def _tune(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA busy_timeout=2000")
    cursor.close()
