"""The outbox's rows: what is to be shown, what is under way, and which message of a platform shows a card."""

from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta
from typing import Any, Protocol

import msgspec
from sqlalchemy import Connection, Row, delete, func, select, update

from bot.core.chat import Message
from bot.storage.database import Database
from bot.storage.table import OUTBOX, POST
from engine.api import Value

EARLIER = " < "  # after a card's name: the message that showed it before it was shown anew
KEPT = timedelta(days=14)  # a card older than this is shown anew instead of edited


class Parcel(Value, frozen=True):
    """One message on its way. ``is_doubtful``: an earlier attempt was not answered, so it may have been shown."""

    id: int
    message: Message
    made_at: datetime
    attempts: int = 0
    is_doubtful: bool = False


class Rows(Protocol):
    """Where the outbox keeps what it must not forget."""

    def put(self, message: Message, platform: str, at: datetime, connection: Connection | None = None) -> Parcel: ...
    def replace(self, parcel: Parcel, connection: Connection | None = None) -> None: ...
    def lease(self, parcel: Parcel) -> None: ...
    def back(self, parcel: Parcel, reason: str) -> None: ...
    def shown(self, parcel: Parcel, post: str, mark: str, at: datetime) -> str | None: ...
    def end(self, parcel: Parcel, state: str, reason: str, at: datetime) -> None: ...
    def waiting(self, platform: str) -> list[Parcel]: ...
    def post_of(self, chat: str, ref: str) -> tuple[str, str] | None: ...
    def forget(self, chat: str, ref: str) -> None: ...
    def moved(self, old: str, new: str) -> None: ...


class Fleeting:
    """Rows of a platform that nobody reads after the process: only which messages are out."""

    def __init__(self) -> None:
        """Nothing was shown."""
        self._made = 0

    def put(
        self,
        message: Message,
        platform: str,  # noqa: ARG002  the port has it
        at: datetime,
        connection: Connection | None = None,  # noqa: ARG002  as above
    ) -> Parcel:
        """Number a message."""
        self._made += 1
        return Parcel(id=self._made, message=message, made_at=at)

    def waiting(self, platform: str) -> list[Parcel]:  # noqa: ARG002  the port has it
        """Nothing outlives the process."""
        return []

    def post_of(self, chat: str, ref: str) -> tuple[str, str] | None:  # noqa: ARG002  the port has it
        """Such a platform shows each change anew."""
        return None

    def _nothing(self, *_: object) -> None:
        """Nothing is kept."""

    replace = lease = back = shown = end = forget = moved = _nothing


