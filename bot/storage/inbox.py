"""Inbox: which events of a platform were taken in, so that one told twice counts once."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select

from bot.storage.database import Database
from bot.storage.table import INBOX

KEPT = timedelta(days=3)


class InboxStore:
    """Rows of the inbox."""

    def __init__(self, database: Database) -> None:
        """In the bot's database."""
        self._database = database

    def take(self, platform: str, update: str, at: datetime) -> bool:
        """Take an event in; False where it was taken before."""
        here = (INBOX.c.platform == platform) & (INBOX.c.update == update)
        with self._database.begin() as connection:
            if connection.execute(select(INBOX.c.update).where(here)).first() is not None:
                return False
            connection.execute(INBOX.insert().values(platform=platform, update=update, heard_at=at))
            connection.execute(delete(INBOX).where(INBOX.c.heard_at < at - KEPT))
        return True
