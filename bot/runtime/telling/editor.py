"""Editor: writes a digest for one person and place, of the accounts alone that may be seen there."""

import asyncio
import csv
import io
from base64 import b64decode
from collections.abc import Awaitable, Sequence
from datetime import date, datetime, tzinfo
from decimal import Decimal
from pathlib import Path
from typing import TypeVar, cast

from bot.core.access import ALL, Person, Role, Room, reach, resolve, sees_all
from bot.core.card import Card
from bot.core.chat import File
from bot.core.command import Engine
from bot.core.digest import Digest, night_begins, trade_day, week_of
from bot.core.render.chart import draw
from bot.core.render.digest import Answer, Night, Record, Week, close_card, morning_card, span_days, week_card
from bot.runtime.admission.around import Around
from bot.runtime.alerting.alerts import Alerts
from bot.runtime.desk.memory import is_silent
from bot.runtime.desk.sight import Sight
from bot.runtime.people.rota import RANKS
from bot.storage.alert import Missed
from engine.api import AccountView, CurveView, LockstepError, ReportView, Severity, Value, tradedate
from engine.api.client import EngineError

CURVE_DAYS, MOST_DAYS = 12, 400  # trade dates that are asked for: at least, and at most
SHARED_S = 60.0  # one day's report serves everybody who gets it within this time

T = TypeVar("T")


class Asked(Value, frozen=True):
    """What is to be written: for whom, to be shown where, about which moment."""

    kind: Digest
    person: Person
    room: Room
    at: datetime
    zone: tzinfo
    scope: str = ALL
    chats: tuple[str, ...] = ()  # whose quiet hours are told of


class Written(Value, frozen=True):
    """A digest. ``is_silent``: the engine answered nothing, so that it may be worth waiting for it."""

    card: Card
    files: tuple[File, ...] = ()
    is_silent: bool = False


class _Sheet:
    """What may be told on one digest; ``seen`` is by account, None for the whole desk."""

    def __init__(self, engine: Engine, seen: frozenset[str] | None) -> None:
        self.engine = engine
        self.seen = seen
        self.lacks = ""
        self.is_silent = False

    async def ask(self, asking: Awaitable[T]) -> T | None:
        """An answer, or None and why there is none; a silent engine is waited for once."""
        if self.is_silent:
            asking.close()  # type: ignore[attr-defined]  # a coroutine that nobody will await
            return None
        try:
            return await asking
        except LockstepError as error:
            self.is_silent |= isinstance(error, EngineError) and is_silent(error)
            self.lacks = self.lacks or str(error)
            return None

    def may_see(self, accounts: frozenset[str]) -> bool:
        return self.seen is None or not accounts or bool(accounts & self.seen)


