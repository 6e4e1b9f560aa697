"""Anomalies: an account or a login whose delay or slippage leaves its own normal range of the days before."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from statistics import median

import msgspec

from engine.domain.decision import Raised, Severity
from engine.domain.entry import decode_entry
from engine.domain.ids import AccountId
from engine.domain.tradedate import trade_date
from engine.report.evidence import Report
from engine.service.copied import Copy, stages
from engine.service.lineage import Lineage
from engine.service.usual import WORDS, upper
from engine.storage.tail import Record

LEAST_DAYS = 5  # with fewer nothing is said
LEAST_COPIES = 5  # a day with fewer says nothing of an account
LEAST_MS, LEAST_TICKS = 1.0, 0.25  # the least above the median that is worth a word

_NOISE = b"QuoteMarked"

Measures = dict[tuple[str, str], list[float]]
"""Shape: {(account or login, measure): one figure for each copy}."""


def history(records: Iterable[Record], logins: Mapping[AccountId, str], until: date) -> dict[date, Measures]:
    """Delay and slippage of each day before ``until``, by account and by login. Entries in order."""
    lineage = Lineage(kept=1_000_000)
    for record in records:
        if _NOISE in record.payload[:24]:  # by far the most entries, and no copy depends on them
            continue
        try:
            lineage.fold(decode_entry(record.payload))
        except msgspec.DecodeError:
            continue
    found: dict[date, Measures] = {}
    for copy in lineage.copies.values():
        day = trade_date(copy.at)
        if day < until:
            _add(found.setdefault(day, {}), copy, logins)
    return found


def _add(measures: Measures, copy: Copy, logins: Mapping[AccountId, str]) -> None:
    for account, symbol in copy.parts() if copy.leader else ():
        order = next(iter(copy.parts()[account, symbol][0]), None)
        if order is None or order.cause != copy.cause:
            continue
        spans = stages(order, order.heard_at)  # to the socket from the frame: when it was decided is not needed here
        slip = copy.line(account, symbol).slip_ticks
        if slip is not None:
            spans["slip"] = float(slip)
        _note(measures, account, logins.get(AccountId(account), ""), spans)


def _note(measures: Measures, account: str, login: str, spans: Mapping[str, float]) -> None:
    for measure in WORDS.keys() & spans.keys():
        for who in (account, f"login {login}"):
            measures.setdefault((who, measure), []).append(spans[measure])


def today(report: Report) -> Measures:
    """The same measures of the day at hand."""
    measures: Measures = {}
    for row in report.rows:
        if not row.leader or not row.stages:
            continue
        spans = dict(row.stages)
        if "hand" in spans and "decide" in spans:
            spans["hand"] += spans.pop("decide")
        if row.slip_ticks is not None:
            spans["slip"] = float(row.slip_ticks)
        _note(measures, row.account, row.login, spans)
    return measures


def anomalies(measures: Measures, past: Mapping[date, Measures]) -> Iterator[Raised]:
    """What left its normal range for the worse; nothing is said with too little history."""
    for (who, measure), values in sorted(measures.items()):
        usual = [median(day[who, measure]) for day in past.values() if len(day.get((who, measure), ())) >= LEAST_COPIES]
        if len(values) < LEAST_COPIES or len(usual) < LEAST_DAYS:
            continue
        now, middle = median(values), median(usual)
        bound = upper(usual, LEAST_TICKS if measure == "slip" else LEAST_MS)
        if now <= bound:
            continue
        unit = "ticks" if measure == "slip" else "ms"
        yield Raised(
            code="exec.slip" if measure == "slip" else "exec.slow",
            severity=Severity.P3,
            text=f"{who}: {WORDS[measure]} {now:.4g} {unit} today, usually {middle:.4g}, "
            f"normal up to {bound:.4g} ({len(usual)} days)",
            account=None if who.startswith("login ") else AccountId(who),
        )
