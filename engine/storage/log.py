"""The write-ahead log: one append to a preallocated file before anything leaves.

The log is a row of segments ``<first seq>.log``, each full of zeros until it is written, so that an append needs no new
disk space and no metadata. Each begins with a checkpoint frame; entries follow, numbered by their place. What a killed
process left half-written is overwritten at the next start. Two files always exist: the one in use, and the next one,
which a thread prepares; where that fails, ``low`` says so while a whole segment of room is left for exits.
"""

import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from engine.errors import JournalError
from engine.storage.frame import HEAD_BYTES, checkpoint_frame, entry_frame, frames
from engine.storage.owner import Owner
from engine.storage.tail import Checkpoint, Record, newest_checkpoint, read, segments

SEGMENT_BYTES = 16 * 1024 * 1024
Sync = Literal["process", "power"]  # what an appended record survives: the process, or also the power

_BINARY = getattr(os, "O_BINARY", 0)
_ZEROS = bytes(1024 * 1024)
_RETRY_S = 5.0
_flush = getattr(os, "fdatasync", os.fsync)


class Log:
    """The one writer of a journal."""

    def __init__(self, home: Path, segment_bytes: int = SEGMENT_BYTES, sync: Sync = "process") -> None:
        """Open ``<home>/journal`` for appending, mending what a killed process left torn.

        Raises: StaleOwner where another process holds it; JournalError where the disk does not take the first segment.
        """
        self.directory = home / "journal"
        self.low: str | None = None  # why no further segment can be prepared; entries should stop, exits go on
        self._segment_bytes = segment_bytes
        self._power = sync == "power"
        self._spare = self.directory / "next.tmp"
        self._has_spare = False
        self._mutex = threading.Lock()  # guards the spare file, never the append
        self._wake = threading.Event()
        self._closed = False
        self.directory.mkdir(parents=True, exist_ok=True)
        self._owner = Owner(self.directory)
        try:
            self._open_last()
        except BaseException:
            self._owner.release()
            raise
        self._thread = threading.Thread(target=self._keep_spare, name="journal-spare", daemon=True)
        self._thread.start()
        self._wake.set()

    @property
    def next_seq(self) -> int:
        """Sequence number that the next appended entry gets."""
        return self._seq + 1

    @property
    def room(self) -> int:
        """Bytes left in the present segment."""
        return self._size - self._at

    @property
    def is_due(self) -> bool:
        """Say whether the present segment is three quarters full: an idle moment is a good one for ``checkpoint``."""
        return self._at * 4 > self._size * 3

    @property
    def is_urgent(self) -> bool:
        """Say whether the present segment is seven eighths full: ``checkpoint`` should not wait any longer."""
        return self._at * 8 > self._size * 7

    def append(self, payload: bytes) -> None:
        """Make one entry outlive this process (``sync="power"``: this machine).

        Raises: JournalError; then the entry is not in the journal and the next append takes its number.
        """
        self.append_all([payload])

    def append_all(self, payloads: list[bytes]) -> None:
        """Make entries outlive this process (``sync="power"``: this machine), in one write.

        Raises: JournalError; then none of them is in the journal and the next append takes their numbers.
        """
        content = b"".join([entry_frame(payload) for payload in payloads])
        if self._at + len(content) > self._size:
            self._roll(b"", len(content))
        self._write(content)
        self._seq += len(payloads)

    def checkpoint(self, state: bytes) -> None:
        """Write the state after the newest entry, into a new segment when the present one is nearly full.

        Takes a millisecond when it begins a segment: call it when nothing is waiting.
        """
        frame = checkpoint_frame(self._seq, state)
        if (self.is_due or len(frame) > self.room) and self._seq >= self._first:
            self._roll(state, 0)
        else:
            self._write(frame)

    def newest_checkpoint(self) -> Checkpoint | None:
        """Newest checkpoint that holds a state, or None where the journal is to be read from its beginning."""
        return newest_checkpoint(self.directory)

    def read(self, from_seq: int = 1) -> Iterator[Record]:
        """Entries from ``from_seq`` to the newest."""
        return read(self.directory, from_seq)

    def close(self) -> None:
        """Give the journal up."""
        if self._closed:
            return
        self._closed = True
        self._wake.set()
        self._thread.join()
        os.close(self._file)
        self._owner.release()

    def _write(self, frame: bytes) -> None:
        try:
            written = os.write(self._file, frame)
            while written < len(frame):  # a signal or a full disk cut it short
                written += os.write(self._file, frame[written:])
            if self._power:
                _flush(self._file)
        except OSError as error:
            with contextlib.suppress(OSError):  # what did get there must not be read as whole entries
                os.lseek(self._file, self._at, os.SEEK_SET)
                os.write(self._file, _ZEROS[:HEAD_BYTES])
                os.lseek(self._file, self._at, os.SEEK_SET)
            raise JournalError(f"the journal cannot be written: {error.strerror or error}") from error
        self._at += len(frame)

    def _open_last(self) -> None:
        self._spare.unlink(missing_ok=True)
        found = segments(self.directory)
        if not found:
            self._seq = 0
            self._begin(1, b"")
            return
        self._first, path = found[-1]
        content = path.read_bytes()
        end, count = 0, 0
        for frame in frames(content):
            end = frame.end
            count += not frame.is_checkpoint
        self._seq = self._first - 1 + count
        self._file = os.open(path, os.O_RDWR | _BINARY)
        self._at, self._size = end, len(content)
        if content.count(0, end) != len(content) - end:
            self._blank(end, len(content))
        os.lseek(self._file, end, os.SEEK_SET)
        if end == 0:  # the power failed before its first frame reached the disk
            self._write(checkpoint_frame(self._seq, b""))

    def _blank(self, start: int, end: int) -> None:
        os.lseek(self._file, start, os.SEEK_SET)
        for at in range(start, end, len(_ZEROS)):
            os.write(self._file, _ZEROS[: end - at])
        os.fsync(self._file)

    def _roll(self, state: bytes, need: int) -> None:
        if self._seq < self._first or need > self._segment_bytes // 2:
            raise JournalError(f"a journal record of {need} bytes does not fit a segment of {self._segment_bytes}")
        before = self._file
        self._begin(self._seq + 1, state)
        os.close(before)

    def _begin(self, first: int, state: bytes) -> None:
        """Turn the spare file into the present segment; all or nothing."""
        path = self.directory / f"{first:012d}.log"
        frame = checkpoint_frame(self._seq, state)
        try:
            with self._mutex:
                if not self._has_spare:
                    self._prepare()
                spare = os.open(self._spare, os.O_RDWR | _BINARY)
                try:
                    os.write(spare, frame)
                    if self._power:
                        os.fsync(spare)
                finally:
                    os.close(spare)
                self._spare.rename(path)
                try:
                    self._file = os.open(path, os.O_RDWR | _BINARY)
                except OSError:
                    path.rename(self._spare)
                    raise
                self._has_spare = False
        except OSError as error:
            raise JournalError(f"the journal has no room left: {error.strerror or error}") from error
        os.lseek(self._file, len(frame), os.SEEK_SET)
        self._first, self._at, self._size = first, len(frame), max(self._segment_bytes, len(frame))
        if self._power:
            self._flush_names()
        self._wake.set()

    def _flush_names(self) -> None:
        with contextlib.suppress(OSError):  # some systems open no directory; there the rename is durable by itself
            handle = os.open(self.directory, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)

    def _prepare(self) -> None:
        """Write a whole segment of zeros, so that its disk space is ours."""
        handle = os.open(self._spare, os.O_RDWR | os.O_CREAT | os.O_TRUNC | _BINARY, 0o600)
        try:
            left = self._segment_bytes
            while left > 0:
                left -= os.write(handle, _ZEROS[:left])
            os.fsync(handle)
        except OSError:
            os.close(handle)
            with contextlib.suppress(OSError):
                self._spare.unlink()
            raise
        os.close(handle)
        self._has_spare = True
        self.low = None

    def _keep_spare(self) -> None:
        while True:
            self._wake.wait(_RETRY_S if self.low else None)
            self._wake.clear()
            if self._closed:
                return
            with self._mutex:
                if self._has_spare:
                    continue
                try:
                    self._prepare()
                except OSError as error:
                    self.low = f"no disk space for the next journal segment: {error.strerror or error}"
