"""The drain: carries the log into the database, in batches, for as long as the database takes to come back."""

from pathlib import Path

from engine.errors import JournalError, TransientError
from engine.storage.store import Store
from engine.storage.tail import Checkpoint, Record, Tail, prune, read, segments

_BATCH = 2_000


class Drain:
    """One log, one database. ``step`` blocks: the clerk calls it from a thread, again and again."""

    def __init__(self, directory: Path, store: Store) -> None:
        """Carry ``directory``'s segments into ``store``."""
        self.stored_seq = 0
        self.fault = ""  # why nothing is being stored now, in one line
        self.remark = ""  # what a person should know about what is stored
        self._directory = directory
        self._store = store
        self._tail: Tail | None = None
        self._waiting: list[Record] = []
        self._checkpoint: Checkpoint | None = None

    def step(self) -> int:
        """Store what is new; say how many entries that was. Trouble is in ``fault``, and the next step tries again."""
        try:
            if self._tail is None:
                self._tail = self._attach()
            if not self._waiting:
                self._waiting = self._tail.poll(_BATCH)
            newest = self._tail.checkpoint if self._tail.checkpoint != self._checkpoint else None
            if self._waiting or newest is not None:
                self._store.put(self._waiting, newest)
        except (TransientError, JournalError) as error:
            self.fault = str(error)
            return 0
        self.fault = ""
        self._checkpoint = self._tail.checkpoint
        count = len(self._waiting)
        if count:
            self.stored_seq = self._waiting[-1].seq
            self._waiting = []
        return count

    def prune(self, before: float) -> list[Path]:
        """Delete segments that are stored and older than ``before`` (seconds since 1970), two checkpoints kept."""
        return prune(self._directory, self.stored_seq, before)

    def close(self) -> None:
        """Let the files go."""
        if self._tail is not None:
            self._tail.close()

    def _attach(self) -> Tail:
        """Find where the database stands in the log."""
        self._store.prepare()
        stored = self._store.stored_seq()
        found = segments(self._directory)
        first = found[0][0] if found else 1
        if stored + 1 < first:
            self.remark = f"entries {stored + 1} to {first - 1} are in no database and no longer in the log"
            stored = first - 1
        elif stored >= first:
            stored = self._agreed(first, stored)
        self.stored_seq = stored
        return Tail(self._directory, stored + 1)

    def _agreed(self, first: int, stored: int) -> int:
        """Last entry that log and database have alike: a power failure may cost the log what the database kept."""
        start = max(number for number, _ in segments(self._directory) if number <= stored)
        while True:
            log = {record.seq: record.payload for record in read(self._directory, start) if record.seq <= stored}
            for seq in range(stored, start - 1, -1):
                if seq in log and self._store.entry(seq) == log[seq]:
                    return self._cut(seq, stored)
            if start <= first:
                return self._cut(start - 1, stored)
            start = max(number for number, _ in segments(self._directory) if number < start)

    def _cut(self, agreed: int, stored: int) -> int:
        if agreed < stored:
            gone = self._store.retire(agreed + 1)
            self.remark = f"{gone} entries after {agreed} were lost by the log; the database keeps them as retired"
        return agreed
