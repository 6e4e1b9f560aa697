"""Handles: every button that is out, as a row; a press uses it up in the same transaction that ends its kin."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Row, delete, select, update

from bot.core.dialogue import ANYBODY, Fill, Offer, Payload, Run, Seat, Stage, Undo
from bot.storage.database import Database
from bot.storage.table import HANDLE

_DECODER: msgspec.msgpack.Decoder[Payload] = msgspec.msgpack.Decoder(Payload)


class HandleStore:
    """Rows of buttons."""

    def __init__(self, database: Database) -> None:
        """In the bot's database."""
        self._database = database

    def put(self, offers: Sequence[Offer]) -> None:
        """Keep offers."""
        rows = [
            {
                "handle": offer.handle,
                "payload": msgspec.msgpack.encode(offer.payload),
                "person": offer.seat.person,
                "chat": offer.seat.chat,
                "kin": offer.kin,
                "stage": offer.stage.value,
                "word": offer.word,
                "due": offer.due,
            }
            for offer in offers
        ]
        if rows:
            with self._database.begin() as connection:
                connection.execute(HANDLE.insert(), rows)

    def get(self, handle: str) -> Offer | None:
        """One offer."""
        with self._database.begin() as connection:
            row = connection.execute(select(HANDLE).where(HANDLE.c.handle == handle)).first()
        return _offer(row) if row is not None else None

    def find(self, handles: Sequence[str]) -> dict[str, Offer]:
        """Those of them that are known."""
        with self._database.begin() as connection:
            rows = connection.execute(select(HANDLE).where(HANDLE.c.handle.in_(handles))).all()
        return {row.handle: offer for row in rows if (offer := _offer(row)) is not None}

    def waiting(self, word: str, seat: Seat) -> Offer | None:
        """The newest offer of a seat that waits for a word, whatever became of it."""
        here = (HANDLE.c.word == word) & (HANDLE.c.chat == seat.chat) & HANDLE.c.person.in_((seat.person, ANYBODY))
        with self._database.begin() as connection:
            row = connection.execute(select(HANDLE).where(here).order_by(HANDLE.c.due.desc()).limit(1)).first()
        return _offer(row) if row is not None else None

    def undo(self, seat: Seat, now: datetime) -> Offer | None:
        """The newest Undo of a seat that may still be pressed."""
        here = (HANDLE.c.person == seat.person) & (HANDLE.c.chat == seat.chat) & (HANDLE.c.due >= now)
        fresh = here & (HANDLE.c.stage == Stage.OFFERED.value)
        with self._database.begin() as connection:
            rows = connection.execute(select(HANDLE).where(fresh).order_by(HANDLE.c.due.desc())).all()
        return next((offer for offer in map(_offer, rows) if offer and isinstance(offer.payload, Undo)), None)

    def use(self, offer: Offer) -> bool:
        """Use an offer up and close its kin, once; False where it was used or closed already."""
        mine = (HANDLE.c.handle == offer.handle) & (HANDLE.c.stage == Stage.OFFERED.value)
        with self._database.begin() as connection:
            if connection.execute(update(HANDLE).where(mine).values(stage=Stage.USED.value)).rowcount != 1:
                return False
            kin = select(HANDLE.c.handle, HANDLE.c.payload).where(
                HANDLE.c.kin == offer.kin, HANDLE.c.stage == Stage.OFFERED.value
            )
            ended = [row.handle for row in connection.execute(kin) if _ends(_payload(row.payload))]
            if ended:
                closed = update(HANDLE).where(HANDLE.c.handle.in_(ended)).values(stage=Stage.CLOSED.value)
                connection.execute(closed)
        return True

    def end(self, handle: str) -> None:
        """Close an offer and its kin."""
        kin = select(HANDLE.c.kin).where(HANDLE.c.handle == handle).scalar_subquery()
        with self._database.begin() as connection:
            open_ones = (HANDLE.c.kin == kin) & (HANDLE.c.stage == Stage.OFFERED.value)
            connection.execute(update(HANDLE).where(open_ones).values(stage=Stage.CLOSED.value))

    def sweep(self, before: datetime) -> None:
        """Forget offers that were due before."""
        with self._database.begin() as connection:
            connection.execute(delete(HANDLE).where(HANDLE.c.due < before))


def _payload(kept: bytes) -> Payload | None:
    """What a button means; None where another version wrote it."""
    try:
        return _DECODER.decode(kept)
    except msgspec.DecodeError:
        return None


def _ends(payload: Payload | None) -> bool:
    return not isinstance(payload, Run | Fill) or payload.once


def _offer(row: Row[Any]) -> Offer | None:
    payload = _payload(row.payload)
    if payload is None:
        return None
    return Offer(
        handle=row.handle,
        payload=payload,
        seat=Seat(person=row.person, chat=row.chat),
        kin=row.kin,
        due=row.due,
        word=row.word,
        stage=Stage(row.stage),
    )
