"""The write-ahead log: whatever happens to the writer, a reader sees a prefix of what was appended."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import JournalError, StaleOwner
from engine.storage import log as log_module
from engine.storage.frame import entry_frame
from engine.storage.log import Log
from engine.storage.tail import Tail, newest_checkpoint, prune, read, segments

SMALL = 4096


def contents(directory: Path, from_seq: int = 1) -> list[bytes]:
    return [record.payload for record in read(directory, from_seq)]


def settled(log: Log) -> None:
    """Wait until the thread has had its say about the next segment."""
    deadline = time.monotonic() + 5
    while not log._has_spare and log.low is None:
        assert time.monotonic() < deadline
        os.sched_yield() if hasattr(os, "sched_yield") else None


def test_what_was_appended_is_read_in_order_over_segments(tmp_path: Path) -> None:
    log = Log(tmp_path, segment_bytes=SMALL)
    wanted = [b"%d" % number * 40 for number in range(300)]
    for payload in wanted:
        log.append(payload)
    assert contents(log.directory) == wanted
    assert contents(log.directory, 250) == wanted[249:]
    assert len(segments(log.directory)) > 5
    assert log.next_seq == 301
    log.close()
    again = Log(tmp_path, segment_bytes=SMALL)
    assert again.next_seq == 301
    again.append(b"more")
    assert contents(again.directory, 300) == [wanted[-1], b"more"]
    again.close()


steps = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.binary(min_size=0, max_size=400)),
        st.tuples(st.just("checkpoint"), st.binary(min_size=1, max_size=300)),
        st.tuples(st.just("tear"), st.binary(min_size=1, max_size=500)),
        st.tuples(st.just("cut"), st.binary(min_size=1, max_size=200)),
        st.tuples(st.just("poll"), st.just(b"")),
    ),
    max_size=40,
)


@settings(max_examples=60, deadline=None)
@given(steps=steps)
def test_a_torn_tail_leaves_a_prefix_and_appending_goes_on(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, bytes]]
) -> None:
    home = tmp_path_factory.mktemp("log")
    log = Log(home, segment_bytes=2048)
    tail, told = Tail(log.directory), []
    wanted: list[bytes] = []
    state: bytes | None = None
    for word, payload in steps:
        if word == "append":
            log.append(payload)
            wanted.append(payload)
        elif word == "checkpoint":
            log.checkpoint(payload)
            state = payload
        elif word == "poll":
            told += [record.payload for record in tail.poll()]
            assert told == wanted
        else:  # killed in the middle of a write: garbage, or the first part of a true frame
            log.close()
            path = segments(log.directory)[-1][1]
            torn = payload if word == "tear" else entry_frame(payload)[: max(1, len(payload) - 1)]
            torn = torn[: log.room] if log.room else b""
            with path.open("r+b") as file:
                file.seek(log._at)
                file.write(torn)
            before = contents(log.directory)
            assert before == wanted
            log = Log(home, segment_bytes=2048)
        assert log.next_seq == len(wanted) + 1
    assert contents(log.directory) == wanted
    found = log.newest_checkpoint()
    assert (found.state if found else None) == state
    told += [record.payload for record in tail.poll()]
    assert told == wanted
    tail.close()
    log.close()


def test_a_tail_resumes_in_the_middle_and_follows_over_segments(tmp_path: Path) -> None:
    log = Log(tmp_path, segment_bytes=SMALL)
    tail = Tail(log.directory, from_seq=3)
    assert tail.poll() == []
    seen = []
    for number in range(200):
        log.append(b"%03d" % number * 20)
        if number % 7 == 0:
            seen += tail.poll()
    seen += tail.poll()
    assert [record.seq for record in seen] == list(range(3, 201))
    assert seen[0].payload == b"002" * 20
    tail.close()
    log.close()


def test_a_tail_before_the_first_segment_says_so(tmp_path: Path) -> None:
    log = Log(tmp_path, segment_bytes=SMALL)
    for _ in range(60):
        log.append(b"x" * 100)
    segments(log.directory)[0][1].unlink()
    with pytest.raises(JournalError, match="only in the database"):
        Tail(log.directory).poll()
    with pytest.raises(JournalError, match="only in the database"):
        contents(log.directory)
    log.close()


def test_a_hole_between_segments_is_damage(tmp_path: Path) -> None:
    log = Log(tmp_path, segment_bytes=SMALL)
    for _ in range(120):
        log.append(b"x" * 100)
    segments(log.directory)[1][1].unlink()
    with pytest.raises(JournalError, match="damaged"):
        contents(log.directory)
    log.close()


def test_a_checkpoint_begins_a_segment_when_the_present_one_is_nearly_full(tmp_path: Path) -> None:
    log = Log(tmp_path, segment_bytes=SMALL)
    log.append(b"a" * 100)
    log.checkpoint(b"early")
    assert len(segments(log.directory)) == 1
    while not log.is_due:
        log.append(b"a" * 100)
    log.checkpoint(b"late")
    assert len(segments(log.directory)) == 2
    assert log.newest_checkpoint() == (log.next_seq - 1, b"late")
    log.append(b"after")
    assert contents(log.directory, log.next_seq - 1) == [b"after"]
    log.close()


def test_a_full_disk_is_foretold_while_there_is_room_and_refused_in_one_line_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Log(tmp_path, segment_bytes=SMALL)
    settled(log)

    def no_space(self: Log) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Log, "_prepare", no_space)
    while len(segments(log.directory)) == 1:  # the spare that was prepared in time is used up
        log.append(b"x" * 100)
    settled(log)
    assert log.low is not None
    assert "No space left" in log.low
    room = log.room
    assert room > SMALL // 2
    for _ in range(room // 109):
        log.append(b"x" * 100)
    with pytest.raises(JournalError, match="no room left"):
        log.append(b"x" * 100)
    assert len(contents(log.directory)) == log.next_seq - 1
    monkeypatch.undo()
    log.append(b"space is back" * 10)
    assert log.low is None
    assert contents(log.directory)[-1] == b"space is back" * 10
    log.close()


def test_a_write_that_the_system_refuses_leaves_no_half_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = Log(tmp_path, segment_bytes=SMALL)
    log.append(b"one")
    settled(log)
    true_write, calls = os.write, []

    def half(handle: int, payload: bytes) -> int:
        calls.append(payload)
        if len(calls) == 1:
            return true_write(handle, payload[:5])
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(log_module.os, "write", half)
    with pytest.raises(JournalError, match="Input/output error"):
        log.append(b"two" * 20)
    monkeypatch.undo()
    assert contents(log.directory) == [b"one"]
    log.append(b"2")
    assert contents(log.directory) == [b"one", b"2"]
    log.close()
    assert contents(log.directory) == [b"one", b"2"]


def test_a_record_larger_than_a_segment_is_refused(tmp_path: Path) -> None:
    log = Log(tmp_path, segment_bytes=SMALL)
    log.append(b"x")
    with pytest.raises(JournalError, match="does not fit"):
        log.append(b"x" * SMALL)
    log.append(b"y")
    assert contents(log.directory) == [b"x", b"y"]
    log.close()


def test_one_process_owns_a_journal(tmp_path: Path) -> None:
    log = Log(tmp_path, segment_bytes=SMALL)
    with pytest.raises(StaleOwner, match=f"held by process {os.getpid()}: stop that engine"):
        Log(tmp_path, segment_bytes=SMALL)
    log.close()
    Log(tmp_path, segment_bytes=SMALL).close()


def test_surviving_the_power_flushes_each_append(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed = []
    monkeypatch.setattr(log_module, "_flush", flushed.append)
    log = Log(tmp_path, segment_bytes=SMALL, sync="power")
    log.append(b"x")
    log.append(b"y")
    assert len(flushed) == 2
    log.close()


def test_pruning_keeps_what_is_not_stored_young_or_within_two_checkpoints(tmp_path: Path) -> None:
    log = Log(tmp_path, segment_bytes=SMALL)
    for _ in range(5):
        while not log.is_due:
            log.append(b"x" * 100)
        log.checkpoint(b"state")
    found = segments(log.directory)
    assert len(found) == 6
    later = time.time() + 1000
    assert prune(log.directory, 0, later) == []
    assert prune(log.directory, log.next_seq, 0.0) == []
    assert prune(log.directory, found[2][0] - 1, later) == [found[0][1], found[1][1]]
    assert prune(log.directory, log.next_seq, later) == [found[2][1], found[3][1]]
    assert newest_checkpoint(log.directory) is not None
    log.close()


WRITER = """
import sys
from pathlib import Path
from engine.storage.log import Log
log = Log(Path(sys.argv[1]), segment_bytes=1 << 16)
while True:
    log.append(b"%012d" % log.next_seq * 20)
    if log.next_seq % 500 == 0:
        log.checkpoint(b"state")
        print(log.next_seq - 1, flush=True)
"""


def test_kill_9_loses_nothing_that_was_appended(tmp_path: Path) -> None:
    told = 0
    for _ in range(2):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True
        ) as child:
            assert child.stdout is not None
            tail = Tail(tmp_path / "journal", from_seq=told + 1)
            for _ in range(8):
                told = int(child.stdout.readline())
            live = tail.poll(100_000)
            tail.close()
            child.kill()
        assert live[-1].seq >= told
        entries = contents(tmp_path / "journal")
        assert len(entries) >= told
        assert entries == [b"%012d" % number * 20 for number in range(1, len(entries) + 1)]
        told = len(entries)
    with_owner_gone = Log(tmp_path, segment_bytes=1 << 16)
    assert with_owner_gone.next_seq == told + 1
    with_owner_gone.close()