class OutboxStore:
    """Rows of the outbox in the bot's database."""

    def __init__(self, database: Database) -> None:
        """In the bot's database."""
        self._database = database

    def put(self, message: Message, platform: str, at: datetime, connection: Connection | None = None) -> Parcel:
        """Keep a message until it was shown; over a ``connection``, together with what its caller writes there."""
        row = {
            "platform": platform,
            "chat": message.chat,
            "ref": message.card.ref,
            "priority": int(message.priority),
            "state": "waiting",
            "attempts": 0,
            "payload": msgspec.msgpack.encode(message),
            "made_at": at,
            "reason": "",
        }
        with self._over(connection) as there:
            made = there.execute(OUTBOX.insert().values(row)).inserted_primary_key
        assert made is not None
        return Parcel(id=made[0], message=message, made_at=at)

    def replace(self, parcel: Parcel, connection: Connection | None = None) -> None:
        """A newer card takes the place of one that has not left yet."""
        message = parcel.message
        row = {
            "payload": msgspec.msgpack.encode(message),
            "chat": message.chat,
            "priority": int(message.priority),
        }
        with self._over(connection) as there:
            there.execute(update(OUTBOX).where(OUTBOX.c.id == parcel.id).values(row))

    def lease(self, parcel: Parcel) -> None:
        """It is about to leave."""
        self._change(parcel.id, state="leased", attempts=parcel.attempts + 1)

    def back(self, parcel: Parcel, reason: str) -> None:
        """It did not leave, or nobody knows: once more."""
        self._change(parcel.id, state="leased" if parcel.is_doubtful else "waiting", reason=reason)

    def shown(self, parcel: Parcel, post: str, mark: str, at: datetime) -> str | None:
        """It was shown as the platform's message ``post``; ``mark`` is a hash of what was shown.

        Returns: the name of the card's earlier message, which stands there still; None where there is none.
        """
        message, aside = parcel.message, None
        with self._database.begin() as connection:
            connection.execute(
                update(OUTBOX).where(OUTBOX.c.id == parcel.id).values(state="sent", ended_at=at, **_kept(message))
            )
            if message.card.ref:
                here = (POST.c.chat == message.chat) & (POST.c.ref == message.card.ref)
                earlier = connection.execute(select(POST.c.post).where(here)).scalar()
                if earlier is not None and earlier != post:  # it still stands there, and may be answered
                    aside = f"{message.card.ref}{EARLIER}{earlier}"
                    connection.execute(update(POST).where(here).values(ref=aside))
                connection.execute(delete(POST).where(here))
                row = {"chat": message.chat, "ref": message.card.ref, "post": post, "hash": mark, "at": at}
                connection.execute(POST.insert().values(row))
        return aside

    def end(self, parcel: Parcel, state: str, reason: str, at: datetime) -> None:
        """No further attempt: ``dead``, or ``unsure``, which a newer card for the same place makes good."""
        self._change(parcel.id, state=state, reason=reason, ended_at=at, **_kept(parcel.message))

    def waiting(self, platform: str) -> list[Parcel]:
        """After a start: everything that has not been shown for sure, oldest first."""
        want = OUTBOX.c.state.in_(("waiting", "leased")) & (OUTBOX.c.platform == platform)
        with self._database.begin() as connection:
            rows = connection.execute(select(OUTBOX).where(want).order_by(OUTBOX.c.id)).all()
        return [parcel for row in rows if (parcel := self._parcel(row)) is not None]

    def _parcel(self, row: Row[Any]) -> Parcel | None:
        """A message; one that this version cannot read is dead."""
        try:
            message = msgspec.msgpack.decode(row.payload, type=Message)
        except msgspec.DecodeError as error:
            self._change(row.id, state="dead", reason=f"not readable: {error}"[:200], ended_at=row.made_at)
            return None
        return Parcel(
            id=row.id,
            message=message,
            made_at=row.made_at,
            attempts=row.attempts,
            is_doubtful=row.state == "leased",
        )

    def post_of(self, chat: str, ref: str) -> tuple[str, str] | None:
        """The platform's message that shows a card, and the hash of what it shows."""
        with self._database.begin() as connection:
            row = connection.execute(
                select(POST.c.post, POST.c.hash).where(POST.c.chat == chat, POST.c.ref == ref)
            ).first()
        return (row.post, row.hash) if row is not None else None

    def ref_of(self, chat: str, post: str) -> str | None:
        """The card that a platform's message shows, or showed before it was shown anew."""
        with self._database.begin() as connection:
            ref = connection.execute(select(POST.c.ref).where(POST.c.chat == chat, POST.c.post == post)).scalar()
        return ref.partition(EARLIER)[0] if ref is not None else None

    def place_of(self, chat: str, post: str) -> str | None:
        """The chat, or its topic, in which a platform's message shows a card."""
        is_there = (POST.c.chat == chat) | POST.c.chat.startswith(f"{chat}/", autoescape=True)
        with self._database.begin() as connection:
            return connection.execute(select(POST.c.chat).where(is_there, POST.c.post == post)).scalar()

    def forget(self, chat: str, ref: str) -> None:
        """The message is gone: the card will be shown anew."""
        with self._database.begin() as connection:
            connection.execute(delete(POST).where(POST.c.chat == chat, POST.c.ref == ref))

    def moved(self, old: str, new: str) -> None:
        """A chat has another id; what was shown there cannot be edited any more."""
        with self._database.begin() as connection:
            connection.execute(delete(POST).where(POST.c.chat == old))
            waiting = (OUTBOX.c.chat == old) & OUTBOX.c.state.in_(("waiting", "leased"))
            connection.execute(update(OUTBOX).where(waiting).values(chat=new))

    def dead(self) -> int:
        """How many messages never arrived."""
        with self._database.begin() as connection:
            return connection.execute(select(func.count()).where(OUTBOX.c.state == "dead")).scalar_one()

    def sweep(self, now: datetime) -> None:
        """Drop what nobody asks for any more."""
        with self._database.begin() as connection:
            connection.execute(delete(OUTBOX).where(OUTBOX.c.ended_at < now - KEPT))
            connection.execute(delete(POST).where(POST.c.at < now - KEPT))

    def _over(self, connection: Connection | None) -> AbstractContextManager[Connection]:
        return nullcontext(connection) if connection is not None else self._database.begin()

    def _change(self, number: int, **values: object) -> None:
        with self._database.begin() as connection:
            connection.execute(update(OUTBOX).where(OUTBOX.c.id == number).values(values))


def _kept(message: Message) -> dict[str, object]:
    """What of a message's row changes at its end: a secret is not kept."""
    return {"payload": b""} if message.is_secret else {}
