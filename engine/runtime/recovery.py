"""Recovery: the desk as the journal left it. Unanswered orders stay in flight there and are asked about, never re-sent."""

from collections.abc import Iterable

from engine.domain.desk import Desk
from engine.domain.entry import decode_entry


def recover(checkpoint: bytes | None, entries: Iterable[bytes]) -> Desk:
    """Fold a checkpoint and every entry after it. Nothing is sent: what was decided, was sent or is unclear."""
    desk = Desk.restore(checkpoint) if checkpoint is not None else Desk()
    for payload in entries:
        desk.handle(decode_entry(payload).event)
    return desk
