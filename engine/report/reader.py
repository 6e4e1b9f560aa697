"""The report of one trade date from a journal, while an engine may be writing it."""

from collections.abc import Iterator
from datetime import date
from itertools import takewhile

import msgspec

from engine.domain.decision import Raised
from engine.domain.ids import AccountId
from engine.domain.tradedate import before, bounds
from engine.errors import TransientError
from engine.report.anomaly import anomalies, history, today
from engine.report.day import Day
from engine.report.evidence import Report, evidence
from engine.report.source import Source
from engine.storage.tail import Record


def report(source: Source, on: date, days: int) -> Report:
    """Evidence of a trade date, compared with the ``days`` before it.

    Raises: TransientError where the day is only in a database that is away; JournalError for a damaged log.
    """
    start, end = bounds(on)
    first, after = source.first_seq(start), source.first_seq(end)
    day = fold(source, first, after)
    found = evidence(day, on)
    if not found.rows:
        return found
    remarks = list(found.remarks)
    if not day.is_whole:
        remarks.append("no state of the desk from before this day is kept: what it began with is not known")
    logins = {plan.id: str(plan.connection) for plan in day.desk.state.plan.accounts}
    told, remark = _unusual(source, found, first, days, logins)
    if remark:
        remarks.append(remark)
    return msgspec.structs.replace(found, anomalies=told, remarks=tuple(remarks))


def fold(source: Source, first: int, after: int) -> Day:
    """Entries from ``first`` to just before ``after``, on top of the newest state before them."""
    state = source.checkpoint(first - 1)
    day = Day(state)
    day.lead_in(_until(source, (state.seq if state else 0) + 1, first))
    for record in _until(source, first, after):
        day.fold(record)
    return day


def _until(source: Source, first: int, after: int) -> Iterator[Record]:
    records = source.records(first) if first < after else iter(())
    return takewhile(lambda record: record.seq < after, records)


def _unusual(
    source: Source, found: Report, first: int, days: int, logins: dict[AccountId, str]
) -> tuple[tuple[Raised, ...], str]:
    if not days:
        return (), ""
    try:
        begin = source.first_seq(bounds(before(found.day, days)[0])[0])
        past = history(_until(source, begin, first), logins, found.day)
    except TransientError as error:
        return (), f"not compared with the days before: {error}"
    return tuple(anomalies(today(found), past)), ""
