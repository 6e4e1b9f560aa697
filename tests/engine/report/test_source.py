"""The same report from the log, from a database of either kind, and from both; while the engine writes."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import msgspec

from engine.domain.tradedate import bounds
from engine.report.reader import report
from engine.report.source import Source
from engine.storage.drain import Drain
from engine.storage.store import Store
from engine.storage.tail import segments
from tests.engine.report.stage import Stage, walk
from tests.engine.service.hot import START, A, B

DAY = date(2026, 11, 23)


def drained(stage: Stage, store: Store) -> None:
    drain = Drain(stage.log.directory, store)
    while drain.step():
        pass
    assert drain.fault == ""
    drain.close()


def busy(stages: Callable[..., Stage]) -> Stage:
    """Two days in small segments, each with the state where it begins."""
    stage = stages(START - timedelta(days=3), 1 << 13)
    stage.begin()
    walk(stage, 1, 15, (A, B))
    stage.log.checkpoint(stage.desk.checkpoint())
    stage.seconds = 3 * 86_400
    for seed in (2, 3):
        walk(stage, seed, 12, (A, B))
        stage.log.checkpoint(stage.desk.checkpoint())
    return stage


def test_log_and_database_say_the_same(stages: Callable[..., Stage], store: Store, tmp_path: Path):
    stage = busy(stages)
    assert len(segments(stage.log.directory)) > 2
    drained(stage, store)
    from_log = report(Source(stage.log.directory, None), DAY, 5)
    assert from_log.copies > 10
    assert not from_log.remarks
    nowhere = tmp_path / "nowhere"
    assert report(Source(nowhere, store), DAY, 5) == from_log
    (_, oldest), *_ = segments(stage.log.directory)
    oldest.unlink()
    assert report(Source(stage.log.directory, store), DAY, 5) == from_log


def test_a_running_engine_is_read_as_far_as_it_is(stage: Stage):
    stage.begin()
    stage.settle(stage.go(2))
    source = Source(stage.log.directory, None)
    first = report(source, DAY, 0)
    stage.settle(stage.go(-2))
    second = report(source, DAY, 0)
    assert (first.copies, second.copies) == (1, 2)
    assert msgspec.structs.replace(second.rows[0], parts={}) == msgspec.structs.replace(first.rows[0], parts={})


def test_where_a_day_begins(stages: Callable[..., Stage], store: Store, tmp_path: Path):
    stage = busy(stages)
    drained(stage, store)
    start, end = bounds(DAY)
    log, base = Source(stage.log.directory, None), Source(tmp_path / "nowhere", store)
    for at in (start - timedelta(days=9), start, START, end, end + timedelta(days=9)):
        assert log.first_seq(at) == base.first_seq(at)
    assert log.first_seq(start - timedelta(days=9)) == 1
    assert 1 < log.first_seq(start) < log.first_seq(end) <= stage.log.next_seq == log.first_seq(end + timedelta(days=9))


def test_no_journal_has_no_copies(tmp_path: Path):
    assert report(Source(tmp_path, None), DAY, 5).rows == ()
