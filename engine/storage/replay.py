"""Replay: the journal's facts through a fresh desk, whose decisions must be the journalled ones, byte for byte."""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from engine.domain.desk import Desk
from engine.domain.entry import decode_entry, encode_entry
from engine.errors import JournalError
from engine.storage.tail import Checkpoint, Record


class Difference(NamedTuple):
    """The first entry whose decisions came out otherwise."""

    seq: int
    fact: str
    journalled: str
    replayed: str


class Replayed(NamedTuple):
    """What a replay found."""

    same: int  # entries that came out alike
    last_seq: int
    difference: Difference | None
    jumps: tuple[int, ...]  # entries after which the engine went on from a state that no entry explains (a full disk)


def replay(
    records: Iterable[Record], checkpoints: Iterable[Checkpoint] = (), start: Checkpoint | None = None
) -> Replayed:
    """Fold ``records`` from ``start`` (or the journal's beginning) and compare until the first difference.

    Shape:  ``records`` in order, the first one after ``start``; ``checkpoints`` in any order.
    Raises: JournalError for a gap or an entry that cannot be read.
    """
    desk = Desk.restore(start.state) if start else Desk()
    states = {one.seq: one.state for one in checkpoints}
    seq, count = start.seq if start else 0, 0
    jumps: list[int] = []
    for record in records:
        if record.seq != seq + 1:
            raise JournalError(f"the journal has a gap: entry {seq + 1} is missing")
        seq = record.seq
        try:
            entry = decode_entry(record.payload)
        except msgspec.DecodeError as error:
            raise JournalError(f"entry {seq} cannot be read by this version: {error}") from error
        decided = desk.handle(entry.event)
        if encode_entry(seq, entry.event, decided) != record.payload:
            fact, was, now = (_text(value) for value in (entry.event, list(entry.decisions), decided))
            return Replayed(count, seq, Difference(seq, fact, was, now), tuple(jumps))
        count += 1
        state = states.get(seq)
        if state is not None and desk.checkpoint() != state:
            desk = Desk.restore(state)
            jumps.append(seq)
    return Replayed(count, seq, None, tuple(jumps))


def fold(records: Iterable[Record], start: Checkpoint | None, until: int) -> Desk:
    """The desk as it was after entry ``until``."""
    desk = Desk.restore(start.state) if start else Desk()
    for record in records:
        if record.seq > until:
            break
        desk.handle(decode_entry(record.payload).event)
    return desk


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()
