"""Alerts as rows: what came in, groups and their histories, escalations, mutes, who is on call, what quiet chats missed."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, delete, func, select

from bot.core.access import Person
from bot.core.alertgroup import FLAP_IN, Group, Stage
from bot.core.escalation import Climb
from bot.core.pipeline import Line, Outcome, Turn
from bot.core.silence import Mute
from bot.storage.database import Database
from bot.storage.table import (
    ALERT,
    ALERT_EVENT,
    ALERT_GROUP,
    DIGEST,
    ESCALATION_DUE,
    ONCALL,
    POST,
    PREF,
    PRINCIPAL,
    SILENCE,
)
from engine.api import Severity, Value

KEPT = timedelta(days=90)
SEQ = "alert seq"


class Watchman(Value, frozen=True):
    """Who is on call: rank 0, or the deputy: rank 1."""

    rank: int
    person: str
    name: str
    since: datetime


class Missed(Value, frozen=True):
    """One thing that a quiet chat was not told; ``group`` 0 for an event."""

    chat: str
    group: int
    at: datetime
    text: str


class Heard(Value, frozen=True):
    """One alert as it came in."""

    at: datetime
    account: str
    text: str


class AlertStore:
    """Rows of alerts. What changes together is written over one connection."""

    def __init__(self, database: Database) -> None:
        """In the bot's database."""
        self.database = database

    # ---- after a start ---------------------------------------------------------------------------------------------

    def groups(self, now: datetime) -> list[Group]:
        """Groups that are open, or were until a moment ago."""
        query = select(ALERT_GROUP.c.payload).where(
            (ALERT_GROUP.c.stage != Stage.RESOLVED.value) | (ALERT_GROUP.c.ended_at >= now - FLAP_IN)
        )
        with self.database.begin() as connection:
            rows = connection.execute(query.order_by(ALERT_GROUP.c.id)).all()
        return [msgspec.msgpack.decode(row.payload, type=Group) for row in rows]

    def next_id(self) -> int:
        """The number of the next group: none is used twice."""
        with self.database.begin() as connection:
            return int(connection.execute(select(func.max(ALERT_GROUP.c.id))).scalar() or 0) + 1

    def mutes(self) -> list[Mute]:
        """What people have muted."""
        with self.database.begin() as connection:
            rows = connection.execute(select(SILENCE.c.payload).order_by(SILENCE.c.id)).all()
        return [msgspec.msgpack.decode(row.payload, type=Mute) for row in rows]

    def climbs(self) -> list[Climb]:
        """Escalations under way."""
        with self.database.begin() as connection:
            rows = connection.execute(select(ESCALATION_DUE.c.payload)).all()
        return [msgspec.msgpack.decode(row.payload, type=Climb) for row in rows]

    def seq(self) -> int:
        """The newest notice that was taken in; 0 before the first."""
        with self.database.begin() as connection:
            found = connection.execute(select(PREF.c.value).where(PREF.c.owner == "", PREF.c.key == SEQ)).scalar()
        return int(found or 0)

    def sweep(self, now: datetime) -> None:
        """Forget what is long over."""
        with self.database.begin() as connection:
            connection.execute(delete(ALERT).where(ALERT.c.at < now - KEPT))
            old = select(ALERT_GROUP.c.id).where(ALERT_GROUP.c.ended_at < now - KEPT)
            connection.execute(delete(ALERT_EVENT).where(ALERT_EVENT.c.group_id.in_(old)))
            connection.execute(delete(ALERT_GROUP).where(ALERT_GROUP.c.ended_at < now - KEPT))

    # ---- writing ---------------------------------------------------------------------------------------------------

    def begin(self, seq: int) -> None:
        """What stands up to here need not be told."""
        with self.database.begin() as connection:
            _put(connection, PREF, {"owner": "", "key": SEQ}, {"value": str(seq)})

    def write(self, connection: Connection, turn: Turn, groups: Mapping[int, Group], mutes: Iterable[Mute]) -> None:
        """Keep everything that came of one step."""
        if turn.outcomes:
            connection.execute(ALERT.insert(), [_alert(outcome) for outcome in turn.outcomes])
        changed = [groups[number] for number in turn.changed if number in groups]
        if changed:
            connection.execute(delete(ALERT_GROUP).where(ALERT_GROUP.c.id.in_([group.id for group in changed])))
            connection.execute(ALERT_GROUP.insert(), [_group(group) for group in changed])
        if turn.lines:
            rows = [
                {"group_id": line.group, "at": line.at, "kind": line.kind, "text": line.text, "by": line.by}
                for line in turn.lines
            ]
            connection.execute(ALERT_EVENT.insert(), rows)
        if turn.mutes:
            kept = [{"id": one.id, "until": one.until, "payload": msgspec.msgpack.encode(one)} for one in mutes]
            connection.execute(delete(SILENCE))
            if kept:
                connection.execute(SILENCE.insert(), kept)
        if seq := max((outcome.alert.seq for outcome in turn.outcomes), default=0):
            _put(connection, PREF, {"owner": "", "key": SEQ}, {"value": str(seq)})

    @staticmethod
    def put_climb(connection: Connection, climb: Climb) -> None:
        """An escalation moved on."""
        row = {"due": climb.due, "payload": msgspec.msgpack.encode(climb)}
        _put(connection, ESCALATION_DUE, {"group_id": climb.group}, row)

    @staticmethod
    def end_climb(connection: Connection, group: int) -> None:
        """It is over."""
        connection.execute(delete(ESCALATION_DUE).where(ESCALATION_DUE.c.group_id == group))

    @staticmethod
    def put_missed(connection: Connection, missed: Iterable[Missed]) -> None:
        """A chat was quiet."""
        rows = [{"chat": one.chat, "group_id": one.group, "at": one.at, "text": one.text} for one in missed]
        if rows:
            connection.execute(DIGEST.insert(), rows)

    @staticmethod
    def end_missed(connection: Connection, chat: str) -> None:
        """A chat was told."""
        connection.execute(delete(DIGEST).where(DIGEST.c.chat == chat))

    def set_oncall(self, rank: int, person: Person | None, by: Person, now: datetime) -> None:
        """Somebody is on call from now on, or nobody."""
        with self.database.begin() as connection:
            connection.execute(delete(ONCALL).where(ONCALL.c.rank == rank))
            if person is not None:
                row = {"rank": rank, "person": person.id, "name": person.name, "by": by.id, "since": now}
                connection.execute(ONCALL.insert().values(row))

    # ---- reading ---------------------------------------------------------------------------------------------------

    def group(self, number: int) -> Group | None:
        """One group, also when it is long over."""
        with self.database.begin() as connection:
            row = connection.execute(select(ALERT_GROUP.c.payload).where(ALERT_GROUP.c.id == number)).first()
        return msgspec.msgpack.decode(row.payload, type=Group) if row is not None else None

    def newest(self, limit: int) -> list[Group]:
        """Groups, the newest first."""
        with self.database.begin() as connection:
            rows = connection.execute(
                select(ALERT_GROUP.c.payload).order_by(ALERT_GROUP.c.id.desc()).limit(limit)
            ).all()
        return [msgspec.msgpack.decode(row.payload, type=Group) for row in rows]

    def history(self, number: int, limit: int = 40) -> list[Line]:
        """What happened to a group, the oldest first; the newest ones of many."""
        query = (
            select(ALERT_EVENT).where(ALERT_EVENT.c.group_id == number).order_by(ALERT_EVENT.c.id.desc()).limit(limit)
        )
        with self.database.begin() as connection:
            rows = connection.execute(query).all()
        return [Line(group=row.group_id, at=row.at, kind=row.kind, text=row.text, by=row.by) for row in reversed(rows)]

    def between(self, since: datetime, until: datetime) -> list[Group]:
        """Groups that began in a span of time, the oldest first."""
        begun = (ALERT_GROUP.c.opened_at >= since) & (ALERT_GROUP.c.opened_at < until)
        with self.database.begin() as connection:
            rows = connection.execute(select(ALERT_GROUP.c.payload).where(begun).order_by(ALERT_GROUP.c.id)).all()
        return [msgspec.msgpack.decode(row.payload, type=Group) for row in rows]

    def begun_by(self, since: datetime, until: datetime) -> list[Group]:
        """Groups with an alert that was raised in a span of time, whenever it was taken in."""
        within = (ALERT.c.at >= since) & (ALERT.c.at < until) & (ALERT.c.group_id > 0)
        numbers = select(ALERT.c.group_id).where(within)
        query = select(ALERT_GROUP.c.payload).where(ALERT_GROUP.c.id.in_(numbers)).order_by(ALERT_GROUP.c.id)
        with self.database.begin() as connection:
            rows = connection.execute(query).all()
        return [msgspec.msgpack.decode(row.payload, type=Group) for row in rows]

    def answers(self, since: datetime) -> dict[int, tuple[str, datetime]]:
        """Who acknowledged a group first, and when, of all that was answered since then."""
        query = select(ALERT_EVENT.c.group_id, ALERT_EVENT.c.by, ALERT_EVENT.c.at)
        query = query.where(ALERT_EVENT.c.kind == "ack", ALERT_EVENT.c.at >= since).order_by(ALERT_EVENT.c.id.desc())
        with self.database.begin() as connection:
            return {row.group_id: (row.by, row.at) for row in connection.execute(query)}

    def of_severity(self, severity: Severity, since: datetime, until: datetime) -> list[Heard]:
        """Alerts of one severity in a span of time, also those that nobody was told of."""
        query = select(ALERT.c.at, ALERT.c.account, ALERT.c.text).where(
            ALERT.c.severity == severity.value, ALERT.c.at >= since, ALERT.c.at < until
        )
        with self.database.begin() as connection:
            rows = connection.execute(query.order_by(ALERT.c.id)).all()
        return [Heard(at=row.at, account=row.account, text=row.text) for row in rows]

    def newest_event(self) -> int:
        """Number of the newest line of any history; 0 before the first."""
        with self.database.begin() as connection:
            return int(connection.execute(select(func.max(ALERT_EVENT.c.id))).scalar() or 0)

    def events(self, after: int, limit: int = 5_000) -> list[tuple[int, Line]]:
        """Lines of all histories behind one, oldest first, with their numbers."""
        query = select(ALERT_EVENT).where(ALERT_EVENT.c.id > after).order_by(ALERT_EVENT.c.id).limit(limit)
        with self.database.begin() as connection:
            rows = connection.execute(query).all()
        return [(row.id, Line(group=row.group_id, at=row.at, kind=row.kind, text=row.text, by=row.by)) for row in rows]

    def waited(self, group: int, ack: int) -> timedelta | None:
        """From a group's first push to the ack with this number; None where it was pushed never, or had an ack before."""
        kinds = ALERT_EVENT.c.kind.in_(("pushed", "ack"))
        query = select(ALERT_EVENT.c.id, ALERT_EVENT.c.kind, ALERT_EVENT.c.at).where(
            ALERT_EVENT.c.group_id == group, ALERT_EVENT.c.id <= ack, kinds
        )
        with self.database.begin() as connection:
            rows = connection.execute(query.order_by(ALERT_EVENT.c.id)).all()
        pushed = next((row.at for row in rows if row.kind == "pushed"), None)
        first = next((row for row in rows if row.kind == "ack"), None)
        return first.at - pushed if pushed is not None and first is not None and first.id == ack else None

    def shown_at(self, platform: str, ref: str) -> datetime | None:
        """When a platform has shown a card, as far as its outbox knows."""
        here = (POST.c.ref == ref) & POST.c.chat.startswith(f"{platform}:")
        with self.database.begin() as connection:
            return connection.execute(select(func.min(POST.c.at)).where(here)).scalar()

    def oncall(self) -> list[Watchman]:
        """Who is on call, and the deputy: nobody whose rights were taken."""
        gone = select(PRINCIPAL.c.id).where(PRINCIPAL.c.revoked_at.is_not(None))
        with self.database.begin() as connection:
            rows = connection.execute(select(ONCALL).where(ONCALL.c.person.not_in(gone)).order_by(ONCALL.c.rank)).all()
        return [Watchman(rank=row.rank, person=row.person, name=row.name, since=row.since) for row in rows]

    def missed(self) -> list[Missed]:
        """What quiet chats were not told, the oldest first."""
        with self.database.begin() as connection:
            rows = connection.execute(select(DIGEST).order_by(DIGEST.c.id)).all()
        return [Missed(chat=row.chat, group=row.group_id, at=row.at, text=row.text) for row in rows]

    def missed_by_chat(self) -> dict[str, list[Missed]]:
        """The same, by chat."""
        found: dict[str, list[Missed]] = {}
        for one in self.missed():
            found.setdefault(one.chat, []).append(one)
        return found


def _put(connection: Connection, table: Table, key: dict[str, Any], values: dict[str, Any]) -> None:
    same = [table.c[name] == value for name, value in key.items()]
    connection.execute(delete(table).where(*same))
    connection.execute(table.insert().values({**key, **values}))


def _alert(outcome: Outcome) -> dict[str, Any]:
    alert = outcome.alert
    return {
        "seq": alert.seq,
        "at": alert.at,
        "code": alert.code[:40],
        "severity": alert.severity.value,
        "account": alert.labels.account[:80],
        "text": alert.text,
        "stage": outcome.stage,
        "reason": outcome.reason,
        "group_id": outcome.group,
    }


def _group(group: Group) -> dict[str, Any]:
    return {
        "id": group.id,
        "key": group.key[:300],
        "stage": group.stage.value,
        "opened_at": group.opened_at,
        "ended_at": group.ended_at,
        "payload": msgspec.msgpack.encode(group),
    }
