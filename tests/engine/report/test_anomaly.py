"""Anomalies: each account and login against its own days before, and nothing on too little."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from engine.report.anomaly import LEAST_DAYS, anomalies
from engine.report.reader import report
from engine.report.source import Source
from engine.report.text import text
from engine.service.usual import upper
from tests.engine.report.stage import Stage
from tests.engine.service.hot import START, A, B

DAYS = [date(2026, 11, day) for day in range(2, 12)]


def past(values: list[float], count: int = LEAST_DAYS) -> dict:
    return {day: {("A", "answer"): values} for day in DAYS[:count]}


def test_a_range_follows_the_middle_and_one_bad_day_does_not_widen_it():
    assert upper([50.0] * 9, 1.0) == pytest.approx(70)
    assert upper([48, 50, 52, 49, 51, 50, 900], 1.0) == pytest.approx(70)
    assert upper([40, 50, 60, 45, 55], 1.0) == pytest.approx(50 + 4 * 1.4826 * 5)
    assert upper([0.0] * 9, 0.25) == 0.25


def test_only_what_is_worse_is_told_and_only_with_enough_history():
    slow = {("A", "answer"): [200.0] * 5}
    assert [told.code for told in anomalies(slow, past([50.0] * 5))] == ["exec.slow"]
    assert not list(anomalies(slow, past([50.0] * 5, LEAST_DAYS - 1)))
    assert not list(anomalies(slow, past([50.0] * 4)))
    assert not list(anomalies({("A", "answer"): [200.0] * 4}, past([50.0] * 5)))
    assert not list(anomalies({("A", "answer"): [1.0] * 5}, past([50.0] * 5)))
    assert not list(anomalies({("B", "answer"): [200.0] * 5}, past([50.0] * 5)))


def test_an_account_that_slips_and_a_login_that_is_slow_are_told_from_a_journal(stages: Callable[..., Stage]):
    stage = stages(START - timedelta(days=10))
    stage.begin()
    for day in (0, 3, 4, 5, 6, 7, 10):  # Friday the 13th to Monday the 23rd
        stage.seconds = day * 86_400
        slips, answer_ms = ({A: 5, B: 0}, 400) if day == 10 else ({A: day % 2, B: day % 2}, 40 + day % 3)
        for quantity in (2, -2) * 3:
            stage.quote(20_000)
            stage.settle(stage.go(quantity), slips.__getitem__, answer_ms)
    found = report(Source(stage.log.directory, None), date(2026, 11, 23), 10)
    told = {(raised.code, raised.text.split(":")[0]) for raised in found.anomalies}
    assert told == {("exec.slip", "A"), ("exec.slow", "A"), ("exec.slow", "B"), ("exec.slow", "login line")}
    slip = next(raised for raised in found.anomalies if raised.code == "exec.slip")
    assert slip.account == A
    assert slip.text == "A: slippage 5 ticks today, usually 0.5, normal up to 3.465 (6 days)"
    shown = text(found)
    assert "UNUSUAL  against this account's or login's own days before\nP3 exec." in shown
    assert max(map(len, shown.splitlines())) <= 80
    assert not report(Source(stage.log.directory, None), date(2026, 11, 23), 0).anomalies
    assert B not in {raised.account for raised in found.anomalies if raised.code == "exec.slip"}
