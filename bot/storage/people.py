"""People: humans and who they are on each platform, what they may do, which chats are bound to the desk, and their codes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, select, update

from bot.core.access import Grant, Known, Person, Role, Room, RoomKind
from bot.storage.database import Database
from bot.storage.table import ARMED, BINDING, CODE, GRANTED, IDENTITY, PREF, PRINCIPAL, SECRET, STRIKE, THREAD
from engine.api import Value

LOCKDOWN = "lockdown"


class Code(Value, frozen=True):
    """What a pairing code gives."""

    kind: str  # person: a new human or a further identity of one
    role: Role
    scope: str
    principal: str | None
    name: str
    by: str


class PeopleStore:
    """Rows of people, chats and codes."""

    def __init__(self, database: Database) -> None:
        """In the bot's database."""
        self._database = database

    # ---- people ----------------------------------------------------------------------------------------------------

    def person_of(self, identity: str) -> Person | None:
        """Who this is; None for a stranger and for one whose rights were taken."""
        query = (
            select(PRINCIPAL)
            .join(IDENTITY, IDENTITY.c.principal == PRINCIPAL.c.id)
            .where(IDENTITY.c.identity == identity, PRINCIPAL.c.revoked_at.is_(None))
        )
        with self._database.begin() as connection:
            row = connection.execute(query).first()
            grants = connection.execute(select(GRANTED).where(GRANTED.c.principal == row.id)).all() if row else ()
        return _person(row, grants) if row is not None else None

    def everybody(self) -> list[Known]:
        """Everybody who has rights, by name."""
        with self._database.begin() as connection:
            people = connection.execute(
                select(PRINCIPAL).where(PRINCIPAL.c.revoked_at.is_(None)).order_by(PRINCIPAL.c.name)
            ).all()
            grants = connection.execute(select(GRANTED)).all()
            identities = connection.execute(select(IDENTITY).order_by(IDENTITY.c.identity)).all()
        return [
            Known(
                person=_person(row, [grant for grant in grants if grant.principal == row.id]),
                identities=tuple((one.identity, one.name) for one in identities if one.principal == row.id),
            )
            for row in people
        ]

    def add(self, person: Person, by: str, at: datetime) -> None:
        """A new human."""
        with self._database.begin() as connection:
            connection.execute(PRINCIPAL.insert().values(id=person.id, name=person.name, made_at=at))
            for grant in person.grants:
                connection.execute(GRANTED.insert().values(_granted(person.id, grant, by, at)))

    def link(self, identity: str, principal: str, name: str, at: datetime) -> None:
        """A human writes from here, too; an identity belongs to one human."""
        with self._database.begin() as connection:
            connection.execute(delete(IDENTITY).where(IDENTITY.c.identity == identity))
            row = {"identity": identity, "principal": principal, "name": name, "since": at}
            connection.execute(IDENTITY.insert().values(row))

    def unlink(self, identity: str) -> None:
        """Nobody writes from here any more."""
        with self._database.begin() as connection:
            connection.execute(delete(IDENTITY).where(IDENTITY.c.identity == identity))

    def grant(self, principal: str, grant: Grant, by: str, at: datetime) -> None:
        """Give a right; another role for the same scope takes its place."""
        with self._database.begin() as connection:
            same = (GRANTED.c.principal == principal) & (GRANTED.c.scope == grant.scope)
            connection.execute(delete(GRANTED).where(same))
            connection.execute(GRANTED.insert().values(_granted(principal, grant, by, at)))

    def revoke(self, principal: str, at: datetime) -> None:
        """Take every right and every identity, and what was armed."""
        with self._database.begin() as connection:
            connection.execute(update(PRINCIPAL).where(PRINCIPAL.c.id == principal).values(revoked_at=at))
            for table in (GRANTED, IDENTITY, ARMED, SECRET):
                connection.execute(delete(table).where(table.c.principal == principal))
            connection.execute(delete(CODE).where((CODE.c.principal == principal) | (CODE.c.by == principal)))

    # ---- chats -----------------------------------------------------------------------------------------------------

    def room(self, chat: str) -> Room | None:
        """What a chat is for: its own binding, or that of the chat around its topic or thread."""
        with self._database.begin() as connection:
            chat = connection.execute(select(THREAD.c.chat).where(THREAD.c.place == chat)).scalar() or chat
            around = chat.partition("/")[0]
            rows = connection.execute(select(BINDING).where(BINDING.c.chat.in_((chat, around)))).all()
            locked = connection.execute(
                select(PREF.c.owner).where(PREF.c.owner.in_((chat, around, "")), PREF.c.key == LOCKDOWN)
            ).first()
        row = next((row for row in rows if row.chat == chat), rows[0] if rows else None)
        return _room(row, is_locked_down=locked is not None) if row is not None else None

    def rooms(self) -> list[Room]:
        """Every chat that is bound."""
        with self._database.begin() as connection:
            rows = connection.execute(select(BINDING).order_by(BINDING.c.chat)).all()
        return [_room(row) for row in rows]

    def bind(self, room: Room, by: str, at: datetime) -> None:
        """Bind a chat, or bind it anew."""
        with self._database.begin() as connection:
            connection.execute(delete(BINDING).where(BINDING.c.chat == room.chat))
            row = {
                "chat": room.chat,
                "kind": room.kind.value,
                "scope": room.scope,
                "floor": room.floor,
                "is_redacted": room.is_redacted,
                "by": by,
                "at": at,
            }
            connection.execute(BINDING.insert().values(row))

    def unbind(self, chat: str) -> None:
        """The desk leaves a chat."""
        with self._database.begin() as connection:
            connection.execute(delete(BINDING).where(BINDING.c.chat == chat))

    def moved(self, old: str, new: str) -> None:
        """A chat has another id: its binding and what was set for it follow. Told once more, nothing happens."""
        with self._database.begin() as connection:
            for table, name in ((BINDING, BINDING.c.chat), (PREF, PREF.c.owner)):
                if connection.execute(select(name).where(name == old)).first() is not None:
                    connection.execute(delete(table).where(name == new))
                    connection.execute(update(table).where(name == old).values({name.name: new}))

    # ---- codes -----------------------------------------------------------------------------------------------------

    def put_code(self, digest: str, code: Code, until: datetime) -> None:
        """Keep a pairing code's hash."""
        row = {
            "hash": digest,
            "kind": code.kind,
            "role": int(code.role),
            "scope": code.scope,
            "principal": code.principal,
            "name": code.name,
            "by": code.by,
            "until": until,
        }
        with self._database.begin() as connection:
            connection.execute(CODE.insert().values(row))

    def use_code(self, digest: str, at: datetime) -> Code | None:
        """Use a code up, once and in time; None for one that is wrong, old or used."""
        good = (CODE.c.hash == digest) & CODE.c.used_at.is_(None) & (CODE.c.until > at)
        with self._database.begin() as connection:
            if connection.execute(update(CODE).where(good).values(used_at=at)).rowcount != 1:
                return None
            row = connection.execute(select(CODE).where(CODE.c.hash == digest)).one()
        return Code(
            kind=row.kind, role=Role(row.role), scope=row.scope, principal=row.principal, name=row.name, by=row.by
        )

    def strikes(self, identity: str, kind: str, now: datetime) -> int:
        """How many wrong codes somebody has given lately."""
        with self._database.begin() as connection:
            row = connection.execute(
                select(STRIKE).where(STRIKE.c.identity == identity, STRIKE.c.kind == kind, STRIKE.c.until > now)
            ).first()
        return int(row[2]) if row is not None else 0

    def strike(self, identity: str, kind: str, now: datetime, until: datetime) -> int:
        """Count a wrong code; ``until`` is when it is forgotten."""
        count = self.strikes(identity, kind, now) + 1
        self.forgive(identity, kind)
        with self._database.begin() as connection:
            row = {"identity": identity, "kind": kind, "count": count, "until": until}
            connection.execute(STRIKE.insert().values(row))
        return count

    def forgive(self, identity: str, kind: str) -> None:
        """A right code ends the count."""
        with self._database.begin() as connection:
            connection.execute(delete(STRIKE).where(STRIKE.c.identity == identity, STRIKE.c.kind == kind))

    # ---- one-time codes --------------------------------------------------------------------------------------------

    def secret(self, principal: str) -> tuple[str, int, bool] | None:
        """Secret, newest step that was used, and whether the person has shown a right code once."""
        with self._database.begin() as connection:
            row = connection.execute(select(SECRET).where(SECRET.c.principal == principal)).first()
        return (row.secret, row.step, row.proven_at is not None) if row is not None else None

    def set_secret(self, principal: str, secret: str) -> None:
        """Begin with a new secret; the old one is void."""
        with self._database.begin() as connection:
            connection.execute(delete(SECRET).where(SECRET.c.principal == principal))
            connection.execute(SECRET.insert().values(principal=principal, secret=secret, step=0))

    def use_step(self, principal: str, step: int, at: datetime) -> bool:
        """Use a time step up; False where it, or a newer one, was used already."""
        fresh = (SECRET.c.principal == principal) & (SECRET.c.step < step)
        with self._database.begin() as connection:
            changed = connection.execute(update(SECRET).where(fresh).values(step=step)).rowcount
            unproven = (SECRET.c.principal == principal) & SECRET.c.proven_at.is_(None)
            connection.execute(update(SECRET).where(unproven).values(proven_at=at))
        return changed == 1

    def armed_until(self, principal: str) -> tuple[datetime, datetime] | None:
        """Until when somebody needs no code, and when that was used last."""
        with self._database.begin() as connection:
            row = connection.execute(select(ARMED).where(ARMED.c.principal == principal)).first()
        return (row.until, row.used_at) if row is not None else None

    def arm(self, principal: str, until: datetime | None, at: datetime) -> None:
        """Open the window, or with None close it."""
        with self._database.begin() as connection:
            connection.execute(delete(ARMED).where(ARMED.c.principal == principal))
            if until is not None:
                connection.execute(ARMED.insert().values(principal=principal, until=until, used_at=at))

    # ---- wishes ----------------------------------------------------------------------------------------------------

    def pref(self, owner: str, key: str) -> str:
        """What a person or a chat has set; empty for nothing."""
        with self._database.begin() as connection:
            found = connection.execute(select(PREF.c.value).where(PREF.c.owner == owner, PREF.c.key == key)).scalar()
        return found or ""

    def set_pref(self, owner: str, key: str, value: str) -> None:
        """Set it; an empty value takes it away."""
        with self._database.begin() as connection:
            connection.execute(delete(PREF).where(PREF.c.owner == owner, PREF.c.key == key))
            if value:
                connection.execute(PREF.insert().values(owner=owner, key=key, value=value))

    def prefs(self, key: str) -> dict[str, str]:
        """What everybody and every chat has set, by owner."""
        with self._database.begin() as connection:
            rows = connection.execute(select(PREF).where(PREF.c.key == key).order_by(PREF.c.owner)).all()
        return {row.owner: row.value for row in rows}

    def forget(self, key: str) -> None:
        """Nobody has set it any more, person or chat."""
        with self._database.begin() as connection:
            connection.execute(delete(PREF).where(PREF.c.key == key))


def _person(row: Row[Any], grants: Sequence[Row[Any]]) -> Person:
    found = (Grant(role=Role(one.role), scope=one.scope, until=one.until) for one in grants)
    return Person(id=row.id, name=row.name, grants=tuple(found))


def _room(row: Row[Any], *, is_locked_down: bool = False) -> Room:
    return Room(
        chat=row.chat,
        kind=RoomKind(row.kind),
        scope=row.scope,
        floor=row.floor,
        is_redacted=row.is_redacted,
        is_locked_down=is_locked_down,
    )


def _granted(principal: str, grant: Grant, by: str, at: datetime) -> dict[str, Any]:
    return {
        "principal": principal,
        "scope": grant.scope,
        "role": int(grant.role),
        "until": grant.until,
        "by": by,
        "at": at,
    }
