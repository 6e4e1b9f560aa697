"""Threads as rows: where the lines of a card stand on its platform, and which card a place belongs to."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from bot.storage.database import Database
from bot.storage.table import THREAD
from engine.api import Value

KEPT = timedelta(days=90)


class Place(Value, frozen=True):
    """One thread: ``place`` is its address, None once it was deleted, empty where the chat has no such."""

    place: str | None
    name: str
    is_shut: bool
    made: int


class ThreadStore:
    """Rows of threads in the bot's database."""

    def __init__(self, database: Database) -> None:
        """In the bot's database."""
        self._database = database

    def find(self, chat: str, ref: str) -> Place | None:
        """Where a card's lines stand in a chat; None where nothing was made yet."""
        with self._database.begin() as connection:
            row = connection.execute(select(THREAD).where(THREAD.c.chat == chat, THREAD.c.ref == ref)).first()
        return Place(place=row.place, name=row.name, is_shut=row.is_shut, made=row.made) if row is not None else None

    def put(self, chat: str, ref: str, place: Place, at: datetime) -> None:
        """It is so from now on."""
        row = {"place": place.place, "name": place.name, "is_shut": place.is_shut, "made": place.made}
        with self._database.begin() as connection:
            connection.execute(delete(THREAD).where(THREAD.c.chat == chat, THREAD.c.ref == ref))
            connection.execute(THREAD.insert().values(chat=chat, ref=ref, at=at, **row))

    def ref_of(self, place: str) -> str | None:
        """The card that a place belongs to."""
        with self._database.begin() as connection:
            return connection.execute(select(THREAD.c.ref).where(THREAD.c.place == place)).scalar()

    def moved(self, old: str, new: str) -> None:
        """A chat, or the place itself, has another id. A group that moved took no topic along: new ones are made."""
        with self._database.begin() as connection:
            connection.execute(update(THREAD).where(THREAD.c.place == old).values(place=new))
            gone = (THREAD.c.place == "") | THREAD.c.place.startswith(f"{old}/")
            connection.execute(delete(THREAD).where(THREAD.c.chat == old, gone))
            known = select(THREAD.c.ref).where(THREAD.c.chat == new)
            connection.execute(delete(THREAD).where(THREAD.c.chat == old, THREAD.c.ref.in_(known)))
            connection.execute(update(THREAD).where(THREAD.c.chat == old).values(chat=new))

    def sweep(self, now: datetime) -> None:
        """Forget what is long over."""
        with self._database.begin() as connection:
            connection.execute(delete(THREAD).where(THREAD.c.at < now - KEPT))
