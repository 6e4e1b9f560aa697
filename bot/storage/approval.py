"""Approvals: acts that wait for a second person, or for a person alone to think again; each ends once.

asked, cooling ──► denied, expired
       └── yes ──► approved ── the engine has it ──► done
                       └── refused, or too late ──► failed
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Row, func, select, update

from bot.core.dialogue import Intent, Seat
from bot.storage.database import Database
from bot.storage.table import APPROVAL
from engine.api import PreviewView, Value

NAME = 20  # characters of who ended it


class Waiting(StrEnum):
    """Where an act stands that waits."""

    ASKED = "asked"  # for a second person
    COOLING = "cooling"  # nobody else could approve it: it happens by itself unless it is cancelled
    APPROVED = "approved"  # and not known to be with the engine: a kill here loses nothing
    DONE = "done"
    DENIED = "denied"
    EXPIRED = "expired"
    FAILED = "failed"  # approved, and not done


class Approval(Value, frozen=True):
    """One act that waits."""

    id: str
    intent: Intent
    preview: PreviewView | None
    seat: Seat  # of who asked
    asker: str  # his name
    reason: str
    state: Waiting
    made_at: datetime
    due: datetime
    chats: tuple[str, ...] = ()  # where a second person was asked
    second: str = ""  # who approved it
    yes_in: str = ""  # the chat where they did


class _Kept(Value, frozen=True):
    intent: Intent
    preview: PreviewView | None
    chat: str
    asker: str
    reason: str
    chats: tuple[str, ...]
    second: str = ""
    yes_in: str = ""


class ApprovalStore:
    """Rows of acts that wait."""

    def __init__(self, database: Database) -> None:
        """In the bot's database."""
        self.database = database

    def next_id(self) -> str:
        """A name that a person can type."""
        with self.database.begin() as connection:
            return f"R{connection.execute(select(func.count()).select_from(APPROVAL)).scalar_one() + 1}"

    def put(self, approval: Approval) -> None:
        """Keep an act that waits."""
        row = {
            "id": approval.id,
            "payload": _payload(approval),
            "asker": approval.seat.person,
            "state": approval.state.value,
            "due": approval.due,
            "made_at": approval.made_at,
        }
        with self.database.begin() as connection:
            connection.execute(APPROVAL.insert().values(row))

    def get(self, name: str) -> Approval | None:
        """One act that waits, or waited."""
        with self.database.begin() as connection:
            row = connection.execute(select(APPROVAL).where(APPROVAL.c.id == name.upper())).first()
        return _approval(row) if row is not None else None

    def approve(self, waiting: Approval, approved: Approval) -> bool:
        """Somebody said yes, once; False where it was decided before. ``approved`` is what is sent from now on."""
        values = {"state": Waiting.APPROVED.value, "due": approved.due, "payload": _payload(approved)}
        return self._change(waiting, values)

    def end(self, approval: Approval, state: Waiting, by: str) -> bool:
        """End a wait, once; False where somebody ended it before."""
        return self._change(approval, {"state": state.value, "ended_by": by[:NAME]})

    def _change(self, approval: Approval, values: dict[str, object]) -> bool:
        mine = (APPROVAL.c.id == approval.id) & (APPROVAL.c.state == approval.state.value)
        with self.database.begin() as connection:
            return connection.execute(update(APPROVAL).where(mine).values(values)).rowcount == 1

    def due(self, now: datetime) -> list[Approval]:
        """What has waited long enough."""
        return self._found(APPROVAL.c.state.in_((Waiting.ASKED.value, Waiting.COOLING.value)) & (APPROVAL.c.due <= now))

    def approved(self) -> list[Approval]:
        """What somebody said yes to, and of which nobody knows that the engine has it."""
        return self._found(APPROVAL.c.state == Waiting.APPROVED.value)

    def _found(self, where: ColumnElement[bool]) -> list[Approval]:
        with self.database.begin() as connection:
            return [_approval(row) for row in connection.execute(select(APPROVAL).where(where)).all()]


def _payload(approval: Approval) -> bytes:
    kept = _Kept(
        intent=approval.intent,
        preview=approval.preview,
        chat=approval.seat.chat,
        asker=approval.asker,
        reason=approval.reason,
        chats=approval.chats,
        second=approval.second,
        yes_in=approval.yes_in,
    )
    return msgspec.msgpack.encode(kept)


def _approval(row: Row[Any]) -> Approval:
    kept = msgspec.msgpack.decode(row.payload, type=_Kept)
    return Approval(
        id=row.id,
        intent=kept.intent,
        preview=kept.preview,
        seat=Seat(person=row.asker, chat=kept.chat),
        asker=kept.asker,
        reason=kept.reason,
        state=Waiting(row.state),
        made_at=row.made_at,
        due=row.due,
        chats=kept.chats,
        second=kept.second,
        yes_in=kept.yes_in,
    )
