"""Where a span of the journal is read: from the log as far as it reaches back, from the database before that. Read only."""

from bisect import bisect_left
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path

import msgspec

from engine.domain.entry import decode_entry
from engine.errors import JournalError
from engine.storage.store import Store
from engine.storage.tail import Checkpoint, Record, newest_checkpoint, read, segments

_LOOKED_AT = 50  # entries after one that cannot be read in which a time is looked for


class Source:
    """One journal, whoever writes it meanwhile."""

    def __init__(self, directory: Path, store: Store | None) -> None:
        """``directory`` holds the log's segments; without a store nothing older is known."""
        self._directory = directory
        self._store = store
        self._firsts = [first for first, _ in segments(directory)]

    def records(self, from_seq: int) -> Iterator[Record]:
        """Entries from ``from_seq``, or from the oldest that is kept, to the newest.

        Raises: TransientError where the database is needed and away; JournalError for a damaged log.
        """
        log = self._firsts[0] if self._firsts else None
        if self._store is not None and (log is None or from_seq < log):
            yield from self._store.read(from_seq, None if log is None else log - 1)
        if log is not None:
            yield from self._logged(max(from_seq, log))

    def first_seq(self, at: datetime) -> int:
        """First entry at or after a time; the one after the newest where there is none.

        Raises: as ``records``.
        """
        place = bisect_left(self._firsts, True, key=lambda first: self._is_since(self._logged(first), at))
        begin = self._firsts[place - 1] if place else 1
        if not place and self._store is not None:
            begin = self._stored_before(at, self._store)
        last = begin - 1
        for record in self.records(begin):
            last = record.seq
            heard = _time(record)
            if heard is not None and heard >= at:
                return record.seq
        return last + 1

    def checkpoint(self, at_most: int) -> Checkpoint | None:
        """Newest state that holds no entry beyond ``at_most``."""
        found = newest_checkpoint(self._directory, at_most)
        if found is None and self._store is not None:
            found = self._store.checkpoint(at_most)
        return found

    def _stored_before(self, at: datetime, store: Store) -> int:
        """An entry shortly before the first one of a time, in the database."""

        def is_since(seq: int) -> bool:
            raws = ((s, store.entry(s)) for s in range(seq, seq + _LOOKED_AT))
            return self._is_since((Record(s, raw) for s, raw in raws if raw is not None), at)

        return max(1, bisect_left(range(1, store.stored_seq() + 1), True, key=is_since))

    def _logged(self, from_seq: int) -> Iterator[Record]:
        try:
            yield from read(self._directory, from_seq)
        except OSError as error:
            raise JournalError(f"the journal cannot be read: {error.strerror or error}") from error

    def _is_since(self, records: Iterator[Record], at: datetime) -> bool:
        """Say whether the first of these that can be read is of that time or later."""
        heard = (time for record in islice(records, _LOOKED_AT) if (time := _time(record)) is not None)
        return next((time >= at for time in heard), False)


def _time(record: Record) -> datetime | None:
    try:
        return decode_entry(record.payload).event.at
    except msgspec.DecodeError:
        return None
