"""Beat: when the bot was last alive, and the outage of which people were not told yet."""

from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection, delete, select

from bot.storage.database import Database
from bot.storage.table import PREF
from engine.api import Value

BEAT, OUTAGE = "beat", "outage"
SHORTEST = timedelta(seconds=60)  # a quick restart is no outage


class Outage(Value, frozen=True):
    """A time in which nobody read what people wrote, and nobody told them anything."""

    since: datetime
    until: datetime


class BeatStore:
    """Two rows among the desk's own wishes."""

    def __init__(self, database: Database) -> None:
        """In the bot's database."""
        self.database = database

    def begin(self, now: datetime) -> Outage | None:
        """The bot is back: how long it was away; an outage of which nobody was told yet goes on with this one."""
        with self.database.begin() as connection:
            beat, untold = _read(connection, BEAT), _read(connection, OUTAGE)
            outage = msgspec.json.decode(untold, type=Outage) if untold else None
            last = datetime.fromisoformat(beat) if beat else now
            if now - last > SHORTEST:
                outage = Outage(since=outage.since if outage is not None else last, until=now)
                _write(connection, OUTAGE, msgspec.json.encode(outage).decode())
            _write(connection, BEAT, now.isoformat())
        return outage

    def beat(self, now: datetime) -> None:
        """The bot is alive."""
        with self.database.begin() as connection:
            _write(connection, BEAT, now.isoformat())

    @staticmethod
    def end(connection: Connection) -> None:
        """People were told of the outage."""
        _write(connection, OUTAGE, "")


def _read(connection: Connection, key: str) -> str:
    found = connection.execute(select(PREF.c.value).where(PREF.c.owner == "", PREF.c.key == key)).scalar()
    return found or ""


def _write(connection: Connection, key: str, value: str) -> None:
    connection.execute(delete(PREF).where(PREF.c.owner == "", PREF.c.key == key))
    if value:
        connection.execute(PREF.insert().values(owner="", key=key, value=value))