class Editor:
    """Writes each of the three."""

    def __init__(self, around: Around, alerts: Alerts) -> None:
        """From what the engine tells, and what the alerts' rows hold."""
        self._engine = around.engine
        self._directory = around.directory
        self._clock = around.clock
        self._alerts = alerts
        self._reports: dict[date, tuple[ReportView, float]] = {}

    async def write(self, asked: Asked) -> Written:
        """One digest, as far as it can be known now."""
        sheet = await self._sheet(asked)
        match asked.kind:
            case Digest.MORNING:
                return await self._morning(asked, sheet)
            case Digest.CLOSE:
                return await self._close(asked, sheet)
            case Digest.WEEK:
                return await self._week(asked, sheet)

    async def _sheet(self, asked: Asked) -> _Sheet:
        now, is_whole = self._clock.now(), asked.scope == ALL
        is_whole &= sees_all(asked.person, asked.room, now)
        sheet = _Sheet(self._engine, None)
        views = () if is_whole else await sheet.ask(self._directory.views()) or ()
        if not is_whole:
            seen = reach(asked.person, asked.room, Role.VIEWER, now, views) & resolve(asked.scope, views)
            if not views or len(seen) < len(views):
                sheet.seen, sheet.engine = seen, cast("Engine", Sight(self._engine, seen, views))
        return sheet

    # ---- morning ---------------------------------------------------------------------------------------------------

    async def _morning(self, asked: Asked, sheet: _Sheet) -> Written:
        engine, now = sheet.engine, self._clock.now()
        status = await sheet.ask(engine.status(ALL))
        accounts = await sheet.ask(engine.accounts(ALL)) or ()
        risk = await sheet.ask(engine.risk(ALL))
        news = await sheet.ask(engine.news(1, ALL))
        store = self._alerts.store  # nothing is awaited from here on: what is told is ended with it
        missed = [one for one in store.missed() if one.chat in asked.chats]
        held = [found for number in {one.group for one in missed} if (found := store.group(number)) is not None]
        since = min([night_begins(asked.at), *(one.opened_at for one in held)])
        night = Night(
            since=since,
            fired=tuple(one for one in store.between(since, now) if sheet.may_see(one.accounts)),
            open=tuple(one for one in self._alerts.pipeline.open() if sheet.may_see(one.accounts)),
            missed=tuple(_events(missed)),
            oncall=tuple((RANKS[one.rank], one.name) for one in store.oncall()),
            status=status,
            accounts=accounts,
            risk=risk,
            news=news,
            lacks=sheet.lacks,
        )
        return Written(card=morning_card(night, asked.at, asked.zone), is_silent=sheet.is_silent)

    # ---- close -----------------------------------------------------------------------------------------------------

    async def _close(self, asked: Asked, sheet: _Sheet) -> Written:
        day = trade_day(asked.at)
        accounts = await sheet.ask(sheet.engine.accounts(ALL)) or ()
        curves = await sheet.ask(sheet.engine.curve(self._back_to(day), ALL)) or ()
        report = await sheet.ask(self._report(day)) or ReportView(text="")
        earned = {name: days.get(day) for name, days in _earned(curves).items()}
        begins, ends = tradedate.bounds(day)
        noted = self._alerts.store.of_severity(Severity.P5, begins, ends)
        mine = frozenset(view.id for view in accounts)
        record = Record(
            day=day,
            earned=earned,
            leaders=_leaders(accounts),
            figures=tuple(line for line in report.lines if sheet.seen is None or line.account in mine),
            answers=self._answers(begins, ends, sheet),
            noted=tuple((one.at, one.text) for one in noted if sheet.may_see(frozenset(filter(None, (one.account,))))),
            lacks=sheet.lacks,
            holiday=report.holiday,
        )
        files = _whole_files(report, day)
        if sheet.seen is not None:
            today = await sheet.ask(sheet.engine.curve(1, ALL)) or ()
            shown = (
                [_within(one, (day,)) for one in today] if tradedate.trade_date(self._clock.now()) == day else curves
            )
            files = (*await _picture(shown, f"close-{day}.png", asked.zone), *_part_table(report, sheet.seen, day))
        return Written(card=close_card(record, asked.zone), files=files, is_silent=sheet.is_silent)

    async def _report(self, day: date) -> ReportView:
        """The whole desk's; what of it may be seen is cut out by who asks."""
        now = self._clock.monotonic()
        known = self._reports.get(day)
        if known is None or now - known[1] > SHARED_S:
            known = await self._engine.report(day.isoformat(), files=True), self._clock.monotonic()
        self._reports = {day: known}
        return known[0]

    # ---- week ------------------------------------------------------------------------------------------------------

    async def _week(self, asked: Asked, sheet: _Sheet) -> Written:
        first, last = week_of(asked.at)
        accounts = await sheet.ask(sheet.engine.accounts(ALL)) or ()
        curves = await sheet.ask(sheet.engine.curve(self._back_to(first), ALL)) or ()
        days = span_days(first, last)
        earned = {
            name: {day: one for day, one in known.items() if day in days} for name, known in _earned(curves).items()
        }
        week = Week(
            days=days,
            earned=earned,
            leaders=_leaders(accounts),
            answers=self._answers(tradedate.bounds(first)[0], tradedate.bounds(last)[1], sheet),
            lacks=sheet.lacks,
        )
        files = await _picture([_within(one, days) for one in curves], f"week-{last}.png", asked.zone)
        if earned:
            files = (*files, File(name=f"week-{last}.csv", body=_table(week)))
        return Written(card=week_card(week, asked.zone), files=files, is_silent=sheet.is_silent)

    def _back_to(self, day: date) -> int:
        """How many trade dates reach back to one, at most: the engine keeps no more."""
        return min(MOST_DAYS, max(CURVE_DAYS, (tradedate.trade_date(self._clock.now()) - day).days + 2))

    # ---- alerts ----------------------------------------------------------------------------------------------------

    def _answers(self, since: datetime, until: datetime, sheet: _Sheet) -> tuple[Answer, ...]:
        answers, found = self._alerts.store.answers(since), []
        for group in self._alerts.store.between(since, until):
            if sheet.may_see(group.accounts):
                by, at = answers.get(group.id, ("", None))
                found.append(Answer(group=group, by=by, at=at))
        return tuple(found)


def _events(missed: Sequence[Missed]) -> list[tuple[datetime, str]]:
    """Events that quiet chats were not told, once each; groups stand among those that fired."""
    found = {(one.at, one.text): None for one in missed if not one.group}
    return list(found)


def _leaders(accounts: Sequence[AccountView]) -> frozenset[str]:
    return frozenset(view.id for view in accounts if view.role != "follower")


def _earned(curves: Sequence[CurveView]) -> dict[str, dict[date, Decimal]]:
    """What each account made on each trade date that is known."""
    return {curve.account: {tradedate.trade_date(point.at): point.profit for point in curve.points} for curve in curves}


def _within(curve: CurveView, days: Sequence[date]) -> CurveView:
    points = tuple(point for point in curve.points if tradedate.trade_date(point.at) in days)
    return CurveView(account=curve.account, days=len(days), points=points)


async def _picture(curves: Sequence[CurveView], name: str, zone: tzinfo) -> tuple[File, ...]:
    """Drawn in a thread: nobody waits for a picture."""
    body = await asyncio.to_thread(draw, curves, "pnl", zone)
    return (File(name=name, body=body),) if body else ()


def _whole_files(report: ReportView, day: date) -> tuple[File, ...]:
    """Picture, table and text as the engine wrote them."""
    found = {Path(name).suffix: b64decode(body) for name, body in sorted(report.files.items(), reverse=True)}
    if report.text:
        found[".txt"] = report.text.encode()
    return tuple(File(name=f"close-{day}{kind}", body=body) for kind, body in found.items())


def _part_table(report: ReportView, seen: frozenset[str], day: date) -> tuple[File, ...]:
    """The rows of these accounts alone; the desk's own picture and text show the others, too."""
    body = report.files.get("report.csv")
    return (File(name=f"close-{day}.csv", body=_cut(b64decode(body), seen)),) if body is not None else ()


def _cut(body: bytes, seen: frozenset[str]) -> bytes:
    """The rows of a table that tell of these accounts."""
    reader = csv.DictReader(io.StringIO(body.decode()))
    out = io.StringIO()
    writer = csv.DictWriter(out, reader.fieldnames or (), lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(row for row in reader if row.get("account") in seen)
    return out.getvalue().encode()


def _table(week: Week) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(("trade_date", "account", "role", "profit"))
    for day in week.days:
        for name, known in week.earned.items():
            role = "leader" if name in week.leaders else "follower"
            writer.writerow((day.isoformat(), name, role, f"{known[day]:f}" if day in known else ""))
    return out.getvalue().encode()
