"""The migrated database is the one that the code describes, also when two programs make it at once."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from bot.storage.database import Database
from bot.storage.table import METADATA


def test_the_steps_lead_to_the_tables_of_today() -> None:
    database = Database("sqlite://")
    with database.begin() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []


@pytest.mark.parametrize("names", [["bot"] * 4, ["a", "b", "c", "d"]], ids=["one", "several"])
def test_databases_that_are_opened_at_once_get_their_tables_once(tmp_path: Path, names: list[str]) -> None:
    with ThreadPoolExecutor(len(names)) as pool:
        found = list(pool.map(lambda name: Database(f"sqlite:///{(tmp_path / f'{name}.db').as_posix()}"), names))
    for database in found:
        database.close()
