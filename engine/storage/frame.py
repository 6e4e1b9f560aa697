"""Frames of the journal file: length, checksum, kind, payload; what is not whole is not there."""

import struct
from collections.abc import Iterator
from typing import NamedTuple
from zlib import crc32

_HEAD = struct.Struct("<II")  # length of the body, crc32 of the body
_SEQ = struct.Struct("<Q")
_ENTRY = b"E"
_CHECKPOINT = b"C"
_ENTRY_CRC = crc32(_ENTRY)

HEAD_BYTES = _HEAD.size


class Frame(NamedTuple):
    """One whole frame. ``seq`` is the last entry inside a checkpoint's state; an entry does not carry its own."""

    end: int  # offset behind the frame
    is_checkpoint: bool
    seq: int
    payload: bytes


def entry_frame(payload: bytes) -> bytes:
    """Bytes of an entry's frame: this runs before the first order leaves."""
    return b"".join((_HEAD.pack(len(payload) + 1, crc32(payload, _ENTRY_CRC)), _ENTRY, payload))


def checkpoint_frame(seq: int, state: bytes) -> bytes:
    """Bytes of a checkpoint's frame. An empty ``state`` says: look further back."""
    body = _CHECKPOINT + _SEQ.pack(seq) + state
    return _HEAD.pack(len(body), crc32(body)) + body


def frames(buffer: bytes, start: int = 0) -> Iterator[Frame]:
    """Whole frames from ``start`` on; ends at the first one that is torn, damaged or not written yet."""
    at, size = start, len(buffer)
    while at + HEAD_BYTES < size:
        length, crc = _HEAD.unpack_from(buffer, at)
        end = at + HEAD_BYTES + length
        if length == 0 or end > size:
            return
        body = buffer[at + HEAD_BYTES : end]
        if crc32(body) != crc:
            return
        if body[:1] == _ENTRY:
            yield Frame(end, is_checkpoint=False, seq=0, payload=body[1:])
        elif body[:1] == _CHECKPOINT and length > _SEQ.size:
            yield Frame(end, is_checkpoint=True, seq=_SEQ.unpack_from(body, 1)[0], payload=body[1 + _SEQ.size :])
        else:
            return
        at = end


def wanted(buffer: bytes, start: int) -> int:
    """Bytes that the frame at ``start`` needs in all, by its own head; 0 where nothing is written."""
    if start + HEAD_BYTES > len(buffer):
        return HEAD_BYTES
    length = int(_HEAD.unpack_from(buffer, start)[0])
    return HEAD_BYTES + length if length else 0
