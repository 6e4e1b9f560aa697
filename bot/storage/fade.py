"""Cards that are out with buttons: rows, so that buttons die visibly also after a restart."""

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Row, delete, select, true

from bot.core.chat import Message
from bot.storage.database import Database
from bot.storage.table import FADING
from engine.api import Value


class Fading(Value, frozen=True):
    """One card that is out with buttons, and whose they are."""

    message: Message
    kin: str
    person: str
    due: datetime  # of the button that ends first


class FadeStore:
    """Rows of cards with buttons."""

    def __init__(self, database: Database) -> None:
        """In the bot's database."""
        self._database = database

    def put(self, fading: Fading) -> None:
        """Keep a card, in place of what its message showed before."""
        chat, ref = fading.message.chat, fading.message.card.ref
        row = {
            "chat": chat,
            "ref": ref,
            "kin": fading.kin,
            "person": fading.person,
            "due": fading.due,
            "payload": msgspec.msgpack.encode(fading.message),
        }
        with self._database.begin() as connection:
            connection.execute(delete(FADING).where(FADING.c.chat == chat, FADING.c.ref == ref))
            connection.execute(FADING.insert().values(row))

    def end(self, chat: str, ref: str) -> None:
        """The card has no buttons any more."""
        with self._database.begin() as connection:
            connection.execute(delete(FADING).where(FADING.c.chat == chat, FADING.c.ref == ref))

    def of(self, kin: str) -> list[Fading]:
        """Cards whose buttons were offered together."""
        return self._found(FADING.c.kin == kin)

    def due(self, now: datetime) -> list[Fading]:
        """Cards of which a button has run out, the oldest first."""
        return self._found(FADING.c.due < now)

    def all(self) -> list[Fading]:
        """Every card that is out with buttons."""
        return self._found(true())

    def _found(self, where: ColumnElement[bool]) -> list[Fading]:
        query = select(FADING).where(where).order_by(FADING.c.due)
        with self._database.begin() as connection:
            rows = connection.execute(query).all()
        return [fading for row in rows if (fading := self._read(row)) is not None]

    def _read(self, row: Row[Any]) -> Fading | None:
        """A card; one that this version cannot read is forgotten: its buttons stay, and say that they are over."""
        try:
            message = msgspec.msgpack.decode(row.payload, type=Message)
        except msgspec.DecodeError:
            self.end(row.chat, row.ref)
            return None
        return Fading(message=message, kin=row.kin, person=row.person, due=row.due)
