"""The migrated database is the one that the code describes."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from bot.storage.database import Database
from bot.storage.table import METADATA


def test_the_steps_lead_to_the_tables_of_today() -> None:
    database = Database("sqlite://")
    with database.begin() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
