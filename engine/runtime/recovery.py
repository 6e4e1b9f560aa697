"""Recovery: the desk as the journal left it. Unanswered orders stay in flight there and are asked about, never re-sent."""

from engine.domain.desk import Desk
from engine.domain.entry import decode_entry
from engine.storage.log import Log


def recover(log: Log) -> Desk:
    """Fold the newest checkpoint and every entry after it. Nothing is sent: what was decided, was sent or is unclear."""
    newest = log.newest_checkpoint()
    desk = Desk.restore(newest.state) if newest else Desk()
    for record in log.read((newest.seq if newest else 0) + 1):
        desk.handle(decode_entry(record.payload).event)
    return desk
