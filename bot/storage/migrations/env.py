"""Alembic's entry: migrate over the connection that the base hands in."""

from alembic import context

from bot.storage.table import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
with context.begin_transaction():
    context.run_migrations()
