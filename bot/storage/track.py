"""Tracks: acts that were asked through this bot and are not proven yet, so that a restart goes on with their cards."""

from datetime import datetime, timedelta

import msgspec
from sqlalchemy import delete, select, update

from bot.core.track import Track
from bot.storage.database import Database
from bot.storage.table import TRACK

KEPT = timedelta(days=3)


class TrackStore:
    """Rows of acts under way."""

    def __init__(self, database: Database) -> None:
        """In the bot's database."""
        self._database = database

    def put(self, track: Track, at: datetime) -> None:
        """An act was asked."""
        row = {"key": track.ask.key, "payload": msgspec.msgpack.encode(track), "is_open": True, "at": at}
        with self._database.begin() as connection:
            connection.execute(delete(TRACK).where((TRACK.c.key == track.ask.key) | (TRACK.c.at < at - KEPT)))
            connection.execute(TRACK.insert().values(row))

    def end(self, key: str) -> None:
        """It is proven, has failed, or never arrived."""
        with self._database.begin() as connection:
            connection.execute(update(TRACK).where(TRACK.c.key == key).values(is_open=False))

    def open(self) -> list[Track]:
        """Acts of which nobody has told the end."""
        with self._database.begin() as connection:
            rows = connection.execute(select(TRACK.c.payload).where(TRACK.c.is_open.is_(True)).order_by(TRACK.c.at))
            return [msgspec.msgpack.decode(row.payload, type=Track) for row in rows]
