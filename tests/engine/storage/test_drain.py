"""The drain: the database may come, go, lag or disagree; the log goes on."""

import time
from pathlib import Path

import pytest

from engine.errors import TransientError
from engine.storage.drain import Drain
from engine.storage.log import Log
from engine.storage.store import Store
from engine.storage.tail import Record, segments
from tests.engine.storage.facts import STORY, records


@pytest.fixture
def log(tmp_path: Path):
    log = Log(tmp_path, segment_bytes=4096)
    yield log
    log.close()


def fill_log(log: Log, times: int = 1) -> None:
    for _ in range(times):
        for record in records(STORY, log.next_seq):
            log.append(record.payload)


def test_the_database_catches_up_batch_by_batch(log: Log, store: Store) -> None:
    drain = Drain(log.directory, store)
    assert drain.step() == 0
    fill_log(log, 5)
    assert drain.step() == 5 * len(STORY)
    assert drain.step() == 0
    log.checkpoint(b"state")
    log.append(records(STORY, log.next_seq)[0].payload)
    assert drain.step() == 1
    assert drain.stored_seq == store.stored_seq() == log.next_seq - 1
    assert list(store.read()) == list(log.read())
    assert store.checkpoint(1000) == (5 * len(STORY), b"state")
    assert drain.fault == ""
    drain.close()


def test_a_restarted_drain_goes_on_where_the_database_stands(log: Log, store: Store) -> None:
    fill_log(log)
    first = Drain(log.directory, store)
    first.step()
    first.close()
    fill_log(log)
    second = Drain(log.directory, store)
    assert second.step() == len(STORY)
    assert second.remark == ""
    assert list(store.read()) == list(log.read())
    second.close()


def test_a_database_that_is_away_is_told_in_one_line_and_caught_up(
    log: Log, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    drain = Drain(log.directory, store)
    drain.step()

    def away(*_: object) -> None:
        raise TransientError("the database does not answer: gone fishing")

    monkeypatch.setattr(store, "put", away)
    fill_log(log)
    assert drain.step() == 0
    assert drain.fault == "the database does not answer: gone fishing"
    fill_log(log)
    assert drain.step() == 0
    monkeypatch.undo()
    assert drain.step() + drain.step() == 2 * len(STORY)
    assert drain.fault == ""
    drain.close()


def test_a_database_that_is_away_at_the_start_is_waited_for(log: Log, tmp_path: Path) -> None:
    (tmp_path / "sub").write_text("in the way")
    store = Store(f"sqlite:///{tmp_path / 'sub' / 'journal.db'}")
    fill_log(log)
    drain = Drain(log.directory, store)
    assert drain.step() == 0
    assert "does not answer" in drain.fault
    (tmp_path / "sub").unlink()
    (tmp_path / "sub").mkdir()
    assert drain.step() == len(STORY)
    drain.close()
    store.close()


def test_entries_that_the_power_took_from_the_log_are_set_aside(log: Log, store: Store) -> None:
    fill_log(log)
    lost = [Record(log.next_seq, b"lost 1"), Record(log.next_seq + 1, b"lost 2")]
    store.prepare()
    store.put([*log.read(), *lost])
    fill_log(log)
    drain = Drain(log.directory, store)
    assert drain.step() == len(STORY)
    assert "2 entries after 11 were lost by the log" in drain.remark
    assert list(store.read()) == list(log.read())
    drain.close()


def test_a_new_database_behind_a_pruned_log_says_what_it_lacks(log: Log, store: Store) -> None:
    fill_log(log, 10)
    segments(log.directory)[0][1].unlink()
    first = segments(log.directory)[0][0]
    drain = Drain(log.directory, store)
    assert drain.step() > 0
    assert drain.remark == f"entries 1 to {first - 1} are in no database and no longer in the log"
    assert next(store.read()).seq == first
    drain.close()


def test_only_stored_segments_are_pruned(log: Log, store: Store) -> None:
    drain = Drain(log.directory, store)
    drain.step()
    for _ in range(4):
        while not log.is_due:
            fill_log(log)
        log.checkpoint(b"state")
    later = time.time() + 60
    assert drain.prune(later) == []
    while drain.step():
        pass
    assert len(drain.prune(later)) >= 2
    assert list(log.read(log.newest_checkpoint().seq)) != []
    drain.close()
