"""One entry of the journal: a fact and what the domain decided about it."""

import msgspec

from engine.domain.decision import Decision
from engine.domain.event import Event
from engine.domain.value import Value


class Entry(Value, frozen=True, array_like=True):
    """``seq`` counts from 1 without gaps. Encoding the same entry gives the same bytes."""

    seq: int
    event: Event
    decisions: tuple[Decision, ...]


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Entry)


def encode_entry(seq: int, event: Event, decisions: list[Decision]) -> bytes:
    """Bytes of one entry, without building it: this runs before the first order leaves."""
    return _encoder.encode((seq, event, decisions))


def decode_entry(payload: bytes) -> Entry:
    """Entry from its bytes.

    Raises: msgspec.DecodeError for bytes that are no entry.
    """
    return _decoder.decode(payload)
