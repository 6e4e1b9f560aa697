"""Reading the write-ahead log: from a file that is at rest, or behind the process that writes it."""

import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from engine.errors import JournalError
from engine.storage.frame import HEAD_BYTES, frames, wanted

_BINARY = getattr(os, "O_BINARY", 0)
_CHUNK = 256 * 1024


class Record(NamedTuple):
    """One entry as it was appended."""

    seq: int
    payload: bytes


class Checkpoint(NamedTuple):
    """A state of the domain: every entry up to ``seq`` is inside."""

    seq: int
    state: bytes


def segments(directory: Path) -> list[tuple[int, Path]]:
    """Segments of a journal directory by their first sequence number."""
    return sorted((int(path.stem), path) for path in directory.glob("[0-9]*.log") if path.stem.isdigit())


def read(directory: Path, from_seq: int = 1) -> Iterator[Record]:
    """Entries from ``from_seq`` to the last whole one.

    Raises: JournalError where the journal no longer reaches back that far, or a frame before the last segment's end is
    damaged.
    """
    found = segments(directory)
    first = max((number for number, _ in found if number <= from_seq), default=None)
    if first is None:
        if found:
            raise JournalError(f"the journal begins at entry {found[0][0]}; {from_seq} is only in the database")
        return
    seq = first
    for number, path in found:
        if number < first:
            continue
        if number != seq:
            raise JournalError(f"the journal is damaged before {path.name}: entry {seq} is missing")
        for frame in frames(path.read_bytes()):
            if frame.is_checkpoint:
                continue
            if seq >= from_seq:
                yield Record(seq, frame.payload)
            seq += 1


def checkpoints(directory: Path) -> Iterator[Checkpoint]:
    """Checkpoints that hold a state, newest first."""
    for _, path in reversed(segments(directory)):
        found = [f for f in frames(path.read_bytes()) if f.is_checkpoint and f.payload]
        yield from (Checkpoint(frame.seq, frame.payload) for frame in reversed(found))


def newest_checkpoint(directory: Path, at_most: int | None = None) -> Checkpoint | None:
    """Newest checkpoint that holds a state, and no entry beyond ``at_most``."""
    found = checkpoints(directory)
    return next((one for one in found if at_most is None or one.seq <= at_most), None)


def prune(directory: Path, stored_seq: int, before: float) -> list[Path]:
    """Delete segments that are stored, were last written before ``before`` and lie behind the last two checkpoints.

    Units: ``before`` in seconds since 1970, as file times are.
    """
    found = segments(directory)
    states, gone = 0, []
    for (_, path), (successor, _) in reversed(list(itertools.pairwise(found))):
        states += _begins_with_state(directory / f"{successor:012d}.log")
        if states >= 2 and successor - 1 <= stored_seq and path.stat().st_mtime < before:
            gone.append(path)
    for path in reversed(gone):  # oldest first: what is left never has a hole
        path.unlink(missing_ok=True)
    return gone[::-1]


def _begins_with_state(path: Path) -> bool:
    frame = next(frames(path.read_bytes()), None)
    return frame is not None and frame.is_checkpoint and bool(frame.payload)


class Tail:
    """Follows a growing journal from another process; ``poll`` never blocks."""

    def __init__(self, directory: Path, from_seq: int = 1) -> None:
        """Stand before ``from_seq``, which need not exist yet."""
        self._directory = directory
        self._from = from_seq
        self._seq = 0  # number of the next entry in the file; 0 while no segment is open
        self._file = -1
        self._at = 0
        self.checkpoint: Checkpoint | None = None  # newest one passed
        self.passed: list[Checkpoint] = []  # all that were passed in the last call of ``poll``

    def poll(self, most: int = 10_000) -> list[Record]:
        """Whole entries that have been appended since the last call, at most about ``most``.

        Raises: JournalError where ``from_seq`` is no longer in the log.
        """
        found: list[Record] = []
        self.passed = []
        while len(found) < most and (self._advance(found) or self._next_segment()):
            pass
        return found

    def close(self) -> None:
        """Let the file go."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _advance(self, found: list[Record]) -> bool:
        """Take what stands behind the present place; False where that is nothing whole."""
        if self._file < 0:
            return False
        os.lseek(self._file, self._at, os.SEEK_SET)
        buffer = os.read(self._file, HEAD_BYTES)
        if not wanted(buffer, 0):  # nothing new: by far the most frequent answer
            return False
        buffer += os.read(self._file, _CHUNK)
        need = wanted(buffer, 0)
        if need > os.fstat(self._file).st_size - self._at:  # a torn head
            return False
        while len(buffer) < need:  # one frame larger than the chunk
            more = os.read(self._file, need - len(buffer))
            if not more:
                return False
            buffer += more
        end = 0
        for frame in frames(buffer):
            end = frame.end
            if frame.is_checkpoint:
                if frame.payload:
                    self.checkpoint = Checkpoint(frame.seq, frame.payload)
                    self.passed.append(self.checkpoint)
                continue
            if self._seq >= self._from:
                found.append(Record(self._seq, frame.payload))
            self._seq += 1
        self._at += end
        return end > 0

    def _next_segment(self) -> bool:
        """Go on with the segment that begins with the entry we wait for; its name says so, whoever wrote it."""
        if self._file < 0:
            found = segments(self._directory)
            if not found:
                return False
            first = max((number for number, _ in found if number <= self._from), default=None)
            if first is None:
                raise JournalError(f"the journal begins at entry {found[0][0]}; {self._from} is only in the database")
            self._seq = first
        path = self._directory / f"{self._seq:012d}.log"
        try:
            file = os.open(path, os.O_RDONLY | _BINARY)
        except FileNotFoundError:
            return False
        if self._file >= 0:
            if os.fstat(file).st_ino == os.fstat(self._file).st_ino:  # this very segment, still without an entry
                os.close(file)
                return False
            os.close(self._file)
        self._file, self._at = file, 0
        return True
