"""The migrated database is the one that the code describes, also when two programs make it at once."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from bot.storage.database import Database
from bot.storage.table import METADATA


def test_the_steps_lead_to_the_tables_of_today() -> None:
    database = Database("sqlite://")
    with database.begin() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []


def test_programs_that_start_at_once_make_the_tables_once(tmp_path: Path) -> None:
    url = f"sqlite:///{(tmp_path / 'bot.db').as_posix()}"
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: Database(url), range(4)))
    for database in found:
        database.close()
