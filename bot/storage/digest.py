"""Digests: which slot of whose digest was sent last; written together with its messages."""

from datetime import datetime

from sqlalchemy import Connection, delete, select

from bot.core.digest import Digest
from bot.storage.database import Database
from bot.storage.table import PREF


class DigestStore:
    """Rows among the wishes of people."""

    def __init__(self, database: Database) -> None:
        """In the bot's database."""
        self.database = database

    def sent(self, person: str) -> dict[Digest, datetime]:
        """The newest slot of each that was sent."""
        names = {_key(kind): kind for kind in Digest}
        query = select(PREF.c.key, PREF.c.value).where(PREF.c.owner == person, PREF.c.key.in_(list(names)))
        with self.database.begin() as connection:
            return {names[row.key]: datetime.fromisoformat(row.value) for row in connection.execute(query)}

    @staticmethod
    def put_sent(connection: Connection, person: str, kind: Digest, slot: datetime) -> None:
        """A slot was sent."""
        connection.execute(delete(PREF).where(PREF.c.owner == person, PREF.c.key == _key(kind)))
        connection.execute(PREF.insert().values(owner=person, key=_key(kind), value=slot.isoformat()))


def _key(kind: Digest) -> str:
    return f"digest sent {kind.value}"
